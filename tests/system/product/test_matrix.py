# SPDX-License-Identifier: Apache-2.0
"""One whole life on each machine that differs from the usual one.

Other interrupt controllers, kernels, processors, security states, numbers of
CPUs and sizes of memory: enable under load with the disk on MSI, cells that
run and end, one of them with Linux, disable, and KVM before and after.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agency import Agency
from ci import images

# The last that Linux says on its way up: its shell's first prompt.
PROMPT = "agency# "

GICV2_61 = {"gic": 2, "kernel": "6.1", "cpu": "cortex-a57"}
MAX_612 = {"gic": 3, "kernel": "6.12", "cpu": "max"}
SECURE_612 = {"gic": 3, "kernel": "6.12", "cpu": "cortex-a57", "secure": True}
# A machine of each kind for every run; all the others when there is time.
OFTEN = [GICV2_61, MAX_612, SECURE_612]
SELDOM: list[dict[str, Any]] = [
    {"gic": 2, "kernel": "6.12", "cpu": "cortex-a57"},
    {"gic": 2, "kernel": "6.1", "cpu": "cortex-a57", "secure": True},
    {"gic": 3, "kernel": "6.1-rt", "cpu": "cortex-a57"},
    {"gic": 2, "kernel": "6.1-rt", "cpu": "cortex-a57"},
    *({"gic": gic, "kernel": "6.1", "cpu": "cortex-a57", "cpus": cpus}
      for gic in (2, 3) for cpus in (1, 2, 8)),
    *({"gic": gic, "kernel": "6.1", "cpu": "cortex-a57", "memory": memory}
      for gic in (2, 3) for memory in ("1G", "8G")),
]


def name(options: dict[str, Any]) -> str:
    flags = [key for key, value in options.items() if value is True]
    return "-".join([f"gicv{options['gic']}", options["kernel"], options["cpu"], *flags,
                     *(f"{key}={options[key]}" for key in ("cpus", "memory") if key in options)])


def parameters() -> list[Any]:
    return [pytest.param(options, id=name(options),
                         marks=() if options in OFTEN else pytest.mark.full)
            for options in [*OFTEN, *SELDOM]]


def disk_interrupts(agency: Agency) -> int:
    """How many message-signalled interrupts of the disk there were."""
    lines = agency.check("grep 'virtio[0-9]-req' /proc/interrupts").splitlines()
    assert lines and all("MSI" in line for line in lines), lines
    return sum(int(count) for line in lines
               for count in line.split(":")[1].split()[:agency.cpus])


def check_kvm(agency: Agency, cpus: list[int]) -> None:
    """A VM runs on each of the CPUs, where the kernel has KVM at all."""
    has_kvm = agency.run("[ -e /dev/kvm ]").status == 0
    assert has_kvm == (not agency.kernel.endswith("-rt"))
    if has_kvm:
        mask = sum(1 << cpu for cpu in cpus)
        assert agency.check(f"taskset {mask:x} kvm-smoke") == "".join(
            f"kvm ok cpu {cpu}\n" for cpu in cpus)


def run_cells(agency: Agency) -> None:
    """One with a CPU of its own, one with two that send each other SGIs, as CPUs permit."""
    if agency.cpus == 1:
        # The agency keeps its last CPU.
        status, said = agency.ctl("cell create capsule.cell")
        assert status != 0 and "CPU" in said, said
        return
    agency.launch("capsule", "hello")
    agency.await_text("capsule", "hello: waiting for a shutdown request")
    if agency.cpus >= 4:
        agency.launch("inmate-smp", "smp")
        agency.await_text("inmate-smp", "smp: all 2 CPUs passed", 120)
        agency.do("cell destroy inmate-smp")
    agency.do("cell shutdown capsule")
    agency.load("capsule", "irq16")
    agency.do("cell start capsule")
    assert "FAILED" not in agency.await_text("capsule", "irq16: passed", 120)
    agency.drop("capsule", force=True)


def run_linux(agency: Agency) -> None:
    """The agency's own kernel, with two CPUs, up to the prompt on its virtual UART.

    With 6.1 only: another kernel has not been seen to boot in a cell yet.
    """
    if agency.cpus < 4 or agency.kernel != "6.1":
        return
    agency.do("cell linux linux-smp.cell /boot/Image -i /boot/initrd -c quiet", 300)
    agency.await_text("linux-smp", PROMPT, 300)
    assert agency.cells() == {"linux-smp": "running"}
    agency.drop("linux-smp", force=True)


@pytest.fixture
def guest_files(tmp_path: Path, options: dict[str, Any]) -> Path:
    """A folder with kernel and initrd of a Linux cell."""
    image, initrd = images.small(options["kernel"])
    (tmp_path / "boot").mkdir()
    shutil.copy(image, tmp_path / "boot/Image")
    shutil.copy(initrd, tmp_path / "boot/initrd")
    return tmp_path


@pytest.mark.parametrize("options", parameters())
def test_whole_life(
    another: Callable[..., Agency], options: dict[str, Any], guest_files: Path
) -> None:
    agency = another(**options, add=(guest_files,))
    everything, first = list(range(agency.cpus)), agency.ledger()
    online = agency.online()
    check_kvm(agency, everything)
    before = disk_interrupts(agency)
    with agency.load_running():
        for _ in range(2):
            agency.enable()
            run_cells(agency)
            run_linux(agency)
            agency.disable()
            assert agency.ledger() == first and agency.online() == online
    assert disk_interrupts(agency) > before
    # A Cortex-A57 that was offline once hangs in KVM without any module.
    check_kvm(agency, [cpu for cpu in everything if cpu not in (1, 2, 3)])
    assert not agency.complaints()

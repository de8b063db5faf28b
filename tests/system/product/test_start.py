# SPDX-License-Identifier: Apache-2.0
"""How a new user starts: hardware check, enable without a configuration, run.

In the debian image, which has python3; what is said where there is none is
tried in the small one.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agency import INMATES, SOON, Agency
from ci import images
from lib.fleet import Spec

HELLO = f"{INMATES}/hello.bin"
# What warns on QEMU's machine, for want of the thing.
WARNS = {"SMMU"}
BOOT = 300  # seconds for Linux in a cell, on a machine that may be slow
BUTTON = 3  # input of the PL061 that QEMU's system_powerdown pulls


@pytest.fixture(scope="module")
def guest_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to lay over the agency's root: a kernel and an initrd in /boot."""
    folder = tmp_path_factory.mktemp("guest")
    (folder / "boot").mkdir()
    for name, path in zip(("Image", "initrd"), images.small("6.1")):
        shutil.copy(path, folder / "boot" / name)
    return folder


@pytest.fixture
def machine_spec(machine_spec: Spec, guest_files: Path) -> Spec:
    """The same machine, with these."""
    return Spec({**machine_spec, "add": (guest_files,)})


def results(agency: Agency) -> dict[str, str]:
    """Result by check."""
    data = json.loads(agency.do("hardware check --json"))
    assert data["can_enable"] is True
    return {line["check"]: line["result"] for line in data["checks"]}


def interrupts(agency: Agency, name: str) -> int:
    """How often an interrupt came, on all CPUs."""
    lines = agency.check(f"grep '{name}$' /proc/interrupts").splitlines()
    return sum(int(word) for word in lines[0].split(":")[1].split() if word.isdecimal())


def devices_work(agency: Agency) -> None:
    """Disk and network by MSI, timers, memory, command channel; the clock and its alarm; GPIO."""
    with agency.load_running():
        before = interrupts(agency, "rtc-pl031")
        agency.check("cd /sys/class/rtc/rtc0; echo 0 > wakealarm; echo +2 > wakealarm")
        deadline = time.monotonic() + SOON
        while interrupts(agency, "rtc-pl031") == before:
            assert time.monotonic() < deadline, "no alarm came"
    button_works(agency)


def button_works(agency: Agency) -> None:
    """The power button is an input of the GPIO controller, whose interrupt is an SPI."""
    base = agency.check("cat /sys/class/gpio/gpiochip*/base").split()[0]
    line = int(base) + BUTTON
    agency.check(f"cd /sys/class/gpio; echo {line} > export; echo both > gpio{line}/edge")
    before = interrupts(agency, "gpiolib")
    agency.monitor("system_powerdown")
    deadline = time.monotonic() + SOON
    while interrupts(agency, "gpiolib") == before:
        assert time.monotonic() < deadline, "the button was not seen"
    agency.check(f"echo {line} > /sys/class/gpio/unexport")


def runs_a_cell(agency: Agency, name: str = "first") -> None:
    agency.do(f"run {name} --cpus 1 --memory 16M --detach --load {HELLO}")
    agency.await_text(name, "hello: waiting for a shutdown request")
    agency.drop(name)


def from_nothing(agency: Agency) -> None:
    """All of it, on a machine that is not enabled."""
    found = results(agency)
    cells = agency.cpus > 1
    assert {name for name, result in found.items() if result != "pass"} == \
        (WARNS if cells else WARNS | {"CPUs"}), found
    agency.do("enable")
    devices_work(agency)
    if cells:
        runs_a_cell(agency)
    agency.disable()


@pytest.mark.machine(image="debian")
def test_two_commands_to_a_cell(agency: Agency) -> None:
    from_nothing(agency)
    # The same as the shipped configuration says of this machine, where both say something.
    agency.do("config create -o /tmp/made.cell")
    made = json.loads(agency.do("config show --json /tmp/made.cell"))
    name = "root" if agency.gic == 3 else "root-gicv2"
    shipped = json.loads(agency.do(f"config show --json /usr/share/capsule/cells/{name}.cell"))
    for name in ("gic_version", "maintenance_irq", "gicd_base", "gicc_base", "gich_base",
                 "gicv_base", "gicr_base", "gicr_size", "gits_base", "pci_mmconfig_base",
                 "pci_mmconfig_end_bus"):
        assert made["platform_info"][name] == shipped["platform_info"][name], name
    # And as C, with the libraries that this image has.
    assert "CAPSULE_PACKED" in agency.do("config create")


@pytest.mark.machine(image="debian")
def test_cells_beside_each_other(agency: Agency) -> None:
    agency.do("enable")
    agency.do(f"run one --cpus 2 --detach --load {HELLO}")
    agency.do(f"run two --memory 4M --detach --load {HELLO}")
    assert (agency.cell("one")["cpus"], agency.cell("two")["cpus"]) == ([2, 3], [1])
    agency.refuses(f"run one --load {HELLO}", "UNEXPECTED", "name of another cell")
    agency.refuses(f"run three --load {HELLO}", "UNEXPECTED", "of 4 CPUs can be given")
    follower = agency.background("capsulectl console -f two")
    agency.await_output(follower, "waiting for a shutdown request")
    follower.stop("INT")
    agency.drop("one")
    agency.drop("two")


@pytest.mark.machine(image="debian")
def test_run_follows_the_console(agency: Agency) -> None:
    agency.do("enable")
    run = agency.background(f"capsulectl run first --load {HELLO}")
    agency.await_output(run, "hello: waiting for a shutdown request")
    assert run.stop("INT").status == 130
    assert agency.cells() == {"first": "running"}
    agency.drop("first")


@pytest.mark.machine(image="debian")
def test_two_commands_to_a_second_linux(agency: Agency) -> None:
    """Debian's own kernel, with the small agency's root: its shell comes up on the console."""
    agency.do("enable")
    run = agency.background("capsulectl run second --cpus 2 --memory 256M --linux /boot/Image "
                            "--initrd /boot/initrd --cmdline quiet")
    agency.await_output(run, "agency# ", BOOT)
    assert run.stop("INT").status == 130
    assert agency.cell("second")["cpus"] == [2, 3]
    agency.drop("second", force=True)


def test_without_python(agency: Agency) -> None:
    found = results(agency)
    assert {name for name, result in found.items() if result != "pass"} == WARNS | {"python"}
    agency.refuses("enable", "FILE", "apt install python3", "--dtb")
    agency.enable()
    agency.refuses(f"run one --load {HELLO}", "FILE", "apt install python3")


@pytest.mark.full
@pytest.mark.parametrize("cpus, memory", [(1, "1G"), (2, "4G"), (8, "3G")])
@pytest.mark.parametrize("gic", [3, 2])
def test_machines(another: Callable[..., Agency], cpus: int, memory: str, gic: int) -> None:
    from_nothing(another(image="debian", cpus=cpus, memory=memory, gic=gic))

# SPDX-License-Identifier: Apache-2.0
"""Debian's stock kernel in cells: boot, load, hotplug, reboot, power-off, panic, refusals."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agency import Agency
from ci.qemu import Background
from lib.fleet import Spec
from linux_guest import BOOT, COMPRESSED, IMAGE, INITRD, boot, folder
from test_tutorial import type_all

DONE = "guest: done"


@pytest.fixture(scope="module")
def guest_files(staged: list[Path]) -> Path:
    return folder(staged[1])


@pytest.fixture
def machine_spec(machine_spec: Spec, guest_files: Path) -> Spec:
    """The same machine, with the guest's files in /boot."""
    return Spec({**machine_spec, "add": (guest_files,)})


@pytest.fixture
def uevents(enabled: Agency) -> Iterator[Background]:
    """Changes of state of all cells, told one a line until there are many."""
    listener = enabled.background("await uevents 1000 600")
    yield listener
    listener.stop("KILL")


def states(events: Background, cell: str) -> list[str]:
    """The states of a cell that were told, each once in a row."""
    told = [line.split()[1] for line in events.output().splitlines()
            if line.startswith(f"{cell} ")]
    return [s for i, s in enumerate(told) if i == 0 or told[i - 1] != s]


def await_restarts(agency: Agency, cell: str, count: int) -> None:
    agency.check(f"for i in $(seq 2400); do [ $(cat /sys/devices/virtual/misc/capsule/cells/{cell}"
                 f"/restarts) -ge {count} ] && exit 0; usleep 100000; done; exit 1", BOOT + 60)


def run_two(agency: Agency, seconds: int) -> None:
    """Cells with one and two CPUs compute, and so does the agency."""
    with agency.load_running("-o disk,memory,timer -m 16"):
        boot(agency, "linux", f"load:{seconds},time")
        boot(agency, "linux-smp", f"load:{seconds},time")
        for cell, online in (("linux", "0"), ("linux-smp", "0-1")):
            said = agency.await_text(cell, DONE, BOOT + 4 * seconds)
            assert "guest: up on 6.1." in said, said
            assert f"guest: online {online}\r" in said, said
            assert "load: ok" in said and "guest: load ended with 0" in said, said
    assert agency.cells() == {"linux": "running", "linux-smp": "running"}
    for cell in ("linux", "linux-smp"):
        assert agency.cell(cell)["fault_record"] is None
        agency.drop(cell)


def test_two_guests_under_load(enabled: Agency) -> None:
    run_two(enabled, 10)


@pytest.mark.full
def test_two_guests_under_load_for_a_minute(enabled: Agency) -> None:
    run_two(enabled, 60)


def test_compressed_kernel_and_hotplug(enabled: Agency) -> None:
    """An Image.gz boots; CPU_OFF and CPU_ON inside the guest."""
    boot(enabled, "linux-smp", "hotplug", image=COMPRESSED)
    said = enabled.await_text("linux-smp", DONE, BOOT)
    online = re.findall(r"guest: online ([0-9-]+)", said)
    assert online == ["0-1", "0", "0-1", "0", "0-1"], said
    assert "guest: cpu1 works" in said and "FAILED" not in said, said
    enabled.drop("linux-smp")


def test_reboot_is_a_restart(enabled: Agency, uevents: Background) -> None:
    """The guest reboots by itself, with other random bytes each time, until it is destroyed."""
    ledger = enabled.ledger()
    boot(enabled, "linux", "random,reboot")
    await_restarts(enabled, "linux", 2)
    said = enabled.said("linux")
    places = re.findall(r"guest: kernel at ([0-9a-f]+)", said)
    assert len(places) >= 2 and len(set(places)) == len(places), said
    enabled.await_output(uevents, "linux reset")
    seen = states(uevents, "linux")
    assert "reset" in seen and seen[seen.index("reset") + 1:].count("running") >= 1, seen
    enabled.drop("linux", force=True)
    assert enabled.ledger() == ledger


def test_poweroff_is_a_stop_and_restart_begins_anew(enabled: Agency) -> None:
    boot(enabled, "linux", "poweroff")
    enabled.await_state("linux", "shut-down", BOOT)
    assert enabled.cell("linux")["restarts"] == 0
    enabled.do("cell restart linux")
    assert enabled.cells() == {"linux": "running"}
    enabled.await_state("linux", "shut-down", BOOT)
    assert enabled.said("linux").count("guest: up on") == 2
    enabled.drop("linux")


def test_restart_of_a_running_guest(enabled: Agency) -> None:
    boot(enabled, "linux")
    enabled.await_text("linux", DONE, BOOT)
    enabled.do("cell restart linux")
    enabled.check("for i in $(seq 240); do [ $(capsulectl console linux | grep -c 'guest: done')"
                  " -ge 2 ] && exit 0; sleep 1; done; exit 1", BOOT + 60)
    enabled.drop("linux")


def test_panic_with_a_timeout_reboots(enabled: Agency) -> None:
    """panic=N: the guest resets itself after a panic, which is a restart like any other."""
    boot(enabled, "linux", "panic", "panic=1")
    await_restarts(enabled, "linux", 1)
    assert "Kernel panic - not syncing: sysrq triggered crash" in enabled.said("linux")
    enabled.do("cell shutdown linux")
    assert enabled.cells() == {"linux": "shut-down"}
    enabled.drop("linux")


def test_a_panic_stays_in_its_cell(enabled: Agency) -> None:
    """Without a timeout the guest hangs after its panic; the agency and the other cell go on."""
    boot(enabled, "linux", "panic")
    boot(enabled, "linux-smp")
    enabled.await_text("linux", "end Kernel panic", BOOT)
    enabled.await_text("linux-smp", DONE, BOOT)
    assert enabled.cells() == {"linux": "running", "linux-smp": "running"}
    enabled.do("cell restart linux")
    enabled.drop("linux")
    enabled.drop("linux-smp")


def test_a_kept_file_that_is_gone_short(enabled: Agency) -> None:
    """The initrd was cut off meanwhile: the restart is refused, the agency goes on."""
    enabled.check(f"cp {INITRD} /tmp/initrd")
    enabled.do(f"cell linux linux.cell {IMAGE} -i /tmp/initrd -c 'quiet guest.do=poweroff'", 300)
    enabled.await_state("linux", "shut-down", BOOT)
    enabled.check("truncate -s 4096 /tmp/initrd")
    status, said = enabled.ctl("cell restart linux")
    assert enabled.exit_name(status) == "FILE_READ", said
    assert enabled.cells() == {"linux": "loadable"}
    enabled.refuses("cell start linux", "NOT_LOADED")
    enabled.drop("linux")
    enabled.check("rm /tmp/initrd")


# --- what is refused ----------------------------------------------------------

HEADER = 64


def image(size: int = 1 << 20, flags: int = 0b1010, magic: bytes = b"ARM\x64",
          needs: int = 1 << 20) -> bytes:
    """The head of an arm64 Image, and nothing behind it."""
    return (bytes(16) + needs.to_bytes(8, "little") + flags.to_bytes(8, "little")
            + bytes(24) + magic).ljust(size, b"\0")


NO_KERNELS = {
    "elf": (b"\x7fELF" + bytes(100), "an ELF program"),
    "x86": ((b"MZ" + bytes(512) + b"HdrS").ljust(2048, b"\0"), "a kernel for x86"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(100), "compressed by zstd"),
    "text": (b"hello, world\n", "no arm64 Image"),
    "big-endian": (image(flags=1), "big-endian"),
    "old": (image(needs=0), "Linux 3.17"),
    "truncated": (gzip.compress(image())[:-20], "truncated"),
    "gzip of text": (gzip.compress(b"hello, world\n"), "no arm64 Image"),
    "zboot by zstd": ((b"MZ\0\0zimg" + bytes(16) + b"zstd").ljust(2048, b"\0"),
                      "compressed by zstd"),
    "too large a claim": (image(needs=1 << 40), "cannot be"),
}


@pytest.mark.parametrize("kind", NO_KERNELS)
def test_no_kernel(enabled: Agency, kind: str) -> None:
    content, said = NO_KERNELS[kind]
    enabled.put(content, "/tmp/kernel")
    enabled.refuses("cell linux linux.cell /tmp/kernel", "KERNEL", "/tmp/kernel", said)


def test_memory_too_small(enabled: Agency) -> None:
    """It says how much is needed: 300 MiB, the device tree's 4 and the 32 that Linux needs."""
    enabled.put(image(needs=300 << 20), "/tmp/kernel")
    enabled.refuses("cell linux linux.cell /tmp/kernel", "MEMORY", "has 256 MiB",
                    "334 MiB are needed")


def test_initrd_too_large(enabled: Agency) -> None:
    enabled.check("truncate -s 250M /tmp/initrd")
    enabled.refuses(f"cell linux linux.cell {IMAGE} -i /tmp/initrd", "MEMORY", "/tmp/initrd",
                    "256 MiB")
    enabled.check("rm /tmp/initrd")


def test_not_for_linux(enabled: Agency) -> None:
    enabled.refuses(f"cell linux capsule.cell {IMAGE}", "NOT_FOR_LINUX", "console",
                    "CAPSULE_CON_VIRTUAL")


def test_files_that_are_not_there(enabled: Agency) -> None:
    enabled.refuses("cell linux linux.cell /boot/none", "FILE", "/boot/none")
    enabled.refuses(f"cell linux linux.cell {IMAGE} -i /boot", "FILE", "/boot")
    enabled.refuses(f"cell linux linux.cell {IMAGE} -d {IMAGE}", "KERNEL", "device tree")


def test_the_name_is_taken(enabled: Agency) -> None:
    """A second cell of the same configuration; the first one goes on."""
    boot(enabled, "linux")
    enabled.refuses(f"cell linux linux.cell {IMAGE}", "NAME_IN_USE", "linux")
    enabled.await_text("linux", DONE, BOOT)
    enabled.drop("linux")


def test_restart_needs_kept_images(enabled: Agency) -> None:
    enabled.launch("capsule", "hello")
    enabled.refuses("cell restart capsule", "NOT_KEPT", "capsule")
    enabled.drop("capsule")


def test_the_tutorial(agency: Agency) -> None:
    """The page says what one has to type, and what comes of it."""
    type_all(agency, "docs/tutorial-linux.md", "## Boot")

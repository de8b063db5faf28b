# SPDX-License-Identifier: Apache-2.0
"""What bad input gets: one line with cause and remedy, an exit code of its own, no effect."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agency import CELLS, INMATES, SOON, Agency
from checker_config import (ANY, COMM_REGION, GICD, LOADABLE, RAM, Cell, Chip, Region, ROOT,
                            System)

TOP = Path(__file__).resolve().parents[3]
MIB = 1 << 20
# msg_reply_timeout in struct capsule_cell_desc; exit code after Ctrl-C.
MSG_REPLY_TIMEOUT, INTERRUPTED = 76, 130
FIRMWARE = "/lib/firmware/capsule/capsule.bin"
MEMORY = Region(0, 0, MIB, RAM | LOADABLE | ANY)


def ram(phys: int, size: int = 2 * MIB) -> tuple[Region, ...]:
    return (Region(phys, 0, size, RAM | LOADABLE), COMM_REGION)


# --- the machine --------------------------------------------------------------

@pytest.mark.machine(el2=False)
def test_kernel_not_started_at_el2(agency: Agency) -> None:
    agency.refuses("enable root.cell", "NOT_EL2", "EL2", "virtualization=on")


@pytest.mark.machine(cpu="cortex-a76", vhe=True)
def test_kernel_with_vhe(agency: Agency) -> None:
    agency.refuses("enable root.cell", "VHE", "kvm-arm.mode=nvhe")


@pytest.mark.machine(cpu="cortex-a76")
def test_vhe_processor_with_the_advice_followed(agency: Agency) -> None:
    """What the message advises must lead to a system that works."""
    agency.enable()
    agency.launch("capsule", "hello")
    agency.await_text("capsule", "hello: waiting")
    agency.drop("capsule")
    agency.disable()


@pytest.mark.machine(gic=2)
def test_gic_of_another_version(agency: Agency) -> None:
    agency.refuses("enable root.cell", "GIC_MISMATCH", "GICv3", "GICv2")


@pytest.mark.parametrize("cpus", [3, 8])
def test_other_number_of_cpus(agency: Agency, cpus: int) -> None:
    root = replace(ROOT, cpus=tuple(range(cpus)), flags=0)
    path = agency.put_config("cpus", System(root=root).pack())
    agency.refuses(f"enable {path}", "CPU_COUNT", f"{cpus} CPUs", "have 4")


def test_gic_at_another_address(agency: Agency) -> None:
    config = patched(root_of(agency), 88, struct.pack("<Q", GICD + 0x10000))
    path = agency.put_config("moved", config)
    result, number, details = past_the_tool(agency, "enable", path)
    assert result == -1 and number == reason_number("GIC_ADDRESS"), number
    assert details == [GICD + 0x10000, GICD]
    status, said = agency.ctl(f"enable {path}")
    assert status != 0 and f"{GICD + 0x10000:#x}" in said and not agency.enabled()


# --- the installed files ------------------------------------------------------

def installed(agency: Agency, name: str) -> bytes:
    """An installed configuration."""
    return bytes.fromhex(agency.check(f"hexdump -v -e '1/1 \"%02x\"' {CELLS}/{name}.cell"))


def root_of(agency: Agency) -> bytes:
    return installed(agency, "root")


def patched(content: bytes, offset: int, new: bytes) -> bytes:
    return content[:offset] + new + content[offset + len(new):]


def test_firmware_missing(agency: Agency) -> None:
    agency.check(f"mv {FIRMWARE} /tmp/away")
    try:
        agency.refuses("enable root.cell", "FIRMWARE_MISSING", "capsule/capsule.bin", "make install")
    finally:
        agency.check(f"mv /tmp/away {FIRMWARE}")
    agency.enable()


@pytest.mark.parametrize("command, reason", [
    ("head -c 4096 /tmp/good >{}", "FIRMWARE_BAD"),
    ("head -c 100 /tmp/good >{}", "FIRMWARE_BAD"),
    ("head -c 65536 /dev/urandom >{}", "FIRMWARE_BAD"),
    # abi_version follows the 8 bytes of the magic.
    ("{{ head -c 8 /tmp/good; printf '\\001\\000\\007\\000'; tail -c +13 /tmp/good; }} >{}",
     "FIRMWARE_VERSION"),
], ids=["truncated", "header-only", "noise", "version"])
def test_firmware_damaged(agency: Agency, command: str, reason: str) -> None:
    agency.check(f"cp {FIRMWARE} /tmp/good")
    try:
        agency.check(command.format(FIRMWARE))
        agency.refuses("enable root.cell", reason, "install")
    finally:
        agency.check(f"cp /tmp/good {FIRMWARE}")
    agency.enable()


def test_no_driver(agency: Agency) -> None:
    agency.check("rmmod capsule")
    status, said = agency.ctl("enable root.cell")
    agency.check("modprobe capsule")
    assert agency.exit_name(status) == "NO_DRIVER" and "modprobe capsule" in said


def test_not_root(agency: Agency) -> None:
    """The device is root's alone."""
    agency.check("grep -q nobody /etc/passwd || echo nobody:x:65534:65534::/:/bin/sh >>/etc/passwd")
    status, said = agency.run("su nobody -c '/usr/sbin/capsulectl enable root.cell'")
    assert agency.exit_name(status) == "PERMISSION" and "root" in said, said


# --- configurations -----------------------------------------------------------

DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "signature": (lambda c: b"X" + c[1:], "CFG_SIGNATURE"),
    "revision": (lambda c: patched(c, 8, b"\7\0"), "CFG_REVISION"),
    "architecture": (lambda c: patched(c, 10, b"\1"), "CFG_ARCH"),
    "truncated": (lambda c: c[:-8], "CFG_SIZE"),
    "longer": (lambda c: c + bytes(8), "CFG_SIZE"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_root_configuration(agency: Agency, damage: str) -> None:
    change, reason = DAMAGES[damage]
    path = agency.put_config("damaged", change(root_of(agency)))
    agency.refuses(f"enable {path}", reason, path)
    assert f" {reason_number(reason)} " in agency.check(f"raw enable {path}")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_cell_configuration(enabled: Agency, damage: str) -> None:
    change, reason = DAMAGES[damage]
    path = enabled.put_config("damaged", change(Cell().pack()))
    enabled.refuses(f"cell create {path}", reason, path)
    assert f" {reason_number(reason)} " in enabled.check(f"raw create {path}")


def reason_number(name: str) -> int:
    from checker_config import reasons
    return reasons(TOP)[name]


BAD_CELLS: dict[str, tuple[Cell, str, str]] = {
    "unknown-flags": (Cell(flags=0x00400000), "CFG_FLAGS", "0x400000"),
    "unknown-region-flags": (
        Cell(regions=(Region(0, 0, MIB, RAM | ANY | 1 << 40), COMM_REGION)), "CFG_FLAGS", ""),
    "no-cpu": (Cell(cpus=()), "CFG_CPU", ""),
    "reserved": (Cell(reserved1=1), "CFG_RESERVED", "reserved"),
    "name": (Cell(name=b"a b"), "CFG_NAME", ""),
    "unaligned": (Cell(regions=(Region(0, 0, MIB + 1, RAM | ANY), COMM_REGION)), "CFG_ALIGN",
                  "4 KiB"),
    "entry": (Cell(entry=0x5000_0000), "CFG_ENTRY", ""),
    "regions-overlap": (
        Cell(regions=(MEMORY, Region(0, MIB // 2, MIB, RAM | ANY), COMM_REGION)), "MEM_OVERLAP",
        ""),
    "not-ram": (Cell(regions=ram(0x1_0000_0000_00)), "MEM_NOT_RAM", "0x10000000000"),
    "above-ram": (Cell(regions=ram(0xC000_0000)), "MEM_NOT_RAM", "0xc0000000"),
    "kernel": (Cell(regions=ram(0x4040_0000)), "MEM_NOT_OWNED", "0x40400000"),
    "gicd": (Cell(regions=(MEMORY, Region(GICD, GICD, 0x1000, 0x13), COMM_REGION)),
             "MEM_HYPERVISOR", ""),
    "too-much": (Cell(regions=(Region(0, 1 << 32, 3 << 30, RAM | LOADABLE | ANY), COMM_REGION),
                      entry=1 << 32), "NO_CONTIG", "3072 MiB"),
    "cpu-9": (Cell(cpus=(9,)), "CPU_NOT_OWNED", "CPU 9"),
    "all-cpus": (Cell(cpus=(0, 1, 2, 3)), "CPU_LAST", "at least one"),
    "spi": (Cell(chips=(Chip(288, (300,)),)), "IRQ_NOT_OWNED", "300"),
    "notify": (Cell(chips=(Chip(224, (254,)),)), "CFG_IRQ", "254"),
    "psci-to-firmware": (Cell(smc_ids=(0x84000008,)), "CFG_SMC", "0x84000008"),
}


# Only the tool minds: such a cell fails by itself, or its PSCI calls are answered at EL2.
HARMLESS = ("entry", "psci-to-firmware")


@pytest.mark.parametrize("case", BAD_CELLS)
def test_cell_that_cannot_be(enabled: Agency, case: str) -> None:
    """Refused by the tool with a message, and past the tool by driver or hypervisor."""
    cell, reason, said = BAD_CELLS[case]
    path = enabled.put_config("bad", cell.pack())
    before = enabled.snapshot()
    if case not in HARMLESS:
        result, number, _ = past_the_tool(enabled, "create", path)
        assert result == -1 and number, f"the driver took it: reason {number}"
        assert enabled.snapshot() == before
    enabled.refuses(f"cell create {path}", reason, said)


def past_the_tool(agency: Agency, verb: str, words: str) -> tuple[int, int, list[int]]:
    """Result, reason and details of a call made without capsulectl."""
    said = agency.check(f"raw {verb} {words}").split()
    return int(said[0]), int(said[2]), [int(word, 16) for word in said[3:]]


def hypervisor_memory(agency: Agency) -> int:
    found = re.findall(r"capsule: enabled .* hypervisor memory 0x([0-9a-f]+)-", agency.dmesg())
    return int(found[-1], 16)


def test_hypervisor_memory_in_a_cell(enabled: Agency) -> None:
    start = hypervisor_memory(enabled)
    path = enabled.put_config("thief", Cell(regions=ram(start)).pack())
    result, number, _ = past_the_tool(enabled, "create", path)
    assert result == -1 and number in (reason_number("MEM_HYPERVISOR"),
                                       reason_number("MEM_NOT_OWNED"))
    said = enabled.refuses(f"cell create {path}", enabled.exit_name(10 + number))
    assert f"{start:#x}" in said


def test_what_another_cell_has(enabled: Agency) -> None:
    """Its memory, its CPU, its interrupt and its name."""
    # Near what the driver has chosen for the hypervisor there is more to be had.
    at = hypervisor_memory(enabled) - (64 << 20)
    first = Cell(name=b"first", cpus=(1,), regions=(
        MEMORY, Region(at, 0x10000000, 64 << 10, 3), COMM_REGION), chips=(Chip(224, (250,)),))
    enabled.do(f"cell create {enabled.put_config('first', first.pack())}")
    second = {
        "CPU_NOT_OWNED": Cell(name=b"second", cpus=(1,)),
        "NAME_IN_USE": Cell(name=b"first", cpus=(2,)),
        "IRQ_NOT_OWNED": Cell(name=b"second", cpus=(2,), chips=(Chip(224, (250,)),)),
        "MEM_NOT_OWNED": Cell(name=b"second", cpus=(2,), regions=(
            MEMORY, Region(at, 0x10000000, 64 << 10, 3), COMM_REGION)),
    }
    for reason, cell in second.items():
        path = enabled.put_config("second", cell.pack())
        before = enabled.snapshot()
        result, number, _ = past_the_tool(enabled, "create", path)
        assert result == -1 and number == reason_number(reason), reason
        assert enabled.snapshot() == before
        status, said = enabled.ctl(f"cell create {path}")
        assert status == 10 + number or enabled.exit_name(status) == "MEM_OVERLAP", said
        assert enabled.snapshot() == before
    enabled.drop("first")


def test_files_that_are_not_there(agency: Agency) -> None:
    agency.refuses("enable nothing.cell", "FILE", "nothing.cell")
    agency.refuses("cell create nothing.cell", "FILE", "nothing.cell")


# --- the order of things ------------------------------------------------------

def test_nothing_works_before_enable(agency: Agency) -> None:
    agency.refuses("disable", "NOT_ENABLED", "enable")
    agency.refuses("cell create capsule.cell", "NOT_ENABLED", "enable")


def test_enable_twice(enabled: Agency) -> None:
    enabled.refuses("enable root.cell", "ENABLED", "disable")


def test_disable_with_cells(enabled: Agency) -> None:
    """The cells are not touched."""
    enabled.launch("capsule", "hello")
    enabled.await_text("capsule", "waiting")
    enabled.refuses("disable", "CELLS_EXIST", "(1)", "destroy")
    assert enabled.cells() == {"capsule": "running"}


def test_order_of_a_cells_life(enabled: Agency) -> None:
    for verb in ("start", "shutdown", "destroy", "show"):
        enabled.refuses(f"cell {verb} nobody", "NO_SUCH_CELL", "nobody")
    enabled.create("capsule")
    enabled.refuses("cell start capsule", "NOT_LOADED", "cell load capsule")
    enabled.refuses("cell shutdown capsule", "NOT_RUNNING", "start")
    enabled.load("capsule", "hello")
    enabled.do("cell start capsule")
    enabled.await_text("capsule", "waiting")
    enabled.refuses("cell start capsule", "RUNNING", "running")
    enabled.refuses(f"cell load capsule {INMATES}/hello.bin", "RUNNING", "shutdown")
    enabled.refuses("cell create capsule.cell", "NAME_IN_USE", "capsule")
    enabled.do("cell shutdown capsule")
    enabled.refuses("cell shutdown capsule", "NOT_RUNNING")
    enabled.refuses("cell start capsule", "NOT_LOADED")
    enabled.drop("capsule")


def test_the_root_cell_is_no_cell_to_be_managed(enabled: Agency) -> None:
    """By its name, and past the tool by its number."""
    root = enabled.sysfs("cpus").split()[1]
    for words in ("cell shutdown", "cell shutdown --force", "cell destroy", "cell start",
                  "cell show", "console"):
        enabled.refuses(f"{words} {root}", "ROOT_CELL", root, "capsulectl disable")
    enabled.refuses(f"cell load {root} {INMATES}/hello.bin", "ROOT_CELL")
    result, number, _ = past_the_tool(enabled, "open", "0")
    assert result == -1 and number == reason_number("ROOT_CELL")
    enabled.refuses("cell destroy nobody", "NO_SUCH_CELL", "nobody")


def test_load_where_nothing_may_be_loaded(enabled: Agency) -> None:
    enabled.create("capsule")
    image = f"{INMATES}/hello.bin"
    enabled.refuses(f"cell load capsule {image} -a 0x1000000", "LOAD_OUTSIDE", "0x1000000", "-a")
    enabled.refuses(f"cell load capsule {image} -a 0x80000000", "LOAD_OUTSIDE", "0x80000000")
    enabled.refuses(f"cell load capsule {image} -a 0xffffffffffffff00", "LOAD_OUTSIDE")
    enabled.check("truncate -s 17M /tmp/large")
    enabled.refuses("cell load capsule /tmp/large", "LOAD_LARGER", "/tmp/large")
    enabled.refuses("cell load capsule /tmp/nothing", "FILE", "/tmp/nothing")
    for address, size in ((0xfff000, 0x2000), (0x1000000, 1), (2**64 - 16, 32), (0, 17 << 20)):
        result, number, _ = past_the_tool(enabled, "load", f"capsule {address:#x} {size:#x}")
        assert result == -1 and number in (reason_number("LOAD_OUTSIDE"),
                                           reason_number("LOAD_LARGER"))
    enabled.drop("capsule")


def test_calls_that_do_not_exist(enabled: Agency) -> None:
    """Sizes, flags and numbers of another version of the interface."""
    errno = {"size": 7, "flags": 22, "unknown": 25}
    for verb, expected in errno.items():
        assert enabled.check(f"raw {verb}").split()[:2] == ["-1", str(expected)], verb
    assert enabled.enabled()


def test_two_at_once(enabled: Agency) -> None:
    """While one call waits for a silent guest another is told so, at once and without effect."""
    patient = patched(installed(enabled, "capsule"), MSG_REPLY_TIMEOUT, struct.pack("<I", 600_000))
    enabled.do(f"cell create {enabled.put_config('patient', patient)}")
    enabled.load("capsule", "silent")
    enabled.do("cell start capsule")
    enabled.await_text("capsule", "masked")
    first = enabled.background("capsulectl cell shutdown capsule")
    # Until the first call is in the driver the second hears that the cell runs.
    deadline = time.monotonic() + SOON
    while (answer := enabled.exit_name(enabled.ctl("cell start capsule")[0])) != "BUSY":
        assert answer == "RUNNING" and time.monotonic() < deadline, answer
    enabled.refuses("cell create inmate-timer.cell", "BUSY", "another management call")
    assert enabled.cells() == {"capsule": "running"}
    assert first.stop("INT").status == INTERRUPTED
    enabled.drop("capsule", force=True)

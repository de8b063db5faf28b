# SPDX-License-Identifier: Apache-2.0
"""Passed devices in the tree of a Linux guest: cell linux with a device of the test's
own, a tree of the agency's and the tree that comes out of it."""

from __future__ import annotations

import struct
from typing import Any

import pytest

import blob
import checker_config as cc
from checker_config import Cell, Chip, Console, Region
from pyjailhouse import fdt
from test_capsulectl import MIB, Tool, exit_code, program, tool  # noqa: F401

ROOM = Region(0, 0, 256 * MIB, cc.RAM | cc.LOADABLE | cc.ANY | cc.DMA | cc.VIRT_IS_PHYS)
UART = Console(0x09000000, 0x1000, 3, 5, irq=33)
DEVICE = cc.READ | cc.WRITE | cc.IO


def kernel() -> bytes:
    """What an arm64 Image begins with."""
    return struct.pack("<IIQQQ24s4sI", 0, 0, 0, MIB, 0, bytes(24), b"ARM\x64", 0)


def agency(devices: dict[str, Any]) -> bytes:
    """The agency's tree with devices on a bus that moves addresses by 0x1000_0000."""
    return blob.blob({
        "#address-cells": 2, "#size-cells": 2, "interrupt-parent": 1,
        "compatible": "example,board", "model": "Board",
        "gic@8000000": {"compatible": "arm,gic-v3", "#interrupt-cells": 3, "phandle": 1,
                        "interrupt-controller": True, "reg": [0, 0x8000000, 0, 0x10000]},
        "clock": {"compatible": "fixed-clock", "#clock-cells": 0, "clock-frequency": 48000000,
                  "phandle": 2},
        "pll@1000": {"compatible": "example,pll", "#clock-cells": 1, "phandle": 3},
        "soc": {"compatible": "simple-bus", "#address-cells": 1, "#size-cells": 1,
                "ranges": [0, 0, 0x10000000, 0x1000000], **devices},
    })


def run(tool: Tool, devices: dict[str, Any], *regions: Region, irqs: tuple[int, ...] = (72,)):
    """cell linux; its result, and the guest's tree if there is one."""
    firmware = tool.folder / "sys/firmware"
    firmware.mkdir(parents=True, exist_ok=True)
    (firmware / "fdt").write_bytes(agency(devices))
    (tool.folder / "Image").write_bytes(kernel())
    cell = Cell(name=b"demo", regions=(ROOM, *regions), chips=(Chip(64, irqs),), console=UART,
                flags=cc.PASSIVE)
    (tool.folder / "linux.cell").write_bytes(cell.pack())
    made = tool.folder / "tree"
    result = tool("cell", "linux", "linux.cell", "Image", FAKE_TREE=str(made))
    return result, fdt.parse(made.read_bytes()) if made.exists() else None


def good(tool: Tool, devices: dict[str, Any], *regions: Region, irqs: tuple[int, ...] = (72,)):
    """The tree of a guest that was started, and the warnings."""
    result, tree = run(tool, devices, *regions, irqs=irqs)
    assert result.returncode == 0, result.stderr.decode()
    assert tree
    return tree, result.stderr.decode()


PLAIN = {"compatible": "example,mac", "reg": [0x20000, 0x1000], "interrupts": [0, 40, 4],
         "local-mac-address": b"\2\0\0\0\0\1", "dma-coherent": True, "phandle": 9}
AT_PLAIN = Region(0x10020000, 0x10020000, 0x1000, DEVICE)


def test_a_device_is_copied(tool):
    tree, said = good(tool, {"mac@20000": PLAIN}, AT_PLAIN)
    node = tree.find("/mac@10020000")
    assert node and said == ""
    assert node.strings("compatible") == ["example,mac"]
    assert node.words("reg") == [0, 0x10020000, 0, 0x1000]
    assert node.words("interrupts") == [0, 40, 4]
    assert "dma-coherent" in node and "local-mac-address" in node
    assert "phandle" not in node and "interrupt-parent" not in node
    gic, = (n for n in tree.nodes() if n.is_compatible("arm,gic-v3"))
    assert tree.find("/").word("interrupt-parent") == gic.word("phandle")


def test_at_the_guests_address(tool):
    tree, _ = good(tool, {"mac@20000": {**PLAIN, "reg": [0x20100, 0x100]}},
                   Region(0x10020000, 0x30000000, 0x1000, DEVICE))
    assert tree.find("/mac@30000100").words("reg") == [0, 0x30000100, 0, 0x100]


def test_only_what_is_the_cells(tool):
    tree, said = good(tool, {
        "mac@20000": PLAIN, "other@21000": {"compatible": "example,other", "reg": [0x21000, 16]},
        "wide@22000": {"compatible": "example,wide", "reg": [0x1F000, 0x4000]},
        "off@20000": {**PLAIN, "status": "disabled"},
    }, AT_PLAIN)
    names = [n.name for n in tree.nodes()]
    assert [n for n in names if n.startswith(("other", "wide", "off"))] == []
    assert names.count("mac@10020000") == 1 and said == ""


def test_interrupt_missing_from_the_cell(tool):
    result, _ = run(tool, {"mac@20000": PLAIN}, AT_PLAIN, irqs=(73,))
    line, = result.stderr.decode().splitlines()
    assert result.returncode == exit_code("IRQ_NOT_OWNED")
    assert "linux.cell: /soc/mac@20000 needs interrupt 72" in line and ": name it" in line
    assert "DESTROY" in tool.calls()


def test_coherence_of_the_bus(tool):
    plain = {name: value for name, value in PLAIN.items() if name != "dma-coherent"}
    tree, _ = good(tool, {"dma-coherent": True, "mac@20000": plain}, AT_PLAIN)
    assert "dma-coherent" in tree.find("/mac@10020000")
    tree, _ = good(tool, {"mac@20000": plain}, AT_PLAIN)
    assert "dma-coherent" not in tree.find("/mac@10020000")


def test_fixed_clocks(tool):
    tree, said = good(tool, {"mac@20000": {**PLAIN, "clocks": [2, 2],
                                           "clock-names": ["core", "bus"]}}, AT_PLAIN)
    node = tree.find("/mac@10020000")
    clocks = [provider for provider, _ in node.references("clocks", "#clock-cells")]
    assert [c.word("clock-frequency") for c in clocks] == [48000000, 48000000]
    assert all(c.is_compatible("fixed-clock") for c in clocks)
    assert node.strings("clock-names") == ["core", "bus"] and said == ""


def test_clock_of_unknown_rate(tool):
    tree, said = good(tool, {"mac@20000": {**PLAIN, "clocks": [2, 3, 5]}}, AT_PLAIN)
    assert "clocks" not in tree.find("/mac@10020000")
    assert "/soc/mac@20000 has a clock whose rate is not known" in said


@pytest.mark.parametrize("name", ["resets", "power-domains", "vdd-supply", "reset-gpios",
                                  "pinctrl-0", "phy-handle", "iommus"])
def test_what_it_depends_on_is_told(tool, name):
    tree, said = good(tool, {"mac@20000": {**PLAIN, name: [2]}}, AT_PLAIN)
    assert name not in tree.find("/mac@10020000")
    assert f"/soc/mac@20000 depends on another device ({name})" in said


def test_registers_and_interrupts_that_are_elsewhere(tool):
    tree, said = good(tool, {"mac@20000": {
        **PLAIN, "reg": [0x20000, 0x1000, 0x30000, 0x1000], "interrupts": [0, 40, 4, 1, 9, 4],
        "child": {"reg": [1]}}}, AT_PLAIN)
    node = tree.find("/mac@10020000")
    assert node.words("reg") == [0, 0x10020000, 0, 0x1000]
    assert node.words("interrupts") == [0, 40, 4]
    assert "registers at 0x10030000 that the cell does not" in said
    assert "private to each CPU" in said and "nodes of its own" in said


def test_agency_without_a_tree(tool):
    (tool.folder / "sys/firmware").mkdir(parents=True)
    result, _ = run(tool, {}, AT_PLAIN)
    assert result.returncode == 0
    (tool.folder / "sys/firmware/fdt").write_bytes(b"no tree")
    result = tool("cell", "linux", "linux.cell", "Image")
    assert result.returncode == 3 and b"sys/firmware/fdt cannot be read" in result.stderr

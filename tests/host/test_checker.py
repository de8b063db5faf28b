# SPDX-License-Identifier: Apache-2.0
"""The checker of configurations, under sanitizers: every rule, damaged files,
and random sets of cells against a model."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import checker_config as cc
from checker_config import Cell, Chip, Console, Region, System, root_with

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("O", TOP / "build")).resolve()
REASONS = cc.reasons(TOP)
ROOTS = ["root", "root-gicv2"]
# In order, but with devices that transfer by themselves.
WITH_DMA = ["linux-virtio"]
SHIPPED = sorted({path.stem for path in (TOP / "configs/cells").glob("*.c")}
                 - {*ROOTS, *WITH_DMA})

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True,
                    suppress_health_check=[HealthCheck.function_scoped_fixture,
                                           HealthCheck.too_slow])


def make(*args: str) -> None:
    result = subprocess.run(["make", *args, f"O={BUILD}"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="session", params=["gcc", "clang"])
def checker(request):
    make("-C", str(TOP / "tests/host"), "-f", "checker.mk")
    server = cc.Server(BUILD / "tests/host/checker" / request.param / "checker_server")
    yield server
    server.close()


@pytest.fixture(scope="session")
def shipped():
    make("-C", str(TOP / "configs"))
    return {name: (BUILD / "configs" / f"{name}.cell").read_bytes()
            for name in [*ROOTS, *SHIPPED, *WITH_DMA]}


def first(answer: cc.Answer) -> cc.Finding:
    assert answer.errors, "no error was found"
    return answer.errors[0]


# --- what is in order ---------------------------------------------------------

@pytest.mark.parametrize("name", WITH_DMA)
def test_shipped_with_dma_is_in_order(checker, shipped, name):
    answer = checker.ask(shipped["root"], shipped[name])
    assert answer.errors == []
    assert ["transfers by itself" in w.text for w in answer.warnings] == [True, True]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_is_in_order(checker, shipped, name, root):
    assert checker.ask(shipped[root], shipped[name]).findings == []


def test_base_of_these_tests_is_in_order(checker):
    assert checker.ask(System().pack(), Cell().pack()).findings == []
    assert checker.ask(None, Cell().pack()).findings == []


def test_gicv2_is_in_order(checker):
    gicv2 = System(gic_version=2, gicd=0x08000000, gicc=0x08010000, gich=0x08030000,
                   gicv=0x08040000, gicr=0, gicr_size=0, gits=0)
    assert checker.ask(gicv2.pack(), Cell().pack()).findings == []


def test_packing_agrees_with_the_compiler(shipped):
    """The bytes made in Python and those made by the C compiler are the same."""
    shipped_cell = Cell(
        name=b"capsule", cpus=(1,), flags=cc.PERMITTED | cc.ACTIVE | 0x20,
        regions=(Region(0, 0, 16 << 20, cc.RAM | cc.LOADABLE | cc.ANY), cc.COMM_REGION))
    assert shipped_cell.pack() == shipped["capsule"]
    assert len(shipped["root"]) == cc.SYSTEM_SIZE + 8 + 6 * 32 + 2 * 32


# --- each rule ----------------------------------------------------------------

RAM_AT = Region(0x50000000, 0, 0x100000, cc.RAM | cc.LOADABLE)
UART = Region(0x09000000, 0x09000000, 0x1000, cc.READ | cc.WRITE | cc.IO)


def cell_with(*regions: Region, **changes: object) -> Cell:
    return Cell(regions=(cc.CELL_RAM, cc.COMM_REGION, *regions), **changes)


def at(phys: int, virt: int, size: int, flags: int) -> Cell:
    return cell_with(Region(phys, virt, size, flags))


def virtual(chips=(), **fields):
    """A cell with a virtual PL011, in order but for what is given."""
    console = {"address": 0x90000000, "size": 0x1000, "type": 3, "flags": 5, "irq": 40, **fields}
    return Cell(console=Console(**console), chips=chips)


def test_virtual_console_is_in_order(checker):
    """On an interrupt that the machine lacks, and on one that is the agency's."""
    for irq in (40, 900):
        assert checker.ask(System().pack(), virtual(irq=irq).pack()).findings == []


BAD_CELLS = {
    "signature": (Cell(signature=b"JHCLL"), "CFG_SIGNATURE", "no Capsule configuration"),
    "revision": (Cell(revision=2), "CFG_REVISION", "revision 2, revision 1"),
    "architecture": (Cell(architecture=1), "CFG_ARCH", "architecture 1"),
    "total-size": (Cell(total_size=1000), "CFG_SIZE", "1000 bytes where 200"),
    "header-reserved": (Cell(reserved0=1), "CFG_RESERVED", "reserved0"),
    "reserved": (Cell(reserved1=1), "CFG_RESERVED", "reserved1"),
    "vpci": (Cell(vpci_irq_base=32), "CFG_RESERVED", "vpci_irq_base"),
    "flags": (Cell(flags=0x100), "CFG_FLAGS", "0x100"),
    "region-flags": (at(0, 0x1000000, 0x1000, cc.READ | cc.ANY | 0x800), "CFG_FLAGS",
                     "memory region 2"),
    "name-empty": (Cell(name=b""), "CFG_NAME", "the cell's name"),
    "name-characters": (Cell(name=b"a/b"), "CFG_NAME", "the cell's name"),
    "name-unterminated": (Cell(name=b"x" * 32), "CFG_NAME", "the cell's name"),
    "name-dots": (Cell(name=b".."), "CFG_NAME", "the cell's name"),
    "no-regions": (Cell(regions=()), "CFG_COUNT", "num_memory_regions is 0"),
    "too-many-regions": (Cell(num_regions=257), "CFG_COUNT", "num_memory_regions is 257"),
    "huge-count": (Cell(num_regions=0xFFFFFFFF), "CFG_COUNT", "num_memory_regions"),
    "channels": (Cell(channels=1), "CFG_COUNT", "num_channels"),
    "cpu-set-size": (Cell(cpu_set_size=0), "CFG_COUNT", "cpu_set_size is 0"),
    "cpu-set-large": (Cell(cpu_set_size=16), "CFG_COUNT", "cpu_set_size is 16"),
    "no-cpu": (Cell(cpus=()), "CFG_CPU", "CPU set is empty"),
    "entry-outside": (Cell(entry=0x200000), "CFG_ENTRY", "0x200000"),
    "entry-odd": (Cell(entry=2), "CFG_ENTRY", "0x2"),
    "entry-not-executable": (
        Cell(regions=(Region(0, 0, 0x1000, cc.READ | cc.WRITE | cc.ANY), cc.COMM_REGION)),
        "CFG_ENTRY", "0x0"),
    "size-zero": (at(0, 0x1000000, 0, cc.RAM | cc.ANY), "CFG_REGION", "size 0"),
    "wraps": (at(0, 0xFFFFFFFFFFFFF000, 0x2000, cc.RAM | cc.ANY), "CFG_REGION", "48-bit"),
    "beyond": (at(0, 1 << 48, 0x1000, cc.RAM | cc.ANY), "CFG_REGION", "48-bit"),
    "ends-beyond": (at(0, (1 << 48) - 0x1000, 0x2000, cc.RAM | cc.ANY), "CFG_REGION", "48-bit"),
    "phys-wraps": (at(0xFFFFFFFFFFFFF000, 0x1000000, 0x2000, cc.RAM), "CFG_REGION", "48-bit"),
    "no-read": (at(0, 0x1000000, 0x1000, cc.WRITE | cc.ANY), "CFG_REGION", "READ"),
    "ram-unaligned": (at(0x50000800, 0x1000000, 0x1000, cc.RAM), "CFG_ALIGN",
                      "memory region 2 (IPA 0x1000000-0x1000fff, physical 0x50000800-0x500017ff)"),
    "ram-subpage": (at(0, 0x1000000, 0x800, cc.RAM | cc.ANY), "CFG_ALIGN", "4 KiB"),
    "io-execute": (at(0x09000000, 0x09000000, 0x1000, cc.READ | cc.IO | cc.EXECUTE),
                   "CFG_REGION", "never executed"),
    "io-loadable": (at(0x09000000, 0x09000000, 0x1000, cc.READ | cc.IO | cc.LOADABLE),
                    "CFG_REGION", "only RAM can be loaded"),
    "io-any": (at(0, 0x09000000, 0x1000, cc.READ | cc.IO | cc.ANY), "CFG_REGION", "PHYS_ANY"),
    "io-crosses-page": (at(0x09000FF0, 0x09000FF0, 0x20, cc.READ | cc.IO), "CFG_ALIGN",
                        "page border"),
    "io-large-unaligned": (at(0x09000010, 0x09000010, 0x2000, cc.READ | cc.IO), "CFG_ALIGN",
                           "neither"),
    "ram-widths": (at(0, 0x1000000, 0x1000, cc.RAM | cc.ANY | cc.IO_32), "CFG_REGION",
                   "access widths"),
    "any-with-phys": (at(0x50000000, 0x1000000, 0x1000, cc.RAM | cc.ANY), "CFG_REGION",
                      "phys_start"),
    "any-shared": (at(0, 0x1000000, 0x1000, cc.RAM | cc.ANY | cc.ROOTSHARED), "CFG_REGION",
                   "ROOTSHARED"),
    "one-to-one-not-any": (at(0x50000000, 0x50000000, 0x1000, cc.RAM | cc.VIRT_IS_PHYS),
                           "CFG_REGION", "without PHYS_ANY"),
    "one-to-one-device": (at(0, 0, 0x1000, cc.READ | cc.IO | cc.VIRT_IS_PHYS), "CFG_REGION",
                          "VIRT_IS_PHYS"),
    "one-to-one-over-comm": (
        Cell(regions=(replace(cc.CELL_RAM, flags=cc.CELL_RAM.flags | cc.VIRT_IS_PHYS),
                      cc.COMM_REGION)), "MEM_OVERLAP", "memory region 1 (IPA 0x80000000"),
    "one-to-one-over-console": (
        Cell(regions=(replace(cc.CELL_RAM, flags=cc.CELL_RAM.flags | cc.VIRT_IS_PHYS),),
             flags=cc.PASSIVE, console=Console(0x90000000, 0x1000, 3, 5, irq=40)), "CFG_CONSOLE",
        "machine's RAM"),
    "dma-elsewhere": (
        Cell(regions=(replace(cc.CELL_RAM, flags=cc.CELL_RAM.flags | cc.DMA), cc.COMM_REGION,
                      UART)), "CFG_REGION", "not its physical address"),
    "dma-fixed-elsewhere": (
        cell_with(UART, Region(0x50000000, 0x51000000, 0x1000, cc.READ | cc.DMA)), "CFG_REGION",
        "memory region 3"),
    "loadable-shared": (at(0x50000000, 0x1000000, 0x1000, cc.RAM | cc.LOADABLE | cc.ROOTSHARED),
                        "CFG_REGION", "remove LOADABLE"),
    "comm-size": (Cell(regions=(cc.CELL_RAM, replace(cc.COMM_REGION, size=0x2000))),
                  "CFG_REGION", "one page"),
    "comm-phys": (Cell(regions=(cc.CELL_RAM, replace(cc.COMM_REGION, phys=0x50000000))),
                  "CFG_REGION", "made by the hypervisor"),
    "comm-flags": (Cell(regions=(cc.CELL_RAM, replace(cc.COMM_REGION, flags=cc.COMM | cc.RAM))),
                   "CFG_REGION", "READ and WRITE only"),
    "comm-unaligned": (Cell(regions=(cc.CELL_RAM, replace(cc.COMM_REGION, virt=0x80000010))),
                       "CFG_ALIGN", "virt_start"),
    "comm-twice": (cell_with(replace(cc.COMM_REGION, virt=0x90000000)), "CFG_REGION", "second"),
    "ipa-overlap": (at(0, 0xFF000, 0x2000, cc.RAM | cc.ANY), "MEM_OVERLAP",
                    "memory region 0 (IPA 0x0-0xfffff) and memory region 2 (IPA 0xff000-0x100fff)"),
    "phys-overlap": (cell_with(replace(RAM_AT, virt=0x1000000), replace(RAM_AT, virt=0x2000000)),
                     "MEM_OVERLAP", "physical memory"),
    "over-gicd": (at(0, 0x08000000, 0x1000, cc.RAM | cc.ANY), "CFG_REGION",
                  "GIC distributor"),
    "over-gicr": (at(0, 0x080A0000, 0x1000, cc.RAM | cc.ANY), "CFG_REGION",
                  "GIC redistributors"),
    "gicd-itself": (at(0x08000000, 0x1000000, 0x1000, cc.READ | cc.IO),
                    "MEM_HYPERVISOR", "the GIC distributor (0x8000000-0x800ffff)"),
    "its": (at(0x08080000, 0x1000000, 0x1000, cc.READ | cc.IO), "MEM_HYPERVISOR", "the ITS"),
    "not-ram": (at(0x200000000, 0x1000000, 0x1000, cc.RAM), "MEM_NOT_RAM", "root"),
    "half-ram": (at(0xBFFFF000, 0x1000000, 0x2000, cc.RAM), "MEM_NOT_RAM", "root"),
    "device-as-ram": (at(0x09000000, 0x1000000, 0x1000, cc.RAM), "MEM_NOT_RAM", "root"),
    "ram-as-device": (at(0x50000000, 0x1000000, 0x1000, cc.READ | cc.IO), "CFG_REGION",
                      "over RAM"),
    "irq-base": (Cell(chips=(Chip(16, (27,)),)), "CFG_IRQ", "pin_base 16"),
    "irq-base-odd": (Cell(chips=(Chip(33, (33,)),)), "CFG_IRQ", "pin_base 33"),
    "irq-beyond": (Cell(chips=(Chip(896, (1020,)),)), "CFG_IRQ", "1020"),
    "irq-base-large": (Cell(chips=(Chip(928, (930,)),)), "CFG_IRQ", "pin_base 928"),
    "irq-twice": (Cell(chips=(Chip(32, (40,)), Chip(32, (40,)))), "CFG_IRQ", "interrupt 40"),
    "irq-notify": (Cell(chips=(Chip(256, (262,)),)), "CFG_IRQ", "notify_irq"),
    "irq-not-there": (Cell(chips=(Chip(288, (300,)),)), "IRQ_NOT_OWNED", "interrupt 300"),
    "irq-gicd": (Cell(chips=(Chip(32, (40,), address=0x1000),)), "GIC_ADDRESS", "0x1000"),
    "irq-id": (Cell(chips=(Chip(32, (40,), id=1),)), "CFG_RESERVED", "id 1"),
    "smc-psci": (Cell(smc_ids=(0x84000003,)), "CFG_SMC", "0x84000003"),
    "smc-arch": (Cell(smc_ids=(0x80000001,)), "CFG_SMC", "0x80000001"),
    "smc-hypervisor": (Cell(smc_ids=(0xC6008020,)), "CFG_SMC", "0xc6008020"),
    "console-type": (Cell(console=Console(0x09000000, 0x1000, 9, 1)), "CFG_CONSOLE", "unknown type"),
    "console-flags": (Cell(console=Console(0x09000000, 0x1000, 3, 0)), "CFG_CONSOLE", "flags"),
    "console-address": (Cell(console=Console(0, 0x1000, 3, 1)), "CFG_CONSOLE", "address"),
    "console-none": (Cell(console=Console(0x09000000, 0, 0, 0)), "CFG_CONSOLE", "no type"),
    "console-none-irq": (Cell(console=Console(irq=1)), "CFG_CONSOLE", "no type"),
    "console-real-irq": (Cell(console=Console(0x09000000, 0x1000, 3, 1, irq=33)), "CFG_CONSOLE",
                         "only a virtual UART"),
    "console-virtual-8250": (virtual(type=2), "CFG_CONSOLE", "no plain PL011"),
    "console-virtual-regdist": (virtual(flags=7), "CFG_CONSOLE", "no plain PL011"),
    "console-virtual-divider": (virtual(divider=1), "CFG_CONSOLE", "no plain PL011"),
    "console-virtual-unaligned": (virtual(address=0x90000800), "CFG_CONSOLE", "not one page"),
    "console-virtual-size": (virtual(size=0x2000), "CFG_CONSOLE", "not one page"),
    "console-virtual-in-ram": (virtual(address=0xff000), "CFG_CONSOLE", "memory region 0"),
    "console-virtual-on-gic": (virtual(address=0x080a1000), "CFG_CONSOLE", "sees the GIC"),
    "console-virtual-no-irq": (virtual(irq=0), "CFG_IRQ", "irq 0 of the console"),
    "console-virtual-ppi": (virtual(irq=31), "CFG_IRQ", "irq 31 of the console"),
    "console-virtual-special": (virtual(irq=1020), "CFG_IRQ", "irq 1020 of the console"),
    "console-virtual-own-irq": (virtual(chips=(Chip(32, (40,)),), irq=40), "CFG_IRQ", "irq 40"),
    "root-name": (Cell(name=b"machine"), "NAME_IN_USE", "that of the root cell"),
}


@pytest.mark.parametrize("name", BAD_CELLS)
def test_cell_is_refused(checker, name):
    cell, reason, text = BAD_CELLS[name]
    found = first(checker.ask(System().pack(), cell.pack()))
    assert (found.reason, found.file) == (REASONS[reason], "cell1")
    assert text in found.text
    assert ": " in found.text, "a remedy belongs behind the cause"


BAD_SYSTEMS = {
    "signature": (System(signature=b"JHSYS"), "CFG_SIGNATURE", "no Capsule configuration"),
    "revision": (System(revision=0), "CFG_REVISION", "revision 0"),
    "architecture": (System(architecture=3), "CFG_ARCH", "architecture 3"),
    "total-size": (System(total_size=10), "CFG_SIZE", "where 10 belong"),
    "flags": (System(flags=1), "CFG_FLAGS", "0x1"),
    "reserved": (System(reserved1=1), "CFG_RESERVED", "reserved1"),
    "platform-reserved": (System(platform_reserved=1), "CFG_RESERVED", "platform_info"),
    "hv-flags": (System(hypervisor=Region(0, 0, 16 << 20, cc.ANY | 1)), "CFG_FLAGS",
                 "hypervisor_memory"),
    "hv-size": (System(hypervisor=Region(0, 0, 1 << 20, cc.ANY)), "CFG_ALIGN", "2 MiB"),
    "hv-zero": (System(hypervisor=Region(0, 0, 0, cc.ANY)), "CFG_ALIGN", "2 MiB"),
    "hv-start": (System(hypervisor=Region(0x50001000, 0, 16 << 20, 0)), "CFG_ALIGN", "2 MiB"),
    "hv-large": (System(hypervisor=Region(0, 0, (1 << 30) + (2 << 20), cc.ANY)), "CFG_REGION",
                 "1 GiB"),
    "hv-any-at": (System(hypervisor=Region(0x50000000, 0, 16 << 20, cc.ANY)), "CFG_REGION",
                  "PHYS_ANY"),
    "hv-device": (System(hypervisor=Region(0x10000000, 0, 16 << 20, 0)), "MEM_NOT_RAM", "device"),
    "gic-version": (System(gic_version=4), "CFG_PLATFORM", "gic_version 4"),
    "gicd": (System(gicd=0), "CFG_PLATFORM", "distributor"),
    "gicr": (System(gicr=0x080A0001), "CFG_PLATFORM", "redistributors"),
    "gicr-size": (System(gicr_size=0x10000), "CFG_PLATFORM", "gicr_size"),
    "gic-overlap": (System(gicr=0x08000000), "CFG_PLATFORM", "overlap"),
    "maintenance": (System(maintenance_irq=40), "CFG_PLATFORM", "maintenance_irq 40"),
    "notify-ppi": (System(notify_irq=20), "NOTIFY_IRQ", "notify_irq 20"),
    "notify-unlisted": (System(notify_irq=300), "NOTIFY_IRQ", "notify_irq 300"),
    "pci-virtual": (System(pci_is_virtual=2), "CFG_PLATFORM", "pci_is_virtual"),
    "console": (System(console=Console(0x09000000, 0x1000, 7, 1)), "CFG_CONSOLE", "debug_console"),
    "console-virtual": (System(console=Console(0x09000000, 0x1000, 3, 5, irq=40)), "CFG_CONSOLE",
                        "for cells"),
    "root-console-virtual": (root_with(console=Console(0x09000000, 0x1000, 3, 5, irq=40)),
                             "CFG_CONSOLE", "for cells"),
    "root-signature": (root_with(signature=b"CAPSYST"), "CFG_SIGNATURE", ""),
    "root-flags": (root_with(flags=1), "CFG_FLAGS", "root cell"),
    "root-no-cpu": (root_with(flags=0), "CFG_CPU", "no CPU"),
    "root-any": (root_with(regions=(*cc.ROOT.regions, Region(0, 0x200000000, 4096, 1 | cc.ANY))),
                 "CFG_REGION", "other cells"),
    "root-not-one-to-one": (
        root_with(regions=(*cc.ROOT.regions, Region(0x200000000, 0x300000000, 4096, cc.RAM))),
        "CFG_REGION", "one to one"),
    "root-over-gic": (
        root_with(regions=(Region(0, 0, 0x40000000, 3 | cc.IO), *cc.ROOT.regions[3:])),
        "MEM_HYPERVISOR", "the GIC distributor"),
    "root-overlap": (
        root_with(regions=(*cc.ROOT.regions, Region(0x40000000, 0x40000000, 4096, cc.RAM))),
        "MEM_OVERLAP", "memory region 3"),
    "root-no-ram": (root_with(regions=cc.ROOT.regions[:3]), "MEM_NOT_RAM", "no RAM"),
}


@pytest.mark.parametrize("name", BAD_SYSTEMS)
def test_system_is_refused(checker, name):
    system, reason, text = BAD_SYSTEMS[name]
    found = first(checker.ask(system.pack()))
    assert (found.reason, found.file) == (REASONS[reason], "root")
    assert text in found.text


def test_hypervisor_memory_in_a_cell(checker):
    system = System(hypervisor=Region(0x50000000, 0, 16 << 20, 0))
    cell = at(0x50FFF000, 0x1000000, 0x2000, cc.RAM)
    found = first(checker.ask(system.pack(), cell.pack()))
    assert found.reason == REASONS["MEM_HYPERVISOR"]
    assert found.detail == (2, 0x50FFF000)
    assert "the hypervisor's memory (0x50000000-0x50ffffff)" in found.text
    beside = at(0x51000000, 0x1000000, 0x2000, cc.RAM)
    assert checker.ask(system.pack(), beside.pack()).findings == []


def test_pci_function(checker):
    system = System(ecam=0x4010000000)
    last = at(0x401FFFF000, 0x401FFFF000, 0x1000, cc.READ | cc.IO)
    found = first(checker.ask(system.pack(), last.pack()))
    assert (found.reason, found.detail) == (REASONS["PCI_FUNCTION"], (2, 0x401FFFF000))
    behind = at(0x4020000000, 0x4020000000, 0x1000, cc.READ | cc.IO)
    assert checker.ask(system.pack(), behind.pack()).errors == []


def test_cpus_of_the_root_cell(checker):
    system = root_with(flags=0, cpus=(0, 1, 2))
    assert first(checker.ask(system.pack(), Cell(cpus=(1, 3)).pack())).detail[0] == 3
    answer = checker.ask(system.pack(), Cell(cpus=(0,)).pack(),
                         Cell(name=b"b", cpus=(1, 2)).pack())
    assert [(f.reason, f.file) for f in answer.errors] == [(REASONS["CPU_LAST"], "cell2")]
    assert checker.ask(system.pack(), Cell(cpus=(1, 2)).pack()).findings == []


LOW_COMM = replace(cc.COMM_REGION, virt=0x30000000)
DMA_RAM = replace(cc.CELL_RAM, flags=cc.CELL_RAM.flags | cc.DMA | cc.VIRT_IS_PHYS)


@pytest.mark.parametrize("regions", [
    (DMA_RAM, LOW_COMM, UART), (replace(DMA_RAM, virt=0x09000000), LOW_COMM, UART),
    (cc.CELL_RAM, cc.COMM_REGION, UART,
     Region(0x50000000, 0x50000000, 0x1000, cc.READ | cc.DMA)),
    (cc.CELL_RAM, replace(cc.COMM_REGION, virt=0x30000000),
     replace(DMA_RAM, virt=0, flags=cc.READ | cc.ANY | cc.DMA | cc.VIRT_IS_PHYS), UART),
    (replace(cc.CELL_RAM, flags=cc.CELL_RAM.flags | cc.DMA), cc.COMM_REGION)])
def test_memory_for_devices_is_in_order(checker, regions):
    """Mapped one to one; or there is no device that could be misled."""
    entry = regions[0].virt
    assert checker.ask(System().pack(), Cell(regions=regions, entry=entry).pack()).findings == []


PAIRS = {
    "name": (Cell(), Cell(cpus=(2,)), "NAME_IN_USE"),
    "cpu": (Cell(cpus=(1, 2)), Cell(name=b"b", cpus=(2, 3)), "CPU_NOT_OWNED"),
    "memory": (Cell(regions=(RAM_AT, cc.COMM_REGION)),
               Cell(name=b"b", cpus=(2,), regions=(replace(RAM_AT, phys=0x500FF000),
                                                   cc.COMM_REGION)), "MEM_NOT_OWNED"),
    "shared-by-one": (cell_with(replace(UART, flags=UART.flags | cc.ROOTSHARED)),
                      cell_with(UART, name=b"b", cpus=(2,)), "MEM_NOT_OWNED"),
    "irq": (Cell(chips=(Chip(32, (50,)),)),
            Cell(name=b"b", cpus=(2,), chips=(Chip(32, (49, 50)),)), "IRQ_NOT_OWNED"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_cells_collide(checker, name):
    one, other, reason = PAIRS[name]
    assert checker.ask(System().pack(), one.pack()).errors == []
    assert checker.ask(System().pack(), other.pack()).errors == []
    answer = checker.ask(System().pack(), one.pack(), other.pack())
    assert [(f.reason, f.file) for f in answer.errors] == [(REASONS[reason], "cell2")]
    assert "cell1" in answer.errors[0].text


def test_shared_by_both_is_no_collision(checker):
    shared = replace(UART, flags=UART.flags | cc.ROOTSHARED)
    answer = checker.ask(System().pack(), cell_with(shared).pack(),
                         cell_with(shared, name=b"b", cpus=(2,)).pack())
    assert answer.findings == []


WARNINGS = {
    "console": (Cell(flags=cc.ACTIVE), "CONSOLE_PERMITTED"),
    "no-comm": (Cell(regions=(cc.CELL_RAM,)), "communication region"),
    "timeout": (Cell(timeout=60001), "60001 ms"),
    "dma": (Cell(regions=(replace(cc.CELL_RAM, flags=cc.CELL_RAM.flags | cc.DMA | cc.VIRT_IS_PHYS),
                          replace(cc.COMM_REGION, virt=0x30000000),
                          replace(UART, flags=UART.flags | cc.DMA))),
            "memory region 2 (IPA 0x9000000-0x9000fff, physical 0x9000000-0x9000fff) transfers"),
    "device": (at(0x7000000000, 0x1000000, 0x1000, cc.READ | cc.IO), "no device region"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warning(checker, name):
    cell, text = WARNINGS[name]
    answer = checker.ask(System().pack(), cell.pack())
    assert answer.errors == []
    assert [text in w.text for w in answer.warnings] == [True]


def test_no_comm_region_said_so(checker):
    cell = Cell(regions=(cc.CELL_RAM,), flags=cc.PASSIVE)
    assert checker.ask(System().pack(), cell.pack()).findings == []


def test_kinds_are_not_confused(checker):
    assert "not of a system" in first(checker.ask(Cell().pack())).text
    assert "not that of a cell" in first(checker.ask(System().pack(), System().pack())).text


def test_more_findings_than_fit(checker):
    """256 regions over one another: 32640 collisions, and no harm done."""
    cell = Cell(regions=(cc.CELL_RAM,) * 256)
    assert len(checker.ask(None, cell.pack()).errors) == 64


# --- damage -------------------------------------------------------------------

def test_truncated_at_every_length(checker, shipped):
    sizes = {REASONS["CFG_SIZE"]}
    for name, data in shipped.items():
        for length in range(len(data)):
            answer = (checker.ask(data[:length]) if name in ROOTS else
                      checker.ask(None, data[:length]))
            assert {f.reason for f in answer.errors} == sizes, (name, length)


def test_longer_than_it_says(checker, shipped):
    for name, data in shipped.items():
        for more in (1, 8, 4096, 65536):
            longer = data + bytes(more)
            answer = checker.ask(longer) if name in ROOTS else checker.ask(None, longer)
            assert first(answer).reason == REASONS["CFG_SIZE"]


# Bytes of a file in which every bit has one right value.
FIXED = {"cell": [*range(0, 16), *range(52, 72), *range(104, 108),
                  *range(112, 128)],
         "root": [*range(0, 24), *range(192, 208), *range(244, 264)]}


def test_every_flipped_bit(checker, shipped):
    """No bit crashes the checker; those that can only be wrong are refused."""
    known = set(REASONS.values())
    for name, data in shipped.items():
        fixed = FIXED["root" if name in ROOTS else "cell"]
        for bit in range(len(data) * 8):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << (bit % 8)
            answer = (checker.ask(bytes(flipped), shipped["capsule"]) if name in ROOTS else
                      checker.ask(shipped["root"], bytes(flipped)))
            assert all(f.reason in known and f.text for f in answer.errors)
            if bit // 8 in fixed:
                assert answer.errors, (name, bit)


@PROPERTY
@given(data=st.binary(max_size=600), as_system=st.booleans(), header=st.booleans())
def test_any_bytes(checker, data, as_system, header):
    if header:
        good = (System() if as_system else Cell()).pack()
        data = good[:16] + data
    answer = checker.ask(data) if as_system else checker.ask(None, data)
    assert answer.errors


# --- random sets of cells against a model -------------------------------------

def overlap(a: Region, b: Region) -> bool:
    return a.phys < b.phys + b.size and b.phys < a.phys + a.size


BLOCKS = st.integers(0, 15).map(lambda n: 0x50000000 + n * 0x10000)
IRQS = st.sets(st.integers(32, 47), max_size=4)


@st.composite
def random_cells(draw):
    cells = []
    for index in range(draw(st.integers(2, 4))):
        phys = draw(BLOCKS)
        shared = draw(st.booleans())
        size = draw(st.integers(1, 3)) * 0x10000
        flags = cc.READ | cc.WRITE | (cc.ROOTSHARED if shared else 0)
        cells.append(Cell(
            name=f"cell-{index}".encode(),
            cpus=tuple(sorted(draw(st.sets(st.integers(0, 7), min_size=1, max_size=3)))),
            regions=(cc.CELL_RAM, cc.COMM_REGION, Region(phys, 0x10000000, size, flags)),
            chips=(Chip(32, tuple(sorted(draw(IRQS)))),)))
    return cells


def expected(cells: list[Cell]) -> set[tuple[int, str]]:
    """What a table of owners says, written down without looking at the checker."""
    found = set()
    for later, cell in enumerate(cells):
        for other in cells[:later]:
            mine, theirs = cell.regions[2], other.regions[2]
            if set(cell.cpus) & set(other.cpus):
                found.add((REASONS["CPU_NOT_OWNED"], f"cell{later + 1}"))
            if set(cell.chips[0].irqs) & set(other.chips[0].irqs):
                found.add((REASONS["IRQ_NOT_OWNED"], f"cell{later + 1}"))
            if overlap(mine, theirs) and not mine.flags & theirs.flags & cc.ROOTSHARED:
                found.add((REASONS["MEM_NOT_OWNED"], f"cell{later + 1}"))
    return found


@PROPERTY
@given(cells=random_cells())
def test_sets_against_a_model(checker, cells):
    answer = checker.ask(System().pack(), *(cell.pack() for cell in cells))
    assert {(f.reason, f.file) for f in answer.errors} == expected(cells)


@PROPERTY
@given(virt=st.integers(0, 64), size=st.integers(1, 32), other=st.integers(0, 64),
       other_size=st.integers(1, 32))
def test_overlap_inside_a_cell_against_a_model(checker, virt, size, other, other_size):
    base = 0x10000000
    cell = cell_with(Region(0, base + virt * 4096, size * 4096, cc.READ | cc.ANY),
                     Region(0, base + other * 4096, other_size * 4096, cc.READ | cc.ANY))
    pages = set(range(virt, virt + size)) & set(range(other, other + other_size))
    errors = checker.ask(System().pack(), cell.pack()).errors
    assert [(e.reason, e.detail) for e in errors] == (
        [(REASONS["MEM_OVERLAP"], (2, 3))] if pages else [])

# SPDX-License-Identifier: Apache-2.0
"""What a root configuration may ask for besides the usual: a UART of the
hypervisor's own, and an agency that is mapped from its list of regions."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

from agency import Agency
from conftest import BUILD

# Offsets in struct capsule_system and, for REGION_0, in a cell with one word of CPUs; packed.
HYP_MEMORY, DEBUG_CONSOLE, ROOT_FLAGS = 24, 56, 192 + 48
REGION_0 = 128 + 8
MEM_PHYS_ANY = 0x200
MIB = 1 << 20
CON_8250, CON_PL011, MMIO = 2, 3, 1
STRICT_MEMORY = 0x200
PL011 = 0x09000000
# Where the virt machine shows PCI's I/O ports.
PCI_IO = 0x3EFF0000


def root(console: tuple[int, int, int] | None = None, strict: bool = False,
         memory: int | None = None) -> bytes:
    """root.cell with another debug console (address, size, type), strict memory, or
    the hypervisor's memory at a given address."""
    blob = bytearray((BUILD / "configs/root.cell").read_bytes())
    if memory is not None:
        struct.pack_into("<QQQQ", blob, HYP_MEMORY, memory, 0, 16 * MIB, 0)
    if console:
        address, size, kind = console
        struct.pack_into("<QIHHII", blob, DEBUG_CONSOLE, address, size, kind, MMIO, 0, 0)
    if strict:
        flags, = struct.unpack_from("<I", blob, ROOT_FLAGS)
        struct.pack_into("<I", blob, ROOT_FLAGS, flags | STRICT_MEMORY)
    return bytes(blob)


def tell_story(agency: Agency, config: bytes) -> None:
    agency.put(config, "/tmp/other.cell")
    agency.do("enable /tmp/other.cell")
    agency.launch("capsule", "hello")
    agency.await_text("capsule", "hello: waiting for a shutdown request")
    agency.do("cell destroy capsule")
    agency.disable()


def lines_with_prefix(text: str) -> None:
    assert re.search(r"^capsule \S+: \d+ CPUs, 16 MiB at 0x[0-9a-f]+$", text, re.MULTILINE), text
    assert re.search(r"^\[capsule\] hello: waiting for a shutdown request$", text,
                     re.MULTILINE), text


def test_pl011_of_the_hypervisor(agency: Agency) -> None:
    """Whole lines, each cell's with its name, on the PL011 that is the agency's console, too."""
    before = len(agency.console_text())
    tell_story(agency, root(console=(PL011, 0x1000, CON_PL011)))
    text = agency.console_text()[before:].replace("\r", "").replace("agency# ", "")
    lines_with_prefix(text)


def test_8250_of_the_hypervisor(another: Callable[..., Agency], tmp_path: Path) -> None:
    """The same on an 8250: a PCI card, reached through the bridge's I/O window."""
    log = tmp_path / "8250.log"
    agency = another(qemu=("-chardev", f"file,id=uart,path={log}",
                           "-device", "pci-serial,chardev=uart"))
    port = re.search(r"ttyS0 at I/O (0x[0-9a-f]+) ", agency.check("dmesg"))
    assert port
    tell_story(agency, root(console=(PCI_IO + int(port[1], 16), 8, CON_8250)))
    lines_with_prefix(log.read_text().replace("\r", ""))


def test_strict_memory(agency: Agency) -> None:
    """Mapped from its list of regions the agency lives as well, disk included."""
    agency.put(root(strict=True), "/tmp/other.cell")
    agency.do("enable /tmp/other.cell")
    agency.check("dd if=/dev/vda of=/dev/null bs=64k count=200 iflag=direct")
    agency.disable()


def test_unknown_console(agency: Agency) -> None:
    agency.put(root(console=(PL011, 0x1000, 9)), "/tmp/other.cell")
    agency.refuses("enable /tmp/other.cell", "CFG_CONSOLE", "/tmp/other.cell")




def capsule_at(address: int) -> bytes:
    """capsule.cell with its RAM at a given physical address."""
    blob = bytearray((BUILD / "configs/capsule.cell").read_bytes())
    _, ipa, size, flags = struct.unpack_from("<QQQQ", blob, REGION_0)
    struct.pack_into("<QQQQ", blob, REGION_0, address, ipa, size, flags & ~MEM_PHYS_ANY)
    return bytes(blob)


def run_at(agency: Agency, hypervisor: list[int], cell: list[int]) -> dict[str, int]:
    """A hypervisor and a cell at given addresses, the first of each list whose
    memory can be had; the ledger while the cell runs."""
    place(agency, hypervisor, root_at, "enable", "/tmp/other.cell")
    place(agency, cell, capsule_at, "cell create", "/tmp/placed.cell")
    agency.load("capsule", "hello")
    agency.do("cell start capsule")
    agency.await_text("capsule", "hello: waiting for a shutdown request")
    ledger = agency.ledger()
    agency.do("cell destroy capsule")
    agency.disable()
    return ledger


def root_at(address: int) -> bytes:
    return root(memory=address)


def place(agency: Agency, addresses: list[int], config: Callable[[int], bytes], verb: str,
          path: str) -> None:
    """Tries the addresses in turn; each refusal must say that memory is in use there."""
    for address in addresses:
        agency.put(config(address), path)
        status, output = agency.ctl(f"{verb} {path}")
        if status == 0:
            return
        assert agency.exit_name(status) == "MEM_NOT_OWNED", output
    raise AssertionError(f"none of {[hex(one) for one in addresses]} can be had")


def test_memory_the_kernel_never_had(another: Callable[..., Agency]) -> None:
    """RAM left out by mem= is a reserved region: nothing is taken from the running system."""
    agency = another(append="mem=1G")
    for _ in range(2):
        ledger = run_at(agency, [0x80000000], [0x81000000])
        assert ledger["contig_pages_taken"] == ledger["pages_marked_offline"] == 0, ledger


def test_given_addresses_in_the_running_system(agency: Agency) -> None:
    """A fixed address inside System RAM: exactly that range is taken, and comes back."""
    agency.enable()
    free = re.findall(r"hypervisor memory (0x[0-9a-f]+)-", agency.check("dmesg"))
    agency.disable()
    top = int(free[-1], 16)
    near = [top - n * 16 * MIB for n in range(12)]
    ledger = run_at(agency, near[0::2], near[1::2])
    assert ledger["contig_pages_taken"] == ledger["hv_pages"] + ledger["cell_pages"] == 8192

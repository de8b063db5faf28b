# SPDX-License-Identifier: Apache-2.0
"""cell linux under sanitizers, with a device of the test's own: where things go,
what the device tree says, which files are refused and with what words."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

import libfdt
import pytest

import checker_config as cc
from checker_config import Cell, Console, Region
from test_capsulectl import Tool, exit_code, program  # noqa: F401
from test_checker import REASONS

MIB = 1 << 20
BASE, SERIAL, SPI = 0x40000000, 0x09000000, 33
FD, MORE, RANDOM = 8, 4, 16
KERNEL, MEMORY, NOT_FOR_LINUX, FILE = 7, 8, 9, 3
PL011, CON_MMIO, CON_VIRTUAL = 3, 1, 4


def guest_cell(cpus: tuple[int, ...] = (1,), size: int = 256 * MIB, base: int = BASE, **changes) -> Cell:
    ram = Region(0, base, size, cc.RAM | cc.LOADABLE | cc.ANY)
    console = Console(SERIAL, 4096, PL011, CON_MMIO | CON_VIRTUAL, 0, SPI)
    return Cell(**{"name": b"guest", "cpus": cpus, "regions": (ram,), "console": console,
                   "entry": base, "flags": cc.PASSIVE, **changes})


def image(size: int = 3 * MIB, needs: int = 5 * MIB, offset: int = 0, flags: int = 0b1010,
          magic: bytes = b"ARM\x64") -> bytes:
    """An arm64 Image: its header, and bytes that do not compress."""
    head = bytes(8) + struct.pack("<3Q", offset, needs, flags) + bytes(24) + magic + bytes(4)
    return head + random.Random(1).randbytes(size - len(head))


def zboot(payload: bytes, compression: bytes = b"gzip") -> bytes:
    """EFI's form: an MZ program that names where its payload lies."""
    head = b"MZ\0\0zimg" + struct.pack("<2I", 512, len(payload)) + bytes(8) + compression
    return head.ljust(512, b"\0") + payload


class Guest(Tool):
    """A folder with guest.cell, a kernel and what was loaded of it."""

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__(program, folder)
        self.memory_file = folder / "memory"
        self.env |= {"FAKE_MEMORY": str(self.memory_file), "FAKE_BASE": hex(BASE)}
        self.cell(guest_cell())
        self.put("Image", image())

    def cell(self, cell: Cell) -> None:
        self.put("guest.cell", cell.pack())

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def memory(self, address: int, size: int) -> bytes:
        return self.memory_file.read_bytes()[address - BASE:address - BASE + size]

    def linux(self, *words: str, kernel: str = "Image", **env: str) -> libfdt.Fdt:
        """cell linux, which must succeed; returns the tree the guest gets."""
        self.ok("cell", "linux", "guest.cell", kernel, *words, **env)
        calls = self.calls()
        start = dict(word.split("=") for word in calls[-1].split()[1:])
        self.entry, self.tree = int(start["entry"], 0), int(start["argument"], 0)
        self.loads = [dict(w.split("=") for w in c.split()[1:]) for c in calls
                      if c.startswith("LOAD")]
        return libfdt.Fdt(self.memory(self.tree, 2 * MIB))


@pytest.fixture
def guest(program: Path, tmp_path: Path) -> Guest:  # noqa: F811
    return Guest(program, tmp_path)


def prop(fdt: libfdt.Fdt, path: str, name: str) -> bytes:
    return bytes(fdt.getprop(fdt.path_offset(path), name))


def cells(fdt: libfdt.Fdt, path: str, name: str) -> list[int]:
    raw = prop(fdt, path, name)
    return list(struct.unpack(f">{len(raw) // 4}I", raw))


def names(fdt: libfdt.Fdt, path: str) -> list[str]:
    found, node = [], fdt.first_subnode(fdt.path_offset(path), [libfdt.NOTFOUND])
    while node >= 0:
        found.append(fdt.get_name(node))
        node = fdt.next_subnode(node, [libfdt.NOTFOUND])
    return found


# --- placement ------------------------------------------------------------------

def test_places(guest: Guest) -> None:
    """Kernel at a 2 MiB boundary, the tree in 2 MiB of its own behind it, then the initrd."""
    initrd = random.Random(2).randbytes(MIB + 5)
    guest.put("initrd", initrd)
    fdt = guest.linux("-i", "initrd")
    assert guest.entry == BASE and guest.tree == BASE + 6 * MIB
    assert guest.memory(BASE, 3 * MIB) == image()
    start, end = (int.from_bytes(prop(fdt, "/chosen", f"linux,initrd-{n}"), "big")
                  for n in ("start", "end"))
    assert start == BASE + 8 * MIB and end - start == len(initrd)
    assert guest.memory(start, end - start) == initrd


def test_text_offset(guest: Guest) -> None:
    guest.put("Image", image(offset=0x80000))
    guest.linux()
    assert guest.entry == BASE + 0x80000
    assert guest.memory(guest.entry, 3 * MIB) == image(offset=0x80000)


def test_region_that_is_not_aligned(guest: Guest) -> None:
    guest.cell(guest_cell(base=BASE + 0x1000))
    guest.linux()
    assert guest.entry == BASE + 2 * MIB


@pytest.mark.parametrize("pack", [gzip.compress, lambda i: zboot(gzip.compress(i))],
                         ids=["gzip", "zboot"])
def test_compressed(guest: Guest, pack) -> None:
    guest.put("packed", pack(image()))
    guest.linux(kernel="packed")
    assert guest.memory(BASE, 3 * MIB) == image()


def test_files_are_read_by_the_driver(guest: Guest) -> None:
    """All in pieces with FD, the seeds last as random bytes; only the last completes the load."""
    guest.linux()
    flags = [int(load["flags"]) for load in guest.loads]
    assert set(flags[:-2]) == {FD | MORE} and flags[-2:] == [RANDOM | MORE, RANDOM]
    tree = libfdt.Fdt(guest.memory(guest.tree, 2 * MIB))
    assert [int(load["length"]) for load in guest.loads[-2:]] == [8, 64]
    for load, name in zip(guest.loads[-2:], ("kaslr-seed", "rng-seed")):
        at = int(load["address"], 0) - guest.tree
        blob = bytearray(guest.memory(guest.tree, tree.totalsize()))
        blob[at:at + int(load["length"])] = b"\xa5" * int(load["length"])
        assert prop(libfdt.Fdt(blob), "/chosen", name) == b"\xa5" * int(load["length"])


# --- the device tree ------------------------------------------------------------

def test_tree(guest: Guest) -> None:
    guest.cell(guest_cell(cpus=(1, 2, 3)))
    fdt = guest.linux("-c", "quiet panic=1")
    assert names(fdt, "/cpus") == ["cpu@0", "cpu@1", "cpu@2"]
    assert cells(fdt, "/cpus/cpu@2", "reg") == [2]
    assert prop(fdt, "/cpus/cpu@1", "enable-method") == b"psci\0"
    assert prop(fdt, "/psci", "method") == b"hvc\0"
    assert cells(fdt, f"/memory@{BASE:x}", "reg") == [0, BASE, 0, 256 * MIB]
    gic = "/interrupt-controller@8000000"
    assert cells(fdt, gic, "reg") == [0, cc.GICD, 0, 0x10000, 0, cc.GICR, 0, 3 * 0x20000]
    assert prop(fdt, gic, "compatible") == b"arm,gic-v3\0"
    assert cells(fdt, "/", "interrupt-parent") == cells(fdt, gic, "phandle")
    serial = f"/serial@{SERIAL:x}"
    assert cells(fdt, serial, "interrupts") == [0, SPI - 32, 4]
    assert cells(fdt, serial, "clocks") == 2 * cells(fdt, "/clock", "phandle")
    assert prop(fdt, serial, "compatible") == b"arm,pl011\0arm,primecell\0"
    assert prop(fdt, "/chosen", "stdout-path") == serial.encode() + b"\0"
    assert prop(fdt, "/chosen", "bootargs") == b"quiet panic=1\0"
    assert prop(fdt, "/timer", "compatible") == b"arm,armv8-timer\0"


def test_tree_with_a_gicv2(guest: Guest) -> None:
    fdt = guest.linux(FAKE_GIC="2")
    gic = "/interrupt-controller@8000000"
    assert cells(fdt, gic, "reg") == [0, cc.GICD, 0, 0x1000, 0, 0x08010000, 0, 0x2000]
    assert prop(fdt, gic, "compatible") == b"arm,gic-400\0"


def test_many_cpus_have_two_levels_of_affinity(guest: Guest) -> None:
    guest.cell(guest_cell(cpus=tuple(range(1, 19))))
    fdt = guest.linux()
    assert cells(fdt, "/cpus/cpu@101", "reg") == [0x101] and len(names(fdt, "/cpus")) == 18


def test_shared_memory_is_not_the_guests_ram(guest: Guest) -> None:
    shared = Region(0x70000000, 0x70000000, MIB, cc.READ | cc.WRITE | cc.ROOTSHARED)
    ram = guest_cell().regions
    guest.cell(guest_cell(regions=(*ram, shared)))
    fdt = guest.linux()
    assert [n for n in names(fdt, "/") if n.startswith("memory")] == [f"memory@{BASE:x}"]


def test_tree_of_the_user(guest: Guest) -> None:
    """It is taken as it is, with the chosen node completed; no console is asked for."""
    own = libfdt.FdtSw()
    own.finish_reservemap()
    own.begin_node("")
    own.property_string("model", "mine")
    own.end_node()
    guest.put("own.dtb", bytes(own.as_fdt().as_bytearray()))
    guest.cell(guest_cell(console=Console()))
    fdt = guest.linux("-d", "own.dtb", "-c", "quiet")
    assert prop(fdt, "/", "model") == b"mine\0" and names(fdt, "/") == ["chosen"]
    assert prop(fdt, "/chosen", "bootargs") == b"quiet\0"
    assert len(prop(fdt, "/chosen", "rng-seed")) == 64


# --- what is refused ------------------------------------------------------------

NO_KERNELS = {
    "elf": (b"\x7fELF" + bytes(100), "an ELF program"),
    "x86": (b"MZ" + bytes(512) + b"HdrS" + bytes(100), "a kernel for x86"),
    "arm": (bytes(36) + b"\x18\x28\x6f\x01" + bytes(100), "a kernel for 32-bit Arm"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(100), "compressed by zstd"),
    "xz": (b"\xfd7zXZ\0" + bytes(100), "compressed by xz"),
    "uimage": (b"\x27\x05\x19\x56" + bytes(100), "a U-Boot image"),
    "dtb": (b"\xd0\x0d\xfe\xed" + bytes(100), "a device tree"),
    "efi": (b"MZ" + bytes(1000), "EFI program, but not for arm64"),
    "text": (b"hello, world\n", "no arm64 Image"),
    "empty": (b"", "empty"),
    "big-endian": (image(flags=1), "big-endian"),
    "old": (image(needs=0), "Linux 3.17"),
    "a claim that cannot be": (image(needs=1 << 40), "cannot be"),
    "larger than it says": (image(needs=MIB), "cannot be"),
    "truncated gzip": (gzip.compress(image())[:-20], "truncated"),
    "damaged gzip": (gzip.compress(image())[:1000] + bytes(5000), "cannot be unpacked"),
    "gzip of text": (gzip.compress(b"hello, world\n"), "no arm64 Image"),
    "zboot by zstd": (zboot(b"x", b"zstd"), "compressed by zstd"),
    "zboot truncated": (zboot(gzip.compress(image()))[:MIB], "truncated"),
}


@pytest.mark.parametrize("kind", NO_KERNELS)
def test_no_kernel(guest: Guest, kind: str) -> None:
    content, said = NO_KERNELS[kind]
    guest.put("wrong", content)
    code = FILE if kind == "empty" else KERNEL
    line = guest.refused(code, "cell", "linux", "guest.cell", "wrong")
    assert "wrong" in line and said in line and line.count(": ") >= 1, line
    assert guest.calls() == []


def test_any_bytes_are_no_kernel(guest: Guest) -> None:
    """Damaged heads of each form: refused or loaded, never a crash."""
    rng = random.Random(3)
    for form in (image(70000, 80000), gzip.compress(image(70000, 80000)),
                 zboot(gzip.compress(image(70000, 80000)))):
        for _ in range(40):
            damaged = bytearray(form)
            for _ in range(rng.randrange(1, 6)):
                damaged[rng.randrange(0, 64)] = rng.randrange(256)
            guest.put("any", bytes(damaged))
            result = guest("cell", "linux", "guest.cell", "any")
            assert result.returncode in (0, FILE, KERNEL, MEMORY), result.stderr


def test_too_small(guest: Guest) -> None:
    """Kernel 300 MiB, tree 2 + 2 for its alignment, 32 for Linux itself."""
    guest.put("Image", image(needs=301 * MIB))
    line = guest.refused(MEMORY, "cell", "linux", "guest.cell", "Image")
    assert "has 256 MiB of memory, 336 MiB are needed for Image (301 MiB)" in line
    assert guest.calls() == []


def test_initrd_too_large(guest: Guest) -> None:
    with (guest.folder / "initrd").open("wb") as file:
        file.truncate(230 * MIB)
    line = guest.refused(MEMORY, "cell", "linux", "guest.cell", "Image", "-i", "initrd")
    assert "270 MiB are needed" in line and "initrd" in line
    assert guest.calls() == []


def test_just_fits(guest: Guest) -> None:
    with (guest.folder / "initrd").open("wb") as file:
        file.truncate((256 - 8 - 32) * MIB)
    guest.linux("-i", "initrd")
    with (guest.folder / "initrd").open("ab") as file:
        file.write(b"x")
    guest.refused(MEMORY, "cell", "linux", "guest.cell", "Image", "-i", "initrd")


def test_configuration_without(guest: Guest) -> None:
    """No console, no memory to run in, a GIC that no tree is made for."""
    guest.cell(guest_cell(console=Console()))
    line = guest.refused(NOT_FOR_LINUX, "cell", "linux", "guest.cell", "Image")
    assert "CAPSULE_CON_VIRTUAL" in line
    guest.cell(guest_cell())
    line = guest.refused(NOT_FOR_LINUX, "cell", "linux", "guest.cell", "Image", FAKE_GIC="9")
    assert "GICv9" in line and guest.calls()[-1] == "DESTROY"


def test_trees_that_are_none(guest: Guest) -> None:
    for content in (b"x" * 100, b"\xd0\x0d\xfe\xed" + bytes(100)):
        guest.put("bad.dtb", content)
        line = guest.refused(KERNEL, "cell", "linux", "guest.cell", "Image", "-d", "bad.dtb")
        assert "bad.dtb is no device tree" in line and guest.calls() == []


@pytest.mark.parametrize("call, reason", [("LOAD", "LOAD_LARGER"), ("START", "CFG_ENTRY"),
                                          ("CONFIG", "BUSY")])
def test_what_fails_later_takes_the_cell_away(guest: Guest, call: str, reason: str) -> None:
    guest.refused(exit_code(reason), "cell", "linux", "guest.cell", "Image",
                  FAKE_REFUSE=f"{call} {REASONS[reason]} 1 2 22")
    calls = guest.calls()
    assert "CREATE" in calls and calls[-1] == "DESTROY"
    assert not list((guest.folder / "run").glob("guest.cell"))

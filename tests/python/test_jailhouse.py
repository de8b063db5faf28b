# SPDX-License-Identifier: Apache-2.0
"""Jailhouse's binaries, made here field by field: reading and importing."""

from __future__ import annotations

import struct

import pytest
from config_tools import compile_c
from hypothesis import given, settings
from hypothesis import strategies as st
from pyjailhouse import importing, jailhouse, native, source
from pyjailhouse import constants as c
from pyjailhouse.errors import CapsuleError, FormatError, Unsupported

FAST = settings(max_examples=200, deadline=None, derandomize=True)
RWX = c.MEM_READ | c.MEM_WRITE | c.MEM_EXECUTE
IO = c.MEM_READ | c.MEM_WRITE | c.MEM_IO


def console(type_=0, address=0, flags=0, gate=0, clock=0):
    return struct.pack("<QIHHIIQ", address, 0x1000 if type_ else 0, type_, flags, 0, gate, clock)


def memory(*regions):
    return b"".join(struct.pack("<QQQQ", *r) for r in regions)


def irqchip(address, base, words, id_=0):
    return struct.pack("<QII4I", address, id_, base, *words)


def pci(kind=1, bdf=0x100, regions=0, peers=0):
    return struct.pack("<BBHH6IHHBBHHQIBBH", kind, 0, 0, bdf, *[0] * 6, 0, 0, 0, 0, 0, 0, 0,
                       regions, 0, peers, 1)


def cell_body(name=b"inmate", flags=0, cpus=b"\x02" + bytes(7), regions=(), chips=(), devices=(),
              streams=(), caches=(), pio=(), caps=(), vpci=0, reset=0, timeout=0, con=None,
              signature=b"JHCLL", revision=14, arch=2):
    counts = (len(cpus), len(regions), len(caches), len(chips), len(pio), len(devices), len(caps),
              len(streams))
    head = struct.pack("<5sBH32sII8IIQQ", signature, arch, revision, name, 0, flags, *counts,
                       vpci, reset, timeout) + (con or console())
    tables = cpus + memory(*regions) + b"".join(caches) + b"".join(chips) + b"".join(pio)
    return head + tables + b"".join(devices) + b"".join(caps) + \
        b"".join(struct.pack("<I", s) for s in streams)


def system(root=None, gic=3, room=44, hv=(0xFC000000, 0, 0x400000, 0), flags=1, iommu=True):
    unit = struct.pack("<IQI12s", 2, 0x2B400000, 0x10000, bytes(12)) if iommu else bytes(28)
    arm = struct.pack("<BBHQQQQQ", 25, gic, 0, 0x8000000, 0x8010000, 0x8020000, 0x8030000,
                      0x80A0000)
    return (struct.pack("<5sBHI", b"JHSYS", 2, 14, flags) + memory(hv) +
            console(3, 0x9000000, 1) + struct.pack("<QBBH", 0x4010000000, 15, 0, 1) + unit +
            bytes(28 * 7) + arm + bytes(room - len(arm)) + (root or root_cell()))


def root_cell():
    return cell_body(
        b"Test Board", 0, b"\x0f" + bytes(7), signature=bytes(5), revision=0, arch=0,
        regions=[(0x40000000, 0x40000000, 0x40000000, RWX | c.MEM_DMA),
                 (0x8000000, 0x8000000, 0x2000000, IO), (0, 0, 0, 0)],
        chips=[irqchip(0x8000000, 32, [0xFFFFFFFF] * 4)])


def inmate(**more):
    return cell_body(
        flags=0xC0000001, regions=[(0x70000000, 0, 0x100000, RWX | c.MEM_LOADABLE),
                                   (0, 0x80000000, 0x1000, 0x23),
                                   (0x9000000, 0x9000000, 0x1000, IO)],
        chips=[irqchip(0x8000000, 32, [2, 0, 0, 0])], con=console(3, 0x9000000, 1), **more)


def test_cell_is_imported(tools, tmp_path):
    result = importing.convert(jailhouse.read(inmate()))
    cell = result.cell
    assert result.notes == []
    assert cell.cpu_numbers() == [1] and cell.intids() == [33]
    assert cell.flags == (c.CELL_PASSIVE_COMMREG | c.CELL_JAILHOUSE_ABI |
                          c.CELL_CONSOLE_PERMITTED | c.CELL_CONSOLE_ACTIVE)
    assert [m.flags for m in cell.memory] == [RWX | c.MEM_LOADABLE, 0x23, IO]
    assert cell.console.type == c.CON_PL011
    data = native.write(cell)
    assert compile_c(source.to_c(result), tmp_path) == data
    root, path = tmp_path / "root.cell", tmp_path / "inmate.cell"
    root.write_bytes(native.write(importing.convert(jailhouse.read(system())).config))
    path.write_bytes(data)
    assert tools.check(root, path) == ""


@pytest.mark.parametrize("room", [44, 48, 60])
@pytest.mark.parametrize("gic", [2, 3])
def test_system_is_imported(tools, tmp_path, room, gic):
    result = importing.convert(jailhouse.read(system(gic=gic, room=room)))
    path = tmp_path / "root.cell"
    path.write_bytes(native.write(result.config))
    assert tools.check(path) == ""
    assert result.config.root.name == "Test-Board"
    assert result.config.platform.gicd_base == 0x8000000
    text = "\n".join(result.notes)
    for thing in ("Test Board", "IOMMU unit of type 2 at 0x2b400000", "memory region 2",
                  "notify_irq", "STRICT_MEMORY", "interrupt controller", "system flag 0x1"):
        assert thing in text, thing


@pytest.mark.parametrize("more, named", [
    ({"devices": [pci()]}, "PCI device 0000:01:00.0"),
    ({"devices": [pci(3, 0, 4, 2)]}, "regions 4 to 7"),
    ({"streams": [0x77]}, "stream id 0x77"),
    ({"vpci": 108}, "vpci_irq_base 108"),
    ({"pio": [struct.pack("<HH", 0x3F8, 8)]}, "I/O ports 0x3f8 to 0x3ff"),
    ({"caches": [struct.pack("<IIBBH", 0, 8, 3, 0, 0)]}, "cache region"),
    ({"caps": [struct.pack("<HHHH", 5, 0x50, 12, 1)]}, "PCI capability 0x5"),
    ({"name": b"two words"}, "two words"),
    ({"timeout": 1 << 40}, "msg_reply_timeout"),
])
def test_nothing_is_dropped_in_silence(more, named):
    result = importing.convert(jailhouse.read(inmate(**more)))
    assert any(named in note for note in result.notes)
    assert any(named in line for line in result.header)


def test_flag_of_memory_without_equivalent_is_named():
    """IO_UNALIGNED, and a bit that nobody has a name for."""
    raw = cell_body(regions=[(0x70000000, 0, 0x100000, RWX | 0x8000 | 1 << 40)])
    result = importing.convert(jailhouse.read(raw))
    assert any("region 0" in note and "0x10000008000" in note for note in result.notes)
    assert [m.flags for m in result.cell.memory] == [RWX]


@pytest.mark.parametrize("kind, flags", [(4, 1), (7, 1), (3, 0)])
def test_unknown_console_is_named(kind, flags):
    raw = cell_body(con=console(kind, 0x1000, flags), regions=[(0, 0, 4096, 7)])
    result = importing.convert(jailhouse.read(raw))
    assert any("console" in note and "no equivalent" in note for note in result.notes)
    assert result.cell.console.type == 0


def test_aarch32_is_refused():
    with pytest.raises(Unsupported, match="AArch32"):
        importing.convert(jailhouse.read(cell_body(flags=4)))


@pytest.mark.parametrize("raw, why", [
    (cell_body(revision=13), "revision 13"),
    (cell_body(arch=0), "architecture 0"),
    (cell_body(name=b"\xff"), "name"),
    (cell_body()[:-1], "truncated"),
    (system()[:-1], "truncated"),
    (cell_body() + b"x", "9 bytes of tables where 8 belong"),
    (b"JHCLL", "truncated"),
    (b"ELF", "no Jailhouse"),
], ids=["revision", "architecture", "name", "cell cut", "system cut", "one byte more", "signature only",
        "another file"])
def test_refused(raw, why):
    with pytest.raises(FormatError, match=why):
        jailhouse.read(raw, "x.cell")


@FAST
@given(st.sampled_from([inmate(), system()]), st.data())
def test_damage(raw, data):
    damaged = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for attempt in (bytes(damaged), bytes(damaged[:cut])):
        try:
            result = importing.convert(jailhouse.read(attempt))
        except CapsuleError as error:
            assert str(error) and "\n" not in str(error)
        else:
            assert native.read(native.write(result.config)) == result.config

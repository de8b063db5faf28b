# SPDX-License-Identifier: Apache-2.0
"""Native configurations: bytes, objects and C are the same thing three times."""

from __future__ import annotations

import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from config_tools import BUILD, TOP, compile_c
from hypothesis import given, settings
from hypothesis import strategies as st
from pyjailhouse import compare, draw, native, show, source
from pyjailhouse import constants as c
from pyjailhouse.annotated import Annotated
from pyjailhouse.errors import FormatError
from pyjailhouse.native import Cell, Console, Irqchip, Memory, Platform, System

U8, U16, U32, U64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))
NAMES = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}", fullmatch=True)
FAST = settings(max_examples=200, deadline=None, derandomize=True)
SLOW = settings(max_examples=15, deadline=None, derandomize=True)


def bits(mask: int):
    return U64.map(lambda value: value & mask)


CONSOLES = st.builds(Console, U64, U32, U16, U16, U32, U32)
REGIONS = st.builds(Memory, U64, U64, U64, bits(c.MEM_VALID_FLAGS))
CHIPS = st.builds(Irqchip, U64, U32, U32, st.tuples(U32, U32, U32, U32))


def cells(flags: int):
    return st.builds(Cell, NAMES, bits(flags), st.lists(U64, max_size=1),
                     st.lists(REGIONS, max_size=6), st.lists(CHIPS, max_size=3),
                     st.lists(U32, max_size=3), U32, U64, CONSOLES)


PLATFORMS = st.builds(Platform, U8, U16, U32, U64, U64, U64, U64, U64, U64, U64, U64, U8, U8, U16)
SYSTEMS = st.builds(System, st.builds(Memory, U64, U64, U64, bits(c.MEM_PHYS_ANY)),
                    cells(c.ROOT_VALID_FLAGS), PLATFORMS, CONSOLES)
CONFIGS = st.one_of(cells(c.CELL_VALID_FLAGS), SYSTEMS)


def header_numbers() -> dict[str, int]:
    """Every CAPSULE_ number of the headers, as the compiler's preprocessor has it."""
    found = {}
    for name in ("config.h", "types.h"):
        text = (TOP / "include" / "capsule" / name).read_text()
        for word, number in re.findall(
                r"(?:#define\s+|^\t)CAPSULE_(\w+)\s*=?\s+\(?(0x[0-9a-fA-F]+|\d+)U?L?\b", text, re.M):
            found[word] = int(number, 0)
        found |= {"CON_8250": 2} if name == "config.h" and "CAPSULE_CON_8250 = 2" in text else {}
    return found


def test_constants_are_those_of_the_header():
    header = header_numbers()
    ours = {name: value for name, value in vars(c).items()
            if re.match(r"(MEM|CELL|ROOT)_[A-Z0-9_]+$", name) and isinstance(value, int)}
    assert len(ours) > 20
    for name, value in ours.items():
        assert header[name] == value, name
    assert header["MAX_CPUS"] == c.MAX_CPUS and header["NAME_LEN"] == c.NAME_LEN
    assert header["MAX_REGIONS"] == c.MAX_REGIONS and header["MAX_IRQCHIPS"] == c.MAX_IRQCHIPS
    assert header["MAX_SMC_IDS"] == c.MAX_SMC_IDS and header["CONFIG_REVISION"] == c.REVISION


@pytest.fixture(scope="module")
def shipped():
    subprocess.run(["make", "-s", "-C", str(TOP / "configs"), f"O={BUILD}"], check=True)
    files = sorted((BUILD / "configs").glob("*.cell"))
    assert len(files) >= 5
    return {file.name: file.read_bytes() for file in files}


def test_shipped_round_trip(shipped, tmp_path):
    for name, data in shipped.items():
        config = native.read(data, name)
        assert native.write(config) == data, name
        assert compile_c(source.to_c(Annotated(config)), tmp_path) == data, name


@FAST
@given(CONFIGS)
def test_objects_and_bytes(config):
    data = native.write(config)
    assert native.read(data) == config
    assert native.write(native.read(data)) == data


@SLOW
@given(CONFIGS)
def test_bytes_and_c(config):
    data = native.write(config)
    with tempfile.TemporaryDirectory() as folder:
        assert compile_c(source.to_c(Annotated(native.read(data))), Path(folder)) == data


@FAST
@given(CONFIGS)
def test_everything_can_be_shown(config):
    assert config_name(config) in show.text(config)
    show.json_data(config)
    assert compare.differences(config, native.read(native.write(config))) == []


@settings(FAST, max_examples=60)
@given(SYSTEMS, st.lists(cells(c.CELL_VALID_FLAGS), max_size=4))
def test_everything_can_be_drawn(system, drawn):
    root = ET.fromstring(draw.picture(system, drawn))
    words = [element.text for element in root.iter() if element.text]
    assert all(cell.name in words for cell in drawn)


def config_name(config):
    return config.root.name if isinstance(config, System) else config.name


@FAST
@given(CONFIGS, st.data())
def test_damage_is_refused_or_kept(config, data):
    """Whatever a reader takes, it can write again; anything else is a FormatError."""
    raw = bytearray(native.write(config))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(U8)
    check_reader(bytes(raw))


@FAST
@given(CONFIGS, st.data())
def test_truncated_is_refused(config, data):
    raw = native.write(config)
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(FormatError):
        native.read(raw[:cut])
    with pytest.raises(FormatError):
        native.read(raw + b"\0" * data.draw(st.integers(1, 64)))


@FAST
@given(st.binary(max_size=400), st.sampled_from([c.CELL_SIGNATURE, c.SYSTEM_SIGNATURE, b""]))
def test_noise_is_refused(noise, signature):
    check_reader(signature + noise)


@pytest.mark.parametrize("at", [48, 52, 56, 60, 64])
def test_huge_counts_cost_nothing(at):
    raw = bytearray(native.write(Cell("x")))
    raw[at:at + 4] = b"\xf8\xff\xff\xff"
    with pytest.raises(FormatError):
        native.read(bytes(raw))


@pytest.mark.parametrize("at, count", [(56, 1), (60, 0), (64, 0)])
def test_table_longer_than_its_count(at, count):
    """total_size fits the file, but the last table ends before both."""
    raw = bytearray(native.write(Cell("x", 0, [1], [Memory(0, 0, 4096, 1)] * 2,
                                      [Irqchip(0, 0, 32, (0, 0, 0, 0))], [1])))
    raw[at] = count
    with pytest.raises(FormatError, match="after the last table"):
        native.read(bytes(raw))


def check_reader(raw: bytes):
    try:
        config = native.read(raw)
    except FormatError as error:
        assert "\n" not in str(error)
    else:
        assert native.write(config) == raw


def test_diff_names_what_changed():
    a = Cell("a", c.CELL_DUMPABLE, [0b10], [Memory(0, 0, 4096, 1), Memory(1, 0x2000, 4096, 1)])
    b = Cell("a", 0, [0b110], [Memory(0, 0, 8192, 1)], [Irqchip(0, 0, 32, (1, 0, 0, 0))])
    lines = compare.differences(a, b)
    assert "CPUs: 1 -> 1-2" in lines
    assert "flags: DUMPABLE -> none" in lines
    assert "+ interrupts 32" in lines
    assert any(line.startswith("- memory IPA 0x2000") for line in lines)
    assert any(line.startswith("+ memory IPA 0x0") and "8 KiB" in line for line in lines)

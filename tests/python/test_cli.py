# SPDX-License-Identifier: Apache-2.0
"""The verbs of capsulectl config as a user types them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from blob import blob, board
from config_tools import TOP, compile_c
from pyjailhouse import native
from pyjailhouse import constants as c
from test_jailhouse import inmate, pci

OK, REFUSED, USAGE, FILE = 0, 1, 2, 3


@pytest.fixture(scope="module")
def made(tools, tmp_path_factory):
    """A device tree and its root configuration, made once."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "board.dtb").write_bytes(blob(board()))
    done = tools.run("create", "--dtb", folder / "board.dtb", "-o", folder / "root.cell",
                     "-o", folder / "root.c")
    assert (done.returncode, done.stderr) == (OK, "")
    return folder


@pytest.fixture
def machine(made, tmp_path):
    """A folder with copies of these for each test."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def cell(tools, folder, name, *words):
    return tools.run("create-cell", name, "--root", folder / "root.cell", "--dtb",
                     folder / "board.dtb", "-o", folder / f"{name}.cell", *words)


def read(folder, name):
    return native.read((folder / f"{name}.cell").read_bytes())


def test_create(tools, machine):
    source = (machine / "root.c").read_text()
    assert compile_c(source, machine) == (machine / "root.cell").read_bytes()
    for words in ("Test board", "/soc/serial@9000000", "CPU 3: /cpus/cpu@3, MPIDR 0x3",
                  "no-map", "RAM: /memory@40000000", "SPI 6: no node of the tree has it"):
        assert words in source
    system = read(machine, "root")
    assert system.platform.notify_irq == 38
    ram = [m for m in system.root.memory if not m.flags & c.MEM_IO]
    assert [(m.phys_start, m.size) for m in ram] == [
        (0x40000000, 0x10000000), (0x50100000, 0x2FF00000)]
    assert tools.check(machine / "root.cell") == ""


def test_create_to_stdout_with_options(tools, machine):
    done = tools.run("create", "--dtb", machine / "board.dtb", "--name", "mine", "--memory-at",
                     "0x48000000", "--hypervisor-memory", "32M", "--memory",
                     "0x40000000+512M", "--debug-console", "serial0")
    assert done.returncode == OK
    system = native.read(compile_c(done.stdout, machine))
    assert system.root.name == "mine"
    assert system.hypervisor_memory == native.Memory(0x48000000, 0, 32 << 20, 0)
    assert system.debug_console.address == 0x9000000
    assert max(m.phys_start + m.size for m in system.root.memory) == 0x60000000


def test_the_checker_has_the_last_word(tools, machine):
    done = tools.run("create", "--dtb", machine / "board.dtb", "--memory-at", "0x48001000",
                     "-o", machine / "bad.cell")
    assert done.returncode == REFUSED
    assert "multiples of 2 MiB" in done.stderr
    assert not (machine / "bad.cell").exists()


def test_tree_without_memory(tools, tmp_path):
    tree = board()
    tree["memory@40000000"]["reg"] = [0, 0, 0, 0]
    (tmp_path / "board.dtb").write_bytes(blob(tree))
    done = tools.run("create", "--dtb", tmp_path / "board.dtb", "-o", tmp_path / "root.cell")
    assert done.returncode == OK
    assert "--memory START+SIZE makes it exact" in done.stderr
    regions = native.read((tmp_path / "root.cell").read_bytes()).root.memory
    assert any(not m.flags & c.MEM_IO and m.phys_start <= 0x40000000 <
               m.phys_start + m.size for m in regions)


def test_broken_device(tools, tmp_path):
    tree = board()
    tree["soc"]["serial@9000000"]["reg"] = [0x1000, 0x1000]
    (tmp_path / "board.dtb").write_bytes(blob(tree))
    done = tools.run("create", "--dtb", tmp_path / "board.dtb", "-o", tmp_path / "root.cell")
    assert done.returncode == OK
    assert "warning: /soc/serial@9000000: reg 0x1000-0x1fff is beyond" in done.stderr
    done = tools.run("create", "--dtb", tmp_path / "board.dtb", "--strict")
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert done.stderr.startswith("capsulectl: /soc/serial@9000000: reg")


def test_cells_side_by_side(tools, machine):
    done = cell(tools, machine, "one", "--cpus", "2", "--memory", "64M", "--console", "serial1")
    assert done.returncode == OK
    assert "needs clock /clock, shared with /soc/serial@9000000" in done.stderr
    one = read(machine, "one")
    assert one.cpu_numbers() == [2, 3] and one.intids() == [34]
    assert one.console.address == 0x9010000
    # Alone on its page, so that the page is mapped rather than trapped.
    assert native.Memory(0x9010000, 0x9010000, 0x1000, 0x13) in one.memory
    done = cell(tools, machine, "two", "--cell", machine / "one.cell", "--linux", "--memory",
                "128M", "--device", "/soc/a@9030000", "--device", "ethernet@9020000")
    assert done.returncode == OK
    assert "no SMMU confines it" in done.stderr
    two = read(machine, "two")
    assert two.cpu_numbers() == [1] and two.intids() == [39]
    assert two.cpu_reset_address == two.memory[0].virt_start == 0x40000000
    # The Ethernet controller transfers by itself: RAM is mapped one to one, nothing else is in
    # guest addresses that RAM may get, and Linux answers no shutdown request.
    dma = c.MEM_DMA | c.MEM_VIRT_IS_PHYS
    assert two.memory[0].flags & dma == dma
    assert [m.phys_start for m in two.memory[1:] if m.flags & c.MEM_DMA] == [0x9020000]
    assert two.flags & c.CELL_PASSIVE_COMMREG
    assert not [m for m in two.memory if m.flags & c.MEM_COMM_REGION]
    assert not 0x40000000 <= two.console.address < 0x80000000
    # /soc/b is on the same page: a region of its own size, which traps.
    assert native.Memory(0x9030000, 0x9030000, 0x100, 0x13) in two.memory
    assert tools.check(*(machine / f"{n}.cell" for n in ("root", "one", "two"))) == ""


def test_default_memory(tools, machine):
    assert cell(tools, machine, "one").returncode == OK
    assert cell(tools, machine, "two", "--linux").returncode == OK
    assert [read(machine, name).memory[0].size for name in ("one", "two")] == [16 << 20, 256 << 20]


def test_virtual_console(tools, machine):
    """A PL011 beside everything else, its interrupt one that the cell does not have."""
    assert cell(tools, machine, "one").returncode == OK
    assert read(machine, "one").console == native.Console(
        0x9000000, 0x1000, c.CON_PL011, c.CON_MMIO | c.CON_VIRTUAL, irq=33)
    assert cell(tools, machine, "two", "--device", "serial0", "--memory", "64M").returncode == OK
    two = read(machine, "two")
    assert (two.console.address, two.console.irq) == (0x4000000, 34)
    assert two.flags & c.CELL_CONSOLE_PERMITTED
    source = tools.run("create-cell", "one", "--root", machine / "root.cell", "--dtb",
                       machine / "board.dtb").stdout
    assert "CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL" in source and ".irq = 33" in source
    assert compile_c(source, machine) == (machine / "one.cell").read_bytes()


def test_dma_leaves_the_machines_ram_alone(tools, machine):
    """The communication region gives way: RAM may come to lie anywhere the machine has some."""
    root = tools.run("create", "--dtb", machine / "board.dtb", "--memory", "0x40000000+4G",
                     "-o", machine / "root.cell")
    assert root.returncode == OK
    assert cell(tools, machine, "one", "--device", "ethernet@9020000").returncode == OK
    comm = [m for m in read(machine, "one").memory if m.flags & c.MEM_COMM_REGION]
    assert [m.virt_start for m in comm] == [0x1000000]


@pytest.mark.parametrize("words, why", [
    (["--cpus", "4"], "3 of 4 CPUs can be given"),
    (["--cpus", "7-8"], "CPU 7 is not free"),
    (["--cpus", "0-3"], "one CPU stays with the agency"),
    (["--cpus", "x"], "neither a number nor a list"),
    (["--cpus", "0"], "can be given"),
    (["--device", "/nowhere"], "no device has that path"),
    (["--device", "/soc"], "no registers"),
    (["--device", "/soc/off@9040000"], "not enabled"),
    (["--device", "/interrupt-controller@8000000"], "no registers"),
    (["--memory", "1000"], "multiple of 4 KiB"),
    (["--linux", "--memory", "32M"], "Linux needs"),
    (["--channel", "x"], "no channels"),
])
def test_wishes_that_cannot_be_met(tools, machine, words, why):
    done = cell(tools, machine, "no", *words)
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert why in done.stderr and done.stderr.count("\n") == 1
    assert not (machine / "no.cell").exists()


def test_what_another_cell_has(tools, machine):
    assert cell(tools, machine, "one", "--device", "serial1").returncode == OK
    done = cell(tools, machine, "two", "--cell", machine / "one.cell", "--device", "serial1")
    assert done.returncode == REFUSED and 'belongs to cell "one"' in done.stderr
    done = cell(tools, machine, "one", "--cell", machine / "one.cell")
    assert done.returncode == REFUSED and "name of another cell" in done.stderr
    done = cell(tools, machine, "two", "--cell", machine / "one.cell", "--cpus", "3,")
    assert done.returncode == REFUSED and "CPU 3 is not free" in done.stderr


def test_ram_gives_way_to_devices(tools, machine):
    assert cell(tools, machine, "big", "--memory", "512M", "--device", "serial1").returncode == OK
    big = read(machine, "big")
    assert big.memory[0].virt_start == big.cpu_reset_address == 0x9200000


def test_show_and_diff(tools, machine):
    cell(tools, machine, "one")
    cell(tools, machine, "two", "--memory", "32M")
    done = tools.run("show", machine / "root.cell", machine / "one.cell")
    assert done.returncode == OK
    assert "root cell \"test-board\"" in done.stdout and "16 MiB" in done.stdout
    data = json.loads(tools.run("show", "--json", machine / "one.cell").stdout)
    assert data["kind"] == "cell" and data["name"] == "one" and data["cpus"] == [3]
    assert tools.run("diff", machine / "one.cell", machine / "one.cell").returncode == OK
    done = tools.run("diff", machine / "one.cell", machine / "two.cell")
    assert done.returncode == REFUSED and "name: one -> two" in done.stdout


def test_draw(tools, machine):
    cell(tools, machine, "one", "--device", "serial1")
    picture = machine / "map.svg"
    done = tools.run("draw", machine / "root.cell", machine / "one.cell", "--dtb",
                     machine / "board.dtb", "-o", picture)
    assert (done.returncode, done.stderr) == (OK, "")
    texts = [t.text for t in ET.parse(picture).iter("{http://www.w3.org/2000/svg}text")]
    for words in ("one", "serial@9010000", "CPUs 3, starts at 0x0", "interrupts 34"):
        assert words in texts
    boxes = [r.get("fill") for r in ET.parse(picture).iter("{http://www.w3.org/2000/svg}rect")]
    # Legend, CPU, RAM, card, head of the card's box, device, interrupt.
    assert boxes.count("#e4572e") == 6


def test_import(tools, machine):
    (machine / "jh.cell").write_bytes(inmate(devices=[pci()]))
    done = tools.run("import", machine / "jh.cell", "-d", machine, "--binary")
    assert done.returncode == OK
    assert "PCI device 0000:01:00.0" in done.stderr
    data = (machine / "jh.native.cell").read_bytes()
    assert compile_c((machine / "jh.c").read_text(), machine) == data
    done = tools.run("import", machine / "jh.cell", "-d", machine)
    assert done.returncode == FILE and "exists" in done.stderr


@pytest.mark.parametrize("words, code, why", [
    (["create", "--system", "/nowhere"], REFUSED, "--dtb FILE"),
    (["create", "--dtb", "x", "--system", "/tmp"], USAGE, "not allowed"),
    (["create", "--dtb", "/nowhere.dtb"], FILE, "No such file"),
    (["create", "--dtb", "/dev/null"], REFUSED, "no device tree blob"),
    (["create", "--dtb", "/dev/null", "--memory", "5"], USAGE, "START+SIZE"),
    (["create-cell", "a b", "--root", "x", "--dtb", "y"], USAGE, "A-Z"),
    (["show", "/dev/null"], REFUSED, "no Capsule configuration"),
    (["show", "/"], FILE, "directory"),
    (["import", "/dev/null"], REFUSED, "no Jailhouse configuration"),
    (["diff", "/dev/null"], USAGE, "required"),
])
def test_errors_are_one_line(tools, words, code, why):
    done = tools.run(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr
    assert done.stderr.startswith("capsulectl: ") and done.stderr.count("\n") == 1


def test_installed(tools, tmp_path):
    """capsulectl finds the program beside itself, the program finds the package."""
    subprocess.run(["make", "-s", "-C", str(TOP), "install-python", f"DESTDIR={tmp_path}",
                    "prefix=/usr"], check=True, stdout=subprocess.DEVNULL)
    (tmp_path / "usr" / "sbin").mkdir()
    program = shutil.copy2(tools.program, tmp_path / "usr" / "sbin")
    (tmp_path / "board.dtb").write_bytes(blob(board()))
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CAPSULE_CONFIG_TOOL")}
    done = subprocess.run([program, "config", "create", "--dtb", str(tmp_path / "board.dtb")],
                          text=True, capture_output=True, check=False, cwd="/", env=clean)
    assert (done.returncode, done.stderr) == (OK, "")
    assert "CAPSULE_PACKED" in done.stdout
    subprocess.run(["make", "-s", "-C", str(TOP), "uninstall-python", f"DESTDIR={tmp_path}",
                    "prefix=/usr"], check=True, stdout=subprocess.DEVNULL)
    assert [p for p in (tmp_path / "usr").rglob("*") if p.is_file()] == [tmp_path / "usr/sbin" /
                                                                          "capsulectl"]


def test_tool_missing(tools):
    done = subprocess.run([str(tools.program), "config", "show", "x"], text=True, check=False,
                          capture_output=True,
                          env={**os.environ, "CAPSULE_CONFIG_TOOL": "/nowhere/tool"})
    assert done.returncode == FILE
    assert "/nowhere/tool" in done.stderr and "make install" in done.stderr

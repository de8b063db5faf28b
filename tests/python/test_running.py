# SPDX-License-Identifier: Apache-2.0
"""Configurations made on the machine itself: what its kernel shows in /proc and /sys."""

from __future__ import annotations

import subprocess
import sys

import pytest
import system_folder
from blob import blob, board
from config_tools import TOP
from pyjailhouse import fdt, machine, native, rootconfig, running
from pyjailhouse import constants as c
from pyjailhouse.addresses import Range
from pyjailhouse.errors import TreeError, Unsupported

CPUS = {n: f"/cpus/cpu@{n}" for n in range(4)}
SERIAL = "/soc/serial@9010000"


@pytest.fixture
def system(tmp_path):
    return system_folder.make(tmp_path, board(), CPUS, bound={
        "/soc/serial@9000000": ("amba", "9000000.serial", "uart-pl011"),
        SERIAL: ("amba", "9010000.serial", "uart-pl011")})


def test_folder_and_blob_are_the_same_tree(system):
    def nodes(tree):
        return {n.path: n.properties for n in tree.nodes()}
    tree = running.tree(system)
    assert nodes(tree) == nodes(fdt.parse(blob(board())))
    assert tree.find("serial1").path == SERIAL
    (system / "sys/firmware").mkdir(parents=True)
    (system / "sys/firmware/fdt").write_bytes(blob(board(), [(0x41000000, 0x2000)]))
    assert running.tree(system).reservations == [(0x41000000, 0x2000)]


def test_what_the_kernel_adds(system):
    seen = running.read(system).seen
    assert seen.ram == [Range(0x40000000, 0x10000000), Range(0x50100000, 0x2FF00000)]
    assert seen.spis == {33, 71}
    assert seen.bound[SERIAL].unbind == \
        "echo 9010000.serial > /sys/bus/amba/drivers/uart-pl011/unbind"
    assert (seen.possible, seen.offline) == ({0, 1, 2, 3}, set())


def test_same_configuration_as_from_the_blob(system):
    (system / "proc/interrupts").write_text("")
    here = rootconfig.create(running.read(system), rootconfig.Options())
    there = rootconfig.create(machine.build(fdt.parse(blob(board()))), rootconfig.Options())
    assert native.write(here.config) == native.write(there.config)


def test_an_interrupt_with_a_handler_is_not_the_notification(tmp_path):
    tree = board()
    tree["soc"]["off@9040000"]["interrupts"] = [0, 8, 4]
    interrupts = " 5: 0 0 GICv3 38 Level secret\n"  # of no node
    system = system_folder.make(tmp_path, tree, CPUS, interrupts=interrupts)
    made = rootconfig.create(running.read(system), rootconfig.Options())
    assert made.config.platform.notify_irq == 37
    assert 38 in made.cell.intids()


def test_cpus_have_the_kernels_numbers(tmp_path):
    system = system_folder.make(tmp_path, board(),
                                {0: "/cpus/cpu@2", 1: "/cpus/cpu@0", 2: "/cpus/cpu@3"})
    assert [(cpu.number, cpu.mpidr) for cpu in running.read(system).cpus] == [(0, 2), (1, 0), (2, 3)]


def test_memory_that_only_the_kernel_knows(tmp_path):
    """UEFI takes the memory nodes away."""
    tree = board()
    del tree["memory@40000000"]
    system = system_folder.make(tmp_path, tree, CPUS)
    made = rootconfig.create(running.read(system), rootconfig.Options())
    assert [(m.phys_start, m.size) for m in made.cell.memory if not m.flags & c.MEM_IO] == [
        (0x40000000, 0x10000000), (0x50100000, 0x2FF00000)]
    (system / "proc/iomem").write_text("00000000-00000000 : System RAM\n" * 2)
    with pytest.raises(Unsupported, match="as root"):
        running.read(system)


def test_no_device_tree(tmp_path):
    with pytest.raises(Unsupported, match="--dtb"):
        running.read(tmp_path)
    (tmp_path / "sys/firmware/acpi/tables").mkdir(parents=True)
    with pytest.raises(Unsupported, match="ACPI"):
        running.read(tmp_path)


def test_sys_is_not_mounted(tmp_path):
    system_folder.write_tree(tmp_path / "proc/device-tree", board())
    with pytest.raises(TreeError, match="/sys mounted"):
        running.read(tmp_path)


def enabled(system, tools, *cells):
    """As capsulectl leaves it when the hypervisor is enabled."""
    run, sysfs = system / "run/capsule", system / "sys/devices/virtual/misc/capsule"
    run.mkdir(parents=True)
    (sysfs / "cells").mkdir(parents=True)
    (sysfs / "enabled").write_text("1\n")
    done = tools.run("create", "--system", system, "-o", run / "root.cell")
    assert done.returncode == 0, done.stderr
    (run / "root.cell").rename(run / "root")
    for name in cells:
        done = tools.run("create-cell", name, "--system", system, "-o", run / f"{name}.cell")
        assert done.returncode == 0, done.stderr
        (sysfs / "cells" / name).mkdir()
    return run


def test_cells_beside_those_that_there_are(tools, system):
    run = enabled(system, tools, "one")
    done = tools.run("create-cell", "two", "--system", system, "--device", "serial1",
                     "-o", run / "two.cell")
    assert done.returncode == 0, done.stderr
    assert "is used by driver uart-pl011 of this system" in done.stderr
    assert native.read((run / "one.cell").read_bytes()).cpu_numbers() == [3]
    assert native.read((run / "two.cell").read_bytes()).cpu_numbers() == [2]
    (run / "one.cell").unlink()
    done = tools.run("create-cell", "two", "--system", system)
    assert done.returncode == 1 and "one.cell is gone" in done.stderr


def test_cpus_that_are_offline_are_not_given_away(tools, system):
    run = enabled(system, tools)
    (system / "sys/devices/system/cpu/online").write_text("0-2\n")
    done = tools.run("create-cell", "one", "--system", system, "-o", run / "one.cell")
    assert done.returncode == 0, done.stderr
    assert native.read((run / "one.cell").read_bytes()).cpu_numbers() == [2]
    done = tools.run("create-cell", "two", "--system", system, "--cpus", "3")
    assert done.returncode == 1 and "2 of 4 CPUs" in done.stderr and "3 offline" in done.stderr


def test_not_enabled(tools, system):
    done = tools.run("create-cell", "one", "--system", system)
    assert done.returncode == 1 and "capsulectl enable" in done.stderr


def test_bytes_need_no_library(system, tmp_path):
    """Python alone makes a configuration for the machine that it runs on."""
    script = ("import sys\n"
              "sys.modules['jinja2'] = sys.modules['libfdt'] = None\n"
              f"sys.path.insert(0, {str(TOP)!r})\n"
              "from pyjailhouse import cli\n"
              "sys.exit(cli.main(sys.argv[1:]))\n")
    def run(*words):
        return subprocess.run([sys.executable, "-c", script, *map(str, words)], text=True,
                              capture_output=True, check=False)
    done = run("create", "--system", system, "-o", tmp_path / "root.cell")
    assert (done.returncode, done.stderr) == (0, "")
    native.read_system((tmp_path / "root.cell").read_bytes())
    done = run("create", "--system", system)
    assert done.returncode == 1 and "apt install python3-jinja2" in done.stderr
    (tmp_path / "board.dtb").write_bytes(blob(board()))
    done = run("create", "--dtb", tmp_path / "board.dtb", "-o", tmp_path / "root.cell")
    assert done.returncode == 1 and "apt install python3-libfdt" in done.stderr

# SPDX-License-Identifier: Apache-2.0
"""The machine that this program runs on, as its kernel shows it below /proc and /sys.

Every function takes the folder in which proc and sys are: "/", or a copy of
these from another machine.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from pyjailhouse import constants as c
from pyjailhouse import fdt, machine
from pyjailhouse.addresses import Range
from pyjailhouse.errors import TreeError, Unsupported

BUSES = ("platform", "amba")
RAM = re.compile(r"([0-9a-f]+)-([0-9a-f]+) : System RAM(?: .*)?")
# Columns behind the counters: chip, number, trigger. GICs call themselves GICv3 or GIC-0.
WIRED = re.compile(r"\s(?:GIC(?:v[23]|-\d+)?)\s+(\d+)\s+(?:Level|Edge)\b")
HEADER_BYTES = 64 << 10  # of a blob: holds the header and the reservation block


def tree(root: Path) -> fdt.Tree:
    """The kernel's device tree; Unsupported where it was started without one."""
    folder = root / "proc/device-tree"
    if not (folder / "cpus").is_dir():
        if (root / "sys/firmware/acpi/tables").is_dir():
            raise Unsupported("this system was booted by ACPI: the driver understands device "
                              "trees only; boot with one (acpi=off on the kernel command line, "
                              "where the firmware has a tree)")
        raise Unsupported(f"{folder} has no CPUs: this is no machine with a device tree, "
                          "--dtb FILE names that of another")
    found = fdt.from_folder(folder)
    found.reservations = _reservations(root)
    return found


def _reservations(root: Path) -> list[tuple[int, int]]:
    """Of the blob, which only root may read."""
    try:
        with (root / "sys/firmware/fdt").open("rb") as blob:
            return fdt.reservations(blob.read(HEADER_BYTES))
    except (OSError, ValueError, IndexError, struct.error):
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def ram(root: Path) -> list[Range]:
    """RAM that the kernel manages. Empty for all but root: others see no addresses."""
    found = []
    for line in _text(root / "proc/iomem").splitlines():
        match = RAM.fullmatch(line)
        if match and int(match[2], 16):
            start = int(match[1], 16)
            found.append(Range(start, int(match[2], 16) + 1 - start))
    return found


def spis(root: Path) -> set[int]:
    """INTIDs of SPIs that have a handler."""
    found = {int(number) for number in WIRED.findall(_text(root / "proc/interrupts"))}
    return {intid for intid in found if c.FIRST_SPI <= intid < c.END_SPI}


def cpu_list(text: str) -> set[int]:
    """Numbers of a list as the kernel writes it: 0-2,5."""
    found: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            found.update(range(int(first), min(int(last or first), 1 << 16) + 1))
    return found


def _node_path(root: Path, link: Path) -> str | None:
    """Which node of the tree a link of sysfs means."""
    try:
        target = os.readlink(link)
    except OSError:
        return None
    _, found, path = os.path.normpath(target).partition("firmware/devicetree/base")
    return (path or "/") if found else None


def bound(root: Path) -> dict[str, machine.Bound]:
    """Devices with a driver, by the path of their node."""
    found = {}
    for bus in BUSES:
        for name, folder in _devices(root / "sys/bus" / bus / "devices"):
            path = _node_path(root, folder / "of_node")
            if path and (folder / "driver").is_symlink():
                driver = os.path.basename(os.readlink(folder / "driver"))
                found[path] = machine.Bound(name, bus, driver)
    return found


def _devices(folder: Path) -> Iterator[tuple[str, Path]]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        yield name, folder / name


def _number_cpus(found: machine.Machine, root: Path) -> None:
    """Gives the CPUs the kernel's numbers: the order of the tree is not in the folder."""
    numbers = {}
    for name, folder in _devices(root / "sys/devices/system/cpu"):
        path = _node_path(root, folder / "of_node") if re.fullmatch(r"cpu\d+", name) else None
        if path:
            numbers[path] = int(name[3:])
    if not numbers:
        raise TreeError("/cpus", f"{root}/sys/devices/system/cpu does not tell which node is "
                        "which CPU: is /sys mounted?")
    # What the kernel was told to leave out (nr_cpus=) has no number.
    found.cpus = [cpu for cpu in found.cpus if cpu.node.path in numbers]
    for cpu in found.cpus:
        cpu.number = numbers[cpu.node.path]
    found.cpus.sort(key=lambda cpu: cpu.number)


def read(root: Path = Path("/"), strict: bool = False) -> machine.Machine:
    """The machine of the running system; errors as machine.build()."""
    found = machine.build(tree(root), strict)
    _number_cpus(found, root)
    cpus = root / "sys/devices/system/cpu"
    possible = cpu_list(_text(cpus / "possible"))
    found.seen = machine.Seen(ram(root), spis(root), bound(root),
                              possible - cpu_list(_text(cpus / "online")), possible)
    if not found.seen.ram and not any(m.range.size for m in found.memory):
        raise Unsupported("the device tree has no RAM and /proc/iomem hides it: run this as root")
    return found

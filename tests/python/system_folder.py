# SPDX-License-Identifier: Apache-2.0
"""Copies of /proc and /sys, as far as the tools read them, from Python dictionaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import blob

IOMEM = """\
00000000-03ffffff : 0.flash flash@0
09000000-09000fff : serial@9000000
40000000-4fffffff : System RAM
  40210000-4182ffff : Kernel code
  4f000000-4fffffff : reserved
50000000-500fffff : reserved
50100000-7fffffff : System RAM
8000000000-ffffffffff : pcie@10000000
"""
INTERRUPTS = """\
           CPU0       CPU1       CPU2       CPU3
 11:       1139        955        901       1015     GICv3  27 Level     arch_timer
 13:          5          0          0          0     GICv3  71 Edge      virtio1
 17:          0          0          0          0   ITS-MSI 16384 Edge      virtio2-config
 20:          7          0          0          0     GIC-0  33 Level     uart-pl011
IPI0:       244        357        339        346       Rescheduling interrupts
"""


def write_tree(folder: Path, content: dict[str, Any]) -> None:
    """A tree as the kernel shows it, with the property "name" that it makes up."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_bytes(folder.name.split("@")[0].encode() + b"\0")
    for key, v in content.items():
        if isinstance(v, dict):
            write_tree(folder / key, v)
        else:
            (folder / key).write_bytes(blob.value(v))


def link(at: Path, path: str) -> None:
    """A link of_node as sysfs has it; what it leads to is not there."""
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to("../../../../firmware/devicetree/base" + path)


def make(root: Path, tree: dict[str, Any], cpus: dict[int, str], *, iomem: str = IOMEM,
         interrupts: str = INTERRUPTS, online: str = "0-3",
         bound: dict[str, tuple[str, str, str]] | None = None) -> Path:
    """A system: cpus are paths of nodes by number, bound is (bus, name, driver) by path."""
    write_tree(root / "proc/device-tree", tree)
    (root / "proc/iomem").write_text(iomem)
    (root / "proc/interrupts").write_text(interrupts)
    folder = root / "sys/devices/system/cpu"
    for number, path in cpus.items():
        link(folder / f"cpu{number}" / "of_node", path)
    for name, text in (("possible", f"0-{max(cpus)}"), ("online", online)):
        (folder / name).write_text(text + "\n")
    for path, (bus, name, driver) in (bound or {}).items():
        device = root / "sys/bus" / bus / "devices" / name
        link(device / "of_node", path)
        (device / "driver").symlink_to(f"../../../../bus/{bus}/drivers/{driver}")
    return root

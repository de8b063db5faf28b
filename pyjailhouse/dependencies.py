# SPDX-License-Identifier: Apache-2.0
"""What a device needs that stays with the agency, and who needs it, too."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyjailhouse.addresses import Range
from pyjailhouse.errors import TreeError
from pyjailhouse.fdt import Node
from pyjailhouse.machine import Device, Machine

# Property, and how many cells go with each reference.
PROVIDERS = {
    "clocks": "#clock-cells",
    "resets": "#reset-cells",
    "power-domains": "#power-domain-cells",
    "dmas": "#dma-cells",
    "iommus": "#iommu-cells",
    "phys": "#phy-cells",
    "interconnects": "#interconnect-cells",
}
KINDS = {"clocks": "clock", "resets": "reset", "power-domains": "power domain",
         "dmas": "DMA channel", "iommus": "SMMU stream", "phys": "PHY",
         "interconnects": "interconnect"}
SUPPLY = re.compile(r"[A-Za-z0-9,._+-]+-supply")
PINS = re.compile(r"pinctrl-[0-9]+")
# Names of nodes that transfer by themselves (DTSpec 2.2.2 recommends them).
MASTERS = ("ethernet", "mmc", "mmcqspi", "sdhci", "sata", "usb", "pcie", "pci", "gpu", "dma",
           "dma-controller", "virtio_mmio", "virtio", "display", "video-codec", "crypto", "can", "nand-controller")


@dataclass(frozen=True)
class Dependency:
    """One thing that a device needs of another node."""

    kind: str
    provider: Node
    cells: tuple[int, ...]

    def __str__(self) -> str:
        cells = " ".join(f"{cell:#x}" for cell in self.cells)
        return f"{self.kind} {self.provider.path}" + (f" {cells}" if cells else "")


def of_node(node: Node) -> list[Dependency]:
    """Everything a node refers to; TreeError where a reference leads nowhere."""
    found = []
    for name, cells in PROVIDERS.items():
        found += [Dependency(KINDS[name], target, spec)
                  for target, spec in node.references(name, cells)]
    for name in node.properties:
        if SUPPLY.fullmatch(name):
            found.append(Dependency("regulator", node.reference(node.word(name), name), ()))
        elif PINS.fullmatch(name):
            found += [Dependency("pin control", node.reference(value, name), ())
                      for value in node.words(name)]
    return list(dict.fromkeys(found))


class Users:
    """Which enabled nodes need a thing, for the whole tree at once."""

    def __init__(self, machine: Machine) -> None:
        self._users: dict[Dependency, list[Node]] = {}
        for node in machine.tree.nodes():
            if not node.enabled:
                continue
            try:
                needs = of_node(node)
            except TreeError:
                continue  # said when that device is the one to be passed
            for need in needs:
                self._users.setdefault(need, []).append(node)

    def others(self, need: Dependency, node: Node) -> list[Node]:
        """The nodes but node that need the same."""
        return [user for user in self._users.get(need, []) if user is not node]


def is_master(node: Node) -> bool:
    """The device transfers to and from memory by itself, as far as the tree tells."""
    return (node.name.split("@")[0] in MASTERS or
            any(name in node for name in ("iommus", "dma-coherent", "dmas", "memory-region")))


def warnings(machine: Machine, device: Device) -> list[str]:
    """What a user who gives this device to a cell has to know."""
    node = device.node
    users = Users(machine)
    found = []
    for need in of_node(node):
        others = users.others(need, node)
        shared = f", shared with {others[0].path}" if others else ""
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        found.append(f"{node.path} needs {need}{shared}{more}: it stays with the agency, "
                     "which must keep it on")
    if is_master(node):
        found.append(f"{node.path} transfers to memory by itself and no SMMU confines it: "
                     "the cell can reach all memory through it")
    found += _neighbours(machine, device)
    bound = machine.seen.bound.get(node.path) if machine.seen else None
    if bound:
        found.append(f"{node.path} is used by driver {bound.driver} of this system: before the "
                     f"cell is created, {bound.unbind}")
    if any(i.intid is None for i in device.interrupts):
        ends = sorted({i.kind for i in device.interrupts if i.intid is None})
        found.append(f"{node.path} has interrupts that end at {', '.join(ends)}: the cell does "
                     "not get them")
    return found


def _neighbours(machine: Machine, device: Device) -> list[str]:
    found = []
    mine = set(device.spis)
    for other in machine.devices:
        if other is device or not other.enabled:
            continue
        common = mine.intersection(other.spis)
        if common:
            found.append(f"{device.node.path} shares interrupt {min(common)} with "
                         f"{other.node.path}: the agency loses it")
        if not _related(device.node, other.node) and \
                any(r.overlaps(o) for r in device.ranges for o in other.ranges):
            found.append(f"{device.node.path} shares registers with {other.node.path}")
    return found


def _related(a: Node, b: Node) -> bool:
    """One is below the other: a part of the device, not a neighbour."""
    return (a.path + "/").startswith(b.path + "/") or (b.path + "/").startswith(a.path + "/")


def others_on_page(machine: Machine, device: Device, page: Range) -> list[Node]:
    """Nodes, enabled or not, with registers on a page that are not this device's."""
    return [other.node for other in machine.devices
            if other is not device and not _related(device.node, other.node) and
            any(r.overlaps(page) for r in other.ranges)]

# SPDX-License-Identifier: Apache-2.0
"""PCI host bridges (IEEE 1275 PCI bus binding): windows, ECAM, interrupts."""

from __future__ import annotations

from dataclasses import dataclass

from pyjailhouse import interrupts as irq
from pyjailhouse.addresses import Range, entries, number, registers, translate
from pyjailhouse.errors import TreeError
from pyjailhouse.fdt import Node, Tree

ECAM = ("pci-host-ecam-generic", "pci-host-cam-generic", "marvell,armada8k-pcie-ecam",
        "socionext,synquacer-pcie-ecam", "snps,dw-pcie-ecam")
SPACES = {0: "configuration", 1: "I/O", 2: "32-bit memory", 3: "64-bit memory"}


@dataclass
class PciHost:
    """A host bridge and the windows through which the CPUs reach its bus."""

    node: Node
    enabled: bool
    windows: list[tuple[str, Range]]
    ecam: Range | None
    first_bus: int
    last_bus: int
    domain: int
    interrupts: list[irq.Interrupt]


def _windows(node: Node) -> list[tuple[str, Range]]:
    """ranges of a PCI bus: the first cell of a child address names the space."""
    parent = node.parent
    assert parent is not None
    found = []
    for child, address, size in entries(node, "ranges", 3, parent.address_cells,
                                        node.size_cells):
        place = Range(number(address), number(size))
        seen = translate(node, place)
        if seen is not None and seen.size:
            found.append((SPACES[child[0] >> 24 & 3], seen))
    return found


def _host(node: Node, domain: int) -> PciHost:
    buses = node.words("bus-range") or [0, 255]
    if len(buses) != 2 or buses[0] > buses[1] or buses[1] > 255:
        raise node.fail(f"bus-range {buses} is none")
    ecam = registers(node)[:1] if node.is_compatible("pci-host-ecam-generic") else []
    raised = irq.mapped(node) if "interrupt-map" in node else []
    return PciHost(node, node.enabled, _windows(node), ecam[0] if ecam else None, buses[0],
                   buses[1], node.word("linux,pci-domain", domain), raised)


def pci_hosts(tree: Tree, notes: list[str]) -> list[PciHost]:
    """All host bridges; domains count up as the kernel does where none is given."""
    hosts: list[PciHost] = []
    for node in tree.nodes():
        if node.string("device_type") != "pci" or node.parent is None or \
                "ranges" not in node or node.parent.string("device_type") == "pci":
            continue
        try:
            hosts.append(_host(node, len(hosts)))
        except TreeError as error:
            if node.enabled:
                raise
            notes.append(f"{error} (not enabled)")
    return hosts

# SPDX-License-Identifier: Apache-2.0
"""Which interrupts of the GIC a node raises (DTSpec 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from pyjailhouse.constants import END_SPI, FIRST_SPI
from pyjailhouse.errors import TreeError
from pyjailhouse.fdt import Node

MAX_HOPS = 16

GICV2 = ("arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic", "arm,cortex-a7-gic",
         "arm,pl390", "arm,gic", "qcom,msm-qgic2")
GICV3 = ("arm,gic-v3",)
# Their interrupt-map has no parent address, whatever the GIC's #address-cells says.
NO_MAP_ADDRESS = ("fsl,ls1021a-extirq", "fsl,ls1043a-extirq", "fsl,ls1088a-extirq")


@dataclass(frozen=True)
class Interrupt:
    """One interrupt of a device, as far as the tree tells."""

    intid: int | None  # None: it ends at another controller
    kind: str  # "SPI", "PPI", or the path of that controller
    level: bool = False  # level-triggered

    def __str__(self) -> str:
        return self.kind if self.intid is None else f"{self.kind} {self.intid}"


def is_gic(node: Node) -> bool:
    """The node is a GICv2 or GICv3 distributor."""
    return "interrupt-controller" in node and node.is_compatible(*GICV2, *GICV3)


def _cells(node: Node, controller: Node) -> int:
    if "#interrupt-cells" not in controller:
        raise node.fail(f"its interrupt parent {controller.path} has no #interrupt-cells")
    count = controller.word("#interrupt-cells")
    if not 1 <= count <= 8:
        raise controller.fail(f"#interrupt-cells is {count}, possible are 1 to 8")
    return count


def parent_of(node: Node) -> Node:
    """The interrupt parent: the next one named on the way to the root."""
    at: Node | None = node
    while at is not None:
        if "interrupt-parent" in at:
            return at.reference(at.word("interrupt-parent"), "interrupt-parent")
        at = at.parent
        if at is not None and ("interrupt-controller" in at or "interrupt-map" in at):
            return at
    raise node.fail("has interrupts but neither it nor a node above has an interrupt-parent")


def specifiers(node: Node) -> list[tuple[Node, tuple[int, ...]]]:
    """What interrupts-extended or else interrupts says: controller and cells."""
    if "interrupts-extended" in node:
        return node.references("interrupts-extended", "#interrupt-cells")
    values = node.words("interrupts")
    if not values:
        return []
    controller = parent_of(node)
    count = _cells(node, controller)
    if len(values) % count:
        raise node.fail(f"interrupts has {len(values)} cells, not a multiple of {count} "
                        f"as {controller.path} wants")
    return [(controller, tuple(values[at:at + count])) for at in range(0, len(values), count)]


def decode_gic(node: Node, spec: tuple[int, ...]) -> Interrupt:
    """A GIC's specifier: type, number, trigger."""
    if len(spec) < 3:
        raise node.fail(f"interrupt of {len(spec)} cells, the GIC wants 3")
    kind, line, trigger = spec[:3]
    level = bool(trigger & 0xC)
    if kind == 0 and line < END_SPI - FIRST_SPI:
        return Interrupt(FIRST_SPI + line, "SPI", level)
    if kind == 1 and line < 16:
        return Interrupt(16 + line, "PPI", level)
    if kind in (2, 3):
        return Interrupt(None, "extended " + ("SPI" if kind == 2 else "PPI"), level)
    raise node.fail(f"interrupt type {kind} number {line}: the GIC has no such interrupt")


def _map_records(nexus: Node) -> list[tuple[tuple[int, ...], Node, tuple[int, ...]]]:
    """The records of interrupt-map: child cells, parent, parent specifier."""
    values = nexus.words("interrupt-map")
    width = nexus.word("#address-cells", 0) + _cells(nexus, nexus)
    records = []
    at = 0
    while at < len(values):
        if at + width >= len(values):
            raise nexus.fail("interrupt-map ends within an entry")
        child = tuple(values[at:at + width])
        parent = nexus.reference(values[at + width], "interrupt-map")
        skip = 0 if nexus.is_compatible(*NO_MAP_ADDRESS) else parent.word("#address-cells", 0)
        start = at + width + 1 + skip
        at = start + _cells(nexus, parent)
        if at > len(values):
            raise nexus.fail(f"interrupt-map ends within an entry for {parent.path}")
        records.append((child, parent, tuple(values[start:at])))
    return records


def _through_map(node: Node, nexus: Node,
                 spec: tuple[int, ...]) -> tuple[Node, tuple[int, ...]]:
    address_cells = nexus.word("#address-cells", 0)
    unit = node.words("reg")[:address_cells] if node.parent is nexus else []
    key = (*unit, *[0] * (address_cells - len(unit)), *spec)
    mask = nexus.words("interrupt-map-mask") or [0xFFFFFFFF] * len(key)
    if len(mask) < len(key):
        raise nexus.fail(f"interrupt-map-mask has {len(mask)} cells, not {len(key)}")
    masked = [k & m for k, m in zip(key, mask)]
    for child, parent, target in _map_records(nexus):
        if [k & m for k, m in zip(child, mask)] == masked:
            return parent, target
    raise node.fail(f"interrupt {list(spec)} is not in the interrupt-map of {nexus.path}")


def _pdc(controller: Node, pin: int) -> int | None:
    """Qualcomm's PDC: pin, SPI and count in each entry."""
    values = controller.words("qcom,pdc-ranges")
    for at in range(0, len(values) - 2, 3):
        first, spi, count = values[at:at + 3]
        if first <= pin < first + count:
            return spi + pin - first
    return None


def _stacked(node: Node, controller: Node,
             spec: tuple[int, ...]) -> tuple[Node, tuple[int, ...]] | None:
    """A controller before the GIC that hands on each input as one SPI."""
    if "interrupts" in controller or "interrupts-extended" in controller:
        return None
    if controller.is_compatible("qcom,pdc"):
        spi = _pdc(controller, spec[0])
        return None if spi is None else (parent_of(controller), (0, spi, spec[-1]))
    if len(spec) != 3 or controller.parent is None or "interrupt-parent" not in controller:
        return None
    above = parent_of(controller)
    if above is controller or above.word("#interrupt-cells", 0) != 3:
        return None
    return above, spec


def resolve(node: Node, controller: Node, spec: tuple[int, ...]) -> Interrupt:
    """Follows one specifier to the GIC, or to the controller that it ends at."""
    for _ in range(MAX_HOPS):
        if is_gic(controller):
            return decode_gic(node, spec)
        following = None
        if "interrupt-map" in controller:
            following = _through_map(node, controller, spec)
        elif "interrupt-controller" in controller:
            following = _stacked(node, controller, spec)
        else:
            raise node.fail(f"its interrupt parent {controller.path} "
                            "is no interrupt controller")
        if following is None:
            return Interrupt(None, controller.path)
        controller, spec = following
    raise node.fail(f"its interrupt parents go in a circle ({controller.path})")


def interrupts(node: Node) -> list[Interrupt]:
    """All interrupts of a node, in the order of the property."""
    return [resolve(node, controller, spec) for controller, spec in specifiers(node)]


def _ranges_spis(node: Node) -> list[int]:
    """SPIs that a controller before the GIC may raise, by its binding's own property."""
    found: list[int] = []
    for name in ("qcom,pdc-ranges", "ti,interrupt-ranges"):
        values = node.words(name)
        for at in range(0, len(values) - 2, 3):
            first = FIRST_SPI + values[at + 1]
            found += range(first, min(first + values[at + 2], END_SPI))
    return found


def indirect_spis(node: Node) -> list[int]:
    """SPIs that reach the GIC through this node rather than from it; [] if that is unclear."""
    try:
        found = _ranges_spis(node)
        if "interrupt-map" in node:
            found += [i.intid for i in mapped(node) if i.intid is not None and i.kind == "SPI"]
        return found
    except TreeError:
        return []


def mapped(nexus: Node) -> list[Interrupt]:
    """What the interrupt-map of a PCI host leads to, each once."""
    found = [resolve(nexus, parent, spec) for _, parent, spec in _map_records(nexus)]
    return list(dict.fromkeys(found))

# SPDX-License-Identifier: Apache-2.0
"""A machine as its device tree describes it: what a hypervisor has to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyjailhouse import interrupts as irq
from pyjailhouse.addresses import Range, bus_reg, registers, translate
from pyjailhouse.errors import TreeError, Unsupported
from pyjailhouse.fdt import Node, Tree
from pyjailhouse.pci import PciHost, pci_hosts

SMMUS = ("arm,mmu-400", "arm,mmu-401", "arm,mmu-500", "arm,smmu-v1", "arm,smmu-v2",
         "arm,smmu-v3", "qcom,smmu-v2", "qcom,smmu-500", "nvidia,smmu-500",
         "cavium,smmu-v2")
# Nodes whose reg is no device: they are listed as RAM, CPUs or the GIC, or describe nothing.
NO_DEVICE = ("/memory", "/cpus", "/reserved-memory", "/chosen", "/aliases", "/__symbols__",
             "/__fixups__", "/__local_fixups__")


# RD_base and SGI_base of one CPU (Arm IHI 0069, 12.10).
GICR_FRAMES = 0x20000


@dataclass
class Cpu:
    """A processor; number is the kernel's: the one that boots is 0."""

    number: int
    node: Node
    mpidr: int


@dataclass
class Memory:
    """RAM. Without size the boot loader fills it in."""

    range: Range
    node: Node


@dataclass
class Reserved:
    """A part of RAM that has a purpose already."""

    range: Range
    name: str
    no_map: bool


@dataclass
class Gic:
    """The interrupt controller. v3: frames are distributor and redistributors."""

    node: Node
    version: int
    frames: list[Range]
    maintenance_irq: int
    its: list[tuple[Node, Range]]
    # Interrupts for messages. None: their number is not in the tree.
    message_spis: list[int] | None


@dataclass
class Device:
    """A node with registers."""

    node: Node
    ranges: list[Range]
    interrupts: list[irq.Interrupt]
    enabled: bool

    @property
    def spis(self) -> list[int]:
        """INTIDs of its SPIs."""
        return [i.intid for i in self.interrupts if i.intid is not None and i.kind == "SPI"]


@dataclass
class Bound:
    """A device that a driver of the running kernel uses."""

    name: str  # as below /sys/bus/BUS/devices
    bus: str
    driver: str

    @property
    def unbind(self) -> str:
        """The command that frees it."""
        return f"echo {self.name} > /sys/bus/{self.bus}/drivers/{self.driver}/unbind"


@dataclass
class Seen:
    """What the running kernel knows beyond the device tree."""

    ram: list[Range] = field(default_factory=list)
    spis: set[int] = field(default_factory=set)  # INTIDs that have a handler
    bound: dict[str, Bound] = field(default_factory=dict)  # by path of the node
    offline: set[int] = field(default_factory=set)  # CPUs that cannot be given away now
    possible: set[int] = field(default_factory=set)  # CPUs


@dataclass
class Machine:
    """All of it. Devices that are not enabled are listed, too."""

    tree: Tree
    model: str
    cpus: list[Cpu]
    memory: list[Memory]
    reserved: list[Reserved]
    gic: Gic
    psci: Node | None  # None: the boot loader adds it
    devices: list[Device]
    pci: list[PciHost]
    notes: list[str] = field(default_factory=list)
    seen: Seen | None = None  # None: only the tree is known

    def device(self, name: str) -> Device | None:
        """The device with that path, alias, or unit name if only one has it."""
        node = self.tree.find(name)
        if node is None:
            named = [d for d in self.devices if d.node.name == name]
            return named[0] if len(named) == 1 else None
        return next((d for d in self.devices if d.node is node), None)

    def wired_spis(self) -> set[int]:
        """Every SPI that some node claims, enabled or not."""
        spis = {spi for device in self.devices for spi in device.spis}
        spis.update(self.gic.message_spis or [])
        spis.update(self.seen.spis if self.seen else ())
        for node in self.tree.nodes():
            spis.update(irq.indirect_spis(node))
        return spis

    def uarts(self) -> list[Device]:
        """Enabled serial ports with registers."""
        return [d for d in self.devices if d.enabled and is_uart(d.node)]


def is_uart(node: Node) -> bool:
    """A serial port, by the name that the specification recommends."""
    return node.name.split("@")[0] in ("serial", "uart") and "compatible" in node


def _cpus(tree: Tree) -> list[Cpu]:
    parent = tree.find("/cpus")
    nodes = [n for n in parent.children if n.string("device_type") == "cpu"] if parent else []
    if not nodes:
        raise TreeError("/cpus", "no CPU below it")
    cpus = []
    for node in nodes:
        if node.string("status") in ("disabled", "fail"):
            continue
        reg = bus_reg(node)
        if not reg:
            raise node.fail("a CPU without reg")
        cpus.append(Cpu(0, node, reg[0].start))
    boot = [cpu for cpu in cpus if cpu.mpidr == tree.boot_cpu]
    cpus = boot[:1] + [cpu for cpu in cpus if cpu not in boot[:1]]
    _check_cpus(cpus)
    return cpus


def _check_cpus(cpus: list[Cpu]) -> None:
    if not cpus:
        raise TreeError("/cpus", "no CPU is enabled")
    if len(cpus) > 64:
        raise Unsupported(f"the machine has {len(cpus)} CPUs, configurations have room for 64")
    seen: dict[int, Cpu] = {}
    for number, cpu in enumerate(cpus):
        cpu.number = number
        other = seen.setdefault(cpu.mpidr, cpu)
        if other is not cpu:
            raise cpu.node.fail(f"has the reg {cpu.mpidr:#x} of {other.node.path}")


def _psci(tree: Tree, cpus: list[Cpu], notes: list[str]) -> Node | None:
    """The node, None where the boot loader adds it."""
    for cpu in cpus[1:] if len(cpus) > 1 else cpus:
        method = cpu.node.string("enable-method")
        if method and method != "psci":
            raise Unsupported(f"{cpu.node.path}: enable-method is \"{method}\", not PSCI: "
                              "the CPU cannot be taken from Linux and given back")
    for node in tree.nodes():
        if not node.is_compatible("arm,psci", "arm,psci-0.2", "arm,psci-1.0"):
            continue
        method = node.string("method")
        if method == "hvc":
            raise Unsupported(f"{node.path}: PSCI is called by HVC: a hypervisor is beneath "
                              "this system already")
        if method != "smc":
            raise node.fail(f"method is \"{method}\", possible are smc and hvc")
        return node
    if all(cpu.node.string("enable-method") == "psci" for cpu in cpus):
        notes.append("/psci: the boot loader adds this node, PSCI by SMC is assumed")
        return None
    raise Unsupported("no PSCI: the tree has no node compatible with arm,psci")


def _memory(tree: Tree) -> list[Memory]:
    found = []
    for node in tree.root.children:
        if node.string("device_type") != "memory" and node.name.split("@")[0] != "memory":
            continue
        if node.enabled:
            found += [Memory(place, node) for entry in bus_reg(node)
                      if (place := translate(node, entry)) is not None]
    found.sort(key=lambda m: m.range)
    for lower, upper in zip(found, found[1:]):
        if lower.range.overlaps(upper.range):
            raise upper.node.fail(f"memory {upper.range} overlaps {lower.range} of "
                                  f"{lower.node.path}")
    return found


def _reserved(tree: Tree) -> list[Reserved]:
    found = [Reserved(Range(start, size), "/memreserve/", False)
             for start, size in tree.reservations if size]
    parent = tree.find("/reserved-memory")
    for node in parent.children if parent else []:
        if node.enabled:
            found += [Reserved(r, node.path, "no-map" in node) for r in registers(node)]
    return sorted(found, key=lambda r: r.range)


def _maintenance(node: Node) -> int:
    for interrupt in (irq.decode_gic(node, spec) for parent, spec in irq.specifiers(node)
                      if parent is node or irq.is_gic(parent)):
        if interrupt.kind == "PPI" and interrupt.intid is not None:
            return interrupt.intid
    raise Unsupported(f"{node.path}: the GIC has no maintenance interrupt: it cannot "
                      "deliver interrupts to guests")


def _message_spis(node: Node) -> list[int] | None:
    """SPIs of GICv2m frames and of mbi-ranges; None where only registers tell."""
    spis: list[int] = []
    ranges = node.words("mbi-ranges")
    for first, count in zip(ranges[::2], ranges[1::2]):
        spis += range(first, min(first + count, 1020))
    for frame in node.children:
        if not frame.is_compatible("arm,gic-v2m-frame"):
            continue
        if "arm,msi-base-spi" not in frame or "arm,msi-num-spis" not in frame:
            return None
        first = frame.word("arm,msi-base-spi")
        spis += range(first, min(first + frame.word("arm,msi-num-spis"), 1020))
    return spis


def _its(gic: Node) -> list[tuple[Node, Range]]:
    found = []
    for node in gic.children:
        if node.is_compatible("arm,gic-v3-its") and node.enabled:
            regs = registers(node)
            if not regs:
                raise node.fail("an ITS without reg")
            found.append((node, regs[0]))
    return found


def _gic(tree: Tree) -> Gic:
    nodes = [n for n in tree.nodes() if irq.is_gic(n) and n.enabled]
    if not nodes:
        raise Unsupported("no GICv2 or GICv3: the tree has no such interrupt controller")
    if len(nodes) > 1:
        raise nodes[1].fail(f"a second GIC besides {nodes[0].path}")
    node = nodes[0]
    frames = registers(node)
    if node.is_compatible(*irq.GICV3):
        return _gicv3(node, frames)
    if len(frames) < 4:
        raise Unsupported(f"{node.path}: a GICv2 without virtual CPU interface "
                          f"({len(frames)} of 4 frames)")
    return Gic(node, 2, frames[:4], _maintenance(node), [], _message_spis(node))


def _gicv3(node: Node, frames: list[Range]) -> Gic:
    count = node.word("#redistributor-regions", 1)
    if len(frames) < 1 + count or not count:
        raise node.fail(f"reg has {len(frames)} frames, not a distributor and "
                        f"{count} redistributor regions")
    redist = frames[1]
    for more in frames[2:1 + count]:
        if more.start != redist.end:
            raise Unsupported(f"{node.path}: {count} redistributor regions apart from each "
                              "other, a configuration has room for one")
        redist = Range(redist.start, redist.size + more.size)
    # Two frames a CPU; some trees list a few pages more.
    redist = Range(redist.start, redist.size // GICR_FRAMES * GICR_FRAMES)
    if not redist.size:
        raise node.fail(f"redistributors at {frames[1]} are smaller than those of one CPU")
    return Gic(node, 3, [frames[0], redist], _maintenance(node), _its(node),
               _message_spis(node))


def _device(node: Node, notes: list[str], strict: bool) -> Device | None:
    """None for nodes that are not in memory and raise no interrupt.

    Trees with mistakes in single devices are common; Linux goes on without the
    device, and so does this. What is switched off may be wrong without a word.
    """
    enabled = node.enabled
    ranges: list[Range] = []
    raised: list[irq.Interrupt] = []
    try:
        ranges = registers(node)
        raised = irq.interrupts(node)
    except TreeError as error:
        if strict and enabled:
            raise
        if enabled:
            notes.append(f"{error}: left out")
    return Device(node, ranges, raised, enabled) if ranges or raised else None


def _devices(tree: Tree, gic: Gic, hosts: list[PciHost], notes: list[str],
             strict: bool) -> list[Device]:
    inside_pci = {host.node for host in hosts}
    found = []
    todo = list(reversed(tree.root.children))
    while todo:
        node = todo.pop()
        if node.path.split("@")[0] in NO_DEVICE:
            continue
        # Functions on a PCI bus have configuration addresses, not memory.
        if node not in inside_pci:
            todo.extend(reversed(node.children))
        if node is gic.node or node.parent is gic.node:
            continue
        device = _device(node, notes, strict)
        if device is not None:
            found.append(device)
    return found


def build(tree: Tree, strict: bool = False) -> Machine:
    """The machine of a tree.

    Unsupported where the hypervisor cannot run on it, TreeError where the tree
    contradicts itself: in CPUs, memory, interrupt controller or PCI hosts, if
    strict in any enabled device. Otherwise such a device is left out and named
    in the notes.
    """
    cpus = _cpus(tree)
    gic = _gic(tree)
    notes: list[str] = []
    psci = _psci(tree, cpus, notes)
    hosts = pci_hosts(tree, notes)
    model = tree.root.string("model") or next(iter(tree.root.compatible), "unknown machine")
    return Machine(tree, model, cpus, _memory(tree), _reserved(tree), gic, psci,
                   _devices(tree, gic, hosts, notes, strict), hosts, notes)


def smmus(machine: Machine) -> list[Device]:
    """The SMMUs of a machine."""
    return [d for d in machine.devices if d.enabled and d.node.is_compatible(*SMMUS)]

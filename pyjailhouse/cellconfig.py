# SPDX-License-Identifier: Apache-2.0
"""A cell's configuration on a machine: free CPUs, memory, and devices."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyjailhouse import constants as c
from pyjailhouse import dependencies, native, uart
from pyjailhouse.addresses import Range
from pyjailhouse.annotated import Annotated
from pyjailhouse.errors import Unsupported
from pyjailhouse.machine import Device, Machine
from pyjailhouse.native import Cell, System

RAM = c.MEM_READ | c.MEM_WRITE | c.MEM_EXECUTE | c.MEM_LOADABLE
DEVICE = c.MEM_READ | c.MEM_WRITE | c.MEM_IO
MIB = 1 << 20
VIRTUAL_UART = 0x09000000  # where QEMU's virtual machine has one
LINUX_RAM = 0x40000000  # where guests of virtual machines expect it
LINUX_MIN = 64 * MIB
COMM_REGION = 0x80000000  # where Jailhouse's guests expect it
REPLY_TIMEOUT = 1000  # ms that a cell has to answer a request to shut down


@dataclass
class Options:
    """What the user asks for."""

    name: str
    cpus: str = "1"  # a number, or a list such as 2,4-5
    memory: int = 16 * MIB  # bytes
    devices: list[str] = field(default_factory=list)
    console: str = "virtual"  # or a device
    channels: list[str] = field(default_factory=list)
    linux: bool = False


@dataclass
class Others:
    """The root configuration and the cells that there are."""

    system: System
    cells: list[Cell]

    def free_cpus(self, count: int) -> list[int]:
        """CPUs without an owner; all but the agency's last may be given away."""
        root = self.system.root
        have = set(range(count)) if root.flags & c.ROOT_ALL_CPUS else set(root.cpu_numbers())
        taken = {cpu for cell in self.cells for cpu in cell.cpu_numbers()}
        return sorted(have - taken)


def parse_cpu_list(text: str) -> list[int]:
    """Numbers of a list such as 2,4-5."""
    cpus: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise Unsupported(f"--cpus {text}: neither a number nor a list such as 2,4-5")
        end = int(last) if dash else int(first)
        if end >= c.MAX_CPUS or end < int(first):
            raise Unsupported(f"--cpus {text}: {part} is not a range of CPUs below {c.MAX_CPUS}")
        cpus.update(range(int(first), end + 1))
    return sorted(cpus)


def choose_cpus(text: str, others: Others, machine: Machine) -> list[int]:
    """A number takes the last free CPUs, a list with "," or "-" those it names.

    CPU 0 stays with the agency unless a list names it: it is the one most
    firmware cannot turn off.
    """
    free = others.free_cpus(len(machine.cpus))
    if not text.isdecimal():
        cpus = parse_cpu_list(text.rstrip(","))
        missing = [cpu for cpu in cpus if cpu not in free]
        if missing:
            raise Unsupported(f"--cpus {text}: CPU {missing[0]} is not free, "
                              f"{_cpu_text(free)} are")
        if len(cpus) >= len(free):
            raise Unsupported(f"--cpus {text}: one CPU stays with the agency")
        return cpus
    spare = [cpu for cpu in free if cpu != 0]
    if free and 0 not in free:
        spare = spare[1:]
    offline = machine.seen.offline.intersection(free) if machine.seen else set()
    spare = [cpu for cpu in spare if cpu not in offline]
    if not 0 < int(text) <= len(spare):
        away = f", {_cpu_text(sorted(offline))} offline" if offline else ""
        raise Unsupported(f"--cpus {text}: {len(spare)} of {len(machine.cpus)} CPUs can be given "
                          f"to a cell, one stays with the agency{away}")
    return spare[-int(text):]


def _cpu_text(cpus: list[int]) -> str:
    return ", ".join(str(cpu) for cpu in cpus) or "none"


def find_device(machine: Machine, name: str) -> Device:
    """An enabled device with registers; Unsupported says why not."""
    device = machine.device(name)
    if device is None:
        if machine.tree.find(name) is not None:
            raise Unsupported(f"{name}: this node has no registers of its own in memory")
        raise Unsupported(f"{name}: no device has that path, alias or unit name")
    if not device.enabled:
        raise Unsupported(f"{device.node.path} is not enabled in the device tree")
    if not device.ranges:
        raise Unsupported(f"{device.node.path}: this node has no registers of its own in memory")
    return device


def _split(r: Range) -> list[Range]:
    """Whole pages together; what is less than a page by itself."""
    page = c.PAGE_SIZE
    cuts = [r.start]
    head, tail = -(-r.start // page) * page, r.end // page * page
    cuts += [cut for cut in dict.fromkeys((head, tail)) if r.start < cut < r.end]
    cuts.append(r.end)
    return [Range(a, b - a) for a, b in zip(cuts, cuts[1:])]


def _device_regions(machine: Machine, device: Device) -> list[tuple[Range, str]]:
    """The device's registers, by whole pages where nothing else is on the page."""
    found: list[tuple[Range, str]] = []
    for r in device.ranges:
        for piece in _split(r):
            page = piece.pages()
            others = dependencies.others_on_page(machine, device, page)
            if piece == page:
                found.append((piece, device.node.path))
            elif not others:
                found.append((page, f"{device.node.path}: nothing else is on the page"))
            else:
                found.append((piece, f"{device.node.path}: accesses trap, {others[0].path} is "
                                     "on the page"))
    return _joined(found)


def _joined(regions: list[tuple[Range, str]]) -> list[tuple[Range, str]]:
    result: list[tuple[Range, str]] = []
    for r, why in sorted(regions):
        if result and r.start < result[-1][0].end:
            last, text = result[-1]
            result[-1] = (Range(last.start, max(last.end, r.end) - last.start), text)
        else:
            result.append((r, why))
    return result


def _check_free(device: Device, regions: list[tuple[Range, str]], others: Others) -> None:
    frames = _platform_ranges(others.system)
    for r, _ in regions:
        for cell in others.cells:
            for m in cell.memory:
                if m.has_phys and r.overlaps(Range(m.phys_start, m.size)) and \
                        not m.flags & c.MEM_ROOTSHARED:
                    raise Unsupported(f"{device.node.path} belongs to cell \"{cell.name}\"")
        for frame in frames:
            if r.overlaps(frame):
                raise Unsupported(f"{device.node.path} is a part of the interrupt controller")
        for m in others.system.root.memory:
            if not m.flags & c.MEM_IO and r.overlaps(Range(m.phys_start, m.size)):
                raise Unsupported(f"{device.node.path}: its registers {r} lie in RAM of the "
                                  "root configuration")


def _platform_ranges(system: System) -> list[Range]:
    p = system.platform
    if p.gic_version == 3:
        found = [Range(p.gicd_base, 0x10000), Range(p.gicr_base, p.gicr_size)]
        return found + ([Range(p.gits_base, 0x20000)] if p.gits_base else [])
    return [Range(p.gicd_base, 0x1000), Range(p.gicc_base, 0x2000),
            Range(p.gich_base, 0x1000), Range(p.gicv_base, 0x2000)]


def _pass_device(result: Annotated, machine: Machine, device: Device, others: Others) -> set[int]:
    """Adds the device's regions and warnings; returns its SPIs.

    Where it transfers by itself, RAM (the first region) is mapped one to one:
    the device takes the guest's addresses for physical ones.
    """
    regions = _device_regions(machine, device)
    flags = DEVICE
    if dependencies.is_master(device.node):
        flags |= c.MEM_DMA
        result.cell.memory[0].flags |= c.MEM_DMA | c.MEM_VIRT_IS_PHYS
        result.memory[0] = "RAM, mapped one to one for devices: the driver takes it from the " \
                           "running system"
    _check_free(device, regions, others)
    have = set(others.system.root.intids())
    taken = {intid: cell.name for cell in others.cells for intid in cell.intids()}
    for r, why in regions:
        if any(Range(m.phys_start, m.size).overlaps(r) for m in result.cell.memory if m.has_phys):
            continue  # named twice, or its part was
        result.add_memory(native.Memory(r.start, r.start, r.size, flags), why)
    for intid in device.spis:
        if intid in taken:
            raise Unsupported(f"{device.node.path}: interrupt {intid} belongs to cell "
                              f"\"{taken[intid]}\"")
        if intid not in have:
            raise Unsupported(f"{device.node.path}: interrupt {intid} is not in the root "
                              "configuration")
        if intid == others.system.platform.notify_irq:
            raise Unsupported(f"{device.node.path}: interrupt {intid} is the notify_irq of the "
                              "root configuration")
    result.notes += dependencies.warnings(machine, device)
    return set(device.spis)


def _console(result: Annotated, machine: Machine, name: str) -> Device | None:
    """The device that is to be passed for the console, None for the virtual one."""
    if name == "virtual":
        return None
    device = find_device(machine, name)
    console = uart.console(device.node, device.ranges[0])
    if console is None:
        result.notes.append(f"{device.node.path}: {device.node.string('compatible')} is no "
                            "console type (8250 or PL011), the cell is not told about it")
    else:
        result.cell.console = console
    return device


def _virtual_console(result: Annotated, system: System, spis: set[int]) -> None:
    """A UART that the hypervisor emulates, and the call for guests that know no UART."""
    # Its number is the cell's affair alone: no line of the machine is behind it.
    irq = next(intid for intid in range(c.FIRST_SPI + 1, c.END_SPI) if intid not in spis)
    result.cell.flags |= c.CELL_CONSOLE_PERMITTED
    result.cell.console = native.Console(
        _free_ipa(result.cell, system, VIRTUAL_UART), c.PAGE_SIZE, c.CON_PL011,
        c.CON_MMIO | c.CON_VIRTUAL, irq=irq)


def _ram(result: Annotated, options: Options) -> int:
    """Adds RAM; returns where it begins for the cell."""
    if options.memory <= 0 or options.memory % c.PAGE_SIZE:
        raise Unsupported(f"--memory {options.memory:#x}: not a multiple of 4 KiB")
    if options.linux and options.memory < LINUX_MIN:
        raise Unsupported(f"--memory {options.memory >> 20} MiB: Linux needs "
                          f"{LINUX_MIN >> 20} MiB")
    start = LINUX_RAM if options.linux else 0
    result.add_memory(native.Memory(0, start, options.memory, RAM | c.MEM_PHYS_ANY),
                      "RAM: the driver takes it from the running system")
    return start


def _free_ipa(cell: Cell, system: System, wanted: int) -> int:
    """A page of the cell's addresses that nothing has: the wanted one, else the first behind
    something."""
    used = [Range(m.virt_start, m.size) for m in cell.memory] + _platform_ranges(system)
    if cell.console.flags & c.CON_VIRTUAL:
        used.append(Range(cell.console.address, cell.console.size))
    if any(m.flags & c.MEM_VIRT_IS_PHYS for m in cell.memory):
        # Where RAM will lie is known only when the driver has taken it.
        used += [Range(m.phys_start, m.size) for m in system.root.memory if not m.flags & c.MEM_IO]
    for start in [wanted, *sorted(-(-r.end // c.PAGE_SIZE) * c.PAGE_SIZE for r in used)]:
        page = Range(start, c.PAGE_SIZE)
        if page.end <= c.ADDRESS_LIMIT and not any(r.overlaps(page) for r in used):
            return start
    raise Unsupported("no page of guest addresses is free")


def _move_ram(result: Annotated, system: System, linux: bool) -> None:
    """Puts RAM behind the devices, which stand where the machine has them."""
    ram, *rest = result.cell.memory
    taken = [Range(m.virt_start, m.size) for m in rest] + _platform_ranges(system)
    start = ram.virt_start
    for r in sorted(taken):
        if r.overlaps(Range(start, ram.size)):
            start = -(-r.end // (2 * MIB)) * 2 * MIB
    if linux and start != ram.virt_start:
        result.notes.append(f"RAM begins at {start:#x} in the cell, not {ram.virt_start:#x}, "
                            "where a device is")
    ram.virt_start = result.cell.cpu_reset_address = start


def _handshake(result: Annotated, system: System, linux: bool) -> None:
    """How the cell is asked to shut down; Linux knows no such request."""
    if linux:
        result.cell.flags |= c.CELL_PASSIVE_COMMREG
        return
    result.cell.flags |= c.CELL_JAILHOUSE_ABI
    result.cell.msg_reply_timeout = REPLY_TIMEOUT
    comm = _free_ipa(result.cell, system, COMM_REGION)
    result.add_memory(native.Memory(0, comm, c.PAGE_SIZE,
                                    c.MEM_READ | c.MEM_WRITE | c.MEM_COMM_REGION),
                      "communication region")


def create(machine: Machine, others: Others, options: Options) -> Annotated:
    """The configuration; Unsupported where a wish cannot be met."""
    if options.channels:
        raise Unsupported("--channel: this revision of the configuration format has no channels")
    if options.name in [cell.name for cell in [others.system.root, *others.cells]]:
        raise Unsupported(f"\"{options.name}\" is the name of another cell: choose another")
    cpus = choose_cpus(options.cpus, others, machine)
    cell = Cell(options.name, 0, [sum(1 << cpu for cpu in cpus)])
    result = Annotated(cell)
    _ram(result, options)
    passed = [find_device(machine, name) for name in options.devices]
    console = _console(result, machine, options.console)
    passed += [console] if console else []
    spis: set[int] = set()
    for device in {id(d): d for d in passed}.values():
        spis |= _pass_device(result, machine, device, others)
    _move_ram(result, others.system, options.linux)
    if console is None:
        _virtual_console(result, others.system, spis)
    _handshake(result, others.system, options.linux)
    _interrupts(result, machine, others.system, spis)
    result.header = _header(machine, others.system, options, cpus, passed)
    return result


def _interrupts(result: Annotated, machine: Machine, system: System, spis: set[int]) -> None:
    owner = {spi: d.node.path for d in machine.devices if d.enabled for spi in d.spis}
    result.cell.irqchips = native.irqchips(system.platform.gicd_base, spis)
    for chip in result.cell.irqchips:
        result.irqchips.append([f"SPI {intid - 32} (INTID {intid}): {owner.get(intid, '?')}"
                                for intid in chip.intids()])


def _header(machine: Machine, system: System, options: Options, cpus: list[int],
            passed: list[Device]) -> list[str]:
    lines = [f"Cell \"{options.name}\" on {machine.model} (\"{system.root.name}\")", "",
             f"CPUs {_cpu_text(cpus)}, {options.memory >> 10} KiB of RAM"
             + (", for Linux" if options.linux else "")]
    for cpu in machine.cpus:
        if cpu.number in cpus:
            lines.append(f"CPU {cpu.number}: {cpu.node.path}, MPIDR {cpu.mpidr:#x}")
    lines += [f"Device: {path}" for path in dict.fromkeys(d.node.path for d in passed)]
    return lines

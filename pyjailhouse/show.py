# SPDX-License-Identifier: Apache-2.0
"""A configuration as text for a person and as JSON for a program."""

from __future__ import annotations

import dataclasses
from typing import Any

from pyjailhouse import constants as c
from pyjailhouse.native import Cell, Console, Memory, System


def size_words(size: int) -> str:
    """A size in the largest unit that leaves a round number."""
    for shift, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >> shift and size % (1 << shift) == 0:
            return f"{size >> shift} {unit}"
    return f"{size:#x} bytes" if size >> 12 else f"{size} bytes"


def numbers_text(numbers: list[int]) -> str:
    """Numbers as a list with ranges: 0-3, 7."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts) or "none"


def flags_text(value: int, names: dict[int, str]) -> str:
    """Flags without the prefix that all have."""
    words = c.flag_names(value, names)
    return " ".join(word.split("_", 2)[2] if word.startswith("CAPSULE_") else word
                    for word in words) or "none"


def cpus_text(cell: Cell) -> str:
    """The CPUs of a cell or root cell."""
    return "all" if cell.flags & c.ROOT_ALL_CPUS else numbers_text(cell.cpu_numbers())


def place_text(m: Memory) -> str:
    """Where a region is in the machine."""
    if m.flags & c.MEM_COMM_REGION:
        return "made by the hypervisor"
    if m.flags & c.MEM_PHYS_ANY:
        return "anywhere, one to one" if m.flags & c.MEM_VIRT_IS_PHYS else "anywhere"
    return f"{m.phys_start:#x}-{m.phys_start + m.size - 1:#x}"


def _console_text(console: Console) -> str:
    kind = c.CON_TYPES.get(console.type, f"type {console.type}").removeprefix("CAPSULE_CON_")
    return (f"{kind} at {console.address:#x}, {console.size:#x} bytes, "
            f"{flags_text(console.flags, c.CON_FLAGS)}"
            + (f", divider {console.divider}" if console.divider else "")
            + (f", interrupt {console.irq}" if console.irq else ""))


def _memory_lines(memory: list[Memory]) -> list[str]:
    rows = [("  IPA", "physical", "size", "flags")]
    rows += [(f"  {m.virt_start:#x}", place_text(m), size_words(m.size),
              flags_text(m.flags, c.MEM_FLAGS)) for m in memory]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[3]
            for row in rows]


def _cell_lines(cell: Cell, is_root: bool) -> list[str]:
    names = c.ROOT_FLAGS if is_root else c.CELL_FLAGS
    lines = [f"{'root cell' if is_root else 'cell'} \"{cell.name}\"",
             f"CPUs: {cpus_text(cell)}",
             f"flags: {flags_text(cell.flags, names)}"]
    if not is_root:
        lines.append(f"first instruction: {cell.cpu_reset_address:#x}")
        lines.append(f"time to answer a shutdown request: {cell.msg_reply_timeout or 1000} ms")
    if cell.console.type:
        lines.append(f"console: {_console_text(cell.console)}")
    lines += ["memory:", *_memory_lines(cell.memory)]
    lines.append(f"interrupts: {numbers_text(cell.intids())}")
    if cell.smc_ids:
        lines.append("SMC functions: " + ", ".join(f"{i:#010x}" for i in cell.smc_ids))
    return lines


def _platform_lines(system: System) -> list[str]:
    p, hv = system.platform, system.hypervisor_memory
    lines = [f"hypervisor: {size_words(hv.size)}, {place_text(hv)}",
             f"GICv{p.gic_version}: GICD {p.gicd_base:#x}, maintenance interrupt "
             f"{p.maintenance_irq}, notify interrupt {p.notify_irq}"]
    for name in ("gicc_base", "gich_base", "gicv_base", "gicr_base", "gicr_size", "gits_base"):
        if getattr(p, name):
            lines.append(f"  {name}: {getattr(p, name):#x}")
    if p.pci_mmconfig_base:
        lines.append(f"PCI: ECAM {p.pci_mmconfig_base:#x}, last bus {p.pci_mmconfig_end_bus}, "
                     f"domain {p.pci_domain}{', virtual' if p.pci_is_virtual else ''}")
    if system.debug_console.type:
        lines.append(f"debug console: {_console_text(system.debug_console)}")
    return lines


def text(config: Cell | System) -> str:
    """For a person; ends with a newline."""
    if isinstance(config, System):
        lines = [*_platform_lines(config), "", *_cell_lines(config.root, True)]
    else:
        lines = _cell_lines(config, False)
    return "\n".join(lines) + "\n"


def _cell_json(cell: Cell, is_root: bool) -> dict[str, Any]:
    data = dataclasses.asdict(cell)
    data["cpus"] = cell.cpu_numbers()
    data["flag_names"] = c.flag_names(cell.flags, c.ROOT_FLAGS if is_root else c.CELL_FLAGS)
    for entry in data["memory"]:
        entry["flag_names"] = c.flag_names(entry["flags"], c.MEM_FLAGS)
    data["interrupts"] = cell.intids()
    return data


def json_data(config: Cell | System) -> dict[str, Any]:
    """For a program: every field of the file under its name, flags also by name."""
    if not isinstance(config, System):
        return {"kind": "cell", "revision": c.REVISION, **_cell_json(config, False)}
    return {"kind": "system", "revision": c.REVISION,
            "hypervisor_memory": dataclasses.asdict(config.hypervisor_memory),
            "debug_console": dataclasses.asdict(config.debug_console),
            "platform_info": dataclasses.asdict(config.platform),
            "root_cell": _cell_json(config.root, True)}

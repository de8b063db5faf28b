# SPDX-License-Identifier: Apache-2.0
"""Configurations as C, in the form that people write them in configs/cells/."""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path
from typing import Any

from pyjailhouse import constants as c
from pyjailhouse.annotated import Annotated
from pyjailhouse.errors import CapsuleError
from pyjailhouse.native import Console, Memory, Platform, System

WIDTH = 88  # of comments, without the tabs before them
HERE = Path(__file__).resolve().parent
# In the source tree, and installed beside the package.
TEMPLATES = (HERE.parent / "tools" / "templates", HERE.parent / "templates")

DECIMAL = ("gic_version", "maintenance_irq", "notify_irq", "pci_mmconfig_end_bus",
           "pci_is_virtual", "pci_domain", "id")


def hex_number(value: int) -> str:
    """A number as addresses are written: at least eight digits."""
    return f"0x{value:08x}"


def size_text(value: int) -> str:
    """A size in bytes as C: so many MiB or KiB where it is a round number of them."""
    for shift in (30, 20, 10):
        if value and value % (1 << shift) == 0 and value >> shift < 1024:
            return f"{value >> shift}UL << {shift}"
    return hex_number(value)


def field_lines(item: Any, names: tuple[str, ...],
                comments: dict[str, str] | None = None) -> list[str]:
    """One designated initialiser for each of the fields that is not 0."""
    lines = []
    for name in names:
        value = getattr(item, name)
        if not value:
            continue
        text = str(value) if name in DECIMAL else hex_number(value)
        if name == "size" and isinstance(item, Memory):
            text = size_text(value)
        comment = (comments or {}).get(name)
        lines.append(f".{name} = {text}," + (f"\t/* {safe(comment)} */" if comment else ""))
    return lines


def safe(text: str) -> str:
    """Text for a comment: no end of comment, one line, printable."""
    plain = "".join(ch if 32 <= ord(ch) < 127 else "?" for ch in text)
    return plain.replace("*/", "* /").replace("/*", "/ *")


def _flags(value: int, names: dict[int, str], indent: str) -> str:
    words = c.flag_names(value, names)
    lines = [" | ".join(words[at:at + 3]) for at in range(0, len(words), 3)]
    return f" |\n{indent}".join(lines)


def _cell_flags(value: int, system: System | None, indent: str) -> str:
    return _flags(value, c.ROOT_FLAGS if system else c.CELL_FLAGS, indent)


def _cpu_words(words: list[int]) -> str:
    return ", ".join(" | ".join(f"1UL << {bit}" for bit in range(64) if word >> bit & 1) or "0"
                     for word in words)


def _console_used(console: Console) -> bool:
    return any(dataclasses.astuple(console))


def _console_lines(console: Console) -> list[str]:
    lines = field_lines(console, ("address", "size"))
    if console.type:
        lines.append(f".type = {c.CON_TYPES.get(console.type, str(console.type))},")
    if console.flags:
        lines.append(f".flags = {' | '.join(c.flag_names(console.flags, c.CON_FLAGS))},")
    if console.divider:
        lines.append(f".divider = {console.divider},")
    if console.irq:
        lines.append(f".irq = {console.irq},")
    return lines


def _opening(text: str) -> list[str]:
    """A comment, then the brace that opens the initialiser it is about."""
    lines = textwrap.wrap(safe(text), WIDTH, break_long_words=False) or [""]
    if len(lines) == 1:
        return [f"/* {lines[0]} */ {{" if lines[0] else "{"]
    return ["/*", *[f" * {line}" for line in lines], " */ {"]


def region_comment(region: Memory) -> str:
    """What a region is, as far as its flags tell."""
    if region.flags & c.MEM_COMM_REGION:
        return "communication region"
    kind = "device" if region.flags & c.MEM_IO else "RAM"
    return f"{kind}, shared with the agency" if region.flags & c.MEM_ROOTSHARED else kind


def _library() -> Any:
    """Only C needs it: a machine that compiles for itself does without."""
    try:
        import jinja2
    except ImportError:
        raise CapsuleError("C sources are written by python3-jinja2, which is not there: "
                           "apt install python3-jinja2, or write NAME.cell only") from None
    return jinja2


def _environment() -> Any:
    jinja2 = _library()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(path) for path in TEMPLATES]),
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
        undefined=jinja2.StrictUndefined)
    environment.filters.update(
        hex=hex_number, fields=field_lines, cpu_words=_cpu_words, cell_flags=_cell_flags,
        mem_flags=lambda value, indent: _flags(value, c.MEM_FLAGS, indent),
        console_used=_console_used, console_lines=_console_lines,
        words=lambda values: ", ".join(f"0x{v:08x}" if v else "0" for v in values))
    return environment


def _header_lines(lines: list[str]) -> list[str]:
    return [part for line in lines
            for part in (textwrap.wrap(safe(line), WIDTH, break_long_words=False) or [""])]


def to_c(annotated: Annotated) -> str:
    """The C source, compilable with include/ in the include path."""
    cell = annotated.cell
    system = annotated.config if isinstance(annotated.config, System) else None
    comments = annotated.memory + [region_comment(m)
                                   for m in cell.memory[len(annotated.memory):]]
    chips = annotated.irqchips + [[f"{len(chip.intids())} interrupts"]
                                  for chip in cell.irqchips[len(annotated.irqchips):]]
    platform = field_lines(system.platform, tuple(f.name for f in dataclasses.fields(Platform)),
                           annotated.fields) if system else []
    try:
        template = _environment().get_template("config.c.j2")
    except _library().TemplateNotFound:
        raise CapsuleError("template config.c.j2 is not installed beside pyjailhouse") from None
    return template.render(
        header=_header_lines(annotated.header or [cell.name]), cell=cell, system=system,
        platform=platform,
        memory=[(m, _opening(text)) for m, text in zip(cell.memory, comments)],
        irqchips=[(chip, _opening("; ".join(text))) for chip, text in zip(cell.irqchips, chips)])

# SPDX-License-Identifier: Apache-2.0
"""What differs between two configurations, by meaning rather than by bytes."""

from __future__ import annotations

import dataclasses
from typing import Any

from pyjailhouse import constants as c
from pyjailhouse.native import Cell, Memory, System
from pyjailhouse.show import cpus_text, flags_text, numbers_text, place_text, size_words


def _value(name: str, value: Any) -> str:
    if not isinstance(value, int):
        return str(value)
    decimal = name.endswith(("irq", "version", "bus", "domain", "timeout", "virtual"))
    return str(value) if decimal else f"{value:#x}"


def _fields(where: str, a: Any, b: Any, skip: tuple[str, ...] = ()) -> list[str]:
    lines = []
    for field in dataclasses.fields(a):
        old, new = getattr(a, field.name), getattr(b, field.name)
        if field.name not in skip and old != new:
            lines.append(f"{where}{field.name}: {_value(field.name, old)} -> "
                         f"{_value(field.name, new)}")
    return lines


def _region_text(m: Memory) -> str:
    return (f"IPA {m.virt_start:#x}, {place_text(m)}, {size_words(m.size)}, "
            f"{flags_text(m.flags, c.MEM_FLAGS)}")


def _memory(a: list[Memory], b: list[Memory]) -> list[str]:
    """Regions with the same IPA are the same region."""
    old = {m.virt_start: m for m in a}
    new = {m.virt_start: m for m in b}
    lines = [f"- memory {_region_text(m)}" for ipa, m in old.items() if ipa not in new]
    lines += [f"+ memory {_region_text(m)}" for ipa, m in new.items() if ipa not in old]
    for ipa, m in old.items():
        if ipa in new and new[ipa] != m:
            lines += [f"- memory {_region_text(m)}", f"+ memory {_region_text(new[ipa])}"]
    return lines


def _sets(what: str, a: list[int], b: list[int]) -> list[str]:
    gone, came = sorted(set(a) - set(b)), sorted(set(b) - set(a))
    return ([f"- {what} {numbers_text(gone)}"] if gone else []) + \
        ([f"+ {what} {numbers_text(came)}"] if came else [])


def _cells(a: Cell, b: Cell, names: dict[int, str]) -> list[str]:
    lines = _fields("", a, b, ("flags", "cpus", "memory", "irqchips", "smc_ids", "console"))
    if a.flags != b.flags:
        lines.append(f"flags: {flags_text(a.flags, names)} -> {flags_text(b.flags, names)}")
    if cpus_text(a) != cpus_text(b):
        lines.append(f"CPUs: {cpus_text(a)} -> {cpus_text(b)}")
    lines += _fields("console.", a.console, b.console)
    lines += _memory(a.memory, b.memory)
    lines += _sets("interrupts", a.intids(), b.intids())
    lines += _sets("SMC functions", a.smc_ids, b.smc_ids)
    return lines


def differences(a: Cell | System, b: Cell | System) -> list[str]:
    """One line for each difference; none if the two mean the same."""
    if isinstance(a, System) and isinstance(b, System):
        return (_fields("hypervisor_memory.", a.hypervisor_memory, b.hypervisor_memory) +
                _fields("debug_console.", a.debug_console, b.debug_console) +
                _fields("platform_info.", a.platform, b.platform) +
                _cells(a.root, b.root, c.ROOT_FLAGS))
    if isinstance(a, Cell) and isinstance(b, Cell):
        return _cells(a, b, c.CELL_FLAGS)
    return ["one is a root configuration, the other a cell"]

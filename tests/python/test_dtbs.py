# SPDX-License-Identifier: Apache-2.0
"""Every device tree that Debian ships for arm64: a root configuration that
compiles and that the checker takes, or one line that says why not; on top a
cell with a UART wherever there is a second one.

By default a sample spread over the vendors; CAPSULE_ALL_DTBS=1 takes all.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ci import kernel
from config_tools import compile_c
from pyjailhouse import cellconfig, fdt, machine, native, rootconfig, source
from pyjailhouse import constants as c
from pyjailhouse.errors import CapsuleError, Unsupported

SAMPLE = 60
SLOW = 10.0  # s for one tree
# What the hypervisor does not run on, rather than what the generator fails at.
NO_GIC, NO_PSCI = "no GICv2 or GICv3", ("no PSCI", "not PSCI", "PSCI is called by HVC")


@dataclass
class Table:
    """What came out, by reason."""

    roots: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def count(self, counter: Counter[str], what: str, path: Path) -> None:
        counter[what] += 1
        self.examples.setdefault(what, path.name)

    def lines(self) -> list[str]:
        lines = []
        for title, counter in (("root configuration", self.roots), ("cell with a UART", self.cells)):
            lines.append(f"{title}:")
            lines += [f"  {n:4d}  {what}" + ("" if what == "ok" else f"  ({self.examples[what]})")
                      for what, n in counter.most_common()]
        return [*lines, f"slowest: {self.slowest[0]:.1f} s, {self.slowest[1]}"]


def all_dtbs() -> list[Path]:
    """By vendor and name, overlays left out: they are no machines."""
    found = sorted((kernel.installed("6.1") / "usr" / "lib").glob("linux-image-*/*/*.dtb"))
    assert len(found) > 500
    return found


def sample(paths: list[Path], count: int) -> list[Path]:
    """Vendors take turns; each gives trees from all over its list."""
    vendors: dict[str, list[Path]] = {}
    for path in paths:
        vendors.setdefault(path.parent.name, []).append(path)
    for files in vendors.values():
        step = max(len(files) // 8, 1)
        files.sort(key=lambda path, all_=list(files), by=step: (all_.index(path) % by, path))
    chosen: list[Path] = []
    while len(chosen) < min(count, len(paths)):
        chosen += [files.pop(0) for files in vendors.values() if files]
    return chosen[:count]


def group(reason: str) -> str:
    """The reason without the node's name, which differs from board to board."""
    return reason.split(": ", 1)[1] if reason.startswith("/") else reason


def second_uart(m: machine.Machine) -> machine.Device | None:
    """One that is not the agency's own console."""
    chosen = m.tree.find("/chosen")
    own = m.tree.find(chosen.string("stdout-path")) if chosen else None
    uarts = [d for d in m.uarts() if d.ranges and d.node is not own]
    return uarts[-1] if len(m.uarts()) > 1 and uarts else None


def try_cell(tools, table: Table, path: Path, m: machine.Machine, root: native.System,
             folder: Path) -> None:
    uart = second_uart(m)
    if uart is None or len(m.cpus) < 2:
        table.count(table.cells, "no second UART, or one CPU", path)
        return
    options = cellconfig.Options("uart-cell", "1", devices=[uart.node.path])
    try:
        result = cellconfig.create(m, cellconfig.Others(root, []), options)
    except CapsuleError as error:
        table.failures.append(f"{path.name}: cell with {uart.node.path}: {error}")
        return
    (folder / "cell.cell").write_bytes(native.write(result.config))
    said = tools.check(folder / "root.cell", folder / "cell.cell")
    if said:
        table.failures.append(f"{path.name}: cell with {uart.node.path}: {said}")
    else:
        assert uart.ranges[0].start // c.PAGE_SIZE in {
            m.phys_start // c.PAGE_SIZE for m in result.cell.memory if m.flags & c.MEM_IO}
        table.count(table.cells, "ok", path)


def try_root(tools, table: Table, path: Path, folder: Path) -> None:
    try:
        m = machine.build(fdt.load(path))
        result = rootconfig.create(m, rootconfig.Options())
    except CapsuleError as error:
        assert "\n" not in str(error)
        if not isinstance(error, Unsupported):
            table.failures.append(f"{path.name}: {error}")
        table.count(table.roots, group(str(error)), path)
        return
    data = native.write(result.config)
    assert compile_c(source.to_c(result), folder) == data, path.name
    (folder / "root.cell").write_bytes(data)
    said = tools.check(folder / "root.cell")
    if said:
        table.failures.append(f"{path.name}: {said}")
        return
    assert set(m.wired_spis()) <= set(result.cell.intids())
    assert result.config.platform.notify_irq not in m.wired_spis()
    table.count(table.roots, "ok", path)
    try_cell(tools, table, path, m, result.config, folder)


def test_device_trees(tools, tmp_path, capsys):
    paths = all_dtbs()
    if not os.environ.get("CAPSULE_ALL_DTBS"):
        paths = sample(paths, SAMPLE)
        assert len({path.parent.name for path in paths}) >= 12
    table = Table()
    for path in paths:
        start = time.monotonic()
        try_root(tools, table, path, tmp_path)
        table.slowest = max(table.slowest, (time.monotonic() - start, path.name))
    with capsys.disabled():
        print(f"\n{len(paths)} device trees\n" + "\n".join(table.lines()))
    assert not table.failures, "\n".join(table.failures)
    fit = sum(n for why, n in table.roots.items()
              if not why.startswith(NO_GIC) and not any(p in why for p in NO_PSCI))
    assert table.roots["ok"] >= 0.95 * fit
    assert table.cells["ok"] > 0
    assert table.slowest[0] < SLOW * (1 if len(paths) > SAMPLE else 2)


def test_sample_is_spread():
    paths = [Path(f"{vendor}/{n}.dtb") for vendor, count in (("a", 50), ("b", 2), ("c", 30))
             for n in range(count)]
    chosen = sample(paths, 20)
    assert len(chosen) == len(set(chosen)) == 20
    assert Counter(path.parent.name for path in chosen) == {"a": 9, "b": 2, "c": 9}


@pytest.mark.parametrize("said, wanted", [("/a/b: x: y", "x: y"), ("no PSCI: z", "no PSCI: z")])
def test_group(said, wanted):
    assert group(said) == wanted

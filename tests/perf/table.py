# SPDX-License-Identifier: Apache-2.0
"""Results as text."""

from __future__ import annotations

from collections.abc import Iterable

from results import Results, value_of
from rows import ABSENT, COMPARED, MANAGED, PEERS, SOURCE, Row
from scenario import SIZES


def _compare(results: Results, rows: Iterable[Row]) -> Iterable[str]:
    head = "".join(f"{name:>15}" for name in PEERS)
    yield f"{'':48}{'Capsule':>9}{'goal':>9}       {'GICv2':>7}{head}"
    for row in rows:
        ours = value_of(results, row.operation)
        verdict = "" if ours <= row.goal else "MISSED"
        peers = "".join(f"{row.peers.get(name, '-'):>15}" for name in PEERS)
        gicv2 = results["gicv2"].get(row.operation, "-") if row in COMPARED else "-"
        yield f"{row.label:48}{ours:>9}{row.goal:>9} {verdict:6}{gicv2:>7}{peers}"


def _operations(results: Results) -> Iterable[str]:
    yield (f"{'operation':24}{'EL2':>7}{'PMU':>7}{'entries':>8}{'load':>6}{'store':>6}"
           f"{'sysreg':>7}{'dsb':>4}{'dmb':>4}{'isb':>4}{'tlbi':>5}{'cache':>6}")
    for name, one in results["operations"].items():
        kinds = one["kinds"]
        numbers = "".join(f"{kinds.get(kind, 0):>{width}}" for kind, width in (
            ("load", 6), ("store", 6), ("sysreg", 7), ("dsb", 4), ("dmb", 4), ("isb", 4),
            ("tlbi", 5), ("cache", 6)))
        yield f"{name:24}{one['instructions']:>7}{one['pmu']:>7}{one['visits']:>8}{numbers}"


def _management(results: Results) -> Iterable[str]:
    yield (f"{'command':24}{'work':>10}{'clearing':>12}{'calls':>7}{'longest':>10}"
           f"{'CPUs':>6}")
    for name, one in results["management"].items():
        yield (f"{name:24}{one['instructions']:>10}{one['clearing']:>12}{one['calls']:>7}"
               f"{one['longest']:>10}{one['cpus']:>6}")


def text(results: Results) -> str:
    """All tables, one after the other."""
    lines = ["Instructions at EL2 (work, not time)", ""]
    lines += _compare(results, [*COMPARED, *MANAGED])
    lines += ["", f"Others: {SOURCE}.", "", "Every operation of the guest, by kind of instruction",
              ""]
    lines += _operations(results)
    sizes = " and ".join(map(str, SIZES))
    lines += ["", f"Management: cells of {sizes} MiB; longest is one entry, CPUs enter at all", ""]
    lines += _management(results)
    lines += ["", f"load, EL2 instructions per MiB: "
              f"{results['management'][f'load-{SIZES[-1]}']['per MiB']:.0f}"]
    lines += [f"idle, {name}: {rate:.1f} entries/s" for name, rate in results["idle"].items()]
    for name, leaves in results["stage2"].items():
        sizes = ", ".join(f"{n} of {size}" for size, n in leaves.items() if size != "pages")
        lines.append(f"stage 2 of the {name}: {leaves['pages']} table pages, leaves: {sizes}")
    lines.append("image: " + ", ".join(f"{name} {n}" for name, n in results["sections"].items()))
    lines.append(f"deepest stack of an exit: {results['stack']} bytes")
    lines += [f"not measured: {name} ({why})" for name, why in ABSENT.items()]
    lines.append(f"{results['compiler']}; {results['qemu']}; {results['commit']}")
    return "\n".join(lines) + "\n"

# SPDX-License-Identifier: Apache-2.0
"""The budget: how many instructions each operation may take, and by which function.

budget.csv holds what is gated, `operation,least,most`; functions.csv what each
function had in it when the budget was made, so that a rise can be explained.
Counts depend on the compiler and, where interrupts are concerned, on the
emulator; both stand at the head of budget.csv, and with others nothing is gated.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from results import Results

HERE = Path(__file__).resolve().parent
BUDGET, FUNCTIONS = HERE / "budget.csv", HERE / "functions.csv"
# Rows with Linux in them: what the agency's calls depend on differs a little from run to run.
RANGE = 0.02
MANAGED = ("enable", "disable", "create-64", "start-64", "shutdown-64", "destroy-64",
           "create-512", "start-512", "destroy-512")
# These may grow by so much before somebody has to say why.
SPARE = {"image bytes": 4096, "stack bytes": 256}
NAMED = 6       # functions that a message names


@dataclass
class Budget:
    """What stands in the two files."""

    compiler: str
    qemu: str
    limits: dict[str, tuple[int, int]] = field(default_factory=dict)
    functions: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass
class Verdict:
    """How results stand to a budget; each line a message."""

    rises: list[str] = field(default_factory=list)
    falls: list[str] = field(default_factory=list)


def figures(results: Results) -> dict[str, int]:
    """What is gated: name of the row -> figure."""
    found = {name: int(one["instructions"]) for name, one in results["operations"].items()}
    for name in MANAGED:
        found[name] = int(results["management"][name]["instructions"])
        found[f"{name} longest entry"] = int(results["management"][name]["longest"])
    found["image bytes"] = int(results["image"])
    found["stack bytes"] = int(results["stack"])
    return found


def functions_of(results: Results, name: str) -> dict[str, int]:
    """Instructions by function of a row; none for those that are no path."""
    one = results["operations"].get(name) or results["management"].get(name) or {}
    return dict(one.get("functions", {}))


def make(results: Results) -> Budget:
    """A budget that these results just keep."""
    budget = Budget(results["compiler"], results["qemu"])
    for name, figure in figures(results).items():
        spare = int(figure * RANGE) if name.startswith(MANAGED) else SPARE.get(name, 0)
        budget.limits[name] = (figure - spare, figure + spare)
        budget.functions[name] = functions_of(results, name)
    return budget


def write(budget: Budget, path: Path = BUDGET, functions: Path = FUNCTIONS) -> None:
    with path.open("w", newline="") as file:
        file.write(f"# compiler: {budget.compiler}\n# qemu: {budget.qemu}\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("operation", "least", "most"))
        rows.writerows((name, *limits) for name, limits in budget.limits.items())
    with functions.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("operation", "function", "instructions"))
        rows.writerows((name, function, count) for name, one in budget.functions.items()
                       for function, count in one.items())


def read(path: Path = BUDGET, functions: Path = FUNCTIONS) -> Budget:
    lines = path.read_text().splitlines()
    heads = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    budget = Budget(heads["compiler"], heads["qemu"])
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        budget.limits[row["operation"]] = (int(row["least"]), int(row["most"]))
    for row in csv.DictReader(functions.read_text().splitlines()):
        one = budget.functions.setdefault(row["operation"], {})
        one[row["function"]] = int(row["instructions"])
    return budget


def comparable(budget: Budget, results: Results) -> bool:
    """Whether the same compiler and emulator made both."""
    return (budget.compiler, budget.qemu) == (results["compiler"], results["qemu"])


def explain(before: dict[str, int], after: dict[str, int]) -> str:
    """By which functions two profiles differ, the most changed first."""
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}}
    changed = sorted((name for name in changes if changes[name]),
                     key=lambda name: (-abs(changes[name]), name))
    named = ", ".join(f"{name} {changes[name]:+d}" for name in changed[:NAMED])
    return f" ({named})" if named else ""


def judge(budget: Budget, results: Results) -> Verdict:
    """Compare; an operation without a budget counts as a rise."""
    verdict = Verdict()
    for name, figure in figures(results).items():
        if name not in budget.limits:
            verdict.rises.append(f"{name}: {figure}, and no budget")
            continue
        least, most = budget.limits[name]
        why = explain(budget.functions.get(name, {}), functions_of(results, name))
        if figure > most:
            verdict.rises.append(f"{name}: {figure}, budget {most}{why}")
        elif figure < least:
            verdict.falls.append(f"{name}: {figure}, budget {least}{why}")
    missing = budget.limits.keys() - figures(results).keys()
    verdict.rises += [f"{name}: in the budget, but not measured" for name in sorted(missing)]
    return verdict

# SPDX-License-Identifier: Apache-2.0
"""Counts, prints the tables, writes build/bench/bench.json and bench.svg.

`make bench` runs it; `make bench-budget` also makes what was counted the new
budget, to be committed with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import counting  # noqa: F401  finds the tree
import budget
import picture
import results
import scenario
import table

BUILD = Path(os.environ.get("O", counting.TREE / "build")).resolve()


def compare_with_budget(found: results.Results) -> None:
    if not budget.BUDGET.exists():
        print("There is no budget yet.")
        return
    limits = budget.read()
    verdict = budget.judge(limits, found)
    if not budget.comparable(limits, found):
        print(f"The budget was made with {limits.compiler}; {limits.qemu}: not gated.")
    for message in verdict.rises:
        print(f"above the budget: {message}")
    for message in verdict.falls:
        print(f"below the budget, lower it: {message}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", action="store_true", help="what is counted is the new budget")
    wanted = parser.parse_args()
    folder = BUILD / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    found = results.collect(BUILD, scenario.run(BUILD, folder / "machine"),
                            scenario.run_gicv2(BUILD, folder / "machine-gicv2"))
    (folder / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "bench.svg").write_text(picture.draw(found))
    print(table.text(found))
    if wanted.budget:
        budget.write(budget.make(found))
    compare_with_budget(found)
    print(f"{folder}/bench.json, {folder}/bench.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""From what a run counted to one dictionary that is written as JSON."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from statistics import median_low
from typing import Any

from ci.qemu import version

from counting import TREE, Counted, Tally
from image import Image
from scenario import IDLE_SECONDS, LOADED, SIZES, Guest, Run

Results = dict[str, Any]
# Grows with memory by nature: what clears it and what cleans it from the caches, and the window
# that EL2 sees it through.
CLEARING = ("cache_clear_pages", "cache_flush_poc", "window_map", "hv_window_map",
            "hv_window_unmap")


def compiler(elf: Path) -> str:
    """Who compiled the image, as its debugging information says."""
    found = re.search(rb"GNU C\d+ [\d.]+|clang version [\d.]+", elf.read_bytes())
    return found.group().decode() if found else "unknown"


def operations(image: Image, guest: Guest, counted: dict[str, Counted]) -> Results:
    """The guest's operations: exact."""
    results = {}
    for name, counts in guest.counts.items():
        profile: Counter[int] = Counter()
        for cpu, one in counted[name].profile.items():
            if cpu in guest.cpus:
                profile.update(one)
        results[name] = {
            "instructions": median_low(counts), "least": min(counts), "most": max(counts),
            "visits": guest.visits[name], "receiver": guest.receiver[name],
            "pmu": guest.pmu[name][0], "kinds": image.by_kind(profile),
            "functions": image.by_function(profile),
        }
    return results


def _last(samples: dict[int, dict[int, Tally]]) -> dict[int, Tally]:
    return samples[max(samples)] if samples else {}


def management(image: Image, counted: Counted) -> Results:
    """A command of the agency: what its calls did at EL2."""
    functions: Counter[str] = Counter()
    for profile in counted.tagged_profile.values():
        functions.update(image.by_function(profile))
    calls = {cpu: tally for cpu, tally in _last(counted.tagged).items() if tally.visits}
    clearing = sum(functions[name] for name in CLEARING)
    return {
        "instructions": sum(tally.insns for tally in calls.values()) - clearing,
        "clearing": clearing,
        "calls": sum(tally.visits for tally in calls.values()),
        "cpus": len(calls),
        "longest": max((tally.longest for tally in calls.values()), default=0),
        "functions": dict(sorted(functions.items())),
    }


def idle(counted: Counted) -> dict[str, float]:
    """Entries into EL2 per second while nothing happens."""
    last = _last(counted.samples)
    cell, agency = 1, (0, 2, 3)
    return {
        "cell without a timer": last.get(cell, Tally()).visits / IDLE_SECONDS,
        "agency, three CPUs": sum(last.get(cpu, Tally()).visits for cpu in agency) / IDLE_SECONDS,
    }


def collect(build: Path, run: Run, gicv2: Guest | None = None) -> Results:
    """Everything that one run gave, and beside it the guest's counts on another machine."""
    image = Image(build / "hypervisor")
    names = ["enable", "disable"]
    names += [f"{verb}-{mib}" for mib in SIZES
              for verb in ("create", "load", "start", "shutdown", "destroy")]
    managed = {name: management(image, run.counted[name]) for name in names}
    for mib in SIZES:
        load = managed[f"load-{mib}"]
        load["per MiB"] = (load["instructions"] + load["clearing"]) / LOADED
    sections = image.sections()
    return {
        "compiler": compiler(image.elf), "qemu": version(),
        "commit": subprocess.run(["git", "describe", "--always", "--dirty"], text=True,
                                 capture_output=True, cwd=TREE).stdout.strip(),
        "operations": operations(image, run.guest, run.counted),
        "management": managed, "idle": idle(run.counted["idle"]), "stage2": run.stage2,
        "sections": sections, "image": sections["text"] + sections["rodata"],
        "stack": max(run.stack.values()),
        "gicv2": {name: median_low(counts) for name, counts in gicv2.counts.items()}
        if gicv2 else {},
    }


def value_of(results: Results, operation: str) -> int:
    """The figure that stands for a row of rows.py."""
    if operation == "image":
        return int(results["image"])
    if operation == "cpu-on":
        return int(results["operations"]["cpu-on"]["receiver"])
    if operation in results["operations"]:
        return int(results["operations"][operation]["instructions"])
    managed = results["management"]
    return int(managed.get(operation, managed.get(f"{operation}-{SIZES[0]}"))["instructions"])

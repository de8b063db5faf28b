# SPDX-License-Identifier: Apache-2.0
"""One run of an agency under the plugin: cells and commands, and what was counted."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE), str(TREE / "tests/system/product")]

from agency import Agency  # noqa: E402

from image import Image, symbols  # noqa: E402

# Operations of the agency are numbered from here, those of the guest from 0.
AGENCY_FIRST, AGENCY_COUNT, GUEST_COUNT = 64, 64, 64


@dataclass(frozen=True)
class Tally:
    """What one CPU did at EL2 during one sample of an operation."""

    insns: int = 0
    visits: int = 0
    longest: int = 0


@dataclass
class Counted:
    """An operation: samples[n][cpu], and those of tagged visits alone; profiles of the last."""

    samples: dict[int, dict[int, Tally]] = field(default_factory=lambda: defaultdict(dict))
    tagged: dict[int, dict[int, Tally]] = field(default_factory=lambda: defaultdict(dict))
    profile: dict[int, dict[int, int]] = field(default_factory=dict)
    tagged_profile: dict[int, dict[int, int]] = field(default_factory=dict)


@dataclass
class Counts:
    """All that the plugin wrote."""

    operations: dict[int, Counted]
    stack: dict[int, int]       # bytes, by CPU


def read_counts(path: Path) -> Counts:
    """Parse the plugin's file; its format stands at the head of el2count.c."""
    operations: dict[int, Counted] = defaultdict(Counted)
    stack = {}
    for line in path.read_text().splitlines():
        word, *rest = line.split()
        if word == "sample":
            op, index, cpu, *numbers = map(int, rest)
            operations[op].samples[index][cpu] = Tally(*numbers[:3])
            operations[op].tagged[index][cpu] = Tally(*numbers[3:])
        elif word == "profile":
            numbers = list(map(int, rest[3:]))
            counted = operations[int(rest[0])]
            where = counted.profile if rest[2] == "all" else counted.tagged_profile
            where[int(rest[1])] = dict(zip(numbers[0::2], numbers[1::2], strict=True))
        elif word == "stack":
            cpu, low, high = map(int, rest)
            # The highest store is the last of the frame's pairs, below one word of padding.
            stack[cpu] = (high + 8 + 15) // 16 * 16 - low if low else 0
    return Counts(dict(operations), stack)


class Bench(Agency):
    """An agency whose QEMU counts, one instruction a tick.

    alias   physical address of the hypervisor's memory, if it is known before
    tags    functions of EL2: visits that enter one of them are counted apart
    """

    def __init__(self, build: Path, directory: Path, alias: int | None = None,
                 tags: tuple[str, ...] = (), **options: object) -> None:
        self.el2 = image = Image(build / "hypervisor")
        guest = symbols(build / "inmates/bench.elf")
        agency = symbols(build / "perf/root/usr/local/bin/measure")
        self.counts_file = directory / "counts"
        marks = guest["bench_marks"]
        words = [
            str(build / "perf/el2count.so"), f"text={image.text:#x}", f"size={image.text_size}",
            f"out={self.counts_file}", f"vectors={image.symbols['vectors']:#x}",
            f"mark={guest['bench_mark']:#x}:{marks:#x}:0:{GUEST_COUNT}",
            f"mark={guest['bench_cpu_first']:#x}:{marks:#x}:0:{GUEST_COUNT}",
            f"mark={agency['measure_mark']:#x}:{agency['measure_marks']:#x}"
            f":{AGENCY_FIRST}:{AGENCY_COUNT}",
        ]
        if alias is not None:
            words.append(f"alias={alias + image.text - image.base:#x}")
        words += [f"tag={image.symbols[name]:#x}" for name in tags]
        self.names: dict[int, str] = {}
        super().__init__(
            add=[build / "agency", build / "perf/root", build / "tests/guest-root"],
            icount=True, plugin=",".join(words), directory=directory, **options)

    def measure(self, name: str, command: str) -> str:
        """Run a command in the agency as one sample of an operation."""
        number = next((n for n, known in self.names.items() if known == name), None)
        if number is None:
            number = AGENCY_FIRST + sum(n >= AGENCY_FIRST for n in self.names)
            self.names[number] = name
        return self.check(f"measure {number - AGENCY_FIRST} {command}", 600)

    def run_guest(self, cell: str, parameters: str) -> dict[str, tuple[int, int]]:
        """Load and start the benchmark guest in a created cell, and wait for its end.

        Returns least and most that the PMU counted for each operation.
        """
        self.load(cell, "bench", parameters)
        self.do(f"cell start {cell}")
        said = self.await_text(cell, "bench: done", 300) + self.said(cell)
        pmu = {}
        for number, name, least, most in re.findall(
                r"^bench: op (\d+) (\S+) pmu (\d+) (\d+)\r?$", said, re.MULTILINE):
            self.names[int(number)] = name
            pmu[name] = (int(least), int(most))
        return pmu

    def finish(self) -> dict[str, Counted]:
        """End QEMU and return what was counted, by operation."""
        self.monitor("quit")
        self.wait_end()
        self.kill()
        self.counts = read_counts(self.counts_file)
        return {self.names[n]: counted for n, counted in self.counts.operations.items()
                if n in self.names}

# SPDX-License-Identifier: Apache-2.0
"""What the hypervisor costs: counted twice alike, by two methods alike, and held to a budget."""

from __future__ import annotations

import copy
import os
import subprocess
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest

import counting
import budget
import picture
import results
import scenario
import table
from image import kind_of
from rows import COMPARED

BUILD = Path(os.environ.get("O", counting.TREE / "build")).resolve()
# Operations whose cost is one for each CPU that is reached.
PER_CPU = {"sgi-broadcast"}
# Routes of the cell's own SPIs are set anew when a CPU comes: so much for each of them.
BY_INTERRUPT = {"cpu-on": 60}
# Instructions of the longest entry of a management call with a cell of 512 MiB, and by how much
# each 2 MiB block makes it longer.
LONGEST = {"create": 185000, "load": 1000, "start": 175000, "destroy": 400000}
PER_BLOCK = {"create": 100, "load": 0, "start": 400, "destroy": 700}
# CPU 1's counters begin anew when it is switched on, so its part cannot be counted by itself.
CALLER_ONLY = {"cpu-on"}


@pytest.fixture(scope="session")
def built() -> Path:
    """The build folder, with all that the counting needs."""
    targets = [["-C", "tests/perf"]]
    if "CAPSULE_STAGED" not in os.environ:
        targets.insert(0, ["agency"])
    for target in targets:
        done = subprocess.run(["make", *target, f"O={BUILD}"], cwd=counting.TREE,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return BUILD


@pytest.fixture(scope="session")
def first(built: Path, tmp_path_factory: pytest.TempPathFactory) -> results.Results:
    return results.collect(built, scenario.run(built, tmp_path_factory.mktemp("first")))


@pytest.fixture(scope="session")
def second(built: Path, tmp_path_factory: pytest.TempPathFactory) -> results.Results:
    return results.collect(built, scenario.run(built, tmp_path_factory.mktemp("second")))


@pytest.fixture(scope="session")
def many(built: Path, tmp_path_factory: pytest.TempPathFactory) -> scenario.Guest:
    return scenario.run_many(built, tmp_path_factory.mktemp("many"))


def test_all_was_measured(first: results.Results) -> None:
    assert {row.operation for row in COMPARED} <= first["operations"].keys()
    for name, one in first["operations"].items():
        assert one["visits"] > 0 and sum(one["functions"].values()) > 0, name


def test_two_runs_agree(first: results.Results, second: results.Results) -> None:
    """Counts of the guest are exact: by operation, by function, by kind of instruction."""
    assert first["operations"] == second["operations"]
    assert first["stage2"]["bench cell"] == second["stage2"]["bench cell"]


def test_repetitions_agree(first: results.Results) -> None:
    unsteady = {name: (one["least"], one["most"]) for name, one in first["operations"].items()
                if one["least"] != one["most"]}
    assert not unsteady


def test_plugin_and_pmu_agree(first: results.Results) -> None:
    """The guest's own count by event 0x08 at EL2 is what the plugin saw."""
    for name, one in first["operations"].items():
        total = one["instructions"]
        expected = total - one["receiver"] if name in CALLER_ONLY else total
        assert one["pmu"] == expected, name


def test_profile_is_the_count(first: results.Results) -> None:
    for name, one in first["operations"].items():
        assert sum(one["functions"].values()) == sum(one["kinds"].values()) == one["instructions"]


def test_counts_do_not_grow(first: results.Results, many: scenario.Guest) -> None:
    """Neither with cells, CPUs, memory regions or interrupts."""
    grown = {name: (one["instructions"], counts[-1]) for name, counts in many.counts.items()
             if (one := first["operations"][name])["instructions"] != counts[-1]
             and name not in PER_CPU and name not in BY_INTERRUPT}
    assert not grown, f"(alone, among others): {grown}"
    for name, each in BY_INTERRUPT.items():
        more = many.counts[name][-1] - first["operations"][name]["instructions"]
        assert more <= each * scenario.MANY_INTERRUPTS, name


def test_methods_agree_on_gicv2(built: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """All that a GICv2 has was measured there, by both methods alike."""
    guest = scenario.run_gicv2(built, tmp_path_factory.mktemp("gicv2"))
    assert {"gicd-read-isenabler", "gicd-write-itargetsr", "sgi-self", "sgi-other",
            "sgi-broadcast", "timer-virt", "spi-level"} <= guest.counts.keys()
    for name, counts in guest.counts.items():
        expected = min(counts) - (guest.receiver[name] if name in CALLER_ONLY else 0)
        assert guest.pmu[name][0] == expected, name


def test_broadcast_grows_by_receiver(first: results.Results, many: scenario.Guest) -> None:
    """No more for each further CPU than one SGI to another CPU costs altogether."""
    one = first["operations"]["sgi-broadcast"]["instructions"]
    further = len(scenario.MANY_CPUS) - len(scenario.GUEST_CPUS)
    each = (many.counts["sgi-broadcast"][-1] - one) / further
    assert 0 < each <= first["operations"]["sgi-other"]["instructions"]


def test_an_idle_cell_stays_out(first: results.Results) -> None:
    assert first["idle"]["cell without a timer"] == 0


def test_large_blocks(first: results.Results) -> None:
    """RAM of the cell in 2 MiB blocks, the agency's in the largest there are."""
    cell, agency = first["stage2"]["bench cell"], first["stage2"]["agency"]
    assert cell["2M"] == 8 and cell["4K"] == 1     # 16 MiB, communication region
    assert agency["1G"] > 1000 and agency["4K"] < 1024


def test_one_agency_cpu_at_a_time(first: results.Results) -> None:
    """A management call is one CPU's; only enable and disable need them all."""
    for name, one in first["management"].items():
        assert one["cpus"] == (4 if name in ("enable", "disable") else 1), name


def test_longest_entry(first: results.Results) -> None:
    """No management call keeps a CPU of the agency longer than stated.

    Clearing is done in slices. What changes tables grows by a little with each
    2 MiB of a cell, and so has a limit for it, too: see docs/performance.md.
    """
    small, large = scenario.SIZES
    for verb, most in LONGEST.items():
        longest = [first["management"][f"{verb}-{mib}"]["longest"] for mib in scenario.SIZES]
        assert longest[1] <= most, verb
        assert longest[1] - longest[0] <= PER_BLOCK[verb] * (large - small) // 2, verb


@pytest.fixture(scope="session")
def limits(first: results.Results) -> budget.Budget:
    """The budget, where it can be held against these results."""
    made = budget.read()
    if not budget.comparable(made, first):
        pytest.skip(f"the budget was made with {made.compiler}; {made.qemu}, this is"
                    f" {first['compiler']}; {first['qemu']}: counts differ, not gated")
    return made


def test_budget(first: results.Results, limits: budget.Budget) -> None:
    """Nothing takes more than the budget; what takes less is said."""
    verdict = budget.judge(limits, first)
    for message in verdict.falls:
        warnings.warn(f"below the budget, `make bench-budget` lowers it: {message}", stacklevel=1)
    assert not verdict.rises, (
        "above tests/perf/budget.csv (if it is worth it: `make bench-budget`, and the reason in"
        " the commit):\n" + "\n".join(verdict.rises))


# -- the gate itself, without a machine

def sample() -> results.Results:
    """Results of two operations, made up."""
    return {
        "compiler": "GNU C11 1", "qemu": "QEMU 1",
        "operations": {"call": {"instructions": 90, "functions": {"vectors": 30, "call": 60}},
                       "timer": {"instructions": 140, "functions": {"vectors": 30, "irq": 110}}},
        "management": {name: {"instructions": 1000, "longest": 500, "functions": {"walk": 1000}}
                       for name in budget.MANAGED},
        "image": 60000, "stack": 1000,
    }


def judged(found: results.Results, tmp_path: Path) -> budget.Verdict:
    """Found, held against the budget of sample() as it comes back from its files."""
    budget.write(budget.make(sample()), tmp_path / "b.csv", tmp_path / "f.csv")
    return budget.judge(budget.read(tmp_path / "b.csv", tmp_path / "f.csv"), found)


def test_gate_keeps_silent(tmp_path: Path) -> None:
    assert judged(sample(), tmp_path) == budget.Verdict()


def test_gate_names_the_function(tmp_path: Path) -> None:
    found = sample()
    found["operations"]["timer"] = {
        "instructions": 141, "functions": {"vectors": 29, "irq": 110, "new": 2}}
    verdict = judged(found, tmp_path)
    assert verdict.rises == ["timer: 141, budget 140 (new +2, vectors -1)"] and not verdict.falls


def test_gate_asks_to_lower(tmp_path: Path) -> None:
    found = sample()
    found["operations"]["call"] = {"instructions": 89, "functions": {"vectors": 30, "call": 59}}
    verdict = judged(found, tmp_path)
    assert verdict.falls == ["call: 89, budget 90 (call -1)"] and not verdict.rises


def test_gate_has_ranges_for_linux(tmp_path: Path) -> None:
    found = sample()
    found["management"] = copy.deepcopy(found["management"])
    found["management"]["enable"]["instructions"] = 1020
    assert judged(found, tmp_path) == budget.Verdict()
    found["management"]["enable"]["instructions"] = 1021
    assert len(judged(found, tmp_path).rises) == 1


def test_gate_misses_nothing(tmp_path: Path) -> None:
    """An operation that is new, and one that is gone."""
    found = sample()
    found["operations"]["new"] = found["operations"].pop("call")
    rises = judged(found, tmp_path).rises
    assert rises == ["new: 90, and no budget", "call: in the budget, but not measured"]


def test_gate_knows_its_tools(tmp_path: Path) -> None:
    limits = budget.make(sample())
    assert budget.comparable(limits, sample())
    assert not budget.comparable(limits, {**sample(), "compiler": "clang version 14"})


@pytest.mark.parametrize(("text", "kind"), [
    ("tlbi vmalle1is", "tlbi"), ("tlbi ipas2e1is, x0", "tlbi"), ("dc cvac, x0", "cache"),
    ("dc zva, x0", "cache"), ("ic ialluis", "cache"), ("dsb ish", "dsb"), ("dsb sy", "dsb"),
    ("dmb ish", "dmb"), ("isb", "isb"), ("mrs x0, esr_el2", "sysreg"),
    ("msr hcr_el2, x0", "sysreg"), ("stp x0, x1, [sp, #-16]!", "store"),
    ("ldp x0, x1, [sp], #16", "load"), ("ldr x0, [x1, #8]", "load"), ("strb w0, [x1, x2]", "store"),
    ("ldrsw x0, [x1]", "load"), ("ldr x0, 1f\n1:", "load"), ("ldaxr w0, [x1]", "load"),
    ("stlr w0, [x1]", "store"), ("ldar x0, [x1]", "load"), ("add x0, x1, x2", "other"),
    ("b .", "other"), ("eret", "other"), ("hvc #0", "other"), ("nop", "other"),
    ("msr daifset, #2", "other"),
])
def test_kinds_of_instructions(text: str, kind: str, tmp_path: Path) -> None:
    """As the assembler encodes them."""
    source, output = tmp_path / "one.s", tmp_path / "one.o"
    source.write_text(f"{text}\n")
    subprocess.run(["aarch64-linux-gnu-gcc", "-c", "-o", output, source], check=True)
    code = subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", output, "/dev/stdout"],
                          check=True, capture_output=True).stdout
    assert kind_of(int.from_bytes(code[:4], "little")) == kind


def test_table_and_picture(first: results.Results) -> None:
    """Every row is in the table and has a bar that is as long as its number."""
    text = table.text(first)
    drawn = ElementTree.fromstring(picture.draw(first))
    labels = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    bars = [float(one.get("width", "0").rstrip("%"))
            for one in drawn.iter("{http://www.w3.org/2000/svg}rect")
            if one.get("fill") == picture.OURS and one.get("height") == str(picture.BAR)]
    assert len(bars) == len(COMPARED)
    scale = (picture.WIDTH - picture.LEFT - picture.RIGHT) / picture.LIMIT
    for row, bar in zip(COMPARED, bars, strict=True):
        count = results.value_of(first, row.operation)
        assert row.label in text and row.label in labels and str(count) in labels
        assert bar == pytest.approx(count * scale, abs=0.1)

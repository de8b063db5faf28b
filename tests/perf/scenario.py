# SPDX-License-Identifier: Apache-2.0
"""What is run to be counted: one machine for all figures, a larger one to compare with."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counting import Bench, Counted, Tally
from stage2 import stage2

MIB = 1 << 20
# The hypervisor's memory lies where the kernel never looks, so that its address is known
# before: what runs there with EL2's MMU off is counted, too.
KERNEL_MEMORY = 1984 * MIB
HYPERVISOR = 0x40000000 + KERNEL_MEMORY
PARAMETERS = "spi=255 subpage=0x09010fe0"
GUEST_CPUS = (2, 3)
MANY_CPUS = (4, 5, 6, 7)
MANY_INTERRUPTS = 32            # SPIs that cells/bench-many.c has above the usual cell
SIZES = (64, 512)               # MiB of the cells that management is measured with
LOADED = 32                     # MiB of the image that is loaded
IDLE_SECONDS = 10
# Offsets in root.cell; in a cell with one word of CPUs, its second region.
HYP_MEMORY, REGION_1 = 24, 128 + 8 + 32
IMAGE_ROOM = 16                 # MiB of the first region of cells/sized.c
BULK = 0x40000000               # IPA of the second
# Everything the agency asks of EL2, and how it gets there and back.
MANAGEMENT = (
    "el2_entry", "el2_cpu_entry", "el2_cpu_give_back", "lifecycle_create", "lifecycle_work",
    "lifecycle_set_loadable", "lifecycle_start", "lifecycle_shutdown", "lifecycle_stop",
    "lifecycle_destroy", "lifecycle_state",
)


@dataclass
class Guest:
    """What the benchmark guest's operations cost: name -> instructions, and by the PMU."""

    counts: dict[str, list[int]]            # each repetition, all CPUs of the cell
    visits: dict[str, int]
    receiver: dict[str, int]                # of them, not on the cell's first CPU
    pmu: dict[str, tuple[int, int]]         # least, most
    cpus: tuple[int, ...]                   # of the cell, its first first


@dataclass
class Run:
    """One run of the scenario."""

    guest: Guest
    counted: dict[str, Counted]
    stage2: dict[str, dict[str, int]]
    stack: dict[int, int]


def root_config(build: Path) -> bytes:
    """root.cell with the hypervisor at its fixed place."""
    blob = bytearray((build / "configs/root.cell").read_bytes())
    size = struct.unpack_from("<Q", blob, HYP_MEMORY + 16)[0]
    struct.pack_into("<QQQQ", blob, HYP_MEMORY, HYPERVISOR, 0, size, 0)
    return bytes(blob)


def sized_cell(build: Path, mib: int) -> bytes:
    """A cell with so much memory."""
    blob = bytearray((build / "perf/sized.cell").read_bytes())
    start, ipa, _, flags = struct.unpack_from("<QQQQ", blob, REGION_1)
    struct.pack_into("<QQQQ", blob, REGION_1, start, ipa, (mib - IMAGE_ROOM) * MIB, flags)
    return bytes(blob)


def of_guest(counted: dict[str, Counted], pmu: dict[str, tuple[int, int]],
             cpus: tuple[int, ...]) -> Guest:
    """The guest's operations, which are those that it counted itself."""
    guest = Guest({}, {}, {}, pmu, cpus)
    for name in pmu:
        samples = [[sample.get(cpu, Tally()) for cpu in cpus]
                   for sample in counted[name].samples.values()] or [[Tally()]]
        guest.counts[name] = [sum(tally.insns for tally in sample) for sample in samples]
        guest.visits[name] = sum(tally.visits for tally in samples[-1])
        guest.receiver[name] = sum(tally.insns for tally in samples[-1][1:])
    return guest


def boot(build: Path, directory: Path, **options: Any) -> Bench:
    """A machine with the hypervisor's memory set aside, not enabled."""
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(build, directory, alias=HYPERVISOR, tags=MANAGEMENT,
                  append=f"mem={KERNEL_MEMORY // MIB}M", **options)
    bench.boot()
    bench.prepare()
    bench.put(root_config(build), "/tmp/root.cell")
    return bench


def manage(bench: Bench, build: Path, mib: int) -> None:
    """Every management call, with a cell of a given size."""
    bench.put(sized_cell(build, mib), "/tmp/sized.cell")
    bench.measure(f"create-{mib}", "capsulectl cell create /tmp/sized.cell")
    bench.load("sized", "silent", "wfi")
    bench.measure(f"load-{mib}", f"capsulectl cell load sized /tmp/image -a {BULK:#x}")
    bench.measure(f"start-{mib}", "capsulectl cell start sized")
    bench.await_text("sized", "silent: masked")
    bench.measure(f"shutdown-{mib}", "capsulectl cell shutdown --force sized")
    bench.measure(f"destroy-{mib}", "capsulectl cell destroy sized")


def idle(bench: Bench) -> None:
    """A cell that sleeps for good beside an agency that has nothing to do."""
    bench.create("capsule")
    bench.load("capsule", "silent", "wfi")
    bench.do("cell start capsule")
    bench.await_text("capsule", "silent: masked")
    bench.measure("idle", f"sleep {IDLE_SECONDS}")
    bench.drop("capsule", force=True)


def run(build: Path, directory: Path) -> Run:
    """All figures, on the machine with four CPUs."""
    port = directory / "debugger"
    bench = boot(build, directory, qemu=("-gdb", f"unix:{port},server=on,wait=off"))
    try:
        bench.measure("enable", "capsulectl enable /tmp/root.cell")
        tables = {"agency": stage2(bench, port, 0)}
        bench.create("bench")
        pmu = bench.run_guest("bench", PARAMETERS)
        tables["bench cell"] = stage2(bench, port, GUEST_CPUS[0])
        bench.drop("bench", force=True)
        idle(bench)
        bench.check(f"dd if=/dev/zero of=/tmp/image bs=1M count={LOADED} 2>/dev/null")
        for mib in SIZES:
            manage(bench, build, mib)
        bench.measure("disable", "capsulectl disable")
        counted = bench.finish()
    finally:
        bench.kill()
    return Run(of_guest(counted, pmu, GUEST_CPUS), counted, tables, bench.counts.stack)


def run_gicv2(build: Path, directory: Path) -> Guest:
    """The guest alone on the machine with a GICv2."""
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(build, directory, gic=2)
    try:
        bench.boot()
        bench.prepare()
        bench.do("enable root-gicv2.cell")
        bench.create("bench")
        pmu = bench.run_guest("bench", PARAMETERS)
        return of_guest(bench.finish(), pmu, GUEST_CPUS)
    finally:
        bench.kill()


def run_many(build: Path, directory: Path) -> Guest:
    """The guest among other cells, in a cell with more CPUs, regions and interrupts."""
    bench = boot(build, directory, cpus=8)
    try:
        bench.do("enable /tmp/root.cell")
        bench.launch("capsule", "hello")
        bench.launch("inmate-smp", "hello")
        bench.put((build / "perf/bench-many.cell").read_bytes(), "/tmp/many.cell")
        bench.do("cell create /tmp/many.cell")
        pmu = bench.run_guest("bench", PARAMETERS)
        return of_guest(bench.finish(), pmu, MANY_CPUS)
    finally:
        bench.kill()

# SPDX-License-Identifier: Apache-2.0
"""Device trees: what is resolved, and that broken ones are told by the node's name."""

from __future__ import annotations

import time

import pytest
from blob import blob, board
from hypothesis import given, settings
from hypothesis import strategies as st
from pyjailhouse import dependencies, fdt, interrupts, machine, rootconfig
from pyjailhouse.addresses import Range, dma_windows, registers, subtract
from pyjailhouse.errors import CapsuleError, FormatError, TreeError, Unsupported

SERIAL = "/soc/serial@9000000"
GIC = "interrupt-controller@8000000"


def build(tree, **more):
    return machine.build(fdt.parse(blob(tree), "test.dtb"), **more)


def strict(tree):
    return build(tree, strict=True)


def test_machine():
    m = build(board())
    assert [(cpu.number, cpu.mpidr) for cpu in m.cpus] == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert (m.gic.version, m.gic.maintenance_irq) == (3, 25)
    assert m.gic.frames == [Range(0x8000000, 0x10000), Range(0x80A0000, 0x80000)]
    assert m.memory[0].range == Range(0x40000000, 0x40000000)
    assert (m.reserved[0].range, m.reserved[0].no_map) == (Range(0x50000000, 0x100000), True)
    assert m.device("serial0").spis == [33]
    assert m.device(SERIAL) is m.device("serial0") is m.device("serial@9000000")
    assert m.wired_spis() == {33, 34, 37, 39}
    assert m.notes == []


def test_boot_cpu_is_number_0():
    m = machine.build(fdt.parse(blob(board(), boot_cpu=2)))
    assert [cpu.mpidr for cpu in m.cpus] == [2, 0, 1, 3]


def test_reservations():
    m = machine.build(fdt.parse(blob(board(), [(0x41000000, 0x2000)])))
    assert Range(0x41000000, 0x2000) in [r.range for r in m.reserved]


def test_ranges_add_up():
    tree = board()
    tree["soc"]["ranges"] = [0x9000000, 0x1, 0x9000000, 0x1000000]
    tree["soc"]["inner"] = {"#address-cells": 1, "#size-cells": 1, "ranges": [0, 0x9100000, 0x1000],
                            "dma-ranges": [0, 0x40000000, 0x1000],
                            "x@10": {"compatible": "x", "reg": [0x10, 0x10]}}
    device = build(tree).device("x@10")
    assert device.ranges == [Range(0x109100010, 0x10)]
    assert dma_windows(device.node) == [(0, Range(0x40000000, 0x1000))]


def test_bus_without_ranges_is_not_memory():
    tree = board()
    tree["soc"]["serial@9000000"] |= {"#address-cells": 1, "#size-cells": 0,
                                      "sensor@48": {"compatible": "x", "reg": 0x48}}
    assert registers(fdt.parse(blob(tree)).find(SERIAL + "/sensor@48")) == []


def test_interrupt_map_and_extended():
    tree = board()
    tree["soc"]["nexus"] = {
        "#address-cells": 1, "#size-cells": 1, "#interrupt-cells": 1, "phandle": 9,
        "ranges": True, "interrupt-map-mask": [0, 3],
        "interrupt-map": [0, 1, 1, 0, 40, 4, 0, 2, 1, 0, 41, 1]}
    tree["soc"]["serial@9000000"]["interrupts-extended"] = [9, 2, 1, 0, 50, 4]
    found = build(tree).device("serial0").interrupts
    assert [(i.intid, i.level) for i in found] == [(73, False), (82, True)]


def test_stacked_controller_and_pdc():
    tree = board()
    tree["soc"]["mid"] = {"interrupt-controller": True, "#interrupt-cells": 3, "phandle": 9,
                          "interrupt-parent": 1}
    tree["soc"]["pdc"] = {"compatible": "qcom,pdc", "interrupt-controller": True,
                          "#interrupt-cells": 2, "phandle": 10, "interrupt-parent": 1,
                          "qcom,pdc-ranges": [0, 480, 94]}
    tree["soc"]["serial@9000000"]["interrupts-extended"] = [9, 0, 60, 4, 10, 2, 4]
    m = build(tree)
    assert m.device("serial0").spis == [92, 514]
    assert 32 + 480 + 93 in m.wired_spis()


def test_interrupt_of_another_controller():
    tree = board()
    tree["soc"]["gpio"] = {"interrupt-controller": True, "#interrupt-cells": 2, "phandle": 9,
                           "interrupts": [0, 20, 4]}
    tree["soc"]["serial@9000000"] |= {"interrupt-parent": 9, "interrupts": [3, 1]}
    assert build(tree).device("serial0").interrupts[0].kind == "/soc/gpio"


def test_pci_host():
    tree = board()
    tree["pcie@10000000"] = {
        "compatible": "pci-host-ecam-generic", "device_type": "pci", "#address-cells": 3,
        "#size-cells": 2, "#interrupt-cells": 1, "reg": [0x40, 0x10000000, 0, 0x10000000],
        "bus-range": [0, 15], "linux,pci-domain": 2,
        "ranges": [0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0x2EFF0000,
                   0x1000000, 0, 0, 0, 0x3EFF0000, 0, 0x10000],
        "interrupt-map-mask": [0x1800, 0, 0, 7],
        "interrupt-map": [0, 0, 0, 1, 1, 0, 3, 4, 0, 0, 0, 2, 1, 0, 4, 4]}
    host = build(tree).pci[0]
    assert (host.ecam, host.last_bus, host.domain) == (Range(0x4010000000, 0x10000000), 15, 2)
    assert [i.intid for i in host.interrupts] == [35, 36]
    assert host.windows == [("32-bit memory", Range(0x10000000, 0x2EFF0000)),
                            ("I/O", Range(0x3EFF0000, 0x10000))]


def test_smmu_and_dependencies():
    tree = board()
    tree["soc"]["iommu@9050000"] = {"compatible": "arm,smmu-v3", "reg": [0x9050000, 0x1000],
                                    "#iommu-cells": 1, "phandle": 9}
    tree["soc"]["ethernet@9020000"] |= {"iommus": [9, 7], "clocks": 2, "pinctrl-0": 2,
                                        "phy-supply": 2}
    m = build(tree)
    assert [d.node.name for d in machine.smmus(m)] == ["iommu@9050000"]
    said = "\n".join(dependencies.warnings(m, m.device("ethernet@9020000")))
    for words in ("SMMU stream /soc/iommu@9050000 0x7", "clock /clock, shared with " + SERIAL,
                  "regulator /clock", "pin control /clock", "no SMMU confines it"):
        assert words in said


def test_gicv2_and_its():
    tree = board()
    tree[GIC] |= {"compatible": "arm,gic-400",
                  "reg": [0, 0x8000000, 0, 0x1000, 0, 0x8010000, 0, 0x2000,
                          0, 0x8020000, 0, 0x2000, 0, 0x8040000, 0, 0x2000]}
    assert [r.start for r in build(tree).gic.frames] == [0x8000000, 0x8010000, 0x8020000, 0x8040000]
    tree = board()
    tree[GIC] |= {"#address-cells": 2, "#size-cells": 2, "ranges": True,
                  "its@8080000": {"compatible": "arm,gic-v3-its", "reg": [0, 0x8080000, 0, 0x20000]}}
    assert build(tree).gic.its[0][1] == Range(0x8080000, 0x20000)


def change(**edits):
    """A broken tree: each edit is path (with _ for no leading slash) to new properties."""
    tree = board()
    for path, properties in edits.items():
        node = tree
        for name in path.split("/"):
            node = node[name] if name else node
        node.update(properties)
    return tree


def without(path, name):
    tree = board()
    node = tree
    for part in path.split("/"):
        node = node[part] if part else node
    del node[name]
    return tree


BROKEN = [
    ("missing interrupt-parent", without("", "interrupt-parent"), "/" + GIC, "interrupt-parent"),
    ("reg beyond the bus", change(**{"soc/serial@9000000": {"reg": [0x1000, 0x1000]}}), SERIAL,
     "beyond the ranges of /soc"),
    ("reg beyond 64 bits", change(**{"memory@40000000": {"reg": [0xFFFFFFFF, 0xFFFFF000, 1, 0]}}),
     "/memory@40000000", "beyond 64 bits"),
    ("reg beyond 48 bits", change(**{"memory@40000000": {"reg": [0xFFFF0000, 0, 1, 0]}}),
     "/memory@40000000", "beyond 48-bit"),
    ("reg of half an entry", change(**{"soc/serial@9000000": {"reg": [1, 2, 3]}}), SERIAL,
     "not a multiple of 2"),
    ("reg of half a cell", change(**{"soc/serial@9000000": {"reg": b"abc"}}), SERIAL, "whole cells"),
    ("phandle of nobody", change(**{"soc/serial@9000000": {"interrupt-parent": 99}}), SERIAL,
     "phandle 0x63"),
    ("two with one phandle", change(**{"soc": {"phandle": 2}}), "/soc", "of /clock"),
    ("parent is no controller", change(**{"soc/serial@9000000": {"interrupt-parent": 2}}), SERIAL,
     "#interrupt-cells"),
    ("circle of controllers", change(**{"soc": {
        "x": {"interrupt-controller": True, "#interrupt-cells": 3, "phandle": 20,
              "interrupt-parent": 21},
        "y": {"interrupt-controller": True, "#interrupt-cells": 3, "phandle": 21,
              "interrupt-parent": 20}}, "soc/serial@9000000": {"interrupt-parent": 20}}), SERIAL,
     "in a circle"),
    ("circle of maps", change(**{"soc": {
        "x": {"#interrupt-cells": 1, "phandle": 20, "#address-cells": 0,
              "interrupt-map": [1, 20, 1]}},
        "soc/serial@9000000": {"interrupt-parent": 20, "interrupts": [1]}}), SERIAL, "in a circle"),
    ("map cut short", change(**{"soc": {
        "x": {"#interrupt-cells": 1, "phandle": 20, "interrupt-map": [1, 1, 0]}},
        "soc/serial@9000000": {"interrupt-parent": 20, "interrupts": [1]}}), "/soc/x",
     "ends within an entry"),
    ("no such SPI", change(**{"soc/serial@9000000": {"interrupts": [0, 988, 4]}}), SERIAL,
     "no such interrupt"),
    ("cells of another number", change(**{"soc/serial@9000000": {"interrupts": [0, 1]}}), SERIAL,
     "not a multiple of 3"),
    ("overlapping memory", change(**{"": {"memory@60000000": {
        "device_type": "memory", "reg": [0, 0x60000000, 0, 0x40000000]}}}), "/memory@60000000",
     "overlaps"),
    ("two CPUs alike", change(**{"cpus/cpu@1": {"reg": 0}}), "/cpus/cpu@1", "of /cpus/cpu@0"),
    ("CPU without reg", without("cpus/cpu@1", "reg"), "/cpus/cpu@1", "without reg"),
    ("no CPUs", change(**{"": {"cpus": {}}}), "/cpus", "no CPU"),
    ("too many cells", change(**{"soc": {"#address-cells": 5}}), "/soc", "0 to 4"),
    ("GIC without reg", without(GIC, "reg"), "/" + GIC, "0 frames"),
    ("bad bus-range", change(**{"": {"pcie@1": {"device_type": "pci", "#address-cells": 3,
                                                "#size-cells": 2, "ranges": True,
                                                "bus-range": [3, 1]}}}), "/pcie@1", "bus-range"),
]


@pytest.mark.parametrize("tree, path, words", [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_broken_tree_is_told_by_node(tree, path, words):
    with pytest.raises(TreeError) as caught:
        strict(tree)
    assert caught.value.path == path
    assert words in str(caught.value)


def test_broken_device_is_a_note_where_linux_goes_on():
    m = build(change(**{"soc/serial@9000000": {"reg": [0x1000, 0x1000]}}))
    assert len(m.notes) == 1 and m.notes[0].startswith(SERIAL + ": reg 0x1000-0x1fff is beyond")
    assert build(change(**{"soc/off@9040000": {"reg": [0x1000, 0x1000]}})).notes == []


@pytest.mark.parametrize("tree, words", [
    (change(psci={"method": "hvc"}), "hypervisor is beneath"),
    (change(**{"psci": {"compatible": "x"}, "cpus/cpu@1": {"enable-method": ""}}), "no PSCI"),
    (without("", GIC), "no GICv2 or GICv3"),
    (change(**{"cpus/cpu@2": {"enable-method": "spin-table"}}), "/cpus/cpu@2"),
    (without(GIC, "interrupts"), "maintenance interrupt"),
    (change(**{GIC: {"compatible": "arm,gic-400"}}), "virtual CPU interface"),
])
def test_unsupported_machine(tree, words):
    tree.pop("interrupt-parent", None) if GIC not in tree else None
    with pytest.raises(Unsupported, match=words):
        build(tree)


def test_psci_node_of_the_boot_loader():
    m = build(without("", "psci"))
    assert m.psci is None and any("boot loader" in note for note in m.notes)


def test_ten_megabytes_of_nodes():
    tree = board()
    tree["many"] = {f"node-with-a-rather-long-name-{n}@{n:x}": {"compatible": "x,y", "reg": n}
                    for n in range(140_000)}
    data = blob(tree)
    assert len(data) > 10 << 20
    start = time.process_time()
    m = machine.build(fdt.parse(data))
    rootconfig.create(m, rootconfig.Options())
    assert time.process_time() - start < 60


def test_deep_tree():
    tree = board()
    node = tree
    for _ in range(100):
        node["deeper"] = {}
        node = node["deeper"]
    with pytest.raises(TreeError, match="levels of nodes"):
        build(tree)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_damaged_blob(data):
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    try:
        m = machine.build(fdt.parse(bytes(raw[:cut])))
        rootconfig.create(m, rootconfig.Options())
    except CapsuleError as error:
        assert str(error)


GOOD = blob(board())


@pytest.mark.parametrize("raw", [b"", b"\xd0\x0d\xfe\xed", GOOD[:-1], GOOD[:200], bytes(4000)])
def test_no_blob(raw):
    with pytest.raises(FormatError):
        fdt.parse(raw)


def test_truncated_blob_says_so():
    with pytest.raises(FormatError, match=f"{len(GOOD) - 1} of {len(GOOD)} bytes"):
        fdt.parse(GOOD[:-1])


def test_notify_irq_is_one_that_no_node_has():
    tree = board()
    tree["soc"]["off@9040000"]["interrupts"] = [0, 6, 4, 0, 5, 4]
    made = rootconfig.create(build(tree), rootconfig.Options())
    assert made.config.platform.notify_irq == 36


def test_frames_of_the_gic_are_in_no_region():
    tree = board()
    tree["syscon@8000000"] = {"compatible": "syscon", "reg": [0, 0x7FFF000, 0, 0x201000]}
    made = rootconfig.create(build(tree), rootconfig.Options())
    regions = [Range(m.phys_start, m.size) for m in made.cell.memory]
    assert not any(r.overlaps(f) for r in regions
                   for f in (Range(0x8000000, 0x10000), Range(0x80A0000, 0x80000)))
    assert Range(0x8010000, 0x90000) in regions and Range(0x7FFF000, 0x1000) in regions


@given(st.lists(st.builds(Range, st.integers(0, 60), st.integers(1, 20)), max_size=4),
       st.lists(st.builds(Range, st.integers(0, 60), st.integers(1, 20)), max_size=4))
def test_subtract(ranges, holes):
    def points(found):
        return sorted(n for r in found for n in range(r.start, r.end))
    gone = set(points(holes))
    assert points(subtract(ranges, holes)) == [n for n in points(ranges) if n not in gone]


def test_is_gic_wants_a_controller():
    tree = fdt.parse(GOOD)
    assert interrupts.is_gic(tree.find("/" + GIC))
    assert not interrupts.is_gic(tree.find("/soc"))

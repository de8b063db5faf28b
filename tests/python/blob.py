# SPDX-License-Identifier: Apache-2.0
"""Device tree blobs from Python dictionaries (Devicetree Specification 0.4, chapter 5).

A key with a dictionary is a node, any other a property: a number or a list of
numbers as cells, text as a string, a list of texts as strings, True for an
empty property.
"""

from __future__ import annotations

import struct
from typing import Any

BEGIN, END_NODE, PROP, END = 1, 2, 3, 9


def value(v: Any) -> bytes:
    """The bytes of a property."""
    if v is True:
        return b""
    if isinstance(v, bytes):
        return v
    if isinstance(v, str):
        return v.encode() + b"\0"
    if isinstance(v, int):
        return struct.pack(">I", v)
    if v and isinstance(v[0], str):
        return b"".join(s.encode() + b"\0" for s in v)
    return struct.pack(f">{len(v)}I", *v)


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


class _Blob:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.strings = b""
        self.offsets: dict[str, int] = {}

    def name(self, text: str) -> int:
        if text not in self.offsets:
            self.offsets[text] = len(self.strings)
            self.strings += text.encode() + b"\0"
        return self.offsets[text]

    def node(self, name: str, content: dict[str, Any]) -> None:
        self.parts.append(struct.pack(">I", BEGIN) + _pad(name.encode() + b"\0"))
        for key, v in content.items():
            if not isinstance(v, dict):
                data = value(v)
                self.parts.append(struct.pack(">III", PROP, len(data), self.name(key)) +
                                  _pad(data))
        for key, v in content.items():
            if isinstance(v, dict):
                self.node(key, v)
        self.parts.append(struct.pack(">I", END_NODE))


def blob(root: dict[str, Any], reservations: list[tuple[int, int]] | None = None,
         boot_cpu: int = 0) -> bytes:
    """The DTB of a tree."""
    out = _Blob()
    out.node("", root)
    structure = b"".join(out.parts) + struct.pack(">I", END)
    reserved = b"".join(struct.pack(">QQ", *r) for r in [*(reservations or []), (0, 0)])
    at_struct = 40 + len(reserved)
    at_strings = at_struct + len(structure)
    total = at_strings + len(out.strings)
    header = struct.pack(">10I", 0xD00DFEED, total, at_struct, at_strings, 40, 17, 16, boot_cpu,
                         len(out.strings), len(structure))
    return header + reserved + structure + out.strings


def board() -> dict[str, Any]:
    """A small, correct machine: 4 CPUs, GICv3, two UARTs, an Ethernet controller."""
    cpus: dict[str, Any] = {"#address-cells": 1, "#size-cells": 0}
    for n in range(4):
        cpus[f"cpu@{n}"] = {"device_type": "cpu", "compatible": "arm,cortex-a53", "reg": n,
                            "enable-method": "psci"}
    return {
        "#address-cells": 2, "#size-cells": 2, "interrupt-parent": 1, "model": "Test board",
        "compatible": ["example,test-board", "example,soc"],
        "aliases": {"serial0": "/soc/serial@9000000", "serial1": "/soc/serial@9010000"},
        "cpus": cpus,
        "psci": {"compatible": ["arm,psci-1.0", "arm,psci-0.2"], "method": "smc"},
        "memory@40000000": {"device_type": "memory", "reg": [0, 0x40000000, 0, 0x40000000]},
        "reserved-memory": {
            "#address-cells": 2, "#size-cells": 2, "ranges": True,
            "secure@50000000": {"reg": [0, 0x50000000, 0, 0x100000], "no-map": True}},
        "clock": {"compatible": "fixed-clock", "#clock-cells": 0, "phandle": 2},
        "interrupt-controller@8000000": {
            "compatible": "arm,gic-v3", "#interrupt-cells": 3, "interrupt-controller": True,
            "#address-cells": 0, "phandle": 1, "interrupts": [1, 9, 4],
            "reg": [0, 0x8000000, 0, 0x10000, 0, 0x80A0000, 0, 0x80000]},
        "soc": {
            "compatible": "simple-bus", "#address-cells": 1, "#size-cells": 1,
            "ranges": [0x9000000, 0, 0x9000000, 0x1000000],
            "serial@9000000": {"compatible": "arm,pl011", "reg": [0x9000000, 0x1000],
                               "interrupts": [0, 1, 4], "clocks": 2},
            "serial@9010000": {"compatible": "arm,pl011", "reg": [0x9010000, 0x100],
                               "interrupts": [0, 2, 4], "clocks": 2},
            "ethernet@9020000": {"compatible": "example,mac", "reg": [0x9020000, 0x2000],
                                 "interrupts": [0, 7, 4]},
            "a@9030000": {"compatible": "example,a", "reg": [0x9030000, 0x100]},
            "b@9030100": {"compatible": "example,b", "reg": [0x9030100, 0x100]},
            "off@9040000": {"compatible": "example,off", "reg": [0x9040000, 0x1000],
                            "status": "disabled", "interrupts": [0, 5, 4]}},
    }

# SPDX-License-Identifier: Apache-2.0
"""What is compared: our rows, the goal of each, and what others were found to need."""

from __future__ import annotations

from dataclasses import dataclass, field

# Instructions at EL2, counted with one small guest on QEMU 7.2 "virt", GICv3,
# each hypervisor as its own build makes it. Jailhouse answers PSCI by SMC.
PEERS = ("Bao -O2", "Jailhouse -Os", "Xen 4.17", "KVM nVHE 6.1")
SOURCE = (
    "Bao, Jailhouse, Debian 12's Xen 4.17 and KVM (nVHE) of Linux 6.1, counted by this project"
    " with one small guest on QEMU 7.2 virt, GICv3; not latencies"
)


@dataclass(frozen=True)
class Row:
    """A line of the comparison."""

    operation: str
    label: str
    goal: int
    peers: dict[str, int] = field(default_factory=dict)


def _peers(*numbers: int | None) -> dict[str, int]:
    return {name: n for name, n in zip(PEERS, numbers, strict=True) if n is not None}


COMPARED = [
    Row("psci-version-hvc", "null call (PSCI_VERSION)", 90, _peers(188, 136, 470, 1544)),
    Row("native-version", "native call", 110, _peers(None, 176, 416, None)),
    Row("gicd-read-typer", "distributor read, simple register", 180, _peers(225, 285, 599, 2293)),
    Row("gicd-read-isenabler", "distributor read, bitmap register", 280,
        _peers(1290, 921, 676, 4595)),
    Row("gicr-read-isenabler", "redistributor read, bitmap register", 200,
        _peers(None, 308, None, None)),
    Row("sgi-self", "SGI to itself, send and take", 320, _peers(775, 1399, 1096, 2947)),
    Row("sgi-other", "SGI to another CPU, both sides", 450, _peers(None, 1450, None, None)),
    Row("timer-virt", "virtual timer interrupt taken", 140, _peers(199, 206, 1083, 2910)),
]

# Beyond what one entry costs: not in the picture, whose scale they would break.
MANAGED = [
    Row("cpu-on", "reset of a cell's CPU to its first instruction", 1000,
        _peers(None, 1645, None, None)),
    Row("enable", "enable, four CPUs", 400000, _peers(None, 953000, None, None)),
    Row("create", "cell create, without clearing memory", 40000, _peers(None, 74600, None, None)),
    Row("start", "cell start, without cleaning caches", 20000, _peers(None, 61300, None, None)),
    Row("destroy", "cell destroy, without clearing memory", 100000,
        _peers(None, 419000, None, None)),
    Row("image", "image, text + rodata (bytes)", 65536, _peers(81700, 77659, 983048, None)),
]

# Asked for, but nothing in the product does it yet: said, not measured.
ABSENT = {
    "doorbell": "no channels between cells yet",
    "ecam-read": "cells have no PCI of their own yet",
    "timer-direct": "no direct delivery of interrupts yet",
    "idle, Linux cell": "a Linux cell is not part of this measurement",
}

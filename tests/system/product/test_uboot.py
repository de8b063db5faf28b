# SPDX-License-Identifier: Apache-2.0
"""U-Boot of Debian's u-boot-qemu package, unchanged, as a guest."""

from __future__ import annotations

import blob
from agency import Agency
from ci import uboot

RAM, RAM_SIZE, UART = 0x40000000, 128 << 20, 0x09000000
GIC, CLOCK, LEVEL = 1, 2, 4

TREE = {
    "#address-cells": 2, "#size-cells": 2, "interrupt-parent": GIC,
    "compatible": "linux,dummy-virt",
    "chosen": {"stdout-path": f"/pl011@{UART:x}"},
    f"memory@{RAM:x}": {"device_type": "memory", "reg": [0, RAM, 0, RAM_SIZE]},
    "cpus": {"#address-cells": 1, "#size-cells": 0, "cpu@0": {
        "device_type": "cpu", "compatible": "arm,cortex-a57", "reg": 0, "enable-method": "psci"}},
    "psci": {"compatible": ["arm,psci-1.0", "arm,psci-0.2"], "method": "hvc"},
    "timer": {"compatible": "arm,armv8-timer",
              "interrupts": [1, 13, LEVEL, 1, 14, LEVEL, 1, 11, LEVEL, 1, 10, LEVEL]},
    "intc@8000000": {"compatible": "arm,gic-v3", "interrupt-controller": True,
                     "#interrupt-cells": 3, "phandle": GIC,
                     "reg": [0, 0x08000000, 0, 0x10000, 0, 0x080A0000, 0, 0x20000]},
    "clock": {"compatible": "fixed-clock", "#clock-cells": 0, "clock-frequency": 24000000,
              "phandle": CLOCK},
    f"pl011@{UART:x}": {"compatible": ["arm,pl011", "arm,primecell"], "reg": [0, UART, 0, 0x1000],
                        "interrupts": [0, 1, LEVEL], "clocks": [CLOCK, CLOCK],
                        "clock-names": ["uartclk", "apb_pclk"]},
}


def test_prompt(enabled: Agency) -> None:
    """It finds its console in the tree, gives up booting by itself and offers its prompt."""
    agency = enabled
    agency.put(uboot.image(), "/tmp/u-boot.bin")
    agency.put(blob.blob(TREE), "/tmp/u-boot.dtb")
    agency.create("u-boot")
    agency.do(f"cell load u-boot /tmp/u-boot.bin -a 0 /tmp/u-boot.dtb -a {RAM:#x}")
    agency.do("cell start u-boot")
    seen = agency.await_text("u-boot", "\n=> ", 180)
    assert "U-Boot 20" in seen and "DRAM:  128 MiB" in seen, seen
    agency.drop("u-boot", force=True)

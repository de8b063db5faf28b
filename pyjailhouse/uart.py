# SPDX-License-Identifier: Apache-2.0
"""The UARTs that the hypervisor and the guest library drive."""

from __future__ import annotations

from pyjailhouse import constants as c
from pyjailhouse.addresses import Range
from pyjailhouse.fdt import Node
from pyjailhouse.native import Console

PL011 = ("arm,pl011", "arm,sbsa-uart")
UART_8250 = ("ns16550", "ns16550a", "ns16450", "ns8250", "snps,dw-apb-uart",
             "nvidia,tegra20-uart", "fsl,ns16550", "ti,am654-uart", "ti,omap4-uart",
             "brcm,bcm2835-aux-uart", "mediatek,mt6577-uart")


def console(node: Node, registers: Range) -> Console | None:
    """The console on that UART, None for a kind that only its own driver knows."""
    if node.is_compatible(*PL011):
        return Console(registers.start, registers.size, c.CON_PL011, c.CON_MMIO)
    if not node.is_compatible(*UART_8250):
        return None
    flags = c.CON_MMIO
    if node.word("reg-shift", 0) == 2 or node.is_compatible("nvidia,tegra20-uart",
                                                            "snps,dw-apb-uart"):
        flags |= c.CON_REGDIST_4
    return Console(registers.start, registers.size, c.CON_8250, flags)

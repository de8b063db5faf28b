# SPDX-License-Identifier: Apache-2.0
"""Configurations of Capsule and Jailhouse, and machines as device trees describe them.

native      Capsule's configurations: bytes to objects and back
jailhouse   Jailhouse's arm64 configurations, read only
importing   the one made from the other
fdt         the nodes of a device tree blob
addresses   reg, ranges and dma-ranges of a node
interrupts  interrupts, interrupt-map and what else leads to an SPI
machine     what of a tree a hypervisor has to know
rootconfig  a root configuration for a machine
cellconfig  a cell's configuration on a machine
source      configurations as C
show, compare, draw   configurations for people
cli         the command line
"""

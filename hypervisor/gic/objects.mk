# SPDX-License-Identifier: Apache-2.0
gic-objs := \
	gic/gicv3.o \
	gic/gicv2.o \
	gic/gic_cpu.o \
	gic/gic_irq.o \
	gic/gic_route.o \
	gic/gic_cells.o \
	gic/vgic_lr.o \
	gic/vgic_state.o \
	gic/vgic_sgi.o \
	gic/vgic_vspi.o \
	gic/vgic_mmio.o \
	gic/vgic_dist.o \
	gic/vgic_redist.o \
	gic/vgic_its.o \
	gic/vgic_v2.o \
	gic/vgic_v2_sgi.o

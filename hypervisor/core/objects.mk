# SPDX-License-Identifier: Apache-2.0
core-objs := $(addprefix core/, \
	pool.o ownership.o config.o root.o cell.o memory.o create.o job.o lifecycle.o call.o \
	jailhouse.o console.o fault.o mmio.o spinlock.o)

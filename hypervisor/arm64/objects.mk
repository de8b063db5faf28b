# SPDX-License-Identifier: Apache-2.0
arm64-objs := $(addprefix arm64/, \
	entry.o vectors.o init.o hvmap.o stage2.o pgtable.o pgtable_change.o trap.o \
	abort.o insn.o inject.o idregs.o sysreg_trap.o reset.o wipe.o power.o psci.o smccc.o \
	smc.o guarded.o panic.o cache.o string.o)

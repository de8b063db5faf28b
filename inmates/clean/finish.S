/* SPDX-License-Identifier: Apache-2.0 */
/* The last registers of "dirty": those that C needs itself. Never returns. */
#include "regs.h"

	.arch_extension simd

	.text
	.global	dirty_finish
dirty_finish:
	msr	daifset, #0xf
	bl	mmu_disable
	ldr	x0, =CLEAN_PATTERN
	msr	elr_el1, x0
	msr	spsr_el1, x0
	msr	esr_el1, x0
	msr	far_el1, x0
	msr	vbar_el1, x0
	msr	sp_el0, x0
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x0
	msr	tcr_el1, x0
	msr	mair_el1, x0
	msr	amair_el1, x0
	msr	afsr0_el1, x0
	msr	afsr1_el1, x0
	msr	par_el1, x0
	msr	contextidr_el1, x0
	msr	tpidr_el0, x0
	msr	tpidrro_el0, x0
	msr	tpidr_el1, x0
	mov	x1, #2
	msr	csselr_el1, x1
	msr	cntkctl_el1, x0
	msr	cntv_cval_el0, x0
	msr	cntp_cval_el0, x0
	msr	fpcr, x0
	msr	fpsr, x0
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	dup	v\n\().2d, x0
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	dup	v\n\().2d, x0
	.endr
	mov	sp, x0
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	mov	x\n, x0
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov	x\n, x0
	.endr
	isb
1:	.rept	4096			/* see silent.c */
	nop
	.endr
	yield
	b	1b
	.ltorg

	.section .note.GNU-stack, "", %progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bool smc_forward(uint64_t x[18]): SMC to firmware with x0-x17 as given and
 * returned (SMCCC 1.2). False if the machine does not know SMC or not this
 * one (an emulator without EL3 makes it UNDEFINED): x[] is then unchanged.
 */
	.text
	.globl	smc_forward
smc_forward:
	stp	x29, x30, [sp, #-64]!
	stp	x18, x0, [sp, #16]
	/* An UNDEFINED SMC overwrites what describes the guest's exit. */
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	stp	x1, x2, [sp, #32]
	mrs	x1, far_el2
	mrs	x2, esr_el2
	stp	x1, x2, [sp, #48]
	mov	x30, x0
	ldp	x0, x1, [x30]
	ldp	x2, x3, [x30, #16]
	ldp	x4, x5, [x30, #32]
	ldp	x6, x7, [x30, #48]
	ldp	x8, x9, [x30, #64]
	ldp	x10, x11, [x30, #80]
	ldp	x12, x13, [x30, #96]
	ldp	x14, x15, [x30, #112]
	ldp	x16, x17, [x30, #128]
1:	smc	#0
	ldr	x30, [sp, #24]
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16]
	stp	x4, x5, [x30, #32]
	stp	x6, x7, [x30, #48]
	stp	x8, x9, [x30, #64]
	stp	x10, x11, [x30, #80]
	stp	x12, x13, [x30, #96]
	stp	x14, x15, [x30, #112]
	stp	x16, x17, [x30, #128]
	mov	w0, #1
2:	ldr	x18, [sp, #16]
	ldp	x29, x30, [sp], #64
	ret
3:	ldp	x1, x2, [sp, #32]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x1, x2, [sp, #48]
	msr	far_el2, x1
	msr	esr_el2, x2
	isb
	mov	w0, #0
	b	2b

	.pushsection .extable, "a"
	.quad	1b, 3b
	.popsection

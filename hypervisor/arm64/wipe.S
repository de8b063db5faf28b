/* SPDX-License-Identifier: Apache-2.0 */
/* Register files that can only be named in assembly. */
	.text
	.arch_extension fp
	.arch_extension simd

/* Writing a V register also zeroes the Z register bits above it. */
	.globl	wipe_fpsimd
wipe_fpsimd:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	movi	v\n\().2d, #0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	ret

/* x0: number of the last one implemented; jumps over those that are not. */
	.globl	wipe_breakpoints
wipe_breakpoints:
	adr	x1, 1f
	mov	x2, #15
	sub	x2, x2, x0
	add	x1, x1, x2, lsl #3		/* two instructions each */
	br	x1
1:
	.irp	n, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0
	msr	dbgbcr\n\()_el1, xzr
	msr	dbgbvr\n\()_el1, xzr
	.endr
	ret

	.globl	wipe_watchpoints
wipe_watchpoints:
	adr	x1, 1f
	mov	x2, #15
	sub	x2, x2, x0
	add	x1, x1, x2, lsl #3		/* two instructions each */
	br	x1
1:
	.irp	n, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0
	msr	dbgwcr\n\()_el1, xzr
	msr	dbgwvr\n\()_el1, xzr
	.endr
	ret

/*
 * Debug CLAIM tags: writing ones to CLR clears all eight. Some emulators do
 * not have the register.
 */
	.globl	wipe_claim_tags
wipe_claim_tags:
	mov	x0, #0xff
1:	msr	dbgclaimclr_el1, x0
2:	ret
	.pushsection .extable, "a"
	.quad	1b, 2b
	.popsection

/* ISR_EL1.A: an SError is pending. It is taken with PSTATE.A clear. */
	.globl	drain_serror, drain_serror_open, drain_serror_closed
drain_serror:
	dsb	sy
	isb
	mrs	x0, isr_el1
	tbz	x0, #8, 1f
	msr	daifclr, #4
drain_serror_open:
	isb
	nop
	msr	daifset, #4
drain_serror_closed:
	isb
1:	ret

/*
 * uint64_t idreg_read(unsigned n): ID register S3_0_C0_Cm_op2 with n = (Cm - 1) * 8
 * + op2, Cm 1..7 (the space that HCR_EL2.TID3 traps, Arm ARM D19.1).
 */
	.globl	idreg_read
idreg_read:
	adr	x1, 1f
	add	x1, x1, x0, lsl #3
	br	x1
1:
	.irp	m, 1,2,3,4,5,6,7
	.irp	o, 0,1,2,3,4,5,6,7
	mrs	x0, s3_0_c0_c\m\()_\o
	ret
	.endr
	.endr

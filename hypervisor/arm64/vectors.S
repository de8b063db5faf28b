/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception vectors of EL2. The general registers of the guest go into a
 * struct trap_frame at the top of the CPU's stack, which is empty while a
 * guest runs, in two steps:
 *
 *  1. What C may change (AAPCS64, 6.1.1): x0-x18 and x30, with x19 and the
 *     zero register beside them. The first handler works with that.
 *  2. If it returns false, the exit needs the whole frame: x20-x29, which C
 *     has kept as they were, follow, and the second handler takes over. It may
 *     replace the frame by that of another guest.
 */
#include "asm_offsets.h"

	.section .vectors, "ax"

/* x31 of the frame is the zero register: index 31 means that in a syndrome. */
.macro save_first
	stp	x0, x1, [sp, #-FRAME_SIZE]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x30, xzr, [sp, #240]
.endm

.macro restore_first
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp], #FRAME_SIZE
.endm

.macro save_rest
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
.endm

.macro restore_rest
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
.endm

/* Nothing may be speculated past ERET with guest registers (straight-line speculation). */
.macro return_to_guest
	eret
	dsb	nsh
	isb
.endm

/* bool first(struct trap_frame *), void whole(struct trap_frame *) */
.macro entry first, whole
	.balign 128
	save_first
	mov	x0, sp
	bl	\first
	tbz	w0, #0, 1f
	restore_first
	return_to_guest
	.pushsection .vectors.whole, "ax"
1:	save_rest
	mov	x0, sp
	bl	\whole
	b	guest_return
	.popsection
.endm

/* Exits that are rare: with the whole frame at once. */
.macro entry_whole whole
	.balign 128
	save_first
	save_rest
	mov	x0, sp
	bl	\whole
	b	guest_return
.endm

/* EL2 itself took an exception: x0 frame, x1 kind. */
.macro own kind
	.balign 128
	save_first
	save_rest
	mov	x0, sp
	mov	x1, #\kind
	bl	el2_exception
	b	guest_return
.endm

	.balign 2048
	.globl	vectors
vectors:
	own	0
	own	1
	own	2
	own	3
	own	4
	own	5
	own	6
	own	7
	entry	trap_sync, trap_sync_whole
	entry	trap_irq, trap_irq_whole
	entry_whole trap_fiq
	entry_whole trap_serror
	own	12		/* AArch32 at EL1 or EL0: 12-15 */
	own	13
	own	14
	own	15

/* Back to where the whole frame at the top of the stack came from. */
	.globl	guest_return
guest_return:
	restore_rest
	restore_first
	return_to_guest

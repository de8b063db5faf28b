/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception vectors of EL2. An exit pushes all general registers as a
 * struct trap_frame at the top of the CPU's stack, which is empty while a
 * guest runs.
 */
#include "asm_offsets.h"

.macro save_frame
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
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
.endm

.macro entry handler
	.balign 128
	save_frame
	mov	x0, sp
	bl	\handler
	b	guest_return
.endm

/* EL2 itself took an exception: x0 frame, x1 kind. */
.macro own kind
	.balign 128
	save_frame
	mov	x0, sp
	mov	x1, #\kind
	bl	el2_exception
	b	own_return
.endm

	.section .vectors, "ax"
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
	entry	trap_sync
	entry	trap_irq
	entry	trap_fiq
	entry	trap_serror
	own	12		/* AArch32 at EL1 or EL0: 12-15 */
	own	13
	own	14
	own	15

/* Back to the guest from the frame at the top of the stack. */
	.globl	guest_return
guest_return:
own_return:
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp], #FRAME_SIZE
	eret
	/* Nothing may be speculated past ERET with guest registers (straight-line speculation). */
	dsb	nsh
	isb

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First instructions of clean-check: every register is stored before anything
 * is changed. One register must be used as an address; x0 is, because a CPU
 * handed over clean has zero there, which can be tested without a second one.
 */
#include "regs.h"

	.macro	vstore a, b, c, d
	stp	q\a, q\b, [x0], #32
	stp	q\c, q\d, [x0], #32
	.endm

	.text
	.global	inmate_entry
inmate_entry:
	cbnz	x0, 1f
	adrp	x0, clean_x
	add	x0, x0, :lo12:clean_x
	str	x1, [x0, #8]
	str	xzr, [x0]
	b	2f
	/* Dirty already: TPIDR_EL1 is the price for saying with what. */
1:	msr	tpidr_el1, x0
	adrp	x0, clean_x
	add	x0, x0, :lo12:clean_x
	str	x1, [x0, #8]
	mrs	x1, tpidr_el1
	str	x1, [x0]
2:	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	mov	x1, sp
	stp	x30, x1, [x0, #240]

	adrp	x0, clean_sys
	add	x0, x0, :lo12:clean_sys
#define READ(name, encoding, mask)	mrs x1, encoding; str x1, [x0], #8;
	CLEAN_REGS_FIRST(READ)

	/* From here a register may be undefined: our vectors skip it, x1 stays zero. */
	adrp	x1, clean_vectors
	add	x1, x1, :lo12:clean_vectors
	msr	vbar_el1, x1
	mov	x1, #(3 << 20)			/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x1
	isb
	mov	x10, #0				/* skipped */
#define TRY(name, encoding, mask)	mov x1, #0; mrs x1, encoding; str x1, [x0], #8;
	CLEAN_REGS_SECOND(TRY)
	adrp	x0, clean_skipped
	add	x0, x0, :lo12:clean_skipped
	str	x10, [x0]

	adrp	x0, clean_v
	add	x0, x0, :lo12:clean_v
	vstore	0, 1, 2, 3
	vstore	4, 5, 6, 7
	vstore	8, 9, 10, 11
	vstore	12, 13, 14, 15
	vstore	16, 17, 18, 19
	vstore	20, 21, 22, 23
	vstore	24, 25, 26, 27
	vstore	28, 29, 30, 31

	/* Memory, as it is without caches: everything behind the image's file. */
	adrp	x1, __load_end
	add	x1, x1, :lo12:__load_end
	ldr	x2, =__ram_end
	mov	x3, #0				/* words that are not zero */
	mov	x4, #0				/* address of the first */
3:	ldp	x5, x6, [x1], #16
	orr	x7, x5, x6
	cbz	x7, 4f
	add	x3, x3, #1
	cbnz	x4, 4f
	sub	x4, x1, #16
4:	cmp	x1, x2
	b.lo	3b
	adrp	x0, clean_ram
	add	x0, x0, :lo12:clean_ram
	stp	x3, x4, [x0]
	b	inmate_start
	.ltorg

	.balign	0x800
clean_vectors:
	.rept	16
	.balign	0x80
	mrs	x9, elr_el1
	add	x9, x9, #4
	msr	elr_el1, x9
	add	x10, x10, #1
	eret
	.endr

	/* Part of the file, not .bss: start.S clears that later. */
	.data
	.balign	16
	.global	clean_x, clean_sys, clean_v, clean_ram, clean_skipped
clean_x:
	.zero	32 * 8
clean_v:
	.zero	32 * 16
clean_ram:
	.zero	16
clean_skipped:
	.quad	0
clean_sys:
#define ROOM(name, encoding, mask)	.quad 0;
	CLEAN_REGS_FIRST(ROOM)
	CLEAN_REGS_SECOND(ROOM)

	.section .note.GNU-stack, "", %progbits

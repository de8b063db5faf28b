/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses for a guest that may fault at EL2 (a device that answers with a
 * bus error, guest page tables in a hole): each has an entry in the exception
 * table, and a fault makes the function return false.
 *
 * The fault overwrites ELR_EL2, SPSR_EL2, FAR_EL2 and ESR_EL2, which describe
 * the exit of the guest that is being served: they are kept in x4-x7, which
 * the report of an exception brings back like all registers, and restored.
 */
	.text

.macro keep_exit
	mrs	x4, elr_el2
	mrs	x5, spsr_el2
	mrs	x6, far_el2
	mrs	x7, esr_el2
.endm

.macro restore_exit
	msr	elr_el2, x4
	msr	spsr_el2, x5
	msr	far_el2, x6
	msr	esr_el2, x7
	isb
.endm

.macro guarded label
	.pushsection .extable, "a"
	.quad	\label, guarded_fault
	.popsection
.endm

/* bool guarded_read(const volatile void *p, unsigned size, uint64_t *value) */
	.globl	guarded_read
guarded_read:
	keep_exit
	cmp	w1, #2
	b.hi	3f
	b.eq	2f
1:	ldrb	w3, [x0]
	b	9f
2:	ldrh	w3, [x0]
	b	9f
3:	cmp	w1, #8
	b.eq	5f
4:	ldr	w3, [x0]
	b	9f
5:	ldr	x3, [x0]
9:	dsb	sy			/* an external abort is taken here at the latest */
	str	x3, [x2]
	mov	w0, #1
	ret
	guarded	1b
	guarded	2b
	guarded	4b
	guarded	5b

/* bool guarded_write(volatile void *p, unsigned size, uint64_t value) */
	.globl	guarded_write
guarded_write:
	keep_exit
	cmp	w1, #2
	b.hi	3f
	b.eq	2f
1:	strb	w2, [x0]
	b	9f
2:	strh	w2, [x0]
	b	9f
3:	cmp	w1, #8
	b.eq	5f
4:	str	w2, [x0]
	b	9f
5:	str	x2, [x0]
9:	dsb	sy
	mov	w0, #1
	ret
	guarded	1b
	guarded	2b
	guarded	4b
	guarded	5b

/* bool guarded_at_el1(uint64_t va), guarded_at_el0(uint64_t va): result in PAR_EL1 */
	.globl	guarded_at_el1
guarded_at_el1:
	keep_exit
1:	at	s1e1r, x0
2:	isb
	mov	w0, #1
	ret
	guarded	1b
	guarded	2b

	.globl	guarded_at_el0
guarded_at_el0:
	keep_exit
1:	at	s1e0r, x0
2:	isb
	mov	w0, #1
	ret
	guarded	1b
	guarded	2b

guarded_fault:
	restore_exit
	mov	w0, #0
	ret

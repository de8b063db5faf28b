/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into EL2 and out of it: image header, entry with the MMU off, first page
 * tables, and the way back. Only the code here runs with the MMU off; it
 * stands in the page (.idmap) that EL2 also maps 1:1.
 *
 * With the MMU off memory is accessed non-cacheable. What this file reads in
 * that state was cleaned to the point of coherency by the driver or by
 * el2_init(); what it writes (the boot tables) is invalidated from the caches
 * afterwards, since a speculative read of the agency may have brought stale
 * lines in (Arm ARM B2.8, mismatched memory attributes).
 */
#include "asm_offsets.h"
#include "layout.h"

#define SCTLR_EL2_OFF	0x30c50830
#define SCTLR_EL2_ON	0x30c5183f	/* M, A, C, SA, I */
#define HCR_EL2_PARKED	0x80000018	/* RW, IMO, FMO; E2H 0 */
#define TCR_EL2_BASE	0x80803510	/* RES1, SH0 IS, ORGN/IRGN WB, T0SZ 16 (48 bits) */
#define MAIR_EL2_VALUE	0x4404ff	/* PGT_MAIR_EL2 */
#define BLOCK_ATTR	0x741		/* block, AttrIndx 0, AP[1] RES1, AF, inner shareable */
#define TABLE_ATTR	0x3
#define SPSR_EL1H_DAIF	0x3c5

	.section .header, "a"
image_header:
	.ascii	"CAPSULE\0"
	.word	ABI_VERSION
	.word	image_header_end - image_header
	.quad	__file_size
	.quad	__image_size
	.quad	__entry_offset
	.quad	CPU_BLOCK_SIZE
	.quad	FIXED_SIZE
	.globl	image_build
image_build:
	.asciz	CAPSULE_BUILD
	.org	image_build + 32
image_header_end:

	.section .boot_tables, "aw", %nobits
	.balign 4096
boot_l0:	.skip 4096
boot_l1:	.skip 4096
boot_l2:	.skip 4096
boot_id_l1:	.skip 4096
boot_id_l2:	.skip 4096
boot_tables_end:

	.bss
	.balign 16
	.skip	EL2_STACK_SIZE
boot_stack_end:

	/* Physical address of EL2's own root table, once el2_init_memory() has built it. */
	.data
	.balign 64
	.globl	boot_ttbr
boot_ttbr:
	.quad	0
	.balign 64

.macro adr_l reg, sym
	adrp	\reg, \sym
	add	\reg, \reg, :lo12:\sym
.endm

/* \entry = index of \va at \shift, in bytes */
.macro table_index entry, va, shift
	lsr	\entry, \va, #\shift
	and	\entry, \entry, #511
	lsl	\entry, \entry, #3
.endm

	.section .idmap, "ax"
/*
 * From the hyp stub, MMU off: x0 physical start of hypervisor memory, x1
 * resume address at EL1, x2 CPU number. x19-x30 belong to the caller.
 */
	.globl	el2_entry
el2_entry:
	msr	daifset, #0xf
	ic	iallu
	dsb	nsh
	isb
	adr_l	x3, boot_ttbr
	ldr	x4, [x3]
	cbnz	x4, enter_with_own_tables
	b	enter_with_boot_tables

/* From firmware's CPU_ON, MMU off: x0 CPU number. */
	.globl	el2_cpu_entry
el2_cpu_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	ldr	x3, =SCTLR_EL2_OFF
	msr	sctlr_el2, x3
	ldr	x3, =HCR_EL2_PARKED
	msr	hcr_el2, x3
	ic	iallu
	dsb	nsh
	isb
	mov	x2, x0
	mov	x1, #0
	adr_l	x0, __image_start
	adr_l	x3, boot_ttbr
	ldr	x4, [x3]
	/* fall through */

enter_with_own_tables:
	ldr	x5, =cpu_virtual
	/* fall through */

/* x4: root table, x5: where to go on, virtual. Uses x6-x8. */
mmu_on:
	ldr	x6, =MAIR_EL2_VALUE
	msr	mair_el2, x6
	ldr	x6, =TCR_EL2_BASE
	mrs	x7, id_aa64mmfr0_el1
	and	x7, x7, #7			/* PARange; 52 bits (6) as 48 (5) */
	mov	x8, #5
	cmp	x7, x8
	csel	x7, x7, x8, lo
	bfi	x6, x7, #16, #3
	msr	tcr_el2, x6
	msr	ttbr0_el2, x4
	isb
	tlbi	alle2
	dsb	nsh
	isb
	ldr	x6, =SCTLR_EL2_ON
	msr	sctlr_el2, x6
	isb
	br	x5

enter_with_boot_tables:
	adr_l	x4, boot_l0
	adr_l	x5, boot_l1
	adr_l	x6, boot_l2
	ldr	x7, =HV_BASE
	table_index x8, x7, 39
	orr	x9, x5, #TABLE_ATTR
	str	x9, [x4, x8]
	table_index x8, x7, 30
	orr	x9, x6, #TABLE_ATTR
	str	x9, [x5, x8]

	adr_l	x7, __image_end			/* boot info */
	ldr	x7, [x7, #BOOT_HV_SIZE]
	mov	x9, #BLOCK_ATTR
	orr	x9, x9, x0
	add	x8, x6, x7, lsr #18		/* one 8-byte entry per 2 MiB */
	mov	x10, #HV_WINDOW_SIZE
1:	str	x9, [x6], #8
	add	x9, x9, x10
	cmp	x6, x8
	b.lo	1b

	adr_l	x5, boot_id_l1
	adr_l	x6, boot_id_l2
	table_index x8, x0, 39
	orr	x9, x5, #TABLE_ATTR
	str	x9, [x4, x8]
	table_index x8, x0, 30
	orr	x9, x6, #TABLE_ATTR
	str	x9, [x5, x8]
	table_index x8, x0, 21
	mov	x9, #BLOCK_ATTR
	orr	x9, x9, x0
	str	x9, [x6, x8]

	dmb	sy
	mrs	x6, ctr_el0
	ubfx	x6, x6, #16, #4			/* DminLine: log2 of words */
	mov	x7, #4
	lsl	x7, x7, x6
	mov	x8, x4
	adr_l	x9, boot_tables_end
2:	dc	ivac, x8
	add	x8, x8, x7
	cmp	x8, x9
	b.lo	2b
	dsb	sy

	ldr	x5, =first_virtual
	b	mmu_on

/*
 * Back to the MMU-off world, running at the 1:1 address. x4: where to go on
 * (in this page, physical). Uses x6.
 */
mmu_off:
	ldr	x6, =SCTLR_EL2_OFF
	msr	sctlr_el2, x6
	isb
	tlbi	alle2
	dsb	nsh
	isb
	br	x4

second_pass:
	adr_l	x3, boot_ttbr
	ldr	x4, [x3]
	b	enter_with_own_tables

/* x0-x3 are the answer, x5 resume address, x7 VBAR_EL2 as found */
refused:
	msr	vbar_el2, x7
	msr	elr_el2, x5
	mov	x6, #SPSR_EL1H_DAIF
	msr	spsr_el2, x6
	isb
	eret

/* Leaving EL2 for good: x2 SCTLR_EL2, x3 VBAR_EL2 as found; guest's x4-x30. */
leave_off:
	msr	sctlr_el2, x2
	isb
	tlbi	alle2
	dsb	nsh
	isb
	msr	vbar_el2, x3
	mov	x0, #0
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	isb
	eret
	.ltorg

	.text
.macro push_callee_saved
	stp	x29, x30, [sp, #-96]!
	stp	x27, x28, [sp, #16]
	stp	x25, x26, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x21, x22, [sp, #64]
	stp	x19, x20, [sp, #80]
.endm

.macro pop_callee_saved
	ldp	x19, x20, [sp, #80]
	ldp	x21, x22, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #32]
	ldp	x27, x28, [sp, #16]
	ldp	x29, x30, [sp], #96
.endm

/* \reg = physical address of \sym, given x0 = physical start */
.macro phys_of reg, sym
	ldr	\reg, =\sym - HV_BASE
	add	\reg, \reg, x0
.endm

/*
 * Gives the caller at EL1 its answer without a hypervisor: x0 physical start,
 * x1 resume address, x7 VBAR_EL2 as found, sp points to uint64_t answer[4]
 * below the callee-saved registers.
 */
refuse:
	mov	x5, x1
	phys_of	x4, refused
	phys_of	x8, mmu_off
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	add	sp, sp, #32
	pop_callee_saved
	br	x8

/* First CPU on the boot tables: make EL2's own, then start over on them. */
first_virtual:
	ldr	x5, =boot_stack_end
	mov	sp, x5
	push_callee_saved
	mrs	x6, vbar_el2
	sub	sp, sp, #32			/* uint64_t answer[4] */
	stp	x0, x1, [sp, #-32]!
	stp	x2, x6, [sp, #16]
	msr	tpidr_el2, xzr
	ldr	x5, =vectors
	msr	vbar_el2, x5
	isb
	add	x1, sp, #32
	bl	el2_init_memory			/* (phys, answer) */
	mov	x9, x0
	ldp	x2, x7, [sp, #16]
	ldp	x0, x1, [sp], #32
	cbnz	w9, refuse
	add	sp, sp, #32
	pop_callee_saved
	msr	vbar_el2, x7			/* cpu_virtual notes it as found */
	phys_of	x4, second_pass
	phys_of	x5, mmu_off
	br	x5

/* Any CPU on EL2's own tables: x1 resume address or 0, x2 CPU number. */
cpu_virtual:
	mov	x10, x0
	ldr	x5, =pcpus
	ldr	x0, [x5, x2, lsl #3]
	ldr	x6, [x0, #PCPU_STACK_TOP]
	mov	sp, x6
	mrs	x8, tpidr_el2
	mrs	x9, vbar_el2
	msr	tpidr_el2, x0
	ldr	x5, =vectors
	msr	vbar_el2, x5
	isb
	cbz	x1, 1f
	push_callee_saved
	sub	sp, sp, #32			/* uint64_t answer[4] */
	stp	x10, x1, [sp, #-32]!
	str	x9, [sp, #16]
	mov	x1, x9
	mov	x2, x8
	add	x3, sp, #32
	bl	el2_cpu_take			/* (pcpu, vbar, tpidr, answer) */
	mov	x9, x0
	ldr	x7, [sp, #16]
	ldp	x0, x1, [sp], #32
	cbnz	w9, refuse
	add	sp, sp, #32
	pop_callee_saved
	msr	elr_el2, x1
	mov	x6, #SPSR_EL1H_DAIF
	msr	spsr_el2, x6
	mov	x0, #0
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	isb
	eret
1:	sub	sp, sp, #FRAME_SIZE
	bl	el2_cpu_start			/* (pcpu) waits for something to run */
	b	guest_return

/*
 * void el2_leave(struct trap_frame *frame, uint64_t sctlr, uint64_t vbar,
 *                uint64_t hv_phys): back to the guest without a hypervisor.
 * ELR_EL2 and SPSR_EL2 are set. x0-x3 of the guest become 0.
 */
	.globl	el2_leave
el2_leave:
	mov	x5, x0
	mov	x0, x3
	phys_of	x4, leave_off
	mov	x0, x5
	mov	x3, x2
	mov	x2, x1
	mov	x1, x4
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	br	x1
	.ltorg

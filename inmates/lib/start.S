/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up. A cell's first CPU arrives at the first byte of the image at EL1h
 * with MMU and caches off and all interrupts masked; its other CPUs arrive at
 * inmate_secondary through PSCI CPU_ON.
 *
 * The identity map is built by the assembler, so that the MMU is on before
 * the first store: no location is ever written both with and without cache.
 */
#include <inmate/layout.h>

	.section .text.head, "ax"
	.global	_start
_start:
	b	inmate_entry

/* An image that must see the CPU untouched defines inmate_entry and ends it at inmate_start. */
	.weak	inmate_entry
inmate_entry:
	b	inmate_start

	.global	inmate_start
inmate_start:
	msr	daifset, #0xf
	bl	cpu_index
	cbnz	x0, stray_cpu
	bl	mmu_enable
	adrp	x0, __bss_start
	add	x0, x0, :lo12:__bss_start
	adrp	x1, __bss_end
	add	x1, x1, :lo12:__bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b
2:	mov	x0, #0
	bl	cpu_setup
	bl	inmate_primary
	b	cpu_off

/* CPU_ON's context argument, in x0, is ignored: MPIDR_EL1 says who we are. */
	.global	inmate_secondary
inmate_secondary:
	msr	daifset, #0xf
	bl	mmu_enable
	bl	cpu_index
	mov	x19, x0
	bl	cpu_setup
	mov	x0, x19
	bl	smp_secondary
	b	cpu_off

/* A CPU other than the first at the image's entry has nothing to do yet. */
stray_cpu:
cpu_off:
	movz	w0, #0x8400, lsl #16	/* PSCI CPU_OFF, Arm DEN 0022 */
	movk	w0, #0x0002
	hvc	#0
3:	wfi
	b	3b

/* -> x0: number of this CPU in its cell. Clobbers x1. */
cpu_index:
	mrs	x0, mpidr_el1
	and	x1, x0, #0xff00
	and	x0, x0, #0xff
	add	x0, x0, x1, lsr #4	/* Aff1 * 16 + Aff0 */
	ret

/* x0: CPU. Stack, vectors and TPIDR_EL1 (the CPU's number). Clobbers x1. */
cpu_setup:
	msr	tpidr_el1, x0
	adrp	x1, inmate_stacks
	add	x1, x1, :lo12:inmate_stacks
	add	x0, x0, #1
	add	x1, x1, x0, lsl #INMATE_STACK_SHIFT
	mov	sp, x1
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	ret

#define TCR_T0SZ_39	25
#define TCR_WBWA_ISH	(0x35 << 8)	/* IRGN0 = ORGN0 = 1, SH0 = 3 */
#define TCR_EPD1	(1 << 23)
#define TCR_IPS_40BIT	2
#define SCTLR_MMU_ON	0x30d0180d	/* RES1 of Armv8.0, I, SA, C, M */

/* Identity map, MMU and caches on. Clobbers x1-x3. */
	.global	mmu_enable
mmu_enable:
	dsb	sy
	ic	iallu
	tlbi	vmalle1
	mov	x1, #0xff04		/* MAIR_EL1: attribute 0 Device-nGnRE, 1 Normal WB */
	msr	mair_el1, x1
	ldr	x1, =(TCR_T0SZ_39 | TCR_WBWA_ISH | TCR_EPD1)
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #0xf		/* PARange */
	mov	x3, #TCR_IPS_40BIT
	cmp	x2, x3
	csel	x2, x2, x3, lo
	orr	x1, x1, x2, lsl #32
	msr	tcr_el1, x1
	adrp	x1, inmate_table_l1
	msr	ttbr0_el1, x1
	msr	ttbr1_el1, xzr
	dsb	sy
	isb
	ldr	x1, =SCTLR_MMU_ON
	msr	sctlr_el1, x1
	isb
	ret

/*
 * Turns the MMU and the data cache off again, for guests that want accesses
 * which their own tables would not allow. The caller's memory is cleaned by
 * the caller. Clobbers x1.
 */
	.global	mmu_disable
mmu_disable:
	dsb	sy
	mrs	x1, sctlr_el1
	bic	x1, x1, #(1 << 0)
	bic	x1, x1, #(1 << 2)
	msr	sctlr_el1, x1
	isb
	ret
	.ltorg

/* Vectors: all registers to the stack, then exception_entry(frame, vector). */
#define FRAME_SIZE	288
#define FRAME_ELR	248
#define FRAME_SPSR	256
#define FRAME_SP	264
#define FRAME_ESR	272
#define FRAME_FAR	280

	.macro	vector num
	.balign	0x80
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x1, #\num
	b	exception_common
	.endm

	.section .text.vectors, "ax"
	.balign	0x800
	.global	vectors
vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\n
	.endr

	.text
exception_common:
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
	mrs	x2, elr_el1
	stp	x30, x2, [sp, #240]
	mrs	x2, spsr_el1
	add	x3, sp, #FRAME_SIZE
	stp	x2, x3, [sp, #FRAME_SPSR]
	mrs	x2, esr_el1
	mrs	x3, far_el1
	stp	x2, x3, [sp, #FRAME_ESR]
	mov	x0, sp
	bl	exception_entry
	ldr	x2, [sp, #FRAME_SPSR]
	msr	spsr_el1, x2
	ldp	x30, x2, [sp, #240]
	msr	elr_el1, x2
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #FRAME_SIZE
	eret

/* Page zero of the parameters: empty text until somebody loads another. */
	.section .params, "aw"
	.global	inmate_params
inmate_params:
	.zero	INMATE_PARAMS_SIZE

/*
 * Identity map of 512 GiB (39-bit input addresses, level 1 first): RAM and the
 * communication region Normal, all the rest Device and never executable.
 */
#define DESC_TABLE	3
/* UXN, PXN, AF, block, attribute 0 */
#define DESC_DEVICE	((1 << 54) | (1 << 53) | (1 << 10) | 1)
#define DESC_NORMAL	((1 << 10) | (3 << 8) | (INMATE_ATTR_NORMAL << 2) | 1)	/* AF, ISH, block */
#define DESC_NORMAL_XN	((1 << 54) | (1 << 53) | DESC_NORMAL)

	.section .data.tables, "aw"
	.balign	4096
	.global	inmate_table_l1
inmate_table_l1:
	.set	gib, 0
	.rept	512
	.if	gib == (INMATE_BASE >> 30)
	.quad	inmate_table_ram + DESC_TABLE
	.elseif	gib == (INMATE_COMM_BASE >> 30)
	.quad	inmate_table_comm + DESC_TABLE
	.else
	.quad	(gib << 30) | DESC_DEVICE
	.endif
	.set	gib, gib + 1
	.endr

	.global	inmate_table_ram
inmate_table_ram:
	.set	addr, (INMATE_BASE >> 30) << 30
	.rept	512
	.if	(addr >= INMATE_BASE) && (addr < INMATE_BASE + INMATE_RAM_SIZE)
	.quad	addr | DESC_NORMAL
	.else
	.quad	addr | DESC_DEVICE
	.endif
	.set	addr, addr + 0x200000
	.endr

	.global	inmate_table_comm
inmate_table_comm:
	.set	addr, (INMATE_COMM_BASE >> 30) << 30
	.rept	512
	.if	addr == INMATE_COMM_BASE
	.quad	addr | DESC_NORMAL_XN
	.else
	.quad	addr | DESC_DEVICE
	.endif
	.set	addr, addr + 0x200000
	.endr

	.section .noinit, "aw", %nobits
	.balign	16
	.global	inmate_stacks
inmate_stacks:
	.zero	INMATE_MAX_CPUS * INMATE_STACK_SIZE

	.section .note.GNU-stack, "", %progbits

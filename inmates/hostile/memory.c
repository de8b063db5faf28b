/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses that do not end well, and memory that others had before. */
#include <stdint.h>

#include <inmate/exception.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/sysreg.h>

#include "hostile.h"

#define PATTERN		0x686f7374696c6521UL
#define TABLE		3UL	/* descriptor of a table */

extern uint64_t inmate_table_l1[];

/* An external abort, told of this guest's own instruction and address. */
static bool is_ours(const struct exception_record *r, uint64_t pc, uint64_t addr)
{
	bool ok = r->count == 1 && ESR_EC(r->esr) == ESR_EC_DABT_CUR &&
		  ESR_FSC(r->esr) == ESR_FSC_EXTERNAL && r->far == addr && r->elr == pc;

	if (!ok)
		printf("hostile: %u exceptions, esr %lx far %lx elr %lx; at %lx of %lx\n",
		       r->count, r->esr, r->far, r->elr, pc, addr);
	return ok;
}

static bool read_hole(uint64_t addr)
{
	uint64_t pc;
	uint64_t val;

	exception_watch_begin();
	__asm__ volatile("adr %1, 1f\n1:	ldr %w0, [%2]"
			 : "=&r"(val), "=&r"(pc) : "r"(addr) : "memory");
	return is_ours(exception_watch_end(), pc, addr);
}

static bool write_hole(uint64_t addr)
{
	uint64_t pc;

	exception_watch_begin();
	__asm__ volatile("adr %0, 1f\n1:	str wzr, [%1]"
			 : "=&r"(pc) : "r"(addr) : "memory");
	return is_ours(exception_watch_end(), pc, addr);
}

bool way_hole(void)
{
	bool read = read_hole(AT_HOLE + 8);
	bool again = read_hole(AT_HOLE + 12);

	return write_hole(AT_HOLE + 16) && read && again;
}

/*
 * This code's translation goes through a table where nothing answers, and is
 * still in the TLB. The access has no syndrome: to emulate it, the instruction
 * must be read, by way of that table.
 */
bool way_walk(void)
{
	volatile uint64_t *entry = &inmate_table_l1[(uintptr_t)__image_start >> 30];
	uint64_t addr = AT_DEVICE;
	uint64_t val;

	*entry = *entry;
	__asm__ volatile("dsb sy\n\tstr %2, [%3]\n\tdsb sy\n\tldr %w0, [%1], #4"
			 : "=&r"(val), "+&r"(addr) : "r"(AT_HOLE_PAGE | TABLE), "r"(entry)
			 : "memory");
	return true;
}

/* Switching the cache is what makes the next maintenance one that has to be done. */
bool way_set_way(void)
{
	__asm__ volatile(
	"	mrs	x0, sctlr_el1\n"
	"	bic	x1, x0, #(1 << 2)\n"	/* C */
	"1:	msr	sctlr_el1, x1\n"
	"	isb\n"
	"	dc	cisw, xzr\n"
	"	msr	sctlr_el1, x0\n"
	"	isb\n"
	"	dc	cisw, xzr\n"
	"	b	1b\n"
	: : : "x0", "x1", "memory");
	return false;
}

bool way_fill(void)
{
	volatile uint64_t *p;

	for (p = (uint64_t *)(uintptr_t)__image_end; p < (uint64_t *)(uintptr_t)__ram_end; p++)
		*p = PATTERN;
	return true;
}

bool way_zero(void)
{
	const volatile uint64_t *p;
	uint64_t left = 0;

	for (p = (uint64_t *)(uintptr_t)__image_end; p < (uint64_t *)(uintptr_t)__ram_end; p++)
		left += *p != 0;
	if (left)
		printf("hostile: %lu words are not zero\n", left);
	return !left;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest does to itself: no business of the hypervisor's. */
#include <inmate/mmu.h>
#include <inmate/sysreg.h>

#include "fault.h"

#define NO_STACK	0xffffff8000000000UL
#define OWN_BLOCK	(INMATE_BASE + 0xc00000UL)	/* in RAM, behind the image */

static bool took(unsigned int ec)
{
	const struct exception_record *record = exception_watch_end();

	return expect(record->count == 1 && ESR_EC(record->esr) == ec, "ESR", record->esr);
}

/* BRK and undefined instructions resume where told, so the watch's skip fits. */
bool way_own_brk(uintptr_t arg)
{
	(void)arg;
	exception_watch_begin();
	__asm__ volatile("brk #42");
	return took(ESR_EC_BRK);
}

bool way_own_undefined(uintptr_t arg)
{
	(void)arg;
	exception_watch_begin();
	__asm__ volatile(".inst 0");
	return took(ESR_EC_UNKNOWN);
}

bool way_own_abort(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, OWN_BLOCK);
	bool ok;

	mmu_set_block(addr, MMU_INVALID);
	exception_watch_begin();
	mmio_read32(addr);
	ok = took(ESR_EC_DABT_CUR);
	mmu_set_block(addr, MMU_NORMAL);
	return ok;
}

/* Exclusives must be aligned whatever the memory is. */
bool way_own_alignment(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, OWN_BLOCK);
	uint32_t val;

	exception_watch_begin();
	__asm__ volatile("ldxr %w0, [%1]\n\tclrex" : "=r"(val) : "r"(addr + 1) : "memory");
	return took(ESR_EC_DABT_CUR);
}

/* SVC returns to the instruction behind it, so what the watch skips is the nop. */
bool way_own_svc(uintptr_t arg)
{
	(void)arg;
	exception_watch_begin();
	__asm__ volatile("svc #0\n\tnop");
	return took(0x15);
}

bool way_wfi_forever(uintptr_t arg)
{
	(void)arg;
	__asm__ volatile("msr daifset, #0xf" : : : "memory");
	for (;;)
		wfi();
}

/* Each exception's first instruction is the next exception. */
bool way_exception_loop(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, OWN_BLOCK);

	mmu_set_block(addr, MMU_INVALID);
	write_sysreg(addr, vbar_el1);
	isb();
	__asm__ volatile("brk #1");
	return false;
}

/*
 * The vectors push their frame on a stack that is not there. It is in the
 * upper half, where nothing is mapped, so that it never grows into RAM.
 */
bool way_stack_gone(uintptr_t arg)
{
	__asm__ volatile("mov sp, %0\n\tbrk #1" : : "r"(arg_or(arg, NO_STACK)) : "memory");
	return false;
}

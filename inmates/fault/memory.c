/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses to memory that is not there, or not for this. */
#include <inmate/layout.h>
#include <inmate/mmu.h>
#include <inmate/platform.h>
#include <inmate/string.h>
#include <inmate/sysreg.h>

#include "fault.h"

#define PATTERN		0x0123456789abcdefUL

static bool call(uintptr_t addr)
{
	void (*function)(void) = (void (*)(void))addr;

	mmu_set_block(addr, MMU_NORMAL);	/* our own map must not be what refuses */
	function();
	return false;
}

bool way_read_outside(uintptr_t arg)
{
	mmio_read32(arg_or(arg, AT_OUTSIDE));
	return false;
}

bool way_write_outside(uintptr_t arg)
{
	mmio_write32(arg_or(arg, AT_OUTSIDE), 0);
	return false;
}

bool way_exec_outside(uintptr_t arg)
{
	return call(arg_or(arg, AT_OUTSIDE));
}

/* No syndrome (ISV = 0) for any of the next four. */
bool way_exclusive_outside(uintptr_t arg)
{
	uint64_t addr = arg_or(arg, AT_OUTSIDE);
	uint32_t val;

	mmu_set_block(addr, MMU_NORMAL);
	__asm__ volatile("ldxr %w0, [%1]\n\tclrex" : "=r"(val) : "r"(addr) : "memory");
	return false;
}

bool way_pair_outside(uintptr_t arg)
{
	uint64_t a;
	uint64_t b;

	__asm__ volatile("ldp %0, %1, [%2]" : "=&r"(a), "=r"(b)
			 : "r"(arg_or(arg, AT_OUTSIDE)) : "memory");
	return false;
}

bool way_stack_outside(uintptr_t arg)
{
	uint64_t addr = arg_or(arg, AT_OUTSIDE) + 0x1000;

	mmu_set_block(addr, MMU_NORMAL);
	__asm__ volatile("mov x9, sp\n\tmov sp, %0\n\tstp x9, x30, [sp, #-16]!\n\tmov sp, x9"
			 : : "r"(addr) : "x9", "memory");
	return false;
}

bool way_zva_outside(uintptr_t arg)
{
	uint64_t addr = arg_or(arg, AT_OUTSIDE);

	mmu_set_block(addr, MMU_NORMAL);
	__asm__ volatile("dc zva, %0" : : "r"(addr) : "memory");
	return false;
}

bool way_table_walk(uintptr_t arg)
{
	write_sysreg(arg_or(arg, AT_OUTSIDE), ttbr0_el1);
	isb();
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
	return false;
}

bool way_write_readonly(uintptr_t arg)
{
	mmio_write32(arg_or(arg, AT_READONLY), 0);
	return false;
}

bool way_exec_noexec(uintptr_t arg)
{
	return call(arg_or(arg, AT_NOEXEC));
}

bool way_exec_comm(uintptr_t arg)
{
	return call(arg_or(arg, INMATE_COMM_BASE));
}

bool way_ram_rw(uintptr_t arg)
{
	volatile uint64_t *last = (volatile uint64_t *)(arg_or(arg, (uintptr_t)__ram_end) - 8);
	uint64_t before = *last;
	bool ok;

	*last = PATTERN;
	ok = expect(*last == PATTERN, "last word of RAM", *last);
	*last = before;
	return ok;
}

bool way_readonly_read(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, AT_READONLY);
	uint64_t first = mmio_read64(addr);

	return expect(mmio_read64(addr) == first, "changes between two reads", first);
}

bool way_data_rw(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, AT_NOEXEC);

	mmio_write64(addr, PATTERN);
	return expect(mmio_read64(addr) == PATTERN, "data region", mmio_read64(addr));
}

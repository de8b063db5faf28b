/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include <inmate/layout.h>
#include <inmate/mmu.h>
#include <inmate/sysreg.h>

#define ENTRIES		512U

extern uint64_t inmate_table_ram[ENTRIES], inmate_table_comm[ENTRIES];

static void flush(void)
{
	dsb_ish();
	__asm__ volatile("tlbi vmalle1is" : : : "memory");
	dsb_ish();
	isb();
}

void mmu_set_block(uintptr_t addr, uint64_t attributes)
{
	bool in_comm = addr >> 30 == INMATE_COMM_BASE >> 30;
	uint64_t *table = in_comm ? inmate_table_comm : inmate_table_ram;
	uint64_t *entry = &table[addr / MMU_BLOCK % ENTRIES];

	/* Break before make. */
	*(volatile uint64_t *)entry = MMU_INVALID;
	flush();
	if (attributes == MMU_INVALID)
		return;
	*(volatile uint64_t *)entry = (addr & ~(MMU_BLOCK - 1)) | attributes;
	dsb_ish();
	isb();
}

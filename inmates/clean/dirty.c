/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest before clean-check: a pattern in every register and in all memory
 * it can write, then it spins and has to be forced. What EL2 leaves of it, the
 * next owner of CPU and memory would read.
 */
#include <inmate/exception.h>
#include <inmate/gic.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/sysreg.h>
#include <inmate/timer.h>

#include "regs.h"

/* Written one by one by C; the others by dirty_finish, after the last use of the stack. */
#define OUTPUT(name, encoding, mask) \
	__asm__ volatile("msr " SYSREG_STR(encoding) ", %0" : : "r"(CLEAN_PATTERN));

__attribute__((noreturn)) void dirty_finish(void);

static uint64_t fill_memory(void)
{
	uint64_t *word = (uint64_t *)(((uintptr_t)__image_end + 15) & ~15UL);
	uint64_t *end = (uint64_t *)(uintptr_t)__ram_end;
	uint64_t bytes = (uintptr_t)end - (uintptr_t)word;

	while (word < end)
		*word++ = CLEAN_PATTERN;
	return bytes;
}

/* Enabled, pending, odd priorities, and one SGI active: taken and never ended. */
static void dirty_gic(void)
{
	uintptr_t sgi = gic_banked();
	unsigned int i;

	mmio_write32(sgi + GICD_ISENABLER, ~0U);
	for (i = 0; i < 8; i++)
		mmio_write32(sgi + GICD_IPRIORITYR + 4 * i, 0x50505050U);
	for (i = 0; i < GIC_SGIS; i++)
		gic_set_pending(i);
	dsb_sy();
	isb();
	gic_acknowledge();
	timer_arm_virt(0);
	timer_arm_phys(0);
}

/* What is trapped or absent is skipped; debug and PMU registers in use do no harm to us. */
static unsigned int dirty_registers(void)
{
	unsigned int skipped;

	exception_watch_begin();
	CLEAN_REGS_SECOND(OUTPUT)
	__asm__ volatile("msr mdscr_el1, %0" : : "r"(0x8000UL));
	/* DBGCLAIMSET_EL1 */
	__asm__ volatile("msr " SYSREG_STR(S2_0_C7_C8_6) ", %0" : : "r"(0xffUL));
	skipped = exception_watch_end()->count;
	return skipped;
}

void inmate_main(void)
{
	uint64_t bytes;
	unsigned int skipped;

	write_sysreg(3UL << 20, cpacr_el1);
	isb();
	bytes = fill_memory();
	printf("dirty: %lu pages written\n", bytes / 4096);
	dirty_gic();
	skipped = dirty_registers();
	printf("dirty: registers written, %u trapped or absent; now spinning\n", skipped);
	dirty_finish();
}

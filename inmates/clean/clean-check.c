/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says whether this CPU and this memory came clean: entry.S has read them
 * before anything else ran. Ends with "clean: N registers, M pages checked,
 * none dirty" or "clean: FAILED: N dirty" behind one line for each.
 */
#include <inmate/comm.h>
#include <inmate/gic.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/sysreg.h>

#include "regs.h"

#define PAGE	4096UL

struct reg {
	const char *name;
	uint64_t mask;
};

static const struct reg regs[] = {
#define NAME(name, encoding, mask)	{ #name, mask },
	CLEAN_REGS_FIRST(NAME)
	CLEAN_REGS_SECOND(NAME)
};

#define NUM_REGS	(sizeof(regs) / sizeof(regs[0]))
#define NUM_GICR	11U

extern uint64_t clean_x[32], clean_sys[NUM_REGS], clean_v[64], clean_ram[2], clean_skipped;

static uint32_t gicr[NUM_GICR];
static unsigned int dirty;
static unsigned int checked;

/* Before the library touches the interrupt controller. */
void inmate_early(void)
{
	uintptr_t sgi = gic_banked();
	unsigned int i;

	if (!sgi)
		return;
	gicr[0] = mmio_read32(sgi + GICD_ISENABLER);
	gicr[1] = mmio_read32(sgi + GICD_ISPENDR);
	gicr[2] = mmio_read32(sgi + GICD_ISACTIVER);
	for (i = 0; i < 8; i++)
		gicr[3 + i] = mmio_read32(sgi + GICD_IPRIORITYR + 4 * i);
}

static void check(const char *name, unsigned int number, uint64_t value, uint64_t mask)
{
	checked++;
	if ((value & mask) == 0)
		return;
	dirty++;
	if (number == ~0U)
		printf("clean: dirty %s %lx\n", name, value);
	else
		printf("clean: dirty %s%u %lx\n", name, number, value);
}

static void check_registers(void)
{
	unsigned int i;

	for (i = 0; i < 31; i++)
		check("x", i, clean_x[i], ALL);
	check("sp_el1", ~0U, clean_x[31], ALL);
	for (i = 0; i < 32; i++)
		check("v", i, clean_v[2 * i] | clean_v[2 * i + 1], ALL);
	for (i = 0; i < NUM_REGS; i++)
		check(regs[i].name, ~0U, clean_sys[i], regs[i].mask);
	for (i = 0; i < NUM_GICR; i++)
		check("gicr_sgi_frame", i, gicr[i], LOW32);
}

void inmate_main(void)
{
	uint64_t pages = ((uintptr_t)__ram_end - (uintptr_t)__load_end) / PAGE;

	check_registers();
	if (clean_ram[0]) {
		dirty++;
		printf("clean: dirty memory: %lu words, the first at %lx\n",
		       2 * clean_ram[0], clean_ram[1]);
	}
	printf("clean: %lu of the registers do not exist or are trapped\n", clean_skipped);
	if (dirty)
		printf("clean: FAILED: %u dirty\n", dirty);
	else
		printf("clean: %u registers, %lu pages checked, none dirty\n", checked, pages);
	if (platform_get()->comm)
		comm_wait_shutdown();
}

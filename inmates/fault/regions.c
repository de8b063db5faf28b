/* SPDX-License-Identifier: Apache-2.0 */
/* Regions with permitted widths and regions smaller than a page. */
#include <capsule/comm.h>
#include <inmate/comm.h>
#include <inmate/mmu.h>
#include <inmate/psci.h>
#include <inmate/sysreg.h>

#include "fault.h"

#define PL031_PERIPHID0	0x31U
#define PL031_PCELLID1	0xf0U

bool way_width_8(uintptr_t arg)
{
	mmio_read8(arg_or(arg, AT_WIDTH_32));
	return false;
}

bool way_width_16(uintptr_t arg)
{
	mmio_read16(arg_or(arg, AT_WIDTH_32));
	return false;
}

bool way_width_64(uintptr_t arg)
{
	mmio_read64(arg_or(arg, AT_WIDTH_32));
	return false;
}

/* As Device memory our own MMU would refuse it. */
bool way_width_unaligned(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, AT_WIDTH_32) + 2;

	mmu_set_block(addr, MMU_NORMAL);
	mmio_read32(addr);
	return false;
}

bool way_width_write(uintptr_t arg)
{
	mmio_write32(arg_or(arg, AT_WIDTH_32) + 8, 0);
	return false;
}

bool way_subpage_gap(uintptr_t arg)
{
	mmio_read32(arg_or(arg, AT_SUBPAGE_GAP));
	return false;
}

bool way_subpage_unaligned(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, AT_SUBPAGE) + 1;

	mmu_set_block(addr, MMU_NORMAL);
	mmio_read32(addr);
	return false;
}

/* The clock counts seconds since 1970: not zero, and not running backwards. */
bool way_width_32(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, AT_WIDTH_32);
	uint32_t first = mmio_read32(addr);
	uint32_t second = mmio_read32(addr);

	return expect(first != 0, "PL031 data register", first) &&
	       expect(second - first <= 2, "PL031 data register again", second);
}

bool way_subpage_read(uintptr_t arg)
{
	uintptr_t addr = arg_or(arg, AT_SUBPAGE);

	return expect(mmio_read32(addr) == PL031_PERIPHID0, "32 bits", mmio_read32(addr)) &&
	       expect(mmio_read8(addr) == PL031_PERIPHID0, "8 bits", mmio_read8(addr)) &&
	       expect(mmio_read32(addr + 0x14) == PL031_PCELLID1, "PCELLID1",
		      mmio_read32(addr + 0x14));
}

bool way_comm_failed(uintptr_t arg)
{
	(void)arg;
	comm_fail();
}

bool way_comm_revision(uintptr_t arg)
{
	(void)arg;
	comm_set_state(CAPSULE_COMM_FAILED_REV);
	psci_cpu_off();
}

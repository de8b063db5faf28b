/* SPDX-License-Identifier: Apache-2.0 */
/* System registers and instructions that are not for a cell. */
#include <inmate/printf.h>
#include <inmate/sysreg.h>

#include "fault.h"

#define MRS_X0		0xd5300000U	/* bit 20: op0 is 2 or 3, bit 19 the low bit of op0 */
#define CPACR_OPEN	0x03330000UL	/* SMEN, FPEN, ZEN: no traps */
#define RDVL_X0_1	0x04bf5020U	/* SVE */

/* -> MRS x0 of this encoding */
static uint32_t mrs(unsigned int op0, unsigned int op1, unsigned int crn, unsigned int crm,
		    unsigned int op2)
{
	return MRS_X0 | (op0 & 1U) << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5;
}

/* Nothing of FP, SVE and SME traps to EL1 any more, so that what is left to say is EL2's. */
static void open_cpacr(void)
{
	write_sysreg(CPACR_OPEN, cpacr_el1);
	isb();
}

/* ACTLR_EL1 exists in every processor: its value, zero, or undefined, but nothing worse. */
bool way_actlr(uintptr_t arg)
{
	const struct exception_record *record;

	(void)arg;
	exception_watch_begin();
	read_sysreg(actlr_el1);
	record = exception_watch_end();
	return record->count == 0 || was_undefined(record);
}

bool way_impdef_sysreg(uintptr_t arg)
{
	const struct exception_record *record;
	bool ok;

	(void)arg;
	exception_watch_begin();
	read_sysreg(S3_0_C15_C7_7);
	ok = was_undefined(exception_watch_end());
	exception_watch_begin();
	write_sysreg(0, S3_7_C11_C15_7);
	record = exception_watch_end();
	return ALL(was_undefined(record), ok);
}

bool way_el2_sysreg(uintptr_t arg)
{
	bool ok;

	(void)arg;
	exception_watch_begin();
	read_sysreg(hcr_el2);
	ok = was_undefined(exception_watch_end());
	exception_watch_begin();
	write_sysreg(0, S3_5_C1_C0_0);		/* SCTLR_EL12 */
	return ALL(was_undefined(exception_watch_end()), ok);
}

bool way_sve(uintptr_t arg)
{
	struct exception_record record;

	(void)arg;
	open_cpacr();
	run_instruction(mrs(3, 0, 1, 2, 0), 0, &record);	/* ZCR_EL1 */
	if (!was_undefined(&record))
		return false;
	run_instruction(RDVL_X0_1, 0, &record);
	return was_undefined(&record);
}

static bool field_is_zero(const char *name, uint64_t reg, unsigned int shift)
{
	return expect((reg >> shift & 0xfU) == 0, name, reg);
}

/* What EL2 does not reset when a CPU changes hands must not look present. */
bool way_id_masked(uintptr_t arg)
{
	uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1);
	uint64_t pfr1 = read_sysreg(id_aa64pfr1_el1);
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);

	(void)arg;
	return ALL(field_is_zero("ID_AA64PFR0 SVE", pfr0, 32),
		   field_is_zero("ID_AA64PFR0 MPAM", pfr0, 40),
		   field_is_zero("ID_AA64PFR0 AMU", pfr0, 44),
		   field_is_zero("ID_AA64PFR1 MTE", pfr1, 8),
		   field_is_zero("ID_AA64PFR1 SME", pfr1, 24),
		   field_is_zero("ID_AA64DFR0 PMSVer", dfr0, 32),
		   field_is_zero("ID_AA64DFR0 TraceBuffer", dfr0, 44));
}

/* ICC_IAR0/1 acknowledge an interrupt, DBGDTRRX and RNDR consume: not to be read for a look. */
static bool has_effect(unsigned int op0, unsigned int op1, unsigned int crn, unsigned int crm)
{
	if (op0 == 3 && op1 == 0 && crn == 12 && (crm == 8 || crm == 12))
		return true;
	return (op0 == 2 && op1 == 3 && crn == 0) || (op0 == 3 && op1 == 3 && crn == 2 && crm == 4);
}

/* FEAT_IDST gives undefined encodings among the ID registers a class of their own. */
static bool sweep_one(uint32_t instruction, bool is_id, unsigned int *readable)
{
	struct exception_record record;

	run_instruction(instruction, 0, &record);
	if (record.count == 0) {
		(*readable)++;
		return true;
	}
	return expect(record.count == 1 && (ESR_EC(record.esr) == ESR_EC_UNKNOWN ||
					    (is_id && ESR_EC(record.esr) == ESR_EC_SYSREG)),
		      "instruction", instruction);
}

/* Reads every encoding of MRS there is: each gives a value or is undefined. */
bool way_sysreg_sweep(uintptr_t arg)
{
	unsigned int readable = 0;
	unsigned int n;
	bool ok = true;

	(void)arg;
	open_cpacr();
	for (n = 0; n < 1U << 15; n++) {
		unsigned int op0 = 2 + (n >> 14);
		unsigned int op1 = n >> 11 & 7U;
		unsigned int crn = n >> 7 & 15U;
		unsigned int crm = n >> 3 & 15U;

		if (!has_effect(op0, op1, crn, crm))
			ok &= sweep_one(mrs(op0, op1, crn, crm, n & 7U), op0 == 3 && crn == 0,
					&readable);
	}
	printf("fault:   %u encodings can be read\n", readable);
	return ok;
}

/* Clean and invalidate level 1 by set and way, then look whether memory is still what it was. */
bool way_set_way(uintptr_t arg)
{
	static volatile uint64_t marks[64];
	uint64_t ccsidr;
	uint64_t sets;
	uint64_t ways;
	uint64_t set;
	uint64_t way;
	unsigned int i;
	bool ok = true;

	(void)arg;
	for (i = 0; i < 64; i++)
		marks[i] = i * 0x0101010101010101UL;
	write_sysreg(0, csselr_el1);
	isb();
	ccsidr = read_sysreg(ccsidr_el1);
	sets = (ccsidr >> 13 & 0x7fffU) + 1;
	ways = (ccsidr >> 3 & 0x3ffU) + 1;
	for (way = 0; way < ways; way++)
		for (set = 0; set < sets; set++)
			__asm__ volatile("dc cisw, %0" : :
					 "r"(way << __builtin_clz((unsigned int)ways - 1) |
					     set << ((ccsidr & 7U) + 4)) : "memory");
	dsb_sy();
	for (i = 0; i < 64; i++)
		ok &= expect(marks[i] == i * 0x0101010101010101UL, "memory changed", marks[i]);
	return ok;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * CPU features by table: a cell sees what EL2 resets when a CPU changes
 * hands; every other field reads as "not implemented". Fields by Arm ARM
 * D19.2. Registers without a line read as they are (32-bit state, ISAR0,
 * MMFR0: nothing with state of its own) except reserved ones, which are RAZ.
 */
#include "trap.h"
#include "util.h"

struct idreg_mask {
	uint8_t crm, op2;
	uint64_t hidden;	/* fields that read as zero */
};

#define FIELD4(n)	GENMASK((n) + 3, n)

static const struct idreg_mask masks[] = {
	/* PFR0: RAS, SVE, MPAM, AMU, RME */
	{ 4, 0, FIELD4(28) | FIELD4(32) | FIELD4(40) | FIELD4(44) | FIELD4(52) },
	/* PFR1: MTE, RAS_frac, MPAM_frac, SME, RNDR_trap, CSV2_frac, NMI, MTE_frac, GCS, THE, MTEX, DF2, PFAR */
	{ 4, 1, GENMASK(63, 60) | FIELD4(8) | FIELD4(12) | FIELD4(16) | FIELD4(24) |
		FIELD4(28) | FIELD4(32) | FIELD4(36) | FIELD4(40) | FIELD4(44) | FIELD4(48) | FIELD4(52) |
		FIELD4(56) },
	{ 4, 2, ~UINT64_C(0) },		/* PFR2 */
	{ 4, 4, ~UINT64_C(0) },		/* ZFR0 */
	{ 4, 5, ~UINT64_C(0) },		/* SMFR0 */
	{ 4, 7, ~UINT64_C(0) },		/* FPFR0 */
	/* DFR0: TraceVer, PMSVer, TraceFilt, TraceBuffer, MTPMU, BRBE, ExtTrcBuff, HPMN0 */
	{ 5, 0, FIELD4(4) | FIELD4(32) | FIELD4(40) | FIELD4(44) | FIELD4(48) | FIELD4(52) |
		FIELD4(56) | FIELD4(60) },
	{ 5, 1, ~UINT64_C(0) },		/* DFR1 */
	{ 5, 2, ~UINT64_C(0) },		/* DFR2 */
	{ 5, 4, ~UINT64_C(0) },		/* AFR0 */
	{ 5, 5, ~UINT64_C(0) },		/* AFR1 */
	{ 6, 0, FIELD4(24) },		/* ISAR0: TME */
	{ 6, 3, ~UINT64_C(0) },		/* ISAR3 */
	/* ISAR1: APA, API, GPA, GPI, XS, LS64 */
	{ 6, 1, FIELD4(4) | FIELD4(8) | FIELD4(24) | FIELD4(28) | FIELD4(56) | FIELD4(60) },
	/* ISAR2: GPA3, APA3, and what came after */
	{ 6, 2, ~GENMASK(7, 0) },
	/* MMFR1: VH, LO, XNX, ETS kept; HCX, AFP, nTLBPA, TIDCP1, CMOW, ECBHB hidden */
	{ 7, 1, FIELD4(8) | FIELD4(16) | FIELD4(40) | FIELD4(44) | FIELD4(52) | FIELD4(56) },
	/* MMFR2: NV, E0PD kept; */
	{ 7, 2, FIELD4(24) },
	{ 7, 3, ~UINT64_C(0) },		/* MMFR3: TCRX, SCTLRX, MEC, ... */
	{ 7, 4, ~UINT64_C(0) },
};

/* Fields of which only the first version is supported: no state that EL2 would have to reset. */
static const struct {
	uint8_t crm, op2, shift, most;
} caps[] = {
	{ 4, 0, 56, 1 },	/* PFR0.CSV2: without SCXTNUM_ELx */
};

uint64_t idreg_read(uint64_t n);

static uint64_t capped(uint64_t value, unsigned shift, uint64_t most)
{
	uint64_t field = (value >> shift) & 0xf;

	return field > most ? (value & ~(UINT64_C(0xf) << shift)) | most << shift : value;
}

uint64_t idreg_value(unsigned crm, unsigned op2)
{
	uint64_t value = idreg_read((crm - 1) * 8 + op2);

	for (unsigned i = 0; i < ARRAY_SIZE(masks); i++)
		if (masks[i].crm == crm && masks[i].op2 == op2)
			value &= ~masks[i].hidden;
	for (unsigned i = 0; i < ARRAY_SIZE(caps); i++)
		if (caps[i].crm == crm && caps[i].op2 == op2)
			value = capped(value, caps[i].shift, caps[i].most);
	return value;
}

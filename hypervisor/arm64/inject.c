// SPDX-License-Identifier: Apache-2.0
#include "trap.h"

#include "sysreg.h"

#define VECTOR_CURRENT_SP0	0x000
#define VECTOR_CURRENT_SPX	0x200
#define VECTOR_LOWER_64		0x400
#define VECTOR_LOWER_32		0x600
#define SCTLR_SPAN		BIT(23)
#define SPSR_PAN		BIT(22)
#define SPSR_UAO		BIT(23)
#define SPSR_SSBS		BIT(12)
#define SPSR_TCO		BIT(25)
#define SPSR_DIT		BIT(24)
#define SPSR_NZCV		GENMASK(31, 28)
#define SCTLR_DSSBS		BIT(44)

static uint64_t vector_of(uint64_t spsr)
{
	if (spsr & SPSR_M_AARCH32)
		return VECTOR_LOWER_32;
	switch (spsr & 0xf) {
	case SPSR_EL1H:
		return VECTOR_CURRENT_SPX;
	case SPSR_EL1T:
		return VECTOR_CURRENT_SP0;
	default:
		return VECTOR_LOWER_64;
	}
}

/* PSTATE on an exception to EL1 (Arm ARM, AArch64.TakeException()). */
static uint64_t pstate_at_entry(uint64_t spsr)
{
	uint64_t sctlr = read_sysreg(sctlr_el1);
	uint64_t pstate = SPSR_EL1H | SPSR_DAIF;

	pstate |= spsr & (SPSR_PAN | SPSR_DIT | SPSR_NZCV);
	if (!(sctlr & SCTLR_SPAN) && (read_sysreg(id_aa64mmfr1_el1) & GENMASK(23, 20)))
		pstate |= SPSR_PAN;
	if (sctlr & SCTLR_DSSBS)
		pstate |= SPSR_SSBS;
	if (spsr & SPSR_M_AARCH32)
		pstate &= ~(SPSR_NZCV | SPSR_DIT);
	return pstate;
}

static void take_exception(uint64_t esr)
{
	uint64_t spsr = read_sysreg(spsr_el2);

	write_sysreg(esr_el1, esr);
	write_sysreg(elr_el1, read_sysreg(elr_el2));
	write_sysreg(spsr_el1, spsr);
	write_sysreg(elr_el2, read_sysreg(vbar_el1) + vector_of(spsr));
	write_sysreg(spsr_el2, pstate_at_entry(spsr));
}

static bool from_el0(void)
{
	uint64_t spsr = read_sysreg(spsr_el2);

	return (spsr & SPSR_M_AARCH32) || (spsr & 0xc) == 0;
}

void inject_undefined(void)
{
	take_exception((uint64_t)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
}

void inject_external_abort(bool fetch)
{
	uint64_t ec = fetch ? EC_IABT_CUR : EC_DABT_CUR;

	if (from_el0())
		ec -= 1;	/* from a lower level: one class below */
	write_sysreg(far_el1, read_sysreg(far_el2));
	take_exception(ec << ESR_EC_SHIFT | ESR_IL | FSC_EXTERNAL);
}

void inject_reflect(uint64_t esr, uint64_t far)
{
	uint64_t ec = ESR_EC(esr);

	if (!from_el0() && (ec == EC_IABT_LOW || ec == EC_DABT_LOW))
		esr += UINT64_C(1) << ESR_EC_SHIFT;
	write_sysreg(far_el1, far);
	take_exception(esr);
}

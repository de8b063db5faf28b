/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/smp.h>
#include <inmate/sysreg.h>

#include "bench.h"

#define EVENT_INST_RETIRED	0x08U
#define TYPER_P			(1U << 31)	/* not at EL1 */
#define TYPER_U			(1U << 30)	/* not at EL0 */
#define TYPER_NSH		(1U << 27)	/* at EL2 */
#define PMCR_E			1U
#define DFR0_PMUVER(x)		((x) >> 8 & 0xfU)
#define PMUVER_NONE		0U
#define PMUVER_OTHER		0xfU		/* not the architecture's */

static bool present(void)
{
	uint64_t version = DFR0_PMUVER(read_sysreg(id_aa64dfr0_el1));

	return version != PMUVER_NONE && version != PMUVER_OTHER &&
	       (read_sysreg(pmceid0_el0) >> EVENT_INST_RETIRED & 1U);
}

bool pmu_begin(void)
{
	if (!present())
		return false;
	write_sysreg(0, pmselr_el0);
	isb();
	write_sysreg(EVENT_INST_RETIRED | TYPER_P | TYPER_U | TYPER_NSH, pmxevtyper_el0);
	write_sysreg(0, pmxevcntr_el0);
	write_sysreg(1, pmcntenset_el0);
	write_sysreg(read_sysreg(pmcr_el0) | PMCR_E, pmcr_el0);
	isb();
	return true;
}

/* 32 bits: an operation is far shorter. */
uint64_t pmu_read(void)
{
	isb();
	return (uint32_t)read_sysreg(pmxevcntr_el0);
}

// SPDX-License-Identifier: Apache-2.0
/* A CPU changes hands: everything a guest can read is reset. */
#include "gic.h"
#include "power.h"
#include "stage2.h"
#include "sysreg.h"

#define MDCR_HPMN		GENMASK(4, 0)
#define MDCR_CELL_TRAPS		(BIT(14) | BIT(19))	/* TPMS, TTRF; E2PB, E2TB 0: EL2's */
#define CPTR_OPEN		0x22ffUL	/* RES1 bits; no trap of SVE and SME */
#define HCRX_EL2		S3_4_C1_C2_2
#define ZCR_EL2			S3_4_C1_C2_0
#define SMCR_EL2		S3_4_C1_C2_6
#define HFGRTR_EL2		S3_4_C1_C1_4
#define HFGWTR_EL2		S3_4_C1_C1_5
#define HFGITR_EL2		S3_4_C1_C1_6
#define HDFGRTR_EL2		S3_4_C3_C1_4
#define HDFGWTR_EL2		S3_4_C3_C1_5
#define MMFR1_HCX(x)		(((x) >> 40) & 0xf)
#define MMFR0_FGT(x)		(((x) >> 56) & 0xf)
#define PFR0_SVE(x)		(((x) >> 32) & 0xf)
#define PFR1_SME(x)		(((x) >> 24) & 0xf)
#define CNTHCTL_EL1_ACCESS	3UL	/* EL1PCTEN, EL1PCEN */
#define CPTR_CELL		(0x33ffUL | BIT(20) | BIT(30))	/* TZ, TSM, TTA, TAM */

#define HCR_GUEST (HCR_VM | HCR_FMO | HCR_IMO | HCR_TSC)
#define HCR_CELL  (HCR_GUEST | HCR_RW | HCR_AMO | HCR_TIDCP | HCR_TACR | HCR_TID3 | \
		   HCR_TSW | HCR_SWIO | HCR_FB | HCR_BSU_IS | HCR_TLOR | HCR_TERR)

#define DFR0_PMUVER(x)	(((x) >> 8) & 0xf)
#define DFR0_BRPS(x)	(((x) >> 12) & 0xf)
#define DFR0_WRPS(x)	(((x) >> 20) & 0xf)
#define PMCR_P		BIT(1)
#define PMCR_C		BIT(2)
#define PMCR_LC		BIT(6)
#define PMCR_N(x)	(((x) >> 11) & 0x1f)

/* ZCR_EL2 and SMCR_EL2 trap at EL2 itself while CPTR_EL2 says so. */
static uint64_t open_vectors(void)
{
	uint64_t cptr = read_sysreg(cptr_el2);

	write_sysreg(cptr_el2, CPTR_OPEN);
	isb();
	return cptr;
}

static void close_vectors(uint64_t cptr)
{
	write_sysreg(cptr_el2, cptr);
	isb();
}

void vcpu_note_optional(struct el2_found *f)
{
	uint64_t cptr = open_vectors();

	if (PFR0_SVE(read_sysreg(id_aa64pfr0_el1)))
		f->zcr = read_sysreg(ZCR_EL2);
	if (PFR1_SME(read_sysreg(id_aa64pfr1_el1)))
		f->smcr = read_sysreg(SMCR_EL2);
	close_vectors(cptr);
	if (MMFR1_HCX(read_sysreg(id_aa64mmfr1_el1)))
		f->hcrx = read_sysreg(HCRX_EL2);
	if (MMFR0_FGT(read_sysreg(id_aa64mmfr0_el1))) {
		f->hfgrtr = read_sysreg(HFGRTR_EL2);
		f->hfgwtr = read_sysreg(HFGWTR_EL2);
		f->hfgitr = read_sysreg(HFGITR_EL2);
		f->hdfgrtr = read_sysreg(HDFGRTR_EL2);
		f->hdfgwtr = read_sysreg(HDFGWTR_EL2);
	}
}

/*
 * As found, for every guest: a CPU that firmware started has none of it yet.
 * HCRX_EL2 is zero for cells: what their ID registers hide stays off.
 */
static void load_optional(const struct vcpu *vcpu)
{
	const struct el2_found *f = &vcpu->pcpu->found;
	uint64_t cptr = open_vectors();

	if (PFR0_SVE(read_sysreg(id_aa64pfr0_el1)))
		write_sysreg(ZCR_EL2, f->zcr);
	if (PFR1_SME(read_sysreg(id_aa64pfr1_el1)))
		write_sysreg(SMCR_EL2, f->smcr);
	close_vectors(cptr);
	if (MMFR1_HCX(read_sysreg(id_aa64mmfr1_el1)))
		write_sysreg(HCRX_EL2, cell_is_root(vcpu->cell) ? f->hcrx : 0);
	if (MMFR0_FGT(read_sysreg(id_aa64mmfr0_el1))) {
		write_sysreg(HFGRTR_EL2, f->hfgrtr);
		write_sysreg(HFGWTR_EL2, f->hfgwtr);
		write_sysreg(HFGITR_EL2, f->hfgitr);
		write_sysreg(HDFGRTR_EL2, f->hdfgrtr);
		write_sysreg(HDFGWTR_EL2, f->hdfgwtr);
	}
}

void vcpu_load_controls(struct vcpu *vcpu)
{
	const struct el2_found *f = &vcpu->pcpu->found;

	load_optional(vcpu);
	if (cell_is_root(vcpu->cell)) {
		write_sysreg(hcr_el2, f->hcr | HCR_GUEST);
		write_sysreg(cptr_el2, f->cptr);
		write_sysreg(mdcr_el2, f->mdcr);
		write_sysreg(cnthctl_el2, f->cnthctl);
		write_sysreg(cntvoff_el2, f->cntvoff);
	} else {
		write_sysreg(hcr_el2, HCR_CELL);
		write_sysreg(cptr_el2, CPTR_CELL);
		write_sysreg(mdcr_el2, (f->mdcr & MDCR_HPMN) | MDCR_CELL_TRAPS);
		write_sysreg(cnthctl_el2, CNTHCTL_EL1_ACCESS);
		write_sysreg(cntvoff_el2, 0);
	}
	write_sysreg(hstr_el2, 0);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(vmpidr_el2, vcpu->mpidr);
	isb();
}

static void reset_pmu(void)
{
	uint64_t version = DFR0_PMUVER(read_sysreg(id_aa64dfr0_el1));
	uint64_t counters;

	if (version == 0 || version == 0xf)
		return;
	write_sysreg(pmcr_el0, PMCR_LC | PMCR_P | PMCR_C);
	write_sysreg(pmcntenclr_el0, ~0U);
	write_sysreg(pmintenclr_el1, ~0U);
	write_sysreg(pmovsclr_el0, ~0U);
	write_sysreg(pmuserenr_el0, 0);
	write_sysreg(pmccntr_el0, 0);
	write_sysreg(pmccfiltr_el0, 0);
	counters = PMCR_N(read_sysreg(pmcr_el0));
	for (uint64_t i = 0; i < counters; i++) {
		write_sysreg(pmselr_el0, i);
		isb();
		write_sysreg(pmxevtyper_el0, 0);
		write_sysreg(pmxevcntr_el0, 0);
	}
	write_sysreg(pmselr_el0, 0);
}

static void reset_debug(void)
{
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);

	write_sysreg(mdscr_el1, 0);
	write_sysreg(mdccint_el1, 0);
	write_sysreg(osdlr_el1, 0);
	write_sysreg(oslar_el1, 0);
	wipe_claim_tags();
	wipe_breakpoints(DFR0_BRPS(dfr0));
	wipe_watchpoints(DFR0_WRPS(dfr0));
}

static void reset_timers(void)
{
	write_sysreg(cntp_ctl_el0, 0);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cntp_cval_el0, 0);
	write_sysreg(cntv_cval_el0, 0);
	write_sysreg(cntkctl_el1, 0);
}

/* Registers of later architecture versions that a guest reaches untrapped. */
#define VDISR_EL2		S3_4_C12_C1_1
#define VSESR_EL2		S3_4_C5_C2_3
#define TPIDR2_EL0		S3_3_C13_C0_5
#define PFR0_EL1(x)		(((x) >> 4) & 0xf)
#define PFR0_RAS(x)		(((x) >> 28) & 0xf)

static void reset_optional(void)
{
	/* With HCR_EL2.AMO set, DISR_EL1 of a guest is VDISR_EL2. */
	if (PFR0_RAS(read_sysreg(id_aa64pfr0_el1))) {
		write_sysreg(VDISR_EL2, 0);
		write_sysreg(VSESR_EL2, 0);
	}
	if (PFR1_SME(read_sysreg(id_aa64pfr1_el1)))
		write_sysreg(TPIDR2_EL0, 0);
}

/* Only where EL1 can use AArch32; UNDEFINED elsewhere (Arm ARM D19.2). */
static void reset_aarch32(void)
{
	if (PFR0_EL1(read_sysreg(id_aa64pfr0_el1)) != 2)
		return;
	write_sysreg(spsr_abt, 0);
	write_sysreg(spsr_und, 0);
	write_sysreg(spsr_irq, 0);
	write_sysreg(spsr_fiq, 0);
	write_sysreg(dacr32_el2, 0);
	write_sysreg(ifsr32_el2, 0);
	write_sysreg(fpexc32_el2, 0x700);
}

static void reset_el1(void)
{
	write_sysreg(sctlr_el1, SCTLR_EL1_RESET);
	write_sysreg(cpacr_el1, 0);
	write_sysreg(ttbr0_el1, 0);
	write_sysreg(ttbr1_el1, 0);
	write_sysreg(tcr_el1, 0);
	write_sysreg(mair_el1, 0);
	write_sysreg(amair_el1, 0);
	write_sysreg(vbar_el1, 0);
	write_sysreg(esr_el1, 0);
	write_sysreg(far_el1, 0);
	write_sysreg(afsr0_el1, 0);
	write_sysreg(afsr1_el1, 0);
	write_sysreg(elr_el1, 0);
	write_sysreg(spsr_el1, 0);
	write_sysreg(sp_el0, 0);
	write_sysreg(sp_el1, 0);
	write_sysreg(tpidr_el0, 0);
	write_sysreg(tpidrro_el0, 0);
	write_sysreg(tpidr_el1, 0);
	write_sysreg(contextidr_el1, 0);
	write_sysreg(par_el1, 0);
	write_sysreg(csselr_el1, 0);
}

void vcpu_reset(struct vcpu *vcpu, struct trap_frame *frame)
{
	reset_el1();
	reset_aarch32();
	reset_optional();
	reset_timers();
	reset_debug();
	reset_pmu();
	write_sysreg(cptr_el2, 0x33ff);
	isb();
	wipe_fpsimd();
	vcpu_load_controls(vcpu);
	stage2_load(vcpu->cell);
	gic_vcpu_reset(vcpu);

	memset(frame, 0, sizeof(*frame));
	frame->x[0] = vcpu->context;
	write_sysreg(elr_el2, vcpu->entry);
	write_sysreg(spsr_el2, SPSR_EL1H | SPSR_DAIF);
}

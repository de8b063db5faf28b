/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers that a guest can reach, for "dirty" (writes a pattern into each)
 * and "clean-check" (reads each before anything else runs). One list serves
 * assembly and C, so that both agree about the order.
 *
 * REG(name, encoding, mask): the bits of mask must be zero on a CPU that was
 * handed over clean; bits outside it are fixed, or may have any reset value.
 */
#ifndef CLEAN_REGS_H
#define CLEAN_REGS_H

#define ALL		0xffffffffffffffff
#define LOW32		0xffffffff

/* Never trapped or undefined. The first five are changed by any exception, so they come first. */
#define CLEAN_REGS_FIRST(REG)							\
	REG(elr_el1, elr_el1, ALL)						\
	REG(spsr_el1, spsr_el1, LOW32)						\
	REG(esr_el1, esr_el1, LOW32)						\
	REG(far_el1, far_el1, ALL)						\
	REG(vbar_el1, vbar_el1, ALL)						\
	REG(sp_el0, sp_el0, ALL)						\
	REG(cpacr_el1, cpacr_el1, LOW32)					\
	REG(sctlr_el1, sctlr_el1, 0x1005)	/* M, C, I */			\
	REG(ttbr0_el1, ttbr0_el1, ALL)						\
	REG(ttbr1_el1, ttbr1_el1, ALL)						\
	REG(tcr_el1, tcr_el1, ALL)						\
	REG(mair_el1, mair_el1, ALL)						\
	REG(amair_el1, amair_el1, ALL)						\
	REG(afsr0_el1, afsr0_el1, LOW32)					\
	REG(afsr1_el1, afsr1_el1, LOW32)					\
	REG(par_el1, par_el1, 0x00fffffffffff000)	/* the address */	\
	REG(contextidr_el1, contextidr_el1, LOW32)				\
	REG(tpidr_el0, tpidr_el0, ALL)						\
	REG(tpidrro_el0, tpidrro_el0, ALL)					\
	REG(tpidr_el1, tpidr_el1, ALL)						\
	REG(csselr_el1, csselr_el1, LOW32)					\
	REG(cntkctl_el1, cntkctl_el1, LOW32)					\
	REG(cntv_ctl_el0, cntv_ctl_el0, 0x1)					\
	REG(cntv_cval_el0, cntv_cval_el0, ALL)

#define CLEAN_PMEV(REG, n, low)							\
	REG(pmevcntr##n##_el0, S3_3_C14_C8_##low, LOW32)			\
	REG(pmevtyper##n##_el0, S3_3_C14_C12_##low, LOW32)

#define CLEAN_DBG(REG, n)							\
	REG(dbgbvr##n##_el1, S2_0_C0_C##n##_4, ALL)				\
	REG(dbgbcr##n##_el1, S2_0_C0_C##n##_5, LOW32)				\
	REG(dbgwvr##n##_el1, S2_0_C0_C##n##_6, ALL)				\
	REG(dbgwcr##n##_el1, S2_0_C0_C##n##_7, LOW32)

/* May be trapped or absent: such a register tells nothing and so is clean. */
#define CLEAN_REGS_SECOND(REG)							\
	REG(cntp_ctl_el0, cntp_ctl_el0, 0x1)					\
	REG(cntp_cval_el0, cntp_cval_el0, ALL)					\
	REG(mdscr_el1, mdscr_el1, 0x0000b001)	/* MDE, KDE, TDCC, SS */	\
	REG(mdccint_el1, S2_0_C0_C2_0, LOW32)					\
	REG(osdtrrx_el1, S2_0_C0_C0_2, LOW32)					\
	REG(osdtrtx_el1, S2_0_C0_C3_2, LOW32)					\
	REG(dbgclaimclr_el1, S2_0_C7_C9_6, LOW32)				\
	CLEAN_DBG(REG, 0) CLEAN_DBG(REG, 1) CLEAN_DBG(REG, 2) CLEAN_DBG(REG, 3)	\
	CLEAN_DBG(REG, 4) CLEAN_DBG(REG, 5)					\
	REG(pmcr_el0, S3_3_C9_C12_0, 0x1)	/* E */				\
	REG(pmcntenset_el0, S3_3_C9_C12_1, LOW32)				\
	REG(pmovsclr_el0, S3_3_C9_C12_3, LOW32)					\
	REG(pmselr_el0, S3_3_C9_C12_5, 0x1f)					\
	REG(pmccntr_el0, S3_3_C9_C13_0, ALL)					\
	REG(pmuserenr_el0, S3_3_C9_C14_0, LOW32)				\
	REG(pmintenset_el1, S3_0_C9_C14_1, LOW32)				\
	REG(pmccfiltr_el0, S3_3_C14_C15_7, LOW32)				\
	CLEAN_PMEV(REG, 0, 0) CLEAN_PMEV(REG, 1, 1) CLEAN_PMEV(REG, 2, 2)	\
	CLEAN_PMEV(REG, 3, 3) CLEAN_PMEV(REG, 4, 4) CLEAN_PMEV(REG, 5, 5)	\
	REG(icc_pmr_el1, S3_0_C4_C6_0, LOW32)					\
	REG(icc_igrpen0_el1, S3_0_C12_C12_6, LOW32)				\
	REG(icc_igrpen1_el1, S3_0_C12_C12_7, LOW32)				\
	REG(icc_ctlr_el1, S3_0_C12_C12_4, 0x3)	/* CBPR, EOImode */		\
	REG(icc_ap0r0_el1, S3_0_C12_C8_4, LOW32)				\
	REG(icc_ap1r0_el1, S3_0_C12_C9_0, LOW32)				\
	REG(apiakeylo_el1, S3_0_C2_C1_0, ALL)					\
	REG(apiakeyhi_el1, S3_0_C2_C1_1, ALL)					\
	REG(apibkeylo_el1, S3_0_C2_C1_2, ALL)					\
	REG(apibkeyhi_el1, S3_0_C2_C1_3, ALL)					\
	REG(apdakeylo_el1, S3_0_C2_C2_0, ALL)					\
	REG(apdakeyhi_el1, S3_0_C2_C2_1, ALL)					\
	REG(apdbkeylo_el1, S3_0_C2_C2_2, ALL)					\
	REG(apdbkeyhi_el1, S3_0_C2_C2_3, ALL)					\
	REG(apgakeylo_el1, S3_0_C2_C3_0, ALL)					\
	REG(apgakeyhi_el1, S3_0_C2_C3_1, ALL)					\
	REG(disr_el1, S3_0_C12_C1_1, ALL)					\
	REG(scxtnum_el0, S3_3_C13_C0_7, ALL)					\
	REG(scxtnum_el1, S3_0_C13_C0_7, ALL)					\
	REG(tpidr2_el0, S3_3_C13_C0_5, ALL)					\
	REG(zcr_el1, S3_0_C1_C2_0, ALL)						\
	REG(rgsr_el1, S3_0_C1_C0_5, ALL)					\
	REG(gcr_el1, S3_0_C1_C0_6, ALL)						\
	REG(tfsr_el1, S3_0_C5_C6_0, ALL)					\
	REG(trfcr_el1, S3_0_C1_C2_1, ALL)					\
	REG(fpcr, fpcr, LOW32)							\
	REG(fpsr, fpsr, LOW32)

#define CLEAN_PATTERN	0xd1d1d1d1d1d1d1d1

#endif

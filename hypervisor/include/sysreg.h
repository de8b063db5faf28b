/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers by the names of the Arm ARM (DDI 0487), and the fields EL2
 * uses. Registers that older assemblers do not know are named by encoding.
 */
#ifndef SYSREG_H
#define SYSREG_H

#include "barrier.h"
#include "util.h"

#define SYSREG_STR_(x)	#x
#define SYSREG_STR(x)	SYSREG_STR_(x)
#define read_sysreg(r) ({						\
	uint64_t v_;							\
	__asm__ volatile("mrs %0, " SYSREG_STR(r) : "=r"(v_));		\
	v_; })
#define write_sysreg(r, v) do {						\
	uint64_t w_ = (uint64_t)(v);					\
	__asm__ volatile("msr " SYSREG_STR(r) ", %x0" : : "rZ"(w_) : "memory"); \
} while (0)

/* HCR_EL2 */
#define HCR_VM		BIT(0)
#define HCR_SWIO	BIT(1)
#define HCR_PTW		BIT(2)
#define HCR_FMO		BIT(3)
#define HCR_IMO		BIT(4)
#define HCR_AMO		BIT(5)
#define HCR_VSE		BIT(8)
#define HCR_FB		BIT(9)
#define HCR_BSU_IS	BIT(10)
#define HCR_TWI		BIT(13)
#define HCR_TID1	BIT(16)
#define HCR_TID2	BIT(17)
#define HCR_TID3	BIT(18)
#define HCR_TSC		BIT(19)
#define HCR_TIDCP	BIT(20)
#define HCR_TACR	BIT(21)
#define HCR_TSW		BIT(22)
#define HCR_TVM		BIT(26)
#define HCR_TGE		BIT(27)
#define HCR_TDZ		BIT(28)
#define HCR_RW		BIT(31)
#define HCR_TLOR	BIT(35)
#define HCR_TERR	BIT(36)

/* SCTLR_EL2 */
#define SCTLR_M		BIT(0)
#define SCTLR_A		BIT(1)
#define SCTLR_C		BIT(2)
#define SCTLR_SA	BIT(3)
#define SCTLR_I		BIT(12)
#define SCTLR_WXN	BIT(19)
#define SCTLR_EL2_RES1	0x30c50830UL
#define SCTLR_EL1_RESET	0x30d00800UL	/* RES1 bits, MMU and caches off, little-endian */

/* ESR_ELx */
#define ESR_EC_SHIFT	26
#define ESR_EC(esr)	(((esr) >> ESR_EC_SHIFT) & 0x3f)
#define ESR_IL		BIT(25)
#define ESR_ISS(esr)	((esr) & 0x1ffffff)
#define EC_UNKNOWN	0x00
#define EC_WFX		0x01
#define EC_CP15_32	0x03
#define EC_CP14_64	0x0c
#define EC_FP_ACCESS	0x07
#define EC_PAUTH	0x09
#define EC_BTI		0x0d
#define EC_ILLEGAL	0x0e
#define EC_SVC64	0x15
#define EC_HVC64	0x16
#define EC_SMC64	0x17
#define EC_SYSREG	0x18
#define EC_SVE		0x19
#define EC_ERET		0x1a
#define EC_SME		0x1d
#define EC_IABT_LOW	0x20
#define EC_IABT_CUR	0x21
#define EC_PC_ALIGN	0x22
#define EC_DABT_LOW	0x24
#define EC_DABT_CUR	0x25
#define EC_SP_ALIGN	0x26
#define EC_FP_EXC64	0x2c
#define EC_SERROR	0x2f
#define EC_BRK64	0x3c

/* ISS of a data abort */
#define ISS_DABT_ISV	BIT(24)
#define ISS_DABT_SAS(i)	(((i) >> 22) & 3)
#define ISS_DABT_SSE	BIT(21)
#define ISS_DABT_SRT(i)	(((i) >> 16) & 31)
#define ISS_DABT_SF	BIT(15)
#define ISS_DABT_FNV	BIT(10)
#define ISS_DABT_CM	BIT(8)
#define ISS_DABT_S1PTW	BIT(7)
#define ISS_DABT_WNR	BIT(6)
#define ISS_FSC(i)	((i) & 0x3f)
#define FSC_TYPE(f)	((f) & 0x3c)
#define FSC_ADDR_SIZE	0x00
#define FSC_TRANSLATION	0x04
#define FSC_ACCESS	0x08
#define FSC_PERMISSION	0x0c
#define FSC_EXTERNAL	0x10
#define FSC_TLB_CONFLICT 0x30

/* SPSR_ELx */
#define SPSR_M_MASK	0x1fUL
#define SPSR_EL0T	0x0UL
#define SPSR_EL1T	0x4UL
#define SPSR_EL1H	0x5UL
#define SPSR_EL2H	0x9UL
#define SPSR_DAIF	0x3c0UL
#define SPSR_M_AARCH32	BIT(4)

/* VTCR_EL2 */
#define VTCR_RES1	BIT(31)
#define VTCR_PS_SHIFT	16
#define VTCR_SH0_IS	(UINT64_C(3) << 12)
#define VTCR_ORGN0_WB	(UINT64_C(1) << 10)
#define VTCR_IRGN0_WB	(UINT64_C(1) << 8)
#define VTCR_SL0_SHIFT	6
#define VTTBR_VMID_SHIFT 48

/* TCR_EL2 (not VHE) */
#define TCR_EL2_RES1	(BIT(31) | BIT(23))
#define TCR_PS_SHIFT	16
#define TCR_SH0_IS	(UINT64_C(3) << 12)
#define TCR_ORGN0_WB	(UINT64_C(1) << 10)
#define TCR_IRGN0_WB	(UINT64_C(1) << 8)

#define MPIDR_AFF_MASK	0xff00ffffffUL

#endif

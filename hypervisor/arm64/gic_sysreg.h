/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers of the GIC by encoding (GIC architecture IHI 0069, chapter
 * 12), because not every assembler knows their names, and their fields.
 */
#ifndef GIC_SYSREG_H
#define GIC_SYSREG_H

#include "util.h"

/* Physical CPU interface, as EL2 uses it */
#define ICC_PMR_EL1	S3_0_C4_C6_0
#define ICC_IAR0_EL1	S3_0_C12_C8_0
#define ICC_EOIR0_EL1	S3_0_C12_C8_1
#define ICC_DIR_EL1	S3_0_C12_C11_1
#define ICC_RPR_EL1	S3_0_C12_C11_3
#define ICC_SGI1R_EL1	S3_0_C12_C11_5
#define ICC_IAR1_EL1	S3_0_C12_C12_0
#define ICC_EOIR1_EL1	S3_0_C12_C12_1
#define ICC_BPR1_EL1	S3_0_C12_C12_3
#define ICC_CTLR_EL1	S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1	S3_0_C12_C12_7
#define ICC_SRE_EL1	S3_0_C12_C12_5
#define ICC_SRE_EL1_RESET	7U	/* SRE, no bypass */
#define ICC_SRE_EL2	S3_4_C12_C9_5

#define ISR_I			BIT(7)	/* ISR_EL1: an IRQ is pending */
#define ICC_CTLR_CBPR		BIT(0)
#define ICC_CTLR_EOIMODE	BIT(1)
#define ICC_SRE_SRE		BIT(0)
#define ICC_SRE_ENABLE		BIT(3)
#define ICC_IAR_INTID		GENMASK(23, 0)

#define ICC_SGIR_TARGETS	GENMASK(15, 0)
#define ICC_SGIR_AFF1		GENMASK(23, 16)
#define ICC_SGIR_INTID		GENMASK(27, 24)
#define ICC_SGIR_AFF2		GENMASK(39, 32)
#define ICC_SGIR_IRM		BIT(40)
#define ICC_SGIR_RS		GENMASK(47, 44)
#define ICC_SGIR_AFF3		GENMASK(55, 48)

/* Virtual CPU interface control */
#define ICH_AP0R0_EL2	S3_4_C12_C8_0
#define ICH_AP0R1_EL2	S3_4_C12_C8_1
#define ICH_AP0R2_EL2	S3_4_C12_C8_2
#define ICH_AP0R3_EL2	S3_4_C12_C8_3
#define ICH_AP1R0_EL2	S3_4_C12_C9_0
#define ICH_AP1R1_EL2	S3_4_C12_C9_1
#define ICH_AP1R2_EL2	S3_4_C12_C9_2
#define ICH_AP1R3_EL2	S3_4_C12_C9_3
#define ICH_HCR_EL2	S3_4_C12_C11_0
#define ICH_VTR_EL2	S3_4_C12_C11_1
#define ICH_EISR_EL2	S3_4_C12_C11_3
#define ICH_ELRSR_EL2	S3_4_C12_C11_5
#define ICH_VMCR_EL2	S3_4_C12_C11_7
#define ICH_LR0_EL2	S3_4_C12_C12_0
#define ICH_LR1_EL2	S3_4_C12_C12_1
#define ICH_LR2_EL2	S3_4_C12_C12_2
#define ICH_LR3_EL2	S3_4_C12_C12_3
#define ICH_LR4_EL2	S3_4_C12_C12_4
#define ICH_LR5_EL2	S3_4_C12_C12_5
#define ICH_LR6_EL2	S3_4_C12_C12_6
#define ICH_LR7_EL2	S3_4_C12_C12_7
#define ICH_LR8_EL2	S3_4_C12_C13_0
#define ICH_LR9_EL2	S3_4_C12_C13_1
#define ICH_LR10_EL2	S3_4_C12_C13_2
#define ICH_LR11_EL2	S3_4_C12_C13_3
#define ICH_LR12_EL2	S3_4_C12_C13_4
#define ICH_LR13_EL2	S3_4_C12_C13_5
#define ICH_LR14_EL2	S3_4_C12_C13_6
#define ICH_LR15_EL2	S3_4_C12_C13_7

#define ICH_HCR_EN		BIT(0)
#define ICH_HCR_UIE		BIT(1)	/* at most one list register in use */
#define ICH_HCR_NPIE		BIT(3)	/* no list register pending */

#define ICH_VTR_LISTREGS	GENMASK(4, 0)
#define ICH_VTR_PREBITS		GENMASK(28, 26)
#define ICH_VTR_PRIBITS		GENMASK(31, 29)

#define ICH_LR_VINTID		GENMASK(31, 0)
#define ICH_LR_PINTID		GENMASK(44, 32)
#define ICH_LR_EOI		BIT(41)	/* HW = 0: maintenance interrupt at the end */
#define ICH_LR_SOURCE		GENMASK(34, 32)	/* HW = 0: ours on GICv2, zero on GICv3 */
#define ICH_LR_PRIORITY		GENMASK(55, 48)
#define ICH_LR_GROUP1		BIT(60)
#define ICH_LR_HW		BIT(61)
#define ICH_LR_PENDING		BIT(62)
#define ICH_LR_ACTIVE		BIT(63)
#define ICH_LR_STATE		(ICH_LR_PENDING | ICH_LR_ACTIVE)

#endif

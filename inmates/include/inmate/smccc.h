/* SPDX-License-Identifier: Apache-2.0 */
/* SMC Calling Convention, Arm DEN 0028. */
#ifndef INMATE_SMCCC_H
#define INMATE_SMCCC_H

#include <stdint.h>

#define SMCCC_VERSION			0x80000000U
#define SMCCC_ARCH_FEATURES		0x80000001U
#define SMCCC_ARCH_SOC_ID		0x80000002U
#define SMCCC_ARCH_WORKAROUND_1		0x80008000U
#define SMCCC_ARCH_WORKAROUND_2		0x80007fffU
#define SMCCC_ARCH_WORKAROUND_3		0x80003fffU
#define SMCCC_NOT_SUPPORTED		(-1L)

struct smccc_result {
	uint64_t x[4];
};

/*
 * One call: fid in x0 and arguments in x1..x7. x8 and up keep their values by
 * the convention; the unused of x4..x7 are written with zero.
 */
#define SMCCC_CALL(insn, fid, a1, a2, a3, a4, a5, a6, a7) __extension__ ({	\
	register uint64_t r0_ __asm__("x0") = (fid);				\
	register uint64_t r1_ __asm__("x1") = (a1);				\
	register uint64_t r2_ __asm__("x2") = (a2);				\
	register uint64_t r3_ __asm__("x3") = (a3);				\
	register uint64_t r4_ __asm__("x4") = (a4);				\
	register uint64_t r5_ __asm__("x5") = (a5);				\
	register uint64_t r6_ __asm__("x6") = (a6);				\
	register uint64_t r7_ __asm__("x7") = (a7);				\
	__asm__ volatile(insn : "+r"(r0_), "+r"(r1_), "+r"(r2_), "+r"(r3_),	\
			 "+r"(r4_), "+r"(r5_), "+r"(r6_), "+r"(r7_) : : "memory"); \
	(struct smccc_result){ { r0_, r1_, r2_, r3_ } };			\
})

static inline struct smccc_result smccc_hvc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return SMCCC_CALL("hvc #0", fid, a1, a2, a3, 0, 0, 0, 0);
}

static inline struct smccc_result smccc_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return SMCCC_CALL("smc #0", fid, a1, a2, a3, 0, 0, 0, 0);
}

#endif

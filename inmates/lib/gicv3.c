/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/gic.h>
#include <inmate/layout.h>
#include <inmate/platform.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>

#include "gic_versions.h"

#define GICD_CTLR_ENABLE_GRP1	(1U << 1)
#define GICD_CTLR_ARE		(1U << 4)
#define GICD_CTLR_RWP		(1U << 31)
#define GICD_TYPER_LINES	0x1fU
#define GICR_CTLR_RWP		(1U << 3)
#define GICR_TYPER_LAST		(1U << 4)
#define GICR_WAKER_SLEEP	(1U << 1)	/* ProcessorSleep */
#define GICR_WAKER_ASLEEP	(1U << 2)	/* ChildrenAsleep */

/* CPU interface, IHI 0069 12.2; by encoding because assemblers differ in the names they know. */
#define ICC_PMR_EL1		S3_0_C4_C6_0
#define ICC_SGI1R_EL1		S3_0_C12_C11_5
#define ICC_IAR1_EL1		S3_0_C12_C12_0
#define ICC_EOIR1_EL1		S3_0_C12_C12_1
#define ICC_BPR1_EL1		S3_0_C12_C12_3
#define ICC_CTLR_EL1		S3_0_C12_C12_4
#define ICC_SRE_EL1		S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1		S3_0_C12_C12_7

static uintptr_t redistributors[INMATE_MAX_CPUS];

static void gicd_wait(void)
{
	while (mmio_read32(platform_get()->gicd_base + GICD_CTLR) & GICD_CTLR_RWP)
		;
}

void gicv3_init(void)
{
	uintptr_t gicd = platform_get()->gicd_base;
	uint32_t words;
	uint32_t i;

	mmio_write32(gicd + GICD_CTLR, GICD_CTLR_ARE);
	gicd_wait();
	words = (mmio_read32(gicd + GICD_TYPER) & GICD_TYPER_LINES) + 1;
	for (i = 1; i < words; i++)
		mmio_write32(gicd + GICD_IGROUPR + 4 * i, ~0U);
	mmio_write32(gicd + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1);
	gicd_wait();
}

uintptr_t gic_redistributor(void)
{
	uint64_t mpidr = read_sysreg(mpidr_el1);
	uint32_t affinity = (uint32_t)((mpidr & 0xffffffU) | ((mpidr >> 32 & 0xffU) << 24));
	uintptr_t frame = platform_get()->gicr_base;
	uint64_t typer;

	if (!frame)
		return 0;
	for (;; frame += GICR_STRIDE) {
		typer = mmio_read64(frame + GICR_TYPER);
		if ((uint32_t)(typer >> 32) == affinity)
			return frame;
		if (typer & GICR_TYPER_LAST)
			return 0;
	}
}

static void redistributor_init(uintptr_t gicr)
{
	uintptr_t sgi = gicr + GICR_SGI_FRAME;
	uint32_t waker = mmio_read32(gicr + GICR_WAKER);
	unsigned int i;

	mmio_write32(gicr + GICR_WAKER, waker & ~GICR_WAKER_SLEEP);
	while (mmio_read32(gicr + GICR_WAKER) & GICR_WAKER_ASLEEP)
		;
	mmio_write32(sgi + GICD_ICENABLER, ~0U);
	mmio_write32(sgi + GICD_IGROUPR, ~0U);
	for (i = 0; i < 32; i += 4)
		mmio_write32(sgi + GICD_IPRIORITYR + i, GIC_PRIORITY_DEFAULT * 0x01010101U);
	while (mmio_read32(gicr + GICR_CTLR) & GICR_CTLR_RWP)
		;
}

void gicv3_cpu_init(void)
{
	uintptr_t gicr = gic_redistributor();

	redistributors[smp_cpu()] = gicr;
	if (!gicr)
		return;
	redistributor_init(gicr);
	write_sysreg(1, ICC_SRE_EL1);
	isb();
	write_sysreg(0xff, ICC_PMR_EL1);
	write_sysreg(0, ICC_BPR1_EL1);
	write_sysreg(0, ICC_CTLR_EL1);		/* EOImode 0: EOIR also deactivates */
	write_sysreg(1, ICC_IGRPEN1_EL1);
	isb();
}

uintptr_t gicv3_sgi_frame(void)
{
	uintptr_t gicr = redistributors[smp_cpu()];

	if (!gicr)
		gicr = gic_redistributor();	/* before gic_cpu_init() */
	return gicr ? gicr + GICR_SGI_FRAME : 0;
}

void gicv3_wait(unsigned int intid)
{
	if (intid >= GIC_FIRST_SPI)
		gicd_wait();
	else
		while (mmio_read32(redistributors[smp_cpu()] + GICR_CTLR) & GICR_CTLR_RWP)
			;
}

void gicv3_route(unsigned int intid, unsigned int cpu)
{
	mmio_write64(platform_get()->gicd_base + GICD_IROUTER + 8UL * intid, smp_mpidr(cpu));
}

void gicv3_send_sgi(unsigned int sgi, unsigned int cpu)
{
	uint64_t mpidr = smp_mpidr(cpu);

	write_sysreg((mpidr & 0xff00U) << 8 | (uint64_t)sgi << 24 | 1UL << (mpidr & 0xfU),
		     ICC_SGI1R_EL1);
	isb();
}

void gicv3_mask_all(void)
{
	write_sysreg(0, ICC_PMR_EL1);		/* nothing is important enough */
	write_sysreg(0, ICC_IGRPEN1_EL1);
}

uint32_t gicv3_acknowledge(void)
{
	return (uint32_t)read_sysreg(ICC_IAR1_EL1) & 0xffffffU;
}

void gicv3_end(uint32_t iar)
{
	write_sysreg(iar, ICC_EOIR1_EL1);
	isb();
}

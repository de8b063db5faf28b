/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/gic.h>
#include <inmate/layout.h>
#include <inmate/platform.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>

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

static gic_handler handlers[GIC_MAX_INTID];
static uintptr_t redistributors[INMATE_MAX_CPUS];
static unsigned int unhandled;

static void gicd_wait(void)
{
	while (mmio_read32(platform_get()->gicd_base + GICD_CTLR) & GICD_CTLR_RWP)
		;
}

void gic_init(void)
{
	uintptr_t gicd = platform_get()->gicd_base;
	uint32_t words;
	uint32_t i;

	if (!gicd)
		return;
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

void gic_cpu_init(void)
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

uintptr_t gic_frame(unsigned int intid)
{
	if (intid < GIC_FIRST_SPI)
		return redistributors[smp_cpu()] + GICR_SGI_FRAME;
	return platform_get()->gicd_base;
}

static void set_bit(unsigned int intid, unsigned int bank)
{
	mmio_write32(gic_frame(intid) + bank + intid / 32 * 4, 1U << (intid % 32));
}

static bool test_bit(unsigned int intid, unsigned int bank)
{
	return mmio_read32(gic_frame(intid) + bank + intid / 32 * 4) >> (intid % 32) & 1U;
}

void gic_enable(unsigned int intid)
{
	set_bit(intid, GICD_ISENABLER);
}

void gic_disable(unsigned int intid)
{
	set_bit(intid, GICD_ICENABLER);
	if (intid >= GIC_FIRST_SPI)
		gicd_wait();
	else
		while (mmio_read32(redistributors[smp_cpu()] + GICR_CTLR) & GICR_CTLR_RWP)
			;
}

void gic_set_priority(unsigned int intid, uint8_t priority)
{
	mmio_write8(gic_frame(intid) + GICD_IPRIORITYR + intid, priority);
}

void gic_set_pending(unsigned int intid)
{
	set_bit(intid, GICD_ISPENDR);
}

void gic_clear_pending(unsigned int intid)
{
	set_bit(intid, GICD_ICPENDR);
}

bool gic_is_pending(unsigned int intid)
{
	return test_bit(intid, GICD_ISPENDR);
}

bool gic_is_active(unsigned int intid)
{
	return test_bit(intid, GICD_ISACTIVER);
}

void gic_route(unsigned int intid, unsigned int cpu)
{
	mmio_write64(platform_get()->gicd_base + GICD_IROUTER + 8UL * intid, smp_mpidr(cpu));
}

void gic_send_sgi(unsigned int sgi, unsigned int cpu)
{
	uint64_t mpidr = smp_mpidr(cpu);

	dsb_ish();	/* what was written before the SGI is seen by its receiver */
	write_sysreg((mpidr & 0xff00U) << 8 | (uint64_t)sgi << 24 | 1UL << (mpidr & 0xfU),
		     ICC_SGI1R_EL1);
	isb();
}

void gic_set_handler(unsigned int intid, gic_handler handler)
{
	if (intid < GIC_MAX_INTID)
		handlers[intid] = handler;
}

unsigned int gic_unhandled(void)
{
	return unhandled;
}

void gic_handle_irq(void)
{
	unsigned int intid = (unsigned int)read_sysreg(ICC_IAR1_EL1) & 0xffffffU;

	dsb_sy();
	if (intid >= GIC_MAX_INTID)
		return;		/* taken back before we asked (spurious) */
	if (handlers[intid])
		handlers[intid](intid);
	else
		unhandled++;
	write_sysreg(intid, ICC_EOIR1_EL1);
	isb();
}

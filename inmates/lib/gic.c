/* SPDX-License-Identifier: Apache-2.0 */
/* What GICv2 and GICv3 have in common: distributor registers by interrupt, and handlers. */
#include <inmate/gic.h>
#include <inmate/platform.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>

#include "gic_versions.h"

static gic_handler handlers[GIC_MAX_INTID];
static unsigned int unhandled;

void gic_init(void)
{
	if (!platform_get()->gicd_base)
		return;
	if (gic_is_v2())
		gicv2_init();
	else
		gicv3_init();
}

void gic_cpu_init(void)
{
	if (gic_is_v2())
		gicv2_cpu_init();
	else
		gicv3_cpu_init();
}

uintptr_t gic_banked(void)
{
	return gic_is_v2() ? platform_get()->gicd_base : gicv3_sgi_frame();
}

uintptr_t gic_frame(unsigned int intid)
{
	return intid < GIC_FIRST_SPI ? gic_banked() : platform_get()->gicd_base;
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
	if (!gic_is_v2())
		gicv3_wait(intid);
}

void gic_set_priority(unsigned int intid, uint8_t priority)
{
	mmio_write8(gic_frame(intid) + GICD_IPRIORITYR + intid, priority);
}

void gic_set_pending(unsigned int intid)
{
	if (gic_is_v2() && intid < GIC_SGIS)
		gic_send_sgi(intid, smp_cpu());
	else
		set_bit(intid, GICD_ISPENDR);
}

void gic_clear_pending(unsigned int intid)
{
	if (gic_is_v2() && intid < GIC_SGIS)
		mmio_write8(platform_get()->gicd_base + GICD_CPENDSGIR + intid, 0xff);
	else
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
	if (gic_is_v2())
		mmio_write8(platform_get()->gicd_base + GICD_ITARGETSR + intid,
			    (uint8_t)(1U << cpu));
	else
		gicv3_route(intid, cpu);
}

void gic_send_sgi(unsigned int sgi, unsigned int cpu)
{
	dsb_ish();	/* what was written before the SGI is seen by its receiver */
	if (gic_is_v2())
		mmio_write32(platform_get()->gicd_base + GICD_SGIR, 1U << (16 + cpu) | sgi);
	else
		gicv3_send_sgi(sgi, cpu);
}

void gic_mask_all(void)
{
	if (gic_is_v2())
		gicv2_mask_all();
	else
		gicv3_mask_all();
}

uint32_t gic_acknowledge(void)
{
	uint32_t iar = gic_is_v2() ? gicv2_acknowledge() : gicv3_acknowledge();

	dsb_sy();
	return iar;
}

void gic_end(uint32_t iar)
{
	if (gic_is_v2())
		gicv2_end(iar);
	else
		gicv3_end(iar);
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
	uint32_t iar = gic_acknowledge();
	unsigned int intid = gic_is_v2() ? iar & 0x3ffU : iar;

	if (intid >= GIC_MAX_INTID)
		return;		/* taken back before we asked (spurious) */
	if (handlers[intid])
		handlers[intid](intid);
	else
		unhandled++;
	gic_end(iar);
}

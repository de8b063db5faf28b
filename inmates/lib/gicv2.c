/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 (Arm IHI 0048): distributor and memory-mapped CPU interface. */
#include <inmate/gic.h>
#include <inmate/sysreg.h>

#include "gic_versions.h"

#define GICD_CTLR_ENABLE	1U
#define GICD_TYPER_LINES	0x1fU
#define GICC_CTLR		0x00U
#define GICC_PMR		0x04U
#define GICC_BPR		0x08U
#define GICC_IAR		0x0cU
#define GICC_EOIR		0x10U
#define GICC_CTLR_ENABLE	1U	/* EOImode 0: EOIR also deactivates */

static uintptr_t gicd(void)
{
	return platform_get()->gicd_base;
}

static uintptr_t gicc(void)
{
	return platform_get()->gicc_base;
}

/* Every SPI to the first CPU, as GICv3 has it after reset. */
void gicv2_init(void)
{
	uint32_t lines = 32 * ((mmio_read32(gicd() + GICD_TYPER) & GICD_TYPER_LINES) + 1);

	for (uint32_t i = GIC_FIRST_SPI; i < lines; i += 4)
		mmio_write32(gicd() + GICD_ITARGETSR + i, 0x01010101U);
	mmio_write32(gicd() + GICD_CTLR, GICD_CTLR_ENABLE);
}

void gicv2_cpu_init(void)
{
	if (!gicd())
		return;
	mmio_write32(gicd() + GICD_ICENABLER, ~0U);
	for (unsigned int i = 0; i < 32; i += 4)
		mmio_write32(gicd() + GICD_IPRIORITYR + i, GIC_PRIORITY_DEFAULT * 0x01010101U);
	mmio_write32(gicc() + GICC_PMR, 0xff);
	mmio_write32(gicc() + GICC_BPR, 0);
	mmio_write32(gicc() + GICC_CTLR, GICC_CTLR_ENABLE);
}

void gicv2_mask_all(void)
{
	mmio_write32(gicc() + GICC_PMR, 0);
	mmio_write32(gicc() + GICC_CTLR, 0);
}

uint32_t gicv2_acknowledge(void)
{
	return mmio_read32(gicc() + GICC_IAR);
}

void gicv2_end(uint32_t iar)
{
	dsb_sy();	/* the device has seen what the handler told it */
	mmio_write32(gicc() + GICC_EOIR, iar);
}

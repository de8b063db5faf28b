/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of one CPU, from what raises them to their end. */
#include <inmate/gic.h>
#include <inmate/platform.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#include "bench.h"

#define ICFGR_EDGE		2U
#define PRIORITY_OF(sgi)	((uint8_t)(0x20U + 8U * ((sgi) * 7U + 3U) % 0x80U))
#define SGI_ALONE		1U
#define FIRST_MS		1U

static void virt_ready(void)
{
	timer_stop_virt();
	bench_expect(TIMER_VIRT_INTID, 1);
}

static void phys_ready(void)
{
	timer_stop_phys();
	bench_expect(TIMER_PHYS_INTID, 1);
}

static void timer_virt(void)
{
	timer_arm_virt(timer_now());
	bench_take();
}

static void timer_phys(void)
{
	timer_arm_phys(timer_now_phys());
	bench_take();
}

static void timer_from_wfi(void)
{
	timer_arm_virt(timer_now() + timer_ms_to_ticks(FIRST_MS));
	wfi();
	bench_take();
}

static void sgi_ready(void)
{
	bench_expect(SGI_ALONE, 1);
}

static void sgi_self(void)
{
	gic_send_sgi(SGI_ALONE, smp_cpu());
	bench_take();
}

static void sgis_ready(void)
{
	unsigned int i;

	for (i = 0; i < GIC_SGIS; i++)
		gic_set_priority(i, PRIORITY_OF(i));
	for (i = 0; i < GIC_SGIS; i++)
		bench_expect(i, GIC_SGIS);
}

static void sgi_16(void)
{
	unsigned int i;

	for (i = 0; i < GIC_SGIS; i++)
		gic_send_sgi(i, smp_cpu());
	bench_take();
}

static void sgis_tidy(void)
{
	unsigned int i;

	for (i = 0; i < GIC_SGIS; i++)
		gic_set_priority(i, GIC_PRIORITY_DEFAULT);
}

static bool has_spi(void)
{
	return bench_spi() != 0;
}

/* The trigger may change only while the interrupt is disabled (IHI 0069 12.9.9). */
static void spi_ready(uint32_t trigger)
{
	unsigned int shift = bench_spi() % 16U * 2U;
	uintptr_t icfgr = platform_get()->gicd_base + GICD_ICFGR + bench_spi() / 16U * 4U;

	gic_disable(bench_spi());
	mmio_write32(icfgr, (mmio_read32(icfgr) & ~(3U << shift)) | trigger << shift);
	gic_route(bench_spi(), 0);
	bench_expect(bench_spi(), 1);
}

static void spi_edge_ready(void)
{
	spi_ready(ICFGR_EDGE);
}

static void spi_level_ready(void)
{
	spi_ready(0);
}

/* Set pending by the distributor, as no device of the cell's own is at hand everywhere. */
static void spi(void)
{
	gic_set_pending(bench_spi());
	bench_take();
}

const struct bench_op bench_interrupts[] = {
	{ "timer-virt", NULL, virt_ready, timer_virt, NULL },
	{ "timer-phys", NULL, phys_ready, timer_phys, NULL },
	{ "timer-from-wfi", NULL, virt_ready, timer_from_wfi, NULL },
	{ "sgi-self", NULL, sgi_ready, sgi_self, NULL },
	{ "sgi-16", NULL, sgis_ready, sgi_16, sgis_tidy },
	{ "spi-edge", has_spi, spi_edge_ready, spi, NULL },
	{ "spi-level", has_spi, spi_level_ready, spi, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses that trap: interrupt controller, system registers, parts of a page. */
#include <inmate/gic.h>
#include <inmate/platform.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>
#include <inmate/timer.h>

#include "bench.h"

#define DIST(offset)	(platform_get()->gicd_base + (offset))
#define REDIST(offset)	(redistributor + (offset))
#define SGI(offset)	(redistributor + GICR_SGI_FRAME + (offset))
#define BIT_OF(intid)	(1U << ((intid) % 32))
#define WORD_OF(intid)	((intid) / 32 * 4)

static uintptr_t redistributor;

static bool has_spi(void)
{
	return bench_spi() != 0;
}

static bool is_v3(void)
{
	return platform_get()->gic_version == 3;
}

static bool has_routed_spi(void)
{
	return has_spi() && is_v3();
}

static bool has_targeted_spi(void)
{
	return has_spi() && !is_v3();
}

static bool has_subpage(void)
{
	return bench_subpage() != 0;
}

/* Finding it is a number of trapped reads, so once, and not while something is counted. */
static void find_redistributor(void)
{
	if (!redistributor)
		redistributor = gic_redistributor();
}

static void gicd_read_ctlr(void)
{
	mmio_read32(DIST(GICD_CTLR));
}

static void gicd_read_typer(void)
{
	mmio_read32(DIST(GICD_TYPER));
}

static void gicd_write_ctlr(void)
{
	mmio_write32(DIST(GICD_CTLR), is_v3() ? 0x12 : 1);	/* as it is: ARE, EnableGrp1 */
}

static void gicd_read_isenabler(void)
{
	mmio_read32(DIST(GICD_ISENABLER + WORD_OF(bench_spi())));
}

static void gicd_write_isenabler(void)
{
	mmio_write32(DIST(GICD_ISENABLER + WORD_OF(bench_spi())), BIT_OF(bench_spi()));
}

static void gicd_write_icenabler(void)
{
	mmio_write32(DIST(GICD_ICENABLER + WORD_OF(bench_spi())), BIT_OF(bench_spi()));
}

static void gicd_read_ispendr(void)
{
	mmio_read32(DIST(GICD_ISPENDR + WORD_OF(bench_spi())));
}

static void gicd_write_ipriorityr(void)
{
	mmio_write8(DIST(GICD_IPRIORITYR + bench_spi()), GIC_PRIORITY_DEFAULT);
}

static void gicd_write_irouter(void)
{
	mmio_write64(DIST(GICD_IROUTER + 8UL * bench_spi()), smp_mpidr(0));
}

static void gicd_write_itargetsr(void)
{
	mmio_write8(DIST(GICD_ITARGETSR + bench_spi()), 1);
}

static void gicr_read_typer(void)
{
	mmio_read64(REDIST(GICR_TYPER));
}

static void gicr_read_isenabler(void)
{
	mmio_read32(SGI(GICD_ISENABLER));
}

static void gicr_write_isenabler(void)
{
	mmio_write32(SGI(GICD_ISENABLER), BIT_OF(TIMER_VIRT_INTID));
}

static void gicr_write_icenabler(void)
{
	mmio_write32(SGI(GICD_ICENABLER), BIT_OF(TIMER_VIRT_INTID));
}

static void gicr_write_ipriorityr(void)
{
	mmio_write8(SGI(GICD_IPRIORITYR + TIMER_VIRT_INTID), GIC_PRIORITY_DEFAULT);
}

static void sysreg_id(void)
{
	read_sysreg(id_aa64pfr0_el1);
}

static void sysreg_actlr(void)
{
	read_sysreg(actlr_el1);
}

static void subpage_read(void)
{
	mmio_read32(bench_subpage());
}

const struct bench_op bench_registers[] = {
	{ "gicd-read-ctlr", NULL, NULL, gicd_read_ctlr, NULL },
	{ "gicd-read-typer", NULL, NULL, gicd_read_typer, NULL },
	{ "gicd-write-ctlr", NULL, NULL, gicd_write_ctlr, NULL },
	{ "gicd-read-isenabler", has_spi, NULL, gicd_read_isenabler, NULL },
	{ "gicd-write-isenabler", has_spi, NULL, gicd_write_isenabler, NULL },
	{ "gicd-write-icenabler", has_spi, NULL, gicd_write_icenabler, NULL },
	{ "gicd-read-ispendr", has_spi, NULL, gicd_read_ispendr, NULL },
	{ "gicd-write-ipriorityr", has_spi, NULL, gicd_write_ipriorityr, NULL },
	{ "gicd-write-irouter", has_routed_spi, NULL, gicd_write_irouter, NULL },
	{ "gicd-write-itargetsr", has_targeted_spi, NULL, gicd_write_itargetsr, NULL },
	{ "gicr-read-typer", is_v3, find_redistributor, gicr_read_typer, NULL },
	{ "gicr-read-isenabler", is_v3, NULL, gicr_read_isenabler, NULL },
	{ "gicr-write-isenabler", is_v3, NULL, gicr_write_isenabler, NULL },
	{ "gicr-write-icenabler", is_v3, NULL, gicr_write_icenabler, NULL },
	{ "gicr-write-ipriorityr", is_v3, NULL, gicr_write_ipriorityr, NULL },
	{ "sysreg-id", NULL, NULL, sysreg_id, NULL },
	{ "sysreg-actlr", NULL, NULL, sysreg_actlr, NULL },
	{ "subpage-read", has_subpage, NULL, subpage_read, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Strange accesses to the interrupt controller, and interrupts of others. */
#include <inmate/gic.h>
#include <inmate/mmu.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>
#include <inmate/timer.h>

#include "fault.h"

#define ICC_SGI0R_EL1	S3_0_C12_C11_7
#define ICC_ASGI1R_EL1	S3_0_C12_C11_6
#define ICC_SGI1R_EL1	S3_0_C12_C11_5
#define SGI1R_IRM	(1UL << 40)
#define SGIR_OTHERS	(1U << 24)
#define SGIR_RESERVED	(3U << 24)
#define GICR_PROPBASER	0x70U
#define GICR_PENDBASER	0x78U
#define GICR_CTLR_LPIS	1U
#define GICD_SETSPI	0x40U
#define GICD_SIZE_V2	0x1000U
#define GICD_SIZE_V3	0x10000U
#define GICH_BASE	0x08030000UL	/* on QEMU's virt machine with a GICv2 */
#define GITS_BASE	0x08080000UL	/* the agency's ITS on QEMU's virt machine */
#define BANK_BIT(intid)	(1U << ((intid) % 32))
#define BANK(reg, intid) ((reg) + (intid) / 32 * 4)

static volatile unsigned int taken[GIC_MAX_INTID];

static void count(unsigned int intid)
{
	taken[intid]++;
}

static bool is_v2(void)
{
	return platform_get()->gic_version == 2;
}

static uintptr_t gicd(void)
{
	return platform_get()->gicd_base;
}

/* Interrupts open for a moment that is long enough for one to arrive. */
static void window(void)
{
	uint64_t end = timer_now() + timer_ms_to_ticks(2);

	irq_enable();
	while (timer_now() < end)
		;
	irq_disable();
}

/* Writes zero to ISENABLER, which does nothing, and steps on: decoded, or an abort. */
bool way_gicd_post_index(uintptr_t arg)
{
	const struct exception_record *record;
	uintptr_t addr = gicd() + GICD_ISENABLER + 4;
	uintptr_t after = addr;

	(void)arg;
	exception_watch_begin();
	__asm__ volatile("str wzr, [%0], #16" : "+r"(after) : : "memory");
	record = exception_watch_end();
	if (record->count == 0)
		return expect(after == addr + 16, "no write-back", after);
	return ALL(none_or_abort(record),
		   expect(after == addr, "write-back in spite of the abort", after));
}

static void load_pair(uintptr_t addr)
{
	uint32_t a;
	uint32_t b;

	__asm__ volatile("ldp %w0, %w1, [%2]" : "=&r"(a), "=r"(b) : "r"(addr) : "memory");
}

bool way_gicd_pair(uintptr_t arg)
{
	(void)arg;
	return none_or_abort(watched(load_pair, gicd() + GICD_CTLR));
}

static void narrow(uintptr_t base)
{
	mmio_read16(base + GICD_CTLR);
	mmio_read64(base + GICD_CTLR);
	mmio_read8(base + BANK(GICD_ISENABLER, 32));
	mmio_write16(base + BANK(GICD_ISENABLER, 32), 0);
	mmio_write64(base + BANK(GICD_ISENABLER, 32), 0);
	if (!is_v2())
		mmio_read8(base + GICD_IROUTER + 8 * ALIEN_SPI);
	mmio_read16(base + GICD_IPRIORITYR + 32);
	mmio_read64(base + GICD_TYPER);
}

bool way_gicd_narrow(uintptr_t arg)
{
	(void)arg;
	return none_or_abort(watched(narrow, gicd()));
}

static void unaligned(uintptr_t base)
{
	mmio_read32(base + 1);
	mmio_read16(base + 3);
	mmio_read64(base + 0x0ff4);
	mmio_write32(base + GICD_ISENABLER + 6, 0);
}

/* Mapped as Normal memory, or our own MMU would refuse. */
static bool normal_memory(void (*function)(uintptr_t addr), uintptr_t addr)
{
	bool ok;

	mmu_set_block(addr, MMU_NORMAL);
	ok = none_or_abort(watched(function, addr));
	mmu_set_block(addr, MMU_DEVICE);
	return ok;
}

bool way_gicd_unaligned(uintptr_t arg)
{
	(void)arg;
	return normal_memory(unaligned, gicd());
}

static void zero_line(uintptr_t addr)
{
	__asm__ volatile("dc zva, %0" : : "r"(addr) : "memory");
}

bool way_gicd_zva(uintptr_t arg)
{
	(void)arg;
	return ALL(normal_memory(zero_line, gicd() + GICD_IPRIORITYR + 0x100),
		   none_or_abort(watched(zero_line, gicd() + GICD_IPRIORITYR + 0x100)));
}

static void load_simd(uintptr_t addr)
{
	__asm__ volatile(".arch_extension fp\n\tldr s0, [%0]" : : "r"(addr) : "memory");
}

bool way_gicd_simd(uintptr_t arg)
{
	(void)arg;
	write_sysreg(read_sysreg(cpacr_el1) | 3UL << 20, cpacr_el1);
	isb();
	return none_or_abort(watched(load_simd, gicd() + GICD_TYPER));
}

static void load_exclusive(uintptr_t addr)
{
	uint32_t val;

	__asm__ volatile("ldxr %w0, [%1]\n\tclrex" : "=r"(val) : "r"(addr) : "memory");
}

bool way_gicd_exclusive(uintptr_t arg)
{
	(void)arg;
	return normal_memory(load_exclusive, gicd() + GICD_TYPER);
}

/* Every word of a frame, in the three ways a driver would read it. */
static void read_frame(uintptr_t base)
{
	uint32_t size = is_v2() ? GICD_SIZE_V2 : GICD_SIZE_V3;
	uint32_t offset;

	for (offset = 0; offset < size; offset += 4)
		mmio_read32(base + offset);
	for (offset = 0; offset < size; offset += 8)
		mmio_read64(base + offset);
	for (offset = 0; offset < size; offset += 1)
		mmio_read8(base + offset);
}

bool way_gicd_sweep(uintptr_t arg)
{
	(void)arg;
	return none_or_abort(watched(read_frame, gicd()));
}

static void read_frames(uintptr_t base)
{
	read_frame(base);
	read_frame(base + GICR_SGI_FRAME);
}

bool way_gicr_sweep(uintptr_t arg)
{
	(void)arg;
	return none_or_abort(watched(read_frames, gic_redistributor()));
}

/* Registers of an interrupt of the agency: writes change nothing, reads show nothing. */
bool way_gicd_unowned(uintptr_t arg)
{
	unsigned int spi = arg ? (unsigned int)arg : ALIEN_SPI;
	uint32_t bit = BANK_BIT(spi);
	uint32_t seen = 0;

	gic_set_handler(spi, count);
	gic_set_priority(spi, 0x40);
	gic_route(spi, smp_cpu());
	gic_enable(spi);
	gic_set_pending(spi);
	mmio_write32(gicd() + GICD_SETSPI, spi);
	window();
	seen |= mmio_read32(gicd() + BANK(GICD_ISENABLER, spi)) & bit;
	seen |= mmio_read32(gicd() + BANK(GICD_ISPENDR, spi)) & bit;
	seen |= mmio_read32(gicd() + BANK(GICD_ISACTIVER, spi)) & bit;
	seen |= mmio_read8(gicd() + GICD_IPRIORITYR + spi);
	return ALL(expect(seen == 0, "registers of an interrupt of others", seen),
		   expect(taken[spi] == 0, "taken", taken[spi]));
}

/* The first SPI whose enable bit can be set: only the cell's own can. -> 0 if none */
static unsigned int find_own_spi(void)
{
	unsigned int spi;

	for (spi = GIC_FIRST_SPI; spi < GIC_MAX_INTID; spi++) {
		gic_enable(spi);
		if (mmio_read32(gicd() + BANK(GICD_ISENABLER, spi)) & BANK_BIT(spi)) {
			gic_disable(spi);
			return spi;
		}
	}
	return 0;
}

/* The counterpart: the cell's own interrupt can be had, exactly once. */
bool way_gicd_owned(uintptr_t arg)
{
	unsigned int spi = arg ? (unsigned int)arg : find_own_spi();
	bool ok;

	if (!expect(spi != 0, "no SPI can be enabled", 0))
		return false;
	gic_set_handler(spi, count);
	gic_set_priority(spi, 0x40);
	gic_route(spi, smp_cpu());
	gic_enable(spi);
	ok = expect(mmio_read32(gicd() + BANK(GICD_ISENABLER, spi)) & BANK_BIT(spi),
		    "not enabled", spi);
	ok &= expect(mmio_read8(gicd() + GICD_IPRIORITYR + spi) == 0x40, "priority", spi);
	taken[spi] = 0;
	gic_set_pending(spi);
	window();
	gic_disable(spi);
	return ALL(expect(taken[spi] == 1, "times taken", taken[spi]), ok);
}

/* A cell has no LPIs: the redistributor must not be told to write tables anywhere. */
bool way_gicr_lpi(uintptr_t arg)
{
	uintptr_t gicr = gic_redistributor();
	const struct exception_record *record;
	uint64_t seen;

	(void)arg;
	exception_watch_begin();
	mmio_write64(gicr + GICR_PROPBASER, 0x40000000UL | 15);
	mmio_write64(gicr + GICR_PENDBASER, 0x40000000UL | 1UL << 62);
	mmio_write32(gicr + GICR_CTLR, GICR_CTLR_LPIS);
	seen = mmio_read32(gicr + GICR_CTLR) & GICR_CTLR_LPIS;
	record = exception_watch_end();
	return ALL(none_or_abort(record), expect(seen == 0, "LPIs on", seen));
}

static void send_to_nobody_v3(uint64_t sgi)
{
	write_sysreg(sgi << 24 | 0xfffeUL, ICC_SGI1R_EL1);
	write_sysreg(sgi << 24 | 0xffUL << 16 | 0xffffUL, ICC_SGI1R_EL1);
	write_sysreg(sgi << 24 | 0xffUL << 48 | 0xffUL << 32 | 0xffffUL, ICC_SGI1R_EL1);
	write_sysreg(sgi << 24 | SGI1R_IRM, ICC_SGI1R_EL1);	/* all but this one */
	write_sysreg(sgi << 24 | 0xffffUL, ICC_SGI0R_EL1);
	write_sysreg(sgi << 24 | 0xffffUL, ICC_ASGI1R_EL1);
}

static void send_to_nobody_v2(uint32_t sgi)
{
	mmio_write32(gicd() + GICD_SGIR, 0xfeU << 16 | sgi);
	mmio_write32(gicd() + GICD_SGIR, SGIR_OTHERS | 0xffU << 16 | sgi);
	mmio_write32(gicd() + GICD_SGIR, SGIR_RESERVED | 0xffU << 16 | sgi);
	mmio_write8(gicd() + GICD_SGIR, (uint8_t)sgi);
}

static void send_to_all(uint32_t sgi)
{
	if (is_v2())
		mmio_write32(gicd() + GICD_SGIR, 0xffU << 16 | sgi);
	else
		write_sysreg((uint64_t)sgi << 24 | 0xffffUL, ICC_SGI1R_EL1);
}

/* SGIs to CPUs that do not exist go nowhere; one in the list that exists gets its own. */
bool way_sgi_nobody(uintptr_t arg)
{
	uint32_t sgi = 5;
	bool ok;

	(void)arg;
	gic_set_handler(sgi, count);
	gic_enable(sgi);
	taken[sgi] = 0;
	exception_watch_begin();
	if (is_v2())
		send_to_nobody_v2(sgi);
	else
		send_to_nobody_v3(sgi);
	ok = expect(exception_watch_end()->count == 0, "exception", 0);
	window();
	ok &= expect(taken[sgi] == 0, "taken without being addressed", taken[sgi]);
	send_to_all(sgi);
	window();
	return ALL(expect(taken[sgi] == 1, "times taken", taken[sgi]), ok);
}

/* GICv2: an SGI is pending once for each sender, whoever the sender is, and is withdrawn so. */
bool way_gicd_senders(uintptr_t arg)
{
	uintptr_t set = gicd() + GICD_SPENDSGIR, clear = gicd() + GICD_CPENDSGIR;
	unsigned int sgi = 6;
	bool ok;

	(void)arg;
	gic_set_handler(sgi, count);
	gic_enable(sgi);
	taken[sgi] = 0;
	mmio_write8(set + sgi, 0x15);
	ok = expect(mmio_read8(clear + sgi) == 0x15, "senders", mmio_read8(clear + sgi));
	mmio_write8(clear + sgi, 0x04);
	ok &= expect(mmio_read8(set + sgi) == 0x11, "senders left", mmio_read8(set + sgi));
	window();
	return ALL(expect(taken[sgi] == 2, "times taken", taken[sgi]), ok,
		   expect(mmio_read8(set + sgi) == 0, "senders at the end", mmio_read8(set + sgi)));
}

/* The first time it sends itself the same again, while it is still active. */
static void again(unsigned int intid)
{
	if (taken[intid]++ == 0)
		gic_send_sgi(intid, smp_cpu());
}

/* An SGI sent while the same number is active is taken once more, not lost. */
bool way_sgi_while_active(uintptr_t arg)
{
	(void)arg;
	gic_set_handler(5, again);
	gic_enable(5);
	taken[5] = 0;
	gic_send_sgi(5, smp_cpu());
	window();
	return expect(taken[5] == 2, "times taken", taken[5]);
}

/* PPIs that EL2 keeps (maintenance, its own timer): whatever is written, none arrives. */
bool way_ppi_unowned(uintptr_t arg)
{
	static const unsigned int ppis[] = { 25, 26, 28 };
	bool ok = true;
	unsigned int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		gic_set_handler(ppis[i], count);
		gic_enable(ppis[i]);
		gic_set_pending(ppis[i]);
		window();
		ok &= expect(taken[ppis[i]] == 0, "PPI taken", ppis[i]);
		gic_disable(ppis[i]);
	}
	return ok;
}

static void read_word(uintptr_t addr)
{
	mmio_read32(addr);
}

/* The frame behind that of the cell's last CPU. */
bool way_gicr_beyond(uintptr_t arg)
{
	uintptr_t frames = smp_num_cpus() * (uintptr_t)GICR_STRIDE;

	return none_or_abort(watched(read_word, arg_or(arg, platform_get()->gicr_base + frames)));
}

/* GITS_CTLR: an emulated frame that this cell does not have. */
static void poke_its(uintptr_t addr)
{
	mmio_write32(addr, 0);
}

bool way_gits(uintptr_t arg)
{
	return none_or_abort(watched(poke_its, arg_or(arg, GITS_BASE)));
}

/* GITS_TRANSLATER, where a device would raise LPIs: device memory of the agency. */
bool way_gits_translater(uintptr_t arg)
{
	mmio_write32(arg_or(arg, GITS_BASE) + 0x10040, 0);
	return false;
}

/* GICv2: list registers and whatever else makes interrupts out of nothing are EL2's. */
bool way_gich(uintptr_t arg)
{
	mmio_write32(arg_or(arg, GICH_BASE) + 0x100, 0);
	return false;
}

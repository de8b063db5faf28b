/* SPDX-License-Identifier: Apache-2.0 */
/* Strange accesses to the virtual UART, and storms of its interrupt. */
#include <inmate/gic.h>
#include <inmate/mmu.h>
#include <inmate/sysreg.h>

#include "fault.h"

#define UART_SIZE	0x1000U
#define DR		0x000U
#define LCR_H		0x02cU
#define CR		0x030U
#define CR_LOOP		0x381U		/* on, loop back */
#define CR_ON		0x301U
#define IFLS		0x034U
#define IMSC		0x038U
#define RIS		0x03cU
#define MIS		0x040U
#define ICR		0x044U
#define INT_TX		(1U << 5)
#define INT_ALL		0x7ffU
#define STORM		20000U

static volatile unsigned int taken, limit;

static void write_all(uintptr_t base, uint64_t value)
{
	uint32_t offset;

	for (offset = 0; offset < UART_SIZE; offset += 4)
		if (offset != DR)	/* that would be on the console */
			mmio_write32(base + offset, (uint32_t)value);
}

static void quiet(uintptr_t base)
{
	mmio_write32(base + IMSC, 0);
	mmio_write32(base + ICR, INT_ALL);
	mmio_write32(base + CR, CR_ON);
}

static void read_all(uintptr_t base)
{
	uint32_t offset;

	for (offset = 0; offset < UART_SIZE; offset += 4) {
		mmio_read32(base + offset);
		mmio_read16(base + offset);
		mmio_read8(base + offset);
	}
}

bool way_uart_sweep(uintptr_t arg)
{
	uintptr_t base = arg_or(arg, AT_UART);
	bool ok = none_or_abort(watched(read_all, base));

	write_all(base, ~0UL);
	write_all(base, 0);
	write_all(base, 0x5a5a5a5a);
	quiet(base);
	return ALL(ok, expect(mmio_read32(base + IMSC) == 0, "IMSC", mmio_read32(base + IMSC)));
}

static void strange(uintptr_t base)
{
	mmio_read64(base);
	mmio_write64(base + IMSC, ~0UL);
	mmio_read8(base + IMSC + 1);
	mmio_write8(base + IMSC + 3, 0xff);
	mmio_read16(base + UART_SIZE - 2);
}

static void unaligned(uintptr_t base)
{
	mmio_read32(base + 1);
	mmio_read16(base + 3);
	mmio_read64(base + UART_SIZE - 12);
	mmio_write32(base + IMSC + 2, ~0U);
}

/* Neither decoded halfway nor against the cell: external aborts. */
bool way_uart_strange(uintptr_t arg)
{
	uintptr_t base = arg_or(arg, AT_UART);
	bool ok = expect(watched(strange, base)->count == 5, "aborts", 0);

	mmu_set_block(base, MMU_NORMAL);
	ok &= none_or_abort(watched(unaligned, base));
	mmu_set_block(base, MMU_DEVICE);
	return ALL(ok, expect(mmio_read32(base + IMSC) == 0, "IMSC", mmio_read32(base + IMSC)));
}

/* The line goes up and down without anybody who listens; then it is down. */
bool way_uart_storm(uintptr_t arg)
{
	uintptr_t base = arg_or(arg, AT_UART);
	unsigned int i;

	taken = 0;
	gic_enable(AT_UART_IRQ);
	mmio_write32(base + CR, CR_LOOP);
	for (i = 0; i < STORM; i++) {
		mmio_write32(base + DR, i);
		mmio_write32(base + IMSC, i & 1 ? INT_ALL : 0);
		if (i % 3 == 0)
			mmio_write32(base + ICR, i);
	}
	while (!(mmio_read32(base + 0x18) & (1U << 4)))
		mmio_read32(base + DR);
	quiet(base);
	gic_disable(AT_UART_IRQ);
	return ALL(expect(mmio_read32(base + RIS) == 0, "RIS", mmio_read32(base + RIS)),
		   expect(!gic_is_pending(AT_UART_IRQ), "still pending", 0));
}

static void stop_at_limit(unsigned int intid)
{
	(void)intid;
	if (++taken >= limit)
		mmio_write32(AT_UART + IMSC, 0);
}

/* A level that nobody ends comes again and again, until it is masked: as often, not once more. */
bool way_uart_level(uintptr_t arg)
{
	uintptr_t base = arg_or(arg, AT_UART);
	unsigned int seen;

	taken = 0;
	limit = 100;
	gic_set_handler(AT_UART_IRQ, stop_at_limit);
	gic_set_priority(AT_UART_IRQ, GIC_PRIORITY_DEFAULT);
	gic_enable(AT_UART_IRQ);
	mmio_write32(base + CR, CR_LOOP);
	mmio_write32(base + DR, 0);
	mmio_write32(base + IMSC, INT_TX);
	irq_enable();
	while (taken < limit)
		wfi();
	irq_disable();
	seen = taken;
	irq_enable();
	isb();
	irq_disable();
	mmio_read32(base + DR);
	quiet(base);
	gic_disable(AT_UART_IRQ);
	return ALL(expect(seen == limit, "interrupts", seen),
		   expect(taken == limit, "one more", taken));
}

// SPDX-License-Identifier: Apache-2.0
/* SPIs that a cell has in software only: levels, edges, registers, CPUs that come and go. */
#include "gic_fake.h"

#include "host.h"
#include "../../hypervisor/gic/gic_internal.h"

#define UART	33U	/* physically the agency's */
#define BELL	200U
#define UART_BIT	(1U << (UART & 31))
#define FIRST	2U	/* CPUs of the cell */
#define SECOND	3U

static struct cell *a_cell(unsigned lrs, uint32_t cpus)
{
	fake_power_on(lrs, true);
	fake.virtual_spis[0] = UART;
	fake.virtual_spis[1] = BELL;
	fake_enable(cpus);
	return fake_cell(1, cpus, 0xffff);
}

static int teardown(void **state)
{
	(void)state;
	fake_free_cells();
	return 0;
}

static void enable(unsigned cpu, uint32_t intid)
{
	fake_guest_write(cpu, FAKE_GICD + GICD_IPRIORITYR + intid, 1, 0xa0);
	fake_guest_write(cpu, FAKE_GICD + GICD_ISENABLER + intid / 32 * 4, 4, 1U << intid % 32);
}

static void edge(unsigned cpu, uint32_t intid)
{
	fake_guest_write(cpu, FAKE_GICD + GICD_ICFGR + intid / 16 * 4, 4, 2U << intid % 16 * 2);
}

static void line(struct cell *cell, uint32_t intid, bool high)
{
	gic_set_line(cell, intid, high, NULL);
	fake_settle();
}

static void raise_now(struct cell *cell, uint32_t intid)
{
	gic_raise(cell, intid, NULL);
	fake_settle();
}

/* The guest takes one interrupt and ends it. */
static uint32_t take(unsigned cpu)
{
	uint32_t intid;

	fake_settle();
	intid = fake_guest_ack(cpu);
	if (intid != 1023)
		fake_guest_eoi(cpu, intid);
	fake_settle();
	return intid;
}

static void a_level_comes_until_it_falls(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST));

	(void)state;
	enable(FIRST, UART);
	line(cell, UART, true);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(take(FIRST), UART);
	fake_settle();
	assert_int_equal(fake_guest_ack(FIRST), UART);
	line(cell, UART, false);	/* in the handler */
	fake_guest_eoi(FIRST, UART);
	assert_int_equal(take(FIRST), 1023);
	line(cell, UART, true);
	assert_int_equal(take(FIRST), UART);
}

static void a_level_that_rises_in_the_handler_is_not_missed(void **state)
{
	struct cell *cell = a_cell(1, BIT(FIRST));

	(void)state;
	enable(FIRST, UART);
	line(cell, UART, true);
	assert_int_equal(fake_guest_ack(FIRST), UART);
	line(cell, UART, false);
	line(cell, UART, true);
	fake_guest_eoi(FIRST, UART);
	assert_int_equal(take(FIRST), UART);
}

/* An exit for something else, between the end and the maintenance interrupt. */
static void an_end_that_is_seen_late_counts(void **state)
{
	struct cell *cell = a_cell(1, BIT(FIRST));

	(void)state;
	enable(FIRST, UART);
	enable(FIRST, BELL);
	line(cell, UART, true);
	assert_int_equal(fake_guest_ack(FIRST), UART);
	fake_guest_eoi(FIRST, UART);
	fake_guest_write(FIRST, FAKE_GICD + GICD_ISPENDR + BELL / 32 * 4, 4, 1U << BELL % 32);
	line(cell, UART, false);
	assert_int_equal(take(FIRST), BELL);
	line(cell, UART, true);
	assert_int_equal(take(FIRST), UART);
}

static void a_level_that_fell_is_taken_back(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST));

	(void)state;
	enable(FIRST, UART);
	line(cell, UART, true);
	line(cell, UART, false);
	assert_int_equal(take(FIRST), 1023);
	/* In the queue, behind a full set of list registers. */
	fake_guest_write(FIRST, FAKE_GICD + GICD_CTLR, 4, 0);
	line(cell, UART, true);
	line(cell, UART, false);
	fake_guest_write(FIRST, FAKE_GICD + GICD_CTLR, 4, GICD_CTLR_GRP1);
	assert_int_equal(take(FIRST), 1023);
}

static void events_are_not_lost(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST));

	(void)state;
	edge(FIRST, BELL);
	raise_now(cell, BELL);		/* disabled: stays pending */
	enable(FIRST, BELL);
	assert_int_equal(take(FIRST), BELL);
	assert_int_equal(take(FIRST), 1023);
	raise_now(cell, BELL);
	assert_int_equal(fake_guest_ack(FIRST), BELL);
	raise_now(cell, BELL);		/* while it is handled */
	raise_now(cell, BELL);
	fake_guest_eoi(FIRST, BELL);
	assert_int_equal(take(FIRST), BELL);
	assert_int_equal(take(FIRST), 1023);
}

static void an_edge_of_a_line_is_an_event(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST));

	(void)state;
	edge(FIRST, UART);
	enable(FIRST, UART);
	line(cell, UART, true);
	line(cell, UART, false);
	assert_int_equal(take(FIRST), UART);
	line(cell, UART, true);
	assert_int_equal(take(FIRST), UART);
	assert_int_equal(take(FIRST), 1023);
}

static void masked_is_masked_and_kept(void **state)
{
	const uint64_t off = FAKE_GICD + GICD_ICENABLER + UART / 32 * 4;
	struct cell *cell = a_cell(4, BIT(FIRST));

	(void)state;
	edge(FIRST, BELL);
	enable(FIRST, UART);
	enable(FIRST, BELL);
	line(cell, UART, true);
	raise_now(cell, BELL);
	fake_guest_write(FIRST, off, 4, UART_BIT);
	fake_guest_write(FIRST, FAKE_GICD + GICD_ICENABLER + BELL / 32 * 4, 4, 1U << BELL % 32);
	assert_int_equal(fake_guest_read(FIRST, off, 4), 0);
	assert_int_equal(take(FIRST), 1023);
	enable(FIRST, UART);
	assert_int_equal(fake_guest_read(FIRST, off, 4), UART_BIT);
	assert_int_equal(take(FIRST), UART);
	enable(FIRST, BELL);
	line(cell, UART, false);
	assert_int_equal(take(FIRST), BELL);
}

static void registers(void **state)
{
	const uint64_t pend = FAKE_GICD + GICD_ISPENDR + 4, act = FAKE_GICD + GICD_ISACTIVER + 4;
	const uint64_t route = FAKE_GICD + GICD_IROUTER + 8 * UART;
	struct cell *cell = a_cell(4, BIT(FIRST) | BIT(SECOND));

	(void)state;
	fake_guest_write(FIRST, FAKE_GICD + GICD_IPRIORITYR + 32, 4, 0x4040a040);
	assert_int_equal(fake_guest_read(FIRST, FAKE_GICD + GICD_IPRIORITYR + 32, 4), 0xa000);
	assert_int_equal(fake_guest_read(FIRST, FAKE_GICD + GICD_IPRIORITYR + UART, 1), 0xa0);
	fake_guest_write(FIRST, FAKE_GICD + GICD_ICFGR + 8, 4, ~0U);
	assert_int_equal(fake_guest_read(FIRST, FAKE_GICD + GICD_ICFGR + 8, 4), 0x8);
	fake_guest_write(FIRST, FAKE_GICD + GICD_ICFGR + 8, 4, 0);
	fake_guest_write(FIRST, route, 8, 1);
	assert_int_equal(fake_guest_read(SECOND, route, 8), 1);
	fake_guest_write(FIRST, route + 4, 4, 0);
	assert_int_equal(fake_guest_read(FIRST, route, 4), 1);
	fake_guest_write(FIRST, route, 8, 0);
	assert_int_equal(fake_guest_read(FIRST, FAKE_GICD + GICD_IGROUPR + 4, 4), UART_BIT);

	fake_guest_write(FIRST, pend, 4, ~0U);
	assert_int_equal(fake_guest_read(FIRST, pend, 4), UART_BIT);
	fake_guest_write(FIRST, pend + 0x80, 4, ~0U);
	assert_int_equal(fake_guest_read(FIRST, pend + 0x80, 4), 0);
	enable(FIRST, UART);
	line(cell, UART, true);
	assert_int_equal(fake_guest_read(FIRST, pend, 4), UART_BIT);
	assert_int_equal(fake_guest_read(FIRST, act, 4), 0);
	assert_int_equal(fake_guest_ack(FIRST), UART);
	assert_int_equal(fake_guest_read(FIRST, act, 4), UART_BIT);
	line(cell, UART, false);
	assert_int_equal(fake_guest_read(FIRST, pend, 4), 0);
	fake_guest_write(FIRST, act + 0x80, 4, ~0U);
	assert_int_equal(fake_guest_read(FIRST, act, 4), 0);
	/* Active by the guest's own word: held until it says otherwise. */
	fake_guest_write(FIRST, act, 4, ~0U);
	assert_int_equal(fake_guest_read(FIRST, act, 4), UART_BIT);
	line(cell, UART, true);
	assert_int_equal(fake.c[FIRST].lr[0] & ICH_LR_PENDING, 0);
	fake_guest_write(FIRST, act + 0x80, 4, ~0U);
	fake_settle();
	fake.c[FIRST].depth = 0;
	assert_int_equal(fake_guest_ack(FIRST), UART);
}

/* Whatever the cell writes, the SPI of that number is the agency's. */
static void the_physical_one_is_untouched(void **state)
{
	uint32_t before[6];

	(void)state;
	a_cell(4, BIT(FIRST));
	memcpy(before, (uint32_t[]){ fake.enable[1], fake.pending[1], fake.active[1], fake.icfgr[2],
				     fake.priority[UART], (uint32_t)fake.router[UART] }, sizeof(before));
	for (uint32_t offset = GICD_IGROUPR + 4; offset < GICD_IPRIORITYR; offset += 0x80)
		fake_guest_write(FIRST, FAKE_GICD + offset, 4, ~0U);
	fake_guest_write(FIRST, FAKE_GICD + GICD_IPRIORITYR + UART, 1, 0x30);
	fake_guest_write(FIRST, FAKE_GICD + GICD_ICFGR + 8, 4, ~0U);
	fake_guest_write(FIRST, FAKE_GICD + GICD_IROUTER + 8 * UART, 8, 0x80000000);
	assert_memory_equal(before,
			    ((uint32_t[]){ fake.enable[1], fake.pending[1], fake.active[1],
					   fake.icfgr[2], fake.priority[UART],
					   (uint32_t)fake.router[UART] }), sizeof(before));
	/* And the agency's own goes to the agency alone. */
	fake_pulse(UART);
	fake_settle();
	assert_int_equal(take(FIRST), 1023);
	assert_int_equal(take(0), UART);
}

static void it_goes_where_it_is_routed(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST) | BIT(SECOND));

	(void)state;
	enable(FIRST, UART);
	fake_guest_write(FIRST, FAKE_GICD + GICD_IROUTER + 8 * UART, 8, 1);
	line(cell, UART, true);
	assert_int_equal(take(FIRST), 1023);
	assert_int_equal(take(SECOND), UART);
	/* Held by one CPU, it is on no other, whatever the route says meanwhile. */
	assert_int_equal(fake_guest_ack(SECOND), UART);
	fake_guest_write(FIRST, FAKE_GICD + GICD_IROUTER + 8 * UART, 8, 0);
	assert_int_equal(take(FIRST), 1023);
	fake_guest_eoi(SECOND, UART);
	fake_settle();
	assert_int_equal(take(SECOND), 1023);
	assert_int_equal(take(FIRST), UART);
	/* Disabled by one, pending at the other. */
	fake_guest_write(FIRST, FAKE_GICD + GICD_IROUTER + 8 * UART, 8, 1);
	line(cell, UART, false);
	line(cell, UART, true);
	fake_guest_write(FIRST, FAKE_GICD + GICD_ICENABLER + 4, 4, UART_BIT);
	assert_int_equal(take(SECOND), 1023);
}

static void stop(unsigned cpu)
{
	struct vcpu *v = fake_vcpu(cpu);

	fake.cpu = cpu;
	gic_vcpu_stop(v);
	v->power = VCPU_OFF;
}

static void start(unsigned cpu)
{
	struct vcpu *v = fake_vcpu(cpu);

	fake.cpu = cpu;
	v->power = VCPU_ON;
	gic_vcpu_reset(v);
	fake.c[cpu].depth = 0;
}

static void a_cpu_that_stops_hands_over(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST) | BIT(SECOND));

	(void)state;
	edge(FIRST, BELL);
	enable(FIRST, UART);
	enable(FIRST, BELL);
	fake_guest_write(FIRST, FAKE_GICD + GICD_IROUTER + 8 * UART, 8, 1);
	fake_guest_write(FIRST, FAKE_GICD + GICD_IROUTER + 8 * BELL, 8, 1);
	line(cell, UART, true);
	raise_now(cell, BELL);
	stop(SECOND);
	assert_int_equal(take(FIRST), UART);
	line(cell, UART, false);
	assert_int_equal(take(FIRST), BELL);
	assert_int_equal(take(FIRST), 1023);
	/* With nobody on it waits. */
	stop(FIRST);
	line(cell, UART, true);
	start(SECOND);
	assert_int_equal(take(SECOND), UART);
}

static void a_restart_forgets(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST));

	(void)state;
	edge(FIRST, BELL);
	enable(FIRST, UART);
	enable(FIRST, BELL);
	line(cell, UART, true);
	raise_now(cell, BELL);
	stop(FIRST);
	gic_cell_reset(cell);
	start(FIRST);
	fake_guest_write(FIRST, FAKE_GICD + GICD_CTLR, 4, GICD_CTLR_GRP1);
	assert_int_equal(fake_guest_read(FIRST, FAKE_GICD + GICD_ISENABLER + 4, 4), 0);
	assert_int_equal(fake_guest_read(FIRST, FAKE_GICD + GICD_ICFGR + BELL / 16 * 4, 4), 0);
	enable(FIRST, UART);
	enable(FIRST, BELL);
	assert_int_equal(take(FIRST), 1023);
	line(cell, UART, true);
	assert_int_equal(take(FIRST), UART);
}

static void limits(void **state)
{
	struct cell *cell = a_cell(4, BIT(FIRST));
	unsigned added = 2;

	(void)state;
	assert_false(gic_add_virtual_spi(cell, 31));
	assert_false(gic_add_virtual_spi(cell, FAKE_IRQS));
	assert_false(gic_add_virtual_spi(cell, 64));	/* the cell's by hardware */
	assert_false(gic_add_virtual_spi(cell, UART));	/* has it */
	for (uint32_t intid = 100; gic_add_virtual_spi(cell, intid); intid++)
		added++;
	assert_int_equal(added, MAX_VIRTUAL_SPIS);
	gic_raise(cell, 64, NULL);	/* no such interrupt: nothing happens */
	gic_set_line(cell, 4000, true, NULL);
	assert_int_equal(take(FIRST), 1023);
}

/* All at once on one list register: each comes, by priority. */
static void many_on_one_list_register(void **state)
{
	struct cell *cell = a_cell(1, BIT(FIRST));
	uint32_t seen[MAX_VIRTUAL_SPIS];

	(void)state;
	for (unsigned i = 2; i < MAX_VIRTUAL_SPIS; i++)
		assert_true(gic_add_virtual_spi(cell, 100 + i));
	for (unsigned i = 0; i < MAX_VIRTUAL_SPIS; i++) {
		uint32_t intid = cell->dist.vspi.irq[i].intid;

		edge(FIRST, intid);
		enable(FIRST, intid);
		fake_guest_write(FIRST, FAKE_GICD + GICD_IPRIORITYR + intid, 1, 0xf0 - 8 * i);
	}
	for (unsigned i = 0; i < MAX_VIRTUAL_SPIS; i++)
		gic_raise(cell, cell->dist.vspi.irq[i].intid, NULL);
	assert_int_equal(fake_guest_drain(FIRST, seen, MAX_VIRTUAL_SPIS), MAX_VIRTUAL_SPIS);
	for (unsigned i = 0; i < MAX_VIRTUAL_SPIS; i++)
		assert_int_equal(seen[i], cell->dist.vspi.irq[MAX_VIRTUAL_SPIS - 1 - i].intid);
}

#define TEST(t) cmocka_unit_test_teardown(t, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_level_comes_until_it_falls),
		TEST(a_level_that_rises_in_the_handler_is_not_missed),
		TEST(an_end_that_is_seen_late_counts),
		TEST(a_level_that_fell_is_taken_back),
		TEST(events_are_not_lost),
		TEST(an_edge_of_a_line_is_an_event),
		TEST(masked_is_masked_and_kept),
		TEST(registers),
		TEST(the_physical_one_is_untouched),
		TEST(it_goes_where_it_is_routed),
		TEST(a_cpu_that_stops_hands_over),
		TEST(a_restart_forgets),
		TEST(limits),
		TEST(many_on_one_list_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

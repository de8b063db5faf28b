// SPDX-License-Identifier: Apache-2.0
/*
 * Random guests against a flat model: one pending, active and enabled bit an
 * interrupt, no list registers, no queue, no EL2. Whatever a guest takes must
 * be a pending interrupt of the highest priority, and when it gets none there
 * must be none.
 *
 * The model is that of the architecture where the two can agree. So SPIs are
 * masked on the CPU they go to, change priority and route only while they are
 * quiet, levels fall in the handler, and a guest nests one level less deep
 * than there are list registers.
 */
#include "gic_fake.h"

#include <string.h>

#include "host.h"
#include "../../hypervisor/gic/gic_internal.h"

#define SPIS		0x0000ffffU
#define FIRST_SPI	64U
#define NUM_IRQS	288U
#define FIRST_LPI	8192U

struct irq {
	bool pending, active, enabled;
	uint8_t priority;
	unsigned target;
};

static struct irq private_irq[FAKE_CPUS][32];
static struct irq shared[NUM_IRQS];
static bool lpi[FAKE_CPUS][16];
static uint32_t stack[FAKE_CPUS][16];
static uint8_t stack_priority[FAKE_CPUS][16];
static unsigned depth[FAKE_CPUS], taken;
static struct rng rng;

static unsigned owner(unsigned cpu)
{
	return cpu == 3;
}

/* SPIs 64..79 are the cell's, 80..159 the agency's. */
static unsigned spi_owner(uint32_t intid)
{
	return intid < 80;
}

static uint64_t rd(unsigned cpu)
{
	return FAKE_GICR + (cpu == 3 ? 0 : cpu * GICR_SIZE);
}

static unsigned any(unsigned limit)
{
	return (unsigned)rng_below(&rng, limit);
}

static struct irq *find(unsigned cpu, uint32_t intid)
{
	return intid < 32 ? &private_irq[cpu][intid] : &shared[intid];
}

static bool quiet(const struct irq *i)
{
	return !i->pending && !i->active;
}

static void set_priority(unsigned cpu, uint32_t intid, uint8_t priority)
{
	uint64_t reg = intid < 32 ? rd(cpu) + GICR_IPRIORITYR + intid :
				    FAKE_GICD + GICD_IPRIORITYR + intid;

	fake_guest_write(cpu, reg, 1, priority);
	find(cpu, intid)->priority = priority;
}

static void set_enable(unsigned cpu, uint32_t intid, bool on)
{
	uint64_t reg = intid < 32 ? rd(cpu) + (on ? GICR_ISENABLER0 : GICR_ICENABLER0) :
		FAKE_GICD + (on ? GICD_ISENABLER : GICD_ICENABLER) + intid / 32 * 4;

	fake_guest_write(cpu, reg, 4, 1U << intid % 32);
	find(cpu, intid)->enabled = on;
}

static void set_pending(unsigned cpu, uint32_t intid, bool on)
{
	uint64_t reg = intid < 32 ? rd(cpu) + (on ? GICR_ISPENDR0 : GICR_ICPENDR0) :
		FAKE_GICD + (on ? GICD_ISPENDR : GICD_ICPENDR) + intid / 32 * 4;

	fake_guest_write(cpu, reg, 4, 1U << intid % 32);
	find(cpu, intid)->pending = on;
}

static void set_route(uint32_t intid, unsigned cpu)
{
	uint64_t affinity = owner(cpu) ? 0 : fake.c[cpu].mpidr;

	fake_guest_write(cpu, FAKE_GICD + GICD_IROUTER + 8 * intid, 8, affinity);
	shared[intid].target = cpu;
}

static void reset(unsigned lrs)
{
	memset(private_irq, 0, sizeof(private_irq));
	memset(shared, 0, sizeof(shared));
	memset(lpi, 0, sizeof(lpi));
	memset(depth, 0, sizeof(depth));
	fake_power_on(lrs, true);
	fake_enable(0x8);
	fake_cell(1, 0x8, SPIS);
	for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++) {
		fake_guest_write(cpu, rd(cpu) + GICR_ICENABLER0, 4, ~0U);
		for (uint32_t i = 0; i < 32; i++)
			if (i != 25)
				set_priority(cpu, i, (uint8_t)(any(32) * 8));
		for (uint32_t i = 0; i < 16; i++)
			set_enable(cpu, i, any(4));
		set_enable(cpu, 27, true);
	}
	for (uint32_t i = FIRST_SPI; i < 160; i++) {
		unsigned cpu = spi_owner(i) ? 3 : any(3);

		set_route(i, cpu);
		set_priority(cpu, i, (uint8_t)(any(32) * 8));
		set_enable(cpu, i, any(4));
	}
}

/* Highest priority that the model would deliver on this CPU now, or 0x100. */
static unsigned model_best(unsigned cpu)
{
	unsigned best = 0x100;

	for (uint32_t i = 0; i < 160; i++) {
		const struct irq *q = find(cpu, i);

		if ((i < 32 || (i >= FIRST_SPI && q->target == cpu)) && q->pending &&
		    q->enabled && !q->active && q->priority < best)
			best = q->priority;
	}
	for (unsigned i = 0; i < 16; i++)
		if (lpi[cpu][i] && best > 0xa0)
			best = 0xa0;
	return best;
}

static void note_taken(unsigned cpu, uint32_t intid, unsigned best)
{
	struct irq *q;

	taken++;
	if (intid >= FIRST_LPI) {
		assert_true(lpi[cpu][intid - FIRST_LPI]);
		assert_int_equal(best, 0xa0);
		lpi[cpu][intid - FIRST_LPI] = false;
		return;
	}
	q = find(cpu, intid);
	if (!q->pending || !q->enabled || q->active)
		fail_msg("CPU %u took INTID %u: pending %d enabled %d active %d", cpu, intid,
			 q->pending, q->enabled, q->active);
	if (intid >= 32)
		assert_int_equal(q->target, cpu);
	if (q->priority != best)
		fail_msg("CPU %u took INTID %u of priority 0x%x before 0x%x", cpu, intid,
			 q->priority, best);
	q->pending = false;
	q->active = true;
	/* The handler serves the device. */
	if (intid >= 32 && (fake.line[intid / 32] >> intid % 32 & 1))
		fake_level(intid, false);
	if (intid >= 16 && intid < 32)
		fake_ppi_level(cpu, intid, false);
}

static void guest_acknowledges(unsigned cpu)
{
	unsigned best, running;
	uint32_t intid;

	if (depth[cpu] + 1 >= fake.num_lrs)
		return;
	fake_settle();
	best = model_best(cpu);
	running = depth[cpu] ? stack_priority[cpu][depth[cpu] - 1] : 0x100;
	intid = fake_guest_ack(cpu);
	if (intid == 1023) {
		assert_true(best >= running);
		return;
	}
	assert_true(best < running);
	note_taken(cpu, intid, best);
	stack[cpu][depth[cpu]] = intid;
	stack_priority[cpu][depth[cpu]++] = (uint8_t)best;
}

static void guest_ends(unsigned cpu)
{
	uint32_t intid;

	if (!depth[cpu])
		return;
	intid = stack[cpu][--depth[cpu]];
	fake_guest_eoi(cpu, intid);
	if (intid < FIRST_LPI)
		find(cpu, intid)->active = false;
}

static uint32_t any_spi(void)
{
	return FIRST_SPI + any(96);
}

static void device(unsigned cpu)
{
	uint32_t intid = any_spi();

	if (any(4) == 0) {
		struct irq *q = &private_irq[cpu][27];

		if (!q->pending && !q->active) {
			fake_ppi_level(cpu, 27, true);
			q->pending = true;
		}
	} else if (any(4) == 0 && cpu != 3) {
		unsigned i = any(16);

		fake.c[cpu].lpi_pending |= BIT(i);
		lpi[cpu][i] = true;
	} else if (!shared[intid].pending) {
		if (any(2) || shared[intid].active)
			fake_pulse(intid);
		else
			fake_level(intid, true);
		shared[intid].pending = true;
	}
}

static void send_sgi(unsigned cpu)
{
	uint32_t intid = any(16);

	if (cpu == 3 || any(4) == 0) {
		unsigned to = cpu == 3 ? 3 : any(3);
		uint64_t aff = to == 3 ? 0 : fake.c[to].mpidr;

		fake_guest_sgi(cpu, intid << 24 | (aff >> 8 & 0xff) << 16 | BIT(aff & 15));
		private_irq[to][intid].pending = true;
		return;
	}
	fake_guest_sgi(cpu, ICC_SGIR_IRM | intid << 24);
	for (unsigned to = 0; to < 3; to++)
		if (to != cpu)
			private_irq[to][intid].pending = true;
}

static void change_masks(unsigned cpu)
{
	uint32_t intid = any(3) ? any_spi() : any(2) ? any(16) : 27;
	const struct irq *q = find(cpu, intid);

	if (intid >= 32 && q->target != cpu)
		return;
	set_enable(cpu, intid, any(4));
}

static void change_pending(unsigned cpu)
{
	uint32_t intid = any(2) ? any_spi() : any(16);
	const struct irq *q = find(cpu, intid);

	if (intid >= 32 && (q->target != cpu || fake.line[intid / 32] >> intid % 32 & 1))
		return;
	if (q->pending)
		set_pending(cpu, intid, false);
	else
		set_pending(cpu, intid, true);
}

static void change_quiet(unsigned cpu)
{
	uint32_t intid = any(2) ? any_spi() : any(16);
	const struct irq *q = find(cpu, intid);

	if (!quiet(q) || (intid >= 32 && spi_owner(intid) != owner(cpu)))
		return;
	set_priority(cpu, intid, (uint8_t)(any(32) * 8));
	if (intid >= 32 && !owner(cpu))
		set_route(intid, any(3));
}

/* A guest without interrupts for a while: many wait at once. */
static void step(void)
{
	unsigned cpu = any(FAKE_CPUS);

	switch (any(16)) {
	case 0: case 1: case 2: case 3: device(cpu); break;
	case 4: case 5: send_sgi(cpu); break;
	case 6: change_masks(cpu); break;
	case 7: change_pending(cpu); break;
	case 8: change_quiet(cpu); break;
	case 9: fake_settle(); break;
	case 10: case 11: case 12: guest_acknowledges(cpu); break;
	default: guest_ends(cpu); break;
	}
}

static void drain(unsigned cpu)
{
	while (depth[cpu])
		guest_ends(cpu);
	for (unsigned before = taken - 1; before != taken; ) {
		before = taken;
		guest_acknowledges(cpu);
		guest_ends(cpu);
	}
	assert_int_equal(model_best(cpu), 0x100);
}

static void run(unsigned lrs)
{
	unsigned rounds = host_rounds(20);

	rng.state = host_seed(0x6c7);
	taken = 0;
	for (unsigned r = 0; r < rounds; r++) {
		reset(lrs);
		for (unsigned i = 0; i < 2000; i++)
			step();
		for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++)
			drain(cpu);
		fake_free_cells();
	}
	/* The guests did have work. */
	print_message("%u interrupts taken\n", taken);
	assert_true(taken > 200 * rounds);
}

static void two_list_registers(void **state)
{
	(void)state;
	run(2);
}

static void four_list_registers(void **state)
{
	(void)state;
	run(4);
}

static void sixteen_list_registers(void **state)
{
	(void)state;
	run(16);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_list_registers),
		cmocka_unit_test(four_list_registers),
		cmocka_unit_test(sixteen_list_registers),
	};

	return host_main("gic_random", tests, ARRAY_SIZE(tests), argc, argv);
}

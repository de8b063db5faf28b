/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs every operation that the cell allows and counts the instructions that
 * the hypervisor executes for it: by the CPU's own PMU, which works alike on
 * hardware, and by marks that a plugin of the emulator knows. One line for
 * each operation,
 *   bench: op NUMBER NAME pmu LEAST MOST
 * ("pmu - -" where there is no such event), last "bench: done" or "bench:
 * FAILED".
 *
 * Parameters: spi=INTID of the cell that nothing else raises, subpage=ADDRESS
 * of a 32-bit register in a region smaller than a page.
 */
#include <inmate/comm.h>
#include <inmate/gic.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#include "bench.h"

volatile uint64_t bench_marks[2 * BENCH_MAX_OPS];

static unsigned int number;
static unsigned int expected;
static unsigned int taken;
static unsigned int failures;
static unsigned int spi;
static uintptr_t subpage;
static bool has_pmu;

volatile uint64_t *bench_end_mark(void)
{
	return &bench_marks[2 * number + 1];
}

unsigned int bench_spi(void)
{
	return spi;
}

uintptr_t bench_subpage(void)
{
	return subpage;
}

void bench_fail(const char *what, uint64_t value)
{
	printf("bench: %s: %lu\n", what, value);
	failures++;
}

static void take(unsigned int intid)
{
	if (intid == TIMER_VIRT_INTID)
		timer_stop_virt();
	if (intid == TIMER_PHYS_INTID)
		timer_stop_phys();
	__atomic_store_n(&taken, taken + 1, __ATOMIC_RELAXED);
}

void bench_expect(unsigned int intid, unsigned int count)
{
	gic_set_handler(intid, take);
	gic_enable(intid);
	expected = count;
	taken = 0;
}

void bench_take(void)
{
	irq_enable();
	while (__atomic_load_n(&taken, __ATOMIC_RELAXED) < expected)
		isb();
	irq_disable();
}

static uint64_t count(void)
{
	return has_pmu ? pmu_read() + bench_smp_count() : 0;
}

static uint64_t repeat(const struct bench_op *op)
{
	uint64_t begin;
	uint64_t result;

	if (op->prepare)
		op->prepare();
	bench_mark(&bench_marks[2 * number]);
	begin = count();
	op->run();
	result = (uint32_t)(count() - begin);
	bench_mark(&bench_marks[2 * number + 1]);
	if (op->tidy)
		op->tidy();
	return result;
}

static void measure(const struct bench_op *op)
{
	uint64_t least = ~0UL;
	uint64_t most = 0;
	uint64_t result;
	unsigned int i;

	for (i = 0; i < BENCH_REPEATS; i++) {
		result = repeat(op);
		least = result < least ? result : least;
		most = result > most ? result : most;
	}
	if (has_pmu)
		printf("bench: op %u %s pmu %lu %lu\n", number, op->name, least, most);
	else
		printf("bench: op %u %s pmu - -\n", number, op->name);
}

static void measure_all(const struct bench_op *op)
{
	for (; op->name; op++) {
		if (op->available && !op->available())
			continue;
		measure(op);
		number++;
	}
}

void inmate_main(void)
{
	spi = (unsigned int)params_number("spi", 0);
	subpage = params_number("subpage", 0);
	has_pmu = pmu_begin();
	measure_all(bench_calls);
	measure_all(bench_registers);
	measure_all(bench_interrupts);
	bench_smp_begin();
	measure_all(bench_smp);
	if (gic_unhandled())
		bench_fail("unexpected interrupts", gic_unhandled());
	printf("bench: %s\n", failures ? "FAILED" : "done");
	comm_wait_shutdown();
}

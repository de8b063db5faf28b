/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All CPUs of the cell: on, SGIs between all pairs, standby, off, and on
 * again. Ends with "smp: all N CPUs passed" or a line that says "FAILED".
 */
#include <stdbool.h>
#include <stddef.h>

#include <inmate/comm.h>
#include <inmate/gic.h>
#include <inmate/layout.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/psci.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#define SGI_KICK	15U	/* look at your order */
#define SGI_SENDERS	15U	/* SGI n comes from CPU n % 15 */
#define LIMIT_MS	5000U	/* long for an emulated machine, so that only a loss runs into it */
#define STANDBY_MS	2U

enum order { IDLE, SEND, STANDBY, OFF };

struct cpu_state {
	enum order order;
	unsigned int target;		/* of SEND */
	unsigned int starts;
	int32_t standby_result;
	uint64_t standby_ticks;
	unsigned int received[SGI_SENDERS];
};

static struct cpu_state cpus[INMATE_MAX_CPUS];
static unsigned int failures;

#define get(field)		__atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define put(field, value)	__atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

static void fail(const char *what, unsigned int cpu, int64_t value)
{
	printf("smp: FAILED: %s, CPU %u: %ld\n", what, cpu, value);
	failures++;
}

static void take_sgi(unsigned int intid)
{
	struct cpu_state *me = &cpus[smp_cpu()];

	if (intid != SGI_KICK)
		put(me->received[intid], me->received[intid] + 1);
}

static void enable_sgis(void)
{
	unsigned int i;

	for (i = 0; i < GIC_SGIS; i++)
		gic_enable(i);
}

/* With an interrupt already pending, though masked, standby is over at once. */
static void standby_pending(struct cpu_state *me)
{
	gic_send_sgi(SGI_KICK, smp_cpu());
	me->standby_result = psci_cpu_suspend(0, 0, 0);
	irq_enable();
	isb();
	irq_disable();
}

/* CPU_SUSPEND as standby must come back, with success, when the timer fires. */
static void standby(struct cpu_state *me)
{
	uint64_t begin;

	standby_pending(me);
	if (me->standby_result != PSCI_SUCCESS)
		return;
	begin = timer_now();
	gic_enable(TIMER_VIRT_INTID);
	timer_arm_virt(begin + timer_ms_to_ticks(STANDBY_MS));
	do
		me->standby_result = psci_cpu_suspend(0, 0, 0);
	while (me->standby_result == PSCI_SUCCESS &&
	       !(read_sysreg(cntv_ctl_el0) & TIMER_CTL_ISTATUS));
	timer_stop_virt();
	me->standby_ticks = timer_now() - begin;
}

static void obey(unsigned int cpu)
{
	struct cpu_state *me = &cpus[cpu];

	switch (get(me->order)) {
	case SEND:
		gic_send_sgi(cpu % SGI_SENDERS, me->target);
		break;
	case STANDBY:
		standby(me);
		break;
	default:
		return;
	}
	put(me->order, IDLE);
}

static void secondary(unsigned int cpu)
{
	struct cpu_state *me = &cpus[cpu];

	enable_sgis();
	put(me->starts, me->starts + 1);
	while (get(me->order) != OFF) {
		obey(cpu);
		if (get(me->order) != IDLE)
			continue;
		wfi();
		irq_enable();
		isb();
		irq_disable();
	}
	put(me->order, IDLE);
}

static bool wait_until(bool (*done)(unsigned int cpu, unsigned int value), unsigned int cpu,
		       unsigned int value)
{
	uint64_t end = timer_now() + timer_ms_to_ticks(LIMIT_MS);

	while (!done(cpu, value)) {
		if (timer_now() > end)
			return false;
		timer_delay_ms(1);
	}
	return true;
}

static bool is_idle(unsigned int cpu, unsigned int value)
{
	(void)value;
	return get(cpus[cpu].order) == IDLE;
}

static bool has_started(unsigned int cpu, unsigned int times)
{
	return get(cpus[cpu].starts) == times;
}

static bool is_off(unsigned int cpu, unsigned int value)
{
	(void)value;
	return psci_affinity_info(smp_mpidr(cpu), 0) == PSCI_AFF_OFF;
}

static unsigned int watched_sender;

static bool has_received(unsigned int cpu, unsigned int times)
{
	return get(cpus[cpu].received[watched_sender % SGI_SENDERS]) >= times;
}

static void give_order(unsigned int cpu, enum order order)
{
	put(cpus[cpu].order, order);
	if (cpu == smp_cpu())
		obey(cpu);
	else
		gic_send_sgi(SGI_KICK, cpu);
}

/* Only in a cell: plain QEMU believes every entry address. */
static void refuse_bad_entry(unsigned int cpu)
{
	uintptr_t outside = (uintptr_t)__ram_end + 0x1000;
	int32_t ret;

	if (!platform_get()->comm)
		return;
	ret = psci_cpu_on(smp_mpidr(cpu), outside, 0);
	if (ret != PSCI_INVALID_ADDRESS)
		fail("CPU_ON with an entry outside memory", cpu, ret);
	ret = psci_cpu_on(smp_mpidr(cpu), (uintptr_t)__image_start + 2, 0);
	if (ret != PSCI_INVALID_ADDRESS)
		fail("CPU_ON with an unaligned entry", cpu, ret);
}

static void turn_on(unsigned int cpu, unsigned int times)
{
	int32_t ret;

	if (psci_affinity_info(smp_mpidr(cpu), 0) != PSCI_AFF_OFF)
		fail("not off before CPU_ON", cpu, psci_affinity_info(smp_mpidr(cpu), 0));
	refuse_bad_entry(cpu);
	ret = smp_start(cpu, secondary);
	if (ret != PSCI_SUCCESS)
		fail("CPU_ON", cpu, ret);
	else if (!wait_until(has_started, cpu, times))
		fail("did not start", cpu, times);
	ret = psci_affinity_info(smp_mpidr(cpu), 0);
	if (ret != PSCI_AFF_ON)
		fail("AFFINITY_INFO of a running CPU", cpu, ret);
	ret = smp_start(cpu, secondary);
	if (ret != PSCI_ALREADY_ON)
		fail("CPU_ON of a running CPU", cpu, ret);
}

static void turn_off(unsigned int cpu)
{
	give_order(cpu, OFF);
	if (!wait_until(is_off, cpu, 0))
		fail("CPU_OFF", cpu, psci_affinity_info(smp_mpidr(cpu), 0));
}

static void send_between(unsigned int from, unsigned int to)
{
	unsigned int before = get(cpus[to].received[from % SGI_SENDERS]);

	cpus[from].target = to;
	give_order(from, SEND);
	watched_sender = from;
	if (!wait_until(has_received, to, before + 1))
		fail("SGI lost; receiver", to, from);
	if (!wait_until(is_idle, from, 0))
		fail("order not finished", from, SEND);
}

static void all_pairs(unsigned int n)
{
	unsigned int from;
	unsigned int to;

	for (from = 0; from < n; from++)
		for (to = 0; to < n; to++)
			send_between(from, to);
	printf("smp: %u SGIs between %u CPUs\n", n * n, n);
}

static void all_standby(unsigned int n)
{
	uint64_t least = timer_ms_to_ticks(STANDBY_MS);
	unsigned int cpu;

	for (cpu = 0; cpu < n; cpu++) {
		give_order(cpu, STANDBY);
		if (!wait_until(is_idle, cpu, 0))
			fail("standby without end", cpu, 0);
		else if (cpus[cpu].standby_result != PSCI_SUCCESS)
			fail("CPU_SUSPEND", cpu, cpus[cpu].standby_result);
		else if (cpus[cpu].standby_ticks < least)
			fail("standby too short", cpu, (int64_t)cpus[cpu].standby_ticks);
	}
	printf("smp: standby on %u CPUs\n", n);
}

static void run(unsigned int n)
{
	unsigned int round;
	unsigned int cpu;

	for (round = 1; round <= 2; round++) {
		for (cpu = 1; cpu < n; cpu++)
			turn_on(cpu, round);
		printf("smp: %u CPUs on, round %u\n", n, round);
		all_pairs(n);
		all_standby(n);
		for (cpu = 1; cpu < n; cpu++)
			turn_off(cpu);
	}
}

void inmate_main(void)
{
	unsigned int n = smp_num_cpus();
	unsigned int i;

	printf("smp: PSCI %u.%u, %u CPUs\n", psci_version() >> 16, psci_version() & 0xffffU, n);
	for (i = 0; i < GIC_SGIS; i++)
		gic_set_handler(i, take_sgi);
	enable_sgis();
	if (n < 2)
		fail("a second CPU is needed", n, 0);
	run(n);
	if (gic_unhandled())
		fail("unexpected interrupts", 0, gic_unhandled());
	if (!failures)
		printf("smp: all %u CPUs passed\n", n);
	if (platform_get()->comm)
		comm_wait_shutdown();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More interrupts pending at once than there are list registers: they must
 * all be taken, once each, in the order of their priorities. Ends with
 * "irq16: passed" or a line that says "FAILED".
 */
#include <stdbool.h>

#include <inmate/comm.h>
#include <inmate/gic.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#define MAX_TAKEN	64U
#define SETTLE_MS	2U
#define LIMIT_MS	2000U
#define PRIORITY_FIRST	0x10U
#define PRIORITY_LAST	0xb8U

static unsigned int order[MAX_TAKEN];
static unsigned int taken;
static unsigned int failures;

static void take(unsigned int intid)
{
	if (intid == TIMER_VIRT_INTID)
		timer_stop_virt();
	if (intid == TIMER_PHYS_INTID)
		timer_stop_phys();
	if (taken < MAX_TAKEN)
		order[taken] = intid;
	taken++;
}

/* A permutation of the SGIs. A virtual CPU interface need not have more than 5 priority bits. */
static unsigned int rank(unsigned int sgi)
{
	return (sgi * 7U + 3U) % GIC_SGIS;
}

static uint8_t sgi_priority(unsigned int sgi)
{
	return (uint8_t)(0x20U + 8U * rank(sgi));
}

static void raise_sgis(bool by_register)
{
	unsigned int i;

	for (i = 0; i < GIC_SGIS; i++) {
		if (by_register)
			gic_set_pending(i);
		else
			gic_send_sgi(i, smp_cpu());
	}
}

/* Unmasks until the given number of interrupts was taken, or too long. */
static void take_all(unsigned int expected)
{
	uint64_t end = timer_now_phys() + timer_ms_to_ticks(LIMIT_MS);

	irq_enable();
	while (__atomic_load_n(&taken, __ATOMIC_RELAXED) < expected && timer_now_phys() < end)
		isb();
	isb();
	irq_disable();
}

static void fail(const char *round, const char *what)
{
	unsigned int i;

	printf("irq16: FAILED: %s: %s; taken:", round, what);
	for (i = 0; i < taken && i < MAX_TAKEN; i++)
		printf(" %u", order[i]);
	printf("\n");
	failures++;
}

static void judge(const char *round, unsigned int expected, unsigned int before, unsigned int after)
{
	unsigned int i;

	if (taken != expected) {
		fail(round, "wrong number");
		return;
	}
	for (i = before; i < expected - after; i++) {
		if (order[i] >= GIC_SGIS || rank(order[i]) != i - before) {
			fail(round, "not in priority order");
			return;
		}
	}
	if ((before && order[0] != TIMER_VIRT_INTID) ||
	    (after && order[expected - 1] != TIMER_PHYS_INTID)) {
		fail(round, "a timer not where its priority puts it");
		return;
	}
	printf("irq16: %s: %u interrupts in priority order\n", round, expected);
}

/* Both timers are due, and have reached the interrupt controller, before anything is taken. */
static void raise_timers(void)
{
	uint64_t now = timer_now();

	timer_arm_virt(now);
	timer_arm_phys(timer_now_phys());
	while (timer_now() - now < timer_ms_to_ticks(SETTLE_MS))
		;
}

static void round_sgis(const char *name, bool by_register)
{
	taken = 0;
	raise_sgis(by_register);
	take_all(GIC_SGIS);
	judge(name, GIC_SGIS, 0, 0);
}

static void round_with_timers(void)
{
	taken = 0;
	raise_sgis(false);
	raise_timers();
	take_all(GIC_SGIS + 2);
	judge("SGIs and timers", GIC_SGIS + 2, 1, 1);
}

/* Disabled while pending: not taken; enabled again: taken. */
static void round_disabled(void)
{
	unsigned int i;

	taken = 0;
	raise_sgis(false);
	for (i = 0; i < GIC_SGIS; i++)
		gic_disable(i);
	take_all(0);
	if (taken)
		fail("disabled", "taken while disabled");
	for (i = 0; i < GIC_SGIS; i++)
		gic_enable(i);
	/* Enabled one by one and masked: order is by priority again. */
	take_all(GIC_SGIS);
	judge("disabled and enabled", GIC_SGIS, 0, 0);
}

void inmate_main(void)
{
	unsigned int i;

	for (i = 0; i < GIC_SGIS; i++) {
		gic_set_handler(i, take);
		gic_set_priority(i, sgi_priority(i));
		gic_enable(i);
	}
	gic_set_handler(TIMER_VIRT_INTID, take);
	gic_set_priority(TIMER_VIRT_INTID, PRIORITY_FIRST);
	gic_enable(TIMER_VIRT_INTID);
	gic_set_handler(TIMER_PHYS_INTID, take);
	gic_set_priority(TIMER_PHYS_INTID, PRIORITY_LAST);
	gic_enable(TIMER_PHYS_INTID);

	for (i = 0; i < 3; i++) {
		round_sgis("SGIs sent", false);
		round_sgis("SGIs set pending", true);
		round_with_timers();
		round_disabled();
	}
	if (gic_unhandled())
		fail("end", "unexpected interrupts");
	if (!failures)
		printf("irq16: passed\n");
	if (platform_get()->comm)
		comm_wait_shutdown();
}

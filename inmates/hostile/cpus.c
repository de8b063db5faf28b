/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs that come and go. */
#include <stdint.h>

#include <capsule/comm.h>
#include <inmate/comm.h>
#include <inmate/printf.h>
#include <inmate/psci.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#include "hostile.h"

bool way_off(void)
{
	psci_system_off();
	return false;
}

bool way_reset(void)
{
	psci_system_reset();
	return false;
}

/*
 * CPU 0 switches CPU 1 on without end; CPU 1 switches CPU 0 on, should that
 * have been stopped, and itself off. When the deadline (CNTVCT_EL0) is over
 * CPU 0 makes the cell fail; CPU 1 would have it run on without a deadline.
 * Without memory and stack, so that nothing but calls takes time.
 */
__attribute__((noreturn)) void hostile_evade(uint64_t deadline);
__asm__(
"	.pushsection .text\n"
"	.global	hostile_evade\n"
"	.balign	16\n"
"hostile_evade:\n"
"	mov	x19, x0\n"
"1:	mrs	x20, cntvct_el0\n"
"	cmp	x20, x19\n"
"	b.hs	3f\n"
"	ldr	x0, =0xc4000003\n"		/* PSCI CPU_ON */
"	mov	x1, #1\n"
"	adr	x2, 2f\n"
"	hvc	#0\n"
"	b	1b\n"
"2:	ldr	x0, =0xc4000003\n"
"	mov	x1, #0\n"
"	adr	x2, hostile_evade\n"
"	mov	x3, #-1\n"
"	hvc	#0\n"
"	ldr	x0, =0x84000002\n"		/* PSCI CPU_OFF */
"	hvc	#0\n"
"	b	2b\n"
"3:	mov	x0, #0x01800000\n"		/* AT_OUTSIDE */
"	ldr	w0, [x0]\n"
"	b	3b\n"
"	.ltorg\n"
"	.popsection\n");

bool way_evade(void)
{
	hostile_evade(~0UL);
}

bool way_evade_fail(void)
{
	hostile_evade(timer_now() + timer_ms_to_ticks(50));
}

bool way_fail(void)
{
	comm_fail();
}

static __attribute__((noreturn)) void sleep_for_ever(void)
{
	for (;;)
		wfi();
}

static void fail_off(unsigned int cpu)
{
	(void)cpu;
	comm_fail();
}

static void fail_on(unsigned int cpu)
{
	(void)cpu;
	comm_set_state(CAPSULE_COMM_FAILED);
	printf("hostile: declared\n");
	sleep_for_ever();
}

bool way_fail_second(void)
{
	if (smp_start(1, fail_off))
		return false;
	sleep_for_ever();
}

bool way_fail_both(void)
{
	if (smp_start(1, fail_on))
		return false;
	sleep_for_ever();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How late a periodic interrupt of the virtual timer is taken, in counter
 * ticks: one line a second. Parameters: hz=N (rate, 100 by default), lines=N
 * (shut down after that many lines; 0, the default, goes on for ever).
 */
#include <inmate/comm.h>
#include <inmate/gic.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/timer.h>

struct window {
	uint64_t samples;
	uint64_t min;
	uint64_t max;
	uint64_t sum;
	uint64_t missed;	/* periods that had passed whole before we came */
};

static uint64_t period;
static uint64_t deadline;
static struct window window;

static void take(unsigned int intid)
{
	uint64_t late = timer_now() - deadline;

	(void)intid;
	if (window.samples == 0 || late < window.min)
		window.min = late;
	if (late > window.max)
		window.max = late;
	window.sum += late;
	window.samples++;
	window.missed += late / period;
	deadline += period * (1 + late / period);
	timer_arm_virt(deadline);
}

static void report(void)
{
	uint64_t ns = 1000000000UL / timer_freq();

	printf("timer-jitter: %lu samples, min %lu avg %lu max %lu ticks (1 tick = %lu ns), "
	       "%lu missed\n",
	       window.samples, window.min, window.sum / window.samples, window.max, ns,
	       window.missed);
	window = (struct window){ 0 };
}

void inmate_main(void)
{
	uint64_t hz = params_number("hz", 100);
	uint64_t lines = params_number("lines", 0);
	uint64_t printed = 0;

	if (hz == 0 || hz > 100000)
		hz = 100;
	period = timer_freq() / hz;
	printf("timer-jitter: %lu Hz, counter at %lu Hz\n", hz, timer_freq());
	deadline = timer_now() + period;
	gic_set_handler(TIMER_VIRT_INTID, take);
	gic_enable(TIMER_VIRT_INTID);
	timer_arm_virt(deadline);
	do {
		wfi();
		irq_enable();
		isb();
		irq_disable();
		if (window.samples >= hz) {
			report();
			printed++;
		}
	} while (!comm_poll() && (lines == 0 || printed < lines));
	timer_stop_virt();
	printf("timer-jitter: shutting down\n");
}

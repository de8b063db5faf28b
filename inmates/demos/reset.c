/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts its boots in memory: SYSTEM_RESET twice, then SYSTEM_OFF. A reset
 * keeps the memory and starts the CPU at its entry as at the first start.
 */
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/psci.h>
#include <inmate/timer.h>

#define MAGIC	0x7265736574636e74UL
#define BOOTS	3U

static struct {
	uint64_t magic;
	uint64_t boots;
} counter __attribute__((section(".noinit")));

void inmate_main(void)
{
	if (counter.magic != MAGIC)
		counter.boots = 0;
	counter.magic = MAGIC;
	counter.boots++;
	printf("reset: boot %lu\n", counter.boots);
	/* A timer that is left running must not reach the next boot. */
	timer_arm_virt(timer_now());
	dsb_sy();
	if (counter.boots < BOOTS) {
		psci_system_reset();
		printf("reset: FAILED: SYSTEM_RESET returned\n");
		return;
	}
	counter.magic = 0;
	printf("reset: passed, powering off\n");
	psci_system_off();
	printf("reset: FAILED: SYSTEM_OFF returned\n");
}

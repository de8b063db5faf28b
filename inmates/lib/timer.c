/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/gic.h>
#include <inmate/timer.h>

static void wake(unsigned int intid)
{
	(void)intid;
	timer_stop_virt();	/* the line is level: it falls here */
}

void timer_sleep_until(uint64_t deadline)
{
	uint64_t daif = irq_save();

	gic_set_handler(TIMER_VIRT_INTID, wake);
	gic_enable(TIMER_VIRT_INTID);
	while ((int64_t)(deadline - timer_now()) > 0) {
		timer_arm_virt(deadline);
		wfi();		/* masked, so the wake-up cannot slip in before it */
		irq_enable();
		isb();
		irq_disable();
	}
	timer_stop_virt();
	irq_restore(daif);
}

void timer_delay_ms(uint64_t ms)
{
	timer_sleep_until(timer_now() + timer_ms_to_ticks(ms));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Generic Timer: the EL1 virtual (PPI 27) and physical (PPI 30) timers. */
#ifndef INMATE_TIMER_H
#define INMATE_TIMER_H

#include <inmate/sysreg.h>

#define TIMER_VIRT_INTID	27U
#define TIMER_PHYS_INTID	30U

/* CNTx_CTL_EL0 */
#define TIMER_CTL_ENABLE	1U
#define TIMER_CTL_IMASK		2U
#define TIMER_CTL_ISTATUS	4U

/* Ticks per second. */
static inline uint64_t timer_freq(void)
{
	return read_sysreg(cntfrq_el0);
}

static inline uint64_t timer_now(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

static inline uint64_t timer_now_phys(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

static inline uint64_t timer_ms_to_ticks(uint64_t ms)
{
	return ms * timer_freq() / 1000U;
}

/* Interrupt when the counter reaches this value. */
static inline void timer_arm_virt(uint64_t deadline)
{
	write_sysreg(deadline, cntv_cval_el0);
	write_sysreg(TIMER_CTL_ENABLE, cntv_ctl_el0);
	isb();
}

static inline void timer_stop_virt(void)
{
	write_sysreg(0, cntv_ctl_el0);
	isb();
}

static inline void timer_arm_phys(uint64_t deadline)
{
	write_sysreg(deadline, cntp_cval_el0);
	write_sysreg(TIMER_CTL_ENABLE, cntp_ctl_el0);
	isb();
}

static inline void timer_stop_phys(void)
{
	write_sysreg(0, cntp_ctl_el0);
	isb();
}

/*
 * Sleeps in WFI on the virtual timer, whose handler this replaces, taking
 * other interrupts meanwhile. Interrupts are masked again as they were.
 */
void timer_delay_ms(uint64_t ms);
void timer_sleep_until(uint64_t deadline);

#endif

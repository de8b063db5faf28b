/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INMATE_SPINLOCK_H
#define INMATE_SPINLOCK_H

#include <inmate/sysreg.h>

struct spinlock {
	uint32_t held;
};

/* Waits in WFE: the unlocking store clears the monitor and so is the event. */
static inline void spin_lock(struct spinlock *lock)
{
	uint32_t old;
	uint32_t failed;

	__asm__ volatile(
	"	sevl\n"
	"1:	wfe\n"
	"2:	ldaxr	%w0, %2\n"
	"	cbnz	%w0, 1b\n"
	"	stxr	%w1, %w3, %2\n"
	"	cbnz	%w1, 2b\n"
	: "=&r"(old), "=&r"(failed), "+Q"(lock->held)
	: "r"(1)
	: "memory");
}

static inline void spin_unlock(struct spinlock *lock)
{
	__asm__ volatile("stlr wzr, %0" : "=Q"(lock->held) : : "memory");
}

#endif

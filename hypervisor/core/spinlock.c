// SPDX-License-Identifier: Apache-2.0
/*
 * Waiting uses WFE, so that a waiting CPU yields (to power saving on a board,
 * to the other CPUs under an emulator).
 */
#include "spinlock.h"

#ifdef __aarch64__
#define spin_wait()	__asm__ volatile("wfe" : : : "memory")
#define spin_arm()	__asm__ volatile("sevl" : : : "memory")
#define spin_wake()	__asm__ volatile("dsb ishst\n\tsev" : : : "memory")
#else
#define spin_wait()	((void)0)
#define spin_arm()	((void)0)
#define spin_wake()	((void)0)
#endif

void spin_lock(spinlock_t *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	spin_arm();
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		spin_wait();
}

void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
	spin_wake();
}

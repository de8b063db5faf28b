/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket locks. Waiting uses WFE, so that a waiting CPU yields (to power
 * saving on a board, to the other CPUs under an emulator).
 *
 * Lock order, outermost first; never take one while holding one below it:
 *   1. management lock      (core/management.c: one lifecycle call at a time)
 *   2. cell table lock      (struct cell.s2_lock: stage-2 tables of one cell;
 *                            the agency's before another cell's)
 *   3. assign lock          (struct pcpu.assign_lock: whose vCPU a parked CPU waits for)
 *   3b. cell power lock      (struct cell.power_lock: CPU_ON/OFF, state)
 *   4. distributor lock     (gic: registers of the physical distributor)
 *   4b. virtual UART lock    (struct vpl011.lock: its registers and FIFO)
 *   5. vCPU interrupt lock  (struct vcpu.irq.lock: pending interrupts)
 *   5b. virtual SPI lock     (struct vgic_vspis.lock: SPIs of a cell in software)
 *   6. pool lock            (core/pool.c)
 *   7. console lock         (core/console.c)
 */
#ifndef SPINLOCK_H
#define SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint16_t owner;
	uint16_t next;
} spinlock_t;

#ifdef __aarch64__
#define spin_wait()	__asm__ volatile("wfe" : : : "memory")
#define spin_arm()	__asm__ volatile("sevl" : : : "memory")
#define spin_wake()	__asm__ volatile("dsb ishst\n\tsev" : : : "memory")
#else
#define spin_wait()	((void)0)
#define spin_arm()	((void)0)
#define spin_wake()	((void)0)
#endif

static inline void spin_lock(spinlock_t *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	spin_arm();
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		spin_wait();
}

static inline void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
	spin_wake();
}

#endif

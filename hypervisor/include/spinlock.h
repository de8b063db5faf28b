/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket locks (spinlock.c).
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

/* Not inline: there are a hundred calls, and none on a path that is common. */
void spin_lock(spinlock_t *l);
void spin_unlock(spinlock_t *l);

#endif

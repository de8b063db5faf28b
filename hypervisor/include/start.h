/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How EL2 starts. See entry.S for the order of things.
 *
 * One CPU block: struct pcpu, an unmapped guard page, the stack.
 */
#ifndef START_H
#define START_H

#include <capsule/image.h>
#include <capsule/status.h>

#include "vcpu.h"

#define EL2_CPU_BLOCK_SIZE	0x4000UL
#define EL2_CPU_GUARD		0x1000UL	/* offset of the guard page */

#define STATUS_SIZE	ALIGN_UP(sizeof(struct capsule_status), PAGE_SIZE)
#define STATUS_AREA_SIZE (STATUS_SIZE + CAPSULE_NUM_RINGS * CAPSULE_RING_BYTES)
/* Pool pages below which nothing useful could be created, and the status area. */
#define EL2_FIXED_SIZE	(STATUS_AREA_SIZE + 256 * PAGE_SIZE)

/* Physical root of EL2's own tables; 0 until el2_init_memory() succeeded. */
extern uint64_t boot_ttbr;
extern struct capsule_status *status_area;
extern struct capsule_boot_info *boot_info;

/*
 * How a take-over can be refused: both return 0, or a negative errno with
 * answer = {errno, enum capsule_reason, detail, detail}; nothing of the
 * machine has changed then.
 *
 * First CPU on the boot tables: CPU blocks, status area, page pool, EL2's
 * own tables. Devices are not reachable yet.
 */
int el2_init_memory(uint64_t phys, uint64_t answer[4]);
/* First CPU on EL2's own tables: configuration, GIC, root cell. */
int el2_init_machine(uint64_t answer[4]);

/*
 * Each CPU on EL2's tables, from the agency. On the first one el2_init_machine()
 * is part of it and may refuse; on the others it cannot fail.
 */
int el2_cpu_take(struct pcpu *pcpu, uint64_t vbar, uint64_t tpidr, uint64_t answer[4]);
/* A CPU that firmware started for us; returns with something to run in the frame. */
void el2_cpu_start(struct pcpu *pcpu);
/* Fills the status and power fields of an agency CPU and gives EL2 back. Does not return. */
_Noreturn void el2_cpu_give_back(struct pcpu *pcpu);

_Noreturn void el2_leave(struct trap_frame *frame, uint64_t sctlr, uint64_t vbar,
			 uint64_t phys);
extern char el2_cpu_entry[];
/* See smc.S. */
bool smc_forward(uint64_t x[18]);

#endif

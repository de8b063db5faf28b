/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a cell. States (enum capsule_cell_state) and who moves them:
 *
 *   NONE -> CREATED        create            agency
 *   CREATED -> LOADABLE    set_loadable      agency, memory cleared by then
 *   LOADABLE -> STARTING   start             agency
 *   STARTING -> RUNNING    work, when done   agency
 *   RUNNING -> STOPPING    stop; SYSTEM_OFF or SYSTEM_RESET of the guest
 *   STOPPING -> SHUT_DOWN  its last CPU parks (RUNNING again after SYSTEM_RESET)
 *   STOPPING -> RESET      the same after SYSTEM_RESET, if the agency is to load it again
 *   RESET -> SHUT_DOWN     stop: it is not to be loaded again
 *   RUNNING -> SHUT_DOWN   its last CPU goes off by CPU_OFF
 *   RUNNING -> FAILED      violation
 *   any stopped -> LOADABLE  set_loadable    agency; after a run memory is cleared first
 *   any stopped -> DYING   destroy           agency
 *   DYING -> NONE          work, when done   agency
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include "cell.h"

struct start_args {
	uint64_t flags;		/* CAPSULE_START_* */
	uint64_t entry;		/* IPA */
	uint64_t context;	/* x0 at entry */
};

/* create.c. Management lock held. cell id or negative errno with answer[1..3]. */
int lifecycle_create(pa_t config, uint64_t size, uint64_t answer[4]);
/* Frees a cell whose memory went back; its slot is NONE afterwards. */
void lifecycle_free(struct cell *cell);

/* lifecycle.c. Management lock held. 0/1 or negative errno with answer[1..3]. */
int lifecycle_set_loadable(struct cell *cell, uint64_t answer[4]);
int lifecycle_start(struct cell *cell, const struct start_args *args, uint64_t answer[4]);
int lifecycle_shutdown(struct cell *cell, uint64_t answer[4]);
int lifecycle_stop(struct cell *cell, uint64_t answer[4]);
int lifecycle_destroy(struct cell *cell, uint64_t answer[4]);
int lifecycle_state(struct cell *cell, uint64_t answer[4]);
/* All CPUs of the cell are parked and its memory is settled: it may run. */
void lifecycle_run(struct cell *cell);

/* job.c: at most 2 MiB of the cell's pending work. 1 more to do, 0 done; answer[1] bytes left. */
int lifecycle_work(struct cell *cell, uint64_t answer[4]);

/* From the cell's own CPUs, no lock held. */
void lifecycle_vcpu_off(struct vcpu *vcpu);	/* it has let go of everything */
void lifecycle_guest_off(struct vcpu *vcpu);	/* SYSTEM_OFF: parks */
void lifecycle_guest_reset(struct vcpu *vcpu);	/* SYSTEM_RESET: parks, starts again */
/* Stops the other CPUs for good: state becomes FAILED. */
void lifecycle_fail(struct vcpu *vcpu);

/*
 * Cleans and invalidates at most 1 MiB of the cell's private RAM to the point
 * of coherency, for a guest that runs with its caches off. True once all of
 * it is done. Own CPU, no lock held.
 */
bool lifecycle_clean_step(struct vcpu *vcpu);

/* Status of the pool, for the agency to see. */
void lifecycle_update_pool(void);

#endif

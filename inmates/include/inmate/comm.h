/* SPDX-License-Identifier: Apache-2.0 */
/* Communication region (capsule/comm.h) from the cell's side. */
#ifndef INMATE_COMM_H
#define INMATE_COMM_H

#include <stdbool.h>
#include <stdint.h>

struct capsule_comm_region;

/* NULL where there is none (BARE image, or no signature at its place). */
const struct capsule_comm_region *comm_region(void);
/* -> enum capsule_comm_msg_to_cell */
uint32_t comm_message(void);
/* Answers the message that is there; reply is an enum capsule_comm_reply. */
void comm_reply(uint32_t reply);
/* state: enum capsule_comm_state */
void comm_set_state(uint32_t state);

/*
 * Answers what the agency asked since the last call: a shutdown request is
 * approved, anything else received or unknown. -> true: the cell must end now.
 */
bool comm_poll(void);
/* Serves comm_poll() every 10 ms, sleeping in between, until it says to end. */
void comm_wait_shutdown(void);
/* Declares the cell shut down and turns this CPU off. */
__attribute__((noreturn)) void comm_shut_down(void);
/* Declares the cell failed and turns this CPU off. */
__attribute__((noreturn)) void comm_fail(void);

#endif

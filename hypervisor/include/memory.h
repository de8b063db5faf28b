/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a cell as its configuration lists it: all transitions of all
 * regions, checked together and then committed together. Management lock held;
 * takes both table locks.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "cell.h"

/* RAM that is the cell's alone: what is cleared, counted, loaded. */
bool memory_is_private_ram(const struct capsule_memory *m);

/* Agency to cell. 0, or negative errno with answer[1..3] and nothing changed. */
int memory_take(struct cell *cell, uint64_t answer[4]);
/* Cell to agency, cleared before by the caller. Not loadable. */
void memory_return(struct cell *cell);
/* LOADABLE regions into the agency and out of it. 0 or -ENOMEM, nothing changed. */
int memory_lend(struct cell *cell, uint64_t answer[4]);
void memory_unlend(struct cell *cell);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 of cells: geometry, TLB maintenance, loading. EL2 only. */
#ifndef STAGE2_H
#define STAGE2_H

#include "cell.h"

/* Chooses the geometry from ID_AA64MMFR0_EL1. Once per enable, first CPU. */
void stage2_init(void);
/* Bits of guest physical address; VTCR_EL2 for all cells. */
unsigned stage2_ia_bits(void);
uint64_t stage2_vtcr(void);

/* Makes an empty table charged to cell->id. -ENOMEM with nothing kept. */
int stage2_create(struct cell *cell);
/* Frees all of it. No CPU has it loaded. */
void stage2_destroy(struct cell *cell);
/* From now on pages for this table are charged to cell id. */
void stage2_charge(struct cell *cell, unsigned id);

/* May the cell run the instruction at this IPA? Takes s2_lock. */
bool stage2_executable(struct cell *cell, uint64_t ipa);

/* Makes this CPU translate for the cell, with no old translation of its VMID left here. */
void stage2_load(const struct cell *cell);

#endif

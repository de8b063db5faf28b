/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A translation regime for the walker on the build host: tables come from the
 * page pool, and a model of the TLBs watches what the walker does.
 *
 * Hardware may walk at any moment and keep what it found until it is told to
 * forget. The model walks a set of probe addresses at every call of the
 * operations table and fails the test
 * - if a translation becomes visible that differs from one still cached by
 *   more than permissions and page state (break-before-make),
 * - if a table is freed while it can be reached or is cached,
 * - at fake_mmu_settled(), if anything cached is no longer true.
 */
#ifndef FAKE_MMU_H
#define FAKE_MMU_H

#include <stdbool.h>

#include "pgtable.h"

#define FAKE_POOL_PA	0x87fe3000UL	/* not aligned to anything large */
#define FAKE_PROBES	24

struct fake_mmu;

/* A fresh pool of @pages pages for the tables of all regimes of a test. */
void fake_pool_setup(size_t pages);

/* A regime whose tables are charged to @charge (may be changed at any time). */
struct fake_mmu *fake_mmu_new(enum pgt_stage stage, unsigned int ia_bits, unsigned int charge);
void fake_mmu_delete(struct fake_mmu *mmu);
struct pgt *fake_mmu_pgt(struct fake_mmu *mmu);
void fake_mmu_charge(struct fake_mmu *mmu, unsigned int charge);

/* Replaces probe @i (0 .. FAKE_PROBES - 1). */
void fake_mmu_probe(struct fake_mmu *mmu, unsigned int i, uint64_t ia);

/* Walks all probes now. */
void fake_mmu_look(struct fake_mmu *mmu);

/* A change is complete: everything cached must be true. */
void fake_mmu_settled(struct fake_mmu *mmu);

/* Lets @n allocations succeed and all later ones fail; -1: no limit. */
void fake_alloc_limit(long n);

/* Allocations asked for, and calls of invalidate or invalidate_all, so far. */
unsigned long fake_allocs(void);
unsigned long fake_invalidates(void);

/* Tables linked below the root. */
size_t fake_mmu_tables(struct fake_mmu *mmu);

/* A hash of the root and every table, down to the entry. */
uint64_t fake_mmu_fingerprint(struct fake_mmu *mmu);

#endif

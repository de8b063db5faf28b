/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pool of hypervisor pages: the only allocator at EL2. Its size is fixed at
 * enable; every page handed out is charged to a cell, so that destroying the
 * cell provably returns the pool to its earlier level.
 *
 * Context: EL2, any lock above the pool lock held; each call takes the pool
 * lock itself. Page contents are written outside of it.
 */
#ifndef HYP_POOL_H
#define HYP_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define POOL_PAGE_SIZE	4096UL

/* Charges are cell ids; what the hypervisor needs for itself has its own. */
#define POOL_CHARGE_HYP	16U
#define POOL_CHARGES	17U

/*
 * Makes [start_va, start_va + pages * 4096) the pool, all pages free.
 * start_pa/start_va: the same memory, both aligned to 4096. owners: array of
 * @pages elements for bookkeeping, not part of the pool, contents ignored.
 */
void pool_init(pa_t start_pa, void *start_va, size_t pages, uint16_t *owners);

/*
 * Returns a zeroed page charged to @charge (< POOL_CHARGES), or NULL if the
 * pool is exhausted. O(1).
 */
void *pool_alloc(unsigned int charge);

/*
 * Returns the first of @pages (a power of two) contiguous zeroed pages,
 * physically aligned to their total size (concatenated root tables of stage
 * 2 need that), or NULL. O(pool size). Each page is freed by pool_free().
 */
void *pool_alloc_contig(unsigned int charge, size_t pages);

/* Gives back one page. CHECKs that it is a pool page in use. O(1). */
void pool_free(void *page);

/* Moves the charge of a page in use to another cell. */
void pool_recharge(void *page, unsigned int charge);

/* To whom a page in use is charged. */
unsigned int pool_charge_of(const void *page);

/* Pages in use, pages in total, pages in use charged to @charge. */
size_t pool_used(void);
size_t pool_total(void);
size_t pool_charged(unsigned int charge);

/* Address conversion for anything inside the pool; CHECKs that it is. */
pa_t pool_pa(const void *page);
void *pool_va(pa_t pa);

#endif

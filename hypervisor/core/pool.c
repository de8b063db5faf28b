// SPDX-License-Identifier: Apache-2.0
/*
 * Page pool. Free pages form a list through their own first words: doubly
 * linked, because a contiguous run is taken out of its middle.
 */
#include "pool.h"

#include "check.h"
#include "spinlock.h"
#include "util.h"

struct free_page {
	struct free_page *next, *prev;
};

/* owners[]: 0 is free, otherwise charge + 1. */
#define OWNER_FREE	0U

static struct {
	spinlock_t lock;
	uint64_t pa;
	char *va;
	size_t pages;
	uint16_t *owners;
	struct free_page free;		/* head: points to itself when empty */
	size_t charged[POOL_CHARGES];
} pool;

static size_t page_index(const void *page)
{
	size_t offset = (size_t)((const char *)page - pool.va);

	CHECK(offset < pool.pages * POOL_PAGE_SIZE);
	return offset / POOL_PAGE_SIZE;
}

static size_t page_index_in_use(const void *page)
{
	size_t i = page_index(page);

	CHECK((uintptr_t)page % POOL_PAGE_SIZE == 0);
	CHECK(pool.owners[i] != OWNER_FREE);
	return i;
}

static void *page_at(size_t i)
{
	return pool.va + i * POOL_PAGE_SIZE;
}

/* At the front: the page freed last is the one most likely still cached. */
static void list_add(size_t i)
{
	struct free_page *f = page_at(i);

	f->next = pool.free.next;
	f->prev = &pool.free;
	f->next->prev = f;
	pool.free.next = f;
	pool.owners[i] = OWNER_FREE;
}

static void list_take(size_t i, unsigned int charge)
{
	struct free_page *f = page_at(i);

	f->next->prev = f->prev;
	f->prev->next = f->next;
	pool.owners[i] = (uint16_t)(charge + 1);
	pool.charged[charge]++;
}

void pool_init(pa_t start_pa, void *start_va, size_t pages, uint16_t *owners)
{
	CHECK(pa_addr(start_pa) % POOL_PAGE_SIZE == 0);
	CHECK((uintptr_t)start_va % POOL_PAGE_SIZE == 0);
	memset(&pool, 0, sizeof(pool));
	pool.pa = pa_addr(start_pa);
	pool.va = start_va;
	pool.pages = pages;
	pool.owners = owners;
	pool.free.next = pool.free.prev = &pool.free;
	for (size_t i = pages; i-- > 0; )
		list_add(i);
}

void *pool_alloc(unsigned int charge)
{
	void *page = NULL;

	CHECK(charge < POOL_CHARGES);
	spin_lock(&pool.lock);
	if (pool.free.next != &pool.free) {
		page = pool.free.next;
		list_take(page_index(page), charge);
	}
	spin_unlock(&pool.lock);
	return page ? memset(page, 0, POOL_PAGE_SIZE) : NULL;
}

static bool run_is_free(size_t first, size_t pages)
{
	for (size_t i = first; i < first + pages; i++)
		if (pool.owners[i] != OWNER_FREE)
			return false;
	return true;
}

/* Index of the first free run aligned by physical address, or pool.pages. */
static size_t find_run(size_t pages)
{
	size_t skew = (pool.pa / POOL_PAGE_SIZE) % pages;

	for (size_t i = (pages - skew) % pages; i + pages <= pool.pages; i += pages)
		if (run_is_free(i, pages))
			return i;
	return pool.pages;
}

void *pool_alloc_contig(unsigned int charge, size_t pages)
{
	size_t first;

	CHECK(charge < POOL_CHARGES);
	CHECK(pages > 0 && (pages & (pages - 1)) == 0);
	spin_lock(&pool.lock);
	first = find_run(pages);
	if (first < pool.pages)
		for (size_t i = first; i < first + pages; i++)
			list_take(i, charge);
	spin_unlock(&pool.lock);
	if (first == pool.pages)
		return NULL;
	return memset(page_at(first), 0, pages * POOL_PAGE_SIZE);
}

void pool_free(void *page)
{
	size_t i;

	spin_lock(&pool.lock);
	i = page_index_in_use(page);
	pool.charged[pool.owners[i] - 1]--;
	list_add(i);
	spin_unlock(&pool.lock);
}

void pool_recharge(void *page, unsigned int charge)
{
	size_t i;

	CHECK(charge < POOL_CHARGES);
	spin_lock(&pool.lock);
	i = page_index_in_use(page);
	pool.charged[pool.owners[i] - 1]--;
	pool.charged[charge]++;
	pool.owners[i] = (uint16_t)(charge + 1);
	spin_unlock(&pool.lock);
}

unsigned int pool_charge_of(const void *page)
{
	unsigned int charge;

	spin_lock(&pool.lock);
	charge = pool.owners[page_index_in_use(page)] - 1U;
	spin_unlock(&pool.lock);
	return charge;
}

size_t pool_used(void)
{
	size_t used = 0;

	spin_lock(&pool.lock);
	for (unsigned int i = 0; i < POOL_CHARGES; i++)
		used += pool.charged[i];
	spin_unlock(&pool.lock);
	return used;
}

size_t pool_total(void)
{
	return pool.pages;
}

size_t pool_charged(unsigned int charge)
{
	CHECK(charge < POOL_CHARGES);
	return __atomic_load_n(&pool.charged[charge], __ATOMIC_RELAXED);
}

pa_t pool_pa(const void *page)
{
	(void)page_index(page);
	return pa_init(pool.pa + (uint64_t)((const char *)page - pool.va));
}

void *pool_va(pa_t pa)
{
	uint64_t offset = pa_addr(pa) - pool.pa;

	CHECK(offset < pool.pages * POOL_PAGE_SIZE);
	return pool.va + offset;
}

// SPDX-License-Identifier: Apache-2.0
#include "fake_mmu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "pool.h"

#define MAX_DEPTH	4
#define WALK_CACHE	512
/* Bits that may change under a cached entry: S2AP or AP[2], XN, software. */
#define LIVE_S1		((1UL << 7) | (1UL << 54) | (0xfUL << 55))
#define LIVE_S2		((3UL << 6) | (1UL << 54) | (0xfUL << 55))

/* One walk as hardware remembers it: the tables on the way and the leaf. */
struct cached {
	bool used;
	uint64_t ia;
	unsigned int level;
	uint64_t leaf;
	const uint64_t *tables[MAX_DEPTH];
	unsigned int depth;
};

struct fake_mmu {
	struct pgt pgt;
	unsigned int charge;
	uint64_t probes[FAKE_PROBES];
	struct cached tlb[FAKE_PROBES];		/* leaves */
	/* Tables on the way to any probe: what a walk cache may hold. */
	const uint64_t *walk_cache[WALK_CACHE];
	unsigned int walk_cached;
	bool unloaded;		/* in no CPU's VTTBR any more */
};

static struct {
	void *memory;
	uint16_t *owners;
	long limit;
	unsigned long allocs, invalidates;
} fake;

void fake_pool_setup(size_t pages)
{
	free(fake.memory);
	free(fake.owners);
	fake.memory = aligned_alloc(4096, pages * 4096);
	fake.owners = malloc(pages * sizeof(*fake.owners));
	assert_non_null(fake.memory);
	assert_non_null(fake.owners);
	fake.limit = -1;
	pool_init(pa_init(FAKE_POOL_PA), fake.memory, pages, fake.owners);
}

static uint64_t entry_size(unsigned int level)
{
	return 1UL << (12 + 9 * (3 - level));
}

/* The architecture's walk, written apart from the walker under test. */
static void hardware_walk(const struct fake_mmu *mmu, uint64_t ia, struct cached *c)
{
	const uint64_t *table = mmu->pgt.root;
	unsigned int level = mmu->pgt.start_level;
	size_t index = ia / entry_size(level);

	*c = (struct cached){ .used = true, .ia = ia };
	for (;;) {
		c->tables[c->depth++] = table;
		c->leaf = __atomic_load_n(&table[index], __ATOMIC_RELAXED);
		c->level = level;
		if (level == 3 || (c->leaf & 3) != 3)
			break;
		table = pool_va(pa_init(c->leaf & 0x0000fffffffff000UL));
		level++;
		index = ia / entry_size(level) % 512;
	}
	assert_true(level == 3 ? (c->leaf & 3) != 1 : true);	/* reserved encoding */
	assert_true(level == 0 ? (c->leaf & 1) == 0 : true);	/* no block there */
	c->used = (c->leaf & 1) != 0;
}

static void assert_compatible(const struct fake_mmu *mmu, const struct cached *old,
			      const struct cached *now)
{
	uint64_t live = mmu->pgt.stage == PGT_STAGE2 ? LIVE_S2 : LIVE_S1;

	if (!old->used || !now->used)
		return;
	if (old->level != now->level || ((old->leaf ^ now->leaf) & ~live) != 0)
		fail_msg("no break-before-make: ia %#lx level %u %#lx, cached level %u %#lx",
			 now->ia, now->level, now->leaf, old->level, old->leaf);
}

static bool walk_cache_has(const struct fake_mmu *mmu, const uint64_t *table)
{
	for (unsigned int i = 0; i < mmu->walk_cached; i++)
		if (mmu->walk_cache[i] == table)
			return true;
	return false;
}

static void look(struct fake_mmu *mmu, unsigned int i)
{
	struct cached now;

	hardware_walk(mmu, mmu->probes[i], &now);
	for (unsigned int d = 0; d < now.depth; d++)
		if (!walk_cache_has(mmu, now.tables[d]) && mmu->walk_cached < WALK_CACHE)
			mmu->walk_cache[mmu->walk_cached++] = now.tables[d];
	assert_compatible(mmu, &mmu->tlb[i], &now);
	/* What was cached stays, even if the walk would no longer find it. */
	if (!mmu->tlb[i].used && now.used)
		mmu->tlb[i] = now;
}

void fake_mmu_look(struct fake_mmu *mmu)
{
	for (unsigned int i = 0; i < FAKE_PROBES && !mmu->unloaded; i++)
		look(mmu, i);
}

void fake_mmu_probe(struct fake_mmu *mmu, unsigned int i, uint64_t ia)
{
	mmu->probes[i] = ia % (1UL << mmu->pgt.ia_bits);
	mmu->tlb[i].used = false;
	look(mmu, i);
}

void fake_mmu_settled(struct fake_mmu *mmu)
{
	const uint64_t software = 0xfUL << 55;

	for (unsigned int i = 0; i < FAKE_PROBES; i++) {
		struct cached now;

		if (!mmu->tlb[i].used)
			continue;
		hardware_walk(mmu, mmu->probes[i], &now);
		if (!now.used || ((now.leaf ^ mmu->tlb[i].leaf) & ~software) != 0)
			fail_msg("stale TLB entry: ia %#lx is %#lx, cached %#lx", now.ia, now.leaf,
				 mmu->tlb[i].leaf);
	}
}

static struct fake_mmu *mmu_of(struct pgt *pgt)
{
	return (struct fake_mmu *)(void *)((char *)pgt - offsetof(struct fake_mmu, pgt));
}

static void *fake_alloc(void *ctx)
{
	struct fake_mmu *mmu = ctx;
	void *page;

	fake_mmu_look(mmu);
	fake.allocs++;
	if (fake.limit == 0)
		return NULL;
	if (fake.limit > 0)
		fake.limit--;
	page = pool_alloc(mmu->charge);
	if (page)
		memset(page, 0xa5, 4096);	/* contents must not matter */
	return page;
}

static void fake_free(void *ctx, void *table)
{
	struct fake_mmu *mmu = ctx;

	/* Whatever is linked on the way to a probe is in the walk cache now. */
	fake_mmu_look(mmu);
	if (walk_cache_has(mmu, table))
		fail_msg("freed a table that hardware may still use");
	memset(table, 0x5a, 4096);
	pool_free(table);
}

static void fake_publish(const void *entry)
{
	/* Valid, and complete: hardware may follow it from now on. */
	assert_true(*(const uint64_t *)entry & 1);
}

static void fake_invalidate(struct pgt *pgt, uint64_t ia, unsigned int level)
{
	struct fake_mmu *mmu = mmu_of(pgt);

	fake_mmu_look(mmu);
	fake.invalidates++;
	for (unsigned int i = 0; i < FAKE_PROBES; i++) {
		struct cached *c = &mmu->tlb[i];

		if (c->level == level && c->ia / entry_size(level) == ia / entry_size(level))
			c->used = false;
	}
	fake_mmu_look(mmu);
}

static void fake_invalidate_all(struct pgt *pgt)
{
	struct fake_mmu *mmu = mmu_of(pgt);

	fake_mmu_look(mmu);
	fake.invalidates++;
	for (unsigned int i = 0; i < FAKE_PROBES; i++)
		mmu->tlb[i].used = false;
	mmu->walk_cached = 0;
	fake_mmu_look(mmu);
}

static const struct pgt_ops fake_ops = {
	.alloc = fake_alloc,
	.free = fake_free,
	.to_pa = pool_pa,
	.to_va = pool_va,
	.publish = fake_publish,
	.invalidate = fake_invalidate,
	.invalidate_all = fake_invalidate_all,
};

struct fake_mmu *fake_mmu_new(enum pgt_stage stage, unsigned int ia_bits, unsigned int charge)
{
	struct fake_mmu *mmu = calloc(1, sizeof(*mmu));
	void *root = pool_alloc_contig(charge, pgt_root_pages(stage, ia_bits));

	assert_non_null(mmu);
	assert_non_null(root);
	mmu->charge = charge;
	assert_int_equal(pgt_init(&mmu->pgt, stage, ia_bits, root, &fake_ops, mmu), 0);
	return mmu;
}

void fake_mmu_delete(struct fake_mmu *mmu)
{
	fake_mmu_look(mmu);
	mmu->unloaded = true;
	pgt_destroy(&mmu->pgt);
	for (unsigned int i = 0; i < mmu->pgt.root_pages; i++)
		pool_free((char *)mmu->pgt.root + i * 4096);
	free(mmu);
}

struct pgt *fake_mmu_pgt(struct fake_mmu *mmu)
{
	return &mmu->pgt;
}

void fake_mmu_charge(struct fake_mmu *mmu, unsigned int charge)
{
	mmu->charge = charge;
}

void fake_alloc_limit(long n)
{
	fake.limit = n;
}

unsigned long fake_allocs(void)
{
	return fake.allocs;
}

unsigned long fake_invalidates(void)
{
	return fake.invalidates;
}

struct scan {
	size_t tables;
	uint64_t hash;
};

static void hash_table(struct scan *scan, const uint64_t *table)
{
	for (unsigned int i = 0; i < 512; i++)
		scan->hash = (scan->hash ^ table[i]) * 0x100000001b3UL + i;
}

static int scan_visitor(const struct pgt_visit *visit)
{
	struct scan *scan = visit->arg;

	scan->tables++;
	hash_table(scan, pgt_table(visit));
	return 0;
}

static struct scan scan_all(struct fake_mmu *mmu)
{
	struct scan scan = { 0, 0xcbf29ce484222325UL };

	for (unsigned int i = 0; i < mmu->pgt.root_pages; i++)
		hash_table(&scan, mmu->pgt.root + i * 512);
	assert_int_equal(pgt_walk(&mmu->pgt, 0, 1UL << mmu->pgt.ia_bits, PGT_VISIT_TABLE_PRE,
				  scan_visitor, &scan), 0);
	return scan;
}

size_t fake_mmu_tables(struct fake_mmu *mmu)
{
	return scan_all(mmu).tables;
}

uint64_t fake_mmu_fingerprint(struct fake_mmu *mmu)
{
	return scan_all(mmu).hash;
}

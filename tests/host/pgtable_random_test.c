// SPDX-License-Identifier: Apache-2.0
/*
 * Property tests of the page-table walker: random changes against a flat
 * array, one element for each page of a window. After each change: the same
 * translations, nothing stale in the TLBs, no page of a table lost; before
 * it, some changes are tried with every allocation failing in turn.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include <capsule/error.h>

#include "fake_mmu.h"
#include "pool.h"

#define PAGE		4096UL
#define BLOCK_2M	0x200000UL
#define BLOCK_1G	0x40000000UL
#define POOL_PAGES	3000
/* A window across a level 0 boundary, and a tail that fills no block. */
#define WINDOW_IA	(511UL * BLOCK_1G)
#define WINDOW_PAGES	((2 * BLOCK_1G + 3 * BLOCK_2M) / PAGE + 5)

/* What one page translates to. */
struct page {
	uint64_t value;		/* output address, or annotation */
	uint32_t attr;		/* PGT_*; 0 is invalid */
};

struct world {
	struct rng rng;
	struct fake_mmu *mmu;
	struct pgt *pgt;
	struct page *model;
	uint64_t base;		/* first input address of the window */
	bool stage1;
};

struct change {
	enum { MAP, ANNOTATE, SPLIT, PREPARE_MAP, MERGE, CHANGES } kind;
	uint64_t ia, size;
	pa_t pa;
	unsigned int attr;
	uint64_t annotation;
};

static const unsigned int s2_attrs[] = {
	PGT_R | PGT_W | PGT_X, PGT_R | PGT_W | PGT_X, PGT_R, PGT_R | PGT_W, PGT_W, PGT_X,
	PGT_R | PGT_W | PGT_DEVICE, PGT_R | PGT_W | PGT_NC,
};

static const unsigned int s1_attrs[] = {
	PGT_R | PGT_W, PGT_R | PGT_X, PGT_R, PGT_R | PGT_W | PGT_DEVICE, PGT_R | PGT_NC,
};

static unsigned int random_attr(struct world *w)
{
	unsigned int attr = w->stage1 ? s1_attrs[rng_below(&w->rng, 5)]
				      : s2_attrs[rng_below(&w->rng, 8)];

	if (rng_below(&w->rng, 8) == 0)
		attr |= PGT_NO_BLOCK;
	if (rng_below(&w->rng, 3) == 0)
		attr |= PGT_STATE(rng_below(&w->rng, 16));
	return attr;
}

/* Pages that start and end at interesting places, short ones more often. */
static void random_range(struct world *w, struct change *c)
{
	static const uint64_t units[] = { PAGE, PAGE, BLOCK_2M, BLOCK_2M, BLOCK_1G };
	const uint64_t unit = units[rng_below(&w->rng, 5)];
	const uint64_t bytes = WINDOW_PAGES * PAGE;
	uint64_t first = rng_below(&w->rng, bytes / unit) * unit;
	uint64_t size = (1 + rng_below(&w->rng, 6)) * unit;

	if (rng_below(&w->rng, 4) == 0)
		size += rng_below(&w->rng, 600) * PAGE;
	if (rng_below(&w->rng, 4) == 0 && first >= 3 * PAGE)
		first -= 3 * PAGE;
	c->ia = w->base + first;
	c->size = size < bytes - first ? size : bytes - first;
}

static pa_t random_pa(struct world *w, uint64_t ia)
{
	static const uint64_t offsets[] = { 0, 0, 0, BLOCK_1G, 5 * BLOCK_2M, 7 * PAGE };

	return pa_init(ia + offsets[rng_below(&w->rng, 6)]);
}

static struct change random_change(struct world *w)
{
	struct change c = { .kind = (unsigned int)rng_below(&w->rng, CHANGES) };

	random_range(w, &c);
	c.pa = random_pa(w, c.ia);
	c.attr = random_attr(w);
	if (rng_below(&w->rng, 2))
		c.annotation = rng_below(&w->rng, 3) ? rng_below(&w->rng, 3)
						     : PGT_ANNOTATION_MAX - 1;
	return c;
}

static int apply(struct world *w, const struct change *c)
{
	int ret;

	switch (c->kind) {
	case MAP:
		return pgt_map(w->pgt, c->ia, c->pa, c->size, c->attr);
	case ANNOTATE:
		return pgt_annotate(w->pgt, c->ia, c->size, c->annotation);
	case SPLIT:
		return pgt_split(w->pgt, c->ia, c->size);
	case PREPARE_MAP:
		ret = pgt_prepare(w->pgt, c->ia, c->pa, c->size, c->attr);
		if (ret != 0)
			return ret;
		fake_alloc_limit(0);
		assert_int_equal(pgt_map(w->pgt, c->ia, c->pa, c->size, c->attr), 0);
		fake_alloc_limit(-1);
		return 0;
	default:
		pgt_merge(w->pgt, c->ia, c->size);
		return 0;
	}
}

static void apply_to_model(struct world *w, const struct change *c)
{
	struct page *p = w->model + (c->ia - w->base) / PAGE;

	for (uint64_t i = 0; i < c->size / PAGE; i++) {
		if (c->kind == MAP || c->kind == PREPARE_MAP)
			p[i] = (struct page){ pa_addr(c->pa) + i * PAGE,
					      c->attr & ~PGT_NO_BLOCK };
		else if (c->kind == ANNOTATE)
			p[i] = (struct page){ c->annotation, 0 };
	}
}

/* Compares one leaf with the model; returns the address after it. */
static uint64_t check_leaf(struct world *w, uint64_t ia, uint64_t end)
{
	struct pgt_leaf leaf;
	uint64_t leaf_end;

	assert_int_equal(pgt_lookup(w->pgt, ia, &leaf), 0);
	assert_true(leaf.entry_ia <= ia && ia - leaf.entry_ia < leaf.size);
	leaf_end = leaf.entry_ia + leaf.size < end ? leaf.entry_ia + leaf.size : end;
	for (uint64_t a = ia; a < leaf_end; a += PAGE) {
		const struct page *p = &w->model[(a - w->base) / PAGE];
		uint64_t value = leaf.valid ? pa_addr(leaf.pa) + (a - ia) : leaf.annotation;

		if (p->value != value || p->attr != leaf.attr || leaf.valid != (p->attr != 0))
			fail_msg("%#lx: is %#lx attr %#x, should be %#lx attr %#x (level %u)", a,
				 value, leaf.attr, p->value, p->attr, leaf.level);
	}
	return leaf_end;
}

static void check_world(struct world *w)
{
	const uint64_t end = w->base + WINDOW_PAGES * PAGE;
	struct pgt_leaf leaf;

	for (uint64_t ia = w->base; ia < end; )
		ia = check_leaf(w, ia, end);
	assert_int_equal(pgt_lookup(w->pgt, w->base - PAGE, &leaf), 0);
	assert_true(!leaf.valid && leaf.annotation == 0);
	assert_int_equal(pgt_lookup(w->pgt, end, &leaf), 0);
	assert_true(!leaf.valid && leaf.annotation == 0);
	fake_mmu_settled(w->mmu);
	assert_int_equal(pool_used(), fake_mmu_tables(w->mmu) + w->pgt->root_pages);
}

static void check_no_blocks(struct world *w, const struct change *c)
{
	struct pgt_leaf leaf;

	for (uint64_t ia = c->ia; ia < c->ia + c->size; ia += PAGE) {
		assert_int_equal(pgt_lookup(w->pgt, ia, &leaf), 0);
		assert_int_equal(leaf.level, 3);
	}
}

static void aim_probes(struct world *w, const struct change *c)
{
	const uint64_t end = c->ia + c->size;
	const uint64_t near[] = { c->ia, c->ia - PAGE, end - PAGE, end,
				  c->ia + c->size / 2, c->ia ^ BLOCK_2M, end ^ BLOCK_2M };
	unsigned int i;

	for (i = 0; i < sizeof(near) / sizeof(near[0]); i++)
		fake_mmu_probe(w->mmu, i, near[i]);
	for (; i < FAKE_PROBES; i++)
		fake_mmu_probe(w->mmu, i,
			       w->base + rng_below(&w->rng, WINDOW_PAGES) * PAGE);
}

/* Fails the 1st, 2nd, ... allocation until the change succeeds. */
static void apply_with_failures(struct world *w, const struct change *c)
{
	const uint64_t before = fake_mmu_fingerprint(w->mmu);
	const size_t used = pool_used();
	int ret = -CAPSULE_ENOMEM;

	for (long n = 0; ret != 0; n = n < 8 ? n + 1 : n * 2) {
		fake_alloc_limit(n);
		ret = apply(w, c);
		fake_alloc_limit(-1);
		if (ret == 0)
			break;
		assert_int_equal(ret, -CAPSULE_ENOMEM);
		assert_int_equal(pool_used(), used);
		assert_true(fake_mmu_fingerprint(w->mmu) == before);
		fake_mmu_settled(w->mmu);
	}
}

static void one_round(struct world *w, unsigned int round)
{
	struct change c = random_change(w);

	aim_probes(w, &c);
	if (rng_below(&w->rng, 4) == 0)
		apply_with_failures(w, &c);
	else
		assert_int_equal(apply(w, &c), 0);
	apply_to_model(w, &c);
	if ((c.kind == MAP || c.kind == PREPARE_MAP) && (c.attr & PGT_NO_BLOCK))
		check_no_blocks(w, &c);
	if (c.size < BLOCK_2M || round % 8 == 0)
		check_world(w);
}

static void run(enum pgt_stage stage, unsigned int ia_bits, uint64_t base, uint64_t seed)
{
	struct world w = { .rng = { seed }, .base = base, .stage1 = stage == PGT_STAGE1_EL2 };
	const unsigned int rounds = host_rounds(120);

	fake_pool_setup(POOL_PAGES);
	w.mmu = fake_mmu_new(stage, ia_bits, 1);
	w.pgt = fake_mmu_pgt(w.mmu);
	w.model = calloc(WINDOW_PAGES, sizeof(*w.model));
	assert_non_null(w.model);
	for (unsigned int i = 0; i < rounds; i++)
		one_round(&w, i);
	check_world(&w);

	/* Unmapped and merged, nothing but the root remains. */
	assert_int_equal(pgt_annotate(w.pgt, w.base, WINDOW_PAGES * PAGE, 0), 0);
	pgt_merge(w.pgt, w.base, WINDOW_PAGES * PAGE);
	memset(w.model, 0, WINDOW_PAGES * sizeof(*w.model));
	check_world(&w);
	assert_int_equal(pool_used(), w.pgt->root_pages);
	fake_mmu_delete(w.mmu);
	assert_int_equal(pool_used(), 0);
	free(w.model);
}

static void test_stage2_level0(void **state)
{
	(void)state;
	run(PGT_STAGE2, 48, WINDOW_IA, host_seed(1));
}

static void test_stage2_concatenated(void **state)
{
	(void)state;
	run(PGT_STAGE2, 40, WINDOW_IA, host_seed(2));
}

static void test_stage2_level1(void **state)
{
	(void)state;
	run(PGT_STAGE2, 36, 5 * BLOCK_1G, host_seed(3));
}

static void test_stage1_level0(void **state)
{
	(void)state;
	run(PGT_STAGE1_EL2, 48, WINDOW_IA, host_seed(4));
}

static void test_stage1_level1(void **state)
{
	(void)state;
	run(PGT_STAGE1_EL2, 39, 7 * BLOCK_1G, host_seed(5));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stage2_level0),
		cmocka_unit_test(test_stage2_concatenated),
		cmocka_unit_test(test_stage2_level1),
		cmocka_unit_test(test_stage1_level0),
		cmocka_unit_test(test_stage1_level1),
	};

	return host_main("pgtable_random", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

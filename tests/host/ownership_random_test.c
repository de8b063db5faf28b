// SPDX-License-Identifier: Apache-2.0
/*
 * Property test of memory ownership: cells take, share, lend and give back
 * regions at random, against a model that keeps one element a page. Legal
 * transitions succeed, illegal ones are refused; the tables of both sides say
 * what the model says; going back never allocates; and when a cell has gone,
 * so has every page charged to it.
 */
#include "host.h"

#include <string.h>

#include <capsule/error.h>

#include "fake_mmu.h"
#include "ownership.h"
#include "pool.h"

#define PAGE		4096UL
#define M2		0x200000UL
#define G1		0x40000000UL
#define IA_BITS		40
#define CELLS		4		/* ids 1..4 */
#define BASE		(2 * G1 - 3 * M2)	/* across a 1 GiB boundary */
#define PAGES		(6 * M2 / PAGE)
#define REGIONS		24
#define CELL_ROOT	2		/* concatenated root tables of 40 bits */

struct page {
	unsigned int owner;	/* cell, 0: the agency */
	bool lent;
	unsigned int shares;
};

struct region {
	bool used, shared, lent;
	unsigned int id;
	struct own_region r;
};

static struct {
	struct rng rng;
	struct fake_mmu *agency, *cell[CELLS + 1];
	struct page page[PAGES];
	struct region region[REGIONS];
	uint64_t next_ipa[CELLS + 1];
} w;

static struct own_parties parties(unsigned int id)
{
	return (struct own_parties){ fake_mmu_pgt(w.agency), fake_mmu_pgt(w.cell[id]), id };
}

static size_t first_page(const struct region *g)
{
	return (pa_addr(g->r.phys) - BASE) / PAGE;
}

/* Whether the model allows the region to be given (or shared). */
static bool model_allows(const struct region *g)
{
	for (size_t i = 0; i < g->r.size / PAGE; i++) {
		const struct page *p = &w.page[first_page(g) + i];

		if (p->owner != 0 || (p->shares > 0 && !g->shared))
			return false;
	}
	return true;
}

static void model_change(const struct region *g, int direction)
{
	for (size_t i = 0; i < g->r.size / PAGE; i++) {
		struct page *p = &w.page[first_page(g) + i];

		if (g->shared)
			p->shares += direction > 0 ? 1U : -1U;
		else
			p->owner = direction > 0 ? g->id : 0;
		p->lent = false;
	}
}

static void model_lend(const struct region *g)
{
	for (size_t i = 0; i < g->r.size / PAGE; i++)
		w.page[first_page(g) + i].lent = g->lent;
}

static void check_page(size_t i)
{
	const struct page *p = &w.page[i];
	const uint64_t pa = BASE + i * PAGE;
	unsigned int state = OWN_OWNED;
	struct pgt_leaf leaf;

	assert_int_equal(pgt_lookup(fake_mmu_pgt(w.agency), pa, &leaf), 0);
	if (p->owner != 0 && !p->lent) {
		assert_false(leaf.valid);
		assert_int_equal(OWN_ANN_KIND(leaf.annotation), OWN_KIND_CELL);
		assert_int_equal(OWN_ANN_NUMBER(leaf.annotation), p->owner);
		return;
	}
	if (p->lent)
		state = OWN_LENT;
	else if (p->shares > 0)
		state = OWN_SHARED + p->shares - 1;
	assert_true(leaf.valid);
	assert_int_equal(pa_addr(leaf.pa), pa);
	assert_int_equal(leaf.attr, PGT_R | PGT_W | PGT_X | PGT_STATE(state));
}

static void check_region(const struct region *g)
{
	for (uint64_t o = 0; o < g->r.size; o += PAGE) {
		struct pgt_leaf leaf;

		assert_int_equal(pgt_lookup(fake_mmu_pgt(w.cell[g->id]),
					    ipa_addr(g->r.ipa) + o, &leaf), 0);
		assert_true(leaf.valid);
		assert_int_equal(pa_addr(leaf.pa), pa_addr(g->r.phys) + o);
		assert_int_equal(PGT_STATE_OF(leaf.attr), g->shared ? OWN_SHARED : OWN_OWNED);
		if (g->r.attr & PGT_NO_BLOCK)
			assert_int_equal(leaf.level, 3);
	}
}

static void check_all(void)
{
	size_t tables = fake_mmu_tables(w.agency) + CELL_ROOT;

	for (size_t i = 0; i < PAGES; i++)
		check_page(i);
	for (unsigned int i = 0; i < REGIONS; i++)
		if (w.region[i].used)
			check_region(&w.region[i]);
	for (unsigned int id = 1; id <= CELLS; id++)
		tables += fake_mmu_tables(w.cell[id]) + CELL_ROOT;
	assert_int_equal(pool_used(), tables);
	fake_mmu_settled(w.agency);
}

static void random_region(struct region *g)
{
	const bool large = rng_below(&w.rng, 3) == 0;
	const uint64_t unit = large ? M2 : PAGE;
	uint64_t first = rng_below(&w.rng, PAGES * PAGE / unit) * unit;
	uint64_t size = (1 + rng_below(&w.rng, large ? 2 : 300)) * unit;

	if (size > PAGES * PAGE - first)
		size = PAGES * PAGE - first;
	*g = (struct region){
		.shared = rng_below(&w.rng, 3) == 0,
		.id = 1 + (unsigned int)rng_below(&w.rng, CELLS),
	};
	g->r.phys = pa_init(BASE + first);
	g->r.size = size;
	g->r.attr = PGT_R | PGT_W | (rng_below(&w.rng, 5) == 0 ? PGT_NO_BLOCK : 0);
	/* Never the same IPA twice in a cell; aligned for blocks half of the time. */
	if (rng_below(&w.rng, 2))
		w.next_ipa[g->id] = (w.next_ipa[g->id] | (M2 - 1)) + 1;
	g->r.ipa = ipa_init(w.next_ipa[g->id] % (1UL << IA_BITS));
	w.next_ipa[g->id] += size;
}

static int try_take(const struct region *g)
{
	const struct own_parties p = parties(g->id);
	uint64_t fail;

	return g->shared ? own_check_share(&p, &g->r, &fail) : own_check_give(&p, &g->r, &fail);
}

static void aim_probes(const struct region *g)
{
	const uint64_t start = pa_addr(g->r.phys), end = start + g->r.size;
	const uint64_t near[] = { start, start - PAGE, end, end - PAGE, start ^ M2, end ^ M2 };

	for (unsigned int i = 0; i < FAKE_PROBES; i++)
		fake_mmu_probe(w.agency, i, i < 6 ? near[i]
						  : BASE + rng_below(&w.rng, PAGES) * PAGE);
}

static void take(struct region *g)
{
	bool allowed;
	const struct own_parties *p;
	int ret = -CAPSULE_ENOMEM;

	random_region(g);
	p = &(struct own_parties){ fake_mmu_pgt(w.agency), fake_mmu_pgt(w.cell[g->id]), g->id };
	allowed = model_allows(g);
	aim_probes(g);
	fake_mmu_charge(w.agency, g->id);
	for (long n = (long)rng_below(&w.rng, 6); ret == -CAPSULE_ENOMEM; n++) {
		const size_t used = pool_used();

		fake_alloc_limit(n);
		ret = try_take(g);
		fake_alloc_limit(-1);
		assert_true(ret == 0 || pool_used() == used);
	}
	assert_int_equal(ret, allowed ? 0 : -CAPSULE_EBUSY);
	fake_alloc_limit(0);
	if (ret == 0 && rng_below(&w.rng, 8) == 0) {
		own_cancel(p, &g->r);
	} else if (ret == 0) {
		if (g->shared)
			own_commit_share(p, &g->r);
		else
			own_commit_give(p, &g->r);
		g->used = true;
		model_change(g, 1);
	}
	fake_alloc_limit(-1);
	fake_mmu_charge(w.agency, 0);
}

static bool cell_has_regions(unsigned int id)
{
	for (unsigned int i = 0; i < REGIONS; i++)
		if (w.region[i].used && w.region[i].id == id)
			return true;
	return false;
}

static void give_back(struct region *g)
{
	const struct own_parties p = parties(g->id);
	uint64_t fail;

	aim_probes(g);
	fake_alloc_limit(0);
	if (g->shared) {
		assert_int_equal(own_check_unshare(&p, &g->r, &fail), 0);
		own_commit_unshare(&p, &g->r);
	} else {
		assert_int_equal(own_check_return(&p, &g->r, &fail), 0);
		own_commit_return(&p, &g->r);
	}
	fake_alloc_limit(-1);
	model_change(g, -1);
	g->used = false;
	if (!cell_has_regions(g->id)) {
		own_settle(p.agency, g->id, pa_init(0),
		   UINT64_C(1) << p.agency->ia_bits);
		assert_int_equal(pool_charged(g->id), CELL_ROOT);
		assert_int_equal(fake_mmu_tables(w.cell[g->id]), 0);
	}
}

static void lend_or_unlend(struct region *g)
{
	const struct own_parties p = parties(g->id);
	uint64_t fail;

	if (g->shared) {
		assert_int_equal(own_check_lend(&p, &g->r, &fail), -CAPSULE_EBUSY);
		return;
	}
	aim_probes(g);
	fake_alloc_limit(0);
	if (g->lent) {
		assert_int_equal(own_check_lend(&p, &g->r, &fail), -CAPSULE_EBUSY);
		assert_int_equal(own_check_unlend(&p, &g->r, &fail), 0);
		own_commit_unlend(&p, &g->r);
	} else {
		assert_int_equal(own_check_unlend(&p, &g->r, &fail), -CAPSULE_EBUSY);
		assert_int_equal(own_check_lend(&p, &g->r, &fail), 0);
		own_commit_lend(&p, &g->r);
	}
	fake_alloc_limit(-1);
	g->lent = !g->lent;
	model_lend(g);
}

static void one_round(void)
{
	struct region *g = &w.region[rng_below(&w.rng, REGIONS)];

	if (!g->used)
		take(g);
	else if (rng_below(&w.rng, 2))
		give_back(g);
	else
		lend_or_unlend(g);
}

static void test_random_transitions(void **state)
{
	const unsigned int rounds = host_rounds(8000);

	(void)state;
	memset(&w, 0, sizeof(w));
	w.rng.state = host_seed(1);
	fake_pool_setup(600);
	w.agency = fake_mmu_new(PGT_STAGE2, IA_BITS, 0);
	assert_int_equal(pgt_map(fake_mmu_pgt(w.agency), 0, pa_init(0), 1UL << IA_BITS,
				 OWN_AGENCY_ATTR), 0);
	for (unsigned int id = 1; id <= CELLS; id++)
		w.cell[id] = fake_mmu_new(PGT_STAGE2, IA_BITS, id);
	for (unsigned int i = 0; i < rounds; i++) {
		one_round();
		if (i % 4 == 0)
			check_all();
	}
	for (unsigned int i = 0; i < REGIONS; i++)
		if (w.region[i].used)
			give_back(&w.region[i]);
	check_all();

	/* As at the start: 1 GiB blocks, nothing but roots. */
	assert_int_equal(fake_mmu_tables(w.agency), 0);
	assert_int_equal(pool_used(), CELL_ROOT * (CELLS + 1));
	fake_mmu_delete(w.agency);
	for (unsigned int id = 1; id <= CELLS; id++)
		fake_mmu_delete(w.cell[id]);
	assert_int_equal(pool_used(), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_transitions),
	};

	return host_main("ownership_random", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

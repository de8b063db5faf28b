// SPDX-License-Identifier: Apache-2.0
/*
 * Every transition from every state: the legal ones do what their table says,
 * the illegal ones are refused with the right reason and address and change
 * nothing, down to the entry.
 */
#include "host.h"

#include <stdio.h>
#include <string.h>

#include <capsule/error.h>

#include "fake_mmu.h"
#include "ownership.h"
#include "pool.h"

#define PAGE	4096UL
#define M2	0x200000UL
#define G1	0x40000000UL
#define IA_BITS	40

/* Four pages around a 2 MiB boundary; the third is the interesting one. */
#define PHYS	(G1 + 7 * M2 - 2 * PAGE)
#define IPA	(3 * M2 - PAGE)
#define SIZE	(4 * PAGE)
#define ODD	(2 * PAGE)
#define ATTR	(PGT_R | PGT_W)

enum before {
	OWNED, CELL_1, CELL_1_TRAPS, CELL_2, LENT_1, LENT_2, SHARED_1, SHARED_2, SHARED_BOTH,
	SHARED_FULL, HYP, MMIO, NOTHING, STATES
};

enum transition { GIVE, RETURN, SHARE, UNSHARE, LEND, UNLEND, CLAIM, TRANSITIONS };

/* Answers to cell 1; the state before that the other pages are in is marked 0. */
#define PERM	(-CAPSULE_EPERM)
#define BUSY	(-CAPSULE_EBUSY)
#define EXIST	(-CAPSULE_EEXIST)
#define NOENT	(-CAPSULE_ENOENT)

static const int answers[TRANSITIONS][STATES] = {
	[GIVE] = {
		[OWNED] = 0, [CELL_1] = BUSY, [CELL_1_TRAPS] = BUSY, [CELL_2] = BUSY,
		[LENT_1] = BUSY, [LENT_2] = BUSY, [SHARED_1] = BUSY, [SHARED_2] = BUSY,
		[SHARED_BOTH] = BUSY, [SHARED_FULL] = BUSY, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
	[RETURN] = {
		[OWNED] = BUSY, [CELL_1] = 0, [CELL_1_TRAPS] = 0, [CELL_2] = BUSY,
		[LENT_1] = 0, [LENT_2] = BUSY, [SHARED_1] = BUSY, [SHARED_2] = BUSY,
		[SHARED_BOTH] = BUSY, [SHARED_FULL] = BUSY, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
	[SHARE] = {
		[OWNED] = 0, [CELL_1] = BUSY, [CELL_1_TRAPS] = BUSY, [CELL_2] = BUSY,
		[LENT_1] = BUSY, [LENT_2] = BUSY, [SHARED_1] = EXIST, [SHARED_2] = 0,
		[SHARED_BOTH] = EXIST, [SHARED_FULL] = BUSY, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
	[UNSHARE] = {
		[OWNED] = BUSY, [CELL_1] = BUSY, [CELL_1_TRAPS] = BUSY, [CELL_2] = BUSY,
		[LENT_1] = BUSY, [LENT_2] = BUSY, [SHARED_1] = 0, [SHARED_2] = NOENT,
		[SHARED_BOTH] = 0, [SHARED_FULL] = NOENT, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
	[LEND] = {
		[OWNED] = BUSY, [CELL_1] = 0, [CELL_1_TRAPS] = NOENT, [CELL_2] = BUSY,
		[LENT_1] = BUSY, [LENT_2] = BUSY, [SHARED_1] = BUSY, [SHARED_2] = BUSY,
		[SHARED_BOTH] = BUSY, [SHARED_FULL] = BUSY, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
	[UNLEND] = {
		[OWNED] = BUSY, [CELL_1] = BUSY, [CELL_1_TRAPS] = BUSY, [CELL_2] = BUSY,
		[LENT_1] = 0, [LENT_2] = NOENT, [SHARED_1] = BUSY, [SHARED_2] = BUSY,
		[SHARED_BOTH] = BUSY, [SHARED_FULL] = BUSY, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
	[CLAIM] = {
		[OWNED] = 0, [CELL_1] = BUSY, [CELL_1_TRAPS] = BUSY, [CELL_2] = BUSY,
		[LENT_1] = BUSY, [LENT_2] = BUSY, [SHARED_1] = BUSY, [SHARED_2] = BUSY,
		[SHARED_BOTH] = BUSY, [SHARED_FULL] = BUSY, [HYP] = PERM, [MMIO] = PERM,
		[NOTHING] = PERM,
	},
};

/* The state that the transition is for: that of the pages around the odd one. */
static const enum before usual[TRANSITIONS] = {
	[GIVE] = OWNED, [RETURN] = CELL_1, [SHARE] = OWNED, [UNSHARE] = SHARED_1,
	[LEND] = CELL_1, [UNLEND] = LENT_1, [CLAIM] = OWNED,
};

static struct fake_mmu *agency_mmu, *cell_mmu[3];
static struct own_parties parties[3];	/* [1], [2] */

static int setup(void **state)
{
	(void)state;
	fake_pool_setup(128);
	agency_mmu = fake_mmu_new(PGT_STAGE2, IA_BITS, 0);
	assert_int_equal(pgt_map(fake_mmu_pgt(agency_mmu), 0, pa_init(0), 1UL << IA_BITS,
				 OWN_AGENCY_ATTR), 0);
	for (unsigned int id = 1; id <= 2; id++) {
		cell_mmu[id] = fake_mmu_new(PGT_STAGE2, IA_BITS, id);
		parties[id] = (struct own_parties){
			fake_mmu_pgt(agency_mmu), fake_mmu_pgt(cell_mmu[id]), id,
		};
	}
	for (unsigned int i = 0; i < 6; i++)
		fake_mmu_probe(agency_mmu, i, PHYS - PAGE + i * PAGE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_alloc_limit(-1);
	fake_mmu_settled(agency_mmu);
	fake_mmu_delete(agency_mmu);
	fake_mmu_delete(cell_mmu[1]);
	fake_mmu_delete(cell_mmu[2]);
	assert_int_equal(pool_used(), 0);
	return 0;
}

static struct own_region region_at(uint64_t offset, uint64_t size)
{
	return (struct own_region){
		pa_init(PHYS + offset), ipa_init(IPA + offset), size, ATTR,
	};
}

static int check(enum transition t, unsigned int id, const struct own_region *r, uint64_t *fail)
{
	const struct own_parties *p = &parties[id];

	switch (t) {
	case GIVE: return own_check_give(p, r, fail);
	case RETURN: return own_check_return(p, r, fail);
	case SHARE: return own_check_share(p, r, fail);
	case UNSHARE: return own_check_unshare(p, r, fail);
	case LEND: return own_check_lend(p, r, fail);
	case UNLEND: return own_check_unlend(p, r, fail);
	default: return own_check_claim(p->agency, r->phys, r->size, fail);
	}
}

static void commit(enum transition t, unsigned int id, const struct own_region *r)
{
	const struct own_parties *p = &parties[id];

	fake_alloc_limit(0);
	switch (t) {
	case GIVE: own_commit_give(p, r); break;
	case RETURN: own_commit_return(p, r); break;
	case SHARE: own_commit_share(p, r); break;
	case UNSHARE: own_commit_unshare(p, r); break;
	case LEND: own_commit_lend(p, r); break;
	case UNLEND: own_commit_unlend(p, r); break;
	default: own_commit_claim(p->agency, r->phys, r->size); break;
	}
	fake_alloc_limit(-1);
	fake_mmu_settled(agency_mmu);
}

static void must(enum transition t, unsigned int id, const struct own_region *r)
{
	uint64_t fail = 0;
	int ret = check(t, id, r, &fail);

	if (ret != 0)
		fail_msg("transition %d of cell %u: %d at %#lx", t, id, ret, fail);
	commit(t, id, r);
}

static void annotate(struct pgt *pgt, uint64_t ia, enum own_kind kind, unsigned int number)
{
	assert_int_equal(pgt_annotate(pgt, ia, PAGE, OWN_ANNOTATION(kind, number, 0)), 0);
}

/* As if fourteen cells shared it; none of them is ours. */
static void share_full(const struct own_region *r)
{
	for (uint64_t o = 0; o < r->size; o += PAGE)
		assert_int_equal(pgt_map(parties[1].agency, pa_addr(r->phys) + o,
					 pa_init(pa_addr(r->phys) + o), PAGE,
					 PGT_R | PGT_W | PGT_X | PGT_STATE(OWN_SHARED_LAST)), 0);
}

static void bring_to(enum before state, uint64_t offset, uint64_t size)
{
	const struct own_region r = region_at(offset, size);
	const unsigned int id = state == CELL_2 || state == LENT_2 || state == SHARED_2 ? 2 : 1;
	struct pgt *agency = parties[1].agency;

	switch (state) {
	case CELL_1: case CELL_2: case CELL_1_TRAPS:
		must(GIVE, id, &r);
		if (state == CELL_1_TRAPS)
			annotate(parties[1].cell, IPA + offset, OWN_KIND_MMIO, 4);
		break;
	case LENT_1: case LENT_2:
		must(GIVE, id, &r);
		must(LEND, id, &r);
		break;
	case SHARED_1: case SHARED_2:
		must(SHARE, id, &r);
		break;
	case SHARED_BOTH:
		must(SHARE, 1, &r);
		must(SHARE, 2, &r);
		break;
	case SHARED_FULL: share_full(&r); break;
	case HYP: must(CLAIM, 1, &r); break;
	case MMIO: annotate(agency, PHYS + offset, OWN_KIND_MMIO, 3); break;
	case NOTHING: annotate(agency, PHYS + offset, OWN_KIND_NONE, 0); break;
	default: break;
	}
}

struct both {
	struct pgt_leaf agency, cell;
};

static struct both look_at(uint64_t offset)
{
	struct both b;

	assert_int_equal(pgt_lookup(parties[1].agency, PHYS + offset, &b.agency), 0);
	assert_int_equal(pgt_lookup(parties[1].cell, IPA + offset, &b.cell), 0);
	return b;
}

static void assert_agency_has(const struct both *b, unsigned int state, uint64_t offset)
{
	assert_true(b->agency.valid);
	assert_int_equal(b->agency.attr, PGT_R | PGT_W | PGT_X | PGT_STATE(state));
	assert_int_equal(pa_addr(b->agency.pa), PHYS + offset);
}

static void assert_cell_has(const struct both *b, unsigned int state, uint64_t offset)
{
	assert_true(b->cell.valid);
	assert_int_equal(b->cell.attr, ATTR | PGT_STATE(state));
	assert_int_equal(pa_addr(b->cell.pa), PHYS + offset);
}

static void assert_away(const struct both *b, enum own_kind kind, unsigned int number)
{
	assert_false(b->agency.valid);
	assert_int_equal(OWN_ANN_KIND(b->agency.annotation), kind);
	assert_int_equal(OWN_ANN_NUMBER(b->agency.annotation), number);
}

static void assert_cell_empty(const struct both *b)
{
	assert_false(b->cell.valid);
	assert_int_equal(b->cell.annotation, 0);
}

/* The state after, page by page; the odd page came from @before. */
static void assert_after(enum transition t, enum before before, uint64_t offset)
{
	const struct both b = look_at(offset);
	const bool odd = offset == ODD;

	switch (t) {
	case GIVE: case UNLEND:
		assert_away(&b, OWN_KIND_CELL, 1);
		assert_cell_has(&b, OWN_OWNED, offset);
		break;
	case LEND:
		assert_agency_has(&b, OWN_LENT, offset);
		assert_cell_has(&b, OWN_OWNED, offset);
		break;
	case SHARE:
		assert_agency_has(&b, odd && before == SHARED_2 ? OWN_SHARED + 1U : OWN_SHARED,
				  offset);
		assert_cell_has(&b, OWN_SHARED, offset);
		break;
	case RETURN: case UNSHARE:
		assert_agency_has(&b, odd && before == SHARED_BOTH ? OWN_SHARED : OWN_OWNED,
				  offset);
		assert_cell_empty(&b);
		break;
	default:
		assert_away(&b, OWN_KIND_HYP, 0);
		assert_cell_empty(&b);
	}
}

static uint64_t fingerprint(void)
{
	return fake_mmu_fingerprint(agency_mmu) * 3 + fake_mmu_fingerprint(cell_mmu[1]) * 5 +
	       fake_mmu_fingerprint(cell_mmu[2]);
}

static void try_one(enum transition t, enum before odd)
{
	const struct own_region r = region_at(0, SIZE);
	const int want = answers[t][odd];
	uint64_t fail = 0, before;
	int ret;

	setup(NULL);
	bring_to(usual[t], 0, ODD);
	bring_to(odd, ODD, PAGE);
	bring_to(usual[t], ODD + PAGE, PAGE);
	before = fingerprint();
	ret = check(t, 1, &r, &fail);
	if (ret != want)
		fail_msg("transition %d, odd page in state %d: %d instead of %d", t, odd, ret, want);
	if (ret != 0) {
		assert_int_equal(fail, PHYS + ODD);
		assert_true(fingerprint() == before);
	} else {
		commit(t, 1, &r);
		for (uint64_t o = 0; o < SIZE; o += PAGE)
			assert_after(t, odd, o);
	}
	teardown(NULL);
}

static void try_all(enum transition t)
{
	for (enum before odd = 0; odd < STATES; odd++)
		try_one(t, odd);
}

static void test_give(void **state) { (void)state; try_all(GIVE); }
static void test_return(void **state) { (void)state; try_all(RETURN); }
static void test_share(void **state) { (void)state; try_all(SHARE); }
static void test_unshare(void **state) { (void)state; try_all(UNSHARE); }
static void test_lend(void **state) { (void)state; try_all(LEND); }
static void test_unlend(void **state) { (void)state; try_all(UNLEND); }
static void test_claim(void **state) { (void)state; try_all(CLAIM); }

/* A cell cannot take back, or lend, its memory under another address. */
static void test_wrong_ipa(void **state)
{
	const struct own_region r = region_at(0, SIZE);
	struct own_region moved = r;
	uint64_t fail;

	(void)state;
	must(GIVE, 1, &r);
	moved.ipa = ipa_init(IPA + PAGE);
	assert_int_equal(check(RETURN, 1, &moved, &fail), -CAPSULE_ENOENT);
	assert_int_equal(check(LEND, 1, &moved, &fail), -CAPSULE_ENOENT);
	must(LEND, 1, &r);
	assert_int_equal(check(UNLEND, 1, &moved, &fail), -CAPSULE_ENOENT);
	assert_int_equal(check(RETURN, 1, &moved, &fail), -CAPSULE_EBUSY);
	assert_int_equal(check(GIVE, 2, &r, &fail), -CAPSULE_EBUSY);
}

/* Nor one of its regions under the address of another. */
static void test_swapped_ipas(void **state)
{
	const struct own_region a = region_at(0, SIZE), b = region_at(SIZE, SIZE);
	const struct own_region swapped = { a.phys, b.ipa, SIZE, ATTR };
	uint64_t fail;

	(void)state;
	must(GIVE, 1, &a);
	must(GIVE, 1, &b);
	assert_int_equal(check(RETURN, 1, &swapped, &fail), -CAPSULE_ENOENT);
	assert_int_equal(fail, PHYS);
	assert_int_equal(check(LEND, 1, &swapped, &fail), -CAPSULE_ENOENT);
}

static void test_ipa_in_use(void **state)
{
	const struct own_region r = region_at(0, SIZE);
	struct own_region other = r;
	uint64_t fail;

	(void)state;
	must(GIVE, 1, &r);
	other.phys = pa_init(PHYS + G1);
	assert_int_equal(check(GIVE, 1, &other, &fail), -CAPSULE_EEXIST);
	assert_int_equal(fail, PHYS + G1);
	assert_int_equal(check(SHARE, 1, &other, &fail), -CAPSULE_EEXIST);
	other.ipa = ipa_init(IPA + SIZE - PAGE);
	assert_int_equal(check(GIVE, 1, &other, &fail), -CAPSULE_EEXIST);
	other.ipa = ipa_init(IPA + SIZE);
	must(GIVE, 1, &other);
}

static void test_impossible_regions(void **state)
{
	struct own_region r = region_at(0, SIZE);
	uint64_t fail = 0;

	(void)state;
	r.size = 0;
	assert_int_equal(check(GIVE, 1, &r, &fail), -CAPSULE_EINVAL);
	assert_int_equal(fail, PHYS);
	assert_int_equal(own_check_give(&parties[1], &r, NULL), -CAPSULE_EINVAL);
	r = region_at(8, SIZE);
	assert_int_equal(check(GIVE, 1, &r, &fail), -CAPSULE_EINVAL);
	r = region_at(0, SIZE);
	r.ipa = ipa_init(1UL << IA_BITS);
	assert_int_equal(check(GIVE, 1, &r, &fail), -CAPSULE_ERANGE);
	r = region_at(0, SIZE);
	r.phys = pa_init(~0UL << 12);
	assert_int_equal(check(GIVE, 1, &r, &fail), -CAPSULE_ERANGE);
	assert_int_equal(check(CLAIM, 1, &r, &fail), -CAPSULE_ERANGE);
	r = region_at(0, SIZE);
	r.attr = 0;
	assert_int_equal(check(GIVE, 1, &r, &fail), -CAPSULE_EINVAL);
}

/* Every allocation of a check fails in turn: refused, and nothing is left. */
static void fail_every_allocation(enum transition t)
{
	const struct own_region r = { pa_init(PHYS), ipa_init(IPA), M2 + SIZE, ATTR };
	const uint64_t before = fingerprint();
	const size_t used = pool_used();
	long n = 0;

	for (;; n++) {
		uint64_t fail = 0;
		int ret;

		fake_alloc_limit(n);
		ret = check(t, 1, &r, &fail);
		fake_alloc_limit(-1);
		if (ret == 0)
			break;
		assert_int_equal(ret, -CAPSULE_ENOMEM);
		assert_int_equal(fail, PHYS);
		assert_true(fingerprint() == before);
		assert_int_equal(pool_used(), used);
	}
	/* agency: levels 2, 3, 3; cell: the same, and a table for unequal alignment */
	assert_in_range(n, 6, 8);
	own_cancel(&parties[1], &r);
	assert_true(fingerprint() == before);
	assert_int_equal(pool_used(), used);
}

static void test_failing_allocations(void **state)
{
	(void)state;
	fail_every_allocation(GIVE);
	fail_every_allocation(SHARE);
}

/* The way back over the same edges needs no page, whatever happened between. */
static void test_way_back_never_allocates(void **state)
{
	const struct own_region a = region_at(0, SIZE), b = region_at(SIZE, M2);
	const size_t used = pool_used();

	(void)state;
	must(GIVE, 1, &a);
	must(GIVE, 1, &b);
	must(LEND, 1, &a);
	own_cancel(&parties[1], &a);
	own_cancel(&parties[1], &b);
	fake_alloc_limit(0);
	must(UNLEND, 1, &a);
	fake_alloc_limit(0);
	must(LEND, 1, &b);
	fake_alloc_limit(0);
	must(RETURN, 1, &b);
	fake_alloc_limit(0);
	must(RETURN, 1, &a);
	assert_int_equal(pool_used(), used);
	assert_int_equal(look_at(0).agency.level, 1);
}

static struct own_region half(unsigned int number, uint64_t ipa)
{
	return (struct own_region){
		pa_init(G1 + number * (M2 / 2)), ipa_init(ipa + number * (M2 / 2)), M2 / 2, ATTR,
	};
}

static void must_without_allocation(enum transition t, unsigned int id, const struct own_region *r)
{
	fake_alloc_limit(0);
	must(t, id, r);
}

/* Two regions that would make one block together keep their common edge. */
static void test_neighbours_keep_their_edge(void **state)
{
	const struct own_region a = half(0, G1), b = half(1, G1);

	(void)state;
	must(GIVE, 1, &a);
	must(GIVE, 1, &b);
	assert_int_equal(check(LEND, 1, &a, NULL), 0);
	own_cancel(&parties[1], &a);
	must_without_allocation(RETURN, 1, &a);
	must_without_allocation(RETURN, 1, &b);
	assert_int_equal(fake_mmu_tables(agency_mmu), 0);
}

/* The same for shares that a third one spans. */
static void test_shares_keep_their_edge(void **state)
{
	const struct own_region a = half(0, G1), b = half(1, G1);
	const struct own_region both = { a.phys, ipa_init(8 * G1), M2, ATTR };

	(void)state;
	must(SHARE, 1, &a);
	must(SHARE, 2, &b);
	must(SHARE, 1, &both);
	must_without_allocation(UNSHARE, 1, &a);
	must(SHARE, 1, &a);
	must_without_allocation(UNSHARE, 1, &both);
	must_without_allocation(UNSHARE, 1, &a);
	must_without_allocation(UNSHARE, 2, &b);
	assert_int_equal(fake_mmu_tables(agency_mmu), 0);
}

/* Attributes of a strict list come back as they were. */
static void test_agency_attributes_survive(void **state)
{
	const struct own_region r = region_at(0, SIZE);
	const unsigned int attr = PGT_R | PGT_W | PGT_DEVICE;

	(void)state;
	assert_int_equal(pgt_map(parties[1].agency, PHYS, pa_init(PHYS), SIZE, attr), 0);
	must(GIVE, 1, &r);
	must(LEND, 1, &r);
	assert_int_equal(look_at(0).agency.attr, attr | PGT_STATE(OWN_LENT));
	must(UNLEND, 1, &r);
	must(RETURN, 1, &r);
	assert_int_equal(look_at(0).agency.attr, attr);
}

static void test_overlap(void **state)
{
	struct own_region r[3] = { region_at(0, SIZE), region_at(SIZE, SIZE), region_at(G1, PAGE) };
	unsigned int i = 9, j = 9;

	(void)state;
	assert_false(own_overlap(r, 3, &i, &j));
	r[2].phys = pa_init(PHYS + 2 * SIZE - PAGE);
	assert_true(own_overlap(r, 3, &i, &j));
	assert_int_equal(i, 1);
	assert_int_equal(j, 2);
	r[2].phys = pa_init(0);
	r[2].ipa = ipa_init(IPA);
	assert_true(own_overlap(r, 3, &i, &j));
	assert_int_equal(i, 0);
	r[2].ipa = ipa_init(~0UL << 12);
	assert_false(own_overlap(r, 3, &i, &j));
	/* one that ends beyond 2^64 meets what stands at 0 */
	r[2].size = 2 * PAGE;
	r[0].ipa = ipa_init(0);
	assert_true(own_overlap(r, 3, &i, &j));
}

/* Two cells in one 2 MiB block: the tables outlive the cell that needed them first. */
static void test_settle_hands_tables_to_the_heir(void **state)
{
	const struct own_region first = region_at(2 * PAGE, PAGE), second = region_at(3 * PAGE, PAGE);

	(void)state;
	fake_mmu_charge(agency_mmu, 1);
	must(GIVE, 1, &first);
	fake_mmu_charge(agency_mmu, 2);
	must(GIVE, 2, &second);
	fake_mmu_charge(agency_mmu, 0);
	assert_int_equal(pool_charged(1), 2 + 2 + 2);	/* root, own tables, the agency's */
	must(RETURN, 1, &first);
	own_settle(parties[1].agency, 1, first.phys, first.size);
	assert_int_equal(pool_charged(1), 2);
	assert_int_equal(pool_charged(2), 2 + 2 + 2);
	must(RETURN, 2, &second);
	own_settle(parties[1].agency, 2, second.phys, second.size);
	assert_int_equal(pool_charged(2), 2);
	assert_int_equal(fake_mmu_tables(agency_mmu), 0);
}

/* While a cell still has memory there, the charge stays with it. */
static void test_settle_leaves_what_is_needed(void **state)
{
	const struct own_region first = region_at(2 * PAGE, PAGE), second = region_at(3 * PAGE, PAGE);

	(void)state;
	fake_mmu_charge(agency_mmu, 1);
	must(GIVE, 1, &second);
	must(GIVE, 2, &first);
	own_settle(parties[1].agency, 1, second.phys, second.size);
	assert_int_equal(pool_charged(1), 2 + 2 + 2);
	fake_mmu_charge(agency_mmu, 0);
	/* what is only shared has no owner but the agency */
	must(RETURN, 2, &first);
	must(SHARE, 2, &first);
	must(RETURN, 1, &second);
	own_settle(parties[1].agency, 1, second.phys, second.size);
	assert_int_equal(pool_charged(1), 2);
	assert_int_equal(pool_charged(0), 2 + 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_return),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_unshare),
		cmocka_unit_test(test_lend),
		cmocka_unit_test(test_unlend),
		cmocka_unit_test(test_claim),
		T(test_wrong_ipa),
		T(test_swapped_ipas),
		T(test_ipa_in_use),
		T(test_impossible_regions),
		T(test_failing_allocations),
		T(test_way_back_never_allocates),
		T(test_neighbours_keep_their_edge),
		T(test_shares_keep_their_edge),
		T(test_agency_attributes_survive),
		T(test_overlap),
		T(test_settle_hands_tables_to_the_heir),
		T(test_settle_leaves_what_is_needed),
	};

	return host_main("ownership", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

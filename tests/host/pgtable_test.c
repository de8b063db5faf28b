// SPDX-License-Identifier: Apache-2.0
/* The page-table walker: descriptors, block sizes, limits, exact effects. */
#include "host.h"

#include <stdio.h>
#include <string.h>

#include <capsule/error.h>

#include "fake_mmu.h"
#include "pool.h"

#define PAGE	4096UL
#define M2	0x200000UL
#define G1	0x40000000UL
#define RWX	(PGT_R | PGT_W | PGT_X)

static struct fake_mmu *mmu;
static struct pgt *pgt;

static void use(enum pgt_stage stage, unsigned int ia_bits)
{
	mmu = fake_mmu_new(stage, ia_bits, 0);
	pgt = fake_mmu_pgt(mmu);
}

static int setup(void **state)
{
	(void)state;
	fake_pool_setup(64);
	use(PGT_STAGE2, 44);
	return 0;
}

static int setup_stage1(void **state)
{
	(void)state;
	fake_pool_setup(64);
	use(PGT_STAGE1_EL2, 39);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_mmu_settled(mmu);
	fake_mmu_delete(mmu);
	assert_int_equal(pool_used(), 0);
	return 0;
}

static struct pgt_leaf leaf_at(uint64_t ia)
{
	struct pgt_leaf leaf;

	assert_int_equal(pgt_lookup(pgt, ia, &leaf), 0);
	return leaf;
}

/* The descriptor itself, for comparison with the manual. */
static int keep_descriptor(const struct pgt_visit *visit)
{
	*(uint64_t *)visit->arg = *visit->entry;
	return 0;
}

static uint64_t descriptor_at(uint64_t ia)
{
	uint64_t desc = 0;

	assert_int_equal(pgt_walk(pgt, ia, PAGE, PGT_VISIT_LEAF, keep_descriptor, &desc), 0);
	return desc;
}

/* Written out bit by bit from DDI 0487, D8.3.1.2 and D8.3.2 (stage 2). */
static void test_stage2_descriptors(void **state)
{
	static const struct {
		unsigned int attr;
		uint64_t bits;	/* above and below the output address */
	} cases[] = {
		/* AF, SH inner, S2AP RW, MemAttr 1111 */
		{ RWX, 0x7fc },
		{ PGT_R | PGT_W, 1UL << 54 | 0x7fc },
		{ PGT_R, 1UL << 54 | 0x77c },
		{ PGT_W, 1UL << 54 | 0x7bc },
		{ PGT_X, 0x73c },
		{ PGT_R | PGT_W | PGT_DEVICE, 1UL << 54 | 0x7c4 },
		{ PGT_R | PGT_X | PGT_NC, 0x754 },
		{ RWX | PGT_STATE(9), 9UL << 55 | 0x7fc },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(pgt_map(pgt, M2, pa_init(5 * M2), M2, cases[i].attr), 0);
		assert_true(descriptor_at(M2) == (cases[i].bits | 5 * M2 | 1));
		assert_int_equal(leaf_at(M2).attr, cases[i].attr);
		assert_int_equal(pgt_map(pgt, PAGE, pa_init(7 * PAGE), PAGE, cases[i].attr), 0);
		assert_true(descriptor_at(PAGE) == (cases[i].bits | 7 * PAGE | 3));
		assert_int_equal(leaf_at(PAGE).attr, cases[i].attr);
	}
}

static void test_stage1_descriptors(void **state)
{
	static const struct {
		unsigned int attr;
		uint64_t bits;
	} cases[] = {
		/* AF, SH inner, AP[1] RES1, AttrIndx 0 */
		{ PGT_R | PGT_W, 1UL << 54 | 0x740 },
		{ PGT_R, 1UL << 54 | 0x7c0 },
		{ PGT_R | PGT_X, 0x7c0 },
		{ PGT_R | PGT_W | PGT_DEVICE, 1UL << 54 | 0x744 },
		{ PGT_R | PGT_W | PGT_NC, 1UL << 54 | 0x748 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(pgt_map(pgt, G1, pa_init(PAGE), PAGE, cases[i].attr), 0);
		assert_true(descriptor_at(G1) == (cases[i].bits | PAGE | 3));
		assert_int_equal(leaf_at(G1).attr, cases[i].attr);
	}
	assert_int_equal(PGT_MAIR_EL2 >> 8 * 1 & 0xff, 0x04);
	assert_int_equal(PGT_MAIR_EL2 & 0xff, 0xff);
}

static void test_stage1_refuses_what_must_not_be(void **state)
{
	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, RWX), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, PGT_R | PGT_X | PGT_DEVICE),
			 -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, PGT_W), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, 0), -CAPSULE_EINVAL);
	assert_int_equal(fake_mmu_tables(mmu), 0);
}

static void test_impossible_ranges(void **state)
{
	const uint64_t limit = 1UL << 44;
	struct pgt_leaf leaf;

	(void)state;
	assert_int_equal(pgt_map(pgt, 1, pa_init(0), PAGE, RWX), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(8), PAGE, RWX), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE + 1, RWX), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), 0, RWX), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, 0), -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, PGT_R | PGT_NC | PGT_DEVICE),
			 -CAPSULE_EINVAL);
	assert_int_equal(pgt_map(pgt, limit, pa_init(0), PAGE, RWX), -CAPSULE_ERANGE);
	assert_int_equal(pgt_map(pgt, limit - PAGE, pa_init(0), 2 * PAGE, RWX), -CAPSULE_ERANGE);
	assert_int_equal(pgt_map(pgt, PAGE, pa_init(0), 0 - 2 * PAGE, RWX), -CAPSULE_ERANGE);
	assert_int_equal(pgt_map(pgt, 0, pa_init(1UL << 48), PAGE, RWX), -CAPSULE_ERANGE);
	assert_int_equal(pgt_map(pgt, 0, pa_init((1UL << 48) - PAGE), 2 * PAGE, RWX),
			 -CAPSULE_ERANGE);
	assert_int_equal(pgt_annotate(pgt, 0, PAGE, PGT_ANNOTATION_MAX), -CAPSULE_EINVAL);
	assert_int_equal(pgt_annotate(pgt, 0, 0, 1), -CAPSULE_EINVAL);
	assert_int_equal(pgt_split(pgt, limit, PAGE), -CAPSULE_ERANGE);
	assert_int_equal(pgt_annotate(pgt, 4 * PAGE, 0 - 2 * PAGE, 1), -CAPSULE_ERANGE);
	assert_int_equal(pgt_lookup(pgt, limit, &leaf), -CAPSULE_ERANGE);
	pgt_merge(pgt, limit, PAGE);
	assert_int_equal(fake_mmu_tables(mmu), 0);
	assert_int_equal(pgt_map(pgt, limit - PAGE, pa_init((1UL << 48) - PAGE), PAGE, RWX), 0);
}

static void test_geometry(void **state)
{
	(void)state;
	assert_int_equal(pgt_root_pages(PGT_STAGE2, 36), 1);
	assert_int_equal(pgt_root_pages(PGT_STAGE2, 39), 1);
	assert_int_equal(pgt_root_pages(PGT_STAGE2, 40), 2);
	assert_int_equal(pgt_root_pages(PGT_STAGE2, 42), 8);
	assert_int_equal(pgt_root_pages(PGT_STAGE2, 44), 1);
	assert_int_equal(pgt_root_pages(PGT_STAGE1_EL2, 42), 1);
	assert_int_equal(pgt_start_level(PGT_STAGE2, 42), 1);
	assert_int_equal(pgt_start_level(PGT_STAGE2, 44), 0);
	assert_int_equal(pgt_start_level(PGT_STAGE2, 48), 0);
	assert_int_equal(pgt_start_level(PGT_STAGE1_EL2, 39), 1);
	assert_int_equal(pgt_start_level(PGT_STAGE1_EL2, 40), 0);
	assert_int_equal(pgt_init(pgt, PGT_STAGE2, 30, pgt->root, pgt->ops, mmu),
			 -CAPSULE_EINVAL);
	assert_int_equal(pgt_init(pgt, PGT_STAGE2, 49, pgt->root, pgt->ops, mmu),
			 -CAPSULE_EINVAL);
	assert_int_equal(pgt_init(pgt, PGT_STAGE2, 44, pgt->root, pgt->ops, mmu), 0);
}

/* 1 GiB, 2 MiB and 4 KiB wherever input and output addresses allow them. */
static void test_largest_blocks(void **state)
{
	static const struct {
		uint64_t ia;
		unsigned int level;
	} expect[] = {
		{ G1 - M2 - PAGE, 3 }, { G1 - M2, 2 }, { G1, 1 }, { 2 * G1 - PAGE, 1 },
		{ 2 * G1, 2 }, { 2 * G1 + M2, 3 },
	};
	const uint64_t start = G1 - M2 - PAGE;

	(void)state;
	assert_int_equal(pgt_map(pgt, start, pa_init(4 * G1 + start),
				 G1 + 2 * M2 + 2 * PAGE, RWX), 0);
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		struct pgt_leaf leaf = leaf_at(expect[i].ia);

		assert_true(leaf.valid);
		assert_int_equal(leaf.level, expect[i].level);
		assert_int_equal(pa_addr(leaf.pa), 4 * G1 + expect[i].ia);
	}
	assert_false(leaf_at(start - PAGE).valid);
	assert_false(leaf_at(2 * G1 + M2 + PAGE).valid);
	/* level 1; two level 2; two level 3 */
	assert_int_equal(fake_mmu_tables(mmu), 5);
}

static void test_output_alignment_limits_blocks(void **state)
{
	(void)state;
	assert_int_equal(pgt_map(pgt, G1, pa_init(G1 + M2), G1, RWX), 0);
	assert_int_equal(leaf_at(G1).level, 2);
	assert_int_equal(pgt_map(pgt, 3 * G1, pa_init(3 * G1 + PAGE), M2, RWX), 0);
	assert_int_equal(leaf_at(3 * G1).level, 3);
	assert_int_equal(pgt_map(pgt, 5 * G1, pa_init(G1), M2, RWX | PGT_NO_BLOCK), 0);
	assert_int_equal(leaf_at(5 * G1).level, 3);
}

static void test_lookup_says_it_all(void **state)
{
	struct pgt_leaf leaf;

	(void)state;
	assert_int_equal(pgt_map(pgt, G1, pa_init(7 * G1), G1, RWX | PGT_STATE(3)), 0);
	assert_int_equal(pgt_annotate(pgt, G1 + M2, PAGE, 0x1234567), 0);
	leaf = leaf_at(G1 + 2 * M2 + 0x123);
	assert_true(leaf.valid);
	assert_int_equal(leaf.level, 2);
	assert_int_equal(leaf.size, M2);
	assert_int_equal(leaf.entry_ia, G1 + 2 * M2);
	assert_int_equal(pa_addr(leaf.pa), 7 * G1 + 2 * M2 + 0x123);
	assert_int_equal(PGT_STATE_OF(leaf.attr), 3);
	assert_int_equal(leaf.annotation, 0);
	leaf = leaf_at(G1 + M2 + 0xffc);
	assert_false(leaf.valid);
	assert_int_equal(leaf.entry_ia, G1 + M2);
	assert_int_equal(leaf.size, PAGE);
	assert_int_equal(leaf.annotation, 0x1234567);
	assert_int_equal(leaf.attr, 0);
}

/* One page out of 1 GiB and back again: two tables for as long as it takes. */
static void test_split_and_merge(void **state)
{
	const uint64_t page = 3 * G1 + 17 * M2 + 5 * PAGE;
	size_t tables;

	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), 8 * G1, RWX), 0);
	tables = fake_mmu_tables(mmu);
	fake_mmu_probe(mmu, 0, page);
	fake_mmu_probe(mmu, 1, page + PAGE);
	fake_mmu_probe(mmu, 2, 3 * G1);
	assert_int_equal(pgt_split(pgt, page, PAGE), 0);
	assert_int_equal(fake_mmu_tables(mmu), tables + 2);
	assert_int_equal(leaf_at(page).level, 3);
	assert_int_equal(pa_addr(leaf_at(page).pa), page);

	fake_alloc_limit(0);
	assert_int_equal(pgt_annotate(pgt, page, PAGE, 77), 0);
	fake_mmu_settled(mmu);
	pgt_merge(pgt, page, PAGE);
	assert_int_equal(fake_mmu_tables(mmu), tables + 2);
	assert_int_equal(pgt_map(pgt, page, pa_init(page), PAGE, RWX), 0);
	pgt_merge(pgt, page, PAGE);
	assert_int_equal(fake_mmu_tables(mmu), tables);
	assert_int_equal(leaf_at(page).level, 1);
	assert_int_equal(pa_addr(leaf_at(page).pa), page);
	fake_alloc_limit(-1);
}

/* Whoever set a state or an annotation relies on its edges. */
static void test_merge_spares_states_and_annotations(void **state)
{
	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), M2 - PAGE, RWX | PGT_STATE(1)), 0);
	assert_int_equal(pgt_map(pgt, M2 - PAGE, pa_init(M2 - PAGE), PAGE, RWX | PGT_STATE(1)), 0);
	assert_int_equal(pgt_annotate(pgt, M2, M2 - PAGE, 5), 0);
	assert_int_equal(pgt_annotate(pgt, 2 * M2 - PAGE, PAGE, 5), 0);
	pgt_merge(pgt, 0, G1);
	assert_int_equal(leaf_at(0).level, 3);
	assert_int_equal(leaf_at(M2).level, 3);
	assert_int_equal(pgt_annotate(pgt, 0, G1, 0), 0);
	pgt_merge(pgt, 0, G1);
	assert_int_equal(fake_mmu_tables(mmu), 0);
}

static void test_merge_needs_a_uniform_contiguous_table(void **state)
{
	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), M2, RWX | PGT_NO_BLOCK), 0);
	assert_int_equal(pgt_map(pgt, 7 * PAGE, pa_init(7 * PAGE), PAGE, PGT_R | PGT_X), 0);
	pgt_merge(pgt, 0, M2);
	assert_int_equal(leaf_at(0).level, 3);
	assert_int_equal(pgt_map(pgt, 7 * PAGE, pa_init(8 * PAGE), PAGE, RWX), 0);
	pgt_merge(pgt, 0, M2);
	assert_int_equal(leaf_at(0).level, 3);
	assert_int_equal(pgt_map(pgt, 7 * PAGE, pa_init(7 * PAGE), PAGE, RWX), 0);
	pgt_merge(pgt, 5 * PAGE, PAGE);
	assert_int_equal(leaf_at(0).level, 2);
	/* contiguous, but the first output address is not aligned to a block */
	assert_int_equal(pgt_map(pgt, M2, pa_init(PAGE), M2, RWX), 0);
	pgt_merge(pgt, M2, M2);
	assert_int_equal(leaf_at(M2).level, 3);
}

/* Maintenance only where it is due, and once for many pages. */
static void test_tlb_maintenance_is_bounded(void **state)
{
	unsigned long before = fake_invalidates();

	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), 4 * M2, RWX | PGT_NO_BLOCK), 0);
	assert_int_equal(fake_invalidates(), before);
	assert_int_equal(pgt_annotate(pgt, PAGE, 300 * PAGE, 3), 0);
	assert_int_equal(fake_invalidates(), before + 1);
	assert_int_equal(pgt_annotate(pgt, PAGE, 300 * PAGE, 4), 0);
	assert_int_equal(fake_invalidates(), before + 1);
	/* a page state alone is nothing to the hardware */
	assert_int_equal(pgt_map(pgt, M2, pa_init(M2), PAGE, RWX | PGT_STATE(4)), 0);
	assert_int_equal(fake_invalidates(), before + 1);
	assert_int_equal(pgt_map(pgt, M2, pa_init(M2), PAGE, PGT_R), 0);
	assert_int_equal(fake_invalidates(), before + 2);
}

static void test_replacing_a_table_frees_it(void **state)
{
	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), PAGE, RWX), 0);
	assert_int_equal(pgt_map(pgt, M2, pa_init(0), PAGE, RWX), 0);
	assert_int_equal(fake_mmu_tables(mmu), 4);
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), G1, RWX), 0);
	assert_int_equal(fake_mmu_tables(mmu), 1);
	assert_int_equal(pgt_annotate(pgt, 0, 512 * G1, 0), 0);
	assert_int_equal(fake_mmu_tables(mmu), 0);
}

/* 512 GiB that are taken away and come back: no page for it may be missing then. */
static void test_annotation_leaves_room_for_the_way_back(void **state)
{
	const uint64_t whole = 512 * G1;

	(void)state;
	assert_int_equal(pgt_map(pgt, whole, pa_init(whole), whole, RWX), 0);
	assert_int_equal(pgt_annotate(pgt, whole, whole, 5), 0);
	fake_alloc_limit(0);
	assert_int_equal(pgt_map(pgt, whole, pa_init(whole), whole, RWX), 0);
	fake_alloc_limit(-1);
	assert_int_equal(leaf_at(whole).level, 1);
}

static int count_visits(const struct pgt_visit *visit)
{
	unsigned int *counts = visit->arg;

	counts[visit->why]++;
	return 0;
}

static int stop_at_second(const struct pgt_visit *visit)
{
	return ++*(int *)visit->arg == 2 ? 99 : 0;
}

static void test_walk(void **state)
{
	unsigned int counts[5] = { 0 };
	int seen = 0;

	(void)state;
	assert_int_equal(pgt_map(pgt, M2, pa_init(M2), 3 * PAGE, RWX), 0);
	assert_int_equal(pgt_walk(pgt, M2 + PAGE, 2 * PAGE, PGT_VISIT_LEAF | PGT_VISIT_TABLE_PRE |
				  PGT_VISIT_TABLE_POST, count_visits, counts), 0);
	assert_int_equal(counts[PGT_VISIT_LEAF], 2);
	assert_int_equal(counts[PGT_VISIT_TABLE_PRE], 3);
	assert_int_equal(counts[PGT_VISIT_TABLE_POST], 3);
	assert_int_equal(pgt_walk(pgt, 0, 4 * M2, PGT_VISIT_LEAF, stop_at_second, &seen), 99);
	assert_int_equal(seen, 2);
	assert_int_equal(pgt_walk(pgt, 0, 1, PGT_VISIT_LEAF, stop_at_second, &seen),
			 -CAPSULE_EINVAL);
}

/* A configuration that asks for more than the pool has is refused whole. */
static void test_more_tables_than_pages(void **state)
{
	uint64_t before;

	(void)state;
	assert_int_equal(pgt_map(pgt, 0, pa_init(0), 4 * G1, RWX), 0);
	before = fake_mmu_fingerprint(mmu);
	assert_int_equal(pgt_map(pgt, G1, pa_init(G1), G1, RWX | PGT_NO_BLOCK), -CAPSULE_ENOMEM);
	assert_int_equal(pgt_prepare(pgt, 8 * G1, pa_init(PAGE), 8192 * G1, RWX),
			 -CAPSULE_ENOMEM);
	assert_true(fake_mmu_fingerprint(mmu) == before);
	assert_int_equal(pool_used(), fake_mmu_tables(mmu) + 1);
}

#define STAGE2(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define STAGE1(f) cmocka_unit_test_setup_teardown(f, setup_stage1, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STAGE2(test_stage2_descriptors),
		STAGE1(test_stage1_descriptors),
		STAGE1(test_stage1_refuses_what_must_not_be),
		STAGE2(test_impossible_ranges),
		STAGE2(test_geometry),
		STAGE2(test_largest_blocks),
		STAGE2(test_output_alignment_limits_blocks),
		STAGE2(test_lookup_says_it_all),
		STAGE2(test_split_and_merge),
		STAGE2(test_merge_spares_states_and_annotations),
		STAGE2(test_merge_needs_a_uniform_contiguous_table),
		STAGE2(test_tlb_maintenance_is_bounded),
		STAGE2(test_replacing_a_table_frees_it),
		STAGE2(test_annotation_leaves_room_for_the_way_back),
		STAGE2(test_walk),
		STAGE2(test_more_tables_than_pages),
	};

	return host_main("pgtable", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

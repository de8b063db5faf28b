// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <stdbool.h>
#include <string.h>

#include "pool.h"

#define PAGES	70
/* Three pages below a boundary of 64 KiB. */
#define BASE	0x4000d000UL

static char memory[PAGES * 4096] __attribute__((aligned(4096)));
static char elsewhere;
static uint16_t owners[PAGES + 1];

static int setup(void **state)
{
	(void)state;
	memset(memory, 0xff, sizeof(memory));
	memset(owners, 0xff, sizeof(owners));
	pool_init(pa_init(BASE), memory, PAGES, owners);
	return 0;
}

static bool is_zero(const char *page, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (page[i] != 0)
			return false;
	return true;
}

static void test_every_page_once(void **state)
{
	bool seen[PAGES] = { false };

	(void)state;
	assert_int_equal(pool_total(), PAGES);
	for (unsigned int i = 0; i < PAGES; i++) {
		char *page = pool_alloc(i % POOL_CHARGES);
		size_t index;

		assert_non_null(page);
		index = (size_t)(page - memory) / 4096;
		assert_true(index < PAGES && !seen[index]);
		seen[index] = true;
		assert_true(is_zero(page, 4096));
		memset(page, 0x77, 4096);
		assert_int_equal(pool_used(), i + 1);
	}
	assert_null(pool_alloc(0));
	assert_int_equal(pool_used(), PAGES);
	assert_int_equal(owners[PAGES], 0xffff);
}

static void test_freed_page_is_zeroed_again(void **state)
{
	char *page = pool_alloc(1);

	(void)state;
	memset(page, 0x77, 4096);
	pool_free(page);
	assert_int_equal(pool_used(), 0);
	assert_ptr_equal(pool_alloc(2), page);
	assert_true(is_zero(page, 4096));
}

static void test_charges(void **state)
{
	void *a = pool_alloc(1), *b = pool_alloc(1), *c = pool_alloc(2);

	(void)state;
	assert_int_equal(pool_charged(1), 2);
	assert_int_equal(pool_charged(2), 1);
	assert_int_equal(pool_charge_of(b), 1);
	pool_recharge(b, 2);
	assert_int_equal(pool_charge_of(b), 2);
	assert_int_equal(pool_charged(1), 1);
	assert_int_equal(pool_charged(2), 2);
	assert_int_equal(pool_used(), 3);
	pool_free(a);
	pool_free(b);
	pool_free(c);
	assert_int_equal(pool_charged(1), 0);
	assert_int_equal(pool_charged(2), 0);
}

static void test_contiguous_runs(void **state)
{
	char *single = pool_alloc(0), *run;

	(void)state;
	for (size_t n = 1; n <= 16; n *= 2) {
		size_t used = pool_used();

		run = pool_alloc_contig(3, n);
		assert_non_null(run);
		assert_int_equal(pa_addr(pool_pa(run)) % (n * 4096), 0);
		assert_true(is_zero(run, n * 4096));
		assert_true(single < run || single >= run + n * 4096);
		assert_int_equal(pool_used(), used + n);
		for (size_t i = 0; i < n; i++)
			pool_free(run + i * 4096);
	}
	pool_free(single);
	assert_int_equal(pool_used(), 0);
}

/* One page in use in the middle of each aligned run: none is left. */
static void test_fragmented(void **state)
{
	char *pages[PAGES];

	(void)state;
	for (unsigned int i = 0; i < PAGES; i++)
		pages[i] = pool_alloc(0);
	for (unsigned int i = 0; i < PAGES; i++)
		if (pa_addr(pool_pa(pages[i])) / 4096 % 4 != 1)
			pool_free(pages[i]);
	assert_null(pool_alloc_contig(0, 4));
	assert_null(pool_alloc_contig(0, 16));
	assert_non_null(pool_alloc_contig(0, 2));
}

static void test_addresses(void **state)
{
	char *page = pool_alloc(0);

	(void)state;
	assert_ptr_equal(pool_va(pool_pa(page + 100)), page + 100);
	assert_int_equal(pa_addr(pool_pa(memory + 5 * 4096)), BASE + 5 * 4096);
	expect_assert_failure(pool_va(pa_init(BASE - 1)));
	expect_assert_failure(pool_va(pa_init(BASE + PAGES * 4096)));
	expect_assert_failure(pool_pa(&elsewhere));
}

/* Each of these would corrupt the free list in silence. */
static void test_misuse_is_caught(void **state)
{
	static char outside[4096] __attribute__((aligned(4096)));
	char *page;

	(void)state;
	expect_assert_failure(pool_free(outside));
	setup(NULL);
	page = pool_alloc(0);
	expect_assert_failure(pool_free(page + 8));
	setup(NULL);
	page = pool_alloc(0);
	pool_free(page);
	expect_assert_failure(pool_free(page));
	setup(NULL);
	expect_assert_failure(pool_alloc(POOL_CHARGES));
}

/* Random use: no page handed out twice, counters always right. */
static void test_random_use(void **state)
{
	struct rng rng = { host_seed(1) };
	char *held[PAGES];
	unsigned int n = 0;

	(void)state;
	for (unsigned int round = 0; round < host_rounds(20000); round++) {
		if (rng_below(&rng, 2) && n < PAGES) {
			held[n] = pool_alloc((unsigned int)rng_below(&rng, POOL_CHARGES));
			assert_non_null(held[n]);
			memset(held[n], (int)n, 4096);
			n++;
		} else if (n > 0) {
			unsigned int i = (unsigned int)rng_below(&rng, n);

			assert_int_equal(held[i][4095], (char)held[i][0]);
			pool_free(held[i]);
			held[i] = held[--n];
		}
		assert_int_equal(pool_used(), n);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_page_once, setup),
		cmocka_unit_test_setup(test_freed_page_is_zeroed_again, setup),
		cmocka_unit_test_setup(test_charges, setup),
		cmocka_unit_test_setup(test_contiguous_runs, setup),
		cmocka_unit_test_setup(test_fragmented, setup),
		cmocka_unit_test_setup(test_addresses, setup),
		cmocka_unit_test_setup(test_misuse_is_caught, setup),
		cmocka_unit_test_setup(test_random_use, setup),
	};

	return host_main("pool", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

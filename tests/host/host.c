// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

_Noreturn void check_failed(const char *what, const char *file, int line)
{
	mock_assert(0, what, file, line);
	abort();
}

/* Not cmocka_run_group_tests(): that one needs the array where it stands. */
int host_main(const char *group, const struct CMUnitTest *tests, size_t n, int argc, char **argv)
{
	int failed = 0;

	if (argc < 2)
		return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	for (int a = 1; a < argc; a++) {
		size_t i = 0;

		while (i < n && strcmp(tests[i].name, argv[a]) != 0)
			i++;
		if (i == n) {
			fprintf(stderr, "%s: no test %s\n", group, argv[a]);
			return 2;
		}
		failed += _cmocka_run_group_tests(group, &tests[i], 1, NULL, NULL);
	}
	return failed;
}

static uint64_t from_environment(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : fallback;
}

uint64_t host_seed(uint64_t fallback)
{
	uint64_t seed = from_environment("HOST_SEED", fallback);

	print_message("seed: HOST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

unsigned int host_rounds(unsigned int fallback)
{
	return (unsigned int)from_environment("HOST_ROUNDS", fallback);
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t x = rng->state ? rng->state : 0x9e3779b97f4a7c15U;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return x * 0x2545f4914f6cdd1dU;
}

uint64_t rng_below(struct rng *rng, uint64_t limit)
{
	return (rng_next(rng) >> 11) % limit;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every host test program shares: cmocka, its main(), seeds. */
#ifndef HOST_H
#define HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * Runs all tests, or those named on the command line. A failed CHECK() fails
 * the test, unless expect_assert_failure() waits for it.
 */
int host_main(const char *group, const struct CMUnitTest *tests, size_t n, int argc, char **argv);

/* HOST_SEED from the environment, or @fallback; printed, so that it can be repeated. */
uint64_t host_seed(uint64_t fallback);

/* HOST_ROUNDS from the environment, or @fallback. */
unsigned int host_rounds(unsigned int fallback);

/* xorshift64*: the same numbers on every machine. */
struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t limit);

#endif

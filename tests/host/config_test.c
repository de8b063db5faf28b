// SPDX-License-Identifier: Apache-2.0
/* The names that EL2 itself accepts in a configuration, whoever passes it. */
#include "host.h"

#include <string.h>

#include <capsule/error.h>

#include "config_check.h"

static struct capsule_cell_desc desc;
static uint64_t answer[4];

static int setup(void **state)
{
	(void)state;
	memset(&desc, 0, sizeof(desc));
	memset(answer, 0, sizeof(answer));
	memcpy(desc.signature, CAPSULE_CELL_SIGNATURE, sizeof(desc.signature));
	desc.revision = CAPSULE_CONFIG_REVISION;
	desc.architecture = CAPSULE_ARCH_ARM64;
	desc.total_size = sizeof(desc);
	return 0;
}

static int check(const char *name)
{
	memset(desc.name, 0, sizeof(desc.name));
	memcpy(desc.name, name, strnlen(name, sizeof(desc.name)));
	return config_check_cell(&desc, sizeof(desc), 0, answer);
}

static void test_good_names(void **state)
{
	static const char *const names[] = { "a", "Z", "0", "_", "-", "...", ".a", "a.", "..a",
					     "Az09._-", "a23456789012345678901234567890b" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(check(names[i]), 0);
}

static void test_bad_names(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4", "a:",
					     "a234567890123456789012345678901c" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(check(names[i]), -CAPSULE_EINVAL);
		assert_int_equal(answer[1], CAPSULE_REASON_CFG_NAME);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good_names, setup),
		cmocka_unit_test_setup(test_bad_names, setup),
	};

	return host_main("config", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

// SPDX-License-Identifier: Apache-2.0
/* The names, regions and consoles that EL2 itself accepts in a configuration, whoever passes it. */
#include "host.h"

#include <stdbool.h>
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

#define PAGE	0x1000ULL
#define RAM	(CAPSULE_MEM_READ | CAPSULE_MEM_WRITE)
#define IO	(CAPSULE_MEM_READ | CAPSULE_MEM_IO)
#define REGIONS	3

/* A cell with its tables. */
static struct {
	struct capsule_cell_desc desc;
	uint64_t cpus;
	struct capsule_memory m[REGIONS];
} cell;

static void fill_cell(void)
{
	memset(&cell, 0, sizeof(cell));
	cell.desc = desc;
	strcpy(cell.desc.name, "cell");
	cell.desc.total_size = sizeof(cell);
	cell.desc.cpu_set_size = sizeof(cell.cpus);
	cell.desc.num_memory_regions = REGIONS;
	for (unsigned i = 0; i < REGIONS; i++)
		cell.m[i] = (struct capsule_memory){ .phys_start = 0x40000000 + 0x100000 * i,
			.virt_start = 4 * PAGE * i, .size = 2 * PAGE, .flags = RAM };
}

static int check_cell(void)
{
	memset(answer, 0, sizeof(answer));
	return config_check_cell(&cell.desc, sizeof(cell), 0, answer);
}

static void expect_reason(uint64_t reason)
{
	assert_int_equal(check_cell(), -CAPSULE_EINVAL);
	assert_int_equal(answer[1], reason);
}

/* By a page at either end, for every pair; side by side is fine. */
static void test_overlaps(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REGIONS; i++)
		for (unsigned j = 0; j < REGIONS; j++) {
			if (i == j)
				continue;
			fill_cell();
			assert_int_equal(check_cell(), 0);
			cell.m[i].virt_start = cell.m[j].virt_start + PAGE;
			expect_reason(CAPSULE_REASON_MEM_OVERLAP);
			cell.m[i].virt_start += PAGE;
			assert_int_equal(check_cell(), 0);
			if (cell.m[j].virt_start == 0)
				continue;
			cell.m[i].virt_start = cell.m[j].virt_start - PAGE;
			expect_reason(CAPSULE_REASON_MEM_OVERLAP);
			cell.m[i].virt_start -= PAGE;
			assert_int_equal(check_cell(), 0);
		}
}

static void test_bad_regions(void **state)
{
	static const struct {
		struct capsule_memory m;
		uint64_t reason;
	} bad[] = {
		{ { 0x40000000, 0, 0, RAM }, CAPSULE_REASON_CFG_REGION },
		{ { ~0ULL - PAGE + 1, 0, 2 * PAGE, RAM }, CAPSULE_REASON_CFG_REGION },
		{ { 0, ~0ULL - PAGE + 1, 2 * PAGE, RAM }, CAPSULE_REASON_CFG_REGION },
		{ { 0x40000000, 0, PAGE, CAPSULE_MEM_WRITE }, CAPSULE_REASON_CFG_REGION },
		{ { 0x40000000, 0, PAGE, RAM | 0x8000 }, CAPSULE_REASON_CFG_FLAGS },
		{ { 0x40000000, 0, PAGE, RAM | 1ULL << 63 }, CAPSULE_REASON_CFG_FLAGS },
		{ { 0x40000000, 0, PAGE, IO | CAPSULE_MEM_EXECUTE }, CAPSULE_REASON_CFG_REGION },
		{ { 0x40000000, 0, PAGE, IO | CAPSULE_MEM_LOADABLE }, CAPSULE_REASON_CFG_REGION },
		{ { 0x40000000, 0, PAGE, RAM | CAPSULE_MEM_IO_32 }, CAPSULE_REASON_CFG_REGION },
		{ { 0x40000000, 0, PAGE / 2, RAM }, CAPSULE_REASON_CFG_ALIGN },
		{ { 0x40000800, 0x800, PAGE, IO }, CAPSULE_REASON_CFG_ALIGN },
		{ { 0x40000800, 0xc00, 0x800, IO }, CAPSULE_REASON_CFG_ALIGN },
		{ { 0x40000804, 0x800, 0x10, IO }, CAPSULE_REASON_CFG_ALIGN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fill_cell();
		cell.m[0] = bad[i].m;
		expect_reason(bad[i].reason);
	}
	fill_cell();
	cell.m[0] = (struct capsule_memory){ 0x40000808, 0x800, 0x10, IO };
	assert_int_equal(check_cell(), 0);
}

/* One page of its own, for a PL011 with an SPI. */
static void test_virtual_console(void **state)
{
	const struct capsule_console good = {
		.address = 2 * PAGE, .size = PAGE, .type = CAPSULE_CON_PL011,
		.flags = CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL, .irq = 40,
	};

	(void)state;
	fill_cell();
	for (uint64_t at = 0; at < 4 * PAGE * REGIONS; at += PAGE) {
		bool taken = at / PAGE % 4 < 2;

		cell.desc.console = good;
		cell.desc.console.address = at;
		if (taken)
			expect_reason(CAPSULE_REASON_CFG_CONSOLE);
		else
			assert_int_equal(check_cell(), 0);
	}
	for (uint32_t irq = 0; irq < 1100; irq++) {
		cell.desc.console = good;
		cell.desc.console.irq = irq;
		if (irq < 32 || irq > 1019)
			expect_reason(CAPSULE_REASON_CFG_IRQ);
		else
			assert_int_equal(check_cell(), 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good_names, setup),
		cmocka_unit_test_setup(test_bad_names, setup),
		cmocka_unit_test_setup(test_overlaps, setup),
		cmocka_unit_test_setup(test_bad_regions, setup),
		cmocka_unit_test_setup(test_virtual_console, setup),
	};

	return host_main("config", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

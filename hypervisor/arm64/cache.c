// SPDX-License-Identifier: Apache-2.0
#include "cache.h"

#include "sysreg.h"

#define DCZID_DZP	BIT(4)

static size_t line_size(void)
{
	return 4UL << ((read_sysreg(ctr_el0) >> 16) & 0xf);
}

void cache_clean_poc(const void *p, size_t n)
{
	size_t line = line_size();

	for (uint64_t a = ALIGN_DOWN((uint64_t)p, line); a < (uint64_t)p + n; a += line)
		__asm__ volatile("dc cvac, %0" : : "r"(a) : "memory");
	dsb(sy);
}

void cache_flush_poc(const void *p, size_t n)
{
	size_t line = line_size();

	for (uint64_t a = ALIGN_DOWN((uint64_t)p, line); a < (uint64_t)p + n; a += line)
		__asm__ volatile("dc civac, %0" : : "r"(a) : "memory");
	dsb(sy);
}

void cache_clear_pages(void *p, size_t n)
{
	uint64_t dczid = read_sysreg(dczid_el0);
	size_t block = 4UL << (dczid & 0xf);

	if (dczid & DCZID_DZP) {
		memset(p, 0, n);
	} else {
		for (uint64_t a = (uint64_t)p; a < (uint64_t)p + n; a += block)
			__asm__ volatile("dc zva, %0" : : "r"(a) : "memory");
	}
	cache_flush_poc(p, n);
}

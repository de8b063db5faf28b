/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/printf.h>
#include <inmate/sysreg.h>

#include "fault.h"

#define RET	0xd65f03c0U

static uint32_t code[2] __attribute__((aligned(64)));

bool all_true(const bool *results, unsigned long count)
{
	while (count--)
		if (!results[count])
			return false;
	return true;
}

bool expect(bool ok, const char *what, uint64_t seen)
{
	if (!ok)
		printf("fault:   %s: %lx\n", what, seen);
	return ok;
}

bool expect_hvc(uint64_t fid, uint64_t a1, int64_t result)
{
	int64_t seen = (int64_t)smccc_hvc(fid, a1, 0, 0).x[0];

	if (seen != result)
		printf("fault:   hvc %lx: %ld, expected %ld\n", fid, seen, result);
	return seen == result;
}

bool expect_smc(uint64_t fid, uint64_t a1, int64_t result)
{
	int64_t seen = (int64_t)smccc_smc(fid, a1, 0, 0).x[0];

	if (seen != result)
		printf("fault:   smc %lx: %ld, expected %ld\n", fid, seen, result);
	return seen == result;
}

const struct exception_record *watched(void (*function)(uintptr_t addr), uintptr_t addr)
{
	exception_watch_begin();
	function(addr);
	return exception_watch_end();
}

bool none_or_abort(const struct exception_record *record)
{
	unsigned int ec = ESR_EC(record->esr);

	return expect(record->count == 0 || ec == ESR_EC_DABT_CUR || ec == ESR_EC_SERROR,
		      "neither served nor an abort; ESR", record->esr);
}

bool was_undefined(const struct exception_record *record)
{
	return expect(record->count == 1 && ESR_EC(record->esr) == ESR_EC_UNKNOWN,
		      "not undefined; ESR", record->count ? record->esr : 0);
}

uint64_t run_instruction(uint32_t instruction, uint64_t x0, struct exception_record *record)
{
	uint64_t (*function)(uint64_t) = (uint64_t (*)(uint64_t))(uintptr_t)code;
	uint64_t result;

	code[0] = instruction;
	code[1] = RET;
	__asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb"
			 : : "r"(code) : "memory");
	exception_watch_begin();
	result = function(x0);
	*record = *exception_watch_end();
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that wants to harm the hypervisor, the agency or other cells. Its
 * parameter names the way:
 *
 *	off		SYSTEM_OFF at once
 *	reset		SYSTEM_RESET at once, hence for ever
 *	evade		two CPUs that switch each other on
 *	evade-fail	the same, and one of them makes the cell fail
 *	hole		accesses that end in an error of the bus
 *	walk		an access to be emulated, its code found through a table in a hole
 *	set-way		cache maintenance of all its memory, again and again
 *	fill		writes a pattern all over its memory
 *	fail		declares itself failed
 *	fail-second	its second CPU does so and switches itself off
 *	fail-both	does so while two CPUs run on
 *	zero		looks for what another left there
 */
#include <stddef.h>

#include <inmate/comm.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/string.h>

#include "hostile.h"

static const struct {
	const char *name;
	bool (*run)(void);
	bool quiet;	/* so short that telling of it would take longer */
} ways[] = {
	{ "off", way_off, true },
	{ "reset", way_reset, true },
	{ "evade", way_evade, false },
	{ "evade-fail", way_evade_fail, false },
	{ "hole", way_hole, false },
	{ "walk", way_walk, false },
	{ "set-way", way_set_way, false },
	{ "fill", way_fill, false },
	{ "fail", way_fail, false },
	{ "fail-second", way_fail_second, false },
	{ "fail-both", way_fail_both, false },
	{ "zero", way_zero, false },
};

static void run(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, name))
			continue;
		if (!ways[i].quiet)
			printf("hostile: %s: going\n", name);
		printf("hostile: %s: %s\n", name, ways[i].run() ? "ok" : "WRONG");
		return;
	}
	printf("hostile: no way %s\n", name);
}

void inmate_main(void)
{
	char word[32];
	size_t pos = 0;

	while (params_word(&pos, word, sizeof(word)))
		run(word);
	printf("hostile: done\n");
	comm_wait_shutdown();
}

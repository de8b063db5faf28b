/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that fails on purpose. Its parameters are names of ways.txt, each
 * optionally with @ADDRESS; "all" stands for every way that continues. Without
 * parameters it lists the ways. At the end it waits for a shutdown request.
 */
#include <inmate/comm.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/string.h>

#include "fault.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct way ways[] = {
#define WAY(function, name, outcome, gic)	{ name, OUTCOME_##outcome, gic, way_##function },
#include "ways.h"
#undef WAY
};

static void run_way(const struct way *way, uintptr_t arg)
{
	bool ok;

	if (way->outcome != OUTCOME_CONTINUE)
		printf("fault: %s: going\n", way->name);
	ok = way->run(arg);
	if (way->outcome != OUTCOME_CONTINUE)
		printf("fault: %s: WRONG, still running\n", way->name);
	else
		printf("fault: %s: %s\n", way->name, ok ? "ok" : "WRONG");
}

static void run_all(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].outcome == OUTCOME_CONTINUE &&
		    (!ways[i].gic || ways[i].gic == platform_get()->gic_version))
			run_way(&ways[i], 0);
}

static void list(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		printf("fault: way %s\n", ways[i].name);
}

/* Cuts "NAME@ADDRESS" in two. -> the address, 0 if there is none */
static uintptr_t split(char *word)
{
	for (; *word; word++) {
		if (*word == '@') {
			*word = '\0';
			return params_parse(word + 1);
		}
	}
	return 0;
}

static void run_word(char *word)
{
	uintptr_t arg = split(word);
	size_t i;

	if (!strcmp(word, "all")) {
		run_all();
		return;
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!strcmp(ways[i].name, word)) {
			run_way(&ways[i], arg);
			return;
		}
	}
	printf("fault: %s: unknown way\n", word);
}

void inmate_main(void)
{
	char word[64];
	size_t pos = 0;
	bool any = false;

	while (params_word(&pos, word, sizeof(word))) {
		run_word(word);
		any = true;
	}
	if (!any)
		list();
	printf("fault: done\n");
	if (platform_get()->comm)
		comm_wait_shutdown();
}

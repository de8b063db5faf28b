// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define STEP (256U << 10) /* bytes between two looks at whether to stop */

static void fill(volatile uint64_t *words, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		words[i] = seed ^ i;
}

/* Index of the first word that is not as filled; count if all are. */
static size_t compare(const volatile uint64_t *words, size_t count, uint64_t seed)
{
	size_t i = 0;

	while (i < count && words[i] == (seed ^ i))
		i++;
	return i;
}

void load_memory(struct worker *worker)
{
	uint64_t *area = mmap(NULL, worker->bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const size_t words = STEP / sizeof(*area);
	const size_t pieces = worker->bytes / STEP;
	uint64_t seeds[2] = { 0, 0 };
	bool first = true;

	if (area == MAP_FAILED || pieces == 0) {
		load_error(worker, "no memory: %s", strerror(errno));
		return;
	}
	/* Each piece is checked a whole round after it was filled. */
	for (size_t piece = 0; !load_stopping(); piece = (piece + 1) % pieces) {
		uint64_t *at = area + piece * words;
		size_t bad;

		if (piece == 0) {
			first = seeds[1] == 0;
			seeds[0] = seeds[1];
			seeds[1] = load_mix(seeds[0]);
		}
		atomic_fetch_add(&worker->counts.submitted, 1);
		bad = first ? words : compare(at, words, seeds[0] + piece);
		if (bad != words)
			load_error(worker, "word at %p is 0x%llx", (void *)(at + bad),
				   (unsigned long long)at[bad]);
		fill(at, words, seeds[1] + piece);
		atomic_fetch_add(&worker->counts.completed, 1);
	}
	munmap(area, worker->bytes);
}

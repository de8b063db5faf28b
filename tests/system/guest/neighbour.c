// SPDX-License-Identifier: Apache-2.0
/*
 * Lives in the same block of memory that a cell takes a piece of: finds BYTES
 * of physically contiguous memory, in reach of an address range, gives them
 * back to the kernel and hammers what it has left around them.
 *
 *   neighbour BYTES BLOCK LOW HIGH
 *
 * BYTES that are given back lie in a block of BLOCK bytes (2 MiB, 1 GiB), both
 * aligned to their size, between the physical addresses LOW and HIGH (multiples
 * of BYTES). Prints "hole ADDRESS" and then, on CPU 0, writes and checks its
 * memory in that block until SIGTERM. Prints the number of rounds and errors
 * then; exit status 0 if there were rounds and no errors.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define STEP (32UL << 20)	/* bytes taken at a time while looking */
#define MOST (1280UL << 20)	/* bytes, then give up looking */
#define PAGES (MOST / PAGE)
#define HAMMERED 4096UL		/* pages at most that are written again and again */

static uint64_t *virt[PAGES];
static uint64_t phys[PAGES];
static size_t num;
static volatile sig_atomic_t ended;

static void end(int number)
{
	ended = number;
}

/* Physical addresses of STEP bytes, entered from @to on. */
static void look_up(int pagemap, const void *at, uint64_t *to)
{
	size_t i;

	if (pread(pagemap, to, STEP / PAGE * 8, (off_t)((uintptr_t)at / PAGE * 8)) !=
	    (ssize_t)(STEP / PAGE * 8))
		exit(1);
	for (i = 0; i < STEP / PAGE; i++)
		to[i] = (to[i] & ((1UL << 55) - 1)) * PAGE;
}

/* Takes memory; enters what lies in the range into @map, by page: index + 1. */
static bool take_more(int pagemap, uint32_t *map, uint64_t low, uint64_t high)
{
	char *at = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (at == MAP_FAILED || num + STEP / PAGE > PAGES)
		return false;
	madvise(at, STEP, MADV_NOHUGEPAGE);
	madvise(at, STEP, MADV_POPULATE_WRITE);
	look_up(pagemap, at, phys + num);
	for (i = 0; i < STEP; i += PAGE) {
		virt[num++] = (uint64_t *)(at + i);
		if (phys[num - 1] >= low && phys[num - 1] < high)
			map[(phys[num - 1] - low) / PAGE] = (uint32_t)num;
	}
	return true;
}

/* First page of a whole aligned run; false if there is none yet. */
static bool find_run(const uint32_t *map, uint64_t pages, uint64_t run, uint64_t *first)
{
	uint64_t i;

	for (*first = 0; *first + run <= pages; *first += run) {
		for (i = 0; i < run && map[*first + i]; i++)
			;
		if (i == run)
			return true;
	}
	return false;
}

static uint64_t make_hole(uint64_t bytes, uint64_t low, uint64_t high)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint32_t *map = calloc((high - low) / PAGE, sizeof(*map));
	uint64_t first, i;

	do {
		if (pagemap < 0 || !map || !take_more(pagemap, map, low, high))
			return 0;
	} while (!find_run(map, (high - low) / PAGE, bytes / PAGE, &first));
	for (i = first; i < first + bytes / PAGE; i++) {
		munmap(virt[map[i] - 1], PAGE);
		virt[map[i] - 1] = NULL;
	}
	free(map);
	close(pagemap);
	return low + first * PAGE;
}

/* Keeps the pages of one block, nearest the hole first; gives the others back. */
static void keep_block(uint64_t start, uint64_t size)
{
	size_t i, kept = 0;

	for (i = 0; i < num; i++) {
		if (!virt[i])
			continue;
		if (phys[i] - start < size && kept < HAMMERED)
			virt[kept++] = virt[i];
		else
			munmap(virt[i], PAGE);
	}
	num = kept;
}

static uint64_t round_errors(uint64_t round)
{
	uint64_t errors = 0;
	size_t i, w;

	for (i = 0; i < num; i++)
		for (w = 0; w < PAGE / 8; w += 64)
			virt[i][w] = round ^ (i << 32) ^ w;
	for (i = 0; i < num; i++)
		for (w = 0; w < PAGE / 8; w += 64)
			errors += *(volatile uint64_t *)&virt[i][w] != (round ^ (i << 32) ^ w);
	return errors;
}

int main(int argc, char **argv)
{
	uint64_t rounds = 0, errors = 0, bytes, block, hole;
	cpu_set_t first;

	if (argc != 5) {
		fputs("usage: neighbour BYTES BLOCK LOW HIGH\n", stderr);
		return 2;
	}
	signal(SIGTERM, end);
	bytes = strtoull(argv[1], NULL, 0);
	block = strtoull(argv[2], NULL, 0);
	hole = make_hole(bytes, strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	keep_block(hole & ~(block - 1), block);
	if (!hole || !num) {
		fputs("neighbour: no such place found\n", stderr);
		return 1;
	}
	mlockall(MCL_CURRENT);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	printf("hole %#lx beside %zu pages\n", hole, num);
	fflush(stdout);
	while (!ended)
		errors += round_errors(++rounds);
	printf("rounds %lu errors %lu\n", rounds, errors);
	return rounds && !errors ? 0 : 1;
}

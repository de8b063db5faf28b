// SPDX-License-Identifier: Apache-2.0
/*
 * Lives in the same block of memory that a cell takes a piece of: finds BYTES
 * of physically contiguous memory, in reach of an address range, gives them
 * back to the kernel and hammers what it has left around them.
 *
 *   neighbour BYTES BLOCK LOW HIGH
 *
 * BYTES that are given back lie in a block of BLOCK bytes (2 MiB, 1 GiB), both
 * aligned to their size, between the physical addresses LOW and HIGH. Prints
 * "hole ADDRESS" and then writes and checks its memory in that block, until
 * SIGTERM. Prints the number of rounds and errors then; exit status 0 if there
 * were rounds and no errors.
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

static uint64_t phys_of(int pagemap, const void *at)
{
	uint64_t entry = 0;

	if (pread(pagemap, &entry, 8, (off_t)((uintptr_t)at / PAGE * 8)) != 8)
		return 0;
	return (entry & ((1UL << 55) - 1)) * PAGE;
}

/* Order of physical addresses, through an index: neighbours become visible. */
static int by_phys(const void *a, const void *b)
{
	uint64_t x = phys[*(const uint32_t *)a], y = phys[*(const uint32_t *)b];

	return (x > y) - (x < y);
}

static bool take_more(int pagemap)
{
	char *at = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (at == MAP_FAILED || num + STEP / PAGE > PAGES)
		return false;
	madvise(at, STEP, MADV_NOHUGEPAGE);
	for (i = 0; i < STEP; i += PAGE) {
		*(volatile char *)(at + i) = 1;
		virt[num] = (uint64_t *)(at + i);
		phys[num++] = phys_of(pagemap, at + i);
	}
	return true;
}

/* First index, in order of addresses, of a run that begins aligned in [low, high). */
static bool find_run(const uint32_t *order, uint64_t bytes, uint64_t low, uint64_t high,
		     size_t *first)
{
	size_t run = 0, i;

	for (i = 0; i < num; i++) {
		uint64_t at = phys[order[i]];

		if (run && at != phys[order[i - 1]] + PAGE)
			run = 0;
		if (!run && at % bytes)
			continue;
		if (at < low || at >= high) {
			run = 0;
			continue;
		}
		if (++run == bytes / PAGE) {
			*first = i + 1 - run;
			return true;
		}
	}
	return false;
}

static uint64_t make_hole(uint64_t bytes, uint64_t low, uint64_t high)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint32_t *order = malloc(PAGES * sizeof(*order));
	uint64_t hole;
	size_t first, i;

	do {
		if (pagemap < 0 || !order || !take_more(pagemap))
			return 0;
		for (i = 0; i < num; i++)
			order[i] = (uint32_t)i;
		qsort(order, num, sizeof(*order), by_phys);
	} while (!find_run(order, bytes, low, high, &first));
	hole = phys[order[first]];
	for (i = first; i < first + bytes / PAGE; i++) {
		munmap(virt[order[i]], PAGE);
		virt[order[i]] = NULL;
	}
	free(order);
	close(pagemap);
	return hole;
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
	printf("hole %#lx beside %zu pages\n", hole, num);
	fflush(stdout);
	while (!ended)
		errors += round_errors(++rounds);
	printf("rounds %lu errors %lu\n", rounds, errors);
	return rounds && !errors ? 0 : 1;
}

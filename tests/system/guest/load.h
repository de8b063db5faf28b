/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: keeps disk, network, memory and timers of the agency busy and checks
 * every result. One file for each kind; load.c starts and ends them.
 */
#ifndef LOAD_H
#define LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counted by one worker, read by main at any time. */
struct counts {
	_Atomic uint64_t submitted;
	_Atomic uint64_t completed;
	_Atomic uint64_t errors;
};

struct worker {
	const char *name;
	/* Runs in a thread of its own until load_stopping() says so. */
	void (*run)(struct worker *worker);
	const char *target; /* of -d or -n; NULL where there is none */
	size_t bytes;       /* of memory; 0 where it does not apply */
	struct counts counts;
	_Atomic uint64_t worst_us; /* timer: how late the latest tick was */
	pthread_t thread;
};

/* True once the program was told to end. Callable from any thread. */
bool load_stopping(void);

/*
 * Record that something came out wrong. Prints the first few reasons of each
 * worker to standard error, counts all.
 */
void load_error(struct worker *worker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A number that looks random and depends on nothing but x. */
static inline uint64_t load_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15U;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

/*
 * Write blocks past the page cache, with several in flight, and read each back.
 * Ends only when every request that was submitted has completed, or when none
 * completes for a minute (an error).
 */
void load_disk(struct worker *worker);

/* Fill memory with a pattern that changes each round, and check it. */
void load_memory(struct worker *worker);

/* Send blocks to a server that echoes, and compare what comes back. */
void load_net(struct worker *worker);

/* Wake up every 5 ms; a tick that is more than 30 s late is an error. */
void load_timer(struct worker *worker);

#endif

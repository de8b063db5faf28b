/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark guest: operations that enter the hypervisor, one at a time. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_MAX_OPS	64U
#define BENCH_REPEATS	8U

struct bench_op {
	const char *name;
	bool (*available)(void);	/* NULL: in every cell */
	void (*prepare)(void);		/* before each repetition, not counted; may be NULL */
	void (*run)(void);		/* what is counted, on all CPUs of the cell */
	void (*tidy)(void);		/* after each repetition, not counted; may be NULL */
};

/* Tables of operations, ended by an entry without a name. */
extern const struct bench_op bench_calls[];
extern const struct bench_op bench_registers[];
extern const struct bench_op bench_interrupts[];
extern const struct bench_op bench_smp[];

/*
 * mark.S: one store, by which a plugin of the emulator knows where an operation
 * begins (entry 2 * op of bench_marks) and ends (entry 2 * op + 1).
 */
void bench_mark(volatile uint64_t *entry);
/* First instruction of a CPU: the same store to the address in x0, then the library's start. */
extern char bench_cpu_first[];
extern volatile uint64_t bench_marks[2 * BENCH_MAX_OPS];
/* Where the operation that runs is to end. */
volatile uint64_t *bench_end_mark(void);

/* Numbers from the parameter line; 0 if the cell has none. */
unsigned int bench_spi(void);
uintptr_t bench_subpage(void);

/* Takes an interrupt and counts it. */
void bench_expect(unsigned int intid, unsigned int count);
/* Interrupts open until all expected have been taken and ended. */
void bench_take(void);
/* Prints and remembers that what was measured is not what was meant. */
void bench_fail(const char *what, uint64_t value);

/* smp.c: further CPUs of the cell sleep until an SGI comes. */
void bench_smp_begin(void);
/* Instructions at EL2 that the other CPUs have counted so far. */
uint64_t bench_smp_count(void);

/*
 * pmu.c: event counter 0 of this CPU counts instructions executed at EL2
 * (INST_RETIRED, Arm ARM D11.12.3, with PMEVTYPER0_EL0.{P,U} = 1, NSH = 1).
 * -> false if the CPU or the emulator has no such event
 */
bool pmu_begin(void);
uint64_t pmu_read(void);

#endif

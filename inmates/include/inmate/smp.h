/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs of the cell. CPU i has Aff0 = i % 16 and Aff1 = i / 16. */
#ifndef INMATE_SMP_H
#define INMATE_SMP_H

#include <inmate/sysreg.h>

typedef void (*smp_function)(unsigned int cpu);

static inline unsigned int smp_cpu(void)
{
	return (unsigned int)read_sysreg(tpidr_el1);
}

/* Affinity fields of this CPU's MPIDR_EL1. */
static inline uint64_t smp_mpidr(unsigned int cpu)
{
	return (uint64_t)(cpu / 16U) << 8 | cpu % 16U;
}

/* CPUs of the cell, asked from AFFINITY_INFO. */
unsigned int smp_num_cpus(void);
/*
 * Turns the CPU on and has it run the function, GIC set up, interrupts
 * masked; it is turned off when the function returns. -> PSCI_*
 */
int32_t smp_start(unsigned int cpu, smp_function function);
/* Called by start.S on each further CPU. */
void smp_secondary(unsigned int cpu);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/gic.h>
#include <inmate/layout.h>
#include <inmate/psci.h>
#include <inmate/smp.h>

extern char inmate_secondary[];

static smp_function functions[INMATE_MAX_CPUS];

unsigned int smp_num_cpus(void)
{
	unsigned int n = 0;

	while (n < INMATE_MAX_CPUS && psci_affinity_info(smp_mpidr(n), 0) >= 0)
		n++;
	return n;
}

int32_t smp_start(unsigned int cpu, smp_function function)
{
	if (cpu >= INMATE_MAX_CPUS)
		return PSCI_INVALID_PARAMETERS;
	functions[cpu] = function;
	dsb_ish();
	return psci_cpu_on(smp_mpidr(cpu), (uintptr_t)inmate_secondary, cpu);
}

void smp_secondary(unsigned int cpu)
{
	gic_cpu_init();
	functions[cpu](cpu);
	psci_cpu_off();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/psci.h>
#include <inmate/smccc.h>
#include <inmate/sysreg.h>

/* PSCI results are 32 bits wide, whatever the calling convention. */
static int32_t psci_call(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return (int32_t)(uint32_t)smccc_hvc(fid, a1, a2, a3).x[0];
}

uint32_t psci_version(void)
{
	return (uint32_t)psci_call(PSCI_VERSION_FID, 0, 0, 0);
}

int32_t psci_features(uint32_t fid)
{
	return psci_call(PSCI_FEATURES_FID, fid, 0, 0);
}

int32_t psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
	return psci_call(PSCI_CPU_ON_FID, mpidr, entry, context);
}

int32_t psci_affinity_info(uint64_t mpidr, uint32_t level)
{
	return psci_call(PSCI_AFFINITY_INFO_FID, mpidr, level, 0);
}

int32_t psci_cpu_suspend(uint32_t power_state, uint64_t entry, uint64_t context)
{
	return psci_call(PSCI_CPU_SUSPEND_FID, power_state, entry, context);
}

void psci_cpu_off(void)
{
	irq_disable();
	psci_call(PSCI_CPU_OFF_FID, 0, 0, 0);
	for (;;)
		wfi();
}

void psci_system_off(void)
{
	psci_call(PSCI_SYSTEM_OFF_FID, 0, 0, 0);
}

void psci_system_reset(void)
{
	psci_call(PSCI_SYSTEM_RESET_FID, 0, 0, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Power State Coordination Interface, Arm DEN 0022, by HVC. */
#ifndef INMATE_PSCI_H
#define INMATE_PSCI_H

#include <stdint.h>

#define PSCI_VERSION_FID	0x84000000U
#define PSCI_CPU_SUSPEND_FID	0xc4000001U
#define PSCI_CPU_OFF_FID	0x84000002U
#define PSCI_CPU_ON_FID		0xc4000003U
#define PSCI_AFFINITY_INFO_FID	0xc4000004U
#define PSCI_MIGRATE_TYPE_FID	0x84000006U
#define PSCI_SYSTEM_OFF_FID	0x84000008U
#define PSCI_SYSTEM_RESET_FID	0x84000009U
#define PSCI_FEATURES_FID	0x8400000aU

#define PSCI_SUCCESS		0
#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS	(-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)
#define PSCI_INTERNAL_FAILURE	(-6)
#define PSCI_INVALID_ADDRESS	(-9)

/* AFFINITY_INFO */
#define PSCI_AFF_ON		0
#define PSCI_AFF_OFF		1
#define PSCI_AFF_ON_PENDING	2

/* -> major << 16 | minor */
uint32_t psci_version(void);
/* -> PSCI_SUCCESS or flags of the function, or PSCI_NOT_SUPPORTED */
int32_t psci_features(uint32_t fid);
/* mpidr: affinity fields; entry: IPA; context arrives in x0. -> PSCI_* */
int32_t psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context);
/* -> PSCI_AFF_* or PSCI_* */
int32_t psci_affinity_info(uint64_t mpidr, uint32_t level);
/* power_state 0: standby, returns at the next wake-up event. */
int32_t psci_cpu_suspend(uint32_t power_state, uint64_t entry, uint64_t context);
/* This CPU; waits for ever if the call is refused. */
__attribute__((noreturn)) void psci_cpu_off(void);
/* The whole cell; both return only if refused. */
void psci_system_off(void);
void psci_system_reset(void);

#endif

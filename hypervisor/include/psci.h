/* SPDX-License-Identifier: Apache-2.0 */
/* Power State Coordination Interface 1.1 (Arm DEN 0022). */
#ifndef PSCI_H
#define PSCI_H

#include "cell.h"

#define PSCI_VERSION		0x84000000U
#define PSCI_VERSION_1_1	0x10001

/* True if the function id is in the PSCI range and was handled: the answer is in frame->x[0]. */
bool psci_call(struct vcpu *vcpu, struct trap_frame *frame);
/* CPU_ON of firmware for a CPU that is not at EL2, with our own entry. 0 or -EIO. */
int psci_firmware_cpu_on(struct pcpu *pcpu);
/* CPU_OFF of firmware for this CPU; returns only if refused. */
void psci_firmware_cpu_off(void);
/* AFFINITY_INFO of firmware: 0 on, 1 off, 2 pending. */
int64_t psci_firmware_affinity(const struct pcpu *pcpu);

#endif

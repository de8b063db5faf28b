/* SPDX-License-Identifier: Apache-2.0 */
/* SMC Calling Convention 1.2 (Arm DEN 0028): calls by HVC #0 and SMC #0. */
#ifndef SMCCC_H
#define SMCCC_H

#include "vcpu.h"

#define SMCCC_NOT_SUPPORTED	((uint64_t)-1)

/* Answers are in the frame; nothing else of the guest changes. */
void smccc_hvc(struct vcpu *vcpu, struct trap_frame *frame);
/* False: UNDEFINED on this machine without a hypervisor, too. */
bool smccc_smc(struct vcpu *vcpu, struct trap_frame *frame);

#endif

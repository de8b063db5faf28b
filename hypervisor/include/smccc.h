/* SPDX-License-Identifier: Apache-2.0 */
/* SMC Calling Convention 1.2 (Arm DEN 0028): calls by HVC #0 and SMC #0. */
#ifndef SMCCC_H
#define SMCCC_H

#include "vcpu.h"

#define SMCCC_NOT_SUPPORTED	((uint64_t)-1)

#define SMCCC_VERSION_1_2	0x10002

/*
 * Calls that are asked most and answered by a constant, by either conduit;
 * needs the first part of the frame only. False: not one of them.
 */
bool smccc_quick(struct vcpu *vcpu, struct trap_frame *frame);
/* Answers are in the frame; nothing else of the guest changes. */
void smccc_hvc(struct vcpu *vcpu, struct trap_frame *frame);
/* False: UNDEFINED on this machine without a hypervisor, too. */
bool smccc_smc(struct vcpu *vcpu, struct trap_frame *frame);

#endif

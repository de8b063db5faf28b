/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be served stops that cell only. */
#ifndef FAULT_H
#define FAULT_H

#include "vcpu.h"

/*
 * Records why (enum capsule_fault_reason, registers as they are), stops all
 * CPUs of the cell and parks this one. Not for the root cell. Own CPU, no
 * lock held. Returns when the CPU has something else to run.
 */
void fault_stop_cell(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t ipa);

#endif

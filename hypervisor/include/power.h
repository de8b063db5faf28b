/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs between guests. A parked CPU waits at EL2 (WFI) for the vCPU assigned
 * to it to be switched on; nothing but EL2's own SGIs reaches it.
 *
 * Power states of a vCPU (under its cell's power_lock):
 *   VCPU_OFF -> VCPU_ON_PENDING   power_on(), any CPU
 *   VCPU_ON_PENDING -> VCPU_ON    its own CPU, about to enter
 *   VCPU_ON -> VCPU_OFF           its own CPU, after it has let go of everything
 */
#ifndef POWER_H
#define POWER_H

#include "cell.h"

/*
 * Asks for a vCPU to start at entry (IPA) with context in x0. 0, or
 * -CAPSULE_EEXIST already on, -CAPSULE_EBUSY on its way, -CAPSULE_EPERM its
 * CPU is somebody else's or its cell does not run, -CAPSULE_EIO firmware
 * refused. Takes assign_lock and power_lock.
 */
int power_on(struct vcpu *vcpu, uint64_t entry, uint64_t context);

/*
 * The current vCPU is done here: gives its interrupts back, marks it off,
 * waits, and returns with the next vCPU in the trap frame and the EL1
 * registers in their reset state. Own CPU, no locks.
 */
void power_park(struct pcpu *pcpu);

/*
 * Takes a CPU that is parked for the agency: from now on it waits for vcpu.
 * False if it is not parked or not the agency's. Management lock held.
 */
bool power_take_parked(struct pcpu *pcpu, struct vcpu *vcpu);

/* Requests and kicks; bits REQ_*. Any CPU. */
void power_request(struct pcpu *pcpu, uint32_t request);

/* Serves REQ_STOP on the way back to a guest. Own CPU, no locks. */
void power_serve_requests(struct pcpu *pcpu);

/* Gives a parked CPU another vCPU to wait for. Any CPU, management lock held. */
void power_assign(struct pcpu *pcpu, struct vcpu *vcpu);

/* CPUs of the cell that are not parked. */
unsigned power_unparked(const struct cell *cell);

/* EL2 controls for the vCPU that is about to run; own CPU (reset.c). */
void vcpu_load_controls(struct vcpu *vcpu);
/* EL2 controls of later architecture versions as found (reset.c). */
void vcpu_note_optional(struct el2_found *found);
/*
 * Every register the guest can read gets its reset value, entry state goes
 * into the frame, ELR_EL2 and SPSR_EL2 (reset.c).
 */
void vcpu_reset(struct vcpu *vcpu, struct trap_frame *frame);

/* wipe.S: FP/SIMD registers, FPSR, FPCR; debug registers; PMU. */
void wipe_fpsimd(void);
void wipe_breakpoints(uint64_t last);
void wipe_watchpoints(uint64_t last);
void wipe_claim_tags(void);
/*
 * Takes an SError that is pending for EL2 and drops it, so that it does not
 * meet the next owner of the CPU. Between the two labels the vectors let it pass.
 */
void drain_serror(void);
extern const char drain_serror_open[], drain_serror_closed[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions from guests, and exceptions given to guests. EL2, own CPU. */
#ifndef TRAP_H
#define TRAP_H

#include "mmio.h"
#include "sysreg.h"
#include "vcpu.h"

/*
 * From the vectors. The first two have part of the frame only (vcpu.h); false
 * means that the exit needs the whole one, and trap_*_whole() goes on.
 */
bool trap_sync(struct trap_frame *frame);
bool trap_irq(struct trap_frame *frame);
void trap_sync_whole(struct trap_frame *frame);
void trap_irq_whole(struct trap_frame *frame);
void trap_fiq(struct trap_frame *frame);
void trap_serror(struct trap_frame *frame);
void el2_exception(struct trap_frame *frame, uint64_t kind);

/*
 * Classes with files of their own. The quick ones do all that the exit needs,
 * or nothing and return false; they have the first part of the frame.
 */
bool quick_sysreg(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr);
bool quick_data_abort(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr);
void trap_sysreg(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr);
void trap_data_abort(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr);
void trap_fetch_abort(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr);

/* Steps over the trapped instruction. */
static inline void trap_skip(void)
{
	write_sysreg(elr_el2, read_sysreg(elr_el2) + 4);
}

/*
 * The guest takes an exception at EL1 as if the instruction had raised it
 * (Arm ARM D1.3.1): UNDEFINED, or a synchronous external abort for an access
 * to FAR_EL2 (fetch or data).
 */
void inject_undefined(void);
void inject_external_abort(bool fetch);
/* The same exception that came to EL2, given on with its syndrome. */
void inject_reflect(uint64_t esr, uint64_t far);

/* ID registers as a cell sees them: CRm 1..7, op2 0..7 (idregs.c). */
uint64_t idreg_value(unsigned crm, unsigned op2);

/*
 * Decodes the load or store at the guest's PC for which the syndrome has no
 * ISV: single register with pre- or post-index (insn.c).
 */
struct insn_access {
	unsigned rt;		/* 31: zero register */
	unsigned size;		/* bytes */
	bool write;
	bool sign;
	bool wide;		/* loads: sign extends to 64 bits */
	unsigned rn;		/* 31: stack pointer */
	int64_t writeback;	/* added to rn */
};
bool insn_decode(struct cell *cell, struct insn_access *a);
void insn_write_back(struct trap_frame *frame, const struct insn_access *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions taken by the guest at EL1. */
#ifndef INMATE_EXCEPTION_H
#define INMATE_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

/* As start.S stores it. */
struct exception_frame {
	uint64_t x[31];
	uint64_t elr;
	uint64_t spsr;
	uint64_t sp;
	uint64_t esr;
	uint64_t far;
};

/* ESR_EL1.EC, Arm ARM (DDI 0487) D17.2.37. */
#define ESR_EC(esr)		((unsigned int)((esr) >> 26) & 0x3fU)
#define ESR_EC_UNKNOWN		0x00U
#define ESR_EC_WFX		0x01U
#define ESR_EC_FP		0x07U
#define ESR_EC_SVE		0x19U
#define ESR_EC_SYSREG		0x18U
#define ESR_EC_IABT_CUR		0x21U
#define ESR_EC_PC_ALIGN		0x22U
#define ESR_EC_DABT_CUR		0x25U
#define ESR_EC_SP_ALIGN		0x26U
#define ESR_EC_SERROR		0x2fU
#define ESR_EC_BRK		0x3cU
#define ESR_FSC(esr)		((unsigned int)(esr) & 0x3fU)
#define ESR_FSC_EXTERNAL	0x10U	/* synchronous external abort, not on a walk */
#define ESR_FSC_ALIGNMENT	0x21U

struct exception_record {
	unsigned int count;	/* synchronous exceptions and SErrors since the watch began */
	uint64_t esr;		/* of the first */
	uint64_t far;
	uint64_t elr;
};

/*
 * Between begin and end this CPU survives its synchronous exceptions: the
 * faulting instruction is skipped; an instruction abort returns to the link
 * register, as if the unreachable code had been a function that returned.
 * The record lives in the CPU's slot and is valid until the next begin.
 */
void exception_watch_begin(void);
const struct exception_record *exception_watch_end(void);

/*
 * Called with each synchronous exception or SError that nobody watches. The
 * library's own prints everything, declares the cell failed and turns the CPU
 * off; an image may define another.
 */
void exception_default(const struct exception_frame *frame, unsigned int vector);

/* Called by start.S. */
void exception_entry(struct exception_frame *frame, unsigned int vector);

#endif

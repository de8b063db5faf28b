/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way is a function way_NAME (dashes as underlines) named in ways.txt. It
 * returns true if what it saw is what a guest may expect; one that should
 * make the cell fail does not return.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <inmate/exception.h>
#include <inmate/smccc.h>

enum outcome { OUTCOME_CONTINUE, OUTCOME_FAIL, OUTCOME_LOOP };

struct way {
	const char *name;
	enum outcome outcome;
	uint8_t gic;		/* version that it needs, 0: any */
	bool (*run)(uintptr_t arg);
};

#define WAY(function, name, outcome, gic)	bool way_##function(uintptr_t arg);
#include "ways.h"
#undef WAY

/* The regions of configs/cells/fault.c; NAME@ADDRESS puts another in place. */
#define AT_OUTSIDE	0x01800000UL	/* between RAM and the next region */
#define AT_READONLY	0x02000000UL
#define AT_NOEXEC	0x03000000UL
#define AT_WIDTH_32	0x09010000UL	/* PL031: 32-bit reads only */
#define AT_SUBPAGE	0x09010fe0UL	/* its identification registers */
#define AT_SUBPAGE_GAP	0x09010800UL	/* same page, neither of the two */
#define AT_UART		0x0d000000UL	/* virtual PL011 */
#define AT_UART_IRQ	200U
#define ALIEN_SPI	33U		/* the agency's UART on QEMU's virt machine */

static inline uintptr_t arg_or(uintptr_t arg, uintptr_t fallback)
{
	return arg ? arg : fallback;
}

/* True if all are; each is evaluated, so that one run shows all that is wrong. */
#define ALL(...) \
	all_true((const bool[]){ __VA_ARGS__ }, sizeof((const bool[]){ __VA_ARGS__ }))
bool all_true(const bool *results, unsigned long count);

/* Prints what was seen when it is not what was expected; returns ok. */
bool expect(bool ok, const char *what, uint64_t seen);
/* Calls that must answer with this value. */
bool expect_hvc(uint64_t fid, uint64_t a1, int64_t result);
bool expect_smc(uint64_t fid, uint64_t a1, int64_t result);
/* Runs the function with exceptions watched; -> the record. */
const struct exception_record *watched(void (*function)(uintptr_t addr), uintptr_t addr);
/* True if there was no exception, or one that is an external abort (or its like). */
bool none_or_abort(const struct exception_record *record);
/* True if there was exactly one exception and its class is UNKNOWN (undefined). */
bool was_undefined(const struct exception_record *record);
/* Executes one 32-bit instruction (x0 in and out), watched. */
uint64_t run_instruction(uint32_t instruction, uint64_t x0, struct exception_record *record);

#endif

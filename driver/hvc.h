/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Native calls of the hypervisor (include/capsule/call.h). Only valid while
 * enabled: without us at EL2 the hyp stub or KVM would get the call.
 */
#ifndef CAPSULE_HVC_H
#define CAPSULE_HVC_H

#include <linux/types.h>
#include <capsule/call.h>
#include <capsule/ioctl.h>

struct hvc_result {
	s64 x0;
	u64 x1, x2, x3;
};

/**
 * hvc4() - one native call, of up to four arguments
 *
 * Return: x0, which is also in @res with the further results. Any context.
 */
static inline s64 hvc4(u32 function, u64 a1, u64 a2, u64 a3, u64 a4, struct hvc_result *res)
{
	register u64 x0 asm("x0") = function;
	register u64 x1 asm("x1") = a1;
	register u64 x2 asm("x2") = a2;
	register u64 x3 asm("x3") = a3;
	register u64 x4 asm("x4") = a4;

	asm volatile("hvc #0" : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3), "+r" (x4) :
		     : "memory");
	res->x0 = (s64)x0;
	res->x1 = x1;
	res->x2 = x2;
	res->x3 = x3;
	return res->x0;
}

static inline s64 hvc(u32 function, u64 a1, u64 a2, struct hvc_result *res)
{
	return hvc4(function, a1, a2, 0, 0, res);
}

/**
 * hvc_console_input() - up to CAPSULE_CONSOLE_INPUT_MAX bytes for a cell's UART
 * @words: the bytes, first in the lowest of words[0]
 *
 * Return: bytes taken, @room what the cell has room for after that.
 */
static inline s64 hvc_console_input(u32 cell, size_t bytes, const u64 words[4], u64 *room)
{
	register u64 x0 asm("x0") = CAPSULE_CALL_CONSOLE_INPUT;
	register u64 x1 asm("x1") = cell;
	register u64 x2 asm("x2") = bytes;
	register u64 x3 asm("x3") = words[0];
	register u64 x4 asm("x4") = words[1];
	register u64 x5 asm("x5") = words[2];
	register u64 x6 asm("x6") = words[3];

	asm volatile("hvc #0" : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3)
		     : "r" (x4), "r" (x5), "r" (x6) : "memory");
	*room = x1;
	return (s64)x0;
}

/**
 * hvc4_err() - one native call whose refusal the user is told
 *
 * Return: x0; if negative, @err has the reason EL2 gave.
 */
static inline int hvc4_err(u32 function, u64 a1, u64 a2, u64 a3, u64 a4,
			   struct capsule_err *err)
{
	struct hvc_result res;

	if (hvc4(function, a1, a2, a3, a4, &res) < 0) {
		err->reason = (u32)res.x1;
		err->detail[0] = res.x2;
		err->detail[1] = res.x3;
	}
	return (int)res.x0;
}

static inline int hvc_err(u32 function, u64 a1, u64 a2, struct capsule_err *err)
{
	return hvc4_err(function, a1, a2, 0, 0, err);
}

/* One value of CAPSULE_CALL_INFO; 0 if EL2 does not know it. */
static inline u64 hvc_info(enum capsule_info what)
{
	struct hvc_result res;
	s64 value = hvc(CAPSULE_CALL_INFO, what, 0, &res);

	return value < 0 ? 0 : (u64)value;
}

#endif

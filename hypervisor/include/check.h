/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CHECK() is always on. It is for what the hypervisor itself got wrong, never
 * for what a guest or the agency did: a failed check stops the machine with a
 * full report.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

_Noreturn void check_failed(const char *what, const char *file, int line);

/* Set once EL2 has failed: every CPU that comes to EL2 stops. */
extern bool el2_failed;
_Noreturn void el2_stop(void);

#define CHECK(cond) \
	((cond) ? (void)0 : check_failed(#cond, __FILE_NAME__, __LINE__))

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

#ifdef CAPSULE_DEBUG
#define ASSERT(cond) CHECK(cond)
#else
#define ASSERT(cond) ((void)sizeof(cond))
#endif

#endif

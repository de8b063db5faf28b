/* SPDX-License-Identifier: Apache-2.0 */
/* Result of a management call: errno value, reason and its details. */
#ifndef ANSWER_H
#define ANSWER_H

#include <capsule/error.h>
#include <stdint.h>

/* answer[0] is left to the caller, [1] enum capsule_reason, [2], [3] details. */
static inline int refuse(uint64_t answer[4], int rc, uint32_t reason, uint64_t a, uint64_t b)
{
	answer[1] = reason;
	answer[2] = a;
	answer[3] = b;
	return rc;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Indices that a guest chooses, kept inside their table under speculation, too. */
#ifndef NOSPEC_H
#define NOSPEC_H

#include <stdint.h>

/*
 * index if it is below size, else 0, without a branch that could be
 * predicted: the carry of the comparison makes the mask, CSDB ends the
 * speculation on it (Arm ARM, CSDB). The caller has checked the index already.
 */
static inline uint64_t index_nospec(uint64_t index, uint64_t size)
{
#ifdef __aarch64__
	uint64_t mask;

	__asm__ volatile("cmp %1, %2\n\tsbc %0, xzr, xzr\n\thint #20"
			 : "=r"(mask) : "r"(index), "r"(size) : "cc");
	return index & mask;
#else
	return index < size ? index : 0;
#endif
}

#endif

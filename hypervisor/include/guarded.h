/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses on behalf of a guest: false if they fault at EL2, with nothing
 * else changed. Own CPU.
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdbool.h>
#include <stdint.h>

/* One access of size 1, 2, 4 or 8 bytes, aligned. */
bool guarded_read(const volatile void *p, unsigned size, uint64_t *value);
bool guarded_write(volatile void *p, unsigned size, uint64_t value);
/* Stage 1 of the guest for a read at EL1 or EL0; the result is in PAR_EL1. */
bool guarded_at_el1(uint64_t va);
bool guarded_at_el0(uint64_t va);

/*
 * Where a guest virtual address lies in its physical address space, by its
 * stage 1 for a read at the level it runs at; PAR_EL1 of the guest stays.
 */
bool guest_va_to_ipa(uint64_t va, uint64_t *ipa);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses are types, so that a physical, an intermediate physical (guest
 * physical) and a virtual address cannot be mixed by mistake.
 */
#ifndef ADDR_H
#define ADDR_H

#include <stdint.h>

typedef struct { uint64_t pa; } pa_t;
typedef struct { uint64_t ipa; } ipa_t;
typedef struct { uint64_t va; } va_t;

static inline pa_t pa_init(uint64_t a) { return (pa_t){ .pa = a }; }
static inline ipa_t ipa_init(uint64_t a) { return (ipa_t){ .ipa = a }; }
static inline va_t va_init(uint64_t a) { return (va_t){ .va = a }; }

static inline uint64_t pa_addr(pa_t p) { return p.pa; }
static inline uint64_t ipa_addr(ipa_t i) { return i.ipa; }
static inline uint64_t va_addr(va_t v) { return v.va; }

static inline pa_t pa_add(pa_t p, uint64_t n) { return pa_init(p.pa + n); }
static inline ipa_t ipa_add(ipa_t i, uint64_t n) { return ipa_init(i.ipa + n); }

#endif

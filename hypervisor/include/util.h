/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers that every file may use. */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capsule/types.h>

#define PAGE_SIZE	CAPSULE_PAGE_SIZE
#define PAGE_SHIFT	12
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define BIT(n)		(UINT64_C(1) << (n))
#define GENMASK(h, l)	((~UINT64_C(0) >> (63 - (h))) & (~UINT64_C(0) << (l)))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, a)	(((x) + ((a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)

/* One plain load of what another CPU may write. */
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))

/* Field of a register: mask is contiguous. */
#define FIELD_GET(mask, v)	(((v) & (mask)) / ((mask) & ~((mask) << 1)))
#define FIELD_PUT(mask, v)	((uint64_t)(v) * ((mask) & ~((mask) << 1)) & (mask))

void *memset(void *dst, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif

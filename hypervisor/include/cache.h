/* SPDX-License-Identifier: Apache-2.0 */
/* Cache maintenance by address (Arm ARM D7.5.9), EL2. */
#ifndef CACHE_H
#define CACHE_H

#include <stddef.h>

/* Cleans to the point of coherency. */
void cache_clean_poc(const void *p, size_t n);
/* Cleans and invalidates to the point of coherency. */
void cache_flush_poc(const void *p, size_t n);
/* Zeroes [p, p + n) and flushes it; p and n multiples of a page. */
void cache_clear_pages(void *p, size_t n);

#endif

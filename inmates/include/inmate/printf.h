/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INMATE_PRINTF_H
#define INMATE_PRINTF_H

#include <stdarg.h>

/*
 * To the console, one caller at a time. Knows %d %i %u %x %X %c %s %p %%,
 * flags '-' and '0', a width (or *), and the lengths hh, h, l, ll, z.
 */
__attribute__((format(printf, 1, 2))) void printf(const char *format, ...);
void vprintf(const char *format, va_list args);

#endif

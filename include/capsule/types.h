/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Fixed-width types for code that is compiled into the Linux driver, into
 * user space and into freestanding images alike.
 */
#ifndef CAPSULE_TYPES_H
#define CAPSULE_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

/* Dimensions of every table that crosses a boundary. */
#define CAPSULE_MAX_CPUS	64
#define CAPSULE_MAX_CELLS	16	/* including the root cell, which is 0 */
#define CAPSULE_NAME_LEN	32	/* with terminating NUL */
#define CAPSULE_PAGE_SIZE	4096UL

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One trapped memory access of a guest. */
#ifndef MMIO_H
#define MMIO_H

#include "vcpu.h"

struct mmio_access {
	uint64_t ipa;		/* bytes */
	uint64_t value;		/* in for a write, out for a read (zero extended) */
	unsigned size;		/* 1, 2, 4 or 8 bytes */
	bool write;
};

enum mmio_result {
	MMIO_DONE = 0,
	MMIO_ABORT = 1,		/* inject an external abort: no such register or width */
	MMIO_NOT_MINE = 2,	/* address belongs to nobody asked so far */
	MMIO_REFUSED = 3,	/* a width or direction that the region does not permit */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* State of a virtual PL011, part of struct cell; uart/vpl011.c alone looks inside. */
#ifndef VPL011_STATE_H
#define VPL011_STATE_H

#include "spinlock.h"

#define VPL011_INPUT	256U	/* bytes kept for the guest; a power of two */

struct vpl011 {
	spinlock_t lock;		/* all below */
	uint32_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, dmacr;
	uint32_t ris;			/* UARTRIS: raw interrupts */
	bool wanted;			/* a sender waits for room */
	bool line;			/* UARTINTR as the interrupt controller knows it */
	uint32_t first, count;		/* of input: the guest's next byte, how many */
	uint8_t input[VPL011_INPUT];
};

#endif

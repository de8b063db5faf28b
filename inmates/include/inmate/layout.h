/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout of an image, for assembly, C and the linker script. INMATE_BASE (IPA
 * of the first byte, multiple of 2 MiB) and INMATE_RAM_SIZE (bytes, multiple
 * of 2 MiB) come from the Makefile.
 */
#ifndef INMATE_LAYOUT_H
#define INMATE_LAYOUT_H

#define INMATE_VECTORS_OFFSET	0x800
/* One page of text that whoever loads the image may fill: see params.h. */
#define INMATE_PARAMS_OFFSET	0x1000
#define INMATE_PARAMS_SIZE	0x1000

#define INMATE_COMM_BASE	0x80000000

#define INMATE_MAX_CPUS		64
#define INMATE_STACK_SHIFT	13
#define INMATE_STACK_SIZE	(1 << INMATE_STACK_SHIFT)

/* MAIR_EL1 indices of the identity map. */
#define INMATE_ATTR_DEVICE	0	/* Device-nGnRE */
#define INMATE_ATTR_NORMAL	1	/* write-back, inner and outer */

#endif

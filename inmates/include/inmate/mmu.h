/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to the identity map of start.S. All RAM and the communication
 * region are Normal, everything else is Device and not executable.
 */
#ifndef INMATE_MMU_H
#define INMATE_MMU_H

#include <stdint.h>

#define MMU_BLOCK	0x200000UL

/* Block descriptors' attributes, Arm ARM D8.3. */
#define MMU_INVALID	0UL
#define MMU_DEVICE	0x0060000000000401UL	/* UXN, PXN, AF */
#define MMU_NORMAL	0x0000000000000705UL	/* AF, inner shareable, write-back, executable */

/*
 * Gives the 2 MiB block that holds addr an attribute, for all CPUs. addr: in
 * the same GiB as the image or the communication region, not in the image.
 */
void mmu_set_block(uintptr_t addr, uint64_t attributes);

#endif

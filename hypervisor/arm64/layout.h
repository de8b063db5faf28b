/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's own address space (48 bits, TTBR0_EL2). All of it lies in the last
 * two 512 GiB entries, so that it never meets the identity mapping of the
 * entry page.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#define HV_BASE		0xff0000000000	/* hypervisor memory, linear */
#define HV_MAX_SIZE	0x40000000	/* 1 GiB */
#define HV_DEVICES	0xff4000000000	/* device registers */
#define HV_DEVICES_END	0xff4040000000
#define HV_WINDOWS	0xff8000000000	/* 2 MiB per CPU */
#define HV_WINDOW_SIZE	0x200000

#define EL2_STACK_SIZE	0x2000		/* per CPU, with the trap frame */

#endif

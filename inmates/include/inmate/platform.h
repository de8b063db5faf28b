/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest runs on: told by the communication region, or the constants
 * of QEMU's virt machine in an image built with BARE=1 (no hypervisor).
 */
#ifndef INMATE_PLATFORM_H
#define INMATE_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

struct platform {
	bool comm;			/* there is a communication region */
	bool vconsole_permitted;
	bool vconsole_active;
	uint8_t gic_version;
	uint16_t console_type;		/* enum capsule_console_type */
	uintptr_t console_base;
	uintptr_t gicd_base;
	uintptr_t gicc_base;		/* GICv2 */
	uintptr_t gicr_base;
};

/* Called by the library before inmate_main(). */
void platform_init(void);
const struct platform *platform_get(void);

/* RAM of the guest as built; symbols of the linker script. */
extern char __ram_start[], __ram_end[], __image_start[], __image_end[], __load_end[];

/* The image's own code; the cell shuts down when it returns. */
void inmate_main(void);
/* An image may define it: runs with the console, before the interrupt controller is touched. */
void inmate_early(void);
/* Called by start.S on the first CPU. */
void inmate_primary(void);

#endif

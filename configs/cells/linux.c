/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For capsulectl cell linux: one CPU, 256 MiB, and a virtual PL011 as console.
 * CPUs, memory and interrupt controller reach the guest by the device tree
 * that capsulectl makes; the communication region of other guests is absent,
 * so a shutdown is not asked for but done.
 */
#include <capsule/config.h>

struct {
	struct capsule_cell_desc cell;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[1];
} CAPSULE_PACKED config = {
	.cell = {
		.signature = CAPSULE_CELL_SIGNATURE,
		.revision = CAPSULE_CONFIG_REVISION,
		.architecture = CAPSULE_ARCH_ARM64,
		.total_size = sizeof(config),
		.name = "linux",
		.flags = CAPSULE_CELL_PASSIVE_COMMREG,
		.cpu_set_size = sizeof(config.cpus),
		.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
		.cpu_reset_address = 0x40000000,
		.console = {
			.address = 0x09000000,
			.size = CAPSULE_PAGE_SIZE,
			.type = CAPSULE_CON_PL011,
			.flags = CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL,
			.irq = 33,
		},
	},

	.cpus = { 1UL << 3 },

	.mem_regions = {
		/* RAM */ {
			.virt_start = 0x40000000,
			.size = 256UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
	},
};

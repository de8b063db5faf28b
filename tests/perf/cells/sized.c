/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CPU, 16 MiB for the guest's image and a second region whose size the
 * measurement chooses.
 */
#include <capsule/config.h>

struct {
	struct capsule_cell_desc cell;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[3];
} CAPSULE_PACKED config = {
	.cell = {
		.signature = CAPSULE_CELL_SIGNATURE,
		.revision = CAPSULE_CONFIG_REVISION,
		.architecture = CAPSULE_ARCH_ARM64,
		.total_size = sizeof(config),
		.name = "sized",
		.flags = CAPSULE_CELL_JAILHOUSE_ABI |
			CAPSULE_CELL_CONSOLE_PERMITTED | CAPSULE_CELL_CONSOLE_ACTIVE,
		.cpu_set_size = sizeof(config.cpus),
		.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
		.msg_reply_timeout = 1000,
		.cpu_reset_address = 0,
	},

	.cpus = { 1UL << 1 },

	.mem_regions = {
		/* RAM */ {
			.virt_start = 0x00000000,
			.size = 16UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* bulk */ {
			.virt_start = 0x40000000,
			.size = 48UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* communication region */ {
			.virt_start = 0x80000000,
			.size = CAPSULE_PAGE_SIZE,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_COMM_REGION,
		},
	},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For U-Boot as it is built for QEMU's virt machine (qemu_arm64): its memory
 * map with the flash as RAM, and a virtual PL011. Its first instruction is
 * loaded to 0 and its device tree to the start of RAM.
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
		.name = "u-boot",
		.flags = CAPSULE_CELL_PASSIVE_COMMREG,
		.cpu_set_size = sizeof(config.cpus),
		.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
		.cpu_reset_address = 0,
		.console = {
			.address = 0x09000000,
			.size = CAPSULE_PAGE_SIZE,
			.type = CAPSULE_CON_PL011,
			.flags = CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL,
			.irq = 33,
		},
	},

	.cpus = { 1UL << 1 },

	.mem_regions = {
		/* first flash: code, which moves itself to the end of RAM */ {
			.virt_start = 0x00000000,
			.size = 2UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* second flash: the saved environment, of which there is none */ {
			.virt_start = 0x04000000,
			.size = 256UL << 10,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_PHYS_ANY,
		},
		/* RAM */ {
			.virt_start = 0x40000000,
			.size = 128UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
	},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For guests that know a UART but no hypervisor: CPU 1, 16 MiB, and a virtual
 * PL011 where QEMU's virt machine has a real one. Its interrupt has the number
 * of the real one, too, which stays with the agency.
 */
#include <capsule/config.h>

struct {
	struct capsule_cell_desc cell;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[2];
} CAPSULE_PACKED config = {
	.cell = {
		.signature = CAPSULE_CELL_SIGNATURE,
		.revision = CAPSULE_CONFIG_REVISION,
		.architecture = CAPSULE_ARCH_ARM64,
		.total_size = sizeof(config),
		.name = "inmate-uart",
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
		/* RAM */ {
			.virt_start = 0x00000000,
			.size = 16UL << 20,
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

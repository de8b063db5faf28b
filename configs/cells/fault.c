/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For inmates/fault, the guest that fails on purpose. Besides the memory of
 * the other cells it has one region of each kind whose rules a guest can
 * break: not writable, not executable, smaller than a page, and restricted to
 * one access width.
 */
#include <capsule/config.h>

struct {
	struct capsule_cell_desc cell;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[6];
	struct capsule_irqchip irqchips[1];
	uint32_t smc_ids[1];
} CAPSULE_PACKED config = {
	.cell = {
		.signature = CAPSULE_CELL_SIGNATURE,
		.revision = CAPSULE_CONFIG_REVISION,
		.architecture = CAPSULE_ARCH_ARM64,
		.total_size = sizeof(config),
		.name = "fault",
		.flags = CAPSULE_CELL_JAILHOUSE_ABI |
			CAPSULE_CELL_CONSOLE_PERMITTED | CAPSULE_CELL_CONSOLE_ACTIVE,
		.cpu_set_size = sizeof(config.cpus),
		.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
		.num_irqchips = CAPSULE_ARRAY_SIZE(config.irqchips),
		.num_smc_ids = CAPSULE_ARRAY_SIZE(config.smc_ids),
		.msg_reply_timeout = 1000,
		.cpu_reset_address = 0,
		/* Its console is the calls' all the same: CONSOLE_ACTIVE. */
		.console = {
			.address = 0x0d000000,
			.size = CAPSULE_PAGE_SIZE,
			.type = CAPSULE_CON_PL011,
			.flags = CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL,
			.irq = 200,
		},
	},

	.cpus = { 1UL << 3 },

	.mem_regions = {
		/* RAM */ {
			.virt_start = 0x00000000,
			.size = 16UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* read-only: the loader fills it, the guest cannot */ {
			.virt_start = 0x02000000,
			.size = 64UL << 10,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* data: not executable */ {
			.virt_start = 0x03000000,
			.size = 64UL << 10,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_LOADABLE | CAPSULE_MEM_PHYS_ANY,
		},
		/* PL031 data, match and load registers, shared with the agency: 32 bits only */ {
			.phys_start = 0x09010000,
			.virt_start = 0x09010000,
			.size = 0x10,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_IO |
				CAPSULE_MEM_IO_32 | CAPSULE_MEM_ROOTSHARED,
		},
		/* PL031 identification registers: any width, but smaller than a page */ {
			.phys_start = 0x09010fe0,
			.virt_start = 0x09010fe0,
			.size = 0x20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_IO |
				CAPSULE_MEM_ROOTSHARED,
		},
		/* communication region */ {
			.virt_start = 0x80000000,
			.size = CAPSULE_PAGE_SIZE,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_COMM_REGION,
		},
	},

	.irqchips = {
		/* SPI 223, wired to nothing: the guest sets it pending itself */ {
			.address = 0x08000000,
			.pin_base = 224,
			.pin_bitmap = { 1U << 31 },
		},
	},

	.smc_ids = {
		0x84000050,	/* TRNG_VERSION (Arm DEN 0098): passed to firmware */
	},
};

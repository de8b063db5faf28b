/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For inmates/bench, which counts what each entry into the hypervisor costs:
 * two CPUs, 16 MiB, an SPI that nothing but the guest raises, and a part of a
 * device's page. Parameters of the guest: spi=255 subpage=0x09010fe0
 */
#include <capsule/config.h>

struct {
	struct capsule_cell_desc cell;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[3];
	struct capsule_irqchip irqchips[1];
} CAPSULE_PACKED config = {
	.cell = {
		.signature = CAPSULE_CELL_SIGNATURE,
		.revision = CAPSULE_CONFIG_REVISION,
		.architecture = CAPSULE_ARCH_ARM64,
		.total_size = sizeof(config),
		.name = "bench",
		.flags = CAPSULE_CELL_JAILHOUSE_ABI |
			CAPSULE_CELL_CONSOLE_PERMITTED | CAPSULE_CELL_CONSOLE_ACTIVE,
		.cpu_set_size = sizeof(config.cpus),
		.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
		.num_irqchips = CAPSULE_ARRAY_SIZE(config.irqchips),
		.msg_reply_timeout = 1000,
		.cpu_reset_address = 0,
	},

	.cpus = { 1UL << 2 | 1UL << 3 },

	.mem_regions = {
		/* RAM */ {
			.virt_start = 0x00000000,
			.size = 16UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* PL031 identification registers, which the agency has, too */ {
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
		/* SPI 223 (INTID 255), wired to nothing: the guest sets it pending itself */ {
			.address = 0x08000000,
			.pin_base = 224,
			.pin_bitmap = { 1U << 31 },
		},
	},
};

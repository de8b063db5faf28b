/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cell of configs/cells/bench.c with more of everything: no count of an
 * operation may depend on it. For a machine with eight CPUs.
 */
#include <capsule/config.h>

#define MORE(n) {								\
	.virt_start = 0x10000000 + ((n) << 20),					\
	.size = 64UL << 10,							\
	.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_PHYS_ANY,	\
}

struct {
	struct capsule_cell_desc cell;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[19];
	struct capsule_irqchip irqchips[2];
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

	.cpus = { 1UL << 4 | 1UL << 5 | 1UL << 6 | 1UL << 7 },

	.mem_regions = {
		/* RAM */ {
			.virt_start = 0x00000000,
			.size = 16UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_PHYS_ANY,
		},
		/* more memory */
		MORE(0),
		MORE(1),
		MORE(2),
		MORE(3),
		MORE(4),
		MORE(5),
		MORE(6),
		MORE(7),
		MORE(8),
		MORE(9),
		MORE(10),
		MORE(11),
		MORE(12),
		MORE(13),
		MORE(14),
		MORE(15),
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
		/* SPIs 128..159, nothing is there */ {
			.address = 0x08000000,
			.pin_base = 160,
			.pin_bitmap = { 0xffffffff },
		},
		/* SPI 223 (INTID 255), wired to nothing: the guest sets it pending itself */ {
			.address = 0x08000000,
			.pin_base = 224,
			.pin_bitmap = { 1U << 31 },
		},
	},
};

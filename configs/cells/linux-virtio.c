/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For capsulectl cell linux: one CPU, 256 MiB, a virtual PL011, and two devices
 * of QEMU's virt machine that the agency gives up (--unbind): a disk and a
 * network card on virtio-mmio, in this order the second and third on QEMU's
 * command line, which fills the transports from the last one down:
 *   -global virtio-mmio.force-legacy=false ... -device virtio-serial-device
 *   -device virtio-blk-device,drive=... -device virtio-net-device,netdev=...
 *
 * Eight transports share a page. Accesses trap and are forwarded, and the
 * others of the page stay with whom they are. The devices transfer by
 * themselves, so RAM is mapped one to one.
 */
#include <capsule/config.h>

#define DISK		0x0a003c00UL
#define DISK_INTID	78
#define NET		0x0a003a00UL
#define NET_INTID	77
#define TRANSPORT_SIZE	0x200UL
#define GICD		0x08000000UL

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
		.name = "linux-virtio",
		.flags = CAPSULE_CELL_PASSIVE_COMMREG,
		.cpu_set_size = sizeof(config.cpus),
		.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
		.num_irqchips = CAPSULE_ARRAY_SIZE(config.irqchips),
		.console = {
			.address = 0x09000000,
			.size = CAPSULE_PAGE_SIZE,
			.type = CAPSULE_CON_PL011,
			.flags = CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL,
			.irq = 33,
		},
	},

	.cpus = { 1UL << 2 },

	.mem_regions = {
		/* RAM; cpu_reset_address 0 is its start, wherever that will be */ {
			.size = 256UL << 20,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_LOADABLE |
				CAPSULE_MEM_DMA | CAPSULE_MEM_PHYS_ANY |
				CAPSULE_MEM_VIRT_IS_PHYS,
		},
		/* disk */ {
			.phys_start = DISK,
			.virt_start = DISK,
			.size = TRANSPORT_SIZE,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_IO | CAPSULE_MEM_DMA,
		},
		/* network card */ {
			.phys_start = NET,
			.virt_start = NET,
			.size = TRANSPORT_SIZE,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_IO | CAPSULE_MEM_DMA,
		},
	},

	.irqchips = {
		{
			.address = GICD,
			.pin_base = 64,
			.pin_bitmap = { 1U << (DISK_INTID - 64) | 1U << (NET_INTID - 64) },
		},
	},
};

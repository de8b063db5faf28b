/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's "virt" machine with a GICv2, up to 8 CPUs and any amount of memory
 * below 255 GiB:
 *   qemu-system-aarch64 -M virt,virtualization=on,gic-version=2
 *
 * The agency owns everything that is listed here until a cell is given a part
 * of it. Nothing needs to be reserved when the machine boots: the driver takes
 * the hypervisor's memory from the running system.
 */
#include <capsule/config.h>

struct {
	struct capsule_system system;
	uint64_t cpus[1];
	struct capsule_memory mem_regions[6];
	struct capsule_irqchip irqchips[2];
} CAPSULE_PACKED config = {
	.system = {
		.signature = CAPSULE_SYSTEM_SIGNATURE,
		.revision = CAPSULE_CONFIG_REVISION,
		.architecture = CAPSULE_ARCH_ARM64,
		.total_size = sizeof(config),
		.hypervisor_memory = {
			.size = 16UL << 20,
			.flags = CAPSULE_MEM_PHYS_ANY,
		},
		.platform_info = {
			.gic_version = 2,
			.maintenance_irq = 25,
			.notify_irq = 254,	/* SPI 222: wired to nothing */
			.gicd_base = 0x08000000,
			.gicc_base = 0x08010000,
			.gich_base = 0x08030000,
			.gicv_base = 0x08040000,
			.pci_mmconfig_base = 0x4010000000,
			.pci_mmconfig_end_bus = 255,
		},
		.root_cell = {
			.signature = CAPSULE_CELL_SIGNATURE,
			.revision = CAPSULE_CONFIG_REVISION,
			.architecture = CAPSULE_ARCH_ARM64,
			.total_size = sizeof(config) -
				__builtin_offsetof(struct capsule_system, root_cell),
			.name = "qemu-virt-gicv2",
			.flags = CAPSULE_ROOT_ALL_CPUS,
			.cpu_set_size = sizeof(config.cpus),
			.num_memory_regions = CAPSULE_ARRAY_SIZE(config.mem_regions),
			.num_irqchips = CAPSULE_ARRAY_SIZE(config.irqchips),
		},
	},

	.cpus = { 0 },	/* CAPSULE_ROOT_ALL_CPUS */

	.mem_regions = {
		/* flash */ {
			.phys_start = 0x00000000,
			.virt_start = 0x00000000,
			.size = 0x08000000,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_IO,
		},
		/* GICv2m: message-signalled interrupts of the agency's PCI devices */ {
			.phys_start = 0x08020000,
			.virt_start = 0x08020000,
			.size = 0x00001000,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_IO,
		},
		/* UART, RTC, fw_cfg, GPIO, virtio-mmio, platform bus, PCI windows */ {
			.phys_start = 0x09000000,
			.virt_start = 0x09000000,
			.size = 0x37000000,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_IO,
		},
		/* RAM: where -m ends is for the driver to find out */ {
			.phys_start = 0x40000000,
			.virt_start = 0x40000000,
			.size = 0x3fc0000000,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
				CAPSULE_MEM_EXECUTE | CAPSULE_MEM_DMA,
		},
		/* PCI ECAM */ {
			.phys_start = 0x4010000000,
			.virt_start = 0x4010000000,
			.size = 0x10000000,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_IO,
		},
		/* 64-bit PCI window */ {
			.phys_start = 0x8000000000,
			.virt_start = 0x8000000000,
			.size = 0x8000000000,
			.flags = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_IO,
		},
	},

	.irqchips = {
		/* SPIs 0..127 */ {
			.address = 0x08000000,
			.pin_base = 32,
			.pin_bitmap = { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
		},
		/* SPIs 128..223: the last that the machine has */ {
			.address = 0x08000000,
			.pin_base = 160,
			.pin_bitmap = { 0xffffffff, 0xffffffff, 0xffffffff, 0 },
		},
	},
};

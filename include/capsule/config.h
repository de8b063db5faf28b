/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Configuration format.
 *
 * A configuration is a C file that defines one packed object and is compiled
 * to its bytes: a *system* file describes the machine and the root cell (the
 * agency), every other file one cell. Field names stay close to Jailhouse's.
 *
 * Layout of a cell: struct capsule_cell_desc, then, each table directly after
 * the one before: cpus (cpu_set_size bytes), memory regions, irqchips, SMC ids.
 * A system is struct capsule_system, which ends with the root cell's
 * descriptor, followed by the root cell's tables.
 *
 * All fields are little-endian. total_size covers the whole file. Reserved
 * fields and unknown flag bits must be zero: a reader refuses anything else,
 * so that they can get a meaning later.
 */
#ifndef CAPSULE_CONFIG_H
#define CAPSULE_CONFIG_H

#include "types.h"

#define CAPSULE_CONFIG_REVISION		1
#define CAPSULE_ARCH_ARM64		2

#define CAPSULE_CELL_SIGNATURE		"CAPCELL"	/* with its NUL: 8 bytes */
#define CAPSULE_SYSTEM_SIGNATURE	"CAPSYST"

/* struct capsule_memory.flags */
#define CAPSULE_MEM_READ		0x0001UL
#define CAPSULE_MEM_WRITE		0x0002UL
#define CAPSULE_MEM_EXECUTE		0x0004UL
#define CAPSULE_MEM_DMA			0x0008UL	/* RAM: for devices; IO: a device that transfers by itself */
#define CAPSULE_MEM_IO			0x0010UL	/* device memory (nGnRE) */
#define CAPSULE_MEM_COMM_REGION		0x0020UL	/* one page, made by EL2; phys_start 0 */
#define CAPSULE_MEM_LOADABLE		0x0040UL	/* the agency may fill it before start */
#define CAPSULE_MEM_ROOTSHARED		0x0080UL	/* stays mapped in the agency */
#define CAPSULE_MEM_NO_HUGEPAGES	0x0100UL
#define CAPSULE_MEM_PHYS_ANY		0x0200UL	/* phys_start chosen when created */
/*
 * Only with PHYS_ANY: virt_start becomes phys_start when the cell is created,
 * which devices that transfer by themselves need where no SMMU translates. A
 * cpu_reset_address in the region as it stands in the file moves along.
 */
#define CAPSULE_MEM_VIRT_IS_PHYS	0x0400UL
/*
 * Permitted access widths. Without any of them all widths are permitted and
 * a page-aligned region is mapped; with some, every access traps and is
 * forwarded if permitted. Regions smaller than a page always trap.
 */
#define CAPSULE_MEM_IO_8		0x00010000UL
#define CAPSULE_MEM_IO_16		0x00020000UL
#define CAPSULE_MEM_IO_32		0x00040000UL
#define CAPSULE_MEM_IO_64		0x00080000UL
#define CAPSULE_MEM_IO_WIDTH_SHIFT	16
#define CAPSULE_MEM_IO_WIDTH_MASK	0x000f0000UL
#define CAPSULE_MEM_VALID_FLAGS		0x000f07ffUL

struct capsule_memory {
	uint64_t phys_start;	/* physical address, bytes */
	uint64_t virt_start;	/* guest physical address (IPA), bytes */
	uint64_t size;		/* bytes */
	uint64_t flags;		/* CAPSULE_MEM_* */
};

/*
 * Interrupts of a cell: bit n of pin_bitmap[w] is INTID pin_base + 32 * w + n.
 * Only SPIs (INTID 32..1019). In a root cell the bitmap is what the machine
 * has; cells may only name what stands there.
 */
struct capsule_irqchip {
	uint64_t address;	/* GICD base, must equal the platform's */
	uint32_t id;		/* 0 */
	uint32_t pin_base;	/* multiple of 32, at least 32 */
	uint32_t pin_bitmap[4];
};

enum capsule_console_type {
	CAPSULE_CON_NONE = 0,
	CAPSULE_CON_8250 = 2,	/* numbers as in the communication region */
	CAPSULE_CON_PL011 = 3,
};

#define CAPSULE_CON_MMIO		0x0001	/* the only access there is on arm64 */
#define CAPSULE_CON_REGDIST_4		0x0002	/* registers 4 bytes apart */
/*
 * A PL011 that the hypervisor emulates at the IPA address (page aligned,
 * size 0x1000), joined to the cell's console. Cells other than the root only.
 */
#define CAPSULE_CON_VIRTUAL		0x0004
#define CAPSULE_CON_VALID_FLAGS		0x0007

struct capsule_console {
	uint64_t address;	/* physical address (CON_VIRTUAL: IPA), bytes */
	uint32_t size;		/* bytes */
	uint16_t type;		/* enum capsule_console_type */
	uint16_t flags;		/* CAPSULE_CON_* */
	uint32_t divider;	/* 8250: baud rate divider, 0 leaves it as it is */
	uint32_t irq;		/* CON_VIRTUAL: INTID of an SPI that no irqchip of the cell names; else 0 */
};

/* struct capsule_cell_desc.flags */
#define CAPSULE_CELL_PASSIVE_COMMREG	0x00000001U	/* no shutdown handshake */
#define CAPSULE_CELL_DUMPABLE		0x00000010U	/* memory of a failed cell may be dumped */
#define CAPSULE_CELL_JAILHOUSE_ABI	0x00000020U	/* hvc #0x4a48 is answered */
#define CAPSULE_CELL_CONSOLE_PERMITTED	0x40000000U	/* may write to its console */
#define CAPSULE_CELL_CONSOLE_ACTIVE	0x80000000U	/* told to write there by default */
#define CAPSULE_CELL_VALID_FLAGS	0xc0000031U
/* root cell only */
#define CAPSULE_ROOT_ALL_CPUS		0x00000100U	/* every possible CPU; cpus[] is ignored */
#define CAPSULE_ROOT_STRICT_MEMORY	0x00000200U	/* map the listed regions only */
#define CAPSULE_ROOT_VALID_FLAGS	0x00000300U

#define CAPSULE_MSG_TIMEOUT_DEFAULT	1000		/* ms, for msg_reply_timeout = 0 */

struct capsule_cell_desc {
	char signature[8];		/* CAPSULE_CELL_SIGNATURE */
	uint16_t revision;		/* CAPSULE_CONFIG_REVISION */
	uint8_t architecture;		/* CAPSULE_ARCH_ARM64 */
	uint8_t reserved0;
	uint32_t total_size;		/* bytes from this descriptor to the end of the tables */
	char name[CAPSULE_NAME_LEN];	/* [A-Za-z0-9._-]+ */
	uint32_t flags;			/* CAPSULE_CELL_* or CAPSULE_ROOT_* */
	uint32_t cpu_set_size;		/* bytes, multiple of 8 */
	uint32_t num_memory_regions;
	uint32_t num_irqchips;
	uint32_t num_smc_ids;		/* SMCCC function ids passed to firmware */
	uint32_t num_channels;		/* 0 in this revision */
	uint32_t vpci_irq_base;		/* 0 in this revision */
	uint32_t msg_reply_timeout;	/* ms until a silent cell is forced */
	uint64_t cpu_reset_address;	/* IPA of the first instruction */
	struct capsule_console console;	/* told to the cell in its communication region */
	uint64_t reserved1[2];
};

struct capsule_platform {
	uint8_t gic_version;		/* 2 or 3 */
	uint8_t reserved0;
	uint16_t maintenance_irq;	/* PPI INTID, 25 on most machines */
	uint32_t notify_irq;		/* unused SPI by which EL2 wakes the driver */
	uint64_t gicd_base;
	uint64_t gicc_base;		/* GICv2 */
	uint64_t gich_base;		/* GICv2 */
	uint64_t gicv_base;		/* GICv2 */
	uint64_t gicr_base;		/* GICv3: first redistributor frame */
	uint64_t gicr_size;		/* GICv3: bytes covered by redistributor frames */
	uint64_t gits_base;		/* GICv3: ITS control frame, 0 if none */
	uint64_t pci_mmconfig_base;
	uint8_t pci_mmconfig_end_bus;
	uint8_t pci_is_virtual;
	uint16_t pci_domain;
	uint32_t reserved1;
	uint64_t reserved2[4];
};

/* hypervisor_memory: virt_start 0; flags 0 or CAPSULE_MEM_PHYS_ANY */
struct capsule_system {
	char signature[8];		/* CAPSULE_SYSTEM_SIGNATURE */
	uint16_t revision;		/* CAPSULE_CONFIG_REVISION */
	uint8_t architecture;		/* CAPSULE_ARCH_ARM64 */
	uint8_t reserved0;
	uint32_t total_size;		/* bytes of the whole file */
	uint32_t flags;			/* 0 in this revision */
	uint32_t reserved1;
	struct capsule_memory hypervisor_memory;
	struct capsule_console debug_console;	/* optional physical UART of EL2 */
	struct capsule_platform platform_info;
	struct capsule_cell_desc root_cell;
};

/* Largest configuration anybody reads, bytes. */
#define CAPSULE_CONFIG_MAX_SIZE		(64U * 1024U)
#define CAPSULE_MAX_REGIONS		256U
#define CAPSULE_MAX_IRQCHIPS		16U
#define CAPSULE_MAX_SMC_IDS		64U

/* For configuration sources. */
#define CAPSULE_ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define CAPSULE_PACKED			__attribute__((packed))

#endif

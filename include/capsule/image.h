/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The EL2 image as the driver sees it, and how EL2 is entered.
 *
 * Hypervisor memory, from its 2 MiB aligned start:
 *   image        header.image_size bytes (text, data, bss), from the file; bss zero
 *   boot info    one page, struct capsule_boot_info
 *   root config  boot_info.config_size bytes, page aligned
 *   the rest     carved up by EL2 (CPU blocks, status area, page pool)
 * The driver zeroes everything first, fills image, boot info and config, and
 * cleans all of it to the point of coherency.
 *
 * Entry (HVC_SOFT_RESTART of the hyp stub, EL2 MMU off, one CPU after the
 * other inside stop_machine; the first must have returned 0 before the next
 * enters): x0 = physical start of hypervisor memory, x1 = virtual address at
 * EL1 to resume, x2 = CPU number. It resumes at EL1h with DAIF masked and
 *   x0 = 0 and EL2 is taken, or a negative errno and EL2 is as it was,
 *   x1 = enum capsule_reason, x2, x3 = its details.
 * x19-x30, SP and all EL1 registers are preserved, other registers are not.
 */
#ifndef CAPSULE_IMAGE_H
#define CAPSULE_IMAGE_H

#include "types.h"

#define CAPSULE_IMAGE_MAGIC	"CAPSULE"	/* with its NUL: 8 bytes */
#define CAPSULE_BOOT_MAGIC	0x544f4f4243504c53ULL
#define CAPSULE_FIRMWARE_NAME	"capsule/capsule.bin"
#define CAPSULE_HV_ALIGN	(2UL << 20)
#define CAPSULE_LPI_LIST_LEN	384

struct capsule_image_header {
	char magic[8];
	uint32_t abi_version;	/* CAPSULE_ABI_VERSION */
	uint32_t header_size;
	uint64_t file_size;	/* bytes in the file */
	uint64_t image_size;	/* bytes in memory, page multiple, bss included */
	uint64_t entry_offset;	/* bytes from the image's start */
	uint64_t cpu_size;	/* bytes EL2 needs per CPU */
	uint64_t fixed_size;	/* bytes EL2 needs besides image, CPUs and config, without pool */
	char build[32];		/* version string */
};

struct capsule_boot_info {
	uint64_t magic;		/* CAPSULE_BOOT_MAGIC */
	uint32_t abi_version;
	uint32_t num_cpus;	/* possible CPUs, numbered as the agency does */
	uint64_t hv_phys;
	uint64_t hv_size;	/* bytes, multiple of 2 MiB */
	uint64_t config_offset;	/* bytes from hv_phys */
	uint64_t config_size;
	uint64_t online;	/* bit n: CPU n will enter now */
	uint64_t mpidr[CAPSULE_MAX_CPUS];	/* MPIDR_EL1 affinity fields */
	uint32_t lpi_count[CAPSULE_MAX_CPUS];	/* out, at disable */
	uint32_t lpi_list[CAPSULE_LPI_LIST_LEN];	/* out: INTIDs to raise again */
	uint32_t lpi_total;	/* out: valid entries of lpi_list */
	uint32_t reserved;
};

#endif

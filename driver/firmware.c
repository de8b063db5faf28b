// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 image: finding it, judging it, putting it into hypervisor memory. */
#include <linux/cpumask.h>
#include <linux/firmware.h>
#include <linux/mm.h>

#include <capsule/call.h>

#include "driver.h"

static bool header_sane(const struct capsule_image_header *h, size_t size)
{
	return h->header_size >= sizeof(*h) && h->header_size <= size && h->file_size == size &&
	       h->image_size >= h->file_size && !(h->image_size & ~PAGE_MASK) &&
	       h->image_size < SZ_1G && h->entry_offset < h->file_size &&
	       !(h->entry_offset & 3) && h->cpu_size < SZ_1G && h->fixed_size < SZ_1G;
}

static int check_header(const struct firmware *fw, struct capsule_err *err)
{
	const struct capsule_image_header *h = (const void *)fw->data;

	if (fw->size < sizeof(*h) || memcmp(h->magic, CAPSULE_IMAGE_MAGIC, sizeof(h->magic)))
		return refuse(err, -EINVAL, CAPSULE_REASON_FIRMWARE_BAD, 0, 0);
	if (h->abi_version != CAPSULE_ABI_VERSION)
		return refuse(err, -EINVAL, CAPSULE_REASON_FIRMWARE_VERSION, h->abi_version,
			      CAPSULE_ABI_VERSION);
	if (!header_sane(h, fw->size))
		return refuse(err, -EINVAL, CAPSULE_REASON_FIRMWARE_BAD, fw->size, h->file_size);
	return 0;
}

/**
 * firmware_load() - get the EL2 image from the firmware search path
 * @fw: where to put it; release_firmware() is the caller's
 */
int firmware_load(const struct firmware **fw, struct capsule_err *err)
{
	int rc = firmware_request_nowarn(fw, CAPSULE_FIRMWARE_NAME, capsule.misc.this_device);

	if (rc)
		return refuse(err, -ENOENT, CAPSULE_REASON_FIRMWARE_MISSING, (u64)-rc, 0);
	rc = check_header(*fw, err);
	if (rc) {
		release_firmware(*fw);
		*fw = NULL;
	}
	return rc;
}

/* Bytes from the start of hypervisor memory to the configuration. */
static u64 config_offset(const struct capsule_image_header *h)
{
	return h->image_size + CAPSULE_PAGE_SIZE;
}

/**
 * firmware_check_room() - is the configured hypervisor memory large enough?
 *
 * Page pool not counted: EL2 refuses what needs more than it has.
 */
int firmware_check_room(const struct firmware *fw, const struct capsule_system *sys,
			size_t config_size, struct capsule_err *err)
{
	const struct capsule_image_header *h = (const void *)fw->data;
	u64 need = config_offset(h) + PAGE_ALIGN(config_size) +
		   h->cpu_size * num_possible_cpus() + h->fixed_size;

	if (need < sys->hypervisor_memory.size)
		return 0;
	return refuse(err, -EINVAL, CAPSULE_REASON_NO_POOL, 0, need);
}

static int fill_boot_info(struct capsule_boot_info *info, const struct capsule_image_header *h,
			  const struct mem_block *hv, size_t config_size, struct capsule_err *err)
{
	unsigned int cpu;

	info->magic = CAPSULE_BOOT_MAGIC;
	info->abi_version = CAPSULE_ABI_VERSION;
	info->num_cpus = num_possible_cpus();
	info->hv_phys = hv->start;
	info->hv_size = hv->size;
	info->config_offset = config_offset(h);
	info->config_size = config_size;
	for_each_possible_cpu(cpu)
		if (platform_mpidr(cpu, &info->mpidr[cpu]))
			return refuse(err, -EINVAL, CAPSULE_REASON_CPU_COUNT, cpu,
				      num_possible_cpus());
	return 0;
}

/**
 * firmware_place() - lay out hypervisor memory as image.h describes
 *
 * Clears it, fills in image, boot information (but for the CPUs that will
 * enter) and configuration, and cleans all of it to the point of coherency,
 * because EL2 starts with its MMU off.
 */
int firmware_place(const struct firmware *fw, struct mem_block *hv,
		   const struct capsule_system *sys, size_t config_size, struct capsule_err *err)
{
	const struct capsule_image_header *h = (const void *)fw->data;
	u8 *base = mem_map_block(hv, 0, hv->size);
	int rc;

	if (!base)
		return -ENOMEM;
	memset(base, 0, hv->size);
	memcpy(base, fw->data, fw->size);
	memcpy(base + config_offset(h), sys, config_size);
	rc = fill_boot_info((void *)(base + h->image_size), h, hv, config_size, err);
	clean_to_poc(base, hv->size);
	mem_unmap_block(hv, base);
	return rc;
}

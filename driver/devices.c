// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices of a cell. What the cell has for itself is claimed in the
 * agency's resource tree (/proc/iomem) while the cell exists: that fails for
 * a device some driver of the agency works with, and keeps every driver from
 * taking it up meanwhile.
 */
#include <linux/bitops.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "cell.h"

struct claim {
	struct list_head list;
	u64 start, size;		/* physical address and bytes */
	char name[CAPSULE_NAME_LEN + 16];
};

/* The interrupt controller is claimed, too, but no driver can be unbound from it. */
static bool is_gic(u64 at)
{
	const struct capsule_platform *p = &capsule.config->platform_info;

	if (p->gic_version == 3)
		return at - p->gicd_base < SZ_64K || at - p->gicr_base < p->gicr_size;
	return at - p->gicd_base < SZ_4K || at - p->gicc_base < SZ_8K ||
	       at - p->gich_base < SZ_8K || at - p->gicv_base < SZ_8K;
}

/* The largest naturally aligned range that begins at @at and ends by @end. */
static u64 aligned_size(u64 at, u64 end)
{
	u64 size = rounddown_pow_of_two(end - at);

	return at ? min(size, at & -at) : size;
}

/*
 * Claim what begins at @at: all up to @end, or as much as lies in one entry
 * of the tree, since several devices may share a page.
 *
 * Return: bytes that were claimed; 0 if not even one could be.
 */
static u64 claim_some(struct claim *claim, u64 at, u64 end)
{
	u64 size;

	for (size = aligned_size(at, end); size; size /= 2)
		if (request_mem_region(at, size, claim->name))
			break;
	claim->start = at;
	claim->size = size;
	return size;
}

static int claim_region(struct capsule_cell *cell, const struct capsule_memory *m, u32 index,
			struct capsule_err *err)
{
	u64 at = m->phys_start, end = at + m->size;
	struct claim *claim;

	for (; at < end; at += claim->size) {
		claim = kzalloc(sizeof(*claim), GFP_KERNEL);
		if (!claim)
			return -ENOMEM;
		snprintf(claim->name, sizeof(claim->name), "capsule: %s", cell_name(cell));
		if (!claim_some(claim, at, end)) {
			kfree(claim);
			return refuse(err, -EBUSY, is_gic(at) ? CAPSULE_REASON_MEM_HYPERVISOR :
				      CAPSULE_REASON_DEVICE_BUSY, index, at);
		}
		list_add(&claim->list, &cell->devices);
	}
	return 0;
}

/**
 * devices_take() - claim the devices that a cell does not share
 * @unbind: unbind drivers of the agency that use them; without it they are a
 *	reason to refuse
 *
 * Either all of them are claimed or none.
 */
int devices_take(struct capsule_cell *cell, bool unbind, struct capsule_err *err)
{
	const struct capsule_memory *m = config_regions(cell->config);
	int rc = drivers_unbind(cell, unbind, err);
	u32 i;

	for (i = 0; !rc && i < cell->config->num_memory_regions; i++)
		if ((m[i].flags & CAPSULE_MEM_IO) && !(m[i].flags & CAPSULE_MEM_ROOTSHARED))
			rc = claim_region(cell, &m[i], i, err);
	if (rc)
		devices_release(cell);
	return rc;
}

/**
 * devices_release() - the agency's drivers may have them again
 *
 * Context: EL2 has given them back.
 */
void devices_release(struct capsule_cell *cell)
{
	struct claim *claim, *next;

	list_for_each_entry_safe(claim, next, &cell->devices, list) {
		release_mem_region(claim->start, claim->size);
		list_del(&claim->list);
		kfree(claim);
	}
	drivers_bind(cell);
}

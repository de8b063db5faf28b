// SPDX-License-Identifier: GPL-2.0-only
/* Filling a cell's memory, straight from the user's. */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "cell.h"

#define CHUNK	SZ_1M	/* between two looks for a signal */

static int copy_chunk(const struct mem_block *block, u64 offset, const void __user *source,
		      size_t size)
{
	void *to = mem_map_block(block, offset, size);
	int rc = 0;

	if (!to)
		return -ENOMEM;
	if (copy_from_user(to, source, size))
		rc = -EFAULT;
	clean_to_poc(to, size);
	mem_unmap_block(block, to);
	return rc;
}

static int copy_all(struct capsule_cell *cell, u32 region, const struct capsule_ioc_load *load,
		    struct capsule_err *err)
{
	u64 base = load->address - config_regions(cell->config)[region].virt_start, done, size;
	const u8 __user *source = u64_to_user_ptr(load->source);
	int rc;

	for (done = 0; done < load->length; done += size) {
		size = min_t(u64, load->length - done, CHUNK);
		if (signal_pending(current))
			return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
		rc = copy_chunk(&cell->blocks[region], base + done, source + done, size);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}

/* The LOADABLE region that holds all of the range. */
static int find_region(struct capsule_cell *cell, const struct capsule_ioc_load *load,
		       struct capsule_err *err)
{
	const struct capsule_memory *m = config_regions(cell->config);
	u32 i;

	for (i = 0; i < cell->config->num_memory_regions; i++) {
		u64 offset = load->address - m[i].virt_start;

		if (!(m[i].flags & CAPSULE_MEM_LOADABLE) || cell->blocks[i].kind == MEM_NONE ||
		    load->address < m[i].virt_start || offset >= m[i].size)
			continue;
		if (load->length <= m[i].size - offset)
			return (int)i;
		return refuse(err, -EINVAL, CAPSULE_REASON_LOAD_LARGER, load->length,
			      m[i].size - offset);
	}
	return refuse(err, -EINVAL, CAPSULE_REASON_LOAD_OUTSIDE, load->address, load->length);
}

/**
 * cell_load() - copy a piece of an image into a stopped cell
 *
 * The memory is mapped for the duration of the call only. The cell is loaded
 * once a piece without CAPSULE_FLAG_MORE is in place; a piece that fails while
 * it is copied leaves it unloaded, whatever was loaded before.
 */
int cell_load(struct capsule_cell *cell, const struct capsule_ioc_load *load,
	      struct capsule_err *err)
{
	bool check_only = load->flags & CAPSULE_FLAG_CHECK_ONLY;
	int region, rc;

	if (load->flags & ~(CAPSULE_FLAG_CHECK_ONLY | CAPSULE_FLAG_MORE))
		return -EINVAL;
	region = find_region(cell, load, err);
	if (region < 0)
		return region;
	rc = cell_make_loadable(cell, check_only, err);
	if (rc || check_only)
		return rc;
	WRITE_ONCE(cell->loaded, false);
	rc = copy_all(cell, (u32)region, load, err);
	if (!rc && !(load->flags & CAPSULE_FLAG_MORE))
		WRITE_ONCE(cell->loaded, true);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* Work that grows with memory is done in slices, so that no call holds a CPU for long. */
#include "cache.h"
#include "config_blob.h"
#include "hvmap.h"
#include "lifecycle.h"
#include "memory.h"
#include "sysreg.h"

#define SLICE	(1UL << 20)

static bool job_wants(const struct cell *cell, const struct capsule_memory *m)
{
	if (!memory_is_private_ram(m))
		return false;
	return cell->job != JOB_CLEAN || (m->flags & CAPSULE_MEM_LOADABLE);
}

/* Skips what is done or not wanted; NULL at the end. */
static const struct capsule_memory *current_region(struct cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);

	for (; cell->job_region < cell->config->num_memory_regions; cell->job_region++) {
		if (job_wants(cell, &m[cell->job_region]) &&
		    cell->job_offset < m[cell->job_region].size)
			return &m[cell->job_region];
		cell->job_offset = 0;
	}
	return NULL;
}

static void do_slice(struct cell *cell, const struct capsule_memory *m)
{
	uint64_t n = MIN(SLICE, m->size - cell->job_offset);
	void *p = hv_window_map(pa_init(m->phys_start + cell->job_offset), n);

	if (cell->job == JOB_CLEAN)
		cache_flush_poc(p, n);
	else
		cache_clear_pages(p, n);
	hv_window_unmap();
	cell->job_offset += n;
}

static uint64_t bytes_left(const struct cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);
	uint64_t left = 0;

	for (unsigned i = cell->job_region; i < cell->config->num_memory_regions; i++)
		if (job_wants(cell, &m[i]))
			left += m[i].size;
	return left - MIN(left, cell->job_offset);
}

static void finish(struct cell *cell)
{
	enum cell_job job = cell->job;

	cell->job = JOB_NONE;
	if (job == JOB_CLEAN) {
		/* New instructions for every CPU that may run the cell (Arm ARM B2.7.4). */
		__asm__ volatile("ic ialluis" : : : "memory");
		dsb(ish);
		isb();
		lifecycle_run(cell);
	} else if (job == JOB_CLEAR_OLD) {
		memory_return(cell);
		lifecycle_free(cell);
	}
}

int lifecycle_work(struct cell *cell, uint64_t answer[4])
{
	const struct capsule_memory *m;

	answer[1] = 0;
	if (cell->job == JOB_NONE)
		return 0;
	m = current_region(cell);
	if (m)
		do_slice(cell, m);
	if (current_region(cell)) {
		answer[1] = bytes_left(cell);
		return 1;
	}
	finish(cell);
	return 0;
}

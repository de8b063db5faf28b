// SPDX-License-Identifier: Apache-2.0
/* Work that grows with memory is done in slices, so that no call holds a CPU for long. */
#include "cache.h"
#include "config_blob.h"
#include "hvmap.h"
#include "lifecycle.h"
#include "memory.h"
#include "sysreg.h"

#define SLICE	(1UL << 20)


/* Skips what is done or not wanted; NULL at the end. */
static const struct capsule_memory *current_region(struct cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);

	for (; cell->job_region < cell->config->num_memory_regions; cell->job_region++) {
		if (memory_is_private_ram(&m[cell->job_region]) &&
		    cell->job_offset < m[cell->job_region].size)
			return &m[cell->job_region];
		cell->job_offset = 0;
	}
	return NULL;
}

/* Through this CPU's window: the only way EL2 reaches a cell's memory. -> bytes done */
static uint64_t one_slice(const struct capsule_memory *m, uint64_t offset, bool clear)
{
	uint64_t n = MIN(SLICE, m->size - offset);
	void *p = hv_window_map(pa_init(m->phys_start + offset), n);

	if (clear)
		cache_clear_pages(p, n);
	else
		cache_flush_poc(p, n);
	hv_window_unmap();
	return n;
}

static void do_slice(struct cell *cell, const struct capsule_memory *m)
{
	cell->job_offset += one_slice(m, cell->job_offset, cell->job != JOB_CLEAN);
}

/* New instructions for every CPU that may run the cell (Arm ARM B2.7.4). */
static void invalidate_instructions(void)
{
	__asm__ volatile("ic ialluis" : : : "memory");
	dsb(ish);
	isb();
}

bool lifecycle_clean_step(struct vcpu *vcpu)
{
	const struct capsule_cell_desc *config = vcpu->cell->config;
	const struct capsule_memory *m = config_regions(config);

	for (; vcpu->clean_region < config->num_memory_regions; vcpu->clean_region++) {
		const struct capsule_memory *r = &m[vcpu->clean_region];

		if (memory_is_private_ram(r) && vcpu->clean_offset < r->size) {
			vcpu->clean_offset += one_slice(r, vcpu->clean_offset, false);
			return false;
		}
		vcpu->clean_offset = 0;
	}
	vcpu->clean_region = 0;
	invalidate_instructions();
	return true;
}

static uint64_t bytes_left(const struct cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);
	uint64_t left = 0;

	for (unsigned i = cell->job_region; i < cell->config->num_memory_regions; i++)
		if (memory_is_private_ram(&m[i]))
			left += m[i].size;
	return left - MIN(left, cell->job_offset);
}

static void finish(struct cell *cell)
{
	enum cell_job job = cell->job;

	cell->job = JOB_NONE;
	if (job == JOB_CLEAN) {
		invalidate_instructions();
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

// SPDX-License-Identifier: GPL-2.0-only
/* The memory, the devices and the CPUs of a cell, taken from the agency and given back. */
#include <linux/mm.h>

#include "cell.h"

static bool overlaps_hypervisor(const struct capsule_memory *m)
{
	return m->phys_start < capsule.hv.start + capsule.hv.size &&
	       capsule.hv.start < m->phys_start + m->size;
}

/* Devices (devices.c) and the communication region are not the page allocator's business. */
static bool is_ram(const struct capsule_memory *m)
{
	return !(m->flags & (CAPSULE_MEM_IO | CAPSULE_MEM_COMM_REGION));
}

/* Fill in the address that was found, and those that follow from it. */
static void place_region(struct capsule_cell_desc *config, struct capsule_memory *m, u64 start)
{
	u64 entry = config->cpu_reset_address - m->virt_start;

	m->phys_start = start;
	if (!(m->flags & CAPSULE_MEM_VIRT_IS_PHYS))
		return;
	if (entry < m->size)
		config->cpu_reset_address = start + entry;
	m->virt_start = start;
}

static int take_region(struct capsule_cell *cell, u32 index, struct capsule_err *err)
{
	struct capsule_memory *m = &config_regions(cell->config)[index];
	struct mem_block *block = &cell->blocks[index];
	int rc;

	if (m->flags & CAPSULE_MEM_PHYS_ANY) {
		rc = mem_take_any(block, m->size, err);
		if (!rc)
			place_region(cell->config, m, block->start);
	} else if (overlaps_hypervisor(m)) {
		rc = refuse(err, -EINVAL, CAPSULE_REASON_MEM_HYPERVISOR, index, m->phys_start);
	} else {
		rc = mem_take_fixed(block, m->phys_start, m->size, index, err);
	}
	if (!rc)
		capsule.ledger.cell_pages += block->size >> PAGE_SHIFT;
	return rc;
}

static int take_memory(struct capsule_cell *cell, struct capsule_err *err)
{
	struct capsule_memory *m = config_regions(cell->config);
	u32 i;
	int rc;

	for (i = 0; i < cell->config->num_memory_regions; i++) {
		if (!is_ram(&m[i]))
			continue;
		rc = take_region(cell, i, err);
		if (rc)
			return rc;
		if (!(m[i].flags & CAPSULE_MEM_ROOTSHARED))
			mem_mark_offline(&cell->blocks[i]);
	}
	return 0;
}

static void release_memory(struct capsule_cell *cell)
{
	u32 i;

	for (i = 0; i < cell->config->num_memory_regions; i++) {
		struct mem_block *block = &cell->blocks[i];

		if (block->kind == MEM_NONE)
			continue;
		capsule.ledger.cell_pages -= block->size >> PAGE_SHIFT;
		mem_unmark(block);
		mem_release(block);
	}
}

/**
 * resources_take() - take all that a cell's configuration claims
 * @unbind: also devices that drivers of the agency use, see devices_take()
 *
 * Fills in the physical addresses of regions that have none, and what follows
 * from them (CAPSULE_MEM_VIRT_IS_PHYS). Either all of it is taken or nothing.
 */
int resources_take(struct capsule_cell *cell, bool unbind, struct capsule_err *err)
{
	int rc = cpus_check(cell->cpus, err);

	if (rc)
		return rc;
	rc = devices_take(cell, unbind, err);
	if (rc)
		return rc;
	rc = take_memory(cell, err);
	if (!rc)
		rc = cpus_take(cell, err);
	if (rc) {
		release_memory(cell);
		devices_release(cell);
	}
	return rc;
}

/**
 * resources_release() - give all of it back
 *
 * Context: EL2 has given it back to the agency, memory cleared.
 */
void resources_release(struct capsule_cell *cell)
{
	release_memory(cell);
	devices_release(cell);
	cpus_give_back(cell);
}

/**
 * resources_abandon() - EL2 did not give them back: never touch them again
 */
void resources_abandon(struct capsule_cell *cell)
{
	pr_err("memory, devices and CPUs of cell %s are lost until the next boot\n",
	       cell_name(cell));
}

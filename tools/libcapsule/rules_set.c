// SPDX-License-Identifier: Apache-2.0
/* What several cells claim together. */
#include <inttypes.h>
#include <string.h>

#include "internal.h"

static void check_regions_apart(const struct chk_cell *cell, size_t index,
				const struct chk_cell *other, size_t other_index,
				struct chk_report *report)
{
	const struct capsule_memory *m = &cell->regions[index];
	const struct capsule_memory *n = &other->regions[other_index];
	char text[REGION_TEXT_LEN], other_text[REGION_TEXT_LEN];

	if (!region_has_phys(m) || !region_has_phys(n) ||
	    !ranges_overlap(m->phys_start, m->size, n->phys_start, n->size))
		return;
	/* What all share with the agency they may share with one another. */
	if (m->flags & n->flags & CAPSULE_MEM_ROOTSHARED)
		return;
	chk_error(report, cell->file, CAPSULE_REASON_MEM_NOT_OWNED, index,
		  m->phys_start > n->phys_start ? m->phys_start : n->phys_start,
		  "%s overlaps %s of cell \"%s\" (%s): give each memory of its own, or declare both ROOTSHARED",
		  region_text(cell, index, text), region_text(other, other_index, other_text),
		  other->desc.name, other->file);
}

static void check_irqs_apart(const struct chk_cell *cell, const struct chk_cell *other,
			     struct chk_report *report)
{
	uint32_t intid;

	for (intid = FIRST_SPI; intid < NUM_INTIDS; intid++)
		if (cell_has_irq(cell, intid) && cell_has_irq(other, intid))
			chk_error(report, cell->file, CAPSULE_REASON_IRQ_NOT_OWNED, intid, 0,
				  "interrupt %u is claimed by cell \"%s\" (%s) too: give it to one of them",
				  intid, other->desc.name, other->file);
}

void chk_pair(const struct chk_cell *cell, const struct chk_cell *other,
	      struct chk_report *report)
{
	uint64_t both = cell->cpus & other->cpus;
	uint32_t i, j;

	if (!strcmp(cell->desc.name, other->desc.name))
		chk_error(report, cell->file, CAPSULE_REASON_NAME_IN_USE, 0, 0,
			  "the name \"%s\" is that of another cell (%s) too: give it another",
			  cell->desc.name, other->file);
	for (; both; both &= both - 1)
		chk_error(report, cell->file, CAPSULE_REASON_CPU_NOT_OWNED,
			  (uint64_t)__builtin_ctzll(both), 0,
			  "CPU %d is claimed by cell \"%s\" (%s) too: give it to one of them",
			  __builtin_ctzll(both), other->desc.name, other->file);
	for (i = 0; i < cell->desc.num_memory_regions; i++)
		for (j = 0; j < other->desc.num_memory_regions; j++)
			check_regions_apart(cell, i, other, j, report);
	check_irqs_apart(cell, other, report);
}

void chk_cpus_left(const struct chk_system *system, const struct chk_cell *cells,
		   size_t num_cells, struct chk_report *report)
{
	uint64_t root = system->machine_cpus ? system->machine_cpus : ~0ULL, taken = 0;
	size_t i;

	if (!(system->root.desc.flags & CAPSULE_ROOT_ALL_CPUS))
		root &= system->root.cpus;
	for (i = 0; i < num_cells; i++) {
		taken |= cells[i].cpus;
		if (root & ~taken)
			continue;
		chk_error(report, cells[i].file, CAPSULE_REASON_CPU_LAST,
			  cells[i].cpus ? (uint64_t)__builtin_ctzll(cells[i].cpus) : 0, 0,
			  "it takes the last CPU of the root cell in %s: leave it at least one",
			  system->file);
		return;
	}
}

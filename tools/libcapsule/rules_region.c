// SPDX-License-Identifier: Apache-2.0
/* Memory regions of one cell: each by itself, then against each other. */
#include <inttypes.h>

#include "internal.h"

/* One region under judgement. */
struct region {
	const struct chk_cell *cell;
	const struct capsule_memory *m;
	size_t index;
	struct chk_report *report;
};

static void bad_region(const struct region *r, const char *what)
{
	char text[REGION_TEXT_LEN];

	chk_error(r->report, r->cell->file, CAPSULE_REASON_CFG_REGION, r->index, 0, "%s %s",
		  region_text(r->cell, r->index, text), what);
}

static void bad_alignment(const struct region *r, const char *what)
{
	char text[REGION_TEXT_LEN];

	chk_error(r->report, r->cell->file, CAPSULE_REASON_CFG_ALIGN, r->index, 0, "%s %s",
		  region_text(r->cell, r->index, text), what);
}

/* Returns false where the range cannot be compared with others. */
static bool check_range(const struct region *r)
{
	const struct capsule_memory *m = r->m;

	if (!m->size) {
		chk_error(r->report, r->cell->file, CAPSULE_REASON_CFG_REGION, r->index, 0,
			  "memory region %zu has size 0: give it a size or remove it", r->index);
		return false;
	}
	if (range_valid(m->virt_start, m->size) &&
	    (m->flags & (CAPSULE_MEM_PHYS_ANY | CAPSULE_MEM_COMM_REGION) ||
	     range_valid(m->phys_start, m->size)))
		return true;
	chk_error(r->report, r->cell->file, CAPSULE_REASON_CFG_REGION, r->index, 0,
		  "memory region %zu (IPA 0x%" PRIx64 ", physical 0x%" PRIx64 ", size 0x%" PRIx64
		  ") reaches beyond 48-bit addresses: correct its start or size",
		  r->index, m->virt_start, m->phys_start, m->size);
	return false;
}

static void check_comm(const struct region *r)
{
	const uint64_t others = r->m->flags & ~(CAPSULE_MEM_READ | CAPSULE_MEM_WRITE |
						CAPSULE_MEM_COMM_REGION);

	if (r->m->size != CAPSULE_PAGE_SIZE)
		bad_region(r, "is the communication region but not one page: let its size be 0x1000");
	if (r->m->virt_start & PAGE_MASK)
		bad_alignment(r, "is not aligned to a page: correct virt_start");
	if (r->m->phys_start)
		bad_region(r, "is the communication region, made by the hypervisor: let phys_start be 0");
	if (others)
		bad_region(r, "is the communication region, which goes with READ and WRITE only: remove the other flags");
}

/*
 * A region that is trapped access by access must lie in one page, as the
 * hypervisor finds it by the page of the faulting address.
 */
static void check_subpage(const struct region *r)
{
	const struct capsule_memory *m = r->m;

	if (m->size > CAPSULE_PAGE_SIZE)
		bad_alignment(r, "is neither aligned to pages nor smaller than one: align it, or split it at page borders");
	else if ((m->virt_start & PAGE_MASK) + m->size > CAPSULE_PAGE_SIZE ||
		 (m->phys_start & PAGE_MASK) + m->size > CAPSULE_PAGE_SIZE)
		bad_alignment(r, "lies across a page border: split it there");
}

static void check_io(const struct region *r)
{
	const uint64_t flags = r->m->flags;

	if (flags & CAPSULE_MEM_EXECUTE)
		bad_region(r, "has IO and EXECUTE: a device is never executed, remove one");
	if (flags & CAPSULE_MEM_LOADABLE)
		bad_region(r, "has IO and LOADABLE: only RAM can be loaded, remove one");
	if (flags & (CAPSULE_MEM_PHYS_ANY | CAPSULE_MEM_VIRT_IS_PHYS))
		bad_region(r, "has IO and PHYS_ANY or VIRT_IS_PHYS: a device has its address, give phys_start");
	else if (region_is_subpage(r->m))
		check_subpage(r);
}

static void check_ram(const struct region *r)
{
	const uint64_t flags = r->m->flags;

	if (flags & CAPSULE_MEM_IO_WIDTH_MASK)
		bad_region(r, "has access widths without IO: they are for devices, remove them or add IO");
	if (region_is_subpage(r->m))
		bad_alignment(r, "is RAM and not aligned to pages of 4 KiB: correct start and size");
	if (flags & CAPSULE_MEM_LOADABLE && flags & CAPSULE_MEM_ROOTSHARED)
		bad_region(r, "has LOADABLE and ROOTSHARED: the agency can write to shared memory anyway, remove LOADABLE");
	if (flags & CAPSULE_MEM_PHYS_ANY && r->m->phys_start)
		bad_region(r, "has PHYS_ANY and a phys_start: let phys_start be 0 or remove the flag");
	if (region_moves(r->m) && !(flags & CAPSULE_MEM_PHYS_ANY))
		bad_region(r, "has VIRT_IS_PHYS without PHYS_ANY: where phys_start is given, let virt_start be the same");
	if (flags & CAPSULE_MEM_PHYS_ANY && flags & CAPSULE_MEM_ROOTSHARED)
		bad_region(r, "has PHYS_ANY and ROOTSHARED: shared memory needs an address both know, give phys_start");
}

/* The root cell sees the machine as it is. */
static void check_root_region(const struct region *r)
{
	const uint64_t not_root = CAPSULE_MEM_COMM_REGION | CAPSULE_MEM_LOADABLE |
				  CAPSULE_MEM_ROOTSHARED | CAPSULE_MEM_PHYS_ANY |
				  CAPSULE_MEM_VIRT_IS_PHYS;

	if (r->m->flags & not_root)
		bad_region(r, "has flags that are for other cells: remove COMM_REGION, LOADABLE, ROOTSHARED, PHYS_ANY and VIRT_IS_PHYS from the root cell");
	else if (r->m->phys_start != r->m->virt_start)
		bad_region(r, "is not mapped one to one: in the root cell virt_start is phys_start");
}

static void check_region(const struct region *r)
{
	if (!check_range(r))
		return;
	if (!(r->m->flags & CAPSULE_MEM_READ))
		bad_region(r, "has no READ flag: add it");
	if (r->cell->is_root)
		check_root_region(r);
	if (r->m->flags & CAPSULE_MEM_COMM_REGION)
		check_comm(r);
	else if (r->m->flags & CAPSULE_MEM_IO)
		check_io(r);
	else
		check_ram(r);
}

static void overlap(const struct chk_cell *cell, size_t a, size_t b, const char *where,
		    struct chk_report *report)
{
	char text_a[REGION_TEXT_LEN], text_b[REGION_TEXT_LEN];

	chk_error(report, cell->file, CAPSULE_REASON_MEM_OVERLAP, a, b,
		  "%s and %s overlap in %s memory: give each addresses of its own",
		  region_text(cell, a, text_a), region_text(cell, b, text_b), where);
}

static void check_two(const struct chk_cell *cell, size_t a, size_t b, struct chk_report *report)
{
	const struct capsule_memory *m = &cell->regions[a], *n = &cell->regions[b];

	if (!region_moves(m) && !region_moves(n) &&
	    range_valid(m->virt_start, m->size) && range_valid(n->virt_start, n->size) &&
	    ranges_overlap(m->virt_start, m->size, n->virt_start, n->size))
		overlap(cell, a, b, "guest-physical", report);
	else if (region_has_phys(m) && region_has_phys(n) &&
		 ranges_overlap(m->phys_start, m->size, n->phys_start, n->size))
		overlap(cell, a, b, "physical", report);
}

static bool is_one_to_one(const struct capsule_memory *m)
{
	return region_moves(m) || (region_has_phys(m) && m->virt_start == m->phys_start);
}

static void warn_of_dma(const struct chk_cell *cell, size_t index, struct chk_report *report)
{
	const struct capsule_memory *m = &cell->regions[index];
	const char *name = cell->device_name ? cell->device_name(m->phys_start, m->size) : NULL;
	char text[REGION_TEXT_LEN];

	chk_warn(report, cell->file,
		 "%s%s%s%s transfers by itself, and no SMMU holds it back: the guest can read and write all memory of the machine through it, pass it only to one that you trust",
		 region_text(cell, index, text), name ? " (" : "", name ? name : "", name ? ")" : "");
}

/*
 * No SMMU translates for devices: what a guest tells them is taken for a
 * physical address, and nothing keeps them from any other.
 */
static void check_dma(const struct chk_cell *cell, struct chk_report *report)
{
	bool device = false, ram = false;
	char text[REGION_TEXT_LEN];
	size_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		device |= cell->regions[i].flags & CAPSULE_MEM_IO;
		ram |= region_is_ram(&cell->regions[i]) &&
		       cell->regions[i].flags & CAPSULE_MEM_DMA;
	}
	for (i = 0; device && i < cell->desc.num_memory_regions; i++) {
		const struct region r = { cell, &cell->regions[i], i, report };

		if (!(r.m->flags & CAPSULE_MEM_DMA))
			continue;
		if (region_is_ram(r.m) && !is_one_to_one(r.m))
			bad_region(&r, "is for DMA, but its guest address is not its physical address, and no SMMU translates: use PHYS_ANY with VIRT_IS_PHYS, or virt_start = phys_start");
		if (r.m->flags & CAPSULE_MEM_IO && !ram)
			chk_warn(report, cell->file,
				 "%s transfers by itself, but no RAM of the cell is for DMA: add the flag to the RAM it shall reach",
				 region_text(cell, i, text));
		if (r.m->flags & CAPSULE_MEM_IO)
			warn_of_dma(cell, i, report);
	}
}

/* All regions of a cell: flags and ranges, overlaps, at most one communication region. */
void chk_regions(const struct chk_cell *cell, struct chk_report *report)
{
	size_t i, j, num = cell->desc.num_memory_regions, comm = 0;

	for (i = 0; i < num; i++) {
		const struct region r = { cell, &cell->regions[i], i, report };

		check_region(&r);
		if (r.m->flags & CAPSULE_MEM_COMM_REGION && ++comm == 2)
			bad_region(&r, "is a second communication region: remove one");
		for (j = 0; j < i; j++)
			check_two(cell, j, i, report);
	}
	if (!cell->is_root)
		check_dma(cell, report);
}

// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include "answer.h"
#include "check.h"
#include "config_blob.h"
#include "mmio_dispatch.h"
#include "ownership.h"
#include "stage2.h"

/* What becomes of a region. */
enum region_kind {
	REGION_COMM,	/* EL2's page, mapped in the cell */
	REGION_TRAP,	/* page stays where it is, accesses are forwarded */
	REGION_SHARE,	/* agency keeps it, cell has it too */
	REGION_GIVE,	/* the cell's alone */
};

static bool is_page_sized(const struct capsule_memory *m)
{
	return IS_ALIGNED(m->size | m->phys_start | m->virt_start, PAGE_SIZE);
}

bool mmio_region_traps(const struct capsule_memory *m)
{
	return !is_page_sized(m) || (m->flags & CAPSULE_MEM_IO_WIDTH_MASK);
}

static enum region_kind kind_of(const struct capsule_memory *m)
{
	if (m->flags & CAPSULE_MEM_COMM_REGION)
		return REGION_COMM;
	if (m->flags & CAPSULE_MEM_ROOTSHARED)
		return mmio_region_traps(m) ? REGION_TRAP : REGION_SHARE;
	return is_page_sized(m) ? REGION_GIVE : REGION_TRAP;
}

bool memory_is_private_ram(const struct capsule_memory *m)
{
	return kind_of(m) == REGION_GIVE && !(m->flags & CAPSULE_MEM_IO);
}

static unsigned attr_of(const struct capsule_memory *m)
{
	unsigned attr = 0;

	if (m->flags & CAPSULE_MEM_READ)
		attr |= PGT_R;
	if (m->flags & CAPSULE_MEM_WRITE)
		attr |= PGT_W;
	if (m->flags & CAPSULE_MEM_EXECUTE)
		attr |= PGT_X;
	if (m->flags & CAPSULE_MEM_IO)
		attr |= PGT_DEVICE;
	if (m->flags & CAPSULE_MEM_NO_HUGEPAGES)
		attr |= PGT_NO_BLOCK;
	return attr;
}

static struct own_region region_of(const struct capsule_memory *m)
{
	return (struct own_region){
		.phys = pa_init(m->phys_start),
		.ipa = ipa_init(m->virt_start),
		.size = m->size,
		.attr = attr_of(m),
	};
}

static struct own_parties parties_of(struct cell *cell)
{
	return (struct own_parties){
		.agency = &root_cell.s2, .cell = &cell->s2, .id = cell->id,
	};
}

static void lock_tables(struct cell *cell)
{
	spin_lock(&root_cell.s2_lock);
	spin_lock(&cell->s2_lock);
	stage2_charge(&root_cell, cell->id);
}

static void unlock_tables(struct cell *cell)
{
	stage2_charge(&root_cell, 0);
	spin_unlock(&cell->s2_lock);
	spin_unlock(&root_cell.s2_lock);
}

static int explain(int rc, unsigned region, uint64_t fail, uint64_t answer[4])
{
	uint32_t reason = CAPSULE_REASON_CFG_REGION;

	if (rc == -CAPSULE_EPERM)
		reason = CAPSULE_REASON_MEM_HYPERVISOR;
	else if (rc == -CAPSULE_EBUSY)
		reason = CAPSULE_REASON_MEM_NOT_OWNED;
	else if (rc == -CAPSULE_EEXIST)
		reason = CAPSULE_REASON_MEM_OVERLAP;
	else if (rc == -CAPSULE_ENOMEM)
		reason = CAPSULE_REASON_NO_POOL;
	return refuse(answer, rc, reason, region, fail);
}

static int map_comm(struct cell *cell, const struct capsule_memory *m)
{
	return pgt_map(&cell->s2, m->virt_start, cell->comm_pa, PAGE_SIZE, PGT_R | PGT_W);
}

/* Annotates the pages of a trapped region, unless another one did so for this page. */
static int set_trap(struct cell *cell, const struct capsule_memory *m, unsigned index)
{
	uint64_t first = m->virt_start & PAGE_MASK;
	uint64_t size = ALIGN_UP(m->virt_start + m->size, PAGE_SIZE) - first;
	struct pgt_leaf leaf;

	if (pgt_lookup(&cell->s2, first, &leaf))
		return -CAPSULE_ERANGE;
	if (OWN_ANN_KIND(leaf.annotation) == OWN_KIND_MMIO && !leaf.valid)
		return 0;
	return pgt_annotate(&cell->s2, first, size, OWN_ANNOTATION(OWN_KIND_MMIO, index, 0));
}

static int check_one(struct cell *cell, const struct capsule_memory *m, unsigned i,
		     uint64_t answer[4])
{
	struct own_parties p = parties_of(cell);
	struct own_region r = region_of(m);
	uint64_t fail = m->phys_start;
	int rc = 0;

	switch (kind_of(m)) {
	case REGION_GIVE:
		rc = own_check_give(&p, &r, &fail);
		break;
	case REGION_SHARE:
		rc = own_check_share(&p, &r, &fail);
		break;
	case REGION_COMM:
		rc = map_comm(cell, m);
		break;
	case REGION_TRAP:
		rc = set_trap(cell, m, i);
		break;
	}
	return rc ? explain(rc, i, fail, answer) : 0;
}

static void cancel(struct cell *cell, const struct capsule_memory *m)
{
	struct own_parties p = parties_of(cell);
	struct own_region r = region_of(m);

	if (kind_of(m) == REGION_GIVE || kind_of(m) == REGION_SHARE)
		own_cancel(&p, &r);
}

static void commit_one(struct cell *cell, const struct capsule_memory *m, unsigned i)
{
	struct own_parties p = parties_of(cell);
	struct own_region r = region_of(m);

	if (kind_of(m) == REGION_GIVE)
		own_commit_give(&p, &r);
	else if (kind_of(m) == REGION_SHARE)
		own_commit_share(&p, &r);
	/* Exclusive but with permitted widths: the cell's, and every access traps. */
	if (kind_of(m) == REGION_GIVE && mmio_region_traps(m))
		CHECK(!set_trap(cell, m, i));
}

static void settle_one(struct cell *cell, const struct capsule_memory *m)
{
	uint64_t first = ALIGN_DOWN(m->phys_start, PAGE_SIZE);

	if (kind_of(m) == REGION_GIVE || kind_of(m) == REGION_SHARE)
		own_settle(&root_cell.s2, cell->id, pa_init(first), m->size);
}

/* Two regions of one cell on the same private physical memory. */
static int check_physical_overlap(const struct capsule_cell_desc *c, uint64_t answer[4])
{
	const struct capsule_memory *m = config_regions(c);

	for (unsigned i = 0; i < c->num_memory_regions; i++)
		for (unsigned j = 0; j < i; j++)
			if (kind_of(&m[i]) >= REGION_SHARE && kind_of(&m[j]) >= REGION_SHARE &&
			    m[i].phys_start < m[j].phys_start + m[j].size &&
			    m[j].phys_start < m[i].phys_start + m[i].size)
				return refuse(answer, -CAPSULE_EINVAL,
					      CAPSULE_REASON_MEM_OVERLAP, j, i);
	return 0;
}

int memory_take(struct cell *cell, uint64_t answer[4])
{
	const struct capsule_memory *m = config_regions(cell->config);
	unsigned n = cell->config->num_memory_regions, i;
	int rc = check_physical_overlap(cell->config, answer);

	if (rc)
		return rc;
	lock_tables(cell);
	for (i = 0; !rc && i < n; i++)
		rc = check_one(cell, &m[i], i, answer);
	if (rc) {
		/* The cell's own table goes as a whole. */
		for (unsigned j = 0; j + 1 < i; j++)
			cancel(cell, &m[j]);
		/* What another cell shares, too, stays split: that cell's from now on. */
		for (unsigned j = 0; j < i; j++)
			settle_one(cell, &m[j]);
	} else {
		for (i = 0; i < n; i++) {
			commit_one(cell, &m[i], i);
			if (memory_is_private_ram(&m[i]))
				cell->status->memory += m[i].size;
		}
	}
	unlock_tables(cell);
	return rc;
}

static void return_one(struct cell *cell, const struct capsule_memory *m)
{
	struct own_parties p = parties_of(cell);
	struct own_region r = region_of(m);
	uint64_t fail;

	if (kind_of(m) == REGION_GIVE) {
		CHECK(!own_check_return(&p, &r, &fail));
		own_commit_return(&p, &r);
	} else if (kind_of(m) == REGION_SHARE) {
		CHECK(!own_check_unshare(&p, &r, &fail));
		own_commit_unshare(&p, &r);
	}
}

void memory_return(struct cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);

	lock_tables(cell);
	for (unsigned i = 0; i < cell->config->num_memory_regions; i++)
		return_one(cell, &m[i]);
	for (unsigned i = 0; i < cell->config->num_memory_regions; i++)
		settle_one(cell, &m[i]);
	unlock_tables(cell);
	cell->status->memory = 0;
}

static bool is_loadable(const struct capsule_memory *m)
{
	return kind_of(m) == REGION_GIVE && (m->flags & CAPSULE_MEM_LOADABLE);
}

int memory_lend(struct cell *cell, uint64_t answer[4])
{
	const struct capsule_memory *m = config_regions(cell->config);
	struct own_parties p = parties_of(cell);
	unsigned n = cell->config->num_memory_regions, i;
	uint64_t fail = 0;
	int rc = 0;

	lock_tables(cell);
	for (i = 0; !rc && i < n; i++) {
		struct own_region r = region_of(&m[i]);

		if (is_loadable(&m[i]))
			rc = own_check_lend(&p, &r, &fail);
	}
	for (unsigned j = 0; j < (rc ? i - 1 : n); j++) {
		struct own_region r = region_of(&m[j]);

		if (!is_loadable(&m[j]))
			continue;
		if (rc)
			own_cancel(&p, &r);
		else
			own_commit_lend(&p, &r);
	}
	unlock_tables(cell);
	return rc ? explain(rc, i - 1, fail, answer) : 0;
}

void memory_unlend(struct cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);
	struct own_parties p = parties_of(cell);
	uint64_t fail;

	lock_tables(cell);
	for (unsigned i = 0; i < cell->config->num_memory_regions; i++) {
		struct own_region r = region_of(&m[i]);

		if (!is_loadable(&m[i]))
			continue;
		/* The edges were split when the region was given and stay so until its return. */
		CHECK(!own_check_unlend(&p, &r, &fail));
		own_commit_unlend(&p, &r);
	}
	unlock_tables(cell);
}

// SPDX-License-Identifier: Apache-2.0
#include "mmio_dispatch.h"

#include "config_blob.h"
#include "gic.h"
#include "guarded.h"
#include "hvmap.h"
#include "ownership.h"
#include "vpl011.h"

bool mmio_claims(const struct cell *cell, uint64_t ipa)
{
	return gic_owns_frame(ipa, 1) || vpl011_claims(cell, ipa);
}

/* Only what is the agency's or the cell's own is touched for a cell. */
static bool may_touch(const struct cell *cell, uint64_t pa)
{
	struct pgt_leaf leaf;
	bool ok;

	spin_lock(&root_cell.s2_lock);
	/* Not where the agency sees something else than what is there. */
	ok = !pgt_lookup(&root_cell.s2, pa, &leaf) &&
	     ((leaf.valid && (leaf.attr & PGT_W) && pa_addr(leaf.pa) == pa) ||
	      (OWN_ANN_KIND(leaf.annotation) == OWN_KIND_CELL &&
	       OWN_ANN_NUMBER(leaf.annotation) == cell->id));
	spin_unlock(&root_cell.s2_lock);
	return ok;
}

static bool permitted(const struct capsule_memory *m, const struct mmio_access *a)
{
	uint64_t widths = (m->flags & CAPSULE_MEM_IO_WIDTH_MASK) >> CAPSULE_MEM_IO_WIDTH_SHIFT;

	/* Bits 0..3 stand for 1, 2, 4 and 8 bytes: the widths themselves. */
	if (widths && !(widths & a->size))
		return false;
	/* Device memory knows no unaligned accesses (Arm ARM B2.5.2). */
	if (!IS_ALIGNED(a->ipa, a->size))
		return false;
	return m->flags & (a->write ? CAPSULE_MEM_WRITE : CAPSULE_MEM_READ);
}

static enum mmio_result forward(const struct cell *cell, const struct capsule_memory *m,
				struct mmio_access *a)
{
	uint64_t pa = m->phys_start + (a->ipa - m->virt_start);

	volatile void *p;
	bool done;

	if (!permitted(m, a) || !may_touch(cell, pa))
		return MMIO_REFUSED;
	p = hv_window_map_device(pa_init(pa));
	done = a->write ? guarded_write(p, a->size, a->value) :
			  guarded_read(p, a->size, &a->value);
	hv_window_unmap();
	/* A bus error of the device is the guest's, not ours. */
	return done ? MMIO_DONE : MMIO_ABORT;
}

static enum mmio_result region_access(struct vcpu *vcpu, struct mmio_access *a)
{
	struct cell *cell = vcpu->cell;
	const struct capsule_memory *m = config_regions(cell->config);
	struct pgt_leaf leaf;

	spin_lock(&cell->s2_lock);
	if (pgt_lookup(&cell->s2, a->ipa, &leaf))
		leaf.annotation = 0;
	spin_unlock(&cell->s2_lock);
	if (leaf.valid || OWN_ANN_KIND(leaf.annotation) != OWN_KIND_MMIO ||
	    cell_is_root(cell))
		return MMIO_NOT_MINE;
	for (unsigned i = OWN_ANN_NUMBER(leaf.annotation); i < cell->config->num_memory_regions;
	     i++)
		if (mmio_region_traps(&m[i]) && a->ipa >= m[i].virt_start &&
		    a->ipa - m[i].virt_start < m[i].size &&
		    m[i].size - (a->ipa - m[i].virt_start) >= a->size)
			return forward(cell, &m[i], a);
	return MMIO_NOT_MINE;
}

enum mmio_result mmio_dispatch(struct vcpu *vcpu, struct mmio_access *a)
{
	enum mmio_result rc = gic_mmio(vcpu, a);

	if (rc == MMIO_NOT_MINE && vpl011_claims(vcpu->cell, a->ipa))
		return vpl011_mmio(vcpu, a);
	return rc == MMIO_NOT_MINE ? region_access(vcpu, a) : rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "stage2.h"

#include <capsule/error.h>

#include "pool.h"
#include "sysreg.h"

static unsigned ia_bits;
static uint64_t vtcr;

static unsigned pa_range_bits(void)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t range = read_sysreg(id_aa64mmfr0_el1) & 0xf;

	return bits[MIN(range, ARRAY_SIZE(bits) - 1)];
}

void stage2_init(void)
{
	uint64_t range = MIN(read_sysreg(id_aa64mmfr0_el1) & 0xf, UINT64_C(5));
	uint64_t sl0;

	ia_bits = pa_range_bits();
	sl0 = pgt_start_level(PGT_STAGE2, ia_bits) == 0 ? 2 : 1;
	vtcr = VTCR_RES1 | range << VTCR_PS_SHIFT | VTCR_SH0_IS | VTCR_ORGN0_WB |
	       VTCR_IRGN0_WB | sl0 << VTCR_SL0_SHIFT | (64 - ia_bits);
}

unsigned stage2_ia_bits(void)
{
	return ia_bits;
}

uint64_t stage2_vtcr(void)
{
	return vtcr;
}

static void *s2_alloc(void *ctx)
{
	return pool_alloc((unsigned)(uintptr_t)ctx);
}

static void s2_free(void *ctx, void *table)
{
	(void)ctx;
	pool_free(table);
}

static void s2_publish(const void *entry)
{
	(void)entry;
	dsb(ishst);
}

static const struct cell *cell_of(const struct pgt *pgt)
{
	return (const struct cell *)(const void *)
		((const char *)pgt - offsetof(struct cell, s2));
}

/*
 * TLB maintenance by VMID works on the current VTTBR_EL2 (Arm ARM D8.14). The
 * ISB orders the switch; EL1 does not run here meanwhile.
 */
static uint64_t borrow_vttbr(const struct pgt *pgt)
{
	uint64_t old = read_sysreg(vttbr_el2);

	dsb(ishst);
	if (old != cell_of(pgt)->vttbr) {
		write_sysreg(vttbr_el2, cell_of(pgt)->vttbr);
		isb();
	}
	return old;
}

static void restore_vttbr(const struct pgt *pgt, uint64_t old)
{
	dsb(ish);
	isb();
	if (old != cell_of(pgt)->vttbr) {
		write_sysreg(vttbr_el2, old);
		isb();
	}
}

static void s2_invalidate(struct pgt *pgt, uint64_t ia, unsigned level)
{
	uint64_t old = borrow_vttbr(pgt);

	(void)level;
	__asm__ volatile("tlbi ipas2e1is, %0" : : "r"(ia >> 12) : "memory");
	/* Combined stage 1 + 2 entries are found by VMALLE1IS only, after the first is complete. */
	dsb(ish);
	__asm__ volatile("tlbi vmalle1is" : : : "memory");
	restore_vttbr(pgt, old);
}

static void s2_invalidate_all(struct pgt *pgt)
{
	uint64_t old = borrow_vttbr(pgt);

	__asm__ volatile("tlbi vmalls12e1is" : : : "memory");
	restore_vttbr(pgt, old);
}

static const struct pgt_ops s2_ops = {
	.alloc = s2_alloc,
	.free = s2_free,
	.to_pa = pool_pa,
	.to_va = pool_va,
	.publish = s2_publish,
	.invalidate = s2_invalidate,
	.invalidate_all = s2_invalidate_all,
};

int stage2_create(struct cell *cell)
{
	size_t pages = pgt_root_pages(PGT_STAGE2, ia_bits);
	void *root = pool_alloc_contig(cell->id, pages);

	if (!root)
		return -CAPSULE_ENOMEM;
	cell->vttbr = pa_addr(pool_pa(root)) | (uint64_t)cell->id << VTTBR_VMID_SHIFT;
	return pgt_init(&cell->s2, PGT_STAGE2, ia_bits, root, &s2_ops,
			(void *)(uintptr_t)cell->id);
}

void stage2_destroy(struct cell *cell)
{
	size_t pages = pgt_root_pages(PGT_STAGE2, ia_bits);

	pgt_destroy(&cell->s2);
	s2_invalidate_all(&cell->s2);
	for (size_t i = 0; i < pages; i++)
		pool_free((char *)cell->s2.root + i * PAGE_SIZE);
	cell->s2.root = NULL;
}

void stage2_charge(struct cell *cell, unsigned id)
{
	cell->s2.ctx = (void *)(uintptr_t)id;
}

bool stage2_executable(struct cell *cell, uint64_t ipa)
{
	struct pgt_leaf leaf;
	bool ok;

	if (ipa & 3)
		return false;
	spin_lock(&cell->s2_lock);
	ok = !pgt_lookup(&cell->s2, ipa, &leaf) && leaf.valid && (leaf.attr & PGT_X);
	spin_unlock(&cell->s2_lock);
	return ok;
}

void stage2_load(const struct cell *cell)
{
	write_sysreg(vtcr_el2, vtcr);
	write_sysreg(vttbr_el2, cell->vttbr);
	isb();
	__asm__ volatile("tlbi vmalls12e1\n\tdsb nsh\n\tic iallu\n\tdsb nsh\n\tisb" : : : "memory");
}

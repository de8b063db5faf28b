// SPDX-License-Identifier: Apache-2.0
#include "cell.h"
#include "guarded.h"
#include "hvmap.h"
#include "stage2.h"
#include "sysreg.h"
#include "trap.h"

#define PAR_F		BIT(0)
#define PAR_PA		GENMASK(47, 12)

/* Load/store register (immediate, pre- and post-indexed), Arm ARM C4.1.94 */
#define INSN_MASK	0x3f200400U
#define INSN_MATCH	0x38000400U

bool guest_va_to_ipa(uint64_t va, uint64_t *ipa)
{
	uint64_t par, guest_par = read_sysreg(par_el1);
	bool el0 = (read_sysreg(spsr_el2) & 0xc) == 0;
	bool walked = el0 ? guarded_at_el0(va) : guarded_at_el1(va);

	par = read_sysreg(par_el1);
	write_sysreg(par_el1, guest_par);
	*ipa = (par & PAR_PA) | (va & (PAGE_SIZE - 1));
	return walked && !(par & PAR_F);
}

/* Where normal memory of the cell lies; false for anything else. */
static bool ram_of(struct cell *cell, uint64_t ipa, pa_t *pa)
{
	struct pgt_leaf leaf;
	bool ok;

	spin_lock(&cell->s2_lock);
	ok = !pgt_lookup(&cell->s2, ipa, &leaf) && leaf.valid && (leaf.attr & PGT_R) &&
	     !(leaf.attr & PGT_DEVICE);
	spin_unlock(&cell->s2_lock);
	*pa = leaf.pa;
	return ok;
}

static bool fetch(struct cell *cell, uint32_t *insn)
{
	uint64_t pc = read_sysreg(elr_el2);
	uint64_t ipa, value = 0;
	pa_t pa;
	bool read;

	if ((read_sysreg(spsr_el2) & SPSR_M_AARCH32) || (pc & 3) ||
	    !guest_va_to_ipa(pc, &ipa) || !ram_of(cell, ipa, &pa))
		return false;
	read = guarded_read(hv_window_map(pa, sizeof(*insn)), sizeof(*insn), &value);
	hv_window_unmap();
	*insn = (uint32_t)value;
	return read;
}

bool insn_decode(struct cell *cell, struct insn_access *a)
{
	uint32_t insn, opc, imm9;

	if (!fetch(cell, &insn) || (insn & INSN_MASK) != INSN_MATCH)
		return false;
	opc = (insn >> 22) & 3;
	imm9 = (insn >> 12) & 0x1ff;
	a->size = 1U << (insn >> 30);
	a->write = opc == 0;
	a->sign = opc >= 2;
	a->wide = opc == 2;
	a->rn = (insn >> 5) & 31;
	a->rt = insn & 31;
	a->writeback = (int64_t)(int32_t)((imm9 ^ 0x100U) - 0x100U);
	/* Unpredictable: writeback to the transferred register; and no LDRSW beyond. */
	if (a->rn == a->rt && a->rn != 31)
		return false;
	return !(opc == 2 && a->size == 8) && !(opc == 3 && a->size >= 4);
}

void insn_write_back(struct trap_frame *frame, const struct insn_access *a)
{
	if (a->rn != 31) {
		frame->x[a->rn] += (uint64_t)a->writeback;
	} else if ((read_sysreg(spsr_el2) & 0xf) == SPSR_EL1H) {
		write_sysreg(sp_el1, read_sysreg(sp_el1) + (uint64_t)a->writeback);
	} else {
		write_sysreg(sp_el0, read_sysreg(sp_el0) + (uint64_t)a->writeback);
	}
}

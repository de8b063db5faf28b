// SPDX-License-Identifier: Apache-2.0
#include "hvmap.h"
#include "ownership_query.h"
#include "stage2.h"
#include "sysreg.h"
#include "trap.h"

#define PAR_F		BIT(0)
#define PAR_PA		GENMASK(47, 12)

/* Load/store register (immediate, pre- and post-indexed), Arm ARM C4.1.94 */
#define INSN_MASK	0x3f200400U
#define INSN_MATCH	0x38000400U

/* Where the guest's PC lies, through both stages; the guest's PAR_EL1 stays. */
static bool pc_to_pa(uint64_t pc, uint64_t *pa)
{
	uint64_t par, guest_par = read_sysreg(par_el1);

	if ((read_sysreg(spsr_el2) & 0xf) == SPSR_EL0T)
		__asm__ volatile("at s12e0r, %0" : : "r"(pc));
	else
		__asm__ volatile("at s12e1r, %0" : : "r"(pc));
	isb();
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, guest_par);
	*pa = (par & PAR_PA) | (pc & (PAGE_SIZE - 1));
	return !(par & PAR_F);
}

static bool fetch(uint32_t *insn)
{
	uint64_t pc = read_sysreg(elr_el2);
	uint64_t pa;

	if ((read_sysreg(spsr_el2) & SPSR_M_AARCH32) || (pc & 3) || !pc_to_pa(pc, &pa))
		return false;
	*insn = *(const volatile uint32_t *)hv_window_map(pa_init(pa), sizeof(*insn));
	hv_window_unmap();
	return true;
}

bool insn_decode(struct insn_access *a)
{
	uint32_t insn, opc, imm9;

	if (!fetch(&insn) || (insn & INSN_MASK) != INSN_MATCH)
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

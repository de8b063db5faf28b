// SPDX-License-Identifier: Apache-2.0
/*
 * Stage-2 aborts. In this order: was the entry only being replaced (then
 * retry), is it an emulated register (then do it), else it is a violation:
 * the agency gets an external abort, a cell is stopped.
 */
#include "fault.h"
#include "gic.h"
#include "guarded.h"
#include "mmio_dispatch.h"
#include "ownership.h"
#include "stage2.h"
#include "sysreg.h"
#include "trap.h"

#define HPFAR_FIPA	GENMASK(43, 4)

/*
 * HPFAR_EL2 is only valid for translation and access faults and for stage-1
 * walks (Arm ARM D19.2.60); for permission faults the walk is done again.
 */
static bool fault_ipa(uint64_t esr, uint64_t *ipa)
{
	uint64_t far = read_sysreg(far_el2);

	if ((esr & ISS_DABT_S1PTW) || FSC_TYPE(ISS_FSC(esr)) != FSC_PERMISSION) {
		*ipa = (read_sysreg(hpfar_el2) & HPFAR_FIPA) << 8;
		if (!(esr & ISS_DABT_S1PTW))	/* FAR is no address in a table */
			*ipa |= far & (PAGE_SIZE - 1);
		return true;
	}
	return guest_va_to_ipa(far, ipa);
}

/* What stage 2 says now, under its lock. */
static void look(struct vcpu *vcpu, uint64_t ipa, struct pgt_leaf *leaf)
{
	struct cell *cell = vcpu->cell;

	spin_lock(&cell->s2_lock);
	if (pgt_lookup(&cell->s2, ipa, leaf))
		*leaf = (struct pgt_leaf){ .valid = false };
	spin_unlock(&cell->s2_lock);
}

static bool allowed(const struct pgt_leaf *leaf, unsigned need)
{
	return leaf->valid && (leaf->attr & need) == need;
}

static void violation(struct vcpu *vcpu, uint64_t esr, uint64_t ipa, bool fetch,
		      uint32_t reason)
{
	vcpu->pcpu->status->exits[CAPSULE_EXIT_ABORT]++;
	if (cell_is_root(vcpu->cell))
		inject_external_abort(fetch);
	else
		fault_stop_cell(vcpu, reason, esr, ipa);
}

/* The transfer as the syndrome or the instruction describes it. */
static bool decode(struct cell *cell, uint64_t esr, struct insn_access *a)
{
	if (!(esr & ISS_DABT_ISV))
		return insn_decode(cell, a);
	a->rt = (unsigned)ISS_DABT_SRT(esr);
	a->size = 1U << ISS_DABT_SAS(esr);
	a->write = esr & ISS_DABT_WNR;
	a->sign = esr & ISS_DABT_SSE;
	a->wide = esr & ISS_DABT_SF;
	a->rn = 0;
	a->writeback = 0;
	return true;
}

static uint64_t zero_extend(uint64_t value, unsigned size)
{
	return value & GENMASK(8 * size - 1, 0);
}

static uint64_t sign_extend(uint64_t value, unsigned size, bool wide)
{
	unsigned unused = 64 - 8 * size;

	value = (uint64_t)((int64_t)(value << unused) >> unused);
	return wide ? value : (uint32_t)value;
}

static uint64_t extend(const struct insn_access *a, uint64_t value)
{
	if (a->sign && a->size < 8)
		return sign_extend(value, a->size, a->wide);
	return zero_extend(value, a->size);
}

static void finish(struct trap_frame *frame, const struct insn_access *insn,
		   const struct mmio_access *a)
{
	if (!a->write)
		frame->x[insn->rt] = extend(insn, a->value);
	if (insn->writeback)
		insn_write_back(frame, insn);
	trap_skip();
}

/* Cache maintenance by address: nothing is cached of a device. */
static bool is_cache_maintenance(uint64_t esr)
{
	return esr & ISS_DABT_CM;
}

static void emulate(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr, uint64_t ipa)
{
	struct insn_access insn;
	struct mmio_access a = { .ipa = ipa };

	vcpu->pcpu->status->exits[CAPSULE_EXIT_MMIO]++;
	if (is_cache_maintenance(esr)) {
		trap_skip();
		return;
	}
	if (!decode(vcpu->cell, esr, &insn)) {
		inject_external_abort(false);
		return;
	}
	a.size = insn.size;
	a.write = insn.write;
	a.value = insn.write ?
		  extend(&(struct insn_access){ .size = insn.size }, frame->x[insn.rt]) : 0;
	switch (mmio_dispatch(vcpu, &a)) {
	case MMIO_DONE:
		finish(frame, &insn, &a);
		break;
	case MMIO_ABORT:
		inject_external_abort(false);
		break;
	case MMIO_REFUSED:
		violation(vcpu, esr, ipa, false, CAPSULE_FAULT_WIDTH);
		break;
	default:
		violation(vcpu, esr, ipa, false, CAPSULE_FAULT_MMIO);
	}
}

/* A transfer of one register in the syndrome, at an address that stage 2 does not map. */
#define QUICK_MASK	(ISS_DABT_ISV | ISS_DABT_CM | ISS_DABT_S1PTW | FSC_TYPE(0x3f))
#define QUICK_MATCH	(ISS_DABT_ISV | FSC_TRANSLATION)

/*
 * Registers of the interrupt controller. All else, and what it refuses, takes
 * the long way, which starts from the beginning.
 */
bool quick_data_abort(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	unsigned rt = (unsigned)ISS_DABT_SRT(esr);
	struct mmio_access a;

	if ((esr & QUICK_MASK) != QUICK_MATCH || !frame_has(rt))
		return false;
	a.ipa = (read_sysreg(hpfar_el2) & HPFAR_FIPA) << 8 | (read_sysreg(far_el2) & ~PAGE_MASK);
	a.size = 1U << ISS_DABT_SAS(esr);
	a.write = esr & ISS_DABT_WNR;
	if (a.write)
		a.value = zero_extend(frame->x[rt], a.size);
	if (gic_mmio(vcpu, &a) != MMIO_DONE)
		return false;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_MMIO]++;
	if (!a.write)
		frame->x[rt] = esr & ISS_DABT_SSE ? sign_extend(a.value, a.size, esr & ISS_DABT_SF) :
						    a.value;
	trap_skip();
	return true;
}

static bool is_external(uint64_t esr)
{
	uint64_t fsc = ISS_FSC(esr);

	/* 0x10 and, on a table walk, 0x13..0x17; parity or ECC 0x18..0x1f */
	return (fsc & 0x30) == FSC_EXTERNAL;
}

void trap_data_abort(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	struct pgt_leaf leaf;
	uint64_t ipa = 0;
	unsigned need = esr & ISS_DABT_WNR && !is_cache_maintenance(esr) ? PGT_W : PGT_R;

	if (is_external(esr)) {
		inject_reflect(esr, read_sysreg(far_el2));
		return;
	}
	if (!fault_ipa(esr, &ipa))
		return;		/* stage 1 changed meanwhile: the access tells again */
	if (mmio_claims(vcpu->cell, ipa) && !(esr & ISS_DABT_S1PTW)) {
		emulate(vcpu, frame, esr, ipa);
		return;
	}
	look(vcpu, ipa, &leaf);
	if (allowed(&leaf, need))
		return;
	if (esr & ISS_DABT_S1PTW)
		violation(vcpu, esr, ipa, false, CAPSULE_FAULT_TABLE_WALK);
	else if (leaf.valid)
		violation(vcpu, esr, ipa, false, CAPSULE_FAULT_PERMISSION);
	else if (OWN_ANN_KIND(leaf.annotation) == OWN_KIND_MMIO)
		emulate(vcpu, frame, esr, ipa);
	else
		violation(vcpu, esr, ipa, false, CAPSULE_FAULT_MMIO);
}

void trap_fetch_abort(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	struct pgt_leaf leaf;
	uint64_t ipa = 0;
	uint32_t reason = CAPSULE_FAULT_FETCH;

	(void)frame;
	if (is_external(esr)) {
		inject_reflect(esr, read_sysreg(far_el2));
		return;
	}
	if (!fault_ipa(esr, &ipa))
		return;
	look(vcpu, ipa, &leaf);
	if (allowed(&leaf, PGT_X))
		return;
	if (esr & ISS_DABT_S1PTW)
		reason = CAPSULE_FAULT_TABLE_WALK;
	else if (leaf.valid)
		reason = CAPSULE_FAULT_PERMISSION;
	violation(vcpu, esr, ipa, true, reason);
}

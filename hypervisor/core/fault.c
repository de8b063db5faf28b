// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#include "console.h"
#include "lifecycle.h"
#include "power.h"
#include "sysreg.h"

/* A reader takes the record for complete once it sees the reason. */
static void fill(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t ipa)
{
	struct capsule_fault *f = &vcpu->cell->status->fault;
	const struct trap_frame *frame = pcpu_frame(vcpu->pcpu);

	f->cpu = vcpu->pcpu->id;
	f->pc = read_sysreg(elr_el2);
	f->esr = esr;
	f->far = read_sysreg(far_el2);
	f->ipa = ipa;
	f->spsr = read_sysreg(spsr_el2);
	f->sp_el0 = read_sysreg(sp_el0);
	f->sp_el1 = read_sysreg(sp_el1);
	memcpy(f->x, frame->x, sizeof(f->x));
	__atomic_store_n(&f->reason, reason, __ATOMIC_RELEASE);
}

/* The first fault of a cell is the one that is kept. */
static void record(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t ipa)
{
	struct cell *cell = vcpu->cell;

	spin_lock(&cell->power_lock);
	if (cell->status->fault.reason == CAPSULE_FAULT_NONE)
		fill(vcpu, reason, esr, ipa);
	spin_unlock(&cell->power_lock);
}

void fault_stop_cell(struct vcpu *vcpu, uint32_t reason, uint64_t esr, uint64_t ipa)
{
	record(vcpu, reason, esr, ipa);
	console_print("cell %s: CPU %u stopped: fault %u at 0x%lx, ESR 0x%lx IPA 0x%lx\n",
		      vcpu->cell->config->name, vcpu->pcpu->id, reason, read_sysreg(elr_el2),
		      esr, ipa);
	lifecycle_fail(vcpu);
	power_park(vcpu->pcpu);
}

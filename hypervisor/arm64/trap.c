// SPDX-License-Identifier: Apache-2.0
/* Exceptions from guests, by class. */
#include "trap.h"

#include <capsule/call.h>

#include "check.h"
#include "fault.h"
#include "gic.h"
#include "jailhouse.h"
#include "power.h"
#include "smccc.h"
#include "sysreg.h"

typedef void (*trap_handler)(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr);

static void trap_hvc(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	uint64_t imm = esr & 0xffff;

	vcpu->pcpu->status->exits[CAPSULE_EXIT_HYPERCALL]++;
	if (imm == 0)
		smccc_hvc(vcpu, frame);
	else if (imm == CAPSULE_JH_HVC)
		jailhouse_call(vcpu, frame);
	else
		frame->x[0] = SMCCC_NOT_SUPPORTED;
}

static void trap_smc(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	/* Stepped over first: the call may park this CPU and give it a new PC. */
	trap_skip();
	if ((esr & 0xffff) != 0) {
		frame->x[0] = SMCCC_NOT_SUPPORTED;
	} else if (!smccc_smc(vcpu, frame)) {
		write_sysreg(elr_el2, read_sysreg(elr_el2) - 4);
		inject_undefined();
	}
}

static void trap_undefined(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	(void)frame;
	(void)esr;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_OTHER]++;
	inject_undefined();
}

static void trap_impossible(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	(void)frame;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_OTHER]++;
	if (cell_is_root(vcpu->cell))
		inject_undefined();
	else
		fault_stop_cell(vcpu, CAPSULE_FAULT_EXCEPTION, esr, 0);
}

static bool quick_hvc(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	if ((esr & 0xffff) != 0 || !smccc_quick(vcpu, frame))
		return false;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_HYPERCALL]++;
	return true;
}

static bool quick_smc(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	if ((esr & 0xffff) != 0 || !smccc_quick(vcpu, frame))
		return false;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_SMCCC]++;
	trap_skip();
	return true;
}

bool trap_sync(struct trap_frame *frame)
{
	const struct pcpu *pcpu = this_pcpu();
	uint64_t esr = read_sysreg(esr_el2);

	pcpu->status->exits[CAPSULE_EXIT_TOTAL]++;
	if (ESR_EC(esr) == EC_DABT_LOW)
		return quick_data_abort(pcpu->current, frame, esr);
	switch (ESR_EC(esr)) {
	case EC_SYSREG:
		return quick_sysreg(pcpu->current, frame, esr);
	case EC_HVC64:
		return quick_hvc(pcpu->current, frame, esr);
	case EC_SMC64:
		return quick_smc(pcpu->current, frame, esr);
	default:
		return false;
	}
}

static trap_handler handler_of(uint64_t ec)
{
	switch (ec) {
	case EC_HVC64:
		return trap_hvc;
	case EC_SMC64:
		return trap_smc;
	case EC_SYSREG:
		return trap_sysreg;
	case EC_IABT_LOW:
		return trap_fetch_abort;
	case EC_DABT_LOW:
		return trap_data_abort;
	case EC_UNKNOWN:
	case EC_CP15_32:
	case 0x04: case 0x05: case 0x06:	/* AArch32 coprocessors */
	case EC_FP_ACCESS:
	case 0x08:
	case EC_PAUTH:
	case 0x0a:
	case EC_CP14_64:
	case 0x12: case 0x13:			/* HVC and SMC from AArch32 */
	case EC_SVE:
	case EC_ERET:
	case EC_SME:
		return trap_undefined;
	default:
		return trap_impossible;
	}
}

void trap_sync_whole(struct trap_frame *frame)
{
	const struct pcpu *pcpu = this_pcpu();
	uint64_t esr = read_sysreg(esr_el2);

	handler_of(ESR_EC(esr))(pcpu->current, frame, esr);
}

bool trap_irq(struct trap_frame *frame)
{
	struct pcpu *pcpu = this_pcpu();

	(void)frame;
	if (el2_failed)
		el2_stop();
	pcpu->status->exits[CAPSULE_EXIT_TOTAL]++;
	gic_handle_irq(pcpu);
	if (pcpu->requests)
		return false;
	gic_flush(pcpu->current);
	return true;
}

void trap_irq_whole(struct trap_frame *frame)
{
	struct pcpu *pcpu = this_pcpu();

	(void)frame;
	power_serve_requests(pcpu);
	gic_flush(pcpu->current);
}

/* Group 0 interrupts have no owner here; they stay with whoever made them. */
void trap_fiq(struct trap_frame *frame)
{
	struct pcpu *pcpu = this_pcpu();

	(void)frame;
	pcpu->status->exits[CAPSULE_EXIT_TOTAL]++;
	pcpu->status->exits[CAPSULE_EXIT_OTHER]++;
	gic_handle_fiq();
}

/* Only cells route SErrors here (HCR_EL2.AMO). */
void trap_serror(struct trap_frame *frame)
{
	struct pcpu *pcpu = this_pcpu();

	(void)frame;
	pcpu->status->exits[CAPSULE_EXIT_TOTAL]++;
	if (cell_is_root(pcpu->current->cell))
		write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_VSE);
	else
		fault_stop_cell(pcpu->current, CAPSULE_FAULT_SERROR, read_sysreg(esr_el2), 0);
}

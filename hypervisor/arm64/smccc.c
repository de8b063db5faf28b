// SPDX-License-Identifier: Apache-2.0
#include "smccc.h"

#include <capsule/call.h>

#include "call.h"
#include "config_blob.h"
#include "psci.h"
#include "start.h"

#define SMCCC_VERSION		0x80000000U
#define SMCCC_ARCH_FEATURES	0x80000001U
#define SMCCC_WORKAROUND_1	0x80008000U
#define SMCCC_WORKAROUND_2	0x80007fffU
#define SMCCC_WORKAROUND_3	0x80003fffU

/* What the hyp stub and KVM answer where EL2 does not do as asked. */
#define HVC_STUB_ERR		0xbadca11U
#define HVC_SET_VECTORS		0U
#define HVC_SOFT_RESTART	1U
#define HVC_RESET_VECTORS	2U
#define HVC_STUB_LAST		3U
#define KVM_FIRST		0xc6000000U
#define KVM_LAST		0xc60000ffU

static bool forward(struct trap_frame *frame)
{
	return smc_forward(frame->x);
}

static bool is_workaround(uint32_t fn)
{
	return fn == SMCCC_WORKAROUND_1 || fn == SMCCC_WORKAROUND_2 ||
	       fn == SMCCC_WORKAROUND_3;
}

/* Work-arounds act on the CPU: firmware does them for every guest. */
static void workaround(struct trap_frame *frame)
{
	if (!forward(frame))
		frame->x[0] = SMCCC_NOT_SUPPORTED;
}

static void arch_features(struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[1];

	if (fn == SMCCC_VERSION || fn == SMCCC_ARCH_FEATURES)
		frame->x[0] = 0;
	else if (is_workaround(fn))
		workaround(frame);
	else
		frame->x[0] = SMCCC_NOT_SUPPORTED;
}

static void uid(struct trap_frame *frame)
{
	frame->x[0] = CAPSULE_UID_0;
	frame->x[1] = CAPSULE_UID_1;
	frame->x[2] = CAPSULE_UID_2;
	frame->x[3] = CAPSULE_UID_3;
}

static bool listed(const struct cell *cell, uint32_t fn)
{
	const uint32_t *ids = config_smc_ids(cell->config);

	for (uint32_t i = 0; i < cell->config->num_smc_ids; i++)
		if (ids[i] == fn)
			return true;
	return false;
}

/* Calls that every guest may make by either conduit. */
static bool common(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[0];

	if (psci_call(vcpu, frame) || native_call(vcpu, frame))
		return true;
	switch (fn) {
	case SMCCC_VERSION:
		frame->x[0] = SMCCC_VERSION_1_2;
		return true;
	case SMCCC_ARCH_FEATURES:
		arch_features(frame);
		return true;
	case SMCCC_WORKAROUND_1:
	case SMCCC_WORKAROUND_2:
	case SMCCC_WORKAROUND_3:
		workaround(frame);
		return true;
	case CAPSULE_SMCCC_CALL_UID:
		uid(frame);
		return true;
	case CAPSULE_SMCCC_REVISION:
		frame->x[0] = CAPSULE_ABI_VERSION >> 16;
		frame->x[1] = CAPSULE_ABI_VERSION & 0xffff;
		return true;
	default:
		return false;
	}
}

/*
 * The agency's kernel goes on talking to what was at EL2 before: the hyp
 * stub, and KVM's private calls. They fail without a trace in its log, and a
 * VM it starts fails at entry (x1).
 */
static bool former_el2(struct trap_frame *frame)
{
	uint64_t fn = frame->x[0];

	if (fn == HVC_SET_VECTORS || fn == HVC_RESET_VECTORS) {
		frame->x[0] = 0;
		return true;
	}
	if (fn <= HVC_STUB_LAST) {
		frame->x[0] = HVC_STUB_ERR;
		return true;
	}
	if (fn < KVM_FIRST || fn > KVM_LAST)
		return false;
	frame->x[0] = 0;
	frame->x[1] = HVC_STUB_ERR;
	return true;
}

/* What the agency asks goes to firmware, but for our own call. */
bool smccc_quick(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[0];

	if (fn == CAPSULE_CALL_VERSION) {
		frame->x[0] = CAPSULE_ABI_VERSION;
		return true;
	}
	if (cell_is_root(vcpu->cell))
		return false;
	if (fn == SMCCC_VERSION) {
		frame->x[0] = SMCCC_VERSION_1_2;
		return true;
	}
	if (fn != PSCI_VERSION)
		return false;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_PSCI]++;
	frame->x[0] = PSCI_VERSION_1_1;
	return true;
}

void smccc_hvc(struct vcpu *vcpu, struct trap_frame *frame)
{
	if (cell_is_root(vcpu->cell) && former_el2(frame))
		return;
	if (!common(vcpu, frame))
		frame->x[0] = SMCCC_NOT_SUPPORTED;
}

bool smccc_smc(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[0];

	vcpu->pcpu->status->exits[CAPSULE_EXIT_SMCCC]++;
	if (cell_is_root(vcpu->cell)) {
		if (psci_call(vcpu, frame) || native_call(vcpu, frame))
			return true;
		return forward(frame);
	}
	if (common(vcpu, frame))
		return true;
	if (!listed(vcpu->cell, fn) || !forward(frame))
		frame->x[0] = SMCCC_NOT_SUPPORTED;
	return true;
}

// SPDX-License-Identifier: Apache-2.0
/* Trapped system registers and instructions: by table, the rest is UNDEFINED. */
#include "gic.h"
#include "lifecycle.h"
#include "power.h"
#include "sysreg.h"
#include "trap.h"

/* ISS of EC 0x18: Op0[21:20] Op2[19:17] Op1[16:14] CRn[13:10] Rt[9:5] CRm[4:1] Dir[0] */
#define SYSREG_KEY(op0, op1, crn, crm, op2) \
	((uint32_t)(op0) << 20 | (uint32_t)(op2) << 17 | (uint32_t)(op1) << 14 | \
	 (uint32_t)(crn) << 10 | (uint32_t)(crm) << 1)
#define KEY_MASK	SYSREG_KEY(3, 7, 15, 15, 7)
#define ISS_READ	1U
#define ISS_RT(iss)	(((iss) >> 5) & 31)
#define ISS_CRM(iss)	(((iss) >> 1) & 15)
#define ISS_OP2(iss)	(((iss) >> 17) & 7)

enum sysreg_result {
	SYSREG_UNDEFINED,
	SYSREG_DONE,
	SYSREG_AGAIN,	/* the instruction is executed, and traps, once more */
};

/* *value: in for a write, out for a read. */
typedef enum sysreg_result (*sysreg_handler)(struct vcpu *vcpu, uint32_t iss, uint64_t *value);

static enum sysreg_result sgi_group1(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	if (iss & ISS_READ)
		return SYSREG_UNDEFINED;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_VSGI]++;
	gic_sgi_write(vcpu, *value);
	return SYSREG_DONE;
}

/* Group 0 and the other security state: no such interrupts for a guest. */
static enum sysreg_result ignore_write(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	(void)value;
	return iss & ISS_READ ? SYSREG_UNDEFINED : SYSREG_DONE;
}

static enum sysreg_result read_zero(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	if (iss & ISS_READ)
		*value = 0;
	return SYSREG_DONE;
}

/*
 * A guest that goes through its caches by set and way wants its memory
 * coherent. The first access of a burst does that by address, on the cell's
 * own CPU; the others have nothing left to do until the guest switches its
 * MMU or caches, which HCR_EL2.TVM shows.
 */
static enum sysreg_result set_way(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)iss;
	(void)value;
	if (vcpu->set_way_served)
		return SYSREG_DONE;
	/* Slice by slice: between them interrupts and a stop get through. */
	if (!lifecycle_clean_step(vcpu))
		return SYSREG_AGAIN;
	vcpu->set_way_served = true;
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_TVM);
	isb();
	return SYSREG_DONE;
}

static void caches_may_change(struct vcpu *vcpu, uint64_t sctlr)
{
	if (!((sctlr ^ read_sysreg(sctlr_el1)) & (SCTLR_M | SCTLR_C)))
		return;
	vcpu->set_way_served = false;
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) & ~HCR_TVM);
}

/* Writes that only trap after set/way maintenance. */
#define VM_WRITE(name)								\
static enum sysreg_result write_##name(struct vcpu *vcpu, uint32_t iss, uint64_t *value)	\
{										\
	(void)vcpu;								\
	if (iss & ISS_READ)							\
		return SYSREG_UNDEFINED;							\
	write_sysreg(name, *value);						\
	return SYSREG_DONE;								\
}

static enum sysreg_result write_sctlr_el1(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	if (iss & ISS_READ)
		return SYSREG_UNDEFINED;
	caches_may_change(vcpu, *value);
	write_sysreg(sctlr_el1, *value);
	return SYSREG_DONE;
}

VM_WRITE(ttbr0_el1)
VM_WRITE(ttbr1_el1)
VM_WRITE(tcr_el1)
VM_WRITE(esr_el1)
VM_WRITE(far_el1)
VM_WRITE(afsr0_el1)
VM_WRITE(afsr1_el1)
VM_WRITE(mair_el1)
VM_WRITE(amair_el1)
VM_WRITE(contextidr_el1)

static enum sysreg_result id_register(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	if (!(iss & ISS_READ))
		return SYSREG_UNDEFINED;
	*value = idreg_value(ISS_CRM(iss), ISS_OP2(iss));
	return SYSREG_DONE;
}

static const struct {
	uint32_t key;
	sysreg_handler handler;
} table[] = {
	{ SYSREG_KEY(3, 0, 12, 11, 6), ignore_write },	/* ICC_ASGI1R_EL1 */
	{ SYSREG_KEY(3, 0, 12, 11, 7), ignore_write },	/* ICC_SGI0R_EL1 */
	{ SYSREG_KEY(3, 0, 1, 0, 1), read_zero },	/* ACTLR_EL1 */
	{ SYSREG_KEY(1, 0, 7, 6, 2), set_way },		/* DC ISW */
	{ SYSREG_KEY(1, 0, 7, 10, 2), set_way },	/* DC CSW */
	{ SYSREG_KEY(1, 0, 7, 14, 2), set_way },	/* DC CISW */
	{ SYSREG_KEY(3, 0, 1, 0, 0), write_sctlr_el1 },
	{ SYSREG_KEY(3, 0, 2, 0, 0), write_ttbr0_el1 },
	{ SYSREG_KEY(3, 0, 2, 0, 1), write_ttbr1_el1 },
	{ SYSREG_KEY(3, 0, 2, 0, 2), write_tcr_el1 },
	{ SYSREG_KEY(3, 0, 5, 1, 0), write_afsr0_el1 },
	{ SYSREG_KEY(3, 0, 5, 1, 1), write_afsr1_el1 },
	{ SYSREG_KEY(3, 0, 5, 2, 0), write_esr_el1 },
	{ SYSREG_KEY(3, 0, 6, 0, 0), write_far_el1 },
	{ SYSREG_KEY(3, 0, 10, 2, 0), write_mair_el1 },
	{ SYSREG_KEY(3, 0, 10, 3, 0), write_amair_el1 },
	{ SYSREG_KEY(3, 0, 13, 0, 1), write_contextidr_el1 },
};

static sysreg_handler find(uint32_t iss)
{
	uint32_t key = iss & KEY_MASK;

	if (key == SYSREG_KEY(3, 0, 12, 11, 5))		/* ICC_SGI1R_EL1 */
		return sgi_group1;
	/* ID registers: S3_0_C0_C1..C7 */
	if ((key & ~SYSREG_KEY(0, 0, 0, 15, 7)) == SYSREG_KEY(3, 0, 0, 0, 0) &&
	    ISS_CRM(iss) >= 1 && ISS_CRM(iss) <= 7)
		return id_register;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].key == key)
			return table[i].handler;
	return NULL;
}

bool quick_sysreg(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	if (!frame_has(ISS_RT((unsigned)esr)))
		return false;
	trap_sysreg(vcpu, frame, esr);
	return true;
}

void trap_sysreg(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	uint32_t iss = (uint32_t)ESR_ISS(esr);
	sysreg_handler handler = find(iss);
	unsigned rt = ISS_RT(iss);
	uint64_t value = frame->x[rt];

	enum sysreg_result result = SYSREG_UNDEFINED;

	vcpu->pcpu->status->exits[CAPSULE_EXIT_SYSREG]++;
	if (handler)
		result = handler(vcpu, iss, &value);
	if (result == SYSREG_UNDEFINED)
		inject_undefined();
	if (result != SYSREG_DONE)
		return;
	if (iss & ISS_READ)
		frame->x[rt] = value;
	trap_skip();
}

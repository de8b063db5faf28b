// SPDX-License-Identifier: Apache-2.0
/* Trapped system registers and instructions: by table, the rest is UNDEFINED. */
#include "gic.h"
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

/* False: UNDEFINED. *value: in for a write, out for a read. */
typedef bool (*sysreg_handler)(struct vcpu *vcpu, uint32_t iss, uint64_t *value);

static bool sgi_group1(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	if (iss & ISS_READ)
		return false;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_VSGI]++;
	gic_sgi_write(vcpu, *value);
	return true;
}

/* Group 0 and the other security state: no such interrupts for a guest. */
static bool ignore_write(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	(void)value;
	return !(iss & ISS_READ);
}

static bool read_zero(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	if (iss & ISS_READ)
		*value = 0;
	return true;
}

/*
 * Maintenance by set/way only means this CPU's caches and is never a way to
 * make memory coherent; what EL2 hands to a cell is clean already. See
 * docs/blind-spots.md.
 */
static bool set_way(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	(void)iss;
	(void)value;
	dsb(sy);
	return true;
}

static bool id_register(struct vcpu *vcpu, uint32_t iss, uint64_t *value)
{
	(void)vcpu;
	if (!(iss & ISS_READ))
		return false;
	*value = idreg_value(ISS_CRM(iss), ISS_OP2(iss));
	return true;
}

static const struct {
	uint32_t key;
	sysreg_handler handler;
} table[] = {
	{ SYSREG_KEY(3, 0, 12, 11, 5), sgi_group1 },	/* ICC_SGI1R_EL1 */
	{ SYSREG_KEY(3, 0, 12, 11, 6), ignore_write },	/* ICC_ASGI1R_EL1 */
	{ SYSREG_KEY(3, 0, 12, 11, 7), ignore_write },	/* ICC_SGI0R_EL1 */
	{ SYSREG_KEY(3, 0, 1, 0, 1), read_zero },	/* ACTLR_EL1 */
	{ SYSREG_KEY(1, 0, 7, 6, 2), set_way },		/* DC ISW */
	{ SYSREG_KEY(1, 0, 7, 10, 2), set_way },	/* DC CSW */
	{ SYSREG_KEY(1, 0, 7, 14, 2), set_way },	/* DC CISW */
};

static sysreg_handler find(uint32_t iss)
{
	uint32_t key = iss & KEY_MASK;

	/* ID registers: S3_0_C0_C1..C7 */
	if ((key & ~SYSREG_KEY(0, 0, 0, 15, 7)) == SYSREG_KEY(3, 0, 0, 0, 0) &&
	    ISS_CRM(iss) >= 1 && ISS_CRM(iss) <= 7)
		return id_register;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].key == key)
			return table[i].handler;
	return NULL;
}

void trap_sysreg(struct vcpu *vcpu, struct trap_frame *frame, uint64_t esr)
{
	uint32_t iss = (uint32_t)ESR_ISS(esr);
	sysreg_handler handler = find(iss);
	unsigned rt = ISS_RT(iss);
	uint64_t value = rt == 31 ? 0 : frame->x[rt];

	vcpu->pcpu->status->exits[CAPSULE_EXIT_SYSREG]++;
	if (!handler || !handler(vcpu, iss, &value)) {
		inject_undefined();
		return;
	}
	if ((iss & ISS_READ) && rt != 31)
		frame->x[rt] = value;
	trap_skip();
}

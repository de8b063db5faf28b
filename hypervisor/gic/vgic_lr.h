/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common case of an interrupt for a guest: no list register is in use and
 * nothing else waits, so that neither order nor duplicates are a question.
 * In a header because two files put it on their shortest path. Own CPU.
 */
#ifndef VGIC_LR_H
#define VGIC_LR_H

#include "gic_internal.h"

static inline uint64_t lr_make(struct vgic_irq irq)
{
	uint64_t lr = ICH_LR_PENDING | ICH_LR_GROUP1 | irq.intid |
		      FIELD_PUT(ICH_LR_PRIORITY, irq.priority);

	if (irq.hw)
		lr |= ICH_LR_HW | FIELD_PUT(ICH_LR_PINTID, irq.intid);
	else if (irq.virtual)
		lr |= ICH_LR_EOI;
	else
		lr |= FIELD_PUT(ICH_LR_SOURCE, irq.source);
	return lr;
}

static inline bool may_inject(const struct vcpu *vcpu)
{
	return READ_ONCE(vcpu->cell->dist.ctlr) & GICD_CTLR_GRP1;
}

/* SGIs and PPIs that are pending in software and enabled. */
static inline uint32_t injectable_soft(const struct vgic_vcpu *v)
{
	uint32_t pending = READ_ONCE(v->pending);

	return pending ? pending & READ_ONCE(v->enabled) & ~gic.own_ppis : 0;
}

/* GICv3 */
static inline bool is_idle(const struct vcpu *vcpu)
{
	const struct vgic_vcpu *v = &vcpu->vgic;

	return !READ_ONCE(v->num_queued) && !READ_ONCE(v->resync) && may_inject(vcpu) &&
	       !(~read_sysreg(ICH_ELRSR_EL2) & gic.lr_mask);
}

/* Only if it is idle; GICv3. */
static inline void inject_alone(struct vgic_vcpu *v, struct vgic_irq irq)
{
	write_sysreg(ICH_LR0_EL2, lr_make(irq));
	v->used_lrs = 1;
}

static inline void set_hcr(struct vgic_vcpu *v, uint32_t hcr)
{
	if (v->hcr == hcr)
		return;
	v->hcr = hcr;
	gic_hcr_write(hcr);
}

#endif

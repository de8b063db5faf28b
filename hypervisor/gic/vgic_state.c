/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the list registers and the queue of a vCPU, by register bits
 * of 32 interrupts, and taking it out again. On the vCPU's own CPU only.
 */
#include "gic_internal.h"

static bool in_word(uint32_t intid, uint32_t base)
{
	return (intid & ~31U) == base;
}

/*
 * Pending: acknowledged at EL2, not yet by the guest; the hardware calls these
 * active. Active: acknowledged by the guest.
 */
struct vgic_lr_bits vgic_lr_state(struct vcpu *vcpu, uint32_t base)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	struct vgic_lr_bits bits = { 0, 0 };

	for (uint32_t used = v->used_lrs; used; used &= used - 1) {
		uint64_t lr = gic_lr_read((unsigned)__builtin_ctz(used));
		uint32_t intid = (uint32_t)(lr & ICH_LR_VINTID);

		if (!in_word(intid, base))
			continue;
		if (lr & ICH_LR_PENDING)
			bits.pending |= 1U << (intid & 31);
		if (lr & ICH_LR_ACTIVE)
			bits.active |= 1U << (intid & 31);
	}
	/* Only this CPU takes out of its queue. */
	if (!__atomic_load_n(&v->num_queued, __ATOMIC_RELAXED))
		return bits;
	spin_lock(&v->lock);
	for (unsigned i = 0; i < v->num_queued; i++)
		if (in_word(v->queue[i].intid, base))
			bits.pending |= 1U << (v->queue[i].intid & 31);
	spin_unlock(&v->lock);
	return bits;
}

static bool selected(uint32_t intid, bool hw, uint32_t base, uint32_t mask, bool hw_only)
{
	return in_word(intid, base) && mask >> (intid & 31) & 1 && (hw || !hw_only);
}

static uint32_t take_from_queue(struct vgic_vcpu *v, uint32_t base, uint32_t mask,
				bool hw_only)
{
	uint32_t hw = 0;
	unsigned kept = 0;

	if (!__atomic_load_n(&v->num_queued, __ATOMIC_RELAXED))
		return 0;
	spin_lock(&v->lock);
	for (unsigned i = 0; i < v->num_queued; i++) {
		struct vgic_irq irq = v->queue[i];

		if (!selected(irq.intid, irq.hw, base, mask, hw_only))
			v->queue[kept++] = irq;
		else if (irq.hw)
			hw |= 1U << (irq.intid & 31);
	}
	v->num_queued = kept;
	spin_unlock(&v->lock);
	return hw;
}

/*
 * Makes the interrupts of @mask no longer pending. Returns those that are
 * still physically active: the caller deactivates them.
 */
uint32_t vgic_take_pending(struct vcpu *vcpu, uint32_t base, uint32_t mask, bool hw_only)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	uint32_t hw = take_from_queue(v, base, mask, hw_only);

	for (uint32_t used = v->used_lrs; used; used &= used - 1) {
		unsigned n = (unsigned)__builtin_ctz(used);
		uint64_t lr = gic_lr_read(n);
		uint32_t intid = (uint32_t)(lr & ICH_LR_VINTID);

		if (!(lr & ICH_LR_PENDING) ||
		    !selected(intid, lr & ICH_LR_HW, base, mask, hw_only))
			continue;
		if (lr & ICH_LR_HW)
			hw |= 1U << (intid & 31);
		gic_lr_write(n, lr & ICH_LR_ACTIVE ? lr & ~ICH_LR_PENDING : 0);
	}
	return hw;
}

/* The interrupts of @mask are not active any more; the caller deactivates them physically. */
void vgic_clear_active(struct vcpu *vcpu, uint32_t base, uint32_t mask)
{
	for (uint32_t used = vcpu->vgic.used_lrs; used; used &= used - 1) {
		unsigned n = (unsigned)__builtin_ctz(used);
		uint64_t lr = gic_lr_read(n);

		if (lr & ICH_LR_ACTIVE &&
		    selected((uint32_t)(lr & ICH_LR_VINTID), true, base, mask, false))
			gic_lr_write(n, lr & ICH_LR_PENDING ? lr & ~ICH_LR_ACTIVE : 0);
	}
}

void vgic_drain(struct vcpu *vcpu, vgic_drain_fn fn, void *arg)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	struct vgic_irq irq;

	for (unsigned n = 0; n < gic.nr_lrs; n++) {
		uint64_t lr = v->used_lrs >> n & 1 ? gic_lr_read(n) : 0;

		gic_lr_write(n, 0);
		irq = (struct vgic_irq){
			.intid = (uint32_t)(lr & ICH_LR_VINTID),
			.priority = (uint8_t)FIELD_GET(ICH_LR_PRIORITY, lr),
			.hw = lr & ICH_LR_HW };
		if (!irq.hw)
			irq.source = (uint8_t)FIELD_GET(ICH_LR_SOURCE, lr);
		if (lr & ICH_LR_STATE)
			fn(vcpu, irq, lr & ICH_LR_STATE, arg);
	}
	v->used_lrs = 0;
	/* One by one without the lock: fn may use another vCPU's queue. */
	for (;;) {
		bool found;

		spin_lock(&v->lock);
		found = v->num_queued > 0;
		if (found)
			irq = v->queue[--v->num_queued];
		spin_unlock(&v->lock);
		if (!found)
			break;
		fn(vcpu, irq, ICH_LR_PENDING, arg);
	}
}

bool gic_has_pending(const struct vcpu *vcpu)
{
	const struct vgic_vcpu *v = &vcpu->vgic;

	if ((__atomic_load_n(&v->pending, __ATOMIC_ACQUIRE) & v->enabled) || v->num_queued)
		return true;
	for (uint32_t used = v->used_lrs; used; used &= used - 1)
		if (gic_lr_read((unsigned)__builtin_ctz(used)) & ICH_LR_PENDING)
			return true;
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SGIs of a GICv2 guest. An SGI is pending once for each CPU that sent it
 * (IHI 0048, 4.3.15): vgic.sgi_source has a bit for each sender, counted as
 * the guest counts CPU interfaces, and the bit in vgic.pending says that there
 * is one at all. Whoever adds a sender sets that bit afterwards; whoever takes
 * one clears the bit first and sets it again if others are left. So the bit
 * may be set without a sender, but no sender waits without the bit.
 */
#include "gicv2.h"

static void put(struct vgic_vcpu *v, unsigned sgi, uint8_t senders)
{
	__atomic_fetch_or(&v->sgi_source[sgi], senders, __ATOMIC_ACQ_REL);
	__atomic_fetch_or(&v->pending, 1U << sgi, __ATOMIC_ACQ_REL);
}

/* Takes those of @mask away; which there were. */
static uint8_t take(struct vgic_vcpu *v, unsigned sgi, uint8_t mask)
{
	uint8_t old;

	__atomic_fetch_and(&v->pending, ~(1U << sgi), __ATOMIC_ACQ_REL);
	old = __atomic_fetch_and(&v->sgi_source[sgi], (uint8_t)~mask, __ATOMIC_ACQ_REL);
	if (old & ~mask)
		__atomic_fetch_or(&v->pending, 1U << sgi, __ATOMIC_ACQ_REL);
	return old & mask;
}

bool vgic_v2_take_first(struct vgic_vcpu *v, unsigned sgi, uint8_t *source)
{
	uint8_t senders = __atomic_load_n(&v->sgi_source[sgi], __ATOMIC_ACQUIRE);

	*source = (uint8_t)__builtin_ctz(senders | 0x80U);
	return take(v, sgi, (uint8_t)(1U << *source)) != 0;
}

bool vgic_v2_take_from(struct vgic_vcpu *v, unsigned sgi, uint8_t source)
{
	return take(v, sgi, (uint8_t)(1U << (source & 7))) != 0;
}

void vgic_v2_put(struct vgic_vcpu *v, unsigned sgi, uint8_t source)
{
	put(v, sgi, (uint8_t)(1U << (source & 7)));
}

void vgic_v2_send(struct vcpu *from, uint32_t sgi, uint8_t targets)
{
	uint8_t sender = gicv2_interface_of(from);

	for (unsigned i = 0; i < from->cell->num_vcpus; i++) {
		struct vcpu *to = from->cell->vcpu[i];

		if (!to || !(targets & gicv2_interface_of(to)) ||
		    __atomic_load_n(&to->power, __ATOMIC_RELAXED) != VCPU_ON)
			continue;
		put(&to->vgic, sgi, sender);
		if (to != from)
			gic_kick(to->pcpu);
	}
}

/* Which senders a list register holds: pending, with the number in @lr. */
static uint8_t lr_senders(const struct vcpu *vcpu, unsigned sgi, unsigned n, uint64_t *lr)
{
	*lr = vcpu->vgic.used_lrs >> n & 1 ? gic_lr_read(n) : 0;
	if ((*lr & ICH_LR_VINTID) != sgi || !(*lr & ICH_LR_PENDING))
		return 0;
	return (uint8_t)(1U << FIELD_GET(ICH_LR_SOURCE, *lr));
}

uint8_t vgic_v2_senders(const struct vcpu *vcpu, unsigned sgi)
{
	uint8_t senders = __atomic_load_n(&vcpu->vgic.sgi_source[sgi], __ATOMIC_ACQUIRE);
	uint64_t lr;

	for (unsigned n = 0; n < gic.nr_lrs; n++)
		senders |= lr_senders(vcpu, sgi, n, &lr);
	return senders;
}

void vgic_v2_set_senders(struct vcpu *vcpu, unsigned sgi, uint8_t senders)
{
	if (senders)
		put(&vcpu->vgic, sgi, senders);
}

void vgic_v2_clear_senders(struct vcpu *vcpu, unsigned sgi, uint8_t senders)
{
	uint64_t lr;

	(void)take(&vcpu->vgic, sgi, senders);
	for (unsigned n = 0; n < gic.nr_lrs; n++)
		if (lr_senders(vcpu, sgi, n, &lr) & senders)
			gic_lr_write(n, lr & ICH_LR_ACTIVE ? lr & ~ICH_LR_PENDING : 0);
}

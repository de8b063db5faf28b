/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redistributors as a cell sees them. The agency's stand at their physical
 * addresses, a cell's are contiguous from the same base, one a vCPU. SGIs are
 * shadow state; PPIs reach the physical redistributor of the CPU the vCPU
 * runs on, except EL2's own. While the vCPU is off nothing reaches hardware.
 */
#include "gic_internal.h"
#include "ownership_query.h"

static bool is_own(const struct vgic_access *r)
{
	return r->target == r->vcpu;
}

static uint8_t *live(const struct vgic_access *r)
{
	return vcpu_runs(r->target) ? gicr_of(r->target->pcpu) : NULL;
}

static uint32_t guest_ppis(void)
{
	return PPI_MASK & ~gic.own_ppis;
}

static void write_live(const struct vgic_access *r, uint32_t offset, uint32_t bits)
{
	uint8_t *gicr = live(r);

	if (gicr && bits & guest_ppis())
		mmio_write32(gicr + offset, bits & guest_ppis());
}

static uint32_t read_live(const struct vgic_access *r, uint32_t offset)
{
	const uint8_t *gicr = live(r);

	return gicr ? mmio_read32(gicr + offset) & guest_ppis() : 0;
}

/* List registers of another CPU cannot be read: what is in them is not seen. */
static void lr_state(const struct vgic_access *r, uint32_t *pending, uint32_t *active)
{
	*pending = *active = 0;
	if (is_own(r))
		vgic_lr_state(r->target, 0, pending, active);
}

/* The vCPU's own CPU flushes before it returns; another one is told to look. */
static void look_again(const struct vgic_access *r)
{
	__atomic_store_n(&r->target->vgic.resync, true, __ATOMIC_RELEASE);
	if (!is_own(r) && vcpu_runs(r->target))
		gic_kick(r->target->pcpu);
}

static void access_ctlr(const struct vgic_access *r)
{
	uint32_t old, base_ok;
	uint64_t prop, pend, bits;

	if (!cell_is_root(r->vcpu->cell))
		return;
	old = mmio_read32(r->hw + GICR_CTLR);
	r->a->value = r->a->write ? r->a->value : old;
	if (!r->a->write || !((old ^ r->a->value) & GICR_CTLR_ENABLE_LPIS))
		return;
	prop = mmio_read64(r->hw + GICR_PROPBASER);
	pend = mmio_read64(r->hw + GICR_PENDBASER);
	bits = FIELD_GET(GICR_PROPBASER_IDBITS, prop) + 1;
	/* One byte of configuration and one pending bit for each LPI. */
	base_ok = bits > 13 &&
		agency_owns_ram(pa_init(prop & GICR_PROPBASER_PA), BIT(bits) - INTID_LPI) &&
		agency_owns_ram(pa_init(pend & GICR_PENDBASER_PA), BIT(bits) / 8);
	if (!(r->a->value & GICR_CTLR_ENABLE_LPIS) || base_ok)
		mmio_write32(r->hw + GICR_CTLR, old ^ (uint32_t)GICR_CTLR_ENABLE_LPIS);
}

/* What they point at is checked when LPIs are enabled; then they are fixed. */
static void access_lpi_base(const struct vgic_access *r)
{
	uint8_t *reg = r->hw + (r->offset & ~7U);

	if (!cell_is_root(r->vcpu->cell))
		return;
	if (!r->a->write)
		vgic_return64(r, mmio_read64(reg));
	else if (!(mmio_read32(r->hw + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS))
		mmio_write64(reg, vgic_merge64(r, mmio_read64(reg)));
}

static void access_lpi(const struct vgic_access *r)
{
	if (cell_is_root(r->vcpu->cell))
		vgic_forward(r);
}

static void access_typer(const struct vgic_access *r)
{
	const struct vcpu *t = r->target;
	uint64_t typer;

	if (cell_is_root(r->vcpu->cell)) {
		typer = mmio_read64(r->hw + GICR_TYPER);
	} else {
		typer = (uint64_t)mpidr_to_typer(t->mpidr) << 32 | (uint64_t)t->index << 8;
		if (t->index == t->cell->num_vcpus - 1)
			typer |= GICR_TYPER_LAST;
	}
	vgic_return64(r, typer);
}

/* EL2 keeps the physical one awake. RAZ/WI to Non-secure code if DS = 0. */
static void access_waker(const struct vgic_access *r)
{
	struct vgic_vcpu *v = &r->target->vgic;

	if (!gic.ds && cell_is_root(r->vcpu->cell))
		return;
	if (r->a->write)
		v->asleep = r->a->value & GICR_WAKER_SLEEP;
	else if (v->asleep)
		r->a->value = GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP;
}

static void access_group(const struct vgic_access *r)
{
	if (gic.ds || !cell_is_root(r->vcpu->cell))
		r->a->value = ~gic.own_ppis;
}

static void access_isenabler(const struct vgic_access *r)
{
	struct vgic_vcpu *v = &r->target->vgic;
	uint32_t bits = (uint32_t)r->a->value;

	if (!r->a->write) {
		r->a->value = v->enabled & ~gic.own_ppis;
		return;
	}
	__atomic_fetch_or(&v->enabled, bits, __ATOMIC_ACQ_REL);
	write_live(r, GICR_ISENABLER0, bits);
	if (!is_own(r) && bits & __atomic_load_n(&v->pending, __ATOMIC_ACQUIRE))
		look_again(r);
}

static void access_icenabler(const struct vgic_access *r)
{
	struct vgic_vcpu *v = &r->target->vgic;
	uint32_t bits = (uint32_t)r->a->value, back;

	if (!r->a->write) {
		r->a->value = v->enabled & ~gic.own_ppis;
		return;
	}
	__atomic_fetch_and(&v->enabled, ~bits, __ATOMIC_ACQ_REL);
	write_live(r, GICR_ICENABLER0, bits);
	if (is_own(r)) {
		back = vgic_take_pending(r->target, 0, bits & guest_ppis(), true);
		if (back) {
			gicr_wait(gicr_of(r->target->pcpu));
			gicr_return_ppis(gicr_of(r->target->pcpu), back);
		}
	}
	look_again(r);
}

static uint32_t pending_bits(const struct vgic_access *r)
{
	uint32_t pending, active;

	lr_state(r, &pending, &active);
	return read_live(r, GICR_ISPENDR0) | pending |
	       __atomic_load_n(&r->target->vgic.pending, __ATOMIC_RELAXED);
}

static void access_ispendr(const struct vgic_access *r)
{
	uint32_t bits = (uint32_t)r->a->value;

	if (!r->a->write) {
		r->a->value = pending_bits(r);
		return;
	}
	write_live(r, GICR_ISPENDR0, bits);
	__atomic_fetch_or(&r->target->vgic.pending, bits & SGI_MASK, __ATOMIC_ACQ_REL);
	if (!is_own(r) && bits & SGI_MASK && vcpu_runs(r->target))
		gic_kick(r->target->pcpu);
}

static void access_icpendr(const struct vgic_access *r)
{
	uint32_t bits = (uint32_t)r->a->value;

	if (!r->a->write) {
		r->a->value = pending_bits(r);
		return;
	}
	__atomic_fetch_and(&r->target->vgic.pending, ~bits, __ATOMIC_ACQ_REL);
	write_live(r, GICR_ICPENDR0, bits);
	if (is_own(r))
		write_live(r, GICR_ICACTIVER0,
			   vgic_take_pending(r->target, 0, bits, false));
}

static void access_active(const struct vgic_access *r)
{
	bool set = r->offset < GICR_ICACTIVER0;
	uint32_t bits = (uint32_t)r->a->value, pending, active;

	lr_state(r, &pending, &active);
	if (!r->a->write) {
		r->a->value = (active & SGI_MASK) | (read_live(r, r->offset) & ~pending);
		return;
	}
	if (!set && is_own(r))
		vgic_clear_active(r->target, 0, bits);
	write_live(r, r->offset, bits & ~pending);
}

static void access_priority(const struct vgic_access *r)
{
	struct vgic_vcpu *v = &r->target->vgic;
	uint8_t *gicr = live(r);
	uint32_t first = r->offset - GICR_IPRIORITYR;

	for (unsigned i = 0; i < r->a->size; i++) {
		uint32_t intid = first + i;
		uint8_t priority = guest_priority((uint32_t)(r->a->value >> (8 * i)));

		if (gic.own_ppis >> intid & 1)
			continue;
		if (!r->a->write) {
			r->a->value |= (uint64_t)v->priority[intid] << (8 * i);
			continue;
		}
		v->priority[intid] = priority;
		if (intid >= 16 && gicr)
			mmio_write8(gicr + GICR_IPRIORITYR + intid, hw_priority(priority));
	}
}

/* SGIs are edge-triggered. */
static void access_config_sgi(const struct vgic_access *r)
{
	r->a->value = 0xaaaaaaaa;
}

static void access_config_ppi(const struct vgic_access *r)
{
	uint8_t *gicr = live(r);
	uint32_t mask = 0, old;

	for (unsigned i = 16; i < 32; i++)
		if (!(gic.own_ppis >> i & 1))
			mask |= 2U << (i - 16) * 2;
	if (!gicr)
		return;
	old = mmio_read32(gicr + GICR_ICFGR1);
	if (r->a->write)
		mmio_write32(gicr + GICR_ICFGR1,
			     (old & ~mask) | ((uint32_t)r->a->value & mask));
	else
		r->a->value = old & mask;
}

/* Of the redistributor of a CPU that nobody uses only identification is seen. */
static const struct vgic_reg id_regs[] = {
	{ GICR_IIDR, GICR_IIDR + 3, 4, vgic_forward_read },
	{ GICR_TYPER, GICR_TYPER + 7, 4 | 8, vgic_forward_read },
	{ GIC_IDREGS, GICR_FRAME - 1, 4, vgic_forward_read },
	{ 0, 2 * GICR_SIZE - 1, 1 | 4 | 8, NULL },
};

static const struct vgic_reg redist_regs[] = {
	{ GICR_ISENABLER0, GICR_ISENABLER0 + 3, 4, access_isenabler },
	{ GICR_ICENABLER0, GICR_ICENABLER0 + 3, 4, access_icenabler },
	{ GICR_ISPENDR0, GICR_ISPENDR0 + 3, 4, access_ispendr },
	{ GICR_ICPENDR0, GICR_ICPENDR0 + 3, 4, access_icpendr },
	{ GICR_ISACTIVER0, GICR_ISACTIVER0 + 3, 4, access_active },
	{ GICR_ICACTIVER0, GICR_ICACTIVER0 + 3, 4, access_active },
	{ GICR_IPRIORITYR, GICR_IPRIORITYR + 31, 1 | 4, access_priority },
	{ GICR_ICFGR0, GICR_ICFGR0 + 3, 4, access_config_sgi },
	{ GICR_ICFGR1, GICR_ICFGR1 + 3, 4, access_config_ppi },
	{ GICR_IGROUPR0, GICR_IGROUPR0 + 3, 4, access_group },
	{ GICR_WAKER, GICR_WAKER + 3, 4, access_waker },
	{ GICR_TYPER, GICR_TYPER + 7, 4 | 8, access_typer },
	{ GICR_CTLR, GICR_CTLR + 3, 4, access_ctlr },
	{ GICR_IIDR, GICR_IIDR + 3, 4, vgic_forward_read },
	{ GICR_SETLPIR, GICR_CLRLPIR + 7, 8, access_lpi },
	{ GICR_PROPBASER, GICR_PENDBASER + 7, 4 | 8, access_lpi_base },
	{ GICR_INVLPIR, GICR_SYNCR - 1, 8, access_lpi },
	{ GICR_SYNCR, GICR_SYNCR + 3, 4, access_lpi },
	{ GIC_IDREGS, GICR_FRAME - 1, 4, vgic_forward_read },
	{ 0, GICR_SIZE - 1, 4, NULL },
	/* GICv4: no virtual LPIs, but a kernel that has them looks at the registers. */
	{ GICR_SIZE, 2 * GICR_SIZE - 1, 4 | 8, NULL },
};

static enum mmio_result agency_redist(struct vgic_access *r, uint64_t offset)
{
	const struct gic_frame *f;

	if (offset / gic.stride >= gic.num_frames)
		return MMIO_ABORT;
	f = &gic.frame[offset / gic.stride];
	r->offset = (uint32_t)(offset % gic.stride);
	r->hw = f->va;
	if (!f->pcpu)
		return vgic_dispatch(id_regs, ARRAY_SIZE(id_regs), r);
	r->target = &f->pcpu->agency_vcpu;
	return vgic_dispatch(redist_regs, ARRAY_SIZE(redist_regs), r);
}

enum mmio_result vgic_redist_mmio(struct vcpu *vcpu, struct mmio_access *a, uint64_t offset)
{
	struct vgic_access r = { .vcpu = vcpu, .a = a };

	if (cell_is_root(vcpu->cell))
		return agency_redist(&r, offset);
	if (offset / GICR_SIZE >= vcpu->cell->num_vcpus ||
	    !vcpu->cell->vcpu[offset / GICR_SIZE])
		return MMIO_ABORT;
	r.target = vcpu->cell->vcpu[offset / GICR_SIZE];
	r.offset = (uint32_t)(offset % GICR_SIZE);
	r.hw = gicr_of(r.target->pcpu);
	return vgic_dispatch(redist_regs, ARRAY_SIZE(redist_regs), &r);
}

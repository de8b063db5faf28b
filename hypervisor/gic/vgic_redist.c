/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redistributors as a cell sees them. The agency's stand at their physical
 * addresses, a cell's are contiguous from the same base, one a vCPU. SGIs are
 * shadow state; PPIs reach the physical redistributor of the CPU the vCPU
 * runs on, except EL2's own. While the vCPU is off nothing reaches hardware.
 */
#include "nospec.h"
#include "ownership_query.h"

#include "gic_internal.h"

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
	return gic.guest_ppis;
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
static struct vgic_lr_bits lr_state(const struct vgic_access *r)
{
	return is_own(r) ? vgic_lr_state(r->target, 0) : (struct vgic_lr_bits){ 0, 0 };
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
	return read_live(r, GICR_ISPENDR0) | lr_state(r).pending |
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
	uint32_t bits = (uint32_t)r->a->value;
	struct vgic_lr_bits lr = lr_state(r);

	if (!r->a->write) {
		r->a->value = (lr.active & SGI_MASK) | (read_live(r, r->offset) & ~lr.pending);
		return;
	}
	if (!set && is_own(r))
		vgic_clear_active(r->target, 0, bits);
	write_live(r, r->offset, bits & ~lr.pending);
}

static void access_priority(const struct vgic_access *r)
{
	struct vgic_vcpu *v = &r->target->vgic;
	uint32_t first = r->offset - GICR_IPRIORITYR;
	uint8_t *gicr;

	if (!r->a->write) {
		r->a->value = (*vgic_priority_word(v->priority, first & ~3U) &
			       vgic_byte_mask(~gic.own_ppis >> (first & 28))) >>
			      8 * (first & 3);
		if (r->a->size == 1)
			r->a->value &= 0xff;
		return;
	}
	gicr = live(r);
	for (unsigned i = 0; i < r->a->size; i++) {
		uint32_t intid = first + i;
		uint8_t priority = guest_priority((uint32_t)(r->a->value >> 8 * i));

		if (gic.own_ppis >> intid & 1)
			continue;
		v->priority[intid] = priority;
		if (intid >= 16 && gicr)
			mmio_write8(gicr + GICR_IPRIORITYR + intid, hw_priority(priority));
	}
}

/* SGIs are edge-triggered; of a PPI the odd bit of two tells. */
static void access_config(const struct vgic_access *r)
{
	uint32_t mask = gic.guest_icfgr1, old;
	uint8_t *gicr;

	if (r->offset == GICR_ICFGR0) {
		r->a->value = 0xaaaaaaaa;
		return;
	}
	gicr = live(r);
	if (!gicr)
		return;
	old = mmio_read32(gicr + GICR_ICFGR1);
	if (r->a->write)
		mmio_write32(gicr + GICR_ICFGR1,
			     (old & ~mask) | ((uint32_t)r->a->value & mask));
	else
		r->a->value = old & mask;
}

enum {
	REG_NONE, REG_CTLR, REG_IIDR, REG_TYPER, REG_WAKER, REG_LPI, REG_LPI_BASE, REG_SYNCR,
	REG_GROUP, REG_ISENABLER, REG_ICENABLER, REG_ISPENDR, REG_ICPENDR, REG_ACTIVE,
	REG_PRIORITY, REG_CONFIG, REG_ID,
};

static const struct vgic_reg redist_regs[] = {
	[REG_NONE] = { vgic_nothing, 4, 0 },
	[REG_CTLR] = { access_ctlr, 4, 0x7f },
	[REG_IIDR] = { vgic_forward_read, 4, 0x7f },
	[REG_TYPER] = { access_typer, 4 | 8, 0x7f },
	[REG_WAKER] = { access_waker, 4, 0x7f },
	[REG_LPI] = { access_lpi, 8, 0x7f },
	[REG_LPI_BASE] = { access_lpi_base, 4 | 8, 0x7f },
	[REG_SYNCR] = { access_lpi, 4, 0x7f },
	[REG_GROUP] = { access_group, 4, 0x7f },
	/* One word for SGIs and PPIs; what follows is for extended PPIs. */
	[REG_ISENABLER] = { access_isenabler, 4, 3 },
	[REG_ICENABLER] = { access_icenabler, 4, 3 },
	[REG_ISPENDR] = { access_ispendr, 4, 3 },
	[REG_ICPENDR] = { access_icpendr, 4, 3 },
	[REG_ACTIVE] = { access_active, 4, 3 },
	[REG_PRIORITY] = { access_priority, 1 | 4, 31 },
	[REG_CONFIG] = { access_config, 4, 7 },
	[REG_ID] = { vgic_identification, 4, 0x7f },
};

#define WORDS(offset, bytes) \
	[VGIC_WORD(offset) ... VGIC_WORD((offset) + (bytes) - 1)]

static const struct vgic_map rd_map = {
	.regs = redist_regs,
	.word = {
		[VGIC_WORD(GICR_CTLR)] = REG_CTLR,
		[VGIC_WORD(GICR_IIDR)] = REG_IIDR,
		WORDS(GICR_TYPER, 8) = REG_TYPER,
		[VGIC_WORD(GICR_WAKER)] = REG_WAKER,
		WORDS(GICR_SETLPIR, 16) = REG_LPI,	/* and CLRLPIR */
		WORDS(GICR_PROPBASER, 16) = REG_LPI_BASE,	/* and PENDBASER */
		WORDS(GICR_INVLPIR, 32) = REG_LPI,	/* and INVALLR */
		[VGIC_WORD(GICR_SYNCR)] = REG_SYNCR,
	},
	.page = { [VGIC_PAGE(GIC_IDREGS)] = REG_ID },
};

static const struct vgic_map sgi_map = {
	.regs = redist_regs,
	.word = { [VGIC_WORD(GICR_IGROUPR0)] = REG_GROUP },
	.block = {
		[VGIC_BLOCK(GICR_ISENABLER0)] = REG_ISENABLER,
		[VGIC_BLOCK(GICR_ICENABLER0)] = REG_ICENABLER,
		[VGIC_BLOCK(GICR_ISPENDR0)] = REG_ISPENDR,
		[VGIC_BLOCK(GICR_ICPENDR0)] = REG_ICPENDR,
		[VGIC_BLOCK(GICR_ISACTIVER0)] = REG_ACTIVE,
		[VGIC_BLOCK(GICR_ICACTIVER0)] = REG_ACTIVE,
		[VGIC_BLOCK(GICR_IPRIORITYR)] = REG_PRIORITY,
		[VGIC_BLOCK(GICR_ICFGR0)] = REG_CONFIG,
	},
};

/* GICv4: no virtual LPIs, but a kernel that has them looks at the registers. */
static const struct vgic_map vlpi_map = {
	.regs = (const struct vgic_reg[]){ { vgic_nothing, 4 | 8, 0 } },
};

/* Of the redistributor of a CPU that nobody uses only identification is seen. */
enum { UNUSED_NONE, UNUSED_IIDR, UNUSED_TYPER, UNUSED_ID };

static const struct vgic_map unused_map = {
	.regs = (const struct vgic_reg[]){
		[UNUSED_NONE] = { vgic_nothing, 1 | 4 | 8, 0 },
		[UNUSED_IIDR] = { vgic_forward_read, 4, 0x7f },
		[UNUSED_TYPER] = { vgic_forward_read, 4 | 8, 0x7f },
		[UNUSED_ID] = { vgic_identification, 4, 0x7f },
	},
	.word = {
		[VGIC_WORD(GICR_IIDR)] = UNUSED_IIDR,
		WORDS(GICR_TYPER, 8) = UNUSED_TYPER,
	},
	.page = { [VGIC_PAGE(GIC_IDREGS)] = UNUSED_ID },
};

/* By 64 KiB frame of a redistributor in use, and of others. */
static const struct vgic_map *const used_frames[4] = { &rd_map, &sgi_map, &vlpi_map, &vlpi_map };
static const struct vgic_map *const unused_frames[4] = {
	&unused_map, &vlpi_map, &vlpi_map, &vlpi_map
};

static const struct vgic_map *agency_frame(struct vgic_access *r, uint64_t offset)
{
	uint64_t n = offset >> gic.stride_shift;
	const struct gic_frame *f = &gic.frame[index_nospec(n, gic.num_frames)];

	if (n >= gic.num_frames)
		return NULL;
	r->offset = (uint32_t)(offset & (BIT(gic.stride_shift) - 1));
	r->hw = f->va;
	if (!f->pcpu)
		return unused_frames[r->offset / GICR_FRAME % 4];
	r->target = &f->pcpu->agency_vcpu;
	return used_frames[r->offset / GICR_FRAME % 4];
}

const struct vgic_map *vgic_redist_frame(struct vgic_access *r, uint64_t offset)
{
	const struct cell *cell = r->vcpu->cell;
	uint64_t n = offset / GICR_SIZE;

	if (cell_is_root(cell))
		return agency_frame(r, offset);
	if (n >= cell->num_vcpus)
		return NULL;
	r->target = cell->vcpu[index_nospec(n, cell->num_vcpus)];
	if (!r->target)
		return NULL;
	r->offset = (uint32_t)(offset % GICR_SIZE);
	r->hw = gicr_of(r->target->pcpu);
	return used_frames[r->offset / GICR_FRAME];
}

enum mmio_result vgic_redist_banked(struct vcpu *vcpu, struct mmio_access *a, uint32_t offset)
{
	struct vgic_access r = { .vcpu = vcpu, .target = vcpu, .a = a,
				 .offset = GICR_SGI + offset, .hw = gicr_of(vcpu->pcpu) };

	return vgic_dispatch(&sgi_map, &r);
}

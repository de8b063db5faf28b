/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributor as a cell sees it: the physical registers, of which it reaches
 * the bits of its own SPIs. Group and security are EL2's: every interrupt of
 * a guest is Group 1. Extended SPIs (GICv3.1) read as zero.
 */
#include "gic_internal.h"

/* Bit n of a 16-bit mask to bit 2n. */
static uint32_t spread(uint32_t m)
{
	m = (m | m << 8) & 0x00ff00ff;
	m = (m | m << 4) & 0x0f0f0f0f;
	m = (m | m << 2) & 0x33333333;
	return (m | m << 1) & 0x55555555;
}

static struct vgic_dist *dist_of(const struct vgic_access *r)
{
	return &r->vcpu->cell->dist;
}

/* First INTID of a register with one bit an interrupt; such arrays are 0x80 aligned. */
static uint32_t word_base(const struct vgic_access *r)
{
	return (r->offset & 0x7f) * 8;
}

static uint32_t owned_mask(const struct vgic_access *r)
{
	uint32_t base = word_base(r);

	return base >= INTID_SPI ? spi_owned(dist_of(r), base) : 0;
}

void vgic_resync_cell(const struct vcpu *vcpu)
{
	for (unsigned i = 0; i < vcpu->cell->num_vcpus; i++) {
		struct vcpu *to = vcpu->cell->vcpu[i];

		if (!to)
			continue;
		__atomic_store_n(&to->vgic.resync, true, __ATOMIC_RELEASE);
		if (to != vcpu && vcpu_runs(to))
			gic_kick(to->pcpu);
	}
}

/* EL2 needs the physical enable; the guest's own decides what is injected. */
static void access_ctlr(const struct vgic_access *r)
{
	const uint32_t groups = (uint32_t)(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	uint32_t hw = gicd_read(GICD_CTLR), old;

	if (!r->a->write) {
		if (!cell_is_root(r->vcpu->cell))
			hw = (uint32_t)((hw & GICD_CTLR_RWP) | GICD_CTLR_ARE | GICD_CTLR_DS);
		r->a->value = (hw & ~groups) | dist_of(r)->ctlr;
		return;
	}
	gicd_lock();
	old = dist_of(r)->ctlr;
	__atomic_store_n(&dist_of(r)->ctlr, (uint32_t)r->a->value & groups, __ATOMIC_RELEASE);
	gicd_unlock();
	if (old != ((uint32_t)r->a->value & groups))
		vgic_resync_cell(r->vcpu);
}

/* Cells have neither LPIs nor message-based SPIs, and INTIDs of 10 bits. */
static void access_typer(const struct vgic_access *r)
{
	uint32_t typer = gicd_read(GICD_TYPER);

	if (!cell_is_root(r->vcpu->cell))
		typer = (typer & (uint32_t)(GICD_TYPER_ITLINES | GICD_TYPER_A3V |
					    GICD_TYPER_NO1N)) |
			(uint32_t)FIELD_PUT(GICD_TYPER_IDBITS, 9);
	r->a->value = typer;
}

/* Message-based SPIs: the agency may signal its own. */
static void access_message(const struct vgic_access *r)
{
	uint32_t intid = (uint32_t)r->a->value & 0x1fff;

	if (!r->a->write || !cell_is_root(r->vcpu->cell) || r->offset & 3 ||
	    intid < INTID_SPI || intid >= gic.nr_irqs)
		return;
	gicd_lock();
	if (spi_is_owned(dist_of(r), intid))
		gicd_write(r->offset, intid);
	gicd_unlock();
}

static void access_group(const struct vgic_access *r)
{
	if (gic.ds || !cell_is_root(r->vcpu->cell))
		r->a->value = owned_mask(r);
}

/*
 * Reads take no lock: the owner is looked up after the register was read, so
 * that the bits of an SPI that changes hands meanwhile are not seen.
 */
static void return_owned(const struct vgic_access *r, uint32_t bits)
{
	dmb(ld);
	r->a->value = bits & owned_mask(r);
}

static void access_isenabler(const struct vgic_access *r)
{
	if (!r->a->write) {
		return_owned(r, gicd_read(r->offset));
		return;
	}
	gicd_lock();
	gicd_write(r->offset, (uint32_t)r->a->value & owned_mask(r));
	gicd_unlock();
}

/*
 * What this CPU acknowledged but the guest has not seen yet goes back to the
 * distributor. On other CPUs it may still arrive, as if just acknowledged.
 */
static void access_icenabler(const struct vgic_access *r)
{
	uint32_t base = word_base(r), bits, back;

	if (!r->a->write) {
		return_owned(r, gicd_read(r->offset));
		return;
	}
	gicd_lock();
	bits = owned_mask(r) & (uint32_t)r->a->value;
	if (bits) {
		gicd_write(r->offset, bits);
		back = vgic_take_pending(r->vcpu, base, bits, true);
		if (back) {
			gicd_wait();
			gicd_write(GICD_ISPENDR + base / 8, back);
			gicd_write(GICD_ICACTIVER + base / 8, back);
		}
	}
	gicd_unlock();
}

static void access_pending(const struct vgic_access *r)
{
	bool set = r->offset < GICD_ICPENDR;
	uint32_t base = word_base(r), bits;

	if (!r->a->write) {
		return_owned(r, gicd_read(r->offset) | vgic_lr_state(r->vcpu, base).pending);
		return;
	}
	gicd_lock();
	bits = owned_mask(r) & (uint32_t)r->a->value;
	if (bits) {
		gicd_write(r->offset, bits);
		if (!set)
			gicd_write(GICD_ICACTIVER + base / 8,
				   vgic_take_pending(r->vcpu, base, bits, false));
	}
	gicd_unlock();
}

/* Pending in a list register is active for the hardware, but not for the guest. */
static void access_active(const struct vgic_access *r)
{
	bool set = r->offset < GICD_ICACTIVER;
	uint32_t base = word_base(r), bits;

	if (!r->a->write) {
		return_owned(r, gicd_read(r->offset) & ~vgic_lr_state(r->vcpu, base).pending);
		return;
	}
	gicd_lock();
	bits = owned_mask(r) & (uint32_t)r->a->value;
	if (bits) {
		bits &= ~vgic_lr_state(r->vcpu, base).pending;
		if (!set)
			vgic_clear_active(r->vcpu, base, bits);
		gicd_write(r->offset, bits);
	}
	gicd_unlock();
}

static void access_priority(const struct vgic_access *r)
{
	struct vgic_dist *dist = dist_of(r);
	uint32_t first = (r->offset - GICD_IPRIORITYR) & ~3U, shift = 8 * (r->offset & 3);
	uint32_t owned = first >= INTID_SPI ? spi_owned(dist, first & ~31U) >> (first & 31) : 0;

	if (!r->a->write) {
		r->a->value = (*vgic_priority_word(dist->priority, first) &
			       vgic_byte_mask(owned)) >> shift;
		if (r->a->size == 1)
			r->a->value &= 0xff;
		return;
	}
	gicd_lock();
	for (unsigned i = 0; i < r->a->size; i++) {
		uint32_t intid = first + shift / 8 + i;
		uint8_t priority = guest_priority((uint32_t)(r->a->value >> 8 * i));

		if (intid < INTID_SPI || !spi_is_owned(dist, intid))
			continue;
		dist->priority[intid] = priority;
		mmio_write8(gic.gicd + GICD_IPRIORITYR + intid, hw_priority(priority));
	}
	gicd_unlock();
}

/* Bit 2n+1 of each field is the configuration; bit 2n reads as zero. */
static void access_config(const struct vgic_access *r)
{
	uint32_t base = (r->offset - GICD_ICFGR) * 4, mask;

	if (base < INTID_SPI || base >= gic.nr_irqs)
		return;
	gicd_lock();
	mask = spread(spi_owned(dist_of(r), base & ~31U) >> (base & 31) & 0xffff) << 1;
	if (!r->a->write)
		r->a->value = gicd_read(r->offset) & mask;
	else if (mask)
		gicd_write(r->offset, (gicd_read(r->offset) & ~mask) |
			   ((uint32_t)r->a->value & mask));
	gicd_unlock();
}

static void access_router(const struct vgic_access *r)
{
	struct cell *cell = r->vcpu->cell;
	uint32_t intid = (r->offset - GICD_IROUTER) / 8;
	uint64_t value;

	if (intid < INTID_SPI || intid >= gic.nr_irqs)
		return;
	gicd_lock();
	if (spi_is_owned(&cell->dist, intid)) {
		value = route_to_affinity(cell, cell->dist.route[intid]);
		if (r->a->write) {
			value = vgic_merge64(r, value);
			cell->dist.route[intid] =
				(uint8_t)route_from_affinity(cell, value);
			gic_route_spi(cell, intid, NULL, false);
		} else {
			vgic_return64(r, value);
		}
	}
	gicd_unlock();
}

enum {
	REG_NONE, REG_CTLR, REG_TYPER, REG_IIDR, REG_MESSAGE, REG_GROUP, REG_ISENABLER,
	REG_ICENABLER, REG_PENDING, REG_ACTIVE, REG_PRIORITY, REG_TARGETS, REG_CONFIG,
	REG_ROUTER, REG_ID,
};

static const struct vgic_reg dist_regs[] = {
	[REG_NONE] = { vgic_nothing, 4, 0 },
	[REG_CTLR] = { access_ctlr, 4, 0x7f },
	[REG_TYPER] = { access_typer, 4, 0x7f },
	[REG_IIDR] = { vgic_forward_read, 4, 0x7f },
	[REG_MESSAGE] = { access_message, 2 | 4, 0x7f },
	[REG_GROUP] = { access_group, 4, 0x7f },
	[REG_ISENABLER] = { access_isenabler, 4, 0x7f },
	[REG_ICENABLER] = { access_icenabler, 4, 0x7f },
	[REG_PENDING] = { access_pending, 4, 0x7f },
	[REG_ACTIVE] = { access_active, 4, 0x7f },
	[REG_PRIORITY] = { access_priority, 1 | 4, 0x7f },
	[REG_TARGETS] = { vgic_nothing, 1 | 4, 0 },
	[REG_CONFIG] = { access_config, 4, 0x7f },
	[REG_ROUTER] = { access_router, 4 | 8, 0x7f },
	[REG_ID] = { vgic_identification, 4, 0x7f },
};

const struct vgic_map vgic_dist_map = {
	.regs = dist_regs,
	.word = {
		[VGIC_WORD(GICD_CTLR)] = REG_CTLR,
		[VGIC_WORD(GICD_TYPER)] = REG_TYPER,
		[VGIC_WORD(GICD_IIDR)] = REG_IIDR,
		[VGIC_WORD(GICD_SETSPI_NSR)] = REG_MESSAGE,
		[VGIC_WORD(GICD_CLRSPI_NSR)] = REG_MESSAGE,
		[VGIC_WORD(GICD_IGROUPR) ... VGIC_WORD(GICD_ISENABLER - 1)] = REG_GROUP,
	},
	.block = {
		[VGIC_BLOCK(GICD_ISENABLER)] = REG_ISENABLER,
		[VGIC_BLOCK(GICD_ICENABLER)] = REG_ICENABLER,
		[VGIC_BLOCK(GICD_ISPENDR) ... VGIC_BLOCK(GICD_ICPENDR)] = REG_PENDING,
		[VGIC_BLOCK(GICD_ISACTIVER) ... VGIC_BLOCK(GICD_ICACTIVER)] = REG_ACTIVE,
		[VGIC_BLOCK(GICD_IPRIORITYR) ... VGIC_BLOCK(GICD_ITARGETSR - 1)] = REG_PRIORITY,
		[VGIC_BLOCK(GICD_ITARGETSR) ... VGIC_BLOCK(GICD_ICFGR - 1)] = REG_TARGETS,
		[VGIC_BLOCK(GICD_ICFGR) ... VGIC_BLOCK(GICD_ICFGR + 0xff)] = REG_CONFIG,
	},
	.page = {
		[VGIC_PAGE(GICD_IROUTER) ... VGIC_PAGE(GICD_IROUTER + 8 * INTID_SPECIAL)] = REG_ROUTER,
		[VGIC_PAGE(GIC_IDREGS)] = REG_ID,
	},
};

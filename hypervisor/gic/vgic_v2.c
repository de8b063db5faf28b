/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributor of a GICv2 as a cell sees it. Registers of SPIs are those of
 * vgic_dist.c; the banked ones of SGIs and PPIs are the redistributor of the
 * CPU that accesses them (vgic_redist.c). Here is what only a GICv2 has:
 * target bytes, SGIs with their senders, and the frames that stay hidden.
 */
#include "gicv2.h"

static struct vgic_dist *dist_of(const struct vgic_access *r)
{
	return &r->vcpu->cell->dist;
}

/* The guest's enable is bit 0; inside it is the bit that GICv3 has for Group 1. */
static void access_ctlr(const struct vgic_access *r)
{
	uint32_t value = r->a->value & 1 ? (uint32_t)GICD_CTLR_GRP1 : 0, old;

	if (!r->a->write) {
		r->a->value = dist_of(r)->ctlr & GICD_CTLR_GRP1 ? 1 : 0;
		return;
	}
	gicd_lock();
	old = dist_of(r)->ctlr;
	__atomic_store_n(&dist_of(r)->ctlr, value, __ATOMIC_RELEASE);
	gicd_unlock();
	if (old != value)
		vgic_resync_cell(r->vcpu);
}

/* A cell has as many CPU interfaces as vCPUs, and no security states. */
static void access_typer(const struct vgic_access *r)
{
	const struct cell *cell = r->vcpu->cell;
	uint32_t typer = gicd_read(GICD_TYPER);

	if (!cell_is_root(cell))
		typer = (typer & (uint32_t)GICD_TYPER_ITLINES) |
			(uint32_t)FIELD_PUT(GICD_TYPER_CPUS, cell->num_vcpus - 1);
	r->a->value = typer;
}

/* Own interrupts: who reads is the target. */
static uint8_t read_target(const struct vcpu *vcpu, uint32_t intid)
{
	if (intid < INTID_SPI)
		return gicv2_interface_of(vcpu);
	return spi_is_owned(&vcpu->cell->dist, intid) ? vcpu->cell->dist.route[intid] : 0;
}

static void access_targets(const struct vgic_access *r)
{
	struct cell *cell = r->vcpu->cell;
	uint32_t first = r->offset - GICD_ITARGETSR;

	gicd_lock();
	for (unsigned i = 0; i < r->a->size; i++) {
		uint32_t intid = first + i;

		if (!r->a->write)
			r->a->value |= (uint64_t)read_target(r->vcpu, intid) << (8 * i);
		if (!r->a->write || intid < INTID_SPI || !spi_is_owned(&cell->dist, intid))
			continue;
		cell->dist.route[intid] = (uint8_t)(r->a->value >> (8 * i));
		gic_route_spi(cell, intid, NULL, false);
	}
	gicd_unlock();
}

static void access_sgir(const struct vgic_access *r)
{
	uint32_t value = (uint32_t)r->a->value, intid;
	uint8_t targets, self = gicv2_interface_of(r->vcpu);

	if (!r->a->write)
		return;
	intid = (uint32_t)FIELD_GET(GICD_SGIR_INTID, value);
	targets = (uint8_t)FIELD_GET(GICD_SGIR_TARGETS, value);
	switch (FIELD_GET(GICD_SGIR_FILTER, value)) {
	case GICD_SGIR_LIST:
		break;
	case GICD_SGIR_OTHERS:
		targets = (uint8_t)~self;
		break;
	case GICD_SGIR_SELF:
		targets = self;
		break;
	default:
		return;
	}
	vgic_v2_send(r->vcpu, intid, targets);
}

/* One byte an SGI: the CPUs that sent it to this one. Clearing takes it out of list registers, too. */
static void access_senders(const struct vgic_access *r)
{
	bool set = r->offset >= GICD_SPENDSGIR;
	unsigned first = (r->offset - GICD_CPENDSGIR) & 0xf;

	for (unsigned i = 0; i < r->a->size; i++) {
		uint8_t bits = (uint8_t)(r->a->value >> (8 * i));

		if (!r->a->write)
			r->a->value |= (uint64_t)vgic_v2_senders(r->vcpu, first + i) << (8 * i);
		else if (set)
			vgic_v2_set_senders(r->vcpu, first + i, bits);
		else
			vgic_v2_clear_senders(r->vcpu, first + i, bits);
	}
}

static void access_sgi(const struct vgic_access *r)
{
	if (r->offset >= GICD_CPENDSGIR)
		access_senders(r);
	else if (r->offset == GICD_SGIR)
		access_sgir(r);
}

static void access_id(const struct vgic_access *r)
{
	if (r->offset >= GICV2_IDREGS)
		vgic_forward_read(r);
}

enum { REG_NONE, REG_CTLR, REG_TYPER, REG_IIDR, REG_TARGETS, REG_SGI, REG_ID };

static const struct vgic_map v2_map = {
	.regs = (const struct vgic_reg[]){
		[REG_NONE] = { vgic_nothing, 4, 0 },
		[REG_CTLR] = { access_ctlr, 4, 0x7f },
		[REG_TYPER] = { access_typer, 4, 0x7f },
		[REG_IIDR] = { vgic_forward_read, 4, 0x7f },
		[REG_TARGETS] = { access_targets, 1 | 4, 0x7f },
		/* SGIR, CPENDSGIR and SPENDSGIR */
		[REG_SGI] = { access_sgi, 1 | 4, 0x2f },
		[REG_ID] = { access_id, 4, 0x7f },
	},
	.word = {
		[VGIC_WORD(GICD_CTLR)] = REG_CTLR,
		[VGIC_WORD(GICD_TYPER)] = REG_TYPER,
		[VGIC_WORD(GICD_IIDR)] = REG_IIDR,
	},
	.block = {
		[VGIC_BLOCK(GICD_ITARGETSR) ... VGIC_BLOCK(GICD_ICFGR - 1)] = REG_TARGETS,
		[VGIC_BLOCK(GICD_SGIR)] = REG_SGI,
		[VGIC_BLOCK(GICV2_IDREGS)] = REG_ID,
	},
};

/* SGIs become pending by their senders only: GICD_ISPENDR0 and ICPENDR0 do not write them. */
static enum mmio_result banked(struct vcpu *vcpu, struct mmio_access *a, uint32_t offset)
{
	if (a->write && offset >= GICD_ISPENDR && offset < GICD_ISACTIVER)
		a->value &= PPI_MASK;
	return vgic_redist_banked(vcpu, a, offset);
}

static bool is_banked(uint32_t offset)
{
	if (offset >= GICD_ISENABLER && offset < GICD_IPRIORITYR)
		return (offset & 0x7f) < 4;
	return (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR + INTID_SPI) ||
	       (offset >= GICD_ICFGR && offset < GICD_ICFGR + 8);
}

/* Bits, priorities and configuration of SPIs stand where GICv3 has them. */
static bool is_common(uint32_t offset)
{
	return (offset >= GICD_ISENABLER && offset < GICD_ITARGETSR) ||
	       (offset >= GICD_ICFGR && offset < GICD_ICFGR + 0x100);
}

static enum mmio_result dist_mmio(struct vcpu *vcpu, struct mmio_access *a, uint32_t offset)
{
	struct vgic_access r = { .vcpu = vcpu, .hw = gic.gicd, .offset = offset, .a = a };
	enum mmio_result rc;

	if (is_banked(offset))
		return banked(vcpu, a, offset);
	if (is_common(offset))
		return vgic_dist_mmio(vcpu, a, offset);
	rc = vgic_dispatch(&v2_map, &r);
	if (rc == MMIO_DONE && vcpu->cell->dist.vspi.num &&
	    offset >= GICD_ITARGETSR && offset < GICD_ICFGR)
		vgic_vspi_access(&r);
	return rc;
}

/*
 * The agency's KVM writes list registers when a CPU comes online, without
 * asking anybody: they read as zero and ignore writes.
 */
static enum mmio_result hidden(struct mmio_access *a)
{
	if (a->ipa & (a->size - 1))
		return MMIO_ABORT;
	if (!a->write)
		a->value = 0;
	return MMIO_DONE;
}

enum mmio_result vgic_v2_mmio(struct vcpu *vcpu, struct mmio_access *a)
{
	if (a->ipa - gic.gicd_pa < GICV2_GICD_SIZE)
		return dist_mmio(vcpu, a, (uint32_t)(a->ipa - gic.gicd_pa));
	if (cell_is_root(vcpu->cell) && (a->ipa - gic.gich_pa < GICH_SIZE ||
					 a->ipa - gic.gicv_pa < GICC_SIZE))
		return hidden(a);
	return MMIO_NOT_MINE;
}

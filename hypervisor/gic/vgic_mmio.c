/* SPDX-License-Identifier: Apache-2.0 */
/* Emulated frames: which one, which register, which width. */
#include "gicv2.h"

static unsigned half_shift(const struct vgic_access *r)
{
	return r->a->size == 4 && r->offset & 4 ? 32 : 0;
}

uint64_t vgic_merge64(const struct vgic_access *r, uint64_t old)
{
	unsigned shift = half_shift(r);
	uint64_t mask;

	if (r->a->size == 8)
		return r->a->value;
	mask = UINT64_C(0xffffffff) << shift;
	return (old & ~mask) | (r->a->value << shift & mask);
}

void vgic_return64(const struct vgic_access *r, uint64_t value)
{
	r->a->value = r->a->size == 8 ? value : (uint32_t)(value >> half_shift(r));
}

void vgic_forward_read(const struct vgic_access *r)
{
	if (r->a->write || !r->hw)
		return;
	if (r->a->size == 8)
		r->a->value = mmio_read64(r->hw + r->offset);
	else
		r->a->value = mmio_read32(r->hw + r->offset);
}

void vgic_nothing(const struct vgic_access *r)
{
	(void)r;
}

/* The PrimeCell registers at the end of a frame. */
void vgic_identification(const struct vgic_access *r)
{
	if (r->offset % GICR_FRAME >= GIC_IDREGS)
		vgic_forward_read(r);
}

void vgic_forward(const struct vgic_access *r)
{
	if (!r->a->write)
		vgic_forward_read(r);
	else if (r->a->size == 8)
		mmio_write64(r->hw + r->offset, r->a->value);
	else
		mmio_write32(r->hw + r->offset, (uint32_t)r->a->value);
}

/* The masks keep the indices inside under speculation, too. */
static const struct vgic_reg *find(const struct vgic_map *map, uint32_t offset)
{
	if (offset < 0x100)
		return &map->regs[map->word[VGIC_WORD(offset)]];
	if (offset < 0x1000)
		return &map->regs[map->block[VGIC_BLOCK(offset)]];
	return &map->regs[map->page[VGIC_PAGE(offset)]];
}

/* At a cost that does not depend on which register it is. */
static inline enum mmio_result dispatch(const struct vgic_map *map, const struct vgic_access *r)
{
	const struct vgic_reg *reg = find(map, r->offset % GICR_FRAME);

	if ((r->offset & (r->a->size - 1)) || !(reg->widths & r->a->size))
		return MMIO_ABORT;
	if (!r->a->write)
		r->a->value = 0;
	if (r->offset % 0x80 <= reg->last)
		reg->access(r);
	return MMIO_DONE;
}

enum mmio_result vgic_dispatch(const struct vgic_map *map, const struct vgic_access *r)
{
	return dispatch(map, r);
}

/* Each kind of SPI takes no notice of the other's bits. */
enum mmio_result vgic_dist_mmio(struct vcpu *vcpu, struct mmio_access *a, uint32_t offset)
{
	struct vgic_access r = { .vcpu = vcpu, .hw = gic.gicd, .offset = offset, .a = a };
	enum mmio_result result = vgic_dispatch(&vgic_dist_map, &r);

	if (result == MMIO_DONE && vcpu->cell->dist.vspi.num)
		vgic_vspi_access(&r);
	return result;
}

static enum mmio_result find_frame(struct vcpu *vcpu, struct mmio_access *a)
{
	struct vgic_access r;
	const struct vgic_map *map;

	if (gic_is_v2())
		return vgic_v2_mmio(vcpu, a);
	r.vcpu = vcpu;
	r.a = a;
	if (a->ipa - gic.gicd_pa < GICD_SIZE) {
		r.hw = gic.gicd;
		r.offset = (uint32_t)(a->ipa - gic.gicd_pa);
		if (vcpu->cell->dist.vspi.num)
			return vgic_dist_mmio(vcpu, a, r.offset);
		map = &vgic_dist_map;
	} else if (a->ipa - gic.gicr_pa < gic.gicr_size) {
		map = vgic_redist_frame(&r, a->ipa - gic.gicr_pa);
	} else if (gic.gits && a->ipa - gic.gits_pa < GITS_CONTROL_SIZE) {
		map = vgic_its_frame(&r, a->ipa - gic.gits_pa);
	} else {
		return MMIO_NOT_MINE;
	}
	return map ? dispatch(map, &r) : MMIO_ABORT;
}

enum mmio_result gic_mmio(struct vcpu *vcpu, struct mmio_access *a)
{
	enum mmio_result result = find_frame(vcpu, a);

	/* An enable, a pending bit or a priority may change what goes first. */
	if (result == MMIO_DONE && a->write)
		gic_flush(vcpu);
	return result;
}

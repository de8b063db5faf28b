/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ITS control frame for the agency. Everything is forwarded except addresses
 * of memory that the agency does not own. What it points its ITS at through
 * the memory it owns (indirect tables, MAPD commands) is not checked: the
 * agency is trusted with its own ITS, this stops mistakes.
 */
#include "gic_internal.h"
#include "ownership_query.h"

#define GITS_VALID		BIT(63)
#define GITS_CBASER_PA		GENMASK(51, 12)
#define GITS_CBASER_SIZE	GENMASK(7, 0)
#define GITS_BASER_PAGE_SIZE	GENMASK(9, 8)
#define GITS_BASER_PA		GENMASK(47, 12)
#define GITS_BASER_PA_64K	GENMASK(47, 16)
#define GITS_BASER_PA_HIGH	GENMASK(15, 12)	/* address bits 51:48, 64 KiB pages */
#define GITS_BASER_SIZE		GENMASK(7, 0)

static bool cbaser_allowed(uint64_t v)
{
	uint64_t pages = FIELD_GET(GITS_CBASER_SIZE, v) + 1;

	return !(v & GITS_VALID) ||
	       agency_owns_ram(pa_init(v & GITS_CBASER_PA), pages * 4096);
}

static bool baser_allowed(uint64_t v)
{
	uint64_t pages = FIELD_GET(GITS_BASER_SIZE, v) + 1;
	uint64_t pa = v & GITS_BASER_PA;

	if (!(v & GITS_VALID))
		return true;
	switch (FIELD_GET(GITS_BASER_PAGE_SIZE, v)) {
	case 0:
		return agency_owns_ram(pa_init(pa), pages << 12);
	case 1:
		return agency_owns_ram(pa_init(pa), pages << 14);
	default:
		pa = (v & GITS_BASER_PA_64K) | (v & GITS_BASER_PA_HIGH) << 36;
		return agency_owns_ram(pa_init(pa), pages << 16);
	}
}

static void access_base(const struct vgic_access *r)
{
	uint8_t *reg = r->hw + (r->offset & ~7U);
	uint64_t v;

	if (!r->a->write) {
		vgic_forward_read(r);
		return;
	}
	v = vgic_merge64(r, mmio_read64(reg));
	if ((r->offset & ~7U) == GITS_CBASER ? cbaser_allowed(v) : baser_allowed(v))
		mmio_write64(reg, v);
}

/* 64-bit accesses only where there are 64-bit registers: hardware may abort others. */
enum { REG_OTHER, REG_FORWARD64, REG_BASE };

static const struct vgic_reg its_regs[] = {
	[REG_OTHER] = { vgic_forward, 4, 0x7f },
	[REG_FORWARD64] = { vgic_forward, 4 | 8, 0x7f },
	[REG_BASE] = { access_base, 4 | 8, GITS_BASER_END - GITS_BASER - 1 },
};

static const struct vgic_map its_map = {
	.regs = its_regs,
	.word = {
		[VGIC_WORD(GITS_TYPER) ... VGIC_WORD(GITS_TYPER + 7)] = REG_FORWARD64,
		[VGIC_WORD(GITS_CBASER) ... VGIC_WORD(GITS_CBASER + 7)] = REG_BASE,
		[VGIC_WORD(GITS_CWRITER) ... VGIC_WORD(GITS_CREADR + 7)] = REG_FORWARD64,
	},
	.block = { [VGIC_BLOCK(GITS_BASER)] = REG_BASE },
};

const struct vgic_map *vgic_its_frame(struct vgic_access *r, uint64_t offset)
{
	if (!cell_is_root(r->vcpu->cell))
		return NULL;
	r->hw = gic.gits;
	r->offset = (uint32_t)offset;
	return &its_map;
}

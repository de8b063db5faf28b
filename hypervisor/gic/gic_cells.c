/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPIs change owner: agency -> cell at create, cell -> agency at destroy.
 *
 *                      before          after
 *   taken by a cell    agency: any     cell: disabled, inactive, not pending,
 *                                      level, highest priority, to vCPU 0
 *   given back         cell: any       agency: disabled, inactive, not pending,
 *                                      level, priority and route it had
 * Its driver enables the interrupt again when it requests it.
 */
#include "config_blob.h"

#include "gicv2.h"

/* Bits of the 32 interrupts from @base that the machine has as SPIs. */
static uint32_t machine_spis(uint32_t base)
{
	if (base < INTID_SPI || base >= gic.nr_irqs)
		return 0;
	return gic.nr_irqs - base >= 32 ? ~0U : (1U << (gic.nr_irqs - base)) - 1;
}

/* Bits of the 32 interrupts from @base that a configuration names. */
static uint32_t config_spis(const struct capsule_cell_desc *config, uint32_t base)
{
	const struct capsule_irqchip *chip = config_irqchips(config);
	uint32_t bits = 0;

	for (unsigned i = 0; i < config->num_irqchips; i++)
		if (base >= chip[i].pin_base && (base - chip[i].pin_base) / 32 < 4)
			bits |= chip[i].pin_bitmap[(base - chip[i].pin_base) / 32];
	return bits;
}

static void own(struct vgic_dist *dist, uint32_t base, uint32_t bits)
{
	dist->spi_owned[base / 64] |= (uint64_t)bits << (base & 32);
}

static void disown(struct vgic_dist *dist, uint32_t base, uint32_t bits)
{
	dist->spi_owned[base / 64] &= ~((uint64_t)bits << (base & 32));
}

/* GICD_ICFGR: two bits an interrupt, 0 is level. */
static void set_level(uint32_t base, uint32_t bits)
{
	for (unsigned i = 0; i < 32; i++) {
		uint32_t offset = GICD_ICFGR + (base + i) / 16 * 4;

		if (bits >> i & 1)
			gicd_write(offset, gicd_read(offset) & ~(3U << i % 16 * 2));
	}
}

static void set_group1(uint32_t base, uint32_t bits)
{
	uint32_t offset = GICD_IGROUPR + base / 8;

	if (gic.ds)
		gicd_write(offset, gicd_read(offset) | bits);
}

static void quiesce(uint32_t base, uint32_t bits)
{
	gicd_write(GICD_ICENABLER + base / 8, bits);
	gicd_wait();
	gicd_write(GICD_ICPENDR + base / 8, bits);
	gicd_write(GICD_ICACTIVER + base / 8, bits);
	set_group1(base, bits);
	set_level(base, bits);
}

static void write_priority(uint32_t intid, uint8_t priority)
{
	mmio_write8(gic.gicd + GICD_IPRIORITYR + intid, hw_priority(priority));
}

/* SPIs and distributor of a cell as after reset. */
static void reset_spis(struct cell *cell, uint32_t base, uint32_t bits)
{
	quiesce(base, bits);
	for (; bits; bits &= bits - 1) {
		uint32_t intid = base + (uint32_t)__builtin_ctz(bits);

		cell->dist.priority[intid] = 0;
		cell->dist.route[intid] = 0;
		write_priority(intid, 0);
		gic_route_spi(cell, intid, NULL, false);
	}
}

void gic_cell_reset(struct cell *cell)
{
	gicd_lock();
	cell->dist.ctlr = 0;
	for (uint32_t base = INTID_SPI; base < gic.nr_irqs; base += 32)
		if (spi_owned(&cell->dist, base))
			reset_spis(cell, base, spi_owned(&cell->dist, base));
	gicd_unlock();
	vgic_vspi_reset(cell);
}

static bool notify_named(uint32_t base, uint32_t bits)
{
	return (gic.notify & ~31U) == base && bits >> (gic.notify & 31) & 1;
}

int gic_cell_check(const struct capsule_cell_desc *config, uint32_t *intid)
{
	const struct capsule_irqchip *chip = config_irqchips(config);

	for (unsigned i = 0; i < config->num_irqchips; i++) {
		*intid = chip[i].pin_base;
		if (chip[i].pin_base < INTID_SPI || chip[i].pin_base % 32 ||
		    chip[i].pin_base >= MAX_SPIS || chip[i].address != gic.gicd_pa)
			return -CAPSULE_EINVAL;
		for (unsigned w = 0; w < 4; w++) {
			uint32_t base = chip[i].pin_base + 32 * w;
			uint32_t bits = chip[i].pin_bitmap[w];
			uint32_t refused = bits & (base >= MAX_SPIS ? ~0U :
						   ~spi_owned(&root_cell.dist, base));

			if (notify_named(base, bits))
				refused |= 1U << (gic.notify & 31);
			if (refused) {
				*intid = base + (uint32_t)__builtin_ctz(refused);
				return -CAPSULE_EPERM;
			}
		}
	}
	return 0;
}

/* CPUs of the agency may hold some of its former SPIs in list registers. */
static void resync_agency(void)
{
	for (unsigned i = 0; i < root_cell.num_vcpus; i++) {
		struct vcpu *vcpu = root_cell.vcpu[i];

		if (!vcpu)
			continue;
		__atomic_store_n(&vcpu->vgic.resync, true, __ATOMIC_RELEASE);
		if (vcpu_runs(vcpu))
			gic_kick(vcpu->pcpu);
	}
}

void gic_cell_take(struct cell *cell)
{
	memset(&cell->dist, 0, sizeof(cell->dist));
	gicd_lock();
	for (uint32_t base = INTID_SPI; base < gic.nr_irqs; base += 32) {
		uint32_t bits = config_spis(cell->config, base) &
				spi_owned(&root_cell.dist, base);

		if (!bits)
			continue;
		disown(&root_cell.dist, base, bits);
		own(&cell->dist, base, bits);
		reset_spis(cell, base, bits);
	}
	gicd_unlock();
	resync_agency();
}

static void return_spis(uint32_t base, uint32_t bits)
{
	own(&root_cell.dist, base, bits);
	for (; bits; bits &= bits - 1) {
		uint32_t intid = base + (uint32_t)__builtin_ctz(bits);

		write_priority(intid, root_cell.dist.priority[intid]);
		gic_route_spi(&root_cell, intid, NULL, false);
	}
}

void gic_cell_give_back(struct cell *cell)
{
	gicd_lock();
	for (uint32_t base = INTID_SPI; base < gic.nr_irqs; base += 32) {
		uint32_t bits = spi_owned(&cell->dist, base);

		if (!bits)
			continue;
		quiesce(base, bits);
		disown(&cell->dist, base, bits);
		return_spis(base, bits);
	}
	gicd_unlock();
}

static void import_spi(uint32_t intid, const struct vcpu *first)
{
	struct vgic_dist *dist = &root_cell.dist;

	dist->priority[intid] = mmio_read8(gic.gicd + GICD_IPRIORITYR + intid);
	if (gic_is_v2()) {
		/* One of several is chosen when one of them goes away. */
		dist->route[intid] = gicv2_targets(intid);
		return;
	}
	dist->route[intid] = (uint8_t)route_from_affinity(&root_cell,
		mmio_read64(gic.gicd + GICD_IROUTER + 8 * intid));
	/* One-of-N must not choose the CPU of a cell later. */
	if (dist->route[intid] == VGIC_ROUTE_ANY)
		gic_route_spi(&root_cell, intid, first, true);
}

/*
 * First CPU of the take-over, in thread context with interrupts off: what is
 * active was acknowledged by nobody who still cares, so it becomes pending.
 */
void gic_import_dist(const struct vcpu *first)
{
	struct vgic_dist *dist = &root_cell.dist;

	memset(dist, 0, sizeof(*dist));
	gicd_lock();
	dist->ctlr = gicd_read(GICD_CTLR) & (uint32_t)(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	if (gic_is_v2())
		dist->ctlr = dist->ctlr & GICD_CTLR_GRP0 ? (uint32_t)GICD_CTLR_GRP1 : 0;
	for (uint32_t base = INTID_SPI; base < gic.nr_irqs; base += 32) {
		uint32_t bits = machine_spis(base) & config_spis(root_cell.config, base);
		uint32_t active = gicd_read(GICD_ISACTIVER + base / 8) & bits;

		own(dist, base, bits);
		gicd_write(GICD_ISPENDR + base / 8, active);
		gicd_write(GICD_ICACTIVER + base / 8, active);
		for (; bits; bits &= bits - 1)
			import_spi(base + (uint32_t)__builtin_ctz(bits), first);
	}
	gicd_unlock();
}

/* One-of-N routing as the agency wants it, once EL2 is about to leave. */
void gic_restore_routing(void)
{
	gicd_lock();
	for (uint32_t intid = INTID_SPI; intid < gic.nr_irqs; intid++)
		if (!spi_is_owned(&root_cell.dist, intid))
			continue;
		else if (gic_is_v2())
			gicv2_set_targets(intid, root_cell.dist.route[intid]);
		else if (root_cell.dist.route[intid] == VGIC_ROUTE_ANY)
			mmio_write64(gic.gicd + GICD_IROUTER + 8 * intid, GICD_IROUTER_IRM);
	gicd_unlock();
}

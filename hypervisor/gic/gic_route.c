/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where SPIs go. A guest writes affinities of its vCPUs into GICD_IROUTER; the
 * distributor gets the affinity of the CPU that vCPU is on. One-of-N routing
 * could choose a CPU of another cell, so it becomes a CPU of the owner. The
 * same holds for GICv2, where a guest writes CPU interfaces of its vCPUs into
 * GICD_ITARGETSR: of several, one gets it; with none, nobody does.
 */
#include "gicv2.h"

uint32_t route_from_affinity(const struct cell *cell, uint64_t irouter)
{
	const struct vcpu *vcpu;

	if (irouter & GICD_IROUTER_IRM)
		return VGIC_ROUTE_ANY;
	vcpu = cell_vcpu_by_mpidr(cell, irouter & MPIDR_AFF_MASK);
	return vcpu ? vcpu->index : VGIC_ROUTE_NONE;
}

uint64_t route_to_affinity(const struct cell *cell, uint8_t route)
{
	if (route == VGIC_ROUTE_ANY)
		return GICD_IROUTER_IRM;
	if (route >= cell->num_vcpus || !cell->vcpu[route])
		return 0;
	return cell->vcpu[route]->mpidr & MPIDR_AFF_MASK;
}

static bool is_on(const struct vcpu *vcpu, const struct vcpu *self, bool self_on)
{
	return vcpu == self ? self_on : vcpu_runs(vcpu);
}

/* GICv2: the guest chose CPU interfaces. */
static bool is_target(const struct vcpu *vcpu, uint8_t route)
{
	return vcpu && gicv2_interface_of(vcpu) & route;
}

/* The vCPU the guest chose; if that is off, one that is on; else the first. */
static const struct vcpu *choose(const struct cell *cell, uint8_t route,
				 const struct vcpu *self, bool self_on)
{
	if (gic_is_v2()) {
		for (unsigned i = 0; i < cell->num_vcpus; i++)
			if (is_target(cell->vcpu[i], route) &&
			    is_on(cell->vcpu[i], self, self_on))
				return cell->vcpu[i];
		route = VGIC_ROUTE_NONE;
	}
	if (route < cell->num_vcpus && cell->vcpu[route] &&
	    is_on(cell->vcpu[route], self, self_on))
		return cell->vcpu[route];
	for (unsigned i = 0; i < cell->num_vcpus; i++)
		if (cell->vcpu[i] && is_on(cell->vcpu[i], self, self_on))
			return cell->vcpu[i];
	return cell->vcpu[0];
}

void gic_route_spi(const struct cell *cell, uint32_t intid,
		   const struct vcpu *self, bool self_on)
{
	uint8_t *irouter = gic.gicd + GICD_IROUTER + 8 * intid;
	const struct vcpu *to = choose(cell, cell->dist.route[intid], self, self_on);
	uint64_t affinity;

	if (!to)
		return;
	if (gic_is_v2()) {
		gicv2_set_targets(intid, cell->dist.route[intid] ? to->pcpu->gic_interface : 0);
		return;
	}
	affinity = to->pcpu->mpidr & MPIDR_AFF_MASK;
	if (mmio_read64(irouter) != affinity)
		mmio_write64(irouter, affinity);
}

void gic_route_all(struct cell *cell, const struct vcpu *self, bool self_on)
{
	gicd_lock();
	for (uint32_t base = 0; base < gic.nr_irqs; base += 64)
		for (uint64_t owned = cell->dist.spi_owned[base / 64]; owned; owned &= owned - 1)
			gic_route_spi(cell, base + (uint32_t)__builtin_ctzll(owned), self, self_on);
	gicd_unlock();
}

static bool is_routed_to(uint32_t intid, const struct pcpu *pcpu)
{
	if (gic_is_v2())
		return gicv2_targets(intid) & pcpu->gic_interface;
	return mmio_read64(gic.gicd + GICD_IROUTER + 8 * intid) == (pcpu->mpidr & MPIDR_AFF_MASK);
}

static struct cell *spi_owner(uint32_t intid)
{
	for (unsigned i = 0; i < CAPSULE_MAX_CELLS; i++)
		if (cells[i] && spi_is_owned(&cells[i]->dist, intid))
			return cells[i];
	return NULL;
}

/*
 * Priority has been dropped. The SPI becomes pending again at a CPU of its
 * owner; if none of the owner's runs it is masked, or it would return for ever
 * (whoever starts the owner resets its SPIs).
 */
void gic_spi_elsewhere(const struct pcpu *pcpu, uint32_t intid)
{
	uint32_t offset = intid / 32 * 4, bit = 1U << (intid % 32);
	struct cell *owner;

	gicd_lock();
	owner = spi_owner(intid);
	if (owner)
		gic_route_spi(owner, intid, NULL, false);
	if (!owner || is_routed_to(intid, pcpu)) {
		gicd_write(GICD_ICENABLER + offset, bit);
		gicd_wait();
	}
	if (owner)
		gicd_write(GICD_ISPENDR + offset, bit);
	gicd_write(GICD_ICACTIVER + offset, bit);
	gicd_unlock();
}

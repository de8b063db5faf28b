/* SPDX-License-Identifier: Apache-2.0 */
/* The GIC of one CPU changes hands: take-over, hand-back, start and stop of vCPUs. */
#include "barrier.h"

#include "gicv2.h"

static const uint32_t kick_bit = 1U << GIC_SGI_KICK;

/* PPIs configured as edge-triggered: the odd bits of GICR_ICFGR1, gathered. */
static uint32_t edge_ppis(uint8_t *gicr)
{
	uint32_t cfg = mmio_read32(gicr + GICR_ICFGR1), edge = 0;

	for (unsigned i = 0; i < 16; i++)
		edge |= (cfg >> (2 * i + 1) & 1) << (16 + i);
	return edge;
}

void gicr_return_ppis(uint8_t *gicr, uint32_t ppis)
{
	mmio_write32(gicr + GICR_ISPENDR0, ppis & edge_ppis(gicr));
	mmio_write32(gicr + GICR_ICACTIVER0, ppis);
}

/* The SGI and PPI that are EL2's, with the highest priority; no other SGI. */
static void own_interrupts_on(uint8_t *gicr)
{
	uint32_t maintenance = 1U << gic.maintenance;

	mmio_write32(gicr + GICR_ICENABLER0,
		     (SGI_MASK & ~kick_bit) | (gic.own_ppis & ~maintenance));
	gicr_wait(gicr);
	if (gic.ds)
		mmio_write32(gicr + GICR_IGROUPR0, ~0U);
	mmio_write8(gicr + GICR_IPRIORITYR + GIC_SGI_KICK, PRIO_EL2);
	mmio_write8(gicr + GICR_IPRIORITYR + gic.maintenance, PRIO_EL2);
	mmio_write32(gicr + GICR_ISENABLER0, kick_bit | maintenance);
}

/* SGIs that no guest has seen: pending by sender on a GICv2, by a bit on a GICv3. */
static void clear_sgis(uint8_t *gicr, uint32_t sgis)
{
	if (!gic_is_v2())
		mmio_write32(gicr + GICR_ICPENDR0, sgis);
	for (unsigned i = 0; gic_is_v2() && i < 16; i++)
		if (sgis >> i & 1)
			gicv2_sgi_clear(i);
}

static uint32_t import_sgis(const uint8_t *gicr, struct vgic_vcpu *v)
{
	uint32_t pending = 0;

	if (!gic_is_v2())
		return mmio_read32(gicr + GICR_ISPENDR0) & SGI_MASK;
	for (unsigned i = 0; i < 16; i++) {
		v->sgi_source[i] = gicv2_sgi_senders(i);
		if (v->sgi_source[i])
			pending |= 1U << i;
	}
	return pending;
}

static void export_sgis(uint8_t *gicr, const struct vgic_vcpu *v)
{
	if (!gic_is_v2())
		mmio_write32(gicr + GICR_ISPENDR0, v->pending & SGI_MASK);
	for (unsigned i = 0; gic_is_v2() && i < 16; i++)
		if (v->sgi_source[i])
			gicv2_sgi_set(i, v->sgi_source[i]);
}

/* The agency's SGIs and PPIs as they were found become its shadow state. */
static void import_redistributor(uint8_t *gicr, struct vgic_vcpu *v)
{
	uint32_t active = mmio_read32(gicr + GICR_ISACTIVER0) & PPI_MASK;

	v->enabled = mmio_read32(gicr + GICR_ISENABLER0);
	v->pending = import_sgis(gicr, v);
	v->asleep = !gic_is_v2() && mmio_read32(gicr + GICR_WAKER) & GICR_WAKER_SLEEP;
	for (unsigned i = 0; i < 32; i++)
		v->priority[i] = mmio_read8(gicr + GICR_IPRIORITYR + i);
	clear_sgis(gicr, SGI_MASK);
	mmio_write32(gicr + GICR_ISPENDR0, active & ~gic.own_ppis);
	mmio_write32(gicr + GICR_ICACTIVER0, active | SGI_MASK);
}

static void start_interface(struct vcpu *vcpu)
{
	vgic_clear_interface(vcpu);
	vcpu->vgic.hcr = (uint32_t)ICH_HCR_EN;
	gic_hcr_write(vcpu->vgic.hcr);
	vcpu->vgic.throttled = false;
}

void gic_cpu_take(struct pcpu *pcpu)
{
	struct vcpu *vcpu = &pcpu->agency_vcpu;
	uint8_t *gicr = gicr_of(pcpu);

	if (gic_is_v2())
		gicv2_find_interface(pcpu);
	if (!gic.imported)
		gic_import_dist(vcpu);
	gic.imported = true;
	memset(&vcpu->vgic, 0, sizeof(vcpu->vgic));
	import_redistributor(gicr, &vcpu->vgic);
	gicr_wake(gicr);
	own_interrupts_on(gicr);
	start_interface(vcpu);
	if (gic_is_v2())
		gicv2_import_interface(pcpu);
	gic_cpu_interface_on();
}

struct give_back {
	const struct pcpu *pcpu;
	uint32_t *lpis;
	unsigned num, max;
};

static void return_spi(uint32_t intid)
{
	gicd_write(GICD_ISPENDR + intid / 32 * 4, 1U << (intid % 32));
	gicd_write(GICD_ICACTIVER + intid / 32 * 4, 1U << (intid % 32));
}

/* What the agency has acknowledged it deactivates itself, physically by then. */
static void give_back_one(struct vcpu *vcpu, struct vgic_irq irq, uint64_t state, void *arg)
{
	struct give_back *g = arg;

	if (!(state & ICH_LR_PENDING))
		return;
	if (irq.intid >= INTID_LPI) {
		if (g->num < g->max)
			g->lpis[g->num++] = irq.intid;
	} else if (irq.intid >= INTID_SPI) {
		if (irq.hw)
			return_spi(irq.intid);
		else
			gic_set_spi_pending(irq.intid);
	} else if (irq.hw) {
		gicr_return_ppis(gicr_of(g->pcpu), 1U << irq.intid);
	} else if (gic_is_v2() && irq.intid < 16) {
		vgic_v2_put(&vcpu->vgic, irq.intid, irq.source);
	} else {
		vcpu->vgic.pending |= 1U << irq.intid;
	}
}

/*
 * Only the kick is dropped: other SGIs that are physically pending come from
 * CPUs which EL2 has left already.
 */
static void export_redistributor(uint8_t *gicr, const struct vgic_vcpu *v)
{
	mmio_write32(gicr + GICR_ICENABLER0, SGI_MASK | gic.own_ppis);
	gicr_wait(gicr);
	clear_sgis(gicr, kick_bit);
	for (unsigned i = 0; i < 32; i++)
		mmio_write8(gicr + GICR_IPRIORITYR + i, v->priority[i]);
	mmio_write32(gicr + GICR_ISENABLER0, v->enabled);
	mmio_write32(gicr + GICR_ISPENDR0, v->pending & PPI_MASK);
	export_sgis(gicr, v);
}

unsigned gic_cpu_give_back(struct pcpu *pcpu, uint32_t *lpis, unsigned max)
{
	struct vcpu *vcpu = &pcpu->agency_vcpu;
	struct give_back g = { .pcpu = pcpu, .lpis = lpis, .max = max };

	/* Nothing is acknowledged from here on. */
	gic_cpu_interface_off();
	vgic_drain(vcpu, give_back_one, &g);
	export_redistributor(gicr_of(pcpu), &vcpu->vgic);
	gic_restore_routing();
	if (gic_is_v2())
		gicv2_export_interface(pcpu);
	vgic_clear_interface(vcpu);
	dsb(sy);
	return g.num;
}

/* No SGI or PPI of a former owner is enabled, pending or active. */
static void clear_redistributor(uint8_t *gicr)
{
	uint32_t maintenance = 1U << gic.maintenance;

	mmio_write32(gicr + GICR_ICENABLER0, ~(kick_bit | maintenance));
	gicr_wait(gicr);
	mmio_write32(gicr + GICR_ICPENDR0, PPI_MASK & ~maintenance);
	clear_sgis(gicr, SGI_MASK & ~kick_bit);
	mmio_write32(gicr + GICR_ICACTIVER0, ~(kick_bit | maintenance));
}

static void clear_shadow(struct vgic_vcpu *v)
{
	spin_lock(&v->lock);
	v->num_queued = 0;
	v->resync = false;
	v->asleep = true;
	__atomic_store_n(&v->pending, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&v->enabled, 0, __ATOMIC_RELAXED);
	memset(v->priority, 0, sizeof(v->priority));
	memset(v->sgi_source, 0, sizeof(v->sgi_source));
	spin_unlock(&v->lock);
}

void gic_cpu_start(struct pcpu *pcpu)
{
	if (!pcpu->gicr)
		(void)gic_cpu_probe(pcpu);
	if (!pcpu->gicr)
		return;
	if (gic_is_v2())
		gicv2_find_interface(pcpu);
	gicr_wake(gicr_of(pcpu));
	clear_redistributor(gicr_of(pcpu));
	own_interrupts_on(gicr_of(pcpu));
	gic_cpu_interface_on();
}

static void return_one(struct vcpu *vcpu, struct vgic_irq irq, uint64_t state, void *arg)
{
	(void)arg;
	if (irq.intid >= INTID_LPI) {
		if (state & ICH_LR_PENDING)
			(void)gic_lpi_hand_over(vcpu, irq.intid, irq.priority);
	} else if (irq.intid >= INTID_SPI && irq.hw) {
		if (spi_is_owned(&vcpu->cell->dist, irq.intid))
			return_spi(irq.intid);
	}
}

void gic_vcpu_stop(struct vcpu *vcpu)
{
	/* First, so that what becomes pending again goes to another CPU. */
	gic_route_all(vcpu->cell, vcpu, false);
	vgic_vspi_online(vcpu, false);
	vgic_drain(vcpu, return_one, NULL);
	clear_redistributor(gicr_of(vcpu->pcpu));
	clear_shadow(&vcpu->vgic);
	vgic_clear_interface(vcpu);
	gic_mask_priority(PMR_ALL);
	vcpu->vgic.throttled = false;
}

void gic_vcpu_reset(struct vcpu *vcpu)
{
	uint8_t *gicr = gicr_of(vcpu->pcpu);

	clear_shadow(&vcpu->vgic);
	gicr_wake(gicr);
	clear_redistributor(gicr);
	for (unsigned i = 16; i < 32; i++)
		if (!(gic.own_ppis >> i & 1))
			mmio_write8(gicr + GICR_IPRIORITYR + i, PRIO_GUEST_HIGHEST);
	mmio_write32(gicr + GICR_ICFGR1, 0);	/* level */
	own_interrupts_on(gicr);
	if (!gic_is_v2())
		write_sysreg(ICC_SRE_EL1, ICC_SRE_EL1_RESET);
	start_interface(vcpu);
	gic_cpu_interface_on();
	gic_route_all(vcpu->cell, vcpu, true);
	vgic_vspi_online(vcpu, true);
}

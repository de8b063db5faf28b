/* SPDX-License-Identifier: Apache-2.0 */
/* Physical interrupts: acknowledged at EL2, handed to the vCPU they belong to. */
#include "barrier.h"

#include "gicv2.h"
#include "vgic_lr.h"

/*
 * The DSB makes what the sender of an SGI wrote before it visible to whatever
 * EL2 reads next (IHI 0069, 4.1.2).
 */
static uint32_t acknowledge(void)
{
	uint32_t intid = (uint32_t)(read_sysreg(ICC_IAR1_EL1) & ICC_IAR_INTID);

	dsb(sy);
	return intid;
}

static void priority_drop(uint32_t intid)
{
	if (gic_is_v2()) {
		gicv2_priority_drop(intid);
		return;
	}
	write_sysreg(ICC_EOIR1_EL1, intid);
	isb();
}

static void complete(uint32_t intid)
{
	priority_drop(intid);
	if (gic_is_v2()) {
		gicv2_deactivate(intid);
		return;
	}
	write_sysreg(ICC_DIR_EL1, intid);
	isb();
}

static void deliver(struct vcpu *vcpu, uint32_t intid, uint8_t priority, bool hw)
{
	struct vgic_irq irq = { .intid = intid, .priority = priority, .hw = hw };

	vcpu->pcpu->status->exits[CAPSULE_EXIT_VIRQ]++;
	if (!gic_is_v2() && !injectable_soft(&vcpu->vgic) && is_idle(vcpu))
		inject_alone(&vcpu->vgic, irq);
	else
		(void)vgic_queue(vcpu, irq);
}

/* The level must be gone before the deactivation, or it is taken again at once. */
static void handle_maintenance(const struct pcpu *pcpu, struct vcpu *vcpu)
{
	uint32_t hcr = vcpu ? (uint32_t)ICH_HCR_EN : 0;

	gic_hcr_write(hcr);
	isb();
	if (vcpu)
		vcpu->vgic.hcr = hcr;
	if (vcpu && vcpu->cell->dist.vspi.num)
		vgic_vspi_collect(vcpu);
	pcpu->status->exits[CAPSULE_EXIT_MAINTENANCE]++;
	complete(gic.maintenance);
}

static void handle_ppi(const struct pcpu *pcpu, struct vcpu *vcpu, uint32_t intid)
{
	if (intid == gic.maintenance) {
		handle_maintenance(pcpu, vcpu);
	} else if (!vcpu || !(gic.guest_ppis >> intid & 1)) {
		/* Nobody here expects it: mask what would come for ever. */
		mmio_write32(gicr_of(pcpu) + GICR_ICENABLER0, 1U << intid);
		gicr_wait(gicr_of(pcpu));
		complete(intid);
	} else {
		deliver(vcpu, intid, vcpu->vgic.priority[intid], true);
		priority_drop(intid);
	}
}

/* GICv3.1's further PPIs and SPIs are nobody's here: a level that stays would never end. */
static void mask_extended(const struct pcpu *pcpu, uint32_t intid)
{
	if (intid >= INTID_ESPI)
		gicd_write(GICD_ICENABLER_E + (intid - INTID_ESPI) / 32 * 4, 1U << (intid % 32));
	else if (intid >= INTID_EPPI)
		mmio_write32(gicr_of(pcpu) + GICR_ICENABLER_E + (intid - INTID_EPPI) / 32 * 4,
			     1U << (intid % 32));
}

static void handle_spi(const struct pcpu *pcpu, struct vcpu *vcpu, uint32_t intid)
{
	if (intid >= gic.nr_irqs) {
		mask_extended(pcpu, intid);
		complete(intid);
		return;
	}
	if (vcpu && spi_is_owned(&vcpu->cell->dist, intid)) {
		deliver(vcpu, intid, vcpu->cell->dist.priority[intid], true);
		priority_drop(intid);
		return;
	}
	priority_drop(intid);
	gic_spi_elsewhere(pcpu, intid);
}

bool gic_lpi_hand_over(const struct vcpu *except, uint32_t intid, uint8_t priority)
{
	struct vgic_irq irq = { .intid = intid, .priority = priority };

	for (unsigned i = 0; i < root_cell.num_vcpus; i++) {
		struct vcpu *to = root_cell.vcpu[i];

		if (!to || to == except || !vcpu_runs(to) || !vgic_queue(to, irq))
			continue;
		gic_kick(to->pcpu);
		return true;
	}
	return false;
}

/*
 * LPIs are the agency's. They have no active state, so the list register needs
 * no physical side. The running priority tells what the agency configured.
 */
static void handle_lpi(struct vcpu *vcpu, uint32_t intid)
{
	uint8_t priority = guest_priority((uint32_t)read_sysreg(ICC_RPR_EL1));

	if (vcpu && cell_is_root(vcpu->cell))
		deliver(vcpu, intid, priority, false);
	else
		(void)gic_lpi_hand_over(vcpu, intid, priority);
	/* Its ISB lets ICH_ELRSR_EL2 tell of a list register written just now. */
	priority_drop(intid);
}

static void handle_one(const struct pcpu *pcpu, struct vcpu *vcpu, uint32_t intid)
{
	if (intid < 16)
		complete(intid);	/* a kick: the caller looks at the requests */
	else if (intid < INTID_SPI)
		handle_ppi(pcpu, vcpu, intid);
	else if (intid < INTID_LPI)
		handle_spi(pcpu, vcpu, intid);
	else
		handle_lpi(vcpu, intid);
}

/* Leaves the guest's interrupts pending in the GIC while the queue is full. */
static void throttle(struct vcpu *vcpu)
{
	if (vcpu->vgic.throttled || vgic_has_room(vcpu))
		return;
	vcpu->vgic.throttled = true;
	gic_mask_priority(PMR_EL2_ONLY);
}

static bool is_special(uint32_t intid)
{
	return intid - INTID_SPECIAL < 4;
}

/* vcpu: who takes what comes, or NULL */
static void handle_all(const struct pcpu *pcpu, struct vcpu *vcpu)
{
	for (;;) {
		uint32_t intid;

		if (vcpu)
			throttle(vcpu);
		intid = acknowledge();
		if (is_special(intid))
			break;
		handle_one(pcpu, vcpu, intid);
	}
}

/* GICC_IAR names the sender of an SGI, and so must its end. */
static void handle_all_v2(const struct pcpu *pcpu, struct vcpu *vcpu)
{
	for (;;) {
		uint32_t iar, intid;

		if (vcpu)
			throttle(vcpu);
		iar = gicv2_acknowledge();
		intid = (uint32_t)(iar & GICC_IAR_INTID);
		if (intid >= INTID_SPECIAL)
			break;
		if (intid < 16)
			complete(iar);
		else
			handle_one(pcpu, vcpu, intid);
	}
}

static void handle_from(const struct pcpu *pcpu, struct vcpu *vcpu, uint32_t intid)
{
	if (is_special(intid))
		return;
	handle_one(pcpu, vcpu, intid);
	handle_all(pcpu, vcpu);
}

/* PPI or SPI of the guest while its interface is idle, on a GICv3: no queue, no lock. */
static inline bool deliver_alone(const struct pcpu *pcpu, struct vcpu *vcpu, uint32_t intid)
{
	struct vgic_irq irq = { .intid = intid, .hw = true };
	const struct vgic_dist *dist = &vcpu->cell->dist;

	if (intid < INTID_SPI && gic.guest_ppis >> intid & 1)
		irq.priority = vcpu->vgic.priority[intid];
	else if (intid >= INTID_SPI && intid < gic.nr_irqs && spi_is_owned(dist, intid))
		irq.priority = dist->priority[intid];
	else
		return false;
	if (injectable_soft(&vcpu->vgic) || !is_idle(vcpu))
		return false;
	pcpu->status->exits[CAPSULE_EXIT_VIRQ]++;
	inject_alone(&vcpu->vgic, irq);
	write_sysreg(ICC_EOIR1_EL1, intid);
	isb();
	return true;
}

/* Nothing is acknowledged while there might be no room for it in the queue. */
void gic_handle_irq(struct pcpu *pcpu)
{
	struct vcpu *vcpu = pcpu->current;
	uint32_t intid;

	if (gic_is_v2()) {
		handle_all_v2(pcpu, vcpu);
		return;
	}
	if (READ_ONCE(vcpu->vgic.num_queued)) {
		handle_all(pcpu, vcpu);
		return;
	}
	intid = acknowledge();
	if (intid < 16)
		complete(intid);	/* a kick: the caller looks at the requests */
	else if (!deliver_alone(pcpu, vcpu, intid)) {
		handle_from(pcpu, vcpu, intid);
		return;
	}
	if (read_sysreg(isr_el1) & ISR_I)
		handle_all(pcpu, vcpu);
}

void gic_flush(struct vcpu *vcpu)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	uint32_t soft = injectable_soft(v);

	if (READ_ONCE(v->num_queued) || READ_ONCE(v->resync) || soft & (soft - 1) ||
	    (soft && (gic_is_v2() || !is_idle(vcpu)))) {
		vgic_flush_all(vcpu);
		return;
	}
	if (soft) {
		unsigned n = (unsigned)__builtin_ctz(soft);

		__atomic_fetch_and(&v->pending, ~soft, __ATOMIC_ACQ_REL);
		inject_alone(v, (struct vgic_irq){ .intid = n, .priority = v->priority[n] });
	}
	set_hcr(v, (uint32_t)ICH_HCR_EN);
}

void gic_handle_irq_parked(struct pcpu *pcpu)
{
	if (gic_is_v2()) {
		handle_all_v2(pcpu, NULL);
		return;
	}
	handle_all(pcpu, NULL);
}

void gic_handle_fiq(void)
{
	uint32_t intid;

	/* Signalled to secure software only (GICC_CTLR.FIQEn). */
	if (gic_is_v2())
		return;
	intid = (uint32_t)(read_sysreg(ICC_IAR0_EL1) & ICC_IAR_INTID);
	if (intid >= INTID_SPECIAL && intid <= 1023)
		return;
	write_sysreg(ICC_EOIR0_EL1, intid);
	write_sysreg(ICC_DIR_EL1, intid);
	isb();
}

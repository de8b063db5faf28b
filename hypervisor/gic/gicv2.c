/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical GICv2 (IHI 0048): memory-mapped CPU interface and list
 * registers, of which each CPU sees its own at the same address. Interrupts
 * stay in the group in which they are found: Group 0 where there is one
 * security state, Group 1 seen through the Non-secure view where there are
 * two. Either way bit 0 of GICD_CTLR and GICC_CTLR is what enables them.
 */
#include "barrier.h"
#include "hvmap.h"

#include "gicv2.h"

static uint32_t gicc_read(uint32_t offset)
{
	return mmio_read32(gic.gicc + offset);
}

static void gicc_write(uint32_t offset, uint32_t value)
{
	mmio_write32(gic.gicc + offset, value);
}

static uint32_t gich_read(uint32_t offset)
{
	return mmio_read32(gic.gich + offset);
}

static void gich_write(uint32_t offset, uint32_t value)
{
	mmio_write32(gic.gich + offset, value);
}

static int map_frames(void)
{
	gic.gicd = hv_map_device(pa_init(gic.gicd_pa), GICV2_GICD_SIZE);
	gic.gicc = hv_map_device(pa_init(gic.gicc_pa), GICC_SIZE);
	gic.gich = hv_map_device(pa_init(gic.gich_pa), GICH_SIZE);
	return gic.gicd && gic.gicc && gic.gich ? 0 : -CAPSULE_ENOMEM;
}

int gicv2_probe(uint32_t *reason, uint64_t detail[2])
{
	uint32_t typer;
	int err = map_frames();

	if (err) {
		*reason = CAPSULE_REASON_NO_POOL;
		return err;
	}
	if (PIDR2_ARCHREV(gicd_read(GICV2_PIDR2)) != 2) {
		*reason = CAPSULE_REASON_GIC_MISMATCH;
		detail[0] = 2;
		detail[1] = PIDR2_ARCHREV(gicd_read(GICV2_PIDR2));
		return -CAPSULE_ENODEV;
	}
	typer = gicd_read(GICD_TYPER);
	gic.nr_irqs = MIN(32 * ((unsigned)FIELD_GET(GICD_TYPER_ITLINES, typer) + 1),
			  INTID_SPECIAL);
	gic.nr_lrs = MIN((unsigned)FIELD_GET(GICH_VTR_LISTREGS, gich_read(GICH_VTR)) + 1,
			 (unsigned)VGIC_MAX_LRS);
	gic.lr_mask = (uint32_t)GENMASK(gic.nr_lrs - 1, 0);
	/* A list register has five bits of priority. */
	gic.pri_mask = 0xf8;
	return 0;
}

/* The targets of a CPU's own interrupts are that CPU, which is how it learns its number. */
void gicv2_find_interface(struct pcpu *pcpu)
{
	uint32_t own = 0;

	for (unsigned i = 0; i < 8; i++)
		own |= gicd_read(GICD_ITARGETSR + 4 * i);
	own |= own >> 16;
	own |= own >> 8;
	/* They read as zero where there is but one. */
	pcpu->gic_interface = own & 0xff ? (uint8_t)own : 1;
}

void gicv2_interface_on(void)
{
	uint32_t ctlr = gicc_read(GICC_CTLR);

	gicc_write(GICC_BPR, 0);
	gicc_write(GICC_PMR, PMR_ALL);
	gicc_write(GICC_CTLR, ctlr | (uint32_t)(GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE));
}

void gicv2_interface_off(void)
{
	gicc_write(GICC_CTLR, gicc_read(GICC_CTLR) & ~(uint32_t)GICC_CTLR_ENABLE);
	gicc_write(GICC_PMR, PMR_ALL);
}

/* GICH_VMCR shows five bits of the mask, as GICC_PMR has them. */
void gicv2_import_interface(struct pcpu *pcpu)
{
	uint32_t vmcr = 0;

	pcpu->found_gicc_ctlr = gicc_read(GICC_CTLR);
	pcpu->found_gicc_pmr = gicc_read(GICC_PMR);
	if (pcpu->found_gicc_ctlr & GICC_CTLR_ENABLE)
		vmcr |= (uint32_t)GICH_VMCR_ENABLE;
	if (pcpu->found_gicc_ctlr & GICC_CTLR_EOIMODE)
		vmcr |= (uint32_t)GICH_VMCR_EOIMODE;
	vmcr |= (uint32_t)FIELD_PUT(GICH_VMCR_PMR, pcpu->found_gicc_pmr >> 3);
	gich_write(GICH_VMCR, vmcr);
}

void gicv2_export_interface(const struct pcpu *pcpu)
{
	uint32_t vmcr = gich_read(GICH_VMCR), ctlr = pcpu->found_gicc_ctlr;

	ctlr &= ~(uint32_t)(GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);
	if (vmcr & GICH_VMCR_ENABLE)
		ctlr |= (uint32_t)GICC_CTLR_ENABLE;
	if (vmcr & GICH_VMCR_EOIMODE)
		ctlr |= (uint32_t)GICC_CTLR_EOIMODE;
	gicc_write(GICC_PMR, (uint32_t)FIELD_GET(GICH_VMCR_PMR, vmcr) << 3);
	gicc_write(GICC_CTLR, ctlr);
}

void gicv2_mask_priority(uint32_t pmr)
{
	gicc_write(GICC_PMR, pmr);
}

/*
 * The DSB makes what the sender of an SGI wrote before it visible to whatever
 * EL2 reads next.
 */
uint32_t gicv2_acknowledge(void)
{
	uint32_t iar = gicc_read(GICC_IAR);

	dsb(sy);
	return iar;
}

void gicv2_priority_drop(uint32_t iar)
{
	gicc_write(GICC_EOIR, iar);
}

/* What made the interrupt go away must have happened before (both are writes to devices). */
void gicv2_deactivate(uint32_t iar)
{
	dsb(sy);
	gicc_write(GICC_DIR, iar);
	dsb(sy);
}

/* Every interrupt of a guest is Group 0 for its virtual interface, as it has one security state. */
static uint32_t lr_to_gich(uint64_t lr)
{
	uint32_t v = (uint32_t)(lr & GICH_LR_VINTID) |
		     (uint32_t)FIELD_PUT(GICH_LR_PRIORITY, FIELD_GET(ICH_LR_PRIORITY, lr) >> 3);

	if (!(lr & ICH_LR_STATE))
		return 0;
	if (lr & ICH_LR_PENDING)
		v |= (uint32_t)GICH_LR_PENDING;
	if (lr & ICH_LR_ACTIVE)
		v |= (uint32_t)GICH_LR_ACTIVE;
	if (lr & ICH_LR_HW)
		v |= (uint32_t)(GICH_LR_HW |
				FIELD_PUT(GICH_LR_PINTID, FIELD_GET(ICH_LR_PINTID, lr)));
	else
		v |= (uint32_t)FIELD_PUT(GICH_LR_CPUID, FIELD_GET(ICH_LR_SOURCE, lr));
	if ((lr & (ICH_LR_HW | ICH_LR_EOI)) == ICH_LR_EOI)
		v |= (uint32_t)GICH_LR_EOI;
	return v;
}

static uint64_t lr_from_gich(uint32_t v)
{
	uint64_t lr = FIELD_GET(GICH_LR_VINTID, v) | ICH_LR_GROUP1 |
		      FIELD_PUT(ICH_LR_PRIORITY, FIELD_GET(GICH_LR_PRIORITY, v) << 3);

	if (v & GICH_LR_PENDING)
		lr |= ICH_LR_PENDING;
	if (v & GICH_LR_ACTIVE)
		lr |= ICH_LR_ACTIVE;
	if (v & GICH_LR_HW)
		lr |= ICH_LR_HW | FIELD_PUT(ICH_LR_PINTID, FIELD_GET(GICH_LR_PINTID, v));
	else
		lr |= FIELD_PUT(ICH_LR_SOURCE, FIELD_GET(GICH_LR_CPUID, v));
	if (!(v & GICH_LR_HW) && v & GICH_LR_EOI)
		lr |= ICH_LR_EOI;
	return lr;
}

uint64_t gicv2_lr_read(unsigned n)
{
	return lr_from_gich(gich_read(GICH_LR + 4 * n));
}

void gicv2_lr_write(unsigned n, uint64_t value)
{
	gich_write(GICH_LR + 4 * n, lr_to_gich(value));
}

void gicv2_hcr_write(uint32_t hcr)
{
	gich_write(GICH_HCR, hcr);
}

/* List registers that the guest has ended and that asked to be told; of the first 32. */
uint32_t gicv2_eisr(void)
{
	return gich_read(GICH_EISR);
}

void gicv2_clear_interface(void)
{
	gich_write(GICH_HCR, 0);
	gich_write(GICH_VMCR, 0);
	for (unsigned n = 0; n < gic.nr_lrs; n++)
		gich_write(GICH_LR + 4 * n, 0);
	gich_write(GICH_APR, 0);
}

void gicv2_kick(const struct pcpu *pcpu)
{
	gicd_write(GICD_SGIR, (uint32_t)FIELD_PUT(GICD_SGIR_TARGETS, pcpu->gic_interface) |
		   GIC_SGI_KICK);
}

uint8_t gicv2_sgi_senders(unsigned sgi)
{
	return mmio_read8(gic.gicd + GICD_CPENDSGIR + sgi);
}

void gicv2_sgi_clear(unsigned sgi)
{
	mmio_write8(gic.gicd + GICD_CPENDSGIR + sgi, 0xff);
}

void gicv2_sgi_set(unsigned sgi, uint8_t senders)
{
	mmio_write8(gic.gicd + GICD_SPENDSGIR + sgi, senders);
}

uint8_t gicv2_targets(uint32_t intid)
{
	return mmio_read8(gic.gicd + GICD_ITARGETSR + intid);
}

void gicv2_set_targets(uint32_t intid, uint8_t targets)
{
	if (gicv2_targets(intid) != targets)
		mmio_write8(gic.gicd + GICD_ITARGETSR + intid, targets);
}

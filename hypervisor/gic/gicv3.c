/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical GICv3: what the machine has, waiting for it, the CPU interface
 * of EL2, and the kick.
 */
#include <capsule/config.h>

#include "barrier.h"
#include "hvmap.h"
#include "ownership.h"

#include "gicv2.h"

struct gic_hw gic;

/*
 * Register write pending and wake-up take a few bus cycles. The bound keeps
 * EL2 alive on a broken GIC; the number is generous because it never counts.
 */
#define GIC_POLLS	1000000U

void gicd_lock(void)
{
	spin_lock(&gic.lock);
}

void gicd_unlock(void)
{
	spin_unlock(&gic.lock);
}

void gicd_wait(void)
{
	for (unsigned i = 0; i < GIC_POLLS; i++)
		if (!(gicd_read(GICD_CTLR) & GICD_CTLR_RWP))
			return;
}

/* A GICv2 has neither: what it is told to do it has done. */
void gicr_wait(uint8_t *gicr)
{
	if (gic_is_v2())
		return;
	for (unsigned i = 0; i < GIC_POLLS; i++)
		if (!(mmio_read32(gicr + GICR_CTLR) & GICR_CTLR_RWP))
			return;
}

/* RAZ/WI in the Non-secure view of two security states: awake already. */
void gicr_wake(uint8_t *gicr)
{
	uint32_t waker;

	if (gic_is_v2())
		return;
	waker = mmio_read32(gicr + GICR_WAKER);
	mmio_write32(gicr + GICR_WAKER, waker & ~(uint32_t)GICR_WAKER_SLEEP);
	for (unsigned i = 0; i < GIC_POLLS; i++)
		if (!(mmio_read32(gicr + GICR_WAKER) & GICR_WAKER_ASLEEP))
			return;
}

/*
 * Physical CPU interface for EL2: all priorities, priority drop apart from
 * deactivation (which list registers do when the guest ends the interrupt).
 */
void gic_cpu_interface_on(void)
{
	uint64_t ctlr, sre;

	if (gic_is_v2()) {
		gicv2_interface_on();
		return;
	}
	sre = read_sysreg(ICC_SRE_EL2);
	write_sysreg(ICC_SRE_EL2, sre | ICC_SRE_SRE | ICC_SRE_ENABLE);
	isb();
	ctlr = read_sysreg(ICC_CTLR_EL1);
	write_sysreg(ICC_CTLR_EL1, (ctlr & ~ICC_CTLR_CBPR) | ICC_CTLR_EOIMODE);
	write_sysreg(ICC_BPR1_EL1, 0);
	write_sysreg(ICC_PMR_EL1, PMR_ALL);
	isb();
	write_sysreg(ICC_IGRPEN1_EL1, 1);
	isb();
}

/* As cpu_pm_enter() leaves it; the agency programs it afterwards. */
void gic_cpu_interface_off(void)
{
	if (gic_is_v2()) {
		gicv2_interface_off();
		return;
	}
	write_sysreg(ICC_IGRPEN1_EL1, 0);
	write_sysreg(ICC_PMR_EL1, PMR_ALL);
	isb();
}

void gic_mask_priority(uint32_t pmr)
{
	if (gic_is_v2()) {
		gicv2_mask_priority(pmr);
		return;
	}
	write_sysreg(ICC_PMR_EL1, pmr);
	isb();
}

static void probe_cpu_interface(void)
{
	uint64_t vtr = read_sysreg(ICH_VTR_EL2);
	unsigned prebits = (unsigned)FIELD_GET(ICH_VTR_PREBITS, vtr) + 1;
	unsigned pribits = (unsigned)FIELD_GET(ICH_VTR_PRIBITS, vtr) + 1;

	gic.nr_lrs = MIN((unsigned)FIELD_GET(ICH_VTR_LISTREGS, vtr) + 1,
			 (unsigned)VGIC_MAX_LRS);
	gic.lr_mask = (uint32_t)GENMASK(gic.nr_lrs - 1, 0);
	gic.nr_aprs = prebits <= 5 ? 1 : prebits == 6 ? 2 : 4;
	gic.pri_mask = (uint8_t)(0xff << (8 - pribits));
}

static bool is_gicv3(const uint8_t *frame)
{
	uint32_t rev = PIDR2_ARCHREV(mmio_read32(frame + GIC_PIDR2));

	return rev == 3 || rev == 4;
}

static int probe_distributor(uint64_t detail[2])
{
	uint32_t ctlr, lines;

	gic.gicd = hv_map_device(pa_init(gic.gicd_pa), GICD_SIZE);
	if (!gic.gicd)
		return -CAPSULE_ENOMEM;
	ctlr = gicd_read(GICD_CTLR);
	if (!is_gicv3(gic.gicd) || !(ctlr & GICD_CTLR_ARE)) {
		detail[0] = 3;
		detail[1] = PIDR2_ARCHREV(gicd_read(GIC_PIDR2));
		return -CAPSULE_ENODEV;
	}
	lines = (uint32_t)FIELD_GET(GICD_TYPER_ITLINES, gicd_read(GICD_TYPER));
	gic.nr_irqs = MIN(32 * (lines + 1), INTID_SPECIAL);
	gic.ds = ctlr & GICD_CTLR_DS;
	return 0;
}

/*
 * Maps one redistributor after the other; the first says how far they are
 * apart. Ends at the last one, or at the end of what the configuration names.
 */
static int probe_redistributors(uint64_t detail[2])
{
	uint64_t offset = 0, typer = 0;

	while (!(typer & GICR_TYPER_LAST) && gic.num_frames < GIC_MAX_FRAMES &&
	       offset + GICR_SIZE <= gic.gicr_size) {
		uint8_t *va = hv_map_device(pa_init(gic.gicr_pa + offset), GICR_SIZE);

		if (!va)
			return -CAPSULE_ENOMEM;
		if (!is_gicv3(va)) {
			detail[0] = gic.gicr_pa + offset;
			return -CAPSULE_ENODEV;
		}
		typer = mmio_read64(va + GICR_TYPER);
		if (!gic.stride)
			gic.stride = typer & GICR_TYPER_VLPIS ?
				     2 * GICR_SIZE : GICR_SIZE;
		gic.stride_shift = (unsigned)__builtin_ctzll(gic.stride);
		gic.frame[gic.num_frames++].va = va;
		offset += gic.stride;
	}
	return 0;
}

static int probe_its(void)
{
	if (!gic.gits_pa)
		return 0;
	gic.gits = hv_map_device(pa_init(gic.gits_pa), GITS_CONTROL_SIZE);
	return gic.gits ? 0 : -CAPSULE_ENOMEM;
}

static void set_platform(const struct capsule_platform *platform)
{
	memset(&gic, 0, sizeof(gic));
	gic.v2 = platform->gic_version == 2;
	gic.gicc_pa = platform->gicc_base;
	gic.gich_pa = platform->gich_base;
	gic.gicv_pa = platform->gicv_base;
	gic.gicd_pa = platform->gicd_base;
	gic.gicr_pa = platform->gicr_base;
	gic.gicr_size = platform->gicr_size;
	gic.gits_pa = platform->gits_base;
	gic.maintenance = platform->maintenance_irq;
	gic.notify = platform->notify_irq;
	gic.own_ppis = (uint32_t)(BIT(PPI_EL2_TIMER) | BIT(PPI_EL2_VTIMER) |
				  BIT(gic.maintenance & 31));
	gic.guest_ppis = PPI_MASK & ~gic.own_ppis;
	for (unsigned i = 16; i < 32; i++)
		if (gic.guest_ppis >> i & 1)
			gic.guest_icfgr1 |= 2U << (i - 16) * 2;
}

static int gicv3_probe(uint32_t *reason, uint64_t detail[2])
{
	int err;

	probe_cpu_interface();
	err = probe_distributor(detail);
	if (!err)
		err = probe_redistributors(detail);
	if (!err)
		err = probe_its();
	if (err == -CAPSULE_ENOMEM)
		*reason = CAPSULE_REASON_NO_POOL;
	return err;
}

int gic_init(const struct capsule_platform *platform, uint32_t *reason,
	     uint64_t detail[2])
{
	int err;

	detail[0] = platform->gic_version;
	detail[1] = 3;
	*reason = CAPSULE_REASON_GIC_MISMATCH;
	if (platform->gic_version != 2 && platform->gic_version != 3)
		return -CAPSULE_ENODEV;
	*reason = CAPSULE_REASON_CFG_IRQ;
	detail[0] = platform->maintenance_irq;
	if (platform->maintenance_irq < 16 || platform->maintenance_irq > 31)
		return -CAPSULE_ENODEV;

	set_platform(platform);
	*reason = CAPSULE_REASON_GIC_ADDRESS;
	err = gic_is_v2() ? gicv2_probe(reason, detail) : gicv3_probe(reason, detail);
	if (err)
		return err;
	*reason = CAPSULE_REASON_NOTIFY_IRQ;
	detail[0] = gic.notify;
	if (gic.notify < INTID_SPI || gic.notify >= gic.nr_irqs)
		return -CAPSULE_EINVAL;

	*reason = CAPSULE_REASON_NONE;
	for (unsigned i = 0; i < num_pcpus; i++)
		if (pcpus[i])
			(void)gic_cpu_probe(pcpus[i]);
	return 0;
}

void gic_exit(void)
{
	memset(&gic, 0, sizeof(gic));
}

int gic_cpu_probe(struct pcpu *pcpu)
{
	uint32_t affinity = mpidr_to_typer(pcpu->mpidr);

	if (gic_is_v2()) {
		pcpu->gicr = (void *)((uintptr_t)gic.gicd - GICR_SGI);
		return 0;
	}
	for (unsigned i = 0; i < gic.num_frames; i++) {
		struct gic_frame *f = &gic.frame[i];

		if (mmio_read64(f->va + GICR_TYPER) >> 32 != affinity)
			continue;
		f->pcpu = pcpu;
		pcpu->gicr = f->va;
		pcpu->gicr_pa = gic.gicr_pa + i * gic.stride;
		return 0;
	}
	return -CAPSULE_ENODEV;
}

static uint64_t sgi_target(uint64_t mpidr)
{
	uint64_t aff0 = mpidr & 0xff;

	return FIELD_PUT(ICC_SGIR_AFF3, mpidr >> 32 & 0xff) |
	       FIELD_PUT(ICC_SGIR_AFF2, mpidr >> 16 & 0xff) |
	       FIELD_PUT(ICC_SGIR_AFF1, mpidr >> 8 & 0xff) |
	       FIELD_PUT(ICC_SGIR_RS, aff0 / 16) | BIT(aff0 % 16);
}

void gic_kick(const struct pcpu *pcpu)
{
	/* What the other CPU is to see must be there before the SGI is. */
	dsb(ishst);
	if (gic_is_v2()) {
		gicv2_kick(pcpu);
		return;
	}
	write_sysreg(ICC_SGI1R_EL1, sgi_target(pcpu->mpidr) |
		     FIELD_PUT(ICC_SGIR_INTID, GIC_SGI_KICK));
	isb();
}

bool gic_has_spi(uint32_t intid)
{
	return intid >= INTID_SPI && intid < gic.nr_irqs;
}

void gic_set_spi_pending(uint32_t intid)
{
	if (gic_has_spi(intid))
		gicd_write(GICD_ISPENDR + intid / 32 * 4, 1U << (intid % 32));
}

static bool overlaps(uint64_t pa, uint64_t size, uint64_t start, uint64_t length)
{
	return length && pa < start + length && start < pa + size;
}

bool gic_owns_frame(uint64_t pa, uint64_t size)
{
	if (gic_is_v2())
		return overlaps(pa, size, gic.gicd_pa, GICV2_GICD_SIZE) ||
		       overlaps(pa, size, gic.gich_pa, GICH_SIZE) ||
		       overlaps(pa, size, gic.gicv_pa, GICC_SIZE);
	return overlaps(pa, size, gic.gicd_pa, GICD_SIZE) ||
	       overlaps(pa, size, gic.gicr_pa, gic.gicr_size) ||
	       overlaps(pa, size, gic.gits_pa, gic.gits_pa ? GITS_SIZE : 0);
}

static int unmap_frame(struct pgt *agency, uint64_t pa, uint64_t size, unsigned index)
{
	return pgt_annotate(agency, pa, size,
			    OWN_ANNOTATION(OWN_KIND_MMIO, index, OWN_AGENCY_ATTR));
}

/* A guest has the virtual CPU interface where the physical one is for EL2. */
static int map_virtual_interface(struct pgt *pgt, unsigned state)
{
	return pgt_map(pgt, gic.gicc_pa, pa_init(gic.gicv_pa), GICC_SIZE,
		       PGT_R | PGT_W | PGT_DEVICE | state);
}

static int unmap_frames_v2(struct pgt *agency)
{
	int err = unmap_frame(agency, gic.gicd_pa, GICV2_GICD_SIZE, 0);

	if (!err)
		err = unmap_frame(agency, gic.gich_pa, GICH_SIZE, 1);
	if (!err)
		err = unmap_frame(agency, gic.gicv_pa, GICC_SIZE, 2);
	/* Nothing that could be given to a cell. */
	if (!err)
		err = map_virtual_interface(agency, PGT_STATE(OWN_SHARED_LAST));
	return err;
}

int gic_map_cell(struct pgt *cell)
{
	return gic_is_v2() ? map_virtual_interface(cell, 0) : 0;
}

int gic_unmap_frames(struct pgt *agency)
{
	int err;

	if (gic_is_v2())
		return unmap_frames_v2(agency);
	err = unmap_frame(agency, gic.gicd_pa, GICD_SIZE, 0);

	if (!err)
		err = unmap_frame(agency, gic.gicr_pa, gic.gicr_size, 1);
	if (!err && gic.gits)
		err = unmap_frame(agency, gic.gits_pa, GITS_CONTROL_SIZE, 2);
	return err;
}

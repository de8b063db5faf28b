/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of gic/ share: the physical GIC, registers by their names in
 * the GIC architecture (IHI 0069, chapter 12), and the functions between them.
 */
#ifndef GIC_INTERNAL_H
#define GIC_INTERNAL_H

#include <capsule/error.h>

#include "gic.h"
#include "io.h"
#include "sysreg.h"
#include "util.h"

#include "../arm64/gic_sysreg.h"

/* Distributor */
#define GICD_SIZE		0x10000U
#define GICD_CTLR		0x0000U
#define GICD_TYPER		0x0004U
#define GICD_IIDR		0x0008U
#define GICD_SETSPI_NSR		0x0040U
#define GICD_CLRSPI_NSR		0x0048U
#define GICD_IGROUPR		0x0080U
#define GICD_ISENABLER		0x0100U
#define GICD_ICENABLER		0x0180U
#define GICD_ICENABLER_E	0x1400U	/* ICENABLER<n>E: SPIs from 4096 */
#define GICD_ISPENDR		0x0200U
#define GICD_ICPENDR		0x0280U
#define GICD_ISACTIVER		0x0300U
#define GICD_ICACTIVER		0x0380U
#define GICD_IPRIORITYR		0x0400U
#define GICD_ITARGETSR		0x0800U
#define GICD_ICFGR		0x0c00U
#define GICD_IROUTER		0x6000U
#define GIC_IDREGS		0xffd0U	/* in every 64 KiB frame */
#define GIC_PIDR2		0xffe8U

#define GICD_CTLR_GRP0		BIT(0)
#define GICD_CTLR_GRP1		BIT(1)	/* EnableGrp1A in the Non-secure view */
#define GICD_CTLR_ARE		BIT(4)
#define GICD_CTLR_DS		BIT(6)
#define GICD_CTLR_RWP		BIT(31)
#define GICD_TYPER_ITLINES	GENMASK(4, 0)
#define GICD_TYPER_IDBITS	GENMASK(23, 19)
#define GICD_TYPER_A3V		BIT(24)
#define GICD_TYPER_NO1N		BIT(25)
#define GICD_IROUTER_IRM	BIT(31)
#define PIDR2_ARCHREV(v)	(((v) >> 4) & 0xf)

/* Redistributor: RD_base, then SGI_base, then (GICv4) two frames for virtual LPIs */
#define GICR_FRAME		0x10000U
#define GICR_SIZE		(2U * GICR_FRAME)
#define GICR_CTLR		0x0000U
#define GICR_IIDR		0x0004U
#define GICR_TYPER		0x0008U
#define GICR_WAKER		0x0014U
#define GICR_SETLPIR		0x0040U
#define GICR_CLRLPIR		0x0048U
#define GICR_PROPBASER		0x0070U
#define GICR_PENDBASER		0x0078U
#define GICR_INVLPIR		0x00a0U
#define GICR_SYNCR		0x00c0U
#define GICR_SGI		GICR_FRAME
#define GICR_IGROUPR0		(GICR_SGI + 0x0080U)
#define GICR_ISENABLER0		(GICR_SGI + 0x0100U)
#define GICR_ICENABLER0		(GICR_SGI + 0x0180U)
#define GICR_ICENABLER_E	(GICR_SGI + 0x0184U)	/* ICENABLER<n>E: PPIs from 1056 */
#define GICR_ISPENDR0		(GICR_SGI + 0x0200U)
#define GICR_ICPENDR0		(GICR_SGI + 0x0280U)
#define GICR_ISACTIVER0		(GICR_SGI + 0x0300U)
#define GICR_ICACTIVER0		(GICR_SGI + 0x0380U)
#define GICR_IPRIORITYR		(GICR_SGI + 0x0400U)
#define GICR_ICFGR0		(GICR_SGI + 0x0c00U)
#define GICR_ICFGR1		(GICR_SGI + 0x0c04U)

#define GICR_CTLR_ENABLE_LPIS	BIT(0)
#define GICR_CTLR_RWP		BIT(3)
#define GICR_TYPER_VLPIS	BIT(1)
#define GICR_TYPER_LAST		BIT(4)
#define GICR_WAKER_SLEEP	BIT(1)
#define GICR_WAKER_ASLEEP	BIT(2)
#define GICR_PROPBASER_IDBITS	GENMASK(4, 0)
#define GICR_PROPBASER_PA	GENMASK(51, 12)
#define GICR_PENDBASER_PA	GENMASK(51, 16)

/* ITS */
#define GITS_CONTROL_SIZE	0x10000U
#define GITS_SIZE		0x20000U	/* with the translation frame */
#define GITS_CTLR		0x0000U
#define GITS_TYPER		0x0008U
#define GITS_CBASER		0x0080U
#define GITS_CWRITER		0x0088U
#define GITS_CREADR		0x0090U
#define GITS_BASER		0x0100U
#define GITS_BASER_END		0x0140U

/*
 * SGIs of EL2. Physical SGIs are EL2's alone, so a guest can mask neither.
 * GIC_SGI_DIRECT is kept free for cells with direct delivery of interrupts.
 */
#define GIC_SGI_KICK		7U
#define GIC_SGI_DIRECT		6U

#define SGI_MASK		0x0000ffffU
#define PPI_MASK		0xffff0000U
#define INTID_SPI		32U
#define INTID_SPECIAL		1020U
#define INTID_EPPI		1056U
#define INTID_ESPI		4096U
#define INTID_LPI		8192U
#define PPI_EL2_TIMER		26U
#define PPI_EL2_VTIMER		28U

/*
 * Priorities: EL2's own interrupts have the highest, a guest's never have it
 * physically, so that ICC_PMR_EL1 can hold back the guest's alone. 0x20 is
 * representable with 16 priorities in the Non-secure view too.
 */
#define PRIO_EL2		0x00U
#define PRIO_GUEST_HIGHEST	0x20U
#define PMR_ALL			0xffU
#define PMR_EL2_ONLY		PRIO_GUEST_HIGHEST

#define GIC_MAX_FRAMES		128U

struct gic_frame {
	uint8_t *va;		/* RD_base */
	struct pcpu *pcpu;	/* NULL: a CPU that nobody uses */
};

struct gic_hw {
	bool v2;
	uint64_t gicd_pa, gicr_pa, gicr_size, gits_pa;
	uint64_t gicc_pa, gich_pa, gicv_pa;	/* GICv2 */
	uint8_t *gicd;
	uint8_t *gicc, *gich;			/* GICv2 */
	uint8_t *gits;
	spinlock_t lock;	/* distributor lock */
	bool ds;		/* GICD_CTLR.DS: one security state */
	bool imported;		/* distributor state was taken from the agency */
	uint8_t pri_mask;	/* implemented bits of a guest's priority */
	unsigned nr_irqs;	/* SPIs are INTID 32 .. nr_irqs - 1 */
	unsigned nr_lrs;
	unsigned nr_aprs;	/* ICH_AP1R<n>_EL2 that exist */
	uint32_t maintenance;	/* PPI */
	uint32_t notify;	/* SPI that is never given away */
	uint32_t own_ppis;	/* bit n: PPI n is EL2's */
	uint32_t guest_ppis;	/* the others */
	uint32_t guest_icfgr1;	/* their configurable bits in GICR_ICFGR1 */
	uint32_t lr_mask;	/* bit n: list register n exists */
	uint64_t stride;	/* bytes from one redistributor to the next */
	unsigned stride_shift;	/* log2 of that */
	unsigned num_frames;
	struct gic_frame frame[GIC_MAX_FRAMES];
};

extern struct gic_hw gic;

/* Away from the paths that GICv3 takes often, the two differ by this question (gicv2.h). */
static inline bool gic_is_v2(void)
{
	return __builtin_expect(gic.v2, false);
}

static inline uint32_t gicd_read(uint32_t offset)
{
	return mmio_read32(gic.gicd + offset);
}

static inline void gicd_write(uint32_t offset, uint32_t value)
{
	mmio_write32(gic.gicd + offset, value);
}

/* GICv2: GICR_SGI + n is the distributor's banked register n, on the CPU's own access. */
static inline uint8_t *gicr_of(const struct pcpu *pcpu)
{
	return (uint8_t *)pcpu->gicr;
}

/* Affinity fields as GICR_TYPER[63:32] has them. */
static inline uint32_t mpidr_to_typer(uint64_t mpidr)
{
	return (uint32_t)((mpidr >> 8) & 0xff000000) | (uint32_t)(mpidr & 0xffffff);
}

/* Bits of the 32 interrupts from @base that the cell owns. */
static inline uint32_t spi_owned(const struct vgic_dist *dist, unsigned base)
{
	return (uint32_t)(dist->spi_owned[base / 64] >> (base & 32));
}

static inline bool spi_is_owned(const struct vgic_dist *dist, uint32_t intid)
{
	return spi_owned(dist, intid & ~31U) >> (intid & 31) & 1;
}

/* True while the vCPU's redistributor is the physical one of its CPU. */
static inline bool vcpu_runs(const struct vcpu *vcpu)
{
	return vcpu->pcpu->current == vcpu &&
	       __atomic_load_n(&vcpu->power, __ATOMIC_ACQUIRE) == VCPU_ON;
}

static inline uint8_t guest_priority(uint32_t priority)
{
	return (uint8_t)(priority & gic.pri_mask);
}

/* Four priorities at once, of a shadow that is aligned to words (little-endian as the GIC). */
typedef uint32_t __attribute__((may_alias)) vgic_word;

static inline vgic_word *vgic_priority_word(uint8_t *priority, uint32_t first)
{
	return (vgic_word *)(void *)(priority + first);
}

/* Bits 0 to 3 to 0xff in the bytes 0 to 3. */
static inline uint32_t vgic_byte_mask(uint32_t bits)
{
	return ((bits & 15) * 0x00204081 & 0x01010101) * 0xff;
}

static inline uint8_t hw_priority(uint8_t priority)
{
	return (uint8_t)MAX(priority, PRIO_GUEST_HIGHEST);
}

/* gicv3.c: the distributor lock (spinlock.h says where it stands in the order). */
void gicd_lock(void);
void gicd_unlock(void);
/* Physical GIC. wait: until an earlier write took effect, bounded. */
void gicd_wait(void);
void gicr_wait(uint8_t *gicr);
void gicr_wake(uint8_t *gicr);
void gic_cpu_interface_on(void);
void gic_cpu_interface_off(void);
/* Interrupts of lower priority than this stay pending (ICC_PMR_EL1). */
void gic_mask_priority(uint32_t pmr);

/* gic_cpu.c: PPIs acknowledged at EL2 go back to the redistributor. */
void gicr_return_ppis(uint8_t *gicr, uint32_t ppis);

/* gic_irq.c: gives the LPI to a vCPU of the agency other than @except. */
bool gic_lpi_hand_over(const struct vcpu *except, uint32_t intid, uint8_t priority);

/* gic_route.c: which CPU an SPI goes to; all under the distributor lock. */
uint32_t route_from_affinity(const struct cell *cell, uint64_t irouter);
uint64_t route_to_affinity(const struct cell *cell, uint8_t route);
void gic_route_spi(const struct cell *cell, uint32_t intid,
		   const struct vcpu *self, bool self_on);
/* Takes the lock itself: routes again what depends on @self, which came or goes. */
void gic_route_all(struct cell *cell, const struct vcpu *self, bool self_on);
/* Takes the lock itself: an SPI that was acknowledged where its owner does not run. */
void gic_spi_elsewhere(const struct pcpu *pcpu, uint32_t intid);

/* gic_cells.c: distributor state of the agency at its first and last CPU. */
void gic_import_dist(const struct vcpu *first);
void gic_restore_routing(void);

/* vgic_lr.c, vgic_state.c: list registers and queue. own: on the vCPU's CPU only. */
uint64_t gic_lr_read(unsigned n);
void gic_lr_write(unsigned n, uint64_t value);
void gic_hcr_write(uint32_t hcr);
uint32_t gic_eisr(void);	/* ICH_EISR_EL2 */
bool vgic_queue(struct vcpu *vcpu, struct vgic_irq irq);
void vgic_queue_virtual(struct vcpu *vcpu, struct vgic_irq irq);	/* room is kept */
void vgic_flush_all(struct vcpu *vcpu);					/* own */
bool vgic_has_room(const struct vcpu *vcpu);
void vgic_clear_interface(struct vcpu *vcpu);				/* own */
/* What is pending and active there, of 32 interrupts from @base. */
struct vgic_lr_bits {
	uint32_t pending, active;
};
struct vgic_lr_bits vgic_lr_state(struct vcpu *vcpu, uint32_t base);	/* own */
uint32_t vgic_take_pending(struct vcpu *vcpu, uint32_t base, uint32_t mask,
			   bool hw_only);				/* own */
void vgic_clear_active(struct vcpu *vcpu, uint32_t base, uint32_t mask); /* own */
/* Empties list registers and queue: each interrupt with its ICH_LR state bits. */
typedef void (*vgic_drain_fn)(struct vcpu *vcpu, struct vgic_irq irq,
			      uint64_t state, void *arg);
void vgic_drain(struct vcpu *vcpu, vgic_drain_fn fn, void *arg);	/* own */

/* vgic_vspi.c: SPIs in software. */
void vgic_vspi_collect(struct vcpu *vcpu);	/* what the guest has ended; own, no lock held */
/* True if it must leave the queue or list register of this vCPU, where it was pending. */
bool vgic_vspi_withdraw(struct vcpu *vcpu, uint32_t intid);
void vgic_vspi_online(struct vcpu *vcpu, bool online);			/* own */
void vgic_vspi_reset(struct cell *cell);

/* Register emulation: one map per frame. */
struct vgic_access {
	struct vcpu *vcpu;	/* who accesses */
	struct vcpu *target;	/* whose redistributor; set for those in use only */
	uint8_t *hw;		/* physical frame */
	uint32_t offset;	/* bytes in the frame */
	struct mmio_access *a;
};

struct vgic_reg {
	void (*access)(const struct vgic_access *r);
	uint8_t widths;		/* sum of the access sizes allowed, bytes */
	uint8_t last;		/* offset in its 128 bytes that it ends at; the rest is not there */
};

/*
 * The registers of a 64 KiB frame, found by index: numbers of regs[]. Number 0
 * is what is not there.
 */
struct vgic_map {
	const struct vgic_reg *regs;
	uint8_t word[0x40];	/* offsets below 0x100, by words */
	uint8_t block[0x20];	/* below 0x1000, by 128 bytes */
	uint8_t page[0x10];	/* the others, by 4 KiB */
};

#define VGIC_WORD(offset)	(((offset) & 0xff) / 4)
#define VGIC_BLOCK(offset)	(((offset) & 0xfff) / 0x80)
#define VGIC_PAGE(offset)	(((offset) & 0xffff) / 0x1000)

/* Read or write of a 64-bit value, of which the access may be one half. */
uint64_t vgic_merge64(const struct vgic_access *r, uint64_t old);
void vgic_return64(const struct vgic_access *r, uint64_t value);
void vgic_nothing(const struct vgic_access *r);	/* reads as zero, ignores writes */
/* Access forwarded as it is, read-only, and the PrimeCell ID registers. */
void vgic_forward(const struct vgic_access *r);
void vgic_forward_read(const struct vgic_access *r);
void vgic_identification(const struct vgic_access *r);

/* What the access means for SPIs in software, after the physical ones: reads add their bits. */
void vgic_vspi_access(const struct vgic_access *r);

/* All vCPUs of the cell look again at what they may inject. */
void vgic_resync_cell(const struct vcpu *vcpu);

/* Finds the register and does the access. MMIO_ABORT for a width the register does not have. */
enum mmio_result vgic_dispatch(const struct vgic_map *map, const struct vgic_access *r);
/* The distributor with its SPIs in software. */
enum mmio_result vgic_dist_mmio(struct vcpu *vcpu, struct mmio_access *a, uint32_t offset);
/* GICv2: banked registers of the CPU that accesses them, offset in the distributor. */
enum mmio_result vgic_redist_banked(struct vcpu *vcpu, struct mmio_access *a, uint32_t offset);

/*
 * The map of a frame that emulates it, r->target and r->hw filled in; NULL: no
 * such frame for this cell. offset: from the first frame of its kind.
 */
extern const struct vgic_map vgic_dist_map;
const struct vgic_map *vgic_redist_frame(struct vgic_access *r, uint64_t offset);
const struct vgic_map *vgic_its_frame(struct vgic_access *r, uint64_t offset);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv2: registers by their names in the architecture (IHI 0048, chapters 4
 * and 5), and what takes the place of system registers and redistributors.
 *
 * Everything but these functions works on the GICv3 forms: a list register is
 * 64 bits as ICH_LR<n>_EL2, with the CPU that sent an SGI in ICH_LR_SOURCE,
 * and the banked SGI and PPI registers of the distributor, which have the
 * offsets of SGI_base, stand for the redistributor of the CPU that accesses
 * them. They are reached on a CPU for itself only.
 */
#ifndef GICV2_H
#define GICV2_H

#include "gic_internal.h"

/* Distributor, where it differs from GICv3 */
#define GICV2_GICD_SIZE		0x1000U
#define GICV2_IDREGS		0x0fd0U
#define GICV2_PIDR2		0x0fe8U
#define GICD_SGIR		0x0f00U
#define GICD_CPENDSGIR		0x0f10U
#define GICD_SPENDSGIR		0x0f20U
#define GICD_TYPER_CPUS		GENMASK(7, 5)	/* CPU interfaces, less one */
#define GICD_SGIR_INTID		GENMASK(3, 0)
#define GICD_SGIR_TARGETS	GENMASK(23, 16)
#define GICD_SGIR_FILTER	GENMASK(25, 24)
#define GICD_SGIR_LIST		0U
#define GICD_SGIR_OTHERS	1U
#define GICD_SGIR_SELF		2U

/* CPU interface; the virtual one (GICV) has the same layout */
#define GICC_SIZE		0x2000U
#define GICC_CTLR		0x0000U
#define GICC_PMR		0x0004U
#define GICC_BPR		0x0008U
#define GICC_IAR		0x000cU
#define GICC_EOIR		0x0010U
#define GICC_DIR		0x1000U
#define GICC_CTLR_ENABLE	BIT(0)
#define GICC_CTLR_EOIMODE	BIT(9)
#define GICC_IAR_INTID		GENMASK(9, 0)

/* Virtual interface control; GIC-400 has the frames of all CPUs in the second page */
#define GICH_SIZE		0x2000U
#define GICH_HCR		0x0000U	/* bits as in ICH_HCR_EL2 */
#define GICH_VTR		0x0004U
#define GICH_VMCR		0x0008U
#define GICH_EISR		0x0020U
#define GICH_APR		0x00f0U
#define GICH_LR			0x0100U
#define GICH_VTR_LISTREGS	GENMASK(5, 0)
#define GICH_VMCR_ENABLE	BIT(0)	/* VMGrp0En */
#define GICH_VMCR_EOIMODE	BIT(9)
#define GICH_VMCR_PMR		GENMASK(31, 27)
#define GICH_LR_VINTID		GENMASK(9, 0)
#define GICH_LR_PINTID		GENMASK(19, 10)
#define GICH_LR_CPUID		GENMASK(12, 10)
#define GICH_LR_EOI		BIT(19)	/* HW = 0: maintenance interrupt at the end */
#define GICH_LR_PRIORITY	GENMASK(27, 23)
#define GICH_LR_PENDING		BIT(28)
#define GICH_LR_ACTIVE		BIT(29)
#define GICH_LR_HW		BIT(31)

/* gicv2.c. Maps the frames and reads what there is. As gic_init(). */
int gicv2_probe(uint32_t *reason, uint64_t detail[2]);
/* Own CPU, at take-over or start: which CPU interface is its. */
void gicv2_find_interface(struct pcpu *pcpu);

/* CPU interface of this CPU. */
void gicv2_interface_on(void);
void gicv2_interface_off(void);
/* Saves it as the agency's virtual one; puts back what was found. */
void gicv2_import_interface(struct pcpu *pcpu);
void gicv2_export_interface(const struct pcpu *pcpu);
void gicv2_mask_priority(uint32_t pmr);
/* GICC_IAR: INTID, and for an SGI the CPU that sent it, which its end must name. */
uint32_t gicv2_acknowledge(void);
void gicv2_priority_drop(uint32_t iar);
void gicv2_deactivate(uint32_t iar);

/* Virtual interface of this CPU, registers in the form of GICv3. */
uint64_t gicv2_lr_read(unsigned n);
void gicv2_lr_write(unsigned n, uint64_t value);
void gicv2_hcr_write(uint32_t hcr);
uint32_t gicv2_eisr(void);
void gicv2_clear_interface(void);

void gicv2_kick(const struct pcpu *pcpu);
/* Physical SGIs pending for this CPU: senders, one bit a CPU interface. */
uint8_t gicv2_sgi_senders(unsigned sgi);
void gicv2_sgi_clear(unsigned sgi);
void gicv2_sgi_set(unsigned sgi, uint8_t senders);

/* Which CPU an SPI goes to: GICD_ITARGETSR. Under the distributor lock. */
uint8_t gicv2_targets(uint32_t intid);
void gicv2_set_targets(uint32_t intid, uint8_t targets);

/*
 * CPU interface of a vCPU as its guest counts, as a bit: the agency sees the
 * physical ones, in a cell it is the vCPU's number. 0: not known yet, because
 * the CPU has never been online.
 */
static inline uint8_t gicv2_interface_of(const struct vcpu *vcpu)
{
	if (cell_is_root(vcpu->cell))
		return vcpu->pcpu->gic_interface;
	return (uint8_t)(1U << (vcpu->index & 7));
}

/*
 * vgic_v2_sgi.c: SGIs pending by sender. Any CPU may add one; taken and looked
 * at on the vCPU's own CPU only.
 */
void vgic_v2_send(struct vcpu *from, uint32_t sgi, uint8_t targets);
bool vgic_v2_take_first(struct vgic_vcpu *v, unsigned sgi, uint8_t *source);
bool vgic_v2_take_from(struct vgic_vcpu *v, unsigned sgi, uint8_t source);
void vgic_v2_put(struct vgic_vcpu *v, unsigned sgi, uint8_t source);
/* GICD_CPENDSGIR and SPENDSGIR, list registers included. */
uint8_t vgic_v2_senders(const struct vcpu *vcpu, unsigned sgi);
void vgic_v2_set_senders(struct vcpu *vcpu, unsigned sgi, uint8_t senders);
void vgic_v2_clear_senders(struct vcpu *vcpu, unsigned sgi, uint8_t senders);

/* vgic_v2.c: distributor as a guest sees it, and the frames that are hidden. */
enum mmio_result vgic_v2_mmio(struct vcpu *vcpu, struct mmio_access *a);

#endif

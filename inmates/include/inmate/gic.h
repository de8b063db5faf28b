/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller as a cell sees it, with one security state: GICv3
 * (Arm IHI 0069) with affinity routing and all interrupts in Group 1, or GICv2
 * (IHI 0048) with all in Group 0. Which it is stands in platform_get().
 */
#ifndef INMATE_GIC_H
#define INMATE_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_SGIS		16U
#define GIC_FIRST_SPI		32U
#define GIC_MAX_INTID		1020U	/* 1020..1023 are special */
#define GIC_PRIORITY_DEFAULT	0xa0U

/* Distributor registers. */
#define GICD_CTLR		0x0000U
#define GICD_TYPER		0x0004U
#define GICD_IGROUPR		0x0080U
#define GICD_ISENABLER		0x0100U
#define GICD_ICENABLER		0x0180U
#define GICD_ISPENDR		0x0200U
#define GICD_ICPENDR		0x0280U
#define GICD_ISACTIVER		0x0300U
#define GICD_ICACTIVER		0x0380U
#define GICD_IPRIORITYR		0x0400U
#define GICD_ITARGETSR		0x0800U	/* GICv2 */
#define GICD_ICFGR		0x0c00U
#define GICD_SGIR		0x0f00U	/* GICv2 */
#define GICD_CPENDSGIR		0x0f10U	/* GICv2 */
#define GICD_SPENDSGIR		0x0f20U	/* GICv2 */
#define GICD_IROUTER		0x6000U
#define GICD_PIDR2		0xffe8U
/* Redistributor: RD_base frame, then SGI_base frame. */
#define GICR_CTLR		0x0000U
#define GICR_TYPER		0x0008U
#define GICR_WAKER		0x0014U
#define GICR_SGI_FRAME		0x10000U
#define GICR_STRIDE		0x20000U

typedef void (*gic_handler)(unsigned int intid);

/* Distributor: on. Called before inmate_main(). */
void gic_init(void);
/* This CPU's own interrupts and its CPU interface. Called on every CPU's way in. */
void gic_cpu_init(void);
/* GICv3: base of this CPU's redistributor frames, found by affinity; 0 if none. */
uintptr_t gic_redistributor(void);
/* Frame with the ISENABLER... banks of this CPU's own interrupts; 0 if there is none. */
uintptr_t gic_banked(void);
/* Frame that holds the ISENABLER... banks of this interrupt (own CPU's for 0..31). */
uintptr_t gic_frame(unsigned int intid);

/* For INTIDs 0..31 these act on this CPU's, else on the shared one. */
void gic_enable(unsigned int intid);
void gic_disable(unsigned int intid);
void gic_set_priority(unsigned int intid, uint8_t priority);
void gic_set_pending(unsigned int intid);
void gic_clear_pending(unsigned int intid);
bool gic_is_pending(unsigned int intid);
bool gic_is_active(unsigned int intid);
/* SPI: to this CPU of the cell */
void gic_route(unsigned int intid, unsigned int cpu);

/* sgi: 0..15; cpu: number in the cell */
void gic_send_sgi(unsigned int sgi, unsigned int cpu);
/* Nothing gets through this CPU's interface any more. */
void gic_mask_all(void);
/* The interrupt of highest priority, and its end, which takes the same value. */
uint32_t gic_acknowledge(void);
void gic_end(uint32_t iar);
/* One handler per INTID below 1020 for all CPUs; runs with interrupts masked. */
void gic_set_handler(unsigned int intid, gic_handler handler);
/* Interrupts that nobody handles, since the start. */
unsigned int gic_unhandled(void);

/* Called by the vectors: one interrupt from acknowledge to end. */
void gic_handle_irq(void);

#endif

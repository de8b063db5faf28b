/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one public header of gic/: physical GICv2 or GICv3 as EL2 uses it, and
 * the virtual one that guests see. All functions run at EL2 with interrupts masked.
 */
#ifndef GIC_H
#define GIC_H

#include <capsule/config.h>

#include "cell.h"
#include "mmio.h"
#include "vcpu.h"

/*
 * Reads what the distributor is, maps its frames at EL2, gives every SPI of
 * the root configuration to the agency. First CPU, once per enable. Nothing
 * is changed on failure. -ENODEV, *reason and detail[] if the machine differs.
 */
int gic_init(const struct capsule_platform *platform, uint32_t *reason,
	     uint64_t detail[2]);
/* Undoes gic_init() (unmaps). */
void gic_exit(void);

/* Finds this CPU's redistributor; on failure nothing is changed. */
int gic_cpu_probe(struct pcpu *pcpu);
/*
 * Takes the GIC of this CPU at take-over: saves SGI/PPI state as the agency's
 * shadow state, routes IRQs to EL2, converts what is active to pending so that
 * nothing is lost (architecture.md section 4), starts the virtual interface.
 * Runs between the agency's cpu_pm_enter() and cpu_pm_exit().
 */
void gic_cpu_take(struct pcpu *pcpu);
/*
 * Gives the GIC of this CPU back as the agency's shadow state describes it.
 * Interrupts in list registers become pending again, SGIs are sent again,
 * LPIs are stored in lpis[] (at most max; returns the number).
 */
unsigned gic_cpu_give_back(struct pcpu *pcpu, uint32_t *lpis, unsigned max);
/* CPU that firmware started at our entry for the agency: redistributor awake, EL2 SGIs on. */
void gic_cpu_start(struct pcpu *pcpu);

/*
 * The vCPU on this CPU stops: interrupts in flight go back (SPI/PPI pending
 * then deactivated; LPIs to another online vCPU of the agency), list registers
 * empty, PPIs and timers disabled, active priorities cleared. Only EL2's
 * SGIs can reach the CPU afterwards.
 */
void gic_vcpu_stop(struct vcpu *vcpu);
/* Reset state of the virtual interface and of the vCPU's SGIs and PPIs, on its CPU. */
void gic_vcpu_reset(struct vcpu *vcpu);

/* SPIs of a cell's configuration: check against the agency, then take (cannot fail), then give back. */
int gic_cell_check(const struct capsule_cell_desc *config, uint32_t *intid);
void gic_cell_take(struct cell *cell);
void gic_cell_give_back(struct cell *cell);
/*
 * Distributor of a cell and its SPIs as after reset. Before the cell's first
 * vCPU runs, at each start and restart; none of its vCPUs runs.
 */
void gic_cell_reset(struct cell *cell);

/* Physical IRQ while the guest on this CPU ran: takes all that are pending. */
void gic_handle_irq(struct pcpu *pcpu);
/* The same while parked: looks at no vCPU, since the assigned one may be going away. */
void gic_handle_irq_parked(struct pcpu *pcpu);
/* Physical FIQ (Group 0): nobody here uses them; acknowledged and dropped. */
void gic_handle_fiq(void);
/* Before return to the guest: fills list registers from what is pending. */
void gic_flush(struct vcpu *vcpu);

/*
 * True if an interrupt is on its way to this vCPU through list registers or
 * the queue: a WFI at EL2 would not see it. Own CPU.
 */
bool gic_has_pending(const struct vcpu *vcpu);

/* Makes the other CPU come to EL2 and look at its requests. Any number of times. */
void gic_kick(const struct pcpu *pcpu);
/* True if the machine's distributor has an SPI of that number, wired or not. */
bool gic_has_spi(uint32_t intid);
/*
 * Gives a cell an SPI that exists in software only. Before its first vCPU
 * runs. False: no SPI of this machine's numbers, the cell's by hardware
 * already, or it has MAX_VIRTUAL_SPIS.
 */
bool gic_add_virtual_spi(struct cell *cell, uint32_t intid);
/*
 * An event of such an SPI, and the level of its wire: at each change, or as
 * often as wanted. Any CPU, not under a lock of gic/. self: the vCPU whose
 * exit this CPU handles and which is flushed afterwards, or NULL. Cost does
 * not depend on the guest. Other numbers are ignored.
 */
void gic_raise(struct cell *cell, uint32_t intid, const struct vcpu *self);
void gic_set_line(struct cell *cell, uint32_t intid, bool high, const struct vcpu *self);
/* Sets a physical SPI pending (the driver's notify_irq). */
void gic_set_spi_pending(uint32_t intid);

/* Emulated frames: distributor, redistributors, ITS; on GICv2 those that are hidden, too. */
enum mmio_result gic_mmio(struct vcpu *vcpu, struct mmio_access *a);
/*
 * Trapped write of ICC_SGI1R_EL1. Guests have Group 1 interrupts only, so the
 * caller ignores writes of ICC_ASGI1R_EL1 and ICC_SGI0R_EL1.
 */
void gic_sgi_write(struct vcpu *vcpu, uint64_t value);

/* True if [pa, pa + size) touches a frame that EL2 emulates. */
bool gic_owns_frame(uint64_t pa, uint64_t size);
/*
 * Takes the frames out of the agency's stage 2 (they trap from then on).
 * At enable, while nobody else runs.
 */
int gic_unmap_frames(struct pgt *agency);
/* GICv2: the virtual CPU interface at the place of the physical one. -ENOMEM */
int gic_map_cell(struct pgt *cell);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct pcpu: one physical CPU. struct vcpu: one CPU of a cell. Today each
 * vCPU stays on one physical CPU, but no handler may assume that: go through
 * pcpu->current and vcpu->pcpu.
 */
#ifndef VCPU_H
#define VCPU_H

#include <capsule/status.h>

#include "addr.h"
#include "spinlock.h"
#include "util.h"

struct cell;
struct pcpu;

/*
 * General registers of the guest, on the EL2 stack while EL2 runs. x[31] is
 * the zero register of loads and stores: it reads as zero, what is written to
 * it is lost. The first handler of an exit has x0-x19, x30 and x[31] only
 * (vectors.S).
 */
struct trap_frame {
	uint64_t x[32];
};

/* True if the register is in the frame from the beginning. */
static inline bool frame_has(unsigned n)
{
	return n < 20 || n > 29;
}

enum vcpu_power {
	VCPU_OFF = 0,
	VCPU_ON_PENDING = 1,
	VCPU_ON = 2,
};

#define VGIC_MAX_LRS	16
#define VGIC_QUEUE_LEN	144	/* SPIs, PPIs and LPIs acknowledged, no list register yet */

struct vgic_irq {
	uint32_t intid;
	uint8_t priority;
	bool hw;			/* physically active, deactivated by the list register */
	bool virtual;			/* an SPI in software: its end is told to EL2 */
	uint8_t source;			/* GICv2: the CPU interface that sent an SGI */
};

/* Virtual CPU interface and redistributor state (gic/ owns it; others do not look inside). */
struct vgic_vcpu {
	spinlock_t lock;		/* queue, num_queued */
	/* Bit n is INTID n. Atomic: set by any CPU, taken by the vCPU's own. */
	uint32_t pending;		/* software pending SGIs and PPIs */
	uint8_t sgi_source[16];		/* GICv2: who sent them, see vgic_v2_sgi.c */
	uint32_t enabled;		/* shadow GICR_ISENABLER0, EL2's own PPIs too */
	_Alignas(4) uint8_t priority[32];	/* shadow GICR_IPRIORITYR0-7 */
	bool asleep;			/* shadow GICR_WAKER.ProcessorSleep */
	bool resync;			/* list registers may hold what is no longer allowed */
	/* The rest is used on the vCPU's own CPU only, the queue under lock. */
	bool throttled;			/* ICC_PMR_EL1 lets only EL2's interrupts through */
	uint32_t used_lrs;		/* bit n: ICH_LR<n>_EL2 may hold something */
	uint32_t hcr;			/* ICH_HCR_EL2 as last written */
	unsigned num_queued;
	struct vgic_irq queue[VGIC_QUEUE_LEN];	/* first come first */
};

struct vcpu {
	struct cell *cell;
	struct pcpu *pcpu;
	unsigned index;			/* within the cell */
	uint64_t mpidr;			/* VMPIDR_EL2 */
	uint32_t power;			/* enum vcpu_power, under cell->power_lock */
	uint64_t entry;			/* IPA, for VCPU_ON_PENDING */
	uint64_t context;		/* x0 at entry */
	bool clean_memory;		/* the cell's RAM is cleaned before this entry */
	unsigned clean_region;		/* how far lifecycle_clean_step() has come */
	uint64_t clean_offset;
	bool set_way_served;		/* set/way maintenance: nothing to do until caches change */
	struct vgic_vcpu vgic;
};

/* What a CPU is asked to do; bits of pcpu->requests. */
#define REQ_STOP	BIT(0)	/* leave the guest and park */
#define REQ_POWER_OFF	BIT(1)	/* parked: go back to firmware by CPU_OFF */

/* EL2 registers as found at take-over; given back at disable. */
struct el2_found {
	uint64_t vbar, hcr, sctlr, cptr, mdcr, cnthctl, cntvoff, vtcr, vttbr;
	uint64_t tpidr, hstr, vmpidr, vpidr;
	/* where the processor has them */
	uint64_t hcrx, zcr, smcr, hfgrtr, hfgwtr, hfgitr, hdfgrtr, hdfgwtr;
};

struct pcpu {
	uint64_t stack_top;		/* EL2 stack pointer when it is empty */
	struct vcpu *current;
	unsigned id;			/* CPU number as the agency counts */
	uint64_t mpidr;			/* MPIDR_EL1 affinity fields */
	bool at_el2;			/* taken over */
	uint32_t requests;		/* REQ_*, atomic */
	struct capsule_cpu_status *status;
	struct el2_found found;
	va_t window;			/* 2 MiB of EL2 address space for short-lived mappings */
	uint64_t *window_table;		/* its level 3 table */
	unsigned window_pages;		/* mapped at the moment */
	spinlock_t assign_lock;		/* current, while parked */
	uint64_t gicr_pa;		/* physical redistributor (RD_base) */
	void *gicr;			/* EL2 mapping of RD_base and SGI_base, 128 KiB */
	uint32_t found_sgi_ppi_enable;	/* GICR_ISENABLER0 as found */
	/* GICv2: gicr stands for the banked registers of the distributor */
	uint8_t gic_interface;		/* CPU interface as a bit, 0: not known yet */
	uint32_t found_gicc_ctlr, found_gicc_pmr;
	struct vcpu agency_vcpu;
};

static inline struct pcpu *this_pcpu(void)
{
	struct pcpu *p;

	__asm__ volatile("mrs %0, tpidr_el2" : "=r"(p));
	return p;
}

/* Guest registers of the exit being handled on this CPU. */
static inline struct trap_frame *pcpu_frame(const struct pcpu *p)
{
	return (struct trap_frame *)(p->stack_top - sizeof(struct trap_frame));
}

/* All physical CPUs, by number; NULL where there is none. */
extern struct pcpu *pcpus[CAPSULE_MAX_CPUS];
extern unsigned num_pcpus;

#endif

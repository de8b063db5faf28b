/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with a GICv3, or a GICv2 (gic_fake_v2.c), for host tests: distributor, redistributors, CPU
 * interfaces and list registers behave as IHI 0069 says, one step at a time.
 * CPU n has affinity 0.0.(n / 2).(n % 2), so that there are several clusters.
 */
#ifndef GIC_FAKE_H
#define GIC_FAKE_H

#include "gic.h"

#define FAKE_CPUS	4
#define FAKE_IRQS	288	/* SPIs 32..287 */
#define FAKE_LPIS	64	/* LPIs 8192.. */
#define FAKE_GICD	0x08000000UL
#define FAKE_GITS	0x08080000UL
#define FAKE_GICR	0x080a0000UL
#define FAKE_NOTIFY	262U
/* GICv2; its distributor stands where that of GICv3 does */
#define FAKE_GICC	0x08010000UL
#define FAKE_GICH	0x08030000UL
#define FAKE_GICV	0x08040000UL

struct fake_cpu {
	uint64_t mpidr;
	uint32_t enable, pending, active, line;		/* INTID 0..31 */
	uint8_t priority[32];
	uint32_t icfgr1, waker, rd_ctlr;
	uint64_t propbaser, pendbaser;
	uint64_t lpi_pending;
	uint8_t sgi_senders[16];			/* GICv2: bit n: CPU n */
	uint32_t sgi_taken[16];				/* GICv2: GICC_IAR that its end must repeat */
	/* physical CPU interface */
	uint8_t pmr, rpr;
	bool grpen1, eoimode;
	/* virtual CPU interface */
	uint64_t lr[16], ap0r[4], ap1r[4];
	uint32_t hcr, vmcr;
	uint8_t running[32];				/* priorities the guest handles, stack */
	unsigned depth;
};

struct fake_gic {
	unsigned cpu;			/* who executes */
	bool v2;
	uint8_t target[FAKE_IRQS];	/* GICv2: GICD_ITARGETSR */
	unsigned num_lrs;
	uint32_t ctlr;			/* GICD_CTLR */
	uint32_t enable[FAKE_IRQS / 32], pending[FAKE_IRQS / 32], active[FAKE_IRQS / 32];
	uint32_t group[FAKE_IRQS / 32], line[FAKE_IRQS / 32];
	uint32_t icfgr[FAKE_IRQS / 16];
	uint8_t priority[FAKE_IRQS];
	uint64_t router[FAKE_IRQS];
	uint64_t gits[0x10000 / 8];
	struct fake_cpu c[FAKE_CPUS];
	unsigned kicks[FAKE_CPUS];	/* SGIs sent by EL2 */
	uint64_t owned_from, owned_to;	/* RAM of the agency */
	uint32_t virtual_spis[2];	/* that the next cell gets, 0: none */
};

extern struct fake_gic fake;

/*
 * Power on: num_lrs list registers, GICD_CTLR.DS as said; a Linux-like agency
 * has its SPIs 32..39 enabled and its SGIs, CPUs as cpu_pm_enter() leaves them.
 */
void fake_power_on(unsigned num_lrs, bool ds);
/* The same with a GICv2; SPIs go to CPU 0. */
void fake_power_on_v2(unsigned num_lrs);
/* gic_init() and take-over of all CPUs by EL2; CPUs in @off stay off. */
void fake_enable(uint32_t off);
/*
 * A cell on CPUs of @cpus (bits, off in the agency), SPIs of @spis from INTID
 * 64, all vCPUs on, virtual affinities 0.0.0.n, distributor enabled.
 */
struct cell *fake_cell(unsigned id, uint32_t cpus, uint32_t spis);
void fake_free_cells(void);
struct vcpu *fake_vcpu(unsigned cpu);		/* that runs on this CPU */

/* An access by the guest on @cpu; fake_access() returns the result of gic_mmio(). */
enum mmio_result fake_access(unsigned cpu, uint64_t ipa, unsigned size, bool write,
			     uint64_t *value);
uint64_t fake_guest_read(unsigned cpu, uint64_t ipa, unsigned size);
void fake_guest_write(unsigned cpu, uint64_t ipa, unsigned size, uint64_t value);
void fake_guest_sgi(unsigned cpu, uint64_t sgi1r);

/* Devices. */
void fake_pulse(uint32_t intid);				/* SPI, edge */
void fake_level(uint32_t intid, bool high);			/* SPI */
void fake_ppi_level(unsigned cpu, uint32_t intid, bool high);

/* Every CPU takes its physical interrupts until there are none (bounded). */
void fake_settle(void);
/* The guest reads ICC_IAR1_EL1, or writes ICC_EOIR1_EL1 (EOImode 0). */
uint32_t fake_guest_ack(unsigned cpu);
void fake_guest_eoi(unsigned cpu, uint32_t intid);
/* Acknowledges and ends until nothing comes; returns how many, INTIDs in list. */
unsigned fake_guest_drain(unsigned cpu, uint32_t *list, unsigned max);
/* For gic_fake_v2.c: the registers, and what the physical CPU interface does. */
uint64_t fake_v2_access(uint64_t pa, unsigned size, bool write, uint64_t v);
uint64_t fake_bits(uint32_t *enable, uint32_t *pending, uint32_t *active, uint32_t offset,
		   bool write, uint64_t v);
uint32_t fake_take_highest(void);
void fake_deactivate(uint64_t intid);
/* Asserts the rules of list registers. */
void fake_check_lrs(unsigned cpu);

#endif

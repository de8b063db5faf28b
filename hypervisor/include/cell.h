/* SPDX-License-Identifier: Apache-2.0 */
/* A cell: configuration, memory, CPUs and interrupts under one owner. */
#ifndef CELL_H
#define CELL_H

#include <capsule/comm.h>
#include <capsule/config.h>
#include <capsule/status.h>

#include "pgtable.h"
#include "spinlock.h"
#include "vcpu.h"
#include "vpl011_state.h"

#define MAX_SPIS		1024	/* INTIDs 0..1019, as a bitmap */
#define CLUSTERS_PER_CELL	CAPSULE_MAX_CPUS	/* one core a cluster where Aff0 is the thread */

/* MPIDR to vCPU: one line per distinct Aff3.Aff2.Aff1, targets by Aff0 0..15. */
struct affinity_map {
	unsigned num;
	uint32_t cluster[CLUSTERS_PER_CELL];		/* mpidr_cluster() */
	uint8_t vcpu[CLUSTERS_PER_CELL][16];		/* index, 0xff: none */
};

/* Aff3.Aff2.Aff1 of an MPIDR_EL1 value as one number. */
static inline uint32_t mpidr_cluster(uint64_t mpidr)
{
	return (uint32_t)((mpidr >> 16) & 0xff0000) | (uint32_t)((mpidr >> 8) & 0xffff);
}

#define VGIC_ROUTE_ANY		0xfe	/* IROUTER.Interrupt_Routing_Mode = 1 */
#define VGIC_ROUTE_NONE		0xff	/* an affinity that is no vCPU of the cell */

#define MAX_VIRTUAL_SPIS	16

/* An SPI that exists in software only (gic/vgic_vspi.c). */
struct vgic_vspi {
	uint16_t intid;
	uint8_t holder;		/* vCPU whose queue or list register has it, or HOLDER_* */
	bool enabled;
	bool edge;		/* GICD_ICFGR; else level */
	bool line;		/* the wire */
	bool latched;		/* pending by an edge or by GICD_ISPENDR */
	bool taken;		/* it was latched when the holder got it */
};

struct vgic_vspis {
	spinlock_t lock;
	unsigned num;		/* constant once the cell exists */
	uint64_t online;	/* bit n: vCPU n takes interrupts */
	struct vgic_vspi irq[MAX_VIRTUAL_SPIS];
};

/* Distributor as the cell sees it (gic/ owns it, under the distributor lock). */
struct vgic_dist {
	uint32_t ctlr;				/* shadow GICD_CTLR */
	uint64_t spi_owned[MAX_SPIS / 64];	/* bit n: INTID n is the cell's */
	_Alignas(4) uint8_t priority[MAX_SPIS];	/* shadow GICD_IPRIORITYR */
	uint8_t route[MAX_SPIS];		/* shadow GICD_IROUTER: vCPU or VGIC_ROUTE_* */
	struct vgic_vspis vspi;
};

enum cell_job {
	JOB_NONE = 0,
	JOB_CLEAR_NEW,		/* clear memory taken from the agency */
	JOB_CLEAN,		/* clean loaded memory to the point of coherency, then run */
	JOB_CLEAR_OLD,		/* clear memory before the agency gets it back */
};

struct cell {
	unsigned id;
	struct capsule_cell_desc *config;	/* EL2's own copy */
	unsigned config_pages;
	struct capsule_cell_status *status;

	spinlock_t s2_lock;
	struct pgt s2;
	uint64_t vttbr;

	spinlock_t power_lock;
	unsigned num_vcpus;
	struct vcpu *vcpu[CAPSULE_MAX_CPUS];
	uint64_t cpus;				/* physical CPU numbers */
	struct affinity_map affinity;

	struct capsule_comm_region *comm;
	pa_t comm_pa;

	enum cell_job job;
	unsigned job_region;
	uint64_t job_offset;
	bool loadable;				/* LOADABLE regions are mapped in the agency */
	uint64_t last_event;			/* CNTPCT_EL0 of the last interrupt for it */
	bool has_run;				/* its memory is its own business since */
	bool restart;				/* SYSTEM_RESET: start again when all CPUs are off */
	bool reload;				/* or leave that to the agency (CAPSULE_START_RELOAD) */
	uint64_t entry;				/* IPA of the first instruction */
	uint64_t context;			/* x0 there */

	struct vgic_dist dist;
	struct vpl011 uart;			/* with CAPSULE_CON_VIRTUAL */
};

extern struct cell root_cell;
extern struct cell *cells[CAPSULE_MAX_CELLS];	/* [0] is &root_cell */

static inline bool cell_is_root(const struct cell *c)
{
	return c->id == 0;
}

/*
 * vCPU whose MPIDR has these affinity fields (MPIDR_EL1 layout), or NULL.
 * Cost does not grow with the number of CPUs.
 */
struct vcpu *cell_vcpu_by_mpidr(const struct cell *cell, uint64_t mpidr);

/* Adds a CPU to the map; false if it has too many clusters or Aff0 beyond 15. */
bool affinity_add(struct affinity_map *map, uint64_t mpidr, unsigned index);

/* MPIDR affinity of CPU index of a cell other than the root: Aff1:Aff0 = index / 16, index % 16. */
static inline uint64_t cell_virtual_mpidr(unsigned index)
{
	return (uint64_t)(index / 16) << 8 | index % 16;
}

#endif

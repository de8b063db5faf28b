/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Status area: hypervisor memory that the agency sees read-only. EL2 writes
 * it, nobody else; a reader needs no call. Every 64-bit field is written by
 * one aligned store.
 */
#ifndef CAPSULE_STATUS_H
#define CAPSULE_STATUS_H

#include "types.h"

#define CAPSULE_STATUS_MAGIC		0x54415453534c5043ULL	/* "CPLSSTAT" */

enum capsule_cell_state {
	CAPSULE_CELL_NONE = 0,		/* free slot */
	CAPSULE_CELL_CREATED = 1,	/* memory is being cleared, or stopped and not loadable */
	CAPSULE_CELL_LOADABLE = 2,
	CAPSULE_CELL_STARTING = 3,
	CAPSULE_CELL_RUNNING = 4,
	CAPSULE_CELL_SHUT_DOWN = 5,	/* stopped by itself or on request */
	CAPSULE_CELL_FAILED = 6,
	CAPSULE_CELL_STOPPING = 7,	/* some CPUs still on their way to EL2 */
	CAPSULE_CELL_DYING = 8,		/* memory is being cleared for the agency */
	CAPSULE_CELL_RESET = 9,		/* stopped by SYSTEM_RESET: to be loaded and started again */
};

/* Why a CPU came to EL2. */
enum capsule_exit {
	CAPSULE_EXIT_TOTAL = 0,		/* 0..8 as in the Jailhouse guest interface */
	CAPSULE_EXIT_MMIO = 1,
	CAPSULE_EXIT_MANAGEMENT = 2,
	CAPSULE_EXIT_HYPERCALL = 3,
	CAPSULE_EXIT_MAINTENANCE = 4,
	CAPSULE_EXIT_VIRQ = 5,
	CAPSULE_EXIT_VSGI = 6,
	CAPSULE_EXIT_PSCI = 7,
	CAPSULE_EXIT_SMCCC = 8,
	CAPSULE_EXIT_SYSREG = 9,
	CAPSULE_EXIT_ABORT = 10,	/* stage-2 faults that are no MMIO */
	CAPSULE_EXIT_OTHER = 11,
	CAPSULE_NUM_EXITS = 16,
};

enum capsule_fault_reason {
	CAPSULE_FAULT_NONE = 0,
	CAPSULE_FAULT_MMIO = 1,		/* access outside the cell's memory, data */
	CAPSULE_FAULT_FETCH = 2,	/* instruction fetch outside the cell's memory */
	CAPSULE_FAULT_PERMISSION = 3,	/* access the region does not permit */
	CAPSULE_FAULT_WIDTH = 4,	/* width or alignment the region does not permit */
	CAPSULE_FAULT_EXCEPTION = 5,	/* exception class that cannot be served */
	CAPSULE_FAULT_TABLE_WALK = 6,	/* guest page tables outside its memory */
	CAPSULE_FAULT_SERROR = 7,
	CAPSULE_FAULT_COMM_REVISION = 8,
	CAPSULE_FAULT_GUEST = 9,	/* the guest declared itself failed */
};

/*
 * A guest declares itself failed in memory, which names no CPU. It was the one
 * that then switched itself off, or the only one that was on; otherwise:
 */
#define CAPSULE_FAULT_CPU_UNKNOWN	0xffffffffU

struct capsule_fault {
	uint32_t reason;	/* enum capsule_fault_reason */
	uint32_t cpu;		/* physical CPU number, or CAPSULE_FAULT_CPU_UNKNOWN */
	uint64_t pc;		/* ELR_EL2 */
	uint64_t esr;		/* ESR_EL2 */
	uint64_t far;		/* FAR_EL2 */
	uint64_t ipa;		/* faulting IPA, bytes; 0 where the exception has none */
	uint64_t spsr;		/* SPSR_EL2 */
	uint64_t sp_el0;
	uint64_t sp_el1;
	uint64_t x[31];
	uint64_t reserved;
};

struct capsule_cpu_status {
	uint32_t cell;		/* id of the cell that has this CPU */
	uint32_t parked;	/* 1 while it waits at EL2 */
	uint64_t mpidr;
	uint64_t exits[CAPSULE_NUM_EXITS];	/* since the CPU came to that cell */
};

struct capsule_cell_status {
	uint32_t state;		/* enum capsule_cell_state */
	uint32_t comm_state;	/* enum capsule_comm_state, as last seen */
	uint32_t events;	/* incremented at every change */
	uint32_t restarts;	/* PSCI SYSTEM_RESETs since it was created */
	uint64_t pool_pages;	/* page-pool pages charged to this cell */
	uint64_t memory;	/* bytes of RAM that are the cell's alone */
	uint64_t cpus;		/* bit n: CPU n */
	char name[CAPSULE_NAME_LEN];
	struct capsule_fault fault;
};

/*
 * Console ring: bytes [0, size) at data; written counts all bytes ever written
 * since enable (or since the cell was created), so the newest byte stands at
 * (written - 1) % size and a reader that fell behind by more than size lost
 * written - size - its position bytes.
 */
struct capsule_console_ring {
	uint64_t written;
	uint32_t size;		/* bytes, power of two */
	uint32_t generation;	/* changes when the ring is reset */
	uint8_t data[];
};

#define CAPSULE_RING_BYTES	16384UL		/* one ring with its header */
#define CAPSULE_RING_HYPERVISOR	CAPSULE_MAX_CELLS	/* ring number; cells use their id */
#define CAPSULE_NUM_RINGS	(CAPSULE_MAX_CELLS + 1)
#define CAPSULE_RING_DATA	8192U		/* data bytes (power of two below CAPSULE_RING_BYTES) */

struct capsule_status {
	uint64_t magic;
	uint32_t abi_version;	/* CAPSULE_ABI_VERSION */
	uint32_t num_cpus;
	uint32_t rings_offset;	/* bytes from here to ring 0; ring n at + n * CAPSULE_RING_BYTES */
	uint32_t total_size;	/* bytes, page multiple */
	uint64_t pool_pages;
	uint64_t pool_used;
	uint64_t reserved[3];
	struct capsule_cpu_status cpu[CAPSULE_MAX_CPUS];
	struct capsule_cell_status cell[CAPSULE_MAX_CELLS];
};

#endif

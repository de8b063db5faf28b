/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Communication region: one page that EL2 shares with a cell (region flag
 * CAPSULE_MEM_COMM_REGION). Layout and numbers are those of the Jailhouse
 * guest interface, revision 2.
 */
#ifndef CAPSULE_COMM_H
#define CAPSULE_COMM_H

#include "types.h"

#define CAPSULE_COMM_SIGNATURE		"JHCOMM"	/* 6 bytes, no NUL */
#define CAPSULE_COMM_REVISION		2

enum capsule_comm_state {
	CAPSULE_COMM_RUNNING = 0,
	CAPSULE_COMM_RUNNING_LOCKED = 1,
	CAPSULE_COMM_SHUT_DOWN = 2,
	CAPSULE_COMM_FAILED = 3,
	CAPSULE_COMM_FAILED_REV = 4,
};

enum capsule_comm_msg_to_cell {
	CAPSULE_MSG_NONE = 0,
	CAPSULE_MSG_SHUTDOWN_REQUEST = 1,
	CAPSULE_MSG_RECONFIG_COMPLETED = 2,
};

enum capsule_comm_reply {
	CAPSULE_REPLY_NONE = 0,
	CAPSULE_REPLY_UNKNOWN = 1,
	CAPSULE_REPLY_REQUEST_DENIED = 2,
	CAPSULE_REPLY_REQUEST_APPROVED = 3,
	CAPSULE_REPLY_RECEIVED = 4,
};

#define CAPSULE_COMM_DBG_PUTC_PERMITTED	1U
#define CAPSULE_COMM_DBG_PUTC_ACTIVE	2U

struct capsule_comm_console {
	uint64_t address;
	uint32_t size;
	uint16_t type;
	uint16_t flags;
	uint32_t divider;
	uint32_t gate_nr;
	uint64_t clock_reg;
} __attribute__((packed));

struct capsule_comm_region {
	char signature[6];
	uint16_t revision;
	volatile uint32_t cell_state;		/* enum capsule_comm_state, by the cell */
	volatile uint32_t msg_to_cell;
	volatile uint32_t reply_from_cell;
	uint32_t flags;
	struct capsule_comm_console console;
	uint64_t pci_mmconfig_base;
	uint8_t gic_version;
	uint8_t padding[7];
	uint64_t gicd_base;
	uint64_t gicc_base;
	uint64_t gicr_base;
	uint32_t vpci_irq_base;
} __attribute__((packed, aligned(8)));	/* one store a field, even with strict alignment */

#endif

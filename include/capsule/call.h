/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Native calls: SMC Calling Convention (Arm DEN 0028), vendor-specific
 * hypervisor service range, fast 64-bit calls by HVC. KVM uses the small
 * numbers of that range for itself; ours begin at 0x8000.
 *
 * Arguments in x1.., result in x0 (0 or positive, or negative errno from
 * error.h), further results in x1..x3. Where a call fails, x1 is an enum
 * capsule_reason and x2, x3 its details. All other registers are preserved.
 */
#ifndef CAPSULE_CALL_H
#define CAPSULE_CALL_H

#include "types.h"

#define CAPSULE_ABI_VERSION	0x00010000U	/* major << 16 | minor */

/* SMCCC general queries of the vendor-specific hypervisor service. */
#define CAPSULE_SMCCC_CALL_COUNT	0x8600ff00U
#define CAPSULE_SMCCC_CALL_UID		0x8600ff01U
#define CAPSULE_SMCCC_REVISION		0x8600ff03U

/* UID 2a6f9b0e-6c41-4f5c-9d0a-7c61b5e9c4d2 in the four result registers. */
#define CAPSULE_UID_0			0x0e9b6f2aU
#define CAPSULE_UID_1			0x5c4f416cU
#define CAPSULE_UID_2			0x617c0a9dU
#define CAPSULE_UID_3			0xd2c4e9b5U

#define CAPSULE_CALL(n)			(0xc6008000U + (n))

/* Any cell. */
#define CAPSULE_CALL_VERSION		CAPSULE_CALL(0x00)	/* -> CAPSULE_ABI_VERSION */
/* x1: bytes (1..48), x2..x7: the bytes, first in the lowest byte of x2. -> bytes taken */
#define CAPSULE_CALL_CONSOLE_WRITE	CAPSULE_CALL(0x01)

/* Root cell only; other cells get -EPERM. */
/* x1: enum capsule_info -> value */
#define CAPSULE_CALL_INFO		CAPSULE_CALL(0x10)
/*
 * Takes CPUs that EL2 holds parked for the agency back to firmware, so that
 * EL2 memory can be freed later. -> 0, or the number of CPUs not yet off: the
 * caller repeats. -EBUSY while cells exist.
 */
#define CAPSULE_CALL_DISABLE_PREPARE	CAPSULE_CALL(0x11)
/*
 * On each online CPU of the agency, interrupts off, once prepared. EL2 leaves
 * this CPU: the hyp stub is at VBAR_EL2 again. x1: LPIs the caller must raise
 * again, stored at capsule_boot_info.lpi_list.
 */
#define CAPSULE_CALL_DISABLE		CAPSULE_CALL(0x12)
/* x1: physical address, x2: bytes of the configuration -> cell id */
#define CAPSULE_CALL_CELL_CREATE	CAPSULE_CALL(0x20)
/*
 * x1: cell id. Does at most 2 MiB of the work (clearing, cache maintenance)
 * that the cell's transition needs. -> 1 repeat, 0 the transition is complete.
 * x1: bytes left.
 */
#define CAPSULE_CALL_CELL_WORK		CAPSULE_CALL(0x21)
/*
 * x1: cell id. Stopped cell: agency may fill LOADABLE regions. -> 0, or 1 if
 * the cell has run and is not dumpable: its memory is cleared first, repeat
 * CELL_WORK until 0, then this call.
 */
#define CAPSULE_CALL_CELL_SET_LOADABLE	CAPSULE_CALL(0x22)
/*
 * x1: cell id, x2: CAPSULE_START_*, x3: IPA of the first instruction, x4: what
 * the guest finds in its x0. Begins the start; repeat CELL_WORK until 0, then
 * it runs.
 */
#define CAPSULE_CALL_CELL_START		CAPSULE_CALL(0x23)
/* x1: cell id. Posts the shutdown message. -> 1 posted, wait for the reply; 0 nothing to wait for. */
#define CAPSULE_CALL_CELL_SHUTDOWN	CAPSULE_CALL(0x24)
/* x1: cell id. Signals the cell's CPUs to stop; CELL_STATE tells when they have. */
#define CAPSULE_CALL_CELL_STOP		CAPSULE_CALL(0x25)
/* x1: cell id, all CPUs stopped. Begins the end; repeat CELL_WORK until 0. */
#define CAPSULE_CALL_CELL_DESTROY	CAPSULE_CALL(0x26)
/* x1: cell id -> enum capsule_cell_state, x1: enum capsule_comm_reply, x2: CPUs not parked */
#define CAPSULE_CALL_CELL_STATE		CAPSULE_CALL(0x27)
/* x1: INTID. Acknowledges notify_irq; EL2 sets it pending again at the next event. */
#define CAPSULE_CALL_NOTIFY_ACK		CAPSULE_CALL(0x28)
/*
 * x1: cell id, x2: bytes (0..32), x3..x6: the bytes, first in the lowest byte
 * of x3. Input of the cell's virtual UART. -> bytes taken, x1: room left. When
 * not all were taken, or there is no room, EL2 notifies as soon as there is
 * room for many. -EOPNOTSUPP: the cell has no such UART.
 */
#define CAPSULE_CALL_CONSOLE_INPUT	CAPSULE_CALL(0x29)
/*
 * x1: ring, x2: bytes seen of it (written in struct capsule_console_ring).
 * -> 1 there are more; 0 EL2 notifies, once, when there are.
 */
#define CAPSULE_CALL_CONSOLE_ARM	CAPSULE_CALL(0x2a)

#define CAPSULE_CONSOLE_INPUT_MAX	32U	/* bytes a call */

/* CAPSULE_CALL_CELL_START, x2 */
#define CAPSULE_START_ENTRY	1U	/* x3 and x4 count; else cpu_reset_address, x0 = 0 */
/*
 * SYSTEM_RESET of the guest stops the cell in state CAPSULE_CELL_RESET: the
 * agency loads and starts it again. Without this bit EL2 starts it at once,
 * with its memory as it is.
 */
#define CAPSULE_START_RELOAD	2U

enum capsule_info {
	CAPSULE_INFO_POOL_PAGES = 0,	/* pages of the page pool */
	CAPSULE_INFO_POOL_USED = 1,
	CAPSULE_INFO_NUM_CELLS = 2,	/* without the root cell */
	CAPSULE_INFO_STATUS_PA = 3,	/* struct capsule_status, readable by the agency */
	CAPSULE_INFO_STATUS_SIZE = 4,	/* bytes */
};

/* Jailhouse guest interface: hvc #0x4a48, code in x0 (jailhouse ABI, arm64). */
#define CAPSULE_JH_HVC			0x4a48
#define CAPSULE_JH_CPU_GET_INFO		7
#define CAPSULE_JH_DEBUG_CONSOLE_PUTC	8

#endif

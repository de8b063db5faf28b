/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Words for what status.h numbers, one table for all who print them: sysfs,
 * uevents, capsulectl and its JSON. X(value, word) makes of each what its user
 * needs. The words are part of those interfaces and stay as they are.
 */
#ifndef CAPSULE_NAMES_H
#define CAPSULE_NAMES_H

#include "status.h"

/* An entry of an array that is indexed by the value. */
#define CAPSULE_NAME_ENTRY(value, word)	[value] = word,

/* enum capsule_cell_state */
#define CAPSULE_CELL_STATE_NAMES(X)		\
	X(CAPSULE_CELL_NONE, "none")		\
	X(CAPSULE_CELL_CREATED, "created")	\
	X(CAPSULE_CELL_LOADABLE, "loadable")	\
	X(CAPSULE_CELL_STARTING, "starting")	\
	X(CAPSULE_CELL_RUNNING, "running")	\
	X(CAPSULE_CELL_SHUT_DOWN, "shut-down")	\
	X(CAPSULE_CELL_FAILED, "failed")	\
	X(CAPSULE_CELL_STOPPING, "stopping")	\
	X(CAPSULE_CELL_DYING, "dying")		\
	X(CAPSULE_CELL_RESET, "reset")

/* enum capsule_fault_reason */
#define CAPSULE_FAULT_NAMES(X)			\
	X(CAPSULE_FAULT_NONE, "none")		\
	X(CAPSULE_FAULT_MMIO, "mmio")		\
	X(CAPSULE_FAULT_FETCH, "fetch")		\
	X(CAPSULE_FAULT_PERMISSION, "permission") \
	X(CAPSULE_FAULT_WIDTH, "width")		\
	X(CAPSULE_FAULT_EXCEPTION, "exception")	\
	X(CAPSULE_FAULT_TABLE_WALK, "table-walk") \
	X(CAPSULE_FAULT_SERROR, "serror")	\
	X(CAPSULE_FAULT_COMM_REVISION, "comm-revision") \
	X(CAPSULE_FAULT_GUEST, "guest")

#endif

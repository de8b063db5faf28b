// SPDX-License-Identifier: Apache-2.0
/* Words for what the driver numbers. */
#include <capsule/comm.h>
#include <capsule/names.h>

#include "ctl.h"

#define NAME(names, i) ((i) < sizeof(names) / sizeof((names)[0]) && (names)[i] ? (names)[i] : NULL)

/* The word for an enum capsule_cell_state. */
const char *ctl_cell_state_name(uint32_t state)
{
	static const char *const names[] = { CAPSULE_CELL_STATE_NAMES(CAPSULE_NAME_ENTRY) };
	const char *name = NAME(names, state);

	return name ? name : "unknown";
}

/* The word for an enum capsule_comm_state. */
const char *ctl_comm_state_name(uint32_t state)
{
	static const char *const names[] = {
		[CAPSULE_COMM_RUNNING] = "running",
		[CAPSULE_COMM_RUNNING_LOCKED] = "running-locked",
		[CAPSULE_COMM_SHUT_DOWN] = "shut-down",
		[CAPSULE_COMM_FAILED] = "failed",
		[CAPSULE_COMM_FAILED_REV] = "failed-revision",
	};
	const char *name = NAME(names, state);

	return name ? name : "unknown";
}

/* The word for an enum capsule_exit, NULL for numbers without meaning. */
const char *ctl_exit_name(uint32_t exit)
{
	static const char *const names[CAPSULE_NUM_EXITS] = {
		[CAPSULE_EXIT_TOTAL] = "total",
		[CAPSULE_EXIT_MMIO] = "mmio",
		[CAPSULE_EXIT_MANAGEMENT] = "management",
		[CAPSULE_EXIT_HYPERCALL] = "hypercall",
		[CAPSULE_EXIT_MAINTENANCE] = "maintenance",
		[CAPSULE_EXIT_VIRQ] = "virq",
		[CAPSULE_EXIT_VSGI] = "vsgi",
		[CAPSULE_EXIT_PSCI] = "psci",
		[CAPSULE_EXIT_SMCCC] = "smccc",
		[CAPSULE_EXIT_SYSREG] = "sysreg",
		[CAPSULE_EXIT_ABORT] = "abort",
		[CAPSULE_EXIT_OTHER] = "other",
	};

	return NAME(names, exit);
}

/* The word for an enum capsule_fault_reason. */
const char *ctl_fault_name(uint32_t reason)
{
	static const char *const names[] = { CAPSULE_FAULT_NAMES(CAPSULE_NAME_ENTRY) };
	const char *name = NAME(names, reason);

	return name ? name : "unknown";
}

/* The same as a sentence. */
const char *ctl_fault_text(uint32_t reason)
{
	static const char *const texts[] = {
		[CAPSULE_FAULT_NONE] = "none",
		[CAPSULE_FAULT_MMIO] = "data access outside the cell's memory",
		[CAPSULE_FAULT_FETCH] = "instruction fetch outside the cell's memory",
		[CAPSULE_FAULT_PERMISSION] = "access that the region does not permit",
		[CAPSULE_FAULT_WIDTH] = "width or alignment that the region does not permit",
		[CAPSULE_FAULT_EXCEPTION] = "exception that cannot be served",
		[CAPSULE_FAULT_TABLE_WALK] = "page tables outside the cell's memory",
		[CAPSULE_FAULT_SERROR] = "SError interrupt",
		[CAPSULE_FAULT_COMM_REVISION] = "unknown revision of the communication region",
		[CAPSULE_FAULT_GUEST] = "the guest declared itself failed",
	};
	const char *text = NAME(texts, reason);

	return text ? text : "unknown";
}

/* "1,3-5" for the bits of @cpus, "-" for none; returns @text. */
const char *ctl_cpu_list(uint64_t cpus, char *text, size_t size)
{
	unsigned int cpu, last;
	size_t used = 0;

	snprintf(text, size, "-");
	for (cpu = 0; cpu < 64 && used < size; cpu = last + 1) {
		last = cpu;
		if (!(cpus >> cpu & 1))
			continue;
		while (last < 63 && cpus >> (last + 1) & 1)
			last++;
		used += (size_t)snprintf(text + used, size - used, "%s%u", used ? "," : "", cpu);
		if (last > cpu && used < size)
			used += (size_t)snprintf(text + used, size - used, "-%u", last);
	}
	return text;
}

// SPDX-License-Identifier: Apache-2.0
/* cell list, show, stats; status. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const char *const exit_names[CAPSULE_NUM_EXITS] = {
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

static const char *fault_name(uint32_t reason)
{
	static const char *const names[] = {
		[CAPSULE_FAULT_NONE] = "none",
		[CAPSULE_FAULT_MMIO] = "data access outside the cell's memory",
		[CAPSULE_FAULT_FETCH] = "instruction fetch outside the cell's memory",
		[CAPSULE_FAULT_PERMISSION] = "access that the region does not permit",
		[CAPSULE_FAULT_WIDTH] = "access width or alignment that the region does not permit",
		[CAPSULE_FAULT_EXCEPTION] = "exception that cannot be served",
		[CAPSULE_FAULT_TABLE_WALK] = "page tables outside the cell's memory",
		[CAPSULE_FAULT_SERROR] = "SError",
		[CAPSULE_FAULT_COMM_REVISION] = "unknown revision of the communication region",
		[CAPSULE_FAULT_GUEST] = "the guest declared itself failed",
	};

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

/* "1,3-5" for the bits of @cpus. */
static void format_cpus(uint64_t cpus, char *text, size_t size)
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
}

static int info_by_name(const char *name, struct capsule_ioc_cell_info *info)
{
	int fd, code;

	code = ctl_open_cell(name, &fd);
	if (code)
		return code;
	code = ctl_cell_info(fd, name, info);
	close(fd);
	return code;
}

static void print_row(const struct capsule_ioc_cell_info *info)
{
	char cpus[200];

	format_cpus(info->status.cpus, cpus, sizeof(cpus));
	printf("%-3u %-24.31s %-10s %-12s %8" PRIu64 " KiB\n", info->id, info->status.name,
	       ctl_cell_state_name(info->status.state), cpus, info->status.memory >> 10);
}

static void print_table(int device)
{
	struct capsule_ioc_cell_info info;
	uint32_t id;

	printf("%-3s %-24s %-10s %-12s %12s\n", "ID", "NAME", "STATE", "CPUS", "MEMORY");
	for (id = 1; id < CAPSULE_MAX_CELLS; id++)
		if (ctl_info_by_id(device, id, &info))
			print_row(&info);
}

/* capsulectl cell list */
int cmd_cell_list(int argc, char **argv)
{
	int fd, code;

	(void)argv;
	if (argc != 1)
		return ctl_usage("cell list: takes no argument");
	code = ctl_open_device(&fd);
	if (code)
		return code;
	print_table(fd);
	close(fd);
	return code;
}

static void print_fault(const struct capsule_fault *fault)
{
	unsigned int i;

	printf("fault:    %s\n", fault_name(fault->reason));
	if (fault->reason == CAPSULE_FAULT_NONE)
		return;
	printf("  CPU %u  PC 0x%016" PRIx64 "  ESR 0x%08" PRIx64 "\n", fault->cpu, fault->pc,
	       fault->esr);
	printf("  FAR 0x%016" PRIx64 "  IPA 0x%016" PRIx64 "  SPSR 0x%08" PRIx64 "\n", fault->far,
	       fault->ipa, fault->spsr);
	printf("  SP_EL0 0x%016" PRIx64 "  SP_EL1 0x%016" PRIx64 "\n", fault->sp_el0,
	       fault->sp_el1);
	for (i = 0; i < 31; i++)
		printf("%s%sx%u 0x%016" PRIx64 "%s", i % 3 ? "  " : "  ", i < 10 ? " " : "", i,
		       fault->x[i], i % 3 == 2 || i == 30 ? "\n" : "");
}

/* capsulectl cell show NAME */
int cmd_cell_show(int argc, char **argv)
{
	struct capsule_ioc_cell_info info;
	char cpus[200];
	int code;

	if (argc != 2)
		return ctl_usage("cell show: one cell expected");
	code = info_by_name(argv[1], &info);
	if (code)
		return code;
	format_cpus(info.status.cpus, cpus, sizeof(cpus));
	printf("name:     %.31s\nid:       %u\nstate:    %s\nloaded:   %s\ncpus:     %s\n",
	       info.status.name, info.id, ctl_cell_state_name(info.status.state),
	       info.loaded ? "yes" : "no", cpus);
	printf("memory:   %" PRIu64 " KiB\npool:     %" PRIu64 " pages\nrestarts: %u\n",
	       info.status.memory >> 10, info.status.pool_pages, info.status.restarts);
	print_fault(&info.status.fault);
	return CTL_EXIT_OK;
}

/* capsulectl cell stats NAME */
int cmd_cell_stats(int argc, char **argv)
{
	struct capsule_ioc_cell_info info;
	unsigned int i;
	int code;

	if (argc != 2)
		return ctl_usage("cell stats: one cell expected");
	code = info_by_name(argv[1], &info);
	if (code)
		return code;
	for (i = 0; i < CAPSULE_NUM_EXITS; i++)
		if (exit_names[i])
			printf("%-12s %12" PRIu64 "\n", exit_names[i], info.exits[i]);
	return CTL_EXIT_OK;
}

/* capsulectl status */
int cmd_status(int argc, char **argv)
{
	struct capsule_ioc_version version = { .size = sizeof(version) };
	int fd, code;

	(void)argv;
	if (argc != 1)
		return ctl_usage("status: takes no argument");
	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_call(fd, CAPSULE_IOC_VERSION, &version, &version.err, NULL);
	if (!code) {
		printf("hypervisor: %s\n", version.enabled ? "enabled" : "disabled");
		if (version.enabled)
			print_table(fd);
	}
	close(fd);
	return code;
}

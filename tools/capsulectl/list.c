// SPDX-License-Identifier: Apache-2.0
/* cell list, show, stats; status. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"

#define LEDGER "/sys/devices/virtual/misc/capsule/ledger"

/* The CPUs whose bits are set, as an array of numbers. */
static struct json_object *json_cpus(uint64_t bits)
{
	struct json_object *cpus = ctl_json_array();
	unsigned int cpu;

	for (cpu = 0; cpu < 64; cpu++)
		if (bits >> cpu & 1)
			ctl_put_number(cpus, NULL, cpu);
	return cpus;
}

static struct json_object *json_cell(const struct capsule_ioc_cell_info *info)
{
	struct json_object *j = ctl_json_object();
	char name[CAPSULE_NAME_LEN + 1] = "";

	memcpy(name, info->status.name, CAPSULE_NAME_LEN);
	ctl_put_number(j, "id", info->id);
	ctl_put_string(j, "name", name);
	ctl_put_string(j, "state", ctl_cell_state_name(info->status.state));
	ctl_put(j, "cpus", json_cpus(info->status.cpus));
	ctl_put_number(j, "memory", info->status.memory);
	ctl_put_number(j, "pool_pages", info->status.pool_pages);
	ctl_put_bool(j, "loaded", info->loaded);
	ctl_put_string(j, "comm_state", ctl_comm_state_name(info->status.comm_state));
	ctl_put_number(j, "restarts", info->status.restarts);
	ctl_put_string(j, "fault", ctl_fault_name(info->status.fault.reason));
	return j;
}

static struct json_object *json_cells(int device)
{
	struct json_object *cells = ctl_json_array();
	struct capsule_ioc_cell_info info;
	uint32_t id;

	for (id = 1; id < CAPSULE_MAX_CELLS; id++)
		if (ctl_info_by_id(device, id, &info))
			ctl_put(cells, NULL, json_cell(&info));
	return cells;
}

static void print_cells(int device)
{
	struct capsule_ioc_cell_info info;
	char cpus[200];
	uint32_t id;

	printf("%-3s %-31s %-10s %-10s %s\n", "ID", "NAME", "STATE", "CPUS", "MEMORY");
	for (id = 1; id < CAPSULE_MAX_CELLS; id++)
		if (ctl_info_by_id(device, id, &info))
			printf("%-3u %-31.32s %-10s %-10s %" PRIu64 " KiB\n", info.id,
			       info.status.name, ctl_cell_state_name(info.status.state),
			       ctl_cpu_list(info.status.cpus, cpus, sizeof(cpus)),
			       info.status.memory >> 10);
}

/* Options of all commands here: --json, then @num_words words. */
static int parse_args(int argc, char **argv, int num_words, const char *usage, bool *json)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	*json = false;
	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c != 'j')
			return CTL_EXIT_USAGE;
		*json = true;
	}
	return argc - optind == num_words ? CTL_EXIT_OK : ctl_usage("%s", usage);
}

/* capsulectl cell list */
int cmd_cell_list(int argc, char **argv)
{
	int fd, code;
	bool json;

	code = parse_args(argc, argv, 0, "cell list: takes no cell", &json);
	if (!code)
		code = ctl_open_device(&fd);
	if (code)
		return code;
	if (json)
		ctl_json_print(json_cells(fd));
	else
		print_cells(fd);
	close(fd);
	return code;
}

/* The info of the one cell named on the command line. */
static int info_of_word(int argc, char **argv, const char *usage, bool *json,
			struct capsule_ioc_cell_info *info)
{
	int fd, code;

	code = parse_args(argc, argv, 1, usage, json);
	if (!code)
		code = ctl_open_cell(argv[optind], &fd);
	if (code)
		return code;
	code = ctl_cell_info(fd, argv[optind], info);
	close(fd);
	return code;
}

/* The record of a fault; NULL, which is null, without one. */
static struct json_object *json_fault(const struct capsule_fault *fault)
{
	struct json_object *j, *x;
	unsigned int i;

	if (fault->reason == CAPSULE_FAULT_NONE)
		return NULL;
	j = ctl_json_object();
	ctl_put_string(j, "reason", ctl_fault_name(fault->reason));
	ctl_put_string(j, "text", ctl_fault_text(fault->reason));
	if (fault->cpu == CAPSULE_FAULT_CPU_UNKNOWN)
		ctl_put(j, "cpu", NULL);
	else
		ctl_put_number(j, "cpu", fault->cpu);
	ctl_put_hex(j, "pc", fault->pc);
	ctl_put_hex(j, "esr", fault->esr);
	ctl_put_hex(j, "far", fault->far);
	ctl_put_hex(j, "ipa", fault->ipa);
	ctl_put_hex(j, "spsr", fault->spsr);
	ctl_put_hex(j, "sp_el0", fault->sp_el0);
	ctl_put_hex(j, "sp_el1", fault->sp_el1);
	x = ctl_json_array();
	for (i = 0; i < 31; i++)
		ctl_put_hex(x, NULL, fault->x[i]);
	ctl_put(j, "x", x);
	return j;
}

static void print_fault(const struct capsule_fault *fault)
{
	unsigned int i;

	printf("fault:    %s\n", ctl_fault_text(fault->reason));
	if (fault->reason == CAPSULE_FAULT_NONE)
		return;
	if (fault->cpu == CAPSULE_FAULT_CPU_UNKNOWN)
		printf("  CPU not known\n");
	else
		printf("  CPU %u\n", fault->cpu);
	printf("  PC     0x%016" PRIx64 "  ESR    0x%016" PRIx64 "\n", fault->pc, fault->esr);
	printf("  FAR    0x%016" PRIx64 "  IPA    0x%016" PRIx64 "\n", fault->far, fault->ipa);
	printf("  SP_EL0 0x%016" PRIx64 "  SP_EL1 0x%016" PRIx64 "\n", fault->sp_el0,
	       fault->sp_el1);
	printf("  SPSR   0x%016" PRIx64 "\n", fault->spsr);
	for (i = 0; i < 31; i++)
		printf("  x%-2u    0x%016" PRIx64 "%s", i, fault->x[i], i % 2 || i == 30 ? "\n" : "");
}

static void print_cell(const struct capsule_ioc_cell_info *info)
{
	char cpus[200];

	printf("name:     %.32s\n", info->status.name);
	printf("id:       %u\n", info->id);
	printf("state:    %s\n", ctl_cell_state_name(info->status.state));
	printf("loaded:   %s\n", info->loaded ? "yes" : "no");
	printf("CPUs:     %s\n", ctl_cpu_list(info->status.cpus, cpus, sizeof(cpus)));
	printf("memory:   %" PRIu64 " KiB\n", info->status.memory >> 10);
	printf("pool:     %" PRIu64 " pages\n", info->status.pool_pages);
	printf("restarts: %u\n", info->status.restarts);
	printf("reports:  %s\n", ctl_comm_state_name(info->status.comm_state));
}

static struct json_object *json_regions(const struct chk_cell *cell)
{
	struct json_object *regions = ctl_json_array(), *region;
	uint32_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		region = ctl_json_object();
		ctl_put_hex(region, "virt_start", cell->regions[i].virt_start);
		ctl_put_hex(region, "size", cell->regions[i].size);
		ctl_put_hex(region, "flags", cell->regions[i].flags);
		ctl_put(regions, NULL, region);
	}
	return regions;
}

/* One line, with the flags in words. */
static void print_region(uint32_t index, const struct capsule_memory *m)
{
	static const struct {
		uint64_t flag;
		const char *word;
	} words[] = {
		{ CAPSULE_MEM_READ, "read" }, { CAPSULE_MEM_WRITE, "write" },
		{ CAPSULE_MEM_EXECUTE, "execute" }, { CAPSULE_MEM_DMA, "dma" },
		{ CAPSULE_MEM_IO, "io" }, { CAPSULE_MEM_COMM_REGION, "communication" },
		{ CAPSULE_MEM_LOADABLE, "loadable" }, { CAPSULE_MEM_ROOTSHARED, "shared" },
	};
	size_t i;

	printf("region %u: 0x%" PRIx64 "-0x%" PRIx64, index, m->virt_start,
	       m->virt_start + m->size - 1);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (m->flags & words[i].flag)
			printf(" %s", words[i].word);
	putchar('\n');
}

static void show_text(const struct capsule_ioc_cell_info *info, const struct chk_cell *cell)
{
	uint32_t i;

	print_cell(info);
	for (i = 0; cell && i < cell->desc.num_memory_regions; i++)
		print_region(i, &cell->regions[i]);
	print_fault(&info->status.fault);
}

static void show_json(const struct capsule_ioc_cell_info *info, const struct chk_cell *cell)
{
	struct json_object *j = json_cell(info);

	if (cell)
		ctl_put(j, "memory_regions", json_regions(cell));
	ctl_put(j, "fault_record", json_fault(&info->status.fault));
	ctl_json_print(j);
}

/* capsulectl cell show NAME */
int cmd_cell_show(int argc, char **argv)
{
	struct capsule_ioc_cell_info info;
	struct ctl_file file;
	struct chk_cell cell;
	bool json, known;
	int code;

	code = info_of_word(argc, argv, "cell show: one cell expected", &json, &info);
	if (code)
		return code;
	known = ctl_record_cell(&info, &file, &cell);
	if (json)
		show_json(&info, known ? &cell : NULL);
	else
		show_text(&info, known ? &cell : NULL);
	ctl_close_file(&file);
	return CTL_EXIT_OK;
}

static void stats_text(const uint64_t *exits)
{
	unsigned int i;

	for (i = 0; i < CAPSULE_NUM_EXITS; i++)
		if (ctl_exit_name(i))
			printf("%-12s %12" PRIu64 "\n", ctl_exit_name(i), exits[i]);
}

static void stats_json(const uint64_t *exits)
{
	struct json_object *j = ctl_json_object();
	unsigned int i;

	for (i = 0; i < CAPSULE_NUM_EXITS; i++)
		if (ctl_exit_name(i))
			ctl_put_number(j, ctl_exit_name(i), exits[i]);
	ctl_json_print(j);
}

/* capsulectl cell stats NAME */
int cmd_cell_stats(int argc, char **argv)
{
	struct capsule_ioc_cell_info info;
	bool json;
	int code;

	code = info_of_word(argc, argv, "cell stats: one cell expected", &json, &info);
	if (code)
		return code;
	if (json)
		stats_json(info.exits);
	else
		stats_text(info.exits);
	return CTL_EXIT_OK;
}

/* The driver's account of what it has taken, "name value" a line: printed, or put into @j. */
static void copy_ledger(struct json_object *j)
{
	FILE *ledger = fopen(LEDGER, "re");
	char name[64];
	uint64_t value;

	while (ledger && fscanf(ledger, "%63s %" SCNu64, name, &value) == 2) {
		if (j)
			ctl_put_number(j, name, value);
		else
			printf("%-22s %" PRIu64 "\n", name, value);
	}
	if (ledger)
		fclose(ledger);
}

static void status_json(int device, const struct capsule_ioc_version *version)
{
	struct json_object *j = ctl_json_object(), *ledger = ctl_json_object();
	char abi[16];

	ctl_put_bool(j, "enabled", version->enabled);
	ctl_put_number(j, "driver_interface", version->ioctl_version);
	snprintf(abi, sizeof(abi), "%u.%u", version->abi_version >> 16,
		 version->abi_version & 0xffff);
	ctl_put_string(j, "abi_version", abi);
	copy_ledger(ledger);
	ctl_put(j, "ledger", ledger);
	ctl_put(j, "cells", json_cells(device));
	ctl_json_print(j);
}

/* capsulectl status */
int cmd_status(int argc, char **argv)
{
	struct capsule_ioc_version version;
	int fd, code;
	bool json;

	code = parse_args(argc, argv, 0, "status: takes no argument", &json);
	if (!code)
		code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_version(fd, &version);
	if (!code && json) {
		status_json(fd, &version);
	} else if (!code) {
		printf("hypervisor: %s\n", version.enabled ? "enabled" : "disabled");
		copy_ledger(NULL);
		if (version.enabled)
			print_cells(fd);
	}
	close(fd);
	return code;
}

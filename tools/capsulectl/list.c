// SPDX-License-Identifier: Apache-2.0
/* cell list, show, stats; status. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"

#define LEDGER "/sys/devices/virtual/misc/capsule/ledger"

static void json_cell_fields(struct json *j, const struct capsule_ioc_cell_info *info)
{
	char name[CAPSULE_NAME_LEN + 1] = "";
	unsigned int cpu;

	memcpy(name, info->status.name, CAPSULE_NAME_LEN);
	json_number(j, "id", info->id);
	json_string(j, "name", name);
	json_string(j, "state", ctl_cell_state_name(info->status.state));
	json_array(j, "cpus");
	for (cpu = 0; cpu < 64; cpu++)
		if (info->status.cpus >> cpu & 1)
			json_number(j, NULL, cpu);
	json_end(j);
	json_number(j, "memory", info->status.memory);
	json_number(j, "pool_pages", info->status.pool_pages);
	json_bool(j, "loaded", info->loaded);
	json_string(j, "comm_state", ctl_comm_state_name(info->status.comm_state));
	json_number(j, "restarts", info->status.restarts);
	json_string(j, "fault", ctl_fault_name(info->status.fault.reason));
}

static void json_cells(struct json *j, const char *key, int device)
{
	struct capsule_ioc_cell_info info;
	uint32_t id;

	json_array(j, key);
	for (id = 1; id < CAPSULE_MAX_CELLS; id++) {
		if (!ctl_info_by_id(device, id, &info))
			continue;
		json_object(j, NULL);
		json_cell_fields(j, &info);
		json_end(j);
	}
	json_end(j);
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
	struct json j = { .out = stdout };
	int fd, code;
	bool json;

	code = parse_args(argc, argv, 0, "cell list: takes no cell", &json);
	if (!code)
		code = ctl_open_device(&fd);
	if (code)
		return code;
	if (json)
		json_cells(&j, NULL, fd);
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

static void json_fault(struct json *j, const struct capsule_fault *fault)
{
	unsigned int i;

	if (fault->reason == CAPSULE_FAULT_NONE) {
		json_null(j, "fault_record");
		return;
	}
	json_object(j, "fault_record");
	json_string(j, "reason", ctl_fault_name(fault->reason));
	json_string(j, "text", ctl_fault_text(fault->reason));
	json_number(j, "cpu", fault->cpu);
	json_hex(j, "pc", fault->pc);
	json_hex(j, "esr", fault->esr);
	json_hex(j, "far", fault->far);
	json_hex(j, "ipa", fault->ipa);
	json_hex(j, "spsr", fault->spsr);
	json_hex(j, "sp_el0", fault->sp_el0);
	json_hex(j, "sp_el1", fault->sp_el1);
	json_array(j, "x");
	for (i = 0; i < 31; i++)
		json_hex(j, NULL, fault->x[i]);
	json_end(j);
	json_end(j);
}

static void print_fault(const struct capsule_fault *fault)
{
	unsigned int i;

	printf("fault:    %s\n", ctl_fault_text(fault->reason));
	if (fault->reason == CAPSULE_FAULT_NONE)
		return;
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

static void json_regions(struct json *j, const struct chk_cell *cell)
{
	uint32_t i;

	json_array(j, "memory_regions");
	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		json_object(j, NULL);
		json_hex(j, "virt_start", cell->regions[i].virt_start);
		json_hex(j, "size", cell->regions[i].size);
		json_hex(j, "flags", cell->regions[i].flags);
		json_end(j);
	}
	json_end(j);
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
	struct json j = { .out = stdout };

	json_object(&j, NULL);
	json_cell_fields(&j, info);
	if (cell)
		json_regions(&j, cell);
	json_fault(&j, &info->status.fault);
	json_end(&j);
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

/* capsulectl cell stats NAME */
int cmd_cell_stats(int argc, char **argv)
{
	struct capsule_ioc_cell_info info;
	struct json j = { .out = stdout };
	unsigned int i;
	bool json;
	int code;

	code = info_of_word(argc, argv, "cell stats: one cell expected", &json, &info);
	if (code)
		return code;
	if (json)
		json_object(&j, NULL);
	for (i = 0; i < CAPSULE_NUM_EXITS; i++) {
		if (!ctl_exit_name(i))
			continue;
		if (json)
			json_number(&j, ctl_exit_name(i), info.exits[i]);
		else
			printf("%-12s %12" PRIu64 "\n", ctl_exit_name(i), info.exits[i]);
	}
	if (json)
		json_end(&j);
	return CTL_EXIT_OK;
}

/* The driver's account of what it has taken: "name value" a line. */
static void copy_ledger(struct json *j)
{
	FILE *ledger = fopen(LEDGER, "re");
	char name[64];
	uint64_t value;

	if (j)
		json_object(j, "ledger");
	while (ledger && fscanf(ledger, "%63s %" SCNu64, name, &value) == 2) {
		if (j)
			json_number(j, name, value);
		else
			printf("%-22s %" PRIu64 "\n", name, value);
	}
	if (j)
		json_end(j);
	if (ledger)
		fclose(ledger);
}

static void status_json(int device, const struct capsule_ioc_version *version)
{
	char abi[16];
	struct json j = { .out = stdout };

	json_object(&j, NULL);
	json_bool(&j, "enabled", version->enabled);
	json_number(&j, "driver_interface", version->ioctl_version);
	snprintf(abi, sizeof(abi), "%u.%u", version->abi_version >> 16,
		 version->abi_version & 0xffff);
	json_string(&j, "abi_version", abi);
	copy_ledger(&j);
	json_cells(&j, "cells", device);
	json_end(&j);
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

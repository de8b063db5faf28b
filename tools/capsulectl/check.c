// SPDX-License-Identifier: Apache-2.0
/* config check, and the checks before enable and cell create. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"

static void print_finding(FILE *out, const struct chk_finding *f)
{
	fprintf(out, "%s: %s: %s\n", f->file, f->severity == CHK_ERROR ? "error" : "warning",
		f->text);
}

/*
 * For commands that go on to the driver: warnings, then the first error as the
 * one message, with the number of the others.
 */
int ctl_judge(const struct chk_report *report)
{
	const struct chk_finding *error = chk_first_error(report);
	size_t i;

	for (i = 0; i < report->num; i++)
		if (report->findings[i].severity == CHK_WARNING)
			print_finding(stderr, &report->findings[i]);
	if (!error)
		return CTL_EXIT_OK;
	if (report->errors == 1)
		return ctl_fail(ctl_reason_exit(error->reason), "%s: %s", error->file, error->text);
	return ctl_fail(ctl_reason_exit(error->reason),
			"%s: %s (and %zu more)", error->file,
			error->text, report->errors - 1);
}

/* Mask of a list like "0-3,7" as sysfs prints CPUs, 0 where it cannot be read. */
uint64_t ctl_machine_cpus(void)
{
	FILE *list = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int first, last;
	uint64_t cpus = 0;
	int n, c;

	if (!list)
		return 0;
	while ((n = fscanf(list, "%u-%u", &first, &last)) > 0) {
		if (n == 1)
			last = first;
		for (; first <= last && first < CAPSULE_MAX_CPUS; first++)
			cpus |= 1ULL << first;
		c = fgetc(list);
		if (c != ',')
			break;
	}
	fclose(list);
	return cpus;
}

struct set {
	struct chk_system system;
	bool have_system;
	struct chk_cell *cells;
	size_t num_cells;
	struct ctl_file *files;		/* files[0] is the root's */
	struct chk_report report;
};

static int read_set(struct set *set, int num, char **names)
{
	char path[PATH_MAX];
	int i, code = CTL_EXIT_OK;

	for (i = 0; !code && i < num; i++) {
		code = ctl_find_config(names[i], path, sizeof(path));
		if (!code)
			code = ctl_read_config(path, &set->files[i]);
		if (code)
			break;
		if (i == 0)
			set->have_system = chk_read_system(set->files[i].data, set->files[i].size,
							   names[i], &set->system, &set->report);
		else
			set->num_cells += chk_read_cell(set->files[i].data, set->files[i].size,
							names[i], &set->cells[set->num_cells],
							&set->report);
	}
	return code;
}

static void check_set(struct set *set)
{
	const struct chk_system *system = set->have_system ? &set->system : NULL;
	size_t i, j;

	if (system)
		chk_system(system, &set->report);
	for (i = 0; i < set->num_cells; i++) {
		chk_cell(&set->cells[i], system, &set->report);
		for (j = 0; j < i; j++)
			chk_pair(&set->cells[i], &set->cells[j], &set->report);
	}
	if (system)
		chk_cpus_left(system, set->cells, set->num_cells, &set->report);
}

static struct json_object *json_finding(const struct chk_finding *f)
{
	struct json_object *j = ctl_json_object(), *detail;

	ctl_put_string(j, "file", f->file);
	ctl_put_string(j, "severity", f->severity == CHK_ERROR ? "error" : "warning");
	if (f->severity == CHK_ERROR) {
		ctl_put_string(j, "reason", ctl_reason_name(f->reason));
		ctl_put_number(j, "exit_code", (uint64_t)ctl_reason_exit(f->reason));
		detail = ctl_json_array();
		ctl_put_hex(detail, NULL, f->detail[0]);
		ctl_put_hex(detail, NULL, f->detail[1]);
		ctl_put(j, "detail", detail);
	}
	ctl_put_string(j, "text", f->text);
	return j;
}

static void print_json(const struct chk_report *report)
{
	struct json_object *j = ctl_json_object(), *findings = ctl_json_array();
	const struct chk_finding *f;

	for (f = report->findings; f < report->findings + report->num; f++)
		ctl_put(findings, NULL, json_finding(f));
	ctl_put_number(j, "errors", report->errors);
	ctl_put_number(j, "warnings", report->warnings);
	ctl_put(j, "findings", findings);
	ctl_json_print(j);
}

static int print_report(const struct chk_report *report, bool json)
{
	const struct chk_finding *error = chk_first_error(report);
	size_t i;

	if (json) {
		print_json(report);
	} else {
		for (i = 0; i < report->num; i++)
			print_finding(stdout, &report->findings[i]);
		if (report->errors + report->warnings > report->num)
			printf("... and %zu more\n",
			       report->errors + report->warnings - report->num);
		if (!report->errors)
			printf("ok, %zu warnings\n", report->warnings);
	}
	/* Errors can only be missing from the array if it is full of warnings. */
	if (!error)
		return report->errors ? CTL_EXIT_UNEXPECTED : CTL_EXIT_OK;
	return ctl_reason_exit(error->reason);
}

static int parse_cpus(const char *text, uint64_t *cpus)
{
	char *end;
	unsigned long num = strtoul(text, &end, 10);

	if (!num || num > CAPSULE_MAX_CPUS || *end || *text == '-')
		return ctl_usage("config check: \"%s\" is no number of CPUs from 1 to %u", text,
				 CAPSULE_MAX_CPUS);
	*cpus = ~0ULL >> (CAPSULE_MAX_CPUS - num);
	return CTL_EXIT_OK;
}

static int check_files(int num, char **names, uint64_t cpus, bool json)
{
	struct set *set = calloc(1, sizeof(*set));
	int i, code;

	if (!set)
		return ctl_fail(CTL_EXIT_UNEXPECTED, "out of memory");
	set->cells = calloc((size_t)num, sizeof(*set->cells));
	set->files = calloc((size_t)num, sizeof(*set->files));
	if (!set->cells || !set->files) {
		code = ctl_fail(CTL_EXIT_UNEXPECTED, "out of memory");
		goto out;
	}
	code = read_set(set, num, names);
	if (!code) {
		set->system.machine_cpus = cpus;
		check_set(set);
		code = print_report(&set->report, json);
	}
	for (i = 0; i < num; i++)
		ctl_close_file(&set->files[i]);
out:
	free(set->cells);
	free(set->files);
	free(set);
	return code;
}

/* capsulectl config check ROOT.cell [CELL.cell ...] */
static int cmd_config_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "cpus", required_argument, NULL, 'c' },
		{ 0 },
	};
	uint64_t cpus = 0;
	bool json = false;
	int c, code;

	while ((c = getopt_long(argc, argv, "jc:", options, NULL)) != -1) {
		if (c == 'j') {
			json = true;
		} else if (c == 'c') {
			code = parse_cpus(optarg, &cpus);
			if (code)
				return code;
		} else {
			return CTL_EXIT_USAGE;
		}
	}
	if (optind == argc)
		return ctl_usage("config check: the root configuration expected");
	return check_files(argc - optind, argv + optind, cpus, json);
}

static const struct ctl_command commands[] = {
	{ "check", "[--json] [--cpus N] ROOT.cell [CELL.cell ...]",
	  "Judge configurations, each alone and all together. --cpus: how many the machine has.",
	  cmd_config_check },
	{ 0 },
};

/* capsulectl config COMMAND */
int cmd_config(int argc, char **argv)
{
	return ctl_dispatch("config", commands, argc, argv);
}

// SPDX-License-Identifier: Apache-2.0
/* hardware check: the preflight, for a person, a program or enable. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "hardware.h"
#include "json.h"

static const char *const words[] = { "pass", "warn", "fail" };

struct hw_line *hw_add(struct hw_list *list, const char *name, enum hw_result result,
		       const char *format, ...)
{
	static const unsigned int last = sizeof(list->line) / sizeof(list->line[0]) - 1;
	struct hw_line *line = &list->line[list->count];
	va_list args;

	if (list->count < last)
		list->count++;
	*line = (struct hw_line) { .name = name, .result = result };
	va_start(args, format);
	vsnprintf(line->found, sizeof(line->found), format, args);
	va_end(args);
	return line;
}

void hw_remedy(struct hw_line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(line->remedy, sizeof(line->remedy), format, args);
	va_end(args);
}

/* @device is the driver's, or -1; @quick leaves out what takes memory. */
static void check_all(struct hw_list *list, int device, bool quick)
{
	*list = (struct hw_list) { .device = device, .quick = quick };
	list->machine.size = sizeof(list->machine);
	if (device < 0 || ioctl(device, CAPSULE_IOC_MACHINE, &list->machine) < 0)
		list->machine = (struct capsule_ioc_machine) { 0 };
	hw_check_kernel(list);
	hw_check_el2(list);
	hw_check_devices(list);
	hw_check_cpus(list);
	hw_check_kvm(list);
	hw_check_driver(list);
	hw_check_memory(list);
	hw_check_tools(list);
}

static unsigned int count(const struct hw_list *list, enum hw_result result)
{
	unsigned int i, n = 0;

	for (i = 0; i < list->count; i++)
		n += list->line[i].result == result;
	return n;
}

static void print_list(const struct hw_list *list)
{
	const struct hw_line *line;
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		line = &list->line[i];
		printf("%s  %-13s  %s\n", words[line->result], line->name, line->found);
		if (*line->remedy)
			printf("%*s-> %s\n", 21, "", line->remedy);
	}
	printf("%u pass, %u warn, %u fail: ", count(list, HW_PASS), count(list, HW_WARN),
	       count(list, HW_FAIL));
	puts(count(list, HW_FAIL) ? "the hypervisor cannot be enabled as it is" :
	     "the hypervisor can be enabled");
}

static void print_json(const struct hw_list *list)
{
	struct json_object *all = ctl_json_object(), *lines = ctl_json_array(), *j;
	const struct hw_line *line;
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		line = &list->line[i];
		j = ctl_json_object();
		ctl_put_string(j, "check", line->name);
		ctl_put_string(j, "result", words[line->result]);
		ctl_put_string(j, "found", line->found);
		ctl_put_string(j, "remedy", line->remedy);
		ctl_put(lines, NULL, j);
	}
	ctl_put_bool(all, "can_enable", !count(list, HW_FAIL));
	ctl_put(all, "checks", lines);
	ctl_json_print(all);
}

/*
 * For enable: what would make it fail is refused in one line, by the driver's
 * own reason where it has one. @device is the driver's.
 */
int ctl_hardware_refuse(int device)
{
	struct hw_list list;
	struct hw_line *line;

	check_all(&list, device, true);
	for (line = list.line; line < list.line + list.count; line++) {
		if (line->result != HW_FAIL)
			continue;
		if (line->reason && line->reason == list.machine.verdict.reason)
			return ctl_refuse(&list.machine.verdict, NULL);
		/* Where only this program thinks so, the driver has the last word. */
		if (line->reason)
			continue;
		return ctl_fail(CTL_EXIT_HARDWARE, "%s: %s: %s", line->name, line->found,
				line->remedy);
	}
	return CTL_EXIT_OK;
}

/* The driver where it is loaded and may be asked, else -1: most can be said without it. */
static int open_quietly(void)
{
	return open(CAPSULE_DEVICE, O_RDWR | O_CLOEXEC);
}

static int cmd_hardware_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct hw_list list;
	bool json = false;
	int c, device;

	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c != 'j')
			return CTL_EXIT_USAGE;
		json = true;
	}
	if (optind != argc)
		return ctl_usage("hardware check: takes no argument");
	device = open_quietly();
	check_all(&list, device, false);
	if (device >= 0)
		close(device);
	if (json)
		print_json(&list);
	else
		print_list(&list);
	return count(&list, HW_FAIL) ? CTL_EXIT_HARDWARE : CTL_EXIT_OK;
}

static const struct ctl_command commands[] = {
	{ "check", "[--json]",
	  "Say of this machine and system whether enable would succeed, and what to do if not.",
	  cmd_hardware_check },
	{ 0 },
};

/* capsulectl hardware COMMAND */
int cmd_hardware(int argc, char **argv)
{
	return ctl_dispatch("hardware", commands, argc, argv);
}

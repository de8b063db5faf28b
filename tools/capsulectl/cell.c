// SPDX-License-Identifier: Apache-2.0
/* cell start, shutdown, destroy; the table of cell commands. */
#include <getopt.h>
#include <unistd.h>

#include "ctl.h"

/* A call on one cell without further arguments; @done is what success is called. */
static int simple_call(const char *name, unsigned long request, uint32_t flags, const char *done)
{
	struct capsule_ioc_simple arg = { .size = sizeof(arg), .flags = flags };
	struct ctl_words words = { .cell = name };
	int cell_fd, code;

	if (request == CAPSULE_IOC_CELL_RESTART) {
		words.file = "a file that the cell was loaded from";
		words.undone = "the cell may be stopped and not loaded (see cell show)";
	}

	code = ctl_open_cell(name, &cell_fd);
	if (code)
		return code;
	code = ctl_call(cell_fd, request, &arg, &arg.err, &words);
	close(cell_fd);
	if (!code)
		ctl_info("cell %s %s", name, done);
	return code;
}

/* capsulectl cell start NAME */
int cmd_cell_start(int argc, char **argv)
{
	struct capsule_ioc_start arg = { .size = sizeof(arg) };
	struct ctl_words words = { 0 };
	int cell_fd, code;

	if (argc != 2)
		return ctl_usage("cell start: one cell expected");
	words.cell = argv[1];
	code = ctl_open_cell(argv[1], &cell_fd);
	if (code)
		return code;
	code = ctl_call(cell_fd, CAPSULE_IOC_CELL_START, &arg, &arg.err, &words);
	close(cell_fd);
	if (!code)
		ctl_info("cell %s started", argv[1]);
	return code;
}

/* capsulectl cell destroy NAME */
int cmd_cell_destroy(int argc, char **argv)
{
	int code;

	if (argc != 2)
		return ctl_usage("cell destroy: one cell expected");
	code = simple_call(argv[1], CAPSULE_IOC_CELL_DESTROY, 0, "destroyed");
	if (!code)
		ctl_record_remove(argv[1]);
	return code;
}

static const struct option force_options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ 0 },
};

/* capsulectl cell restart [--force] NAME */
static int cmd_cell_restart(int argc, char **argv)
{
	uint32_t flags = 0;
	int c;

	while ((c = getopt_long(argc, argv, "f", force_options, NULL)) != -1) {
		if (c != 'f')
			return CTL_EXIT_USAGE;
		flags |= CAPSULE_FLAG_FORCE;
	}
	if (argc - optind != 1)
		return ctl_usage("cell restart: one cell expected");
	return simple_call(argv[optind], CAPSULE_IOC_CELL_RESTART, flags, "restarted");
}

static int cmd_cell_shutdown(int argc, char **argv)
{
	uint32_t flags = 0;
	int c;

	while ((c = getopt_long(argc, argv, "f", force_options, NULL)) != -1) {
		if (c != 'f')
			return CTL_EXIT_USAGE;
		flags |= CAPSULE_FLAG_FORCE;
	}
	if (argc - optind != 1)
		return ctl_usage("cell shutdown: one cell expected");
	return simple_call(argv[optind], CAPSULE_IOC_CELL_SHUTDOWN, flags, "shut down");
}

static const struct ctl_command commands[] = {
	{ "create", "[--unbind] FILE.cell",
	  "Create a cell: its CPUs, memory and devices leave the agency. --unbind: take\n"
	  "        devices from the agency's drivers, which have them again when it is destroyed.",
	  cmd_cell_create },
	{ "load", "[--progress] NAME FILE [-a ADDRESS] [FILE -a ADDRESS ...]",
	  "Fill memory of a cell. FILE - is standard input; without -a at the start of the\n"
	  "        region where the cell begins to run.", cmd_cell_load },
	{ "start", "NAME", "Run a loaded cell from its first instruction.", cmd_cell_start },
	{ "linux", "[--progress] [--unbind] FILE.cell KERNEL [-i INITRD] [-d DTB] [-c CMDLINE]",
	  "Create a cell, boot Linux in it. The device tree is made from FILE.cell, or is DTB.\n"
	  "        KERNEL is an arm64 Image, as it is or compressed by gzip.", cmd_cell_linux },
	{ "restart", "[--force] NAME",
	  "Stop a cell of cell linux, load its files again and start it.", cmd_cell_restart },
	{ "shutdown", "[--force] NAME",
	  "Ask a cell to stop and wait for it; --force: stop it at once.", cmd_cell_shutdown },
	{ "destroy", "NAME", "Give CPUs and memory of a cell back to the agency.",
	  cmd_cell_destroy },
	{ "list", "[--json]", "List the cells.", cmd_cell_list },
	{ "show", "[--json] NAME", "Show one cell, with the fault that stopped it.",
	  cmd_cell_show },
	{ "stats", "[--json] NAME", "Show how often each cause led to the hypervisor.",
	  cmd_cell_stats },
	{ 0 },
};

/* capsulectl cell COMMAND */
int cmd_cell(int argc, char **argv)
{
	return ctl_dispatch("cell", commands, argc, argv);
}

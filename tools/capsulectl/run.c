// SPDX-License-Identifier: Apache-2.0
/*
 * run: from nothing to the console of a cell. It is the commands that a user
 * would type, one after the other: config create-cell; cell create, cell load,
 * cell start, or for a Linux guest cell linux; console. If one fails, what those
 * before it did is undone.
 */
#include <getopt.h>
#include <unistd.h>

#include "ctl.h"

#define MAX_WORDS 64	/* of one of these commands */

struct words {
	char *word[MAX_WORDS + 1];	/* ends with NULL */
	int count;
};

struct run {
	char *name;
	char *image;		/* --load or --linux */
	bool is_linux;
	struct words boot;	/* options of cell linux */
	bool detach;
	struct words make;	/* config create-cell ... */
};

/* The words are only read, but argv is not const. */
static void add(struct words *words, const char *word)
{
	if (words->count < MAX_WORDS)
		words->word[words->count++] = (char *)(uintptr_t)word;
}

/* Runs a command of this program; its first word is its name. */
static int step(int (*command)(int argc, char **argv), const char *const *list)
{
	struct words words = { .count = 0 };

	for (; *list; list++)
		add(&words, *list);
	optind = 0;	/* getopt_long() begins anew */
	return command(words.count, words.word);
}

static int parse(int argc, char **argv, struct run *run)
{
	/* The first, in the order of passed_on, are config create-cell's. */
	static const struct option options[] = {
		{ "cpus", required_argument, NULL, 0 },
		{ "memory", required_argument, NULL, 0 },
		{ "device", required_argument, NULL, 0 },
		{ "console", required_argument, NULL, 0 },
		{ "load", required_argument, NULL, 'l' },
		{ "linux", required_argument, NULL, 'L' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "detach", no_argument, NULL, 'd' },
		{ 0 },
	};
	static const char *const passed_on[] = { "--cpus", "--memory", "--device", "--console" };
	int c, index;

	while ((c = getopt_long(argc, argv, "l:i:c:d", options, &index)) != -1) {
		if (c == 'l' || c == 'L') {
			if (run->image)
				return ctl_usage("run: one of --load and --linux, once");
			run->image = optarg;
			run->is_linux = c == 'L';
		} else if (c == 'i' || c == 'c') {
			add(&run->boot, c == 'i' ? "-i" : "-c");
			add(&run->boot, optarg);
		} else if (c == 'd') {
			run->detach = true;
		} else if (!c) {
			add(&run->make, passed_on[index]);
			add(&run->make, optarg);
		} else {
			return CTL_EXIT_USAGE;
		}
	}
	if (argc - optind != 1)
		return ctl_usage("run: one name for the cell expected");
	if (!run->image)
		return ctl_usage("run: --load FILE or --linux KERNEL says what the cell is to run");
	if (run->boot.count && !run->is_linux)
		return ctl_usage("run: --initrd and --cmdline are for --linux");
	if (run->is_linux)
		add(&run->make, "--linux");
	run->name = argv[optind];
	return CTL_EXIT_OK;
}

/* Refuses what would fail late before a configuration is made for it. */
static int check_possible(const struct run *run)
{
	struct capsule_err err = { .reason = CAPSULE_REASON_NOT_ENABLED };
	struct capsule_ioc_version version;
	int fd, code;

	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_version(fd, &version);
	if (!code && !version.enabled)
		code = ctl_refuse(&err, NULL);
	close(fd);
	if (!code && access(run->image, R_OK))
		code = ctl_fail(CTL_EXIT_FILE, "%s: cannot be read", run->image);
	return code;
}

static int load_and_start(const struct run *run)
{
	int code = step(cmd_cell_load, (const char *[]){ "load", run->name, run->image, NULL });

	return code ? code : step(cmd_cell_start, (const char *[]){ "start", run->name, NULL });
}

static int create_and_start(const struct run *run, const char *config)
{
	int code = step(cmd_cell_create, (const char *[]){ "create", config, NULL });

	if (code)
		return code;
	code = load_and_start(run);
	if (code) {
		/* A signal that ended the load must not keep us from this. */
		ctl_forget_signals();
		step(cmd_cell_destroy, (const char *[]){ "destroy", run->name, NULL });
	}
	return code;
}

/* cell linux takes the cell away again if it fails. */
static int create_linux(const struct run *run, const char *config)
{
	const char *words[MAX_WORDS + 4] = { "linux", config, run->image };
	int i;

	for (i = 0; i < run->boot.count; i++)
		words[3 + i] = run->boot.word[i];
	return step(cmd_cell_linux, words);
}

/* A Linux guest has a console to type into: at a terminal one is at its prompt. */
static int show_console(const struct run *run)
{
	if (run->is_linux && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return step(cmd_console, (const char *[]){ "console", run->name, NULL });
	return step(cmd_console, (const char *[]){ "console", "-f", run->name, NULL });
}

/* capsulectl run NAME --load FILE | --linux KERNEL [options of config create-cell] [--detach] */
int cmd_run(int argc, char **argv)
{
	struct run run = { .name = NULL };
	struct ctl_made made;
	int code;

	add(&run.make, "create-cell");
	code = parse(argc, argv, &run);
	if (!code)
		code = check_possible(&run);
	if (code)
		return code;
	add(&run.make, run.name);
	code = ctl_make_config(run.make.word, &made);
	if (!code)
		code = run.is_linux ? create_linux(&run, made.path) :
		       create_and_start(&run, made.path);
	ctl_forget_made(&made);
	if (code || run.detach)
		return code;
	return show_console(&run);
}

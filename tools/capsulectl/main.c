// SPDX-License-Identifier: Apache-2.0
/* Entry, command dispatch, messages and signals. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "ctl.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* True once SIGINT, SIGTERM, SIGQUIT or SIGHUP came. */
bool ctl_interrupted(void)
{
	return interrupted != 0;
}

/* What came before no longer counts: for undoing what it broke off. */
void ctl_forget_signals(void)
{
	interrupted = 0;
}

/*
 * Signals make a waiting call to the driver return instead of ending the
 * process, so that the user is told what was done.
 */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	/* Unless nohup said that it does not matter. */
	if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler == SIG_DFL)
		sigaction(SIGHUP, &action, NULL);
}

/*
 * poll() without a limit. False if a signal came. Signals are let in only
 * here, so that one which comes just before the wait is not missed.
 */
bool ctl_poll(struct pollfd *fds, unsigned long num)
{
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!ctl_interrupted())
		ppoll(fds, num, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !ctl_interrupted();
}

/* Waits until @fd can be read or has ended. False if a signal came. */
bool ctl_wait_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return ctl_poll(&poll_fd, 1);
}

/* Prints one line "capsulectl: ..." on stderr; returns @code. */
int ctl_fail(int code, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("capsulectl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

/* Like ctl_fail() for a wrong command line. */
int ctl_usage(const char *format, ...)
{
	va_list args;

	fputs("capsulectl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" (see --help)\n", stderr);
	return CTL_EXIT_USAGE;
}

/* Prints a line of success for a person, on stdout. */
void ctl_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void print_help(const char *group, const struct ctl_command *cmds)
{
	const char *space = *group ? " " : "";

	printf("Usage: capsulectl %s%sCOMMAND [ARGUMENTS]\n\n", group, space);
	for (; cmds->name; cmds++)
		printf("  %s%s%s %s\n        %s\n", group, space, cmds->name,
		       cmds->args ? cmds->args : "COMMAND", cmds->help);
	if (!*group)
		puts("\n--help after a command shows its options; capsulectl(1) has it all.");
}

/*
 * Runs the command named by argv[1] from @cmds (ended by a NULL name). @group
 * is the word before it, "" at the top.
 */
int ctl_dispatch(const char *group, const struct ctl_command *cmds, int argc, char **argv)
{
	/* The name getopt_long() puts before its messages. */
	static char program[] = "capsulectl";
	const struct ctl_command *cmd;

	if (argc < 2)
		return ctl_usage("%s%scommand missing", group, *group ? ": " : "");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(group, cmds);
		return CTL_EXIT_OK;
	}
	for (cmd = cmds; cmd->name; cmd++) {
		if (strcmp(cmd->name, argv[1]))
			continue;
		if (argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")) && cmd->args) {
			printf("Usage: capsulectl %s%s%s%s%s\n\n%s\n", group, *group ? " " : "",
			       cmd->name, *cmd->args ? " " : "", cmd->args, cmd->help);
			return CTL_EXIT_OK;
		}
		argv[1] = program;
		return cmd->run(argc - 1, argv + 1);
	}
	return ctl_usage("%s%sunknown command \"%s\"", group, *group ? ": " : "", argv[1]);
}

static int cmd_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return ctl_usage("version: takes no argument");
	printf("capsulectl %s (configuration revision %u, driver interface %u)\n",
	       CTL_VERSION, CAPSULE_CONFIG_REVISION, CAPSULE_IOCTL_VERSION);
	return CTL_EXIT_OK;
}

static const struct ctl_command commands[] = {
	{ "enable", "[--check-only] [ROOT.cell]",
	  "Put the hypervisor beneath the running system, without ROOT.cell by a configuration\n"
	  "        made for it; --check-only: judge it, change nothing.", cmd_enable },
	{ "disable", "", "Give everything back.", cmd_disable },
	{ "cell", NULL, "Create, load, start, shut down, destroy and inspect cells (cell --help).",
	  cmd_cell },
	{ "run", "NAME --load FILE | --linux KERNEL [--initrd FILE] [--cmdline WORDS]\n"
	  "        [--cpus N|LIST] [--memory SIZE] [--device DEVICE] [--console DEVICE] [--detach]",
	  "Make a configuration for a cell, create, load and start it, and show its console.",
	  cmd_run },
	{ "console", "[-f | -i] [-e CHAR] [CELL]",
	  "On a terminal, attach to CELL if it has a virtual UART: ~. at the beginning of a line\n"
	  "        leaves (-e: CHAR in place of ~, or none). Else print the console of CELL, without\n"
	  "        CELL that of the hypervisor. -f: print, and go on as text comes. -i: attach, and\n"
	  "        take input from a pipe, too.",
	  cmd_console },
	{ "status", "[--json]", "Show the hypervisor and its cells.", cmd_status },
	{ "hardware", NULL, "Say whether this machine and system are fit (hardware --help).",
	  cmd_hardware },
	{ "config", NULL, "Make, check, show and draw configurations (config --help).",
	  cmd_config_any },
	{ "exit-codes", "", "List the exit codes.", cmd_exit_codes },
	{ "version", "", "Print the version of this program.", cmd_version },
	{ 0 },
};

int main(int argc, char **argv)
{
	int code;

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return cmd_version(1, argv);
	catch_signals();
	code = ctl_dispatch("", commands, argc, argv);
	/* A full disk or a closed pipe must not pass for success. */
	if (fflush(stdout) && code == CTL_EXIT_OK)
		return ctl_fail(CTL_EXIT_FILE, "standard output: %s", strerror(errno));
	return code;
}

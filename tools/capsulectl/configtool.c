// SPDX-License-Identifier: Apache-2.0
/* The verbs of "config" that make and show configurations are a Python program. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"

#define TOOL		"libexec/capsule/capsule-config"
#define MAX_WORDS	128

static const char *const verbs[] = {
	"create", "create-cell", "show", "diff", "draw", "import",
};

static bool is_tool_verb(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(word, verbs[i]))
			return true;
	return false;
}

/* Beside the folder that this program is in: prefix/sbin and prefix/libexec. */
static int tool_path(char *path, size_t size)
{
	const char *named = getenv("CAPSULE_CONFIG_TOOL");
	char self[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int i;

	if (len < 0)
		return ctl_fail(CTL_EXIT_FILE, "/proc/self/exe: %s", strerror(errno));
	self[len] = '\0';
	/* What the tool writes is judged by the checker in here. */
	setenv("CAPSULECTL", self, 1);
	for (i = 0; i < 2; i++) {
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
	}
	if (snprintf(path, size, "%s", named ? named : "") <= 0 &&
	    snprintf(path, size, "%s/" TOOL, self) >= (int)size)
		return ctl_fail(CTL_EXIT_FILE, "%s/" TOOL ": %s", self, strerror(ENAMETOOLONG));
	return CTL_EXIT_OK;
}

/* Why the tool at @path did not start, by errno. */
static int tool_failed(const char *path, const char *verb)
{
	if (errno == ENOENT && !access(path, F_OK))
		return ctl_fail(CTL_EXIT_FILE, "\"config %s\" is a Python program, and /usr/bin/python3 is not there: apt install python3, or make the configuration on a PC (config %s --dtb FILE)",
				verb, verb);
	return ctl_fail(CTL_EXIT_FILE, "%s: %s (\"config %s\" is a Python program, installed by make install)",
			path, strerror(errno), verb);
}

/* Does not return where the tool runs. */
static int run_tool(char **argv)
{
	char path[PATH_MAX];
	int code = tool_path(path, sizeof(path));

	if (code)
		return code;
	argv[0] = path;
	execv(path, argv);
	return tool_failed(path, argv[1]);
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return ctl_fail(CTL_EXIT_UNEXPECTED, "waitpid: %s", strerror(errno));
	/* What it was refused for, it has said itself. */
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	status = WTERMSIG(status);
	return ctl_fail(status == SIGINT || status == SIGTERM || status == SIGHUP ||
			status == SIGQUIT ? CTL_EXIT_INTERRUPTED : CTL_EXIT_UNEXPECTED,
			"no configuration was made, the program was ended by signal %d (%s)",
			status, strsignal(status));
}

static int make_folder(struct ctl_made *made)
{
	*made = (struct ctl_made) { 0 };
	if (snprintf(made->folder, sizeof(made->folder), "%s/made-XXXXXX", ctl_run_folder()) >=
	    (int)sizeof(made->folder))
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", ctl_run_folder(), strerror(ENAMETOOLONG));
	mkdir(ctl_run_folder(), 0755);
	if (!mkdtemp(made->folder)) {
		made->folder[0] = '\0';
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", ctl_run_folder(), strerror(errno));
	}
	if (snprintf(made->path, sizeof(made->path), "%s/made.cell", made->folder) >=
	    (int)sizeof(made->path))
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", made->folder, strerror(ENAMETOOLONG));
	return CTL_EXIT_OK;
}

/*
 * Has the tool make a configuration by "config @words... -o FILE.cell"; @words
 * ends with NULL. It exists until ctl_forget_made(), which is to be called
 * whatever is returned.
 */
int ctl_make_config(char *const words[], struct ctl_made *made)
{
	static char option[] = "-o";
	char *argv[MAX_WORDS + 4] = { 0 };
	size_t i;
	int code = make_folder(made);
	pid_t child;

	for (i = 0; words[i] && i < MAX_WORDS; i++)
		argv[i + 1] = words[i];
	if (code)
		return code;
	if (words[i])
		return ctl_usage("config %s: too many words", words[0]);
	argv[i + 1] = option;
	argv[i + 2] = made->path;
	fflush(NULL);
	child = fork();
	if (!child)
		_exit(run_tool(argv));
	return child < 0 ? ctl_fail(CTL_EXIT_UNEXPECTED, "fork: %s", strerror(errno)) :
	       wait_for(child);
}

/* Removes what ctl_make_config() made. */
void ctl_forget_made(struct ctl_made *made)
{
	if (*made->path)
		unlink(made->path);
	if (*made->folder)
		rmdir(made->folder);
}

/* capsulectl config COMMAND, whichever program has it. */
int cmd_config_any(int argc, char **argv)
{
	int code;

	if (argc > 1 && is_tool_verb(argv[1]))
		return run_tool(argv);
	code = cmd_config(argc, argv);
	if (!code && argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
				  !strcmp(argv[1], "help")))
		puts("\n  config create, create-cell, show, diff, draw, import\n"
		     "        Make, show, compare, draw and import configurations; --help after each.");
	return code;
}

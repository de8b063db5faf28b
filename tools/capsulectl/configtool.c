// SPDX-License-Identifier: Apache-2.0
/* The verbs of "config" that make and show configurations are a Python program. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define TOOL	"libexec/capsule/capsule-config"

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

/* Does not return where the tool runs. */
static int run_tool(char **argv)
{
	char path[PATH_MAX];
	int code = tool_path(path, sizeof(path));

	if (code)
		return code;
	argv[0] = path;
	execv(path, argv);
	return ctl_fail(CTL_EXIT_FILE, "%s: %s (\"config %s\" is a Python program, installed by make install)",
			path, strerror(errno), argv[1]);
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

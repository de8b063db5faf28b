// SPDX-License-Identifier: Apache-2.0
/* console. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "attach.h"
#include "ctl.h"

struct choice {
	bool follow, attach;
	bool reading_will_do;	/* where attaching is not permitted */
	int escape;
	const char *cell;	/* NULL: the hypervisor */
};

/* Typing into a cell takes more rights than reading what it says. */
static bool may_type(int device, uint32_t ring)
{
	struct capsule_ioc_console arg = {
		.size = sizeof(arg), .ring = ring, .flags = CAPSULE_CONSOLE_INPUT,
	};
	int fd = ioctl(device, CAPSULE_IOC_CONSOLE, &arg);
	bool denied = fd < 0 && errno == EPERM;

	if (fd >= 0)
		close(fd);
	return !denied;
}

static int open_ring(uint32_t ring, struct choice *choice, int *ring_fd)
{
	struct capsule_ioc_console arg = { .size = sizeof(arg), .ring = ring };
	struct ctl_words words = { .cell = choice->cell };
	int fd, code;

	code = ctl_open_device(&fd);
	if (code)
		return code;
	if (choice->reading_will_do && !may_type(fd, ring))
		choice->attach = false;
	arg.flags = choice->attach ? CAPSULE_CONSOLE_INPUT : 0;
	code = ctl_call_fd(fd, CAPSULE_IOC_CONSOLE, &arg, &arg.err, &words, ring_fd);
	close(fd);
	return code;
}

/* *input: it can be typed into. */
static int find_ring(const char *name, uint32_t *ring, bool *input)
{
	struct capsule_ioc_cell_info info;
	int cell_fd, code;

	*ring = CAPSULE_RING_HYPERVISOR;
	if (!name)
		return CTL_EXIT_OK;
	code = ctl_open_cell(name, &cell_fd);
	if (code)
		return code;
	code = ctl_cell_info(cell_fd, name, &info);
	close(cell_fd);
	*ring = info.id;
	*input = info.input;
	return code;
}

static int copy_ring(int fd, bool follow)
{
	char buffer[4096];
	ssize_t n;

	for (;;) {
		n = read(fd, buffer, sizeof(buffer));
		if (n == 0)
			return CTL_EXIT_OK;
		if (n > 0) {
			if (fwrite(buffer, 1, (size_t)n, stdout) != (size_t)n || fflush(stdout))
				return ctl_fail(CTL_EXIT_FILE, "standard output: %s",
						strerror(errno));
		} else if (errno == EAGAIN) {
			if (!follow)
				return CTL_EXIT_OK;
			ctl_wait_readable(fd);
		} else if (errno != EINTR) {
			return ctl_fail(CTL_EXIT_UNEXPECTED, "console: %s", strerror(errno));
		}
		if (ctl_interrupted())
			return CTL_EXIT_INTERRUPTED;
	}
}

static int parse_escape(const char *text, int *escape)
{
	if (!strcmp(text, "none"))
		*escape = CTL_NO_ESCAPE;
	else if (text[0] && !text[1] && text[0] != '.' && text[0] != '\r' && text[0] != '\n')
		*escape = (unsigned char)text[0];
	else
		return ctl_usage("console: --escape takes one character or none, not \"%s\"", text);
	return CTL_EXIT_OK;
}

static int parse(int argc, char **argv, struct choice *choice)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "interactive", no_argument, NULL, 'i' },
		{ "escape", required_argument, NULL, 'e' },
		{ 0 },
	};
	int c, code = CTL_EXIT_OK;

	while (!code && (c = getopt_long(argc, argv, "fie:", options, NULL)) != -1) {
		if (c == 'f')
			choice->follow = true;
		else if (c == 'i')
			choice->attach = true;
		else
			code = c == 'e' ? parse_escape(optarg, &choice->escape) : CTL_EXIT_USAGE;
	}
	if (code)
		return code;
	if (argc - optind > 1)
		return ctl_usage("console: one cell at most");
	choice->cell = argv[optind];
	if (choice->follow && choice->attach)
		return ctl_usage("console: either --follow or --interactive");
	if (choice->attach && !choice->cell)
		return ctl_usage("console: --interactive needs a cell, the hypervisor takes no input");
	return CTL_EXIT_OK;
}

/* capsulectl console [-f | -i] [-e CHAR] [CELL] */
int cmd_console(int argc, char **argv)
{
	struct choice choice = { .escape = CTL_ESCAPE };
	bool can_input = false;
	uint32_t ring;
	int fd, code = parse(argc, argv, &choice);

	if (!code)
		code = find_ring(choice.cell, &ring, &can_input);
	if (can_input && !choice.follow && !choice.attach && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		choice.attach = choice.reading_will_do = true;
	if (!code)
		code = open_ring(ring, &choice, &fd);
	if (code)
		return code;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		code = ctl_fail(CTL_EXIT_UNEXPECTED, "console: %s", strerror(errno));
	else if (choice.attach)
		code = ctl_attach(fd, choice.cell, choice.escape);
	else
		code = copy_ring(fd, choice.follow);
	close(fd);
	return code;
}

// SPDX-License-Identifier: Apache-2.0
/* console. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static int open_ring(uint32_t ring, const char *name, int *ring_fd)
{
	struct capsule_ioc_console arg = { .size = sizeof(arg), .ring = ring };
	struct ctl_words words = { .cell = name };
	int fd, code;

	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_call_fd(fd, CAPSULE_IOC_CONSOLE, &arg, &arg.err, &words, ring_fd);
	close(fd);
	return code;
}

static int find_ring(const char *name, uint32_t *ring)
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

/* capsulectl console [-f] [CELL] */
int cmd_console(int argc, char **argv)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ 0 },
	};
	bool follow = false;
	const char *name;
	uint32_t ring;
	int c, fd, code;

	while ((c = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (c != 'f')
			return CTL_EXIT_USAGE;
		follow = true;
	}
	if (argc - optind > 1)
		return ctl_usage("console: one cell at most");
	name = argv[optind];
	code = find_ring(name, &ring);
	if (!code)
		code = open_ring(ring, name, &fd);
	if (code)
		return code;
	if (fcntl(fd, F_SETFL, O_RDONLY | O_NONBLOCK) < 0)
		code = ctl_fail(CTL_EXIT_UNEXPECTED, "console: %s", strerror(errno));
	else
		code = copy_ring(fd, follow);
	close(fd);
	return code;
}

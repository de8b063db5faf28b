// SPDX-License-Identifier: Apache-2.0
/*
 * Waits for what happens in a cell, without looking again and again.
 *
 *   await text CELL TEXT SECONDS    until TEXT stands on the cell's console
 *   await state CELL STATE SECONDS  until sysfs says STATE
 *   await uevents COUNT SECONDS     COUNT uevents of the driver; prints
 *                                   "CELL STATE" for each, "ready" before
 *
 * Prints what was seen. Exit status 0 if it came, 1 if not within SECONDS.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CELLS "/sys/devices/virtual/misc/capsule/cells"

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = deadline - now_ms();

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

static pid_t follow_console(const char *cell, int *out)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		exit(2);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execlp("capsulectl", "capsulectl", "console", "-f", cell, (char *)NULL);
		exit(2);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

static bool await_text(const char *cell, const char *text, int64_t deadline)
{
	static char seen[1 << 20];
	size_t len = 0;
	bool found = false;
	ssize_t n = 1;
	pid_t pid;
	int fd;

	pid = follow_console(cell, &fd);
	while (!found && n > 0 && len < sizeof(seen) - 1 && wait_for(fd, POLLIN, deadline)) {
		n = read(fd, seen + len, sizeof(seen) - 1 - len);
		if (n > 0)
			len += (size_t)n;
		found = memmem(seen, len, text, strlen(text)) != NULL;
	}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	fwrite(seen, 1, len, stdout);
	return found;
}

static bool await_state(const char *cell, const char *state, int64_t deadline)
{
	char path[128], now[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), CELLS "/%s/state", cell);
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		perror(path);
		return false;
	}
	do {
		n = pread(fd, now, sizeof(now) - 1, 0);
		if (n <= 0)
			break;
		now[strcspn(now, "\n")] = '\0';
		if (!strcmp(now, state))
			break;
	} while (wait_for(fd, POLLPRI | POLLERR, deadline));
	puts(now);
	return !strcmp(now, state);
}

/* Prints one message of the kernel if it is the driver's. */
static bool put_uevent(const char *message, size_t len)
{
	const char *cell = NULL, *state = NULL, *at;

	for (at = message; at < message + len; at += strlen(at) + 1) {
		if (!strncmp(at, "CELL=", 5))
			cell = at + 5;
		else if (!strncmp(at, "STATE=", 6))
			state = at + 6;
	}
	if (!cell || !state)
		return false;
	printf("%s %s\n", cell, state);
	fflush(stdout);
	return true;
}

static bool await_uevents(int count, int64_t deadline)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	char message[8192];
	ssize_t n;
	int fd;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("uevents");
		return false;
	}
	puts("ready");
	fflush(stdout);
	while (count > 0 && wait_for(fd, POLLIN, deadline)) {
		n = recv(fd, message, sizeof(message) - 1, 0);
		if (n < 0)
			return false;
		message[n] = '\0';
		if (strstr(message, "/misc/capsule") && put_uevent(message, (size_t)n))
			count--;
	}
	return count <= 0;
}

int main(int argc, char **argv)
{
	int64_t deadline;

	if (argc < 4)
		goto usage;
	deadline = now_ms() + atoll(argv[argc - 1]) * 1000;
	if (argc == 5 && !strcmp(argv[1], "text"))
		return !await_text(argv[2], argv[3], deadline);
	if (argc == 5 && !strcmp(argv[1], "state"))
		return !await_state(argv[2], argv[3], deadline);
	if (argc == 4 && !strcmp(argv[1], "uevents"))
		return !await_uevents(atoi(argv[2]), deadline);
usage:
	fputs("usage: await text|state CELL WORD SECONDS | await uevents COUNT SECONDS\n", stderr);
	return 2;
}

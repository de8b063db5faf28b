// SPDX-License-Identifier: Apache-2.0
/* A terminal, or a pipe, joined to the virtual UART of a cell. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "attach.h"
#include "ctl.h"

#define NO_ROOM_BELL	'\a'

struct attachment {
	int fd;				/* of the console, O_NONBLOCK */
	const char *cell;
	int escape;			/* CTL_NO_ESCAPE or a byte */
	bool terminal;			/* stdin is one */
	bool end_of_input;
	bool left;			/* by the escape */
	enum { MIDDLE, LINE_START, ESCAPED } state;
	char pending[4096];		/* typed, not yet with the cell */
	size_t num_pending;
};

static struct termios before;
static volatile sig_atomic_t is_raw;

/* On every way out: also by exit() from anywhere. */
static void restore_terminal(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	is_raw = 0;
}

static int make_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before))
		return ctl_fail(CTL_EXIT_FILE, "standard input: %s", strerror(errno));
	raw = before;
	cfmakeraw(&raw);
	atexit(restore_terminal);
	is_raw = 1;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw))
		return ctl_fail(CTL_EXIT_FILE, "standard input: %s", strerror(errno));
	return CTL_EXIT_OK;
}

/* For the user, not the cell; the terminal may be raw. */
static void note(const struct attachment *a, const char *text)
{
	if (a->terminal)
		fprintf(stderr, "\r\n[%s: %s]\r\n", a->cell, text);
}

static void how_to_leave(const struct attachment *a)
{
	char text[64] = "no escape character, end capsulectl to leave";

	if (a->escape != CTL_NO_ESCAPE)
		snprintf(text, sizeof(text), "%c. at the beginning of a line leaves", a->escape);
	note(a, text);
}

static void keep(struct attachment *a, char byte)
{
	if (a->num_pending < sizeof(a->pending))
		a->pending[a->num_pending++] = byte;
	else if (putc(NO_ROOM_BELL, stderr) != EOF)
		fflush(stderr);
}

static bool ends_line(char byte)
{
	return byte == '\r' || byte == '\n';
}

static void escaped(struct attachment *a, char byte)
{
	a->state = ends_line(byte) ? LINE_START : MIDDLE;
	if (byte == '.') {
		a->left = true;
	} else if (byte == '?') {
		how_to_leave(a);
		a->state = LINE_START;
	} else {
		if (byte != a->escape)
			keep(a, (char)a->escape);
		keep(a, byte);
	}
}

static void typed(struct attachment *a, char byte)
{
	if (a->state == ESCAPED) {
		escaped(a, byte);
	} else if (a->state == LINE_START && (unsigned char)byte == a->escape) {
		a->state = ESCAPED;
	} else {
		a->state = ends_line(byte) ? LINE_START : MIDDLE;
		keep(a, byte);
	}
}

static int read_input(struct attachment *a)
{
	char buffer[1024];
	size_t size = sizeof(buffer), i;
	ssize_t n;

	/* A pipe waits, a terminal must be heard in any case. */
	if (!a->terminal && size > sizeof(a->pending) - a->num_pending)
		size = sizeof(a->pending) - a->num_pending;
	n = read(STDIN_FILENO, buffer, size);
	if (n < 0 && errno != EINTR && errno != EAGAIN && errno != EIO)
		return ctl_fail(CTL_EXIT_FILE, "standard input: %s", strerror(errno));
	/* EIO: the terminal is gone. */
	if (!n || (n < 0 && errno == EIO))
		a->end_of_input = true;
	for (i = 0; n > 0 && i < (size_t)n && !a->left; i++) {
		if (a->terminal)
			typed(a, buffer[i]);
		else
			keep(a, buffer[i]);
	}
	return CTL_EXIT_OK;
}

static int send_pending(struct attachment *a)
{
	ssize_t n = write(a->fd, a->pending, a->num_pending);

	if (n < 0 && errno == EPIPE)
		n = (ssize_t)a->num_pending;	/* gone, as read() will say */
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? CTL_EXIT_OK :
		       ctl_fail(CTL_EXIT_UNEXPECTED, "console: %s", strerror(errno));
	a->num_pending -= (size_t)n;
	memmove(a->pending, a->pending + n, a->num_pending);
	return CTL_EXIT_OK;
}

/* *ended: the cell is destroyed. */
static int show_output(const struct attachment *a, bool *ended)
{
	char buffer[4096];
	ssize_t n = read(a->fd, buffer, sizeof(buffer));

	*ended = n == 0;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? CTL_EXIT_OK :
		       ctl_fail(CTL_EXIT_UNEXPECTED, "console: %s", strerror(errno));
	if (fwrite(buffer, 1, (size_t)n, stdout) != (size_t)n || fflush(stdout))
		return ctl_fail(CTL_EXIT_FILE, "standard output: %s", strerror(errno));
	return CTL_EXIT_OK;
}

static int carry(struct attachment *a)
{
	bool ended = false;
	int code = CTL_EXIT_OK;

	while (!code && !ended && !a->left) {
		bool listen = !a->end_of_input &&
			      (a->terminal || a->num_pending < sizeof(a->pending));
		struct pollfd fds[2] = {
			{ .fd = a->fd, .events = POLLIN | (a->num_pending ? POLLOUT : 0) },
			{ .fd = listen ? STDIN_FILENO : -1, .events = POLLIN },
		};

		if (!ctl_poll(fds, 2))
			return CTL_EXIT_INTERRUPTED;
		if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
			code = show_output(a, &ended);
		if (!code && fds[1].revents)
			code = read_input(a);
		if (!code && a->num_pending && !ended)
			code = send_pending(a);
	}
	if (ended)
		note(a, "destroyed");
	return code;
}

int ctl_attach(int fd, const char *cell, int escape)
{
	struct attachment a = {
		.fd = fd, .cell = cell, .escape = escape, .state = LINE_START,
		.terminal = isatty(STDIN_FILENO),
	};
	int code = CTL_EXIT_OK;

	/* A closed pipe must end in a message, not in a raw terminal. */
	signal(SIGPIPE, SIG_IGN);
	how_to_leave(&a);
	if (a.terminal)
		code = make_raw();
	if (!code)
		code = carry(&a);
	if (a.left)
		note(&a, "left, and running on");
	restore_terminal();
	return code;
}

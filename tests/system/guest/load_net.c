// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK 8192U
#define PATIENCE 60 /* seconds in which an echo must come */

static bool parse_address(const char *text, struct sockaddr_in *address)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	address->sin_family = AF_INET;
	address->sin_port = htons((uint16_t)atoi(colon + 1));
	return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static int open_connection(struct worker *worker)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_in address = { 0 };
	int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (end < 0 || !parse_address(worker->target, &address)) {
		load_error(worker, "%s is no ADDRESS:PORT", worker->target);
		return -1;
	}
	setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(end, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(end, (struct sockaddr *)&address, sizeof(address)) < 0) {
		load_error(worker, "%s: %s", worker->target, strerror(errno));
		close(end);
		return -1;
	}
	return end;
}

/* Small enough for the buffers on the way, so sending all first cannot block for ever. */
static bool send_all(int end, const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(end, data, size, 0);

		if (sent <= 0)
			return false;
		data += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool echoed(struct worker *worker, int end, uint64_t seed)
{
	static unsigned char out[BLOCK], in[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		out[i] = (unsigned char)load_mix(seed + i / 8);
	if (!send_all(end, out, sizeof(out)) ||
	    recv(end, in, sizeof(in), MSG_WAITALL) != (ssize_t)sizeof(in)) {
		load_error(worker, "no echo: %s", strerror(errno));
		return false;
	}
	if (memcmp(in, out, sizeof(in)) != 0) {
		load_error(worker, "the echo is not what was sent");
		return false;
	}
	return true;
}

void load_net(struct worker *worker)
{
	int end = open_connection(worker);

	for (uint64_t seed = 1; end >= 0 && !load_stopping(); seed += BLOCK) {
		atomic_fetch_add(&worker->counts.submitted, 1);
		if (!echoed(worker, end, seed))
			break;
		atomic_fetch_add(&worker->counts.completed, 1);
	}
	if (end >= 0)
		close(end);
}

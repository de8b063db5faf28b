// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the agency busy until it is told to end, and checks every result.
 *
 *   load [-d DISK] [-n ADDRESS:PORT] [-m MIB] [-s SECONDS] [-o KINDS]
 *
 * KINDS names what to do, separated by commas, of disk, net, memory and timer
 * (default: all). On SIGUSR1 it prints how far it is, on SIGTERM or SIGINT, or
 * after SECONDS, it stops submitting, waits for what is under way, prints
 *
 *   disk: submitted 1234 completed 1234 errors 0
 *
 * and so on, then "load: ok" or "load: failed". Exit status 0 only if there was
 * no error, all that was submitted completed, and each kind did something.
 */
#define _GNU_SOURCE
#include "load.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOLD_REASONS 5 /* later ones of the same worker are only counted */

static atomic_bool stopping;

static struct worker workers[] = {
	{ .name = "disk", .run = load_disk, .target = "/dev/vda" },
	{ .name = "net", .run = load_net, .target = "10.0.2.100:7" },
	{ .name = "memory", .run = load_memory, .bytes = 64U << 20 },
	{ .name = "timer", .run = load_timer },
};

#define WORKERS (sizeof(workers) / sizeof(workers[0]))

bool load_stopping(void)
{
	return atomic_load(&stopping);
}

void load_error(struct worker *worker, const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&worker->counts.errors, 1) >= TOLD_REASONS)
		return;
	va_start(arguments, format);
	fprintf(stderr, "load: %s: ", worker->name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

static struct worker *find(const char *name)
{
	for (size_t i = 0; i < WORKERS; i++)
		if (strcmp(workers[i].name, name) == 0)
			return &workers[i];
	return NULL;
}

static void print_counts(const struct worker *worker)
{
	printf("%s: submitted %" PRIu64 " completed %" PRIu64 " errors %" PRIu64, worker->name,
	       atomic_load(&worker->counts.submitted), atomic_load(&worker->counts.completed),
	       atomic_load(&worker->counts.errors));
	if (worker->run == load_timer)
		printf(" latest by %" PRIu64 " us", atomic_load(&worker->worst_us));
	putchar('\n');
	fflush(stdout);
}

static bool all_well(const struct worker *worker)
{
	uint64_t completed = atomic_load(&worker->counts.completed);

	return completed > 0 && completed == atomic_load(&worker->counts.submitted) &&
	       atomic_load(&worker->counts.errors) == 0;
}

/* Leave only the workers in the list a function; the others lose theirs. */
static bool choose(char *list)
{
	bool wanted[WORKERS] = { false };

	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		struct worker *worker = find(name);

		if (!worker)
			return false;
		wanted[worker - workers] = true;
	}
	for (size_t i = 0; i < WORKERS; i++)
		if (!wanted[i])
			workers[i].run = NULL;
	return true;
}

/* Options into workers and seconds; false if they make no sense. */
static bool parse(int argc, char **argv, unsigned int *seconds)
{
	int option;

	while ((option = getopt(argc, argv, "d:n:m:s:o:")) != -1) {
		switch (option) {
		case 'd':
			find("disk")->target = optarg;
			break;
		case 'n':
			find("net")->target = optarg;
			break;
		case 'm':
			find("memory")->bytes = strtoul(optarg, NULL, 10) << 20;
			break;
		case 's':
			*seconds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			if (!choose(optarg))
				return false;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static void *enter(void *data)
{
	struct worker *worker = data;

	worker->run(worker);
	return NULL;
}

/* Wait for a signal that ends the program; report at each SIGUSR1 until then. */
static void wait_for_end(const sigset_t *signals, unsigned int seconds)
{
	int number;

	alarm(seconds);
	while (sigwait(signals, &number) == 0 && number == SIGUSR1)
		for (size_t i = 0; i < WORKERS; i++)
			if (workers[i].run)
				print_counts(&workers[i]);
}

int main(int argc, char **argv)
{
	unsigned int seconds = 0;
	bool ok = true;
	sigset_t signals;

	if (!parse(argc, argv, &seconds)) {
		fprintf(stderr, "usage: %s [-d DISK] [-n ADDRESS:PORT] [-m MIB] [-s SECONDS]"
				" [-o disk,net,memory,timer]\n", argv[0]);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGALRM);
	sigaddset(&signals, SIGUSR1);
	/* Before the threads are made, so that none of them takes a signal. */
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	for (size_t i = 0; i < WORKERS; i++)
		if (workers[i].run &&
		    pthread_create(&workers[i].thread, NULL, enter, &workers[i]) != 0)
			abort();
	wait_for_end(&signals, seconds);
	atomic_store(&stopping, true);
	for (size_t i = 0; i < WORKERS; i++) {
		if (!workers[i].run)
			continue;
		pthread_join(workers[i].thread, NULL);
		print_counts(&workers[i]);
		ok = all_well(&workers[i]) && ok;
	}
	puts(ok ? "load: ok" : "load: failed");
	return ok ? 0 : 1;
}

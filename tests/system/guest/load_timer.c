// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "load.h"

#include <string.h>
#include <time.h>

#define PERIOD_NS 5000000L
#define SECOND_NS 1000000000L
#define LATE_US (30U * 1000000U)

static int64_t microseconds_after(const struct timespec *late, const struct timespec *early)
{
	return (late->tv_sec - early->tv_sec) * 1000000 +
	       (late->tv_nsec - early->tv_nsec) / 1000;
}

static void judge(struct worker *worker, const struct timespec *due, const struct timespec *now)
{
	int64_t late = microseconds_after(now, due);

	if (late < 0)
		load_error(worker, "woke %lld us early", (long long)-late);
	else if (late > LATE_US)
		load_error(worker, "woke %lld us late", (long long)late);
	else if ((uint64_t)late > atomic_load(&worker->worst_us))
		atomic_store(&worker->worst_us, (uint64_t)late);
}

void load_timer(struct worker *worker)
{
	struct timespec due, now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	while (!load_stopping()) {
		int error;

		due = now;
		due.tv_nsec += PERIOD_NS;
		if (due.tv_nsec >= SECOND_NS) {
			due.tv_nsec -= SECOND_NS;
			due.tv_sec++;
		}
		atomic_fetch_add(&worker->counts.submitted, 1);
		error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		if (error)
			load_error(worker, "clock_nanosleep: %s", strerror(error));
		clock_gettime(CLOCK_MONOTONIC, &now);
		judge(worker, &due, &now);
		atomic_fetch_add(&worker->counts.completed, 1);
	}
}

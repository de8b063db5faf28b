// SPDX-License-Identifier: Apache-2.0
/* A bar on stderr for what takes long. */
#include <inttypes.h>
#include <unistd.h>

#include "ctl.h"

#define BAR_WIDTH	40
#define LONG_LOAD	(8UL << 20)	/* bytes; less is over before it can be read */

/*
 * Prepares a bar for @total bytes (0: unknown). It is shown on a terminal when
 * there is much to do, with @always in any case.
 */
void ctl_progress_start(struct ctl_progress *p, const char *what, uint64_t total, bool always)
{
	*p = (struct ctl_progress) {
		.what = what,
		.total = total,
		.percent = -1,
		.on = always || (isatty(STDERR_FILENO) && (!total || total >= LONG_LOAD)),
	};
}

/* Shows that @done bytes are done. */
void ctl_progress_update(struct ctl_progress *p, uint64_t done)
{
	int percent, filled;

	if (!p->on)
		return;
	p->shown = true;
	if (!p->total) {
		fprintf(stderr, "\r%s: %" PRIu64 " KiB", p->what, done >> 10);
		return;
	}
	percent = (int)(done * 100 / p->total);
	if (percent == p->percent)
		return;
	p->percent = percent;
	filled = percent * BAR_WIDTH / 100;
	fprintf(stderr, "\r%s: [%.*s%*s] %3d%%", p->what, filled,
		"########################################", BAR_WIDTH - filled, "", percent);
}

/* Ends the bar's line. */
void ctl_progress_end(struct ctl_progress *p)
{
	if (p->shown)
		fputc('\n', stderr);
	p->on = false;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting a cell again as it was started last: when its user asks for it,
 * and when the guest reboots (PSCI SYSTEM_RESET, which EL2 shows as state
 * CAPSULE_CELL_RESET).
 */
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "cell.h"

/* A guest that reboots sooner after its start waits: the agency has other things to do. */
#define PAUSE	(2 * HZ)

static int reload_and_start(struct capsule_cell *cell, struct capsule_err *err)
{
	bool anew;
	int rc = cell_make_loadable(cell, false, &anew, err);

	if (!rc)
		rc = pieces_load(cell, err);
	return rc ? rc : cell_start_as_before(cell, err);
}

/**
 * cell_restart() - stop a cell, load what is kept of its images, start it
 * @force: do not ask the guest before it is stopped
 */
int cell_restart(struct capsule_cell *cell, bool force, struct capsule_err *err)
{
	int rc;

	if (capsule.stopping)
		return refuse(err, -EBUSY, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	if (!pieces_complete(cell) || !cell->started)
		return refuse(err, -EINVAL, CAPSULE_REASON_NOT_KEPT, 0, 0);
	rc = cell_stop(cell, force, err);
	return rc ? rc : reload_and_start(cell, err);
}

static void restart_guest(struct capsule_cell *cell)
{
	struct capsule_err err = { 0 };
	int rc = reload_and_start(cell, &err);

	if (rc)
		pr_err("cell %s rebooted but could not be loaded again: error %d, reason %u\n",
		       cell_name(cell), rc, err.reason);
}

static bool wants_restart(const struct capsule_cell *cell)
{
	return READ_ONCE(capsule.status->cell[cell->id].state) == CAPSULE_CELL_RESET &&
	       pieces_complete(cell);
}

/* Jiffies until the next that is not yet due, or 0. */
static unsigned long restart_those_due(void)
{
	struct capsule_cell *cell;
	unsigned long wait = 0, due;

	list_for_each_entry(cell, &capsule.cells, list) {
		/* The end of the machine waits for us, but not for long. */
		if (READ_ONCE(capsule.stopping))
			return 0;
		if (!wants_restart(cell))
			continue;
		due = cell->started_at + PAUSE;
		if (time_before(jiffies, due))
			wait = wait ? min(wait, due - jiffies) : due - jiffies;
		else
			restart_guest(cell);
	}
	return wait;
}

static void restart_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(restart, restart_work);

static void restart_work(struct work_struct *work)
{
	unsigned long wait = 0;

	/* From here on calls wait for the lock instead of failing. */
	atomic_inc(&capsule.own_calls);
	mutex_lock(&capsule.lock);
	if (capsule.enabled && !capsule.stopping)
		wait = restart_those_due();
	mutex_unlock(&capsule.lock);
	atomic_dec(&capsule.own_calls);
	if (wait)
		queue_delayed_work(system_unbound_wq, &restart, wait);
}

/**
 * restart_soon() - a guest has rebooted
 *
 * Any context.
 */
void restart_soon(void)
{
	mod_delayed_work(system_unbound_wq, &restart, 0);
}

/**
 * restart_quiesce() - before the module goes
 *
 * Context: not under capsule.lock.
 */
void restart_quiesce(void)
{
	cancel_delayed_work_sync(&restart);
}

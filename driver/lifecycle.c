// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a cell: create, start, shut down, destroy. EL2 decides, the
 * driver brings what is needed and takes back what is left. Every call either
 * completes or leaves the cell in the state it had.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include <capsule/comm.h>

#include "cell.h"
#include "hvc.h"

#define STOP_TIMEOUT_MS		1000	/* for a CPU to come to EL2 when signalled */
#define POLL_MS			4	/* EL2 also notifies, but a guest's reply does not */

struct el2_state {
	s64 state;		/* enum capsule_cell_state, or negative errno */
	u64 reply;		/* enum capsule_comm_reply */
	u64 not_parked;		/* CPUs */
};

static struct el2_state ask_state(const struct capsule_cell *cell)
{
	struct hvc_result res;

	hvc(CAPSULE_CALL_CELL_STATE, cell->id, 0, &res);
	return (struct el2_state){ .state = res.x0, .reply = res.x1, .not_parked = res.x2 };
}

static bool is_stopped(const struct el2_state *s)
{
	return s->state >= 0 && s->state != CAPSULE_CELL_STARTING && s->state != CAPSULE_CELL_RUNNING &&
	       s->state != CAPSULE_CELL_STOPPING && !s->not_parked;
}

/* Let EL2 complete a transition, slice by slice. */
static int do_work(u32 id, bool interruptible, struct capsule_err *err)
{
	int rc;

	while ((rc = hvc_err(CAPSULE_CALL_CELL_WORK, id, 0, err)) > 0) {
		if (interruptible && signal_pending(current))
			return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
		cond_resched();
	}
	return rc;
}

/* The end of a cell at EL2. Resources are the agency's again if it returns 0. */
static int destroy_at_el2(u32 id, struct capsule_err *err)
{
	int rc = hvc_err(CAPSULE_CALL_CELL_DESTROY, id, 0, err);

	return rc < 0 ? rc : do_work(id, false, err);
}

static int create_at_el2(struct capsule_cell *cell, struct capsule_err *err)
{
	struct capsule_err ignored;
	int rc = hvc_err(CAPSULE_CALL_CELL_CREATE, virt_to_phys(cell->config), cell->config_size,
			 err);

	if (rc < 0)
		return rc;
	if (rc == 0 || rc >= CAPSULE_MAX_CELLS)
		return -EIO;
	cell->id = (u32)rc;
	rc = do_work(cell->id, true, err);
	if (!rc)
		rc = hvc_err(CAPSULE_CALL_CELL_SET_LOADABLE, cell->id, 0, err);
	if (!rc)
		rc = cell_register(cell);
	if (!rc)
		return 0;
	if (destroy_at_el2(cell->id, &ignored))
		resources_abandon(cell);
	else
		resources_release(cell);
	return rc;
}

static int check_new(const void *config, size_t size, struct capsule_err *err)
{
	const struct capsule_cell_desc *desc = config;
	int rc;

	if (!capsule.enabled || capsule.stopping)
		return refuse(err, -EINVAL, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	rc = config_check_cell(desc, size, err);
	if (!rc && cell_name_used(desc->name))
		rc = refuse(err, -EEXIST, CAPSULE_REASON_NAME_IN_USE, 0, 0);
	return rc;
}

/**
 * cell_create() - make a cell of the agency's resources
 * @config: cell configuration; copied
 * @unbind: see devices_take()
 * @cell: where to put the cell, with a reference for the caller
 *
 * Return: 0 and the cell is loadable; otherwise nothing has changed.
 */
int cell_create(const void *config, size_t size, bool unbind, struct capsule_cell **cell,
		struct capsule_err *err)
{
	struct capsule_cell *new;
	int rc = check_new(config, size, err);

	if (rc)
		return rc;
	new = cell_alloc(config, size);
	if (!new)
		return -ENOMEM;
	rc = resources_take(new, unbind, err);
	if (!rc) {
		rc = create_at_el2(new, err);
		if (rc && !new->id)
			resources_release(new);
	}
	if (rc) {
		cell_put(new);
		return rc;
	}
	cell_get(new);
	*cell = new;
	return 0;
}

/**
 * cell_make_loadable() - let the agency fill the cell's LOADABLE memory
 * @check_only: change nothing, only say whether it would be possible
 * @anew: set to whether it was not loadable before; what was loaded is gone then
 *
 * A stopped cell, failed or not, may be loaded again.
 */
int cell_make_loadable(struct capsule_cell *cell, bool check_only, bool *anew,
		       struct capsule_err *err)
{
	struct el2_state s = ask_state(cell);
	int rc;

	*anew = s.state != CAPSULE_CELL_LOADABLE;
	if (!*anew)
		return 0;
	if (!is_stopped(&s))
		return refuse(err, -EBUSY, CAPSULE_REASON_RUNNING, 0, 0);
	if (check_only)
		return 0;
	while ((rc = hvc_err(CAPSULE_CALL_CELL_SET_LOADABLE, cell->id, 0, err)) == 1) {
		/* What the cell left in its memory is not ours to see. */
		rc = do_work(cell->id, true, err);
		if (rc)
			return rc;
	}
	if (rc >= 0)
		cells_changed();
	return min(rc, 0);
}

static bool needs_load(const struct capsule_cell *cell)
{
	const struct capsule_memory *m = config_regions(cell->config);
	u32 i;

	for (i = 0; i < cell->config->num_memory_regions; i++)
		if (m[i].flags & CAPSULE_MEM_LOADABLE)
			return !cell->loaded;
	return false;
}

static int check_start(struct capsule_cell *cell, struct capsule_err *err)
{
	struct el2_state s = ask_state(cell);

	if (capsule.stopping)
		return refuse(err, -EBUSY, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	if (s.state == CAPSULE_CELL_FAILED && s.not_parked == 0)
		return refuse(err, -EINVAL, CAPSULE_REASON_FAILED, 0, 0);
	if (!is_stopped(&s))
		return refuse(err, -EBUSY, CAPSULE_REASON_RUNNING, 0, 0);
	if (needs_load(cell))
		return refuse(err, -EINVAL, CAPSULE_REASON_NOT_LOADED, 0, 0);
	return 0;
}

/**
 * cell_start_as_before() - run a loaded cell, with entry and argument as it has them
 *
 * A guest of which all pieces are kept may reboot: EL2 leaves it to us then.
 */
int cell_start_as_before(struct capsule_cell *cell, struct capsule_err *err)
{
	u64 flags = cell->start_flags | (pieces_complete(cell) ? CAPSULE_START_RELOAD : 0);
	int rc = hvc4_err(CAPSULE_CALL_CELL_START, cell->id, flags, cell->entry,
			  cell->argument, err);

	if (rc < 0)
		return rc;
	cell->loaded = false;
	cell->started = true;
	cell->started_at = jiffies;
	rc = do_work(cell->id, false, err);
	cells_changed();
	return rc;
}

/**
 * cell_start() - run a loaded cell
 *
 * From here on the agency does not see the cell's memory.
 */
int cell_start(struct capsule_cell *cell, const struct capsule_ioc_start *start,
	       struct capsule_err *err)
{
	bool given = start->flags & CAPSULE_FLAG_ENTRY, anew;
	int rc = check_start(cell, err);

	if (!rc)
		rc = cell_make_loadable(cell, false, &anew, err);
	if (rc < 0)
		return rc;
	cell->start_flags = given ? CAPSULE_START_ENTRY : 0;
	cell->entry = given ? start->entry : 0;
	cell->argument = given ? start->argument : 0;
	return cell_start_as_before(cell, err);
}

static bool has_answered(const struct capsule_cell *cell, struct el2_state *s)
{
	*s = ask_state(cell);
	return is_stopped(s) || s->state < 0 || s->reply == CAPSULE_REPLY_REQUEST_DENIED ||
	       s->reply == CAPSULE_REPLY_REQUEST_APPROVED || s->reply == CAPSULE_REPLY_UNKNOWN;
}

/* A machine that goes down does not wait for as long as a configuration says. */
static unsigned long shortened(unsigned long deadline)
{
	unsigned long latest = jiffies + msecs_to_jiffies(CAPSULE_MSG_TIMEOUT_DEFAULT);

	return READ_ONCE(capsule.stopping) && time_after(deadline, latest) ? latest : deadline;
}

/* Ask the guest. Anything but a denial within its time means: go on. */
static int request_shutdown(struct capsule_cell *cell, struct capsule_err *err)
{
	u32 ms = cell->config->msg_reply_timeout ?: CAPSULE_MSG_TIMEOUT_DEFAULT;
	unsigned long deadline = jiffies + msecs_to_jiffies(ms);
	struct el2_state s = { .reply = CAPSULE_REPLY_NONE };
	int rc = hvc_err(CAPSULE_CALL_CELL_SHUTDOWN, cell->id, 0, err);

	if (rc <= 0)
		return rc;
	do {
		long left = wait_event_interruptible_timeout(capsule.wait, has_answered(cell, &s),
							     msecs_to_jiffies(POLL_MS));
		if (left < 0)
			return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
		if (left > 0)
			break;
		deadline = shortened(deadline);
	} while (time_before(jiffies, deadline));
	if (!is_stopped(&s) && s.reply == CAPSULE_REPLY_REQUEST_DENIED)
		return refuse(err, -EBUSY, CAPSULE_REASON_SHUTDOWN_DENIED, 0, 0);
	return 0;
}

static bool has_stopped(const struct capsule_cell *cell)
{
	struct el2_state s = ask_state(cell);

	return is_stopped(&s);
}

/* The first CPU of the cell that does not wait at EL2, for the message. */
static unsigned int stuck_cpu(const struct capsule_cell *cell)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CAPSULE_MAX_CPUS; cpu++)
		if ((cell->cpus & BIT_ULL(cpu)) && !READ_ONCE(capsule.status->cpu[cpu].parked))
			break;
	return cpu;
}

/* No guest can withstand this; only a CPU that is broken could. */
static int stop_cpus(struct capsule_cell *cell, struct capsule_err *err)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(STOP_TIMEOUT_MS);
	int rc = hvc_err(CAPSULE_CALL_CELL_STOP, cell->id, 0, err);

	if (rc < 0)
		return rc;
	while (!wait_event_timeout(capsule.wait, has_stopped(cell), msecs_to_jiffies(POLL_MS)))
		if (time_after(jiffies, deadline) && !has_stopped(cell))
			return refuse(err, -ETIMEDOUT, CAPSULE_REASON_STUCK_CPU, stuck_cpu(cell),
				      0);
	return 0;
}

static int stop(struct capsule_cell *cell, bool force, struct capsule_err *err)
{
	int rc = 0;

	if (!force)
		rc = request_shutdown(cell, err);
	if (!rc)
		rc = stop_cpus(cell, err);
	cells_changed();
	return rc;
}

/**
 * cell_shutdown() - stop a running cell
 * @force: do not ask the guest
 *
 * The guest may deny within its msg_reply_timeout; after that it is stopped
 * all the same.
 */
int cell_shutdown(struct capsule_cell *cell, bool force, struct capsule_err *err)
{
	struct el2_state s = ask_state(cell);

	if (s.state == CAPSULE_CELL_RESET)
		return stop(cell, true, err);
	if (is_stopped(&s))
		return refuse(err, -EINVAL,
			      s.state == CAPSULE_CELL_FAILED ? CAPSULE_REASON_FAILED :
			      CAPSULE_REASON_NOT_RUNNING, 0, 0);
	return stop(cell, force, err);
}

/**
 * cell_stop() - the same, for a cell that need not run
 */
int cell_stop(struct capsule_cell *cell, bool force, struct capsule_err *err)
{
	struct el2_state s = ask_state(cell);

	return is_stopped(&s) ? 0 : stop(cell, force, err);
}

/**
 * cell_destroy() - stop a cell if it runs, and take everything back
 * @force: do not ask the guest
 *
 * Return: 0; or an errno value and the cell is still there. If EL2 fails half
 * way, which it must not, the cell is gone but what it had stays lost.
 */
int cell_destroy(struct capsule_cell *cell, bool force, struct capsule_err *err)
{
	int rc = cell_stop(cell, force, err);

	if (!rc)
		rc = hvc_err(CAPSULE_CALL_CELL_DESTROY, cell->id, 0, err);
	if (rc < 0)
		return rc;
	rc = do_work(cell->id, false, err);
	cell_unregister(cell);
	if (rc)
		resources_abandon(cell);
	else
		resources_release(cell);
	/* Open descriptors may keep the object, but not the files: nobody loads any more. */
	pieces_forget(cell);
	cell_put(cell);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers of the console rings in the status area: one descriptor, one
 * reader with a position of its own. A reader that has seen all of a ring has
 * EL2 notify the driver of the next byte; a guest that writes byte by byte
 * gets its readers woken every few milliseconds, not for every byte. The
 * same descriptor may be the input of a cell's virtual UART.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "cell.h"
#include "hvc.h"

#define REARM_MS	5	/* between two notifications that one reader asks for */
#define PIECE		1024	/* bytes copied at a time */

struct reader {
	struct mutex lock;	/* one read() at a time */
	struct capsule_cell *cell;	/* NULL: a ring that lasts while enabled */
	u32 ring;
	u32 generation;		/* of the ring when it was opened */
	u64 epoch;
	u64 position;		/* next byte, counted as the ring's written */
	unsigned long armed;	/* jiffies, when EL2 was last asked to notify */
	char text[64];		/* of the driver's own, to be read first */
	size_t text_len;
	u8 piece[PIECE];
};

static DECLARE_WAIT_QUEUE_HEAD(readers);

static void look_work(struct work_struct *work)
{
	wake_up_all(&readers);
}

static DECLARE_DELAYED_WORK(look, look_work);

/**
 * console_wake() - readers have something to look at, or their ring is gone
 */
void console_wake(void)
{
	wake_up_all(&readers);
}

/* The reader's ring, or NULL if it is gone. Under view. */
static const struct capsule_console_ring *get_ring(const struct reader *r)
{
	const struct capsule_status *status = capsule.status;
	const struct capsule_console_ring *ring;

	if (!status || r->epoch != capsule.epoch)
		return NULL;
	ring = (const void *)status + status->rings_offset + r->ring * CAPSULE_RING_BYTES;
	return READ_ONCE(ring->generation) == r->generation ? ring : NULL;
}

static void report_loss(struct reader *r, u64 lost)
{
	r->text_len = (size_t)scnprintf(r->text, sizeof(r->text), "[%llu bytes lost]\n", lost);
	r->position += lost;
}

static size_t copy_ring(struct reader *r, const struct capsule_console_ring *ring, size_t max)
{
	u64 written = smp_load_acquire(&ring->written);
	u32 size = CAPSULE_RING_DATA, from;
	size_t count;

	if (written - r->position > size) {
		report_loss(r, written - size - r->position);
		return 0;
	}
	from = (u32)(r->position & (size - 1));
	count = min3((u64)max, written - r->position, (u64)PIECE);
	count = min_t(size_t, count, size - from);
	memcpy(r->piece, ring->data + from, count);
	/* What was overwritten meanwhile is not worth showing. */
	smp_rmb();
	written = READ_ONCE(ring->written);
	if (written - r->position > size) {
		report_loss(r, written - size - r->position);
		return 0;
	}
	r->position += count;
	return count;
}

/* Fill piece or text. Return: bytes in piece, or -ENODATA at the end for good. */
static ssize_t fetch(struct reader *r, size_t max)
{
	const struct capsule_console_ring *ring;
	ssize_t count = -ENODATA;

	down_read(&capsule.view);
	ring = get_ring(r);
	if (ring) {
		count = (ssize_t)copy_ring(r, ring, max);
		if (!count && !r->text_len && r->cell && !r->cell->alive)
			count = -ENODATA;
	}
	up_read(&capsule.view);
	return count;
}

static ssize_t read_text(struct reader *r, char __user *to, size_t len)
{
	size_t count = min(len, r->text_len);

	if (copy_to_user(to, r->text, count))
		return -EFAULT;
	r->text_len -= count;
	memmove(r->text, r->text + count, r->text_len);
	return (ssize_t)count;
}

/*
 * Ask for a wake-up at the next byte: from EL2, or if it was asked a moment
 * ago, by looking again a moment later. Under view. While EL2 changes hands
 * nobody is asked; whoever does that wakes us at its end.
 *
 * Return: true if there is a byte by now.
 */
static bool ask(struct reader *r)
{
	unsigned long interval = msecs_to_jiffies(REARM_MS);
	struct hvc_result res;

	if (!READ_ONCE(capsule.enabled))
		return false;
	if (time_before(jiffies, READ_ONCE(r->armed) + interval)) {
		schedule_delayed_work(&look, interval);
		return false;
	}
	WRITE_ONCE(r->armed, jiffies);
	return hvc(CAPSULE_CALL_CONSOLE_ARM, r->ring, r->position, &res) != 0;
}

/* Something to read, or the end of it? If not, somebody wakes us. */
static bool is_ready(struct reader *r)
{
	const struct capsule_console_ring *ring;
	bool ready;

	down_read(&capsule.view);
	ring = get_ring(r);
	ready = !ring || r->text_len || (r->cell && !r->cell->alive) ||
		READ_ONCE(ring->written) != r->position || ask(r);
	up_read(&capsule.view);
	return ready;
}

static ssize_t read_some(struct reader *r, char __user *to, size_t len)
{
	ssize_t count;

	if (!r->text_len) {
		count = fetch(r, len);
		if (count == -ENODATA)
			return 0;
		if (count > 0)
			return copy_to_user(to, r->piece, (size_t)count) ? -EFAULT : count;
	}
	return r->text_len ? read_text(r, to, len) : -EAGAIN;
}

/* Looking takes a lock, so this is no place for wait_event(). */
static int wait_ready(struct reader *r)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int rc = 0;

	add_wait_queue(&readers, &wait);
	while (!rc && !is_ready(r)) {
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
		if (signal_pending(current))
			rc = -ERESTARTSYS;
	}
	remove_wait_queue(&readers, &wait);
	return rc;
}

static ssize_t console_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct reader *r = file->private_data;
	bool again = false;
	ssize_t count;

	if (!len)
		return 0;
	for (;;) {
		if (mutex_lock_interruptible(&r->lock))
			return -ERESTARTSYS;
		count = read_some(r, to, len);
		mutex_unlock(&r->lock);
		if (count != -EAGAIN)
			return count;
		if (!(file->f_flags & O_NONBLOCK)) {
			if (wait_ready(r))
				return -ERESTARTSYS;
			continue;
		}
		/* Edge-triggered epoll asks only after a wake-up: see that there will be one. */
		if (again || !is_ready(r))
			return -EAGAIN;
		again = true;
	}
}

/*
 * Give the cell a piece of input.
 *
 * Return: bytes taken, 0 if there is no room; -EPIPE if the cell is gone.
 */
static ssize_t send(struct reader *r, const u64 words[4], size_t len, u64 *room)
{
	ssize_t count = -EPIPE;

	down_read(&capsule.view);
	if (get_ring(r) && r->cell->alive)
		count = (ssize_t)hvc_console_input(r->ring, len, words, room);
	up_read(&capsule.view);
	return count < 0 ? -EPIPE : count;
}

static ssize_t send_or_wait(struct reader *r, const u64 words[4], size_t len, bool wait)
{
	DEFINE_WAIT_FUNC(entry, woken_wake_function);
	ssize_t count;
	u64 room;

	add_wait_queue(&readers, &entry);
	for (;;) {
		count = send(r, words, len, &room);
		if (!count && !wait)
			count = -EAGAIN;
		if (!count && signal_pending(current))
			count = -ERESTARTSYS;
		if (count)
			break;
		wait_woken(&entry, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&readers, &entry);
	return count;
}

/* A whole read() may block meanwhile; two writers' bytes mix. */
static ssize_t console_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct reader *r = file->private_data;
	size_t done = 0;

	while (done < len) {
		size_t piece = min_t(size_t, len - done, CAPSULE_CONSOLE_INPUT_MAX);
		u64 words[4] = { 0 };
		ssize_t count;

		if (copy_from_user(words, from + done, piece))
			return done ? (ssize_t)done : -EFAULT;
		count = send_or_wait(r, words, piece, !(file->f_flags & O_NONBLOCK));
		if (count < 0)
			return done ? (ssize_t)done : count;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

/* Asking for the room has EL2 notify if there is none. */
static bool has_room(struct reader *r)
{
	static const u64 nothing[4];
	u64 room = 0;

	return send(r, nothing, 0, &room) < 0 || room;
}

static __poll_t console_poll(struct file *file, poll_table *table)
{
	struct reader *r = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &readers, table);
	if (is_ready(r))
		mask |= EPOLLIN | EPOLLRDNORM;
	if ((file->f_mode & FMODE_WRITE) && (poll_requested_events(table) & EPOLLOUT) &&
	    has_room(r))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static int console_release(struct inode *inode, struct file *file)
{
	struct reader *r = file->private_data;

	if (r->cell)
		cell_put(r->cell);
	kfree(r);
	return 0;
}

static const struct file_operations console_fops = {
	.owner = THIS_MODULE,
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.release = console_release,
};

/* Begin at the oldest byte the ring still has. */
static int attach(struct reader *r, struct capsule_err *err)
{
	const struct capsule_console_ring *ring;
	u64 written;

	down_read(&capsule.view);
	if (!capsule.status) {
		up_read(&capsule.view);
		return refuse(err, -EINVAL, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	}
	r->epoch = capsule.epoch;
	ring = (const void *)capsule.status + capsule.status->rings_offset +
	       r->ring * CAPSULE_RING_BYTES;
	r->generation = READ_ONCE(ring->generation);
	written = READ_ONCE(ring->written);
	r->position = written > CAPSULE_RING_DATA ? written - CAPSULE_RING_DATA : 0;
	up_read(&capsule.view);
	return 0;
}

static int choose(struct reader *r, u32 ring, bool input, struct capsule_err *err)
{
	bool has_uart;

	r->ring = ring;
	if (ring == CAPSULE_RING_HYPERVISOR)
		return input ? refuse(err, -EINVAL, CAPSULE_REASON_NO_INPUT, ring, 0) : 0;
	r->cell = ring ? cell_find("", ring) : NULL;
	if (!r->cell)
		return refuse(err, -ENOENT, ring ? CAPSULE_REASON_NO_SUCH_CELL :
			      CAPSULE_REASON_ROOT_CELL, ring, 0);
	has_uart = r->cell->config->console.flags & CAPSULE_CON_VIRTUAL;
	if (!has_uart && !(r->cell->config->flags & CAPSULE_CELL_CONSOLE_PERMITTED))
		return refuse(err, -EINVAL, CAPSULE_REASON_NO_CONSOLE, ring, 0);
	if (input && !has_uart)
		return refuse(err, -EINVAL, CAPSULE_REASON_NO_INPUT, ring, 0);
	return 0;
}

/**
 * console_open() - a descriptor for one console ring
 *
 * Return: the descriptor, or a negative errno value with the reason.
 */
int console_open(struct capsule_ioc_console *arg)
{
	bool input = arg->flags & CAPSULE_CONSOLE_INPUT;
	struct reader *r;
	int rc;

	if (arg->flags & ~CAPSULE_CONSOLE_INPUT || arg->reserved)
		return -EINVAL;
	if (input && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!READ_ONCE(capsule.enabled))
		return refuse(&arg->err, -EINVAL, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	r->armed = jiffies - HZ;
	rc = choose(r, arg->ring, input, &arg->err);
	if (!rc)
		rc = attach(r, &arg->err);
	if (!rc)
		rc = anon_inode_getfd("[capsule-console]", &console_fops, r,
				      (input ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (rc < 0) {
		if (r->cell)
			cell_put(r->cell);
		kfree(r);
	}
	return rc;
}

/**
 * console_quiesce() - before the module goes
 */
void console_quiesce(void)
{
	cancel_delayed_work_sync(&look);
}

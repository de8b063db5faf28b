// SPDX-License-Identifier: GPL-2.0-only
/* The calls on /dev/capsule and on the descriptors of cells. */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <capsule/call.h>

#include "cell.h"

static const struct file_operations cell_fops;

/*
 * Every argument begins with its size and has an err, at a place that its
 * type tells. They are read whole, worked on, and written back whole.
 */
union ioctl_arg {
	u32 size;
	struct capsule_ioc_version version;
	struct capsule_ioc_config config;
	struct capsule_ioc_simple simple;
	struct capsule_ioc_open open;
	struct capsule_ioc_load load;
	struct capsule_ioc_start start;
	struct capsule_ioc_cell_config cell_config;
	struct capsule_ioc_cell_info info;
	struct capsule_ioc_console console;
	struct capsule_ioc_machine machine;
};

struct command {
	unsigned int cmd;
	bool manages;		/* needs CAP_SYS_ADMIN and the management lock */
	size_t err;		/* offset of err in the argument */
	long (*call)(struct capsule_cell *cell, union ioctl_arg *arg);
};

static long do_version(struct capsule_cell *cell, union ioctl_arg *arg)
{
	arg->version.ioctl_version = CAPSULE_IOCTL_VERSION;
	arg->version.abi_version = CAPSULE_ABI_VERSION;
	arg->version.enabled = READ_ONCE(capsule.enabled);
	return 0;
}

static void *get_config(struct capsule_ioc_config *c, u32 flags)
{
	if (c->flags & ~flags)
		return ERR_PTR(-EINVAL);
	if (c->config_size > CAPSULE_CONFIG_MAX_SIZE || !c->config_size)
		return ERR_PTR(refuse(&c->err, -EINVAL, CAPSULE_REASON_CFG_SIZE, c->config_size,
				      CAPSULE_CONFIG_MAX_SIZE));
	return memdup_user(u64_to_user_ptr(c->config), c->config_size);
}

static long do_enable(struct capsule_cell *cell, union ioctl_arg *arg)
{
	struct capsule_ioc_config *c = &arg->config;
	void *config = get_config(c, 0);
	long rc;

	if (IS_ERR(config))
		return PTR_ERR(config);
	rc = capsule_enable(config, c->config_size, &c->err);
	kfree(config);
	return rc;
}

static long do_disable(struct capsule_cell *cell, union ioctl_arg *arg)
{
	return arg->simple.flags ? -EINVAL : capsule_disable(&arg->simple.err);
}

static long do_machine(struct capsule_cell *cell, union ioctl_arg *arg)
{
	return machine_judge(&arg->machine);
}

/* Takes over the reference to the cell, whatever happens. */
static struct file *cell_file(struct capsule_cell *cell)
{
	struct file *file = anon_inode_getfile("[capsule-cell]", &cell_fops, cell, O_RDWR);

	if (IS_ERR(file))
		cell_put(cell);
	return file;
}

/* The descriptor is reserved first, so that a cell is not made in vain. */
static long create_with_fd(struct capsule_ioc_config *c, const void *config)
{
	struct capsule_err ignored;
	struct capsule_cell *cell;
	struct file *file;
	int rc, fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0)
		return fd;
	rc = cell_create(config, c->config_size, c->flags & CAPSULE_FLAG_UNBIND, &cell, &c->err);
	if (!rc) {
		file = cell_file(cell);
		if (!IS_ERR(file)) {
			fd_install((unsigned int)fd, file);
			return fd;
		}
		rc = (int)PTR_ERR(file);
		cell_destroy(cell, true, &ignored);
	}
	put_unused_fd((unsigned int)fd);
	return rc;
}

static long do_create(struct capsule_cell *unused, union ioctl_arg *arg)
{
	void *config = get_config(&arg->config, CAPSULE_FLAG_UNBIND);
	long rc;

	if (IS_ERR(config))
		return PTR_ERR(config);
	rc = create_with_fd(&arg->config, config);
	kfree(config);
	return rc;
}

static int refuse_unknown(struct capsule_ioc_open *o)
{
	struct capsule_err *err = &o->err;

	if (!READ_ONCE(capsule.enabled))
		return refuse(err, -EINVAL, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	if (cell_is_root(o->name, o->id))
		return refuse(err, -EPERM, CAPSULE_REASON_ROOT_CELL, 0, 0);
	return refuse(err, -ENOENT, CAPSULE_REASON_NO_SUCH_CELL, o->id, 0);
}

static long do_open(struct capsule_cell *unused, union ioctl_arg *arg)
{
	struct capsule_ioc_open *o = &arg->open;
	struct capsule_cell *cell;
	struct file *file;
	int fd;

	if (strnlen(o->name, sizeof(o->name)) == sizeof(o->name))
		return -EINVAL;
	cell = cell_find(o->name, o->id);
	if (!cell)
		return refuse_unknown(o);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		cell_put(cell);
		return fd;
	}
	file = cell_file(cell);
	if (IS_ERR(file)) {
		put_unused_fd((unsigned int)fd);
		return PTR_ERR(file);
	}
	fd_install((unsigned int)fd, file);
	return fd;
}

static long do_console(struct capsule_cell *unused, union ioctl_arg *arg)
{
	return console_open(&arg->console);
}

static long do_load(struct capsule_cell *cell, union ioctl_arg *arg)
{
	return cell_load(cell, &arg->load, &arg->load.err);
}

static long do_start(struct capsule_cell *cell, union ioctl_arg *arg)
{
	struct capsule_ioc_start *s = &arg->start;

	if (s->flags & ~CAPSULE_FLAG_ENTRY)
		return -EINVAL;
	return cell_start(cell, s, &s->err);
}

static long do_shutdown(struct capsule_cell *cell, union ioctl_arg *arg)
{
	struct capsule_ioc_simple *s = &arg->simple;

	if (s->flags & ~CAPSULE_FLAG_FORCE)
		return -EINVAL;
	return cell_shutdown(cell, s->flags & CAPSULE_FLAG_FORCE, &s->err);
}

static long do_destroy(struct capsule_cell *cell, union ioctl_arg *arg)
{
	struct capsule_ioc_simple *s = &arg->simple;

	if (s->flags & ~CAPSULE_FLAG_FORCE)
		return -EINVAL;
	return cell_destroy(cell, s->flags & CAPSULE_FLAG_FORCE, &s->err);
}

static long do_restart(struct capsule_cell *cell, union ioctl_arg *arg)
{
	struct capsule_ioc_simple *s = &arg->simple;

	if (s->flags & ~CAPSULE_FLAG_FORCE)
		return -EINVAL;
	return cell_restart(cell, s->flags & CAPSULE_FLAG_FORCE, &s->err);
}

/* What resources_take() filled in never changes while the cell is there. */
static long do_cell_config(struct capsule_cell *cell, union ioctl_arg *arg)
{
	struct capsule_ioc_cell_config *c = &arg->cell_config;
	u64 room = c->buffer_size;

	if (c->flags)
		return -EINVAL;
	c->buffer_size = cell->config_size;
	if (room < cell->config_size)
		return refuse(&c->err, -EINVAL, CAPSULE_REASON_CFG_SIZE, room,
			      cell->config_size);
	if (copy_to_user(u64_to_user_ptr(c->buffer), cell->config, cell->config_size) ||
	    copy_to_user(u64_to_user_ptr(c->platform), &capsule.config->platform_info,
			 sizeof(capsule.config->platform_info)))
		return -EFAULT;
	return 0;
}

static long do_info(struct capsule_cell *cell, union ioctl_arg *arg)
{
	if (cell_info(cell, &arg->info))
		return refuse(&arg->info.err, -ENOENT, CAPSULE_REASON_NO_SUCH_CELL, 0, 0);
	return 0;
}

#define COMMAND(cmd, manages, type, call) { cmd, manages, offsetof(struct type, err), call }

static const struct command device_commands[] = {
	COMMAND(CAPSULE_IOC_VERSION, false, capsule_ioc_version, do_version),
	COMMAND(CAPSULE_IOC_ENABLE, true, capsule_ioc_config, do_enable),
	COMMAND(CAPSULE_IOC_DISABLE, true, capsule_ioc_simple, do_disable),
	COMMAND(CAPSULE_IOC_CELL_CREATE, true, capsule_ioc_config, do_create),
	COMMAND(CAPSULE_IOC_MACHINE, true, capsule_ioc_machine, do_machine),
	COMMAND(CAPSULE_IOC_CELL_OPEN, false, capsule_ioc_open, do_open),
	COMMAND(CAPSULE_IOC_CONSOLE, false, capsule_ioc_console, do_console),
	{ 0 }
};

static const struct command cell_commands[] = {
	COMMAND(CAPSULE_IOC_CELL_LOAD, true, capsule_ioc_load, do_load),
	COMMAND(CAPSULE_IOC_CELL_START, true, capsule_ioc_start, do_start),
	COMMAND(CAPSULE_IOC_CELL_SHUTDOWN, true, capsule_ioc_simple, do_shutdown),
	COMMAND(CAPSULE_IOC_CELL_DESTROY, true, capsule_ioc_simple, do_destroy),
	COMMAND(CAPSULE_IOC_CELL_RESTART, true, capsule_ioc_simple, do_restart),
	COMMAND(CAPSULE_IOC_CELL_CONFIG, true, capsule_ioc_cell_config, do_cell_config),
	COMMAND(CAPSULE_IOC_CELL_INFO, false, capsule_ioc_cell_info, do_info),
	{ 0 }
};

/* One call at a time; what the driver does by itself is waited for. */
static int lock_for_call(struct capsule_err *err)
{
	if (mutex_trylock(&capsule.lock))
		return 0;
	if (!atomic_read(&capsule.own_calls))
		return refuse(err, -EBUSY, CAPSULE_REASON_BUSY, 0, 0);
	if (mutex_lock_interruptible(&capsule.lock))
		return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
	return 0;
}

static long run_command(const struct command *c, struct capsule_cell *cell,
			union ioctl_arg *arg)
{
	struct capsule_err *err = (void *)arg + c->err;
	long rc;

	if (!c->manages)
		return c->call(cell, arg);
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	rc = lock_for_call(err);
	if (rc)
		return rc;
	if (cell && !cell->alive)
		rc = refuse(err, -ENOENT, CAPSULE_REASON_NO_SUCH_CELL, cell->id, 0);
	else
		rc = c->call(cell, arg);
	mutex_unlock(&capsule.lock);
	return rc;
}

static long dispatch(const struct command *c, struct capsule_cell *cell, unsigned int cmd,
		     void __user *user)
{
	size_t size = _IOC_SIZE(cmd);
	union ioctl_arg arg;
	long rc;

	while (c->call && c->cmd != cmd)
		c++;
	if (!c->call)
		return -ENOTTY;
	if (copy_from_user(&arg, user, size))
		return -EFAULT;
	if (arg.size != size)
		return -E2BIG;
	memset((void *)&arg + c->err, 0, sizeof(struct capsule_err));
	rc = run_command(c, cell, &arg);
	if (copy_to_user(user, &arg, size) && rc < 0)
		return -EFAULT;
	return rc;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(device_commands, NULL, cmd, (void __user *)arg);
}

static long cell_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(cell_commands, file->private_data, cmd, (void __user *)arg);
}

static int cell_close(struct inode *inode, struct file *file)
{
	cell_put(file->private_data);
	return 0;
}

const struct file_operations capsule_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static const struct file_operations cell_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = cell_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = cell_close,
	.llseek = noop_llseek,
};

// SPDX-License-Identifier: GPL-2.0-only
/* The module, its device and the calls on it. */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <capsule/call.h>

#include "driver.h"

struct capsule_driver capsule = {
	.lock = __MUTEX_INITIALIZER(capsule.lock),
	.view = __RWSEM_INITIALIZER(capsule.view),
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(capsule.wait),
};

/*
 * Every argument begins with its size and has an err, at a place that its
 * type tells. They are read whole, worked on, and written back whole.
 */
union ioctl_arg {
	u32 size;
	struct capsule_ioc_version version;
	struct capsule_ioc_config config;
	struct capsule_ioc_simple simple;
};

static long do_version(union ioctl_arg *arg)
{
	arg->version.ioctl_version = CAPSULE_IOCTL_VERSION;
	arg->version.abi_version = CAPSULE_ABI_VERSION;
	arg->version.enabled = READ_ONCE(capsule.enabled);
	return 0;
}

static long do_enable(union ioctl_arg *arg)
{
	struct capsule_ioc_config *c = &arg->config;
	void *config;
	long rc;

	if (c->flags)
		return -EINVAL;
	if (c->config_size > CAPSULE_CONFIG_MAX_SIZE || !c->config_size)
		return refuse(&c->err, -EINVAL, CAPSULE_REASON_CFG_SIZE, c->config_size,
			      CAPSULE_CONFIG_MAX_SIZE);
	config = memdup_user(u64_to_user_ptr(c->config), c->config_size);
	if (IS_ERR(config))
		return PTR_ERR(config);
	rc = capsule_enable(config, c->config_size, &c->err);
	kfree(config);
	return rc;
}

static long do_disable(union ioctl_arg *arg)
{
	if (arg->simple.flags)
		return -EINVAL;
	return capsule_disable(&arg->simple.err);
}

static const struct command {
	unsigned int cmd;
	bool manages;		/* needs CAP_SYS_ADMIN and the management lock */
	size_t err;		/* offset of err in the argument */
	long (*call)(union ioctl_arg *arg);
} commands[] = {
	{ CAPSULE_IOC_VERSION, false, offsetof(struct capsule_ioc_version, err), do_version },
	{ CAPSULE_IOC_ENABLE, true, offsetof(struct capsule_ioc_config, err), do_enable },
	{ CAPSULE_IOC_DISABLE, true, offsetof(struct capsule_ioc_simple, err), do_disable },
};

static long run_command(const struct command *c, union ioctl_arg *arg)
{
	struct capsule_err *err = (void *)arg + c->err;
	long rc;

	if (!c->manages)
		return c->call(arg);
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!mutex_trylock(&capsule.lock))
		return refuse(err, -EBUSY, CAPSULE_REASON_BUSY, 0, 0);
	rc = c->call(arg);
	mutex_unlock(&capsule.lock);
	return rc;
}

static long capsule_ioctl(struct file *file, unsigned int cmd, unsigned long argp)
{
	void __user *user = (void __user *)argp;
	size_t size = _IOC_SIZE(cmd), i;
	union ioctl_arg arg;
	long rc;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].cmd == cmd)
			break;
	if (i == ARRAY_SIZE(commands))
		return -ENOTTY;
	if (copy_from_user(&arg, user, size))
		return -EFAULT;
	if (arg.size != size)
		return -E2BIG;
	memset((void *)&arg + commands[i].err, 0, sizeof(struct capsule_err));
	rc = run_command(&commands[i], &arg);
	if (copy_to_user(user, &arg, size))
		return -EFAULT;
	return rc;
}

static const struct file_operations capsule_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = capsule_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static int __init capsule_init(void)
{
	capsule.misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = "capsule",
		.mode = 0600,
		.fops = &capsule_fops,
	};
	return misc_register(&capsule.misc);
}

static void __exit capsule_exit(void)
{
	misc_deregister(&capsule.misc);
}

module_init(capsule_init);
module_exit(capsule_exit);
MODULE_DESCRIPTION("Capsule partitioning hypervisor: management driver");
MODULE_LICENSE("GPL");
MODULE_VERSION(CAPSULE_VERSION);
MODULE_FIRMWARE(CAPSULE_FIRMWARE_NAME);

// SPDX-License-Identifier: GPL-2.0-only
/* The module and its device. */
#include <linux/module.h>

#include "cell.h"

struct capsule_driver capsule = {
	.lock = __MUTEX_INITIALIZER(capsule.lock),
	.view = __RWSEM_INITIALIZER(capsule.view),
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(capsule.wait),
	.cells = LIST_HEAD_INIT(capsule.cells),
	.misc = {
		.minor = MISC_DYNAMIC_MINOR,
		.name = "capsule",
		.mode = 0600,
		.fops = &capsule_fops,
		.groups = capsule_groups,
	},
};

static int __init capsule_init(void)
{
	int rc = misc_register(&capsule.misc);

	if (rc)
		return rc;
	capsule.cells_dir = kobject_create_and_add("cells", &capsule.misc.this_device->kobj);
	rc = capsule.cells_dir ? power_register() : -ENOMEM;
	if (rc) {
		kobject_put(capsule.cells_dir);
		misc_deregister(&capsule.misc);
	}
	return rc;
}

/* Not while enabled: enabling holds a reference to the module. */
static void __exit capsule_exit(void)
{
	power_unregister();
	kobject_put(capsule.cells_dir);
	misc_deregister(&capsule.misc);
	cells_quiesce();
	restart_quiesce();
	console_quiesce();
}

module_init(capsule_init);
module_exit(capsule_exit);
MODULE_DESCRIPTION("Capsule partitioning hypervisor: management driver");
MODULE_LICENSE("GPL");
MODULE_VERSION(CAPSULE_VERSION);
MODULE_FIRMWARE(CAPSULE_FIRMWARE_NAME);

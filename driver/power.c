// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the machine goes down: reboot, power-off and kexec get a kernel that
 * has EL2 for itself again; suspend and hibernation are refused.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "cell.h"

#define LOCK_TIMEOUT_MS	5000

/* A management call under way may take its time, but not all of ours. */
static bool lock_bounded(void)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(LOCK_TIMEOUT_MS);

	while (!mutex_trylock(&capsule.lock)) {
		if (time_after(jiffies, deadline))
			return false;
		usleep_range(1000, 5000);
	}
	return true;
}

static int destroy_all(struct capsule_err *err)
{
	struct capsule_cell *cell;
	int rc = 0;

	while (!rc && !list_empty(&capsule.cells)) {
		cell = list_first_entry(&capsule.cells, struct capsule_cell, list);
		/* Denied or interrupted: the machine goes down all the same. */
		rc = cell_destroy(cell, false, err);
		if (rc)
			rc = cell_destroy(cell, true, err);
	}
	return rc;
}

static int on_reboot(struct notifier_block *block, unsigned long action, void *data)
{
	struct capsule_err err = { 0 };
	int rc;

	WRITE_ONCE(capsule.stopping, true);
	if (!lock_bounded()) {
		pr_err("a management call does not end: going down with the hypervisor\n");
		return NOTIFY_DONE;
	}
	if (capsule.enabled) {
		rc = destroy_all(&err);
		if (!rc)
			rc = capsule_disable(&err);
		if (rc)
			pr_err("not disabled before going down: error %d, reason %u\n", rc,
			       err.reason);
	}
	mutex_unlock(&capsule.lock);
	return NOTIFY_DONE;
}

static int on_pm(struct notifier_block *block, unsigned long action, void *data)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		if (!READ_ONCE(capsule.enabled))
			return NOTIFY_OK;
		pr_err("suspend and hibernation are not possible while enabled\n");
		return NOTIFY_BAD;
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block reboot_block = {
	.notifier_call = on_reboot,
	.priority = INT_MAX,	/* while every device still works */
};

static struct notifier_block pm_block = { .notifier_call = on_pm };

/**
 * power_register() - be told when the machine goes down
 */
int power_register(void)
{
	int rc = register_reboot_notifier(&reboot_block);

	if (rc)
		return rc;
	rc = register_pm_notifier(&pm_block);
	if (rc)
		unregister_reboot_notifier(&reboot_block);
	return rc;
}

void power_unregister(void)
{
	unregister_pm_notifier(&pm_block);
	unregister_reboot_notifier(&reboot_block);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enabling and disabling: everything that can be refused is checked first,
 * then memory is prepared, then EL2 changes hands, which either happens on
 * all CPUs or leaves everything as it was.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/firmware.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "cell.h"
#include "hvc.h"

#define PREPARE_TIMEOUT_MS	5000

static int check_all(const struct capsule_system *sys, size_t size, struct capsule_err *err)
{
	int rc;

	if (capsule.broken || capsule.stopping)
		return refuse(err, -EBUSY, CAPSULE_REASON_STUCK_CPU, 0, 0);
	if (capsule.enabled)
		return refuse(err, -EBUSY, CAPSULE_REASON_ENABLED, 0, 0);
	rc = platform_check_machine(err);
	if (!rc)
		rc = config_check_system(sys, size, err);
	if (!rc)
		rc = platform_check_config(sys, err);
	return rc;
}

/* Take hypervisor memory and tell the configuration where it is. */
static int take_hv_memory(struct capsule_system *sys, struct capsule_err *err)
{
	struct capsule_memory *m = &sys->hypervisor_memory;
	int rc;

	if (m->flags & CAPSULE_MEM_PHYS_ANY)
		rc = mem_take_any(&capsule.hv, m->size, err);
	else
		rc = mem_take_fixed(&capsule.hv, m->phys_start, m->size, 0, err);
	if (rc)
		return rc;
	m->phys_start = capsule.hv.start;
	capsule.ledger.hv_pages = m->size >> PAGE_SHIFT;
	return 0;
}

static void release_hv_memory(void)
{
	mem_unmark(&capsule.hv);
	mem_release(&capsule.hv);
	capsule.ledger.hv_pages = 0;
}

static int map_status(void)
{
	u64 at = hvc_info(CAPSULE_INFO_STATUS_PA), size = hvc_info(CAPSULE_INFO_STATUS_SIZE);
	const struct capsule_status *status;

	if (at < capsule.hv.start || size > capsule.hv.size ||
	    size < sizeof(*status) || at + size > capsule.hv.start + capsule.hv.size)
		return -EIO;
	status = mem_map_block(&capsule.hv, at - capsule.hv.start, size);
	if (!status)
		return -ENOMEM;
	if (status->magic != CAPSULE_STATUS_MAGIC || status->total_size > size ||
	    status->rings_offset + CAPSULE_NUM_RINGS * CAPSULE_RING_BYTES > size) {
		mem_unmap_block(&capsule.hv, (void *)status);
		return -EIO;
	}
	down_write(&capsule.view);
	capsule.status = status;
	capsule.status_size = size;
	capsule.epoch++;
	up_write(&capsule.view);
	return 0;
}

static void unmap_status(void)
{
	const struct capsule_status *status = capsule.status;

	down_write(&capsule.view);
	capsule.status = NULL;
	up_write(&capsule.view);
	if (status)
		mem_unmap_block(&capsule.hv, (void *)status);
	console_wake();
}

/* CPUs that EL2 holds for the agency go back to firmware, which takes a while. */
static int prepare_disable(struct capsule_err *err)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(PREPARE_TIMEOUT_MS);
	int left;

	while ((left = hvc_err(CAPSULE_CALL_DISABLE_PREPARE, 0, 0, err)) > 0) {
		if (time_after(jiffies, deadline))
			return refuse(err, -EBUSY, CAPSULE_REASON_STUCK_CPU, 0, (u64)left);
		usleep_range(1000, 10000);
	}
	return left;
}

/* Nobody who holds view calls EL2 on the wrong side of this. */
static void set_enabled(bool enabled)
{
	down_write(&capsule.view);
	WRITE_ONCE(capsule.enabled, enabled);
	up_write(&capsule.view);
}

/* Undo an enable that went wrong after EL2 was taken, or disable. */
static int hand_back(struct capsule_err *err)
{
	const struct capsule_boot_info *info;
	int rc;

	cpu_hotplug_disable();
	rc = prepare_disable(err);
	if (!rc) {
		/* The handler asks EL2 only while this is set. */
		set_enabled(false);
		synchronize_irq((unsigned int)capsule.notify_irq);
		rc = takeover_leave(err);
		if (rc) {
			set_enabled(true);
			console_wake();
		}
	}
	cpu_hotplug_enable();
	if (rc)
		return rc;
	info = mem_map_block(&capsule.hv, capsule.boot_info_offset, sizeof(*info));
	if (info) {
		gic_raise_lpis(info);
		mem_unmap_block(&capsule.hv, (void *)info);
	}
	return 0;
}

static int enter(const struct firmware *fw, struct capsule_err *err)
{
	const struct capsule_image_header *h = (const void *)fw->data;
	struct capsule_boot_info *info;
	int rc;

	capsule.boot_info_offset = h->image_size;
	info = mem_map_block(&capsule.hv, h->image_size, sizeof(*info));
	if (!info)
		return -ENOMEM;
	mem_mark_offline(&capsule.hv);
	rc = takeover_enter(capsule.hv.start + h->entry_offset, capsule.hv.start, &info->online,
			    err);
	mem_unmap_block(&capsule.hv, info);
	if (rc)
		return rc;
	WRITE_ONCE(capsule.enabled, true);
	rc = map_status();
	if (rc) {
		refuse(err, rc, CAPSULE_REASON_EL2_ENTRY, 0, 0);
		if (hand_back(&(struct capsule_err){}))
			capsule.broken = true;
	}
	return rc;
}

static int enable_with(const struct firmware *fw, struct capsule_system *sys, size_t size,
		       struct capsule_err *err)
{
	int rc = firmware_check_room(fw, sys, size, err);

	if (rc)
		return rc;
	capsule.config = sys;
	capsule.config_size = size;
	rc = gic_request_notify(sys->platform_info.notify_irq, err);
	if (rc)
		return rc;
	rc = take_hv_memory(sys, err);
	if (rc)
		goto free_notify;
	rc = firmware_place(fw, &capsule.hv, sys, size, err);
	if (!rc)
		rc = enter(fw, err);
	if (!rc)
		return 0;
	if (!capsule.broken)
		release_hv_memory();
free_notify:
	gic_free_notify();
	return rc;
}

/**
 * capsule_enable() - put the hypervisor beneath the running kernel
 * @config: system configuration; copied
 * @size: its size in bytes
 *
 * Return: 0, or a negative errno value with the reason in @err and the system
 * as before.
 */
int capsule_enable(const void *config, size_t size, struct capsule_err *err)
{
	struct capsule_system *sys;
	const struct firmware *fw;
	int rc = check_all(config, size, err);

	if (rc)
		return rc;
	sys = kmemdup(config, size, GFP_KERNEL);
	if (!sys)
		return -ENOMEM;
	rc = firmware_load(&fw, err);
	if (!rc) {
		rc = enable_with(fw, sys, size, err);
		release_firmware(fw);
	}
	if (rc) {
		capsule.config = NULL;
		kfree(sys);
		if (capsule.broken)
			pr_err("EL2 is left taken on some CPUs: reboot\n");
		return rc;
	}
	__module_get(THIS_MODULE);
	pr_info("enabled on %u CPUs, hypervisor memory %#llx-%#llx\n", num_online_cpus(),
		capsule.hv.start, capsule.hv.start + capsule.hv.size - 1);
	return 0;
}

/**
 * capsule_disable() - take the hypervisor away again
 *
 * Return: 0, or a negative errno value with the reason in @err and the
 * hypervisor still in place.
 */
int capsule_disable(struct capsule_err *err)
{
	int rc;

	if (!capsule.enabled)
		return refuse(err, -EINVAL, CAPSULE_REASON_NOT_ENABLED, 0, 0);
	if (cell_count())
		return refuse(err, -EBUSY, CAPSULE_REASON_CELLS_EXIST, cell_count(), 0);
	rc = hand_back(err);
	if (rc) {
		if (capsule.broken)
			pr_err("EL2 could not be given back on every CPU: reboot\n");
		return rc;
	}
	unmap_status();
	gic_free_notify();
	release_hv_memory();
	kfree(capsule.config);
	capsule.config = NULL;
	pr_info("disabled on %u CPUs\n", num_online_cpus());
	module_put(THIS_MODULE);
	return 0;
}

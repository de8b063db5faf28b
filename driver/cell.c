// SPDX-License-Identifier: GPL-2.0-only
/* Cell objects: the list of them, looking them up, telling of their changes. */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "cell.h"

static void cell_release(struct kobject *kobj)
{
	struct capsule_cell *cell = kobj_to_cell(kobj);

	pieces_begin(cell);
	kfree(cell->blocks);
	kfree(cell->config);
	kfree(cell);
}

static struct kobj_type cell_type = {
	.release = cell_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = cell_groups,
};

/**
 * cell_alloc() - a new cell object that nobody sees yet
 * @config: configuration that config_check_cell() has accepted; copied, so
 *	that EL2 can read it at one physical address
 *
 * Return: NULL if memory is short. cell_put() frees it.
 */
struct capsule_cell *cell_alloc(const void *config, size_t size)
{
	struct capsule_cell *cell = kzalloc(sizeof(*cell), GFP_KERNEL);

	if (!cell)
		return NULL;
	kobject_init(&cell->kobj, &cell_type);
	INIT_LIST_HEAD(&cell->list);
	INIT_LIST_HEAD(&cell->devices);
	INIT_LIST_HEAD(&cell->pieces);
	INIT_LIST_HEAD(&cell->unbound);
	cell->events = ~0U;	/* nothing seen: the first look tells */
	cell->config_size = size;
	cell->config = kmemdup(config, size, GFP_KERNEL);
	if (!cell->config)
		goto fail;
	cell->blocks = kcalloc(cell->config->num_memory_regions + 1, sizeof(*cell->blocks),
			       GFP_KERNEL);
	if (!cell->blocks)
		goto fail;
	memcpy(&cell->cpus, config_cpus(cell->config), sizeof(cell->cpus));
	return cell;
fail:
	cell_put(cell);
	return NULL;
}

/**
 * cell_register() - let the world see a cell that EL2 has created
 */
int cell_register(struct capsule_cell *cell)
{
	int rc = kobject_add(&cell->kobj, capsule.cells_dir, "%s", cell_name(cell));

	if (rc)
		return rc;
	down_write(&capsule.view);
	cell->alive = true;
	list_add_tail(&cell->list, &capsule.cells);
	up_write(&capsule.view);
	cells_changed();
	return 0;
}

static void send_uevent(const struct capsule_cell *cell, const char *state)
{
	char name_var[CAPSULE_NAME_LEN + 8], state_var[32];
	char *env[] = { name_var, state_var, NULL };

	snprintf(name_var, sizeof(name_var), "CELL=%s", cell_name(cell));
	snprintf(state_var, sizeof(state_var), "STATE=%s", state);
	kobject_uevent_env(&capsule.misc.this_device->kobj, KOBJ_CHANGE, env);
}

/**
 * cell_unregister() - nobody sees the cell any more; open descriptors learn
 *
 * Context: not under view, which sysfs readers take.
 */
void cell_unregister(struct capsule_cell *cell)
{
	if (!cell->alive)
		return;
	down_write(&capsule.view);
	cell->alive = false;
	list_del_init(&cell->list);
	up_write(&capsule.view);
	send_uevent(cell, "destroyed");
	kobject_del(&cell->kobj);
	wake_up_all(&capsule.wait);
	console_wake();
}

/**
 * cell_find() - the cell of that name, or of that id if the name is empty
 *
 * Return: the cell with a reference, or NULL.
 */
struct capsule_cell *cell_find(const char *name, u32 id)
{
	struct capsule_cell *cell, *found = NULL;

	down_read(&capsule.view);
	list_for_each_entry(cell, &capsule.cells, list)
		if (name[0] ? !strcmp(cell_name(cell), name) : cell->id == id)
			found = cell;
	if (found)
		cell_get(found);
	up_read(&capsule.view);
	return found;
}

/**
 * cell_name_used() - does a cell, the root cell included, have this name?
 */
bool cell_name_used(const char *name)
{
	struct capsule_cell *cell = cell_find(name, 0);

	if (cell)
		cell_put(cell);
	return cell || !strcmp(name, capsule.config->root_cell.name);
}

/**
 * cell_is_root() - does that name, or that id if the name is empty, mean the root cell?
 */
bool cell_is_root(const char *name, u32 id)
{
	bool root = !name[0] && id == 0;

	down_read(&capsule.view);
	if (name[0] && capsule.status)
		root = !strncmp(capsule.status->cell[0].name, name, CAPSULE_NAME_LEN);
	up_read(&capsule.view);
	return root;
}

/**
 * cell_count() - cells besides the root cell
 */
unsigned int cell_count(void)
{
	struct capsule_cell *cell;
	unsigned int count = 0;

	down_read(&capsule.view);
	list_for_each_entry(cell, &capsule.cells, list)
		count++;
	up_read(&capsule.view);
	return count;
}

/**
 * cell_all_cpus() - the CPUs that cells have, bit n: CPU n
 */
u64 cell_all_cpus(void)
{
	struct capsule_cell *cell;
	u64 cpus = 0;

	down_read(&capsule.view);
	list_for_each_entry(cell, &capsule.cells, list)
		cpus |= cell->cpus;
	up_read(&capsule.view);
	return cpus;
}

/**
 * cell_info() - what EL2 says of a cell, with the exits of its CPUs summed up
 *
 * Return: -ENOENT if the cell is gone. Any context that may sleep.
 */
int cell_info(struct capsule_cell *cell, struct capsule_ioc_cell_info *info)
{
	const struct capsule_status *status;
	unsigned int cpu, i;

	down_read(&capsule.view);
	status = capsule.status;
	if (!cell->alive || !status) {
		up_read(&capsule.view);
		return -ENOENT;
	}
	info->id = cell->id;
	info->loaded = READ_ONCE(cell->loaded);
	info->input = !!(cell->config->console.flags & CAPSULE_CON_VIRTUAL);
	info->status = status->cell[cell->id];
	memset(info->exits, 0, sizeof(info->exits));
	for (cpu = 0; cpu < min_t(u32, status->num_cpus, CAPSULE_MAX_CPUS); cpu++)
		if (status->cpu[cpu].cell == cell->id)
			for (i = 0; i < CAPSULE_NUM_EXITS; i++)
				info->exits[i] += READ_ONCE(status->cpu[cpu].exits[i]);
	up_read(&capsule.view);
	return 0;
}

static void tell_changes(void)
{
	struct capsule_cell *cell;

	down_read(&capsule.view);
	list_for_each_entry(cell, &capsule.cells, list) {
		const struct capsule_cell_status *now = &capsule.status->cell[cell->id];
		u32 events = READ_ONCE(now->events), state;

		if (events == cell->events)
			continue;
		cell->events = events;
		state = READ_ONCE(now->state);
		send_uevent(cell, cell_state_name(state));
		if (state == CAPSULE_CELL_RESET)
			restart_soon();
		sysfs_notify(&cell->kobj, NULL, "state");
	}
	up_read(&capsule.view);
	wake_up_all(&capsule.wait);
	console_wake();
}

static void changes_work(struct work_struct *work)
{
	tell_changes();
}

static DECLARE_WORK(changes, changes_work);

/**
 * cells_changed() - look soon what changed in the status area and tell
 *
 * Any context.
 */
void cells_changed(void)
{
	schedule_work(&changes);
}

/**
 * cells_quiesce() - wait until nobody is looking for changes any more
 */
void cells_quiesce(void)
{
	cancel_work_sync(&changes);
}

// SPDX-License-Identifier: GPL-2.0-only
/* What is seen below /sys/devices/virtual/misc/capsule (docs/driver.md). */
#include <linux/device.h>
#include <linux/sysfs.h>

#include <capsule/names.h>

#include "cell.h"
#include "hvc.h"

static const char *const state_names[] = { CAPSULE_CELL_STATE_NAMES(CAPSULE_NAME_ENTRY) };
static const char *const fault_names[] = { CAPSULE_FAULT_NAMES(CAPSULE_NAME_ENTRY) };

static const char *name_of(const char *const *names, size_t count, u32 n)
{
	return n < count && names[n] ? names[n] : "unknown";
}

/**
 * cell_state_name() - word for an enum capsule_cell_state
 */
const char *cell_state_name(u32 state)
{
	return name_of(state_names, ARRAY_SIZE(state_names), state);
}

static ssize_t enabled_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(capsule.enabled));
}
static DEVICE_ATTR_RO(enabled);

static ssize_t ledger_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct ledger *l = &capsule.ledger;
	unsigned int cells = cell_count();
	u64 pool = 0, used = 0;

	down_read(&capsule.view);
	if (capsule.status) {
		pool = READ_ONCE(capsule.status->pool_pages);
		used = READ_ONCE(capsule.status->pool_used);
	}
	up_read(&capsule.view);
	return sysfs_emit(buf, "hv_pages %lu\ncell_pages %lu\ncontig_pages_taken %lu\n"
			  "pages_marked_offline %lu\npool_pages %llu\npool_used %llu\n"
			  "cpus_offlined %lu\ncells %u\n",
			  l->hv_pages, l->cell_pages, l->contig_pages, l->offline_pages,
			  pool, used, l->cpus_offlined, cells);
}
static DEVICE_ATTR_RO(ledger);

/* One line a CPU: number, cell, what it does. */
static ssize_t cpus_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct capsule_status *s;
	unsigned int cpu;
	int len = 0;

	down_read(&capsule.view);
	s = capsule.status;
	for (cpu = 0; s && cpu < min_t(u32, s->num_cpus, CAPSULE_MAX_CPUS); cpu++) {
		u32 cell = READ_ONCE(s->cpu[cpu].cell);

		len += sysfs_emit_at(buf, len, "%u %.31s %s\n", cpu,
				     cell < CAPSULE_MAX_CELLS ? s->cell[cell].name : "?",
				     READ_ONCE(s->cpu[cpu].parked) ? "parked" : "running");
	}
	up_read(&capsule.view);
	return len;
}
static DEVICE_ATTR_RO(cpus);

static struct attribute *capsule_attrs[] = {
	&dev_attr_enabled.attr,
	&dev_attr_ledger.attr,
	&dev_attr_cpus.attr,
	NULL,
};

static const struct attribute_group capsule_group = { .attrs = capsule_attrs };
const struct attribute_group *capsule_groups[] = { &capsule_group, NULL };

/* The status of the cell behind kobj, taken whole; false if it is gone. */
static bool get_info(struct kobject *kobj, struct capsule_ioc_cell_info *info)
{
	return !cell_info(kobj_to_cell(kobj), info);
}

#define CELL_ATTR(name, fmt, value)						\
static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr,	\
			   char *buf)						\
{										\
	struct capsule_ioc_cell_info info;					\
										\
	return get_info(kobj, &info) ? sysfs_emit(buf, fmt "\n", value) : -ENODEV;	\
}										\
static struct kobj_attribute name##_attr = __ATTR_RO(name)

CELL_ATTR(id, "%u", info.id);
CELL_ATTR(state, "%s", cell_state_name(info.status.state));
CELL_ATTR(memory, "%llu", info.status.memory);
CELL_ATTR(pool_pages, "%llu", info.status.pool_pages);
CELL_ATTR(restarts, "%u", info.status.restarts);

/* As a list, 1,3-5: what taskset and isolcpus take. */
static ssize_t cpus_assigned_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	u64 cpus = kobj_to_cell(kobj)->cpus;
	unsigned long map[BITS_TO_LONGS(64)] = { cpus };

	return sysfs_emit(buf, "%*pbl\n", 64, map);
}
static struct kobj_attribute cpus_assigned_attr = __ATTR_RO(cpus_assigned);

static int emit_fault_cpu(char *buf, int at, u32 cpu)
{
	return cpu == CAPSULE_FAULT_CPU_UNKNOWN ? sysfs_emit_at(buf, at, "cpu unknown\n") :
						  sysfs_emit_at(buf, at, "cpu %u\n", cpu);
}

/* Empty while the cell has not failed. */
static ssize_t fault_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct capsule_ioc_cell_info info;
	const struct capsule_fault *f = &info.status.fault;
	int len, i;

	if (!get_info(kobj, &info))
		return -ENODEV;
	if (f->reason == CAPSULE_FAULT_NONE)
		return 0;
	len = sysfs_emit(buf, "reason %s\n",
			 name_of(fault_names, ARRAY_SIZE(fault_names), f->reason));
	len += emit_fault_cpu(buf, len, f->cpu);
	len += sysfs_emit_at(buf, len, "pc %#llx\nesr %#llx\nfar %#llx\nipa %#llx\n"
			     "spsr %#llx\nsp_el0 %#llx\nsp_el1 %#llx\n", f->pc, f->esr, f->far,
			     f->ipa, f->spsr, f->sp_el0, f->sp_el1);
	for (i = 0; i < (int)ARRAY_SIZE(f->x); i++)
		len += sysfs_emit_at(buf, len, "x%d %#llx\n", i, f->x[i]);
	return len;
}
/* The registers of a guest are not for every user. */
static struct kobj_attribute fault_attr = __ATTR_RO_MODE(fault, 0400);

static struct attribute *cell_attrs[] = {
	&id_attr.attr,
	&state_attr.attr,
	&cpus_assigned_attr.attr,
	&memory_attr.attr,
	&pool_pages_attr.attr,
	&restarts_attr.attr,
	&fault_attr.attr,
	NULL,
};

struct exit_attribute {
	struct kobj_attribute attr;
	enum capsule_exit exit;
};

static ssize_t exit_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	enum capsule_exit exit = container_of(attr, struct exit_attribute, attr)->exit;
	struct capsule_ioc_cell_info info;

	return get_info(kobj, &info) ? sysfs_emit(buf, "%llu\n", info.exits[exit]) : -ENODEV;
}

#define EXIT_ATTR(n, e)								\
static struct exit_attribute n##_exit = {					\
	.attr = __ATTR(n, 0444, exit_show, NULL), .exit = e,			\
}

EXIT_ATTR(total, CAPSULE_EXIT_TOTAL);
EXIT_ATTR(mmio, CAPSULE_EXIT_MMIO);
EXIT_ATTR(management, CAPSULE_EXIT_MANAGEMENT);
EXIT_ATTR(hypercall, CAPSULE_EXIT_HYPERCALL);
EXIT_ATTR(maintenance, CAPSULE_EXIT_MAINTENANCE);
EXIT_ATTR(virq, CAPSULE_EXIT_VIRQ);
EXIT_ATTR(vsgi, CAPSULE_EXIT_VSGI);
EXIT_ATTR(psci, CAPSULE_EXIT_PSCI);
EXIT_ATTR(smccc, CAPSULE_EXIT_SMCCC);
EXIT_ATTR(sysreg, CAPSULE_EXIT_SYSREG);
EXIT_ATTR(abort, CAPSULE_EXIT_ABORT);
EXIT_ATTR(other, CAPSULE_EXIT_OTHER);

static struct attribute *statistics_attrs[] = {
	&total_exit.attr.attr,
	&mmio_exit.attr.attr,
	&management_exit.attr.attr,
	&hypercall_exit.attr.attr,
	&maintenance_exit.attr.attr,
	&virq_exit.attr.attr,
	&vsgi_exit.attr.attr,
	&psci_exit.attr.attr,
	&smccc_exit.attr.attr,
	&sysreg_exit.attr.attr,
	&abort_exit.attr.attr,
	&other_exit.attr.attr,
	NULL,
};

static const struct attribute_group cell_group = { .attrs = cell_attrs };
static const struct attribute_group statistics_group = {
	.name = "statistics", .attrs = statistics_attrs,
};
const struct attribute_group *cell_groups[] = { &cell_group, &statistics_group, NULL };

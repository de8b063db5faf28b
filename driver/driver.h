/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the driver share.
 *
 * Locking order, outermost first:
 *   capsule.lock   one management call at a time; user calls try it and wait
 *                  for it only while the driver itself restarts a cell.
 *                  Everything without another note is under it.
 *   capsule.view   read side: whoever looks at the status area or the list of
 *                  cells; write side: who changes what there is to look at.
 *                  Held for short looks only, never while waiting.
 *   (kernel)       device hotplug lock, cpu_hotplug_lock
 */
#ifndef CAPSULE_DRIVER_H
#define CAPSULE_DRIVER_H

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

#include <capsule/config.h>
#include <capsule/error.h>
#include <capsule/image.h>
#include <capsule/ioctl.h>
#include <capsule/status.h>

#undef pr_fmt
#define pr_fmt(fmt) "capsule: " fmt

/* Physical memory that the agency gave away. */
enum mem_kind {
	MEM_NONE = 0,
	MEM_CONTIG,	/* taken from the page allocator */
	MEM_RESERVED,	/* was never the page allocator's */
};

struct mem_block {
	u64 start;	/* physical address */
	u64 size;	/* bytes */
	enum mem_kind kind;
	bool marked;	/* its pages are marked offline */
};

/* Pages that came and went; equal to its first value when all is given back. */
struct ledger {
	unsigned long hv_pages;		/* of the hypervisor */
	unsigned long cell_pages;	/* of cells */
	unsigned long contig_pages;	/* of these, taken from the page allocator */
	unsigned long offline_pages;	/* of these, marked offline */
	unsigned long cpus_offlined;	/* CPUs taken offline for cells */
};

struct capsule_driver {
	struct mutex lock;
	atomic_t own_calls;		/* of the driver itself, that take or wait for the lock */
	struct rw_semaphore view;
	wait_queue_head_t wait;		/* something changed in the status area */
	bool enabled;
	bool broken;			/* EL2 could not be left again on every CPU */
	bool stopping;			/* the machine goes down: no new cells */
	u64 epoch;			/* number of times enabled */
	struct mem_block hv;
	u64 boot_info_offset;		/* bytes from the start of hypervisor memory */
	struct capsule_system *config;	/* as given, hypervisor memory resolved */
	size_t config_size;
	const struct capsule_status *status;	/* under view; NULL unless enabled */
	size_t status_size;
	int notify_irq;			/* Linux number, 0 if none */
	struct ledger ledger;
	struct list_head cells;		/* struct capsule_cell; changed under lock and view */
	struct kobject *cells_dir;	/* sysfs folder */
	struct miscdevice misc;
};

extern struct capsule_driver capsule;

/**
 * refuse() - record why a request is refused
 * @rc: negative errno value
 *
 * Return: @rc, to be passed on.
 */
static inline int refuse(struct capsule_err *err, int rc, u32 reason, u64 detail0, u64 detail1)
{
	err->reason = reason;
	err->detail[0] = detail0;
	err->detail[1] = detail1;
	return rc;
}

/* machine.c */
int machine_judge(struct capsule_ioc_machine *m);

/* platform.c */
int platform_check_machine(struct capsule_err *err);
int platform_check_config(const struct capsule_system *sys, struct capsule_err *err);
struct device_node *platform_gic_node(u32 *version);
int platform_mpidr(unsigned int cpu, u64 *mpidr);

/* firmware.c */
struct firmware;
int firmware_load(const struct firmware **fw, struct capsule_err *err);
int firmware_check_room(const struct firmware *fw, const struct capsule_system *sys,
			size_t config_size, struct capsule_err *err);
int firmware_place(const struct firmware *fw, struct mem_block *hv,
		   const struct capsule_system *sys, size_t config_size, struct capsule_err *err);

/* takeover.c */
int takeover_enter(u64 entry, u64 hv_phys, u64 *online, struct capsule_err *err);
int takeover_leave(struct capsule_err *err);

/* memory.c */
int mem_take_any(struct mem_block *block, u64 size, struct capsule_err *err);
int mem_available(u64 size, u64 *available, struct capsule_err *err);
int mem_take_fixed(struct mem_block *block, u64 start, u64 size, u32 region,
		   struct capsule_err *err);
void mem_release(struct mem_block *block);
void mem_mark_offline(struct mem_block *block);
void mem_unmark(struct mem_block *block);
void *mem_map_block(const struct mem_block *block, u64 offset, size_t size);
void mem_unmap_block(const struct mem_block *block, void *mapped);
void clean_to_poc(const void *start, size_t size);

/* config.c */
int config_check_system(const struct capsule_system *sys, size_t size, struct capsule_err *err);
int config_check_cell(const struct capsule_cell_desc *desc, size_t size, struct capsule_err *err);
const u64 *config_cpus(const struct capsule_cell_desc *desc);
struct capsule_memory *config_regions(struct capsule_cell_desc *desc);

/* enable.c */
int capsule_enable(const void *config, size_t size, struct capsule_err *err);
int capsule_disable(struct capsule_err *err);

/* gic.c */
int gic_request_notify(u32 intid, struct capsule_err *err);
void gic_free_notify(void);
u32 gic_last_spi(void);
void gic_raise_lpis(const struct capsule_boot_info *info);

#endif

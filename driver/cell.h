/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell as the driver keeps it. */
#ifndef CAPSULE_CELL_H
#define CAPSULE_CELL_H

#include <linux/kobject.h>

#include "driver.h"

struct capsule_cell {
	struct kobject kobj;		/* its reference count is the cell's */
	struct list_head list;		/* in capsule.cells, under view */
	bool alive;			/* under view; false once destroyed */
	u32 id;				/* as EL2 numbers it */
	u32 events;			/* last seen in the status area, notify work only */
	bool loaded;			/* all pieces of something to start */
	struct list_head pieces;	/* struct piece: what it was loaded from */
	unsigned int num_pieces;
	bool pieces_missing;		/* something else is in its memory, too */
	bool started;			/* once, with entry and argument as below */
	u64 start_flags;		/* CAPSULE_START_ENTRY */
	u64 entry, argument;
	unsigned long started_at;	/* jiffies */
	size_t config_size;
	struct capsule_cell_desc *config;
	struct mem_block *blocks;	/* one a memory region; MEM_NONE where nothing was taken */
	struct list_head devices;	/* claimed in the agency, see devices.c */
	struct list_head unbound;	/* their drivers were unbound, see unbind.c */
	u64 cpus;			/* bit n: CPU n */
	u64 offlined;			/* of these, those the driver took offline */
};

/* A range of a cell's memory that can be filled again. */
struct piece {
	struct list_head list;
	struct file *file;		/* NULL: random bytes */
	u64 offset, length;		/* bytes */
	u64 address;			/* IPA */
};

#define kobj_to_cell(k) container_of(k, struct capsule_cell, kobj)

static inline const char *cell_name(const struct capsule_cell *cell)
{
	return cell->config->name;
}

static inline void cell_get(struct capsule_cell *cell)
{
	kobject_get(&cell->kobj);
}

static inline void cell_put(struct capsule_cell *cell)
{
	kobject_put(&cell->kobj);
}

/* cell.c */
struct capsule_cell *cell_alloc(const void *config, size_t size);
void cell_free(struct capsule_cell *cell);
int cell_register(struct capsule_cell *cell);
void cell_unregister(struct capsule_cell *cell);
struct capsule_cell *cell_find(const char *name, u32 id);
bool cell_name_used(const char *name);
bool cell_is_root(const char *name, u32 id);
unsigned int cell_count(void);
u64 cell_all_cpus(void);
int cell_info(struct capsule_cell *cell, struct capsule_ioc_cell_info *info);
void cells_changed(void);
void cells_quiesce(void);

/* lifecycle.c */
int cell_create(const void *config, size_t size, bool unbind, struct capsule_cell **cell,
		struct capsule_err *err);
int cell_start(struct capsule_cell *cell, const struct capsule_ioc_start *start,
	       struct capsule_err *err);
int cell_start_as_before(struct capsule_cell *cell, struct capsule_err *err);
int cell_stop(struct capsule_cell *cell, bool force, struct capsule_err *err);
int cell_shutdown(struct capsule_cell *cell, bool force, struct capsule_err *err);
int cell_destroy(struct capsule_cell *cell, bool force, struct capsule_err *err);
int cell_make_loadable(struct capsule_cell *cell, bool check_only, bool *anew,
		       struct capsule_err *err);

/* load.c */
int cell_load(struct capsule_cell *cell, const struct capsule_ioc_load *load,
	      struct capsule_err *err);
int load_piece(struct capsule_cell *cell, const struct piece *piece, struct capsule_err *err);

/* pieces.c */
void pieces_begin(struct capsule_cell *cell);
void pieces_forget(struct capsule_cell *cell);
bool pieces_complete(const struct capsule_cell *cell);
int pieces_keep(struct capsule_cell *cell, struct file *file,
		const struct capsule_ioc_load *load, struct capsule_err *err);
int pieces_load(struct capsule_cell *cell, struct capsule_err *err);

/* restart.c */
int cell_restart(struct capsule_cell *cell, bool force, struct capsule_err *err);
void restart_soon(void);
void restart_quiesce(void);

/* resources.c */
int resources_take(struct capsule_cell *cell, bool unbind, struct capsule_err *err);
void resources_release(struct capsule_cell *cell);
void resources_abandon(struct capsule_cell *cell);

/* cpus.c */
int cpus_check(u64 cpus, struct capsule_err *err);
int cpus_take(struct capsule_cell *cell, struct capsule_err *err);
void cpus_give_back(struct capsule_cell *cell);

/* devices.c */
int devices_take(struct capsule_cell *cell, bool unbind, struct capsule_err *err);
void devices_release(struct capsule_cell *cell);

/* unbind.c */
int drivers_unbind(struct capsule_cell *cell, bool unbind, struct capsule_err *err);
void drivers_bind(struct capsule_cell *cell);

/* console.c */
int console_open(struct capsule_ioc_console *arg);
void console_wake(void);
void console_quiesce(void);

/* sysfs.c */
extern const struct attribute_group *capsule_groups[];
extern const struct attribute_group *cell_groups[];
const char *cell_state_name(u32 state);

/* ioctl.c */
extern const struct file_operations capsule_fops;

/* power.c */
int power_register(void);
void power_unregister(void);

#endif

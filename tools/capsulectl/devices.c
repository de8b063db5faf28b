// SPDX-License-Identifier: Apache-2.0
/*
 * The agency's devices as sysfs shows them: their names for messages, and what
 * speaks against taking one away from its driver. Which devices a cell gets is
 * decided by the driver; here they are found by the address in their names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define CTL_SYS		CTL_ROOT "/sys"
#define CTL_DEV		CTL_ROOT "/dev"
#define MAX_DEPTH	12	/* of folders below a device */

struct device {
	char path[PATH_MAX];	/* of its folder in sysfs */
	char name[NAME_MAX + 1];
	char driver[NAME_MAX + 1];	/* "" for none */
	uint64_t start, size;	/* registers: physical address, bytes */
};

/* The first bytes of a file, as a string; "" if there is none. */
static size_t read_file(const char *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX + NAME_MAX];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static uint32_t read_cell(const char *dir, const char *name, uint32_t fallback)
{
	char bytes[5];

	if (read_file(dir, name, bytes, sizeof(bytes)) < 4)
		return fallback;
	return (uint32_t)(uint8_t)bytes[0] << 24 | (uint32_t)(uint8_t)bytes[1] << 16 |
	       (uint32_t)(uint8_t)bytes[2] << 8 | (uint32_t)(uint8_t)bytes[3];
}

/* The size in the first entry of the node's reg property; 1 where it is not told. */
static uint64_t node_size(const char *device)
{
	char link[PATH_MAX + 16], node[PATH_MAX], parent[PATH_MAX], reg[64];
	uint32_t address_cells, size_cells, i;
	uint64_t size = 0;
	size_t length;

	snprintf(link, sizeof(link), "%s/of_node", device);
	if (!realpath(link, node))
		return 1;
	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(node, '/') - node), node);
	address_cells = read_cell(parent, "#address-cells", 2);
	size_cells = read_cell(parent, "#size-cells", 1);
	length = read_file(node, "reg", reg, sizeof(reg));
	if (address_cells > 4 || size_cells > 2 || length < 4 * (address_cells + size_cells))
		return 1;
	for (i = 4 * address_cells; i < 4 * (address_cells + size_cells); i++)
		size = size << 8 | (uint8_t)reg[i];
	return size ? size : 1;
}

/* Names of devices made from a tree begin with the physical address, in hexadecimal. */
static bool read_device(const char *bus, const char *name, struct device *d)
{
	char link[PATH_MAX + 16], target[PATH_MAX];
	char *end;
	ssize_t n;

	d->start = strtoull(name, &end, 16);
	if (end == name || *end != '.')
		return false;
	snprintf(link, sizeof(link), "%s/%s", bus, name);
	if (!realpath(link, d->path))
		return false;
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(link, sizeof(link), "%s/driver", d->path);
	n = readlink(link, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	end = strrchr(target, '/');
	snprintf(d->driver, sizeof(d->driver), "%.*s", NAME_MAX, end ? end + 1 : "");
	d->size = node_size(d->path);
	return true;
}

/*
 * Calls @visit for each device whose registers overlap the range, until it
 * does not return 0; returns what it returned last.
 */
static int for_each_device(uint64_t start, uint64_t size,
			   int (*visit)(const struct device *device, void *arg), void *arg)
{
	static const char *const buses[] = {
		CTL_SYS "/bus/platform/devices", CTL_SYS "/bus/amba/devices",
	};
	static struct device d;
	struct dirent *entry;
	int rc = 0;
	size_t i;
	DIR *dir;

	for (i = 0; !rc && i < sizeof(buses) / sizeof(buses[0]); i++) {
		dir = opendir(buses[i]);
		while (dir && !rc && (entry = readdir(dir)))
			if (read_device(buses[i], entry->d_name, &d) && d.start < start + size &&
			    start < d.start + d.size)
				rc = visit(&d, arg);
		if (dir)
			closedir(dir);
	}
	return rc;
}

struct named {
	char text[2 * NAME_MAX + 16];
};

static int put_name(const struct device *d, void *arg)
{
	struct named *named = arg;

	snprintf(named->text, sizeof(named->text), "%s%s%s", d->name, *d->driver ? ", driver " : "",
		 d->driver);
	return 1;
}

/* "9010000.pl031, driver rtc-pl031", good until the next call; NULL if no device is there. */
const char *ctl_device_name(uint64_t start, uint64_t size)
{
	static struct named named;

	return for_each_device(start, size, put_name, &named) ? named.text : NULL;
}

/* What speaks against unbinding a device: "its disk vda is in use: unmount it". */
static char objection[PATH_MAX];

static bool is_parent(const char *path, const struct FTW *at, const char *name)
{
	size_t length = strlen(name);
	const char *end = path + at->base - 1;

	return at->base > (int)length + 1 && !strncmp(end - length, name, length) &&
	       end[-(ptrdiff_t)length - 1] == '/';
}

/* The kernel lets nobody else have a disk of which a part is mounted, swapped to or stacked on. */
static int check_disk(const char *disk)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", CTL_DEV, disk);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno != EBUSY)
		return 0;
	snprintf(objection, sizeof(objection),
		 "its disk %s is in use (mounted, swap or part of another disk): unmount it first", disk);
	return 1;
}

static int check_interface(const char *dir, const char *name)
{
	char flags[32];

	read_file(dir, "flags", flags, sizeof(flags));
	if (!(strtoul(flags, NULL, 0) & IFF_UP))
		return 0;
	snprintf(objection, sizeof(objection),
		 "its network interface %s is up: take it down first (ip link set %s down)", name, name);
	return 1;
}

static int check_terminal(const char *name)
{
	char active[256], *word, *rest = active;

	read_file(CTL_SYS "/class/tty/console", "active", active, sizeof(active));
	while ((word = strsep(&rest, " \n"))) {
		if (strcmp(word, name))
			continue;
		snprintf(objection, sizeof(objection),
			 "it is the agency's console %s: boot with another console", name);
		return 1;
	}
	return 0;
}

static int check_part(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + at->base;

	(void)st;
	if (type != FTW_D)
		return 0;
	if (is_parent(path, at, "block"))
		return check_disk(name);
	if (is_parent(path, at, "net"))
		return check_interface(path, name);
	if (is_parent(path, at, "tty"))
		return check_terminal(name);
	return 0;
}

/* Drivers of devices that draw on this one would be unbound with it. */
static int check_consumers(const struct device *d)
{
	char path[PATH_MAX + NAME_MAX + 32];
	struct dirent *entry;
	DIR *dir = opendir(d->path);
	int rc = 0;

	while (dir && !rc && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "consumer:", 9))
			continue;
		snprintf(path, sizeof(path), "%s/%s/consumer/driver", d->path, entry->d_name);
		if (access(path, F_OK))
			continue;
		snprintf(objection, sizeof(objection),
			 "device %s depends on it: unbind that one first", entry->d_name + 9);
		rc = 1;
	}
	if (dir)
		closedir(dir);
	return rc;
}

struct unbinding {
	const char *file;
	bool tell;
};

static int check_device(const struct device *d, void *arg)
{
	const struct unbinding *u = arg;

	if (!*d->driver)
		return CTL_EXIT_OK;
	if (check_consumers(d) || nftw(d->path, check_part, MAX_DEPTH, FTW_PHYS) == 1)
		return ctl_fail(ctl_reason_exit(CAPSULE_REASON_DEVICE_NEEDED),
				"%s: %s (driver %s) cannot be unbound, %s", u->file, d->name,
				d->driver, objection);
	if (u->tell)
		ctl_info("taking %s from driver %s until the cell is destroyed", d->name,
			 d->driver);
	return CTL_EXIT_OK;
}

static int for_each_region(const struct chk_cell *cell, const struct unbinding *u)
{
	const struct capsule_memory *m;
	int code = CTL_EXIT_OK;
	uint32_t i;

	for (i = 0; !code && i < cell->desc.num_memory_regions; i++) {
		m = &cell->regions[i];
		if (m->flags & CAPSULE_MEM_IO && !(m->flags & CAPSULE_MEM_ROOTSHARED))
			code = for_each_device(m->phys_start, m->size, check_device, (void *)(uintptr_t)u);
	}
	return code;
}

/*
 * Before the devices of @cell are unbound from their drivers in the agency:
 * refuses where that would hurt, and then says which they are.
 */
int ctl_check_unbind(const struct chk_cell *cell)
{
	struct unbinding u = { .file = cell->file };
	int code = for_each_region(cell, &u);

	u.tell = true;
	return code ? code : for_each_region(cell, &u);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The agency's devices as sysfs shows them: their names for messages, and what
 * speaks against taking one away from its driver. Which devices a cell gets is
 * decided by the driver; here they are found by their names and nodes.
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
#include "registers.h"

#define CTL_SYS		CTL_ROOT "/sys"
#define CTL_DEV		CTL_ROOT "/dev"
#define MAX_DEPTH	12	/* of folders below a device */

struct device {
	char path[PATH_MAX];	/* of its folder in sysfs */
	char name[NAME_MAX + 1];
	char driver[NAME_MAX + 1];	/* "" for none */
};

/* False where it is gone meanwhile. */
static bool read_device(const char *bus, const char *name, struct device *d)
{
	char link[PATH_MAX + 16], target[PATH_MAX];
	char *end;
	ssize_t n;

	snprintf(link, sizeof(link), "%s/%s", bus, name);
	if (name[0] == '.' || !realpath(link, d->path))
		return false;
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(link, sizeof(link), "%s/driver", d->path);
	n = readlink(link, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	end = strrchr(target, '/');
	snprintf(d->driver, sizeof(d->driver), "%.*s", NAME_MAX, end ? end + 1 : "");
	return true;
}

/*
 * Has the device registers in the range? Its name begins with the physical
 * address of the first ones, in hexadecimal; its node has all of them.
 */
static bool overlaps(const struct device *d, uint64_t start, uint64_t size)
{
	char link[PATH_MAX + 16], node[PATH_MAX], *end;
	uint64_t first = strtoull(d->name, &end, 16);

	if (end != d->name && *end == '.' && first - start < size)
		return true;
	snprintf(link, sizeof(link), "%s/of_node", d->path);
	return realpath(link, node) && ctl_node_overlaps(node, start, size);
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
			if (read_device(buses[i], entry->d_name, &d) && overlaps(&d, start, size))
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
	char path[PATH_MAX], *c;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", CTL_DEV, disk);
	/* A folder of /dev in the name of a disk: cciss!c0d0. */
	for (c = path; (c = strchr(c, '!')); )
		*c = '/';
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno == ENOENT || errno == ENXIO || errno == ENOMEDIUM)
		return 0;
	if (errno == EBUSY)
		snprintf(objection, sizeof(objection),
			 "its disk %s is in use (mounted, swap or part of another disk): unmount it first",
			 disk);
	else
		snprintf(objection, sizeof(objection),
			 "its disk %s may be in use (%s): unbind the driver by hand if it is not",
			 disk, strerror(errno));
	return 1;
}

static int check_interface(const char *dir, const char *name)
{
	char flags[32];

	ctl_read_file(dir, "flags", flags, sizeof(flags));
	if (!(strtoul(flags, NULL, 0) & IFF_UP))
		return 0;
	snprintf(objection, sizeof(objection),
		 "its network interface %s is up: take it down first (ip link set %s down)", name, name);
	return 1;
}

static int check_terminal(const char *name)
{
	char active[256], *word, *rest = active;

	ctl_read_file(CTL_SYS "/class/tty/console", "active", active, sizeof(active));
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

static int check_parts(const struct device *d)
{
	int rc = nftw(d->path, check_part, MAX_DEPTH, FTW_PHYS);

	if (rc < 0)
		snprintf(objection, sizeof(objection),
			 "what it is used for cannot be seen (%s): unbind the driver by hand",
			 strerror(errno));
	return rc;
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
	if (check_consumers(d) || check_parts(d))
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

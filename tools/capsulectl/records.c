// SPDX-License-Identifier: Apache-2.0
/*
 * Copies of the configurations in use, under /run/capsule. They only serve
 * better messages (what collides with what) and the default load address: the
 * driver and the hypervisor decide without them. One that is missing or does
 * not fit the living cell is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

#define ROOT_RECORD	"root"	/* no cell record: those end in ".cell" */

/* The folder of these, for what lives until the next boot; it may have to be made. */
const char *ctl_run_folder(void)
{
	const char *dir = getenv("CAPSULE_RUN_DIR");

	return dir && *dir ? dir : "/run/capsule";
}

/* @name is a cell's, checked by the reader of configurations; NULL for the root's. */
static bool record_path(const char *name, const char *suffix, char *path)
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s%s", ctl_run_folder(), name ? name : ROOT_RECORD,
			 name ? ".cell" : "", suffix);

	return n < PATH_MAX;
}

static bool write_all(int fd, const struct ctl_file *file)
{
	const uint8_t *data = file->data;
	size_t done = 0;
	ssize_t n;

	while (done < file->size) {
		n = write(fd, data + done, file->size - done);
		if (n < 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Keeps a copy; failing to is no error. */
void ctl_record_save(const char *name, const struct ctl_file *file)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	bool ok;
	int fd;

	if (!record_path(name, "", path) || !record_path(name, ".new", temporary))
		return;
	mkdir(ctl_run_folder(), 0755);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return;
	ok = write_all(fd, file);
	close(fd);
	if (!ok || rename(temporary, path))
		unlink(temporary);
}

/* Forgets a copy. */
void ctl_record_remove(const char *name)
{
	char path[PATH_MAX];

	if (record_path(name, "", path))
		unlink(path);
}

static bool read_record(const char *name, struct ctl_file *file)
{
	char path[PATH_MAX];

	return record_path(name, "", path) && !access(path, R_OK) &&
	       !ctl_read_config(path, file);
}

/*
 * The configuration that the hypervisor was enabled with, if it is known and
 * in order. @file is released by the caller after use, true or false.
 */
bool ctl_record_system(struct ctl_file *file, struct chk_system *system)
{
	static struct chk_report report;

	*file = (struct ctl_file) { 0 };
	report = (struct chk_report) { 0 };
	return read_record(NULL, file) &&
	       chk_read_system(file->data, file->size, "the root configuration", system, &report);
}

/* The same for a living cell, which must have the record's name and CPUs. */
bool ctl_record_cell(const struct capsule_ioc_cell_info *info, struct ctl_file *file,
		     struct chk_cell *cell)
{
	static struct chk_report report;
	char name[CAPSULE_NAME_LEN] = "";

	*file = (struct ctl_file) { 0 };
	report = (struct chk_report) { 0 };
	memcpy(name, info->status.name, sizeof(name) - 1);
	if (!*name || strchr(name, '/'))
		return false;
	return read_record(name, file) &&
	       chk_read_cell(file->data, file->size, "in use", cell, &report) &&
	       !strcmp(cell->desc.name, name) && cell->cpus == info->status.cpus;
}

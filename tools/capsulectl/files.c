// SPDX-License-Identifier: Apache-2.0
/* Finding and reading files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

static int too_long(const char *name)
{
	return ctl_fail(CTL_EXIT_FILE, "%s: %s", name, strerror(ENAMETOOLONG));
}

/*
 * Resolves @name as the user gave it: what exists from the working folder is
 * taken, a bare NAME.cell is then looked for in $CAPSULE_CELL_PATH (folders
 * separated by colons) or, where that is not set, among the installed ones.
 */
int ctl_find_config(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("CAPSULE_CELL_PATH");
	const char *end;

	if (!dirs || !*dirs)
		dirs = CTL_CELLDIR;
	if (is_file(name) || strchr(name, '/')) {
		if ((size_t)snprintf(path, size, "%s", name) >= size)
			return too_long(name);
		return CTL_EXIT_OK;
	}
	for (const char *dir = dirs; *dir; dir = *end ? end + 1 : end) {
		end = strchrnul(dir, ':');
		if ((size_t)snprintf(path, size, "%.*s/%s", (int)(end - dir), dir, name) >= size)
			return too_long(name);
		if (is_file(path))
			return CTL_EXIT_OK;
	}
	return ctl_fail(CTL_EXIT_FILE, "%s is neither here nor in %s: give the path of a compiled configuration",
			name, dirs);
}

static int read_all(int fd, const char *path, struct ctl_file *file)
{
	uint8_t *data = malloc(CAPSULE_CONFIG_MAX_SIZE + 1);
	size_t size = 0;
	ssize_t n;

	if (!data)
		return ctl_fail(CTL_EXIT_UNEXPECTED, "out of memory");
	while (size <= CAPSULE_CONFIG_MAX_SIZE) {
		n = read(fd, data + size, CAPSULE_CONFIG_MAX_SIZE + 1 - size);
		if (n < 0) {
			free(data);
			return ctl_fail(CTL_EXIT_FILE, "%s: %s", path, strerror(errno));
		}
		if (n == 0)
			break;
		size += (size_t)n;
	}
	*file = (struct ctl_file) { .data = data, .size = size };
	return CTL_EXIT_OK;
}

/*
 * Reads a compiled configuration; freed by ctl_close_file(). Never more than
 * one byte above CAPSULE_CONFIG_MAX_SIZE, which the checker then refuses.
 */
int ctl_read_config(const char *path, struct ctl_file *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int code;

	*file = (struct ctl_file) { 0 };
	if (fd < 0)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", path, strerror(errno));
	code = read_all(fd, path, file);
	close(fd);
	return code;
}

/* Releases what a reader got; harmless on an empty struct. */
void ctl_close_file(struct ctl_file *file)
{
	if (file->mapped)
		munmap(file->data, file->size);
	else
		free(file->data);
	*file = (struct ctl_file) { 0 };
}

// SPDX-License-Identifier: Apache-2.0
/* What the kernel shows in files: text, log and device tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hardware.h"

#define TREE		CTL_ROOT "/proc/device-tree"
#define MAX_DEPTH	32
#define MAX_PROPERTY	4096	/* bytes of compatible or status that are looked at */
#define LOG_RECORD	8192	/* larger than any record of /dev/kmsg */

static FILE *open_file(const char *path)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), CTL_ROOT "%s", path) >= (int)sizeof(full))
		return NULL;
	return fopen(full, "re");
}

bool hw_read_line(const char *path, char *text, size_t size)
{
	FILE *file = open_file(path);
	bool ok;

	if (!file)
		return false;
	ok = fgets(text, (int)size, file);
	fclose(file);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

bool hw_exists(const char *path)
{
	char full[PATH_MAX];

	return snprintf(full, sizeof(full), CTL_ROOT "%s", path) < (int)sizeof(full) &&
	       !access(full, F_OK);
}

bool hw_has_line(const char *path, const char *text)
{
	FILE *file = open_file(path);
	char *line = NULL;
	bool found = false;
	size_t size = 0;

	if (!file)
		return false;
	while (!found && getline(&line, &size, file) >= 0)
		found = !strncmp(line, text, strlen(text));
	free(line);
	fclose(file);
	return found;
}

bool hw_kernel_said(const char *text)
{
	int fd = open(CTL_ROOT "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[LOG_RECORD + 1];
	bool found = false;
	ssize_t n;

	if (fd < 0)
		return false;
	/* EPIPE: records were overwritten while we read, the next are there. */
	while (!found && ((n = read(fd, record, LOG_RECORD)) > 0 || (n < 0 && errno == EPIPE))) {
		record[n > 0 ? n : 0] = '\0';
		found = strstr(record, text);
	}
	close(fd);
	return found;
}

/* The property's bytes, ended by one more NUL; the length, or -1. */
static long read_property(const char *node, const char *property, char *data)
{
	char path[PATH_MAX];
	long n;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", node, property) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, data, MAX_PROPERTY);
	close(fd);
	if (n >= 0)
		data[n] = '\0';
	return n;
}

long hw_property_size(const char *node, const char *property)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", node, property) >= (int)sizeof(path) ||
	    stat(path, &st))
		return -1;
	return (long)st.st_size;
}

static bool is_enabled(const char *node)
{
	char status[MAX_PROPERTY + 1];

	return read_property(node, "status", status) <= 0 || !strcmp(status, "okay") ||
	       !strcmp(status, "ok");
}

/* Index in @names of the first that the node says it is compatible with, or -1. */
static int compatible_with(const char *node, const char *const *names)
{
	char data[MAX_PROPERTY + 1];
	long n = read_property(node, "compatible", data), at;
	int i;

	for (at = 0; at < n; at += (long)strlen(data + at) + 1)
		for (i = 0; names[i]; i++)
			if (!strcmp(names[i], data + at))
				return i;
	return -1;
}

/* Looks at the node in @path and all below it; leaves the path of what is found. */
static int find_below(char *path, const char *const *names, int depth)
{
	size_t length = strlen(path);
	struct dirent *entry;
	int found = -1;
	DIR *dir;

	if (!is_enabled(path) || depth > MAX_DEPTH)
		return -1;
	found = compatible_with(path, names);
	dir = found < 0 ? opendir(path) : NULL;
	while (dir && found < 0 && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    length + strlen(entry->d_name) + 2 > PATH_MAX)
			continue;
		path[length] = '/';
		strcpy(path + length + 1, entry->d_name);
		found = find_below(path, names, depth + 1);
		if (found < 0)
			path[length] = '\0';
	}
	if (dir)
		closedir(dir);
	return found;
}

int hw_find_node(const char *const *names, char *path)
{
	strcpy(path, TREE);
	return find_below(path, names, 0);
}

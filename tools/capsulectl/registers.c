// SPDX-License-Identifier: Apache-2.0
/*
 * Registers of a device: all entries of its node's reg property, translated to
 * physical addresses by the buses above (Devicetree Specification v0.4, 2.3.6
 * and 2.3.8), just as the kernel makes resources of them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "registers.h"

#define TREE	CTL_ROOT "/sys/firmware/devicetree/base"

/* The first bytes of a file, as a string; "" if there is none. Returns their number. */
size_t ctl_read_file(const char *dir, const char *name, char *text, size_t size)
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

/* Big-endian; of more than two cells the last two. */
static uint64_t get_cells(const char *bytes, uint32_t cells)
{
	uint64_t value = 0;
	uint32_t i;

	for (i = 0; i < 4 * cells; i++)
		value = value << 8 | (uint8_t)bytes[i];
	return value;
}

/* How many cells an address or a size has below a node. */
static uint32_t read_width(const char *node, const char *name, uint32_t fallback)
{
	char bytes[5];

	if (ctl_read_file(node, name, bytes, sizeof(bytes)) < 4)
		return fallback;
	return (uint32_t)get_cells(bytes, 1);
}

static bool read_widths(const char *bus, uint32_t *address, uint32_t *size)
{
	*address = read_width(bus, "#address-cells", 2);
	*size = read_width(bus, "#size-cells", 1);
	return *address && *address <= 4 && *size <= 4;
}

/* An address on @bus becomes one on @parent; false where nothing leads there. */
static bool translate_once(const char *bus, const char *parent, uint64_t *address)
{
	char path[PATH_MAX + 8], ranges[4097];
	uint32_t child_cells, size_cells, parent_cells, unused;
	uint64_t child, size;
	size_t length, width, at;

	snprintf(path, sizeof(path), "%s/ranges", bus);
	if (access(path, F_OK) || !read_widths(bus, &child_cells, &size_cells) ||
	    !read_widths(parent, &parent_cells, &unused))
		return false;
	length = ctl_read_file(bus, "ranges", ranges, sizeof(ranges));
	width = 4 * (child_cells + parent_cells + size_cells);
	for (at = 0; at + width <= length; at += width) {
		child = get_cells(ranges + at, child_cells);
		size = get_cells(ranges + at + 4 * (child_cells + parent_cells), size_cells);
		if (*address < child || *address - child >= size)
			continue;
		*address += get_cells(ranges + at + 4 * child_cells, parent_cells) - child;
		return true;
	}
	return !length;
}

static bool go_up(char *path)
{
	char *end = strrchr(path, '/');

	if (end)
		*end = '\0';
	return end;
}

static bool translate(const char *bus, uint64_t *address)
{
	char at[PATH_MAX], parent[PATH_MAX], root[PATH_MAX];

	if (!realpath(TREE, root))
		return false;
	snprintf(at, sizeof(at), "%s", bus);
	while (strcmp(at, root)) {
		snprintf(parent, sizeof(parent), "%s", at);
		if (!go_up(parent) || !translate_once(at, parent, address))
			return false;
		snprintf(at, sizeof(at), "%s", parent);
	}
	return true;
}

/* Does any entry of @node's reg property overlap the physical range? @node has no links. */
bool ctl_node_overlaps(const char *node, uint64_t start, uint64_t size)
{
	char bus[PATH_MAX], reg[4097];
	uint32_t address_cells, size_cells;
	uint64_t address, bytes;
	size_t length, at, width;

	snprintf(bus, sizeof(bus), "%s", node);
	if (!go_up(bus) || !read_widths(bus, &address_cells, &size_cells))
		return false;
	length = ctl_read_file(node, "reg", reg, sizeof(reg));
	width = 4 * (address_cells + size_cells);
	for (at = 0; at + width <= length; at += width) {
		address = get_cells(reg + at, address_cells);
		bytes = get_cells(reg + at + 4 * address_cells, size_cells);
		if (bytes && translate(bus, &address) && address < start + size &&
		    start < address + bytes)
			return true;
	}
	return false;
}

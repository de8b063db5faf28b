/* SPDX-License-Identifier: Apache-2.0 */
/* registers.c: where a device has its registers, as the nodes in sysfs tell it. */
#ifndef CAPSULECTL_REGISTERS_H
#define CAPSULECTL_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t ctl_read_file(const char *dir, const char *name, char *text, size_t size);
bool ctl_node_overlaps(const char *node, uint64_t start, uint64_t size);

#endif

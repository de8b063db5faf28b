/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preflight: is this a machine and a system on which enable succeeds? Each
 * check adds its lines to a list; nothing is changed by any of them.
 */
#ifndef CAPSULECTL_HARDWARE_H
#define CAPSULECTL_HARDWARE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <capsule/ioctl.h>

#include "ctl.h"

enum hw_result {
	HW_PASS,
	HW_WARN,	/* enable works, but not all that one may want */
	HW_FAIL,	/* enable would be refused */
};

struct hw_line {
	const char *name;
	enum hw_result result;
	uint32_t reason;	/* of a failure: enum capsule_reason, 0 for none */
	char found[160];
	char remedy[160];	/* empty where there is nothing to do */
};

struct hw_list {
	struct hw_line line[32];
	unsigned int count;
	int device;		/* descriptor of the driver, -1: not loaded */
	bool quick;		/* no check that takes memory or time */
	struct capsule_ioc_machine machine;	/* what the driver says; size 0: nothing */
};

/* hardware.c */

/* Appends a line and returns it, for what more there is to say; never NULL. */
struct hw_line *hw_add(struct hw_list *list, const char *name, enum hw_result result,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What the user can do about it. */
void hw_remedy(struct hw_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* hardware_files.c: reading what the kernel shows. Paths are below CTL_ROOT. */

/* First line of a file, without its line feed; false if it cannot be read. */
bool hw_read_line(const char *path, char *text, size_t size);
bool hw_exists(const char *path);
/* A file has a line that begins with @text. */
bool hw_has_line(const char *path, const char *text);
/* A message with @text is in the kernel's log, which may have lost old ones. */
bool hw_kernel_said(const char *text);
/*
 * The first enabled node of the device tree that has one of @names (ended by
 * NULL) in its compatible; its folder goes to @path, of PATH_MAX bytes. Returns
 * the index in @names, or -1.
 */
int hw_find_node(const char *const *names, char *path);
/* Bytes of a node's property, -1 if it is not there. */
long hw_property_size(const char *node, const char *property);

/* The checks, in the order that they are shown. */
void hw_check_kernel(struct hw_list *list);	/* hardware_kernel.c */
void hw_check_el2(struct hw_list *list);	/* hardware_machine.c */
void hw_check_devices(struct hw_list *list);
void hw_check_cpus(struct hw_list *list);
void hw_check_kvm(struct hw_list *list);
void hw_check_driver(struct hw_list *list);	/* hardware_driver.c */
void hw_check_memory(struct hw_list *list);
void hw_check_tools(struct hw_list *list);

#endif

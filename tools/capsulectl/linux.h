/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell linux: what its files share. linux.c has the order of things,
 * linux_image.c knows kernels, linux_place.c where they go, linux_tree.c
 * makes the device tree and linux_devices.c its nodes of passed devices.
 */
#ifndef CAPSULECTL_LINUX_H
#define CAPSULECTL_LINUX_H

#include "ctl.h"

/* A file that is loaded from its first byte to its last. */
struct linux_file {
	const char *name;		/* as the user gave it; NULL: there is none */
	int fd;				/* a regular file or a memfd, to be closed */
	uint64_t size;			/* bytes */
};

/* An arm64 Image, uncompressed (Linux: Documentation/arm64/booting.rst). */
struct linux_image {
	struct linux_file file;
	uint64_t text_offset;		/* bytes from a 2 MiB boundary to its start */
	uint64_t image_size;		/* bytes of memory it needs there, more than the file has */
};

/* Where things go, as the guest sees it. */
struct linux_place {
	uint64_t kernel;		/* entry, too */
	uint64_t tree;
	uint64_t initrd;
};

/* Random bytes that the tree has: bytes from its start. */
struct linux_seed {
	uint32_t offset;
	uint32_t size;
};

#define LINUX_TREE_MAX	(2U << 20)	/* bytes a tree may have by the boot protocol */
#define LINUX_SEEDS	2

struct linux_tree {
	void *fdt;			/* LINUX_TREE_MAX bytes, packed when complete */
	struct linux_seed seeds[LINUX_SEEDS];
};

/* What the tree is made from. */
struct linux_machine {
	const struct chk_cell *cell;	/* addresses filled in */
	const struct capsule_platform *platform;
	const struct linux_place *place;
	uint64_t initrd_size;		/* bytes, 0: none */
	const char *bootargs;		/* NULL: none */
};

/* linux_image.c */
int linux_open_file(const char *name, struct linux_file *file);
int linux_open_image(const char *name, struct linux_image *image);
void linux_close_file(struct linux_file *file);

/* linux_place.c */
int linux_place(const struct chk_cell *cell, const struct linux_image *kernel,
		const struct linux_file *initrd, struct linux_place *place);

/* linux_tree.c */
int linux_check_console(const struct chk_cell *cell);
int linux_read_tree(const char *name, struct linux_tree *tree);
int linux_make_tree(const struct linux_machine *machine, struct linux_tree *tree);
int linux_finish_tree(const struct linux_machine *machine, struct linux_tree *tree);
uint64_t linux_tree_size(const struct linux_tree *tree);
void linux_free_tree(struct linux_tree *tree);

/* linux_devices.c */
int dt_add_devices(void *fdt, const struct linux_machine *machine);

#endif

// SPDX-License-Identifier: Apache-2.0
/*
 * Where kernel, device tree and initrd go in a cell's memory (Linux:
 * Documentation/arm64/booting.rst): the kernel text_offset above a 2 MiB
 * boundary, the tree in 2 MiB of its own above it, then the initrd, all in
 * one window of 32 GiB that begins at a multiple of 1 GiB.
 */
#include <inttypes.h>

#include "linux.h"

#define MIB		UINT64_C(0x100000)
#define BLOCK		(2 * MIB)
#define PAGE		UINT64_C(4096)
#define WINDOW		(UINT64_C(32) << 30)
#define WINDOW_ALIGN	(UINT64_C(1) << 30)
#define LINUX_NEEDS	(32 * MIB)	/* besides its images, to reach its initrd's init */

static uint64_t round_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* The largest region that a kernel can be loaded to and run in. */
static const struct capsule_memory *find_ram(const struct chk_cell *cell)
{
	const uint64_t need = CAPSULE_MEM_READ | CAPSULE_MEM_WRITE | CAPSULE_MEM_EXECUTE |
			      CAPSULE_MEM_LOADABLE;
	const struct capsule_memory *found = NULL, *m;

	for (m = cell->regions; m < cell->regions + cell->desc.num_memory_regions; m++)
		if ((m->flags & need) == need && (!found || m->size > found->size))
			found = m;
	return found;
}

static int too_small(const struct chk_cell *cell, uint64_t size, uint64_t need,
		     const struct linux_image *kernel, const struct linux_file *initrd)
{
	return ctl_fail(CTL_EXIT_MEMORY,
			"%s has %" PRIu64 " MiB of memory, %" PRIu64 " MiB are needed for %s "
			"(%" PRIu64 " MiB)%s%s and what Linux needs besides: "
			"make its region larger%s",
			cell->file, size / MIB, round_up(need, MIB) / MIB, kernel->file.name,
			round_up(kernel->image_size, MIB) / MIB, initrd->name ? ", " : "",
			initrd->name ? initrd->name : "",
			initrd->name ? ", or the initrd smaller" : "");
}

/* Chooses the addresses; @initrd->name is NULL where there is none. */
int linux_place(const struct chk_cell *cell, const struct linux_image *kernel,
		const struct linux_file *initrd, struct linux_place *place)
{
	const struct capsule_memory *ram = find_ram(cell);
	uint64_t initrd_size = initrd->name ? initrd->size : 0, need;

	if (!ram)
		return ctl_fail(CTL_EXIT_NOT_FOR_LINUX, "%s has no memory that a kernel can run "
				"in: give it a region with READ, WRITE, EXECUTE and LOADABLE",
				cell->file);
	place->kernel = round_up(ram->virt_start, BLOCK) + kernel->text_offset;
	place->tree = round_up(place->kernel + kernel->image_size, BLOCK);
	place->initrd = place->tree + BLOCK;
	need = round_up(place->initrd + initrd_size, PAGE) - ram->virt_start + LINUX_NEEDS;
	if (need > ram->size || initrd_size > ram->size)
		return too_small(cell, ram->size, need, kernel, initrd);
	if (place->initrd + initrd_size - (place->kernel & ~(WINDOW_ALIGN - 1)) > WINDOW)
		return ctl_fail(CTL_EXIT_MEMORY, "%s: larger than the 32 GiB that the boot "
				"protocol allows: make it smaller", initrd->name);
	return CTL_EXIT_OK;
}

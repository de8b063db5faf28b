// SPDX-License-Identifier: Apache-2.0
/* The device tree's nodes for devices that a cell has to itself. */
#include <inttypes.h>

#include "linux.h"

/*
 * What a device is its registers do not tell, so that none is described here;
 * who passes one to a guest gives the tree, too. Adds nothing, and says so.
 */
int dt_add_devices(void *fdt, const struct linux_machine *machine)
{
	const struct chk_cell *cell = machine->cell;
	uint32_t i;

	(void)fdt;
	for (i = 0; i < cell->desc.num_memory_regions; i++)
		if (cell->regions[i].flags & CAPSULE_MEM_IO)
			fprintf(stderr, "%s: warning: the device at 0x%" PRIx64 " is not in "
				"the guest's device tree: describe it in a tree given by -d\n",
				cell->file, cell->regions[i].virt_start);
	return CTL_EXIT_OK;
}

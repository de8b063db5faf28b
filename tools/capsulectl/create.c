// SPDX-License-Identifier: Apache-2.0
/* cell create. */
#include <getopt.h>
#include <limits.h>
#include <unistd.h>

#include "ctl.h"

/* Against the cells there are, as far as their configurations are known. */
static void check_living(const struct chk_cell *cell, int device, struct chk_report *report)
{
	struct capsule_ioc_cell_info info;
	struct ctl_file file;
	struct chk_cell other;
	uint32_t id;

	for (id = 1; id < CAPSULE_MAX_CELLS; id++) {
		if (!ctl_info_by_id(device, id, &info))
			continue;
		if (ctl_record_cell(&info, &file, &other))
			chk_pair(cell, &other, report);
		ctl_close_file(&file);
	}
}

static void check_on_machine(const struct chk_cell *cell, int device, struct chk_report *report)
{
	struct chk_system system;
	struct ctl_file file;

	if (ctl_record_system(&file, &system)) {
		system.machine_cpus = ctl_machine_cpus();
		chk_cell(cell, &system, report);
	} else {
		chk_cell(cell, NULL, report);
	}
	ctl_close_file(&file);
	check_living(cell, device, report);
}

static int call_create(const struct ctl_file *file, const struct chk_cell *cell, int device,
		       uint32_t flags, int *cell_fd)
{
	struct ctl_words words = {
		.cell = cell->desc.name,
		.file = cell->file,
		.regions = cell->regions,
		.num_regions = cell->desc.num_memory_regions,
	};
	struct capsule_ioc_config arg = {
		.size = sizeof(arg),
		.flags = flags,
		.config = (uintptr_t)file->data,
		.config_size = file->size,
	};
	int code;

	code = ctl_call_fd(device, CAPSULE_IOC_CELL_CREATE, &arg, &arg.err, &words, cell_fd);
	if (!code)
		ctl_record_save(cell->desc.name, file);
	return code;
}

/*
 * Makes a cell of a configuration that was read from @path; the caller closes
 * *cell_fd. The file by itself is judged before the driver is looked for.
 * @flags: CAPSULE_FLAG_UNBIND or 0
 */
int ctl_create_cell(const struct ctl_file *file, const char *path, uint32_t flags, int *cell_fd)
{
	static struct chk_report report;
	struct capsule_ioc_version version;
	struct chk_cell cell;
	int device, code;

	if (!chk_read_cell(file->data, file->size, path, &cell, &report))
		return ctl_judge(&report);
	cell.device_name = ctl_device_name;
	code = ctl_open_device(&device);
	if (code)
		return code;
	code = ctl_version(device, &version);
	if (!code && version.enabled) {
		check_on_machine(&cell, device, &report);
		code = ctl_judge(&report);
	}
	if (!code && flags & CAPSULE_FLAG_UNBIND)
		code = ctl_check_unbind(&cell);
	if (!code)
		code = call_create(file, &cell, device, flags, cell_fd);
	close(device);
	return code;
}

/* capsulectl cell create [--unbind] FILE.cell */
int cmd_cell_create(int argc, char **argv)
{
	static const struct option options[] = {
		{ "unbind", no_argument, NULL, 'u' },
		{ 0 },
	};
	struct ctl_file file;
	char path[PATH_MAX];
	uint32_t flags = 0;
	int c, cell_fd, code;

	while ((c = getopt_long(argc, argv, "u", options, NULL)) != -1) {
		if (c != 'u')
			return CTL_EXIT_USAGE;
		flags |= CAPSULE_FLAG_UNBIND;
	}
	if (argc - optind != 1)
		return ctl_usage("cell create: one configuration expected");
	code = ctl_find_config(argv[optind], path, sizeof(path));
	if (!code)
		code = ctl_read_config(path, &file);
	if (code)
		return code;
	code = ctl_create_cell(&file, path, flags, &cell_fd);
	if (!code) {
		ctl_info("cell %s created", ((const struct capsule_cell_desc *)file.data)->name);
		close(cell_fd);
	}
	ctl_close_file(&file);
	return code;
}

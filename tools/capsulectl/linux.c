// SPDX-License-Identifier: Apache-2.0
/*
 * cell linux: creates a cell, gives it a kernel, a device tree and an initrd,
 * starts it. All that can be judged beforehand is; what fails later takes the
 * cell away again.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "linux.h"

#define PIECE	(4UL << 20)	/* bytes a call, so that progress and Ctrl-C are seen */

struct linux_run {
	const char *config, *kernel_name, *initrd_name, *tree_name, *bootargs;
	bool show_progress;
	uint32_t create_flags;
	char path[PATH_MAX];		/* of the configuration */
	struct ctl_file file;
	struct chk_cell cell;
	struct linux_image kernel;
	struct linux_file initrd;
	struct linux_tree tree;
	struct linux_place place;
	int cell_fd;
};

static struct chk_report report;

static int parse_args(struct linux_run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{ "initrd", required_argument, NULL, 'i' },
		{ "dtb", required_argument, NULL, 'd' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "progress", no_argument, NULL, 'p' },
		{ "unbind", no_argument, NULL, 'u' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "i:d:c:pu", options, NULL)) != -1) {
		if (c == 'i')
			run->initrd_name = optarg;
		else if (c == 'd')
			run->tree_name = optarg;
		else if (c == 'c')
			run->bootargs = optarg;
		else if (c == 'p')
			run->show_progress = true;
		else if (c == 'u')
			run->create_flags |= CAPSULE_FLAG_UNBIND;
		else
			return CTL_EXIT_USAGE;
	}
	if (argc - optind != 2)
		return ctl_usage("cell linux: a configuration and a kernel expected");
	run->config = argv[optind];
	run->kernel_name = argv[optind + 1];
	return CTL_EXIT_OK;
}

static int read_config(struct linux_run *run)
{
	int code = ctl_find_config(run->config, run->path, sizeof(run->path));

	if (!code)
		code = ctl_read_config(run->path, &run->file);
	if (!code && !chk_read_cell(run->file.data, run->file.size, run->path, &run->cell, &report))
		code = ctl_judge(&report);
	return code;
}

/* Everything that needs no cell. */
static int prepare(struct linux_run *run)
{
	int code = read_config(run);

	if (!code)
		code = linux_open_image(run->kernel_name, &run->kernel);
	if (!code && run->initrd_name)
		code = linux_open_file(run->initrd_name, &run->initrd);
	if (!code && run->tree_name)
		code = linux_read_tree(run->tree_name, &run->tree);
	else if (!code)
		code = linux_check_console(&run->cell);
	if (!code)
		code = linux_place(&run->cell, &run->kernel, &run->initrd, &run->place);
	return code;
}

/* The configuration as it became true, into the place of the one that was read. */
static int read_back(struct linux_run *run, struct capsule_platform *platform)
{
	static uint8_t buffer[CAPSULE_CONFIG_MAX_SIZE] __attribute__((aligned(8)));
	struct ctl_words words = { .cell = run->cell.desc.name, .file = run->path };
	struct capsule_ioc_cell_config arg = {
		.size = sizeof(arg),
		.buffer = (uintptr_t)buffer,
		.buffer_size = sizeof(buffer),
		.platform = (uintptr_t)platform,
	};
	int code = ctl_call(run->cell_fd, CAPSULE_IOC_CELL_CONFIG, &arg, &arg.err, &words);

	if (!code && !chk_read_cell(buffer, arg.buffer_size, run->path, &run->cell, &report))
		code = ctl_judge(&report);
	return code;
}

static int complete_tree(struct linux_run *run)
{
	struct capsule_platform platform = { 0 };
	struct linux_machine machine = {
		.cell = &run->cell,
		.platform = &platform,
		.place = &run->place,
		.initrd_size = run->initrd.size,
		.bootargs = run->bootargs,
	};
	int code = read_back(run, &platform);

	if (!code)
		code = linux_place(&run->cell, &run->kernel, &run->initrd, &run->place);
	if (!code && !run->tree_name)
		code = linux_make_tree(&machine, &run->tree);
	return code ? code : linux_finish_tree(&machine, &run->tree);
}

static int load_call(const struct linux_run *run, const char *name,
		     struct capsule_ioc_load *arg)
{
	struct ctl_words words = {
		.cell = run->cell.desc.name,
		.file = name,
		.undone = "the cell is taken away again",
	};

	arg->size = sizeof(*arg);
	return ctl_call(run->cell_fd, CAPSULE_IOC_CELL_LOAD, arg, &arg->err, &words);
}

static int load_file(const struct linux_run *run, const struct linux_file *file, uint64_t address)
{
	struct ctl_progress progress;
	uint64_t offset, length;
	int code = CTL_EXIT_OK;

	ctl_progress_start(&progress, file->name, file->size, run->show_progress);
	for (offset = 0; !code && offset < file->size; offset += length) {
		struct capsule_ioc_load arg = {
			.flags = CAPSULE_FLAG_FD | CAPSULE_FLAG_MORE,
			.source = (uint64_t)file->fd,
			.address = address + offset,
			.offset = offset,
		};

		length = file->size - offset < PIECE ? file->size - offset : PIECE;
		arg.length = length;
		code = load_call(run, file->name, &arg);
		if (!code)
			ctl_progress_update(&progress, offset + length);
	}
	ctl_progress_end(&progress);
	return code;
}

static int load_seeds(const struct linux_run *run)
{
	int i, code = CTL_EXIT_OK;

	for (i = 0; !code && i < LINUX_SEEDS; i++) {
		struct capsule_ioc_load arg = {
			.flags = CAPSULE_FLAG_RANDOM | (i < LINUX_SEEDS - 1 ? CAPSULE_FLAG_MORE : 0),
			.length = run->tree.seeds[i].size,
			.address = run->place.tree + run->tree.seeds[i].offset,
		};

		code = load_call(run, "the seeds", &arg);
	}
	return code;
}

/* By way of a memfd, which the driver keeps like the files. */
static int load_tree(const struct linux_run *run)
{
	struct linux_file file = {
		.name = "the device tree",
		.fd = memfd_create("tree", MFD_CLOEXEC),
		.size = linux_tree_size(&run->tree),
	};
	int code;

	if (file.fd < 0 || write(file.fd, run->tree.fdt, file.size) != (ssize_t)file.size)
		code = ctl_fail(CTL_EXIT_UNEXPECTED, "%s: %s", file.name, strerror(errno));
	else
		code = load_file(run, &file, run->place.tree);
	if (file.fd >= 0)
		close(file.fd);
	return code;
}

static int start(const struct linux_run *run)
{
	struct ctl_words words = {
		.cell = run->cell.desc.name,
		.file = run->path,
		.undone = "the cell is taken away again",
	};
	struct capsule_ioc_start arg = {
		.size = sizeof(arg),
		.flags = CAPSULE_FLAG_ENTRY,
		.entry = run->place.kernel,
		.argument = run->place.tree,
	};

	return ctl_call(run->cell_fd, CAPSULE_IOC_CELL_START, &arg, &arg.err, &words);
}

static int load_and_start(struct linux_run *run)
{
	int code = complete_tree(run);

	if (!code)
		code = load_file(run, &run->kernel.file, run->place.kernel);
	if (!code && run->initrd.name)
		code = load_file(run, &run->initrd, run->place.initrd);
	if (!code)
		code = load_tree(run);
	if (!code)
		code = load_seeds(run);
	return code ? code : start(run);
}

/* Also after Ctrl-C, so not by ctl_call(). */
static void take_away(const struct linux_run *run)
{
	struct capsule_ioc_simple arg = { .size = sizeof(arg), .flags = CAPSULE_FLAG_FORCE };

	if (ioctl(run->cell_fd, CAPSULE_IOC_CELL_DESTROY, &arg) < 0)
		fprintf(stderr, "capsulectl: cell %s is still there: %s\n", run->cell.desc.name,
			strerror(errno));
	else
		ctl_record_remove(run->cell.desc.name);
}

static int run_linux(struct linux_run *run)
{
	int code = prepare(run);

	if (!code)
		code = ctl_create_cell(&run->file, run->path, run->create_flags, &run->cell_fd);
	if (code)
		return code;
	code = load_and_start(run);
	if (code)
		take_away(run);
	else
		ctl_info("cell %s started with %s", run->cell.desc.name, run->kernel_name);
	close(run->cell_fd);
	return code;
}

/* capsulectl cell linux FILE.cell KERNEL */
int cmd_cell_linux(int argc, char **argv)
{
	static struct linux_run run;
	int code = parse_args(&run, argc, argv);

	if (!code)
		code = run_linux(&run);
	linux_free_tree(&run.tree);
	linux_close_file(&run.initrd);
	linux_close_file(&run.kernel.file);
	ctl_close_file(&run.file);
	return code;
}

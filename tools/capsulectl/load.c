// SPDX-License-Identifier: Apache-2.0
/* cell load. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

#define PIECE		(2UL << 20)	/* bytes a call, so that progress and Ctrl-C are seen */
#define MAX_IMAGES	32

struct image {
	const char *file;
	uint64_t address;	/* IPA */
	bool has_address;
	bool is_last;
};

struct load {
	const char *cell;
	int cell_fd;
	bool show_progress;
	struct image images[MAX_IMAGES];
	size_t num_images;
};

static int load_piece(const struct load *load, const struct image *image, const void *data,
		      uint64_t offset, size_t length, uint32_t flags)
{
	struct ctl_words words = {
		.cell = load->cell,
		.file = image->file,
		.undone = "the cell is not loaded, its memory may hold a part of the file",
	};
	struct capsule_ioc_load arg = {
		.size = sizeof(arg),
		.flags = flags,
		.source = (uintptr_t)data,
		.length = length,
		.address = image->address + offset,
	};

	return ctl_call(load->cell_fd, CAPSULE_IOC_CELL_LOAD, &arg, &arg.err, &words);
}

/* The cell is loaded when the last piece of the last image is, not before. */
static uint32_t piece_flags(const struct image *image, bool last)
{
	return last && image->is_last ? 0 : CAPSULE_FLAG_MORE;
}

static int load_mapped(const struct load *load, const struct image *image, const uint8_t *data,
		       size_t size)
{
	struct ctl_progress progress;
	size_t offset, length;
	int code = CTL_EXIT_OK;

	/* Nothing is overwritten by a file that does not fit. */
	if (size > PIECE)
		code = load_piece(load, image, data, 0, size, CAPSULE_FLAG_CHECK_ONLY);
	ctl_progress_start(&progress, image->file, size, load->show_progress);
	for (offset = 0; !code && offset < size; offset += length) {
		length = size - offset < PIECE ? size - offset : PIECE;
		code = load_piece(load, image, data + offset, offset, length,
				  piece_flags(image, offset + length == size));
		if (!code)
			ctl_progress_update(&progress, offset + length);
	}
	ctl_progress_end(&progress);
	return code;
}

static int load_regular(const struct load *load, const struct image *image, int fd, size_t size)
{
	void *data;
	int code;

	if (!size)
		return ctl_fail(CTL_EXIT_FILE, "%s is empty", image->file);
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", image->file, strerror(errno));
	madvise(data, size, MADV_SEQUENTIAL);
	code = load_mapped(load, image, data, size);
	munmap(data, size);
	return code;
}

/* Copies @from to @to up to its end; the number of bytes, or -1. */
static ssize_t copy_stream(int from, int to)
{
	static uint8_t buffer[64 << 10];
	ssize_t n, written, done, total = 0;

	for (;;) {
		n = ctl_wait_readable(from) ? read(from, buffer, sizeof(buffer)) : -1;
		if (n <= 0)
			return n < 0 ? -1 : total;
		for (done = 0; done < n; done += written) {
			written = write(to, buffer + done, (size_t)(n - done));
			if (written < 0)
				return -1;
		}
		total += n;
	}
}

/*
 * A pipe is read to its end first: only then it is known whether it fits, and
 * one that breaks off leaves the cell as it was.
 */
static int load_stream(const struct load *load, const struct image *image, int fd)
{
	int copy = memfd_create("image", MFD_CLOEXEC), code;
	ssize_t size;

	if (copy < 0)
		return ctl_fail(CTL_EXIT_UNEXPECTED, "%s: %s", image->file, strerror(errno));
	size = copy_stream(fd, copy);
	if (size >= 0)
		code = load_regular(load, image, copy, (size_t)size);
	else if (ctl_interrupted())
		code = ctl_fail(CTL_EXIT_INTERRUPTED,
				"interrupted; nothing was loaded from %s: give the command again",
				image->file);
	else
		code = ctl_fail(CTL_EXIT_FILE, "%s: %s", image->file, strerror(errno));
	close(copy);
	return code;
}

static int load_fd(const struct load *load, const struct image *image, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", image->file, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return ctl_fail(CTL_EXIT_FILE, "%s is a folder", image->file);
	if (S_ISREG(st.st_mode) && fd != STDIN_FILENO)
		return load_regular(load, image, fd, (size_t)st.st_size);
	return load_stream(load, image, fd);
}

static int load_image(const struct load *load, const struct image *image)
{
	int fd, code;

	if (!strcmp(image->file, "-")) {
		struct image input = *image;

		input.file = "standard input";
		return load_fd(load, &input, STDIN_FILENO);
	}
	fd = open(image->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", image->file, strerror(errno));
	code = load_fd(load, image, fd);
	close(fd);
	return code;
}

static int parse_address(struct load *load, const char *text)
{
	struct image *image;
	char *end;

	if (!load->num_images)
		return ctl_usage("cell load: -a follows the file it belongs to");
	image = &load->images[load->num_images - 1];
	if (image->has_address)
		return ctl_usage("cell load: %s has two addresses", image->file);
	errno = 0;
	image->address = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		return ctl_usage("cell load: \"%s\" is no address", text);
	image->has_address = true;
	return CTL_EXIT_OK;
}

static int add_word(struct load *load, const char *word)
{
	if (!load->cell) {
		load->cell = word;
		return CTL_EXIT_OK;
	}
	if (load->num_images == MAX_IMAGES)
		return ctl_usage("cell load: more than %d files", MAX_IMAGES);
	load->images[load->num_images++].file = word;
	return CTL_EXIT_OK;
}

static int parse_args(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
		{ "address", required_argument, NULL, 'a' },
		{ "progress", no_argument, NULL, 'p' },
		{ 0 },
	};
	int c, code = CTL_EXIT_OK;

	/* "-": words come in their place between the options. */
	while (!code && (c = getopt_long(argc, argv, "-a:p", options, NULL)) != -1) {
		if (c == 'a')
			code = parse_address(load, optarg);
		else if (c == 'p')
			load->show_progress = true;
		else if (c == 1)
			code = add_word(load, optarg);
		else
			code = CTL_EXIT_USAGE;
	}
	for (; !code && optind < argc; optind++)
		code = add_word(load, argv[optind]);
	if (!code && !load->num_images)
		code = ctl_usage("cell load: a cell and at least one file expected");
	return code;
}

/*
 * Where images without an address go: the start of the region in which the
 * cell begins to run, or 0 where its configuration is not known here.
 */
static uint64_t default_address(const struct load *load)
{
	struct capsule_ioc_cell_info info;
	const struct capsule_memory *m;
	struct ctl_file file;
	struct chk_cell cell;
	uint64_t address = 0;
	uint32_t i;

	if (ctl_cell_info(load->cell_fd, load->cell, &info))
		return 0;
	if (!ctl_record_cell(&info, &file, &cell))
		cell.desc.num_memory_regions = 0;
	for (i = 0; i < cell.desc.num_memory_regions; i++) {
		m = &cell.regions[i];
		if (cell.desc.cpu_reset_address - m->virt_start < m->size)
			address = m->virt_start;
	}
	ctl_close_file(&file);
	return address;
}

static void complete_images(struct load *load)
{
	size_t i;

	load->images[load->num_images - 1].is_last = true;
	for (i = 0; i < load->num_images; i++)
		if (!load->images[i].has_address)
			load->images[i].address = default_address(load);
}

/* capsulectl cell load NAME FILE [-a ADDRESS] ... */
int cmd_cell_load(int argc, char **argv)
{
	struct load load = { 0 };
	size_t i;
	int code;

	code = parse_args(&load, argc, argv);
	if (code)
		return code;
	code = ctl_open_cell(load.cell, &load.cell_fd);
	if (code)
		return code;
	complete_images(&load);
	for (i = 0; !code && i < load.num_images; i++)
		code = load_image(&load, &load.images[i]);
	close(load.cell_fd);
	if (!code)
		ctl_info("cell %s loaded", load.cell);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Filling a cell's memory: from its user's memory, from a file, with random bytes. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "cell.h"

#define CHUNK	SZ_1M	/* between two looks for a reason to stop */

/* Where a piece comes from: a file, or if there is none the user's memory, or nowhere. */
struct source {
	struct file *file;
	loff_t offset;
	const u8 __user *user;		/* NULL: random bytes */
};

static int read_file(void *to, const struct source *source, u64 done, size_t size,
		     struct capsule_err *err)
{
	loff_t at = source->offset + (loff_t)done;
	ssize_t count;
	size_t have;

	for (have = 0; have < size; have += (size_t)count) {
		count = kernel_read(source->file, to + have, size - have, &at);
		if (count < 0 && signal_pending(current))
			return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
		if (count <= 0)
			return refuse(err, -EIO, CAPSULE_REASON_FILE_READ, (u64)at,
				      (u64)-count);
	}
	return 0;
}

static int fill(void *to, const struct source *source, u64 done, size_t size,
		struct capsule_err *err)
{
	if (source->file)
		return read_file(to, source, done, size, err);
	if (source->user)
		return copy_from_user(to, source->user + done, size) ? -EFAULT : 0;
	get_random_bytes(to, size);
	return 0;
}

static int fill_chunk(const struct mem_block *block, u64 offset, const struct source *source,
		      u64 done, size_t size, struct capsule_err *err)
{
	void *to = mem_map_block(block, offset, size);
	int rc;

	if (!to)
		return -ENOMEM;
	rc = fill(to, source, done, size, err);
	clean_to_poc(to, size);
	mem_unmap_block(block, to);
	return rc;
}

static int fill_all(const struct mem_block *block, u64 base, u64 length,
		    const struct source *source, struct capsule_err *err)
{
	u64 done;
	size_t size;
	int rc;

	for (done = 0; done < length; done += size) {
		size = (size_t)min_t(u64, length - done, CHUNK);
		if (signal_pending(current) || READ_ONCE(capsule.stopping))
			return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
		rc = fill_chunk(block, base + done, source, done, size, err);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}

/* The LOADABLE region that holds all of the range. */
static int find_region(struct capsule_cell *cell, u64 address, u64 length,
		       struct capsule_err *err)
{
	const struct capsule_memory *m = config_regions(cell->config);
	u32 i;

	for (i = 0; i < cell->config->num_memory_regions; i++) {
		u64 offset = address - m[i].virt_start;

		if (!(m[i].flags & CAPSULE_MEM_LOADABLE) || cell->blocks[i].kind == MEM_NONE ||
		    address < m[i].virt_start || offset >= m[i].size)
			continue;
		if (length <= m[i].size - offset)
			return (int)i;
		return refuse(err, -EINVAL, CAPSULE_REASON_LOAD_LARGER, length,
			      m[i].size - offset);
	}
	return refuse(err, -EINVAL, CAPSULE_REASON_LOAD_OUTSIDE, address, length);
}

static int fill_range(struct capsule_cell *cell, u64 address, u64 length,
		      const struct source *source, struct capsule_err *err)
{
	int region = find_region(cell, address, length, err);

	if (region < 0)
		return region;
	return fill_all(&cell->blocks[region],
			address - config_regions(cell->config)[region].virt_start, length,
			source, err);
}

/**
 * load_piece() - fill a piece that was kept, again
 *
 * Context: the cell is loadable.
 */
int load_piece(struct capsule_cell *cell, const struct piece *piece, struct capsule_err *err)
{
	struct source source = { .file = piece->file, .offset = (loff_t)piece->offset };

	return fill_range(cell, piece->address, piece->length, &source, err);
}

static int check_flags(const struct capsule_ioc_load *load)
{
	u32 from = load->flags & (CAPSULE_FLAG_FD | CAPSULE_FLAG_RANDOM);

	if (load->flags & ~(CAPSULE_FLAG_CHECK_ONLY | CAPSULE_FLAG_MORE | CAPSULE_FLAG_FD |
			    CAPSULE_FLAG_RANDOM))
		return -EINVAL;
	if (from == (CAPSULE_FLAG_FD | CAPSULE_FLAG_RANDOM))
		return -EINVAL;
	if (from == CAPSULE_FLAG_RANDOM && load->source)
		return -EINVAL;
	if (from == CAPSULE_FLAG_FD)
		return load->source > INT_MAX || load->offset > S64_MAX - load->length ||
		       load->length > S64_MAX ? -EINVAL : 0;
	return load->offset ? -EINVAL : 0;
}

/* Only what has a place for each byte can be read again. */
static struct file *get_file_of(const struct capsule_ioc_load *load)
{
	struct file *file = fget((unsigned int)load->source);

	if (!file)
		return ERR_PTR(-EBADF);
	if ((file->f_mode & FMODE_READ) && S_ISREG(file_inode(file)->i_mode))
		return file;
	fput(file);
	return ERR_PTR(-EINVAL);
}

static int fill_and_keep(struct capsule_cell *cell, const struct capsule_ioc_load *load,
			 const struct source *source, struct capsule_err *err)
{
	int rc = 0;

	if (source->user)
		pieces_forget(cell);
	else
		rc = pieces_keep(cell, source->file, load, err);
	if (!rc)
		rc = fill_range(cell, load->address, load->length, source, err);
	if (rc)
		pieces_forget(cell);
	return rc;
}

static int load_from(struct capsule_cell *cell, const struct capsule_ioc_load *load,
		     const struct source *source, struct capsule_err *err)
{
	bool check_only = load->flags & CAPSULE_FLAG_CHECK_ONLY;
	bool anew;
	int rc;

	rc = find_region(cell, load->address, load->length, err);
	if (rc < 0)
		return rc;
	rc = cell_make_loadable(cell, check_only, &anew, err);
	if (rc || check_only)
		return rc;
	if (anew)
		pieces_begin(cell);
	WRITE_ONCE(cell->loaded, false);
	rc = fill_and_keep(cell, load, source, err);
	if (!rc && !(load->flags & CAPSULE_FLAG_MORE))
		WRITE_ONCE(cell->loaded, true);
	return rc;
}

/**
 * cell_load() - bring a piece of an image into a stopped cell
 *
 * The memory is mapped for the duration of the call only. The cell is loaded
 * once a piece without CAPSULE_FLAG_MORE is in place; a piece that fails while
 * it is copied leaves it unloaded, whatever was loaded before.
 */
int cell_load(struct capsule_cell *cell, const struct capsule_ioc_load *load,
	      struct capsule_err *err)
{
	struct source source = { .offset = (loff_t)load->offset };
	int rc = check_flags(load);

	if (rc)
		return rc;
	if (load->flags & CAPSULE_FLAG_FD) {
		source.file = get_file_of(load);
		if (IS_ERR(source.file))
			return (int)PTR_ERR(source.file);
	} else if (!(load->flags & CAPSULE_FLAG_RANDOM)) {
		if (!load->source)
			return -EFAULT;
		source.user = u64_to_user_ptr(load->source);
	}
	rc = load_from(cell, load, &source, err);
	if (source.file)
		fput(source.file);
	return rc;
}

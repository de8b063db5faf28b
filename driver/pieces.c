// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a cell was loaded from, kept so that it can be loaded again without
 * its user: open files with a range, and ranges of random bytes. One piece
 * that came from a program's memory and the list is no longer all of it.
 */
#include <linux/file.h>
#include <linux/slab.h>

#include "cell.h"

#define MAX_PIECES	64	/* kernel, device tree, initrd, seeds; neighbours are joined */

static void drop_all(struct capsule_cell *cell)
{
	struct piece *piece, *next;

	list_for_each_entry_safe(piece, next, &cell->pieces, list) {
		list_del(&piece->list);
		if (piece->file)
			fput(piece->file);
		kfree(piece);
	}
	cell->num_pieces = 0;
}

/**
 * pieces_begin() - the cell's memory is empty: what is loaded from now on counts
 */
void pieces_begin(struct capsule_cell *cell)
{
	drop_all(cell);
	cell->pieces_missing = false;
}

/**
 * pieces_forget() - something is in the cell's memory that cannot be loaded again
 */
void pieces_forget(struct capsule_cell *cell)
{
	drop_all(cell);
	cell->pieces_missing = true;
}

/**
 * pieces_complete() - can all of the cell be loaded again?
 */
bool pieces_complete(const struct capsule_cell *cell)
{
	return !cell->pieces_missing && cell->num_pieces;
}

/* Images come in many calls, one after the other. */
static bool join(struct capsule_cell *cell, const struct file *file,
		 const struct capsule_ioc_load *load)
{
	struct piece *last;

	if (list_empty(&cell->pieces) || !file)
		return false;
	last = list_last_entry(&cell->pieces, struct piece, list);
	if (last->file != file || last->offset + last->length != load->offset ||
	    last->address + last->length != load->address)
		return false;
	last->length += load->length;
	return true;
}

/**
 * pieces_keep() - remember a piece, in the order of loading
 * @file: NULL for random bytes; gets a reference
 */
int pieces_keep(struct capsule_cell *cell, struct file *file,
		const struct capsule_ioc_load *load, struct capsule_err *err)
{
	struct piece *piece;

	if (cell->pieces_missing || join(cell, file, load))
		return 0;
	if (cell->num_pieces == MAX_PIECES)
		return refuse(err, -EINVAL, CAPSULE_REASON_LOAD_PIECES, MAX_PIECES, 0);
	piece = kzalloc(sizeof(*piece), GFP_KERNEL);
	if (!piece)
		return -ENOMEM;
	piece->file = file ? get_file(file) : NULL;
	piece->offset = load->offset;
	piece->length = load->length;
	piece->address = load->address;
	list_add_tail(&piece->list, &cell->pieces);
	cell->num_pieces++;
	return 0;
}

/**
 * pieces_load() - fill a loadable cell's memory as it was filled last
 *
 * Random bytes are fresh ones. The cell is loaded if it returns 0.
 */
int pieces_load(struct capsule_cell *cell, struct capsule_err *err)
{
	const struct piece *piece;
	int rc = 0;

	WRITE_ONCE(cell->loaded, false);
	list_for_each_entry(piece, &cell->pieces, list) {
		rc = load_piece(cell, piece, err);
		if (rc)
			return rc;
	}
	WRITE_ONCE(cell->loaded, true);
	return 0;
}

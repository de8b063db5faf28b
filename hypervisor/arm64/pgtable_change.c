// SPDX-License-Identifier: Apache-2.0
/*
 * Page tables: everything that changes them.
 *
 * A change first counts the tables it needs, takes them all, links them in
 * (prepare), and then stores leaves (commit). Both steps go through
 * replace_entry(), the only place that changes an entry hardware may be
 * walking.
 */
#include "pgtable_desc.h"

#include <capsule/error.h>

#include "check.h"

#define OA_LIMIT	BIT(48)

enum change_kind { CHANGE_SPLIT, CHANGE_MAP, CHANGE_ANNOTATE };

/* A page taken for a table and not used yet holds the link to the next. */
struct spare {
	struct spare *next;
};

struct change {
	struct pgt *pgt;
	enum change_kind kind;
	unsigned int block_level;	/* first level whose leaves can hold the change */
	uint64_t delta;		/* output address - input address, modulo 2^64 */
	uint64_t bits;		/* leaf without address and type, or the annotation's entry */
	size_t tables;		/* needed */
	struct spare *spares;
	/* Leaves made invalid whose TLB maintenance is still to be done. */
	size_t pending;
	uint64_t pending_ia;
	unsigned int pending_level;
};

/* ---- one entry ---- */

/* Frees a table that no walker can reach any more, and all below it. */
static void free_subtree(struct pgt *pgt, uint64_t desc, unsigned int level)
{
	uint64_t *table = desc_table(pgt, desc);

	if (level + 1 < PGT_LAST_LEVEL)
		for (unsigned int i = 0; i < PGT_ENTRIES; i++)
			if (desc_is_table(desc_read(&table[i]), level + 1))
				free_subtree(pgt, desc_read(&table[i]), level + 1);
	pgt->ops->free(pgt->ctx, table);
}

static void flush(struct change *c)
{
	if (c->pending == 1)
		c->pgt->ops->invalidate(c->pgt, c->pending_ia, c->pending_level);
	else if (c->pending > 1)
		c->pgt->ops->invalidate_all(c->pgt);
	c->pending = 0;
}

/* A valid entry was overwritten: TLB maintenance for it, now or at flush(). */
static void invalidate(struct change *c, const struct pgt_visit *visit, bool table, bool now)
{
	c->pending_ia = visit->entry_ia;
	c->pending_level = visit->level;
	c->pending += table ? 2 : 1;
	if (now)
		flush(c);
}

/*
 * Stores @desc in an entry that walkers may be reading. Break-before-make
 * (D8.16.1): the entry is made invalid, the TLBs forget it, the new one is
 * published, and only then is a table that hung there freed. Not needed if
 * the old entry is invalid, nor if only permissions and software bits change;
 * nothing to make if the new one is invalid, and its TLB maintenance may wait
 * for that of its neighbours.
 */
static void replace_entry(struct change *c, const struct pgt_visit *visit, uint64_t desc)
{
	const struct pgt_ops *ops = c->pgt->ops;
	const uint64_t live = c->pgt->stage == PGT_STAGE2 ? S2_LIVE : S1_LIVE;
	const uint64_t old = desc_read(visit->entry);
	const bool table = desc_is_table(old, visit->level);

	if (old == desc)
		return;
	if (!(old & DESC_VALID)) {
		desc_write(visit->entry, desc);
		if (desc & DESC_VALID)
			ops->publish(visit->entry);
		return;
	}
	if (((old ^ desc) & ~live) == 0) {
		desc_write(visit->entry, desc);
		if ((old ^ desc) & ~DESC_SW)
			invalidate(c, visit, false, false);
		return;
	}
	desc_write(visit->entry, desc & DESC_VALID ? 0 : desc);
	invalidate(c, visit, table, table || (desc & DESC_VALID));
	if (desc & DESC_VALID) {
		desc_write(visit->entry, desc);
		ops->publish(visit->entry);
	}
	if (table)
		free_subtree(c->pgt, old, visit->level);
}

/* ---- what a change wants of an entry ---- */

/*
 * First level whose leaves can hold the change. Level 0 has no blocks
 * (D8.3.1). Annotations stay out of it as well, so that the way back to a
 * mapping never needs a table.
 */
static unsigned int block_level(const struct change *c, bool no_block)
{
	unsigned int level = 1;

	if (c->kind == CHANGE_ANNOTATE)
		return c->bits == 0 ? 0 : 1;
	while (level < PGT_LAST_LEVEL && (no_block || !IS_ALIGNED(c->delta, level_size(level))))
		level++;
	return level;
}

/* True if one leaf at this level can hold all the change wants of the entry. */
static bool fits(const struct change *c, unsigned int level, uint64_t ia, uint64_t end)
{
	if (level == PGT_LAST_LEVEL)
		return true;
	return level >= c->block_level && end - ia == level_size(level);
}

static uint64_t leaf_desc(const struct change *c, unsigned int level, uint64_t ia)
{
	if (c->kind == CHANGE_ANNOTATE)
		return c->bits;
	return c->bits | (ia + c->delta) | DESC_VALID |
	       (level == PGT_LAST_LEVEL ? DESC_TABLE : 0);
}

/* True if the leaf that is there already does what the change wants. */
static bool satisfied(const struct change *c, const struct pgt_visit *visit)
{
	if (c->kind == CHANGE_SPLIT || visit->level < c->block_level)
		return false;
	return desc_read(visit->entry) == leaf_desc(c, visit->level, visit->entry_ia);
}

/* ---- prepare ---- */

/* Tables that must hang below an entry of this level which is now a leaf. */
static size_t tables_needed(const struct change *c, unsigned int level, uint64_t ia, uint64_t end)
{
	const uint64_t size = level_size(level + 1);
	size_t n = 1;

	if (fits(c, level, ia, end))
		return 0;
	while (level + 1 < PGT_LAST_LEVEL && ia < end) {
		uint64_t next = MIN(end, ALIGN_DOWN(ia, size) + size);

		/* Whole entries of a level that can hold the change need none. */
		if (level + 1 >= c->block_level && next - ia == size)
			next = ALIGN_DOWN(end, size);
		else
			n += tables_needed(c, level + 1, ia, next);
		ia = next;
	}
	return n;
}

static int count_visitor(const struct pgt_visit *visit)
{
	struct change *c = visit->arg;

	if (visit->count == 1 && !satisfied(c, visit))
		c->tables += tables_needed(c, visit->level, visit->ia, visit->end);
	return 0;
}

/* The leaf's entries one level down: they translate the same. */
static void fill_table(uint64_t *table, uint64_t leaf, unsigned int level)
{
	uint64_t step = 0;

	if (leaf == 0) {
		memset(table, 0, PGT_PAGE_SIZE);
		return;
	}
	if (leaf & DESC_VALID) {
		step = level_size(level + 1);
		if (level + 1 == PGT_LAST_LEVEL)
			leaf |= DESC_TABLE;
	}
	for (unsigned int i = 0; i < PGT_ENTRIES; i++)
		desc_write(&table[i], leaf + i * step);
}

static int split_visitor(const struct pgt_visit *visit)
{
	struct change *c = visit->arg;
	struct spare *table = c->spares;

	if (visit->count > 1 || fits(c, visit->level, visit->ia, visit->end) ||
	    satisfied(c, visit))
		return 0;
	CHECK(table);
	c->spares = table->next;
	fill_table((uint64_t *)(void *)table, desc_read(visit->entry), visit->level);
	replace_entry(c, visit,
		      pa_addr(c->pgt->ops->to_pa(table)) | DESC_TABLE | DESC_VALID);
	return 0;
}

static void free_spares(struct change *c)
{
	while (c->spares) {
		struct spare *spare = c->spares;

		c->spares = spare->next;
		c->pgt->ops->free(c->pgt->ctx, spare);
	}
}

/* All or nothing: a failure later on would leave a half-split table. */
static int alloc_spares(struct change *c)
{
	for (size_t i = 0; i < c->tables; i++) {
		struct spare *spare = c->pgt->ops->alloc(c->pgt->ctx);

		if (!spare) {
			free_spares(c);
			return -CAPSULE_ENOMEM;
		}
		spare->next = c->spares;
		c->spares = spare;
	}
	return 0;
}

static int count_and_alloc(struct change *c, uint64_t ia, uint64_t size)
{
	int ret = pgt_walk(c->pgt, ia, size, PGT_VISIT_LEAF | PGT_VISIT_RUNS(c->block_level),
			   count_visitor, c);

	return ret != 0 ? ret : alloc_spares(c);
}

static int prepare(struct change *c, uint64_t ia, uint64_t size)
{
	int ret = count_and_alloc(c, ia, size);

	if (ret != 0 || c->tables == 0)
		return ret;
	ret = pgt_walk(c->pgt, ia, size, PGT_VISIT_LEAF | PGT_VISIT_RUNS(c->block_level),
		       split_visitor, c);
	CHECK(ret == 0 && !c->spares);
	return 0;
}

/* ---- commit ---- */

/* Leaves become leaves. Those that are empty at its beginning share one barrier. */
static void set_run(struct change *c, const struct pgt_visit *visit)
{
	const uint64_t size = level_size(visit->level);
	uint64_t desc = leaf_desc(c, visit->level, visit->ia);
	const uint64_t step = c->kind == CHANGE_ANNOTATE ? 0 : size;
	uint64_t *entry = visit->entry, *last = entry + visit->count;
	struct pgt_visit one = *visit;

	/* Two at a time, as at enable most of the address space is set here. */
	for (; last - entry >= 2 && !(desc_read(entry) | desc_read(entry + 1));
	     entry += 2, desc += 2 * step) {
		desc_write(entry, desc);
		desc_write(entry + 1, desc + step);
	}
	if (entry > visit->entry && (desc & DESC_VALID))
		c->pgt->ops->publish(entry - 1);
	for (; entry < last; entry++, desc += step) {
		one.entry = entry;
		one.entry_ia = visit->entry_ia + (uint64_t)(entry - visit->entry) * size;
		replace_entry(c, &one, desc);
	}
}

static int set_visitor(const struct pgt_visit *visit)
{
	struct change *c = visit->arg;

	if (visit->count > 1)
		set_run(c, visit);
	else if (fits(c, visit->level, visit->ia, visit->end))
		replace_entry(c, visit, leaf_desc(c, visit->level, visit->ia));
	else
		CHECK(visit->why == PGT_VISIT_TABLE_PRE || satisfied(c, visit));
	return 0;
}

/* Makes the tables that are missing as it comes to them. */
static int split_and_set_visitor(const struct pgt_visit *visit)
{
	struct change *c = visit->arg;

	if (visit->why == PGT_VISIT_LEAF && visit->count == 1 &&
	    !fits(c, visit->level, visit->ia, visit->end) && !satisfied(c, visit))
		return split_visitor(visit);
	return set_visitor(visit);
}

static int prepare_and_set(struct change *c, uint64_t ia, uint64_t size)
{
	int ret = count_and_alloc(c, ia, size);

	if (ret != 0)
		return ret;
	ret = pgt_walk(c->pgt, ia, size, PGT_VISIT_LEAF | PGT_VISIT_TABLE_PRE |
		       PGT_VISIT_RUNS(c->block_level), split_and_set_visitor, c);
	CHECK(ret == 0 && !c->spares);
	flush(c);
	return 0;
}

static int map_change(struct change *c, struct pgt *pgt, uint64_t ia, pa_t pa, uint64_t size,
		      unsigned int attr)
{
	*c = (struct change){
		.pgt = pgt,
		.kind = CHANGE_MAP,
		.delta = pa_addr(pa) - ia,
		.bits = desc_attr(pgt->stage, attr),
	};
	c->block_level = block_level(c, (attr & PGT_NO_BLOCK) != 0);
	if (c->bits == 0 || !IS_ALIGNED(pa_addr(pa), PGT_PAGE_SIZE))
		return -CAPSULE_EINVAL;
	if (pa_addr(pa) >= OA_LIMIT || size > OA_LIMIT - pa_addr(pa))
		return -CAPSULE_ERANGE;
	return 0;
}

int pgt_map(struct pgt *pgt, uint64_t ia, pa_t pa, uint64_t size, unsigned int attr)
{
	struct change c;
	int ret = map_change(&c, pgt, ia, pa, size, attr);

	return ret != 0 ? ret : prepare_and_set(&c, ia, size);
}

int pgt_prepare(struct pgt *pgt, uint64_t ia, pa_t pa, uint64_t size, unsigned int attr)
{
	struct change c;
	int ret = map_change(&c, pgt, ia, pa, size, attr);

	return ret != 0 ? ret : prepare(&c, ia, size);
}

int pgt_split(struct pgt *pgt, uint64_t ia, uint64_t size)
{
	struct change c = { .pgt = pgt, .kind = CHANGE_SPLIT };

	c.block_level = block_level(&c, false);
	return prepare(&c, ia, size);
}

int pgt_annotate(struct pgt *pgt, uint64_t ia, uint64_t size, uint64_t annotation)
{
	struct change c = { .pgt = pgt, .kind = CHANGE_ANNOTATE };

	if (annotation >= PGT_ANNOTATION_MAX)
		return -CAPSULE_EINVAL;
	c.bits = FIELD_PUT(DESC_ANNOTATION, annotation);
	c.block_level = block_level(&c, false);
	return prepare_and_set(&c, ia, size);
}

/* ---- merge ---- */

/*
 * The leaf that can stand for a whole table whose entry has this level, in
 * *leaf. False if there is none, or if somebody relies on its edges.
 */
static bool merged_leaf(const uint64_t *table, unsigned int level, uint64_t *leaf)
{
	const uint64_t first = desc_read(&table[0]);
	const bool valid = (first & DESC_VALID) != 0;
	const uint64_t step = valid ? level_size(level + 1) : 0;

	if (desc_is_table(first, level + 1) || (!valid && first != 0))
		return false;
	if (valid && (level == 0 || (first & DESC_SW) ||
		      !IS_ALIGNED(first & DESC_OA, level_size(level))))
		return false;
	for (unsigned int i = 1; i < PGT_ENTRIES; i++)
		if (desc_read(&table[i]) != first + i * step)
			return false;
	*leaf = valid ? first & ~DESC_TABLE : first;
	return true;
}

static int merge_visitor(const struct pgt_visit *visit)
{
	uint64_t leaf;

	if (merged_leaf(pgt_table(visit), visit->level, &leaf))
		replace_entry(visit->arg, visit, leaf);
	return 0;
}

void pgt_merge(struct pgt *pgt, uint64_t ia, uint64_t size)
{
	struct change c = { .pgt = pgt };

	(void)pgt_walk(pgt, ia, size, PGT_VISIT_TABLE_POST | PGT_VISIT_RUNS(0), merge_visitor,
		       &c);
}

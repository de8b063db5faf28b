// SPDX-License-Identifier: Apache-2.0
/* Page tables: descriptors, the walk, and what only reads. */
#include "pgtable_desc.h"

#include <capsule/error.h>

#include "check.h"

static uint64_t s1_attr(unsigned int attr)
{
	enum s1_attrindx index = S1_NORMAL;
	uint64_t desc = DESC_AF | S1_AP_RES1 | DESC_SH_INNER;

	if (!(attr & PGT_R) || (attr & (PGT_W | PGT_X)) == (PGT_W | PGT_X))
		return 0;
	if ((attr & PGT_DEVICE) && (attr & PGT_X))
		return 0;
	if (attr & PGT_DEVICE)
		index = S1_DEVICE_nGnRE;
	else if (attr & PGT_NC)
		index = S1_NORMAL_NC;
	if (!(attr & PGT_W))
		desc |= S1_AP_RO;
	if (!(attr & PGT_X))
		desc |= S1_XN;
	return desc | FIELD_PUT(S1_ATTRINDX, index);
}

static uint64_t s2_attr(unsigned int attr)
{
	enum s2_memattr memattr = S2_NORMAL_WB;
	uint64_t desc = DESC_AF | DESC_SH_INNER;

	if (!(attr & (PGT_R | PGT_W | PGT_X)))
		return 0;
	if (attr & PGT_DEVICE)
		memattr = S2_DEVICE_nGnRE;
	else if (attr & PGT_NC)
		memattr = S2_NORMAL_NC;
	if (attr & PGT_R)
		desc |= S2_AP_R;
	if (attr & PGT_W)
		desc |= S2_AP_W;
	if (!(attr & PGT_X))
		desc |= S2_XN;
	return desc | FIELD_PUT(S2_MEMATTR, memattr);
}

uint64_t desc_attr(enum pgt_stage stage, unsigned int attr)
{
	uint64_t desc;

	if ((attr & PGT_DEVICE) && (attr & PGT_NC))
		return 0;
	desc = stage == PGT_STAGE2 ? s2_attr(attr) : s1_attr(attr);
	if (desc == 0)
		return 0;
	return desc | FIELD_PUT(DESC_SW, PGT_STATE_OF(attr));
}

static unsigned int s1_decode(uint64_t desc)
{
	uint64_t index = FIELD_GET(S1_ATTRINDX, desc);
	unsigned int attr = PGT_R;

	if (!(desc & S1_AP_RO))
		attr |= PGT_W;
	if (!(desc & S1_XN))
		attr |= PGT_X;
	if (index == S1_DEVICE_nGnRE)
		attr |= PGT_DEVICE;
	if (index == S1_NORMAL_NC)
		attr |= PGT_NC;
	return attr;
}

static unsigned int s2_decode(uint64_t desc)
{
	uint64_t memattr = FIELD_GET(S2_MEMATTR, desc);
	unsigned int attr = 0;

	if (desc & S2_AP_R)
		attr |= PGT_R;
	if (desc & S2_AP_W)
		attr |= PGT_W;
	if (!(desc & S2_XN))
		attr |= PGT_X;
	if (memattr == S2_DEVICE_nGnRE)
		attr |= PGT_DEVICE;
	if (memattr == S2_NORMAL_NC)
		attr |= PGT_NC;
	return attr;
}

static void decode(const struct pgt *pgt, uint64_t desc, unsigned int level, uint64_t ia,
		   struct pgt_leaf *leaf)
{
	uint64_t offset = ia & (level_size(level) - 1);

	*leaf = (struct pgt_leaf){
		.valid = (desc & DESC_VALID) != 0,
		.level = level,
		.entry_ia = ia - offset,
		.size = level_size(level),
	};
	if (!leaf->valid) {
		leaf->annotation = FIELD_GET(DESC_ANNOTATION, desc);
		return;
	}
	leaf->pa = pa_init((desc & DESC_OA) + offset);
	leaf->attr = pgt->stage == PGT_STAGE2 ? s2_decode(desc) : s1_decode(desc);
	leaf->attr |= PGT_STATE(FIELD_GET(DESC_SW, desc));
}

void pgt_decode(const struct pgt_visit *visit, struct pgt_leaf *leaf)
{
	decode(visit->pgt, desc_read(visit->entry), visit->level, visit->entry_ia, leaf);
}

void *pgt_table(const struct pgt_visit *visit)
{
	return desc_table(visit->pgt, desc_read(visit->entry));
}

unsigned int pgt_start_level(enum pgt_stage stage, unsigned int ia_bits)
{
	/* Up to 16 level 1 tables of 39 bits each are concatenated at stage 2. */
	return ia_bits > (stage == PGT_STAGE2 ? 43 : 39) ? 0 : 1;
}

unsigned int pgt_root_pages(enum pgt_stage stage, unsigned int ia_bits)
{
	if (pgt_start_level(stage, ia_bits) == 1 && ia_bits > 39)
		return 1U << (ia_bits - 39);
	return 1;
}

int pgt_init(struct pgt *pgt, enum pgt_stage stage, unsigned int ia_bits, void *root,
	     const struct pgt_ops *ops, void *ctx)
{
	if (ia_bits < 31 || ia_bits > 48)
		return -CAPSULE_EINVAL;
	*pgt = (struct pgt){
		.stage = stage,
		.ia_bits = ia_bits,
		.start_level = pgt_start_level(stage, ia_bits),
		.root_pages = pgt_root_pages(stage, ia_bits),
		.root = root,
		.ops = ops,
		.ctx = ctx,
	};
	if (pa_addr(ops->to_pa(root)) % (pgt->root_pages * PGT_PAGE_SIZE) != 0)
		return -CAPSULE_EINVAL;
	return 0;
}

int pgt_check_range(const struct pgt *pgt, uint64_t ia, uint64_t size)
{
	uint64_t limit = BIT(pgt->ia_bits);

	if (size == 0 || !IS_ALIGNED(ia | size, PGT_PAGE_SIZE))
		return -CAPSULE_EINVAL;
	if (ia >= limit || size > limit - ia)
		return -CAPSULE_ERANGE;
	return 0;
}

/* Index of ia in a table of this level; at the root all concatenated ones. */
static size_t table_index(const struct pgt *pgt, unsigned int level, uint64_t ia)
{
	uint64_t index = ia >> level_shift(level);

	return level == pgt->start_level ? index : index % PGT_ENTRIES;
}

struct walk {
	struct pgt *pgt;
	unsigned int flags;
	pgt_visitor visitor;
	void *arg;
};

static int visit_one(const struct walk *walk, struct pgt_visit *visit, unsigned int why)
{
	if (!(walk->flags & why))
		return 0;
	visit->why = why;
	return walk->visitor(visit);
}

static int walk_table(const struct walk *walk, uint64_t *table, unsigned int level, uint64_t ia,
		      uint64_t end);

/* One entry. It is read again after each visit, which may have replaced it. */
static int walk_entry(const struct walk *walk, struct pgt_visit *visit)
{
	bool table = desc_is_table(desc_read(visit->entry), visit->level);
	int ret = visit_one(walk, visit, table ? PGT_VISIT_TABLE_PRE : PGT_VISIT_LEAF);

	if (ret != 0 || visit->count > 1 || !desc_is_table(desc_read(visit->entry), visit->level))
		return ret;
	ret = walk_table(walk, desc_table(walk->pgt, desc_read(visit->entry)), visit->level + 1,
			 visit->ia, visit->end);
	return ret != 0 ? ret : visit_one(walk, visit, PGT_VISIT_TABLE_POST);
}

/* Leaves from this entry on that the visitor takes at once; the range ends within the table. */
static unsigned int run_length(const struct walk *walk, const uint64_t *entry,
			       unsigned int level, uint64_t ia, uint64_t end)
{
	unsigned int runs = walk->flags >> PGT_VISIT_RUNS_SHIFT;
	uint64_t most = (end - ia) >> level_shift(level);
	const uint64_t *e = entry, *last = entry + most;

	if (runs == 0 || level + 1 < runs || !IS_ALIGNED(ia, level_size(level)) || most < 2)
		return 1;
	if (level == PGT_LAST_LEVEL)
		return (unsigned int)most;
	/* Of what we store only tables have bit 1 here: four at a time. */
	while (last - e >= 4 && !((desc_read(&e[0]) | desc_read(&e[1]) | desc_read(&e[2]) |
				   desc_read(&e[3])) & DESC_TABLE))
		e += 4;
	while (e < last && !desc_is_table(desc_read(e), level))
		e++;
	return e == entry ? 1 : (unsigned int)(e - entry);
}

static int walk_table(const struct walk *walk, uint64_t *table, unsigned int level, uint64_t ia,
		      uint64_t end)
{
	uint64_t size = level_size(level);

	while (ia < end) {
		struct pgt_visit visit = {
			.pgt = walk->pgt,
			.entry = &table[table_index(walk->pgt, level, ia)],
			.level = level,
			.entry_ia = ALIGN_DOWN(ia, size),
			.ia = ia,
			.arg = walk->arg,
		};
		int ret;

		visit.count = run_length(walk, visit.entry, level, ia, end);
		visit.end = MIN(end, visit.entry_ia + visit.count * size);
		ret = walk_entry(walk, &visit);
		if (ret != 0)
			return ret;
		ia = visit.end;
	}
	return 0;
}

int pgt_walk(struct pgt *pgt, uint64_t ia, uint64_t size, unsigned int flags,
	     pgt_visitor visitor, void *arg)
{
	const struct walk walk = { pgt, flags, visitor, arg };
	int ret = pgt_check_range(pgt, ia, size);

	return ret != 0 ? ret : walk_table(&walk, pgt->root, pgt->start_level, ia, ia + size);
}

/* Not a walk with a visitor: it stands in the path of every stage 2 abort. */
int pgt_lookup(const struct pgt *pgt, uint64_t ia, struct pgt_leaf *leaf)
{
	const uint64_t *table = pgt->root;
	unsigned int level = pgt->start_level;
	uint64_t desc;

	if (ia >= BIT(pgt->ia_bits))
		return -CAPSULE_ERANGE;
	desc = desc_read(&table[table_index(pgt, level, ia)]);
	while (desc_is_table(desc, level)) {
		table = desc_table(pgt, desc);
		level++;
		desc = desc_read(&table[table_index(pgt, level, ia)]);
	}
	decode(pgt, desc, level, ia, leaf);
	return 0;
}

static int destroy_visitor(const struct pgt_visit *visit)
{
	void *table = pgt_table(visit);

	desc_write(visit->entry, 0);
	visit->pgt->ops->free(visit->pgt->ctx, table);
	return 0;
}

void pgt_destroy(struct pgt *pgt)
{
	/*
	 * Nobody walks it any more, but the TLBs may still hold its tables;
	 * once they are gone they do not come back.
	 */
	pgt->ops->invalidate_all(pgt);
	CHECK(pgt_walk(pgt, 0, BIT(pgt->ia_bits), PGT_VISIT_TABLE_POST | PGT_VISIT_RUNS(0),
		       destroy_visitor, NULL) == 0);
	memset(pgt->root, 0, pgt->root_pages * PGT_PAGE_SIZE);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Memory ownership. Above each transition stands who has what before and
 * after it; a judge decides whether a stretch of memory is in the state
 * before, the commit brings it to the state after.
 */
#include "ownership.h"

#include <capsule/error.h>

#include "check.h"
#include "pool.h"
#include "util.h"

/* ---- states ---- */

static bool is_empty(const struct pgt_leaf *leaf)
{
	return !leaf->valid && leaf->annotation == 0;
}

static bool has_state(const struct pgt_leaf *leaf, unsigned int state)
{
	return leaf->valid && PGT_STATE_OF(leaf->attr) == state;
}

static bool is_shared(const struct pgt_leaf *leaf)
{
	return leaf->valid && PGT_STATE_OF(leaf->attr) >= OWN_SHARED;
}

static bool is_kind(const struct pgt_leaf *leaf, enum own_kind kind)
{
	return !leaf->valid && OWN_ANN_KIND(leaf->annotation) == kind;
}

static bool is_cells(const struct pgt_leaf *leaf, unsigned int id)
{
	return is_kind(leaf, OWN_KIND_CELL) && OWN_ANN_NUMBER(leaf->annotation) == id;
}

/* Why the agency cannot dispose of this. */
static int refusal(const struct pgt_leaf *agency)
{
	if (agency->valid || is_kind(agency, OWN_KIND_CELL))
		return -CAPSULE_EBUSY;
	return -CAPSULE_EPERM;
}

static unsigned int with_state(unsigned int attr, unsigned int state)
{
	return (attr & ~PGT_STATE_MASK) | PGT_STATE(state);
}

/* ---- judging ---- */

/* A stretch that both sides describe by one leaf each. */
struct stretch {
	struct pgt_leaf agency, cell;
	bool mapped;		/* the cell's leaf is valid and is this memory */
	unsigned int id;	/* the cell's */
};

typedef int (*judge_fn)(const struct stretch *s);

static uint64_t leaf_left(const struct pgt_leaf *leaf, uint64_t ia)
{
	return leaf->size - (ia - leaf->entry_ia);
}

/* Reads the stretch at @offset of the region and returns its size. */
static uint64_t read_stretch(const struct own_parties *p, const struct own_region *r,
			     uint64_t offset, struct stretch *s)
{
	const uint64_t pa = pa_addr(r->phys) + offset, ipa = ipa_addr(r->ipa) + offset;

	CHECK(pgt_lookup(p->agency, pa, &s->agency) == 0);
	CHECK(pgt_lookup(p->cell, ipa, &s->cell) == 0);
	s->id = p->id;
	s->mapped = s->cell.valid && pa_addr(s->cell.pa) == pa;
	return MIN(leaf_left(&s->agency, pa), leaf_left(&s->cell, ipa));
}

static int judge(const struct own_parties *p, const struct own_region *r, judge_fn fn,
		 uint64_t *fail)
{
	uint64_t offset = 0;
	int ret = pgt_check_range(p->agency, pa_addr(r->phys), r->size);

	if (ret == 0)
		ret = pgt_check_range(p->cell, ipa_addr(r->ipa), r->size);
	while (ret == 0 && offset < r->size) {
		struct stretch s;
		uint64_t size = read_stretch(p, r, offset, &s);

		ret = fn(&s);
		if (ret == 0)
			offset += size;
	}
	if (ret != 0 && fail)
		*fail = pa_addr(r->phys) + offset;
	return ret;
}

static int explain(int ret, const struct own_region *r, uint64_t *fail)
{
	if (ret != 0 && fail)
		*fail = pa_addr(r->phys);
	return ret;
}

/* Judges, and makes the tables for a mapping the cell does not have yet. */
static int check_new(const struct own_parties *p, const struct own_region *r, judge_fn fn,
		     unsigned int state, uint64_t *fail)
{
	const uint64_t ipa = ipa_addr(r->ipa);
	int ret = judge(p, r, fn, fail);

	if (ret != 0)
		return ret;
	ret = pgt_prepare(p->cell, ipa, r->phys, r->size, with_state(r->attr, state));
	if (ret != 0)
		return explain(ret, r, fail);
	/* The agency last: its blocks are not broken in vain. */
	ret = pgt_split(p->agency, pa_addr(r->phys), r->size);
	if (ret != 0)
		pgt_merge(p->cell, ipa, r->size);
	return explain(ret, r, fail);
}

/* The same for memory the cell has: both sides get the region's edges. */
static int check_present(const struct own_parties *p, const struct own_region *r, judge_fn fn,
			 uint64_t *fail)
{
	int ret = judge(p, r, fn, fail);

	if (ret != 0)
		return ret;
	ret = pgt_split(p->cell, ipa_addr(r->ipa), r->size);
	if (ret == 0)
		ret = pgt_split(p->agency, pa_addr(r->phys), r->size);
	return explain(ret, r, fail);
}

/* ---- changing ---- */

/* A part of the agency's memory that changes as one. */
struct part {
	struct pgt *agency;
	uint64_t ia, size;
	struct pgt_leaf leaf;	/* as it is, at ia */
	unsigned int id;	/* cell it changes for */
};

typedef void (*change_fn)(const struct part *part);

static bool continues(const struct pgt_leaf *a, const struct pgt_leaf *b)
{
	return a->valid == b->valid && a->attr == b->attr && a->annotation == b->annotation;
}

/*
 * End of the uniform run that starts with @first. Without @join no leaf of it
 * may be replaced by a larger one: they have one size, and there are too few
 * to fill a table.
 */
static uint64_t run_end(struct pgt *agency, const struct pgt_leaf *first, bool join, uint64_t end)
{
	uint64_t next = first->entry_ia + first->size;
	uint64_t most = first->entry_ia + (PGT_ENTRIES - 1) * first->size;
	struct pgt_leaf leaf;

	while (next < end && (join || next < most) && pgt_lookup(agency, next, &leaf) == 0 &&
	       continues(first, &leaf) && (join || leaf.size == first->size))
		next += leaf.size;
	return MIN(next, end);
}

/*
 * Applies @fn to runs of equal leaves of the agency in a prepared range; with
 * @join they may become larger leaves. Not where another party relies on an
 * edge within the run.
 */
static void change_agency(const struct own_parties *p, pa_t phys, uint64_t size, bool join,
			  change_fn fn)
{
	const uint64_t end = pa_addr(phys) + size;
	uint64_t ia = pa_addr(phys);

	while (ia < end) {
		struct part part = { .agency = p->agency, .ia = ia, .id = p->id };
		uint64_t next;

		CHECK(pgt_lookup(p->agency, ia, &part.leaf) == 0);
		next = run_end(p->agency, &part.leaf, join, end);
		CHECK(part.leaf.entry_ia == ia && next <= end);
		part.size = next - ia;
		fn(&part);
		ia = next;
	}
}

static void set_valid(const struct part *part, unsigned int attr, unsigned int state)
{
	CHECK(pgt_map(part->agency, part->ia, pa_init(part->ia), part->size,
		      with_state(attr, state)) == 0);
}

static void set_away(const struct part *part, enum own_kind kind, unsigned int number)
{
	const unsigned int attr = with_state(part->leaf.attr, OWN_OWNED);

	CHECK(pgt_annotate(part->agency, part->ia, part->size,
			   OWN_ANNOTATION(kind, number, attr)) == 0);
}

static void map_cell(const struct own_parties *p, const struct own_region *r, unsigned int state)
{
	CHECK(pgt_map(p->cell, ipa_addr(r->ipa), r->phys, r->size,
		      with_state(r->attr, state)) == 0);
}

static void unmap_cell(const struct own_parties *p, const struct own_region *r)
{
	CHECK(pgt_annotate(p->cell, ipa_addr(r->ipa), r->size, 0) == 0);
	pgt_merge(p->cell, ipa_addr(r->ipa), r->size);
}

/* ---- give ----
 *
 *          before          after
 * agency   OWNED           KIND_CELL(id)
 * cell     nothing         OWNED
 */
static int may_give(const struct stretch *s)
{
	if (!has_state(&s->agency, OWN_OWNED))
		return refusal(&s->agency);
	return is_empty(&s->cell) ? 0 : -CAPSULE_EEXIST;
}

int own_check_give(const struct own_parties *p, const struct own_region *r, uint64_t *fail)
{
	return check_new(p, r, may_give, OWN_OWNED, fail);
}

static void to_cell(const struct part *part)
{
	set_away(part, OWN_KIND_CELL, part->id);
}

/* The agency loses it before the cell gets it. */
void own_commit_give(const struct own_parties *p, const struct own_region *r)
{
	change_agency(p, r->phys, r->size, true, to_cell);
	map_cell(p, r, OWN_OWNED);
}

/* ---- return ----
 *
 *          before                                    after
 * agency   KIND_CELL(id)           LENT              OWNED
 * cell     OWNED, or KIND_MMIO     OWNED             nothing
 */
static int may_return(const struct stretch *s)
{
	const bool mapped = s->mapped && has_state(&s->cell, OWN_OWNED);

	if (has_state(&s->agency, OWN_LENT))
		return mapped ? 0 : -CAPSULE_EBUSY;
	if (!is_cells(&s->agency, s->id))
		return refusal(&s->agency);
	return mapped || is_kind(&s->cell, OWN_KIND_MMIO) ? 0 : -CAPSULE_ENOENT;
}

int own_check_return(const struct own_parties *p, const struct own_region *r, uint64_t *fail)
{
	return check_present(p, r, may_return, fail);
}

static void to_agency(const struct part *part)
{
	const struct pgt_leaf *leaf = &part->leaf;

	set_valid(part, leaf->valid ? leaf->attr : OWN_ANN_ATTR(leaf->annotation), OWN_OWNED);
}

/* The cell loses it before the agency gets it. */
void own_commit_return(const struct own_parties *p, const struct own_region *r)
{
	unmap_cell(p, r);
	change_agency(p, r->phys, r->size, true, to_agency);
	pgt_merge(p->agency, pa_addr(r->phys), r->size);
}

/* ---- share ----
 *
 *          before                        after
 * agency   OWNED        SHARED + n       SHARED       SHARED + n + 1
 * cell     nothing      nothing          SHARED       SHARED
 */
static int may_share(const struct stretch *s)
{
	if (!has_state(&s->agency, OWN_OWNED) &&
	    (!is_shared(&s->agency) || has_state(&s->agency, OWN_SHARED_LAST)))
		return refusal(&s->agency);
	return is_empty(&s->cell) ? 0 : -CAPSULE_EEXIST;
}

int own_check_share(const struct own_parties *p, const struct own_region *r, uint64_t *fail)
{
	return check_new(p, r, may_share, OWN_SHARED, fail);
}

static void one_more(const struct part *part)
{
	const unsigned int state = PGT_STATE_OF(part->leaf.attr);

	CHECK(part->leaf.valid && state != OWN_LENT && state != OWN_SHARED_LAST);
	set_valid(part, part->leaf.attr, state == OWN_OWNED ? OWN_SHARED : state + 1);
}

void own_commit_share(const struct own_parties *p, const struct own_region *r)
{
	change_agency(p, r->phys, r->size, false, one_more);
	map_cell(p, r, OWN_SHARED);
}

/* ---- unshare ----
 *
 *          before                        after
 * agency   SHARED       SHARED + n + 1   OWNED        SHARED + n
 * cell     SHARED       SHARED           nothing      nothing
 */
static int may_unshare(const struct stretch *s)
{
	if (!is_shared(&s->agency))
		return refusal(&s->agency);
	return s->mapped && is_shared(&s->cell) ? 0 : -CAPSULE_ENOENT;
}

int own_check_unshare(const struct own_parties *p, const struct own_region *r, uint64_t *fail)
{
	return check_present(p, r, may_unshare, fail);
}

static void one_less(const struct part *part)
{
	const unsigned int state = PGT_STATE_OF(part->leaf.attr);

	CHECK(is_shared(&part->leaf));
	set_valid(part, part->leaf.attr, state == OWN_SHARED ? OWN_OWNED : state - 1);
}

void own_commit_unshare(const struct own_parties *p, const struct own_region *r)
{
	unmap_cell(p, r);
	change_agency(p, r->phys, r->size, false, one_less);
	pgt_merge(p->agency, pa_addr(r->phys), r->size);
}

/* ---- lend ----
 *
 *          before          after
 * agency   KIND_CELL(id)   LENT
 * cell     OWNED           OWNED
 */
static int may_lend(const struct stretch *s)
{
	if (!is_cells(&s->agency, s->id))
		return refusal(&s->agency);
	return s->mapped && has_state(&s->cell, OWN_OWNED) ? 0 : -CAPSULE_ENOENT;
}

int own_check_lend(const struct own_parties *p, const struct own_region *r, uint64_t *fail)
{
	return check_present(p, r, may_lend, fail);
}

static void to_lent(const struct part *part)
{
	set_valid(part, OWN_ANN_ATTR(part->leaf.annotation), OWN_LENT);
}

void own_commit_lend(const struct own_parties *p, const struct own_region *r)
{
	change_agency(p, r->phys, r->size, false, to_lent);
}

/* ---- unlend ----
 *
 *          before          after
 * agency   LENT            KIND_CELL(id)
 * cell     OWNED           OWNED
 */
static int may_unlend(const struct stretch *s)
{
	if (!has_state(&s->agency, OWN_LENT))
		return refusal(&s->agency);
	return s->mapped && has_state(&s->cell, OWN_OWNED) ? 0 : -CAPSULE_ENOENT;
}

int own_check_unlend(const struct own_parties *p, const struct own_region *r, uint64_t *fail)
{
	return check_present(p, r, may_unlend, fail);
}

void own_commit_unlend(const struct own_parties *p, const struct own_region *r)
{
	change_agency(p, r->phys, r->size, false, to_cell);
}

/* ---- claim ----
 *
 *              before          after
 * agency       OWNED           KIND_HYP
 */
int own_check_claim(struct pgt *agency, pa_t phys, uint64_t size, uint64_t *fail)
{
	const uint64_t end = pa_addr(phys) + size;
	uint64_t pa = pa_addr(phys);
	int ret = pgt_check_range(agency, pa, size);

	while (ret == 0 && pa < end) {
		struct pgt_leaf leaf;

		CHECK(pgt_lookup(agency, pa, &leaf) == 0);
		if (has_state(&leaf, OWN_OWNED))
			pa += leaf_left(&leaf, pa);
		else
			ret = refusal(&leaf);
	}
	if (ret != 0 && fail)
		*fail = pa;
	return ret != 0 ? ret : pgt_split(agency, pa_addr(phys), size);
}

static void to_hypervisor(const struct part *part)
{
	set_away(part, OWN_KIND_HYP, 0);
}

void own_commit_claim(struct pgt *agency, pa_t phys, uint64_t size)
{
	const struct own_parties p = { .agency = agency };

	change_agency(&p, phys, size, true, to_hypervisor);
}

/* ---- around the transitions ---- */

void own_cancel(const struct own_parties *p, const struct own_region *r)
{
	struct pgt_leaf leaf;

	/* What the cell has already keeps its edges. */
	if (pgt_lookup(p->cell, ipa_addr(r->ipa), &leaf) != 0 || !is_empty(&leaf))
		return;
	pgt_merge(p->agency, pa_addr(r->phys), r->size);
	pgt_merge(p->cell, ipa_addr(r->ipa), r->size);
}

/* Differences modulo 2^64, so that ends need not be computed. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a - b < b_size || b - a < a_size;
}

bool own_overlap(const struct own_region *r, unsigned int n, unsigned int *first,
		 unsigned int *second)
{
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = i + 1; j < n; j++)
			if (overlap(pa_addr(r[i].phys), r[i].size, pa_addr(r[j].phys), r[j].size) ||
			    overlap(ipa_addr(r[i].ipa), r[i].size, ipa_addr(r[j].ipa), r[j].size)) {
				*first = i;
				*second = j;
				return true;
			}
	return false;
}

struct settle {
	unsigned int id;	/* whose charges are to be settled */
	unsigned int heir;
};

/* The heir of a table is a cell whose memory it describes; @id itself first. */
static int heir_visitor(const struct pgt_visit *visit)
{
	struct settle *settle = visit->arg;
	struct pgt_leaf leaf;

	pgt_decode(visit, &leaf);
	if (!is_kind(&leaf, OWN_KIND_CELL))
		return 0;
	settle->heir = OWN_ANN_NUMBER(leaf.annotation);
	return settle->heir == settle->id;
}

static int settle_visitor(const struct pgt_visit *visit)
{
	struct settle *settle = visit->arg;
	void *table = pgt_table(visit);

	if (pool_charge_of(table) != settle->id)
		return 0;
	settle->heir = 0;
	(void)pgt_walk(visit->pgt, visit->entry_ia, PGT_ENTRY_SIZE(visit->level), PGT_VISIT_LEAF,
		       heir_visitor, settle);
	pool_recharge(table, settle->heir);
	return 0;
}

void own_settle(struct pgt *agency, unsigned int id, pa_t phys, uint64_t size)
{
	struct settle settle = { .id = id };

	(void)pgt_walk(agency, pa_addr(phys), size, PGT_VISIT_TABLE_PRE | PGT_VISIT_RUNS(0),
		       settle_visitor, &settle);
}

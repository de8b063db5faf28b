/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables of the VMSAv8-64 translation system (Arm ARM DDI 0487, chapter
 * D8): EL2 stage 1 and stage 2, 4 KiB granule, start level 0 or 1.
 *
 * A table is changed in two steps. *Prepare* (pgt_prepare, pgt_split) makes
 * the tables exist that a later change needs; it is the only step that
 * allocates, it takes all pages it needs before it touches anything, and it
 * never changes what any address translates to. *Commit* (pgt_map,
 * pgt_annotate) on a prepared range cannot fail. Both are safe against
 * hardware walkers and readers on other CPUs; break-before-make (D8.16.1)
 * stands in one helper. While it is under way an entry is invalid for a
 * moment: a stage-2 fault must look again under the table's lock, and what EL2
 * itself is running from is never split, merged or mapped anew.
 *
 * Context: EL2 (or the build host's tests). The caller holds the lock of the
 * struct pgt, shared or not, for every call; the operations table is called
 * with it held.
 */
#ifndef HYP_PGTABLE_H
#define HYP_PGTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define PGT_PAGE_SIZE	4096UL
#define PGT_ENTRIES	512U
#define PGT_LAST_LEVEL	3U
/* Bytes that an entry of this level translates, itself or by a table. */
#define PGT_ENTRY_SIZE(level)	(PGT_PAGE_SIZE << (9 * (PGT_LAST_LEVEL - (level))))

enum pgt_stage { PGT_STAGE1_EL2, PGT_STAGE2 };

/*
 * Attributes of a mapping. Without PGT_DEVICE and PGT_NC: Normal, Inner and
 * Outer Write-Back. PGT_DEVICE is Device-nGnRE.
 */
#define PGT_R			0x0001U
#define PGT_W			0x0002U
#define PGT_X			0x0004U
#define PGT_DEVICE		0x0008U
#define PGT_NC			0x0010U		/* Normal Non-cacheable */
#define PGT_NO_BLOCK		0x0020U		/* 4 KiB pages only; not read back */
#define PGT_STATE_SHIFT		8
#define PGT_STATE_MASK		0x0f00U		/* page state: software bits [58:55] */
#define PGT_STATE(n)		((unsigned int)(n) << PGT_STATE_SHIFT)
#define PGT_STATE_OF(attr)	(((attr) & PGT_STATE_MASK) >> PGT_STATE_SHIFT)

/* MAIR_EL2 that the AttrIndx values of stage 1 stand for (D19.2.97). */
#define PGT_MAIR_NORMAL		0xffUL		/* index 0 */
#define PGT_MAIR_DEVICE_nGnRE	0x04UL		/* index 1 */
#define PGT_MAIR_NORMAL_NC	0x44UL		/* index 2 */
#define PGT_MAIR_EL2 \
	(PGT_MAIR_NORMAL | PGT_MAIR_DEVICE_nGnRE << 8 | PGT_MAIR_NORMAL_NC << 16)

/* Annotations of invalid entries are numbers below this. */
#define PGT_ANNOTATION_MAX	(1UL << 61)

struct pgt;

struct pgt_ops {
	/* A page for a table, contents ignored, or NULL. */
	void *(*alloc)(void *ctx);
	/* Takes back a table that no walker can reach any more. */
	void (*free)(void *ctx, void *table);
	pa_t (*to_pa)(const void *table);
	void *(*to_va)(pa_t table);
	/*
	 * An entry that was invalid has been stored (and, before it, the
	 * table it may point to): makes that visible to the walkers of all
	 * CPUs. DSB ISHST; for the EL2's own stage 1 also ISB.
	 */
	void (*publish)(const void *entry);
	/*
	 * One *leaf* entry at @level that translated @ia (a page or block)
	 * was made invalid or lost permissions: when this returns no CPU uses
	 * the old one. Stage 2, with VTTBR_EL2 of @pgt: DSB ISHST, TLBI
	 * IPAS2E1IS, DSB ISH, TLBI VMALLE1IS, DSB ISH, ISB. Stage 1: DSB
	 * ISHST, TLBI VAE2IS, DSB ISH, ISB.
	 */
	void (*invalidate)(struct pgt *pgt, uint64_t ia, unsigned int level);
	/*
	 * The same after many leaf entries or a whole subtree were made
	 * invalid. Stage 2, with VTTBR_EL2 of @pgt: DSB ISHST, TLBI
	 * VMALLS12E1IS, DSB ISH, ISB. Stage 1: TLBI ALLE2IS.
	 */
	void (*invalidate_all)(struct pgt *pgt);
};

struct pgt {
	enum pgt_stage stage;
	unsigned int ia_bits;		/* input address size, 31..48 */
	unsigned int start_level;	/* 0 or 1 */
	unsigned int root_pages;	/* concatenated tables at the start level */
	uint64_t *root;
	const struct pgt_ops *ops;
	void *ctx;			/* for ops->alloc and ops->free */
};

/* What one input address translates to. */
struct pgt_leaf {
	bool valid;
	unsigned int level;
	uint64_t entry_ia;		/* first input address of the entry */
	uint64_t size;			/* bytes translated by the entry */
	pa_t pa;			/* valid: output address of the ia asked for */
	unsigned int attr;		/* valid: PGT_* */
	uint64_t annotation;		/* invalid: as given to pgt_annotate, else 0 */
};

/*
 * Pages of contiguous memory the root needs, aligned to their total size.
 * Stage 1: 1. Stage 2: start level 1 with up to 16 concatenated tables for
 * up to 43 bits (D8.2.2; level 0 needs more than 42 bits of PA), else 1.
 */
unsigned int pgt_root_pages(enum pgt_stage stage, unsigned int ia_bits);

/*
 * Start level for the same choice: 0 or 1. VTCR_EL2.SL0 is 1 for start level
 * 1 and 2 for start level 0.
 */
unsigned int pgt_start_level(enum pgt_stage stage, unsigned int ia_bits);

/*
 * Makes an empty table. @root: pgt_root_pages() zeroed pages that stay the
 * caller's. -EINVAL if ia_bits is not within 31..48 or root is misaligned.
 */
int pgt_init(struct pgt *pgt, enum pgt_stage stage, unsigned int ia_bits, void *root,
	     const struct pgt_ops *ops, void *ctx);

/*
 * Empties the table and frees all of it but the root. No CPU may have it
 * loaded any more.
 */
void pgt_destroy(struct pgt *pgt);

/*
 * Maps [ia, ia + size) to [pa, pa + size) with the largest blocks that fit.
 * What was there before is replaced, tables that become unused are freed.
 * ia, pa, size: bytes, multiples of 4096.
 *
 * -EINVAL: misaligned, empty, or attributes that cannot be (stage 1: not
 * readable, writable and executable at once, executable device memory).
 * -ERANGE: outside the input or output address size.
 * -ENOMEM: nothing was changed; cannot happen after pgt_prepare() with the
 * same arguments, nor, where pa == ia and PGT_NO_BLOCK is not set, after
 * pgt_split() of the same range.
 */
int pgt_map(struct pgt *pgt, uint64_t ia, pa_t pa, uint64_t size, unsigned int attr);

/*
 * Makes [ia, ia + size) invalid and stores @annotation (< PGT_ANNOTATION_MAX;
 * 0 is a plain unmap) in its entries. When this returns no CPU uses the old
 * translation. Errors as for pgt_map(); no -ENOMEM after pgt_split(), or if
 * the range was mapped by one pgt_map() and not merged since. Tables that the
 * annotation makes unnecessary are freed; mapping the range again needs them
 * again, unless pa == ia.
 */
int pgt_annotate(struct pgt *pgt, uint64_t ia, uint64_t size, uint64_t annotation);

/*
 * Makes pgt_map() with the same arguments unable to fail, without changing
 * what any address translates to. -ENOMEM leaves the table as it was, down
 * to the entry, with no page kept. pgt_merge() undoes it.
 */
int pgt_prepare(struct pgt *pgt, uint64_t ia, pa_t pa, uint64_t size, unsigned int attr);

/*
 * The same for a range whose entries are replaced in place: both edges
 * become leaf boundaries. Suffices for pgt_annotate() and identity maps.
 */
int pgt_split(struct pgt *pgt, uint64_t ia, uint64_t size);

/*
 * Replaces every table that overlaps [ia, ia + size) and whose entries are
 * one contiguous uniform mapping, or all empty, by a block, up to the
 * largest, and frees it. Translations do not change. Entries with a page
 * state or an annotation other than 0 stay as they are: whoever put them
 * there relies on their edges to take them away again without allocating.
 * Cannot fail; an impossible range does nothing. Do not use where
 * PGT_NO_BLOCK mappings must stay pages.
 */
void pgt_merge(struct pgt *pgt, uint64_t ia, uint64_t size);

/*
 * 0 if the table can hold the range; -EINVAL if it is misaligned or empty,
 * -ERANGE if it is not within the input address size.
 */
int pgt_check_range(const struct pgt *pgt, uint64_t ia, uint64_t size);

/* What @ia translates to. -ERANGE if it is outside the input address size. */
int pgt_lookup(const struct pgt *pgt, uint64_t ia, struct pgt_leaf *leaf);

/*
 * The walk. Calls @visitor for the entries that overlap [ia, ia + size), in
 * ascending order: leaves (valid or not), tables before and tables after
 * their entries, as @flags say. A visitor may replace the entry; if a leaf
 * became a table, the walk goes down into it. The first result other than 0
 * ends the walk and is returned; -EINVAL or -ERANGE for an impossible range.
 *
 * PGT_VISIT_RUNS(level): neighbouring leaves of that level or a later one that
 * the range covers whole come as one visit, with their number in count. The
 * visitor must leave them leaves. Without PGT_VISIT_LEAF they are just passed
 * over faster.
 */
#define PGT_VISIT_LEAF		1U
#define PGT_VISIT_TABLE_PRE	2U
#define PGT_VISIT_TABLE_POST	4U
#define PGT_VISIT_RUNS(level)	(((level) + 1) << PGT_VISIT_RUNS_SHIFT)
#define PGT_VISIT_RUNS_SHIFT	8

struct pgt_visit {
	struct pgt *pgt;
	uint64_t *entry;
	unsigned int level;
	unsigned int why;		/* PGT_VISIT_*: one of the first three flags */
	unsigned int count;		/* entries, 1 but for runs */
	uint64_t entry_ia;		/* first input address of the entry */
	uint64_t ia, end;		/* part of the range inside the entry, or the run */
	void *arg;
};

typedef int (*pgt_visitor)(const struct pgt_visit *visit);

int pgt_walk(struct pgt *pgt, uint64_t ia, uint64_t size, unsigned int flags,
	     pgt_visitor visitor, void *arg);

/* For visitors: the entry decoded (pa: of entry_ia), and a table's memory. */
void pgt_decode(const struct pgt_visit *visit, struct pgt_leaf *leaf);
void *pgt_table(const struct pgt_visit *visit);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation table descriptors (Arm ARM DDI 0487, D8.3) and the few helpers
 * that pgtable.c and pgtable_change.c share. Nobody else includes this.
 */
#ifndef PGTABLE_DESC_H
#define PGTABLE_DESC_H

#include "pgtable.h"
#include "util.h"

/* D8.3.1: bits common to both stages */
#define DESC_VALID		BIT(0)
#define DESC_TABLE		BIT(1)		/* levels 0-2: table; level 3: must be set */
#define DESC_OA			GENMASK(47, 12)
#define DESC_SH_INNER		(UINT64_C(3) << 8)
#define DESC_AF			BIT(10)
#define DESC_SW			GENMASK(58, 55)	/* software's: the page state */
#define DESC_ANNOTATION		GENMASK(62, 2)	/* of an invalid entry: ignored by hardware */

/* D8.3.2: stage 1 of a regime with one VA range */
#define S1_ATTRINDX		GENMASK(4, 2)
#define S1_AP_RES1		BIT(6)		/* AP[1] */
#define S1_AP_RO		BIT(7)		/* AP[2] */
#define S1_XN			BIT(54)
enum s1_attrindx { S1_NORMAL = 0, S1_DEVICE_nGnRE = 1, S1_NORMAL_NC = 2 };

/* Stage 2: MemAttr (D8.6.5, FEAT_S2FWB off), S2AP, XN */
#define S2_MEMATTR		GENMASK(5, 2)
#define S2_AP_R			BIT(6)
#define S2_AP_W			BIT(7)
#define S2_XN			BIT(54)
enum s2_memattr { S2_DEVICE_nGnRE = 1, S2_NORMAL_NC = 5, S2_NORMAL_WB = 15 };

/* Bits that may change in a valid entry without break-before-make (D8.16.1). */
#define S1_LIVE			(S1_AP_RO | S1_XN | DESC_SW)
#define S2_LIVE			(S2_AP_R | S2_AP_W | S2_XN | DESC_SW)

static inline uint64_t desc_read(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

/* Single-copy atomic; ordering is the business of ops->publish. */
static inline void desc_write(uint64_t *entry, uint64_t desc)
{
	__atomic_store_n(entry, desc, __ATOMIC_RELAXED);
}

static inline unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + 9 * (PGT_LAST_LEVEL - level);
}

static inline uint64_t level_size(unsigned int level)
{
	return BIT(level_shift(level));
}

static inline bool desc_is_table(uint64_t desc, unsigned int level)
{
	return level < PGT_LAST_LEVEL && (desc & (DESC_VALID | DESC_TABLE)) == (DESC_VALID | DESC_TABLE);
}

static inline uint64_t *desc_table(const struct pgt *pgt, uint64_t desc)
{
	return pgt->ops->to_va(pa_init(desc & DESC_OA));
}

/*
 * Bits of a leaf for these attributes, without output address and type, or 0
 * if the attributes are not allowed. The only place that makes permissions.
 */
uint64_t desc_attr(enum pgt_stage stage, unsigned int attr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owns memory and devices: transitions between the agency, a cell and
 * the hypervisor, page by page.
 *
 * The state stands in the agency's stage 2, which maps physical addresses
 * 1:1; the cell's stage 2 is the proof that a page is that cell's:
 *
 *   agency's entry              meaning                       cell's entry
 *   valid, OWN_OWNED            the agency's alone            none
 *   valid, OWN_SHARED + n       the agency's, n + 1 mappings  valid, OWN_SHARED
 *                               of it in cells
 *   valid, OWN_LENT             the cell's, loadable          valid, OWN_OWNED
 *   invalid, OWN_KIND_CELL      the cell's alone              valid, OWN_OWNED,
 *                                                             or OWN_KIND_MMIO
 *   invalid, OWN_KIND_HYP       the hypervisor's              none
 *   invalid, OWN_KIND_MMIO      emulated for the agency       any
 *   invalid, 0                  not the agency's (strict list)  any
 *
 * (A cell's page that is OWN_KIND_MMIO in its own table: exclusive registers
 * of which every access is checked.)
 *
 * Each transition has a check and a commit. The check finds every reason to
 * refuse and prepares both page tables (the only part that allocates; pages
 * are charged as the tables' ctx says). After a check that succeeded, either
 * the commit follows, which cannot fail, or own_cancel(), which gives the
 * pages back. Checks of several regions may be followed by their commits only
 * if the regions do not overlap each other, physically or in the cell's
 * addresses: own_overlap(). If one of several checks fails, all regions
 * checked before it are cancelled.
 *
 * A region that was given, lent or shared goes back over the same edges
 * without any allocation: the checks of return, unshare, lend and unlend of
 * that very region never answer -ENOMEM.
 *
 * Addresses and sizes are bytes, multiples of 4096. RAM and devices are
 * treated alike. Context: EL2, the locks of both tables held.
 */
#ifndef HYP_OWNERSHIP_H
#define HYP_OWNERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "pgtable.h"

/* Page states of valid entries: PGT_STATE(). */
enum own_state {
	OWN_OWNED = 0,
	OWN_LENT = 1,
	OWN_SHARED = 2,		/* agency: + number of further sharers */
	OWN_SHARED_LAST = 15,
};

enum own_kind {
	OWN_KIND_NONE = 0,
	OWN_KIND_CELL = 1,
	OWN_KIND_HYP = 2,
	OWN_KIND_MMIO = 3,
};

/*
 * Annotation of an invalid entry: kind, a number (cell id or MMIO index) and
 * the attributes the agency had, which come back on return.
 */
#define OWN_ANNOTATION(kind, number, attr) \
	((uint64_t)(kind) | (uint64_t)(number) << 4 | (uint64_t)(attr) << 20)
#define OWN_ANN_KIND(a)		((enum own_kind)((a) & 0xf))
#define OWN_ANN_NUMBER(a)	((unsigned int)((a) >> 4) & 0xffffU)
#define OWN_ANN_ATTR(a)		((unsigned int)((a) >> 20) & 0xffffU)

/* How the agency's memory is mapped by exclusion. */
#define OWN_AGENCY_ATTR		(PGT_R | PGT_W | PGT_X | PGT_STATE(OWN_OWNED))

struct own_region {
	pa_t phys;
	ipa_t ipa;		/* where the cell sees it */
	uint64_t size;
	unsigned int attr;	/* the cell's mapping: PGT_*, without state */
};

/* The two sides of a transition. */
struct own_parties {
	struct pgt *agency;
	struct pgt *cell;
	unsigned int id;	/* of the cell, 1.. */
};

/*
 * Each check returns 0 or
 * -EINVAL, -ERANGE	the region itself is impossible
 * -EPERM		hypervisor's, emulated, or not the agency's at all
 * -EBUSY		another cell's, or shared or lent when it must not be
 * -EEXIST		the cell already has something at that IPA
 * -ENOENT		the cell does not have it there as the transition needs
 * -ENOMEM		no page for the tables
 * and, unless it is 0, the physical address of the first page concerned in
 * *fail. On error nothing has changed.
 */
int own_check_give(const struct own_parties *p, const struct own_region *r, uint64_t *fail);
void own_commit_give(const struct own_parties *p, const struct own_region *r);

/*
 * Takes it back from the cell, lent or not, mapped in the cell or emulated
 * there. Tables that only this region needed are freed.
 */
int own_check_return(const struct own_parties *p, const struct own_region *r, uint64_t *fail);
void own_commit_return(const struct own_parties *p, const struct own_region *r);

/* ROOTSHARED: up to 14 mappings of one page in cells, then -EBUSY. */
int own_check_share(const struct own_parties *p, const struct own_region *r, uint64_t *fail);
void own_commit_share(const struct own_parties *p, const struct own_region *r);
int own_check_unshare(const struct own_parties *p, const struct own_region *r, uint64_t *fail);
void own_commit_unshare(const struct own_parties *p, const struct own_region *r);

/* Loadable: the agency may access the cell's memory for a while. */
int own_check_lend(const struct own_parties *p, const struct own_region *r, uint64_t *fail);
void own_commit_lend(const struct own_parties *p, const struct own_region *r);
int own_check_unlend(const struct own_parties *p, const struct own_region *r, uint64_t *fail);
void own_commit_unlend(const struct own_parties *p, const struct own_region *r);

/* At enable: the hypervisor takes its own memory from the agency for good. */
int own_check_claim(struct pgt *agency, pa_t phys, uint64_t size, uint64_t *fail);
void own_commit_claim(struct pgt *agency, pa_t phys, uint64_t size);

/*
 * Undoes the preparation of a give or share check whose commit will not
 * follow; for the other checks there is nothing to undo, and it does nothing.
 */
void own_cancel(const struct own_parties *p, const struct own_region *r);

/*
 * True if two of @n regions overlap physically or in the cell's addresses;
 * *first and *second are their indices.
 */
bool own_overlap(const struct own_region *r, unsigned int n, unsigned int *first,
		 unsigned int *second);

/*
 * After the last return of a cell: tables of the agency in [phys, phys + size)
 * that were charged to cell @id but are needed for another cell now are charged
 * to that one (or to the agency, 0). Only where the cell had memory can there
 * be any.
 */
void own_settle(struct pgt *agency, unsigned int id, pa_t phys, uint64_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the checker share. */
#ifndef LIBCAPSULE_INTERNAL_H
#define LIBCAPSULE_INTERNAL_H

#include "checker.h"

#define PAGE_MASK	(CAPSULE_PAGE_SIZE - 1)
#define NUM_INTIDS	1020U		/* Arm IHI 0069, 2.2.1: 1020.. are special */
#define FIRST_SPI	32U
#define ADDRESS_LIMIT	(1ULL << 48)	/* largest IPA and PA without FEAT_LPA */

/* A range of addresses with a name for messages. */
struct range {
	const char *name;
	uint64_t start;
	uint64_t size;
};

/* Adds an error. @detail0, @detail1 as error.h says for @reason. */
void chk_error(struct chk_report *report, const char *file, uint32_t reason, uint64_t detail0,
	       uint64_t detail1, const char *format, ...) __attribute__((format(printf, 6, 7)));
void chk_warn(struct chk_report *report, const char *file, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Both sizes above zero and no wrap, as chk_regions() has made sure. */
static inline bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static inline bool range_inside(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a >= b && a + a_size <= b + b_size;
}

/* False for sizes of zero and ranges beyond ADDRESS_LIMIT: not to be compared. */
static inline bool range_valid(uint64_t start, uint64_t size)
{
	return size && start < ADDRESS_LIMIT && size <= ADDRESS_LIMIT - start;
}

/* Its phys_start means something. */
static inline bool region_has_phys(const struct capsule_memory *m)
{
	return !(m->flags & (CAPSULE_MEM_PHYS_ANY | CAPSULE_MEM_COMM_REGION)) &&
	       range_valid(m->phys_start, m->size);
}

/* Its virt_start is chosen when the cell is created; that in the file only places the entry. */
static inline bool region_moves(const struct capsule_memory *m)
{
	return m->flags & CAPSULE_MEM_VIRT_IS_PHYS;
}

static inline bool region_is_ram(const struct capsule_memory *m)
{
	return !(m->flags & (CAPSULE_MEM_IO | CAPSULE_MEM_COMM_REGION));
}

/* Smaller than a page or not aligned to pages: trapped and forwarded. */
static inline bool region_is_subpage(const struct capsule_memory *m)
{
	return ((m->phys_start | m->virt_start | m->size) & PAGE_MASK) != 0;
}

#define REGION_TEXT_LEN	128
/* "memory region 2 (IPA 0x0-0xffffff, physical 0x...-0x...)" into @text; returns it. */
const char *region_text(const struct chk_cell *cell, size_t index, char *text);

/* True if one of the irqchips of @cell names @intid. */
bool cell_has_irq(const struct chk_cell *cell, uint32_t intid);

/* Frames of the interrupt controller that no cell may have; returns their number. */
#define MAX_FRAMES 5
size_t platform_frames(const struct capsule_platform *platform, struct range *frames);

void chk_console(const struct capsule_console *console, const char *file, const char *which,
		 struct chk_report *report);
void chk_real_console(const struct capsule_console *console, const char *file, const char *which,
		      struct chk_report *report);
void chk_regions(const struct chk_cell *cell, struct chk_report *report);
void chk_irqchips(const struct chk_cell *cell, const struct chk_system *system,
		  struct chk_report *report);

#endif

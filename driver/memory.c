// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical memory for the hypervisor and for cells: contiguous ranges taken
 * from the page allocator of the running system, or ranges that never were
 * the page allocator's.
 *
 * What is given away stays in the kernel's linear map, but its pages are
 * marked offline, so that kcore, hibernation and crash dumps leave it alone.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/memory_hotplug.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/page-flags.h>
#include <linux/sched/signal.h>
#include <asm/cache.h>

#include "driver.h"

#define MAX_RAM_RANGES	64
#define TAKE_GFP	(GFP_KERNEL | __GFP_NOWARN)
#define LARGEST_MS	2000	/* to find out how much there is, for a message */

struct ram_ranges {
	unsigned int count;
	struct {
		u64 start, end;		/* bytes, end exclusive */
	} range[MAX_RAM_RANGES];
};

/**
 * clean_to_poc() - clean and invalidate memory to the point of coherency
 *
 * By the smallest data cache line of the machine (CTR_EL0.DminLine, in words);
 * cache_line_size() is the largest, and would leave lines out.
 */
void clean_to_poc(const void *start, size_t size)
{
	unsigned long line = 4UL << ((read_cpuid_cachetype() >> 16) & 0xf);
	unsigned long at = (unsigned long)start & ~(line - 1);
	unsigned long end = (unsigned long)start + size;

	for (; at < end; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	dsb(sy);
}

static int add_ram_range(struct resource *res, void *arg)
{
	struct ram_ranges *ram = arg;

	if (ram->count < MAX_RAM_RANGES) {
		ram->range[ram->count].start = res->start;
		ram->range[ram->count].end = res->end + 1;
		ram->count++;
	}
	return 0;
}

static struct ram_ranges *find_ram(void)
{
	struct ram_ranges *ram = kzalloc(sizeof(*ram), GFP_KERNEL);

	if (ram)
		walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				    0, U64_MAX, ram, add_ram_range);
	return ram;
}

/*
 * In use by somebody who cannot be told to move. A page on its way to an LRU
 * list looks the same for a short time.
 */
static bool seems_pinned(struct page *page)
{
	return page_ref_count(page) && !PageLRU(page) && !__PageMovable(page);
}

/*
 * The first page of [start, end) that can certainly, or with @strict
 * probably, not be moved away; or end. A quick look that saves the page
 * allocator hopeless attempts, which are expensive.
 */
static unsigned long first_unmovable(unsigned long start, unsigned long end, bool strict)
{
	struct page *first = pfn_to_online_page(start);
	unsigned long pfn;

	if (!first)
		return start;
	for (pfn = start; pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zone(page) != page_zone(first) || PageReserved(page) ||
		    PageSlab(page) || PageTable(page) || PageOffline(page) ||
		    (strict && seems_pinned(page)))
			break;
	}
	return pfn;
}

static int take_exact(struct mem_block *block, u64 start, u64 size)
{
	int rc = alloc_contig_range(PHYS_PFN(start), PHYS_PFN(start + size), MIGRATE_MOVABLE,
				    TAKE_GFP);

	if (rc)
		return rc;
	*block = (struct mem_block){ .start = start, .size = size, .kind = MEM_CONTIG };
	capsule.ledger.contig_pages += size >> PAGE_SHIFT;
	return 0;
}

struct search {
	u64 size, align, step;	/* bytes */
	bool strict;
};

/*
 * Try windows of [start, end) from the top down. High addresses first: the
 * low ones are what devices with narrow DMA need.
 */
static int search_range(struct mem_block *block, u64 start, u64 end, const struct search *s)
{
	u64 at, next;

	if (end - start < s->size)
		return -ENOSPC;
	for (at = round_down(end - s->size, s->align); at >= start; at = next) {
		unsigned long stop = PHYS_PFN(at + s->size);
		unsigned long bad = first_unmovable(PHYS_PFN(at), stop, s->strict);

		if (signal_pending(current))
			return -EINTR;
		if (bad == stop && !take_exact(block, at, s->size))
			return 0;
		next = bad == stop ? at - s->step :
		       round_down(PFN_PHYS(bad) - s->size, s->align);
		if (next >= at)
			break;
		cond_resched();
	}
	return -ENOSPC;
}

static int search_all(struct mem_block *block, const struct ram_ranges *ram,
		      const struct search *s)
{
	unsigned int i;
	int rc = -ENOSPC;

	for (i = ram->count; rc == -ENOSPC && i-- > 0;)
		rc = search_range(block, ram->range[i].start, ram->range[i].end, s);
	return rc;
}

/* First where it is likely to succeed at once, then more thoroughly. */
static int search(struct mem_block *block, const struct ram_ranges *ram, u64 size)
{
	u64 align = size < CAPSULE_HV_ALIGN ? PAGE_SIZE : CAPSULE_HV_ALIGN;
	struct search s = {
		.size = size,
		.align = align,
		.step = max(size, CAPSULE_HV_ALIGN),
		.strict = true,
	};
	int rc = search_all(block, ram, &s);

	if (rc != -ENOSPC)
		return rc;
	s.strict = false;
	s.step = max(round_up(size / 8, align), CAPSULE_HV_ALIGN);
	return search_all(block, ram, &s);
}

static bool could_take(const struct ram_ranges *ram, u64 size)
{
	struct mem_block block;

	if (search(&block, ram, size))
		return false;
	mem_release(&block);
	return true;
}

/*
 * How much could be had? A bisection, since every try is expensive: until it
 * is known to a sixteenth, or until time is up and something was found.
 */
static u64 largest(const struct ram_ranges *ram, u64 size)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(LARGEST_MS);
	u64 found = 0, failed = size, middle;

	while (!signal_pending(current) && (!found || time_before(jiffies, deadline))) {
		middle = round_down(found + (failed - found) / 2, CAPSULE_HV_ALIGN);
		if (middle - found <= found / 32)
			break;
		if (could_take(ram, middle))
			found = middle;
		else
			failed = middle;
	}
	return found;
}

/**
 * mem_take_any() - take contiguous memory from the running system
 * @block: where to put what was taken
 * @size: bytes, page multiple; from 2 MiB on it is aligned to 2 MiB
 *
 * Return: 0; -ENOMEM with a size that could be had in @err; -EINTR after a
 * signal, with nothing taken.
 */
int mem_take_any(struct mem_block *block, u64 size, struct capsule_err *err)
{
	struct ram_ranges *ram = find_ram();
	int rc;

	block->kind = MEM_NONE;
	if (!ram)
		return -ENOMEM;
	rc = search(block, ram, size);
	if (rc == -ENOSPC)
		rc = refuse(err, -ENOMEM, CAPSULE_REASON_NO_CONTIG, size, largest(ram, size));
	else if (rc == -EINTR)
		refuse(err, rc, CAPSULE_REASON_INTERRUPTED, 0, 0);
	kfree(ram);
	return rc;
}

/**
 * mem_available() - how much contiguous memory can be had now, up to @size?
 * @available: where to put it, bytes: @size, or what mem_take_any() would tell
 *
 * Takes memory and gives it back. Return: 0, -ENOMEM, -EINTR after a signal.
 */
int mem_available(u64 size, u64 *available, struct capsule_err *err)
{
	struct mem_block block;
	int rc = mem_take_any(&block, size, err);

	*available = size;
	if (!rc)
		mem_release(&block);
	if (rc != -ENOMEM || err->reason != CAPSULE_REASON_NO_CONTIG)
		return rc;
	*available = err->detail[1];
	memset(err, 0, sizeof(*err));
	return 0;
}

/* Does an entry of the node's reg property hold all of the range? */
static bool node_holds(struct device_node *node, u64 start, u64 size)
{
	struct resource res;
	int i;

	for (i = 0; !of_address_to_resource(node, i, &res); i++)
		if (res.start <= start && start + size - 1 <= res.end)
			return true;
	return false;
}

/* Is it a part of /reserved-memory that is set aside for somebody like us? */
static bool in_reserved_memory(u64 start, u64 size)
{
	struct device_node *parent = of_find_node_by_path("/reserved-memory"), *child;
	bool found = false;

	for_each_available_child_of_node(parent, child)
		found |= node_holds(child, start, size);
	of_node_put(parent);
	return found;
}

/* RAM that the kernel was told to leave alone (mem=) is still in the device tree. */
static bool in_memory_node(u64 start, u64 size)
{
	struct device_node *node;
	bool found = false;

	for_each_node_by_type(node, "memory")
		found |= node_holds(node, start, size);
	return found;
}

/* RAM, or at least a promise of it, that the page allocator never had. */
static bool never_managed(u64 start, u64 size)
{
	if (in_reserved_memory(start, size))
		return true;
	return region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) ==
	       REGION_DISJOINT && in_memory_node(start, size);
}

static bool all_managed(u64 start, u64 size)
{
	return region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) ==
	       REGION_INTERSECTS;
}

/**
 * mem_take_fixed() - take a range named by a configuration
 * @region: index of the memory region, for the message
 *
 * Memory that the kernel does not manage, or that the device tree reserves,
 * is used as it is; other RAM must be free or movable.
 */
int mem_take_fixed(struct mem_block *block, u64 start, u64 size, u32 region,
		   struct capsule_err *err)
{
	unsigned long pfn = PHYS_PFN(start), end = PHYS_PFN(start + size);

	block->kind = MEM_NONE;
	if (never_managed(start, size)) {
		*block = (struct mem_block){ .start = start, .size = size, .kind = MEM_RESERVED };
		return 0;
	}
	if (!all_managed(start, size))
		return refuse(err, -EINVAL, CAPSULE_REASON_MEM_NOT_RAM, region, start);
	if (first_unmovable(pfn, end, false) != end || take_exact(block, start, size))
		return refuse(err, -EBUSY, CAPSULE_REASON_MEM_NOT_OWNED, region, start);
	return 0;
}

/**
 * mem_release() - give a block back to where it came from
 *
 * Context: EL2 no longer keeps anybody from it, and its pages are unmarked.
 */
void mem_release(struct mem_block *block)
{
	if (block->kind == MEM_CONTIG) {
		WARN_ON(block->marked);
		free_contig_range(PHYS_PFN(block->start), block->size >> PAGE_SHIFT);
		capsule.ledger.contig_pages -= block->size >> PAGE_SHIFT;
	}
	block->kind = MEM_NONE;
}

/**
 * mem_mark_offline() - keep every reader of physical memory off a block
 */
void mem_mark_offline(struct mem_block *block)
{
	unsigned long pfn, end = PHYS_PFN(block->start + block->size);

	if (block->kind != MEM_CONTIG)
		return;
	page_offline_begin();
	for (pfn = PHYS_PFN(block->start); pfn < end; pfn++)
		__SetPageOffline(pfn_to_page(pfn));
	page_offline_end();
	block->marked = true;
	capsule.ledger.offline_pages += block->size >> PAGE_SHIFT;
}

/**
 * mem_unmark() - the agency has the block's memory again
 */
void mem_unmark(struct mem_block *block)
{
	unsigned long pfn, end = PHYS_PFN(block->start + block->size);

	if (!block->marked)
		return;
	page_offline_begin();
	for (pfn = PHYS_PFN(block->start); pfn < end; pfn++)
		__ClearPageOffline(pfn_to_page(pfn));
	page_offline_end();
	block->marked = false;
	capsule.ledger.offline_pages -= block->size >> PAGE_SHIFT;
}

/**
 * mem_map_block() - address of a part of a block for the kernel
 * @offset: bytes from the block's start
 *
 * Return: NULL if it cannot be mapped. mem_unmap_block() when done; a block that
 * came from the page allocator is always mapped.
 */
void *mem_map_block(const struct mem_block *block, u64 offset, size_t size)
{
	if (block->kind == MEM_CONTIG)
		return phys_to_virt(block->start + offset);
	return memremap(block->start + offset, size, MEMREMAP_WB);
}

void mem_unmap_block(const struct mem_block *block, void *mapped)
{
	if (block->kind != MEM_CONTIG)
		memunmap(mapped);
}

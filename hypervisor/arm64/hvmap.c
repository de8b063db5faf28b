// SPDX-License-Identifier: Apache-2.0
/* EL2's own address space: see layout.h. */
#include "hvmap.h"

#include "check.h"
#include "el2_space.h"
#include "layout.h"
#include "pgtable.h"
#include "pool.h"
#include "start.h"
#include "sysreg.h"

/* Leaf entry of the window tables: page, AF, inner shareable, AP[1] RES1, XN. */
#define WINDOW_PTE	(BIT(54) | 0x743)
#define PTE_DEVICE	0x4		/* AttrIndx 1: PGT_MAIR_DEVICE_nGnRE */

pa_t hv_phys;
uint64_t hv_size;

static struct pgt el2_pgt;
static uint64_t next_device;

extern char __image_start[], __text_start[], __text_end[], __rodata_start[],
	__rodata_end[], __idmap_start[], __idmap_end[];

void *hv_va(pa_t pa)
{
	return (void *)(HV_BASE + (pa_addr(pa) - pa_addr(hv_phys)));
}

pa_t hv_pa(const void *va)
{
	return pa_add(hv_phys, (uint64_t)va - HV_BASE);
}

static void *el2_alloc(void *ctx)
{
	(void)ctx;
	return pool_alloc(POOL_CHARGE_HYP);
}

static void el2_free(void *ctx, void *table)
{
	(void)ctx;
	pool_free(table);
}

static void el2_publish(const void *entry)
{
	(void)entry;
	dsb(ishst);
	isb();
}

static void el2_invalidate(struct pgt *pgt, uint64_t ia, unsigned level)
{
	(void)pgt;
	(void)level;
	dsb(ishst);
	__asm__ volatile("tlbi vae2is, %0" : : "r"(ia >> 12) : "memory");
	dsb(ish);
	isb();
}

static void el2_invalidate_all(struct pgt *pgt)
{
	(void)pgt;
	dsb(ishst);
	__asm__ volatile("tlbi alle2is" : : : "memory");
	dsb(ish);
	isb();
}

static const struct pgt_ops el2_ops = {
	.alloc = el2_alloc,
	.free = el2_free,
	.to_pa = pool_pa,
	.to_va = pool_va,
	.publish = el2_publish,
	.invalidate = el2_invalidate,
	.invalidate_all = el2_invalidate_all,
};

static int map_own(const char *start, const char *end, unsigned attr)
{
	return pgt_map(&el2_pgt, (uint64_t)start, hv_pa(start), (uint64_t)(end - start), attr);
}

static int map_image(void)
{
	const char *end = (const char *)HV_BASE + hv_size;
	int rc;

	rc = map_own(__image_start, __text_start, PGT_R);
	if (!rc)
		rc = map_own(__text_start, __text_end, PGT_R | PGT_X);
	if (!rc)
		rc = map_own(__rodata_start, __rodata_end, PGT_R);
	if (!rc)
		rc = map_own(__rodata_end, end, PGT_R | PGT_W);
	if (!rc)
		rc = pgt_map(&el2_pgt, pa_addr(hv_pa(__idmap_start)), hv_pa(__idmap_start),
			     PAGE_SIZE, PGT_R | PGT_X);
	return rc;
}

int el2_space_init(void)
{
	void *root = pool_alloc(POOL_CHARGE_HYP);
	int rc;

	next_device = HV_DEVICES;
	if (!root)
		return -CAPSULE_ENOMEM;
	rc = pgt_init(&el2_pgt, PGT_STAGE1_EL2, 48, root, &el2_ops, NULL);
	return rc ? rc : map_image();
}

uint64_t el2_space_root(void)
{
	return pa_addr(pool_pa(el2_pgt.root));
}

static int note_table(const struct pgt_visit *visit)
{
	uint64_t **table = visit->arg;

	if (visit->level == PGT_LAST_LEVEL)
		*table = (uint64_t *)((uint64_t)visit->entry & PAGE_MASK);
	return 0;
}

/* Mapping one page and taking it away leaves the level 3 table in place. */
int el2_space_init_cpu(struct pcpu *pcpu)
{
	uint64_t va = HV_WINDOWS + pcpu->id * (uint64_t)HV_WINDOW_SIZE;
	uint64_t guard = (uint64_t)pcpu + EL2_CPU_GUARD;
	int rc;

	rc = pgt_map(&el2_pgt, va, hv_phys, PAGE_SIZE, PGT_R | PGT_NO_BLOCK);
	if (!rc)
		rc = pgt_walk(&el2_pgt, va, PAGE_SIZE, PGT_VISIT_LEAF, note_table,
			      &pcpu->window_table);
	if (!rc)
		rc = pgt_annotate(&el2_pgt, guard, PAGE_SIZE, 0);
	if (rc)
		return rc;
	pcpu->window = va_init(va);
	pcpu->window_table[0] = 0;
	return 0;
}

void *hv_map_device(pa_t pa, uint64_t size)
{
	uint64_t va = next_device;

	if (va + size > HV_DEVICES_END ||
	    pgt_map(&el2_pgt, va, pa, size, PGT_R | PGT_W | PGT_DEVICE))
		return NULL;
	next_device += size;
	return (void *)va;
}

static void *window_map(pa_t pa, uint64_t size, uint64_t attr)
{
	struct pcpu *p = this_pcpu();
	uint64_t first = pa_addr(pa) & PAGE_MASK;
	uint64_t pages = (pa_addr(pa) + size - first + PAGE_SIZE - 1) >> PAGE_SHIFT;

	CHECK(pages <= PGT_ENTRIES && p->window_pages == 0);
	for (uint64_t i = 0; i < pages; i++)
		__atomic_store_n(&p->window_table[i], (first + i * PAGE_SIZE) | attr,
				 __ATOMIC_RELAXED);
	p->window_pages = (unsigned)pages;
	dsb(nshst);
	isb();
	return (void *)(va_addr(p->window) + (pa_addr(pa) - first));
}

void *hv_window_map(pa_t pa, uint64_t size)
{
	return window_map(pa, size, WINDOW_PTE);
}

void *hv_window_map_device(pa_t pa)
{
	return window_map(pa, 1, WINDOW_PTE | PTE_DEVICE);
}

/* Only this CPU ever walks its window, so the maintenance stays local. */
void hv_window_unmap(void)
{
	struct pcpu *p = this_pcpu();

	for (unsigned i = 0; i < p->window_pages; i++)
		__atomic_store_n(&p->window_table[i], 0, __ATOMIC_RELAXED);
	dsb(nshst);
	if (p->window_pages == 1)
		__asm__ volatile("tlbi vae2, %0" : : "r"(va_addr(p->window) >> 12) : "memory");
	else
		__asm__ volatile("tlbi alle2" : : : "memory");
	dsb(nsh);
	isb();
	p->window_pages = 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "gic_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "hvmap.h"
#include "ownership_query.h"
#include "../../hypervisor/arm64/gic_sysreg.h"
#include "../../hypervisor/gic/gic_internal.h"

struct fake_gic fake;
struct cell root_cell;
struct cell *cells[CAPSULE_MAX_CELLS];
struct pcpu *pcpus[CAPSULE_MAX_CPUS];
unsigned num_pcpus;

static uint8_t gicd_mem[GICD_SIZE], gicc_mem[0x2000], gich_mem[0x2000], gicr_mem[FAKE_CPUS][GICR_SIZE], gits_mem[GITS_CONTROL_SIZE];

static struct pcpu pcpu_mem[FAKE_CPUS];
static struct capsule_cpu_status status_mem[FAKE_CPUS];

struct fake_config {
	struct capsule_cell_desc desc;
	uint64_t cpus[1];
	struct capsule_irqchip chip[2];
};

static struct fake_config root_config;

/* Registers */

void *hv_map_device(pa_t pa, uint64_t size)
{
	uint64_t at = pa_addr(pa);

	(void)size;
	if (at == FAKE_GICD)
		return gicd_mem;
	if (at == FAKE_GITS)
		return gits_mem;
	if (fake.v2 && at == FAKE_GICC)
		return gicc_mem;
	if (fake.v2 && at == FAKE_GICH)
		return gich_mem;
	assert_true(at >= FAKE_GICR && at < FAKE_GICR + sizeof(gicr_mem));
	return (uint8_t *)gicr_mem + (at - FAKE_GICR);
}

bool agency_owns_ram(pa_t pa, uint64_t size)
{
	return pa_addr(pa) >= fake.owned_from && pa_addr(pa) + size <= fake.owned_to;
}

int pgt_annotate(struct pgt *pgt, uint64_t ia, uint64_t size, uint64_t annotation)
{
	(void)pgt; (void)ia; (void)size; (void)annotation;
	return 0;
}

int pgt_map(struct pgt *pgt, uint64_t ia, pa_t pa, uint64_t size, unsigned int attr)
{
	(void)pgt; (void)ia; (void)pa; (void)size; (void)attr;
	return 0;
}

/* Set and clear registers, ISENABLER to ICACTIVER, of one word of interrupts. */
static uint32_t *bit_array(uint32_t offset, uint32_t *e, uint32_t *p, uint32_t *a)
{
	return offset < 0x200 ? e : offset < 0x300 ? p : a;
}

static uint64_t set_clear(uint32_t *word, uint32_t offset, bool write, uint64_t v)
{
	if (write && (offset & 0x80))
		*word &= ~(uint32_t)v;
	else if (write)
		*word |= (uint32_t)v;
	return *word;
}

static uint64_t bytes(uint8_t *array, uint32_t first, unsigned size, bool write, uint64_t v)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < size; i++) {
		if (write)
			array[first + i] = (uint8_t)(v >> (8 * i)) & 0xf8;
		out |= (uint64_t)array[first + i] << (8 * i);
	}
	return out;
}

static uint64_t dist_bits(uint32_t offset, bool write, uint64_t v)
{
	uint32_t w = (offset & 0x7f) / 4;

	if (w == 0 || w >= FAKE_IRQS / 32)
		return 0;
	if (offset < 0x100) {
		if (write)
			fake.group[w] = (uint32_t)v;
		return fake.group[w];
	}
	v = set_clear(bit_array(offset, &fake.enable[w], &fake.pending[w], &fake.active[w]),
		      offset, write, v);
	return offset >= 0x200 && offset < 0x300 ?
	       v | (fake.line[w]) : v;
}

static uint64_t dist_access(uint32_t offset, unsigned size, bool write, uint64_t v)
{
	if (offset >= 0x80 && offset < 0x400) {
		assert_int_equal(size, 4);
		return dist_bits(offset, write, v);
	}
	if (offset >= 0x400 && offset < 0x400 + FAKE_IRQS)
		return bytes(fake.priority, offset - 0x400, size, write, v);
	if (offset >= 0xc00 && offset < 0xc00 + FAKE_IRQS / 4) {
		if (write)
			fake.icfgr[(offset - 0xc00) / 4] = (uint32_t)v;
		return fake.icfgr[(offset - 0xc00) / 4];
	}
	if (offset >= 0x6000 && offset < 0x6000 + 8 * FAKE_IRQS) {
		assert_int_equal(size, 8);
		if (write)
			fake.router[(offset - 0x6000) / 8] = v;
		return fake.router[(offset - 0x6000) / 8];
	}
	if (offset == GICD_SETSPI_NSR && write)
		fake.pending[v / 32] |= 1U << v % 32;
	assert_false(write && offset == GICD_CTLR);
	switch (offset) {
	case GICD_CTLR: return fake.ctlr;
	case GICD_TYPER: return 0x037a0000 | (FAKE_IRQS / 32 - 1);
	case GICD_IIDR: return 0x43b;
	case GIC_PIDR2: return 0x30;
	default: return 0;
	}
}

static uint64_t redist_bits(struct fake_cpu *c, uint32_t offset, bool write, uint64_t v)
{
	v = set_clear(bit_array(offset, &c->enable, &c->pending, &c->active), offset, write, v);
	return offset >= 0x200 && offset < 0x300 ? v | c->line : v;
}

static uint64_t sgi_access(struct fake_cpu *c, uint32_t offset, unsigned size, bool write,
			   uint64_t v)
{
	if (offset >= 0x100 && offset < 0x400) {
		assert_int_equal(size, 4);
		return redist_bits(c, offset, write, v);
	}
	if (offset >= 0x400 && offset < 0x420)
		return bytes(c->priority, offset - 0x400, size, write, v);
	if (offset == 0xc04 && write)
		c->icfgr1 = (uint32_t)v;
	return offset == 0xc04 ? c->icfgr1 : 0;
}

static uint64_t rd_typer(unsigned n)
{
	return (uint64_t)mpidr_to_typer(fake.c[n].mpidr) << 32 | (uint64_t)n << 8 | 1 |
	       (n == FAKE_CPUS - 1 ? GICR_TYPER_LAST : 0);
}

static uint64_t rd_access(unsigned n, uint32_t offset, unsigned size, bool write, uint64_t v)
{
	struct fake_cpu *c = &fake.c[n];
	uint64_t *wide = offset == GICR_PROPBASER ? &c->propbaser :
			 offset == GICR_PENDBASER ? &c->pendbaser : NULL;

	if (wide) {
		assert_int_equal(size, 8);
		if (write)
			*wide = v;
		return *wide;
	}
	switch (offset) {
	case GICR_TYPER: return rd_typer(n);
	case GIC_PIDR2: return 0x30;
	case GICR_IIDR: return 0x43b;
	case GICR_CTLR:
		if (write)
			c->rd_ctlr = (uint32_t)v & 1;
		return c->rd_ctlr;
	case GICR_WAKER:
		if (write && fake.ctlr & GICD_CTLR_DS)
			c->waker = v & GICR_WAKER_SLEEP ? 6 : 0;
		return c->waker;
	default: return 0;
	}
}

uint64_t fake_bits(uint32_t *enable, uint32_t *pending, uint32_t *active, uint32_t offset,
		   bool write, uint64_t v)
{
	return set_clear(bit_array(offset, enable, pending, active), offset, write, v);
}

static uint64_t access_v2(uint64_t at, unsigned size, bool write, uint64_t v)
{
	uint64_t d = at - (uint64_t)(uintptr_t)gicd_mem;
	uint64_t c = at - (uint64_t)(uintptr_t)gicc_mem, h = at - (uint64_t)(uintptr_t)gich_mem;

	if (d < 0x1000)
		return fake_v2_access(FAKE_GICD + d, size, write, v);
	if (c < sizeof(gicc_mem))
		return fake_v2_access(FAKE_GICC + c, size, write, v);
	assert_true(h < sizeof(gich_mem));
	return fake_v2_access(FAKE_GICH + h, size, write, v);
}

static uint64_t access(const volatile void *p, unsigned size, bool write, uint64_t v)
{
	uint64_t at = (uint64_t)(uintptr_t)p, d = at - (uint64_t)(uintptr_t)gicd_mem;
	uint64_t r = at - (uint64_t)(uintptr_t)gicr_mem, i = at - (uint64_t)(uintptr_t)gits_mem;
	uint32_t frame = (uint32_t)(r % GICR_SIZE);

	assert_int_equal(at % size, 0);
	if (fake.v2)
		return access_v2(at, size, write, v);
	if (d < GICD_SIZE)
		return dist_access((uint32_t)d, size, write, v);
	if (i < GITS_CONTROL_SIZE) {
		if (write)
			memcpy((uint8_t *)fake.gits + i, &v, size);
		v = 0;
		memcpy(&v, (uint8_t *)fake.gits + i, size);
		return v;
	}
	assert_true(r < sizeof(gicr_mem));
	if (frame < GICR_FRAME)
		return rd_access((unsigned)(r / GICR_SIZE), frame, size, write, v);
	return sgi_access(&fake.c[r / GICR_SIZE], frame - GICR_FRAME, size, write, v);
}

uint64_t fake_mmio_read(const volatile void *p, unsigned size)
{
	return access(p, size, false, 0);
}

void fake_mmio_write(volatile void *p, uint64_t value, unsigned size)
{
	access(p, size, true, value);
}

/* Physical CPU interface */

struct best {
	uint32_t intid;
	unsigned priority;
};

static void consider(struct best *b, uint32_t intid, unsigned priority)
{
	if (priority < b->priority)
		*b = (struct best){ .intid = intid, .priority = priority };
}

/* ICH_EISR_EL2: ended, and EL2 wants to know. */
static uint64_t ended_lrs(const struct fake_cpu *c)
{
	uint64_t ended = 0;

	for (unsigned n = 0; n < fake.num_lrs; n++)
		if (!(c->lr[n] & (ICH_LR_STATE | ICH_LR_HW)) && c->lr[n] & ICH_LR_EOI)
			ended |= BIT(n);
	return ended;
}

/* ICH_ELRSR_EL2 */
static uint64_t empty_lrs(const struct fake_cpu *c)
{
	uint64_t empty = 0;

	for (unsigned n = 0; n < fake.num_lrs; n++)
		if (!(c->lr[n] & ICH_LR_STATE))
			empty |= BIT(n);
	return empty & ~ended_lrs(c);
}

static uint32_t maintenance_level(const struct fake_cpu *c)
{
	unsigned valid = 0, only_pending = 0;

	for (unsigned n = 0; n < fake.num_lrs; n++) {
		valid += (c->lr[n] & ICH_LR_STATE) != 0;
		only_pending += (c->lr[n] & ICH_LR_STATE) == ICH_LR_PENDING;
	}
	if (!(c->hcr & ICH_HCR_EN))
		return 0;
	return ended_lrs(c) || (c->hcr & ICH_HCR_UIE && valid <= 1) ||
	       (c->hcr & ICH_HCR_NPIE && !only_pending) ? 1U << 25 : 0;
}

static struct best highest(const struct fake_cpu *c)
{
	struct best b = { .intid = 1023, .priority = c->pmr };
	uint32_t own = (c->pending | c->line | maintenance_level(c)) & c->enable & ~c->active;

	if (!c->grpen1)
		b.priority = 0;
	for (uint32_t i = 0; i < 32; i++)
		if (own >> i & 1)
			consider(&b, i, c->priority[i]);
	for (uint32_t i = 32; i < FAKE_IRQS; i++) {
		uint32_t w = i / 32, bit = 1U << i % 32;

		if (!((fake.pending[w] | fake.line[w]) & fake.enable[w] & ~fake.active[w] & bit))
			continue;
		assert_int_equal(fake.router[i] & GICD_IROUTER_IRM, 0);
		if (fake.v2 ? fake.target[i] >> (c - fake.c) & 1 : fake.router[i] == c->mpidr)
			consider(&b, i, fake.priority[i]);
	}
	for (uint32_t i = 0; i < FAKE_LPIS; i++)
		if (c->lpi_pending >> i & 1)
			consider(&b, 8192 + i, 0xa0);
	return b;
}

static uint32_t icc_iar1(struct fake_cpu *c)
{
	struct best b = highest(c);

	if (b.intid == 1023)
		return 1023;
	c->rpr = (uint8_t)b.priority;
	if (b.intid >= 8192) {
		c->lpi_pending &= ~(UINT64_C(1) << (b.intid - 8192));
	} else if (b.intid >= 32) {
		fake.pending[b.intid / 32] &= ~(1U << b.intid % 32);
		fake.active[b.intid / 32] |= 1U << b.intid % 32;
	} else {
		c->pending &= ~(1U << b.intid);
		c->active |= 1U << b.intid;
	}
	return b.intid;
}

uint32_t fake_take_highest(void)
{
	return icc_iar1(&fake.c[fake.cpu]);
}

static void deactivate(struct fake_cpu *c, uint64_t intid)
{
	if (intid < 32)
		c->active &= ~(1U << intid);
	else if (intid < FAKE_IRQS)
		fake.active[intid / 32] &= ~(1U << intid % 32);
}

void fake_deactivate(uint64_t intid)
{
	deactivate(&fake.c[fake.cpu], intid);
}

static void send_sgi(uint64_t v)
{
	uint64_t cluster = (v >> 48 & 0xff) << 32 | (v >> 32 & 0xff) << 16 | (v >> 16 & 0xff) << 8;

	assert_int_equal(v & ICC_SGIR_IRM, 0);
	for (unsigned n = 0; n < FAKE_CPUS; n++) {
		uint64_t m = fake.c[n].mpidr;

		if ((m & ~UINT64_C(0xff)) != cluster || !(v >> (m & 15) & 1))
			continue;
		fake.c[n].pending |= 1U << (v >> 24 & 15);
		fake.kicks[n]++;
	}
}

static int lr_number(const char *name)
{
	unsigned crm, op2;

	if (sscanf(name, "S3_4_C12_C%u_%u", &crm, &op2) == 2 && (crm == 12 || crm == 13))
		return (int)((crm - 12) * 8 + op2);
	return -1;
}

static uint64_t *apr(struct fake_cpu *c, const char *name)
{
	unsigned crm, op2;

	if (sscanf(name, "S3_4_C12_C%u_%u", &crm, &op2) != 2 || op2 > 3)
		return NULL;
	/* PREbits is 5: the others are UNDEFINED. */
	assert_int_equal(op2, 0);
	return crm == 8 ? &c->ap0r[op2] : crm == 9 ? &c->ap1r[op2] : NULL;
}

#define NAME(r)		SYSREG_STR(r)
#define IS(r)		(strcmp(name, NAME(r)) == 0)

uint64_t fake_sysreg_read(const char *name)
{
	struct fake_cpu *c = &fake.c[fake.cpu];

	assert_false(fake.v2);	/* UNDEFINED there */
	if (lr_number(name) >= 0) {
		assert_true((unsigned)lr_number(name) < fake.num_lrs);
		return c->lr[lr_number(name)];
	}
	if (IS(ICC_IAR1_EL1))
		return icc_iar1(c);
	if (IS(isr_el1))
		return highest(c).intid != 1023 ? ISR_I : 0;
	if (IS(ICC_RPR_EL1))
		return c->rpr;
	if (IS(ICH_EISR_EL2))
		return ended_lrs(c);
	if (IS(ICH_ELRSR_EL2))
		return empty_lrs(c);
	if (IS(ICH_VTR_EL2))	/* 5 bits of priority */
		return UINT64_C(4) << 29 | UINT64_C(4) << 26 | (fake.num_lrs - 1);
	if (IS(ICC_CTLR_EL1))
		return c->eoimode ? 2 : 0;
	if (IS(ICC_SRE_EL2))
		return 0;
	fail_msg("read of %s", name);
	return 0;
}

void fake_sysreg_write(const char *name, uint64_t v)
{
	struct fake_cpu *c = &fake.c[fake.cpu];

	assert_false(fake.v2);
	if (lr_number(name) >= 0) {
		assert_true((unsigned)lr_number(name) < fake.num_lrs);
		c->lr[lr_number(name)] = v;
	} else if (IS(ICC_SGI1R_EL1)) {
		send_sgi(v);
	} else if (IS(ICC_DIR_EL1)) {
		assert_true(c->eoimode);
		deactivate(c, v);
	} else if (IS(ICC_EOIR1_EL1)) {
		if (!c->eoimode)
			deactivate(c, v);
		c->rpr = 0xff;
	} else if (IS(ICC_PMR_EL1)) {
		c->pmr = (uint8_t)v;
	} else if (IS(ICC_IGRPEN1_EL1)) {
		c->grpen1 = v & 1;
	} else if (IS(ICC_CTLR_EL1)) {
		c->eoimode = v & 2;
	} else if (IS(ICH_HCR_EL2)) {
		c->hcr = (uint32_t)v;
	} else if (IS(ICH_VMCR_EL2)) {
		c->vmcr = (uint32_t)v;
	} else if (apr(c, name)) {
		*apr(c, name) = v;
	} else if (!IS(ICC_BPR1_EL1) && !IS(ICC_SRE_EL1) && !IS(ICC_SRE_EL2)) {
		fail_msg("write of %s", name);
	}
}

/* The machine and its owners */

void fake_power_on(unsigned num_lrs, bool ds)
{
	memset(&fake, 0, sizeof(fake));
	fake.num_lrs = num_lrs;
	fake.ctlr = (uint32_t)(GICD_CTLR_ARE | GICD_CTLR_GRP1 | (ds ? GICD_CTLR_DS : 0));
	fake.enable[1] = 0xff;
	memset(fake.priority, 0xa0, sizeof(fake.priority));
	memset(fake.group, 0xff, sizeof(fake.group));
	for (unsigned n = 0; n < FAKE_CPUS; n++) {
		struct fake_cpu *c = &fake.c[n];

		c->mpidr = (uint64_t)(n / 2) << 8 | n % 2;
		c->enable = 0x7f | 1U << 30 | 1U << 25;
		c->waker = ds ? 6 : 0;
		c->grpen1 = !ds;
		c->eoimode = true;
		c->pmr = 0xf0;
		memset(c->priority, 0xa0, sizeof(c->priority));
	}
}

void fake_power_on_v2(unsigned num_lrs)
{
	fake_power_on(num_lrs, true);
	fake.v2 = true;
	fake.ctlr = 1;
	memset(fake.target, 1, sizeof(fake.target));
	for (unsigned n = 0; n < FAKE_CPUS; n++) {
		fake.c[n].waker = 0;
		fake.c[n].grpen1 = true;
	}
}

static void root_vcpu(unsigned n, bool on)
{
	struct pcpu *p = &pcpu_mem[n];

	memset(p, 0, sizeof(*p));
	p->id = n;
	p->mpidr = fake.c[n].mpidr;
	p->status = &status_mem[n];
	p->current = &p->agency_vcpu;
	p->agency_vcpu.cell = &root_cell;
	p->agency_vcpu.pcpu = p;
	p->agency_vcpu.index = n;
	p->agency_vcpu.mpidr = p->mpidr | BIT(31);
	p->agency_vcpu.power = on ? VCPU_ON : VCPU_OFF;
	pcpus[n] = p;
	root_cell.vcpu[n] = &p->agency_vcpu;
	assert_true(affinity_add(&root_cell.affinity, p->mpidr, n));
}

static void fill_config(struct fake_config *f, uint32_t first, uint32_t words, uint32_t bits)
{
	memset(f, 0, sizeof(*f));
	f->desc.cpu_set_size = 8;
	f->desc.num_irqchips = words > 4 ? 2 : 1;
	for (unsigned i = 0; i < 2; i++) {
		f->chip[i].address = FAKE_GICD;
		f->chip[i].pin_base = first + 128 * i;
	}
	for (unsigned w = 0; w < words; w++)
		f->chip[w / 4].pin_bitmap[w % 4] = bits;
}

void fake_enable(uint32_t off)
{
	struct capsule_platform platform = {
		.gic_version = 3, .maintenance_irq = 25, .notify_irq = FAKE_NOTIFY,
		.gicd_base = FAKE_GICD, .gicr_base = FAKE_GICR,
		.gicr_size = sizeof(gicr_mem), .gits_base = FAKE_GITS };
	uint32_t reason;
	uint64_t detail[2];

	if (fake.v2)
		platform = (struct capsule_platform){
			.gic_version = 2, .maintenance_irq = 25, .notify_irq = FAKE_NOTIFY,
			.gicd_base = FAKE_GICD, .gicc_base = FAKE_GICC,
			.gich_base = FAKE_GICH, .gicv_base = FAKE_GICV };
	memset(&root_cell, 0, sizeof(root_cell));
	memset(status_mem, 0, sizeof(status_mem));
	fill_config(&root_config, 32, 8, ~0U);
	root_cell.config = &root_config.desc;
	root_cell.num_vcpus = num_pcpus = FAKE_CPUS;
	cells[0] = &root_cell;
	for (unsigned n = 0; n < FAKE_CPUS; n++)
		root_vcpu(n, !(off >> n & 1));
	fake.cpu = 0;
	assert_int_equal(gic_init(&platform, &reason, detail), 0);
	for (fake.cpu = 0; fake.cpu < FAKE_CPUS; fake.cpu++) {
		if (off >> fake.cpu & 1) {
			gic_cpu_start(&pcpu_mem[fake.cpu]);
		} else {
			gic_cpu_take(&pcpu_mem[fake.cpu]);
			/* cpu_pm_exit() */
			if (!fake.v2)
				fake.c[fake.cpu].vmcr = 0xf0000002;
		}
	}
	fake.cpu = 0;
}

static void add_vcpu(struct cell *cell, unsigned cpu)
{
	struct vcpu *v = calloc(1, sizeof(*v));

	v->cell = cell;
	v->pcpu = &pcpu_mem[cpu];
	v->index = cell->num_vcpus;
	v->mpidr = v->index | BIT(31);
	assert_true(affinity_add(&cell->affinity, v->index, v->index));
	cell->vcpu[cell->num_vcpus++] = v;
}

struct cell *fake_cell(unsigned id, uint32_t cpu_bits, uint32_t spis)
{
	struct cell *cell = calloc(1, sizeof(*cell));
	struct fake_config *f = calloc(1, sizeof(*f));
	uint32_t intid;

	fill_config(f, 64, 1, spis);
	cell->id = id;
	cell->config = &f->desc;
	cells[id] = cell;
	for (unsigned n = 0; n < FAKE_CPUS; n++)
		if (cpu_bits >> n & 1)
			add_vcpu(cell, n);
	assert_int_equal(gic_cell_check(cell->config, &intid), 0);
	gic_cell_take(cell);
	for (unsigned i = 0; i < ARRAY_SIZE(fake.virtual_spis) && fake.virtual_spis[i]; i++)
		assert_true(gic_add_virtual_spi(cell, fake.virtual_spis[i]));
	for (unsigned i = 0; i < cell->num_vcpus; i++) {
		struct vcpu *v = cell->vcpu[i];

		v->pcpu->current = v;
		v->power = VCPU_ON;
		fake.cpu = v->pcpu->id;
		gic_vcpu_reset(v);
	}
	for (unsigned i = 0; i < cell->num_vcpus; i++)
		cell->vcpu[i]->pcpu->current = cell->vcpu[i];
	fake_guest_write(cell->vcpu[0]->pcpu->id, FAKE_GICD + GICD_CTLR, 4,
			 fake.v2 ? 1 : GICD_CTLR_GRP1);
	for (unsigned i = 0; fake.v2 && i < 32; i += 4)
		fake_guest_write(cell->vcpu[0]->pcpu->id, FAKE_GICD + GICD_ITARGETSR + 64 + i, 4,
				 0x01010101);
	return cell;
}

void fake_free_cells(void)
{
	for (unsigned id = 1; id < CAPSULE_MAX_CELLS; id++) {
		struct cell *cell = cells[id];

		if (!cell)
			continue;
		for (unsigned i = 0; i < cell->num_vcpus; i++)
			free(cell->vcpu[i]);
		free(cell->config);
		free(cell);
		cells[id] = NULL;
	}
}

struct vcpu *fake_vcpu(unsigned cpu)
{
	return pcpu_mem[cpu].current;
}

/* Guests */

enum mmio_result fake_access(unsigned cpu, uint64_t ipa, unsigned size, bool write,
			     uint64_t *value)
{
	struct mmio_access a = { .ipa = ipa, .value = *value, .size = size, .write = write };
	enum mmio_result result;

	fake.cpu = cpu;
	result = gic_mmio(fake_vcpu(cpu), &a);
	*value = a.value;
	return result;
}

uint64_t fake_guest_read(unsigned cpu, uint64_t ipa, unsigned size)
{
	uint64_t value = 0x5a5a5a5a5a5a5a5a;

	assert_int_equal(fake_access(cpu, ipa, size, false, &value), MMIO_DONE);
	return value;
}

void fake_guest_write(unsigned cpu, uint64_t ipa, unsigned size, uint64_t value)
{
	assert_int_equal(fake_access(cpu, ipa, size, true, &value), MMIO_DONE);
}

void fake_guest_sgi(unsigned cpu, uint64_t sgi1r)
{
	fake.cpu = cpu;
	gic_sgi_write(fake_vcpu(cpu), sgi1r);
}

void fake_pulse(uint32_t intid)
{
	fake.pending[intid / 32] |= 1U << intid % 32;
}

void fake_level(uint32_t intid, bool high)
{
	if (high)
		fake.line[intid / 32] |= 1U << intid % 32;
	else
		fake.line[intid / 32] &= ~(1U << intid % 32);
}

void fake_ppi_level(unsigned cpu, uint32_t intid, bool high)
{
	if (high)
		fake.c[cpu].line |= 1U << intid;
	else
		fake.c[cpu].line &= ~(1U << intid);
}

static bool take_interrupts(unsigned cpu)
{
	bool any = false;

	for (unsigned rounds = 0; highest(&fake.c[cpu]).intid != 1023; rounds++) {
		/* An interrupt that comes for ever would hang the machine. */
		assert_true(rounds < 8);
		fake.cpu = cpu;
		if (fake_vcpu(cpu)->power == VCPU_ON) {
			gic_handle_irq(&pcpu_mem[cpu]);
			gic_flush(fake_vcpu(cpu));
		} else {
			gic_handle_irq_parked(&pcpu_mem[cpu]);
		}
		any = true;
	}
	return any;
}

void fake_settle(void)
{
	bool any = true;

	for (unsigned rounds = 0; any; rounds++) {
		assert_true(rounds < 16);
		any = false;
		for (unsigned n = 0; n < FAKE_CPUS; n++)
			any |= take_interrupts(n);
	}
	for (unsigned n = 0; n < FAKE_CPUS; n++)
		if (fake_vcpu(n)->power == VCPU_ON)
			fake_check_lrs(n);
}

static unsigned lr_prio(uint64_t lr)
{
	return (unsigned)FIELD_GET(ICH_LR_PRIORITY, lr);
}

/* What the guest reads and writes back: on a GICv2 with the sender of an SGI. */
static uint32_t lr_iar(uint64_t lr)
{
	uint32_t intid = (uint32_t)(lr & ICH_LR_VINTID);

	return fake.v2 && intid < 16 ? intid | (uint32_t)(lr >> 32 & 7) << 10 : intid;
}

uint32_t fake_guest_ack(unsigned cpu)
{
	struct fake_cpu *c = &fake.c[cpu];
	unsigned best = c->depth ? c->running[c->depth - 1] : 0x100;
	int n = -1;

	for (unsigned i = 0; i < fake.num_lrs; i++)
		if ((c->lr[i] & ICH_LR_STATE) == ICH_LR_PENDING && lr_prio(c->lr[i]) < best) {
			best = lr_prio(c->lr[i]);
			n = (int)i;
		}
	if (n < 0 || !(c->hcr & ICH_HCR_EN))
		return 1023;
	c->lr[n] = (c->lr[n] & ~ICH_LR_STATE) | ICH_LR_ACTIVE;
	/* LPIs have no active state. */
	if ((c->lr[n] & ICH_LR_VINTID) >= 8192)
		c->lr[n] &= ~ICH_LR_STATE;
	c->running[c->depth++] = (uint8_t)best;
	return lr_iar(c->lr[n]);
}

void fake_guest_eoi(unsigned cpu, uint32_t intid)
{
	struct fake_cpu *c = &fake.c[cpu];

	assert_true(c->depth > 0);
	c->depth--;
	for (unsigned i = 0; i < fake.num_lrs; i++) {
		if (lr_iar(c->lr[i]) != intid || !(c->lr[i] & ICH_LR_ACTIVE))
			continue;
		c->lr[i] &= ~ICH_LR_ACTIVE;
		if (c->lr[i] & ICH_LR_HW)
			deactivate(c, FIELD_GET(ICH_LR_PINTID, c->lr[i]));
		return;
	}
}

unsigned fake_guest_drain(unsigned cpu, uint32_t *list, unsigned max)
{
	unsigned num = 0;

	for (;;) {
		uint32_t intid;

		fake_settle();
		intid = fake_guest_ack(cpu);
		if (intid == 1023)
			return num;
		assert_true(num < max);
		list[num++] = intid;
		fake_settle();
		fake_guest_eoi(cpu, intid);
	}
}

void fake_check_lrs(unsigned cpu)
{
	const struct fake_cpu *c = &fake.c[cpu];
	const struct vgic_vcpu *v = &fake_vcpu(cpu)->vgic;

	for (unsigned i = 0; i < fake.num_lrs; i++) {
		uint64_t lr = c->lr[i];

		if (!(lr & ICH_LR_STATE))
			continue;
		assert_true(v->used_lrs >> i & 1);
		if (lr & ICH_LR_HW)
			assert_int_not_equal(lr & ICH_LR_STATE, ICH_LR_STATE);
		assert_true(lr & ICH_LR_GROUP1);
		for (unsigned j = 0; j < i; j++)
			if (c->lr[j] & ICH_LR_STATE)
				assert_int_not_equal(lr_iar(c->lr[j]), lr_iar(lr));
		for (unsigned q = 0; q < v->num_queued; q++)
			assert_int_not_equal(v->queue[q].intid, lr & ICH_LR_VINTID);
		if ((lr & ICH_LR_STATE) != ICH_LR_PENDING)
			continue;
		/* Nothing that waits goes before a pending list register. */
		for (unsigned q = 0; q < v->num_queued; q++)
			assert_true(v->queue[q].priority >= lr_prio(lr));
	}
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The registers that a GICv2 has in memory (IHI 0048, chapters 4 and 5). A
 * list register is kept in the form of GICv3, so that guests and rules of
 * gic_fake.c serve both.
 */
#include "gic_fake.h"

#include "host.h"

static uint64_t byte_array(uint8_t *array, uint32_t first, unsigned size, bool write, uint64_t v)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < size; i++) {
		if (write)
			array[first + i] = (uint8_t)(v >> 8 * i);
		out |= (uint64_t)array[first + i] << 8 * i;
	}
	return out;
}

/* Set and clear registers; word 0 is the CPU's own, where SGIs become pending by sender only. */
static uint64_t bits(struct fake_cpu *c, uint32_t offset, bool write, uint64_t v)
{
	uint32_t w = (offset & 0x7f) / 4;
	bool pending = offset >= 0x200 && offset < 0x300;

	if (w >= FAKE_IRQS / 32)
		return 0;
	if (w)
		return fake_bits(&fake.enable[w], &fake.pending[w], &fake.active[w], offset,
				 write, v) | (pending ? fake.line[w] : 0);
	if (pending && write)
		v &= 0xffff0000;
	return fake_bits(&c->enable, &c->pending, &c->active, offset, write, v) |
	       (pending ? c->line : 0);
}

static void send(uint64_t v)
{
	assert_int_equal(v >> 24 & 3, 0);
	for (unsigned n = 0; n < FAKE_CPUS; n++) {
		if (!(v >> (16 + n) & 1))
			continue;
		fake.c[n].sgi_senders[v & 15] |= (uint8_t)(1U << fake.cpu);
		fake.c[n].pending |= 1U << (v & 15);
		fake.kicks[n]++;
	}
}

static uint64_t senders(struct fake_cpu *c, unsigned sgi, bool set, bool write, uint64_t v)
{
	if (write && set)
		c->sgi_senders[sgi] |= (uint8_t)v;
	else if (write)
		c->sgi_senders[sgi] &= (uint8_t)~v;
	c->pending &= ~(1U << sgi);
	if (c->sgi_senders[sgi])
		c->pending |= 1U << sgi;
	return c->sgi_senders[sgi];
}

static uint64_t config(struct fake_cpu *c, uint32_t word, bool write, uint64_t v)
{
	uint32_t *reg = word == 1 ? &c->icfgr1 : &fake.icfgr[word];

	if (word == 0 || word >= FAKE_IRQS / 16)
		return 0xaaaaaaaa;
	if (write)
		*reg = (uint32_t)v;
	return *reg;
}

static uint64_t dist(struct fake_cpu *c, uint32_t offset, unsigned size, bool write, uint64_t v)
{
	if (offset >= 0x100 && offset < 0x400) {
		assert_int_equal(size, 4);
		return bits(c, offset, write, v);
	}
	if (offset >= 0x400 && offset < 0x420)
		return byte_array(c->priority, offset - 0x400, size, write, v);
	if (offset >= 0x420 && offset < 0x400 + FAKE_IRQS)
		return byte_array(fake.priority, offset - 0x400, size, write, v);
	if (offset >= 0x800 && offset < 0x820)
		return 0x01010101ULL << fake.cpu;
	if (offset >= 0x820 && offset < 0x800 + FAKE_IRQS)
		return byte_array(fake.target, offset - 0x800, size, write, v);
	if (offset >= 0xc00 && offset < 0xd00)
		return config(c, (offset - 0xc00) / 4, write, v);
	if (offset >= 0xf10 && offset < 0xf30) {
		assert_int_equal(size, 1);
		return senders(c, offset & 15, offset >= 0xf20, write, v);
	}
	if (offset == 0xf00 && write)
		send(v);
	/* EL2 leaves enables and groups as they are. */
	assert_false(write && offset < 0x100);
	switch (offset) {
	case 0x000: return fake.ctlr;
	case 0x004: return (FAKE_CPUS - 1) << 5 | (FAKE_IRQS / 32 - 1);
	case 0xfe8: return 0x20;
	default: return 0;
	}
}

/* Highest pending; of an SGI the lowest sender, which is then no longer pending. */
static uint64_t acknowledge(struct fake_cpu *c)
{
	uint32_t intid = fake_take_highest();
	unsigned sender;

	if (intid >= 16)
		return intid;
	sender = (unsigned)__builtin_ctz(c->sgi_senders[intid]);
	(void)senders(c, intid, false, true, 1U << sender);
	c->sgi_taken[intid] = intid | sender << 10;
	return c->sgi_taken[intid];
}

/* An SGI is ended by what was read of it (IHI 0048, 4.4.5). */
static void check_end(const struct fake_cpu *c, uint64_t v)
{
	assert_true(c->eoimode);
	if ((v & 0x3ff) < 16)
		assert_int_equal(v, c->sgi_taken[v & 15]);
}

static uint64_t cpu_interface(struct fake_cpu *c, uint32_t offset, bool write, uint64_t v)
{
	switch (offset) {
	case 0x00:
		if (write) {
			c->grpen1 = v & 1;
			c->eoimode = v >> 9 & 1;
		}
		return (uint64_t)c->grpen1 | (uint64_t)c->eoimode << 9;
	case 0x04:
		if (write)
			c->pmr = (uint8_t)v;
		return c->pmr;
	case 0x0c:
		assert_false(write);
		return acknowledge(c);
	case 0x10:
		assert_true(write);
		check_end(c, v);
		return 0;
	case 0x1000:
		assert_true(write);
		check_end(c, v);
		fake_deactivate(v & 0x3ff);
		return 0;
	default:
		return 0;
	}
}

static uint64_t lr_wide(uint32_t v)
{
	uint64_t lr = (v & 0x3ff) | (uint64_t)(v >> 23 & 0x1f) << 51 |
		      (uint64_t)(v >> 28 & 3) << 62 | 1ULL << 60;

	if (v >> 31)
		return lr | 1ULL << 61 | (uint64_t)(v >> 10 & 0x3ff) << 32;
	return lr | (uint64_t)(v >> 10 & 7) << 32 | (uint64_t)(v >> 19 & 1) << 41;
}

static uint32_t lr_narrow(uint64_t lr)
{
	uint32_t v = (uint32_t)(lr & 0x3ff) | (uint32_t)(lr >> 51 & 0x1f) << 23 |
		     (uint32_t)(lr >> 62) << 28;

	if (lr >> 61 & 1)
		return v | 1U << 31 | (uint32_t)(lr >> 32 & 0x3ff) << 10;
	return v | (uint32_t)(lr >> 32 & 7) << 10 | (uint32_t)(lr >> 41 & 1) << 19;
}

static uint64_t virtual_control(struct fake_cpu *c, uint32_t offset, bool write, uint64_t v)
{
	uint32_t n = (offset - 0x100) / 4;

	if (offset >= 0x100) {
		assert_true(n < fake.num_lrs);
		assert_int_equal(v >> 30 & 1, 0);	/* Group 0 for the guest */
		if (write)
			c->lr[n] = lr_wide((uint32_t)v);
		return lr_narrow(c->lr[n]);
	}
	switch (offset) {
	case 0x00:
		if (write)
			c->hcr = (uint32_t)v;
		return c->hcr;
	case 0x04: return 4U << 29 | 4U << 26 | (fake.num_lrs - 1);
	case 0x08:
		if (write)
			c->vmcr = (uint32_t)v;
		return c->vmcr;
	case 0xf0:
		if (write)
			c->ap1r[0] = v;
		return c->ap1r[0];
	default: return 0;
	}
}

uint64_t fake_v2_access(uint64_t pa, unsigned size, bool write, uint64_t v)
{
	struct fake_cpu *c = &fake.c[fake.cpu];

	if (pa - FAKE_GICD < 0x1000)
		return dist(c, (uint32_t)(pa - FAKE_GICD), size, write, v);
	assert_int_equal(size, 4);
	if (pa - FAKE_GICC < 0x2000)
		return cpu_interface(c, (uint32_t)(pa - FAKE_GICC), write, v);
	return virtual_control(c, (uint32_t)(pa - FAKE_GICH), write, v);
}

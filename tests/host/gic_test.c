// SPDX-License-Identifier: Apache-2.0
/* Virtual GIC: registers, list registers, SGIs. */
#include "gic_fake.h"

#include "host.h"
#include "../../hypervisor/gic/gic_internal.h"

#define SPIS	0x0000ffffU	/* INTID 64..79 are the cell's */

static void machine(unsigned lrs)
{
	fake_power_on(lrs, true);
	fake_enable(0x8);
}

static int teardown(void **state)
{
	(void)state;
	fake_free_cells();
	return 0;
}

static struct cell *one_cell(unsigned lrs)
{
	machine(lrs);
	return fake_cell(1, 0x8, SPIS);
}

static void bits_of_others_are_out_of_reach(void **state)
{
	static const uint32_t set[] = { GICD_ISENABLER, GICD_ISPENDR, GICD_ISACTIVER };
	uint32_t *hw[] = { &fake.enable[2], &fake.pending[2], &fake.active[2] };

	(void)state;
	one_cell(4);
	for (unsigned i = 0; i < 3; i++) {
		fake_guest_write(3, FAKE_GICD + set[i] + 8, 4, ~0U);
		assert_int_equal(*hw[i] & ~SPIS, 0);
		*hw[i] |= 0xff000000;
		assert_int_equal(fake_guest_read(3, FAKE_GICD + set[i] + 8, 4) & ~SPIS, 0);
		assert_int_equal(fake_guest_read(0, FAKE_GICD + set[i] + 8, 4), 0xff000000);
		fake_guest_write(3, FAKE_GICD + set[i] + 0x88, 4, ~0U);
		assert_int_equal(*hw[i], 0xff000000);
		fake_guest_write(0, FAKE_GICD + set[i] + 0x88, 4, ~0U);
		assert_int_equal(*hw[i], 0);
	}
	/* INTID 32..63: not a bit for the cell; 0..31 belong to redistributors. */
	fake_guest_write(3, FAKE_GICD + GICD_ICENABLER + 4, 4, ~0U);
	assert_int_equal(fake.enable[1], 0xff);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER, 4, ~0U);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ISENABLER, 4), 0);
}

static void set_registers_reach_the_own_bits(void **state)
{
	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 0x10001);
	assert_int_equal(fake.enable[2], 1);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ISENABLER + 8, 4), 1);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ICENABLER + 8, 4), 1);
	fake_guest_write(3, FAKE_GICD + GICD_ICENABLER + 8, 4, 1);
	assert_int_equal(fake.enable[2], 0);
}

struct width {
	uint64_t ipa;
	unsigned allowed;	/* sum of widths */
};

static void check_width(unsigned cpu, struct width w)
{
	for (unsigned size = 1; size <= 8; size *= 2)
		for (unsigned write = 0; write < 2; write++) {
			uint64_t v = 0;

			assert_int_equal(fake_access(cpu, w.ipa, size, write, &v),
					 w.allowed & size ? MMIO_DONE : MMIO_ABORT);
		}
}

static void widths(void **state)
{
	static const struct width table[] = {
		{ FAKE_GICD + GICD_TYPER, 4 },
		{ FAKE_GICD + GICD_ISENABLER + 8, 4 },
		{ FAKE_GICD + GICD_ICENABLER + 8, 4 },
		{ FAKE_GICD + GICD_ISPENDR + 8, 4 },
		{ FAKE_GICD + GICD_ICACTIVER + 8, 4 },
		{ FAKE_GICD + GICD_IPRIORITYR + 64, 1 | 4 },
		{ FAKE_GICD + GICD_ICFGR + 16, 4 },
		{ FAKE_GICD + GICD_IROUTER + 8 * 64, 4 | 8 },
		{ FAKE_GICD + GICD_ITARGETSR + 64, 1 | 4 },
		{ FAKE_GICD + GICD_SETSPI_NSR, 2 | 4 },
		{ FAKE_GICD + 0x3000, 4 },
		{ FAKE_GICR + GICR_WAKER + 12, 4 },
		{ FAKE_GICR + GICR_TYPER, 4 | 8 },
		{ FAKE_GICR + GICR_PROPBASER, 4 | 8 },
		{ FAKE_GICR + GICR_ISENABLER0, 4 },
		{ FAKE_GICR + GICR_IPRIORITYR + 16, 1 | 4 },
	};
	uint64_t v = 0;

	(void)state;
	one_cell(4);
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		check_width(3, table[i]);
	assert_int_equal(fake_access(3, FAKE_GICD + GICD_ISENABLER + 10, 4, false, &v), MMIO_ABORT);
	assert_int_equal(fake_access(3, FAKE_GICD + GICD_IPRIORITYR + 66, 4, false, &v), MMIO_ABORT);
	assert_int_equal(fake_access(3, FAKE_GICD - 4, 4, false, &v), MMIO_NOT_MINE);
}

static void priorities(void **state)
{
	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICD + GICD_IPRIORITYR + 64, 4, 0xff804300);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_IPRIORITYR + 64, 4), 0xf8804000);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_IPRIORITYR + 67, 1), 0xf8);
	/* Physically never as high as what is EL2's. */
	assert_int_equal(fake.priority[64], PRIO_GUEST_HIGHEST);
	assert_int_equal(fake.priority[67], 0xf8);
	fake_guest_write(3, FAKE_GICD + GICD_IPRIORITYR + 80, 4, 0x40404040);
	assert_int_equal(fake.priority[80], 0xa0);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_IPRIORITYR + 80, 4), 0);
	fake_guest_write(3, FAKE_GICD + GICD_IPRIORITYR + 79, 1, 0x40);
	assert_int_equal(fake.priority[79], 0x40);
	assert_int_equal(fake.priority[78], PRIO_GUEST_HIGHEST);
}

static void configuration(void **state)
{
	(void)state;
	one_cell(4);
	fake.icfgr[5] = 0xaaaaaaaa;
	fake_guest_write(3, FAKE_GICD + GICD_ICFGR + 16, 4, 0xffffffff);
	assert_int_equal(fake.icfgr[4], 0xaaaaaaaa);
	fake_guest_write(3, FAKE_GICD + GICD_ICFGR + 16, 4, 0x8);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ICFGR + 16, 4), 0x8);
	fake_guest_write(3, FAKE_GICD + GICD_ICFGR + 20, 4, 0);
	assert_int_equal(fake.icfgr[5], 0xaaaaaaaa);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ICFGR + 20, 4), 0);
	/* Two owners in one register. */
	fake_free_cells();
	machine(4);
	fake_cell(1, 0x8, 0xff00);
	fake.icfgr[4] = 0x2;
	fake_guest_write(3, FAKE_GICD + GICD_ICFGR + 16, 4, 0xffff0000);
	assert_int_equal(fake.icfgr[4], 0xaaaa0002);
	fake_guest_write(0, FAKE_GICD + GICD_ICFGR + 16, 4, 0x8);
	assert_int_equal(fake.icfgr[4], 0xaaaa0008);
}

static uint64_t irouter(uint32_t intid)
{
	return FAKE_GICD + GICD_IROUTER + 8 * intid;
}

static void routes_are_translated(void **state)
{
	(void)state;
	fake_power_on(4, true);
	fake_enable(0xc);
	fake_cell(1, 0xc, SPIS);
	assert_int_equal(fake.router[64], fake.c[2].mpidr);
	fake_guest_write(2, irouter(64), 8, 1);
	assert_int_equal(fake.router[64], fake.c[3].mpidr);
	assert_int_equal(fake_guest_read(2, irouter(64), 8), 1);
	assert_int_equal(fake_guest_read(2, irouter(64), 4), 1);
	/* One-of-N and CPUs that are not the cell's stay within the cell. */
	fake_guest_write(2, irouter(64), 8, GICD_IROUTER_IRM | 1);
	assert_int_equal(fake.router[64], fake.c[2].mpidr);
	assert_int_equal(fake_guest_read(2, irouter(64), 8), GICD_IROUTER_IRM);
	fake_guest_write(2, irouter(64), 8, 0x100);
	assert_int_equal(fake.router[64], fake.c[2].mpidr);
	fake_guest_write(2, irouter(80), 8, 0);
	assert_int_equal(fake.router[80], 0);
	/* The agency's IRM avoids the CPUs of cells and reads as written. */
	fake_guest_write(1, irouter(40), 8, fake.c[1].mpidr);
	assert_int_equal(fake.router[40], fake.c[1].mpidr);
	fake_guest_write(1, irouter(40), 8, GICD_IROUTER_IRM);
	assert_int_equal(fake.router[40], fake.c[0].mpidr);
	assert_int_equal(fake_guest_read(1, irouter(40), 8), GICD_IROUTER_IRM);
	fake_guest_write(1, irouter(40), 8, fake.c[3].mpidr);
	assert_int_equal(fake.router[40], fake.c[0].mpidr);
}

static void distributor_control(void **state)
{
	struct cell *cell = one_cell(4);
	uint32_t list[4];

	(void)state;
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_CTLR, 4),
			 GICD_CTLR_ARE | GICD_CTLR_DS | GICD_CTLR_GRP1);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 3);
	fake_pulse(64);
	fake_settle();
	/* Disabled while pending in a list register: it waits. */
	fake_guest_write(3, FAKE_GICD + GICD_CTLR, 4, 0);
	fake_pulse(65);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
	assert_int_equal(fake.ctlr & GICD_CTLR_GRP1, GICD_CTLR_GRP1);
	fake_guest_write(3, FAKE_GICD + GICD_CTLR, 4, GICD_CTLR_GRP1);
	assert_int_equal(fake_guest_drain(3, list, 4), 2);
	assert_int_equal(cell->vcpu[0]->vgic.num_queued, 0);
}

static void identification(void **state)
{
	uint64_t rd1 = FAKE_GICR + GICR_SIZE;

	(void)state;
	fake_power_on(4, true);
	fake_enable(0xc);
	fake_cell(1, 0xc, SPIS);
	/* No LPIs, no message-based SPIs, 10 bits of INTID; the same number of SPIs. */
	assert_int_equal(fake_guest_read(2, FAKE_GICD + GICD_TYPER, 4),
			 0x03000000 | 9 << 19 | (FAKE_IRQS / 32 - 1));
	assert_int_equal(fake_guest_read(0, FAKE_GICD + GICD_TYPER, 4) >> 17 & 1, 1);
	assert_int_equal(fake_guest_read(2, FAKE_GICR + GICR_TYPER, 8), 0);
	assert_true(fake_guest_read(2, rd1 + GICR_TYPER, 8) ==
		    (UINT64_C(1) << 32 | 1 << 8 | GICR_TYPER_LAST));
	assert_int_equal(fake_guest_read(2, rd1 + GICR_TYPER + 4, 4), 1);
	assert_int_equal(fake_guest_read(2, rd1 + GIC_PIDR2, 4), 0x30);
	/* The agency sees the real ones, also of CPUs it does not have. */
	assert_true(fake_guest_read(0, FAKE_GICR + 3 * GICR_SIZE + GICR_TYPER, 8) ==
		    (UINT64_C(0x101) << 32 | 3 << 8 | GICR_TYPER_LAST | 1));
}

static void no_frame_beyond_the_own(void **state)
{
	uint64_t v = 0;

	(void)state;
	one_cell(4);
	assert_int_equal(fake_access(3, FAKE_GICR + GICR_SIZE + GICR_TYPER, 8, false, &v),
			 MMIO_ABORT);
	assert_int_equal(fake_access(3, FAKE_GITS, 4, false, &v), MMIO_ABORT);
	assert_int_equal(fake_access(3, FAKE_GITS, 4, true, &v), MMIO_ABORT);
}

static void a_guest_cannot_mask_the_kick(void **state)
{
	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICR + GICR_ICENABLER0, 4, ~0U);
	fake_guest_write(3, FAKE_GICR + GICR_IPRIORITYR + 4, 4, 0xffffffff);
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_IPRIORITYR + 4, 4), 0xf8f8f8f8);
	assert_int_equal(fake.c[3].enable & (1U << GIC_SGI_KICK), 1U << GIC_SGI_KICK);
	assert_int_equal(fake.c[3].priority[GIC_SGI_KICK], 0);
}

static void own_ppis_do_not_exist(void **state)
{
	const uint32_t own = 1U << 25 | 1U << 26 | 1U << 28;

	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, ~0U);
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_ISENABLER0, 4), ~own);
	assert_int_equal(fake.c[3].enable & own, 1U << 25);
	fake_guest_write(3, FAKE_GICR + GICR_ICENABLER0, 4, ~0U);
	assert_int_equal(fake.c[3].enable & own, 1U << 25);
	fake_guest_write(3, FAKE_GICR + GICR_ISPENDR0, 4, 0xffff0000);
	assert_int_equal(fake.c[3].pending & own, 0);
	fake_guest_write(3, FAKE_GICR + GICR_IPRIORITYR + 25, 1, 0xf0);
	assert_int_equal(fake.c[3].priority[25], 0);
	fake_guest_write(3, FAKE_GICR + GICR_ICFGR1, 4, ~0U);
	assert_int_equal(fake.c[3].icfgr1 >> 18 & 3, 0);
}

static void a_ppi_goes_through_a_hardware_list_register(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 1U << 27);
	fake_ppi_level(3, 27, true);
	fake_settle();
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_ISPENDR0, 4), 1U << 27);
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_ISACTIVER0, 4), 0);
	assert_int_equal(fake_guest_ack(3), 27);
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_ISACTIVER0, 4), 1U << 27);
	fake_ppi_level(3, 27, false);
	fake_guest_eoi(3, 27);
	assert_int_equal(fake.c[3].active, 0);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
}

/* Masked between EL2's acknowledge and the guest's: it must not arrive, nor be lost. */
static void masking_takes_back_what_was_acknowledged(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 1U << 27);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 1);
	fake_ppi_level(3, 27, true);
	fake_pulse(64);
	fake_settle();
	fake_guest_write(3, FAKE_GICR + GICR_ICENABLER0, 4, 1U << 27);
	fake_guest_write(3, FAKE_GICD + GICD_ICENABLER + 8, 4, 1);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
	assert_int_equal(fake.active[2], 0);
	fake_ppi_level(3, 27, false);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 1U << 27);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 1);
	assert_int_equal(fake_guest_drain(3, list, 4), 1);
	assert_int_equal(list[0], 64);
}

static void clearing_pending_reaches_the_list_register(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 1);
	fake_pulse(64);
	fake_settle();
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ISPENDR + 8, 4), 1);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_ISACTIVER + 8, 4), 0);
	fake_guest_write(3, FAKE_GICD + GICD_ICPENDR + 8, 4, 1);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
	assert_int_equal(fake.active[2], 0);
	/* And it works again. */
	fake_pulse(64);
	assert_int_equal(fake_guest_drain(3, list, 4), 1);
}

static uint64_t sgi1r(uint64_t aff1, uint32_t targets, uint64_t intid)
{
	return aff1 << 16 | intid << 24 | targets;
}

static void sgi_targets(void **state)
{
	uint32_t list[4];

	(void)state;
	machine(4);
	for (unsigned n = 0; n < 3; n++)
		fake_guest_write(n, FAKE_GICR + n * GICR_SIZE + GICR_ISENABLER0, 4, 0xffff);
	fake_guest_sgi(0, sgi1r(0, 3, 4));
	assert_int_equal(fake_guest_drain(0, list, 4), 1);
	assert_int_equal(fake_guest_drain(1, list, 4), 1);
	assert_int_equal(list[0], 4);
	assert_int_equal(fake_guest_drain(2, list, 4), 0);
	fake_guest_sgi(0, ICC_SGIR_IRM | 5 << 24);
	assert_int_equal(fake_guest_drain(0, list, 4), 0);
	assert_int_equal(fake_guest_drain(1, list, 4), 1);
	assert_int_equal(fake_guest_drain(2, list, 4), 1);
	/* Nobody: off, another cluster, a range selector, another Aff2. */
	fake_guest_sgi(0, sgi1r(1, 2, 1));
	fake_guest_sgi(0, sgi1r(7, 1, 1));
	fake_guest_sgi(0, UINT64_C(1) << 44 | sgi1r(0, 3, 1));
	fake_guest_sgi(0, UINT64_C(1) << 32 | sgi1r(0, 3, 1));
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(fake_guest_drain(n, list, 4), 0);
	assert_int_equal(root_cell.vcpu[3]->vgic.pending, 0);
}

static void an_sgi_stays_in_its_cell(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(4);
	fake_guest_write(0, FAKE_GICR + GICR_ISENABLER0, 4, 0xffff);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 0xffff);
	/* CPU 0 of the cell is physical CPU 3. */
	fake_guest_sgi(3, sgi1r(0, 1, 2));
	assert_int_equal(fake_guest_drain(0, list, 4), 0);
	assert_int_equal(fake_guest_drain(3, list, 4), 1);
	assert_int_equal(list[0], 2);
	fake_guest_sgi(0, ICC_SGIR_IRM | 3 << 24);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
}

static void a_masked_sgi_waits(void **state)
{
	uint32_t list[4];
	unsigned kicks;

	(void)state;
	machine(4);
	fake_guest_write(1, FAKE_GICR + GICR_SIZE + GICR_ICENABLER0, 4, 1 << 9);
	fake_guest_sgi(0, sgi1r(0, 2, 9));
	assert_int_equal(fake_guest_drain(1, list, 4), 0);
	assert_int_equal(fake_guest_read(0, FAKE_GICR + GICR_SIZE + GICR_ISPENDR0, 4), 1 << 9);
	kicks = fake.kicks[1];
	fake_guest_sgi(0, sgi1r(0, 2, 9));
	assert_int_equal(fake.kicks[1], kicks);
	/* Enabled by another CPU: the owner has to be told. */
	fake_guest_write(0, FAKE_GICR + GICR_SIZE + GICR_ISENABLER0, 4, 1 << 9);
	assert_int_equal(fake_guest_drain(1, list, 4), 1);
	fake_guest_write(0, FAKE_GICR + GICR_SIZE + GICR_ISPENDR0, 4, 1 << 9);
	fake_settle();
	/* Masked again while it stands in a list register. */
	fake_guest_write(0, FAKE_GICR + GICR_SIZE + GICR_ICENABLER0, 4, 1 << 9);
	assert_int_equal(fake_guest_drain(1, list, 4), 0);
	fake_guest_write(0, FAKE_GICR + GICR_SIZE + GICR_ICPENDR0, 4, 1 << 9);
	fake_guest_write(0, FAKE_GICR + GICR_SIZE + GICR_ISENABLER0, 4, 1 << 9);
	assert_int_equal(fake_guest_drain(1, list, 4), 0);
}

static void pending_while_active_is_kept(void **state)
{
	uint32_t list[4];

	(void)state;
	machine(4);
	fake_guest_sgi(0, sgi1r(0, 2, 1));
	fake_settle();
	assert_int_equal(fake_guest_ack(1), 1);
	fake_guest_sgi(0, sgi1r(0, 2, 1));
	fake_settle();
	assert_int_equal(fake_guest_read(1, FAKE_GICR + GICR_SIZE + GICR_ISPENDR0, 4), 2);
	assert_int_equal(fake_guest_read(1, FAKE_GICR + GICR_SIZE + GICR_ISACTIVER0, 4), 2);
	assert_int_equal(fake_guest_ack(1), 1023);
	fake_guest_eoi(1, 1);
	assert_int_equal(fake_guest_drain(1, list, 4), 1);
}

static void sixteen_come_in_priority_order(void **state)
{
	uint32_t list[16];

	(void)state;
	machine(4);
	fake_guest_write(1, FAKE_GICR + GICR_SIZE + GICR_ISENABLER0, 4, 0xffff);
	for (unsigned i = 0; i < 16; i++)
		fake_guest_write(1, FAKE_GICR + GICR_SIZE + GICR_IPRIORITYR + i, 1,
				 0x40 + 8 * (i * 7 % 16));
	for (unsigned i = 0; i < 16; i++) {
		fake_guest_sgi(0, sgi1r(0, 2, i));
		fake_settle();
	}
	assert_int_equal(fake_guest_drain(1, list, 16), 16);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(list[i] * 7 % 16, i);
}

/* Two handlers interrupted: the free list registers are used all the same. */
static void free_list_registers_are_refilled(void **state)
{
	static const uint8_t priority[] = { 0x80, 0x60, 0x40, 0x48, 0x50, 0x58 };

	(void)state;
	machine(4);
	fake_guest_write(1, FAKE_GICR + GICR_SIZE + GICR_ISENABLER0, 4, 0xffff);
	for (unsigned i = 0; i < 6; i++)
		fake_guest_write(1, FAKE_GICR + GICR_SIZE + GICR_IPRIORITYR + i, 1, priority[i]);
	for (unsigned i = 0; i < 2; i++) {
		fake_guest_sgi(0, sgi1r(0, 2, i));
		fake_settle();
		assert_int_equal(fake_guest_ack(1), i);
	}
	for (unsigned i = 2; i < 6; i++)
		fake_guest_sgi(0, sgi1r(0, 2, i));
	for (unsigned i = 2; i < 6; i++) {
		fake_settle();
		assert_int_equal(fake_guest_ack(1), i);
		fake_guest_eoi(1, i);
	}
}

/* More than the queue holds: the rest stays pending in the GIC. */
static void a_flood_loses_nothing(void **state)
{
	static uint32_t list[FAKE_IRQS];
	unsigned seen[FAKE_IRQS] = { 0 };

	(void)state;
	machine(2);
	for (unsigned w = 1; w < FAKE_IRQS / 32; w++)
		fake_guest_write(0, FAKE_GICD + GICD_ISENABLER + 4 * w, 4, ~0U);
	for (uint32_t i = 32; i < FAKE_IRQS; i++)
		fake_pulse(i);
	/* The kick gets through all the same. */
	fake_settle();
	assert_true(fake_vcpu(0)->vgic.throttled);
	fake_guest_sgi(1, sgi1r(0, 1, 0));
	assert_int_equal(fake_guest_drain(0, list, FAKE_IRQS), FAKE_IRQS - 32 + 1);
	for (unsigned i = 0; i < FAKE_IRQS - 32 + 1; i++)
		seen[list[i]]++;
	for (unsigned i = 32; i < FAKE_IRQS; i++)
		assert_int_equal(seen[i], 1);
	assert_false(fake_vcpu(0)->vgic.throttled);
	assert_int_equal(fake.c[0].pmr, PMR_ALL);
}

static void lpis_have_no_physical_side(void **state)
{
	uint32_t list[8];

	(void)state;
	machine(2);
	fake.c[0].lpi_pending = 0xf;
	fake_settle();
	fake.c[0].lpi_pending = 0xf;	/* again before the guest saw them: one each */
	assert_int_equal(fake_guest_drain(0, list, 8), 4);
	fake.c[0].lpi_pending = 0x1;
	assert_int_equal(fake_guest_drain(0, list, 8), 1);
	assert_int_equal(list[0], 8192);
}

/* The guest ends the active state behind the list register's back. */
static void active_state_cleared_by_register(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(4);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 1);
	fake_pulse(64);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 64);
	fake_pulse(64);
	fake_settle();
	fake_guest_write(3, FAKE_GICD + GICD_ICACTIVER + 8, 4, 1);
	assert_int_equal(fake.active[2], 0);
	fake_settle();
	fake.c[3].depth = 0;
	assert_int_equal(fake_guest_drain(3, list, 4), 1);
	assert_int_equal(fake.active[2], 0);
	/* Nothing new: the list register must not stay active. */
	fake_pulse(64);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 64);
	fake_guest_write(3, FAKE_GICD + GICD_ICACTIVER + 8, 4, 1);
	for (unsigned n = 0; n < 4; n++)
		assert_true((fake.c[3].lr[n] & ICH_LR_STATE) == 0);
	fake.c[3].depth = 0;
	/* A PPI in the same way. */
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 1U << 27);
	fake_ppi_level(3, 27, true);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 27);
	fake_ppi_level(3, 27, false);
	fake_guest_write(3, FAKE_GICR + GICR_ICACTIVER0, 4, 1U << 27);
	assert_int_equal(fake.c[3].active, 0);
	fake.c[3].depth = 0;
	/* The same behind EL2's back. */
	fake_pulse(64);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 64);
	fake.active[2] = 0;
	fake.c[3].depth = 0;
	fake_pulse(64);
	assert_int_equal(fake_guest_drain(3, list, 4), 1);
}

static void waker_is_shadow_state(void **state)
{
	(void)state;
	machine(4);
	assert_int_equal(fake_guest_read(0, FAKE_GICR + GICR_WAKER, 4), 6);
	fake_guest_write(0, FAKE_GICR + GICR_WAKER, 4, 0);
	assert_int_equal(fake_guest_read(0, FAKE_GICR + GICR_WAKER, 4), 0);
	fake_guest_write(0, FAKE_GICR + GICR_WAKER, 4, 2);
	assert_int_equal(fake_guest_read(0, FAKE_GICR + GICR_WAKER, 4), 6);
	assert_int_equal(fake.c[0].waker, 0);
}

static void two_security_states(void **state)
{
	(void)state;
	fake_power_on(4, false);
	fake_enable(0x8);
	assert_int_equal(fake_guest_read(0, FAKE_GICR + GICR_WAKER, 4), 0);
	assert_int_equal(fake_guest_read(0, FAKE_GICD + GICD_IGROUPR + 4, 4), 0);
	assert_int_equal(fake_guest_read(0, FAKE_GICD + GICD_CTLR, 4) & GICD_CTLR_DS, 0);
	fake_cell(1, 0x8, SPIS);
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_WAKER, 4), 6);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_IGROUPR + 8, 4), SPIS);
	assert_true(fake_guest_read(3, FAKE_GICD + GICD_CTLR, 4) & GICD_CTLR_DS);
}

static void lpi_tables_must_be_the_agencys(void **state)
{
	const uint64_t in = 0x40000000, out = 0x80000000;

	(void)state;
	machine(4);
	fake.owned_from = in;
	fake.owned_to = out;
	fake_guest_write(0, FAKE_GICR + GICR_PROPBASER, 8, out | 15);
	fake_guest_write(0, FAKE_GICR + GICR_PENDBASER, 8, in);
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[0].rd_ctlr, 0);
	/* 16 bits of INTID: 56 KiB of configuration, 8 KiB of pending bits. */
	fake_guest_write(0, FAKE_GICR + GICR_PROPBASER, 8, (out - 0xd000) | 15);
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[0].rd_ctlr, 0);
	fake_guest_write(0, FAKE_GICR + GICR_PROPBASER, 8, (out - 0xe000) | 15);
	fake_guest_write(0, FAKE_GICR + GICR_PENDBASER, 8, out);
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[0].rd_ctlr, 0);
	fake_guest_write(0, FAKE_GICR + GICR_PENDBASER, 8, out - 0x10000);
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[0].rd_ctlr, 1);
	/* The last of the pending bits must be its own, too. */
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 0);
	assert_int_equal(fake.c[0].rd_ctlr, 0);
	fake_guest_write(0, FAKE_GICR + GICR_PROPBASER, 8, in | 15);
	fake.owned_to = out - 0x10000 + 0x1000;
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[0].rd_ctlr, 0);
	fake.owned_to += 0x1000;
	fake_guest_write(0, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[0].rd_ctlr, 1);
	/* Fixed from now on. */
	fake_guest_write(0, FAKE_GICR + GICR_PENDBASER, 8, out);
	assert_true(fake.c[0].pendbaser == out - 0x10000);
	assert_int_equal(fake_guest_read(0, FAKE_GICR + GICR_CTLR, 4), 1);
}

static void a_cell_has_no_lpis(void **state)
{
	(void)state;
	one_cell(4);
	fake.owned_to = ~UINT64_C(0);
	fake_guest_write(3, FAKE_GICR + GICR_PROPBASER, 8, 0x40000000 | 15);
	fake_guest_write(3, FAKE_GICR + GICR_CTLR, 4, 1);
	assert_int_equal(fake.c[3].rd_ctlr, 0);
	assert_int_equal(fake.c[3].propbaser, 0);
}

static void its_tables_must_be_the_agencys(void **state)
{
	const uint64_t valid = UINT64_C(1) << 63, in = 0x40000000, out = 0x40100000;
	const uint64_t cbaser = FAKE_GITS + GITS_CBASER, baser = FAKE_GITS + GITS_BASER;

	(void)state;
	machine(4);
	fake.owned_from = in;
	fake.owned_to = out;
	fake_guest_write(0, cbaser, 8, valid | (out - 0x1000) | 1);
	assert_int_equal(fake.gits[GITS_CBASER / 8], 0);
	fake_guest_write(0, cbaser, 8, valid | (out - 0x2000) | 1);
	assert_true(fake_guest_read(0, cbaser, 8) == (valid | (out - 0x2000) | 1));
	/* Half by half: the whole is judged. */
	fake_guest_write(0, cbaser, 4, out | 1);
	fake_guest_write(0, cbaser + 4, 4, valid >> 32 | 1);
	assert_true(fake_guest_read(0, cbaser, 8) == (valid | (out - 0x2000) | 1));
	fake_guest_write(0, cbaser + 4, 4, 0);
	assert_true(fake_guest_read(0, cbaser, 8) == ((out - 0x2000) | 1));
	assert_int_equal(fake_guest_read(0, cbaser, 4), (out - 0x2000) | 1);
	for (unsigned shift = 0; shift < 3; shift++) {
		uint64_t page = UINT64_C(1) << (shift == 0 ? 12 : shift == 1 ? 14 : 16);
		uint64_t reg = baser + 8 * shift, v = valid | shift << 8 | 3;

		fake_guest_write(0, reg, 8, v | (out - 3 * page));
		assert_int_equal(fake_guest_read(0, reg, 8), 0);
		fake_guest_write(0, reg, 8, v | (out - 4 * page));
		assert_true(fake_guest_read(0, reg, 8) == (v | (out - 4 * page)));
	}
	fake_guest_write(0, FAKE_GITS + GITS_CTLR, 4, 1);
	assert_int_equal(fake.gits[0], 1);
	fake_guest_write(0, FAKE_GITS + GITS_CWRITER, 8, 0x40);
	assert_int_equal(fake_guest_read(0, FAKE_GITS + GITS_CWRITER, 4), 0x40);
}

#define TEST(t) cmocka_unit_test_teardown(t, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(bits_of_others_are_out_of_reach),
		TEST(set_registers_reach_the_own_bits),
		TEST(widths),
		TEST(priorities),
		TEST(configuration),
		TEST(routes_are_translated),
		TEST(distributor_control),
		TEST(identification),
		TEST(no_frame_beyond_the_own),
		TEST(a_guest_cannot_mask_the_kick),
		TEST(own_ppis_do_not_exist),
		TEST(a_ppi_goes_through_a_hardware_list_register),
		TEST(masking_takes_back_what_was_acknowledged),
		TEST(clearing_pending_reaches_the_list_register),
		TEST(sgi_targets),
		TEST(an_sgi_stays_in_its_cell),
		TEST(a_masked_sgi_waits),
		TEST(pending_while_active_is_kept),
		TEST(sixteen_come_in_priority_order),
		TEST(free_list_registers_are_refilled),
		TEST(a_flood_loses_nothing),
		TEST(lpis_have_no_physical_side),
		TEST(active_state_cleared_by_register),
		TEST(waker_is_shadow_state),
		TEST(two_security_states),
		TEST(lpi_tables_must_be_the_agencys),
		TEST(a_cell_has_no_lpis),
		TEST(its_tables_must_be_the_agencys),
	};

	return host_main("gic", tests, ARRAY_SIZE(tests), argc, argv);
}

// SPDX-License-Identifier: Apache-2.0
/* Interrupts change hands: take-over, hand-back, cells, CPUs that stop. */
#include "gic_fake.h"

#include <string.h>

#include "host.h"
#include "../../hypervisor/gic/gic_internal.h"

#define SPIS	0x0000ffffU	/* INTID 64..79 */

static int teardown(void **state)
{
	(void)state;
	fake_free_cells();
	return 0;
}

static void stop(unsigned cpu)
{
	struct vcpu *v = fake_vcpu(cpu);

	fake.cpu = cpu;
	gic_vcpu_stop(v);
	v->power = VCPU_OFF;
	assert_int_equal(fake.c[cpu].hcr | fake.c[cpu].vmcr, 0);
	for (unsigned n = 0; n < fake.num_lrs; n++)
		assert_true(fake.c[cpu].lr[n] == 0);
	/* Only EL2's own reach the CPU. */
	assert_int_equal(fake.c[cpu].enable, 1U << GIC_SGI_KICK | 1U << 25);
	assert_int_equal(fake.c[cpu].active, 0);
}

static void give_back_all(uint32_t *lpis, unsigned max, unsigned *num)
{
	*num = 0;
	for (fake.cpu = 0; fake.cpu < FAKE_CPUS; fake.cpu++)
		*num += gic_cpu_give_back(pcpus[fake.cpu], lpis + *num, max - *num);
}

/* Without any event in between, what was found is what is left. */
static void there_and_back(void **state)
{
	struct fake_gic before;
	uint32_t lpis[4];
	unsigned num;

	(void)state;
	fake_power_on(4, true);
	fake.router[40] = GICD_IROUTER_IRM;
	fake.c[1].pending = 1U << 3;		/* SGIs that wait, one masked */
	fake.c[2].pending = 1U << 9;
	fake.c[1].priority[3] = 0x80;
	before = fake;
	fake_enable(0);
	assert_int_equal(fake.router[40], fake.c[0].mpidr);
	give_back_all(lpis, 4, &num);
	assert_int_equal(num, 0);
	for (unsigned n = 0; n < FAKE_CPUS; n++) {
		const struct fake_cpu *a = &before.c[n], *b = &fake.c[n];

		assert_int_equal(a->enable, b->enable);
		assert_int_equal(a->pending, b->pending);
		assert_int_equal(a->active, b->active);
		assert_memory_equal(a->priority, b->priority, sizeof(a->priority));
		assert_int_equal(b->hcr, 0);
		assert_true(b->eoimode);
	}
	assert_memory_equal(before.enable, fake.enable, sizeof(fake.enable));
	assert_memory_equal(before.router, fake.router, sizeof(fake.router));
	assert_memory_equal(before.priority, fake.priority, sizeof(fake.priority));
}

static void sgis_that_wait_are_taken_over(void **state)
{
	uint32_t list[4];

	(void)state;
	fake_power_on(4, true);
	fake.c[1].pending = 1U << 3 | 1U << 9;
	fake_enable(0);
	assert_int_equal(fake.c[1].pending, 0);
	fake_guest_write(1, FAKE_GICR + GICR_SIZE + GICR_WAKER, 4, 0);
	assert_int_equal(fake_guest_drain(1, list, 4), 1);
	assert_int_equal(list[0], 3);
	assert_int_equal(fake_guest_read(1, FAKE_GICR + GICR_SIZE + GICR_ISENABLER0, 4),
			 0x7f | 1U << 30);
}

static void active_becomes_pending_at_take_over(void **state)
{
	uint32_t list[4];

	(void)state;
	fake_power_on(4, true);
	fake.active[1] = 1;
	fake.c[0].active = 1U << 30;
	fake_enable(0);
	assert_int_equal(fake.active[1], 0);
	assert_int_equal(fake.c[0].active, 0);
	assert_int_equal(fake_guest_drain(0, list, 4), 2);
}

/* In list registers and in the queue of one CPU at the moment EL2 leaves. */
static void interrupts_in_flight_survive_disable(void **state)
{
	uint32_t lpis[8];
	unsigned num;

	(void)state;
	fake_power_on(2, true);
	fake_enable(0);
	fake.c[0].lpi_pending = 7;
	fake_pulse(32);
	fake_pulse(33);
	fake_ppi_level(0, 30, true);
	fake_settle();
	fake_guest_sgi(1, 5 << 24 | 1);
	fake_settle();
	assert_true(fake_vcpu(0)->vgic.num_queued > 2);
	give_back_all(lpis, 8, &num);
	assert_int_equal(num, 3);
	assert_int_equal((1U << (lpis[0] - 8192)) | (1U << (lpis[1] - 8192)) |
			 (1U << (lpis[2] - 8192)), 7);
	assert_int_equal(fake.pending[1], 3);
	assert_int_equal(fake.active[1], 0);
	assert_int_equal(fake.c[0].active, 0);
	assert_int_equal(fake.c[0].pending, 1U << 5);
}

static void an_sgi_in_a_list_register_is_sent_again(void **state)
{
	uint32_t lpis[4];
	unsigned num;

	(void)state;
	fake_power_on(4, true);
	fake_enable(0);
	fake_guest_sgi(1, 5 << 24 | 1);
	fake_settle();
	assert_int_equal(fake_vcpu(0)->vgic.pending, 0);
	give_back_all(lpis, 4, &num);
	assert_int_equal(fake.c[0].pending, 1U << 5);
}

/* Acknowledged by the agency already: it deactivates it itself, physically. */
static void what_the_agency_handles_stays_active(void **state)
{
	uint32_t lpis[4];
	unsigned num;

	(void)state;
	fake_power_on(4, true);
	fake_enable(0);
	fake_pulse(32);
	fake_settle();
	assert_int_equal(fake_guest_ack(0), 32);
	give_back_all(lpis, 4, &num);
	assert_int_equal(fake.active[1], 1);
	assert_int_equal(fake.pending[1], 0);
}

static void a_cell_gets_its_spis_clean(void **state)
{
	struct cell *cell;
	uint32_t list[4];

	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	fake_guest_write(0, FAKE_GICD + GICD_ISENABLER + 8, 4, ~0U);
	fake_guest_write(0, FAKE_GICD + GICD_IPRIORITYR + 64, 1, 0x60);
	fake.icfgr[4] = 2;
	/* In a list register of the agency, pending and active. */
	fake_pulse(64);
	fake_pulse(65);
	fake_pulse(90);
	fake_settle();
	assert_int_equal(fake_guest_ack(0), 64);
	fake_pulse(66);
	cell = fake_cell(1, 0x8, SPIS);
	assert_int_equal(fake.enable[2], ~SPIS);
	assert_int_equal(fake.pending[2] & SPIS, 0);
	assert_int_equal(fake.active[2] & SPIS, 0);
	assert_int_equal(fake.icfgr[4], 0);
	assert_int_equal(fake.priority[64], PRIO_GUEST_HIGHEST);
	assert_int_equal(fake.router[64], fake.c[3].mpidr);
	/* The agency does not see it any more, other interrupts it does. */
	fake_settle();
	fake.c[0].depth = 0;
	assert_int_equal(fake_guest_drain(0, list, 4), 1);
	assert_int_equal(list[0], 90);
	assert_int_equal(cell->dist.spi_owned[1], SPIS);
	assert_int_equal(spi_owned(&root_cell.dist, 64), ~SPIS);
}

static void the_agency_gets_them_back_clean(void **state)
{
	struct cell *cell;
	uint32_t list[4];

	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	fake_guest_write(0, FAKE_GICD + GICD_IPRIORITYR + 64, 1, 0x60);
	fake_guest_write(0, FAKE_GICD + GICD_IROUTER + 8 * 64, 8, fake.c[1].mpidr);
	cell = fake_cell(1, 0x8, SPIS);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, ~0U);
	fake_guest_write(3, FAKE_GICD + GICD_ICFGR + 16, 4, ~0U);
	fake_pulse(64);
	fake_pulse(65);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 64);
	stop(3);
	gic_cell_give_back(cell);
	fake_vcpu(3)->pcpu->current = &fake_vcpu(3)->pcpu->agency_vcpu;
	assert_int_equal(fake.enable[2] | fake.pending[2] | fake.active[2], 0);
	assert_int_equal(fake.icfgr[4], 0);
	assert_int_equal(fake.priority[64], 0x60);
	assert_int_equal(fake.router[64], fake.c[1].mpidr);
	fake_guest_write(0, FAKE_GICD + GICD_ISENABLER + 8, 4, 1);
	fake_pulse(64);
	assert_int_equal(fake_guest_drain(1, list, 4), 1);
}

static int check(struct capsule_cell_desc *config, uint32_t *intid)
{
	return gic_cell_check(config, intid);
}

static void spis_are_checked(void **state)
{
	struct {
		struct capsule_cell_desc desc;
		uint64_t cpus[1];
		struct capsule_irqchip chip;
	} c = { .desc = { .cpu_set_size = 8, .num_irqchips = 1 },
		.chip = { .address = FAKE_GICD, .pin_base = 64, .pin_bitmap = { 2 } } };
	uint32_t intid = 0;

	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	assert_int_equal(check(&c.desc, &intid), 0);
	fake_cell(1, 0x8, SPIS);
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EPERM);
	assert_int_equal(intid, 65);
	c.chip.pin_bitmap[0] = 0x10000;
	assert_int_equal(check(&c.desc, &intid), 0);
	/* EL2's way to wake the driver; beyond the machine; not SPIs at all. */
	c.chip.pin_base = 256;
	c.chip.pin_bitmap[0] = 1U << (FAKE_NOTIFY - 256);
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EPERM);
	assert_int_equal(intid, FAKE_NOTIFY);
	c.chip.pin_bitmap[0] = 0;
	c.chip.pin_bitmap[1] = 1;
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EPERM);
	assert_int_equal(intid, 288);
	c.chip.pin_base = 992;
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EPERM);
	c.chip.pin_base = 0;
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EINVAL);
	c.chip.pin_base = 48;
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EINVAL);
	c.chip.pin_base = 64;
	c.chip.address = 0x1000;
	assert_int_equal(check(&c.desc, &intid), -CAPSULE_EINVAL);
}

/* A CPU of the agency goes off: its interrupts go to the others. */
static void a_cpu_that_stops_loses_nothing(void **state)
{
	uint32_t list[16];
	unsigned num = 0;

	(void)state;
	fake_power_on(2, true);
	fake_enable(0);
	for (uint32_t i = 32; i < 36; i++)
		fake_guest_write(0, FAKE_GICD + GICD_IROUTER + 8 * i, 8, fake.c[1].mpidr);
	for (uint32_t i = 32; i < 36; i++)
		fake_pulse(i);
	fake.c[1].lpi_pending = 7;
	fake_settle();
	fake_pulse(36);
	stop(1);
	assert_int_not_equal(fake.router[32], fake.c[1].mpidr);
	for (unsigned n = 0; n < FAKE_CPUS; n++)
		num += fake_guest_drain(n, list + num, 16 - num);
	assert_int_equal(num, 8);
	assert_int_equal(fake.active[1], 0);
	/* What the agency reads is what it wrote; back on, they come back. */
	assert_int_equal(fake_guest_read(0, FAKE_GICD + GICD_IROUTER + 8 * 32, 8),
			 fake.c[1].mpidr);
	assert_int_not_equal(fake.router[32], fake.c[1].mpidr);
	fake_vcpu(1)->power = VCPU_ON;
	fake.cpu = 1;
	gic_vcpu_reset(fake_vcpu(1));
	assert_int_equal(fake.router[32], fake.c[1].mpidr);
}

static void interrupts_at_a_parked_cpu_end(void **state)
{
	uint32_t list[4];

	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	/* An LPI still collected there, an SPI still routed there, a PPI left on. */
	fake.c[3].lpi_pending = 1;
	fake.router[32] = fake.c[3].mpidr;
	fake_pulse(32);
	fake.c[3].enable |= 1U << 27;
	fake_ppi_level(3, 27, true);
	fake_settle();
	assert_int_equal(fake.c[3].enable >> 27 & 1, 0);
	assert_int_equal(fake.c[3].active, 0);
	assert_int_equal(fake_guest_drain(0, list, 4), 2);
	/* A cell none of whose CPUs runs. */
	fake_cell(1, 0x8, SPIS);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 1);
	stop(3);
	fake_level(64, true);
	fake_settle();
	assert_int_equal(fake.enable[2] & 1, 0);
	assert_int_equal(fake.active[2], 0);
	fake_level(64, false);
}

static void a_cell_starts_again_from_reset(void **state)
{
	struct cell *cell;
	uint32_t list[4];

	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	cell = fake_cell(1, 0x8, SPIS);
	fake_guest_write(3, FAKE_GICD + GICD_ISENABLER + 8, 4, 3);
	fake_guest_write(3, FAKE_GICD + GICD_IPRIORITYR + 64, 1, 0x80);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, ~0U);
	fake_guest_sgi(3, 1 << 24 | 1);
	fake_pulse(64);
	fake_settle();
	fake.c[3].ap1r[0] = 0x10;
	stop(3);
	gic_cell_reset(cell);
	cell->vcpu[0]->power = VCPU_ON;
	gic_vcpu_reset(cell->vcpu[0]);
	assert_int_equal(fake.enable[2] | fake.pending[2] | fake.active[2], 0);
	assert_true(fake.c[3].ap1r[0] == 0);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_IPRIORITYR + 64, 1), 0);
	assert_int_equal(fake_guest_read(3, FAKE_GICR + GICR_ISENABLER0, 4), 0);
	assert_int_equal(fake_guest_read(3, FAKE_GICD + GICD_CTLR, 4) & GICD_CTLR_GRP1, 0);
	fake_guest_write(3, FAKE_GICD + GICD_CTLR, 4, GICD_CTLR_GRP1);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 0xffff);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
}

/* The agency writes to the redistributor of a CPU that a cell has now. */
static void the_agency_cannot_reach_a_cells_ppis(void **state)
{
	uint64_t rd = FAKE_GICR + 3 * GICR_SIZE;

	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	fake_cell(1, 0x8, SPIS);
	fake_guest_write(3, FAKE_GICR + GICR_ISENABLER0, 4, 1U << 27);
	fake_guest_write(0, rd + GICR_ICENABLER0, 4, ~0U);
	fake_guest_write(0, rd + GICR_ISENABLER0, 4, 1U << 23);
	fake_guest_write(0, rd + GICR_ISPENDR0, 4, 1U << 27);
	fake_guest_write(0, rd + GICR_IPRIORITYR + 27, 1, 0xf0);
	fake_guest_write(0, rd + GICR_ICFGR1, 4, ~0U);
	assert_int_equal(fake.c[3].enable & 0xffff0000, 1U << 27 | 1U << 25);
	assert_int_equal(fake.c[3].pending, 0);
	assert_int_equal(fake.c[3].icfgr1, 0);
	assert_int_equal(fake.c[3].priority[27], PRIO_GUEST_HIGHEST);
}

/* Messages signal SPIs that belong to the agency only. */
static void messages(void **state)
{
	(void)state;
	fake_power_on(4, true);
	fake_enable(0x8);
	fake_cell(1, 0x8, SPIS);
	fake_guest_write(0, FAKE_GICD + GICD_SETSPI_NSR, 4, 64);
	fake_guest_write(3, FAKE_GICD + GICD_SETSPI_NSR, 4, 65);
	assert_int_equal(fake.pending[2], 0);
	fake_guest_write(0, FAKE_GICD + GICD_SETSPI_NSR, 4, 90);
	assert_int_equal(fake.pending[2], 1U << 26);
}

#define TEST(t) cmocka_unit_test_teardown(t, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(there_and_back),
		TEST(sgis_that_wait_are_taken_over),
		TEST(active_becomes_pending_at_take_over),
		TEST(interrupts_in_flight_survive_disable),
		TEST(an_sgi_in_a_list_register_is_sent_again),
		TEST(what_the_agency_handles_stays_active),
		TEST(a_cell_gets_its_spis_clean),
		TEST(the_agency_gets_them_back_clean),
		TEST(spis_are_checked),
		TEST(a_cpu_that_stops_loses_nothing),
		TEST(interrupts_at_a_parked_cpu_end),
		TEST(a_cell_starts_again_from_reset),
		TEST(the_agency_cannot_reach_a_cells_ppis),
		TEST(messages),
	};

	return host_main("gic_owner", tests, ARRAY_SIZE(tests), argc, argv);
}

// SPDX-License-Identifier: Apache-2.0
/* The same virtual GIC on a GICv2: what is banked, target bytes, SGIs by sender, hidden frames. */
#include "gic_fake.h"

#include <string.h>

#include "host.h"
#include "../../hypervisor/gic/gicv2.h"

#define SPIS	0x0000ffffU	/* INTID 64..79 are the cell's */
#define SGI(intid, sender)	((intid) | (unsigned)(sender) << 10)

static struct cell *one_cell(uint32_t cpus)
{
	fake_power_on_v2(4);
	fake_enable(0);
	return fake_cell(1, cpus, SPIS);
}

static int teardown(void **state)
{
	(void)state;
	fake_free_cells();
	return 0;
}

static void write_dist(unsigned cpu, uint32_t offset, unsigned size, uint64_t value)
{
	fake_guest_write(cpu, FAKE_GICD + offset, size, value);
}

static uint64_t read_dist(unsigned cpu, uint32_t offset, unsigned size)
{
	return fake_guest_read(cpu, FAKE_GICD + offset, size);
}

static void bits_of_others_are_out_of_reach(void **state)
{
	(void)state;
	one_cell(0x8);
	write_dist(3, GICD_ISENABLER + 8, 4, ~0U);
	assert_int_equal(fake.enable[2], SPIS);
	fake.enable[2] |= 0xff000000;
	assert_int_equal(read_dist(3, GICD_ISENABLER + 8, 4), SPIS);
	assert_int_equal(read_dist(0, GICD_ISENABLER + 8, 4), 0xff000000);
	write_dist(3, GICD_ICENABLER + 8, 4, ~0U);
	assert_int_equal(fake.enable[2], 0xff000000);
	write_dist(3, GICD_IPRIORITYR + 80, 4, 0x40404040);
	assert_int_equal(fake.priority[80], 0xa0);
}

/* Word 0 is the CPU's own; EL2's SGI and PPIs stay what they are. */
static void banked_registers(void **state)
{
	(void)state;
	one_cell(0xc);
	write_dist(2, GICD_ISENABLER, 4, 1U << 27 | 1U << 3);
	assert_int_equal(read_dist(2, GICD_ISENABLER, 4), 1U << 27 | 1U << 3);
	assert_int_equal(read_dist(3, GICD_ISENABLER, 4), 0);
	assert_true(fake.c[2].enable >> 27 & 1);
	assert_false(fake.c[3].enable >> 27 & 1);
	write_dist(2, GICD_ICENABLER, 4, ~0U);
	assert_int_equal(fake.c[2].enable, 1U << GIC_SGI_KICK | 1U << 25);
	write_dist(2, GICD_IPRIORITYR + 27, 1, 0x48);
	assert_int_equal(fake.c[2].priority[27], 0x48);
	assert_int_equal(read_dist(2, GICD_IPRIORITYR + 24, 4), 0x48000000);
	write_dist(2, GICD_IPRIORITYR + GIC_SGI_KICK, 1, 0xff);
	assert_int_equal(fake.c[2].priority[GIC_SGI_KICK], PRIO_EL2);
	assert_int_equal(read_dist(2, GICD_ICFGR, 4), 0xaaaaaaaa);
}

static void widths(void **state)
{
	static const struct { uint32_t offset; unsigned allowed; } table[] = {
		{ GICD_TYPER, 4 }, { GICD_ISENABLER, 4 }, { GICD_ISENABLER + 8, 4 },
		{ GICD_IPRIORITYR + 16, 1 | 4 }, { GICD_ITARGETSR + 64, 1 | 4 },
		{ GICD_ITARGETSR + 4, 1 | 4 }, { GICD_ICFGR + 16, 4 },
		{ GICD_CPENDSGIR, 1 | 4 }, { GICD_SPENDSGIR + 4, 1 | 4 },
	};

	(void)state;
	one_cell(0x8);
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		for (unsigned size = 1; size <= 8; size *= 2) {
			uint64_t v = 0;

			assert_int_equal(fake_access(3, FAKE_GICD + table[i].offset, size, false, &v),
					 table[i].allowed & size ? MMIO_DONE : MMIO_ABORT);
		}
}

static void identification(void **state)
{
	(void)state;
	one_cell(0xc);
	assert_int_equal(read_dist(3, GICD_TYPER, 4), 1U << 5 | (FAKE_IRQS / 32 - 1));
	assert_int_equal(read_dist(0, GICD_TYPER, 4), 3U << 5 | (FAKE_IRQS / 32 - 1));
	assert_int_equal(read_dist(3, GICV2_PIDR2, 4), 0x20);
	/* A guest finds its CPU interface by reading its own targets. */
	assert_int_equal(read_dist(3, GICD_ITARGETSR, 4), 0x02020202);
	assert_int_equal(read_dist(1, GICD_ITARGETSR + 28, 1), 0x02);
}

static void targets_are_translated(void **state)
{
	(void)state;
	one_cell(0xc);
	write_dist(3, GICD_ITARGETSR + 64, 4, 0x00030201);
	assert_int_equal(read_dist(3, GICD_ITARGETSR + 64, 4), 0x00030201);
	assert_int_equal(fake.target[64], 1U << 2);
	assert_int_equal(fake.target[65], 1U << 3);
	assert_int_equal(fake.target[66], 1U << 2);	/* one of the two */
	assert_int_equal(fake.target[67], 0);		/* nobody */
	/* What is not the cell's */
	write_dist(3, GICD_ITARGETSR + 80, 4, 0x01010101);
	assert_int_equal(read_dist(3, GICD_ITARGETSR + 80, 4), 0);
	assert_int_equal(fake.target[80], 1);
	/* A target that is off: another of the cell's CPUs. */
	fake_vcpu(3)->power = VCPU_OFF;
	write_dist(2, GICD_ITARGETSR + 65, 1, 0x02);
	assert_int_equal(fake.target[65], 1U << 2);
}

static void an_spi_is_taken_and_ended(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(0x8);
	write_dist(3, GICD_ISENABLER + 8, 4, 1);
	write_dist(3, GICD_IPRIORITYR + 64, 1, 0x50);
	fake_level(64, true);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 64);
	assert_int_equal(fake.active[2], 1);
	fake_level(64, false);
	fake_guest_eoi(3, 64);
	assert_int_equal(fake.active[2], 0);
	assert_int_equal(fake_guest_drain(3, list, 4), 0);
}

static void send(unsigned cpu, uint32_t filter, uint32_t targets, uint32_t sgi)
{
	write_dist(cpu, GICD_SGIR, 4, filter << 24 | targets << 16 | sgi);
}

/* One number from two CPUs is two interrupts, each with its sender. */
static void sgis_are_pending_by_sender(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(0xe);
	write_dist(3, GICD_ISENABLER, 4, 1U << 5);
	send(1, GICD_SGIR_LIST, 1U << 2, 5);
	send(2, GICD_SGIR_LIST, 1U << 2, 5);
	send(1, GICD_SGIR_LIST, 1U << 2, 5);	/* already pending */
	assert_int_equal(read_dist(3, GICD_CPENDSGIR + 5, 1), 0x3);
	assert_int_equal(fake_guest_drain(3, list, 4), 2);
	assert_int_equal(list[0], SGI(5, 0));
	assert_int_equal(list[1], SGI(5, 1));
	assert_int_equal(read_dist(3, GICD_CPENDSGIR + 5, 1), 0);
}

/* Sent again by the same CPU while it is handled: kept, as pending beside active. */
static void an_sgi_may_come_again(void **state)
{
	(void)state;
	one_cell(0xc);
	write_dist(3, GICD_ISENABLER, 4, 1U << 5);
	send(2, GICD_SGIR_LIST, 1U << 1, 5);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), SGI(5, 0));
	send(2, GICD_SGIR_LIST, 1U << 1, 5);
	send(3, GICD_SGIR_SELF, 0, 5);
	fake_settle();
	assert_int_equal(read_dist(3, GICD_SPENDSGIR + 5, 1), 0x3);
	fake_guest_eoi(3, SGI(5, 0));
	fake_settle();
	assert_int_equal(fake_guest_ack(3), SGI(5, 0));
	fake_guest_eoi(3, SGI(5, 0));
	assert_int_equal(fake_guest_ack(3), SGI(5, 1));
	fake_guest_eoi(3, SGI(5, 1));
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 1023);
}

static void sgi_targets(void **state)
{
	(void)state;
	one_cell(0xc);
	write_dist(2, GICD_ISENABLER, 4, 0xff);
	write_dist(3, GICD_ISENABLER, 4, 0xff);
	send(3, GICD_SGIR_OTHERS, 0, 1);
	assert_int_equal(read_dist(2, GICD_CPENDSGIR + 1, 1), 0x2);
	assert_int_equal(read_dist(3, GICD_CPENDSGIR + 1, 1), 0);
	send(3, GICD_SGIR_SELF, 0xff, 2);
	assert_int_equal(read_dist(2, GICD_CPENDSGIR + 2, 1), 0);
	assert_int_equal(read_dist(3, GICD_CPENDSGIR + 2, 1), 0x2);
	/* Not to CPUs of others, and nothing for the reserved filter. */
	send(3, GICD_SGIR_LIST, 0xfc, 3);
	send(3, 3, 0xff, 3);
	for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++)
		assert_int_equal(read_dist(cpu, GICD_CPENDSGIR + 3, 1), 0);
	/* No physical SGI but the kick. */
	for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++)
		assert_int_equal(fake.c[cpu].pending & SGI_MASK & ~(1U << GIC_SGI_KICK), 0);
}

static void senders_can_be_written(void **state)
{
	uint32_t list[4];

	(void)state;
	one_cell(0x8);
	write_dist(3, GICD_ISENABLER, 4, 1U << 6);
	write_dist(3, GICD_SPENDSGIR + 6, 1, 0x15);
	write_dist(3, GICD_CPENDSGIR + 4, 4, 0x04 << 16);
	assert_int_equal(read_dist(3, GICD_SPENDSGIR + 4, 4), 0x11 << 16);
	/* By the other registers they are not. */
	write_dist(3, GICD_ICPENDR, 4, ~0U);
	write_dist(3, GICD_ISPENDR, 4, 0xffff);
	assert_int_equal(read_dist(3, GICD_ISPENDR, 4) & 0xffff, 1U << 6);
	assert_int_equal(fake_guest_drain(3, list, 4), 2);
	assert_int_equal(list[0], SGI(6, 0));
	assert_int_equal(list[1], SGI(6, 4));
}

/* More senders than list registers: those that wait come when there is room. */
static void more_sgis_than_list_registers(void **state)
{
	uint32_t list[32];

	(void)state;
	one_cell(0x8);
	write_dist(3, GICD_ISENABLER, 4, 0xffff);
	for (unsigned sgi = 0; sgi < 3; sgi++)
		write_dist(3, GICD_SPENDSGIR + sgi, 1, 0xff);
	assert_int_equal(fake_guest_drain(3, list, 32), 24);
	for (unsigned i = 0; i < 24; i++)
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(list[i], list[j]);
}

/* What is pending at take-over and in flight at hand-back keeps its sender. */
static void senders_survive_a_change_of_hands(void **state)
{
	uint32_t lpis[4];

	(void)state;
	fake_power_on_v2(4);
	fake.c[1].sgi_senders[2] = 0x9;
	fake.c[1].pending |= 1U << 2;
	fake_enable(0);
	assert_int_equal(fake.c[1].sgi_senders[2], 0);
	assert_int_equal(read_dist(1, GICD_CPENDSGIR + 2, 1), 0x9);
	fake_settle();
	send(2, GICD_SGIR_LIST, 1U << 1, 3);
	fake_settle();
	fake.cpu = 1;
	assert_int_equal(gic_cpu_give_back(pcpus[1], lpis, 4), 0);
	assert_int_equal(fake.c[1].sgi_senders[2], 0x9);
	assert_int_equal(fake.c[1].sgi_senders[3], 0x4);
	assert_int_equal(fake.c[1].sgi_senders[GIC_SGI_KICK], 0);
	assert_true(fake.c[1].grpen1 && fake.c[1].eoimode);
	assert_int_equal(fake.c[1].pmr, 0xf0);
}

static void targets_come_back_at_disable(void **state)
{
	uint32_t lpis[4];

	(void)state;
	fake_power_on_v2(4);
	fake.target[40] = 0x6;
	fake_enable(0);
	assert_int_equal(read_dist(0, GICD_ITARGETSR + 40, 1), 0x6);
	fake_vcpu(1)->power = VCPU_OFF;
	fake.cpu = 1;
	gic_vcpu_stop(fake_vcpu(1));
	assert_int_equal(fake.target[40], 0x4);
	assert_int_equal(read_dist(0, GICD_ITARGETSR + 40, 1), 0x6);
	fake.cpu = 0;
	(void)gic_cpu_give_back(pcpus[0], lpis, 4);
	assert_int_equal(fake.target[40], 0x6);
}

/* KVM of the agency writes list registers; a cell has no such thing. */
static void hidden_frames(void **state)
{
	uint64_t v = 0;

	(void)state;
	one_cell(0x8);
	fake.c[0].lr[0] = 0;
	fake_guest_write(0, FAKE_GICH + GICH_LR, 4, GICH_LR_PENDING | 64);
	assert_int_equal(fake.c[0].lr[0], 0);
	assert_int_equal(fake_guest_read(0, FAKE_GICH + GICH_VTR, 4), 0);
	assert_int_equal(fake_guest_read(0, FAKE_GICV, 4), 0);
	assert_int_equal(fake_access(3, FAKE_GICH + GICH_LR, 4, true, &v), MMIO_NOT_MINE);
	assert_int_equal(fake_access(3, FAKE_GICV, 4, false, &v), MMIO_NOT_MINE);
	assert_true(gic_owns_frame(FAKE_GICH, 4) && gic_owns_frame(FAKE_GICV + 0x1000, 4));
}

static void the_guests_enable_is_its_own(void **state)
{
	(void)state;
	one_cell(0x8);
	write_dist(3, GICD_ISENABLER, 4, 1U << 5);
	write_dist(3, GICD_CTLR, 4, 0);
	assert_int_equal(read_dist(3, GICD_CTLR, 4), 0);
	assert_int_equal(read_dist(0, GICD_CTLR, 4), 1);
	send(3, GICD_SGIR_SELF, 0, 5);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), 1023);
	write_dist(3, GICD_CTLR, 4, 1);
	fake_settle();
	assert_int_equal(fake_guest_ack(3), SGI(5, 0));
	fake_guest_eoi(3, SGI(5, 0));
}

static void another_gic_is_refused(void **state)
{
	struct capsule_platform platform = {
		.gic_version = 4, .maintenance_irq = 25, .notify_irq = FAKE_NOTIFY };
	uint64_t detail[2];
	uint32_t reason;

	(void)state;
	fake_power_on_v2(4);
	assert_int_equal(gic_init(&platform, &reason, detail), -CAPSULE_ENODEV);
	assert_int_equal(reason, CAPSULE_REASON_GIC_MISMATCH);
}

#define TEST(t) cmocka_unit_test_teardown(t, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(bits_of_others_are_out_of_reach),
		TEST(banked_registers),
		TEST(widths),
		TEST(identification),
		TEST(targets_are_translated),
		TEST(an_spi_is_taken_and_ended),
		TEST(sgis_are_pending_by_sender),
		TEST(an_sgi_may_come_again),
		TEST(sgi_targets),
		TEST(senders_can_be_written),
		TEST(more_sgis_than_list_registers),
		TEST(senders_survive_a_change_of_hands),
		TEST(targets_come_back_at_disable),
		TEST(hidden_frames),
		TEST(the_guests_enable_is_its_own),
		TEST(another_gic_is_refused),
	};

	return host_main("gic_v2", tests, ARRAY_SIZE(tests), argc, argv);
}

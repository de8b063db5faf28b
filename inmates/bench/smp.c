/* SPDX-License-Identifier: Apache-2.0 */
/* Operations between the CPUs of a cell. Waiting is done in WFE and WFI: it costs EL2 nothing. */
#include <inmate/gic.h>
#include <inmate/layout.h>
#include <inmate/platform.h>
#include <inmate/psci.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>

#include "bench.h"

#define SGI_WORK	2U
#define SGI1R_ALL_OTHERS (1UL << 40)	/* IRM */
#define SGIR_ALL_OTHERS	(1U << 24)	/* GICv2: TargetListFilter */
#define ICC_SGI1R_EL1	S3_0_C12_C11_5

struct helper {
	unsigned int rounds;	/* times it woke up, its first start included */
	uint64_t count;		/* its counter of instructions at EL2 */
	bool off;		/* it is to turn itself off */
};

static struct helper helpers[INMATE_MAX_CPUS];
static unsigned int num_cpus = 1;
static unsigned int before[INMATE_MAX_CPUS];

#define get(field)		__atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define put(field, value)	__atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

static void nothing(unsigned int intid)
{
	(void)intid;
}

static void tell(struct helper *me)
{
	put(me->count, pmu_read());
	put(me->rounds, me->rounds + 1);
	sev();
}

static void help(unsigned int cpu)
{
	struct helper *me = &helpers[cpu];

	gic_enable(SGI_WORK);
	pmu_begin();
	tell(me);
	for (;;) {
		wfi();
		irq_enable();
		isb();
		irq_disable();
		if (get(me->off))
			return;
		tell(me);
	}
}

static void wait_round(unsigned int cpu)
{
	while (get(helpers[cpu].rounds) == before[cpu])
		wfe();
}

static void note_rounds(void)
{
	unsigned int i;

	for (i = 1; i < num_cpus; i++)
		before[i] = get(helpers[i].rounds);
}

void bench_smp_begin(void)
{
	unsigned int n = smp_num_cpus();
	unsigned int i;

	gic_set_handler(SGI_WORK, nothing);
	for (i = 1; i < n; i++) {
		before[i] = 0;
		if (smp_start(i, help) != PSCI_SUCCESS)
			bench_fail("CPU not started", i);
		else
			wait_round(i);
	}
	num_cpus = n;
}

uint64_t bench_smp_count(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 1; i < num_cpus; i++)
		sum += get(helpers[i].count);
	return sum;
}

static bool has_helpers(void)
{
	return num_cpus > 1;
}

static void sgi_other(void)
{
	gic_send_sgi(SGI_WORK, 1);
	wait_round(1);
}

static void sgi_broadcast(void)
{
	unsigned int i;

	dsb_ish();
	if (platform_get()->gic_version == 3)
		write_sysreg(SGI1R_ALL_OTHERS | (uint64_t)SGI_WORK << 24, ICC_SGI1R_EL1);
	else
		mmio_write32(platform_get()->gicd_base + GICD_SGIR, SGIR_ALL_OTHERS | SGI_WORK);
	isb();
	for (i = 1; i < num_cpus; i++)
		wait_round(i);
}

/* CPU 1 off; its counters begin anew when it comes back. */
static void cpu_on_ready(void)
{
	note_rounds();
	put(helpers[1].off, true);
	gic_send_sgi(SGI_WORK, 1);
	while (psci_affinity_info(smp_mpidr(1), 0) != PSCI_AFF_OFF)
		wfe();
	put(helpers[1].off, false);
	put(helpers[1].count, 0);
}

/* Ends with CPU 1's first instruction, which is the mark. */
static void cpu_on(void)
{
	int32_t ret = psci_cpu_on(smp_mpidr(1), (uintptr_t)bench_cpu_first,
				  (uintptr_t)bench_end_mark());

	if (ret != PSCI_SUCCESS)
		bench_fail("CPU_ON", (uint64_t)ret);
	else
		wait_round(1);
}

const struct bench_op bench_smp[] = {
	{ "sgi-other", has_helpers, note_rounds, sgi_other, NULL },
	{ "sgi-broadcast", has_helpers, note_rounds, sgi_broadcast, NULL },
	{ "cpu-on", has_helpers, cpu_on_ready, cpu_on, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

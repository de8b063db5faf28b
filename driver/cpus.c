// SPDX-License-Identifier: GPL-2.0-only
/* CPUs change hands through hotplug: what a cell has is offline in the agency. */
#include <linux/bits.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/sched/signal.h>

#include "cell.h"

/* The lowest CPU of a mask that is not empty. */
static unsigned int lowest(u64 cpus)
{
	return (unsigned int)__ffs64(cpus);
}

/**
 * cpus_check() - may a new cell have these CPUs?
 * @cpus: bit n: CPU n
 *
 * At least one CPU must stay online in the agency.
 */
int cpus_check(u64 cpus, struct capsule_err *err)
{
	u64 possible = 0, online = 0, taken = cpus & cell_all_cpus();
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		possible |= BIT_ULL(cpu);
	for_each_online_cpu(cpu)
		online |= BIT_ULL(cpu);
	if (!cpus)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_COUNT, 0, 0);
	if (cpus & ~possible)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_CPU, lowest(cpus & ~possible), 0);
	if (taken)
		return refuse(err, -EBUSY, CAPSULE_REASON_CPU_NOT_OWNED, lowest(taken), 0);
	if (!(online & ~cpus))
		return refuse(err, -EBUSY, CAPSULE_REASON_CPU_LAST, lowest(online), 0);
	return 0;
}

/*
 * A CPU that was offline when the hypervisor came waits in firmware: EL2 gets
 * it when it comes online the first time.
 */
static int bring_beneath(unsigned int cpu, struct capsule_err *err)
{
	int rc;

	if (READ_ONCE(capsule.status->cpu[cpu].parked))
		return 0;
	rc = add_cpu(cpu);
	if (rc >= 0)
		rc = remove_cpu(cpu);
	return rc < 0 ? refuse(err, -EBUSY, CAPSULE_REASON_CPU_OFFLINE_FAILED, cpu, (u64)-rc) : 0;
}

static int take_offline(struct capsule_cell *cell, unsigned int cpu, struct capsule_err *err)
{
	int rc;

	if (signal_pending(current))
		return refuse(err, -EINTR, CAPSULE_REASON_INTERRUPTED, 0, 0);
	if (!cpu_online(cpu))
		return bring_beneath(cpu, err);
	rc = remove_cpu(cpu);
	if (rc < 0)
		return refuse(err, -EBUSY, CAPSULE_REASON_CPU_OFFLINE_FAILED, cpu, (u64)-rc);
	/* Positive: somebody else was faster, and may want it offline afterwards. */
	if (rc == 0) {
		cell->offlined |= BIT_ULL(cpu);
		capsule.ledger.cpus_offlined++;
	}
	return 0;
}

/**
 * cpus_take() - take the CPUs of a cell offline
 *
 * Remembers which were online, so that only those come back. Undone if one of
 * them cannot go, or after a signal.
 */
int cpus_take(struct capsule_cell *cell, struct capsule_err *err)
{
	u64 left;
	int rc;

	for (left = cell->cpus; left; left &= left - 1) {
		rc = take_offline(cell, lowest(left), err);
		if (rc) {
			cpus_give_back(cell);
			return rc;
		}
	}
	return 0;
}

/**
 * cpus_give_back() - bring those CPUs online again that the driver took
 */
void cpus_give_back(struct capsule_cell *cell)
{
	for (; cell->offlined; cell->offlined &= cell->offlined - 1) {
		unsigned int cpu = lowest(cell->offlined);
		int rc = add_cpu(cpu);

		if (rc < 0)	/* 1: somebody was faster */
			pr_err("CPU %u does not come back online: %d\n", cpu, rc);
		capsule.ledger.cpus_offlined--;
	}
}

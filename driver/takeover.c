// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking EL2 from the running kernel, and giving it back.
 *
 * Both run on every online CPU inside stop_machine(): no interrupt is half
 * handled then. The CPUs take turns, so that at any moment at most one is on
 * its way, and the first one decides for all. The CPU_PM notifiers around the
 * change make KVM and the interrupt controller driver let go of what they
 * keep at EL2 and in the CPU interface, and set it up again afterwards.
 */
#include <linux/cpu.h>
#include <linux/cpu_pm.h>
#include <linux/stop_machine.h>
#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include "driver.h"
#include "hvc.h"

struct turns {
	atomic_t next;		/* whose turn it is, by rank among the online CPUs */
	u64 entry, hv_phys;	/* physical addresses, for takeover */
	int rc;			/* of the first CPU that failed */
	u64 done;		/* CPUs that have changed over */
	struct capsule_err err;
};

/* Position of this CPU among those that take part. */
static int my_rank(void)
{
	unsigned int cpu, me = raw_smp_processor_id();
	int rank = 0;

	for_each_online_cpu(cpu)
		if (cpu < me)
			rank++;
	return rank;
}

static void wait_for(struct turns *t, int turn)
{
	while (atomic_read_acquire(&t->next) < turn)
		cpu_relax();
}

static void pass_on(struct turns *t)
{
	atomic_inc_return_release(&t->next);
}

/*
 * The stub or KVM branches to @entry at EL2, which resumes at label 1 at EL1h
 * with DAIF masked and PAN clear. x18 may be the shadow call stack's.
 */
static void soft_restart(u64 entry, u64 hv_phys, struct hvc_result *res)
{
	register u64 x0 asm("x0") = HVC_SOFT_RESTART;
	register u64 x1 asm("x1") = entry;
	register u64 x2 asm("x2") = hv_phys;
	register u64 x3 asm("x3");
	register u64 x4 asm("x4") = raw_smp_processor_id();
	unsigned long daif = read_sysreg(daif);

	asm volatile("str	x18, [sp, #-16]!\n"
		     "	adr	x3, 1f\n"
		     "	hvc	#0\n"
		     "1:	ldr	x18, [sp], #16\n"
		     : "+r" (x0), "+r" (x1), "+r" (x2), "=&r" (x3), "+r" (x4)
		     :
		     : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
		       "x15", "x16", "x17", "cc", "memory");
	write_sysreg(daif, daif);
	asm(ALTERNATIVE("nop", SET_PSTATE_PAN(1), ARM64_HAS_PAN, CONFIG_ARM64_PAN));
	res->x0 = (s64)x0;
	res->x1 = x1;
	res->x2 = x2;
	res->x3 = x3;
}

static void record(struct turns *t, const struct hvc_result *res)
{
	if (res->x0 < 0 && res->x0 >= -MAX_ERRNO) {
		t->rc = (int)res->x0;
		refuse(&t->err, t->rc, (u32)res->x1, res->x2, res->x3);
	} else {
		t->rc = refuse(&t->err, -EIO, CAPSULE_REASON_EL2_ENTRY, (u64)res->x0, 0);
	}
}

static void change_over(struct turns *t, bool enter)
{
	struct hvc_result res;
	int rc = cpu_pm_enter();

	if (rc) {
		t->rc = refuse(&t->err, rc, CAPSULE_REASON_EL2_ENTRY, 0, 0);
		return;
	}
	if (enter)
		soft_restart(t->entry, t->hv_phys, &res);
	else
		hvc(CAPSULE_CALL_DISABLE, 0, 0, &res);
	cpu_pm_exit();
	if (res.x0)
		record(t, &res);
	else
		t->done |= BIT_ULL(raw_smp_processor_id());
}

static int leave_one(void *arg)
{
	struct turns *t = arg;

	wait_for(t, my_rank());
	/* A refusal of the first is a refusal of all; later ones must go on. */
	if (!t->rc || t->done)
		change_over(t, false);
	pass_on(t);
	return 0;
}

static int enter_one(void *arg)
{
	struct turns *t = arg;

	wait_for(t, my_rank());
	if (!t->rc)
		change_over(t, true);
	pass_on(t);
	return 0;
}

/* Back out on the CPUs that had already entered when a later one could not. */
static int leave_entered(void *arg)
{
	const struct turns *entered = arg;
	struct turns t = { .done = 0 };
	struct hvc_result res;

	if (!(entered->done & BIT_ULL(raw_smp_processor_id())))
		return 0;
	hvc(CAPSULE_CALL_DISABLE_PREPARE, 0, 0, &res);
	change_over(&t, false);
	return t.rc;
}

/**
 * takeover_enter() - take EL2 on every online CPU
 * @entry: physical address of the image's entry
 * @hv_phys: physical address of hypervisor memory
 * @online: boot information's mask of the CPUs that enter; set here, where the
 *	set of online CPUs can no longer change, and cleaned to the point of
 *	coherency
 *
 * Return: 0 when EL2 is ours on all of them; otherwise everything is as
 * before, unless capsule.broken says that a CPU could not be taken back.
 */
int takeover_enter(u64 entry, u64 hv_phys, u64 *online, struct capsule_err *err)
{
	struct turns t = { .entry = entry, .hv_phys = hv_phys };
	unsigned int cpu;

	cpu_hotplug_disable();
	*online = 0;
	for_each_online_cpu(cpu)
		*online |= BIT_ULL(cpu);
	clean_to_poc(online, sizeof(*online));
	stop_machine(enter_one, &t, cpu_online_mask);
	if (t.rc && t.done && stop_machine(leave_entered, &t, cpu_online_mask))
		capsule.broken = true;
	cpu_hotplug_enable();
	if (t.rc)
		*err = t.err;
	return t.rc;
}

/**
 * takeover_leave() - give EL2 back on every online CPU
 *
 * Context: CAPSULE_CALL_DISABLE_PREPARE has returned 0 and no CPU came online
 * since (cpu_hotplug_disable() is the caller's).
 *
 * Return: 0 when EL2 is the kernel's again on all CPUs; if the first CPU was
 * refused, nothing has changed; else capsule.broken is set.
 */
int takeover_leave(struct capsule_err *err)
{
	struct turns t = { .rc = 0 };

	stop_machine(leave_one, &t, cpu_online_mask);
	if (!t.rc)
		return 0;
	if (t.done)
		capsule.broken = true;
	*err = t.err;
	return t.rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that nobody answers, or not to a cell. */
#include <capsule/call.h>
#include <capsule/error.h>
#include <inmate/gic.h>
#include <inmate/native.h>
#include <inmate/printf.h>
#include <inmate/psci.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#include "fault.h"

#define NOT_SUPPORTED	(-1)
#define AVZ_CALL	0x2605U
#define TRNG_VERSION	0x84000050U
#define FID_FAST	0x80000000U
#define FID_64		0x40000000U
#define OWNER_SHIFT	24
#define NO_SUCH_CPU	0xfffeffU	/* affinity of no CPU */
#define INVALID_PARAMETERS	(-2)	/* PSCI (Arm DEN 0022) */
#define JH_CPU_STATE	0U		/* types of CPU_GET_INFO */
#define JH_EXITS	1000U

bool way_hvc_immediate(uintptr_t arg)
{
	struct smccc_result r1 = SMCCC_CALL("hvc #1", PSCI_VERSION_FID, 0, 0, 0, 0, 0, 0, 0);
	struct smccc_result r2 = SMCCC_CALL("hvc #0xffff", 0, 0, 0, 0, 0, 0, 0, 0);

	(void)arg;
	return ALL(expect((int64_t)r1.x[0] == NOT_SUPPORTED, "hvc #1", r1.x[0]),
		   expect((int64_t)r2.x[0] == NOT_SUPPORTED, "hvc #0xffff", r2.x[0]));
}

bool way_hvc_unknown(uintptr_t arg)
{
	(void)arg;
	return ALL(expect_hvc(CAPSULE_CALL(0x7f), 0, NOT_SUPPORTED),
		   expect_hvc(CAPSULE_CALL(0x7fff), 0, NOT_SUPPORTED),
		   expect_hvc(0, 0, NOT_SUPPORTED),
		   expect_hvc(UINT64_MAX, 0, NOT_SUPPORTED));
}

/* The agency's KVM may call its EL2 there; a cell may not. */
bool way_hvc_kvm(uintptr_t arg)
{
	bool ok = true;
	uint32_t n;

	(void)arg;
	for (n = 0; n < 0x100; n++)
		ok &= expect_hvc(0xc6000000U + n, 0, NOT_SUPPORTED);
	return ok;
}

bool way_hvc_avz(uintptr_t arg)
{
	(void)arg;
	return expect_hvc(AVZ_CALL, 0, NOT_SUPPORTED);
}

bool way_hvc_management(uintptr_t arg)
{
	bool ok = true;
	uint32_t n;

	(void)arg;
	for (n = 0x10; n <= 0x12; n++)
		ok &= expect_hvc(CAPSULE_CALL(n), 0, -CAPSULE_EPERM);
	for (n = 0x20; n <= 0x28; n++)
		ok &= expect_hvc(CAPSULE_CALL(n), 1, -CAPSULE_EPERM);
	return ok;
}

/* Lengths outside 1..48 are refused, as negative errno, and nothing is written. */
bool way_hvc_console(uintptr_t arg)
{
	(void)arg;
	return ALL(expect_hvc(CAPSULE_CALL_CONSOLE_WRITE, 0, -CAPSULE_EINVAL),
		   expect_hvc(CAPSULE_CALL_CONSOLE_WRITE, 49, -CAPSULE_EINVAL),
		   expect_hvc(CAPSULE_CALL_CONSOLE_WRITE, UINT64_MAX, -CAPSULE_EINVAL));
}

static bool expect_jailhouse(uint64_t code, uint64_t arg1, uint64_t arg2, int64_t result)
{
	int64_t seen = jailhouse_call(code, arg1, arg2);

	if (seen != result)
		printf("fault:   jailhouse call %lu(%lu): %ld, expected %ld\n",
		       code, arg1, seen, result);
	return seen == result;
}

bool way_jailhouse_unknown(uintptr_t arg)
{
	(void)arg;
	return ALL(expect_jailhouse(9, 0, 0, -CAPSULE_ENOSYS),
		   expect_jailhouse(UINT64_MAX, 0, 0, -CAPSULE_ENOSYS));
}

bool way_jailhouse_management(uintptr_t arg)
{
	bool ok = true;
	uint64_t code;

	(void)arg;
	for (code = 0; code < CAPSULE_JH_CPU_GET_INFO; code++)
		ok &= expect_jailhouse(code, 0, 0, -CAPSULE_EPERM);
	return ok;
}

static bool jailhouse_putc(const char *text)
{
	bool ok = true;

	for (; *text; text++)
		ok &= expect_jailhouse(CAPSULE_JH_DEBUG_CONSOLE_PUTC, (uint64_t)*text, 0, 0);
	return ok;
}

/* Argument: number of this CPU as the agency counts; CPU 0 is the agency's. */
bool way_jailhouse_info(uintptr_t arg)
{
	uint64_t own = arg_or(arg, 3);
	int64_t exits = jailhouse_call(CAPSULE_JH_CPU_GET_INFO, own, JH_EXITS);

	return ALL(expect(exits > 0 && exits < jailhouse_call(CAPSULE_JH_CPU_GET_INFO, own, JH_EXITS),
			  "exits", (uint64_t)exits),
		   expect_jailhouse(CAPSULE_JH_CPU_GET_INFO, own, JH_CPU_STATE, 0),
		   expect_jailhouse(CAPSULE_JH_CPU_GET_INFO, own, 5, -CAPSULE_EINVAL),
		   expect_jailhouse(CAPSULE_JH_CPU_GET_INFO, 0, JH_CPU_STATE, -CAPSULE_EPERM),
		   expect_jailhouse(CAPSULE_JH_CPU_GET_INFO, 9999, JH_CPU_STATE, -CAPSULE_EINVAL),
		   jailhouse_putc("fault: said by Jailhouse's call\n"));
}

bool way_smc_unknown(uintptr_t arg)
{
	(void)arg;
	return ALL(expect_smc(0, 0, NOT_SUPPORTED),
		   expect_smc(UINT64_MAX, 0, NOT_SUPPORTED),
		   expect_smc(0x84000051U, 0, NOT_SUPPORTED));	/* TRNG_FEATURES: not in the list */
}

bool way_smc_vendor(uintptr_t arg)
{
	(void)arg;
	return expect_smc(0x82000001U, 0, NOT_SUPPORTED),	/* silicon partner */
	       expect_smc(0xc3000001U, 0, NOT_SUPPORTED),	/* OEM */
	       expect_smc(0xb2000000U, 0, NOT_SUPPORTED),	/* trusted OS */
	       expect_smc(0xc6000020U, 0, NOT_SUPPORTED);	/* vendor-specific hypervisor */
}

/* Work-arounds return nothing useful, or NOT_SUPPORTED where the CPU needs none. */
bool way_smc_workaround(uintptr_t arg)
{
	static const uint32_t ids[] = {
		SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2, SMCCC_ARCH_WORKAROUND_3,
	};
	bool ok = true;
	unsigned int i;
	int32_t features;

	(void)arg;
	for (i = 0; i < 3; i++) {
		features = (int32_t)(uint32_t)smccc_smc(SMCCC_ARCH_FEATURES, ids[i], 0, 0).x[0];
		ok &= expect(features >= -2 && features <= 1, "ARCH_FEATURES", (uint64_t)features);
		smccc_smc(ids[i], 0, 0, 0);
		smccc_hvc(ids[i], 0, 0, 0);
	}
	return ok;
}

/* SMCCC reserves other immediates: NOT_SUPPORTED, or the exception of an undefined instruction. */
bool way_smc_immediate(uintptr_t arg)
{
	const struct exception_record *record;
	struct smccc_result r;

	(void)arg;
	exception_watch_begin();
	r = SMCCC_CALL("smc #7", PSCI_VERSION_FID, 0, 0, 0, 0, 0, 0, 0);
	record = exception_watch_end();
	if (record->count)
		return was_undefined(record);
	return expect((int64_t)r.x[0] == NOT_SUPPORTED, "smc #7", r.x[0]);
}

/*
 * Goes to the firmware, which may know it or not; either way the guest goes on.
 * Argument: PSCI 0.1's CPU_ON, if the configuration lists it, which firmware
 * refuses for a CPU that does not exist.
 */
bool way_smc_listed(uintptr_t arg)
{
	uint64_t fid = arg_or(arg, TRNG_VERSION);
	int32_t result = (int32_t)(uint32_t)smccc_smc(fid, NO_SUCH_CPU, 0, 0).x[0];

	if (arg)
		return expect(result == INVALID_PARAMETERS, "SMC", (uint64_t)result);
	return expect(result == NOT_SUPPORTED || result >= 0x10000, "TRNG_VERSION",
		      (uint64_t)result);
}

bool way_smccc_version(uintptr_t arg)
{
	bool ok = true;

	(void)arg;
	ok &= expect_hvc(SMCCC_VERSION, 0, 0x10002);
	ok &= expect_smc(SMCCC_VERSION, 0, 0x10002);
	ok &= expect_hvc(PSCI_VERSION_FID, 0, 0x10001);
	ok &= expect_smc(PSCI_VERSION_FID, 0, 0x10001);
	ok &= expect_hvc(CAPSULE_CALL_VERSION, 0, CAPSULE_ABI_VERSION);
	return ALL(expect(native_present(), "UID", 0), ok);
}

/* Every owner, fast and yielding, both widths, a few numbers that nobody defines. */
bool way_smccc_sweep(uintptr_t arg)
{
	static const uint32_t functions[] = { 0x4f, 0x1234, 0x7ffe, 0xfffe };
	static const uint32_t kinds[] = { 0, FID_64, FID_FAST, FID_FAST | FID_64 };
	bool ok = true;
	unsigned int kind;
	unsigned int owner;
	unsigned int i;

	(void)arg;
	for (kind = 0; kind < 4; kind++)
		for (owner = 0; owner < 64; owner++)
			for (i = 0; i < 4; i++) {
				uint32_t fid = kinds[kind] | owner << OWNER_SHIFT | functions[i];

				ok &= expect_hvc(fid, 0, NOT_SUPPORTED);
				ok &= expect_smc(fid, 0, NOT_SUPPORTED);
			}
	return ok;
}

/* Both are wrong, the CPU and the address: either may be named. */
static bool on_at_bad_address(void)
{
	int32_t ret = psci_cpu_on(smp_mpidr(smp_cpu()), AT_OUTSIDE, 0);

	return expect(ret == PSCI_ALREADY_ON || ret == PSCI_INVALID_ADDRESS,
		      "CPU_ON, itself, bad address", (uint64_t)ret);
}

static bool expect_psci(const char *what, int32_t seen, int32_t expected)
{
	if (seen != expected)
		printf("fault:   %s: %d, expected %d\n", what, seen, expected);
	return seen == expected;
}

/* A power-down state has no sense here: refused, or taken as standby, which the timer ends. */
static bool suspend_power_down(void)
{
	int32_t ret;

	gic_enable(TIMER_VIRT_INTID);
	timer_arm_virt(timer_now() + timer_ms_to_ticks(1));
	ret = psci_cpu_suspend(1U << 16, 0x12345, 0);
	timer_stop_virt();
	return expect(ret <= 0, "CPU_SUSPEND, power down", (uint64_t)ret);
}

bool way_psci_arguments(uintptr_t arg)
{
	uint64_t self = smp_mpidr(smp_cpu());
	uint64_t entry = (uintptr_t)way_psci_arguments;
	uint64_t none = smp_mpidr(smp_num_cpus());

	(void)arg;
	return ALL(expect_psci("CPU_ON, no such CPU", psci_cpu_on(none, entry, 0),
				       PSCI_INVALID_PARAMETERS),
		   expect_psci("CPU_ON, reserved bits", psci_cpu_on(self | 1UL << 31, entry, 0),
			   PSCI_INVALID_PARAMETERS),
		   expect_psci("CPU_ON, all ones", psci_cpu_on(UINT64_MAX, entry, 0),
				       PSCI_INVALID_PARAMETERS),
		   expect_psci("CPU_ON, itself", psci_cpu_on(self, entry, 0), PSCI_ALREADY_ON),
		   expect_psci("AFFINITY_INFO, itself", psci_affinity_info(self, 0), PSCI_AFF_ON),
		   expect_psci("AFFINITY_INFO, no such CPU", psci_affinity_info(none, 0),
			   PSCI_INVALID_PARAMETERS),
		   expect_psci("AFFINITY_INFO, level 4", psci_affinity_info(self, 4),
				       PSCI_INVALID_PARAMETERS),
		   on_at_bad_address(),
		   suspend_power_down());
}

bool way_psci_unknown(uintptr_t arg)
{
	static const uint32_t absent[] = {
		0x84000005U,	/* MIGRATE */
		0x8400000bU,	/* CPU_FREEZE */
		0x8400000cU,	/* CPU_DEFAULT_SUSPEND */
		0xc400000eU,	/* SYSTEM_SUSPEND */
		0x84000013U,	/* MEM_PROTECT */
		0x8400001fU,	/* the last of the range */
	};
	bool ok = true;
	unsigned int i;

	(void)arg;
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		ok &= expect_psci("PSCI_FEATURES of an absent function", psci_features(absent[i]),
				  PSCI_NOT_SUPPORTED);
		ok &= expect_psci("absent function by HVC",
				  (int32_t)(uint32_t)smccc_hvc(absent[i], 0, 0, 0).x[0],
				  PSCI_NOT_SUPPORTED);
		ok &= expect_psci("absent function by SMC",
				  (int32_t)(uint32_t)smccc_smc(absent[i], 0, 0, 0).x[0],
				  PSCI_NOT_SUPPORTED);
	}
	return ok;
}

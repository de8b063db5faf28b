// SPDX-License-Identifier: Apache-2.0
#include "psci.h"

#include <capsule/error.h>

#include "gic.h"
#include "hvmap.h"
#include "lifecycle.h"
#include "nospec.h"
#include "power.h"
#include "stage2.h"
#include "start.h"
#include "sysreg.h"

#define PSCI_BASE		0x84000000U
#define PSCI_64			0x40000000U
#define PSCI_LAST		0x1fU

enum psci_function {
	FN_VERSION = 0, FN_CPU_SUSPEND = 1, FN_CPU_OFF = 2, FN_CPU_ON = 3,
	FN_AFFINITY_INFO = 4, FN_MIGRATE = 5, FN_MIGRATE_INFO_TYPE = 6,
	FN_SYSTEM_OFF = 8, FN_SYSTEM_RESET = 9, FN_FEATURES = 10, FN_CPU_FREEZE = 11,
	FN_CPU_DEFAULT_SUSPEND = 12, FN_SYSTEM_SUSPEND = 14, FN_SYSTEM_RESET2 = 18,
};

#define PSCI_SUCCESS		0
#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS	(-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)
#define PSCI_INTERNAL_FAILURE	(-6)
#define PSCI_INVALID_ADDRESS	(-9)
#define AFFINITY_ON		0
#define AFFINITY_OFF		1
#define AFFINITY_ON_PENDING	2
#define TOS_NOT_PRESENT		2
#define SMCCC_VERSION_ID	0x80000000U

static int64_t firmware_call(uint32_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x[18] = { PSCI_BASE | PSCI_64 | fn, a, b, c };

	return smc_forward(x) ? (int64_t)x[0] : PSCI_NOT_SUPPORTED;
}

int psci_firmware_cpu_on(struct pcpu *pcpu)
{
	uint64_t entry = pa_addr(hv_pa(el2_cpu_entry));

	return firmware_call(FN_CPU_ON, pcpu->mpidr, entry, pcpu->id) ? -CAPSULE_EIO : 0;
}

void psci_firmware_cpu_off(void)
{
	uint64_t x[18] = { PSCI_BASE | FN_CPU_OFF };

	smc_forward(x);
}

int64_t psci_firmware_affinity(const struct pcpu *pcpu)
{
	return firmware_call(FN_AFFINITY_INFO, pcpu->mpidr, 0, 0);
}

/* Arguments of 32-bit calls are the low halves. */
static uint64_t arg(const struct trap_frame *frame, unsigned n)
{
	return (uint32_t)frame->x[0] & PSCI_64 ? frame->x[n] : (uint32_t)frame->x[n];
}

static int64_t cpu_on(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint64_t target = arg(frame, 1);
	struct vcpu *other = NULL;
	int rc;

	if (!(target & ~MPIDR_AFF_MASK))
		other = cell_vcpu_by_mpidr(vcpu->cell, target);
	if (!other)
		return PSCI_INVALID_PARAMETERS;
	if (!stage2_executable(vcpu->cell, arg(frame, 2)))
		return PSCI_INVALID_ADDRESS;
	rc = power_on(other, arg(frame, 2), arg(frame, 3));
	if (rc == -CAPSULE_EEXIST)
		return PSCI_ALREADY_ON;
	if (rc == -CAPSULE_EBUSY)
		return PSCI_ON_PENDING;
	if (rc == -CAPSULE_EPERM)
		return PSCI_DENIED;
	return rc ? PSCI_INTERNAL_FAILURE : PSCI_SUCCESS;
}

/*
 * After a park the frame is another start's and must keep its x0; the vCPU
 * that called is off, perhaps freed.
 */
static int64_t parked_result(void)
{
	return (int64_t)this_pcpu()->current->context;
}

static int64_t cpu_off(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)frame;
	power_park(vcpu->pcpu);
	return parked_result();
}

static int64_t affinity_info(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint64_t target = arg(frame, 1);
	const struct vcpu *other = NULL;

	if (!(target & ~MPIDR_AFF_MASK) && arg(frame, 2) == 0)
		other = cell_vcpu_by_mpidr(vcpu->cell, target);
	if (!other)
		return PSCI_INVALID_PARAMETERS;
	switch (__atomic_load_n(&other->power, __ATOMIC_ACQUIRE)) {
	case VCPU_ON:
		return AFFINITY_ON;
	case VCPU_ON_PENDING:
		return AFFINITY_ON_PENDING;
	default:
		return AFFINITY_OFF;
	}
}

/*
 * Every state is entered as standby: the call returns when an interrupt is
 * pending, with no context lost, which a caller has to expect (5.1.2).
 */
static int64_t cpu_suspend(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)frame;
	dsb(sy);
	if (!gic_has_pending(vcpu))
		wfi();
	return PSCI_SUCCESS;
}

static int64_t version(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)vcpu;
	(void)frame;
	return PSCI_VERSION_1_1;
}

static int64_t migrate_info_type(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)vcpu;
	(void)frame;
	return TOS_NOT_PRESENT;
}

static int64_t denied(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)vcpu;
	(void)frame;
	return PSCI_DENIED;
}

static int64_t system_off(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)frame;
	lifecycle_guest_off(vcpu);
	return parked_result();
}

static int64_t system_reset(struct vcpu *vcpu, struct trap_frame *frame)
{
	(void)frame;
	lifecycle_guest_reset(vcpu);
	return parked_result();
}

static int64_t features(struct vcpu *vcpu, struct trap_frame *frame);

struct psci_entry {
	int64_t (*cell)(struct vcpu *vcpu, struct trap_frame *frame);
	/* NULL: firmware answers the agency */
	int64_t (*agency)(struct vcpu *vcpu, struct trap_frame *frame);
};

static const struct psci_entry table[] = {
	[FN_VERSION] = { version, NULL },
	[FN_CPU_SUSPEND] = { cpu_suspend, cpu_suspend },
	[FN_CPU_OFF] = { cpu_off, cpu_off },
	[FN_CPU_ON] = { cpu_on, cpu_on },
	[FN_AFFINITY_INFO] = { affinity_info, affinity_info },
	[FN_MIGRATE_INFO_TYPE] = { migrate_info_type, NULL },
	[FN_SYSTEM_OFF] = { system_off, NULL },
	[FN_SYSTEM_RESET] = { system_reset, NULL },
	[FN_FEATURES] = { features, NULL },
	[FN_CPU_FREEZE] = { NULL, denied },
	[FN_CPU_DEFAULT_SUSPEND] = { NULL, denied },
	[FN_SYSTEM_SUSPEND] = { NULL, denied },
	[FN_SYSTEM_RESET2] = { system_reset, NULL },
};

/* Functions with a 64-bit form (DEN 0022, 5.1). */
#define FN_64	(BIT(FN_CPU_SUSPEND) | BIT(FN_CPU_ON) | BIT(FN_AFFINITY_INFO) | \
		 BIT(FN_MIGRATE) | BIT(FN_CPU_DEFAULT_SUSPEND) | BIT(FN_SYSTEM_SUSPEND) | \
		 BIT(FN_SYSTEM_RESET2))

static bool is_function(uint32_t fn)
{
	uint32_t n = fn & ~(PSCI_BASE | PSCI_64);

	return n < ARRAY_SIZE(table) && (!(fn & PSCI_64) || FN_64 & BIT(n));
}

static int64_t features(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[1];
	uint32_t n = fn & ~(PSCI_BASE | PSCI_64);

	(void)vcpu;
	if (fn == SMCCC_VERSION_ID)
		return PSCI_SUCCESS;
	if ((fn & PSCI_BASE) == PSCI_BASE && is_function(fn) && table[n].cell)
		return PSCI_SUCCESS;
	return PSCI_NOT_SUPPORTED;
}

bool psci_call(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[0];
	uint32_t n = fn & ~(PSCI_BASE | PSCI_64);
	bool root = cell_is_root(vcpu->cell);
	int64_t (*handler)(struct vcpu *, struct trap_frame *) = NULL;

	if ((fn & ~(PSCI_64 | PSCI_LAST)) != PSCI_BASE)
		return false;
	if (is_function(fn))
		handler = root ? table[index_nospec(n, ARRAY_SIZE(table))].agency :
				 table[index_nospec(n, ARRAY_SIZE(table))].cell;
	if (!handler && root)
		return false;
	vcpu->pcpu->status->exits[CAPSULE_EXIT_PSCI]++;
	frame->x[0] = (uint64_t)(handler ? handler(vcpu, frame) : PSCI_NOT_SUPPORTED);
	return true;
}

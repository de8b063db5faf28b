/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: HVC and SMC. */
#include <capsule/call.h>
#include <inmate/native.h>
#include <inmate/psci.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>

#include "bench.h"

#define TEXT	"bench: a line of the console, of forty-eight.  \n"

static void psci_version_hvc(void)
{
	smccc_hvc(PSCI_VERSION_FID, 0, 0, 0);
}

static void psci_version_smc(void)
{
	smccc_smc(PSCI_VERSION_FID, 0, 0, 0);
}

static void psci_affinity(void)
{
	psci_affinity_info(smp_mpidr(0), 0);
}

static void smccc_version(void)
{
	smccc_hvc(SMCCC_VERSION, 0, 0, 0);
}

static void workaround_1(void)
{
	smccc_hvc(SMCCC_ARCH_WORKAROUND_1, 0, 0, 0);
}

static void native(void)
{
	native_version();
}

static void console_write(void)
{
	if (native_console_write(TEXT, sizeof(TEXT) - 1) != sizeof(TEXT) - 1)
		bench_fail("console write refused", 0);
}

static void jailhouse(void)
{
	jailhouse_call(CAPSULE_JH_CPU_GET_INFO, 0, 0);
}

const struct bench_op bench_calls[] = {
	{ "psci-version-hvc", NULL, NULL, psci_version_hvc, NULL },
	{ "psci-version-smc", NULL, NULL, psci_version_smc, NULL },
	{ "psci-affinity-info", NULL, NULL, psci_affinity, NULL },
	{ "smccc-version", NULL, NULL, smccc_version, NULL },
	{ "smccc-workaround-1", NULL, NULL, workaround_1, NULL },
	{ "native-version", NULL, NULL, native, NULL },
	{ "console-write-48", NULL, NULL, console_write, NULL },
	{ "jailhouse-cpu-info", NULL, NULL, jailhouse, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

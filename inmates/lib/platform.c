/* SPDX-License-Identifier: Apache-2.0 */
#include <capsule/comm.h>
#include <capsule/config.h>
#include <inmate/comm.h>
#include <inmate/console.h>
#include <inmate/gic.h>
#include <inmate/platform.h>

static struct platform platform;

#ifdef INMATE_BARE
void platform_init(void)
{
	platform.gic_version = 3;
	platform.console_type = CAPSULE_CON_PL011;
	platform.console_base = 0x09000000;
	platform.gicd_base = 0x08000000;
	platform.gicr_base = 0x080a0000;
}
#else
void platform_init(void)
{
	const struct capsule_comm_region *comm = comm_region();

	if (!comm)
		return;
	platform.comm = true;
	platform.vconsole_permitted = comm->flags & CAPSULE_COMM_DBG_PUTC_PERMITTED;
	platform.vconsole_active = comm->flags & CAPSULE_COMM_DBG_PUTC_ACTIVE;
	platform.gic_version = comm->gic_version;
	platform.console_type = comm->console.type;
	platform.console_base = comm->console.address;
	platform.gicd_base = comm->gicd_base;
	platform.gicc_base = comm->gicc_base;
	platform.gicr_base = comm->gicr_base;
}
#endif

const struct platform *platform_get(void)
{
	return &platform;
}

__attribute__((weak)) void inmate_early(void)
{
}

void inmate_primary(void)
{
	platform_init();
	console_init();
	inmate_early();
	gic_init();
	gic_cpu_init();
	inmate_main();
	comm_shut_down();
}

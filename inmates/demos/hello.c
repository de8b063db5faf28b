/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest guest: says who it is, then waits to be shut down. */
#include <inmate/comm.h>
#include <inmate/native.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/smp.h>

void inmate_main(void)
{
	printf("hello: CPU %u of %u, MPIDR %lx, EL%lu\n", smp_cpu(), smp_num_cpus(),
	       read_sysreg(mpidr_el1) & 0xffffffU, read_sysreg(currentel) >> 2);
	if (native_present())
		printf("hello: Capsule, interface version %lu.%lu\n",
		       (uint64_t)native_version() >> 16, (uint64_t)native_version() & 0xffffU);
	if (!platform_get()->comm) {
		printf("hello: no communication region, good bye\n");
		return;
	}
	printf("hello: waiting for a shutdown request\n");
	comm_wait_shutdown();
	printf("hello: shutting down\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* System registers of the fake CPU, in place of hypervisor/include/sysreg.h. */
#ifndef SYSREG_H
#define SYSREG_H

#include "barrier.h"
#include "util.h"

uint64_t fake_sysreg_read(const char *name);
void fake_sysreg_write(const char *name, uint64_t value);

#define SYSREG_STR(x)		#x
#define read_sysreg(r)		fake_sysreg_read(SYSREG_STR(r))
#define write_sysreg(r, v)	fake_sysreg_write(SYSREG_STR(r), (uint64_t)(v))

#define MPIDR_AFF_MASK		0xff00ffffffUL

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Building EL2's own tables; first CPU, while EL2 starts. */
#ifndef EL2_SPACE_H
#define EL2_SPACE_H

#include <capsule/error.h>

#include "vcpu.h"

/* Maps hypervisor memory (code, constants and data apart). Pool ready. */
int el2_space_init(void);
/* Window and stack guard of one CPU. */
int el2_space_init_cpu(struct pcpu *pcpu);
/* Physical address of the root table, for TTBR0_EL2. */
uint64_t el2_space_root(void);

#endif

// SPDX-License-Identifier: Apache-2.0
/* Not linked: its assembly output carries structure offsets for .S files. */
#include <capsule/call.h>
#include <capsule/image.h>

#include "layout.h"
#include "start.h"
#include "vcpu.h"

#define DEFINE(name, value) \
	__asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(struct type, member))

void asm_offsets(void);

void asm_offsets(void)
{
	OFFSET(PCPU_STACK_TOP, pcpu, stack_top);
	OFFSET(PCPU_CURRENT, pcpu, current);
	DEFINE(FRAME_SIZE, sizeof(struct trap_frame));
	OFFSET(BOOT_HV_SIZE, capsule_boot_info, hv_size);
	DEFINE(ABI_VERSION, CAPSULE_ABI_VERSION);
	DEFINE(CPU_BLOCK_SIZE, EL2_CPU_BLOCK_SIZE);
	DEFINE(FIXED_SIZE, EL2_FIXED_SIZE);
}

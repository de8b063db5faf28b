/* SPDX-License-Identifier: Apache-2.0 */
/* The Jailhouse guest interface: hvc #0x4a48, code in x0. */
#ifndef JAILHOUSE_H
#define JAILHOUSE_H

#include "vcpu.h"

/* Answer in x0, negative errno on error. Any cell whose configuration permits it. */
void jailhouse_call(struct vcpu *vcpu, struct trap_frame *frame);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Native calls: include/capsule/call.h. */
#ifndef CALL_H
#define CALL_H

#include "vcpu.h"

/* True if x0 is one of ours; the answer is in the frame. No lock held. */
bool native_call(struct vcpu *vcpu, struct trap_frame *frame);

#endif

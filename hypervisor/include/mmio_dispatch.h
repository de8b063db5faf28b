/* SPDX-License-Identifier: Apache-2.0 */
/* Which emulated register an access means. */
#ifndef MMIO_DISPATCH_H
#define MMIO_DISPATCH_H

#include "cell.h"
#include "mmio.h"

/* True for frames that are emulated whatever stage 2 says (interrupt controller, UART). */
bool mmio_claims(const struct cell *cell, uint64_t ipa);
/* Serves the access: emulated frames, then trapped regions of the cell. */
enum mmio_result mmio_dispatch(struct vcpu *vcpu, struct mmio_access *a);

/*
 * Regions that always trap: smaller than a page, or with permitted widths.
 * Number in an OWN_KIND_MMIO annotation: index of the first such region in
 * that page.
 */
bool mmio_region_traps(const struct capsule_memory *m);

#endif

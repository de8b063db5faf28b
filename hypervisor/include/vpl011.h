/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual PL011 (Arm DDI 0183, r1p5) for a cell whose configuration has
 * CAPSULE_CON_VIRTUAL: what the guest sends goes to the cell's console ring,
 * what the agency types becomes its input.
 */
#ifndef VPL011_H
#define VPL011_H

#include "cell.h"
#include "mmio.h"

static inline bool vpl011_present(const struct cell *cell)
{
	return cell->config->console.flags & CAPSULE_CON_VIRTUAL && !cell_is_root(cell);
}

/* True if the address lies in the UART's page. */
static inline bool vpl011_claims(const struct cell *cell, uint64_t ipa)
{
	return vpl011_present(cell) && (ipa & PAGE_MASK) == cell->config->console.address;
}

/*
 * As firmware leaves a UART: on, 8N1, FIFOs on, no interrupt enabled. After
 * gic_cell_reset(), no vCPU of the cell runs.
 */
void vpl011_reset(struct cell *cell);
/*
 * Input for the guest, from any CPU; returns bytes taken, *room what is left.
 * A cell that does not run takes none. If not all were taken or no room is
 * left, the agency is notified when half the buffer is free, or at the start.
 */
unsigned vpl011_input(struct cell *cell, const uint8_t *bytes, unsigned n, uint64_t *room);
/*
 * An access to the page. MMIO_ABORT for one that is not aligned to a register
 * or wider than it; registers that do not exist read as zero.
 */
enum mmio_result vpl011_mmio(struct vcpu *vcpu, struct mmio_access *a);

#endif

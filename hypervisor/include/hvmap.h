/* SPDX-License-Identifier: Apache-2.0 */
/* EL2's own address space. */
#ifndef HVMAP_H
#define HVMAP_H

#include "addr.h"
#include "vcpu.h"

/*
 * Maps device registers (nGnRE, no execute) at a fixed EL2 address for good.
 * pa and size are page multiples. NULL if the address space or the page pool
 * is exhausted. Only while EL2 starts, on the first CPU.
 */
void *hv_map_device(pa_t pa, uint64_t size);

/* Hypervisor memory by physical address and back (image, CPU blocks, pool). */
void *hv_va(pa_t pa);
pa_t hv_pa(const void *va);

/* Physical range of hypervisor memory. */
extern pa_t hv_phys;
extern uint64_t hv_size;

/*
 * Short-lived window of this CPU onto normal memory that EL2 does not own
 * (write-back cacheable, no execute). pa .. pa + size must lie within
 * 2 MiB - PAGE_SIZE. One window at a time per CPU; unmap ends it with the TLB
 * maintenance it needs on this CPU.
 */
void *hv_window_map(pa_t pa, uint64_t size);
/* The same onto the page of one device register (nGnRE). */
void *hv_window_map_device(pa_t pa);
void hv_window_unmap(void);

#endif

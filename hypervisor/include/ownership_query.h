/* SPDX-License-Identifier: Apache-2.0 */
/* What emulated DMA masters may be pointed at. */
#ifndef OWNERSHIP_QUERY_H
#define OWNERSHIP_QUERY_H

#include <stdbool.h>

#include "addr.h"

/*
 * True if every page of [pa, pa + size) is mapped in the agency as its own.
 * Takes the agency's table lock. Bounded: refuses more than 64 MiB.
 */
bool agency_owns_ram(pa_t pa, uint64_t size);

#endif

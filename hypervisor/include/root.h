/* SPDX-License-Identifier: Apache-2.0 */
/* The root cell (agency). */
#ifndef ROOT_H
#define ROOT_H

#include <capsule/config.h>
#include <stdint.h>

extern const struct capsule_system *system_config;

/* The agency's driver is to look what changed. Any CPU, any lock held. */
void root_notify(void);

int root_check_config(const struct capsule_system *sys, uint64_t size, uint64_t answer[4]);
/*
 * Builds the root cell: everything mapped but hypervisor memory and emulated
 * frames; the status area readable. online: bit n, CPU n enters now. After
 * gic_init(). 0 or negative errno with answer[1..3].
 */
int root_init(const struct capsule_system *sys, uint64_t online, uint64_t answer[4]);

#endif

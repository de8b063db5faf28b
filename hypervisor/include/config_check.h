/* SPDX-License-Identifier: Apache-2.0 */
/* What EL2's own safety depends on in a configuration; the tool checks the rest. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <capsule/config.h>

/*
 * Form of a cell description that lies complete in EL2's memory: size bytes,
 * tables, names, flags, alignment, no two regions on one guest address. 0 or
 * -EINVAL with answer[1..3].
 */
int config_check_cell(const struct capsule_cell_desc *c, uint32_t size, uint32_t valid_flags,
		      uint64_t answer[4]);
int config_check_system(const struct capsule_system *s, uint32_t size, uint64_t answer[4]);

#endif

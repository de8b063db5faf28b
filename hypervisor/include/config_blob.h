/* SPDX-License-Identifier: Apache-2.0 */
/* Accessors for the tables that follow a cell descriptor. */
#ifndef CONFIG_BLOB_H
#define CONFIG_BLOB_H

#include <capsule/config.h>

static inline const uint64_t *config_cpus(const struct capsule_cell_desc *c)
{
	return (const uint64_t *)(const void *)(c + 1);
}

static inline const struct capsule_memory *
config_regions(const struct capsule_cell_desc *c)
{
	return (const struct capsule_memory *)(const void *)
		((const uint8_t *)(c + 1) + c->cpu_set_size);
}

static inline const struct capsule_irqchip *
config_irqchips(const struct capsule_cell_desc *c)
{
	return (const struct capsule_irqchip *)(const void *)
		(config_regions(c) + c->num_memory_regions);
}

static inline const uint32_t *config_smc_ids(const struct capsule_cell_desc *c)
{
	return (const uint32_t *)(const void *)
		(config_irqchips(c) + c->num_irqchips);
}

#endif

// SPDX-License-Identifier: Apache-2.0
/* What every part needs to know of a cell. */
#include "cell.h"

#define NO_VCPU	0xff

/* Aff3:Aff2:Aff1 of an MPIDR. */
static uint32_t cluster_of(uint64_t mpidr)
{
	return (uint32_t)((mpidr >> 32 & 0xff) << 16 | (mpidr >> 8 & 0xffff));
}

static int find_cluster(const struct affinity_map *map, uint32_t cluster)
{
	for (unsigned i = 0; i < map->num; i++)
		if (map->cluster[i] == cluster)
			return (int)i;
	return -1;
}

bool affinity_add(struct affinity_map *map, uint64_t mpidr, unsigned index)
{
	int c = find_cluster(map, cluster_of(mpidr));

	if (c < 0) {
		if (map->num == CLUSTERS_PER_CELL)
			return false;
		c = (int)map->num++;
		map->cluster[c] = cluster_of(mpidr);
		memset(map->vcpu[c], NO_VCPU, sizeof(map->vcpu[c]));
	}
	if ((mpidr & 0xff) >= 16)
		return false;
	map->vcpu[c][mpidr & 0xf] = (uint8_t)index;
	return true;
}

struct vcpu *cell_vcpu_by_mpidr(const struct cell *cell, uint64_t mpidr)
{
	int c = find_cluster(&cell->affinity, cluster_of(mpidr));
	unsigned index;

	if (c < 0 || (mpidr & 0xff) >= 16)
		return NULL;
	index = cell->affinity.vcpu[c][mpidr & 0xf];
	return index == NO_VCPU ? NULL : cell->vcpu[index];
}

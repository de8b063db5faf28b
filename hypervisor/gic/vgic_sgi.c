/* SPDX-License-Identifier: Apache-2.0 */
/* Software generated interrupts between the vCPUs of a cell. */
#include "gic_internal.h"

/*
 * Whoever finds the bit set needs no kick of its own: the kick of who set it
 * is on its way, or the SGI is masked, or waits for a list register.
 */
static void send(const struct vcpu *from, struct vcpu *to, uint32_t intid)
{
	uint32_t bit = 1U << intid;

	if (__atomic_load_n(&to->power, __ATOMIC_RELAXED) != VCPU_ON)
		return;
	if (__atomic_fetch_or(&to->vgic.pending, bit, __ATOMIC_ACQ_REL) & bit)
		return;
	if (to != from)
		gic_kick(to->pcpu);
}

static const uint8_t *find_cluster(const struct affinity_map *map, uint32_t cluster)
{
	for (unsigned i = 0; i < map->num; i++)
		if (map->cluster[i] == cluster)
			return map->vcpu[i];
	return NULL;
}

static void send_to_list(const struct vcpu *from, uint64_t value, uint32_t intid)
{
	uint32_t cluster = (uint32_t)(FIELD_GET(ICC_SGIR_AFF3, value) << 16 |
				      FIELD_GET(ICC_SGIR_AFF2, value) << 8 |
				      FIELD_GET(ICC_SGIR_AFF1, value));
	uint32_t targets = (uint32_t)(value & ICC_SGIR_TARGETS);
	const uint8_t *row = find_cluster(&from->cell->affinity, cluster);

	/* Aff0 above 15 would need the range selector: no vCPU has it. */
	if (!row || value & ICC_SGIR_RS)
		return;
	for (; targets; targets &= targets - 1) {
		uint8_t index = row[__builtin_ctz(targets)];

		if (index < from->cell->num_vcpus && from->cell->vcpu[index])
			send(from, from->cell->vcpu[index], intid);
	}
}

void gic_sgi_write(struct vcpu *vcpu, uint64_t value)
{
	uint32_t intid = (uint32_t)FIELD_GET(ICC_SGIR_INTID, value);

	if (!(value & ICC_SGIR_IRM)) {
		send_to_list(vcpu, value, intid);
		gic_flush(vcpu);
		return;
	}
	for (unsigned i = 0; i < vcpu->cell->num_vcpus; i++) {
		struct vcpu *to = vcpu->cell->vcpu[i];

		if (to && to != vcpu)
			send(vcpu, to, intid);
	}
}

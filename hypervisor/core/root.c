// SPDX-License-Identifier: Apache-2.0
#include "root.h"

#include "answer.h"
#include "config_blob.h"
#include "config_check.h"
#include "gic.h"
#include "hvmap.h"
#include "lifecycle.h"
#include "ownership.h"
#include "ownership_query.h"
#include "stage2.h"
#include "start.h"

#define QUERY_MAX	(64UL << 20)

struct cell root_cell;
struct cell *cells[CAPSULE_MAX_CELLS];
const struct capsule_system *system_config;

void root_notify(void)
{
	gic_set_spi_pending(system_config->platform_info.notify_irq);
}

int root_check_config(const struct capsule_system *sys, uint64_t size, uint64_t answer[4])
{
	int rc = config_check_system(sys, (uint32_t)size, answer);

	if (rc)
		return rc;
	if (pa_addr(hv_phys) != sys->hypervisor_memory.phys_start ||
	    hv_size != sys->hypervisor_memory.size)
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_REGION, 0,
			      sys->hypervisor_memory.phys_start);
	return 0;
}

/* By exclusion: the whole physical address space, or the listed regions only. */
static int map_agency(const struct capsule_cell_desc *config)
{
	const struct capsule_memory *m = config_regions(config);
	int rc = 0;

	if (!(config->flags & CAPSULE_ROOT_STRICT_MEMORY))
		return pgt_map(&root_cell.s2, 0, pa_init(0), UINT64_C(1) << stage2_ia_bits(),
			       OWN_AGENCY_ATTR);
	for (unsigned i = 0; !rc && i < config->num_memory_regions; i++)
		rc = pgt_map(&root_cell.s2, m[i].phys_start, pa_init(m[i].phys_start),
			     ALIGN_UP(m[i].size, PAGE_SIZE), OWN_AGENCY_ATTR);
	return rc;
}

/* The status area is the only hypervisor memory the agency sees, and it cannot write there. */
static int show_status(void)
{
	pa_t pa = hv_pa(status_area);

	return pgt_map(&root_cell.s2, pa_addr(pa), pa, STATUS_AREA_SIZE,
		       PGT_R | PGT_STATE(OWN_SHARED_LAST));
}

static int take_memory(const struct capsule_cell_desc *config, uint64_t answer[4])
{
	uint64_t fail = 0;
	int rc = stage2_create(&root_cell);

	answer[1] = CAPSULE_REASON_NO_POOL;
	if (!rc)
		rc = map_agency(config);
	if (!rc)
		rc = own_check_claim(&root_cell.s2, hv_phys, hv_size, &fail);
	if (rc)
		return rc;
	own_commit_claim(&root_cell.s2, hv_phys, hv_size);
	rc = show_status();
	if (!rc)
		rc = gic_unmap_frames(&root_cell.s2);
	return rc;
}

static void init_vcpus(uint64_t online)
{
	root_cell.num_vcpus = num_pcpus;
	for (unsigned i = 0; i < num_pcpus; i++) {
		struct vcpu *v = &pcpus[i]->agency_vcpu;

		v->cell = &root_cell;
		v->pcpu = pcpus[i];
		v->index = i;
		v->mpidr = pcpus[i]->mpidr | BIT(31);
		v->power = online & BIT(i) ? VCPU_ON : VCPU_OFF;
		pcpus[i]->current = v;
		root_cell.vcpu[i] = v;
		root_cell.cpus |= BIT(i);
		affinity_add(&root_cell.affinity, pcpus[i]->mpidr, i);
	}
}

int root_init(const struct capsule_system *sys, uint64_t online, uint64_t answer[4])
{
	struct capsule_cell_status *st = &status_area->cell[0];
	int rc;

	system_config = sys;
	root_cell.config = (struct capsule_cell_desc *)(uintptr_t)&sys->root_cell;
	root_cell.status = st;
	cells[0] = &root_cell;
	rc = take_memory(root_cell.config, answer);
	if (rc)
		return rc;
	init_vcpus(online);
	st->state = CAPSULE_CELL_RUNNING;
	st->cpus = root_cell.cpus;
	memcpy(st->name, root_cell.config->name, sizeof(st->name));
	lifecycle_update_pool();
	return 0;
}

bool agency_owns_ram(pa_t pa, uint64_t size)
{
	uint64_t at = pa_addr(pa), end = at + size;
	struct pgt_leaf leaf;
	bool ok = size <= QUERY_MAX && end >= at;

	spin_lock(&root_cell.s2_lock);
	while (ok && at < end) {
		ok = !pgt_lookup(&root_cell.s2, at, &leaf) && leaf.valid &&
		     (leaf.attr & PGT_W) && PGT_STATE_OF(leaf.attr) == OWN_OWNED;
		at = leaf.entry_ia + leaf.size;
	}
	spin_unlock(&root_cell.s2_lock);
	return ok;
}

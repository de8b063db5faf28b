// SPDX-License-Identifier: Apache-2.0
/* From a configuration to a cell. Everything is checked first; lifecycle_free() undoes any part. */
#include "answer.h"
#include "check.h"
#include "config_blob.h"
#include "config_check.h"
#include "console.h"
#include "gic.h"
#include "hvmap.h"
#include "lifecycle.h"
#include "memory.h"
#include "ownership_query.h"
#include "pool.h"
#include "power.h"
#include "stage2.h"
#include "start.h"
#include "vpl011.h"

#define CELL_PAGES	2
_Static_assert(sizeof(struct cell) <= CELL_PAGES * PAGE_SIZE, "a cell fits its pages");
_Static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "a vCPU fits a page");

static int free_slot(void)
{
	for (unsigned i = 1; i < CAPSULE_MAX_CELLS; i++)
		if (!cells[i])
			return (int)i;
	return -CAPSULE_ENOMEM;
}

static unsigned pages_for(uint64_t size)
{
	unsigned pages = 1;

	while (pages * PAGE_SIZE < size)
		pages *= 2;
	return pages;
}

/* Copied once; all checks and all later use are of the copy. */
static int copy_config(struct cell *cell, pa_t pa, uint64_t size, uint64_t answer[4])
{
	cell->config_pages = pages_for(size);
	cell->config = pool_alloc_contig(cell->id, cell->config_pages);
	if (!cell->config)
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL,
			      pool_total() - pool_used(), 0);
	memcpy(cell->config, hv_window_map(pa, size), size);
	hv_window_unmap();
	return config_check_cell(cell->config, (uint32_t)size, CAPSULE_CELL_VALID_FLAGS, answer);
}

static int check_name(const struct cell *cell, uint64_t answer[4])
{
	for (unsigned i = 0; i < CAPSULE_MAX_CELLS; i++)
		if (cells[i] && !memcmp(cells[i]->config->name, cell->config->name,
					CAPSULE_NAME_LEN))
			return refuse(answer, -CAPSULE_EEXIST, CAPSULE_REASON_NAME_IN_USE, i, 0);
	return 0;
}

static struct vcpu *new_vcpu(struct cell *cell, struct pcpu *pcpu)
{
	struct vcpu *v = pool_alloc(cell->id);

	if (!v)
		return NULL;
	v->cell = cell;
	v->pcpu = pcpu;
	v->index = cell->num_vcpus;
	v->mpidr = cell_virtual_mpidr(v->index) | BIT(31);
	return v;
}

/* The CPU is the cell's from here on, so that the agency cannot switch it on any more. */
static int add_cpu(struct cell *cell, unsigned cpu, uint64_t answer[4])
{
	struct pcpu *p = cpu < num_pcpus ? pcpus[cpu] : NULL;
	struct vcpu *v;

	if (!p || p->current != &p->agency_vcpu)
		return refuse(answer, -CAPSULE_EBUSY, CAPSULE_REASON_CPU_NOT_OWNED, cpu, 0);
	v = new_vcpu(cell, p);
	if (!v)
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL, 0, 0);
	if (!power_take_parked(p, v)) {
		pool_free(v);
		return refuse(answer, -CAPSULE_EBUSY, CAPSULE_REASON_CPU_ONLINE, cpu, 0);
	}
	affinity_add(&cell->affinity, cell_virtual_mpidr(v->index), v->index);
	cell->vcpu[cell->num_vcpus++] = v;
	cell->cpus |= BIT(cpu);
	return 0;
}

static int add_cpus(struct cell *cell, uint64_t answer[4])
{
	const uint64_t *set = config_cpus(cell->config);
	int rc = 0;

	for (unsigned cpu = 0; !rc && cpu < cell->config->cpu_set_size * 8; cpu++) {
		if (!(set[cpu / 64] & BIT(cpu % 64)))
			continue;
		rc = add_cpu(cell, cpu, answer);
	}
	if (!rc && cell->num_vcpus == 0)
		rc = refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_CPU, 0, 0);
	return rc;
}

static int add_comm(struct cell *cell, uint64_t answer[4])
{
	cell->comm = pool_alloc(cell->id);
	if (!cell->comm)
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL, 0, 0);
	cell->comm_pa = pool_pa(cell->comm);
	return 0;
}

/* A virtual UART: its page and its interrupt are such that the guest can reach them. */
static int check_uart(const struct cell *cell, uint64_t answer[4])
{
	const struct capsule_console *c = &cell->config->console;

	if (!vpl011_present(cell))
		return 0;
	if (gic_owns_frame(c->address, PAGE_SIZE))
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_CONSOLE, c->type,
			      c->address);
	if (!gic_has_spi(c->irq))
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_IRQ, c->irq, 0);
	return 0;
}

static int build(struct cell *cell, pa_t config, uint64_t size, uint64_t answer[4])
{
	uint32_t intid = 0;
	int rc = copy_config(cell, config, size, answer);

	if (!rc)
		rc = check_name(cell, answer);
	if (!rc)
		rc = add_cpus(cell, answer);
	if (!rc)
		rc = add_comm(cell, answer);
	if (rc)
		return rc;
	rc = check_uart(cell, answer);
	if (rc)
		return rc;
	if (gic_cell_check(cell->config, &intid))
		return refuse(answer, -CAPSULE_EBUSY, CAPSULE_REASON_IRQ_NOT_OWNED, intid, 0);
	if (stage2_create(cell))
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL,
			      pool_total() - pool_used(), 0);
	if (gic_map_cell(&cell->s2))
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL,
			      pool_total() - pool_used(), 0);
	return memory_take(cell, answer);
}

/* The last check has succeeded: nothing here can fail. */
static void commit(struct cell *cell)
{
	struct capsule_cell_status *st = cell->status;

	cells[cell->id] = cell;
	gic_cell_take(cell);
	if (vpl011_present(cell))
		CHECK(gic_add_virtual_spi(cell, cell->config->console.irq));
	for (unsigned i = 0; i < cell->num_vcpus; i++)
		power_assign(cell->vcpu[i]->pcpu, cell->vcpu[i]);
	root_cell.status->cpus &= ~cell->cpus;
	st->cpus = cell->cpus;
	st->restarts = 0;
	memcpy(st->name, cell->config->name, sizeof(st->name));
	memset(&st->fault, 0, sizeof(st->fault));
	st->events++;
	console_reset(cell->id);
	cell->job = JOB_CLEAR_NEW;
	__atomic_store_n(&st->state, CAPSULE_CELL_CREATED, __ATOMIC_RELEASE);
	lifecycle_update_pool();
}

static void free_contig(void *first, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		pool_free((char *)first + i * PAGE_SIZE);
}

static void return_cpus(struct cell *cell)
{
	for (unsigned i = 0; i < cell->num_vcpus; i++) {
		struct pcpu *p = cell->vcpu[i]->pcpu;

		power_assign(p, &p->agency_vcpu);
	}
}

/* Everything that came from the pool. */
static void free_pages(struct cell *cell)
{
	unsigned id = cell->id;

	if (cell->s2.root)
		stage2_destroy(cell);
	if (cell->comm)
		pool_free(cell->comm);
	for (unsigned i = 0; i < cell->num_vcpus; i++)
		pool_free(cell->vcpu[i]);
	if (cell->config)
		free_contig(cell->config, cell->config_pages);
	free_contig(cell, CELL_PAGES);
	CHECK(pool_charged(id) == 0);
}

int lifecycle_create(pa_t config, uint64_t size, uint64_t answer[4])
{
	int id = free_slot();
	struct cell *cell;
	int rc;

	if (id < 0)
		return refuse(answer, id, CAPSULE_REASON_NO_SLOT, CAPSULE_MAX_CELLS - 1, 0);
	if (size < sizeof(struct capsule_cell_desc) || size > CAPSULE_CONFIG_MAX_SIZE ||
	    !agency_owns_ram(config, size))
		return refuse(answer, -CAPSULE_EFAULT, CAPSULE_REASON_CFG_SIZE, size, 0);
	cell = pool_alloc_contig((unsigned)id, CELL_PAGES);
	if (!cell)
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL, 0, 0);
	cell->id = (unsigned)id;
	cell->status = &status_area->cell[id];
	rc = build(cell, config, size, answer);
	if (rc) {
		cell->status->memory = 0;
		return_cpus(cell);
		free_pages(cell);
		lifecycle_update_pool();
		return rc;
	}
	commit(cell);
	return id;
}

void lifecycle_free(struct cell *cell)
{
	struct capsule_cell_status *st = cell->status;

	/* Whoever saw it under the distributor lock is done once that was taken again. */
	cells[cell->id] = NULL;
	gic_cell_give_back(cell);
	/* So is its last CPU, which stored its power state and then unlocked. */
	spin_lock(&cell->power_lock);
	spin_unlock(&cell->power_lock);
	return_cpus(cell);
	root_cell.status->cpus |= cell->cpus;
	free_pages(cell);
	st->cpus = 0;
	st->pool_pages = 0;
	memset(st->name, 0, sizeof(st->name));
	__atomic_store_n(&st->state, CAPSULE_CELL_NONE, __ATOMIC_RELEASE);
	lifecycle_update_pool();
}

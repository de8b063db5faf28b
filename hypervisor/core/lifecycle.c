// SPDX-License-Identifier: Apache-2.0
#include "lifecycle.h"

#include <capsule/call.h>

#include "answer.h"
#include "cache.h"
#include "config_blob.h"
#include "gic.h"
#include "hvmap.h"
#include "memory.h"
#include "pool.h"
#include "power.h"
#include "root.h"
#include "stage2.h"
#include "start.h"
#include "sysreg.h"
#include "vpl011.h"

#define EVENTS_PER_SECOND	10

/*
 * True if the agency is to be interrupted for it. A cell that restarts for
 * ever is counted, but does not keep the agency busy: it gets at most ten
 * interrupts a second.
 */
static bool count_event(struct cell *cell)
{
	uint64_t now = read_sysreg(cntpct_el0);
	bool early = now - cell->last_event < read_sysreg(cntfrq_el0) / EVENTS_PER_SECOND;

	cell->status->events++;
	if (early && cell->status->state == CAPSULE_CELL_RUNNING)
		return false;
	cell->last_event = now;
	return true;
}

/* The agency's driver is told that something changed. */
static void notify(struct cell *cell)
{
	if (count_event(cell))
		root_notify();
}

static void set_state(struct cell *cell, uint32_t state)
{
	__atomic_store_n(&cell->status->state, state, __ATOMIC_RELEASE);
}

void lifecycle_update_pool(void)
{
	status_area->pool_used = pool_used();
	for (unsigned i = 0; i < CAPSULE_MAX_CELLS; i++)
		if (cells[i])
			cells[i]->status->pool_pages = pool_charged(i);
}

static bool is_stopped(const struct cell *cell)
{
	uint32_t s = cell->status->state;

	return (s == CAPSULE_CELL_CREATED || s == CAPSULE_CELL_LOADABLE ||
		s == CAPSULE_CELL_SHUT_DOWN || s == CAPSULE_CELL_FAILED ||
		s == CAPSULE_CELL_RESET) &&
	       power_unparked(cell) == 0 && cell->job == JOB_NONE;
}

static int refuse_state(const struct cell *cell, uint64_t answer[4])
{
	uint32_t reason = CAPSULE_REASON_NOT_RUNNING;

	if (cell->status->state == CAPSULE_CELL_RUNNING)
		reason = CAPSULE_REASON_RUNNING;
	else if (cell->status->state == CAPSULE_CELL_FAILED)
		reason = CAPSULE_REASON_FAILED;
	return refuse(answer, -CAPSULE_EBUSY, reason, cell->status->state, 0);
}

static void begin_job(struct cell *cell, enum cell_job job)
{
	cell->job = job;
	cell->job_region = 0;
	cell->job_offset = 0;
}

int lifecycle_set_loadable(struct cell *cell, uint64_t answer[4])
{
	int rc;

	if (cell->job == JOB_CLEAR_NEW && power_unparked(cell) == 0)
		return 1;	/* begun before and given up */
	if (!is_stopped(cell))
		return refuse_state(cell, answer);
	if (cell->has_run && !(cell->config->flags & CAPSULE_CELL_DUMPABLE)) {
		begin_job(cell, JOB_CLEAR_NEW);
		cell->has_run = false;
		return 1;
	}
	if (!cell->loadable) {
		rc = memory_lend(cell, answer);
		if (rc)
			return rc;
		cell->loadable = true;
	}
	set_state(cell, CAPSULE_CELL_LOADABLE);
	lifecycle_update_pool();
	return 0;
}

/* Where the cell begins, this time and after each SYSTEM_RESET. */
static int set_entry(struct cell *cell, const struct start_args *args, uint64_t answer[4])
{
	bool given = args->flags & CAPSULE_START_ENTRY;

	if (args->flags & ~(uint64_t)(CAPSULE_START_ENTRY | CAPSULE_START_RELOAD))
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_FLAGS, args->flags, 0);
	if (given && !stage2_executable(cell, args->entry))
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_ENTRY, args->entry, 0);
	cell->entry = given ? args->entry : cell->config->cpu_reset_address;
	cell->context = given ? args->context : 0;
	cell->reload = args->flags & CAPSULE_START_RELOAD;
	return 0;
}

int lifecycle_start(struct cell *cell, const struct start_args *args, uint64_t answer[4])
{
	int rc;

	if (cell->status->state != CAPSULE_CELL_LOADABLE || !is_stopped(cell))
		return refuse_state(cell, answer);
	rc = set_entry(cell, args, answer);
	if (rc)
		return rc;
	memory_unlend(cell);
	cell->loadable = false;
	begin_job(cell, JOB_CLEAN);
	set_state(cell, CAPSULE_CELL_STARTING);
	return 0;
}

static void init_comm(struct cell *cell)
{
	const struct capsule_platform *p = &system_config->platform_info;
	const struct capsule_cell_desc *c = cell->config;
	struct capsule_comm_region *comm = cell->comm;

	memset(comm, 0, PAGE_SIZE);
	memcpy(comm->signature, CAPSULE_COMM_SIGNATURE, sizeof(comm->signature));
	comm->revision = CAPSULE_COMM_REVISION;
	if (c->flags & CAPSULE_CELL_CONSOLE_PERMITTED)
		comm->flags |= CAPSULE_COMM_DBG_PUTC_PERMITTED;
	if (c->flags & CAPSULE_CELL_CONSOLE_ACTIVE)
		comm->flags |= CAPSULE_COMM_DBG_PUTC_ACTIVE;
	comm->console.address = c->console.address;
	comm->console.size = c->console.size;
	comm->console.type = c->console.type;
	comm->console.flags = c->console.flags & (uint16_t)~CAPSULE_CON_VIRTUAL;
	comm->console.divider = c->console.divider;
	comm->pci_mmconfig_base = p->pci_mmconfig_base;
	comm->gic_version = p->gic_version;
	comm->gicd_base = p->gicd_base;
	comm->gicc_base = p->gicc_base;
	comm->gicr_base = p->gicr_base;
	cache_flush_poc(comm, PAGE_SIZE);
}

/*
 * From stopped to running under power_lock, so that nobody sees the one
 * without the other. The first CPU to be woken is returned.
 */
static struct vcpu *enter_running(struct cell *cell)
{
	struct vcpu *boot = cell->vcpu[0];

	init_comm(cell);
	cell->has_run = true;
	gic_cell_reset(cell);
	cell->status->comm_state = CAPSULE_COMM_RUNNING;
	cell->restart = false;
	boot->entry = cell->entry;
	boot->context = cell->context;
	boot->power = VCPU_ON_PENDING;
	set_state(cell, CAPSULE_CELL_RUNNING);
	vpl011_reset(cell);	/* last: who waits to send looks at the state */
	return boot;
}

void lifecycle_run(struct cell *cell)
{
	struct vcpu *boot;

	memset(&cell->status->fault, 0, sizeof(cell->status->fault));
	spin_lock(&cell->power_lock);
	boot = enter_running(cell);
	spin_unlock(&cell->power_lock);
	notify(cell);
	gic_kick(boot->pcpu);
}

/*
 * The guest may use the page with its caches off or as Device memory, EL2
 * uses it cacheable: cleaned after EL2's stores, invalidated before its loads.
 */
static void sync_comm(const struct cell *cell)
{
	cache_flush_poc(cell->comm, sizeof(*cell->comm));
}

int lifecycle_shutdown(struct cell *cell, uint64_t answer[4])
{
	struct capsule_comm_region *comm = cell->comm;

	if (cell->status->state != CAPSULE_CELL_RUNNING)
		return refuse_state(cell, answer);
	if ((cell->config->flags & CAPSULE_CELL_PASSIVE_COMMREG) ||
	    comm->cell_state > CAPSULE_COMM_RUNNING_LOCKED)
		return 0;
	/* The cell may read the message as soon as it sees the cleared reply. */
	comm->reply_from_cell = CAPSULE_REPLY_NONE;
	sync_comm(cell);
	comm->msg_to_cell = CAPSULE_MSG_SHUTDOWN_REQUEST;
	sync_comm(cell);
	return 1;
}

/*
 * Leaves RUNNING (or a stop under way) for state: CPUs about to run are
 * cancelled, those that run are signalled, but for the caller's own. The last
 * one to park completes the stop; if none runs it is complete now. False if
 * the cell was not running.
 */
static bool stop_cpus(struct cell *cell, uint32_t state, bool restart, const struct vcpu *self)
{
	uint64_t kick = 0;
	bool idle = true;
	bool running;

	spin_lock(&cell->power_lock);
	running = cell->status->state == CAPSULE_CELL_RUNNING ||
		  (cell->status->state == CAPSULE_CELL_STOPPING && !self);
	if (running) {
		cell->restart = restart;
		set_state(cell, state);
	}
	/* The agency signals again whatever still runs, in every state. */
	for (unsigned i = 0; (running || !self) && i < cell->num_vcpus; i++) {
		struct vcpu *v = cell->vcpu[i];

		if (v->power == VCPU_ON_PENDING)
			v->power = VCPU_OFF;
		if (v->power == VCPU_OFF)
			continue;
		idle = false;
		if (v == self)
			continue;
		__atomic_fetch_or(&v->pcpu->requests, REQ_STOP, __ATOMIC_RELEASE);
		kick |= BIT(v->pcpu->id);
	}
	if (running && idle && state == CAPSULE_CELL_STOPPING)
		set_state(cell, CAPSULE_CELL_SHUT_DOWN);
	spin_unlock(&cell->power_lock);
	for (unsigned i = 0; i < num_pcpus; i++)
		if (kick & BIT(i))
			gic_kick(pcpus[i]);
	return running;
}

/* The agency does not want to load it again. */
static bool end_reset(struct cell *cell)
{
	bool ended;

	spin_lock(&cell->power_lock);
	ended = cell->status->state == CAPSULE_CELL_RESET;
	if (ended)
		set_state(cell, CAPSULE_CELL_SHUT_DOWN);
	spin_unlock(&cell->power_lock);
	if (ended)
		notify(cell);
	return ended;
}

int lifecycle_stop(struct cell *cell, uint64_t answer[4])
{
	uint32_t s;

	if (stop_cpus(cell, CAPSULE_CELL_STOPPING, false, NULL) || end_reset(cell))
		return 0;
	s = cell->status->state;
	if (s == CAPSULE_CELL_SHUT_DOWN || s == CAPSULE_CELL_FAILED)
		return 0;	/* it was faster than the request */
	return refuse_state(cell, answer);
}

/* The only CPU of a cell that is on. power_lock held. */
static uint32_t only_cpu(const struct cell *cell)
{
	uint32_t cpu = CAPSULE_FAULT_CPU_UNKNOWN;

	for (unsigned i = 0; i < cell->num_vcpus; i++) {
		const struct vcpu *v = cell->vcpu[i];

		if (v->power == VCPU_OFF)
			continue;
		if (cpu != CAPSULE_FAULT_CPU_UNKNOWN)
			return CAPSULE_FAULT_CPU_UNKNOWN;
		cpu = v->pcpu->id;
	}
	return cpu;
}

/*
 * Before the state says that the cell has failed. A record of a fault that
 * came first is kept.
 */
static void record_declared(struct cell *cell, uint32_t reason, const struct vcpu *self)
{
	struct capsule_fault *f = &cell->status->fault;
	uint32_t s;

	spin_lock(&cell->power_lock);
	s = cell->status->state;
	if (f->reason == CAPSULE_FAULT_NONE &&
	    (s == CAPSULE_CELL_RUNNING || s == CAPSULE_CELL_STOPPING)) {
		f->cpu = self && s == CAPSULE_CELL_RUNNING ? self->pcpu->id : only_cpu(cell);
		__atomic_store_n(&f->reason, reason, __ATOMIC_RELEASE);
	}
	spin_unlock(&cell->power_lock);
}

/*
 * The guest may declare itself failed in its communication region. @self is the
 * CPU that is about to be off, NULL if the agency asks.
 */
static void check_declared(struct cell *cell, const struct vcpu *self)
{
	uint32_t state;

	sync_comm(cell);
	state = cell->comm->cell_state;
	if (state != CAPSULE_COMM_FAILED && state != CAPSULE_COMM_FAILED_REV)
		return;
	record_declared(cell, state == CAPSULE_COMM_FAILED ? CAPSULE_FAULT_GUEST :
			CAPSULE_FAULT_COMM_REVISION, self);
	if (!stop_cpus(cell, CAPSULE_CELL_FAILED, false, NULL))
		return;
	cell->status->comm_state = state;
	notify(cell);
}

int lifecycle_state(struct cell *cell, uint64_t answer[4])
{
	const struct capsule_comm_region *comm = cell->comm;

	check_declared(cell, NULL);
	answer[1] = comm->reply_from_cell;
	answer[2] = power_unparked(cell);
	answer[3] = 0;
	if (cell->status->state == CAPSULE_CELL_RUNNING)
		cell->status->comm_state = comm->cell_state;
	return (int)cell->status->state;
}

int lifecycle_destroy(struct cell *cell, uint64_t answer[4])
{
	uint32_t s = cell->status->state;

	if (s == CAPSULE_CELL_DYING)
		return 0;
	/* A create or a load that is given up may still have memory to clear. */
	if (!is_stopped(cell) && !(cell->job == JOB_CLEAR_NEW && power_unparked(cell) == 0))
		return refuse_state(cell, answer);
	if (cell->loadable)
		memory_unlend(cell);
	cell->loadable = false;
	begin_job(cell, JOB_CLEAR_OLD);
	set_state(cell, CAPSULE_CELL_DYING);
	return 0;
}

static struct vcpu *restart(struct cell *cell)
{
	cell->status->restarts++;
	if (cell->reload) {
		set_state(cell, CAPSULE_CELL_RESET);
		return NULL;
	}
	cell->vcpu[0]->clean_memory = true;
	return enter_running(cell);
}

/* The last CPU is off: completes a stop, or a restart (then the CPU to wake). power_lock held. */
static struct vcpu *all_off(struct cell *cell)
{
	uint32_t s = cell->status->state;

	if (s == CAPSULE_CELL_STOPPING && cell->restart)
		return restart(cell);
	if (s == CAPSULE_CELL_STOPPING || s == CAPSULE_CELL_RUNNING) {
		cell->status->comm_state = CAPSULE_COMM_SHUT_DOWN;
		set_state(cell, CAPSULE_CELL_SHUT_DOWN);
	}
	return NULL;
}

/*
 * From the moment the power state is stored the cell may be destroyed by the
 * agency: nothing of it is touched after the lock.
 */
void lifecycle_vcpu_off(struct vcpu *vcpu)
{
	struct cell *cell = vcpu->cell;
	struct vcpu *boot = NULL;
	struct pcpu *kick = NULL;
	bool last = !cell_is_root(cell);
	bool tell = false;

	if (last)
		check_declared(cell, vcpu);
	spin_lock(&cell->power_lock);
	for (unsigned i = 0; last && i < cell->num_vcpus; i++)
		last = cell->vcpu[i] == vcpu || cell->vcpu[i]->power == VCPU_OFF;
	__atomic_store_n(&vcpu->power, VCPU_OFF, __ATOMIC_RELEASE);
	if (last) {
		boot = all_off(cell);
		kick = boot ? boot->pcpu : NULL;
		tell = count_event(cell);
	}
	spin_unlock(&cell->power_lock);
	if (tell)
		root_notify();
	if (kick)
		gic_kick(kick);
}

void lifecycle_guest_off(struct vcpu *vcpu)
{
	stop_cpus(vcpu->cell, CAPSULE_CELL_STOPPING, false, vcpu);
	power_park(vcpu->pcpu);
}

void lifecycle_guest_reset(struct vcpu *vcpu)
{
	stop_cpus(vcpu->cell, CAPSULE_CELL_STOPPING, true, vcpu);
	power_park(vcpu->pcpu);
}

void lifecycle_fail(struct vcpu *vcpu)
{
	struct cell *cell = vcpu->cell;

	if (stop_cpus(cell, CAPSULE_CELL_FAILED, false, vcpu)) {
		cell->comm->cell_state = CAPSULE_COMM_FAILED;
		cell->status->comm_state = CAPSULE_COMM_FAILED;
		notify(cell);
	}
}

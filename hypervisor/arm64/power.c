// SPDX-License-Identifier: Apache-2.0
#include "power.h"

#include <capsule/error.h>

#include "gic.h"
#include "hvmap.h"
#include "lifecycle.h"
#include "psci.h"
#include "stage2.h"
#include "start.h"
#include "sysreg.h"

/* A cell's CPUs only come on while the cell runs: nothing escapes a stop. */
static bool may_run(const struct vcpu *vcpu)
{
	return cell_is_root(vcpu->cell) ||
	       vcpu->cell->status->state == CAPSULE_CELL_RUNNING;
}

/* assign_lock and power_lock held. */
static int set_on_pending(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
	if (vcpu->pcpu->current != vcpu || !may_run(vcpu))
		return -CAPSULE_EPERM;
	if (vcpu->power == VCPU_ON)
		return -CAPSULE_EEXIST;
	if (vcpu->power == VCPU_ON_PENDING)
		return -CAPSULE_EBUSY;
	vcpu->entry = entry;
	vcpu->context = context;
	vcpu->power = VCPU_ON_PENDING;
	return 0;
}

static int firmware_on(struct vcpu *vcpu)
{
	int rc = psci_firmware_cpu_on(vcpu->pcpu);

	if (rc) {
		spin_lock(&vcpu->cell->power_lock);
		vcpu->power = VCPU_OFF;
		spin_unlock(&vcpu->cell->power_lock);
	}
	return rc;
}

int power_on(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
	struct pcpu *pcpu = vcpu->pcpu;
	struct cell *cell = vcpu->cell;
	bool at_el2;
	int rc;

	spin_lock(&pcpu->assign_lock);
	spin_lock(&cell->power_lock);
	rc = set_on_pending(vcpu, entry, context);
	at_el2 = pcpu->at_el2;
	spin_unlock(&cell->power_lock);
	spin_unlock(&pcpu->assign_lock);
	if (rc)
		return rc;
	if (!at_el2)
		return firmware_on(vcpu);
	gic_kick(pcpu);
	return 0;
}

bool power_take_parked(struct pcpu *pcpu, struct vcpu *vcpu)
{
	struct vcpu *agency = &pcpu->agency_vcpu;
	bool taken;

	spin_lock(&pcpu->assign_lock);
	spin_lock(&root_cell.power_lock);
	taken = pcpu->current == agency && agency->power == VCPU_OFF && pcpu->at_el2;
	if (taken)
		pcpu->current = vcpu;
	spin_unlock(&root_cell.power_lock);
	spin_unlock(&pcpu->assign_lock);
	return taken;
}

void power_request(struct pcpu *pcpu, uint32_t request)
{
	__atomic_fetch_or(&pcpu->requests, request, __ATOMIC_RELEASE);
	gic_kick(pcpu);
}

void power_assign(struct pcpu *pcpu, struct vcpu *vcpu)
{
	spin_lock(&pcpu->assign_lock);
	pcpu->current = vcpu;
	spin_unlock(&pcpu->assign_lock);
	pcpu->status->cell = vcpu->cell->id;
	memset(pcpu->status->exits, 0, sizeof(pcpu->status->exits));
}

unsigned power_unparked(const struct cell *cell)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cell->num_vcpus; i++)
		if (__atomic_load_n(&cell->vcpu[i]->power, __ATOMIC_ACQUIRE) != VCPU_OFF)
			n++;
	return n;
}

/* Takes the assigned vCPU if it is to run. */
static struct vcpu *claim(struct pcpu *pcpu)
{
	struct vcpu *vcpu, *taken = NULL;

	spin_lock(&pcpu->assign_lock);
	vcpu = pcpu->current;
	spin_lock(&vcpu->cell->power_lock);
	if (vcpu->power == VCPU_ON_PENDING) {
		vcpu->power = VCPU_ON;
		/* A stop that came too late was for the run before. */
		__atomic_fetch_and(&pcpu->requests, ~(uint32_t)REQ_STOP, __ATOMIC_RELAXED);
		taken = vcpu;
	}
	spin_unlock(&vcpu->cell->power_lock);
	spin_unlock(&pcpu->assign_lock);
	return taken;
}

/*
 * Back to firmware, unless somebody has switched the CPU on meanwhile; a
 * later CPU_ON enters at el2_cpu_entry.
 */
static void leave_to_firmware(struct pcpu *pcpu)
{
	struct vcpu *vcpu;
	bool leave;

	spin_lock(&pcpu->assign_lock);
	vcpu = pcpu->current;
	spin_lock(&vcpu->cell->power_lock);
	leave = vcpu == &pcpu->agency_vcpu && vcpu->power == VCPU_OFF;
	if (leave)
		__atomic_store_n(&pcpu->at_el2, false, __ATOMIC_RELEASE);
	spin_unlock(&vcpu->cell->power_lock);
	spin_unlock(&pcpu->assign_lock);
	if (!leave)
		return;
	psci_firmware_cpu_off();
	pcpu->at_el2 = true;	/* refused: stays with us */
}

static struct vcpu *wait_for_vcpu(struct pcpu *pcpu)
{
	for (;;) {
		struct vcpu *vcpu;
		uint32_t req;

		/* Acknowledged first: a kick after the checks below ends the WFI. */
		gic_handle_irq_parked(pcpu);
		req = __atomic_exchange_n(&pcpu->requests, 0, __ATOMIC_ACQUIRE);
		if (req & REQ_POWER_OFF)
			leave_to_firmware(pcpu);
		vcpu = claim(pcpu);
		if (vcpu)
			return vcpu;
		dsb(sy);
		wfi();
	}
}

/* What a guest needs before it enters with its caches off; false if it is stopped meanwhile. */
static bool clean_before_entry(struct vcpu *vcpu)
{
	const uint32_t *requests = &vcpu->pcpu->requests;

	vcpu->set_way_served = false;
	vcpu->clean_region = 0;
	vcpu->clean_offset = 0;
	while (vcpu->clean_memory && !lifecycle_clean_step(vcpu))
		if (__atomic_load_n(requests, __ATOMIC_ACQUIRE) & REQ_STOP)
			return false;
	vcpu->clean_memory = false;
	return true;
}

static void run_next(struct pcpu *pcpu)
{
	struct vcpu *vcpu = wait_for_vcpu(pcpu);

	while (!clean_before_entry(vcpu)) {
		lifecycle_vcpu_off(vcpu);
		vcpu = wait_for_vcpu(pcpu);
	}
	pcpu->status->parked = 0;
	vcpu_reset(vcpu, pcpu_frame(pcpu));
}

void power_park(struct pcpu *pcpu)
{
	struct vcpu *vcpu = pcpu->current;

	drain_serror();
	gic_vcpu_stop(vcpu);
	pcpu->status->parked = 1;
	lifecycle_vcpu_off(vcpu);
	run_next(pcpu);
}

void power_serve_requests(struct pcpu *pcpu)
{
	uint32_t req = __atomic_load_n(&pcpu->requests, __ATOMIC_ACQUIRE);

	if (req & REQ_STOP) {
		__atomic_fetch_and(&pcpu->requests, ~(uint32_t)REQ_STOP, __ATOMIC_ACQUIRE);
		power_park(pcpu);
	}
}

static void note_found(struct pcpu *pcpu, uint64_t vbar, uint64_t tpidr)
{
	struct el2_found *f = &pcpu->found;

	f->vbar = vbar;
	f->tpidr = tpidr;
	f->sctlr = SCTLR_EL2_RES1;
	f->hcr = read_sysreg(hcr_el2);
	f->cptr = read_sysreg(cptr_el2);
	f->mdcr = read_sysreg(mdcr_el2);
	f->cnthctl = read_sysreg(cnthctl_el2);
	f->cntvoff = read_sysreg(cntvoff_el2);
	f->vtcr = read_sysreg(vtcr_el2);
	f->vttbr = read_sysreg(vttbr_el2);
	f->hstr = read_sysreg(hstr_el2);
	f->vpidr = read_sysreg(vpidr_el2);
	f->vmpidr = read_sysreg(vmpidr_el2);
	vcpu_note_optional(f);
}

/* Translations that EL1 made without a stage 2 carry VMID 0 as well. */
static void flush_el1_tlb(void)
{
	dsb(nshst);
	__asm__ volatile("tlbi alle1" : : : "memory");
	dsb(nsh);
	isb();
}

int el2_cpu_take(struct pcpu *pcpu, uint64_t vbar, uint64_t tpidr, uint64_t answer[4])
{
	struct vcpu *vcpu = &pcpu->agency_vcpu;

	if (!root_cell.config) {
		int rc = el2_init_machine(answer);

		if (rc)
			return rc;
	}
	note_found(pcpu, vbar, tpidr);
	pcpu->at_el2 = true;
	pcpu->current = vcpu;
	vcpu->power = VCPU_ON;
	gic_cpu_take(pcpu);
	vcpu_load_controls(vcpu);
	stage2_load(vcpu->cell);
	flush_el1_tlb();
	return 0;
}

void el2_cpu_start(struct pcpu *pcpu)
{
	const struct pcpu *first = pcpus[0];

	for (unsigned i = 0; i < num_pcpus; i++)
		if (pcpus[i]->found.vbar)
			first = pcpus[i];
	pcpu->found = first->found;
	/* At EL2 these read as the hardware's own. */
	pcpu->found.vmpidr = read_sysreg(mpidr_el1);
	pcpu->found.vpidr = read_sysreg(midr_el1);
	pcpu->at_el2 = true;
	if (!pcpu->current)
		pcpu->current = &pcpu->agency_vcpu;
	pcpu->status->parked = 1;
	gic_cpu_start(pcpu);
	run_next(pcpu);
}

static void restore_found(const struct el2_found *f)
{
	write_sysreg(hcr_el2, f->hcr);
	write_sysreg(cptr_el2, f->cptr);
	write_sysreg(mdcr_el2, f->mdcr);
	write_sysreg(cnthctl_el2, f->cnthctl);
	write_sysreg(cntvoff_el2, f->cntvoff);
	write_sysreg(vtcr_el2, f->vtcr);
	write_sysreg(vttbr_el2, f->vttbr);
	write_sysreg(hstr_el2, f->hstr);
	write_sysreg(vpidr_el2, f->vpidr);
	write_sysreg(vmpidr_el2, f->vmpidr);
}

/* CPUs leave at the same time; their lists of LPIs are one after the other. */
static void give_gic_back(struct pcpu *pcpu)
{
	static spinlock_t list_lock;
	uint32_t first, n;

	spin_lock(&list_lock);
	first = boot_info->lpi_total;
	n = gic_cpu_give_back(pcpu, &boot_info->lpi_list[first], CAPSULE_LPI_LIST_LEN - first);
	boot_info->lpi_count[pcpu->id] = n;
	boot_info->lpi_total = first + n;
	spin_unlock(&list_lock);
}

void el2_cpu_give_back(struct pcpu *pcpu)
{
	struct el2_found found = pcpu->found;

	give_gic_back(pcpu);
	pcpu->at_el2 = false;
	restore_found(&found);
	flush_el1_tlb();
	write_sysreg(tpidr_el2, found.tpidr);
	el2_leave(pcpu_frame(pcpu), found.sctlr, found.vbar, pa_addr(hv_phys));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List registers and the queue behind them.
 *
 * Rules that hold whenever the guest runs:
 *  - no vINTID stands in two list registers, nor in one and the queue (an SGI
 *    of a GICv2 may, once for each sender);
 *  - nothing in the queue, and no enabled pending SGI, has a higher priority
 *    than a pending list register: the guest takes interrupts in order;
 *  - pending and active together only for list registers with HW = 0.
 * While something waits without a list register, the maintenance interrupt
 * comes as soon as none is pending any more. If all are active it comes when
 * at most one is left: "none pending" would then be true from the start.
 */
#include "barrier.h"
#include "check.h"

#include "gicv2.h"
#include "vgic_lr.h"

#define LR_CASES(op) \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) \
	op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)

uint64_t gic_lr_read(unsigned n)
{
	if (gic_is_v2())
		return gicv2_lr_read(n);
	switch (n) {
#define LR_READ(i) case i: return read_sysreg(ICH_LR##i##_EL2);
	LR_CASES(LR_READ)
	default: return 0;
	}
}

void gic_lr_write(unsigned n, uint64_t value)
{
	if (gic_is_v2()) {
		gicv2_lr_write(n, value);
		return;
	}
	switch (n) {
#define LR_WRITE(i) case i: write_sysreg(ICH_LR##i##_EL2, value); break;
	LR_CASES(LR_WRITE)
	default: break;
	}
}

void gic_hcr_write(uint32_t hcr)
{
	if (gic_is_v2())
		gicv2_hcr_write(hcr);
	else
		write_sysreg(ICH_HCR_EL2, hcr);
}

uint32_t gic_eisr(void)
{
	return gic_is_v2() ? gicv2_eisr() : (uint32_t)read_sysreg(ICH_EISR_EL2);
}

/* List registers of the vCPU while EL2 works on them. */
struct lr_set {
	uint64_t lr[VGIC_MAX_LRS];
	uint32_t dirty;
};

#define for_each_bit(n, set, rest) \
	for (uint32_t rest = (set); \
	     rest && ((n) = (unsigned)__builtin_ctz(rest), true); rest &= rest - 1)

static uint32_t lr_intid(uint64_t lr)
{
	return (uint32_t)(lr & ICH_LR_VINTID);
}

static uint8_t lr_priority(uint64_t lr)
{
	return (uint8_t)FIELD_GET(ICH_LR_PRIORITY, lr);
}

static bool lr_only_pending(uint64_t lr)
{
	return (lr & ICH_LR_STATE) == ICH_LR_PENDING;
}

static uint8_t lr_source(uint64_t lr)
{
	return lr & ICH_LR_HW ? 0 : (uint8_t)FIELD_GET(ICH_LR_SOURCE, lr);
}

static struct vgic_irq lr_irq(uint64_t lr)
{
	return (struct vgic_irq){ .intid = lr_intid(lr), .priority = lr_priority(lr),
				  .hw = lr & ICH_LR_HW, .source = lr_source(lr),
				  .virtual = (lr & (ICH_LR_HW | ICH_LR_EOI)) == ICH_LR_EOI };
}

/* One INTID is one interrupt, but for a GICv2's SGIs: there it is one for each sender. */
static bool lr_is(uint64_t lr, struct vgic_irq irq)
{
	return lr_intid(lr) == irq.intid && (irq.hw || lr_source(lr) == irq.source);
}

static void lr_load(struct vgic_vcpu *v, struct lr_set *s)
{
	unsigned n;

	s->dirty = 0;
	for_each_bit(n, v->used_lrs, rest) {
		s->lr[n] = gic_lr_read(n);
		if (!(s->lr[n] & ICH_LR_STATE))
			v->used_lrs &= ~(1U << n);
	}
}

static void lr_set(struct vgic_vcpu *v, struct lr_set *s, unsigned n, uint64_t value)
{
	s->lr[n] = value;
	s->dirty |= 1U << n;
	if (value & ICH_LR_STATE)
		v->used_lrs |= 1U << n;
	else
		v->used_lrs &= ~(1U << n);
}

static void lr_store(const struct lr_set *s)
{
	unsigned n;

	for_each_bit(n, s->dirty, rest)
		gic_lr_write(n, s->lr[n]);
}

/* Queue; vgic.lock held. */
static bool queue_put(struct vgic_vcpu *v, struct vgic_irq irq, unsigned limit)
{
	for (unsigned i = 0; i < v->num_queued; i++)
		if (v->queue[i].intid == irq.intid) {
			v->queue[i].hw |= irq.hw;
			return true;
		}
	if (v->num_queued >= limit)
		return false;
	v->queue[v->num_queued++] = irq;
	return true;
}

static void queue_remove(struct vgic_vcpu *v, unsigned index)
{
	v->num_queued--;
	for (unsigned i = index; i < v->num_queued; i++)
		v->queue[i] = v->queue[i + 1];
}

/*
 * Queues an interrupt for a vCPU. Any CPU. False: no room, it is not queued.
 * Room is kept for what may come back out of list registers.
 */
bool vgic_queue(struct vcpu *vcpu, struct vgic_irq irq)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	bool queued;

	spin_lock(&v->lock);
	queued = queue_put(v, irq, VGIC_QUEUE_LEN - VGIC_MAX_LRS - MAX_VIRTUAL_SPIS);
	spin_unlock(&v->lock);
	return queued;
}

/* Each is queued at most once, so that there is always room. Any CPU. */
void vgic_queue_virtual(struct vcpu *vcpu, struct vgic_irq irq)
{
	spin_lock(&vcpu->vgic.lock);
	CHECK(queue_put(&vcpu->vgic, irq, VGIC_QUEUE_LEN - VGIC_MAX_LRS));
	spin_unlock(&vcpu->vgic.lock);
}

/* The rest is for interrupts that other CPUs hand over. */
bool vgic_has_room(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->vgic.num_queued, __ATOMIC_RELAXED) <
	       VGIC_QUEUE_LEN - 2 * VGIC_MAX_LRS - MAX_VIRTUAL_SPIS;
}

/* True for a software interrupt that is pending once for each sender. */
static bool has_senders(uint32_t intid)
{
	return gic_is_v2() && intid < 16;
}

/* Takes a pending software interrupt, of a GICv2's SGI one sender. False: it has gone. */
static bool soft_take(struct vgic_vcpu *v, struct vgic_irq *irq)
{
	if (has_senders(irq->intid))
		return vgic_v2_take_first(v, irq->intid, &irq->source);
	__atomic_fetch_and(&v->pending, ~(1U << irq->intid), __ATOMIC_ACQ_REL);
	return true;
}

/* The same if it is from the sender that a list register names. */
static bool soft_take_same(struct vgic_vcpu *v, uint64_t lr)
{
	if (has_senders(lr_intid(lr)))
		return vgic_v2_take_from(v, lr_intid(lr), lr_source(lr));
	__atomic_fetch_and(&v->pending, ~(1U << lr_intid(lr)), __ATOMIC_ACQ_REL);
	return true;
}

/* An interrupt that leaves its list register goes where it would wait anyway. */
static void put_back(struct vgic_vcpu *v, struct vgic_irq irq)
{
	if (has_senders(irq.intid))
		vgic_v2_put(v, irq.intid, irq.source);
	else if (irq.intid < INTID_SPI && !irq.hw)
		__atomic_fetch_or(&v->pending, 1U << irq.intid, __ATOMIC_RELAXED);
	else
		CHECK(queue_put(v, irq, VGIC_QUEUE_LEN));
}

/* True if the cell may no longer receive this at all. */
static bool is_foreign(const struct vcpu *vcpu, struct vgic_irq irq)
{
	return irq.hw && irq.intid >= INTID_SPI &&
	       !spi_is_owned(&vcpu->cell->dist, irq.intid);
}

static bool is_withdrawn(struct vcpu *vcpu, struct vgic_irq irq)
{
	return irq.virtual && vgic_vspi_withdraw(vcpu, irq.intid);
}

static bool is_masked(const struct vcpu *vcpu, struct vgic_irq irq)
{
	return !may_inject(vcpu) ||
	       (irq.intid < INTID_SPI && !irq.hw &&
		!(vcpu->vgic.enabled >> irq.intid & 1));
}

/* After masks or owners changed: takes out what must not be in a list register. */
static void resync(struct vcpu *vcpu, struct lr_set *s)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	unsigned n;

	__atomic_store_n(&v->resync, false, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = v->num_queued; i-- > 0; )
		if (is_foreign(vcpu, v->queue[i]) || is_withdrawn(vcpu, v->queue[i]))
			queue_remove(v, i);
	for_each_bit(n, v->used_lrs, rest) {
		struct vgic_irq irq = lr_irq(s->lr[n]);

		if (is_foreign(vcpu, irq) ||
		    (lr_only_pending(s->lr[n]) && is_withdrawn(vcpu, irq))) {
			lr_set(v, s, n, 0);
		} else if (lr_only_pending(s->lr[n]) && is_masked(vcpu, irq)) {
			put_back(v, irq);
			lr_set(v, s, n, 0);
		} else if (s->lr[n] & ICH_LR_PENDING && irq.intid < 16 &&
			   is_masked(vcpu, irq)) {
			put_back(v, irq);
			lr_set(v, s, n, s->lr[n] & ~ICH_LR_PENDING);
		}
	}
}

struct candidate {
	struct vgic_irq irq;
	unsigned index;		/* in the queue */
	bool queued;
};

/* The interrupt of highest priority that waits; the first of equals. */
static bool best_candidate(const struct vgic_vcpu *v, struct candidate *c)
{
	unsigned n, best = 0x100;

	for (unsigned i = 0; i < v->num_queued; i++) {
		if (v->queue[i].priority >= best)
			continue;
		best = v->queue[i].priority;
		*c = (struct candidate){ .irq = v->queue[i], .index = i, .queued = true };
	}
	for_each_bit(n, injectable_soft(v), rest) {
		if (v->priority[n] >= best)
			continue;
		best = v->priority[n];
		*c = (struct candidate){ .irq = { .intid = n, .priority = v->priority[n] } };
	}
	return best < 0x100;
}

/*
 * The same vINTID stands in list register n. HW = 1 and acknowledged again
 * means that the guest ended its physical active state behind the list
 * register's back: it starts anew. A software interrupt that meets a list
 * register with HW = 1 is the same event.
 */
static void lr_merge(struct vgic_vcpu *v, struct lr_set *s, unsigned n,
		     struct vgic_irq irq)
{
	if (irq.hw)
		lr_set(v, s, n, lr_make(irq));
	else if (!(s->lr[n] & ICH_LR_HW))
		lr_set(v, s, n, s->lr[n] | ICH_LR_PENDING);
}

/* May the pending state leave this list register, alone or with all the rest? */
static bool lr_can_yield(uint64_t lr)
{
	return lr & ICH_LR_PENDING && (lr_only_pending(lr) || lr_intid(lr) < INTID_SPI);
}

/* The pending list register of lowest priority, if that is below @priority. */
static int find_victim(const struct vgic_vcpu *v, const struct lr_set *s,
		       unsigned priority)
{
	int victim = -1;
	unsigned n;

	for_each_bit(n, v->used_lrs, rest)
		if (lr_can_yield(s->lr[n]) && lr_priority(s->lr[n]) > priority) {
			priority = lr_priority(s->lr[n]);
			victim = (int)n;
		}
	return victim;
}

#define NOTHING		~0U	/* no INTID */

enum insert { INSERTED, NO_ROOM, TRY_AGAIN };

/*
 * Puts @irq into a list register. What it takes the place of comes out in
 * *evicted. TRY_AGAIN: that one stays active and keeps its list register.
 */
static enum insert lr_insert(struct vgic_vcpu *v, struct lr_set *s, struct vgic_irq irq,
			     struct vgic_irq *evicted)
{
	uint32_t unused = ~v->used_lrs & (uint32_t)GENMASK(gic.nr_lrs - 1, 0);
	unsigned n;
	int slot;

	for_each_bit(n, v->used_lrs, rest)
		if (lr_is(s->lr[n], irq)) {
			lr_merge(v, s, n, irq);
			return INSERTED;
		}
	slot = unused ? __builtin_ctz(unused) : find_victim(v, s, irq.priority);
	if (slot < 0)
		return NO_ROOM;
	if (!unused)
		*evicted = lr_irq(s->lr[slot]);
	if (!unused && s->lr[slot] & ICH_LR_ACTIVE) {
		lr_set(v, s, (unsigned)slot, s->lr[slot] & ~ICH_LR_PENDING);
		return TRY_AGAIN;
	}
	lr_set(v, s, (unsigned)slot, lr_make(irq));
	return INSERTED;
}

/* What waits and already has a list register joins it, whatever its priority. */
static void join(struct vgic_vcpu *v, struct lr_set *s)
{
	unsigned n;

	for_each_bit(n, v->used_lrs, rest) {
		uint32_t intid = lr_intid(s->lr[n]);

		if (intid < INTID_SPI && injectable_soft(v) >> intid & 1 &&
		    soft_take_same(v, s->lr[n]))
			lr_merge(v, s, n, lr_irq(s->lr[n] & ~ICH_LR_HW));
		for (unsigned i = v->num_queued; i-- > 0; )
			if (v->queue[i].intid == intid) {
				lr_merge(v, s, n, v->queue[i]);
				queue_remove(v, i);
			}
	}
}

/* Moves what waits into list registers. True if something has to go on waiting. */
static bool fill(struct vgic_vcpu *v, struct lr_set *s)
{
	struct candidate c;

	join(v, s);
	while (best_candidate(v, &c)) {
		struct vgic_irq evicted = { .intid = NOTHING };
		enum insert result;

		/* Taken before it is inserted: another CPU may send it again. */
		if (!c.queued && !soft_take(v, &c.irq))
			continue;
		result = lr_insert(v, s, c.irq, &evicted);
		if (c.queued && result == INSERTED)
			queue_remove(v, c.index);
		else if (!c.queued && result != INSERTED)
			put_back(v, c.irq);
		if (evicted.intid != NOTHING)
			put_back(v, evicted);
		if (result == NO_ROOM)
			return true;
	}
	return false;
}

static uint32_t wanted_hcr(const struct vgic_vcpu *v, const struct lr_set *s, bool waiting)
{
	unsigned n;

	if (!waiting)
		return (uint32_t)ICH_HCR_EN;
	for_each_bit(n, v->used_lrs, rest)
		if (lr_only_pending(s->lr[n]))
			return (uint32_t)(ICH_HCR_EN | ICH_HCR_NPIE);
	/* One list register that is active would be "at most one" for ever. */
	return (uint32_t)(ICH_HCR_EN | (gic.nr_lrs > 1 ? ICH_HCR_UIE : 0));
}

static void unthrottle(struct vcpu *vcpu)
{
	struct vgic_vcpu *v = &vcpu->vgic;

	if (!v->throttled || !vgic_has_room(vcpu))
		return;
	v->throttled = false;
	gic_mask_priority(PMR_ALL);
}

/* Whatever waits, into the list registers there are. */
void vgic_flush_all(struct vcpu *vcpu)
{
	struct vgic_vcpu *v = &vcpu->vgic;
	struct lr_set s;
	bool waiting = false;

	if (vcpu->cell->dist.vspi.num)
		vgic_vspi_collect(vcpu);
	spin_lock(&v->lock);
	lr_load(v, &s);
	if (v->resync)
		resync(vcpu, &s);
	if (may_inject(vcpu))
		waiting = fill(v, &s);
	lr_store(&s);
	set_hcr(v, wanted_hcr(v, &s, waiting));
	unthrottle(vcpu);
	spin_unlock(&v->lock);
}

static void clear_interface(void)
{
	write_sysreg(ICH_HCR_EL2, 0);
	write_sysreg(ICH_VMCR_EL2, 0);
	for (unsigned n = 0; n < gic.nr_lrs; n++)
		gic_lr_write(n, 0);
	write_sysreg(ICH_AP0R0_EL2, 0);
	write_sysreg(ICH_AP1R0_EL2, 0);
	if (gic.nr_aprs >= 2) {
		write_sysreg(ICH_AP0R1_EL2, 0);
		write_sysreg(ICH_AP1R1_EL2, 0);
	}
	if (gic.nr_aprs == 4) {
		write_sysreg(ICH_AP0R2_EL2, 0);
		write_sysreg(ICH_AP0R3_EL2, 0);
		write_sysreg(ICH_AP1R2_EL2, 0);
		write_sysreg(ICH_AP1R3_EL2, 0);
	}
	isb();
}

/* ICH_HCR_EL2 and ICH_VMCR_EL2 zero, no active priority, no list register in use. */
void vgic_clear_interface(struct vcpu *vcpu)
{
	if (gic_is_v2())
		gicv2_clear_interface();
	else
		clear_interface();
	vcpu->vgic.hcr = 0;
	vcpu->vgic.used_lrs = 0;
}

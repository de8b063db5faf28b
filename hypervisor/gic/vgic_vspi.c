/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPIs that exist for one cell only and in software: what EL2 emulates (a
 * UART) or carries (events of other cells) interrupts by them. The physical
 * SPI of the same number is another matter and stays whose it is.
 *
 * An interrupt that is pending and enabled is handed to one vCPU, its holder,
 * through the queue and a list register with HW = 0. The list register asks for
 * a maintenance interrupt when the guest has ended it; then the holder is
 * free, and a line that is still high is handed out again. So a level is
 * neither lost nor on two CPUs, and a line that falls before the guest has
 * seen the interrupt takes it back.
 *
 * Known gaps: what is in a list register of another CPU is not seen by
 * ISACTIVER and not ended by ICACTIVER; a new route holds for the next time.
 */
#include "gicv2.h"

#define HOLDER_NONE	0xff
#define HOLDER_GUEST	0xfe	/* active because the guest wrote so */

#define for_each_vspi(i, dist) \
	for (struct vgic_vspi *i = (dist)->vspi.irq; i < (dist)->vspi.irq + (dist)->vspi.num; i++)

static struct vgic_vspi *find(struct vgic_dist *dist, uint32_t intid)
{
	for_each_vspi(i, dist)
		if (i->intid == intid)
			return i;
	return NULL;
}

static void clear(struct vgic_vspi *i)
{
	*i = (struct vgic_vspi){ .intid = i->intid, .holder = HOLDER_NONE };
}

bool gic_add_virtual_spi(struct cell *cell, uint32_t intid)
{
	struct vgic_vspis *s = &cell->dist.vspi;

	if (!gic_has_spi(intid) || s->num == MAX_VIRTUAL_SPIS ||
	    spi_is_owned(&cell->dist, intid) || find(&cell->dist, intid))
		return false;
	s->irq[s->num].intid = (uint16_t)intid;
	clear(&s->irq[s->num++]);
	return true;
}

static bool wanted(const struct vgic_vspi *i)
{
	return i->enabled && (i->latched || i->taken || (i->line && !i->edge));
}

/* The vCPU the guest chose, else one that is on. GICv2: CPU interfaces, so the first of several. */
static struct vcpu *choose(const struct cell *cell, uint32_t intid)
{
	uint64_t online = cell->dist.vspi.online;
	uint8_t route = cell->dist.route[intid];

	if (gic_is_v2())
		route = (uint8_t)__builtin_ctzll(((uint64_t)route & online) | BIT(63));
	if (route < 64 && online >> route & 1)
		return cell->vcpu[route];
	return online ? cell->vcpu[__builtin_ctzll(online)] : NULL;
}

/* Decides who has to hear of a change; lock held. */
struct decision {
	struct vcpu *give, *withdraw;
};

static struct decision decide(const struct cell *cell, struct vgic_vspi *i)
{
	struct decision d = { NULL, NULL };

	if (i->holder == HOLDER_NONE && wanted(i)) {
		d.give = choose(cell, i->intid);
		if (d.give) {
			i->holder = (uint8_t)d.give->index;
			i->taken = i->latched;
			i->latched = false;
		}
	} else if (i->holder < HOLDER_GUEST && !wanted(i)) {
		d.withdraw = cell->vcpu[i->holder];
	}
	return d;
}

static void lock(struct cell *cell)
{
	spin_lock(&cell->dist.vspi.lock);
}

static void unlock(struct cell *cell)
{
	spin_unlock(&cell->dist.vspi.lock);
}

static void tell(const struct vcpu *to, const struct vcpu *self)
{
	if (to != self)
		gic_kick(to->pcpu);
}

/* Unlocks after a change and does what follows from it. */
static void settle_unlock(struct cell *cell, struct vgic_vspi *i, const struct vcpu *self)
{
	struct decision d = decide(cell, i);

	unlock(cell);
	if (d.give) {
		vgic_queue_virtual(d.give, (struct vgic_irq){
			.intid = i->intid, .priority = cell->dist.priority[i->intid],
			.virtual = true });
		tell(d.give, self);
	}
	if (d.withdraw) {
		__atomic_store_n(&d.withdraw->vgic.resync, true, __ATOMIC_RELEASE);
		tell(d.withdraw, self);
	}
}

void gic_raise(struct cell *cell, uint32_t intid, const struct vcpu *self)
{
	struct vgic_vspi *i = find(&cell->dist, intid);

	if (!i)
		return;
	lock(cell);
	i->latched = true;
	settle_unlock(cell, i, self);
}

void gic_set_line(struct cell *cell, uint32_t intid, bool high, const struct vcpu *self)
{
	struct vgic_vspi *i = find(&cell->dist, intid);

	if (!i)
		return;
	lock(cell);
	if (high == i->line) {
		unlock(cell);
		return;
	}
	i->line = high;
	if (high && i->edge)
		i->latched = true;
	settle_unlock(cell, i, self);
}

static void let_go(struct vgic_vspi *i)
{
	i->holder = HOLDER_NONE;
	i->taken = false;
}

/* Ended by the guest, seen in a list register of this vCPU. */
static void ended(struct vcpu *vcpu, uint32_t intid)
{
	struct cell *cell = vcpu->cell;
	struct vgic_vspi *i = find(&cell->dist, intid);

	if (!i)
		return;
	lock(cell);
	if (i->holder == vcpu->index)
		let_go(i);
	settle_unlock(cell, i, vcpu);
}

/* EISR: list registers that asked for it and are neither pending nor active any more. */
void vgic_vspi_collect(struct vcpu *vcpu)
{
	uint32_t done = gic_eisr() & (uint32_t)GENMASK(gic.nr_lrs - 1, 0);

	for (; done; done &= done - 1) {
		unsigned n = (unsigned)__builtin_ctz(done);
		uint32_t intid = (uint32_t)(gic_lr_read(n) & ICH_LR_VINTID);

		gic_lr_write(n, 0);
		vcpu->vgic.used_lrs &= ~(1U << n);
		ended(vcpu, intid);
	}
}

bool vgic_vspi_withdraw(struct vcpu *vcpu, uint32_t intid)
{
	struct cell *cell = vcpu->cell;
	struct vgic_vspi *i = find(&cell->dist, intid);
	bool gone;

	if (!i)
		return true;
	lock(cell);
	gone = i->holder != vcpu->index || !wanted(i);
	if (i->holder == vcpu->index && gone) {
		i->latched |= i->taken;
		let_go(i);
	}
	unlock(cell);
	return gone;
}

void vgic_vspi_online(struct vcpu *vcpu, bool online)
{
	struct cell *cell = vcpu->cell;
	uint64_t bit = UINT64_C(1) << vcpu->index;

	if (!cell->dist.vspi.num)
		return;
	lock(cell);
	if (online)
		cell->dist.vspi.online |= bit;
	else
		cell->dist.vspi.online &= ~bit;
	unlock(cell);
	for_each_vspi(i, &cell->dist) {
		lock(cell);
		if (i->holder == vcpu->index) {
			i->latched |= i->taken;
			let_go(i);
		}
		settle_unlock(cell, i, vcpu);
	}
	if (online)
		gic_flush(vcpu);
}

void vgic_vspi_reset(struct cell *cell)
{
	lock(cell);
	for_each_vspi(i, &cell->dist) {
		clear(i);
		cell->dist.priority[i->intid] = 0;
		cell->dist.route[i->intid] = 0;
	}
	unlock(cell);
}

/* Distributor registers. */

/* State bits of a list register of this CPU that holds the interrupt. */
static uint64_t own_state(const struct vgic_vcpu *v, uint32_t intid, unsigned *n)
{
	for (uint32_t used = v->used_lrs; used; used &= used - 1) {
		uint64_t lr;

		*n = (unsigned)__builtin_ctz(used);
		lr = gic_lr_read(*n);
		if ((lr & ICH_LR_VINTID) == intid && lr & ICH_LR_STATE)
			return lr & ICH_LR_STATE;
	}
	return 0;
}

static void set_pending(struct vcpu *vcpu, struct vgic_vspi *i)
{
	unsigned n;

	/* Pending already, at this CPU: it is the same event. */
	if (!(i->holder == vcpu->index && own_state(&vcpu->vgic, i->intid, &n) == ICH_LR_PENDING))
		i->latched = true;
}

static void clear_active(struct vcpu *vcpu, struct vgic_vspi *i)
{
	unsigned n;

	if (i->holder == vcpu->index &&
	    own_state(&vcpu->vgic, i->intid, &n) == ICH_LR_ACTIVE) {
		gic_lr_write(n, 0);
		vcpu->vgic.used_lrs &= ~(1U << n);
		let_go(i);
	} else if (i->holder == HOLDER_GUEST) {
		let_go(i);
	}
}

static bool is_pending(const struct vcpu *vcpu, const struct vgic_vspi *i)
{
	unsigned n;

	if (i->latched || (i->line && !i->edge))
		return true;
	if (i->holder == vcpu->index)
		return i->taken && !(own_state(&vcpu->vgic, i->intid, &n) & ICH_LR_ACTIVE);
	return i->taken;
}

static bool is_active(const struct vcpu *vcpu, const struct vgic_vspi *i)
{
	unsigned n;

	return i->holder == HOLDER_GUEST ||
	       (i->holder == vcpu->index &&
		own_state(&vcpu->vgic, i->intid, &n) & ICH_LR_ACTIVE);
}

static bool read_bit(const struct vcpu *vcpu, const struct vgic_vspi *i, uint32_t array)
{
	switch (array) {
	case GICD_IGROUPR: return true;
	case GICD_ISENABLER:
	case GICD_ICENABLER: return i->enabled;
	case GICD_ISPENDR:
	case GICD_ICPENDR: return is_pending(vcpu, i);
	default: return is_active(vcpu, i);
	}
}

static void write_bit(struct vcpu *vcpu, struct vgic_vspi *i, uint32_t array)
{
	switch (array) {
	case GICD_ISENABLER: i->enabled = true; break;
	case GICD_ICENABLER: i->enabled = false; break;
	case GICD_ISPENDR: set_pending(vcpu, i); break;
	case GICD_ICPENDR: i->latched = i->taken = false; break;
	case GICD_ISACTIVER:
		if (i->holder == HOLDER_NONE)
			i->holder = HOLDER_GUEST;
		break;
	case GICD_ICACTIVER: clear_active(vcpu, i); break;
	default: break;
	}
}

static void access_bit(const struct vgic_access *r, struct vgic_vspi *i)
{
	uint32_t array = r->offset & ~0x7fU, bit = 1U << (i->intid & 31);

	if ((r->offset & 0x7f) / 4 != i->intid / 32U)
		return;
	lock(r->vcpu->cell);
	if (r->a->write && r->a->value & bit)
		write_bit(r->vcpu, i, array);
	else if (!r->a->write && read_bit(r->vcpu, i, array))
		r->a->value |= bit;
	settle_unlock(r->vcpu->cell, i, r->vcpu);
}

static void access_priority(const struct vgic_access *r, struct vgic_vspi *i)
{
	uint8_t *priority = &r->vcpu->cell->dist.priority[i->intid];
	uint32_t byte = i->intid - (r->offset - GICD_IPRIORITYR);

	if (byte >= r->a->size)
		return;
	if (r->a->write)
		*priority = guest_priority((uint32_t)(r->a->value >> 8 * byte));
	else
		r->a->value |= (uint64_t)*priority << 8 * byte;
}

/* Bit 2n+1 of each field is the configuration: 1 is edge. */
static void access_config(const struct vgic_access *r, struct vgic_vspi *i)
{
	uint32_t bit = 2U << i->intid % 16 * 2;

	if ((r->offset - GICD_ICFGR) / 4 != i->intid / 16U)
		return;
	lock(r->vcpu->cell);
	if (r->a->write)
		i->edge = r->a->value & bit;
	else if (i->edge)
		r->a->value |= bit;
	settle_unlock(r->vcpu->cell, i, r->vcpu);
}

static void access_router(const struct vgic_access *r, struct vgic_vspi *i)
{
	struct cell *cell = r->vcpu->cell;
	uint8_t *route = &cell->dist.route[i->intid];

	if ((r->offset - GICD_IROUTER) / 8 != i->intid)
		return;
	if (r->a->write)
		*route = (uint8_t)route_from_affinity(cell,
			vgic_merge64(r, route_to_affinity(cell, *route)));
	else
		vgic_return64(r, route_to_affinity(cell, *route));
}

/* GICv2: one byte an interrupt. */
static void access_targets(const struct vgic_access *r, const struct vgic_vspi *i)
{
	uint8_t *route = &r->vcpu->cell->dist.route[i->intid];
	uint32_t byte = i->intid - (r->offset - GICD_ITARGETSR);

	if (byte >= r->a->size)
		return;
	if (r->a->write)
		*route = (uint8_t)(r->a->value >> 8 * byte);
	else
		r->a->value |= (uint64_t)*route << 8 * byte;
}

void vgic_vspi_access(const struct vgic_access *r)
{
	uint32_t offset = r->offset;

	for_each_vspi(i, &r->vcpu->cell->dist) {
		if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR)
			access_bit(r, i);
		else if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR)
			access_priority(r, i);
		else if (gic_is_v2() && offset >= GICD_ITARGETSR && offset < GICD_ICFGR)
			access_targets(r, i);
		else if (offset >= GICD_ICFGR && offset < GICD_ICFGR + 0x100)
			access_config(r, i);
		else if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * INTID_SPECIAL)
			access_router(r, i);
	}
}

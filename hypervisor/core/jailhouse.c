// SPDX-License-Identifier: Apache-2.0
#include "jailhouse.h"

#include <capsule/call.h>
#include <capsule/error.h>

#include "cell.h"
#include "console.h"
#include "nospec.h"

#define JH_LAST_MANAGEMENT	6	/* disable .. cell get state: the root's */
#define JH_CPU_STATE		0
#define JH_CPU_STATE_FAILED	2
#define JH_CPU_STATS		1000
#define JH_NUM_STATS		9

static int64_t cpu_info(const struct vcpu *vcpu, uint64_t cpu, uint64_t type)
{
	const struct cell *cell = vcpu->cell;

	if (cpu >= num_pcpus)
		return -CAPSULE_EINVAL;
	cpu = index_nospec(cpu, num_pcpus);
	if (!cell_is_root(cell) && !(cell->cpus & BIT(cpu)))
		return -CAPSULE_EPERM;
	if (type == JH_CPU_STATE)
		return cell->status->state == CAPSULE_CELL_FAILED ? JH_CPU_STATE_FAILED : 0;
	if (type >= JH_CPU_STATS && type < JH_CPU_STATS + JH_NUM_STATS)
		return (int64_t)(pcpus[cpu]->status->exits[index_nospec(type - JH_CPU_STATS,
				 JH_NUM_STATS)] & 0x7fffffff);
	return -CAPSULE_EINVAL;
}

static int64_t console_putc(const struct vcpu *vcpu, uint64_t ch)
{
	uint8_t byte = (uint8_t)ch;

	if (!cell_is_root(vcpu->cell) &&
	    !(vcpu->cell->config->flags & CAPSULE_CELL_CONSOLE_PERMITTED))
		return -CAPSULE_EPERM;
	console_cell_write(vcpu->cell->id, &byte, 1);
	return 0;
}

static int64_t dispatch(const struct vcpu *vcpu, const struct trap_frame *frame)
{
	bool root = cell_is_root(vcpu->cell);

	if (!root && !(vcpu->cell->config->flags & CAPSULE_CELL_JAILHOUSE_ABI))
		return -CAPSULE_ENOSYS;
	if (frame->x[0] == CAPSULE_JH_CPU_GET_INFO)
		return cpu_info(vcpu, frame->x[1], frame->x[2]);
	if (frame->x[0] == CAPSULE_JH_DEBUG_CONSOLE_PUTC)
		return console_putc(vcpu, frame->x[1]);
	if (frame->x[0] <= JH_LAST_MANAGEMENT && !root)
		return -CAPSULE_EPERM;
	return -CAPSULE_ENOSYS;
}

void jailhouse_call(struct vcpu *vcpu, struct trap_frame *frame)
{
	frame->x[0] = (uint64_t)dispatch(vcpu, frame);
}

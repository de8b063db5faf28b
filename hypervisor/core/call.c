// SPDX-License-Identifier: Apache-2.0
/* Native calls by table. Management calls are the agency's, one at a time. */
#include "call.h"

#include <capsule/call.h>

#include "answer.h"
#include "console.h"
#include "lifecycle.h"
#include "nospec.h"
#include "pool.h"
#include "power.h"
#include "psci.h"
#include "hvmap.h"
#include "start.h"
#include "vpl011.h"

#define CONSOLE_WRITE_MAX	48
#define PSCI_OFF		1

/* Result is x0; answer[1..3] become x1..x3. */
typedef int64_t (*call_handler)(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4]);

static spinlock_t management_lock;

static struct cell *find_cell(uint64_t id, uint64_t answer[4], int *rc)
{
	if (id == 0)
		*rc = refuse(answer, -CAPSULE_EPERM, CAPSULE_REASON_ROOT_CELL, 0, 0);
	else if (id >= CAPSULE_MAX_CELLS || !cells[id])
		*rc = refuse(answer, -CAPSULE_ENOENT, CAPSULE_REASON_NO_SUCH_CELL, id, 0);
	else
		return cells[index_nospec(id, CAPSULE_MAX_CELLS)];
	return NULL;
}

static int64_t on_cell(const uint64_t *x, uint64_t answer[4],
		       int (*action)(struct cell *cell, uint64_t answer[4]))
{
	int rc = 0;
	struct cell *cell = find_cell(x[1], answer, &rc);

	return cell ? action(cell, answer) : rc;
}

static int64_t call_create(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	(void)vcpu;
	return lifecycle_create(pa_init(x[1]), x[2], answer);
}

#define CELL_CALL(name)								\
static int64_t call_##name(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4]) \
{										\
	(void)vcpu;								\
	return on_cell(x, answer, lifecycle_##name);				\
}

CELL_CALL(work)
CELL_CALL(set_loadable)
CELL_CALL(shutdown)
CELL_CALL(stop)
CELL_CALL(destroy)
CELL_CALL(state)

static int64_t call_start(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	struct start_args args = { .flags = x[2], .entry = x[3], .context = x[4] };
	int rc = 0;
	struct cell *cell = find_cell(x[1], answer, &rc);

	(void)vcpu;
	return cell ? lifecycle_start(cell, &args, answer) : rc;
}

static unsigned num_cells(void)
{
	unsigned n = 0;

	for (unsigned i = 1; i < CAPSULE_MAX_CELLS; i++)
		if (cells[i])
			n++;
	return n;
}

static int64_t call_info(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	(void)vcpu;
	switch (x[1]) {
	case CAPSULE_INFO_POOL_PAGES:
		return (int64_t)pool_total();
	case CAPSULE_INFO_POOL_USED:
		return (int64_t)pool_used();
	case CAPSULE_INFO_NUM_CELLS:
		return num_cells();
	case CAPSULE_INFO_STATUS_PA:
		return (int64_t)pa_addr(hv_pa(status_area));
	case CAPSULE_INFO_STATUS_SIZE:
		return STATUS_AREA_SIZE;
	default:
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_NONE, x[1], 0);
	}
}

static int64_t refuse_cells(uint64_t answer[4])
{
	unsigned n = num_cells();

	return n ? refuse(answer, -CAPSULE_EBUSY, CAPSULE_REASON_CELLS_EXIST, n, 0) : 0;
}

static int64_t call_disable_prepare(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	int64_t left = refuse_cells(answer);

	(void)vcpu;
	(void)x;
	for (unsigned i = 0; !(left < 0) && i < num_pcpus; i++) {
		struct pcpu *p = pcpus[i];
		bool held = __atomic_load_n(&p->at_el2, __ATOMIC_ACQUIRE);
		uint32_t power = __atomic_load_n(&p->agency_vcpu.power, __ATOMIC_ACQUIRE);

		if (power == VCPU_ON)
			continue;
		if (held)
			power_request(p, REQ_POWER_OFF);
		if (held || psci_firmware_affinity(p) != PSCI_OFF)
			left++;
	}
	return left;
}

static int64_t call_disable(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	int64_t rc = refuse_cells(answer);

	(void)x;
	if (rc)
		return rc;
	spin_unlock(&management_lock);
	el2_cpu_give_back(vcpu->pcpu);
}

static int64_t call_notify_ack(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	(void)vcpu;
	(void)x;
	(void)answer;
	return 0;	/* edge: taking it was the acknowledgement */
}

static int64_t call_console_input(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	uint8_t bytes[CAPSULE_CONSOLE_INPUT_MAX];
	uint64_t n = x[2];
	struct cell *cell;
	int rc = 0;

	(void)vcpu;
	cell = find_cell(x[1], answer, &rc);
	if (!cell)
		return rc;
	if (!vpl011_present(cell))
		return refuse(answer, -CAPSULE_EOPNOTSUPP, CAPSULE_REASON_NO_INPUT, x[1], 0);
	if (n > sizeof(bytes))
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_NONE, n, 0);
	for (uint64_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(x[3 + i / 8] >> (8 * (i % 8)));
	return (int64_t)vpl011_input(cell, bytes, (unsigned)n, &answer[1]);
}

static int64_t call_console_arm(struct vcpu *vcpu, const uint64_t *x, uint64_t answer[4])
{
	(void)vcpu;
	if (x[1] >= CAPSULE_NUM_RINGS)
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_NONE, x[1], 0);
	return console_arm((unsigned)index_nospec(x[1], CAPSULE_NUM_RINGS), x[2]);
}

#define FIRST	CAPSULE_CALL_INFO
#define AT(call) [(call) - FIRST]

static const call_handler management[] = {
	AT(CAPSULE_CALL_INFO) = call_info,
	AT(CAPSULE_CALL_DISABLE_PREPARE) = call_disable_prepare,
	AT(CAPSULE_CALL_DISABLE) = call_disable,
	AT(CAPSULE_CALL_CELL_CREATE) = call_create,
	AT(CAPSULE_CALL_CELL_WORK) = call_work,
	AT(CAPSULE_CALL_CELL_SET_LOADABLE) = call_set_loadable,
	AT(CAPSULE_CALL_CELL_START) = call_start,
	AT(CAPSULE_CALL_CELL_SHUTDOWN) = call_shutdown,
	AT(CAPSULE_CALL_CELL_STOP) = call_stop,
	AT(CAPSULE_CALL_CELL_DESTROY) = call_destroy,
	AT(CAPSULE_CALL_CELL_STATE) = call_state,
	AT(CAPSULE_CALL_NOTIFY_ACK) = call_notify_ack,
	AT(CAPSULE_CALL_CONSOLE_INPUT) = call_console_input,
	AT(CAPSULE_CALL_CONSOLE_ARM) = call_console_arm,
};

static int64_t console_write(struct vcpu *vcpu, const uint64_t *x)
{
	uint8_t bytes[CONSOLE_WRITE_MAX];
	uint64_t n = x[1];

	if (!cell_is_root(vcpu->cell) &&
	    !(vcpu->cell->config->flags & CAPSULE_CELL_CONSOLE_PERMITTED))
		return -CAPSULE_EPERM;
	if (n == 0 || n > sizeof(bytes))
		return -CAPSULE_EINVAL;
	for (uint64_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(x[2 + i / 8] >> (8 * (i % 8)));
	console_cell_write(vcpu->cell->id, bytes, (size_t)n);
	return (int64_t)n;
}

static void manage(struct vcpu *vcpu, struct trap_frame *frame, call_handler handler)
{
	uint64_t answer[4] = { 0 };
	int64_t rc;

	vcpu->pcpu->status->exits[CAPSULE_EXIT_MANAGEMENT]++;
	if (!cell_is_root(vcpu->cell)) {
		frame->x[0] = (uint64_t)-CAPSULE_EPERM;
		return;
	}
	/* Bounded: no call does more than one slice of work. */
	spin_lock(&management_lock);
	rc = handler(vcpu, frame->x, answer);
	spin_unlock(&management_lock);
	frame->x[0] = (uint64_t)rc;
	frame->x[1] = answer[1];
	frame->x[2] = answer[2];
	frame->x[3] = answer[3];
}

bool native_call(struct vcpu *vcpu, struct trap_frame *frame)
{
	uint32_t fn = (uint32_t)frame->x[0];
	uint32_t n = fn - FIRST;

	if (fn == CAPSULE_CALL_VERSION)
		frame->x[0] = CAPSULE_ABI_VERSION;
	else if (fn == CAPSULE_CALL_CONSOLE_WRITE)
		frame->x[0] = (uint64_t)console_write(vcpu, frame->x);
	else if (n < ARRAY_SIZE(management) && management[n])
		manage(vcpu, frame, management[index_nospec(n, ARRAY_SIZE(management))]);
	else
		return false;
	return true;
}

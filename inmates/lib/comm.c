/* SPDX-License-Identifier: Apache-2.0 */
#include <capsule/comm.h>
#include <inmate/comm.h>
#include <inmate/layout.h>
#include <inmate/psci.h>
#include <inmate/string.h>
#include <inmate/sysreg.h>
#include <inmate/timer.h>

#define POLL_MS		10U

/* The structure is packed: the compiler may split its fields, these accesses it may not. */
#define FIELD(name)	(INMATE_COMM_BASE + __builtin_offsetof(struct capsule_comm_region, name))

const struct capsule_comm_region *comm_region(void)
{
#ifdef INMATE_BARE
	return NULL;
#else
	const struct capsule_comm_region *comm =
		(const struct capsule_comm_region *)(uintptr_t)INMATE_COMM_BASE;

	if (memcmp(comm->signature, CAPSULE_COMM_SIGNATURE, sizeof(comm->signature)))
		return NULL;
	return comm;
#endif
}

uint32_t comm_message(void)
{
	return comm_region() ? mmio_read32(FIELD(msg_to_cell)) : CAPSULE_MSG_NONE;
}

void comm_reply(uint32_t reply)
{
	if (!comm_region())
		return;
	/* Mirrors the sender, who clears the reply before the message is set. */
	mmio_write32(FIELD(msg_to_cell), CAPSULE_MSG_NONE);
	dsb_sy();
	mmio_write32(FIELD(reply_from_cell), reply);
	dsb_sy();
}

void comm_set_state(uint32_t state)
{
	if (!comm_region())
		return;
	mmio_write32(FIELD(cell_state), state);
	dsb_sy();
}

bool comm_poll(void)
{
	switch (comm_message()) {
	case CAPSULE_MSG_NONE:
		return false;
	case CAPSULE_MSG_SHUTDOWN_REQUEST:
		comm_reply(CAPSULE_REPLY_REQUEST_APPROVED);
		return true;
	case CAPSULE_MSG_RECONFIG_COMPLETED:
		comm_reply(CAPSULE_REPLY_RECEIVED);
		return false;
	default:
		comm_reply(CAPSULE_REPLY_UNKNOWN);
		return false;
	}
}

void comm_wait_shutdown(void)
{
	while (!comm_poll())
		timer_delay_ms(POLL_MS);
}

void comm_shut_down(void)
{
	comm_set_state(CAPSULE_COMM_SHUT_DOWN);
	psci_cpu_off();
}

void comm_fail(void)
{
	comm_set_state(CAPSULE_COMM_FAILED);
	psci_cpu_off();
}

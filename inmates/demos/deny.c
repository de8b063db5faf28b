/* SPDX-License-Identifier: Apache-2.0 */
/* Denies the first shutdown request and approves the second. */
#include <capsule/comm.h>
#include <inmate/comm.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/timer.h>

static void wait_request(void)
{
	while (comm_message() != CAPSULE_MSG_SHUTDOWN_REQUEST)
		timer_delay_ms(10);
}

void inmate_main(void)
{
	printf("deny: waiting\n");
	wait_request();
	comm_reply(CAPSULE_REPLY_REQUEST_DENIED);
	printf("deny: denied\n");
	wait_request();
	printf("deny: approving\n");
	comm_reply(CAPSULE_REPLY_REQUEST_APPROVED);
}

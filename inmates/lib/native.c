/* SPDX-License-Identifier: Apache-2.0 */
#include <capsule/call.h>
#include <inmate/native.h>
#include <inmate/smccc.h>

#define CONSOLE_CHUNK	48U

enum presence { UNKNOWN, PRESENT, ABSENT };

static enum presence presence;

bool native_present(void)
{
	struct smccc_result uid;

	if (presence == UNKNOWN) {
		uid = smccc_hvc(CAPSULE_SMCCC_CALL_UID, 0, 0, 0);
		presence = (uint32_t)uid.x[0] == CAPSULE_UID_0 &&
			   (uint32_t)uid.x[1] == CAPSULE_UID_1 &&
			   (uint32_t)uid.x[2] == CAPSULE_UID_2 &&
			   (uint32_t)uid.x[3] == CAPSULE_UID_3 ? PRESENT : ABSENT;
	}
	return presence == PRESENT;
}

int64_t native_version(void)
{
	return (int64_t)smccc_hvc(CAPSULE_CALL_VERSION, 0, 0, 0).x[0];
}

/* Eight bytes of the text, the first in the lowest; past the end zero. */
static uint64_t pack(const char *text, size_t len, size_t at)
{
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < 8 && at + i < len; i++)
		word |= (uint64_t)(uint8_t)text[at + i] << (8 * i);
	return word;
}

int64_t native_console_write(const char *text, size_t len)
{
	if (len > CONSOLE_CHUNK)
		len = CONSOLE_CHUNK;
	return (int64_t)SMCCC_CALL("hvc #0", CAPSULE_CALL_CONSOLE_WRITE, len,
				   pack(text, len, 0), pack(text, len, 8),
				   pack(text, len, 16), pack(text, len, 24),
				   pack(text, len, 32), pack(text, len, 40)).x[0];
}

int64_t jailhouse_call(uint64_t code, uint64_t arg1, uint64_t arg2)
{
	return (int64_t)SMCCC_CALL("hvc #0x4a48", code, arg1, arg2, 0, 0, 0, 0, 0).x[0];
}

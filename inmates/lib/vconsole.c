/* SPDX-License-Identifier: Apache-2.0 */
#include <capsule/call.h>
#include <inmate/console.h>
#include <inmate/native.h>

static void jailhouse_write(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		jailhouse_call(CAPSULE_JH_DEBUG_CONSOLE_PUTC, (uint8_t)text[i], 0);
}

/* The native call where this hypervisor answers it, else Jailhouse's putc. */
void vconsole_write(const char *text, size_t len)
{
	int64_t taken;

	if (!native_present()) {
		jailhouse_write(text, len);
		return;
	}
	while (len) {
		taken = native_console_write(text, len);
		if (taken <= 0)
			return;
		text += taken;
		len -= (size_t)taken;
	}
}

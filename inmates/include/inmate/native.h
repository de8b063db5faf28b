/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the hypervisor: native (capsule/call.h) and Jailhouse's. */
#ifndef INMATE_NATIVE_H
#define INMATE_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the UID call names this hypervisor; asked once, then remembered. */
bool native_present(void);
/* -> CAPSULE_ABI_VERSION of the hypervisor, or a negative errno */
int64_t native_version(void);
/* Writes up to 48 bytes to the cell's console. -> bytes taken, or a negative errno */
int64_t native_console_write(const char *text, size_t len);

/* hvc #0x4a48 with code in x0, arguments in x1, x2. -> x0 */
int64_t jailhouse_call(uint64_t code, uint64_t arg1, uint64_t arg2);

#endif

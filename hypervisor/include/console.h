/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consoles: one ring for the hypervisor and one per cell, readable by the
 * agency (include/capsule/status.h). Lines go as a whole to the optional
 * physical UART, with the cell's name before them.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes and empties all rings. The status area exists. */
void console_init(void);
/* Empties a cell's ring and starts a new generation. */
void console_reset(unsigned cell);
/* At the ring's next byte the agency is notified, once. True instead if there are more than seen. */
bool console_arm(unsigned ring, uint64_t seen);
/* Bytes of a guest, as they are. Any CPU. */
void console_cell_write(unsigned cell, const uint8_t *bytes, size_t n);

/* Hypervisor's own lines. %s %c %d %u %x, l for 64 bits. Any CPU; not on hot paths. */
void console_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same without locks, to the UART as well, when EL2 itself has failed. */
void console_panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console of the guest. Which one stands in the communication region: the
 * virtual console if it is the active one, else the UART named there, else
 * the virtual console if it is permitted, else none.
 */
#ifndef INMATE_CONSOLE_H
#define INMATE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Chooses the console; called by the library before inmate_main(). */
void console_init(void);
/* One character. Bytes leave at a newline or after 48; under console_lock(). */
void console_putc(char c);
/* Sends what is buffered; under console_lock(). */
void console_flush(void);
/* Interrupts masked and the console this CPU's until unlock(daif). */
uint64_t console_lock(void);
void console_unlock(uint64_t daif);
/* Opens the lock whoever holds it: for a CPU that dies in an exception. */
void console_break_lock(void);

/* Back ends. */
void vconsole_write(const char *text, size_t len);
void pl011_init(uintptr_t base);
void pl011_write(const char *text, size_t len);

/* Input, of the UART given to pl011_init(). */
/* The next byte, or -1 if there is none. */
int pl011_getc(void);
/* Lets the UART interrupt when there is input; it goes on until all is read. */
void pl011_input_interrupt(bool on);
/* UARTPeriphID0-3 and UARTPCellID0-3, the first in the lowest byte. */
uint64_t pl011_identification(void);

#endif

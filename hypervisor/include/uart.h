/* SPDX-License-Identifier: Apache-2.0 */
/* Optional physical UART of the hypervisor: PL011 or 8250, output only, polled. */
#ifndef UART_H
#define UART_H

#include <capsule/config.h>
#include <stdbool.h>

/* Maps the registers. Without a console in the configuration there is no UART. 0 or negative errno. */
int uart_init(const struct capsule_console *console, uint64_t answer[4]);
bool uart_present(void);
/* Waits for room a bounded number of looks; a UART that has none by then is given up. */
void uart_putc(char c);

#endif

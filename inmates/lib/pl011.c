/* SPDX-License-Identifier: Apache-2.0 */
/* Arm PrimeCell UART, DDI 0183: transmit by polling, at the rate found. */
#include <inmate/console.h>
#include <inmate/sysreg.h>

#define UARTDR		0x000U
#define UARTFR		0x018U
#define UARTFR_TXFF	(1U << 5)
#define UARTLCR_H	0x02cU
#define UARTLCR_H_8N1_FIFO	0x70U
#define UARTCR		0x030U
#define UARTCR_TX_ON	0x101U		/* UARTEN, TXE */

static uintptr_t uart;

void pl011_init(uintptr_t base)
{
	uart = base;
	if ((mmio_read32(uart + UARTCR) & UARTCR_TX_ON) == UARTCR_TX_ON)
		return;
	/* The line control register may only change while the UART is off. */
	mmio_write32(uart + UARTCR, 0);
	mmio_write32(uart + UARTLCR_H, UARTLCR_H_8N1_FIFO);
	mmio_write32(uart + UARTCR, UARTCR_TX_ON);
}

static void put(char c)
{
	while (mmio_read32(uart + UARTFR) & UARTFR_TXFF)
		;
	mmio_write32(uart + UARTDR, (uint8_t)c);
}

void pl011_write(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
}

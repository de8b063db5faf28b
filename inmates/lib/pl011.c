/* SPDX-License-Identifier: Apache-2.0 */
/* Arm PrimeCell UART, DDI 0183: transmit by polling, at the rate found; input. */
#include <inmate/console.h>
#include <inmate/sysreg.h>

#define UARTDR		0x000U
#define UARTFR		0x018U
#define UARTFR_RXFE	(1U << 4)
#define UARTFR_TXFF	(1U << 5)
#define UARTLCR_H	0x02cU
#define UARTLCR_H_8N1_FIFO	0x70U
#define UARTCR		0x030U
#define UARTCR_TX_ON	0x101U		/* UARTEN, TXE */
#define UARTCR_ON	0x301U		/* RXE, too */
#define UARTIMSC	0x038U
#define UARTINT_INPUT	0x50U		/* receive and receive timeout */
#define UARTID		0xfe0U

static uintptr_t uart;

void pl011_init(uintptr_t base)
{
	uart = base;
	if ((mmio_read32(uart + UARTCR) & UARTCR_TX_ON) == UARTCR_TX_ON)
		return;
	/* The line control register may only change while the UART is off. */
	mmio_write32(uart + UARTCR, 0);
	mmio_write32(uart + UARTLCR_H, UARTLCR_H_8N1_FIFO);
	mmio_write32(uart + UARTCR, UARTCR_ON);
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

int pl011_getc(void)
{
	if (mmio_read32(uart + UARTFR) & UARTFR_RXFE)
		return -1;
	return (uint8_t)mmio_read32(uart + UARTDR);
}

void pl011_input_interrupt(bool on)
{
	mmio_write32(uart + UARTIMSC, on ? UARTINT_INPUT : 0);
}

uint64_t pl011_identification(void)
{
	uint64_t id = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		id |= (uint64_t)(mmio_read32(uart + UARTID + 4 * i) & 0xff) << 8 * i;
	return id;
}

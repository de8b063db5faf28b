// SPDX-License-Identifier: Apache-2.0
#include "uart.h"

#include "answer.h"
#include "hvmap.h"
#include "io.h"
#include "util.h"

/* PL011 (Arm DDI 0183) */
#define PL011_DR	0x00
#define PL011_FR	0x18
#define PL011_FR_TXFF	BIT(5)
/* 8250 */
#define U8250_THR	0
#define U8250_LSR	5
#define U8250_LSR_THRE	BIT(5)

#define MAX_LOOKS	100000

static volatile uint8_t *base;
static uint16_t type;
static unsigned reg_shift;

int uart_init(const struct capsule_console *c, uint64_t answer[4])
{
	uint64_t first = c->address & PAGE_MASK;

	base = NULL;
	if (c->type == CAPSULE_CON_NONE)
		return 0;
	if ((c->type != CAPSULE_CON_PL011 && c->type != CAPSULE_CON_8250) ||
	    !(c->flags & CAPSULE_CON_MMIO) || (c->flags & ~CAPSULE_CON_VALID_FLAGS))
		return refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_CFG_CONSOLE, c->type, 0);
	base = hv_map_device(pa_init(first), PAGE_SIZE);
	if (!base)
		return refuse(answer, -CAPSULE_ENOMEM, CAPSULE_REASON_NO_POOL, 0, 0);
	base += c->address - first;
	type = c->type;
	reg_shift = c->flags & CAPSULE_CON_REGDIST_4 ? 2 : 0;
	return 0;
}

bool uart_present(void)
{
	return base != NULL;
}

static bool has_room(void)
{
	if (type == CAPSULE_CON_PL011)
		return !(mmio_read32(base + PL011_FR) & PL011_FR_TXFF);
	return mmio_read8(base + (U8250_LSR << reg_shift)) & U8250_LSR_THRE;
}

void uart_putc(char c)
{
	unsigned looks = 0;

	if (!base)
		return;
	while (!has_room())
		if (++looks == MAX_LOOKS) {
			base = NULL;	/* no clock, or nobody reads: never again */
			return;
		}
	if (type == CAPSULE_CON_PL011)
		mmio_write32(base + PL011_DR, (uint8_t)c);
	else
		mmio_write8(base + (U8250_THR << reg_shift), (uint8_t)c);
}

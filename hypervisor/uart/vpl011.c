// SPDX-License-Identifier: Apache-2.0
/*
 * Registers by their names in the technical reference manual (Arm DDI 0183,
 * chapter 3). The line is infinitely fast: the transmit FIFO is always empty,
 * and what does not fit into the receive FIFO waits at the sender.
 */
#include "vpl011.h"

#include "console.h"
#include "gic.h"
#include "root.h"
#include "util.h"

#define UARTDR		0x000U
#define UARTRSR		0x004U		/* UARTECR when written: there are no errors */
#define UARTFR		0x018U
#define UARTILPR	0x020U
#define UARTIBRD	0x024U
#define UARTFBRD	0x028U
#define UARTLCR_H	0x02cU
#define UARTCR		0x030U
#define UARTIFLS	0x034U
#define UARTIMSC	0x038U
#define UARTRIS		0x03cU
#define UARTMIS		0x040U
#define UARTICR		0x044U
#define UARTDMACR	0x048U
#define UARTPERIPHID0	0xfe0U		/* eight registers: PeriphID0-3, PCellID0-3 */

#define FR_CTS		BIT(0)
#define FR_DSR		BIT(1)
#define FR_DCD		BIT(2)
#define FR_RXFE		BIT(4)
#define FR_RXFF		BIT(6)
#define FR_TXFE		BIT(7)
#define LCR_H_FEN	BIT(4)
#define LCR_H_8N1_FIFO	0x70U
#define CR_LBE		BIT(7)
#define CR_ON		0x301U		/* UARTEN, TXE, RXE */
#define IFLS_RESET	0x12U
#define IFLS_RX(v)	((v) >> 3 & 7)
#define INT_RX		BIT(4)
#define INT_TX		BIT(5)
#define INT_RT		BIT(6)
#define INT_ALL		0x7ffU

#define FIFO_DEPTH	32U		/* since r1p5 */

/* Who waits for room hears of it once. */
static void wake_sender(struct vpl011 *u)
{
	if (!u->wanted || u->count > VPL011_INPUT / 2)
		return;
	u->wanted = false;
	root_notify();
}

void vpl011_reset(struct cell *cell)
{
	struct vpl011 *u = &cell->uart;

	spin_lock(&u->lock);
	u->ilpr = u->ibrd = u->fbrd = u->imsc = u->dmacr = u->ris = 0;
	u->lcr_h = LCR_H_8N1_FIFO;
	u->cr = CR_ON;
	u->ifls = IFLS_RESET;
	u->first = u->count = 0;
	u->line = false;
	wake_sender(u);
	spin_unlock(&u->lock);
}

static uint32_t fifo_depth(const struct vpl011 *u)
{
	return u->lcr_h & LCR_H_FEN ? FIFO_DEPTH : 1;
}

/* Bytes in the receive FIFO from which on it interrupts (UARTIFLS). */
static uint32_t rx_trigger(const struct vpl011 *u)
{
	static const uint8_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

	return u->lcr_h & LCR_H_FEN ? FIFO_DEPTH / 8 * eighths[IFLS_RX(u->ifls)] : 1;
}

/* Input came: at the trigger level, or (receive timeout) after silence, which is at once. */
static void rx_came(struct vpl011 *u)
{
	if (u->count >= rx_trigger(u))
		u->ris |= INT_RX;
	if (u->lcr_h & LCR_H_FEN)
		u->ris |= INT_RT;
}

static void rx_went(struct vpl011 *u)
{
	if (u->count < rx_trigger(u))
		u->ris &= ~(uint32_t)INT_RX;
	if (!u->count)
		u->ris &= ~(uint32_t)INT_RT;
}

static void push(struct vpl011 *u, uint8_t byte)
{
	if (u->count == VPL011_INPUT)
		return;
	u->input[(u->first + u->count++) % VPL011_INPUT] = byte;
	rx_came(u);
}

static uint32_t pop(struct vpl011 *u)
{
	uint32_t byte;

	if (!u->count)
		return 0;
	byte = u->input[u->first];
	u->first = (u->first + 1) % VPL011_INPUT;
	u->count--;
	rx_went(u);
	/* What did not fit into the FIFO has waited on the line: the next byte arrives. */
	if (u->count >= fifo_depth(u))
		rx_came(u);
	wake_sender(u);
	return byte;
}

static uint32_t flags(const struct vpl011 *u)
{
	uint32_t fr = (uint32_t)(FR_TXFE | FR_CTS | FR_DSR | FR_DCD);

	if (!u->count)
		fr |= FR_RXFE;
	if (u->count >= fifo_depth(u))
		fr |= FR_RXFF;
	return fr;
}

/* Part 0x011, designer 0x41 (Arm), revision 3; then the PrimeCell identification. */
static uint32_t identification(uint32_t offset)
{
	static const uint8_t id[8] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	return offset >= UARTPERIPHID0 ? id[(offset - UARTPERIPHID0) / 4 & 7] : 0;
}

static uint32_t read_register(struct vpl011 *u, uint32_t offset)
{
	switch (offset) {
	case UARTDR: return pop(u);
	case UARTFR: return flags(u);
	case UARTILPR: return u->ilpr;
	case UARTIBRD: return u->ibrd;
	case UARTFBRD: return u->fbrd;
	case UARTLCR_H: return u->lcr_h;
	case UARTCR: return u->cr;
	case UARTIFLS: return u->ifls;
	case UARTIMSC: return u->imsc;
	case UARTRIS: return u->ris;
	case UARTMIS: return u->ris & u->imsc;
	case UARTDMACR: return u->dmacr;
	default: return identification(offset);
	}
}

/* Sent at once, so that the transmit FIFO passes its trigger level with every byte. */
static void transmit(struct vpl011 *u, unsigned cell, uint8_t byte)
{
	if (u->cr & CR_LBE)
		push(u, byte);
	else
		console_cell_write(cell, &byte, 1);
	u->ris |= INT_TX;
}

static void write_register(struct vpl011 *u, unsigned cell, uint32_t offset, uint32_t v)
{
	switch (offset) {
	case UARTDR: transmit(u, cell, (uint8_t)v); break;
	case UARTILPR: u->ilpr = v & 0xff; break;
	case UARTIBRD: u->ibrd = v & 0xffff; break;
	case UARTFBRD: u->fbrd = v & 0x3f; break;
	case UARTLCR_H: u->lcr_h = v & 0xff; rx_went(u); break;
	case UARTCR: u->cr = v & 0xff87; break;
	case UARTIFLS: u->ifls = v & 0x3f; rx_went(u); break;
	case UARTIMSC: u->imsc = v & INT_ALL; break;
	case UARTICR: u->ris &= ~v; break;
	case UARTDMACR: u->dmacr = v & 7; break;
	default: break;
	}
}

/* UARTINTR is the one line. Under the lock, so that the last change wins. True if it changed. */
static bool update_line(struct cell *cell, const struct vcpu *self)
{
	struct vpl011 *u = &cell->uart;
	bool line = u->ris & u->imsc;

	if (line == u->line)
		return false;
	u->line = line;
	gic_set_line(cell, cell->config->console.irq, line, self);
	return true;
}

enum mmio_result vpl011_mmio(struct vcpu *vcpu, struct mmio_access *a)
{
	struct vpl011 *u = &vcpu->cell->uart;
	uint32_t offset = (uint32_t)(a->ipa & (PAGE_SIZE - 1));
	bool changed;

	if (a->size > 4 || offset % 4)
		return MMIO_ABORT;
	spin_lock(&u->lock);
	if (a->write)
		write_register(u, vcpu->cell->id, offset, (uint32_t)a->value);
	else
		a->value = read_register(u, offset) & GENMASK(8 * a->size - 1, 0);
	changed = update_line(vcpu->cell, vcpu);
	spin_unlock(&u->lock);
	if (changed)
		gic_flush(vcpu);
	return MMIO_DONE;
}

unsigned vpl011_input(struct cell *cell, const uint8_t *bytes, unsigned n, uint64_t *room)
{
	struct vpl011 *u = &cell->uart;
	unsigned taken = 0;

	spin_lock(&u->lock);
	*room = cell->status->state == CAPSULE_CELL_RUNNING ? VPL011_INPUT - u->count : 0;
	for (; taken < n && *room; taken++, (*room)--)
		push(u, bytes[taken]);
	u->wanted |= taken < n || !*room;
	(void)update_line(cell, NULL);
	spin_unlock(&u->lock);
	return taken;
}

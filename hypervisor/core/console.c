// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <stdarg.h>

#include "cell.h"
#include "root.h"
#include "start.h"
#include "uart.h"

#define LINE_MAX	160

/* A line in the making, for the UART. */
struct line {
	unsigned used;
	char text[LINE_MAX];
};

static spinlock_t console_lock;
static struct line lines[CAPSULE_NUM_RINGS];
static uint32_t armed;		/* bit n: somebody waits for ring n; under console_lock */

static struct capsule_console_ring *ring_of(unsigned n)
{
	return (struct capsule_console_ring *)(void *)
		((char *)status_area + status_area->rings_offset + n * CAPSULE_RING_BYTES);
}

static void reset(unsigned n)
{
	struct capsule_console_ring *r = ring_of(n);

	r->size = CAPSULE_RING_DATA;
	/* First, so that nobody takes the new count for the old generation's. */
	r->generation++;
	__atomic_store_n(&r->written, 0, __ATOMIC_RELEASE);
	lines[n].used = 0;
}

void console_init(void)
{
	for (unsigned i = 0; i < CAPSULE_NUM_RINGS; i++)
		reset(i);
}

void console_reset(unsigned cell)
{
	spin_lock(&console_lock);
	reset(cell);
	spin_unlock(&console_lock);
}

static void uart_text(const char *s)
{
	while (*s)
		uart_putc(*s++);
}

/* One prefix a line, so that consoles never mix within a line. */
static void uart_line(unsigned n)
{
	struct line *l = &lines[n];

	if (uart_present()) {
		if (n != CAPSULE_RING_HYPERVISOR && cells[n]) {
			uart_text("[");
			uart_text(cells[n]->config->name);
			uart_text("] ");
		}
		for (unsigned i = 0; i < l->used; i++)
			uart_putc(l->text[i]);
		uart_text("\r\n");
	}
	l->used = 0;
}

/* Ring byte first, count after it: a reader never sees a byte that is not there. */
static void put(unsigned n, char c)
{
	struct capsule_console_ring *r = ring_of(n);
	struct line *l = &lines[n];

	r->data[r->written & (CAPSULE_RING_DATA - 1)] = (uint8_t)c;
	__atomic_store_n(&r->written, r->written + 1, __ATOMIC_RELEASE);
	if (c == '\r')
		return;
	if (c != '\n')
		l->text[l->used++] = c;
	if (c == '\n' || l->used == LINE_MAX)
		uart_line(n);
}

bool console_arm(unsigned ring, uint64_t seen)
{
	bool more;

	spin_lock(&console_lock);
	more = ring_of(ring)->written != seen;
	if (!more)
		armed |= 1U << ring;
	spin_unlock(&console_lock);
	return more;
}

/* After bytes were put into a ring: once per console_arm(), however many follow. */
static void wake_readers(unsigned ring)
{
	if (!(armed >> ring & 1))
		return;
	armed &= ~(1U << ring);
	root_notify();
}

void console_cell_write(unsigned cell, const uint8_t *bytes, size_t n)
{
	spin_lock(&console_lock);
	for (size_t i = 0; i < n; i++)
		put(cell, (char)bytes[i]);
	wake_readers(cell);
	spin_unlock(&console_lock);
}

static void put_number(uint64_t v, unsigned base)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(CAPSULE_RING_HYPERVISOR, digits[--n]);
}

static void put_string(const char *s)
{
	while (*s)
		put(CAPSULE_RING_HYPERVISOR, *s++);
}

static void put_conversion(char c, bool wide, va_list *args)
{
	uint64_t v;

	if (c == 's') {
		put_string(va_arg(*args, const char *));
		return;
	}
	v = wide ? va_arg(*args, uint64_t) : va_arg(*args, unsigned int);
	if (c == 'd' && (int64_t)(wide ? v : (uint64_t)(int32_t)v) < 0) {
		put(CAPSULE_RING_HYPERVISOR, '-');
		v = wide ? -v : (uint32_t)-(uint32_t)v;
	}
	if (c == 'c')
		put(CAPSULE_RING_HYPERVISOR, (char)v);
	else
		put_number(v, c == 'x' ? 16 : 10);
}

static void print(const char *fmt, va_list *args)
{
	for (; *fmt; fmt++) {
		bool wide = false;

		if (*fmt != '%') {
			put(CAPSULE_RING_HYPERVISOR, *fmt);
			continue;
		}
		if (*++fmt == 'l') {
			wide = true;
			fmt++;
		}
		put_conversion(*fmt, wide, args);
	}
}

void console_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	spin_lock(&console_lock);
	print(fmt, &args);
	wake_readers(CAPSULE_RING_HYPERVISOR);
	spin_unlock(&console_lock);
	va_end(args);
}

void console_panic(const char *fmt, ...)
{
	va_list args;

	if (!status_area)
		return;
	va_start(args, fmt);
	print(fmt, &args);
	va_end(args);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <capsule/config.h>
#include <inmate/console.h>
#include <inmate/platform.h>
#include <inmate/spinlock.h>
#include <inmate/sysreg.h>

#define BUFFER	48U

static struct spinlock lock;
static void (*write_out)(const char *text, size_t len);
static char buffer[BUFFER];
static size_t fill;

void console_init(void)
{
	const struct platform *p = platform_get();

	if (p->vconsole_active) {
		write_out = vconsole_write;
	} else if (p->console_type == CAPSULE_CON_PL011) {
		pl011_init(p->console_base);
		write_out = pl011_write;
	} else if (p->vconsole_permitted) {
		write_out = vconsole_write;
	}
}

void console_flush(void)
{
	if (write_out && fill)
		write_out(buffer, fill);
	fill = 0;
}

void console_putc(char c)
{
	buffer[fill++] = c;
	if (c == '\n' || fill == BUFFER)
		console_flush();
}

uint64_t console_lock(void)
{
	uint64_t daif = irq_save();

	spin_lock(&lock);
	return daif;
}

void console_unlock(uint64_t daif)
{
	spin_unlock(&lock);
	irq_restore(daif);
}

void console_break_lock(void)
{
	spin_unlock(&lock);
}

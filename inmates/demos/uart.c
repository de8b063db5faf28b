/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest with a UART: echoes what is typed and answers each line. Words:
 *   quit        ends
 *   flood N     prints N numbered lines
 *   interrupts  how many came, and how many of them without input
 * Parameters: irq=N takes input by interrupt N and sleeps in between; without
 * it the UART is polled.
 */
#include <inmate/console.h>
#include <inmate/gic.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/string.h>
#include <inmate/sysreg.h>

#define QUEUE	1024U
#define LINE	128U

static volatile unsigned int head, tail;	/* handler, main */
static uint8_t queue[QUEUE];
static unsigned int interrupts, empty;

static void take_input(unsigned int intid)
{
	unsigned int before = head;
	int byte;

	(void)intid;
	interrupts++;
	while (head - tail < QUEUE && (byte = pl011_getc()) >= 0) {
		queue[head % QUEUE] = (uint8_t)byte;
		head++;
	}
	if (head - tail == QUEUE)
		pl011_input_interrupt(false);	/* the UART keeps the rest */
	else if (head == before)
		empty++;
}

/* Interrupts masked. A pending one ends the WFI all the same. */
static void wait_for_input(void)
{
	pl011_input_interrupt(true);
	wfi();
}

static int next_byte(bool by_interrupt)
{
	uint64_t daif;
	int byte = -1;

	if (!by_interrupt)
		return pl011_getc();
	daif = irq_save();
	if (tail != head)
		byte = queue[tail++ % QUEUE];
	else
		wait_for_input();
	irq_restore(daif);
	return byte;
}

static void say(const char *text)
{
	uint64_t daif = console_lock();

	while (*text)
		console_putc(*text++);
	console_flush();
	console_unlock(daif);
}

static void flood(const char *count)
{
	uint64_t i, lines = params_parse(count);

	for (i = 0; i < lines; i++)
		printf("uart: line %lu of the flood\n", i);
}

/* -> false: the end */
static bool obey(const char *line)
{
	if (!strcmp(line, "quit"))
		return false;
	if (!strncmp(line, "flood ", 6))
		flood(line + 6);
	else if (!strcmp(line, "interrupts"))
		printf("uart: %u interrupts, %u without input, %u unhandled\n", interrupts, empty,
		       gic_unhandled());
	else
		printf("uart: %lu bytes: %s\n", (unsigned long)strlen(line), line);
	return true;
}

/* One byte typed. -> false: the end */
static bool edit(char *line, size_t *len, char byte)
{
	char echo[2] = { byte, '\0' };

	if (byte != '\r' && byte != '\n') {
		if (*len + 1 < LINE)
			line[(*len)++] = byte;
		say(echo);
		return true;
	}
	line[*len] = '\0';
	*len = 0;
	say("\n");
	if (!obey(line))
		return false;
	say("> ");
	return true;
}

void inmate_main(void)
{
	unsigned int irq = (unsigned int)params_number("irq", 0);
	char line[LINE];
	size_t len = 0;
	int byte;

	printf("uart: identification %016lx\n", pl011_identification());
	if (irq) {
		gic_set_handler(irq, take_input);
		gic_set_priority(irq, GIC_PRIORITY_DEFAULT);
		gic_route(irq, 0);
		gic_enable(irq);
		pl011_input_interrupt(true);
		irq_enable();
	}
	printf("uart: ready\n");
	say("> ");
	do {
		byte = next_byte(irq != 0);
	} while (byte < 0 || edit(line, &len, (char)byte));
	printf("uart: quitting\n");
}

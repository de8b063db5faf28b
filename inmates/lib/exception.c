/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/comm.h>
#include <inmate/console.h>
#include <inmate/exception.h>
#include <inmate/gic.h>
#include <inmate/layout.h>
#include <inmate/printf.h>
#include <inmate/smp.h>
#include <inmate/sysreg.h>

/* Vector numbers: 4 groups (SP0, SPx, lower 64, lower 32) of sync, IRQ, FIQ, SError. */
#define VECTOR_KIND(v)		((v) & 3U)
#define VECTOR_SYNC		0U
#define VECTOR_IRQ		1U
#define VECTOR_SERROR		3U

struct watch {
	bool armed;
	struct exception_record record;
};

static struct watch watches[INMATE_MAX_CPUS];

void exception_watch_begin(void)
{
	struct watch *watch = &watches[smp_cpu()];

	watch->record = (struct exception_record){ 0 };
	watch->armed = true;
	dsb_sy();
	isb();
}

const struct exception_record *exception_watch_end(void)
{
	struct watch *watch = &watches[smp_cpu()];

	/* An external abort may come late: have it here rather than after the watch. */
	dsb_sy();
	isb();
	watch->armed = false;
	return &watch->record;
}

static void watch_take(struct watch *watch, struct exception_frame *frame, unsigned int kind)
{
	if (watch->record.count == 0) {
		watch->record.esr = frame->esr;
		watch->record.far = frame->far;
		watch->record.elr = frame->elr;
	}
	watch->record.count++;
	if (kind == VECTOR_SERROR)
		return;
	if (ESR_EC(frame->esr) == ESR_EC_IABT_CUR || ESR_EC(frame->esr) == ESR_EC_PC_ALIGN)
		frame->elr = frame->x[30];
	else
		frame->elr += 4;
}

__attribute__((weak))
void exception_default(const struct exception_frame *frame, unsigned int vector)
{
	unsigned int i;

	console_break_lock();
	printf("exception: vector %u cpu %u esr %08lx far %016lx elr %016lx spsr %08lx sp %016lx\n",
	       vector, smp_cpu(), frame->esr, frame->far, frame->elr, frame->spsr, frame->sp);
	for (i = 0; i < 31; i++)
		printf("  x%-2u %016lx%s", i, frame->x[i], i % 4 == 3 || i == 30 ? "\n" : "");
	comm_fail();
}

void exception_entry(struct exception_frame *frame, unsigned int vector)
{
	unsigned int kind = VECTOR_KIND(vector);
	struct watch *watch = &watches[smp_cpu()];

	if (kind == VECTOR_IRQ)
		gic_handle_irq();
	else if (watch->armed && (kind == VECTOR_SYNC || kind == VECTOR_SERROR))
		watch_take(watch, frame, kind);
	else
		exception_default(frame, vector);
}

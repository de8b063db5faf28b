// SPDX-License-Identifier: Apache-2.0
/* EL2 itself went wrong: report everything, stop. */
#include "check.h"
#include "console.h"
#include "gic.h"
#include "power.h"
#include "sysreg.h"
#include "trap.h"

extern const uint64_t __extable_start[][2], __extable_end[][2];

bool el2_failed;

/* Other CPUs stop when they come to EL2 next, which a kick makes soon. */
_Noreturn void el2_stop(void)
{
	el2_failed = true;
	for (unsigned i = 0; i < num_pcpus; i++)
		if (pcpus[i] && pcpus[i]->at_el2)
			gic_kick(pcpus[i]);
	for (;;)
		wfi();
}

_Noreturn void check_failed(const char *what, const char *file, int line)
{
	struct pcpu *p = this_pcpu();

	console_panic("\nEL2: check failed: %s (%s:%d), CPU %d, caller 0x%lx\n", what, file, line,
		      p ? (int)p->id : -1, (uint64_t)__builtin_return_address(0));
	el2_stop();
}

static bool fix_up(void)
{
	uint64_t pc = read_sysreg(elr_el2);

	for (const uint64_t (*e)[2] = __extable_start; e < __extable_end; e++) {
		if ((*e)[0] == pc) {
			write_sysreg(elr_el2, (*e)[1]);
			return true;
		}
	}
	return false;
}

static bool is_drained(uint64_t pc)
{
	return pc >= (uint64_t)drain_serror_open && pc <= (uint64_t)drain_serror_closed;
}

void el2_exception(struct trap_frame *frame, uint64_t kind)
{
	struct pcpu *p = this_pcpu();
	static bool again;

	if (kind == 4 && fix_up())
		return;
	if (kind == 7 && is_drained(read_sysreg(elr_el2)))
		return;
	/* The report itself failed: nothing more can be said. */
	for (; again;)
		wfi();
	again = true;
	console_panic("\nEL2: exception %lu on CPU %d: ESR 0x%lx ELR 0x%lx FAR 0x%lx HPFAR 0x%lx SPSR 0x%lx\n",
		      kind, p ? (int)p->id : -1, read_sysreg(esr_el2), read_sysreg(elr_el2),
		      read_sysreg(far_el2), read_sysreg(hpfar_el2), read_sysreg(spsr_el2));
	for (unsigned i = 0; i < 31; i++)
		console_panic("x%u 0x%lx%s", i, frame->x[i], i % 4 == 3 ? "\n" : "  ");
	console_panic("\n");
	el2_stop();
}

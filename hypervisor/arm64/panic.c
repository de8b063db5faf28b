// SPDX-License-Identifier: Apache-2.0
/* EL2 itself went wrong: report everything, stop. */
#include "check.h"
#include "console.h"
#include "sysreg.h"
#include "trap.h"

extern const uint64_t __extable_start[][2], __extable_end[][2];

static _Noreturn void stop(void)
{
	for (;;)
		wfi();
}

_Noreturn void check_failed(const char *what, const char *file, int line)
{
	struct pcpu *p = this_pcpu();

	console_panic("\nEL2: check failed: %s (%s:%d), CPU %d, caller 0x%lx\n", what, file, line,
		      p ? (int)p->id : -1, (uint64_t)__builtin_return_address(0));
	stop();
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

void el2_exception(struct trap_frame *frame, uint64_t kind)
{
	struct pcpu *p = this_pcpu();

	if (kind == 4 && fix_up())
		return;
	console_panic("\nEL2: exception %lu on CPU %d: ESR 0x%lx ELR 0x%lx FAR 0x%lx HPFAR 0x%lx SPSR 0x%lx\n",
		      kind, p ? (int)p->id : -1, read_sysreg(esr_el2), read_sysreg(elr_el2),
		      read_sysreg(far_el2), read_sysreg(hpfar_el2), read_sysreg(spsr_el2));
	for (unsigned i = 0; i < 31; i++)
		console_panic("x%u 0x%lx%s", i, frame->x[i], i % 4 == 3 ? "\n" : "  ");
	console_panic("\n");
	stop();
}

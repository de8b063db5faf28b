/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest that does all it can not to be stopped: it never answers, masks
 * everything and turns the interrupt controller against whoever knocks. It has
 * to be forced. Parameter: wfi (sleeps instead of spinning).
 */
#include <inmate/gic.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/string.h>
#include <inmate/sysreg.h>
#include <inmate/timer.h>

#define WAKER_SLEEP	(1U << 1)

static void close_gic(void)
{
	uintptr_t own = gic_banked();
	unsigned int i;

	for (i = 0; i < 32; i++)
		gic_set_priority(i, 0xff);
	gic_mask_all();
	mmio_write32(own + GICD_ICENABLER, ~0U);
	mmio_write32(own + GICD_ICPENDR, ~0U);
	mmio_write32(own + GICD_IGROUPR, 0);
	if (platform_get()->gic_version == 3)
		mmio_write32(gic_redistributor() + GICR_WAKER, WAKER_SLEEP);
	mmio_write32(platform_get()->gicd_base + GICD_CTLR, 0);
}

/*
 * Under QEMU's -icount time passes by instructions, and CPUs take turns: many
 * cheap ones make it pass quickly, the hint lets the others have their turn.
 */
static void spin(void)
{
	__asm__ volatile(".rept 4096\n\tnop\n\t.endr\n\tyield");
}

void inmate_main(void)
{
	char word[8];
	size_t pos = 0;
	bool sleeps = params_word(&pos, word, sizeof(word)) && !strcmp(word, "wfi");

	printf("silent: masked, %s, and not answering\n", sleeps ? "asleep" : "spinning");
	close_gic();
	timer_stop_virt();
	timer_stop_phys();
	__asm__ volatile("msr daifset, #0xf" : : : "memory");
	for (;;)
		if (sleeps)
			wfi();
		else
			spin();
}

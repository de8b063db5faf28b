// SPDX-License-Identifier: Apache-2.0
/* Interrupts. */
#include <inttypes.h>

#include "internal.h"

#define BITS_PER_CHIP	128U
#define MAX_PIN_BASE	(1024U - BITS_PER_CHIP)

static bool chip_has(const struct capsule_irqchip *chip, uint32_t bit)
{
	return chip->pin_bitmap[bit / 32] >> (bit % 32) & 1;
}

bool cell_has_irq(const struct chk_cell *cell, uint32_t intid)
{
	const struct capsule_irqchip *chip;
	uint32_t i;

	for (i = 0; i < cell->desc.num_irqchips; i++) {
		chip = &cell->irqchips[i];
		if (intid >= chip->pin_base && intid - chip->pin_base < BITS_PER_CHIP &&
		    chip_has(chip, intid - chip->pin_base))
			return true;
	}
	return false;
}

/* True if an irqchip before @index names @intid as well. */
static bool named_before(const struct chk_cell *cell, uint32_t index, uint32_t intid)
{
	struct chk_cell before = *cell;

	before.desc.num_irqchips = index;
	return cell_has_irq(&before, intid);
}

static void check_intid(const struct chk_cell *cell, uint32_t index, uint32_t intid,
			const struct chk_system *system, struct chk_report *report)
{
	if (intid >= NUM_INTIDS)
		chk_error(report, cell->file, CAPSULE_REASON_CFG_IRQ, intid, 0,
			  "irqchip %u names interrupt %u: SPIs end at %u", index, intid,
			  NUM_INTIDS - 1);
	else if (named_before(cell, index, intid))
		chk_error(report, cell->file, CAPSULE_REASON_CFG_IRQ, intid, 0,
			  "irqchip %u names interrupt %u, which an irqchip before it has: name each once",
			  index, intid);
	else if (!system || cell->is_root)
		return;
	else if (intid == system->header.platform_info.notify_irq)
		chk_error(report, cell->file, CAPSULE_REASON_CFG_IRQ, intid, 0,
			  "irqchip %u names interrupt %u, which is the notify_irq of %s: take another",
			  index, intid, system->file);
	else if (!cell_has_irq(&system->root, intid))
		chk_error(report, cell->file, CAPSULE_REASON_IRQ_NOT_OWNED, intid, 0,
			  "irqchip %u names interrupt %u, which is not among those of the machine in %s: correct one of the two",
			  index, intid, system->file);
}

static bool check_chip(const struct chk_cell *cell, uint32_t index,
		       const struct chk_system *system, struct chk_report *report)
{
	const struct capsule_irqchip *chip = &cell->irqchips[index];

	if (chip->pin_base < FIRST_SPI || chip->pin_base % 32 || chip->pin_base > MAX_PIN_BASE) {
		chk_error(report, cell->file, CAPSULE_REASON_CFG_IRQ, chip->pin_base, 0,
			  "irqchip %u has pin_base %u: it must be a multiple of 32 from 32 to 896 (PPIs and SGIs are private to each CPU and not listed)",
			  index, chip->pin_base);
		return false;
	}
	if (chip->id)
		chk_error(report, cell->file, CAPSULE_REASON_CFG_RESERVED, chip->id, 0,
			  "irqchip %u has id %u: let it be 0", index, chip->id);
	if (system && chip->address != system->header.platform_info.gicd_base)
		chk_error(report, cell->file, CAPSULE_REASON_GIC_ADDRESS, chip->address,
			  system->header.platform_info.gicd_base,
			  "irqchip %u is at 0x%" PRIx64 ", the distributor of %s at 0x%" PRIx64 ": use that address",
			  index, chip->address, system->file,
			  system->header.platform_info.gicd_base);
	return true;
}

/* Every irqchip, and every interrupt it names. @system may be NULL. */
void chk_irqchips(const struct chk_cell *cell, const struct chk_system *system,
		  struct chk_report *report)
{
	uint32_t i, bit;

	for (i = 0; i < cell->desc.num_irqchips; i++) {
		if (!check_chip(cell, i, system, report))
			continue;
		for (bit = 0; bit < BITS_PER_CHIP; bit++)
			if (chip_has(&cell->irqchips[i], bit))
				check_intid(cell, i, cell->irqchips[i].pin_base + bit, system,
					    report);
	}
}

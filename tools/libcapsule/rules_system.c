// SPDX-License-Identifier: Apache-2.0
/* The machine, the hypervisor's memory and the root cell. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#define HV_ALIGN	(2ULL << 20)
#define HV_MAX_SIZE	(1ULL << 30)
#define GICD_SIZE	0x10000U	/* GICv3; GICv2 has 0x1000, its frames are 64 KiB apart at most */
#define GICD_V2_SIZE	0x1000U
#define GICC_SIZE	0x2000U
#define GICR_FRAMES	0x20000U	/* RD_base and SGI_base, Arm IHI 0069, 12.10 */
#define GITS_SIZE	0x20000U	/* control and translation frame */

size_t platform_frames(const struct capsule_platform *p, struct range *frames)
{
	size_t n = 0;

	if (p->gic_version == 3) {
		frames[n++] = (struct range) { "the GIC distributor", p->gicd_base, GICD_SIZE };
		frames[n++] = (struct range) { "the GIC redistributors", p->gicr_base,
					       p->gicr_size };
		if (p->gits_base)
			frames[n++] = (struct range) { "the ITS", p->gits_base, GITS_SIZE };
		return n;
	}
	frames[n++] = (struct range) { "the GIC distributor", p->gicd_base, GICD_V2_SIZE };
	frames[n++] = (struct range) { "the GIC CPU interface", p->gicc_base, GICC_SIZE };
	frames[n++] = (struct range) { "the GIC virtual interface control", p->gich_base,
				       GICD_V2_SIZE };
	frames[n++] = (struct range) { "the GIC virtual CPU interface", p->gicv_base, GICC_SIZE };
	return n;
}

static void bad_platform(const struct chk_system *s, struct chk_report *report,
			 const char *format, ...) __attribute__((format(printf, 3, 4)));

static void bad_platform(const struct chk_system *s, struct chk_report *report,
			 const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	chk_error(report, s->file, CAPSULE_REASON_CFG_PLATFORM, 0, 0, "platform_info: %s", text);
}

static void check_frames(const struct chk_system *s, struct chk_report *report)
{
	struct range frames[MAX_FRAMES];
	size_t num = platform_frames(&s->header.platform_info, frames);
	size_t i, j;

	for (i = 0; i < num; i++) {
		if (!frames[i].start || frames[i].start & PAGE_MASK ||
		    !range_valid(frames[i].start, frames[i].size)) {
			bad_platform(s, report,
				     "%s at 0x%" PRIx64 ", size 0x%" PRIx64 ": give the address and size from the machine's manual",
				     frames[i].name, frames[i].start, frames[i].size);
			continue;
		}
		for (j = 0; j < i; j++)
			if (range_valid(frames[j].start, frames[j].size) &&
			    ranges_overlap(frames[i].start, frames[i].size, frames[j].start,
					   frames[j].size))
				bad_platform(s, report, "%s and %s overlap: correct their addresses",
					     frames[j].name, frames[i].name);
	}
}

static void check_platform(const struct chk_system *s, struct chk_report *report)
{
	const struct capsule_platform *p = &s->header.platform_info;

	if (p->gic_version != 2 && p->gic_version != 3) {
		bad_platform(s, report, "gic_version %u: it must be 2 or 3", p->gic_version);
		return;
	}
	check_frames(s, report);
	if (p->gic_version == 3 && p->gicr_size % GICR_FRAMES)
		bad_platform(s, report,
			     "gicr_size 0x%" PRIx64 ": each CPU has two frames, 0x%x bytes",
			     p->gicr_size, GICR_FRAMES);
	if (p->maintenance_irq < 16 || p->maintenance_irq > 31)
		bad_platform(s, report, "maintenance_irq %u: it must be a PPI, 16 to 31 (mostly 25)",
			     p->maintenance_irq);
	if (p->notify_irq < FIRST_SPI || p->notify_irq >= NUM_INTIDS ||
	    !cell_has_irq(&s->root, p->notify_irq))
		chk_error(report, s->file, CAPSULE_REASON_NOTIFY_IRQ, p->notify_irq, 0,
			  "notify_irq %u is not an SPI among the root cell's: name one that no device uses",
			  p->notify_irq);
	if (p->pci_is_virtual > 1)
		bad_platform(s, report, "pci_is_virtual %u: it must be 0 or 1", p->pci_is_virtual);
}

static void check_hypervisor_region(const struct chk_system *s, uint32_t index,
				    struct chk_report *report)
{
	const struct capsule_memory *hv = &s->header.hypervisor_memory;
	const struct capsule_memory *m = &s->root.regions[index];
	char text[REGION_TEXT_LEN];

	/* Reserved memory, in no region of the root cell, is welcome. */
	if (!(m->flags & CAPSULE_MEM_IO) || !region_has_phys(m) ||
	    !ranges_overlap(hv->phys_start, hv->size, m->phys_start, m->size))
		return;
	chk_error(report, s->file, CAPSULE_REASON_MEM_NOT_RAM, index, hv->phys_start,
		  "hypervisor_memory (0x%" PRIx64 "-0x%" PRIx64 ") lies over a device, %s: place it in RAM or use PHYS_ANY",
		  hv->phys_start, hv->phys_start + hv->size - 1, region_text(&s->root, index, text));
}

static void check_hypervisor_memory(const struct chk_system *s, struct chk_report *report)
{
	const struct capsule_memory *hv = &s->header.hypervisor_memory;
	uint32_t i;

	if (!hv->size || hv->size % HV_ALIGN || hv->phys_start % HV_ALIGN || hv->virt_start) {
		chk_error(report, s->file, CAPSULE_REASON_CFG_ALIGN, 0, hv->size,
			  "hypervisor_memory (physical 0x%" PRIx64 ", virt_start 0x%" PRIx64 ", size 0x%" PRIx64 "): start and size must be multiples of 2 MiB, virt_start 0",
			  hv->phys_start, hv->virt_start, hv->size);
		return;
	}
	if (hv->flags & CAPSULE_MEM_PHYS_ANY && hv->phys_start)
		chk_error(report, s->file, CAPSULE_REASON_CFG_REGION, 0, hv->phys_start,
			  "hypervisor_memory has PHYS_ANY and a phys_start: let phys_start be 0 or remove the flag");
	if (hv->size > HV_MAX_SIZE || !range_valid(hv->phys_start, hv->size)) {
		chk_error(report, s->file, CAPSULE_REASON_CFG_REGION, 0, hv->size,
			  "hypervisor_memory is larger than 1 GiB or reaches beyond 48-bit addresses: correct its start or size");
		return;
	}
	if (hv->flags & CAPSULE_MEM_PHYS_ANY)
		return;
	for (i = 0; i < s->root.desc.num_memory_regions; i++)
		check_hypervisor_region(s, i, report);
}

static void check_root_frame(const struct chk_system *s, uint32_t index,
			     const struct range *frame, struct chk_report *report)
{
	const struct capsule_memory *m = &s->root.regions[index];
	char text[REGION_TEXT_LEN];

	/* The agency keeps its ITS. */
	if (frame->start == s->header.platform_info.gits_base ||
	    !range_valid(frame->start, frame->size) || !region_has_phys(m) ||
	    !ranges_overlap(m->phys_start, m->size, frame->start, frame->size))
		return;
	chk_error(report, s->file, CAPSULE_REASON_MEM_HYPERVISOR, index, frame->start,
		  "root cell's %s covers %s (0x%" PRIx64 "-0x%" PRIx64 "), which the hypervisor emulates: leave these addresses out",
		  region_text(&s->root, index, text), frame->name, frame->start,
		  frame->start + frame->size - 1);
}

static void check_root(const struct chk_system *s, struct chk_report *report)
{
	const struct chk_cell *root = &s->root;
	struct range frames[MAX_FRAMES];
	size_t num = platform_frames(&s->header.platform_info, frames);
	size_t i, ram = 0;
	uint32_t index;

	chk_regions(root, report);
	for (index = 0; index < root->desc.num_memory_regions; index++) {
		ram += region_is_ram(&root->regions[index]);
		for (i = 0; i < num; i++)
			check_root_frame(s, index, &frames[i], report);
	}
	if (!ram)
		chk_error(report, s->file, CAPSULE_REASON_MEM_NOT_RAM, 0, 0,
			  "the root cell has no RAM: list the machine's memory, without IO");
	if (!(root->desc.flags & CAPSULE_ROOT_ALL_CPUS) && !root->cpus)
		chk_error(report, s->file, CAPSULE_REASON_CFG_CPU, 0, 0,
			  "the root cell has no CPU: list them or use CAPSULE_ROOT_ALL_CPUS");
	chk_irqchips(root, s, report);
	if (root->desc.num_smc_ids)
		chk_warn(report, s->file,
			 "the root cell lists SMC ids, but the agency reaches firmware with all of them: remove the list");
	chk_real_console(&root->desc.console, s->file, "console of the root cell", report);
}

void chk_system(const struct chk_system *system, struct chk_report *report)
{
	check_platform(system, report);
	check_hypervisor_memory(system, report);
	chk_real_console(&system->header.debug_console, system->file, "debug_console", report);
	check_root(system, report);
}

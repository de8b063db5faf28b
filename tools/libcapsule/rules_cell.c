// SPDX-License-Identifier: Apache-2.0
/* A cell by itself and on its machine. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define MAX_TIMEOUT	60000U	/* ms; a larger one is rather a mistake in the unit */

void chk_console(const struct capsule_console *c, const char *file, const char *which,
		 struct chk_report *report)
{
	const char *what = NULL;

	if (c->type == CAPSULE_CON_NONE) {
		if (c->address || c->size || c->flags || c->divider || c->irq)
			what = "has no type but other fields: choose a type or clear them";
	} else if (c->type != CAPSULE_CON_8250 && c->type != CAPSULE_CON_PL011) {
		what = "has an unknown type: use CAPSULE_CON_8250 or CAPSULE_CON_PL011";
	} else if (c->flags & ~CAPSULE_CON_VALID_FLAGS || !(c->flags & CAPSULE_CON_MMIO)) {
		what = "has wrong flags: CAPSULE_CON_MMIO is needed, CAPSULE_CON_REGDIST_4 or CAPSULE_CON_VIRTUAL possible";
	} else if (!c->address || !range_valid(c->address, c->size)) {
		what = "has no address or no size: give those of the UART";
	} else if (c->irq && !(c->flags & CAPSULE_CON_VIRTUAL)) {
		what = "has an irq, which only a virtual UART takes: remove it, or add CAPSULE_CON_VIRTUAL";
	}
	if (what)
		chk_error(report, file, CAPSULE_REASON_CFG_CONSOLE, c->type, c->address, "%s %s",
			  which, what);
}

static void bad_console(const struct chk_cell *cell, struct chk_report *report, const char *what)
{
	const struct capsule_console *c = &cell->desc.console;

	chk_error(report, cell->file, CAPSULE_REASON_CFG_CONSOLE, c->type, c->address,
		  "console at 0x%" PRIx64 " %s", c->address, what);
}

/* The page where EL2 emulates the UART belongs to no region. */
static void check_console_page(const struct chk_cell *cell, const struct chk_system *system,
			       struct chk_report *report)
{
	const struct capsule_console *c = &cell->desc.console;
	struct range frames[MAX_FRAMES];
	size_t i, num = system ? platform_frames(&system->header.platform_info, frames) : 0;
	char text[REGION_TEXT_LEN + 32];

	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		const struct capsule_memory *m = &cell->regions[i];

		if (region_moves(m) || !range_valid(m->virt_start, m->size) ||
		    !ranges_overlap(m->virt_start, m->size, c->address, c->size))
			continue;
		snprintf(text, sizeof(text), "lies in memory region %zu: choose another address", i);
		bad_console(cell, report, text);
	}
	for (i = 0; i < num && i < 2; i++)
		if (range_valid(frames[i].start, frames[i].size) &&
		    ranges_overlap(frames[i].start, frames[i].size, c->address, c->size))
			bad_console(cell, report,
				    "lies where the cell sees the GIC: choose another address");
}

/* A UART that EL2 emulates: no other place or interrupt may be meant by it. */
static void check_virtual_console(const struct chk_cell *cell, const struct chk_system *system,
				  struct chk_report *report)
{
	const struct capsule_console *c = &cell->desc.console;

	if (!(c->flags & CAPSULE_CON_VIRTUAL) || c->type == CAPSULE_CON_NONE)
		return;
	if (c->type != CAPSULE_CON_PL011 || c->flags & CAPSULE_CON_REGDIST_4 || c->divider)
		bad_console(cell, report,
			    "is virtual but no plain PL011: use CAPSULE_CON_PL011 with CAPSULE_CON_MMIO and CAPSULE_CON_VIRTUAL, without divider");
	if (c->address & PAGE_MASK || c->size != CAPSULE_PAGE_SIZE)
		bad_console(cell, report,
			    "is virtual but not one page: align address to 0x1000 and let size be 0x1000");
	else if (range_valid(c->address, c->size))
		check_console_page(cell, system, report);
	if (c->irq < FIRST_SPI || c->irq >= NUM_INTIDS)
		chk_error(report, cell->file, CAPSULE_REASON_CFG_IRQ, c->irq, 0,
			  "irq %u of the console is no SPI: take one from %u to %u", c->irq,
			  FIRST_SPI, NUM_INTIDS - 1);
	else if (cell_has_irq(cell, c->irq))
		chk_error(report, cell->file, CAPSULE_REASON_CFG_IRQ, c->irq, 0,
			  "irq %u of the console is named by an irqchip, too: take another, it need not be a line of the machine",
			  c->irq);
}

/* What is true of the agency's console and of EL2's own: a UART of the machine. */
void chk_real_console(const struct capsule_console *c, const char *file, const char *which,
		      struct chk_report *report)
{
	chk_console(c, file, which, report);
	if (c->flags & CAPSULE_CON_VIRTUAL)
		chk_error(report, file, CAPSULE_REASON_CFG_CONSOLE, c->type, c->address,
			  "%s has CAPSULE_CON_VIRTUAL, which is for cells: name a UART of the machine",
			  which);
}

static void check_entry(const struct chk_cell *cell, struct chk_report *report)
{
	uint64_t entry = cell->desc.cpu_reset_address;
	const struct capsule_memory *m;
	uint32_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		m = &cell->regions[i];
		if (region_is_ram(m) && m->flags & CAPSULE_MEM_EXECUTE && !(entry & 3) &&
		    range_valid(m->virt_start, m->size) && entry >= m->virt_start &&
		    entry - m->virt_start < m->size)
			return;
	}
	chk_error(report, cell->file, CAPSULE_REASON_CFG_ENTRY, entry, 0,
		  "cpu_reset_address 0x%" PRIx64 " is not an instruction's address in executable RAM of the cell: let it lie in a region with EXECUTE, at a multiple of 4",
		  entry);
}

/*
 * Function identifiers of Arm DEN 0028: bit 31 fast call, bits 29:24 owner.
 * PSCI (standard secure service, functions 0..0x1f) is answered by the
 * hypervisor, so are the architecture and the hypervisor services.
 */
static bool smc_id_is_firmware(uint32_t id)
{
	uint32_t owner = id >> 24 & 0x3f, function = id & 0xffff;

	if (owner == 0 || owner == 5 || owner == 6)
		return false;
	return owner != 4 || function > 0x1f;
}

static void check_smc_ids(const struct chk_cell *cell, struct chk_report *report)
{
	uint32_t i;

	for (i = 0; i < cell->desc.num_smc_ids; i++)
		if (!smc_id_is_firmware(cell->smc_ids[i]))
			chk_error(report, cell->file, CAPSULE_REASON_CFG_SMC, cell->smc_ids[i], i,
				  "SMC function 0x%08x is not firmware's to answer for a cell: remove it (PSCI, architecture and hypervisor services are always there)",
				  cell->smc_ids[i]);
}

static bool has_comm(const struct chk_cell *cell)
{
	uint32_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++)
		if (cell->regions[i].flags & CAPSULE_MEM_COMM_REGION)
			return true;
	return false;
}

static void check_flags(const struct chk_cell *cell, struct chk_report *report)
{
	const struct capsule_cell_desc *d = &cell->desc;

	if (d->flags & CAPSULE_CELL_CONSOLE_ACTIVE && !(d->flags & CAPSULE_CELL_CONSOLE_PERMITTED))
		chk_warn(report, cell->file,
			 "CONSOLE_ACTIVE without CONSOLE_PERMITTED: the cell cannot write to its console, add the flag");
	if (!has_comm(cell) && !(d->flags & CAPSULE_CELL_PASSIVE_COMMREG))
		chk_warn(report, cell->file,
			 "no communication region: the cell cannot be asked to shut down and will be stopped at once, add one or say PASSIVE_COMMREG");
	if (d->msg_reply_timeout > MAX_TIMEOUT)
		chk_warn(report, cell->file,
			 "msg_reply_timeout of %u ms: shutting down a silent cell takes that long",
			 d->msg_reply_timeout);
}

static void check_cpus(const struct chk_cell *cell, const struct chk_system *system,
		       struct chk_report *report)
{
	uint64_t have = ~0ULL, missing;
	int cpu;

	if (!cell->cpus)
		chk_error(report, cell->file, CAPSULE_REASON_CFG_CPU, 0, 0,
			  "the CPU set is empty: name at least one CPU");
	if (!system)
		return;
	if (!(system->root.desc.flags & CAPSULE_ROOT_ALL_CPUS))
		have = system->root.cpus;
	if (system->machine_cpus)
		have &= system->machine_cpus;
	missing = cell->cpus & ~have;
	if (!missing)
		return;
	cpu = __builtin_ctzll(missing);
	chk_error(report, cell->file, CAPSULE_REASON_CPU_NOT_OWNED, (uint64_t)cpu, 0,
		  "CPU %d is not a CPU of the root cell in %s: take one of those", cpu,
		  system->file);
}

/* What a region of a cell must not touch. */
static void check_forbidden(const struct chk_cell *cell, size_t index, const struct range *with,
			    struct chk_report *report)
{
	const struct capsule_memory *m = &cell->regions[index];
	char text[REGION_TEXT_LEN];

	if (!range_valid(with->start, with->size) || !region_has_phys(m) ||
	    !ranges_overlap(m->phys_start, m->size, with->start, with->size))
		return;
	chk_error(report, cell->file, CAPSULE_REASON_MEM_HYPERVISOR, index,
		  m->phys_start > with->start ? m->phys_start : with->start,
		  "%s lies over %s (0x%" PRIx64 "-0x%" PRIx64 "): take other addresses, for RAM the driver can choose (PHYS_ANY)",
		  region_text(cell, index, text), with->name, with->start,
		  with->start + with->size - 1);
}

/* The distributor and redistributors that a cell sees stand where the machine has them. */
static void check_hidden(const struct chk_cell *cell, size_t index, const struct range *with,
			 struct chk_report *report)
{
	const struct capsule_memory *m = &cell->regions[index];
	char text[REGION_TEXT_LEN];

	if (region_moves(m) || !range_valid(with->start, with->size) ||
	    !range_valid(m->virt_start, m->size) ||
	    !ranges_overlap(m->virt_start, m->size, with->start, with->size))
		return;
	chk_error(report, cell->file, CAPSULE_REASON_CFG_REGION, index, with->start,
		  "%s covers the addresses at which the cell sees %s (0x%" PRIx64 "-0x%" PRIx64 "): choose another virt_start",
		  region_text(cell, index, text), with->name, with->start,
		  with->start + with->size - 1);
}

static void check_root_kind(const struct chk_cell *cell, size_t index,
			    const struct chk_system *system, struct chk_report *report)
{
	const struct capsule_memory *m = &cell->regions[index], *r;
	bool ram = region_is_ram(m), inside = false, over_ram = false;
	char text[REGION_TEXT_LEN];
	uint32_t i;

	for (i = 0; i < system->root.desc.num_memory_regions; i++) {
		r = &system->root.regions[i];
		if (!region_has_phys(r))
			continue;
		inside |= region_is_ram(r) == ram &&
			  range_inside(m->phys_start, m->size, r->phys_start, r->size);
		over_ram |= region_is_ram(r) &&
			    ranges_overlap(m->phys_start, m->size, r->phys_start, r->size);
	}
	region_text(cell, index, text);
	if (ram && !inside)
		chk_error(report, cell->file, CAPSULE_REASON_MEM_NOT_RAM, index, m->phys_start,
			  "%s is not inside RAM of %s: correct phys_start, or let the driver choose (PHYS_ANY)",
			  text, system->file);
	else if (!ram && over_ram)
		chk_error(report, cell->file, CAPSULE_REASON_CFG_REGION, index, m->phys_start,
			  "%s has IO but lies over RAM of %s: remove IO or correct phys_start",
			  text, system->file);
	else if (!ram && !inside)
		chk_warn(report, cell->file, "%s is in no device region of %s: add it there", text,
			 system->file);
}

/* Configuration space: a function's registers cannot be had alone. */
static void check_ecam(const struct chk_cell *cell, size_t index,
		       const struct chk_system *system, struct chk_report *report)
{
	const struct capsule_platform *p = &system->header.platform_info;
	const struct capsule_memory *m = &cell->regions[index];
	uint64_t size = ((uint64_t)p->pci_mmconfig_end_bus + 1) << 20;
	char text[REGION_TEXT_LEN];

	if (!p->pci_mmconfig_base || !region_has_phys(m) ||
	    !range_valid(p->pci_mmconfig_base, size) ||
	    !ranges_overlap(m->phys_start, m->size, p->pci_mmconfig_base, size))
		return;
	chk_error(report, cell->file, CAPSULE_REASON_PCI_FUNCTION, index, m->phys_start,
		  "%s lies in the PCI configuration space of %s: PCI functions cannot be given to a cell yet, pass platform devices only",
		  region_text(cell, index, text), system->file);
}

static bool in_root_ram(const struct capsule_memory *m, const struct chk_system *system)
{
	const struct capsule_memory *r;
	uint32_t i;

	for (i = 0; i < system->root.desc.num_memory_regions; i++) {
		r = &system->root.regions[i];
		if (region_is_ram(r) && region_has_phys(r) &&
		    ranges_overlap(m->virt_start, m->size, r->phys_start, r->size))
			return true;
	}
	return false;
}

/* Where the machine has RAM is where a region with VIRT_IS_PHYS may come to lie. */
static void check_moving(const struct chk_cell *cell, const struct chk_system *system,
			 struct chk_report *report)
{
	const struct capsule_console *c = &cell->desc.console;
	const struct capsule_memory page = { .virt_start = c->address, .size = c->size };
	char text[REGION_TEXT_LEN], other[REGION_TEXT_LEN];
	uint32_t moving = 0, i;

	while (moving < cell->desc.num_memory_regions && !region_moves(&cell->regions[moving]))
		moving++;
	for (i = 0; moving < cell->desc.num_memory_regions && i < cell->desc.num_memory_regions; i++) {
		const struct capsule_memory *m = &cell->regions[i];

		/* A fixed range of RAM mapped one to one keeps the driver from taking it. */
		if (region_moves(m) || !range_valid(m->virt_start, m->size) ||
		    (region_has_phys(m) && m->virt_start == m->phys_start) ||
		    !in_root_ram(m, system))
			continue;
		chk_error(report, cell->file, CAPSULE_REASON_MEM_OVERLAP, moving, i,
			  "%s may come to lie over %s, whose guest address is one of the machine's RAM: give the latter a guest address outside of it",
			  region_text(cell, moving, text), region_text(cell, i, other));
	}
	if (moving < cell->desc.num_memory_regions && c->flags & CAPSULE_CON_VIRTUAL &&
	    range_valid(page.virt_start, page.size) && in_root_ram(&page, system))
		bad_console(cell, report,
			    "lies in the machine's RAM, where a region with VIRT_IS_PHYS may come to lie: choose an address outside of it");
}

static void check_region_on(const struct chk_cell *cell, size_t index,
			    const struct chk_system *system, struct chk_report *report)
{
	const struct capsule_memory *hv = &system->header.hypervisor_memory;
	const struct range hypervisor = { "the hypervisor's memory", hv->phys_start, hv->size };
	struct range frames[MAX_FRAMES];
	size_t i, num = platform_frames(&system->header.platform_info, frames);

	for (i = 0; i < num; i++) {
		check_forbidden(cell, index, &frames[i], report);
		if (i < 2)
			check_hidden(cell, index, &frames[i], report);
	}
	if (!(hv->flags & CAPSULE_MEM_PHYS_ANY))
		check_forbidden(cell, index, &hypervisor, report);
	check_ecam(cell, index, system, report);
	if (region_has_phys(&cell->regions[index]))
		check_root_kind(cell, index, system, report);
}

static void check_name(const struct chk_cell *cell, const struct chk_system *system,
		       struct chk_report *report)
{
	if (strcmp(cell->desc.name, system->root.desc.name))
		return;
	chk_error(report, cell->file, CAPSULE_REASON_NAME_IN_USE, 0, 0,
		  "the name \"%s\" is that of the root cell (%s) too: give it another",
		  cell->desc.name, system->file);
}

void chk_cell(const struct chk_cell *cell, const struct chk_system *system,
	      struct chk_report *report)
{
	uint32_t i;

	check_cpus(cell, system, report);
	chk_regions(cell, report);
	check_entry(cell, report);
	chk_irqchips(cell, system, report);
	check_smc_ids(cell, report);
	chk_console(&cell->desc.console, cell->file, "console", report);
	check_virtual_console(cell, system, report);
	check_flags(cell, report);
	if (!system)
		return;
	check_name(cell, system, report);
	check_moving(cell, system, report);
	for (i = 0; i < cell->desc.num_memory_regions; i++)
		check_region_on(cell, i, system, report);
}

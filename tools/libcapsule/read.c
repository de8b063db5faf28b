// SPDX-License-Identifier: Apache-2.0
/* Taking a configuration apart without trusting a byte of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define SIGNATURE_LEN	8

/* The fields both kinds of header begin with; stable over all revisions. */
struct prefix {
	char signature[SIGNATURE_LEN];
	uint16_t revision;
	uint8_t architecture;
	uint8_t reserved0;
	uint32_t total_size;
};

/* What is being read. */
struct input {
	const uint8_t *data;
	size_t size;		/* bytes present */
	const char *file;
	struct chk_report *report;
};

static bool wrong_size(const struct input *in, uint64_t found, uint64_t expected)
{
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_SIZE, found, expected,
		  "%" PRIu64 " bytes where %" PRIu64 " belong, truncated or damaged: compile it again",
		  found, expected);
	return false;
}

static bool reserved_set(const struct input *in, const char *field)
{
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_RESERVED, 0, 0,
		  "%s is reserved but not zero: set it to 0, or compile the file again with the headers of this version",
		  field);
	return false;
}

static bool unknown_flags(const struct input *in, const char *where, uint64_t bits)
{
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_FLAGS, bits, 0,
		  "%s has unknown flag bits 0x%" PRIx64 ": compile the file again with the headers of this version",
		  where, bits);
	return false;
}

static bool wrong_signature(const struct input *in, const char *wanted)
{
	const char *found = "no Capsule configuration";
	const char *remedy = "compile one from its C source";

	if (in->size >= SIGNATURE_LEN && !memcmp(in->data, CAPSULE_CELL_SIGNATURE, SIGNATURE_LEN)) {
		found = "the configuration of a cell, not of a system";
		remedy = "the root configuration comes first";
	} else if (in->size >= SIGNATURE_LEN &&
		   !memcmp(in->data, CAPSULE_SYSTEM_SIGNATURE, SIGNATURE_LEN)) {
		found = "a root configuration, not that of a cell";
		remedy = "it is for capsulectl enable";
	} else if (in->size < SIGNATURE_LEN && !memcmp(in->data, wanted, in->size)) {
		return wrong_size(in, in->size, sizeof(struct prefix));
	}
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_SIGNATURE, 0, 0, "this is %s: %s", found,
		  remedy);
	return false;
}

/*
 * Signature, revision and architecture come before any size, because another
 * revision may have other sizes.
 */
static bool read_prefix(const struct input *in, const char *signature)
{
	struct prefix p;

	if (in->size < SIGNATURE_LEN || memcmp(in->data, signature, SIGNATURE_LEN))
		return wrong_signature(in, signature);
	if (in->size < sizeof(p))
		return wrong_size(in, in->size, sizeof(p));
	memcpy(&p, in->data, sizeof(p));
	if (p.revision != CAPSULE_CONFIG_REVISION) {
		chk_error(in->report, in->file, CAPSULE_REASON_CFG_REVISION, p.revision,
			  CAPSULE_CONFIG_REVISION,
			  "configuration revision %u, revision %u is understood: compile it again with the headers of this version",
			  p.revision, CAPSULE_CONFIG_REVISION);
		return false;
	}
	if (p.architecture != CAPSULE_ARCH_ARM64) {
		chk_error(in->report, in->file, CAPSULE_REASON_CFG_ARCH, p.architecture,
			  CAPSULE_ARCH_ARM64,
			  "made for architecture %u, not %u (arm64): use a configuration made for arm64",
			  p.architecture, CAPSULE_ARCH_ARM64);
		return false;
	}
	if (p.reserved0)
		return reserved_set(in, "reserved0");
	return true;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool read_name(const struct input *in, const char *name)
{
	size_t len = 0;

	while (len < CAPSULE_NAME_LEN && name_char(name[len]))
		len++;
	/* "." and ".." would be folders where names become file names. */
	if (len && len < CAPSULE_NAME_LEN && !name[len] && strcmp(name, ".") && strcmp(name, ".."))
		return true;
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_NAME, 0, 0,
		  "the cell's name is empty, too long or a strange word: use 1 to %u of the characters A-Z a-z 0-9 . _ -",
		  CAPSULE_NAME_LEN - 1);
	return false;
}

static bool read_count(const struct input *in, const char *what, uint32_t count, uint32_t min,
		       uint32_t max)
{
	if (count >= min && count <= max)
		return true;
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_COUNT, count, max,
		  "%s is %u, possible are %u to %u: shorten or fill that table", what, count, min,
		  max);
	return false;
}

static bool read_counts(const struct input *in, const struct capsule_cell_desc *d, bool is_root)
{
	bool ok;

	ok = read_count(in, "cpu_set_size", d->cpu_set_size,
			is_root && d->flags & CAPSULE_ROOT_ALL_CPUS ? 0 : 8, CAPSULE_MAX_CPUS / 8);
	ok &= read_count(in, "num_memory_regions", d->num_memory_regions, 1, CAPSULE_MAX_REGIONS);
	ok &= read_count(in, "num_irqchips", d->num_irqchips, 0, CAPSULE_MAX_IRQCHIPS);
	ok &= read_count(in, "num_smc_ids", d->num_smc_ids, 0, CAPSULE_MAX_SMC_IDS);
	ok &= read_count(in, "num_channels", d->num_channels, 0, 0);
	if (ok && d->cpu_set_size % 8) {
		chk_error(in->report, in->file, CAPSULE_REASON_CFG_COUNT, d->cpu_set_size, 8,
			  "cpu_set_size is %u: it must be a multiple of 8", d->cpu_set_size);
		return false;
	}
	return ok;
}

static bool read_desc_fields(const struct input *in, const struct capsule_cell_desc *d,
			     bool is_root)
{
	uint32_t valid = is_root ? CAPSULE_ROOT_VALID_FLAGS : CAPSULE_CELL_VALID_FLAGS;

	if (d->flags & ~valid)
		return unknown_flags(in, is_root ? "the root cell" : "the cell", d->flags & ~valid);
	if (d->vpci_irq_base)
		return reserved_set(in, "vpci_irq_base");
	if (d->reserved1[0] | d->reserved1[1])
		return reserved_set(in, "reserved1 of the cell");
	return read_name(in, d->name) && read_counts(in, d, is_root);
}

/* Points @cell into the tables, which are known to be complete. */
static void locate_tables(const uint8_t *p, struct chk_cell *cell)
{
	const struct capsule_cell_desc *d = &cell->desc;

	if (d->cpu_set_size)
		memcpy(&cell->cpus, p, sizeof(cell->cpus));
	p += d->cpu_set_size;
	cell->regions = (const struct capsule_memory *)(const void *)p;
	p += d->num_memory_regions * sizeof(*cell->regions);
	cell->irqchips = (const struct capsule_irqchip *)(const void *)p;
	p += d->num_irqchips * sizeof(*cell->irqchips);
	cell->smc_ids = (const uint32_t *)(const void *)p;
}

static bool read_region_flags(const struct input *in, const struct chk_cell *cell)
{
	char where[32];
	uint64_t bits;
	uint32_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		bits = cell->regions[i].flags & ~CAPSULE_MEM_VALID_FLAGS;
		if (!bits)
			continue;
		snprintf(where, sizeof(where), "memory region %u", i);
		return unknown_flags(in, where, bits);
	}
	return true;
}

/* @in begins with a cell descriptor whose prefix was checked. */
static bool read_cell(const struct input *in, bool is_root, struct chk_cell *cell)
{
	struct capsule_cell_desc *d = &cell->desc;
	uint64_t expected;

	memset(cell, 0, sizeof(*cell));
	cell->file = in->file;
	cell->is_root = is_root;
	if (in->size < sizeof(*d))
		return wrong_size(in, in->size, sizeof(*d));
	memcpy(d, in->data, sizeof(*d));
	if (!read_desc_fields(in, d, is_root))
		return false;
	expected = sizeof(*d) + d->cpu_set_size +
		   d->num_memory_regions * sizeof(struct capsule_memory) +
		   d->num_irqchips * sizeof(struct capsule_irqchip) +
		   d->num_smc_ids * sizeof(uint32_t);
	if (d->total_size != expected)
		return wrong_size(in, d->total_size, expected);
	if (in->size != expected)
		return wrong_size(in, in->size, expected);
	locate_tables(in->data + sizeof(*d), cell);
	return read_region_flags(in, cell);
}

static bool read_input(const struct input *in)
{
	if (in->size <= CAPSULE_CONFIG_MAX_SIZE)
		return true;
	chk_error(in->report, in->file, CAPSULE_REASON_CFG_SIZE, in->size,
		  CAPSULE_CONFIG_MAX_SIZE,
		  "larger than any configuration (%u bytes): compile it again",
		  CAPSULE_CONFIG_MAX_SIZE);
	return false;
}

bool chk_read_cell(const void *data, size_t size, const char *file, struct chk_cell *cell,
		   struct chk_report *report)
{
	const struct input in = { data, size, file, report };

	return read_prefix(&in, CAPSULE_CELL_SIGNATURE) && read_input(&in) &&
	       read_cell(&in, false, cell);
}

static bool read_system_reserved(const struct input *in, const struct capsule_system *s)
{
	const struct capsule_platform *p = &s->platform_info;

	if (s->flags)
		return unknown_flags(in, "the system", s->flags);
	if (s->reserved1)
		return reserved_set(in, "reserved1 of the system");
	if (s->hypervisor_memory.flags & ~CAPSULE_MEM_PHYS_ANY)
		return unknown_flags(in, "hypervisor_memory",
				     s->hypervisor_memory.flags & ~CAPSULE_MEM_PHYS_ANY);
	if (p->reserved0 || p->reserved1 ||
	    p->reserved2[0] | p->reserved2[1] | p->reserved2[2] | p->reserved2[3])
		return reserved_set(in, "a reserved field of platform_info");
	return true;
}

bool chk_read_system(const void *data, size_t size, const char *file,
		     struct chk_system *system, struct chk_report *report)
{
	const size_t offset = offsetof(struct capsule_system, root_cell);
	const struct input in = { data, size, file, report };
	struct input root = in;

	memset(system, 0, sizeof(*system));
	system->file = file;
	if (!read_prefix(&in, CAPSULE_SYSTEM_SIGNATURE) || !read_input(&in))
		return false;
	if (size < sizeof(system->header))
		return wrong_size(&in, size, sizeof(system->header));
	memcpy(&system->header, data, sizeof(system->header));
	if (system->header.total_size != size)
		return wrong_size(&in, size, system->header.total_size);
	root.data += offset;
	root.size -= offset;
	return read_system_reserved(&in, &system->header) &&
	       read_prefix(&root, CAPSULE_CELL_SIGNATURE) &&
	       read_cell(&root, true, &system->root);
}

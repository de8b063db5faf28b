// SPDX-License-Identifier: Apache-2.0
#include "config_check.h"

#include "answer.h"
#include "config_blob.h"
#include "util.h"

#define BAD(reason, a, b) refuse(answer, -CAPSULE_EINVAL, CAPSULE_REASON_##reason, a, b)

static int check_header(const char *signature, const char *wanted, uint16_t revision,
			uint8_t arch, uint64_t answer[4])
{
	if (memcmp(signature, wanted, 8))
		return BAD(CFG_SIGNATURE, 0, 0);
	if (revision != CAPSULE_CONFIG_REVISION)
		return BAD(CFG_REVISION, revision, CAPSULE_CONFIG_REVISION);
	if (arch != CAPSULE_ARCH_ARM64)
		return BAD(CFG_ARCH, arch, CAPSULE_ARCH_ARM64);
	return 0;
}

static int check_tables(const struct capsule_cell_desc *c, uint32_t size, uint64_t answer[4])
{
	uint64_t need;

	if (c->cpu_set_size % 8 || c->cpu_set_size > CAPSULE_MAX_CPUS / 8 ||
	    c->num_memory_regions > CAPSULE_MAX_REGIONS ||
	    c->num_irqchips > CAPSULE_MAX_IRQCHIPS || c->num_smc_ids > CAPSULE_MAX_SMC_IDS ||
	    c->num_channels || c->vpci_irq_base)
		return BAD(CFG_COUNT, 0, 0);
	need = sizeof(*c) + c->cpu_set_size +
	       (uint64_t)c->num_memory_regions * sizeof(struct capsule_memory) +
	       (uint64_t)c->num_irqchips * sizeof(struct capsule_irqchip) +
	       (uint64_t)c->num_smc_ids * sizeof(uint32_t);
	if (need != size || c->total_size != size)
		return BAD(CFG_SIZE, c->total_size, need);
	return 0;
}

/* "." and "..", which mean something else where the name becomes a folder's. */
static bool is_dots(const char *name, unsigned len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static int check_name(const char *name, uint64_t answer[4])
{
	unsigned n = 0;

	for (; n < CAPSULE_NAME_LEN && name[n]; n++) {
		char ch = name[n];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		      (ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-'))
			return BAD(CFG_NAME, 0, 0);
	}
	return n == 0 || n == CAPSULE_NAME_LEN || is_dots(name, n) ? BAD(CFG_NAME, 0, 0) : 0;
}

static bool is_sub_page(const struct capsule_memory *m)
{
	return !IS_ALIGNED(m->size, PAGE_SIZE) || !IS_ALIGNED(m->phys_start, PAGE_SIZE) ||
	       !IS_ALIGNED(m->virt_start, PAGE_SIZE);
}

static bool region_flags_ok(const struct capsule_memory *m)
{
	uint64_t f = m->flags;

	if (!(f & CAPSULE_MEM_READ) || ((f & CAPSULE_MEM_IO) && (f & CAPSULE_MEM_EXECUTE)))
		return false;
	if ((f & CAPSULE_MEM_IO) && (f & CAPSULE_MEM_LOADABLE))
		return false;
	if ((f & CAPSULE_MEM_IO_WIDTH_MASK) && !(f & CAPSULE_MEM_IO))
		return false;
	/* The driver has chosen by now; a device is told guest addresses. */
	if ((f & CAPSULE_MEM_VIRT_IS_PHYS) && m->virt_start != m->phys_start)
		return false;
	if (f & CAPSULE_MEM_COMM_REGION)
		return m->size == PAGE_SIZE && m->phys_start == 0 &&
		       !(f & (CAPSULE_MEM_IO | CAPSULE_MEM_LOADABLE | CAPSULE_MEM_ROOTSHARED));
	return !((f & CAPSULE_MEM_LOADABLE) && (f & CAPSULE_MEM_ROOTSHARED));
}

static int check_region(const struct capsule_memory *m, unsigned i, uint64_t answer[4])
{
	if (m->flags & ~CAPSULE_MEM_VALID_FLAGS)
		return BAD(CFG_FLAGS, m->flags & ~CAPSULE_MEM_VALID_FLAGS, i);
	if (m->size == 0 || m->phys_start + m->size < m->phys_start ||
	    m->virt_start + m->size < m->virt_start || !region_flags_ok(m))
		return BAD(CFG_REGION, i, m->phys_start);
	if (!is_sub_page(m))
		return 0;
	/* Traps: device registers, not across a page, aligned alike on both sides. */
	if (!(m->flags & CAPSULE_MEM_IO) || (m->flags & CAPSULE_MEM_COMM_REGION) ||
	    (m->virt_start & PAGE_MASK) != ((m->virt_start + m->size - 1) & PAGE_MASK) ||
	    (m->phys_start & PAGE_MASK) != ((m->phys_start + m->size - 1) & PAGE_MASK) ||
	    ((m->phys_start ^ m->virt_start) & 7))
		return BAD(CFG_ALIGN, i, m->phys_start);
	return 0;
}

static int check_overlaps(const struct capsule_memory *m, unsigned n, uint64_t answer[4])
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			if (m[i].virt_start < m[j].virt_start + m[j].size &&
			    m[j].virt_start < m[i].virt_start + m[i].size)
				return BAD(MEM_OVERLAP, j, i);
	return 0;
}

static int check_irqchips(const struct capsule_cell_desc *c, uint64_t answer[4])
{
	const struct capsule_irqchip *chip = config_irqchips(c);

	for (unsigned i = 0; i < c->num_irqchips; i++)
		if (chip[i].id || chip[i].pin_base < 32 || chip[i].pin_base % 32 ||
		    chip[i].pin_base > 1024 - 128)
			return BAD(CFG_IRQ, chip[i].pin_base, i);
	return 0;
}

static bool console_overlaps(const struct capsule_cell_desc *c)
{
	const struct capsule_memory *m = config_regions(c);

	for (unsigned i = 0; i < c->num_memory_regions; i++)
		if (c->console.address < m[i].virt_start + m[i].size &&
		    m[i].virt_start < c->console.address + PAGE_SIZE)
			return true;
	return false;
}

static bool names_irq(const struct capsule_cell_desc *c, uint32_t intid)
{
	const struct capsule_irqchip *chip = config_irqchips(c);

	for (unsigned i = 0; i < c->num_irqchips; i++)
		if (intid >= chip[i].pin_base && intid - chip[i].pin_base < 128 &&
		    chip[i].pin_bitmap[(intid - chip[i].pin_base) / 32] >> (intid % 32) & 1)
			return true;
	return false;
}

/* Only a UART that is emulated concerns EL2; whether it has its own is another matter. */
static int check_console(const struct capsule_cell_desc *c, uint64_t answer[4])
{
	const struct capsule_console *con = &c->console;

	if (!(con->flags & CAPSULE_CON_VIRTUAL))
		return 0;
	if (con->type != CAPSULE_CON_PL011 || con->size != PAGE_SIZE ||
	    con->flags != (CAPSULE_CON_MMIO | CAPSULE_CON_VIRTUAL) ||
	    !IS_ALIGNED(con->address, PAGE_SIZE) || con->address + PAGE_SIZE < con->address ||
	    console_overlaps(c))
		return BAD(CFG_CONSOLE, con->type, con->address);
	if (con->irq < 32 || con->irq >= 1020 || names_irq(c, con->irq))
		return BAD(CFG_IRQ, con->irq, 0);
	return 0;
}

int config_check_cell(const struct capsule_cell_desc *c, uint32_t size, uint32_t valid_flags,
		      uint64_t answer[4])
{
	const struct capsule_memory *m;
	int rc;

	if (size < sizeof(*c))
		return BAD(CFG_SIZE, size, sizeof(*c));
	rc = check_header(c->signature, CAPSULE_CELL_SIGNATURE, c->revision, c->architecture,
			  answer);
	if (!rc)
		rc = check_tables(c, size, answer);
	if (!rc)
		rc = check_name(c->name, answer);
	if (rc)
		return rc;
	if (c->flags & ~valid_flags)
		return BAD(CFG_FLAGS, c->flags & ~valid_flags, 0);
	if (c->reserved0 || c->reserved1[0] || c->reserved1[1])
		return BAD(CFG_RESERVED, 0, 0);
	m = config_regions(c);
	for (unsigned i = 0; i < c->num_memory_regions; i++) {
		rc = check_region(&m[i], i, answer);
		if (rc)
			return rc;
	}
	rc = check_overlaps(m, c->num_memory_regions, answer);
	if (!rc)
		rc = check_irqchips(c, answer);
	return rc ? rc : check_console(c, answer);
}

int config_check_system(const struct capsule_system *s, uint32_t size, uint64_t answer[4])
{
	int rc = check_header(s->signature, CAPSULE_SYSTEM_SIGNATURE, s->revision,
			      s->architecture, answer);

	if (rc)
		return rc;
	if (s->total_size != size)
		return BAD(CFG_SIZE, s->total_size, size);
	if (s->flags || s->reserved0 || s->reserved1)
		return BAD(CFG_RESERVED, 0, 0);
	if ((s->debug_console.flags | s->root_cell.console.flags) & CAPSULE_CON_VIRTUAL)
		return BAD(CFG_CONSOLE, s->debug_console.type, s->debug_console.address);
	return config_check_cell(&s->root_cell,
				 size - (uint32_t)offsetof(struct capsule_system, root_cell),
				 CAPSULE_ROOT_VALID_FLAGS, answer);
}

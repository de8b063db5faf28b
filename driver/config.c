// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cheap structural checks of configurations: enough that the driver can walk
 * them. What they mean is checked by the tool before and by EL2 after us.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "driver.h"

/**
 * config_cpus() - the CPU bitmap, cpu_set_size bytes
 */
const u64 *config_cpus(const struct capsule_cell_desc *desc)
{
	return (const u64 *)(desc + 1);
}

/**
 * config_regions() - the table of num_memory_regions memory regions
 */
struct capsule_memory *config_regions(struct capsule_cell_desc *desc)
{
	return (struct capsule_memory *)((u8 *)(desc + 1) + desc->cpu_set_size);
}

static int check_identity(u16 revision, u8 architecture, struct capsule_err *err)
{
	if (revision != CAPSULE_CONFIG_REVISION)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_REVISION, revision,
			      CAPSULE_CONFIG_REVISION);
	if (architecture != CAPSULE_ARCH_ARM64)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_ARCH, architecture,
			      CAPSULE_ARCH_ARM64);
	return 0;
}

static int check_name(const char *name, struct capsule_err *err)
{
	size_t i, len = strnlen(name, CAPSULE_NAME_LEN);
	bool good = len > 0 && len < CAPSULE_NAME_LEN && strcmp(name, ".") && strcmp(name, "..");

	for (i = 0; good && i < len; i++)
		good = isascii(name[i]) && (isalnum(name[i]) || strchr("._-", name[i]));
	return good ? 0 : refuse(err, -EINVAL, CAPSULE_REASON_CFG_NAME, 0, 0);
}

/* The tables' lengths, so that they can be walked; sizes cannot overflow then. */
static int check_tables(const struct capsule_cell_desc *desc, struct capsule_err *err)
{
	u64 size;

	if (!desc->cpu_set_size || desc->cpu_set_size % 8 ||
	    desc->cpu_set_size > CAPSULE_MAX_CPUS / 8 ||
	    desc->num_memory_regions > CAPSULE_MAX_REGIONS ||
	    desc->num_irqchips > CAPSULE_MAX_IRQCHIPS ||
	    desc->num_smc_ids > CAPSULE_MAX_SMC_IDS)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_COUNT, 0, 0);
	size = sizeof(*desc) + desc->cpu_set_size +
	       desc->num_memory_regions * sizeof(struct capsule_memory) +
	       desc->num_irqchips * sizeof(struct capsule_irqchip) +
	       desc->num_smc_ids * sizeof(u32);
	if (size != desc->total_size)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIZE, desc->total_size, size);
	return 0;
}

static int check_descriptor(const struct capsule_cell_desc *desc, size_t size,
			    struct capsule_err *err)
{
	int rc;

	if (size < sizeof(*desc))
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIZE, size, sizeof(*desc));
	if (memcmp(desc->signature, CAPSULE_CELL_SIGNATURE, sizeof(desc->signature)))
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIGNATURE, 0, 0);
	rc = check_identity(desc->revision, desc->architecture, err);
	if (!rc && desc->total_size != size)
		rc = refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIZE, size, desc->total_size);
	if (!rc)
		rc = check_tables(desc, err);
	if (!rc)
		rc = check_name(desc->name, err);
	return rc;
}

static int check_flags(u64 flags, u64 valid, struct capsule_err *err)
{
	if (!(flags & ~valid))
		return 0;
	return refuse(err, -EINVAL, CAPSULE_REASON_CFG_FLAGS, flags & ~valid, 0);
}

static int check_hv_memory(const struct capsule_memory *hv, struct capsule_err *err)
{
	u64 end;

	if (hv->flags & ~CAPSULE_MEM_PHYS_ANY)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_FLAGS,
			      hv->flags & ~CAPSULE_MEM_PHYS_ANY, 0);
	if (!hv->size || hv->size % CAPSULE_HV_ALIGN || hv->phys_start % CAPSULE_HV_ALIGN)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_ALIGN, 0, hv->size);
	if (hv->virt_start || check_add_overflow(hv->phys_start, hv->size, &end) || hv->size > SZ_1G)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_REGION, 0, hv->size);
	return 0;
}

/**
 * config_check_system() - is this a system configuration of this version?
 * @size: bytes that were given
 */
int config_check_system(const struct capsule_system *sys, size_t size, struct capsule_err *err)
{
	int rc;

	if (size < sizeof(*sys))
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIZE, size, sizeof(*sys));
	if (memcmp(sys->signature, CAPSULE_SYSTEM_SIGNATURE, sizeof(sys->signature)))
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIGNATURE, 0, 0);
	rc = check_identity(sys->revision, sys->architecture, err);
	if (!rc && sys->total_size != size)
		rc = refuse(err, -EINVAL, CAPSULE_REASON_CFG_SIZE, size, sys->total_size);
	if (!rc)
		rc = check_flags(sys->flags, 0, err);
	if (!rc)
		rc = check_hv_memory(&sys->hypervisor_memory, err);
	if (!rc)
		rc = check_descriptor(&sys->root_cell,
				      size - offsetof(struct capsule_system, root_cell), err);
	if (!rc)
		rc = check_flags(sys->root_cell.flags, CAPSULE_ROOT_VALID_FLAGS, err);
	return rc;
}

/* Memory that the driver will take for the cell must consist of whole pages. */
static int check_region(const struct capsule_memory *m, u32 index, struct capsule_err *err)
{
	u64 end;

	if (m->flags & ~CAPSULE_MEM_VALID_FLAGS)
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_FLAGS,
			      m->flags & ~CAPSULE_MEM_VALID_FLAGS, index);
	if (!m->size || check_add_overflow(m->phys_start, m->size, &end) ||
	    check_add_overflow(m->virt_start, m->size, &end) || m->size > BIT_ULL(48) ||
	    ((m->flags & CAPSULE_MEM_PHYS_ANY) &&
	     (m->flags & (CAPSULE_MEM_IO | CAPSULE_MEM_COMM_REGION | CAPSULE_MEM_ROOTSHARED))) ||
	    ((m->flags & CAPSULE_MEM_VIRT_IS_PHYS) && !(m->flags & CAPSULE_MEM_PHYS_ANY)))
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_REGION, index, m->phys_start);
	if (!(m->flags & CAPSULE_MEM_IO) &&
	    ((m->phys_start | m->virt_start | m->size) & ~PAGE_MASK))
		return refuse(err, -EINVAL, CAPSULE_REASON_CFG_ALIGN, index, m->phys_start);
	return 0;
}

/**
 * config_check_cell() - is this a cell configuration of this version?
 * @size: bytes that were given
 */
int config_check_cell(const struct capsule_cell_desc *desc, size_t size, struct capsule_err *err)
{
	const struct capsule_memory *m;
	u32 i;
	int rc = check_descriptor(desc, size, err);

	if (!rc)
		rc = check_flags(desc->flags, CAPSULE_CELL_VALID_FLAGS, err);
	if (rc)
		return rc;
	m = (const void *)((const u8 *)(desc + 1) + desc->cpu_set_size);
	for (i = 0; !rc && i < desc->num_memory_regions; i++)
		rc = check_region(&m[i], i, err);
	return rc;
}

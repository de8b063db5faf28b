// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is this a machine and a kernel that a hypervisor can be put beneath, and is
 * it the machine that the configuration describes? Nothing is changed here.
 */
#include <linux/acpi.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <asm/cputype.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include "driver.h"

#define ICC_CTLR_EOIMODE	BIT(1)	/* ICC_CTLR_EL1.EOImode */
#define GICC_CTLR		0x00
#define GICC_CTLR_EOIMODE_NS	BIT(9)
#define MPIDR_AFFINITY		MPIDR_HWID_BITMASK

static const struct of_device_id gic_match[] = {
	{ .compatible = "arm,gic-v3", .data = (void *)3 },
	{ .compatible = "arm,gic-400", .data = (void *)2 },
	{ .compatible = "arm,cortex-a15-gic", .data = (void *)2 },
	{ .compatible = "arm,cortex-a7-gic", .data = (void *)2 },
	{ .compatible = "qcom,msm-qgic2", .data = (void *)2 },
	{ }
};

static const struct of_device_id psci_match[] = {
	{ .compatible = "arm,psci-1.0" },
	{ .compatible = "arm,psci-0.2" },
	{ }
};

/**
 * platform_gic_node() - the interrupt controller's device-tree node
 * @version: where to put its architecture version, 2 or 3
 *
 * Return: the node with a reference, or NULL if there is none that we know.
 */
struct device_node *platform_gic_node(u32 *version)
{
	const struct of_device_id *match;
	struct device_node *node = of_find_matching_node_and_match(NULL, gic_match, &match);

	if (node)
		*version = (u32)(uintptr_t)match->data;
	return node;
}

/* Physical address of entry @index of the node's reg property, 0 if absent. */
static u64 reg_address(struct device_node *node, int index)
{
	struct resource res;

	return of_address_to_resource(node, index, &res) ? 0 : res.start;
}

/*
 * Linux splits priority drop and deactivation (EOImode 1) only when it was
 * started at EL2; no exported symbol tells, and an hvc where nothing at EL2
 * listens would be fatal.
 */
static bool gicv2_started_at_el2(struct device_node *node)
{
	void __iomem *gicc = of_iomap(node, 1);
	bool el2;

	if (!gicc)
		return false;
	el2 = readl_relaxed(gicc + GICC_CTLR) & GICC_CTLR_EOIMODE_NS;
	iounmap(gicc);
	return el2;
}

static bool started_at_el2(struct device_node *gic, u32 version)
{
	if (version == 3)
		return read_sysreg_s(SYS_ICC_CTLR_EL1) & ICC_CTLR_EOIMODE;
	return gicv2_started_at_el2(gic);
}

/* PSCI by SMC: by HVC it would be whoever is at EL2 who answers. */
static bool psci_by_smc(void)
{
	struct device_node *node = of_find_matching_node_and_match(NULL, psci_match, NULL);
	const char *method;
	bool smc;

	if (!node)
		return false;
	smc = !of_property_read_string(node, "method", &method) && !strcmp(method, "smc");
	of_node_put(node);
	return smc;
}

/**
 * platform_check_machine() - can EL2 be taken from this kernel at all?
 *
 * Return: 0, or -EOPNOTSUPP with the reason in @err.
 */
int platform_check_machine(struct capsule_err *err)
{
	struct device_node *gic;
	u32 version = 0;
	bool el2;

	if (read_sysreg(CurrentEL) == CurrentEL_EL2)
		return refuse(err, -EOPNOTSUPP, CAPSULE_REASON_VHE, 0, 0);
	if (!acpi_disabled)
		return refuse(err, -EOPNOTSUPP, CAPSULE_REASON_ACPI, 0, 0);
	gic = platform_gic_node(&version);
	if (!gic)
		return refuse(err, -EOPNOTSUPP, CAPSULE_REASON_GIC_MISMATCH, 0, 0);
	el2 = started_at_el2(gic, version);
	of_node_put(gic);
	if (!el2)
		return refuse(err, -EOPNOTSUPP, CAPSULE_REASON_NOT_EL2, 0, 0);
	if (!psci_by_smc())
		return refuse(err, -EOPNOTSUPP, CAPSULE_REASON_PSCI, 0, 0);
	return 0;
}

static int check_address(u64 configured, u64 found, struct capsule_err *err)
{
	if (configured == found)
		return 0;
	return refuse(err, -EINVAL, CAPSULE_REASON_GIC_ADDRESS, configured, found);
}

static int check_gic_addresses(const struct capsule_platform *p, struct device_node *gic,
			       u32 version, struct capsule_err *err)
{
	int rc = check_address(p->gicd_base, reg_address(gic, 0), err);

	if (rc)
		return rc;
	if (version == 3)
		return check_address(p->gicr_base, reg_address(gic, 1), err);
	rc = check_address(p->gicc_base, reg_address(gic, 1), err);
	if (!rc)
		rc = check_address(p->gich_base, reg_address(gic, 2), err);
	if (!rc)
		rc = check_address(p->gicv_base, reg_address(gic, 3), err);
	return rc;
}

static int check_gic(const struct capsule_platform *p, struct capsule_err *err)
{
	u32 version = 0;
	struct device_node *gic = platform_gic_node(&version);
	int rc;

	if (!gic || version != p->gic_version)
		rc = refuse(err, -EINVAL, CAPSULE_REASON_GIC_MISMATCH, p->gic_version, version);
	else
		rc = check_gic_addresses(p, gic, version, err);
	of_node_put(gic);
	return rc;
}

/* The agency has every possible CPU, whether the configuration lists them or not. */
static int check_cpus(const struct capsule_cell_desc *root, struct capsule_err *err)
{
	unsigned int cpu, listed = 0, bits = root->cpu_set_size * 8;
	const u64 *set = config_cpus(root);
	bool all = true;

	for (cpu = 0; cpu < bits; cpu++)
		listed += (set[cpu / 64] >> (cpu % 64)) & 1;
	for_each_possible_cpu(cpu)
		if (cpu >= bits || !(set[cpu / 64] & BIT_ULL(cpu % 64)))
			all = false;
	if (root->flags & CAPSULE_ROOT_ALL_CPUS) {
		all = true;
		listed = num_possible_cpus();
	}
	if (all && listed == num_possible_cpus() && nr_cpu_ids <= CAPSULE_MAX_CPUS)
		return 0;
	return refuse(err, -EINVAL, CAPSULE_REASON_CPU_COUNT, listed, num_possible_cpus());
}

/**
 * platform_check_config() - is this the machine the configuration is for?
 * @sys: system configuration that config_check_system() has accepted
 */
int platform_check_config(const struct capsule_system *sys, struct capsule_err *err)
{
	int rc = check_gic(&sys->platform_info, err);

	return rc ? rc : check_cpus(&sys->root_cell, err);
}

/**
 * platform_mpidr() - affinity fields of a CPU that may be offline
 * @mpidr: where to put MPIDR_EL1.{Aff3,Aff2,Aff1,Aff0}
 */
int platform_mpidr(unsigned int cpu, u64 *mpidr)
{
	struct device_node *node = of_get_cpu_node(cpu, NULL);
	const __be32 *reg;
	int len;

	if (!node)
		return -ENODEV;
	reg = of_get_property(node, "reg", &len);
	if (!reg || len < of_n_addr_cells(node) * (int)sizeof(*reg)) {
		of_node_put(node);
		return -ENODEV;
	}
	*mpidr = of_read_number(reg, of_n_addr_cells(node)) & MPIDR_AFFINITY;
	of_node_put(node);
	return 0;
}

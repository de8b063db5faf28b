// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers of the agency and the devices of a cell: a cell that wants a device
 * with a driver is refused, or the driver is unbound while the cell exists.
 * The driver core does the work and this file the remembering, because a cell
 * may end without the program that created it. Whether it hurts to lose the
 * device (a mounted disk) is for that program to ask before.
 */
#include <linux/amba/bus.h>
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "cell.h"

struct unbound {
	struct list_head list;
	struct device *dev;	/* with a reference */
};

struct search {
	const struct capsule_memory *m;
	struct list_head *found;	/* struct unbound */
	int rc;
};

static bool overlaps(const struct resource *res, const struct capsule_memory *m)
{
	return resource_type(res) == IORESOURCE_MEM && res->start < m->phys_start + m->size &&
	       m->phys_start <= res->end;
}

/* The registers of @dev that lie in the region, NULL if none do. */
static const struct resource *find_registers(const struct device *dev,
					     const struct capsule_memory *m)
{
	const struct platform_device *pdev;
	u32 i;

	if (dev->bus == &amba_bustype)
		return overlaps(&to_amba_device(dev)->res, m) ? &to_amba_device(dev)->res : NULL;
	pdev = to_platform_device(dev);
	for (i = 0; i < pdev->num_resources; i++)
		if (overlaps(&pdev->resource[i], m))
			return &pdev->resource[i];
	return NULL;
}

static int add_bound(struct device *dev, void *arg)
{
	struct search *s = arg;
	struct unbound *u;

	if (!READ_ONCE(dev->driver) || !find_registers(dev, s->m))
		return 0;
	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return s->rc = -ENOMEM;
	u->dev = get_device(dev);
	list_add_tail(&u->list, s->found);
	return 0;
}

static void forget(struct unbound *u)
{
	list_del(&u->list);
	put_device(u->dev);
	kfree(u);
}

/*
 * Functions share their bridge, its windows and its interrupts; one of them
 * cannot be given away by its registers alone.
 */
static int check_pci(const struct capsule_memory *m, u32 index, struct capsule_err *err)
{
	const struct capsule_platform *p = &capsule.config->platform_info;
	const struct resource ecam = {
		.start = p->pci_mmconfig_base,
		.end = p->pci_mmconfig_base + (((u64)p->pci_mmconfig_end_bus + 1) << 20) - 1,
		.flags = IORESOURCE_MEM,
	};
	struct pci_dev *pdev = NULL;
	bool found = p->pci_mmconfig_base && overlaps(&ecam, m);
	int bar;

	for_each_pci_dev(pdev)
		for (bar = 0; bar < PCI_NUM_RESOURCES; bar++)
			found |= pci_resource_len(pdev, bar) && overlaps(&pdev->resource[bar], m);
	if (!found)
		return 0;
	return refuse(err, -EOPNOTSUPP, CAPSULE_REASON_PCI_FUNCTION, index, m->phys_start);
}

static int refuse_bound(const struct unbound *u, const struct capsule_memory *m, u32 index,
			struct capsule_err *err)
{
	const struct resource *res = find_registers(u->dev, m);

	return refuse(err, -EBUSY, CAPSULE_REASON_DEVICE_BUSY, index,
		      max_t(u64, res->start, m->phys_start));
}

static int unbind_region(struct capsule_cell *cell, const struct capsule_memory *m, u32 index,
			 bool unbind, struct capsule_err *err)
{
	LIST_HEAD(found);
	struct search s = { .m = m, .found = &found };
	struct unbound *u, *next;
	int rc = check_pci(m, index, err);

	if (rc)
		return rc;
	bus_for_each_dev(&platform_bus_type, NULL, &s, add_bound);
	bus_for_each_dev(&amba_bustype, NULL, &s, add_bound);
	rc = s.rc;
	list_for_each_entry_safe(u, next, &found, list) {
		if (!rc && !unbind)
			rc = refuse_bound(u, m, index, err);
		if (rc) {
			forget(u);
			continue;
		}
		device_release_driver(u->dev);
		list_move_tail(&u->list, &cell->unbound);
	}
	return rc;
}

/**
 * drivers_unbind() - see that no driver of the agency works with a cell's devices
 * @unbind: unbind those there are, until drivers_bind(); else refuse
 *
 * Devices that the cell shares with the agency keep their drivers.
 *
 * Return: 0; or an error with the reason in @err, and drivers_bind() is to be
 * called all the same.
 */
int drivers_unbind(struct capsule_cell *cell, bool unbind, struct capsule_err *err)
{
	const struct capsule_memory *m = config_regions(cell->config);
	int rc = 0;
	u32 i;

	for (i = 0; !rc && i < cell->config->num_memory_regions; i++)
		if ((m[i].flags & CAPSULE_MEM_IO) && !(m[i].flags & CAPSULE_MEM_ROOTSHARED))
			rc = unbind_region(cell, &m[i], i, unbind, err);
	return rc;
}

/**
 * drivers_bind() - let drivers have again what drivers_unbind() took from them
 *
 * Exactly those devices, last first. Nobody needs them while the machine goes
 * down.
 *
 * Context: the devices are the agency's again, and their registers unclaimed.
 */
void drivers_bind(struct capsule_cell *cell)
{
	struct unbound *u, *next;

	list_for_each_entry_safe_reverse(u, next, &cell->unbound, list) {
		if (!capsule.stopping && device_attach(u->dev) <= 0)
			pr_warn("no driver takes %s again\n", dev_name(u->dev));
		forget(u);
	}
}

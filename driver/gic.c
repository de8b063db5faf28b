// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts between EL2 and the driver: the notification by which EL2 says
 * that something changed, and the LPIs that were in flight at a hand-back.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_irq.h>

#include "cell.h"
#include "hvc.h"

#define FIRST_SPI	32
#define LAST_SPI	1019
#define GICD_TYPER	0x0004
#define GICD_TYPER_ITLINES	GENMASK(4, 0)

/*
 * Acknowledged before anybody looks, so that no event is lost. It may also
 * fire once after EL2 is gone, from what was pending then.
 */
static irqreturn_t notify_handler(int irq, void *arg)
{
	struct hvc_result res;

	if (READ_ONCE(capsule.enabled)) {
		hvc(CAPSULE_CALL_NOTIFY_ACK, capsule.config->platform_info.notify_irq, 0, &res);
		cells_changed();
	}
	return IRQ_HANDLED;
}

static int map_spi(u32 intid)
{
	struct irq_fwspec spec = {
		.param_count = 3,
		.param = { 0, intid - FIRST_SPI, IRQ_TYPE_EDGE_RISING },
	};
	u32 version;
	struct device_node *gic = platform_gic_node(&version);
	int irq;

	if (!gic)
		return 0;
	spec.fwnode = of_fwnode_handle(gic);
	irq = (int)irq_create_fwspec_mapping(&spec);
	of_node_put(gic);
	return irq;
}

/**
 * gic_last_spi() - INTID of the last SPI that this machine has
 *
 * The kernel maps others, too, in vain.
 */
u32 gic_last_spi(void)
{
	u32 version, lines = 0;
	struct device_node *gic = platform_gic_node(&version);
	void __iomem *gicd = gic ? of_iomap(gic, 0) : NULL;

	if (gicd) {
		lines = readl_relaxed(gicd + GICD_TYPER) & GICD_TYPER_ITLINES;
		iounmap(gicd);
	}
	of_node_put(gic);
	return min_t(u32, 32 * (lines + 1) - 1, LAST_SPI);
}

/**
 * gic_request_notify() - get hold of the SPI by which EL2 wakes the driver
 * @intid: INTID of the SPI
 *
 * Context: before EL2 is taken, so that a refusal costs nothing.
 */
int gic_request_notify(u32 intid, struct capsule_err *err)
{
	int irq = 0, rc = -EINVAL;
	u32 last = gic_last_spi();

	if (intid >= FIRST_SPI && intid <= last)
		irq = map_spi(intid);
	if (irq > 0)
		rc = request_irq((unsigned int)irq, notify_handler, 0, "capsule", &capsule);
	if (rc) {
		/* The mapping of a used interrupt is its user's. */
		if (irq > 0 && rc != -EBUSY)
			irq_dispose_mapping((unsigned int)irq);
		return refuse(err, -EINVAL, CAPSULE_REASON_NOTIFY_IRQ, intid, last);
	}
	capsule.notify_irq = irq;
	return 0;
}

/**
 * gic_free_notify() - let go of the SPI; nothing of ours runs any more after it
 */
void gic_free_notify(void)
{
	if (!capsule.notify_irq)
		return;
	free_irq((unsigned int)capsule.notify_irq, &capsule);
	irq_dispose_mapping((unsigned int)capsule.notify_irq);
	capsule.notify_irq = 0;
	cells_quiesce();
}

static struct irq_domain *gic_domain(void)
{
	u32 version;
	struct device_node *gic = platform_gic_node(&version);
	struct irq_domain *domain = NULL;

	if (gic)
		domain = irq_find_matching_fwnode(of_fwnode_handle(gic), DOMAIN_BUS_WIRED);
	of_node_put(gic);
	return domain;
}

/**
 * gic_raise_lpis() - make LPIs pending again that EL2 had acknowledged
 * @info: boot information, where EL2 has listed them
 *
 * An LPI has no state that EL2 could hand back in registers; the ITS makes it
 * pending through the kernel's own driver (INT command).
 */
void gic_raise_lpis(const struct capsule_boot_info *info)
{
	struct irq_domain *domain = gic_domain();
	u32 i, total = min_t(u32, READ_ONCE(info->lpi_total), CAPSULE_LPI_LIST_LEN);

	for (i = 0; domain && i < total; i++) {
		unsigned int irq = irq_find_mapping(domain, info->lpi_list[i]);

		if (!irq || irq_set_irqchip_state(irq, IRQCHIP_STATE_PENDING, true))
			pr_err("LPI %u could not be raised again\n", info->lpi_list[i]);
	}
}

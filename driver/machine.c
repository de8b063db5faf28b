// SPDX-License-Identifier: GPL-2.0-only
/* What can be said of the machine before anybody enables (CAPSULE_IOC_MACHINE). */
#include <linux/firmware.h>
#include <linux/of.h>
#include <linux/sizes.h>

#include "driver.h"

static int judge_firmware(struct capsule_err *err)
{
	const struct firmware *fw;
	int rc = firmware_load(&fw, err);

	if (!rc)
		release_firmware(fw);
	return rc;
}

/**
 * machine_judge() - would enabling be refused, whatever the configuration?
 * @m: flags and contig_wanted are read, the rest is filled in
 *
 * Context: capsule.lock held. Takes memory for a moment where contig_wanted is
 * not 0; changes nothing else.
 *
 * Return: 0, also where the verdict is bad; -EINVAL for what cannot be asked,
 * -ENOMEM, -EINTR.
 */
int machine_judge(struct capsule_ioc_machine *m)
{
	struct device_node *gic;

	if (m->flags || m->contig_wanted % SZ_2M || m->contig_wanted > SZ_1G)
		return -EINVAL;
	memset(&m->verdict, 0, sizeof(m->verdict));
	m->gic_version = 0;
	gic = platform_gic_node(&m->gic_version);
	of_node_put(gic);
	m->last_spi = gic ? gic_last_spi() : 0;
	if (!platform_check_machine(&m->verdict))
		judge_firmware(&m->verdict);
	m->contig = 0;
	return m->contig_wanted ? mem_available(m->contig_wanted, &m->contig, &m->err) : 0;
}

// SPDX-License-Identifier: Apache-2.0
/* EL2 starts: layout of hypervisor memory, CPU blocks, root cell. */
#include <capsule/call.h>
#include <capsule/error.h>
#include <capsule/image.h>

#include "cache.h"
#include "config_blob.h"
#include "console.h"
#include "el2_space.h"
#include "gic.h"
#include "hvmap.h"
#include "layout.h"
#include "pool.h"
#include "power.h"
#include "root.h"
#include "stage2.h"
#include "start.h"
#include "sysreg.h"
#include "uart.h"

struct pcpu *pcpus[CAPSULE_MAX_CPUS];
unsigned num_pcpus;
struct capsule_status *status_area;
struct capsule_boot_info *boot_info;

extern char __image_end[], image_build[];

/* Hypervisor memory behind image and configuration is handed out in order. */
struct carver {
	uint64_t next;
	uint64_t end;
};

static void *carve(struct carver *c, uint64_t size)
{
	uint64_t at = ALIGN_UP(c->next, PAGE_SIZE);

	if (at > c->end || size > c->end - at)
		return NULL;
	c->next = at + size;
	return (void *)at;
}

static int check_boot_info(uint64_t phys, const struct capsule_boot_info *b)
{
	uint64_t config = (uint64_t)(__image_end - (char *)HV_BASE) + PAGE_SIZE;

	if (b->magic != CAPSULE_BOOT_MAGIC || b->abi_version != CAPSULE_ABI_VERSION ||
	    b->hv_phys != phys || b->hv_size > HV_MAX_SIZE || b->num_cpus == 0 ||
	    b->num_cpus > CAPSULE_MAX_CPUS || b->config_offset != config ||
	    b->config_size > CAPSULE_CONFIG_MAX_SIZE ||
	    b->config_size < sizeof(struct capsule_system))
		return -CAPSULE_EINVAL;
	return 0;
}

static int init_cpu_block(struct carver *c, unsigned id)
{
	char *block = carve(c, EL2_CPU_BLOCK_SIZE);
	struct pcpu *p = (struct pcpu *)(void *)block;

	if (!block)
		return -CAPSULE_ENOMEM;
	p->stack_top = (uint64_t)block + EL2_CPU_BLOCK_SIZE;
	p->id = id;
	p->mpidr = boot_info->mpidr[id] & MPIDR_AFF_MASK;
	p->status = &status_area->cpu[id];
	p->status->mpidr = p->mpidr;
	pcpus[id] = p;
	return 0;
}

static int init_layout(struct carver *c)
{
	uint16_t *owners;
	uint64_t pages;

	status_area = carve(c, STATUS_AREA_SIZE);
	if (!status_area)
		return -CAPSULE_ENOMEM;
	status_area->magic = CAPSULE_STATUS_MAGIC;
	status_area->abi_version = CAPSULE_ABI_VERSION;
	status_area->num_cpus = boot_info->num_cpus;
	status_area->rings_offset = (uint32_t)STATUS_SIZE;
	status_area->total_size = (uint32_t)STATUS_AREA_SIZE;

	num_pcpus = boot_info->num_cpus;
	for (unsigned i = 0; i < num_pcpus; i++)
		if (init_cpu_block(c, i))
			return -CAPSULE_ENOMEM;

	owners = carve(c, ((c->end - c->next) >> PAGE_SHIFT) * sizeof(*owners));
	c->next = ALIGN_UP(c->next, PAGE_SIZE);
	if (!owners || c->next >= c->end)
		return -CAPSULE_ENOMEM;
	pages = (c->end - c->next) >> PAGE_SHIFT;
	pool_init(hv_pa((void *)c->next), (void *)c->next, pages, owners);
	status_area->pool_pages = pages;
	return 0;
}

static int init_space(void)
{
	int rc = el2_space_init();

	for (unsigned i = 0; !rc && i < num_pcpus; i++)
		rc = el2_space_init_cpu(pcpus[i]);
	return rc;
}

static int init_gic(const struct capsule_system *sys, uint64_t answer[4])
{
	uint32_t reason = 0;
	int rc = gic_init(&sys->platform_info, &reason, answer + 2);

	answer[1] = reason;
	for (unsigned i = 0; !rc && i < num_pcpus; i++) {
		rc = gic_cpu_probe(pcpus[i]);
		if (rc) {
			answer[1] = CAPSULE_REASON_GIC_ADDRESS;
			answer[2] = sys->platform_info.gicr_base;
			answer[3] = pcpus[i]->mpidr;
		}
	}
	return rc;
}

int el2_init_memory(uint64_t phys, uint64_t answer[4])
{
	struct carver c;
	int rc;

	boot_info = (struct capsule_boot_info *)(void *)__image_end;
	answer[1] = CAPSULE_REASON_FIRMWARE_VERSION;
	rc = check_boot_info(phys, boot_info);
	if (!rc) {
		hv_phys = pa_init(phys);
		hv_size = boot_info->hv_size;
		c.next = HV_BASE + boot_info->config_offset + boot_info->config_size;
		c.end = HV_BASE + hv_size;
		answer[1] = CAPSULE_REASON_NO_POOL;
		rc = init_layout(&c);
	}
	if (!rc)
		rc = init_space();
	answer[0] = (uint64_t)(int64_t)rc;
	if (rc)
		return rc;
	boot_ttbr = el2_space_root();
	/* Read with the MMU off by every CPU that enters from here on. */
	cache_clean_poc(&boot_ttbr, sizeof(boot_ttbr));
	return 0;
}

int el2_init_machine(uint64_t answer[4])
{
	const struct capsule_system *sys;
	int rc;

	sys = (const struct capsule_system *)(HV_BASE + boot_info->config_offset);
	stage2_init();
	console_init();
	rc = root_check_config(sys, boot_info->config_size, answer);
	if (!rc)
		rc = uart_init(&sys->debug_console, answer);
	if (!rc)
		rc = init_gic(sys, answer);
	if (!rc)
		rc = root_init(sys, boot_info->online, answer);
	answer[0] = (uint64_t)(int64_t)rc;
	if (!rc)
		console_print("capsule %s: %u CPUs, %u MiB at 0x%lx\n", image_build, num_pcpus,
			      (unsigned)(hv_size >> 20), pa_addr(hv_phys));
	return rc;
}

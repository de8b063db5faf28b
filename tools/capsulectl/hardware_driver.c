// SPDX-License-Identifier: Apache-2.0
/* What the driver says, the memory that it finds, and the programs around it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <capsule/image.h>

#include "ctl.h"
#include "hardware.h"

#define MIB		((uint64_t)1 << 20)
#define HYPERVISOR	(16 * MIB)	/* what config create asks for */
#define SMALL_LINUX	(64 * MIB)
#define MOST_WANTED	(256 * MIB)
#define FIRMWARE	"/lib/firmware/" CAPSULE_FIRMWARE_NAME
#define NO_REASON	CAPSULE_REASON_NONE

static bool is_firmware_reason(uint32_t reason)
{
	return reason == CAPSULE_REASON_FIRMWARE_MISSING ||
	       reason == CAPSULE_REASON_FIRMWARE_BAD ||
	       reason == CAPSULE_REASON_FIRMWARE_VERSION;
}

static bool is_told_already(const struct hw_list *list, uint32_t reason)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (list->line[i].result == HW_FAIL && list->line[i].reason == reason)
			return true;
	return false;
}

/* The image, and whatever else the driver found that no check of ours did. */
void hw_check_driver(struct hw_list *list)
{
	uint32_t reason = list->machine.verdict.reason;
	bool asked = list->machine.size;
	struct hw_line *line;

	if (asked ? is_firmware_reason(reason) : !hw_exists(FIRMWARE)) {
		if (!asked || reason == CAPSULE_REASON_FIRMWARE_MISSING)
			line = hw_add(list, "image", HW_FAIL, FIRMWARE " is not there");
		else
			line = hw_add(list, "image", HW_FAIL, FIRMWARE " is %s",
				      reason == CAPSULE_REASON_FIRMWARE_BAD ? "damaged" :
				      "of another version than the module");
		line->reason = asked ? reason : CAPSULE_REASON_FIRMWARE_MISSING;
		hw_remedy(line, "make install, with the module and this program from one build");
		return;
	}
	/* The driver looks for the image last. */
	if (!asked || reason == NO_REASON)
		hw_add(list, "image", HW_PASS, FIRMWARE);
	else if (!is_told_already(list, reason)) {
		line = hw_add(list, "driver", HW_FAIL, "it refuses this machine (%s)",
			      ctl_reason_name(reason));
		line->reason = reason;
		hw_remedy(line, "capsulectl(1) says what that means");
	}
}

static uint64_t memory_available(void)
{
	FILE *file = fopen(CTL_ROOT "/proc/meminfo", "re");
	uint64_t kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib << 10;
}

/* Asks the driver to take up to half of what is free, and at most MOST_WANTED. */
static bool find_contiguous(const struct hw_list *list, uint64_t *found)
{
	struct capsule_ioc_machine arg = { .size = sizeof(arg) };
	uint64_t half = memory_available() / 2;

	arg.contig_wanted = (half < MOST_WANTED ? half : MOST_WANTED) & ~(2 * MIB - 1);
	if (!arg.contig_wanted || ioctl(list->device, CAPSULE_IOC_MACHINE, &arg) < 0)
		return false;
	*found = arg.contig;
	return true;
}

void hw_check_memory(struct hw_list *list)
{
	uint64_t found;

	if (list->quick)
		return;
	if (list->device < 0 || !find_contiguous(list, &found)) {
		hw_remedy(hw_add(list, "memory", HW_WARN, "%" PRIu64 " MiB are free; how much in one piece only the driver can tell",
				 memory_available() / MIB),
			  "modprobe capsule, then check again as root");
		return;
	}
	if (found < HYPERVISOR)
		hw_remedy(hw_add(list, "memory", HW_FAIL, "the largest piece that can be had has %" PRIu64 " MiB",
				 found / MIB),
			  "end programs that use much memory: the hypervisor takes 16 MiB");
	else if (found < HYPERVISOR + SMALL_LINUX)
		hw_remedy(hw_add(list, "memory", HW_WARN, "%" PRIu64 " MiB in one piece", found / MIB),
			  "end programs that use much memory before a cell needs more");
	else
		hw_add(list, "memory", HW_PASS, "at least %" PRIu64 " MiB in one piece", found / MIB);
}

/* enable without an argument, run and most of config are Python. */
void hw_check_tools(struct hw_list *list)
{
	struct hw_line *line;

	if (hw_exists("/usr/bin/python3")) {
		hw_add(list, "python", HW_PASS, "/usr/bin/python3 makes configurations");
		return;
	}
	line = hw_add(list, "python", HW_WARN, "no /usr/bin/python3: configurations cannot be made here");
	hw_remedy(line, "apt install python3, or make them on a PC (config create --dtb)");
}

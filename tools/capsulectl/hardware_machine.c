// SPDX-License-Identifier: Apache-2.0
/* What the firmware started: EL2, interrupt controller, PSCI, CPUs, SMMU. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "hardware.h"

#define CPUS "/sys/devices/system/cpu"

static void check_boot(struct hw_list *list)
{
	struct hw_line *line;

	if (list->machine.size ? list->machine.verdict.reason != CAPSULE_REASON_ACPI :
	    hw_exists("/proc/device-tree/cpus")) {
		hw_add(list, "boot", HW_PASS, "by a device tree");
	} else if (list->machine.size || hw_exists("/sys/firmware/acpi/tables")) {
		line = hw_add(list, "boot", HW_FAIL, "by ACPI, only device trees are understood");
		line->reason = CAPSULE_REASON_ACPI;
		hw_remedy(line, "boot with a device tree, or with acpi=off where the firmware has one");
	} else {
		line = hw_add(list, "boot", HW_FAIL, "neither device tree nor ACPI is to be seen");
		hw_remedy(line, "run this on an arm64 machine with /proc and /sys mounted");
	}
}

/* KVM's own hypervisor then keeps EL2 from the kernel, and from us, for good. */
static bool protected_kvm(void)
{
	char words[4096];

	return hw_read_line("/proc/cmdline", words, sizeof(words)) &&
	       strstr(words, "kvm-arm.mode=protected");
}

static void add_not_el2(struct hw_list *list)
{
	struct hw_line *line = hw_add(list, "EL2", HW_FAIL, "the kernel was not started at EL2");

	line->reason = CAPSULE_REASON_NOT_EL2;
	hw_remedy(line, "let the firmware enter it at EL2 (QEMU: -M virt,virtualization=on)");
}

static void add_vhe(struct hw_list *list)
{
	struct hw_line *line;

	hw_add(list, "EL2", HW_PASS, "the kernel was started there");
	line = hw_add(list, "VHE", HW_FAIL, "the kernel itself runs at EL2");
	line->reason = CAPSULE_REASON_VHE;
	hw_remedy(line, "boot it with kvm-arm.mode=nvhe on the kernel command line");
}

static void add_el2(struct hw_list *list)
{
	struct hw_line *line;

	hw_add(list, "EL2", HW_PASS, "the kernel was started there");
	if (!protected_kvm()) {
		hw_add(list, "VHE", HW_PASS, "not used, the kernel runs at EL1");
		return;
	}
	line = hw_add(list, "VHE", HW_FAIL, "protected KVM keeps EL2 for itself");
	hw_remedy(line, "boot with kvm-arm.mode=nvhe instead of protected");
}

/* By the driver, which asks the machine; without it by what the kernel said at boot. */
void hw_check_el2(struct hw_list *list)
{
	uint32_t reason = list->machine.verdict.reason;
	struct hw_line *line;

	check_boot(list);
	if (list->machine.size ? reason == CAPSULE_REASON_VHE :
	    hw_kernel_said("VHE mode initialized") ||
	    hw_kernel_said("detected: Virtualization Host Extensions")) {
		add_vhe(list);
	} else if (list->machine.size ? reason == CAPSULE_REASON_NOT_EL2 :
		   hw_kernel_said("CPU(s) started at EL1")) {
		add_not_el2(list);
	} else if (list->machine.size ? reason != CAPSULE_REASON_ACPI :
		   hw_kernel_said("CPU(s) started at EL2")) {
		add_el2(list);
	} else {
		line = hw_add(list, "EL2", HW_WARN, "the kernel log no longer tells whether it was started there");
		hw_remedy(line, "modprobe capsule, then check again as root");
	}
}

static void check_gic(struct hw_list *list)
{
	static const char *const names[] = {
		"arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic", NULL,
	};
	char node[PATH_MAX];
	int found = hw_find_node(names, node);
	struct hw_line *line;

	if (found < 0) {
		line = hw_add(list, "GIC", HW_FAIL, "no GICv2 or GICv3 in the device tree");
		line->reason = CAPSULE_REASON_GIC_MISMATCH;
		hw_remedy(line, "none: the hypervisor drives these two only");
	} else if (hw_property_size(node, "interrupts") <= 0) {
		line = hw_add(list, "GIC", HW_FAIL, "the GIC has no maintenance interrupt");
		hw_remedy(line, "boot with a device tree that has it in the GIC's node");
	} else {
		hw_add(list, "GIC", HW_PASS, "GICv%d", found ? 2 : 3);
	}
}

static void check_psci(struct hw_list *list)
{
	static const char *const names[] = { "arm,psci-1.0", "arm,psci-0.2", NULL };
	char node[PATH_MAX], method[16], path[PATH_MAX];
	int found = hw_find_node(names, node);
	struct hw_line *line;

	if (found >= 0 && snprintf(path, sizeof(path), "%s/method", node + strlen(CTL_ROOT)) <
	    (int)sizeof(path) && hw_read_line(path, method, sizeof(method)) &&
	    !strcmp(method, "smc")) {
		hw_add(list, "PSCI", HW_PASS, "%s or later, by SMC", found ? "0.2" : "1.0");
		return;
	}
	line = hw_add(list, "PSCI", HW_FAIL, found < 0 ? "not in the device tree" :
		      "not called by SMC: a hypervisor is beneath this system already");
	line->reason = CAPSULE_REASON_PSCI;
	hw_remedy(line, found < 0 ? "use firmware that offers PSCI 0.2 or later" :
		  "run this on the machine itself, not in a virtual one");
}

static void check_smmu(struct hw_list *list)
{
	static const char *const names[] = {
		"arm,smmu-v3", "arm,mmu-500", "arm,smmu-v2", "arm,mmu-401", "arm,mmu-400",
		"arm,smmu-v1", "qcom,smmu-500", "qcom,smmu-v2", "nvidia,smmu-500", NULL,
	};
	char node[PATH_MAX];
	int found = hw_find_node(names, node);
	struct hw_line *line = hw_add(list, "SMMU", HW_WARN, found < 0 ? "none" :
				      "%s, which this revision does not use",
				      found < 0 ? "" : names[found]);

	hw_remedy(line, "give cells no device that transfers to memory by itself, or trust them");
}

void hw_check_devices(struct hw_list *list)
{
	if (!hw_exists("/proc/device-tree"))
		return;
	check_gic(list);
	check_psci(list);
	check_smmu(list);
}

/* How many numbers there are in a list as the kernel writes it: 0-2,5. */
static unsigned int count_list(const char *text)
{
	unsigned long first, last;
	unsigned int count = 0;
	char *end;

	for (; *text; text = *end == ',' ? end + 1 : "") {
		first = last = strtoul(text, &end, 10);
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last >= first && last < 65536)
			count += (unsigned int)(last - first) + 1;
	}
	return count;
}

static void check_hotplug(struct hw_list *list, unsigned int possible)
{
	unsigned int cpu, fixed = 0;
	char path[64];

	for (cpu = 1; cpu < possible; cpu++) {
		snprintf(path, sizeof(path), CPUS "/cpu%u/online", cpu);
		fixed += !hw_exists(path);
	}
	if (!fixed)
		hw_add(list, "hotplug", HW_PASS, "CPUs can be taken offline");
	else
		hw_remedy(hw_add(list, "hotplug", HW_WARN, "%u CPUs cannot be taken offline", fixed),
			  "give them to no cell, or use a kernel with CONFIG_HOTPLUG_CPU");
}

void hw_check_cpus(struct hw_list *list)
{
	char possible[64] = "", online[64] = "";
	unsigned int all;

	if (!hw_read_line(CPUS "/possible", possible, sizeof(possible)) ||
	    !hw_read_line(CPUS "/online", online, sizeof(online)))
		return;
	all = count_list(possible);
	if (all > CAPSULE_MAX_CPUS)
		hw_remedy(hw_add(list, "CPUs", HW_FAIL, "%u, at most %u can be managed", all,
				 CAPSULE_MAX_CPUS), "boot with nr_cpus=%u", CAPSULE_MAX_CPUS);
	else if (all < 2)
		hw_remedy(hw_add(list, "CPUs", HW_WARN, "one, which stays with this system"),
			  "use a machine with more: a cell needs CPUs of its own");
	else if (count_list(online) < 2)
		hw_remedy(hw_add(list, "CPUs", HW_WARN, "%u, only CPU %s is online", all, online),
			  "bring others online: cells get them by their number only (--cpus 2,3) while offline");
	else
		hw_add(list, "CPUs", HW_PASS, "%u, online are %s", all, online);
	check_hotplug(list, all);
}

void hw_check_kvm(struct hw_list *list)
{
	long pid = ctl_find_kvm_vm();
	struct hw_line *line;

	if (!pid) {
		hw_add(list, "KVM", HW_PASS, hw_exists("/dev/kvm") ?
		       "no virtual machine runs; none can while the hypervisor is enabled" :
		       "not in use");
		return;
	}
	line = hw_add(list, "KVM", HW_FAIL, "process %ld has a virtual machine, which needs EL2", pid);
	line->reason = CAPSULE_REASON_KVM_VM;
	hw_remedy(line, "end it first");
}

// SPDX-License-Identifier: Apache-2.0
/* The kernel: version, configuration, and whether it lets an unsigned module in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "hardware.h"

/* Variable of UEFI: four bytes of attributes, then one that is 1. */
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define PAGE_SIZE_NEEDED 4096

/* With what the tests run. */
static const unsigned int oldest[2] = { 6, 1 }, newest[2] = { 6, 12 };

static bool before(const unsigned int a[2], const unsigned int b[2])
{
	return a[0] != b[0] ? a[0] < b[0] : a[1] < b[1];
}

static void check_version(struct hw_list *list, const char *release)
{
	unsigned int version[2] = { 0, 0 };
	struct hw_line *line;

	sscanf(release, "%u.%u", &version[0], &version[1]);
	if (!before(version, oldest) && !before(newest, version)) {
		hw_add(list, "kernel", HW_PASS, "%s", release);
		return;
	}
	line = hw_add(list, "kernel", HW_WARN, "%s, tested are %u.%u to %u.%u", release, oldest[0],
		      oldest[1], newest[0], newest[1]);
	hw_remedy(line, "try it where a crash does no harm");
}

/* Where distributions put a kernel's configuration. */
static bool find_configuration(const char *release, char *path, size_t size)
{
	static const char *const places[] = {
		"/boot/config-%s", "/lib/modules/%s/config", "/lib/modules/%s/build/.config",
	};
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *at = strchr(places[i], '%');

		if (snprintf(path, size, "%.*s%s%s", (int)(at - places[i]), places[i], release,
			     at + 2) < (int)size && hw_exists(path))
			return true;
	}
	return false;
}

static void check_configuration(struct hw_list *list, const char *release)
{
	static const char *const needed[] = {
		"CONFIG_OF=y", "CONFIG_MODULES=y", "CONFIG_HOTPLUG_CPU=y", "CONFIG_CONTIG_ALLOC=y",
		"CONFIG_FW_LOADER=y", "CONFIG_ARM64_4K_PAGES=y",
	};
	char path[PATH_MAX];
	size_t i;

	if (list->device >= 0) {
		hw_add(list, "configuration", HW_PASS, "has what the module needs, which is loaded");
		return;
	}
	if (!find_configuration(release, path, sizeof(path))) {
		hw_remedy(hw_add(list, "configuration", HW_WARN, "not to be found in /boot or /lib/modules"),
			  "modprobe capsule: what is missing keeps it from loading");
		return;
	}
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (hw_has_line(path, needed[i]))
			continue;
		hw_remedy(hw_add(list, "configuration", HW_FAIL, "%s lacks %s", path, needed[i]),
			  "use a kernel that has it, such as Debian's");
		return;
	}
	hw_add(list, "configuration", HW_PASS, "%s has what the module needs", path);
}

static bool secure_boot(void)
{
	unsigned char value[5] = { 0 };
	FILE *file = fopen(CTL_ROOT SECURE_BOOT, "re");
	size_t n = 0;

	if (file) {
		n = fread(value, 1, sizeof(value), file);
		fclose(file);
	}
	return n == sizeof(value) && value[4] == 1;
}

/* Lockdown (kernel_lockdown(7)) and module.sig_enforce. */
static void check_unsigned_module(struct hw_list *list)
{
	char lockdown[64] = "", enforce[4] = "";
	bool locked, enforced;

	if (list->device >= 0) {
		hw_add(list, "module", HW_PASS, "loaded");
		return;
	}
	locked = hw_read_line("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown)) &&
		 !strstr(lockdown, "[none]");
	enforced = hw_read_line("/sys/module/module/parameters/sig_enforce", enforce,
				sizeof(enforce)) && enforce[0] == 'Y';
	if (locked || enforced)
		hw_remedy(hw_add(list, "module", HW_FAIL, "the kernel takes signed modules only (%s)",
				 locked ? "lockdown" : "module.sig_enforce"),
			  "sign it with a key of yours (mokutil --import), or boot without %s",
			  secure_boot() ? "Secure Boot" : locked ? "lockdown=" : "module.sig_enforce");
	else if (secure_boot())
		hw_remedy(hw_add(list, "module", HW_WARN, "Secure Boot is on, unsigned modules may be refused"),
			  "sign it if modprobe capsule says \"Key was rejected\"");
	else
		hw_remedy(hw_add(list, "module", HW_WARN, "not loaded; an unsigned one may be"),
			  "modprobe capsule");
}

void hw_check_kernel(struct hw_list *list)
{
	struct utsname name;
	char release[80];

	/* A copy of another system's files has its release there. */
	if (!hw_read_line("/proc/sys/kernel/osrelease", release, sizeof(release)))
		snprintf(release, sizeof(release), "%s", uname(&name) ? "unknown" : name.release);
	check_version(list, release);
	check_configuration(list, release);
	check_unsigned_module(list);
	if (sysconf(_SC_PAGESIZE) != PAGE_SIZE_NEEDED)
		hw_remedy(hw_add(list, "pages", HW_FAIL, "of %ld bytes", sysconf(_SC_PAGESIZE)),
			  "use a kernel with pages of 4 KiB");
}

// SPDX-License-Identifier: Apache-2.0
/*
 * KVM virtual machines. The kernel does not tell a module about them, but each
 * is a descriptor of the process that made it.
 */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "hardware.h"

#define PROC CTL_ROOT "/proc"

static bool fd_is_vm(int dir_fd, const char *fd)
{
	char target[64];
	ssize_t n;

	n = readlinkat(dir_fd, fd, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	/* "kvm-vm", or "kvm-vcpu:0", which keeps its VM alone, too. */
	return !strncmp(target, "anon_inode:kvm-v", strlen("anon_inode:kvm-v"));
}

static bool process_has_vm(const char *pid)
{
	char path[sizeof(PROC "//fd") + NAME_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), PROC "/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = fd_is_vm(dirfd(dir), entry->d_name);
	closedir(dir);
	return found;
}

/* The first process with a KVM VM, 0 if there is none. */
long ctl_find_kvm_vm(void)
{
	struct dirent *entry;
	long pid = 0;
	DIR *d = opendir(PROC);

	if (!d)
		return 0;
	while (!pid && (entry = readdir(d)))
		if (isdigit((unsigned char)entry->d_name[0]) && process_has_vm(entry->d_name))
			pid = strtol(entry->d_name, NULL, 10);
	closedir(d);
	return pid;
}

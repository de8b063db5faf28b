// SPDX-License-Identifier: Apache-2.0
/* enable, disable. */
#include <getopt.h>
#include <limits.h>
#include <unistd.h>

#include "ctl.h"

static int refuse_kvm_vm(void)
{
	struct capsule_err err = { .reason = CAPSULE_REASON_KVM_VM };
	char process[40];
	struct ctl_words words = { .process = process };
	long pid = ctl_find_kvm_vm();

	if (!pid)
		return CTL_EXIT_OK;
	snprintf(process, sizeof(process), " (process %ld)", pid);
	return ctl_refuse(&err, &words);
}

static int enable_with(const struct ctl_file *file, const struct ctl_words *words)
{
	struct capsule_ioc_config arg = {
		.size = sizeof(arg),
		.config = (uintptr_t)file->data,
		.config_size = file->size,
	};
	int fd, code;

	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = refuse_kvm_vm();
	if (!code)
		code = ctl_call(fd, CAPSULE_IOC_ENABLE, &arg, &arg.err, words);
	close(fd);
	return code;
}

/* capsulectl enable ROOT.cell */
int cmd_enable(int argc, char **argv)
{
	struct ctl_words words = { 0 };
	struct ctl_file file;
	char path[PATH_MAX];
	int code;

	if (argc != 2)
		return ctl_usage("enable: one root configuration expected");
	code = ctl_find_config(argv[1], path, sizeof(path));
	if (code)
		return code;
	code = ctl_read_config(path, &file);
	if (code)
		return code;
	words.file = path;
	code = enable_with(&file, &words);
	ctl_close_file(&file);
	if (!code)
		ctl_info("enabled");
	return code;
}

/* capsulectl disable */
int cmd_disable(int argc, char **argv)
{
	struct capsule_ioc_simple arg = { .size = sizeof(arg) };
	int fd, code;

	(void)argv;
	if (argc != 1)
		return ctl_usage("disable: takes no argument");
	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_call(fd, CAPSULE_IOC_DISABLE, &arg, &arg.err, NULL);
	close(fd);
	if (!code)
		ctl_info("disabled");
	return code;
}

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

static int check(const struct ctl_file *file, const char *path, struct chk_system *system)
{
	static struct chk_report report;

	if (chk_read_system(file->data, file->size, path, system, &report)) {
		system->machine_cpus = ctl_machine_cpus();
		chk_system(system, &report);
	}
	return ctl_judge(&report);
}

/* What would fail, or hang, is better said before anything is tried. */
static int preflight(int device)
{
	int code = refuse_kvm_vm();

	return code ? code : ctl_hardware_refuse(device);
}

static int call_enable(const struct ctl_file *file, const struct chk_system *system)
{
	struct ctl_words words = {
		.file = system->file,
		.hypervisor = &system->header.hypervisor_memory,
	};
	struct capsule_ioc_config arg = {
		.size = sizeof(arg),
		.config = (uintptr_t)file->data,
		.config_size = file->size,
	};
	int fd, code;

	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = preflight(fd);
	if (!code)
		code = ctl_call(fd, CAPSULE_IOC_ENABLE, &arg, &arg.err, &words);
	close(fd);
	if (!code)
		ctl_record_save(NULL, file);
	return code;
}

/* @name is what the user is told that the configuration is. */
static int enable_from(const char *path, const char *name, bool check_only)
{
	struct chk_system system;
	struct ctl_file file;
	int code;

	code = ctl_read_config(path, &file);
	if (code)
		return code;
	code = check(&file, name, &system);
	if (!code && !check_only)
		code = call_enable(&file, &system);
	if (!code)
		ctl_info(check_only ? "%s can be used" : "enabled with %s", name);
	ctl_close_file(&file);
	return code;
}

/* Before a configuration is made in vain. */
static int judge_machine(void)
{
	struct capsule_err err = { .reason = CAPSULE_REASON_ENABLED };
	struct capsule_ioc_version version;
	int fd, code;

	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_version(fd, &version);
	if (!code && version.enabled)
		code = ctl_refuse(&err, NULL);
	if (!code)
		code = preflight(fd);
	close(fd);
	return code;
}

static int enable_made(bool check_only)
{
	static char create[] = "create";
	char *const words[] = { create, NULL };
	struct ctl_made made;
	int code;

	code = judge_machine();
	if (code)
		return code;
	code = ctl_make_config(words, &made);
	if (!code)
		code = enable_from(made.path, "the configuration made for this machine",
				   check_only);
	ctl_forget_made(&made);
	return code;
}

/* capsulectl enable [--check-only] [ROOT.cell] */
int cmd_enable(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check-only", no_argument, NULL, 'n' },
		{ 0 },
	};
	bool check_only = false;
	char path[PATH_MAX];
	int c, code;

	while ((c = getopt_long(argc, argv, "n", options, NULL)) != -1) {
		if (c != 'n')
			return CTL_EXIT_USAGE;
		check_only = true;
	}
	if (argc - optind > 1)
		return ctl_usage("enable: one root configuration at most");
	if (optind == argc)
		return enable_made(check_only);
	code = ctl_find_config(argv[optind], path, sizeof(path));
	return code ? code : enable_from(path, path, check_only);
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
	if (code)
		return code;
	ctl_record_remove(NULL);
	ctl_info("disabled");
	return CTL_EXIT_OK;
}

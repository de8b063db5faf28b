/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of capsulectl share. Functions that return int return an
 * exit code (exitcodes.h) unless said otherwise, and have printed their
 * message when it is not CTL_EXIT_OK.
 */
#ifndef CAPSULECTL_CTL_H
#define CAPSULECTL_CTL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <capsule/config.h>
#include <capsule/ioctl.h>
#include <libcapsule/checker.h>

#include "exitcodes.h"

/* Where proc, sys, dev and boot are; tests have them in the working folder. */
#ifndef CTL_ROOT
#define CTL_ROOT ""
#endif

/* The words of the user, for messages. Any may be NULL. */
struct ctl_words {
	const char *cell;		/* name of the cell */
	const char *file;		/* configuration or image as given */
	const struct capsule_memory *regions;	/* of that configuration */
	size_t num_regions;
	const struct capsule_memory *hypervisor;	/* enable: region 0 of a refusal */
	const char *process;		/* the one with a KVM VM, ready to append */
	const char *undone;		/* what an interruption leaves, NULL: nothing */
};

/* A command: argv[0] is its name, e.g. "create" of "cell create". */
struct ctl_command {
	const char *name;
	const char *args;		/* for --help; NULL: a group, which has its own */
	const char *help;
	int (*run)(int argc, char **argv);
};

/* main.c */
int ctl_dispatch(const char *group, const struct ctl_command *cmds, int argc, char **argv);
int ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
int ctl_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ctl_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool ctl_interrupted(void);
void ctl_forget_signals(void);
struct pollfd;
bool ctl_poll(struct pollfd *fds, unsigned long num);
bool ctl_wait_readable(int fd);

/* errors.c */
int ctl_refuse(const struct capsule_err *err, const struct ctl_words *words);
const char *ctl_reason_name(uint32_t reason);
int ctl_reason_exit(uint32_t reason);
int cmd_exit_codes(int argc, char **argv);

/* device.c */
int ctl_open_device(int *fd);
int ctl_call(int fd, unsigned long request, void *arg, struct capsule_err *err,
	     const struct ctl_words *words);
int ctl_call_fd(int fd, unsigned long request, void *arg, struct capsule_err *err,
		const struct ctl_words *words, int *result);
int ctl_open_cell(const char *name, int *cell_fd);
int ctl_cell_info(int cell_fd, const char *name, struct capsule_ioc_cell_info *info);
bool ctl_info_by_id(int device, uint32_t id, struct capsule_ioc_cell_info *info);
int ctl_version(int device, struct capsule_ioc_version *version);

/* names.c */
const char *ctl_cell_state_name(uint32_t state);
const char *ctl_comm_state_name(uint32_t state);
const char *ctl_exit_name(uint32_t exit);
const char *ctl_fault_name(uint32_t reason);
const char *ctl_fault_text(uint32_t reason);
const char *ctl_cpu_list(uint64_t cpus, char *text, size_t size);

/* files.c */
struct ctl_file {
	void *data;
	size_t size;
	bool mapped;
};
int ctl_read_config(const char *path, struct ctl_file *file);
int ctl_find_config(const char *name, char *path, size_t size);
void ctl_close_file(struct ctl_file *file);

/* records.c */
const char *ctl_run_folder(void);
void ctl_record_save(const char *name, const struct ctl_file *file);
void ctl_record_remove(const char *name);
bool ctl_record_system(struct ctl_file *file, struct chk_system *system);
bool ctl_record_cell(const struct capsule_ioc_cell_info *info, struct ctl_file *file,
		     struct chk_cell *cell);

/* create.c */
int ctl_create_cell(const struct ctl_file *file, const char *path, uint32_t flags, int *cell_fd);

/* check.c */
int ctl_judge(const struct chk_report *report);
uint64_t ctl_machine_cpus(void);

/* devices.c */
const char *ctl_device_name(uint64_t start, uint64_t size);
int ctl_check_unbind(const struct chk_cell *cell);

/* kvm.c */
long ctl_find_kvm_vm(void);

/* hardware.c */
int ctl_hardware_refuse(int device);

/* configtool.c */
struct ctl_made {
	char folder[PATH_MAX];	/* of its own */
	char path[PATH_MAX];	/* of the configuration, compiled */
};
int ctl_make_config(char *const words[], struct ctl_made *made);
void ctl_forget_made(struct ctl_made *made);

/* progress.c */
struct ctl_progress {
	const char *what;
	uint64_t total;		/* bytes, 0 where unknown */
	int percent;		/* shown last */
	bool on;
	bool shown;
};
void ctl_progress_start(struct ctl_progress *p, const char *what, uint64_t total, bool always);
void ctl_progress_update(struct ctl_progress *p, uint64_t done);
void ctl_progress_end(struct ctl_progress *p);

/* Commands. */
int cmd_enable(int argc, char **argv);
int cmd_disable(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_config_any(int argc, char **argv);
int cmd_hardware(int argc, char **argv);
int cmd_cell(int argc, char **argv);
int cmd_cell_create(int argc, char **argv);
int cmd_cell_linux(int argc, char **argv);
int cmd_cell_load(int argc, char **argv);
int cmd_cell_start(int argc, char **argv);
int cmd_cell_destroy(int argc, char **argv);
int cmd_cell_list(int argc, char **argv);
int cmd_cell_show(int argc, char **argv);
int cmd_cell_stats(int argc, char **argv);

#endif

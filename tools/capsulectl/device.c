// SPDX-License-Identifier: Apache-2.0
/* /dev/capsule: opening, calling, and the errors of that. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static int check_version(int fd)
{
	struct capsule_ioc_version version = { .size = sizeof(version) };

	if (ioctl(fd, CAPSULE_IOC_VERSION, &version) < 0)
		return ctl_fail(CTL_EXIT_DRIVER_VERSION,
				"%s does not answer (%s): the module is of another version, load the one installed with this program",
				CAPSULE_DEVICE, strerror(errno));
	if (version.ioctl_version != CAPSULE_IOCTL_VERSION)
		return ctl_fail(CTL_EXIT_DRIVER_VERSION,
				"the module speaks interface %u, this program %u: load the one installed with this program",
				version.ioctl_version, CAPSULE_IOCTL_VERSION);
	return CTL_EXIT_OK;
}

/* Opens the driver's device, which the caller closes. */
int ctl_open_device(int *fd)
{
	int code;

	*fd = open(CAPSULE_DEVICE, O_RDWR | O_CLOEXEC);
	if (*fd < 0) {
		if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
			return ctl_fail(CTL_EXIT_NO_DRIVER,
					"the driver is not loaded (no %s): modprobe capsule",
					CAPSULE_DEVICE);
		if (errno == EACCES || errno == EPERM)
			return ctl_fail(CTL_EXIT_PERMISSION,
					"%s may be opened by root only: run capsulectl as root",
					CAPSULE_DEVICE);
		return ctl_fail(CTL_EXIT_UNEXPECTED, "%s: %s", CAPSULE_DEVICE, strerror(errno));
	}
	code = check_version(*fd);
	if (code)
		close(*fd);
	return code;
}

/*
 * Makes one call. Returns CTL_EXIT_OK with errno untouched, or prints why it
 * was refused in the user's @words. @err is the err field of @arg.
 * CELL_CREATE, CELL_OPEN and CONSOLE return a descriptor: ctl_call_fd().
 */
int ctl_call(int fd, unsigned long request, void *arg, struct capsule_err *err,
	     const struct ctl_words *words)
{
	int result;

	return ctl_call_fd(fd, request, arg, err, words, &result);
}

/* Like ctl_call(); *result is what ioctl() returned, a descriptor. */
int ctl_call_fd(int fd, unsigned long request, void *arg, struct capsule_err *err,
		const struct ctl_words *words, int *result)
{
	memset(err, 0, sizeof(*err));
	if (ctl_interrupted()) {
		err->reason = CAPSULE_REASON_INTERRUPTED;
		return ctl_refuse(err, words);
	}
	*result = ioctl(fd, request, arg);
	if (*result >= 0)
		return CTL_EXIT_OK;
	if (errno == EINTR && err->reason == CAPSULE_REASON_NONE)
		err->reason = CAPSULE_REASON_INTERRUPTED;
	if (err->reason != CAPSULE_REASON_NONE)
		return ctl_refuse(err, words);
	if (errno == EPERM || errno == EACCES)
		return ctl_fail(CTL_EXIT_PERMISSION,
				"the driver asks for CAP_SYS_ADMIN: run capsulectl as root");
	if (errno == ENOTTY || errno == E2BIG)
		return ctl_fail(CTL_EXIT_DRIVER_VERSION,
				"the module does not know this call: load the one installed with this program");
	return ctl_fail(CTL_EXIT_UNEXPECTED, "the driver refused: %s (see the kernel log)",
			strerror(errno));
}

/* Opens the cell called @name; the caller closes *cell_fd. */
int ctl_open_cell(const char *name, int *cell_fd)
{
	struct capsule_ioc_open open_cell = { .size = sizeof(open_cell) };
	struct ctl_words words = { .cell = name };
	int fd, code;

	if (!*name || strlen(name) >= sizeof(open_cell.name)) {
		struct capsule_err err = { .reason = CAPSULE_REASON_NO_SUCH_CELL };

		return ctl_refuse(&err, &words);
	}
	memcpy(open_cell.name, name, strlen(name));
	code = ctl_open_device(&fd);
	if (code)
		return code;
	code = ctl_call_fd(fd, CAPSULE_IOC_CELL_OPEN, &open_cell, &open_cell.err, &words,
			   cell_fd);
	close(fd);
	return code;
}

/* Fills @info for an open cell. */
int ctl_cell_info(int cell_fd, const char *name, struct capsule_ioc_cell_info *info)
{
	struct ctl_words words = { .cell = name };

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return ctl_call(cell_fd, CAPSULE_IOC_CELL_INFO, info, &info->err, &words);
}

/* The cell in slot @id; false where the slot is empty. */
bool ctl_info_by_id(int device, uint32_t id, struct capsule_ioc_cell_info *info)
{
	struct capsule_ioc_open arg = { .size = sizeof(arg), .id = id };
	int fd, n;

	fd = ioctl(device, CAPSULE_IOC_CELL_OPEN, &arg);
	if (fd < 0)
		return false;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	n = ioctl(fd, CAPSULE_IOC_CELL_INFO, info);
	close(fd);
	return n >= 0;
}

/* Versions, and whether the hypervisor is enabled. */
int ctl_version(int device, struct capsule_ioc_version *version)
{
	*version = (struct capsule_ioc_version) { .size = sizeof(*version) };
	return ctl_call(device, CAPSULE_IOC_VERSION, version, &version->err, NULL);
}

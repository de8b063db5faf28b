// SPDX-License-Identifier: Apache-2.0
/*
 * Calls the driver past capsulectl and its checks, as a wrong or hostile
 * program would.
 *
 *   raw enable FILE      raw create FILE      raw load CELL ADDRESS BYTES
 *   raw start CELL       raw open ID          raw size         raw flags
 *   raw unknown
 *
 * Prints "RESULT ERRNO REASON DETAIL DETAIL", the details in hexadecimal. Exit
 * status 0 whatever the driver answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <capsule/config.h>
#include <capsule/ioctl.h>

static int answer(int result, const struct capsule_err *err)
{
	printf("%d %d %u %#llx %#llx\n", result < 0 ? -1 : 0, result < 0 ? errno : 0, err->reason,
	       (unsigned long long)err->detail[0], (unsigned long long)err->detail[1]);
	return 0;
}

static int call_config(int device, unsigned long request, const char *file)
{
	static unsigned char content[2 * CAPSULE_CONFIG_MAX_SIZE];
	struct capsule_ioc_config arg = { .size = sizeof(arg), .config = (uintptr_t)content };
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof(content));

	if (n < 0) {
		perror(file);
		return 1;
	}
	arg.config_size = (uint64_t)n;
	return answer(ioctl(device, request, &arg), &arg.err);
}

static int open_cell(int device, const char *name)
{
	struct capsule_ioc_open arg = { .size = sizeof(arg) };
	int fd;

	strncpy(arg.name, name, sizeof(arg.name) - 1);
	fd = ioctl(device, CAPSULE_IOC_CELL_OPEN, &arg);
	if (fd < 0) {
		answer(fd, &arg.err);
		exit(1);
	}
	return fd;
}

static int open_by_id(int device, const char *id)
{
	struct capsule_ioc_open arg = {
		.size = sizeof(arg), .id = (uint32_t)strtoul(id, NULL, 0),
	};

	return answer(ioctl(device, CAPSULE_IOC_CELL_OPEN, &arg), &arg.err);
}

static int call_load(int cell, uint64_t address, uint64_t bytes)
{
	struct capsule_ioc_load arg = {
		.size = sizeof(arg), .length = bytes, .address = address,
		.source = (uintptr_t)calloc(1, 1 << 20),
	};

	return answer(ioctl(cell, CAPSULE_IOC_CELL_LOAD, &arg), &arg.err);
}

static int call_start(int cell)
{
	struct capsule_ioc_start arg = { .size = sizeof(arg) };

	return answer(ioctl(cell, CAPSULE_IOC_CELL_START, &arg), &arg.err);
}

static int call_simple(int fd, unsigned long request, uint32_t size, uint32_t flags)
{
	struct capsule_ioc_simple arg = { .size = size, .flags = flags };

	return answer(ioctl(fd, request, &arg), &arg.err);
}

int main(int argc, char **argv)
{
	int device = open(CAPSULE_DEVICE, O_RDWR);

	if (device < 0) {
		perror(CAPSULE_DEVICE);
		return 1;
	}
	if (argc == 3 && !strcmp(argv[1], "enable"))
		return call_config(device, CAPSULE_IOC_ENABLE, argv[2]);
	if (argc == 3 && !strcmp(argv[1], "create"))
		return call_config(device, CAPSULE_IOC_CELL_CREATE, argv[2]);
	if (argc == 5 && !strcmp(argv[1], "load"))
		return call_load(open_cell(device, argv[2]), strtoull(argv[3], NULL, 0),
				 strtoull(argv[4], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "start"))
		return call_start(open_cell(device, argv[2]));
	if (argc == 3 && !strcmp(argv[1], "open"))
		return open_by_id(device, argv[2]);
	if (argc == 2 && !strcmp(argv[1], "size"))
		return call_simple(device, CAPSULE_IOC_DISABLE, 8, 0);
	if (argc == 2 && !strcmp(argv[1], "flags"))
		return call_simple(device, CAPSULE_IOC_DISABLE,
				   sizeof(struct capsule_ioc_simple), 0x80);
	if (argc == 2 && !strcmp(argv[1], "unknown"))
		return call_simple(device, _IOWR(CAPSULE_IOC_TYPE, 0x7f, struct capsule_ioc_simple),
				   sizeof(struct capsule_ioc_simple), 0);
	fputs("usage: see the source\n", stderr);
	return 2;
}

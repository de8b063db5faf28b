// SPDX-License-Identifier: Apache-2.0
/*
 * A device for capsulectl's tests, put between it and the C library by the
 * linker. It knows one cell, "demo". What it answers stands in the environment:
 *   FAKE_REFUSE   "CALL reason detail0 detail1 errno": that call is refused
 *   FAKE_AFTER    number of such calls that succeed before
 *   FAKE_BLOCK    "CALL": that call waits for a signal
 *   FAKE_CONSOLE  file that is the console
 *   FAKE_INPUT    the cell's console takes input
 *   FAKE_READER   the user may look but not type
 *   FAKE_LOG      file that gets a line for each call
 *   FAKE_DISABLED the hypervisor is not enabled
 *   FAKE_VERDICT  reason for which enabling would be refused, whatever the configuration
 *   FAKE_CONTIG   bytes of contiguous memory that there are
 *   FAKE_OPEN     errno value with which opening fails
 *   FAKE_TREE     file that gets the device tree of a cell loaded from files
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <capsule/config.h>
#include <capsule/ioctl.h>

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static const struct call {
	const char *name;
	unsigned long request;
	size_t err_offset;
} calls[] = {
	{ "VERSION", CAPSULE_IOC_VERSION, offsetof(struct capsule_ioc_version, err) },
	{ "MACHINE", CAPSULE_IOC_MACHINE, offsetof(struct capsule_ioc_machine, err) },
	{ "ENABLE", CAPSULE_IOC_ENABLE, offsetof(struct capsule_ioc_config, err) },
	{ "DISABLE", CAPSULE_IOC_DISABLE, offsetof(struct capsule_ioc_simple, err) },
	{ "CREATE", CAPSULE_IOC_CELL_CREATE, offsetof(struct capsule_ioc_config, err) },
	{ "OPEN", CAPSULE_IOC_CELL_OPEN, offsetof(struct capsule_ioc_open, err) },
	{ "CONSOLE", CAPSULE_IOC_CONSOLE, offsetof(struct capsule_ioc_console, err) },
	{ "LOAD", CAPSULE_IOC_CELL_LOAD, offsetof(struct capsule_ioc_load, err) },
	{ "START", CAPSULE_IOC_CELL_START, offsetof(struct capsule_ioc_start, err) },
	{ "SHUTDOWN", CAPSULE_IOC_CELL_SHUTDOWN, offsetof(struct capsule_ioc_simple, err) },
	{ "DESTROY", CAPSULE_IOC_CELL_DESTROY, offsetof(struct capsule_ioc_simple, err) },
	{ "CONFIG", CAPSULE_IOC_CELL_CONFIG, offsetof(struct capsule_ioc_cell_config, err) },
	{ "RESTART", CAPSULE_IOC_CELL_RESTART, offsetof(struct capsule_ioc_simple, err) },
	{ "INFO", CAPSULE_IOC_CELL_INFO, offsetof(struct capsule_ioc_cell_info, err) },
};

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	if (strcmp(path, CAPSULE_DEVICE))
		return __real_open(path, flags, mode);
	errno = atoi(setting("FAKE_OPEN"));
	return errno ? -1 : __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void add_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add_line(const char *format, ...)
{
	FILE *log = *setting("FAKE_LOG") ? fopen(setting("FAKE_LOG"), "a") : NULL;
	va_list args;

	if (!log)
		return;
	va_start(args, format);
	vfprintf(log, format, args);
	va_end(args);
	fclose(log);
}

static bool not_permitted(const struct call *call, const struct capsule_ioc_console *arg)
{
	if (call->request != CAPSULE_IOC_CONSOLE || !(arg->flags & CAPSULE_CONSOLE_INPUT) ||
	    !*setting("FAKE_READER"))
		return false;
	errno = EPERM;
	return true;
}

static bool refused(const struct call *call, void *arg)
{
	struct capsule_err *err = (struct capsule_err *)((char *)arg + call->err_offset);
	char name[16];
	static int succeeded;
	unsigned int reason;
	uint64_t detail[2];
	int code;

	if (sscanf(setting("FAKE_REFUSE"), "%15s %u %" SCNu64 " %" SCNu64 " %d", name, &reason,
		   &detail[0], &detail[1], &code) != 5 || strcmp(name, call->name))
		return false;
	if (succeeded++ < atoi(setting("FAKE_AFTER")))
		return false;
	err->reason = reason;
	memcpy(err->detail, detail, sizeof(detail));
	errno = code;
	return true;
}

static void fill_info(struct capsule_ioc_cell_info *info)
{
	unsigned int i;

	info->id = 1;
	info->loaded = 1;
	info->input = *setting("FAKE_INPUT") != 0;
	info->status.state = CAPSULE_CELL_FAILED;
	info->status.cpus = 0x2d;
	info->status.memory = 16 << 20;
	strcpy(info->status.name, "demo");
	info->status.fault.reason = CAPSULE_FAULT_WIDTH;
	info->status.fault.cpu = 2;
	info->status.fault.pc = 0x1234;
	for (i = 0; i < CAPSULE_NUM_EXITS; i++)
		info->exits[i] = i * 1000;
}

static int open_cell(struct capsule_ioc_open *arg)
{
	if (arg->name[0] ? !strcmp(arg->name, "demo") : arg->id == 1)
		return __real_open("/dev/null", O_RDWR | O_CLOEXEC);
	arg->err.reason = CAPSULE_REASON_NO_SUCH_CELL;
	errno = ENOENT;
	return -1;
}

/* What a driver would read from a file goes to the file FAKE_MEMORY, from FAKE_BASE on. */
static void load_file(const struct capsule_ioc_load *load)
{
	int memory = __real_open(setting("FAKE_MEMORY"), O_WRONLY | O_CREAT, 0600);
	uint64_t base = strtoull(setting("FAKE_BASE"), NULL, 0);
	uint8_t *bytes = malloc(load->length);

	if (memory < 0 || !bytes ||
	    pread((int)load->source, bytes, load->length, (off_t)load->offset) !=
		    (ssize_t)load->length ||
	    pwrite(memory, bytes, load->length, (off_t)(load->address - base)) !=
		    (ssize_t)load->length)
		abort();
	free(bytes);
	close(memory);
}

static void log_load(const struct capsule_ioc_load *load)
{
	bool from_user = !(load->flags & (CAPSULE_FLAG_FD | CAPSULE_FLAG_RANDOM));

	add_line("LOAD flags=%u address=0x%" PRIx64 " length=%" PRIu64 " first=%c\n",
		 load->flags, load->address, load->length,
		 from_user && load->source ? *(const char *)(uintptr_t)load->source : '-');
}

static void log_call(const struct call *call, void *arg)
{
	struct capsule_ioc_start *start = arg;
	struct capsule_ioc_simple *simple = arg;
	struct capsule_ioc_console *console = arg;
	struct capsule_ioc_config *config = arg;

	if (call->request == CAPSULE_IOC_CELL_LOAD)
		log_load(arg);
	else if (call->request == CAPSULE_IOC_CELL_START && start->flags)
		add_line("START entry=0x%" PRIx64 " argument=0x%" PRIx64 "\n", start->entry,
			 start->argument);
	else if (call->request == CAPSULE_IOC_CELL_SHUTDOWN)
		add_line("SHUTDOWN flags=%u\n", simple->flags);
	else if (call->request == CAPSULE_IOC_CELL_CREATE && config->flags)
		add_line("CREATE flags=%u\n", config->flags);
	else if (call->request == CAPSULE_IOC_CONSOLE)
		add_line("CONSOLE ring=%u%s\n", console->ring,
			 console->flags & CAPSULE_CONSOLE_INPUT ? " input" : "");
	else
		add_line("%s\n", call->name);
}

static int judge_machine(struct capsule_ioc_machine *arg)
{
	arg->verdict.reason = (uint32_t)atoi(setting("FAKE_VERDICT"));
	arg->gic_version = 3;
	arg->last_spi = 255;
	arg->contig = *setting("FAKE_CONTIG") ? strtoull(setting("FAKE_CONTIG"), NULL, 0) :
		      arg->contig_wanted;
	return 0;
}

/* The configuration of the cell created last. */
static struct {
	_Alignas(8) uint8_t data[CAPSULE_CONFIG_MAX_SIZE];
	size_t size;
} created;

static int create(const struct capsule_ioc_config *arg)
{
	created.size = arg->config_size;
	memcpy(created.data, (const void *)(uintptr_t)arg->config, created.size);
	return __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Where the driver chooses, it chose 0x60000000. */
static void place(void)
{
	struct capsule_cell_desc *desc = (void *)created.data;
	struct capsule_memory *m = (void *)((uint8_t *)(desc + 1) + desc->cpu_set_size);
	uint32_t i;

	for (i = 0; i < desc->num_memory_regions; i++) {
		if (m[i].flags & CAPSULE_MEM_PHYS_ANY)
			m[i].phys_start = 0x60000000;
		if (!(m[i].flags & CAPSULE_MEM_VIRT_IS_PHYS))
			continue;
		desc->cpu_reset_address += m[i].phys_start - m[i].virt_start;
		m[i].virt_start = m[i].phys_start;
	}
}

static int read_config(struct capsule_ioc_cell_config *arg)
{
	struct capsule_platform *platform = (void *)(uintptr_t)arg->platform;

	place();
	memcpy((void *)(uintptr_t)arg->buffer, created.data, created.size);
	arg->buffer_size = created.size;
	if (platform)
		*platform = (struct capsule_platform) {
			.gic_version = (uint8_t)(*setting("FAKE_GIC") ?
						 atoi(setting("FAKE_GIC")) : 3),
			.gicd_base = 0x08000000, .gicc_base = 0x08010000,
			.gicr_base = 0x080a0000, .gicr_size = 0xf60000,
		};
	return 0;
}

/* A piece of a file that is a device tree. */
static int load(const struct capsule_ioc_load *arg)
{
	static const uint8_t magic[4] = { 0xd0, 0x0d, 0xfe, 0xed };
	static uint8_t data[4 << 20];
	ssize_t n;
	FILE *out;

	if ((arg->flags & CAPSULE_FLAG_FD) && *setting("FAKE_MEMORY"))
		load_file(arg);
	if (!(arg->flags & CAPSULE_FLAG_FD) || !*setting("FAKE_TREE") || arg->length > sizeof(data))
		return 0;
	n = pread((int)arg->source, data, arg->length, (off_t)arg->offset);
	if (n < 4 || memcmp(data, magic, sizeof(magic)))
		return 0;
	out = fopen(setting("FAKE_TREE"), "w");
	if (!out)
		abort();
	fwrite(data, 1, (size_t)n, out);
	return fclose(out);
}

static int serve(const struct call *call, void *arg)
{
	struct capsule_ioc_version *version = arg;

	switch (call->request) {
	case CAPSULE_IOC_VERSION:
		version->ioctl_version = CAPSULE_IOCTL_VERSION;
		version->enabled = !*setting("FAKE_DISABLED");
		return 0;
	case CAPSULE_IOC_MACHINE:
		return judge_machine(arg);
	case CAPSULE_IOC_CELL_OPEN:
		return open_cell(arg);
	case CAPSULE_IOC_CELL_CREATE:
		return create(arg);
	case CAPSULE_IOC_CELL_CONFIG:
		return read_config(arg);
	case CAPSULE_IOC_CELL_LOAD:
		return load(arg);
	case CAPSULE_IOC_CONSOLE:
		return __real_open(setting("FAKE_CONSOLE"), O_RDWR | O_CLOEXEC);
	case CAPSULE_IOC_CELL_INFO:
		fill_info(arg);
		return 0;
	}
	return 0;
}

/*
 * Waits for a signal as the driver's calls do. The line in the log tells the
 * test that the wait has begun; a signal before that stays pending.
 */
static int block(const struct call *call)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	add_line("BLOCKED %s\n", call->name);
	sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = EINTR;
	return -1;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct call *call;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	for (call = calls; call < calls + sizeof(calls) / sizeof(calls[0]); call++) {
		if (call->request != request)
			continue;
		if (*(uint32_t *)arg != _IOC_SIZE(request))
			abort();
		log_call(call, arg);
		if (!strcmp(setting("FAKE_BLOCK"), call->name))
			return block(call);
		return not_permitted(call, arg) || refused(call, arg) ? -1 : serve(call, arg);
	}
	return __real_ioctl(fd, request, arg);
}

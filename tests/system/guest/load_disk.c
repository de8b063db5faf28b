// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 16384U
#define IN_FLIGHT 8U
#define PATIENCE 60 /* seconds in which at least one request must complete */

/* One request after another: write a block, read it back, take the next block. */
struct slot {
	struct iocb request;
	uint64_t *buffer;
	uint64_t block;
	uint64_t seed;
	bool reading;
};

struct disk {
	struct worker *worker;
	aio_context_t context;
	int file;
	uint64_t blocks_per_slot;
	struct slot slots[IN_FLIGHT];
	unsigned int under_way;
};

static void fill(struct slot *slot)
{
	for (size_t i = 0; i < BLOCK / sizeof(*slot->buffer); i++)
		slot->buffer[i] = load_mix(slot->seed + i);
}

static bool holds(const struct slot *slot)
{
	for (size_t i = 0; i < BLOCK / sizeof(*slot->buffer); i++)
		if (slot->buffer[i] != load_mix(slot->seed + i))
			return false;
	return true;
}

static bool submit(struct disk *disk, struct slot *slot, uint16_t operation)
{
	struct iocb *request = &slot->request;
	uint64_t first = (uint64_t)(slot - disk->slots) * disk->blocks_per_slot;

	memset(request, 0, sizeof(*request));
	request->aio_data = (uint64_t)(uintptr_t)slot;
	request->aio_lio_opcode = operation;
	request->aio_fildes = (uint32_t)disk->file;
	request->aio_buf = (uint64_t)(uintptr_t)slot->buffer;
	request->aio_nbytes = BLOCK;
	request->aio_offset = (int64_t)((first + slot->block) * BLOCK);
	slot->reading = operation == IOCB_CMD_PREAD;
	if (syscall(SYS_io_submit, disk->context, 1L, &request) != 1) {
		load_error(disk->worker, "io_submit: %s", strerror(errno));
		return false;
	}
	atomic_fetch_add(&disk->worker->counts.submitted, 1);
	disk->under_way++;
	return true;
}

static bool write_next(struct disk *disk, struct slot *slot)
{
	slot->seed = load_mix(slot->seed);
	slot->block = slot->seed % disk->blocks_per_slot;
	fill(slot);
	return submit(disk, slot, IOCB_CMD_PWRITE);
}

static bool read_back(struct disk *disk, struct slot *slot)
{
	memset(slot->buffer, 0, BLOCK);
	return submit(disk, slot, IOCB_CMD_PREAD);
}

/* Judge one completion and submit what follows; false if nothing does. */
static bool complete(struct disk *disk, const struct io_event *event)
{
	struct slot *slot = (struct slot *)(uintptr_t)event->data;
	unsigned long long where = (unsigned long long)slot->request.aio_offset;

	disk->under_way--;
	atomic_fetch_add(&disk->worker->counts.completed, 1);
	if (event->res != BLOCK) {
		load_error(disk->worker, "%s at 0x%llx gave %lld",
			   slot->reading ? "read" : "write", where, (long long)event->res);
		return false;
	}
	if (slot->reading && !holds(slot)) {
		load_error(disk->worker, "read at 0x%llx is not what was written", where);
		return false;
	}
	/* What was written is also read back when the end has come. */
	if (!slot->reading)
		return read_back(disk, slot);
	return !load_stopping() && write_next(disk, slot);
}

static void serve(struct disk *disk)
{
	struct io_event events[IN_FLIGHT];

	while (disk->under_way > 0) {
		struct timespec patience = { .tv_sec = PATIENCE };
		long count = syscall(SYS_io_getevents, disk->context, 1L, (long)IN_FLIGHT, events,
				     &patience);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			load_error(disk->worker, "%u requests do not complete", disk->under_way);
			return;
		}
		for (long i = 0; i < count; i++)
			complete(disk, &events[i]);
	}
}

static bool prepare(struct disk *disk)
{
	uint64_t bytes = 0;

	disk->file = open(disk->worker->target, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (disk->file < 0 || ioctl(disk->file, BLKGETSIZE64, &bytes) < 0) {
		load_error(disk->worker, "%s: %s", disk->worker->target, strerror(errno));
		return false;
	}
	disk->blocks_per_slot = bytes / BLOCK / IN_FLIGHT;
	if (disk->blocks_per_slot == 0 ||
	    syscall(SYS_io_setup, IN_FLIGHT, &disk->context) != 0) {
		load_error(disk->worker, "io_setup: %s", strerror(errno));
		return false;
	}
	for (unsigned int i = 0; i < IN_FLIGHT; i++) {
		disk->slots[i].seed = i;
		disk->slots[i].buffer = aligned_alloc(4096, BLOCK);
		if (!disk->slots[i].buffer)
			abort();
	}
	return true;
}

void load_disk(struct worker *worker)
{
	/* Requests that never complete may still be written to: not on the stack. */
	static struct disk disk;

	disk.worker = worker;
	if (!prepare(&disk))
		return;
	for (unsigned int i = 0; i < IN_FLIGHT; i++)
		write_next(&disk, &disk.slots[i]);
	serve(&disk);
}

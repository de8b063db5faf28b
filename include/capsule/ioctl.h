/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * /dev/capsule: the driver's user interface.
 *
 * The device itself takes system-wide calls; CELL_CREATE and CELL_OPEN return
 * a file descriptor for one cell, which takes the CELL calls. A cell outlives
 * its descriptors. Every argument begins with size, which both sides check;
 * err is filled in whenever a call fails.
 *
 * errno: EINVAL (err says what), EPERM (needs CAP_SYS_ADMIN), EBUSY (another
 * management call runs, or the state forbids it), EINTR (interrupted; nothing
 * changed or the change is complete, see err; LOAD and RESTART may leave the
 * cell stopped and not loaded), ENOTTY (unknown call), E2BIG (size is not this
 * version's).
 */
#ifndef CAPSULE_IOCTL_H
#define CAPSULE_IOCTL_H

#include "error.h"
#include "status.h"
#include "types.h"
#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

#define CAPSULE_DEVICE		"/dev/capsule"
#define CAPSULE_IOCTL_VERSION	1
#define CAPSULE_IOC_TYPE	0xBC	/* not 0xAE, which is KVM's */

struct capsule_err {
	uint32_t reason;	/* enum capsule_reason */
	uint32_t reserved;
	uint64_t detail[2];
};

struct capsule_ioc_version {
	uint32_t size;
	uint32_t ioctl_version;	/* out: CAPSULE_IOCTL_VERSION */
	uint32_t abi_version;	/* out: CAPSULE_ABI_VERSION the driver was built for */
	uint32_t enabled;	/* out */
	struct capsule_err err;
};

struct capsule_ioc_config {	/* ENABLE, CELL_CREATE */
	uint32_t size;
	uint32_t flags;		/* CELL_CREATE: CAPSULE_FLAG_UNBIND; else 0 */
	uint64_t config;	/* user address of the configuration */
	uint64_t config_size;	/* bytes */
	struct capsule_err err;
};

struct capsule_ioc_simple {	/* DISABLE, CELL_SHUTDOWN, CELL_DESTROY, CELL_RESTART */
	uint32_t size;
	uint32_t flags;		/* CAPSULE_FLAG_* */
	struct capsule_err err;
};

#define CAPSULE_FLAG_FORCE	1U	/* CELL_SHUTDOWN, _DESTROY, _RESTART: no request, stop at once */
#define CAPSULE_FLAG_CHECK_ONLY	2U	/* CELL_LOAD: judge state and range, copy nothing */
#define CAPSULE_FLAG_MORE	4U	/* CELL_LOAD: not the last piece */
#define CAPSULE_FLAG_FD		8U	/* CELL_LOAD: source is a file descriptor */
#define CAPSULE_FLAG_RANDOM	16U	/* CELL_LOAD: random bytes, source and offset 0 */
#define CAPSULE_FLAG_ENTRY	32U	/* CELL_START: entry and argument count */
/*
 * CELL_CREATE: where a driver of the agency has a device of the cell, unbind it
 * and let it have the device again when the cell is destroyed.
 */
#define CAPSULE_FLAG_UNBIND	64U

/*
 * MACHINE: could ENABLE succeed here, whatever the configuration? Changes
 * nothing. With contig_wanted the driver takes so much contiguous memory from
 * the running system and gives it back, or finds out how much there is.
 */
struct capsule_ioc_machine {
	uint32_t size;
	uint32_t flags;		/* 0 */
	struct capsule_err verdict;	/* out: reason NONE, or why ENABLE would be refused */
	uint32_t gic_version;	/* out: 2, 3, or 0 where none is known */
	uint32_t last_spi;	/* out: INTID */
	uint64_t contig_wanted;	/* bytes, multiple of 2 MiB up to 1 GiB, or 0 */
	uint64_t contig;	/* out: contig_wanted, or what can be had at least */
	struct capsule_err err;
};

struct capsule_ioc_open {	/* CELL_OPEN: by name, or by id if name is empty */
	uint32_t size;
	uint32_t id;
	char name[CAPSULE_NAME_LEN];
	struct capsule_err err;
};

/*
 * CELL_LOAD. An image may come in pieces, all but the last with
 * CAPSULE_FLAG_MORE: from the first of them on the cell counts as not loaded,
 * until one without it has been copied. So whoever stops half way, even by
 * SIGKILL, leaves a cell that cannot be started.
 *
 * With CAPSULE_FLAG_FD the driver reads the file straight into the cell's
 * memory, from the page cache in one copy, and keeps it open until the cell is
 * destroyed or loaded anew; with CAPSULE_FLAG_RANDOM it fills the range with
 * random bytes (seeds), fresh ones each time. A cell all of whose pieces came
 * in these two ways can be loaded again without its user: by CELL_RESTART, and
 * when the guest reboots.
 */
struct capsule_ioc_load {
	uint32_t size;
	uint32_t flags;		/* CAPSULE_FLAG_CHECK_ONLY, _MORE, _FD, _RANDOM */
	uint64_t source;	/* user address, or file descriptor */
	uint64_t length;	/* bytes */
	uint64_t address;	/* IPA */
	uint64_t offset;	/* of the first byte in the file; 0 without CAPSULE_FLAG_FD */
	struct capsule_err err;
};

/* CELL_START */
struct capsule_ioc_start {
	uint32_t size;
	uint32_t flags;		/* CAPSULE_FLAG_ENTRY, else the configuration says where */
	uint64_t entry;		/* IPA of the first instruction */
	uint64_t argument;	/* what the guest finds in x0 */
	struct capsule_err err;
};

/* CELL_CONFIG: the configuration of a cell with what was chosen for it filled in. */
struct capsule_ioc_cell_config {
	uint32_t size;
	uint32_t flags;		/* 0 */
	uint64_t buffer;	/* user address */
	uint64_t buffer_size;	/* in: room there, bytes; out: bytes of the configuration */
	uint64_t platform;	/* user address for the machine's struct capsule_platform */
	struct capsule_err err;	/* CFG_SIZE: less room than is needed */
};

struct capsule_ioc_cell_info {
	uint32_t size;
	uint32_t id;		/* out */
	uint32_t loaded;	/* out: loaded completely since create or the last run */
	uint32_t input;		/* out: its console takes input (CAPSULE_CONSOLE_INPUT) */
	struct capsule_cell_status status;		/* out */
	uint64_t exits[CAPSULE_NUM_EXITS];		/* out: sum over its CPUs */
	struct capsule_err err;
};

/*
 * CONSOLE: returns a descriptor of one console ring; read() blocks unless
 * O_NONBLOCK, poll() works. Reading starts at the oldest byte kept. At the end
 * of a destroyed cell's ring read() returns 0. A reader that was overtaken
 * gets the line "[N bytes lost]" in place of what is gone.
 *
 * With CAPSULE_CONSOLE_INPUT in flags the descriptor can be written, which
 * needs CAP_SYS_ADMIN and a cell with a virtual UART: the bytes are the cell's
 * input. write() blocks until all are with the cell, or with O_NONBLOCK takes
 * what there is room for (EAGAIN: none, also while the cell does not run);
 * EPIPE once the cell is gone.
 */
struct capsule_ioc_console {
	uint32_t size;
	uint32_t ring;		/* cell id or CAPSULE_RING_HYPERVISOR */
	uint32_t flags;		/* CAPSULE_CONSOLE_INPUT */
	uint32_t reserved;
	struct capsule_err err;
};

#define CAPSULE_CONSOLE_INPUT	1U

#define CAPSULE_IOC_VERSION	_IOWR(CAPSULE_IOC_TYPE, 0x00, struct capsule_ioc_version)
#define CAPSULE_IOC_ENABLE	_IOWR(CAPSULE_IOC_TYPE, 0x01, struct capsule_ioc_config)
#define CAPSULE_IOC_DISABLE	_IOWR(CAPSULE_IOC_TYPE, 0x02, struct capsule_ioc_simple)
#define CAPSULE_IOC_CELL_CREATE	_IOWR(CAPSULE_IOC_TYPE, 0x03, struct capsule_ioc_config)
#define CAPSULE_IOC_CELL_OPEN	_IOWR(CAPSULE_IOC_TYPE, 0x04, struct capsule_ioc_open)
#define CAPSULE_IOC_CONSOLE	_IOWR(CAPSULE_IOC_TYPE, 0x05, struct capsule_ioc_console)
#define CAPSULE_IOC_MACHINE	_IOWR(CAPSULE_IOC_TYPE, 0x06, struct capsule_ioc_machine)

#define CAPSULE_IOC_CELL_LOAD		_IOWR(CAPSULE_IOC_TYPE, 0x20, struct capsule_ioc_load)
#define CAPSULE_IOC_CELL_START		_IOWR(CAPSULE_IOC_TYPE, 0x21, struct capsule_ioc_start)
#define CAPSULE_IOC_CELL_SHUTDOWN	_IOWR(CAPSULE_IOC_TYPE, 0x22, struct capsule_ioc_simple)
#define CAPSULE_IOC_CELL_DESTROY	_IOWR(CAPSULE_IOC_TYPE, 0x23, struct capsule_ioc_simple)
#define CAPSULE_IOC_CELL_INFO		_IOWR(CAPSULE_IOC_TYPE, 0x24, struct capsule_ioc_cell_info)
#define CAPSULE_IOC_CELL_CONFIG		_IOWR(CAPSULE_IOC_TYPE, 0x25, struct capsule_ioc_cell_config)
/*
 * CELL_RESTART: stops the cell if it runs, loads what was kept of its pieces
 * again and starts it as it was started last. CAPSULE_REASON_NOT_KEPT where
 * that is not possible. Interrupted, or a file cannot be read: the cell is
 * stopped and not loaded.
 */
#define CAPSULE_IOC_CELL_RESTART	_IOWR(CAPSULE_IOC_TYPE, 0x26, struct capsule_ioc_simple)

#endif

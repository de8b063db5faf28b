/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit codes of capsulectl: part of its interface, listed in capsulectl(1).
 * A refusal by checker, driver or hypervisor exits with EXIT_REASON_BASE plus
 * its enum capsule_reason, so that scripts can tell every one from the others.
 */
#ifndef CAPSULECTL_EXITCODES_H
#define CAPSULECTL_EXITCODES_H

enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_UNEXPECTED = 1,	/* an error without a code of its own */
	CTL_EXIT_USAGE = 2,		/* unknown command or option, missing argument */
	CTL_EXIT_FILE = 3,		/* a file cannot be found, read or written */
	CTL_EXIT_NO_DRIVER = 4,		/* module capsule is not loaded */
	CTL_EXIT_PERMISSION = 5,	/* needs root (CAP_SYS_ADMIN) */
	CTL_EXIT_DRIVER_VERSION = 6,	/* the driver speaks another interface */
	CTL_EXIT_KERNEL = 7,		/* a kernel or device tree that cannot be booted */
	CTL_EXIT_MEMORY = 8,		/* kernel and initrd do not fit the cell's memory */
	CTL_EXIT_NOT_FOR_LINUX = 9,	/* the configuration lacks what Linux needs */
	CTL_EXIT_HARDWARE = 10,	/* hardware check: enable would fail */
	CTL_EXIT_REASON_BASE = 10,	/* 10 + enum capsule_reason, which begins at 1 */
	CTL_EXIT_INTERRUPTED = 130,	/* SIGINT or SIGTERM */
};

#endif

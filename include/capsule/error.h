/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Why a request was refused. EL2 and the driver answer with a negative errno
 * value and one of these reasons; the tool, which still knows the user's
 * words, turns the reason into a message with a remedy.
 *
 * Values are stable: new ones are added at the end of their block.
 */
#ifndef CAPSULE_ERROR_H
#define CAPSULE_ERROR_H

/* errno values used at EL2, equal to Linux's. */
#define CAPSULE_EPERM		1
#define CAPSULE_ENOENT		2
#define CAPSULE_EIO		5
#define CAPSULE_E2BIG		7
#define CAPSULE_EAGAIN		11
#define CAPSULE_ENOMEM		12
#define CAPSULE_EFAULT		14
#define CAPSULE_EBUSY		16
#define CAPSULE_EEXIST		17
#define CAPSULE_ENODEV		19
#define CAPSULE_EINVAL		22
#define CAPSULE_ERANGE		34
#define CAPSULE_ENOSYS		38
#define CAPSULE_EOPNOTSUPP	95
#define CAPSULE_ETIMEDOUT	110

enum capsule_reason {
	CAPSULE_REASON_NONE = 0,

	/* The machine and its kernel: 1.. (detail as noted) */
	CAPSULE_REASON_NOT_EL2 = 1,	/* kernel was not started at EL2 */
	CAPSULE_REASON_VHE,		/* kernel runs at EL2: kvm-arm.mode=nvhe */
	CAPSULE_REASON_ACPI,		/* booted by ACPI, no device tree */
	CAPSULE_REASON_KVM_VM,		/* a KVM VM exists */
	CAPSULE_REASON_GIC_MISMATCH,	/* detail[0] configured, [1] found version */
	CAPSULE_REASON_GIC_ADDRESS,	/* detail[0] configured, [1] found address */
	CAPSULE_REASON_CPU_COUNT,	/* detail[0] configured, [1] possible CPUs */
	CAPSULE_REASON_CPU_FEATURE,	/* detail[0] what the processor lacks */
	CAPSULE_REASON_FIRMWARE_MISSING,
	CAPSULE_REASON_FIRMWARE_BAD,	/* no image of ours, or truncated */
	CAPSULE_REASON_FIRMWARE_VERSION,/* detail[0] image, [1] driver ABI version */
	CAPSULE_REASON_EL2_ENTRY,	/* EL2 could not be entered; detail[0] x0 */
	CAPSULE_REASON_PSCI,		/* no PSCI, or conduit unknown */
	CAPSULE_REASON_NOTIFY_IRQ,	/* notify_irq unusable; detail[0] INTID, [1] the machine's last */

	/* Configuration: 32.. detail[0] is an index or address where useful */
	CAPSULE_REASON_CFG_SIGNATURE = 32,
	CAPSULE_REASON_CFG_REVISION,	/* detail[0] found, [1] expected */
	CAPSULE_REASON_CFG_ARCH,	/* detail[0] found, [1] expected */
	CAPSULE_REASON_CFG_SIZE,	/* detail[0] found, [1] expected bytes */
	CAPSULE_REASON_CFG_FLAGS,	/* detail[0] the unknown bits */
	CAPSULE_REASON_CFG_NAME,	/* empty, unterminated or bad characters */
	CAPSULE_REASON_CFG_COUNT,	/* a table is empty or too long */
	CAPSULE_REASON_CFG_RESERVED,	/* a reserved field is not zero */
	CAPSULE_REASON_CFG_ALIGN,	/* detail[0] memory region index */
	CAPSULE_REASON_CFG_REGION,	/* detail[0] region: impossible flags or range */
	CAPSULE_REASON_CFG_CPU,		/* detail[0] CPU */
	CAPSULE_REASON_CFG_ENTRY,	/* cpu_reset_address not in executable memory */
	CAPSULE_REASON_CFG_IRQ,		/* detail[0] INTID */
	CAPSULE_REASON_CFG_CONSOLE,
	CAPSULE_REASON_CFG_SMC,		/* detail[0] function id that is not firmware's */
	CAPSULE_REASON_CFG_PLATFORM,	/* platform_info is impossible */
	CAPSULE_REASON_NO_INPUT,	/* the cell has no virtual UART to type into */

	/* Ownership: 64.. */
	CAPSULE_REASON_MEM_NOT_OWNED = 64, /* detail[0] region, [1] physical address */
	CAPSULE_REASON_MEM_HYPERVISOR,	/* detail[0] region, [1] physical address */
	CAPSULE_REASON_MEM_NOT_RAM,	/* detail[0] region, [1] physical address */
	CAPSULE_REASON_MEM_OVERLAP,	/* detail[0], [1] regions of one cell */
	CAPSULE_REASON_CPU_NOT_OWNED,	/* detail[0] CPU */
	CAPSULE_REASON_CPU_LAST,	/* detail[0] CPU */
	CAPSULE_REASON_CPU_ONLINE,	/* detail[0] CPU still runs in the agency */
	CAPSULE_REASON_CPU_OFFLINE_FAILED, /* detail[0] CPU, [1] errno */
	CAPSULE_REASON_IRQ_NOT_OWNED,	/* detail[0] INTID */
	CAPSULE_REASON_NO_CONTIG,	/* detail[0] wanted, [1] there is at least, bytes */
	CAPSULE_REASON_NO_POOL,		/* hypervisor page pool exhausted; [0] pages free */
	CAPSULE_REASON_NO_SLOT,		/* CAPSULE_MAX_CELLS cells exist */
	CAPSULE_REASON_DEVICE_BUSY,	/* detail[0] region, [1] physical address in use */
	CAPSULE_REASON_PCI_FUNCTION,	/* detail[0] region, [1] its physical address */
	CAPSULE_REASON_DEVICE_NEEDED,	/* unbinding would hurt; found by the tool */

	/* State: 96.. */
	CAPSULE_REASON_ENABLED = 96,
	CAPSULE_REASON_NOT_ENABLED,
	CAPSULE_REASON_CELLS_EXIST,	/* detail[0] how many */
	CAPSULE_REASON_NAME_IN_USE,
	CAPSULE_REASON_NO_SUCH_CELL,
	CAPSULE_REASON_ROOT_CELL,	/* not on the root cell */
	CAPSULE_REASON_NOT_LOADED,	/* start before load, or after one that broke off */
	CAPSULE_REASON_RUNNING,
	CAPSULE_REASON_NOT_RUNNING,
	CAPSULE_REASON_FAILED,		/* cell failed: destroy or load it again */
	CAPSULE_REASON_LOAD_OUTSIDE,	/* detail[0] address, [1] bytes */
	CAPSULE_REASON_LOAD_LARGER,	/* detail[0] bytes, [1] room in the region */
	CAPSULE_REASON_SHUTDOWN_DENIED,
	CAPSULE_REASON_BUSY,		/* another management call is running */
	CAPSULE_REASON_INTERRUPTED,
	CAPSULE_REASON_STUCK_CPU,	/* detail[0] CPU that did not answer */
	CAPSULE_REASON_NO_CONSOLE,
	CAPSULE_REASON_NOT_KEPT,	/* was not loaded in a way that can be repeated */
	CAPSULE_REASON_FILE_READ,	/* detail[0] offset, [1] errno, 0 if the file ended early */
	CAPSULE_REASON_LOAD_PIECES,	/* detail[0] pieces that can be kept */
};

#endif

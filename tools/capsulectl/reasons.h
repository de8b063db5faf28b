/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user reads for each enum capsule_reason: cause, then remedy. Words
 * in braces are filled in: {cell} {file} names as the user wrote them, {0} {1}
 * the details in decimal, {x0} {x1} in hexadecimal, {s0} {s1} as sizes,
 * {v0} {v1} as versions, {r0} {r1} memory regions of the configuration.
 */
#ifndef CAPSULECTL_REASONS_H
#define CAPSULECTL_REASONS_H

/* The machine and its kernel. */
#define CTL_REASONS_MACHINE(X) \
	X(NOT_EL2, "the kernel was not started at EL2, so nothing can be put beneath it", \
	  "let the firmware enter it at EL2 (QEMU: -M virt,virtualization=on)") \
	X(VHE, "the kernel itself runs at EL2 (VHE)", \
	  "boot it with kvm-arm.mode=nvhe on the kernel command line") \
	X(ACPI, "the system was booted by ACPI, only device trees are understood", \
	  "boot with a device tree (QEMU: without UEFI firmware, or acpi=off on the kernel command line)") \
	X(KVM_VM, "a KVM virtual machine exists and needs EL2 for itself{kvm}", \
	  "end it first") \
	X(GIC_MISMATCH, "{file} describes a GICv{0}, this machine has a GICv{1}", \
	  "use the root configuration made for this machine") \
	X(GIC_ADDRESS, "{file} places the GIC at {x0}, this machine has it at {x1}", \
	  "use the root configuration made for this machine") \
	X(CPU_COUNT, "{file} names {0} CPUs, this machine can have {1}", \
	  "use the root configuration made for this machine") \
	X(CPU_FEATURE, "the processor cannot be used, it lacks something needed (code {x0})", \
	  "the README says what runs where") \
	X(FIRMWARE_MISSING, "the hypervisor image /lib/firmware/" CAPSULE_FIRMWARE_NAME " is not there", \
	  "install it (make install)") \
	X(FIRMWARE_BAD, "/lib/firmware/" CAPSULE_FIRMWARE_NAME " is no hypervisor image, or truncated", \
	  "install it again (make install)") \
	X(FIRMWARE_VERSION, "hypervisor image (version {v0}) and module (version {v1}) do not fit together", \
	  "install both from the same build and load the module again") \
	X(EL2_ENTRY, "EL2 could not be entered (code {x0})", \
	  "see the kernel log; the system is as before") \
	X(PSCI, "the device tree has no PSCI, or its conduit is unknown", \
	  "use firmware that offers PSCI 0.2 or later by SMC") \
	X(NOTIFY_IRQ, "interrupt {0} cannot be used as notify_irq", \
	  "name an SPI in {file} that no device of the machine uses")

/* A configuration. */
#define CTL_REASONS_CONFIG(X) \
	X(CFG_SIGNATURE, "{file} is no Capsule configuration of the kind needed here", \
	  "enable takes a root configuration, cell create that of a cell") \
	X(CFG_REVISION, "{file} has configuration revision {0}, revision {1} is understood", \
	  "compile it again with the headers of this version") \
	X(CFG_ARCH, "{file} is for architecture {0}, this is {1} (arm64)", \
	  "use a configuration made for arm64") \
	X(CFG_SIZE, "{file} has {0} bytes where {1} belong: truncated or damaged", \
	  "compile it again") \
	X(CFG_FLAGS, "{file} has unknown flag bits {x0}", \
	  "compile it again with the headers of this version") \
	X(CFG_NAME, "{file} names its cell with an empty, too long or strange word", \
	  "use 1 to 31 of the characters A-Z a-z 0-9 . _ -") \
	X(CFG_COUNT, "{file} has a table that is empty or too long", \
	  "see capsule-config(5) for the limits") \
	X(CFG_RESERVED, "{file} has a reserved field that is not zero", \
	  "set it to zero, or compile again with the headers of this version") \
	X(CFG_ALIGN, "{file}: {r0} is not aligned to pages of 4 KiB", \
	  "only a device region may be smaller than a page or lie across it") \
	X(CFG_REGION, "{file}: {r0} has flags or a range that cannot be", \
	  "see capsule-config(5) for what may be combined") \
	X(CFG_CPU, "{file}: CPU {0} cannot be in its CPU set", \
	  "name at least one CPU, all below 64") \
	X(CFG_ENTRY, "{file}: cpu_reset_address is not in executable memory of the cell", \
	  "let it lie in a region with READ and EXECUTE") \
	X(CFG_IRQ, "{file}: interrupt {0} cannot be given to a cell", \
	  "name SPIs (32 to 1019) that the root configuration lists, and not its notify_irq") \
	X(CFG_CONSOLE, "{file} describes a console that cannot be", \
	  "see capsule-config(5)") \
	X(CFG_SMC, "{file}: SMC function {x0} cannot be passed to firmware", \
	  "list SiP, OEM, TRNG or other firmware functions only, none of PSCI or of a hypervisor") \
	X(CFG_PLATFORM, "{file}: the description of the machine cannot be", \
	  "see platform_info in capsule-config(5)") \
	X(NO_INPUT, "{cell} takes no input", \
	  "give it a virtual UART (CAPSULE_CON_VIRTUAL), see capsule-config(5)")

/* Who owns what. */
#define CTL_REASONS_OWNER(X) \
	X(MEM_NOT_OWNED, "{file}: {r0} wants {x1}, which the agency cannot give: it uses it for itself, or another cell has it", \
	  "take other memory, or let the driver choose it (CAPSULE_MEM_PHYS_ANY)") \
	X(MEM_HYPERVISOR, "{file}: {r0} lies over the hypervisor's own memory or interrupt controller at {x1}", \
	  "take other memory, or let the driver choose it (CAPSULE_MEM_PHYS_ANY)") \
	X(MEM_NOT_RAM, "{file}: {r0} wants RAM at {x1}, where there is none", \
	  "take an address inside the machine's RAM, or let the driver choose it (CAPSULE_MEM_PHYS_ANY)") \
	X(MEM_OVERLAP, "{file}: {r0} and {r1} overlap", \
	  "give each region an address range of its own") \
	X(CPU_NOT_OWNED, "{file}: CPU {0} does not belong to the agency", \
	  "take a CPU that exists and that no other cell has (capsulectl status)") \
	X(CPU_LAST, "{file}: CPU {0} is the agency's last", \
	  "leave the agency at least one CPU") \
	X(CPU_ONLINE, "CPU {0} still runs in the agency", \
	  "see the kernel log for why it did not go offline") \
	X(CPU_OFFLINE_FAILED, "the agency cannot give up CPU {0} (errno {1})", \
	  "free it of work bound to it, or take another CPU") \
	X(IRQ_NOT_OWNED, "{file}: interrupt {0} does not belong to the agency", \
	  "take an interrupt that the root configuration lists and no other cell has") \
	X(NO_CONTIG, "{s0} of contiguous memory are wanted, the largest free piece has at least {s1}", \
	  "ask for less, end programs that use much memory, or reserve memory at boot") \
	X(NO_POOL, "the hypervisor's own memory is used up ({0} pages are free)", \
	  "destroy a cell, or give the hypervisor more memory in the root configuration") \
	X(NO_SLOT, "no more cells are possible than there are now", \
	  "destroy one first") \
	X(DEVICE_BUSY, "{file}: {r0} wants the device at {x1}{device}, which a driver of the agency or another cell uses", \
	  "create the cell with --unbind, or share the region (CAPSULE_MEM_ROOTSHARED)") \
	X(PCI_FUNCTION, "{file}: {r0} at {x1} belongs to PCI, whose functions cannot be given to a cell yet", \
	  "pass platform devices only") \
	X(DEVICE_NEEDED, "a device that the agency needs cannot be unbound", \
	  "end its use first")

/* The state of things. */
#define CTL_REASONS_STATE(X) \
	X(ENABLED, "the hypervisor is enabled already", \
	  "capsulectl status shows it; capsulectl disable ends it") \
	X(NOT_ENABLED, "the hypervisor is not enabled", \
	  "capsulectl enable ROOT.cell first") \
	X(CELLS_EXIST, "cells still exist ({0})", \
	  "destroy them first (capsulectl cell list, cell destroy)") \
	X(NAME_IN_USE, "a cell called {cell} exists", \
	  "destroy it first, or give the new one another name") \
	X(NO_SUCH_CELL, "there is no cell called {cell}", \
	  "capsulectl cell list shows those there are") \
	X(ROOT_CELL, "{cell} is the root cell, this cannot be done to it", \
	  "name another cell; capsulectl disable ends the root cell") \
	X(NOT_LOADED, "cell {cell} is not loaded, or its last load was broken off", \
	  "capsulectl cell load {cell} FILE first") \
	X(RUNNING, "cell {cell} is running", \
	  "capsulectl cell shutdown {cell} first") \
	X(NOT_RUNNING, "cell {cell} is not running", \
	  "capsulectl cell start {cell} first") \
	X(FAILED, "cell {cell} has failed (capsulectl cell show {cell} tells why)", \
	  "load it again, or destroy it") \
	X(LOAD_OUTSIDE, "{s1} at address {x0} are not in loadable memory of cell {cell}", \
	  "choose the address with -a; capsulectl cell show {cell} lists its memory") \
	X(LOAD_LARGER, "{file} has {0} bytes, its region in cell {cell} has room for {1}", \
	  "load a smaller image or enlarge the region in the configuration") \
	X(SHUTDOWN_DENIED, "cell {cell} denied the request to shut down", \
	  "ask again later, or use cell shutdown --force") \
	X(BUSY, "another management call is running", \
	  "try again when it has ended") \
	X(INTERRUPTED, "interrupted; {undone}", \
	  "give the command again") \
	X(STUCK_CPU, "CPU {0} does not answer the hypervisor", \
	  "see the kernel log and capsulectl console") \
	X(NO_CONSOLE, "there is no such console", \
	  "capsulectl cell list shows the cells") \
	X(NOT_KEPT, "what cell {cell} was loaded from is not known any more", \
	  "load and start it again; capsulectl cell linux keeps its images for restarts") \
	X(FILE_READ, "{file} cannot be read at byte {0} (errno {1})", \
	  "look at the file: it was shortened meanwhile, or its disk fails") \
	X(LOAD_PIECES, "cell {cell} is loaded from more than {0} pieces that are to be kept", \
	  "load fewer, larger ones")

#define CTL_REASONS(X) \
	CTL_REASONS_MACHINE(X) CTL_REASONS_CONFIG(X) CTL_REASONS_OWNER(X) CTL_REASONS_STATE(X)

#endif

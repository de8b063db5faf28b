/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image of a guest. The binary file holds everything up to __load_end; .bss is
 * cleared by start.S, .noinit keeps its contents over PSCI SYSTEM_RESET.
 */
#include <inmate/layout.h>

OUTPUT_FORMAT("elf64-littleaarch64")
OUTPUT_ARCH(aarch64)
ENTRY(_start)

PHDRS
{
	image PT_LOAD FLAGS(7);
}

SECTIONS
{
	. = INMATE_BASE;
	__image_start = .;
	.head : {
		*(.text.head)
		. = INMATE_VECTORS_OFFSET;
		*(.text.vectors)
		. = INMATE_PARAMS_OFFSET;
		KEEP(*(.params))
	} :image
	.text : {
		*(.text .text.*)
	} :image
	.rodata : ALIGN(16) {
		*(.rodata .rodata.*)
	} :image
	.data : ALIGN(4096) {
		*(.data.tables)
		*(.data .data.*)
		. = ALIGN(16);
		__load_end = .;
	} :image
	.bss (NOLOAD) : ALIGN(16) {
		__bss_start = .;
		*(.bss .bss.* COMMON)
		. = ALIGN(16);
		__bss_end = .;
	} :image
	.noinit (NOLOAD) : ALIGN(4096) {
		*(.noinit .noinit.*)
		. = ALIGN(4096);
	} :NONE
	__image_end = .;
	__ram_start = INMATE_BASE;
	__ram_end = INMATE_BASE + INMATE_RAM_SIZE;

	ASSERT(__image_end <= __ram_end, "the image does not fit the guest's RAM")
	ASSERT(vectors == INMATE_BASE + INMATE_VECTORS_OFFSET, "vectors moved")
	ASSERT(inmate_params == INMATE_BASE + INMATE_PARAMS_OFFSET, "parameters moved")

	/DISCARD/ : {
		*(.comment .note .note.* .eh_frame .eh_frame_hdr .dynamic .gnu.hash)
	}
}

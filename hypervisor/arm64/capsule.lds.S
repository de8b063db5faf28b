/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

OUTPUT_ARCH(aarch64)
ENTRY(el2_entry)

SECTIONS
{
	. = HV_BASE;
	__image_start = .;
	.header : { KEEP(*(.header)) }
	. = ALIGN(4096);
	__text_start = .;
	.text : {
		/* One page is mapped 1:1 as well, for the MMU to go on and off. */
		__idmap_start = .;
		*(.vectors)
		*(.idmap)
		__idmap_code_end = .;
		__idmap_end = __idmap_start + 4096;
		*(.vectors.whole)
		*(.text.hot) *(.text .text.*)
	}
	. = ALIGN(4096);
	__text_end = .;
	__rodata_start = .;
	.rodata : {
		*(.rodata .rodata.*)
		. = ALIGN(8);
		__extable_start = .;
		KEEP(*(.extable))
		__extable_end = .;
	}
	. = ALIGN(4096);
	__rodata_end = .;
	.data : { *(.data .data.*) }
	. = ALIGN(16);
	__file_end = .;
	.bss (NOLOAD) : {
		*(.bss .bss.* COMMON)
		. = ALIGN(4096);
		*(.boot_tables)
	}
	. = ALIGN(4096);
	__image_end = .;
	/* For the image header. */
	__file_size = ABSOLUTE(__file_end - __image_start);
	__image_size = ABSOLUTE(__image_end - __image_start);
	__entry_offset = ABSOLUTE(el2_entry - __image_start);
	ASSERT(__idmap_code_end <= __idmap_end, "vectors and entry code exceed one page")
	/DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.interp) *(.dyn*) }
}

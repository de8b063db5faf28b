/* SPDX-License-Identifier: Apache-2.0 */
/* Device registers: one access, of exactly the width asked for. */
#ifndef IO_H
#define IO_H

#include <stdint.h>

#define MMIO_READ(bits, type, insn, mod)				\
static inline type mmio_read##bits(const volatile void *p)		\
{									\
	uint64_t v;							\
									\
	__asm__ volatile(insn " %" mod "0, [%1]" : "=r"(v) : "r"(p) : "memory"); \
	return (type)v;							\
}

#define MMIO_WRITE(bits, type, insn, mod)				\
static inline void mmio_write##bits(volatile void *p, type v)		\
{									\
	__asm__ volatile(insn " %" mod "0, [%1]"			\
			 : : "rZ"((uint64_t)v), "r"(p) : "memory");	\
}

MMIO_READ(8, uint8_t, "ldrb", "w")
MMIO_READ(16, uint16_t, "ldrh", "w")
MMIO_READ(32, uint32_t, "ldr", "w")
MMIO_READ(64, uint64_t, "ldr", "x")
MMIO_WRITE(8, uint8_t, "strb", "w")
MMIO_WRITE(16, uint16_t, "strh", "w")
MMIO_WRITE(32, uint32_t, "str", "w")
MMIO_WRITE(64, uint64_t, "str", "x")

#undef MMIO_READ
#undef MMIO_WRITE

#endif

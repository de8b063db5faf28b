/* SPDX-License-Identifier: Apache-2.0 */
/* System registers, barriers and device accesses for guests at EL1. */
#ifndef INMATE_SYSREG_H
#define INMATE_SYSREG_H

#ifndef __ASSEMBLER__
#include <stdint.h>

#define SYSREG_STR_(x)	#x
#define SYSREG_STR(x)	SYSREG_STR_(x)

/* The name is the manual's, or S<op0>_<op1>_C<n>_C<m>_<op2>. */
#define read_sysreg(name) __extension__ ({				\
	uint64_t val_;							\
	__asm__ volatile("mrs %0, " SYSREG_STR(name) : "=r"(val_) : : "memory"); \
	val_;								\
})

#define write_sysreg(value, name) do {					\
	uint64_t new_ = (value);					\
	__asm__ volatile("msr " SYSREG_STR(name) ", %x0" : : "rZ"(new_) : "memory"); \
} while (0)

static inline void isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}

static inline void dsb_sy(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

static inline void dsb_ish(void)
{
	__asm__ volatile("dsb ish" : : : "memory");
}

static inline void dmb_ish(void)
{
	__asm__ volatile("dmb ish" : : : "memory");
}

static inline void wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

static inline void wfe(void)
{
	__asm__ volatile("wfe" : : : "memory");
}

static inline void sev(void)
{
	__asm__ volatile("dsb ish\n\tsev" : : : "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

/* Masks interrupts; returns DAIF as it was, for irq_restore(). */
static inline uint64_t irq_save(void)
{
	uint64_t daif = read_sysreg(daif);

	irq_disable();
	return daif;
}

static inline void irq_restore(uint64_t daif)
{
	write_sysreg(daif, daif);
}

/*
 * Device accesses: one load or store each, with base-register addressing, so
 * that a hypervisor that emulates the device gets a valid syndrome (ISV = 1).
 */
static inline uint32_t mmio_read32(uintptr_t addr)
{
	uint32_t val;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return val;
}

static inline void mmio_write32(uintptr_t addr, uint32_t val)
{
	__asm__ volatile("str %w0, [%1]" : : "rZ"(val), "r"(addr) : "memory");
}

static inline uint64_t mmio_read64(uintptr_t addr)
{
	uint64_t val;

	__asm__ volatile("ldr %x0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return val;
}

static inline void mmio_write64(uintptr_t addr, uint64_t val)
{
	__asm__ volatile("str %x0, [%1]" : : "rZ"(val), "r"(addr) : "memory");
}

static inline uint16_t mmio_read16(uintptr_t addr)
{
	uint32_t val;

	__asm__ volatile("ldrh %w0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return (uint16_t)val;
}

static inline void mmio_write16(uintptr_t addr, uint16_t val)
{
	__asm__ volatile("strh %w0, [%1]" : : "r"((uint32_t)val), "r"(addr) : "memory");
}

static inline uint8_t mmio_read8(uintptr_t addr)
{
	uint32_t val;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return (uint8_t)val;
}

static inline void mmio_write8(uintptr_t addr, uint8_t val)
{
	__asm__ volatile("strb %w0, [%1]" : : "r"((uint32_t)val), "r"(addr) : "memory");
}

#endif /* __ASSEMBLER__ */
#endif

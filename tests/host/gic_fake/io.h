/* SPDX-License-Identifier: Apache-2.0 */
/* Device registers of the fake GIC, in place of hypervisor/include/io.h. */
#ifndef IO_H
#define IO_H

#include <stdint.h>

uint64_t fake_mmio_read(const volatile void *p, unsigned size);
void fake_mmio_write(volatile void *p, uint64_t value, unsigned size);

static inline uint8_t mmio_read8(const volatile void *p)
{
	return (uint8_t)fake_mmio_read(p, 1);
}

static inline uint32_t mmio_read32(const volatile void *p)
{
	return (uint32_t)fake_mmio_read(p, 4);
}

static inline uint64_t mmio_read64(const volatile void *p)
{
	return fake_mmio_read(p, 8);
}

static inline void mmio_write8(volatile void *p, uint8_t v)
{
	fake_mmio_write(p, v, 1);
}

static inline void mmio_write32(volatile void *p, uint32_t v)
{
	fake_mmio_write(p, v, 4);
}

static inline void mmio_write64(volatile void *p, uint64_t v)
{
	fake_mmio_write(p, v, 8);
}

#endif

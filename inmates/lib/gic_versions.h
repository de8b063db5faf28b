/* SPDX-License-Identifier: Apache-2.0 */
/* What gic.c asks of the two versions; each is called where that version is. */
#ifndef GIC_VERSIONS_H
#define GIC_VERSIONS_H

#include <inmate/platform.h>

static inline bool gic_is_v2(void)
{
	return platform_get()->gic_version == 2;
}

void gicv2_init(void);
void gicv2_cpu_init(void);
void gicv2_mask_all(void);
uint32_t gicv2_acknowledge(void);	/* with the sender of an SGI in bits 12:10 */
void gicv2_end(uint32_t iar);

void gicv3_init(void);
void gicv3_cpu_init(void);
uintptr_t gicv3_sgi_frame(void);	/* of this CPU */
void gicv3_wait(unsigned int intid);	/* until its ICENABLER has taken effect */
void gicv3_route(unsigned int intid, unsigned int cpu);
void gicv3_send_sgi(unsigned int sgi, unsigned int cpu);
void gicv3_mask_all(void);
uint32_t gicv3_acknowledge(void);
void gicv3_end(uint32_t iar);

#endif

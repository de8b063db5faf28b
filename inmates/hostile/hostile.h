/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways of a guest that wants to harm more than itself. One that comes back
 * returns true if it saw what a guest may expect; the others go on until they
 * are stopped.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>

/* The regions that tests/system/product/test_hostile.py gives to the cell. */
#define AT_OUTSIDE	0x01800000UL	/* none of them */
#define AT_HOLE		0x0a000000UL	/* smaller than a page; nothing answers on the bus */
#define AT_HOLE_PAGE	0x0b000000UL	/* a whole page of that */
#define AT_DEVICE	0xc0000000UL	/* smaller than a page; the PL031's identification */

bool way_off(void);
bool way_reset(void);
bool way_evade(void);
bool way_evade_fail(void);
bool way_hole(void);
bool way_walk(void);
bool way_set_way(void);
bool way_fill(void);
bool way_fail(void);
bool way_fail_second(void);
bool way_fail_both(void);
bool way_zero(void);

#endif

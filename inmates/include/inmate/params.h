/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters: text in the page at image offset 0x1000, words separated by
 * white space, ended by NUL or the end of the page. Loaded beside the image:
 *   capsulectl cell load CELL image.bin -a 0 words.txt -a 0x1000
 */
#ifndef INMATE_PARAMS_H
#define INMATE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the next word behind *pos (0 at first) and moves *pos past it.
 * -> false at the end. Longer words than size - 1 are cut.
 */
bool params_word(size_t *pos, char *word, size_t size);
/* Value of the word NAME=NUMBER (decimal, or hexadecimal behind 0x), else the fallback. */
uint64_t params_number(const char *name, uint64_t fallback);
/* A number as above. */
uint64_t params_parse(const char *text);

#endif

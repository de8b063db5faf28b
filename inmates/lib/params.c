/* SPDX-License-Identifier: Apache-2.0 */
#include <inmate/layout.h>
#include <inmate/params.h>
#include <inmate/string.h>

#define WORD	64U

extern const char inmate_params[INMATE_PARAMS_SIZE];

static char char_at(size_t pos)
{
	return pos < INMATE_PARAMS_SIZE ? inmate_params[pos] : '\0';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

bool params_word(size_t *pos, char *word, size_t size)
{
	size_t len = 0;

	while (is_space(char_at(*pos)))
		(*pos)++;
	for (; char_at(*pos) && !is_space(char_at(*pos)); (*pos)++)
		if (len + 1 < size)
			word[len++] = char_at(*pos);
	word[len] = '\0';
	return len != 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 16;
}

uint64_t params_parse(const char *text)
{
	int base = 10;
	uint64_t value = 0;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	for (; digit(*text) < base; text++)
		value = value * (uint64_t)base + (uint64_t)digit(*text);
	return value;
}

uint64_t params_number(const char *name, uint64_t fallback)
{
	size_t len = strlen(name);
	size_t pos = 0;
	char word[WORD];

	while (params_word(&pos, word, sizeof(word)))
		if (!strncmp(word, name, len) && word[len] == '=')
			return params_parse(word + len + 1);
	return fallback;
}

// SPDX-License-Identifier: Apache-2.0
/* Building and printing JSON (RFC 8259) by json-c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "ctl.h"
#include "json.h"

static _Noreturn void no_memory(void)
{
	exit(ctl_fail(CTL_EXIT_UNEXPECTED, "out of memory: end other programs"));
}

/* @made, which an allocation has returned. */
static void *checked(void *made)
{
	if (!made)
		no_memory();
	return made;
}

struct json_object *ctl_json_object(void)
{
	return checked(json_object_new_object());
}

struct json_object *ctl_json_array(void)
{
	return checked(json_object_new_array());
}

void ctl_put(struct json_object *to, const char *key, struct json_object *value)
{
	int rc = key ? json_object_object_add(to, key, value) : json_object_array_add(to, value);

	if (rc)
		no_memory();
}

/*
 * Bytes of the UTF-8 sequence at @s, 0 if it is none. Overlong forms and
 * surrogates do not matter here: readers replace them.
 */
static size_t utf8_length(const unsigned char *s)
{
	size_t i, n;

	if (*s < 0x80)
		return 1;
	n = (*s & 0xe0) == 0xc0 ? 2 : (*s & 0xf0) == 0xe0 ? 3 : (*s & 0xf8) == 0xf0 ? 4 : 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/*
 * json-c writes strings as they are, but a file may be called anything and
 * JSON is UTF-8: what is none becomes U+FFFD.
 */
void ctl_put_string(struct json_object *to, const char *key, const char *value)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *s = (const unsigned char *)value;
	char *text = checked(malloc(3 * strlen(value) + 1)), *end = text;
	size_t n;

	for (; *s; s += n ? n : 1) {
		n = utf8_length(s);
		end = n ? mempcpy(end, s, n) : mempcpy(end, replacement, 3);
	}
	ctl_put(to, key, checked(json_object_new_string_len(text, (int)(end - text))));
	free(text);
}

void ctl_put_number(struct json_object *to, const char *key, uint64_t value)
{
	ctl_put(to, key, checked(json_object_new_uint64(value)));
}

void ctl_put_hex(struct json_object *to, const char *key, uint64_t value)
{
	char text[2 + 16 + 1];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	ctl_put(to, key, checked(json_object_new_string(text)));
}

void ctl_put_bool(struct json_object *to, const char *key, bool value)
{
	ctl_put(to, key, checked(json_object_new_boolean(value)));
}

void ctl_json_print(struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
		JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		no_memory();
	puts(text);
	json_object_put(value);
}

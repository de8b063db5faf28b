// SPDX-License-Identifier: Apache-2.0
/* Writing JSON (RFC 8259). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

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

static void put_quoted(struct json *j, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	fputc('"', j->out);
	for (; *s; s += n ? n : 1) {
		n = utf8_length(s);
		if (!n)
			fputs("\\ufffd", j->out);
		else if (*s == '"' || *s == '\\')
			fprintf(j->out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(j->out, "\\u%04x", *s);
		else
			fwrite(s, 1, n, j->out);
	}
	fputc('"', j->out);
}

/* Comma, line, indentation and key before a value. */
static void begin_value(struct json *j, const char *key)
{
	if (j->depth) {
		if (j->used[j->depth - 1])
			fputc(',', j->out);
		j->used[j->depth - 1] = true;
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	}
	if (key) {
		put_quoted(j, key);
		fputs(": ", j->out);
	}
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin_value(j, key);
	put_quoted(j, value);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	begin_value(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	begin_value(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin_value(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	begin_value(j, key);
	fputs("null", j->out);
}

static void open_level(struct json *j, const char *key, char begin, char end)
{
	begin_value(j, key);
	if (j->depth == JSON_MAX_DEPTH)
		abort();
	fputc(begin, j->out);
	j->used[j->depth] = false;
	j->close[j->depth++] = end;
}

void json_object(struct json *j, const char *key)
{
	open_level(j, key, '{', '}');
}

void json_array(struct json *j, const char *key)
{
	open_level(j, key, '[', ']');
}

void json_end(struct json *j)
{
	j->depth--;
	if (j->used[j->depth])
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	fputc(j->close[j->depth], j->out);
	if (!j->depth)
		fputc('\n', j->out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON (RFC 8259). The tool never reads any. */
#ifndef CAPSULECTL_JSON_H
#define CAPSULECTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_MAX_DEPTH 8

struct json {
	FILE *out;
	unsigned int depth;
	bool used[JSON_MAX_DEPTH];	/* something stands at this depth already */
	char close[JSON_MAX_DEPTH];
};

/*
 * A value, with @key inside an object, NULL inside an array and at the top.
 * Numbers above 2^53, registers and addresses are written as "0x..." strings
 * by json_hex(), since many readers would round them.
 */
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_hex(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
/* Ends the innermost object or array; a line feed follows the outermost. */
void json_end(struct json *j);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands need besides json-c itself: short words for building a value. */
#ifndef CAPSULECTL_JSON_H
#define CAPSULECTL_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/*
 * A new object or array, to be handed on to ctl_put() or ctl_json_print(). These
 * and all below end the program with a message when memory is short.
 */
struct json_object *ctl_json_object(void);
struct json_object *ctl_json_array(void);

/*
 * Each puts a value into @to: under @key into an object, with @key NULL at the
 * end of an array. Registers, addresses and others that may exceed 2^53 are
 * written as "0x..." strings by ctl_put_hex(), since many readers would round
 * them. ctl_put() takes @value over; NULL stands for null.
 */
void ctl_put(struct json_object *to, const char *key, struct json_object *value);
void ctl_put_string(struct json_object *to, const char *key, const char *value);
void ctl_put_number(struct json_object *to, const char *key, uint64_t value);
void ctl_put_hex(struct json_object *to, const char *key, uint64_t value);
void ctl_put_bool(struct json_object *to, const char *key, bool value);

/* Writes @value to standard output, with a line feed, and releases it. */
void ctl_json_print(struct json_object *value);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A writer of JSON. It keeps the commas, the caller keeps the nesting.
 * @key: NULL inside an array and for the outermost value.
 * Bytes that are no UTF-8 become lone surrogates \udc80..\udcff, the way
 * Python's "surrogateescape" writes and reads them: nothing is lost.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *file;
	bool comma; /* the next value needs one before it */
};

void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_s64(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_str(struct json *j, const char *key, const char *value);
/* A string of @len bytes, zeros included. */
void json_bytes(struct json *j, const char *key, const void *value, size_t len);
/* The same bytes as a string of hexadecimal digits. */
void json_hex(struct json *j, const char *key, const void *value, size_t len);
/* Ends the outermost value: a line of its own. */
void json_end(struct json *j);

#endif /* JSON_H */

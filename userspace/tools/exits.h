/* SPDX-License-Identifier: MIT */
/*
 * Exit records for people and programs to read.
 */
#ifndef EXITS_H
#define EXITS_H

#include <kcoro.h>

#include "json.h"

/* One line: "17 match ok, result 3, 12 switches". */
void exit_print(const struct kcoro_exit *exit);

/* One object. @key: NULL inside an array. */
void exit_json(struct json *j, const char *key, const struct kcoro_exit *exit);

/* What the body "count" gives besides: returns whether it is there. */
bool exit_counts(const struct kcoro_exit *exit, uint64_t *messages,
		 uint64_t *bytes);

#endif /* EXITS_H */

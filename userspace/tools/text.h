/* SPDX-License-Identifier: MIT */
/*
 * Values for people to read, and values that people write.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room enough for any of the formats below. */
#define TEXT_SIZE 32

/*
 * Copies up to @len bytes of @from, to its zero if it has one, with everything
 * but printable ASCII and the backslash itself as \xNN: a name that another
 * user chose must not reach a terminal as it is. @size: room at @to. Four
 * bytes for each of @from, and one for the zero, always do.
 */
void text_escape(char *to, size_t size, const char *from, size_t len);

/* "512", "8.0K", "1.2M" of bytes; "350us", "1.25s", "2m05s" of nanoseconds. */
const char *text_bytes(char *buf, uint64_t bytes);
const char *text_time(char *buf, uint64_t ns);

/*
 * Parse all of @s. Return whether it was understood and within the limits.
 * Sizes may end with K, M or G (of 1024); times with ns, us, ms, s, m or h,
 * and are seconds without, also with a fraction.
 */
bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *value);
bool parse_size(const char *s, uint64_t min, uint64_t max, uint64_t *value);
bool parse_time(const char *s, int64_t *ns);

#endif /* TEXT_H */

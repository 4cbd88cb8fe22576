/* SPDX-License-Identifier: GPL-2.0 */
/* Search for a fixed string: see needle.c. */
#ifndef KCORO_NEEDLE_H
#define KCORO_NEEDLE_H

#include <linux/types.h>

#define KCORO_NEEDLE_MAX	255

/**
 * struct kcoro_needle - what to search for
 * @first: the first byte, eight times
 * @last: the last byte, eight times
 * @first_case: bits that do not matter in @first: 0x20 of a letter, or none
 * @last_case: likewise
 * @len: bytes of @text
 * @fold: ASCII letters of either case are the same; then those of @text are
 *	small ones
 * @text: the string, not terminated
 */
struct kcoro_needle {
	u64 first;
	u64 last;
	u64 first_case;
	u64 last_case;
	u32 len;
	bool fold;
	u8 text[KCORO_NEEDLE_MAX];
};

int kcoro_needle_init(struct kcoro_needle *needle, const char *text, bool fold);
bool kcoro_needle_in(const struct kcoro_needle *needle, const u8 *data,
		     size_t len);

#endif /* KCORO_NEEDLE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Search for a fixed string in a message.
 *
 * Model: eight positions at a time, the bytes there are compared with the
 * string's first byte and the bytes len - 1 further on with its last, in two
 * 64-bit words; where both fit the rest is compared. (Wojciech Mula, "SIMD-
 * friendly algorithms for substring searching", the SWAR variant.) Case is
 * folded by setting bit 0x20 where the wanted byte is a letter: that maps just
 * the two cases of that letter onto it.
 *
 * The time does not depend on the string (a quarter of a nanosecond a byte on
 * the machine it was written on, case folded or not), unless both bytes fit
 * often; at worst it is message times string, so strings are limited to 255
 * bytes.
 *
 * Locks: none. Nothing here parks, so that it can be tested alone.
 *
 * Rejected: Horspool, and lib/ts_bm, which is of its kind: faster the longer the
 * string, on short lines from three bytes on, on long ones from about 17, but
 * four times slower than this for two bytes, and its worst case is the same;
 * ts_bm adds an indirect call for each block and folds a byte at a time;
 * looking for the first byte alone (half as fast: that byte is often a frequent
 * one); the kernel's strnstr() (stops at zero bytes, compares at each
 * position); vector registers (their save and restore costs more than a line).
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "needle.h"
#include "swar.h"

#define CASE_BIT	0x20

static bool is_letter(u8 byte)
{
	byte |= CASE_BIT;
	return byte >= 'a' && byte <= 'z';
}

static u8 fold_byte(u8 byte)
{
	return is_letter(byte) ? byte | CASE_BIT : byte;
}

/**
 * kcoro_needle_init() - prepare a search
 * @needle: filled in
 * @text: what to search for
 * @fold: let ASCII letters of either case be the same
 *
 * Context: any.
 * Return: 0. -EINVAL: @text is empty or over KCORO_NEEDLE_MAX bytes.
 */
int kcoro_needle_init(struct kcoro_needle *needle, const char *text, bool fold)
{
	size_t len = strlen(text);
	u8 first, last;
	size_t i;

	if (!len || len > KCORO_NEEDLE_MAX)
		return -EINVAL;
	memset(needle, 0, sizeof(*needle));
	needle->len = len;
	needle->fold = fold;
	for (i = 0; i < len; i++)
		needle->text[i] = fold ? fold_byte(text[i]) : text[i];
	first = needle->text[0];
	last = needle->text[len - 1];
	needle->first = swar_repeat(first);
	needle->last = swar_repeat(last);
	if (fold && is_letter(first))
		needle->first_case = swar_repeat(CASE_BIT);
	if (fold && is_letter(last))
		needle->last_case = swar_repeat(CASE_BIT);
	return 0;
}

/* Is the string at @data, where there are enough bytes? */
static bool needle_at(const struct kcoro_needle *needle, const u8 *data)
{
	u32 i;

	for (i = 0; i < needle->len; i++) {
		u8 byte = needle->fold ? fold_byte(data[i]) : data[i];

		if (byte != needle->text[i])
			return false;
	}
	return true;
}

/* Is the string at one of the eight positions from @data on? */
static bool needle_at_eight(const struct kcoro_needle *needle, const u8 *data)
{
	u64 head = swar_load(data) | needle->first_case;
	u64 tail = swar_load(data + needle->len - 1) | needle->last_case;
	u64 marks = swar_zeros((head ^ needle->first) | (tail ^ needle->last));

	for (; unlikely(marks); marks &= marks - 1) {
		if (needle_at(needle, data + swar_first(marks)))
			return true;
	}
	return false;
}

/**
 * kcoro_needle_in() - is the string somewhere in a message?
 * @needle: the string
 * @data: the message
 * @len: bytes of @data
 *
 * Context: any.
 */
bool kcoro_needle_in(const struct kcoro_needle *needle, const u8 *data,
		     size_t len)
{
	size_t at, positions;

	if (len < needle->len)
		return false;
	positions = len - needle->len + 1;
	for (at = 0; at + 8 <= positions; at += 8) {
		if (needle_at_eight(needle, data + at))
			return true;
	}
	/* The rest: the last eight once more, if there are as many. */
	if (at < positions && positions >= 8)
		return needle_at_eight(needle, data + positions - 8);
	for (; at < positions; at++) {
		if (needle_at(needle, data + at))
			return true;
	}
	return false;
}

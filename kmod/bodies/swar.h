/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes of a 64-bit word, eight at a time: what the searches of split.c and
 * needle.c are made of.
 *
 * Words are loaded as little-endian, so that the lowest byte is the first.
 * Rejected: <asm/word-at-a-time.h>, whose has_zero() tells the first zero byte
 * only (needle.c wants them all) and which has its own idea of byte order.
 */
#ifndef KCORO_SWAR_H
#define KCORO_SWAR_H

#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#define SWAR_ONES	0x0101010101010101ULL
#define SWAR_LOW7	0x7f7f7f7f7f7f7f7fULL

/* The eight bytes at @data. */
static inline u64 swar_load(const u8 *data)
{
	__le64 word;

	memcpy(&word, data, sizeof(word));
	return le64_to_cpu(word);
}

/* The same byte eight times. */
static inline u64 swar_repeat(u8 byte)
{
	return byte * SWAR_ONES;
}

/* Bit 7 of each byte that is zero in @word, and no other bit. */
static inline u64 swar_zeros(u64 word)
{
	return ~(((word & SWAR_LOW7) + SWAR_LOW7) | word | SWAR_LOW7);
}

/* Index of the first byte marked in @marks, which is not 0. */
static inline unsigned int swar_first(u64 marks)
{
	return __ffs64(marks) / 8;
}

/* The first @byte in @len bytes at @data, or NULL. */
static inline const u8 *swar_find(const u8 *data, size_t len, u8 byte)
{
	const u64 wanted = swar_repeat(byte);
	const u8 *end = data + len;

	for (; end - data >= 8; data += 8) {
		u64 marks = swar_zeros(swar_load(data) ^ wanted);

		if (marks)
			return data + swar_first(marks);
	}
	for (; data < end; data++) {
		if (*data == byte)
			return data;
	}
	return NULL;
}

#endif /* KCORO_SWAR_H */

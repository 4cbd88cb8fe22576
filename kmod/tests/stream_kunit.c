// SPDX-License-Identifier: GPL-2.0
/*
 * The splitter of lines and the search for strings, against naive oracles with
 * random input. Each test prints its seed; the module parameter stream_seed
 * gives it the same again.
 */
#include <kunit/test.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bodies/needle.h"
#include "bodies/split.h"
#include "bodies/swar.h"

#define ROUNDS		2000
#define TEXT_MAX	600

static unsigned int stream_seed;
module_param(stream_seed, uint, 0444);
MODULE_PARM_DESC(stream_seed, "Seed of the kcoro_stream tests, 0: random");

static void seed_random(struct kunit *test, struct rnd_state *rnd)
{
	u32 seed = stream_seed ?: get_random_u32();

	kunit_info(test, "seed %u", seed);
	prandom_seed_state(rnd, seed);
}

static u32 below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

/* --- Words of eight bytes ---------------------------------------------------- */

static void swar_marks(struct kunit *test)
{
	struct rnd_state rnd;
	int round, i;

	seed_random(test, &rnd);
	for (round = 0; round < ROUNDS; round++) {
		u8 bytes[8];
		u64 marks;

		/* Those next to 0 are where shortcuts go wrong. */
		for (i = 0; i < 8; i++)
			bytes[i] = below(&rnd, 2) ? below(&rnd, 3) - 1 :
						    below(&rnd, 256);
		marks = swar_zeros(swar_load(bytes));
		for (i = 0; i < 8; i++)
			KUNIT_ASSERT_EQ_MSG(test, (marks >> 8 * i) & 0xff,
					    bytes[i] ? 0ULL : 0x80ULL, "%8ph",
					    bytes);
	}
}

static void swar_finds(struct kunit *test)
{
	struct rnd_state rnd;
	u8 *text = kunit_kmalloc(test, 64, GFP_KERNEL);
	int round, i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, text);
	seed_random(test, &rnd);
	for (round = 0; round < ROUNDS; round++) {
		u32 start = below(&rnd, 8), len = below(&rnd, 56);
		u8 *data = text + start;

		for (i = 0; i < 64; i++)
			text[i] = below(&rnd, 30);
		KUNIT_ASSERT_PTR_EQ(test, (const void *)swar_find(data, len, 7),
				    (const void *)memchr(data, 7, len));
	}
}

/* --- Lines ------------------------------------------------------------------- */

/*
 * All lines of @text, fed in random pieces, are the oracle's. @scratch has room
 * for two texts.
 */
static void split_one(struct kunit *test, struct rnd_state *rnd, u8 *scratch,
		      const u8 *text, u32 len, u32 max)
{
	const u8 *expected = text, *end = text + len;
	u8 *piece = scratch, *line_text = scratch + TEXT_MAX;
	struct kcoro_split split;
	struct kcoro_line line;
	u32 fed = 0, nr = 1;
	int ret = 0;

	kcoro_split_init(&split, max);
	while (fed < len && ret >= 0) {
		u32 piece_len = min(1 + below(rnd, 40), len - fed);

		/* A copy, spoilt afterwards: nothing may point into it. */
		memcpy(piece, text + fed, piece_len);
		kcoro_split_feed(&split, piece, piece_len);
		while ((ret = kcoro_split_next(&split, &line)) > 0) {
			const u8 *newline = memchr(expected, '\n',
						   end - expected);
			u32 line_len = newline + 1 - expected;

			KUNIT_ASSERT_NOT_NULL(test, newline);
			KUNIT_ASSERT_EQ(test, kcoro_line_len(&line), line_len);
			kcoro_line_copy(&line, line_text);
			KUNIT_ASSERT_FALSE(test, memcmp(line_text, expected,
							line_len));
			expected += line_len;
			nr++;
			KUNIT_ASSERT_EQ(test, split.line, (u64)nr);
		}
		memset(piece, 0xaa, piece_len);
		fed += piece_len;
	}
	if (ret < 0) {
		/* The line it stopped at is too long, and no line before. */
		const u8 *newline = memchr(expected, '\n', end - expected);
		u32 line_len = (newline ? newline + 1 : end) - expected;

		KUNIT_EXPECT_EQ(test, ret, -EMSGSIZE);
		KUNIT_EXPECT_GT(test, line_len, max);
	} else if (kcoro_split_rest(&split, &line)) {
		u32 line_len = kcoro_line_len(&line);

		KUNIT_EXPECT_EQ(test, line_len, (u32)(end - expected));
		KUNIT_EXPECT_LE(test, line_len, max);
		kcoro_line_copy(&line, line_text);
		KUNIT_EXPECT_FALSE(test, memcmp(line_text, expected, line_len));
		KUNIT_EXPECT_FALSE(test, kcoro_split_rest(&split, &line));
	} else {
		KUNIT_EXPECT_PTR_EQ(test, expected, end);
	}
	kcoro_split_free(&split);
}

static void split_random(struct kunit *test)
{
	u8 *text = kunit_kmalloc(test, 3 * TEXT_MAX, GFP_KERNEL);
	struct rnd_state rnd;
	int round;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, text);
	seed_random(test, &rnd);
	for (round = 0; round < ROUNDS; round++) {
		u32 i, len = below(&rnd, TEXT_MAX), sparse = 1 + below(&rnd, 60);
		u32 max = below(&rnd, 4) ? TEXT_MAX : 1 + below(&rnd, 80);

		for (i = 0; i < len; i++)
			text[i] = below(&rnd, sparse) ? below(&rnd, 256) : '\n';
		split_one(test, &rnd, text + TEXT_MAX, text, len, max);
	}
}

/* Lines of the limit and one byte more, with and without newline. */
static void split_limits(struct kunit *test)
{
	static const struct {
		const char *text;
		u32 max;
		int ret;	/* of the first line, in one piece */
		int rest;
	} cases[] = {
		{ "abc\n", 4, 1, 0 },
		{ "abc\n", 3, -EMSGSIZE, 0 },
		{ "abcd", 4, 0, 1 },
		{ "abcde", 4, -EMSGSIZE, 0 },
		{ "\n", 1, 1, 0 },
		{ "\n\n", 1, 1, 0 },
		{ "", 1, 0, 0 },
	};
	struct kcoro_split split;
	struct kcoro_line line;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret;

		kcoro_split_init(&split, cases[i].max);
		kcoro_split_feed(&split, (const u8 *)cases[i].text,
				 strlen(cases[i].text));
		ret = kcoro_split_next(&split, &line);
		KUNIT_EXPECT_EQ_MSG(test, ret, cases[i].ret, "case %d", i);
		if (ret >= 0)
			KUNIT_EXPECT_EQ_MSG(test,
					    kcoro_split_rest(&split, &line),
					    cases[i].rest, "case %d", i);
		kcoro_split_free(&split);
	}
	/* What is held counts too: the newline is one byte too many. */
	kcoro_split_init(&split, 4);
	kcoro_split_feed(&split, (const u8 *)"abcd", 4);
	KUNIT_EXPECT_EQ(test, kcoro_split_next(&split, &line), 0);
	kcoro_split_feed(&split, (const u8 *)"\n", 1);
	KUNIT_EXPECT_EQ(test, kcoro_split_next(&split, &line), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, split.line, 1ULL);
	kcoro_split_free(&split);
}

/* --- Strings ------------------------------------------------------------------ */

static u8 lower(u8 byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + 'a' - 'A' : byte;
}

static bool naive_in(const char *text, const u8 *data, u32 len, bool fold)
{
	u32 at, i, text_len = strlen(text);

	for (at = 0; at + text_len <= len; at++) {
		for (i = 0; i < text_len; i++) {
			u8 a = data[at + i], b = text[i];

			if (fold ? lower(a) != lower(b) : a != b)
				break;
		}
		if (i == text_len)
			return true;
	}
	return false;
}

static void needle_random(struct kunit *test)
{
	/* Few letters, their other case, and what bit 0x20 makes of others. */
	static const u8 letters[] = "aAbB@`[{";
	struct kcoro_needle *needle = kunit_kmalloc(test, sizeof(*needle),
						    GFP_KERNEL);
	u8 *data = kunit_kmalloc(test, TEXT_MAX, GFP_KERNEL);
	u32 found = 0, round, i;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, needle);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, data);
	seed_random(test, &rnd);
	for (round = 0; round < 20 * ROUNDS; round++) {
		u32 kinds = 1 + below(&rnd, sizeof(letters) - 1);
		u32 start = below(&rnd, 8), len = below(&rnd, 100);
		u32 text_len = 1 + below(&rnd, below(&rnd, 4) ? 6 : 30);
		bool fold = below(&rnd, 2), in;
		char text[32] = "";

		for (i = 0; i < text_len; i++)
			text[i] = letters[below(&rnd, kinds)];
		for (i = 0; i < len; i++)
			data[start + i] = letters[below(&rnd, kinds)];
		/* Around the message, what must not be looked at. */
		memcpy(data + start + len, text, text_len);
		KUNIT_ASSERT_EQ(test, kcoro_needle_init(needle, text, fold), 0);
		in = naive_in(text, data + start, len, fold);
		found += in;
		KUNIT_ASSERT_EQ_MSG(test,
				    kcoro_needle_in(needle, data + start, len),
				    in, "\"%s\" in \"%.*s\", fold %d", text,
				    (int)len, data + start, fold);
	}
	KUNIT_EXPECT_GT(test, found, round / 20);
	KUNIT_EXPECT_LT(test, found, round - round / 20);
}

static void needle_lengths(struct kunit *test)
{
	struct kcoro_needle *needle = kunit_kmalloc(test, sizeof(*needle),
						    GFP_KERNEL);
	char *text = kunit_kzalloc(test, KCORO_NEEDLE_MAX + 2, GFP_KERNEL);
	const u8 *data = (const u8 *)text;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, needle);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, text);
	KUNIT_EXPECT_EQ(test, kcoro_needle_init(needle, "", false), -EINVAL);
	memset(text, 'x', KCORO_NEEDLE_MAX + 1);
	KUNIT_EXPECT_EQ(test, kcoro_needle_init(needle, text, false), -EINVAL);
	text[KCORO_NEEDLE_MAX] = '\0';
	KUNIT_EXPECT_EQ(test, kcoro_needle_init(needle, text, false), 0);
	KUNIT_EXPECT_TRUE(test, kcoro_needle_in(needle, data, KCORO_NEEDLE_MAX));
	KUNIT_EXPECT_FALSE(test, kcoro_needle_in(needle, data,
						 KCORO_NEEDLE_MAX - 1));
	KUNIT_EXPECT_FALSE(test, kcoro_needle_in(needle, data, 0));
}

/* Only ASCII letters are folded, and zero bytes end nothing. */
static void needle_bytes(struct kunit *test)
{
	struct kcoro_needle *needle = kunit_kmalloc(test, sizeof(*needle),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, needle);
	KUNIT_ASSERT_EQ(test, kcoro_needle_init(needle, "\xc4", true), 0);
	KUNIT_EXPECT_TRUE(test, kcoro_needle_in(needle, "12345678\xc4", 9));
	KUNIT_EXPECT_FALSE(test, kcoro_needle_in(needle, "12345678\xe4", 9));
	KUNIT_ASSERT_EQ(test, kcoro_needle_init(needle, "a@", true), 0);
	KUNIT_EXPECT_TRUE(test, kcoro_needle_in(needle, "\0\0\0A@\0\0\0\0", 9));
	KUNIT_EXPECT_FALSE(test, kcoro_needle_in(needle, "\0\0\0A`\0\0\0\0", 9));
}

static struct kunit_case stream_cases[] = {
	KUNIT_CASE(swar_marks),
	KUNIT_CASE(swar_finds),
	KUNIT_CASE(split_random),
	KUNIT_CASE(split_limits),
	KUNIT_CASE(needle_random),
	KUNIT_CASE(needle_lengths),
	KUNIT_CASE(needle_bytes),
	{}
};

static struct kunit_suite stream_suite = {
	.name = "kcoro_stream",
	.test_cases = stream_cases,
};

kunit_test_suites(&stream_suite);

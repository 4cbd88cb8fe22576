/* SPDX-License-Identifier: GPL-2.0 */
/* A stream of pieces into lines: see split.c. */
#ifndef KCORO_SPLIT_H
#define KCORO_SPLIT_H

#include <linux/types.h>

/**
 * struct kcoro_split - a stream being split
 * @data: what is left of the piece being split
 * @left: bytes of @data
 * @held: start of a line that began in earlier pieces
 * @held_len: bytes used of @held
 * @held_size: bytes allocated of @held
 * @max: the longest line, bytes
 * @line: number of the current line, from 1
 */
struct kcoro_split {
	const u8 *data;
	size_t left;
	u8 *held;
	u32 held_len;
	u32 held_size;
	u32 max;
	u64 line;
};

/**
 * struct kcoro_line - a line, newline included if it has one
 * @head: the part that was held
 * @tail: the part that follows
 * @head_len: bytes of @head, maybe 0
 * @tail_len: bytes of @tail, maybe 0
 */
struct kcoro_line {
	const u8 *head;
	const u8 *tail;
	u32 head_len;
	u32 tail_len;
};

void kcoro_split_init(struct kcoro_split *split, u32 max);
void kcoro_split_free(struct kcoro_split *split);
void kcoro_split_feed(struct kcoro_split *split, const u8 *data, size_t len);
int kcoro_split_next(struct kcoro_split *split, struct kcoro_line *line);
int kcoro_split_rest(struct kcoro_split *split, struct kcoro_line *line);
u32 kcoro_line_len(const struct kcoro_line *line);
void kcoro_line_copy(const struct kcoro_line *line, u8 *to);

#endif /* KCORO_SPLIT_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * A stream of pieces into lines.
 *
 * Model: pieces are fed one after another; lines are taken from each until it
 * is used up. What then remains is the start of a line whose end is in a later
 * piece: it is copied away ("held"), so that the piece can be freed. A line is
 * handed out as two parts, held and not, and copied once, by who takes it.
 *
 * Invariants: what is held has no newline in it and is at most @max bytes.
 *
 * Locks: none. Nothing here parks or knows of channels, so that it can be
 * tested alone.
 */
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "split.h"
#include "swar.h"

#define HELD_SIZE_MIN	256

/**
 * kcoro_split_init() - start a stream
 * @split: to be given to kcoro_split_free()
 * @max: the longest line, bytes, newline included
 *
 * Context: any.
 */
void kcoro_split_init(struct kcoro_split *split, u32 max)
{
	memset(split, 0, sizeof(*split));
	split->max = max;
	split->line = 1;
}

/**
 * kcoro_split_free() - free what a stream holds
 * @split: the stream
 *
 * Context: process.
 */
void kcoro_split_free(struct kcoro_split *split)
{
	kvfree(split->held);
	split->held = NULL;
}

/**
 * kcoro_split_feed() - go on with the next piece
 * @split: the stream, whose last piece is used up
 * @data: the piece; must stay until kcoro_split_next() returned 0 or an error,
 *	and the last line that it gave was copied
 * @len: bytes of @data
 *
 * Context: any.
 */
void kcoro_split_feed(struct kcoro_split *split, const u8 *data, size_t len)
{
	split->data = data;
	split->left = len;
}

/* Hold what is left of the piece. */
static int split_hold(struct kcoro_split *split)
{
	u32 need = split->held_len + split->left;

	if (need > split->held_size) {
		u32 size = min_t(u32, roundup_pow_of_two(need), split->max);
		u8 *held;

		size = max(size, min_t(u32, HELD_SIZE_MIN, split->max));
		held = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!held)
			return -ENOMEM;
		if (split->held_len)
			memcpy(held, split->held, split->held_len);
		kvfree(split->held);
		split->held = held;
		split->held_size = size;
	}
	memcpy(split->held + split->held_len, split->data, split->left);
	split->held_len = need;
	split->left = 0;
	return 0;
}

/**
 * kcoro_split_next() - the next line
 * @split: the stream
 * @line: filled in; good until the next call for this stream
 *
 * Context: process; may sleep.
 * Return: 1: a line. 0: the piece is used up. -EMSGSIZE: line number
 * @split->line is too long. -ENOMEM.
 */
int kcoro_split_next(struct kcoro_split *split, struct kcoro_line *line)
{
	const u8 *newline;
	size_t len;

	if (!split->left)
		return 0;
	newline = swar_find(split->data, split->left, '\n');
	len = newline ? newline + 1 - split->data : split->left;
	if (len > split->max - split->held_len)
		return -EMSGSIZE;
	if (!newline)
		return split_hold(split);

	line->head = split->held;
	line->head_len = split->held_len;
	line->tail = split->data;
	line->tail_len = len;
	split->held_len = 0;
	split->data += len;
	split->left -= len;
	split->line++;
	return 1;
}

/**
 * kcoro_split_rest() - the last line, if it had no newline
 * @split: the stream, whose last piece is used up
 * @line: filled in
 *
 * Context: any.
 * Return: 1: a line. 0: there is none.
 */
int kcoro_split_rest(struct kcoro_split *split, struct kcoro_line *line)
{
	memset(line, 0, sizeof(*line));
	if (!split->held_len)
		return 0;
	line->head = split->held;
	line->head_len = split->held_len;
	split->held_len = 0;
	return 1;
}

/**
 * kcoro_line_len() - the length of a line
 * @line: the line
 *
 * Context: any.
 * Return: bytes, newline included.
 */
u32 kcoro_line_len(const struct kcoro_line *line)
{
	return line->head_len + line->tail_len;
}

/**
 * kcoro_line_copy() - put a line together
 * @line: the line
 * @to: room for kcoro_line_len() bytes
 *
 * Context: any.
 */
void kcoro_line_copy(const struct kcoro_line *line, u8 *to)
{
	if (line->head_len)
		memcpy(to, line->head, line->head_len);
	if (line->tail_len)
		memcpy(to + line->head_len, line->tail, line->tail_len);
}

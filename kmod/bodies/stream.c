// SPDX-License-Identifier: GPL-2.0
/*
 * What the built-in bodies share: arguments, channel ends, sending.
 *
 * Rules that all of them keep, so that they can be put together in any way:
 *   end of stream	A body whose input ends returns 0; its slots are dropped,
 *			so the next one's input ends.
 *   -EPIPE		A body whose output nobody receives returns -EPIPE, without
 *			a message: the cause is further down. Its input is dropped,
 *			so the one before it gets -EPIPE in turn.
 *   -ECANCELED		is returned as it comes.
 *   a message owned	is sent on or freed on every path.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "chan.h"
#include "stream.h"

/**
 * kcoro_stream_number() - a word that is a number
 * @word: the word, or NULL
 * @min: the least
 * @max: the most
 * @number: filled in
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int kcoro_stream_number(const char *word, u32 min, u32 max, u32 *number)
{
	unsigned int value;

	if (!word || kstrtouint(word, 10, &value) || value < min || value > max)
		return -EINVAL;
	*number = value;
	return 0;
}

/**
 * kcoro_stream_only_number() - an argument that is one number
 * @env: the environment
 * @min: the least
 * @max: the most
 * @number: filled in
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int kcoro_stream_only_number(const struct kcoro_env *env, u32 min, u32 max,
			     u32 *number)
{
	const char *word = kcoro_env_word(env, NULL);
	int err = kcoro_stream_number(word, min, max, number);

	if (err)
		return err;
	return kcoro_env_word(env, word) ? -EINVAL : 0;
}

/**
 * kcoro_stream_option() - an argument that is one option with a number, or none
 * @env: the environment
 * @option: the option's word
 * @min: the least
 * @max: the most
 * @number: filled in if the option is there
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int kcoro_stream_option(const struct kcoro_env *env, const char *option,
			u32 min, u32 max, u32 *number)
{
	const char *word = kcoro_env_word(env, NULL);
	int err;

	if (!word)
		return 0;
	if (strcmp(word, option))
		return -EINVAL;
	word = kcoro_env_word(env, word);
	err = kcoro_stream_number(word, min, max, number);
	if (err)
		return err;
	return kcoro_env_word(env, word) ? -EINVAL : 0;
}

/**
 * kcoro_stream_no_words() - an argument that must be empty
 * @env: the environment
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int kcoro_stream_no_words(const struct kcoro_env *env)
{
	return kcoro_env_word(env, NULL) ? -EINVAL : 0;
}

/**
 * kcoro_stream_check_end() - a slot that must be an end of a channel of buffers
 * @env: the environment
 * @slot: number of the slot
 * @end: KCORO_SEND or KCORO_RECV
 *
 * Context: any.
 * Return: 0. -EBADF: not that end of a channel. -EINVAL: of elements.
 */
int kcoro_stream_check_end(const struct kcoro_env *env, u32 slot, u32 end)
{
	const struct kcoro_chan *chan = kcoro_env_chan(env, slot, end);

	if (!chan)
		return -EBADF;
	return kcoro_chan_elem_size(chan) ? -EINVAL : 0;
}

/**
 * kcoro_stream_room() - the longest message of a channel of buffers
 * @chan: the channel
 *
 * Context: any.
 * Return: bytes.
 */
u32 kcoro_stream_room(const struct kcoro_chan *chan)
{
	return kcoro_chan_buf_max(chan);
}

/**
 * kcoro_stream_send() - send a buffer, or free it
 * @env: the environment; gets a message if the buffer is too long
 * @chan: where to
 * @buf: the caller's no longer, whatever is returned
 *
 * Context: task; may park.
 * Return: as kcoro_send_buf().
 */
int kcoro_stream_send(struct kcoro_env *env, struct kcoro_chan *chan,
		      struct kcoro_buf *buf)
{
	int err = kcoro_send_buf(chan, buf, KCORO_FOREVER);

	if (likely(!err))
		return 0;
	if (err == -EMSGSIZE)
		kcoro_env_fail(env, err,
			       "a message of %u bytes; its channel takes %u",
			       buf->len, kcoro_stream_room(chan));
	kcoro_buf_free(buf);
	return err;
}

/**
 * kcoro_stream_free_priv() - release function of bodies that allocate @env->priv
 * @env: the environment; its priv is from kvmalloc() and the like, or NULL
 *
 * Context: process.
 */
void kcoro_stream_free_priv(struct kcoro_env *env)
{
	kvfree(env->priv);
	env->priv = NULL;
}

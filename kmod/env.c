// SPDX-License-Identifier: GPL-2.0
/*
 * The environment of a body: its argument, descriptors and exit data.
 *
 * Model: one allocation holds the structure, the slots and the argument. Who
 * spawns fills it: the argument through kcoro_env_argbuf(), in each slot either
 * a channel whose @ends are held or a file that is held, @cred held. From the
 * task's start on only the task writes it; exit data are read after its end.
 *
 * Invariants: a byte of zero follows the argument, so that words end whatever
 * the spawner sent. A slot has a channel, a file, or neither (dropped).
 *
 * Locks: env->lock is held while a slot becomes empty, and by who looks at slots
 * from outside and takes references on what they hold (leak.c). Innermost.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "env.h"

static size_t env_size(u32 arg_len, u32 nr_slots)
{
	return sizeof(struct kcoro_env) +
	       (size_t)nr_slots * sizeof(struct kcoro_slot) + arg_len + 1;
}

/**
 * kcoro_env_alloc() - make an environment
 * @arg_len: bytes of argument to make room for
 * @nr_slots: number of slots
 * @gfp: as of kvmalloc()
 *
 * Context: as @gfp says; may sleep.
 * Return: the environment, all zero but for sizes and addresses, to be given to
 * kcoro_env_free(); or NULL.
 */
struct kcoro_env *kcoro_env_alloc(u32 arg_len, u32 nr_slots, gfp_t gfp)
{
	struct kcoro_env *env;

	BUILD_BUG_ON(sizeof(*env) % __alignof__(struct kcoro_slot));
	env = kvzalloc(env_size(arg_len, nr_slots), gfp);
	if (!env)
		return NULL;
	spin_lock_init(&env->lock);
	env->slots = (struct kcoro_slot *)(env + 1);
	env->nr_slots = nr_slots;
	env->arg = (char *)(env->slots + nr_slots);
	env->arg_len = arg_len;
	return env;
}

/**
 * kcoro_env_free() - free an environment and give back what it holds
 * @env: or NULL. Its body's release function was called, if need be.
 *
 * Context: may sleep.
 */
void kcoro_env_free(struct kcoro_env *env)
{
	u32 i;

	if (!env)
		return;
	for (i = 0; i < env->nr_slots; i++)
		kcoro_env_drop(env, i);
	put_cred(env->cred);
	kvfree(env);
}

/**
 * kcoro_env_size() - the memory that an environment takes
 * @env: the environment
 *
 * Context: any.
 * Return: bytes.
 */
size_t kcoro_env_size(const struct kcoro_env *env)
{
	return env_size(env->arg_len, env->nr_slots);
}

/**
 * kcoro_env_word() - the next word of the argument
 * @env: the environment
 * @prev: the word before, or NULL for the first
 *
 * Words are terminated by a zero byte each; the last one's may be missing.
 * An empty word is a word.
 *
 * Context: any.
 * Return: the word, or NULL after the last.
 */
const char *kcoro_env_word(const struct kcoro_env *env, const char *prev)
{
	const char *word = prev ? prev + strlen(prev) + 1 : env->arg;

	return word < env->arg + env->arg_len ? word : NULL;
}
EXPORT_SYMBOL_GPL(kcoro_env_word);

/**
 * kcoro_env_chan() - the channel in a slot
 * @env: the environment
 * @slot: its number; need not be one there is
 * @end: the end that is wanted: KCORO_SEND or KCORO_RECV
 *
 * Context: any.
 * Return: the channel, which the slot goes on holding; NULL if there is none,
 * or the slot does not hold that end.
 */
struct kcoro_chan *kcoro_env_chan(const struct kcoro_env *env, u32 slot,
				  u32 end)
{
	if (slot >= env->nr_slots || !(env->slots[slot].ends & end))
		return NULL;
	return env->slots[slot].chan;
}
EXPORT_SYMBOL_GPL(kcoro_env_chan);

/**
 * kcoro_env_file() - the file in a slot
 * @env: the environment
 * @slot: its number; need not be one there is
 *
 * Context: any.
 * Return: the file, which the slot goes on holding, or NULL.
 */
struct file *kcoro_env_file(const struct kcoro_env *env, u32 slot)
{
	return slot < env->nr_slots ? env->slots[slot].file : NULL;
}
EXPORT_SYMBOL_GPL(kcoro_env_file);

/**
 * kcoro_env_drop() - give back what a slot holds
 * @env: the environment
 * @slot: its number; one that is empty or does not exist is left alone
 *
 * Other holders of the channel see end of stream or -EPIPE once its last
 * holder has done this. A file that a worker closes last is closed by the
 * kernel a tick later.
 *
 * Context: process.
 */
void kcoro_env_drop(struct kcoro_env *env, u32 slot)
{
	struct kcoro_slot old;

	if (slot >= env->nr_slots)
		return;
	spin_lock(&env->lock);
	old = env->slots[slot];
	memset(&env->slots[slot], 0, sizeof(env->slots[slot]));
	spin_unlock(&env->lock);
	if (old.chan)
		kcoro_chan_drop(old.chan, old.ends);
	if (old.file)
		fput(old.file);
}
EXPORT_SYMBOL_GPL(kcoro_env_drop);

/**
 * kcoro_env_fail() - say why a body fails
 * @env: its environment; the text goes to its message, cut to the room there
 * @err: negative errno
 * @fmt: as printf's, no newline
 *
 * Context: any.
 * Return: @err.
 */
int kcoro_env_fail(struct kcoro_env *env, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(env->message, sizeof(env->message), fmt, args);
	va_end(args);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_env_fail);

// SPDX-License-Identifier: GPL-2.0
/*
 * sieve: the N-th prime, by a chain of tasks. (Doug McIlroy's concurrent prime
 * sieve, known from Go.)
 *
 * Model: a generator sends 2, 3, 4, ... into an unbuffered channel; the body
 * takes the first number of the chain's last channel, which is the next prime,
 * and adds a task to the chain that lets through what this prime does not
 * divide.
 *
 * Ownership: a task of the chain owns its struct stage and the ends in it, and
 * gives them up when it ends, however it does. So the chain needs nobody to
 * take it down: once the body drops the receiving end of the last channel,
 * -EPIPE and end of stream travel through it. To be quick the body also cancels
 * every task, and waits for them, so that they are gone when it ends. Only if
 * it is cancelled itself it does not wait.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "body.h"
#include "stream.h"

#define SIEVE_MAX	10000

/**
 * struct stage - a task of the chain
 * @in: where numbers come from; its receiving end is held. NULL: the generator
 * @out: where they go; its sending end is held
 * @prime: what must not divide them
 */
struct stage {
	struct kcoro_chan *in;
	struct kcoro_chan *out;
	u32 prime;
};

/**
 * struct sieve - the body's state
 * @nr_tasks: used of @tasks
 * @nth: which prime is wanted
 * @last: the last channel; its receiving end is held. NULL: none yet
 * @tasks: the chain, a reference on each
 */
struct sieve {
	u32 nr_tasks;
	u32 nth;
	struct kcoro_chan *last;
	struct kcoro_task *tasks[];
};

static s64 stage_generate(void *data)
{
	struct stage *stage = data;
	u64 number = 2;
	int err;

	do {
		err = kcoro_send(stage->out, &number, KCORO_FOREVER);
		number++;
		kcoro_stream_polite();
	} while (!err);
	kcoro_chan_drop(stage->out, KCORO_SEND);
	kfree(stage);
	return err;
}

static s64 stage_filter(void *data)
{
	struct stage *stage = data;
	u64 number;
	int ret;

	while ((ret = kcoro_recv(stage->in, &number, KCORO_FOREVER)) > 0) {
		if ((u32)number % stage->prime) {
			ret = kcoro_send(stage->out, &number, KCORO_FOREVER);
			if (ret)
				break;
		}
		kcoro_stream_polite();
	}
	kcoro_chan_drop(stage->in, KCORO_RECV);
	kcoro_chan_drop(stage->out, KCORO_SEND);
	kfree(stage);
	return ret;
}

/* Lengthen the chain by a task. @prime 0: the generator. */
static int sieve_add(struct sieve *sieve, u32 prime)
{
	struct kcoro_spawn_args args = {
		.fn = prime ? stage_filter : stage_generate,
		.name = prime ? "sieve-filter" : "sieve-generator",
		.owner = THIS_MODULE,
	};
	struct kcoro_task *task;
	struct stage *stage;
	int err;

	stage = kmalloc(sizeof(*stage), GFP_KERNEL_ACCOUNT);
	if (!stage)
		return -ENOMEM;
	stage->prime = prime;
	stage->in = sieve->last;
	stage->out = kcoro_chan_create(sizeof(u64), 0);
	if (IS_ERR(stage->out)) {
		err = PTR_ERR(stage->out);
		goto err_stage;
	}
	/* @stage may be gone once its task runs. */
	sieve->last = stage->out;
	args.data = stage;
	task = kcoro_spawn(&args);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		goto err_chan;
	}
	sieve->tasks[sieve->nr_tasks++] = task;
	return 0;

err_chan:
	sieve->last = stage->in;
	kcoro_chan_drop(stage->out, KCORO_SEND | KCORO_RECV);
err_stage:
	kfree(stage);
	return err;
}

static int sieve_cannot_add(struct kcoro_env *env, const struct sieve *sieve,
			    int err)
{
	switch (err) {
	case -ECANCELED:
		return err;
	case -EDQUOT:
	case -EAGAIN:
		return kcoro_env_fail(env, err,
				      "a limit of tasks ends the chain after %u",
				      sieve->nr_tasks);
	default:
		return kcoro_env_fail(env, err,
				      "cannot add task %u to the chain",
				      sieve->nr_tasks + 1);
	}
}

/* Find the prime. What was started is left to sieve_stop(). */
static int sieve_find(struct kcoro_env *env, struct sieve *sieve, u64 *prime)
{
	struct kcoro_chan *out = kcoro_env_chan(env, 0, KCORO_SEND);
	u32 i;
	int ret;

	*prime = 0;
	for (i = 0; i < sieve->nth; i++) {
		ret = sieve_add(sieve, *prime);
		if (ret)
			return sieve_cannot_add(env, sieve, ret);
		ret = kcoro_recv(sieve->last, prime, KCORO_FOREVER);
		if (!ret)
			return kcoro_env_fail(env, -EIO,
					      "a task of the chain ended early");
		if (ret > 0)
			ret = out ? kcoro_send(out, prime, KCORO_FOREVER) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

static int sieve_stop(struct sieve *sieve)
{
	int err = 0;
	u32 i;

	if (sieve->last)
		kcoro_chan_drop(sieve->last, KCORO_RECV);
	for (i = 0; i < sieve->nr_tasks; i++)
		kcoro_cancel(sieve->tasks[i]);
	for (i = 0; i < sieve->nr_tasks; i++) {
		if (!err)
			err = kcoro_join(sieve->tasks[i], KCORO_FOREVER, NULL);
		kcoro_task_put(sieve->tasks[i]);
	}
	return err;
}

static int sieve_check(struct kcoro_env *env)
{
	struct sieve *sieve;
	u32 nth;
	int err = kcoro_stream_only_number(env, 1, SIEVE_MAX, &nth);

	if (err)
		return err;
	if (env->nr_slots) {
		const struct kcoro_chan *out = kcoro_env_chan(env, 0, KCORO_SEND);

		if (!out)
			return -EBADF;
		if (kcoro_chan_elem_size(out) != sizeof(u64))
			return -EINVAL;
	}
	/* A generator and a filter for each prime but the last. */
	sieve = kvzalloc(struct_size(sieve, tasks, nth), GFP_KERNEL_ACCOUNT);
	if (!sieve)
		return -ENOMEM;
	sieve->nth = nth;
	env->priv = sieve;
	return 0;
}

static int sieve_run(struct kcoro_env *env)
{
	struct sieve *sieve = env->priv;
	int err, stopped;
	u64 prime;

	err = sieve_find(env, sieve, &prime);
	stopped = sieve_stop(sieve);
	if (!err)
		err = stopped;
	if (!err)
		env->result = prime;
	return err;
}

struct kcoro_body kcoro_body_sieve = {
	.name = "sieve",
	.help = "N; [out]: the N-th prime (to 10000) by a chain of tasks; primes to out (u64)",
	.owner = THIS_MODULE,
	.slots_max = 1,
	.check = sieve_check,
	.run = sieve_run,
	.release = kcoro_stream_free_priv,
};

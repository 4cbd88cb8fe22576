// SPDX-License-Identifier: GPL-2.0
/*
 * merge: the messages of several inputs into one output, as they come.
 *
 * Model: a select over the inputs that have not ended. It draws among the ready
 * ones at random, so none is starved by busier ones. An input that has ended
 * leaves the select; the body ends with the last of them.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "body.h"
#include "stream.h"

/**
 * struct merge - one task's state
 * @buf: the message received
 * @nr: number of inputs that have not ended
 * @slots: their slots, in order of @cases
 * @cases: of the select
 */
struct merge {
	struct kcoro_buf *buf;
	u32 nr;
	u32 slots[KCORO_SELECT_MAX];
	struct kcoro_select_case cases[];
};

static int merge_check(struct kcoro_env *env)
{
	u32 slot, nr = env->nr_slots - 1;
	struct merge *merge;
	int err = kcoro_stream_no_words(env);

	for (slot = 0; slot < nr && !err; slot++)
		err = kcoro_stream_check_end(env, slot, KCORO_RECV);
	if (!err)
		err = kcoro_stream_check_end(env, nr, KCORO_SEND);
	if (err)
		return err;

	merge = kzalloc(struct_size(merge, cases, nr), GFP_KERNEL_ACCOUNT);
	if (!merge)
		return -ENOMEM;
	for (slot = 0; slot < nr; slot++) {
		merge->slots[slot] = slot;
		merge->cases[slot].chan = kcoro_env_chan(env, slot, KCORO_RECV);
		merge->cases[slot].op = KCORO_OP_RECV;
		merge->cases[slot].msg = &merge->buf;
	}
	merge->nr = nr;
	env->priv = merge;
	return 0;
}

static void merge_ended(struct kcoro_env *env, struct merge *merge, u32 index)
{
	kcoro_env_drop(env, merge->slots[index]);
	merge->nr--;
	merge->slots[index] = merge->slots[merge->nr];
	merge->cases[index] = merge->cases[merge->nr];
}

static int merge_run(struct kcoro_env *env)
{
	struct kcoro_chan *out = kcoro_env_chan(env, env->nr_slots - 1,
						KCORO_SEND);
	struct merge *merge = env->priv;

	while (merge->nr) {
		int ret = kcoro_select(merge->cases, merge->nr, 0,
				       KCORO_FOREVER);

		if (ret < 0)
			return ret;
		if (!merge->cases[ret].result) {
			merge_ended(env, merge, ret);
			continue;
		}
		ret = kcoro_stream_send(env, out, merge->buf);
		if (ret)
			return ret;
		env->result++;
		kcoro_stream_polite();
	}
	return 0;
}

struct kcoro_body kcoro_body_merge = {
	.name = "merge",
	.help = "in..., out: sends the messages of every in as they come, until all have ended",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = KCORO_SELECT_MAX + 1,
	.check = merge_check,
	.run = merge_run,
	.release = kcoro_stream_free_priv,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * tee: sends each message to every output.
 *
 * All but the last output get a copy. Outputs are served one after the other,
 * so the slowest sets the pace; how far apart they may be is the capacity of
 * their channels. An output that nobody receives is dropped; with the last of
 * them the body ends with -EPIPE.
 */
#include <linux/string.h>

#include "body.h"
#include "stream.h"

#define OUTS_MAX	63

static int tee_check(struct kcoro_env *env)
{
	int err = kcoro_stream_no_words(env) ?:
		  kcoro_stream_check_end(env, 0, KCORO_RECV);
	u32 slot;

	for (slot = 1; slot < env->nr_slots && !err; slot++)
		err = kcoro_stream_check_end(env, slot, KCORO_SEND);
	return err;
}

/* The last output that is still there; 0: none. */
static u32 tee_last(const struct kcoro_env *env)
{
	u32 slot = env->nr_slots - 1;

	while (slot && !kcoro_env_chan(env, slot, KCORO_SEND))
		slot--;
	return slot;
}

/* Send to all outputs. Takes @buf over. -EPIPE: no output is left. */
static int tee_send(struct kcoro_env *env, struct kcoro_buf *buf)
{
	u32 slot, last = tee_last(env);

	for (slot = 1; slot <= last; slot++) {
		struct kcoro_chan *out = kcoro_env_chan(env, slot, KCORO_SEND);
		struct kcoro_buf *msg = buf;
		int err;

		if (!out)
			continue;
		if (slot == last)
			buf = NULL;
		else
			msg = kcoro_buf_copy(buf, GFP_KERNEL_ACCOUNT);
		err = msg ? kcoro_stream_send(env, out, msg) : -ENOMEM;
		if (err == -EPIPE) {
			kcoro_env_drop(env, slot);
		} else if (err) {
			kcoro_buf_free(buf);
			return err;
		}
	}
	return tee_last(env) ? 0 : -EPIPE;
}

static int tee_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ret = tee_send(env, buf);
		if (ret)
			break;
		env->result++;
		kcoro_stream_polite();
	}
	return ret;
}

struct kcoro_body kcoro_body_tee = {
	.name = "tee",
	.help = "in, out...: sends every message to every out; ends when nobody receives them",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 1 + OUTS_MAX,
	.check = tee_check,
	.run = tee_run,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * answer: sends each message back on the end that it brings; the pattern of a server.
 * One that brings no sending end, or whose sender has gone, is let go.
 */
#include "body.h"
#include "stream.h"

static int answer_check(struct kcoro_env *env)
{
	return kcoro_stream_no_words(env) ?:
	       kcoro_stream_check_end(env, 0, KCORO_RECV);
}

/* Takes @buf over. 1: it was answered. 0: nobody wants it. */
static int answer_one(struct kcoro_buf *buf)
{
	struct kcoro_chan *reply;
	u32 ends = 0;
	int err;

	reply = kcoro_buf_take_ends(buf, &ends);
	if (reply && ends & KCORO_SEND) {
		/* What else it brings is no part of an answer. */
		kcoro_buf_drop_ends(buf);
		err = kcoro_send_buf(reply, buf, KCORO_FOREVER);
		if (!err)
			buf = NULL;
	} else {
		err = -EPIPE;
	}
	kcoro_buf_free(buf);
	if (reply)
		kcoro_chan_drop(reply, ends);
	if (err == -EPIPE || err == -EINVAL || err == -EMSGSIZE)
		return 0;
	return err ?: 1;
}

static int answer_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ret = answer_one(buf);
		if (ret < 0)
			break;
		env->result += ret;
		kcoro_stream_polite();
	}
	return ret;
}

struct kcoro_body kcoro_body_answer = {
	.name = "answer",
	.help = "in: answers each message on the sending end that it brings along",
	.owner = THIS_MODULE,
	.slots_min = 1,
	.slots_max = 1,
	.check = answer_check,
	.run = answer_run,
};

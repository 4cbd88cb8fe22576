// SPDX-License-Identifier: GPL-2.0
/*
 * lines: messages of bytes into one message for each line.
 *
 * A line keeps its newline, as a message has at least one byte and an empty
 * line would have none, and so that nothing is lost on the way to a file. Only
 * the last line may be without. How lines are found: split.c.
 */
#include <linux/minmax.h>

#include "body.h"
#include "split.h"
#include "stream.h"

static int lines_check(struct kcoro_env *env)
{
	u32 max = KCORO_STREAM_PIECE;
	int err;

	err = kcoro_stream_option(env, "-m", 1, KCORO_BUF_MAX, &max);
	if (err)
		return err;
	env->priv = (void *)(unsigned long)max;
	return kcoro_stream_check_end(env, 0, KCORO_RECV) ?:
	       kcoro_stream_check_end(env, 1, KCORO_SEND);
}

static int lines_send(struct kcoro_env *env, struct kcoro_chan *out,
		      const struct kcoro_line *line)
{
	struct kcoro_buf *msg;
	int err;

	msg = kcoro_buf_alloc(kcoro_line_len(line), GFP_KERNEL_ACCOUNT);
	if (!msg)
		return -ENOMEM;
	msg->len = msg->size;
	kcoro_line_copy(line, msg->data);
	err = kcoro_stream_send(env, out, msg);
	if (!err)
		env->result++;
	kcoro_stream_polite();
	return err;
}

/* Send the lines that end in @buf; hold what comes after them. */
static int lines_piece(struct kcoro_env *env, struct kcoro_chan *out,
		       struct kcoro_split *split, const struct kcoro_buf *buf)
{
	struct kcoro_line line;
	int ret;

	kcoro_split_feed(split, buf->data, buf->len);
	while ((ret = kcoro_split_next(split, &line)) > 0) {
		ret = lines_send(env, out, &line);
		if (ret)
			return ret;
	}
	if (ret == -EMSGSIZE)
		kcoro_env_fail(env, ret, "line %llu is over %u bytes",
			       split->line, split->max);
	return ret;
}

static int lines_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	struct kcoro_split split;
	struct kcoro_line line;
	struct kcoro_buf *buf;
	int ret;

	kcoro_split_init(&split, min_t(u32, (unsigned long)env->priv,
				       kcoro_stream_room(out)));
	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ret = lines_piece(env, out, &split, buf);
		kcoro_buf_free(buf);
		if (ret)
			break;
	}
	if (!ret && kcoro_split_rest(&split, &line))
		ret = lines_send(env, out, &line);
	kcoro_split_free(&split);
	return ret;
}

struct kcoro_body kcoro_body_lines = {
	.name = "lines",
	.help = "[-m MAX]; in, out: a message a line, with its newline; MAX (65536) bytes at most",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = lines_check,
	.run = lines_run,
};

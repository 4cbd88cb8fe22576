// SPDX-License-Identifier: GPL-2.0
/*
 * match: passes on the messages that contain a string, or those that do not.
 *
 * Messages are passed on, not copied. A newline at a message's end is no part
 * of what is searched. The search: needle.c.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "body.h"
#include "needle.h"
#include "stream.h"

/**
 * struct match - the argument, understood
 * @needle: the string
 * @invert: pass on those without it
 */
struct match {
	struct kcoro_needle needle;
	bool invert;
};

static int match_parse(const struct kcoro_env *env, struct match *match)
{
	const char *word = kcoro_env_word(env, NULL);
	bool fold = false;

	for (; word && word[0] == '-'; word = kcoro_env_word(env, word)) {
		if (!strcmp(word, "--")) {
			word = kcoro_env_word(env, word);
			break;
		}
		if (!strcmp(word, "-i"))
			fold = true;
		else if (!strcmp(word, "-v"))
			match->invert = true;
		else
			return -EINVAL;
	}
	if (!word || kcoro_env_word(env, word))
		return -EINVAL;
	return kcoro_needle_init(&match->needle, word, fold);
}

static int match_check(struct kcoro_env *env)
{
	struct match *match;
	int err;

	err = kcoro_stream_check_end(env, 0, KCORO_RECV) ?:
	      kcoro_stream_check_end(env, 1, KCORO_SEND);
	if (err)
		return err;
	match = kzalloc(sizeof(*match), GFP_KERNEL_ACCOUNT);
	if (!match)
		return -ENOMEM;
	env->priv = match;
	return match_parse(env, match);
}

static int match_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	const struct match *match = env->priv;
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		u32 len = buf->len;

		if (buf->data[len - 1] == '\n')
			len--;
		if (kcoro_needle_in(&match->needle, buf->data, len) ==
		    match->invert) {
			kcoro_buf_free(buf);
		} else {
			ret = kcoro_stream_send(env, out, buf);
			if (ret)
				break;
			env->result++;
		}
		kcoro_stream_polite();
	}
	return ret;
}

struct kcoro_body kcoro_body_match = {
	.name = "match",
	.help = "[-i] [-v] [--] STRING; in, out: messages with STRING; -i any case, -v without",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = match_check,
	.run = match_run,
	.release = kcoro_stream_free_priv,
};

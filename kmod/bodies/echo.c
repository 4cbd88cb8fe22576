// SPDX-License-Identifier: GPL-2.0
/* echo: sends back what it receives; channels of elements or of buffers. */
#include <linux/slab.h>

#include "body.h"
#include "stream.h"

static int echo_check(struct kcoro_env *env)
{
	const struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	const struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	int err = kcoro_stream_no_words(env);
	u32 size;

	if (err)
		return err;
	if (!in || !out)
		return -EBADF;
	size = kcoro_chan_elem_size(in);
	if (size != kcoro_chan_elem_size(out))
		return -EINVAL;
	if (!size)
		return 0;
	env->priv = kmalloc(size, GFP_KERNEL_ACCOUNT);
	return env->priv ? 0 : -ENOMEM;
}

static int echo_buffers(struct kcoro_env *env, struct kcoro_chan *in,
			struct kcoro_chan *out)
{
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ret = kcoro_stream_send(env, out, buf);
		if (ret)
			break;
		env->result++;
		kcoro_stream_polite();
	}
	return ret;
}

static int echo_elements(struct kcoro_env *env, struct kcoro_chan *in,
			 struct kcoro_chan *out)
{
	int ret;

	while ((ret = kcoro_recv(in, env->priv, KCORO_FOREVER)) > 0) {
		ret = kcoro_send(out, env->priv, KCORO_FOREVER);
		if (ret)
			break;
		env->result++;
		kcoro_stream_polite();
	}
	return ret;
}

static int echo_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);

	return env->priv ? echo_elements(env, in, out) :
			   echo_buffers(env, in, out);
}

struct kcoro_body kcoro_body_echo = {
	.name = "echo",
	.help = "in, out: sends back what it receives; both of buffers, or of elements of one size",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = echo_check,
	.run = echo_run,
	.release = kcoro_stream_free_priv,
};

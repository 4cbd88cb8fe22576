// SPDX-License-Identifier: GPL-2.0
/*
 * A body from a module: the model for your own.
 *
 * rot13 receives messages, turns each ASCII letter by 13 places, and sends the
 * same buffers on. The alias lets kcoro load the module when a program asks
 * for the body's name. A task that runs the body holds the module, so exit can
 * only be reached when there is none.
 */
#include <linux/kcoro.h>

static u8 rot13(u8 byte)
{
	u8 letter = byte | 0x20;

	if (letter < 'a' || letter > 'z')
		return byte;
	return letter < 'n' ? byte + 13 : byte - 13;
}

/* In the spawner's context: what is wrong can be told by SPAWN. */
static int rot13_check(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);

	if (!in || !out)
		return -EBADF;
	if (kcoro_chan_elem_size(in) || kcoro_chan_elem_size(out))
		return -EINVAL;
	return env->arg_len ? -EINVAL : 0;
}

/* In the task. */
static int rot13_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		u32 i;

		for (i = 0; i < buf->len; i++)
			buf->data[i] = rot13(buf->data[i]);
		ret = kcoro_send_buf(out, buf, KCORO_FOREVER);
		if (ret) {
			kcoro_buf_free(buf);	/* still ours */
			break;
		}
		env->result++;
		if (kcoro_should_yield())
			kcoro_yield();
	}
	return ret;	/* 0: end of stream; the slots are dropped for us */
}

static struct kcoro_body rot13_body = {
	.name = "rot13",
	.help = "in, out: sends the messages on with their ASCII letters turned by 13 places",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = rot13_check,
	.run = rot13_run,
};

static int __init rot13_init(void)
{
	return kcoro_body_register(&rot13_body);
}

static void __exit rot13_exit(void)
{
	kcoro_body_unregister(&rot13_body);
}

module_init(rot13_init);
module_exit(rot13_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("Example for kcoro: the body rot13");
MODULE_ALIAS("kcoro-body-rot13");

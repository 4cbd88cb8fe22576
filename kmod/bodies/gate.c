// SPDX-License-Identifier: GPL-2.0
/*
 * gate: passes messages on while an event is set.
 *
 * So a program stops and resumes a pipeline with one call, without a message lost:
 * while the event is cleared the senders wait, as they do for any slow receiver. One
 * message may be on its way through: it is received first, and then waits.
 */
#include <linux/kcoro_sync.h>

#include "body.h"
#include "stream.h"

#define GATE	2	/* slot */

static int gate_check(struct kcoro_env *env)
{
	int err = kcoro_stream_no_words(env) ?:
		  kcoro_stream_check_end(env, 0, KCORO_RECV) ?:
		  kcoro_stream_check_end(env, 1, KCORO_SEND);

	if (err)
		return err;
	if (!kcoro_env_file(env, GATE))
		return -EBADF;
	return kcoro_env_event(env, GATE) ? 0 : -EOPNOTSUPP;
}

static int gate_run(struct kcoro_env *env)
{
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ret = kcoro_event_wait(kcoro_env_event(env, GATE),
				       KCORO_FOREVER);
		if (ret) {
			kcoro_buf_free(buf);
			break;
		}
		ret = kcoro_stream_send(env, out, buf);
		if (ret)
			break;
		env->result++;
		kcoro_stream_polite();
	}
	return ret;
}

struct kcoro_body kcoro_body_gate = {
	.name = "gate",
	.help = "in, out, event: passes messages on while the event is set",
	.owner = THIS_MODULE,
	.slots_min = 3,
	.slots_max = 3,
	.check = gate_check,
	.run = gate_run,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * gate: passes messages on while an event is set, or one for each unit that it can
 * take of a semaphore.
 *
 * So a program stops and resumes a pipeline with one call, or lets it run ahead by
 * so many messages (each that was dealt with gives a unit back), and none is lost:
 * meanwhile the senders wait, as they do for any slow receiver. One message may be on
 * its way through: it is received first, and then waits.
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
	return kcoro_env_event(env, GATE) || kcoro_env_sem(env, GATE) ?
		       0 : -EOPNOTSUPP;
}

static int gate_pass(const struct kcoro_env *env)
{
	struct kcoro_event *event = kcoro_env_event(env, GATE);

	if (event)
		return kcoro_event_wait(event, KCORO_FOREVER);
	return kcoro_sem_acquire(kcoro_env_sem(env, GATE), 1, KCORO_FOREVER);
}

static int gate_run(struct kcoro_env *env)
{
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ret = gate_pass(env);
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
	.help = "in, out, event or semaphore: passes messages on while set, or one for each unit",
	.owner = THIS_MODULE,
	.slots_min = 3,
	.slots_max = 3,
	.check = gate_check,
	.run = gate_run,
};

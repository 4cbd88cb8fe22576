// SPDX-License-Identifier: GPL-2.0
/*
 * count: counts messages and bytes, and says so when asked.
 *
 * Model: one select over the input, the requests, and, while an answer is due,
 * the reply. So a requester that is slow to take its answer holds up nobody,
 * and gets the counts as they are when it takes it. A request that was received
 * is answered, also when the input has ended meanwhile.
 *
 * The exit record's data is the two counts, native u64: messages, bytes.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "body.h"
#include "stream.h"

enum { SLOT_IN, SLOT_REQUEST, SLOT_REPLY, NR_SLOTS };

struct counts {
	u64 messages;
	u64 bytes;
};

/**
 * struct count - one task's state
 * @counts: so far
 * @cases: of the select, in order of slots; without channel: not now
 * @buf: the message received from the input
 * @answer: of counts, for a reply channel of buffers
 * @request: the request received: a buffer's address, or an element
 */
struct count {
	struct counts counts;
	struct kcoro_select_case cases[NR_SLOTS];
	struct kcoro_buf *buf;
	struct kcoro_buf *answer;
	union {
		struct kcoro_buf *buf;
		u8 elem[KCORO_ELEM_MAX];
	} request;
};

static int count_check(struct kcoro_env *env)
{
	const struct kcoro_chan *reply;
	struct count *count;
	u32 size;
	int err;

	err = kcoro_stream_no_words(env) ?:
	      kcoro_stream_check_end(env, SLOT_IN, KCORO_RECV);
	if (err)
		return err;
	if (env->nr_slots == SLOT_REPLY)
		return -EINVAL;		/* requests, and nowhere to answer */
	if (env->nr_slots == NR_SLOTS) {
		reply = kcoro_env_chan(env, SLOT_REPLY, KCORO_SEND);
		if (!reply || !kcoro_env_chan(env, SLOT_REQUEST, KCORO_RECV))
			return -EBADF;
		size = kcoro_chan_elem_size(reply);
		if (size ? size != sizeof(struct counts) :
			   kcoro_stream_room(reply) < sizeof(struct counts))
			return -EINVAL;
	}
	count = kzalloc(sizeof(*count), GFP_KERNEL_ACCOUNT);
	env->priv = count;
	return count ? 0 : -ENOMEM;
}

static void count_release(struct kcoro_env *env)
{
	struct count *count = env->priv;

	if (count)
		kcoro_buf_free(count->answer);
	kfree(count);
	env->priv = NULL;
}

/* Nobody asks any more, or nobody takes answers. */
static void count_no_answers(struct count *count)
{
	count->cases[SLOT_REQUEST].chan = NULL;
	count->cases[SLOT_REPLY].chan = NULL;
}

/* A request has come: from now on the reply can be sent. */
static int count_requested(struct count *count, struct kcoro_env *env)
{
	struct kcoro_chan *request = kcoro_env_chan(env, SLOT_REQUEST, KCORO_RECV);
	struct kcoro_chan *reply = kcoro_env_chan(env, SLOT_REPLY, KCORO_SEND);

	if (!count->cases[SLOT_REQUEST].result) {
		count_no_answers(count);
		return 0;
	}
	if (!kcoro_chan_elem_size(request))
		kcoro_buf_free(count->request.buf);
	if (!kcoro_chan_elem_size(reply)) {
		count->answer = kcoro_buf_alloc(sizeof(struct counts),
						GFP_KERNEL_ACCOUNT);
		if (!count->answer)
			return -ENOMEM;
		count->answer->len = sizeof(struct counts);
		memcpy(count->answer->data, &count->counts,
		       sizeof(struct counts));
	}
	count->cases[SLOT_REQUEST].chan = NULL;
	count->cases[SLOT_REPLY].chan = reply;
	return 0;
}

/* The answer was taken, or can not be. */
static void count_replied(struct count *count, struct kcoro_env *env)
{
	if (count->cases[SLOT_REPLY].result) {
		count_no_answers(count);
		return;
	}
	count->answer = NULL;
	count->cases[SLOT_REPLY].chan = NULL;
	count->cases[SLOT_REQUEST].chan =
		kcoro_env_chan(env, SLOT_REQUEST, KCORO_RECV);
}

static void count_message(struct count *count)
{
	if (!count->cases[SLOT_IN].result) {
		count->cases[SLOT_IN].chan = NULL;
		return;
	}
	count->counts.messages++;
	count->counts.bytes += count->buf->len;
	kcoro_buf_free(count->buf);
	if (count->answer)
		memcpy(count->answer->data, &count->counts,
		       sizeof(struct counts));
}

static void count_start(struct count *count, const struct kcoro_env *env)
{
	struct kcoro_select_case *cases = count->cases;

	cases[SLOT_IN].chan = kcoro_env_chan(env, SLOT_IN, KCORO_RECV);
	cases[SLOT_IN].op = KCORO_OP_RECV;
	cases[SLOT_IN].msg = &count->buf;
	cases[SLOT_REQUEST].chan = kcoro_env_chan(env, SLOT_REQUEST, KCORO_RECV);
	cases[SLOT_REQUEST].op = KCORO_OP_RECV;
	cases[SLOT_REQUEST].msg = &count->request;
	cases[SLOT_REPLY].op = KCORO_OP_SEND;
	cases[SLOT_REPLY].msg = &count->counts;
	if (env->nr_slots == NR_SLOTS &&
	    !kcoro_chan_elem_size(kcoro_env_chan(env, SLOT_REPLY, KCORO_SEND)))
		cases[SLOT_REPLY].msg = &count->answer;
}

/* Carry out a case. As kcoro_select(), but quick while nobody can ask. */
static int count_wait(struct count *count)
{
	struct kcoro_select_case *cases = count->cases;
	int ret;

	if (cases[SLOT_REQUEST].chan || cases[SLOT_REPLY].chan)
		return kcoro_select(cases, NR_SLOTS, 0, KCORO_FOREVER);
	ret = kcoro_recv_buf(cases[SLOT_IN].chan, &count->buf, KCORO_FOREVER);
	if (ret < 0)
		return ret;
	cases[SLOT_IN].result = ret;
	return SLOT_IN;
}

static int count_run(struct kcoro_env *env)
{
	struct count *count = env->priv;
	int ret = 0;

	count_start(count, env);
	while (count->cases[SLOT_IN].chan || count->cases[SLOT_REPLY].chan) {
		/* After the input's end only an answer that is due matters. */
		if (!count->cases[SLOT_IN].chan)
			count->cases[SLOT_REQUEST].chan = NULL;
		ret = count_wait(count);
		if (ret == SLOT_IN)
			count_message(count);
		else if (ret == SLOT_REQUEST)
			ret = count_requested(count, env);
		else if (ret == SLOT_REPLY)
			count_replied(count, env);
		if (ret < 0)
			break;
		kcoro_stream_polite();
	}
	env->result = count->counts.messages;
	BUILD_BUG_ON(sizeof(struct counts) > KCORO_RESULT_MAX);
	memcpy(env->data, &count->counts, sizeof(struct counts));
	env->data_len = sizeof(struct counts);
	return min(ret, 0);
}

struct kcoro_body kcoro_body_count = {
	.name = "count",
	.help = "in [request, reply]: counts messages and bytes (2 x u64), told for each request",
	.owner = THIS_MODULE,
	.slots_min = 1,
	.slots_max = NR_SLOTS,
	.check = count_check,
	.run = count_run,
	.release = count_release,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of carry.c: ends of channels in the messages of kernel code. Those of
 * programs: selftests/chan_carry.c.
 */
#include <linux/kcoro.h>

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */

#include "carry.h"
#include "chan.h"
#include "task_ops.h"

#define BOTH	(KCORO_SEND | KCORO_RECV)

/* Who asks, and on what. */
struct scene {
	struct kcoro_chan *server;	/* a carrier */
	struct kcoro_chan *reply;	/* of u64 */
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	test->priv = s;
	s->server = kcoro_chan_create_carrier(0, 4);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->server);
	s->reply = kcoro_chan_create(sizeof(u64), 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->reply);
	return 0;
}

static struct kcoro_buf *message(u64 value)
{
	struct kcoro_buf *buf = kcoro_buf_alloc(sizeof(value), GFP_KERNEL);

	if (buf) {
		memcpy(buf->data, &value, sizeof(value));
		buf->len = sizeof(value);
	}
	return buf;
}

/* A message with one more hold on ends of @chan. */
static struct kcoro_buf *message_with(struct kunit *test, u64 value,
				      struct kcoro_chan *chan, u32 ends)
{
	struct kcoro_buf *buf = message(value);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	kcoro_chan_hold(chan, ends);
	KUNIT_ASSERT_EQ(test, kcoro_buf_carry(buf, chan, ends, GFP_KERNEL), 0);
	return buf;
}

/* Doubles what it is sent, and answers. */
static s64 serve(void *data)
{
	struct kcoro_chan *server = data, *reply;
	struct kcoro_buf *buf;
	u64 value;
	u32 ends;
	int ret;

	while ((ret = kcoro_recv_buf(server, &buf, GUARD)) > 0) {
		memcpy(&value, buf->data, sizeof(value));
		value *= 2;
		reply = kcoro_buf_take_ends(buf, &ends);
		if (reply && ends == KCORO_SEND)
			ret = kcoro_send(reply, &value, GUARD);
		if (reply)
			kcoro_chan_drop(reply, ends);
		kcoro_buf_free(buf);
		if (ret < 0)
			break;
	}
	kcoro_chan_drop(server, KCORO_RECV);
	return ret;
}

static void a_server_answers_who_asks(struct kunit *test)
{
	struct scene *s = test->priv;
	struct kcoro_task *task = go(test, serve, s->server);
	u64 i, value;

	for (i = 0; i < 10; i++) {
		struct kcoro_buf *buf =
			message_with(test, i, s->reply, KCORO_SEND);

		KUNIT_ASSERT_EQ(test, kcoro_send_buf(s->server, buf, GUARD), 0);
		KUNIT_EXPECT_EQ(test, kcoro_recv(s->reply, &value, GUARD), 1);
		KUNIT_EXPECT_EQ(test, value, 2 * i);
	}
	kcoro_chan_drop(s->server, KCORO_SEND);
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
	kcoro_chan_drop(s->reply, BOTH);
}

static void they_come_out_as_they_went_in(struct kunit *test)
{
	struct scene *s = test->priv;
	struct kcoro_buf *buf = message_with(test, 1, s->reply, KCORO_SEND);
	struct kcoro_chan *chan;
	u32 ends, i;

	kcoro_chan_hold(s->reply, KCORO_RECV);
	KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->reply, KCORO_RECV,
					      GFP_KERNEL), 0);
	kcoro_chan_hold(s->reply, BOTH);
	KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->reply, BOTH, GFP_KERNEL),
			0);
	for (i = KCORO_SEND; i <= BOTH; i++) {
		chan = kcoro_buf_take_ends(buf, &ends);
		KUNIT_ASSERT_PTR_EQ(test, chan, s->reply);
		KUNIT_EXPECT_EQ(test, ends, i);
		kcoro_chan_drop(chan, ends);
	}
	KUNIT_EXPECT_PTR_EQ(test, kcoro_buf_take_ends(buf, &ends), NULL);
	KUNIT_EXPECT_EQ(test, s->reply->senders, 1);
	KUNIT_EXPECT_EQ(test, s->reply->receivers, 1);
	kcoro_buf_free(buf);
	kcoro_chan_drop(s->server, BOTH);
	kcoro_chan_drop(s->reply, BOTH);
}

static void expect_held(struct kunit *test, struct kcoro_chan *chan, u32 senders)
{
	KUNIT_EXPECT_EQ(test, chan->senders, senders);
}

static void a_message_holds_them(struct kunit *test)
{
	struct scene *s = test->priv;
	struct kcoro_buf *buf = message_with(test, 1, s->reply, KCORO_SEND);
	struct kcoro_buf *copy;

	expect_held(test, s->reply, 2);
	copy = kcoro_buf_copy(buf, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, memcmp(copy->data, buf->data, 8), 0);
	expect_held(test, s->reply, 3);
	kcoro_buf_free(buf);
	expect_held(test, s->reply, 2);
	kcoro_buf_drop_ends(copy);
	expect_held(test, s->reply, 1);
	kcoro_buf_free(copy);
	/* In the queue, until the last receiver goes. */
	buf = message_with(test, 1, s->reply, KCORO_SEND);
	KUNIT_EXPECT_EQ(test, kcoro_send_buf(s->server, buf, GUARD), 0);
	expect_held(test, s->reply, 2);
	kcoro_chan_drop(s->server, KCORO_RECV);
	expect_held(test, s->reply, 1);
	kcoro_chan_drop(s->server, KCORO_SEND);
	kcoro_chan_drop(s->reply, BOTH);
}

static void some_cannot_travel(struct kunit *test)
{
	struct scene *s = test->priv;
	struct kcoro_chan *plain = kcoro_chan_create_buf(0, 1);
	struct kcoro_buf *buf = message(1);
	struct kcoro_select_case c = { .op = KCORO_OP_SEND, .msg = &buf };
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, plain);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->server, KCORO_SEND,
					      GFP_KERNEL), -ELOOP);
	KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->reply, 0, GFP_KERNEL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->reply, 4, GFP_KERNEL),
			-EINVAL);
	for (i = 0; i < KCORO_CARRY_MAX; i++) {
		kcoro_chan_hold(s->reply, KCORO_SEND);
		KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->reply, KCORO_SEND,
						      GFP_KERNEL), 0);
	}
	KUNIT_EXPECT_EQ(test, kcoro_buf_carry(buf, s->reply, KCORO_SEND,
					      GFP_KERNEL), -E2BIG);
	KUNIT_EXPECT_EQ(test, kcoro_send_buf(plain, buf, GUARD), -EINVAL);
	c.chan = plain;
	KUNIT_EXPECT_EQ(test, kcoro_select(&c, 1, 0, GUARD), -EINVAL);
	c.chan = s->server;
	KUNIT_EXPECT_EQ(test, kcoro_select(&c, 1, 0, GUARD), 0);
	expect_held(test, s->reply, 1 + KCORO_CARRY_MAX);
	kcoro_chan_drop(s->server, BOTH);
	expect_held(test, s->reply, 1);
	kcoro_chan_drop(plain, BOTH);
	kcoro_chan_drop(s->reply, BOTH);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_server_answers_who_asks),
	KUNIT_CASE(they_come_out_as_they_went_in),
	KUNIT_CASE(a_message_holds_them),
	KUNIT_CASE(some_cannot_travel),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_carry",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

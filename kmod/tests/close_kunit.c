// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of chan.c: how a channel ends, by a close or with the last holder of
 * an end, and what poll says about all of it. Whoever has to wait is a task.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/poll.h>

#include "chan.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "chan_ops.h"

/* --- Close ---------------------------------------------------------------- */

static void close_lets_queued_messages_drain(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 4);

	put(chan, 1);
	put(chan, 2);
	KUNIT_EXPECT_EQ(test, kcoro_chan_close(chan), 0);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, get(chan), 2);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

static void close_refuses_later_sends(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 4);
	u64 value = 1;

	kcoro_chan_close(chan);
	KUNIT_EXPECT_EQ(test, put(chan, 1), -EPIPE);
	KUNIT_EXPECT_EQ(test, kcoro_try_send(chan, &value), -EPIPE);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

static void close_twice_is_ealready(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);

	KUNIT_EXPECT_EQ(test, kcoro_chan_close(chan), 0);
	KUNIT_EXPECT_EQ(test, kcoro_chan_close(chan), -EALREADY);
	kcoro_chan_drop(chan, BOTH);
}

static void close_ends_the_stream_of_waiting_receivers(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);
	struct op op[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(op); i++)
		receiver(test, &op[i], chan);
	kcoro_chan_close(chan);
	for (i = 0; i < ARRAY_SIZE(op); i++)
		KUNIT_EXPECT_EQ(test, outcome(test, &op[i]), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

static void close_fails_waiting_senders(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(op); i++)
		sender(test, &op[i], chan, i);
	kcoro_chan_close(chan);
	for (i = 0; i < ARRAY_SIZE(op); i++)
		KUNIT_EXPECT_EQ(test, outcome(test, &op[i]), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

static void close_drops_what_failed_senders_had(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);
	struct op op;

	put(chan, 1);
	sender(test, &op, chan, 2);
	kcoro_chan_close(chan);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), -EPIPE);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Holders -------------------------------------------------------------- */

static void last_sender_gone_ends_the_stream_of_waiters(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;

	receiver(test, &op, chan);
	kcoro_chan_drop(chan, KCORO_SEND);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), -EPIPE);
	kcoro_chan_drop(chan, KCORO_RECV);
}

static void last_sender_gone_lets_messages_drain(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 2);

	put(chan, 1);
	kcoro_chan_drop(chan, KCORO_SEND);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	kcoro_chan_drop(chan, KCORO_RECV);
}

static void last_receiver_gone_fails_waiting_senders(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;

	sender(test, &op, chan, 1);
	kcoro_chan_drop(chan, KCORO_RECV);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), -EPIPE);
	kcoro_chan_drop(chan, KCORO_SEND);
}

static void last_receiver_gone_refuses_later_sends(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 2);

	KUNIT_EXPECT_EQ(test, put(chan, 1), 0);
	kcoro_chan_drop(chan, KCORO_RECV);
	KUNIT_EXPECT_EQ(test, put(chan, 2), -EPIPE);
	kcoro_chan_drop(chan, KCORO_SEND);
}

static void sender_held_twice_keeps_the_stream(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);

	kcoro_chan_hold(chan, KCORO_SEND);
	kcoro_chan_drop(chan, KCORO_SEND);
	KUNIT_EXPECT_EQ(test, get(chan), -ETIMEDOUT);
	kcoro_chan_drop(chan, KCORO_SEND);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	kcoro_chan_drop(chan, KCORO_RECV);
}

static void receiver_held_twice_keeps_senders(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);

	kcoro_chan_hold(chan, KCORO_RECV);
	kcoro_chan_drop(chan, KCORO_RECV);
	KUNIT_EXPECT_EQ(test, put(chan, 1), -ETIMEDOUT);
	kcoro_chan_drop(chan, KCORO_RECV);
	KUNIT_EXPECT_EQ(test, put(chan, 1), -EPIPE);
	kcoro_chan_drop(chan, KCORO_SEND);
}

static void both_ends_are_held_and_dropped_at_once(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);

	kcoro_chan_hold(chan, BOTH);
	kcoro_chan_drop(chan, BOTH);
	KUNIT_EXPECT_EQ(test, put(chan, 3), 0);
	KUNIT_EXPECT_EQ(test, get(chan), 3);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Poll ----------------------------------------------------------------- */

#define IN	(EPOLLIN | EPOLLRDNORM)
#define OUT	(EPOLLOUT | EPOLLWRNORM)

static unsigned int poll_mask(struct kcoro_chan *chan)
{
	return (__force unsigned int)kcoro_chan_poll(chan, BOTH, NULL, NULL);
}

static void expect_mask(struct kunit *test, struct kcoro_chan *chan,
			__poll_t mask)
{
	KUNIT_EXPECT_EQ(test, poll_mask(chan), (__force unsigned int)mask);
}

static void poll_unbuffered_alone_is_not_ready(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);

	expect_mask(test, chan, 0);
	kcoro_chan_drop(chan, BOTH);
}

static void poll_tells_room_and_messages(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 2);

	expect_mask(test, chan, OUT);
	put(chan, 1);
	expect_mask(test, chan, IN | OUT);
	put(chan, 2);
	expect_mask(test, chan, IN);
	kcoro_chan_drop(chan, BOTH);
}

static void poll_tells_of_waiting_peers(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;

	receiver(test, &op, chan);
	expect_mask(test, chan, OUT);
	put(chan, 1);
	outcome(test, &op);
	expect_mask(test, chan, 0);
	sender(test, &op, chan, 2);
	expect_mask(test, chan, IN);
	get(chan);
	outcome(test, &op);
	expect_mask(test, chan, 0);
	kcoro_chan_drop(chan, BOTH);
}

static void poll_tells_the_end(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 2);

	put(chan, 1);
	kcoro_chan_close(chan);
	expect_mask(test, chan, IN | OUT | EPOLLERR);
	get(chan);
	expect_mask(test, chan, IN | EPOLLHUP | OUT | EPOLLERR);
	kcoro_chan_drop(chan, BOTH);
}

static struct kunit_case close_cases[] = {
	KUNIT_CASE(close_lets_queued_messages_drain),
	KUNIT_CASE(close_refuses_later_sends),
	KUNIT_CASE(close_twice_is_ealready),
	KUNIT_CASE(close_ends_the_stream_of_waiting_receivers),
	KUNIT_CASE(close_fails_waiting_senders),
	KUNIT_CASE(close_drops_what_failed_senders_had),
	KUNIT_CASE(last_sender_gone_ends_the_stream_of_waiters),
	KUNIT_CASE(last_sender_gone_lets_messages_drain),
	KUNIT_CASE(last_receiver_gone_fails_waiting_senders),
	KUNIT_CASE(last_receiver_gone_refuses_later_sends),
	KUNIT_CASE(sender_held_twice_keeps_the_stream),
	KUNIT_CASE(receiver_held_twice_keeps_senders),
	KUNIT_CASE(both_ends_are_held_and_dropped_at_once),
	KUNIT_CASE(poll_unbuffered_alone_is_not_ready),
	KUNIT_CASE(poll_tells_room_and_messages),
	KUNIT_CASE(poll_tells_of_waiting_peers),
	KUNIT_CASE(poll_tells_the_end),
	{}
};

static struct kunit_suite close_suite = {
	.name = "kcoro_close",
	.test_cases = close_cases,
};

kunit_test_suites(&close_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of chan.c: rendezvous, order, and messages put back (for the rest see
 * close_kunit.c, message_kunit.c and wait_kunit.c). Whoever has to wait is
 * a task; the test's own thread does what needs no waiting, with deadlines in
 * the past, or with one that only guards against hangs.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>

#include "chan.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "chan_ops.h"

/* --- Unbuffered ----------------------------------------------------------- */

static void unbuffered_send_meets_waiting_receiver(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;

	receiver(test, &op, chan);
	KUNIT_EXPECT_EQ(test, put(chan, 42), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 42);
	kcoro_chan_drop(chan, BOTH);
}

static void unbuffered_recv_meets_waiting_sender(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;

	sender(test, &op, chan, 42);
	KUNIT_EXPECT_EQ(test, get(chan), 42);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 0);
	kcoro_chan_drop(chan, BOTH);
}

static void unbuffered_without_a_peer_times_out(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);

	KUNIT_EXPECT_EQ(test, put(chan, 1), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, get(chan), -ETIMEDOUT);
	kcoro_chan_drop(chan, BOTH);
}

static void unbuffered_try_without_a_peer_is_eagain(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	u64 value = 1;

	KUNIT_EXPECT_EQ(test, kcoro_try_send(chan, &value), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_try_recv(chan, &value), -EAGAIN);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Order ---------------------------------------------------------------- */

static void buffered_messages_keep_their_order(struct kunit *test)
{
	static const u32 capacities[] = { 1, 2, 3, 1000 };
	struct kcoro_chan *chan;
	u64 in = 0, out = 0;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		chan = make(test, capacities[i]);
		for (n = 0; n < 5; n++) {
			while (!put(chan, in))
				in++;
			KUNIT_EXPECT_EQ(test, in - out, capacities[i]);
			/* Leave one, so that the head moves through the ring. */
			while (in - out > (capacities[i] > 1))
				KUNIT_EXPECT_EQ(test, get(chan), out++);
		}
		if (in != out)
			KUNIT_EXPECT_EQ(test, get(chan), out++);
		KUNIT_EXPECT_EQ(test, get(chan), -ETIMEDOUT);
		kcoro_chan_drop(chan, BOTH);
	}
}

static void full_channel_refuses_and_queues_nothing(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);

	KUNIT_EXPECT_EQ(test, put(chan, 1), 0);
	KUNIT_EXPECT_EQ(test, put(chan, 2), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, get(chan), -ETIMEDOUT);
	kcoro_chan_drop(chan, BOTH);
}

static void full_channel_takes_blocked_senders_at_its_tail(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 2);
	struct op op[2];
	u64 i;

	put(chan, 1);
	put(chan, 2);
	sender(test, &op[0], chan, 3);
	sender(test, &op[1], chan, 4);
	for (i = 1; i <= 4; i++)
		KUNIT_EXPECT_EQ(test, get(chan), i);
	KUNIT_EXPECT_EQ(test, outcome(test, &op[0]), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, &op[1]), 0);
	kcoro_chan_drop(chan, BOTH);
}

static void full_channel_wakes_one_sender_for_one_message(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);
	struct op op[2];

	put(chan, 1);
	sender(test, &op[0], chan, 2);
	sender(test, &op[1], chan, 3);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, outcome(test, &op[0]), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_task_done(op[1].task));
	kcoro_chan_close(chan);
	KUNIT_EXPECT_EQ(test, outcome(test, &op[1]), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

static void waiting_receivers_are_served_in_order(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 4);
	struct op op[4];
	u64 i;

	for (i = 0; i < ARRAY_SIZE(op); i++)
		receiver(test, &op[i], chan);
	for (i = 0; i < ARRAY_SIZE(op); i++)
		put(chan, i);
	for (i = 0; i < ARRAY_SIZE(op); i++)
		KUNIT_EXPECT_EQ(test, outcome(test, &op[i]), i);
	kcoro_chan_drop(chan, BOTH);
}

static void waiting_senders_are_served_in_order(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op[4];
	u64 i;

	for (i = 0; i < ARRAY_SIZE(op); i++)
		sender(test, &op[i], chan, i);
	for (i = 0; i < ARRAY_SIZE(op); i++)
		KUNIT_EXPECT_EQ(test, get(chan), i);
	for (i = 0; i < ARRAY_SIZE(op); i++)
		KUNIT_EXPECT_EQ(test, outcome(test, &op[i]), 0);
	kcoro_chan_drop(chan, BOTH);
}

static void deadline_in_the_past_takes_what_is_there(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);

	KUNIT_EXPECT_EQ(test, put(chan, 7), 0);
	KUNIT_EXPECT_EQ(test, get(chan), 7);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Put back ------------------------------------------------------------- */

static void unrecv_goes_before_all_others(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 2);
	u64 value;

	put(chan, 1);
	put(chan, 2);
	value = get(chan);
	put(chan, 3);
	kcoro_chan_unrecv(chan, &value);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, get(chan), 2);
	KUNIT_EXPECT_EQ(test, get(chan), 3);
	KUNIT_EXPECT_EQ(test, get(chan), -ETIMEDOUT);
	kcoro_chan_drop(chan, BOTH);
}

static void unrecv_last_comes_first(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	u64 value;

	value = 2;
	kcoro_chan_unrecv(chan, &value);
	value = 1;
	kcoro_chan_unrecv(chan, &value);
	KUNIT_EXPECT_EQ(test, get(chan), 1);
	KUNIT_EXPECT_EQ(test, get(chan), 2);
	kcoro_chan_drop(chan, BOTH);
}

/* However often it happens, a message's room is used again. */
static void unrecv_takes_no_more_memory(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	u64 value = 1;
	int i;

	for (i = 0; i < 100; i++) {
		kcoro_chan_unrecv(chan, &value);
		KUNIT_EXPECT_EQ(test, get(chan), 1);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&chan->returned));
	KUNIT_EXPECT_TRUE(test, list_is_singular(&chan->spent));
	kcoro_chan_drop(chan, BOTH);
}

static void unrecv_reaches_a_waiting_receiver(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	u64 value = 9;
	struct op op;

	receiver(test, &op, chan);
	kcoro_chan_unrecv(chan, &value);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 9);
	KUNIT_EXPECT_EQ(test, get(chan), -ETIMEDOUT);
	kcoro_chan_drop(chan, BOTH);
}

static void unrecv_comes_before_the_end_of_stream(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 1);
	u64 value;

	put(chan, 5);
	value = get(chan);
	kcoro_chan_close(chan);
	kcoro_chan_unrecv(chan, &value);
	KUNIT_EXPECT_EQ(test, get(chan), 5);
	KUNIT_EXPECT_EQ(test, get(chan), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
}

static struct kunit_case chan_cases[] = {
	KUNIT_CASE(unbuffered_send_meets_waiting_receiver),
	KUNIT_CASE(unbuffered_recv_meets_waiting_sender),
	KUNIT_CASE(unbuffered_without_a_peer_times_out),
	KUNIT_CASE(unbuffered_try_without_a_peer_is_eagain),
	KUNIT_CASE(buffered_messages_keep_their_order),
	KUNIT_CASE(full_channel_refuses_and_queues_nothing),
	KUNIT_CASE(full_channel_takes_blocked_senders_at_its_tail),
	KUNIT_CASE(full_channel_wakes_one_sender_for_one_message),
	KUNIT_CASE(waiting_receivers_are_served_in_order),
	KUNIT_CASE(waiting_senders_are_served_in_order),
	KUNIT_CASE(deadline_in_the_past_takes_what_is_there),
	KUNIT_CASE(unrecv_goes_before_all_others),
	KUNIT_CASE(unrecv_last_comes_first),
	KUNIT_CASE(unrecv_takes_no_more_memory),
	KUNIT_CASE(unrecv_reaches_a_waiting_receiver),
	KUNIT_CASE(unrecv_comes_before_the_end_of_stream),
	{}
};

static struct kunit_suite chan_suite = {
	.name = "kcoro_chan",
	.test_cases = chan_cases,
};

kunit_test_suites(&chan_suite);

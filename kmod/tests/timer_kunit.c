// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of timer.c: timers that tick into a channel. No test expects that a tick
 * comes soon; all that is told is that it does not come early, or twice, or late
 * in the sense of after a stop.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_bubble.h>
#include <linux/kcoro_timer.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define HOUR	(3600 * NSEC_PER_SEC)
#define NEVER	ktime_add_ms(ktime_get(), 3600 * 1000)

#include "task_ops.h"

static int timer_init(struct kunit *test)
{
	test->priv = kcoro_timer_create();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, test->priv);
	return 0;
}

static void timer_exit(struct kunit *test)
{
	kcoro_timer_destroy(test->priv);
}

static int receive(struct kcoro_timer *timer, u64 *when, ktime_t deadline)
{
	return kcoro_recv(kcoro_timer_chan(timer), when, deadline);
}

/* Until ticks have found that one before them was not received. */
static void await_drops(struct kunit *test, struct kcoro_timer *timer, u64 nr)
{
	int guard = 30000;

	while (kcoro_timer_dropped(timer) < nr && guard--)
		usleep_range(20, 1000);
	KUNIT_EXPECT_GE(test, kcoro_timer_dropped(timer), nr);
}

static void one_tick_not_before_its_time(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	u64 when = ktime_get_ns() + 2 * NSEC_PER_MSEC, got = 0;

	KUNIT_EXPECT_EQ(test, kcoro_timer_start(timer, when, 0), 0);
	KUNIT_EXPECT_EQ(test, receive(timer, &got, GUARD), 1);
	KUNIT_EXPECT_GE(test, got, when);
	KUNIT_EXPECT_LE(test, got, ktime_get_ns());
	msleep(5);
	KUNIT_EXPECT_EQ(test, receive(timer, &got, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_timer_dropped(timer), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_timer_stop(timer));
}

static s64 receive_run(void *data)
{
	u64 got;

	return receive(data, &got, KCORO_FOREVER);
}

static void a_task_waits_for_a_tick(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	struct kcoro_task *task = go(test, receive_run, timer);

	KUNIT_EXPECT_EQ(test, kcoro_timer_start(timer, PAST, 0), 0);
	KUNIT_EXPECT_EQ(test, finish(test, task), 1);
}

static void ticks_are_a_period_apart(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	u64 start = ktime_get_ns(), period = NSEC_PER_MSEC, got = 0, nr;

	KUNIT_EXPECT_EQ(test, kcoro_timer_start(timer, start + period, period),
			0);
	for (nr = 1; nr <= 5; nr++) {
		KUNIT_EXPECT_EQ(test, receive(timer, &got, GUARD), 1);
		KUNIT_EXPECT_GE(test, got, start + nr * period);
	}
	KUNIT_EXPECT_TRUE(test, kcoro_timer_stop(timer));
}

static void a_slow_receiver_gets_one(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	u64 start = ktime_get_ns(), early, got = 0;

	kcoro_timer_start(timer, start, NSEC_PER_MSEC);
	await_drops(test, timer, 1);
	early = ktime_get_ns();
	await_drops(test, timer, 5);
	KUNIT_EXPECT_EQ(test, receive(timer, &got, PAST), 1);
	/* It is the first, and those that came while it was there are gone. */
	KUNIT_EXPECT_LT(test, got, early);
	KUNIT_EXPECT_LE(test, kcoro_timer_dropped(timer),
			(ktime_get_ns() - start) / NSEC_PER_MSEC);
}

static void a_stop_leaves_no_tick(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	u64 got;
	int i;

	for (i = 0; i < 20; i++) {
		kcoro_timer_start(timer, PAST, KCORO_TIMER_PERIOD_MIN);
		await_drops(test, timer, kcoro_timer_dropped(timer) + 1);
		KUNIT_EXPECT_TRUE(test, kcoro_timer_stop(timer));
		KUNIT_EXPECT_EQ(test, receive(timer, &got, PAST), -ETIMEDOUT);
		KUNIT_EXPECT_FALSE(test, kcoro_timer_stop(timer));
	}
}

static void a_start_leaves_no_tick(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	u64 got;

	kcoro_timer_start(timer, PAST, KCORO_TIMER_PERIOD_MIN);
	await_drops(test, timer, 1);
	kcoro_timer_start(timer, NEVER, 0);
	KUNIT_EXPECT_EQ(test, receive(timer, &got, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, kcoro_timer_stop(timer));
}

static void short_periods_are_refused(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;

	KUNIT_EXPECT_EQ(test, kcoro_timer_start(timer, NEVER, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_timer_start(timer, NEVER,
						KCORO_TIMER_PERIOD_MIN - 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_timer_start(timer, NEVER, U64_MAX), -EINVAL);
	KUNIT_EXPECT_FALSE(test, kcoro_timer_stop(timer));
}

static s64 receive_held(void *data)
{
	struct kcoro_chan *chan = data;
	u64 got;
	s64 ret = kcoro_recv(chan, &got, KCORO_FOREVER);

	kcoro_chan_drop(chan, KCORO_RECV);
	return ret;
}

static void the_end_is_end_of_stream(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	struct kcoro_chan *chan = kcoro_timer_chan(timer);
	struct kcoro_task *task;

	kcoro_chan_hold(chan, KCORO_RECV);
	kcoro_timer_start(timer, NEVER, 0);
	task = go(test, receive_held, chan);
	kcoro_timer_destroy(timer);
	test->priv = NULL;
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
}

/* As Go's `select` over a message and time.After(). */
static void a_select_over_a_timer(struct kunit *test)
{
	struct kcoro_timer *timer = test->priv;
	struct kcoro_chan *quiet = kcoro_chan_create(sizeof(u64), 0);
	u64 message, when = 0;
	struct kcoro_select_case cases[] = {
		{ .chan = quiet, .op = KCORO_OP_RECV, .msg = &message },
		{ .chan = kcoro_timer_chan(timer), .op = KCORO_OP_RECV,
		  .msg = &when },
	};

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, quiet);
	kcoro_timer_start(timer, ktime_add_us(ktime_get(), 500), 0);
	KUNIT_EXPECT_EQ(test, kcoro_select(cases, ARRAY_SIZE(cases), 0, GUARD),
			1);
	KUNIT_EXPECT_EQ(test, cases[1].result, 1);
	KUNIT_EXPECT_GT(test, when, 0);
	kcoro_chan_drop(quiet, KCORO_SEND | KCORO_RECV);
}

struct left {
	struct kcoro_timer *timer;
	u64 tick;
	s64 ret;
};

static s64 take_tick(void *data)
{
	struct left *left = data;

	left->ret = receive(left->timer, &left->tick, KCORO_FOREVER);
	return 0;
}

static s64 leave_ticker_and_task(void *data)
{
	struct left *left = data;

	left->timer = kcoro_timer_create();
	if (IS_ERR(left->timer))
		return PTR_ERR(left->timer);
	kcoro_task_put(kcoro_go(take_tick, data));
	return kcoro_timer_start(left->timer, kcoro_now() + HOUR, HOUR);
}

/* In Go, the clock of a bubble stands still once its first function is over. */
static void a_bubble_goes_on_for_who_waits_for_a_tick(struct kunit *test)
{
	struct kcoro_bubble_args args = { .seed = 1 };
	struct kcoro_bubble_end end;
	struct left left = {};

	KUNIT_EXPECT_EQ(test, kcoro_bubble_run(&args, leave_ticker_and_task,
					       &left, &end), 0);
	KUNIT_ASSERT_EQ(test, end.result, 0);
	KUNIT_EXPECT_EQ(test, left.ret, 1);
	KUNIT_EXPECT_EQ(test, left.tick, KCORO_BUBBLE_EPOCH + HOUR);
	KUNIT_EXPECT_EQ(test, end.time, KCORO_BUBBLE_EPOCH + HOUR);
	kcoro_timer_destroy(left.timer);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(one_tick_not_before_its_time),
	KUNIT_CASE(a_task_waits_for_a_tick),
	KUNIT_CASE(ticks_are_a_period_apart),
	KUNIT_CASE(a_slow_receiver_gets_one),
	KUNIT_CASE(a_stop_leaves_no_tick),
	KUNIT_CASE(a_start_leaves_no_tick),
	KUNIT_CASE(short_periods_are_refused),
	KUNIT_CASE(the_end_is_end_of_stream),
	KUNIT_CASE(a_select_over_a_timer),
	KUNIT_CASE(a_bubble_goes_on_for_who_waits_for_a_tick),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_timer",
	.init = timer_init,
	.exit = timer_exit,
	.test_cases = cases,
};
kunit_test_suites(&suite);

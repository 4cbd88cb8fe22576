// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of task.c: waiting for the end of a task, and asking it to end.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"

static struct kcoro_chan *make(struct kunit *test)
{
	struct kcoro_chan *chan = kcoro_chan_create(sizeof(u64), 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	return chan;
}

/* What the task waits for, once it waits. */
static u32 waits_for(struct kcoro_task *task)
{
	struct kcoro_task_info info;
	int guard = 30000;

	do {
		usleep_range(20, 100);
		kcoro_task_info(task, &info);
	} while (info.state != KCORO_TASK_PARKED && guard--);
	return info.wait;
}

static s64 return_data(void *data)
{
	return (long)data;
}

/* Parks until its channel is closed, or it is cancelled. */
static s64 recv_run(void *data)
{
	u64 value;

	return kcoro_recv(data, &value, KCORO_FOREVER);
}

/* --- Join ----------------------------------------------------------------- */

static s64 join_run(void *data)
{
	s64 result;
	int err = kcoro_join(data, KCORO_FOREVER, &result);

	return err ?: result;
}

static void join_by_many_gives_all_the_result(struct kunit *test)
{
	struct kcoro_chan *chan = make(test);
	struct kcoro_task *task = go(test, recv_run, chan), *joiner[10];
	u64 value = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(joiner); i++)
		joiner[i] = go(test, join_run, task);
	for (i = 0; i < ARRAY_SIZE(joiner); i++)
		KUNIT_EXPECT_EQ(test, waits_for(joiner[i]), KCORO_WAIT_JOIN);
	KUNIT_EXPECT_EQ(test, kcoro_send(chan, &value, GUARD), 0);
	for (i = 0; i < ARRAY_SIZE(joiner); i++)
		KUNIT_EXPECT_EQ(test, finish(test, joiner[i]), 1);
	finish(test, task);
	kcoro_chan_drop(chan, BOTH);
}

static s64 join_self_run(void *data)
{
	return kcoro_join(kcoro_current(), KCORO_FOREVER, NULL);
}

static void join_of_oneself_is_edeadlk(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, finish(test, go(test, join_self_run, NULL)),
			-EDEADLK);
}

static void join_deadline_leaves_the_task_alone(struct kunit *test)
{
	struct kcoro_chan *chan = make(test);
	struct kcoro_task *task = go(test, recv_run, chan);
	s64 result = 42;

	KUNIT_EXPECT_EQ(test, kcoro_join(task, PAST, &result), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test,
			kcoro_join(task, ktime_add_us(ktime_get(), 500), NULL),
			-ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, result, 42);
	KUNIT_EXPECT_FALSE(test, kcoro_task_done(task));
	kcoro_chan_close(chan);
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Cancel --------------------------------------------------------------- */

static s64 sleep_run(void *data)
{
	return kcoro_sleep_until(KCORO_FOREVER - 1);
}

static s64 send_run(void *data)
{
	u64 value = 0;

	return kcoro_send(data, &value, KCORO_FOREVER);
}

static s64 select_run(void *data)
{
	u64 value;
	struct kcoro_select_case c = {
		.chan = data, .op = KCORO_OP_RECV, .msg = &value,
	};

	return kcoro_select(&c, 1, 0, KCORO_FOREVER);
}

static void cancel_ends_every_kind_of_wait(struct kunit *test)
{
	static const struct {
		s64 (*fn)(void *data);
		u32 wait;
	} kinds[] = {
		{ sleep_run, KCORO_WAIT_SLEEP },
		{ send_run, KCORO_WAIT_SEND },
		{ recv_run, KCORO_WAIT_RECV },
		{ select_run, KCORO_WAIT_SELECT },
		{ join_run, KCORO_WAIT_JOIN },
	};
	struct kcoro_chan *chan[2] = { make(test), make(test) };
	struct kcoro_task *other = go(test, recv_run, chan[1]), *task;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool join = kinds[i].wait == KCORO_WAIT_JOIN;

		task = go(test, kinds[i].fn,
			  join ? (void *)other : (void *)chan[0]);
		KUNIT_EXPECT_EQ(test, waits_for(task), kinds[i].wait);
		KUNIT_EXPECT_TRUE(test, kcoro_cancel(task));
		KUNIT_EXPECT_EQ(test, finish(test, task), -ECANCELED);
	}
	kcoro_chan_close(chan[1]);
	finish(test, other);
	kcoro_chan_drop(chan[0], BOTH);
	kcoro_chan_drop(chan[1], BOTH);
}

static void cancel_of_an_ended_task_says_so(struct kunit *test)
{
	struct kcoro_task *task = go(test, return_data, NULL);

	end_of(test, task);
	KUNIT_EXPECT_FALSE(test, kcoro_cancel(task));
	kcoro_task_put(task);
}

static s64 try_run(void *data)
{
	u64 value = 0;
	struct kcoro_select_case c = {
		.chan = data, .op = KCORO_OP_RECV, .msg = &value,
	};

	kcoro_cancel(kcoro_current());
	if (kcoro_try_send(data, &value) != -EAGAIN ||
	    kcoro_try_recv(data, &value) != -EAGAIN ||
	    kcoro_select(&c, 1, KCORO_SELECT_NOWAIT, 0) != -EAGAIN)
		return 1;
	return kcoro_sleep_until(PAST) == -ECANCELED ? 0 : 2;
}

static void cancel_is_kept_for_a_call_that_may_wait(struct kunit *test)
{
	struct kcoro_chan *chan = make(test);

	KUNIT_EXPECT_EQ(test, finish(test, go(test, try_run, chan)), 0);
	kcoro_chan_drop(chan, BOTH);
}

static s64 killed_run(void *data)
{
	u64 value = 0;
	int i;

	kcoro_task_kill(kcoro_current());
	for (i = 0; i < 3; i++)
		if (kcoro_send(data, &value, KCORO_FOREVER) != -ECANCELED)
			return 1;
	return 0;
}

/* There is room for all it sends. */
static void kill_fails_calls_that_need_not_wait(struct kunit *test)
{
	struct kcoro_chan *chan = kcoro_chan_create(sizeof(u64), 8);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	KUNIT_EXPECT_EQ(test, finish(test, go(test, killed_run, chan)), 0);
	kcoro_chan_drop(chan, BOTH);
}

static struct kunit_case join_cases[] = {
	KUNIT_CASE(join_by_many_gives_all_the_result),
	KUNIT_CASE(join_of_oneself_is_edeadlk),
	KUNIT_CASE(join_deadline_leaves_the_task_alone),
	KUNIT_CASE(cancel_ends_every_kind_of_wait),
	KUNIT_CASE(cancel_of_an_ended_task_says_so),
	KUNIT_CASE(cancel_is_kept_for_a_call_that_may_wait),
	KUNIT_CASE(kill_fails_calls_that_need_not_wait),
	{}
};

static struct kunit_suite join_suite = {
	.name = "kcoro_join",
	.test_cases = join_cases,
};

kunit_test_suites(&join_suite);

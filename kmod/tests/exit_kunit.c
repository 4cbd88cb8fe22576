// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of exit.c: ends from any depth, and what is done at an end.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_scope.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0

#include "task_ops.h"

static s64 run(struct kunit *test, s64 (*fn)(void *data), void *data)
{
	return finish(test, go(test, fn, data));
}

/* Frames with arrays have marks around them under KASAN. */
static noinline int dig(int depth, s64 result)
{
	char room[32];

	memset(room, depth, sizeof(room));
	OPTIMIZER_HIDE_VAR(depth);
	if (depth)
		return dig(depth - 1, result) + room[depth % sizeof(room)];
	kcoro_exit(result);
	return 0;
}

static s64 exit_deep(void *data)
{
	return dig(5, (long)data) + 1000000;
}

static void the_result_from_any_depth(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, run(test, exit_deep, (void *)7), 7);
	KUNIT_EXPECT_EQ(test, run(test, exit_deep, ERR_PTR(-EILSEQ)), -EILSEQ);
}

static s64 return_deep(void *data)
{
	char room[1024];

	memset(room, 1, sizeof(room));
	OPTIMIZER_HIDE_VAR(data);
	return room[(long)data % sizeof(room)];
}

/* Who has the stack next finds no marks of frames that were left behind. */
static void the_stack_can_be_used_again(struct kunit *test)
{
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, run(test, exit_deep, NULL), 0);
		KUNIT_ASSERT_EQ(test, run(test, return_deep, NULL), 1);
	}
}

/* --- Deferred calls ------------------------------------------------------------ */

#define STEPS	3

struct steps {
	struct kcoro_defer defer[STEPS];
	struct kcoro_task *task;
	int nr;
	int order[STEPS];
	bool done_seen;
};

static void step(struct steps *steps, int which)
{
	steps->order[steps->nr++] = which;
	kcoro_sleep_until(PAST);	/* a deferred call may wait */
	steps->done_seen |= kcoro_task_done(kcoro_current());
}

static void step0(void *data)
{
	step(data, 0);
}

static void step1(void *data)
{
	step(data, 1);
}

static void step2(void *data)
{
	step(data, 2);
}

static void defer_steps(struct steps *steps)
{
	kcoro_defer(&steps->defer[0], step0, steps);
	kcoro_defer(&steps->defer[1], step1, steps);
	kcoro_defer(&steps->defer[2], step2, steps);
}

static s64 defer_and_return(void *data)
{
	defer_steps(data);
	return 7;
}

static s64 defer_and_exit(void *data)
{
	defer_steps(data);
	return dig(3, 7);
}

static void expect_steps(struct kunit *test, s64 (*fn)(void *data))
{
	struct steps *steps = kunit_kzalloc(test, sizeof(*steps), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, steps);
	KUNIT_EXPECT_EQ(test, run(test, fn, steps), 7);
	KUNIT_EXPECT_EQ(test, steps->nr, 3);
	KUNIT_EXPECT_EQ(test, steps->order[0], 2);
	KUNIT_EXPECT_EQ(test, steps->order[1], 1);
	KUNIT_EXPECT_EQ(test, steps->order[2], 0);
	KUNIT_EXPECT_FALSE(test, steps->done_seen);
}

static void deferred_calls_are_made_at_a_return(struct kunit *test)
{
	expect_steps(test, defer_and_return);
}

static void deferred_calls_are_made_at_an_exit(struct kunit *test)
{
	expect_steps(test, defer_and_exit);
}

static void threads_defer_nothing(struct kunit *test)
{
	struct kcoro_defer defer;

	KUNIT_EXPECT_EQ(test, kcoro_defer(&defer, step0, NULL), -EINVAL);
}

static s64 exit_in_scope(void *data)
{
	struct kcoro_scope outer, inner;

	kcoro_scope_enter(&outer, ktime_add_ms(ktime_get(), 5));
	kcoro_scope_enter(&inner, ktime_add_ms(ktime_get(), 5));
	return dig(3, 7);
}

/* The timers are gone: they would cancel, and use, what is not there. */
static void an_exit_closes_scopes(struct kunit *test)
{
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, run(test, exit_in_scope, NULL), 7);
	msleep(20);
}

/* --- Try ----------------------------------------------------------------------- */

struct attempt {
	s64 (*fn)(void *data);
	void *data;
	s64 result;
	int err;
	bool went_on;
	struct kcoro_chan *chan;
	u64 got;
};

static s64 attempt(void *data)
{
	struct attempt *a = data;

	a->err = kcoro_try(a->fn, a->data, &a->result);
	a->went_on = true;
	return 0;
}

static void an_exit_does_not_get_past_a_try(struct kunit *test)
{
	struct attempt a = { .fn = exit_deep, .data = (void *)7 };

	KUNIT_EXPECT_EQ(test, run(test, attempt, &a), 0);
	KUNIT_EXPECT_TRUE(test, a.went_on);
	KUNIT_EXPECT_EQ(test, a.err, 0);
	KUNIT_EXPECT_EQ(test, a.result, 7);
}

static s64 receive(void *data)
{
	struct attempt *a = data;

	kcoro_send(a->chan, &a->got, KCORO_FOREVER);
	return kcoro_recv(a->chan, &a->got, KCORO_FOREVER);
}

static void stop_attempt(struct kunit *test, void (*stop)(struct kcoro_task *))
{
	struct attempt a = { .fn = receive, .data = &a };
	struct kcoro_task *task;

	a.chan = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a.chan);
	task = go(test, attempt, &a);
	KUNIT_EXPECT_EQ(test, kcoro_recv(a.chan, &a.got, GUARD), 1);
	stop(task);
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
	KUNIT_EXPECT_EQ(test, a.err, -ECANCELED);
	kcoro_chan_drop(a.chan, KCORO_SEND | KCORO_RECV);
}

static void cancel(struct kcoro_task *task)
{
	kcoro_cancel(task);
}

static void a_request_is_passed_on_to_the_try(struct kunit *test)
{
	stop_attempt(test, cancel);
}

/* Else it would use what is in the frame of who was killed. */
static void a_try_ends_with_who_was_killed(struct kunit *test)
{
	stop_attempt(test, kcoro_task_kill);
}

static void threads_try_nothing(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_try(exit_deep, NULL, NULL), -EINVAL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_result_from_any_depth),
	KUNIT_CASE(the_stack_can_be_used_again),
	KUNIT_CASE(deferred_calls_are_made_at_a_return),
	KUNIT_CASE(deferred_calls_are_made_at_an_exit),
	KUNIT_CASE(threads_defer_nothing),
	KUNIT_CASE(an_exit_closes_scopes),
	KUNIT_CASE(an_exit_does_not_get_past_a_try),
	KUNIT_CASE(a_request_is_passed_on_to_the_try),
	KUNIT_CASE(a_try_ends_with_who_was_killed),
	KUNIT_CASE(threads_try_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_exit",
	.test_cases = cases,
};
kunit_test_suites(&suite);

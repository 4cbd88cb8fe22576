// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of once.c.
 */
#include <linux/kcoro_scope.h>
#include <linux/kcoro_sync.h>

#include "sync_ops.h"

static DEFINE_KCORO_ONCE(defined);

struct scene {
	struct kcoro_once once;
	atomic_t calls;
	s64 give;	/* the function's result */
	bool go;	/* the function may end */
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kcoro_once_init(&s->once, "test");
	s->give = 42;
	s->go = true;
	test->priv = s;
	return 0;
}

/* Waits for its go; fails if it is cancelled. */
static s64 act(void *data)
{
	struct scene *s = data;
	int err = 0;

	atomic_inc(&s->calls);
	while (!READ_ONCE(s->go) && !err)
		err = kcoro_sleep_ms(1);
	return err ?: s->give;
}

/* -EBADE: not the result of the first one. */
static int do_call(struct call *call)
{
	struct scene *s = call->obj;
	s64 result = -EBADE;
	int err = kcoro_once_do(&s->once, act, s, call->deadline, &result);

	call->arg = result;
	return err;
}

static void await_calls(struct kunit *test, struct scene *s, int nr)
{
	ktime_t guard = GUARD;

	while (atomic_read(&s->calls) != nr && ktime_before(ktime_get(), guard))
		usleep_range(20, 100);
	KUNIT_ASSERT_EQ(test, atomic_read(&s->calls), nr);
}

/* One that runs the function, and waits for its go. */
static struct call *runner(struct kunit *test, struct scene *s)
{
	struct call *call = calls(test, 1, do_call, s);

	WRITE_ONCE(s->go, false);
	call_in_task(test, call);
	await_calls(test, s, 1);
	return call;
}

static void expect_result(struct kunit *test, s64 want)
{
	struct scene *s = test->priv;
	s64 result = -EBADE;

	KUNIT_EXPECT_TRUE(test, kcoro_once_done(&s->once));
	KUNIT_EXPECT_EQ(test, kcoro_once_do(&s->once, act, s, PAST, &result),
			0);
	KUNIT_EXPECT_EQ(test, result, want);
	KUNIT_EXPECT_EQ(test, kcoro_once_do(&s->once, act, s, PAST, NULL), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->calls), 1);
}

static void it_is_done_once(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 12, do_call, s);
	int i;

	KUNIT_EXPECT_FALSE(test, kcoro_once_done(&s->once));
	for (i = 0; i < 12; i++)
		call_in_turn(test, &call[i], i);
	for (i = 0; i < 12; i++) {
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
		KUNIT_EXPECT_EQ(test, (s64)call[i].arg, 42);
	}
	expect_result(test, 42);
}

static void a_defined_one_needs_no_init(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_FALSE(test, kcoro_once_done(&defined));
	KUNIT_EXPECT_EQ(test, kcoro_once_do(&defined, act, s, GUARD, NULL), 0);
	KUNIT_EXPECT_TRUE(test, kcoro_once_done(&defined));
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
	kcoro_once_init(&defined, "defined");	/* the suite may run again */
}

/* They get the result, and not before there is one. */
static void others_wait_for_the_first(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *first = runner(test, s);
	struct call *call = calls(test, 4, do_call, s);
	int i;

	for (i = 0; i < 4; i++)
		call_in_turn(test, &call[i], i);
	await_waiters(test, &s->once, 4);
	KUNIT_EXPECT_FALSE(test, kcoro_once_done(&s->once));
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, first), 0);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
		KUNIT_EXPECT_EQ(test, (s64)call[i].arg, 42);
	}
	expect_result(test, 42);
}

static void a_failure_is_for_all(struct kunit *test)
{
	struct scene *s = test->priv;
	s64 result = 0;

	s->give = -ENXIO;
	KUNIT_EXPECT_EQ(test, kcoro_once_do(&s->once, act, s, GUARD, &result),
			0);
	KUNIT_EXPECT_EQ(test, result, -ENXIO);
	s->give = 42;
	expect_result(test, -ENXIO);
}

static void so_is_that_of_who_was_cancelled(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *first = runner(test, s);
	struct call *call = calls(test, 1, do_call, s);

	call_in_thread(test, call);
	await_waiters(test, &s->once, 1);
	kcoro_cancel(first->task);
	KUNIT_EXPECT_EQ(test, result_of(test, first), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
	KUNIT_EXPECT_EQ(test, (s64)first->arg, -ECANCELED);
	KUNIT_EXPECT_EQ(test, (s64)call->arg, -ECANCELED);
	expect_result(test, -ECANCELED);
}

static s64 leave(void *data)
{
	struct scene *s = data;

	act(s);
	kcoro_exit(7);
	return -EBADE;
}

static s64 leave_run(void *data)
{
	struct scene *s = data;

	kcoro_once_do(&s->once, leave, s, GUARD, NULL);
	return -EBADE;
}

static void its_task_may_end_in_it(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, do_call, s);
	struct kcoro_task *task;

	s->go = false;
	task = go(test, leave_run, s);
	await_calls(test, s, 1);
	call_in_thread(test, call);
	await_waiters(test, &s->once, 1);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, finish(test, task), 7);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
	KUNIT_EXPECT_EQ(test, (s64)call->arg, 7);
	expect_result(test, 7);
}

static void count_call(void *data)
{
	atomic_inc(data);
}

static s64 defer_run(void *data)
{
	struct scene *s = data;
	struct kcoro_defer before;
	s64 err;

	kcoro_defer(&before, count_call, &s->calls);
	err = kcoro_once_do(&s->once, act, s, GUARD, NULL);
	return err;
}

/* What it defers by itself is taken back, and only that. */
static void it_leaves_no_deferred_call_behind(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_EQ(test, finish(test, go(test, defer_run, s)), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->calls), 2);
	KUNIT_EXPECT_EQ(test, s->once.result, 42);
}

static s64 again(void *data)
{
	struct scene *s = data;

	atomic_inc(&s->calls);
	return kcoro_once_do(&s->once, again, s, GUARD, NULL);
}

static int again_call(struct call *call)
{
	struct scene *s = call->obj;
	s64 result = 0;

	kcoro_once_do(&s->once, again, s, GUARD, &result);
	return result;
}

static void it_cannot_wait_for_itself(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 2, again_call, s);

	call_in_task(test, &call[0]);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), -EDEADLK);
	kcoro_once_init(&s->once, "test");
	call_in_thread(test, &call[1]);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), -EDEADLK);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->calls), 2);
}

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *first = runner(test, s);

	check_leaving_object(test, &s->once, do_call, s, 0);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, first), 0);
	expect_result(test, 42);
}

static void who_was_cancelled_before_does_nothing(struct kunit *test)
{
	struct scene *s = test->priv;

	expect_canceled(test, do_call, s, -ECANCELED, false);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->calls), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_once_done(&s->once));
	kcoro_once_do(&s->once, act, s, GUARD, NULL);
	expect_canceled(test, do_call, s, 0, true);	/* it needs no waiting */
}

static struct kunit_case cases[] = {
	KUNIT_CASE(it_is_done_once),
	KUNIT_CASE(a_defined_one_needs_no_init),
	KUNIT_CASE(others_wait_for_the_first),
	KUNIT_CASE(a_failure_is_for_all),
	KUNIT_CASE(so_is_that_of_who_was_cancelled),
	KUNIT_CASE(its_task_may_end_in_it),
	KUNIT_CASE(it_leaves_no_deferred_call_behind),
	KUNIT_CASE(it_cannot_wait_for_itself),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(who_was_cancelled_before_does_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_once",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

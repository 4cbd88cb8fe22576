// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of scope.c: deadlines of parts of a task. A deadline in the past stands
 * for one that comes while the task waits: its timer fires in a moment.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_scope.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define LATER	ktime_add_ms(ktime_get(), 3600 * 1000)
#define PAST	0

#include "task_ops.h"

/* What a task found. */
struct found {
	int waited, inner, outer, after;
	u32 left;
	s64 result;
};

/* A wait that only a request, or a kill, ends. */
static int hang(void)
{
	return kcoro_sleep_until(KCORO_FOREVER);
}

/* Would the next wait fail? */
static int next_wait(void)
{
	return kcoro_sleep_until(PAST);
}

/* Until the deadline of @scope has come, without a wait. */
static void outlive(struct kcoro_scope *scope)
{
	while (!kcoro_scope_expired(scope))
		kcoro_yield();
}

static struct found *found_of(struct kunit *test)
{
	struct found *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f);
	return f;
}

static struct found *run(struct kunit *test, s64 (*fn)(void *data))
{
	struct found *f = found_of(test);

	KUNIT_EXPECT_EQ(test, finish(test, go(test, fn, f)), 0);
	return f;
}

/* --- One scope -------------------------------------------------------------- */

static s64 expire(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, PAST);
	f->waited = hang();
	f->outer = kcoro_scope_exit(&scope, f->waited);
	f->left = kcoro_canceling();
	f->after = next_wait();
	return 0;
}

static void the_deadline_ends_a_wait(struct kunit *test)
{
	struct found *f = run(test, expire);

	KUNIT_EXPECT_EQ(test, f->waited, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->outer, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->left, 0);
	KUNIT_EXPECT_EQ(test, f->after, 0);
}

static s64 be_in_time(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, LATER);
	f->waited = next_wait();
	f->inner = kcoro_scope_expired(&scope);
	f->outer = kcoro_scope_exit(&scope, -EILSEQ);
	kcoro_scope_enter(&scope, KCORO_FOREVER);
	f->after = kcoro_scope_exit(&scope, next_wait());
	return 0;
}

static void who_is_in_time_notices_nothing(struct kunit *test)
{
	struct found *f = run(test, be_in_time);

	KUNIT_EXPECT_EQ(test, f->waited, 0);
	KUNIT_EXPECT_EQ(test, f->inner, 0);
	KUNIT_EXPECT_EQ(test, f->outer, -EILSEQ);
	KUNIT_EXPECT_EQ(test, f->after, 0);
}

static s64 compute_beyond(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, PAST);
	outlive(&scope);
	f->inner = kcoro_canceled();
	f->outer = kcoro_scope_exit(&scope, 0);
	f->left = kcoro_canceling();
	f->after = next_wait();
	return 0;
}

static void a_deadline_that_nobody_met_is_taken_back(struct kunit *test)
{
	struct found *f = run(test, compute_beyond);

	KUNIT_EXPECT_EQ(test, f->inner, 1);
	KUNIT_EXPECT_EQ(test, f->outer, 0);
	KUNIT_EXPECT_EQ(test, f->left, 0);
	KUNIT_EXPECT_EQ(test, f->after, 0);
}

static s64 reset(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, LATER);
	f->result = kcoro_scope_reset(&scope, PAST);
	f->waited = hang();
	f->inner = kcoro_scope_reset(&scope, LATER);
	f->outer = kcoro_scope_exit(&scope, f->waited);
	return 0;
}

static void a_deadline_moves(struct kunit *test)
{
	struct found *f = run(test, reset);

	KUNIT_EXPECT_EQ(test, f->result, 0);
	KUNIT_EXPECT_EQ(test, f->waited, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->inner, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->outer, -ETIMEDOUT);
}

static s64 put_off(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;
	int i;

	kcoro_scope_enter(&scope, ktime_add_ms(ktime_get(), 1000));
	for (i = 0; i < 40 && !f->waited; i++) {
		f->inner = kcoro_scope_reset(&scope,
					     ktime_add_ms(ktime_get(), 1000));
		f->waited = kcoro_sleep_ms(1);
	}
	f->inner = kcoro_scope_reset(&scope, KCORO_FOREVER);
	f->after = kcoro_sleep_ms(1100);
	f->outer = kcoro_scope_exit(&scope, f->waited);
	return 0;
}

static void a_deadline_is_put_off(struct kunit *test)
{
	struct found *f = run(test, put_off);

	KUNIT_EXPECT_EQ(test, f->waited, 0);
	KUNIT_EXPECT_EQ(test, f->inner, 0);
	KUNIT_EXPECT_EQ(test, f->after, 0);
	KUNIT_EXPECT_EQ(test, f->outer, 0);
}

static void threads_have_no_scopes(struct kunit *test)
{
	struct kcoro_scope scope;

	KUNIT_EXPECT_EQ(test, kcoro_scope_enter(&scope, PAST), -EINVAL);
}

/* --- A scope, and requests by others ------------------------------------------ */

static s64 canceled_in_scope(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, LATER);
	kcoro_cancel(kcoro_current());
	f->waited = hang();
	f->outer = kcoro_scope_exit(&scope, f->waited);
	f->left = kcoro_canceling();
	f->after = next_wait();
	return 0;
}

static void another_request_is_no_expiry(struct kunit *test)
{
	struct found *f = run(test, canceled_in_scope);

	KUNIT_EXPECT_EQ(test, f->outer, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->left, 1);
	KUNIT_EXPECT_EQ(test, f->after, 0);
}

static s64 both_in_scope(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, PAST);
	outlive(&scope);
	kcoro_cancel(kcoro_current());
	f->waited = hang();
	f->outer = kcoro_scope_exit(&scope, f->waited);
	f->left = kcoro_canceling();
	f->after = next_wait();
	return 0;
}

static void another_request_counts_more_than_the_expiry(struct kunit *test)
{
	struct found *f = run(test, both_in_scope);

	KUNIT_EXPECT_EQ(test, f->waited, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->outer, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->left, 1);
	KUNIT_EXPECT_EQ(test, f->after, 0);	/* it was told once */
}

static s64 clean_up_in_scope(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_cancel(kcoro_current());
	f->waited = hang();
	kcoro_scope_enter(&scope, PAST);
	f->outer = kcoro_scope_exit(&scope, hang());
	f->left = kcoro_canceling();
	return 0;
}

static void an_older_request_does_not_count(struct kunit *test)
{
	struct found *f = run(test, clean_up_in_scope);

	KUNIT_EXPECT_EQ(test, f->waited, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->outer, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->left, 1);
}

static s64 killed_in_scope(void *data)
{
	struct found *f = data;
	struct kcoro_scope scope;

	kcoro_scope_enter(&scope, PAST);
	outlive(&scope);
	kcoro_task_kill(kcoro_current());
	f->outer = kcoro_scope_exit(&scope, hang());
	return 0;
}

static void a_kill_is_no_expiry(struct kunit *test)
{
	struct found *f = run(test, killed_in_scope);

	KUNIT_EXPECT_EQ(test, f->outer, -ECANCELED);
}

/* --- Scopes in scopes ------------------------------------------------------------ */

static s64 nest(struct found *f, ktime_t outer, ktime_t inner)
{
	struct kcoro_scope out, in;

	kcoro_scope_enter(&out, LATER);
	kcoro_scope_enter(&in, LATER);
	kcoro_scope_reset(&out, outer);
	kcoro_scope_reset(&in, inner);
	if (outer == PAST)
		outlive(&out);
	if (inner == PAST)
		outlive(&in);
	f->waited = hang();
	f->inner = kcoro_scope_exit(&in, f->waited);
	f->outer = kcoro_scope_exit(&out, f->inner);
	f->left = kcoro_canceling();
	f->after = next_wait();
	return 0;
}

static s64 nest_outer(void *data)
{
	return nest(data, PAST, LATER);
}

static s64 nest_inner(void *data)
{
	return nest(data, LATER, PAST);
}

static s64 nest_both(void *data)
{
	return nest(data, PAST, PAST);
}

static void expect_nest(struct kunit *test, s64 (*fn)(void *data), int inner)
{
	struct found *f = run(test, fn);

	KUNIT_EXPECT_EQ(test, f->waited, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->inner, inner);
	KUNIT_EXPECT_EQ(test, f->outer, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->left, 0);
	KUNIT_EXPECT_EQ(test, f->after, 0);
}

static void the_outer_expiry_is_not_the_inner_ones(struct kunit *test)
{
	expect_nest(test, nest_outer, -ECANCELED);
}

static void the_inner_expiry_is_its_own(struct kunit *test)
{
	expect_nest(test, nest_inner, -ETIMEDOUT);
}

static void both_expiries_are_the_outer_ones(struct kunit *test)
{
	expect_nest(test, nest_both, -ECANCELED);
}

/* --- Waiting for a task -------------------------------------------------------------- */

static s64 until_canceled(void *data)
{
	return hang();
}

static s64 until_canceled_with_result(void *data)
{
	hang();
	kcoro_yield();
	return 5;
}

static void wait_for_ends_it_at_the_deadline(struct kunit *test)
{
	struct kcoro_task *task = go(test, until_canceled, NULL);
	s64 result = 0;

	KUNIT_EXPECT_EQ(test, kcoro_wait_for(task, PAST, &result), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, kcoro_task_done(task));
	KUNIT_EXPECT_EQ(test, result, -ECANCELED);
	kcoro_task_put(task);
}

static void wait_for_tells_of_a_late_result(struct kunit *test)
{
	struct kcoro_task *task = go(test, until_canceled_with_result, NULL);
	s64 result = 0;

	KUNIT_EXPECT_EQ(test, kcoro_wait_for(task, PAST, &result), 0);
	KUNIT_EXPECT_EQ(test, result, 5);
	kcoro_task_put(task);
}

static s64 give_seven(void *data)
{
	return 7;
}

static void wait_for_who_is_in_time(struct kunit *test)
{
	struct kcoro_task *task = go(test, give_seven, NULL);
	s64 result = 0;

	KUNIT_EXPECT_EQ(test, kcoro_wait_for(task, GUARD, &result), 0);
	KUNIT_EXPECT_EQ(test, result, 7);
	kcoro_task_put(task);
}

static s64 wait_for_child(void *data)
{
	struct found *f = data;
	struct kcoro_task *child = kcoro_go(until_canceled_with_result, NULL);

	if (IS_ERR(child))
		return PTR_ERR(child);
	f->waited = kcoro_wait_for(kcoro_current(), KCORO_FOREVER, NULL);
	kcoro_cancel(kcoro_current());
	kcoro_cancel(kcoro_current());	/* for the next wait but that one */
	f->outer = kcoro_wait_for(child, KCORO_FOREVER, &f->result);
	f->inner = kcoro_task_done(child);
	f->after = next_wait();
	kcoro_task_put(child);
	return 0;
}

static void wait_for_passes_a_request_on(struct kunit *test)
{
	struct found *f = run(test, wait_for_child);

	KUNIT_EXPECT_EQ(test, f->waited, -EDEADLK);
	KUNIT_EXPECT_EQ(test, f->outer, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->inner, 1);
	KUNIT_EXPECT_EQ(test, f->result, 5);
	KUNIT_EXPECT_EQ(test, f->after, -ECANCELED);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_deadline_ends_a_wait),
	KUNIT_CASE(who_is_in_time_notices_nothing),
	KUNIT_CASE(a_deadline_that_nobody_met_is_taken_back),
	KUNIT_CASE(a_deadline_moves),
	KUNIT_CASE(a_deadline_is_put_off),
	KUNIT_CASE(threads_have_no_scopes),
	KUNIT_CASE(another_request_is_no_expiry),
	KUNIT_CASE(another_request_counts_more_than_the_expiry),
	KUNIT_CASE(an_older_request_does_not_count),
	KUNIT_CASE(a_kill_is_no_expiry),
	KUNIT_CASE(the_outer_expiry_is_not_the_inner_ones),
	KUNIT_CASE(the_inner_expiry_is_its_own),
	KUNIT_CASE(both_expiries_are_the_outer_ones),
	KUNIT_CASE(wait_for_ends_it_at_the_deadline),
	KUNIT_CASE(wait_for_tells_of_a_late_result),
	KUNIT_CASE(wait_for_who_is_in_time),
	KUNIT_CASE(wait_for_passes_a_request_on),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_scope",
	.test_cases = cases,
};
kunit_test_suites(&suite);

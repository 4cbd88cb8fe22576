// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of cond.c.
 */
#include <linux/kcoro_sync.h>

#include "sync_ops.h"

static DEFINE_KCORO_MUTEX(defined_mutex);
static DEFINE_KCORO_COND(defined, &defined_mutex);

struct scene {
	struct kcoro_mutex mutex;
	struct kcoro_cond cond;
	int came;
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kcoro_mutex_init(&s->mutex, "test");
	kcoro_cond_init(&s->cond, &s->mutex, "test");
	test->priv = s;
	return 0;
}

/* -EBADE: it returns without the mutex. */
static int wait_call(struct call *call)
{
	struct scene *s = call->obj;
	int err = kcoro_mutex_lock(&s->mutex, GUARD);

	if (err)
		return err;
	err = kcoro_cond_wait(&s->cond, call->deadline);
	if (!err)
		call->order = s->came++;
	return kcoro_mutex_unlock(&s->mutex) ? -EBADE : err;
}

static int wait_unlocked_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_cond_wait(&s->cond, call->deadline);
}

/* Tasks and threads that wait, in order. */
static struct call *waiters(struct kunit *test, u32 nr)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, nr, wait_call, s);
	u32 i;

	for (i = 0; i < nr; i++) {
		call_in_turn(test, &call[i], i);
		await_waiters(test, &s->cond, i + 1);
	}
	return call;
}

static void one_is_notified_at_a_time_and_in_order(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = waiters(test, 4);
	int i;

	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 1), 1);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
		KUNIT_EXPECT_EQ(test, call[i].order, i);
		await_waiters(test, &s->cond, 3 - i);
	}
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 1), 0);
}

static void some_and_all_are_notified(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = waiters(test, 6);
	int i;

	KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 0), 0);
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 2), 2);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	await_waiters(test, &s->cond, 4);
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify_all(&s->cond), 4);
	for (i = 2; i < 6; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify_all(&s->cond), 0);
}

/* One that comes after a notification was not meant. */
static void a_notification_is_not_kept(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call;

	kcoro_cond_notify(&s->cond, 1);
	call = waiters(test, 1);
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 1), 1);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

static void a_defined_one_needs_no_init(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_mutex_lock(&defined_mutex, GUARD), 0);
	KUNIT_EXPECT_EQ(test, kcoro_cond_wait(&defined, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_mutex_unlock(&defined_mutex), 0);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static void who_waits_has_the_mutex(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, wait_unlocked_call, s);

	KUNIT_EXPECT_EQ(test, kcoro_cond_wait(&s->cond, GUARD), -EPERM);
	kcoro_mutex_lock(&s->mutex, GUARD);
	call_in_task(test, call);
	KUNIT_EXPECT_EQ(test, result_of(test, call), -EPERM);
	KUNIT_EXPECT_EQ(test, kcoro_mutex_unlock(&s->mutex), 0);
}

/* --- Giving up ----------------------------------------------------------------- */

static void who_gives_up_has_the_mutex(struct kunit *test)
{
	struct scene *s = test->priv;

	check_leaving_object(test, &s->cond, wait_call, s, 0);
	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&s->mutex));
}

/* The mutex is taken again, whatever comes, and however long that takes. */
static void check_relock(struct kunit *test, enum leave how, bool notified)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, wait_call, s);

	start_leaver(test, call, how);
	await_waiters(test, &s->cond, 1);
	KUNIT_ASSERT_EQ(test, kcoro_mutex_lock(&s->mutex, GUARD), 0);
	if (notified) {
		KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 1), 1);
		await_waiters(test, &s->mutex, 1);
	}
	leave_now(call, how);
	await_waiters(test, &s->mutex, 1);
	msleep(5);
	KUNIT_EXPECT_FALSE(test, ended(call));
	KUNIT_EXPECT_EQ(test, kcoro_mutex_unlock(&s->mutex), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, call),
			notified ? 0 : leave_errno(how));
	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&s->mutex));
}

static void a_request_does_not_keep_it_from_the_mutex(struct kunit *test)
{
	check_relock(test, LEAVE_CANCEL, false);
	check_relock(test, LEAVE_CANCEL, true);
}

static void a_kill_does_not_keep_it_from_the_mutex(struct kunit *test)
{
	check_relock(test, LEAVE_KILL, false);
	check_relock(test, LEAVE_KILL, true);
}

static void a_signal_does_not_keep_it_from_the_mutex(struct kunit *test)
{
	check_relock(test, LEAVE_SIGNAL, false);
	check_relock(test, LEAVE_SIGNAL, true);
}

/* A request that comes after the notification is for the next wait. */
static s64 notified_then_canceled(void *data)
{
	struct call *call = data;

	call->ret = wait_call(call);
	return kcoro_sleep_until(PAST);
}

static void a_late_request_is_for_the_next_wait(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, wait_call, s);
	struct kcoro_task *task = go(test, notified_then_canceled, call);

	await_waiters(test, &s->cond, 1);
	kcoro_mutex_lock(&s->mutex, GUARD);
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify(&s->cond, 1), 1);
	kcoro_cancel(task);
	kcoro_mutex_unlock(&s->mutex);
	KUNIT_EXPECT_EQ(test, finish(test, task), -ECANCELED);
	KUNIT_EXPECT_EQ(test, call->ret, 0);
}

/* Who was cancelled is not notified: the notification is for the other one. */
static void a_notification_is_for_one_who_waits(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call;
	u32 i, nr;

	for (i = 0; i < 20; i++) {
		call = waiters(test, 2);
		preempt_disable();
		kcoro_cancel(call[0].task);
		nr = kcoro_cond_notify(&s->cond, 1);
		preempt_enable();
		KUNIT_EXPECT_EQ(test, nr, 1);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), -ECANCELED);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(one_is_notified_at_a_time_and_in_order),
	KUNIT_CASE(some_and_all_are_notified),
	KUNIT_CASE(a_notification_is_not_kept),
	KUNIT_CASE(a_defined_one_needs_no_init),
	KUNIT_CASE(who_waits_has_the_mutex),
	KUNIT_CASE(who_gives_up_has_the_mutex),
	KUNIT_CASE(a_request_does_not_keep_it_from_the_mutex),
	KUNIT_CASE(a_kill_does_not_keep_it_from_the_mutex),
	KUNIT_CASE(a_signal_does_not_keep_it_from_the_mutex),
	KUNIT_CASE(a_late_request_is_for_the_next_wait),
	KUNIT_CASE(a_notification_is_for_one_who_waits),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_cond",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of mutex.c. Where a test holds the mutex itself it does so as a thread.
 */
#include <linux/kcoro_sync.h>

#include "sync_ops.h"

static DEFINE_KCORO_MUTEX(defined);

/* A mutex, and who has had it, in order. */
struct scene {
	struct kcoro_mutex mutex;
	int came;
	bool go;	/* lock_and_hang_call() may go on */
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kcoro_mutex_init(&s->mutex, "test");
	test->priv = s;
	return 0;
}

static int lock(struct scene *s)
{
	return kcoro_mutex_lock(&s->mutex, KCORO_FOREVER);
}

static int unlock(struct scene *s)
{
	return kcoro_mutex_unlock(&s->mutex);
}

static int lock_call(struct call *call)
{
	struct scene *s = call->obj;
	int err = kcoro_mutex_lock(&s->mutex, call->deadline);

	if (err)
		return err;
	call->order = s->came++;
	return kcoro_mutex_unlock(&s->mutex);
}

static int trylock_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_mutex_try_lock(&s->mutex) ?: kcoro_mutex_unlock(&s->mutex);
}

static int unlock_call(struct call *call)
{
	return unlock(call->obj);
}

static int result_in_task(struct kunit *test, int (*fn)(struct call *call))
{
	struct call *call = calls(test, 1, fn, test->priv);

	call_in_task(test, call);
	return result_of(test, call);
}

static int result_in_thread(struct kunit *test, int (*fn)(struct call *call))
{
	struct call *call = calls(test, 1, fn, test->priv);

	call_in_thread(test, call);
	return result_of(test, call);
}

static void one_holder_at_a_time(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&s->mutex));
	KUNIT_EXPECT_EQ(test, lock(s), 0);
	KUNIT_EXPECT_TRUE(test, kcoro_mutex_is_locked(&s->mutex));
	KUNIT_EXPECT_EQ(test, result_in_task(test, trylock_call), -EAGAIN);
	KUNIT_EXPECT_EQ(test, result_in_thread(test, trylock_call), -EAGAIN);
	KUNIT_EXPECT_EQ(test, unlock(s), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&s->mutex));
	KUNIT_EXPECT_EQ(test, result_in_task(test, trylock_call), 0);
	KUNIT_EXPECT_EQ(test, result_in_thread(test, trylock_call), 0);
}

static void a_defined_one_needs_no_init(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_mutex_lock(&defined, GUARD), 0);
	KUNIT_EXPECT_EQ(test, kcoro_mutex_unlock(&defined), 0);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static int lock_twice_call(struct call *call)
{
	struct scene *s = call->obj;
	int err = lock(s) ?: kcoro_mutex_try_lock(&s->mutex) != -EDEADLK;

	err = err ?: kcoro_mutex_lock(&s->mutex, GUARD);
	unlock(s);
	return err;
}

static void who_has_it_cannot_lock_it(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, result_in_task(test, lock_twice_call), -EDEADLK);
	KUNIT_EXPECT_EQ(test, result_in_thread(test, lock_twice_call),
			-EDEADLK);
	KUNIT_EXPECT_EQ(test, result_in_task(test, trylock_call), 0);
}

static void who_has_it_not_cannot_unlock_it(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, lock_call, s);

	KUNIT_EXPECT_EQ(test, unlock(s), -EPERM);
	lock(s);
	KUNIT_EXPECT_EQ(test, result_in_task(test, unlock_call), -EPERM);
	KUNIT_EXPECT_EQ(test, result_in_thread(test, unlock_call), -EPERM);
	/* The same with a waiter, whom that must not wake. */
	call_in_task(test, call);
	await_waiters(test, &s->mutex, 1);
	KUNIT_EXPECT_EQ(test, result_in_task(test, unlock_call), -EPERM);
	KUNIT_EXPECT_EQ(test, queue_length(&s->mutex.lock,
					   kcoro_sync_waitq(&s->mutex.waiters)),
			1);
	KUNIT_EXPECT_EQ(test, unlock(s), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

static int leave_locked_call(struct call *call)
{
	return lock(call->obj);
}

/* The next task is likely to have the address of the one that has ended. */
static void a_later_task_is_not_the_holder(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_EQ(test, result_in_task(test, leave_locked_call), 0);
	KUNIT_EXPECT_EQ(test, result_in_task(test, trylock_call), -EAGAIN);
	KUNIT_EXPECT_EQ(test, result_in_task(test, unlock_call), -EPERM);
	KUNIT_EXPECT_TRUE(test, kcoro_mutex_is_locked(&s->mutex));
}

static int unlock_native(void *data)
{
	return unlock(data);
}

static int hold_over_waits_call(struct call *call)
{
	struct scene *s = call->obj;
	int i, err = lock(s);

	for (i = 0; i < 10 && !err; i++) {
		kcoro_yield();
		err = kcoro_sleep_ms(1);
	}
	/* In a native call the worker calls, who has not locked it. */
	err = err ?: kcoro_native(unlock_native, s) != -EPERM;
	return err ?: unlock(s);
}

static void it_is_the_tasks_own_wherever_it_runs(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, result_in_task(test, hold_over_waits_call), 0);
}

static int kill_and_unlock_call(struct call *call)
{
	int err = lock(call->obj);

	kcoro_task_kill(kcoro_current());
	return err ?: unlock(call->obj);
}

static void who_was_killed_unlocks(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_EQ(test, result_in_task(test, kill_and_unlock_call), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&s->mutex));
}

/* --- Who is next ------------------------------------------------------------- */

/* As all of them have waited for 1 ms. */
static void old_waiters_have_it_in_order(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 6, lock_call, s);
	int i;

	lock(s);
	for (i = 0; i < 6; i++) {
		call_in_turn(test, &call[i], i);
		await_waiters(test, &s->mutex, i + 1);
	}
	msleep(3);
	unlock(s);
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
		KUNIT_EXPECT_EQ(test, call[i].order, i);
	}
}

static int lock_and_hang_call(struct call *call)
{
	struct scene *s = call->obj;
	int err = lock(s);

	while (!err && !READ_ONCE(s->go))
		err = kcoro_sleep_ms(1);
	unlock(s);
	return err;
}

static void an_old_waiter_is_not_passed_over(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, lock_and_hang_call, s);
	int err;

	lock(s);
	call_in_task(test, call);
	await_waiters(test, &s->mutex, 1);
	msleep(3);
	preempt_disable();
	unlock(s);
	err = kcoro_mutex_try_lock(&s->mutex);	/* it has hardly run yet */
	preempt_enable();
	KUNIT_EXPECT_EQ(test, err, -EAGAIN);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

/*
 * Unlock, and be there again before the waiter that was woken, one of @call. It
 * may be faster, or old, if this CPU is slow: then start again.
 */
static void barge(struct kunit *test, struct scene *s, struct call *call, int nr)
{
	ktime_t guard = GUARD;
	int i, err;

	do {
		KUNIT_ASSERT_EQ(test, lock(s), 0);
		s->came = 0;
		for (i = 0; i < nr; i++) {
			call_in_task(test, &call[i]);
			await_waiters(test, &s->mutex, i + 1);
		}
		preempt_disable();
		unlock(s);
		err = kcoro_mutex_try_lock(&s->mutex);
		preempt_enable();
		for (i = 0; err && i < nr; i++)
			result_of(test, &call[i]);
	} while (err && ktime_before(ktime_get(), guard));
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void a_young_waiter_is_passed_over_and_stays_first(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 2, lock_call, s);

	barge(test, s, call, 2);
	await_waiters(test, &s->mutex, 2);	/* the first one has come back */
	KUNIT_EXPECT_EQ(test, s->came, 0);
	msleep(3);
	unlock(s);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
	KUNIT_EXPECT_EQ(test, call[0].order, 0);
	KUNIT_EXPECT_EQ(test, call[1].order, 1);
}

/* It was woken, found the mutex taken, and may not wait again. */
static void a_waiter_that_was_woken_gives_up(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 2, lock_call, s);
	ktime_t guard = GUARD;
	int err, tries = 0;

	do {
		lock(s);
		call_in_task(test, &call[0]);
		await_waiters(test, &s->mutex, 1);
		call_in_task(test, &call[1]);
		await_waiters(test, &s->mutex, 2);
		preempt_disable();
		unlock(s);
		err = kcoro_mutex_try_lock(&s->mutex);
		kcoro_cancel(call[0].task);
		preempt_enable();
		if (!err) {
			err = result_of(test, &call[0]) != -ECANCELED;
			KUNIT_EXPECT_TRUE(test, err || !ended(&call[1]));
			KUNIT_EXPECT_EQ(test, unlock(s), 0);
		}
		/* Whatever became of the first: the second one gets it. */
		result_of(test, &call[0]);
		KUNIT_ASSERT_EQ(test, result_of(test, &call[1]), 0);
		tries++;
	} while (err && ktime_before(ktime_get(), guard));
	KUNIT_EXPECT_EQ(test, err, 0);
}

/* --- Giving up ---------------------------------------------------------------- */

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct scene *s = test->priv;

	lock(s);
	check_leaving_object(test, &s->mutex, lock_call, s, 0);
	KUNIT_EXPECT_TRUE(test, kcoro_mutex_is_locked(&s->mutex));
	KUNIT_EXPECT_EQ(test, unlock(s), 0);
	KUNIT_EXPECT_EQ(test, result_in_task(test, lock_call), 0);
}

static void others_wait_on_as_one_gives_up(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 3, lock_call, s);
	int i;

	lock(s);
	for (i = 0; i < 3; i++) {
		call_in_task(test, &call[i]);
		await_waiters(test, &s->mutex, i + 1);
	}
	kcoro_cancel(call[1].task);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), -ECANCELED);
	unlock(s);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[2]), 0);
	KUNIT_EXPECT_EQ(test, call[0].order + call[2].order, 1);
}

/* One gives up as the mutex is unlocked: it is for the next one. */
static void who_gives_up_meanwhile_is_skipped(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call;
	int i;

	for (i = 0; i < 20; i++) {
		call = calls(test, 2, lock_call, s);
		lock(s);
		call_in_task(test, &call[0]);
		await_waiters(test, &s->mutex, 1);
		call_in_thread(test, &call[1]);
		await_waiters(test, &s->mutex, 2);
		preempt_disable();
		kcoro_cancel(call[0].task);
		unlock(s);
		preempt_enable();
		KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), -ECANCELED);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
	}
}

static void requests_are_for_calls_that_may_wait(struct kunit *test)
{
	struct scene *s = test->priv;

	expect_canceled(test, trylock_call, s, 0, true);
	expect_canceled(test, lock_call, s, -ECANCELED, false);
	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&s->mutex));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(one_holder_at_a_time),
	KUNIT_CASE(a_defined_one_needs_no_init),
	KUNIT_CASE(who_has_it_cannot_lock_it),
	KUNIT_CASE(who_has_it_not_cannot_unlock_it),
	KUNIT_CASE(a_later_task_is_not_the_holder),
	KUNIT_CASE(it_is_the_tasks_own_wherever_it_runs),
	KUNIT_CASE(who_was_killed_unlocks),
	KUNIT_CASE(old_waiters_have_it_in_order),
	KUNIT_CASE(an_old_waiter_is_not_passed_over),
	KUNIT_CASE(a_young_waiter_is_passed_over_and_stays_first),
	KUNIT_CASE(a_waiter_that_was_woken_gives_up),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(others_wait_on_as_one_gives_up),
	KUNIT_CASE(who_gives_up_meanwhile_is_skipped),
	KUNIT_CASE(requests_are_for_calls_that_may_wait),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_mutex",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of semaphore.c.
 */
#include <linux/kcoro_sync.h>

#include "sync_ops.h"

#define UNITS	10

static DEFINE_KCORO_SEM(defined, 3);

/* All units are taken at first. */
static int scene_init(struct kunit *test)
{
	struct kcoro_sem *sem = kunit_kzalloc(test, sizeof(*sem), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sem);
	KUNIT_ASSERT_EQ(test, kcoro_sem_init(sem, 0, UNITS, "test"), 0);
	test->priv = sem;
	return 0;
}

static int acquire_call(struct call *call)
{
	return kcoro_sem_acquire(call->obj, call->arg, call->deadline);
}

static int tryacquire_call(struct call *call)
{
	return kcoro_sem_try_acquire(call->obj, 1);
}

static struct call *acquirer(struct kunit *test, u32 n, u32 waiting)
{
	struct call *call = calls(test, 1, acquire_call, test->priv);
	struct kcoro_sem *sem = test->priv;

	call->arg = n;
	if (waiting % 2)
		call_in_task(test, call);
	else
		call_in_thread(test, call);
	await_waiters(test, sem, waiting);
	return call;
}

static void units_are_counted(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;

	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 4), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 4);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 5), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 3), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_acquire(sem, 1, PAST), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_acquire(sem, 1, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
}

static void a_defined_one_needs_no_init(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(&defined), 3);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(&defined, 3), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_acquire(&defined, 1, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(&defined, 3), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(&defined, 1), -EOVERFLOW);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static void numbers_out_of_range_are_refused(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv, other;

	KUNIT_EXPECT_EQ(test, kcoro_sem_init(&other, 0, 0, "x"), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_init(&other, 2, 1, "x"), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_init(&other, 1, KCORO_SEM_MAX + 1, "x"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_acquire(sem, 0, PAST), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_acquire(sem, UNITS + 1, PAST), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, UNITS + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
}

static void more_than_all_cannot_be_given_back(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;
	struct call *call;

	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, UNITS + 1), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, U32_MAX), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, UNITS), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 1), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), UNITS);
	/* The same with a waiter. */
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 1), 0);
	call = acquirer(test, UNITS, 1);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 2), -EOVERFLOW);
	await_waiters(test, sem, 1);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 1), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

static void first_come_first_served(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;
	struct call *call[4];
	int i;

	for (i = 0; i < 4; i++)
		call[i] = acquirer(test, 1, i + 1);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 1), 0);
		KUNIT_EXPECT_EQ(test, result_of(test, call[i]), 0);
		await_waiters(test, sem, 3 - i);
	}
}

static void many_are_served_at_once(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;
	struct call *call[4];
	int i;

	for (i = 0; i < 4; i++)
		call[i] = acquirer(test, i + 1, i + 1);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, UNITS), 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, call[i]), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
}

/* Who wants few does not overtake who wants many; nor does who has come late. */
static void who_wants_many_is_not_starved(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;
	struct call *many, *few;

	many = acquirer(test, 5, 1);
	few = acquirer(test, 1, 2);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 4), 0);
	await_waiters(test, sem, 2);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 4);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 1), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, many), 0);
	await_waiters(test, sem, 1);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 1), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, few), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
}

static void who_gives_up_lets_the_next_one_in(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;
	struct call *many, *few[2];

	many = acquirer(test, 5, 1);
	few[0] = acquirer(test, 1, 2);
	few[1] = acquirer(test, 2, 3);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 3), 0);
	kcoro_cancel(many->task);
	KUNIT_EXPECT_EQ(test, result_of(test, many), -ECANCELED);
	KUNIT_EXPECT_EQ(test, result_of(test, few[0]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, few[1]), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, 1), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, 1), 0);
}

/* A request and a unit at once: the unit is not lost, whoever wins. */
static void a_unit_is_not_lost_with_a_request(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;
	struct call *call[2];
	int i, ret;

	for (i = 0; i < 40; i++) {
		call[0] = acquirer(test, 1, 1);
		call[1] = acquirer(test, 1, 2);
		preempt_disable();
		if (i % 2)
			kcoro_sem_release(sem, 1);
		kcoro_cancel(call[0]->task);
		if (!(i % 2))
			kcoro_sem_release(sem, 1);
		preempt_enable();
		ret = result_of(test, call[0]);
		KUNIT_EXPECT_EQ(test, ret, i % 2 ? 0 : -ECANCELED);
		if (!ret)
			kcoro_sem_release(sem, 1);
		KUNIT_EXPECT_EQ(test, result_of(test, call[1]), 0);
		KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
	}
}

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;

	check_leaving_object(test, sem, acquire_call, sem, 2);
	KUNIT_EXPECT_EQ(test, kcoro_sem_release(sem, UNITS), 0);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(sem, UNITS), 0);
}

static void requests_are_for_calls_that_may_wait(struct kunit *test)
{
	struct kcoro_sem *sem = test->priv;

	kcoro_sem_release(sem, 1);
	expect_canceled(test, acquire_call, sem, -ECANCELED, false);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 1);
	expect_canceled(test, tryacquire_call, sem, 0, true);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(sem), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(units_are_counted),
	KUNIT_CASE(a_defined_one_needs_no_init),
	KUNIT_CASE(numbers_out_of_range_are_refused),
	KUNIT_CASE(more_than_all_cannot_be_given_back),
	KUNIT_CASE(first_come_first_served),
	KUNIT_CASE(many_are_served_at_once),
	KUNIT_CASE(who_wants_many_is_not_starved),
	KUNIT_CASE(who_gives_up_lets_the_next_one_in),
	KUNIT_CASE(a_unit_is_not_lost_with_a_request),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(requests_are_for_calls_that_may_wait),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_semaphore",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of waitgroup.c.
 */
#include <linux/hrtimer.h>
#include <linux/kcoro_sync.h>

#include "compat.h"
#include "sync_ops.h"

#define WORKERS	16

static DEFINE_KCORO_WAITGROUP(defined);

static int scene_init(struct kunit *test)
{
	struct kcoro_waitgroup *group = kunit_kzalloc(test, sizeof(*group),
						      GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	kcoro_waitgroup_init(group, "test");
	test->priv = group;
	return 0;
}

static int wait_call(struct call *call)
{
	return kcoro_waitgroup_wait(call->obj, call->deadline);
}

static int done_call(struct call *call)
{
	kcoro_yield();
	return kcoro_waitgroup_done(call->obj);
}

static struct call *waiters(struct kunit *test, u32 nr)
{
	struct kcoro_waitgroup *group = test->priv;
	struct call *call = calls(test, nr, wait_call, group);
	u32 i;

	for (i = 0; i < nr; i++)
		call_in_turn(test, &call[i], i);
	await_waiters(test, group, nr);
	return call;
}

/* The same group several times, as in Go's test. */
static void all_have_come_when_the_wait_ends(struct kunit *test)
{
	struct kcoro_waitgroup *group = test->priv;
	struct call *call = calls(test, WORKERS, done_call, group);
	int round, i;

	for (round = 0; round < 8; round++) {
		struct call *wait;

		KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, WORKERS + 1),
				0);
		wait = waiters(test, 2);
		for (i = 0; i < WORKERS; i++)
			call_in_task(test, &call[i]);
		for (i = 0; i < WORKERS; i++)
			KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
		await_waiters(test, group, 2);
		KUNIT_EXPECT_EQ(test, kcoro_waitgroup_done(group), 0);
		KUNIT_EXPECT_EQ(test, result_of(test, &wait[0]), 0);
		KUNIT_EXPECT_EQ(test, result_of(test, &wait[1]), 0);
		KUNIT_EXPECT_EQ(test, kcoro_waitgroup_wait(group, PAST), 0);
	}
}

static void an_empty_one_need_not_be_waited_for(struct kunit *test)
{
	struct kcoro_waitgroup *group = test->priv;

	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_wait(group, PAST), 0);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, 0), 0);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_wait(group, PAST), 0);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_wait(&defined, PAST), 0);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static void a_count_is_neither_negative_nor_too_high(struct kunit *test)
{
	struct kcoro_waitgroup *group = test->priv;
	struct call *call;

	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_done(group), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, INT_MIN), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, INT_MAX), 0);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, 1), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, 3 - INT_MAX), 0);
	call = waiters(test, 1);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, -4), -EINVAL);
	await_waiters(test, group, 1);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_add(group, -3), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

/* A wait is for the first time that the count is 0. */
static void it_can_be_used_again_at_once(struct kunit *test)
{
	struct kcoro_waitgroup *group = test->priv;
	struct call *call, *later;
	int i;

	kcoro_waitgroup_add(group, 1);
	call = waiters(test, 3);
	preempt_disable();
	kcoro_waitgroup_done(group);
	kcoro_waitgroup_add(group, 1);
	preempt_enable();
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	later = waiters(test, 1);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_done(group), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, later), 0);
}

static s64 done_run(void *data)
{
	return kcoro_waitgroup_done(data);
}

/* What is in its place after the wait stays as it is. */
static int on_stack_call(struct call *call)
{
	struct kcoro_waitgroup group;
	struct kcoro_task *task;
	s64 result = -EBADE;
	int err;

	kcoro_waitgroup_init(&group, "on stack");
	kcoro_waitgroup_add(&group, 1);
	task = kcoro_go(done_run, &group);
	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_waitgroup_wait(&group, GUARD);
	memset(&group, 0xff, sizeof(group));
	kcoro_join(task, GUARD, &result);
	kcoro_task_put(task);
	if (memchr_inv(&group, 0xff, sizeof(group)))
		return -EBADE;
	return err ?: result;
}

static void it_may_go_with_the_wait(struct kunit *test)
{
	struct call *call = calls(test, 2, on_stack_call, NULL);
	int i;

	for (i = 0; i < 200; i++) {
		call_in_task(test, &call[0]);
		KUNIT_ASSERT_EQ(test, on_stack_call(&call[1]), 0);
		KUNIT_ASSERT_EQ(test, result_of(test, &call[0]), 0);
	}
}

struct irq {
	struct kcoro_waitgroup group;
	struct hrtimer timer;
};

static enum hrtimer_restart done_in_irq(struct hrtimer *timer)
{
	struct irq *irq = container_of(timer, struct irq, timer);

	kcoro_waitgroup_done(&irq->group);
	return HRTIMER_NORESTART;
}

static void an_interrupt_is_the_last_one(struct kunit *test)
{
	struct irq *irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	struct call *call;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, irq);
	kcoro_waitgroup_init(&irq->group, "test");
	kcoro_hrtimer_setup(&irq->timer, done_in_irq, HRTIMER_MODE_REL_HARD);
	for (i = 0; i < 50; i++) {
		call = calls(test, 1, wait_call, &irq->group);
		kcoro_waitgroup_add(&irq->group, 1);
		call_in_task(test, call);
		hrtimer_start(&irq->timer, i * 10000, HRTIMER_MODE_REL_HARD);
		KUNIT_EXPECT_EQ(test, kcoro_waitgroup_wait(&irq->group, GUARD),
				0);
		KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
		hrtimer_cancel(&irq->timer);
	}
}

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct kcoro_waitgroup *group = test->priv;
	struct call *call;

	kcoro_waitgroup_add(group, 2);
	check_leaving_object(test, group, wait_call, group, 0);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_done(group), 0);
	call = waiters(test, 2);
	check_leaving_object(test, group, wait_call, group, 0);
	KUNIT_EXPECT_EQ(test, kcoro_waitgroup_done(group), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
	expect_canceled(test, wait_call, group, -ECANCELED, false);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(all_have_come_when_the_wait_ends),
	KUNIT_CASE(an_empty_one_need_not_be_waited_for),
	KUNIT_CASE(a_count_is_neither_negative_nor_too_high),
	KUNIT_CASE(it_can_be_used_again_at_once),
	KUNIT_CASE(it_may_go_with_the_wait),
	KUNIT_CASE(an_interrupt_is_the_last_one),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_waitgroup",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

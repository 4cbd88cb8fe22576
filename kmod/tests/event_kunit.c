// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of event.c.
 */
#include <linux/hrtimer.h>
#include <linux/kcoro_bubble.h>
#include <linux/kcoro_sync.h>

#include "compat.h"
#include "sync_ops.h"

static DEFINE_KCORO_EVENT(defined);

static int scene_init(struct kunit *test)
{
	struct kcoro_event *event = kunit_kzalloc(test, sizeof(*event),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, event);
	kcoro_event_init(event, "test");
	test->priv = event;
	return 0;
}

static int wait_call(struct call *call)
{
	return kcoro_event_wait(call->obj, call->deadline);
}

static struct call *waiters(struct kunit *test, u32 nr)
{
	struct kcoro_event *event = test->priv;
	struct call *call = calls(test, nr, wait_call, event);
	u32 i;

	for (i = 0; i < nr; i++)
		call_in_turn(test, &call[i], i);
	await_waiters(test, event, nr);
	return call;
}

static void set_wakes_all(struct kunit *test)
{
	struct kcoro_event *event = test->priv;
	struct call *call = waiters(test, 6);
	int i;

	KUNIT_EXPECT_FALSE(test, kcoro_event_is_set(event));
	kcoro_event_set(event);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	KUNIT_EXPECT_TRUE(test, kcoro_event_is_set(event));
}

static void it_stays_set(struct kunit *test)
{
	struct kcoro_event *event = test->priv;
	struct call *call = calls(test, 1, wait_call, event);

	kcoro_event_set(event);
	kcoro_event_set(event);
	KUNIT_EXPECT_EQ(test, kcoro_event_wait(event, PAST), 0);
	call_in_task(test, call);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

static void a_defined_one_needs_no_init(struct kunit *test)
{
	kcoro_event_clear(&defined);
	KUNIT_EXPECT_EQ(test, kcoro_event_wait(&defined, PAST), -ETIMEDOUT);
	kcoro_event_set(&defined);
	KUNIT_EXPECT_EQ(test, kcoro_event_wait(&defined, PAST), 0);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static void clear_makes_others_wait(struct kunit *test)
{
	struct kcoro_event *event = test->priv;
	struct call *call;

	kcoro_event_set(event);
	kcoro_event_clear(event);
	KUNIT_EXPECT_FALSE(test, kcoro_event_is_set(event));
	KUNIT_EXPECT_EQ(test, kcoro_event_wait(event, PAST), -ETIMEDOUT);
	call = waiters(test, 1);
	kcoro_event_set(event);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
}

/* Those who waited have seen it. */
static void set_and_clear_at_once_wakes_all(struct kunit *test)
{
	struct kcoro_event *event = test->priv;
	struct call *call = waiters(test, 4);
	int i;

	preempt_disable();
	kcoro_event_set(event);
	kcoro_event_clear(event);
	preempt_enable();
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_event_is_set(event));
}

struct irq {
	struct kcoro_event event;
	struct hrtimer timer;
	bool hard;
};

static enum hrtimer_restart set_in_irq(struct hrtimer *timer)
{
	struct irq *irq = container_of(timer, struct irq, timer);

	irq->hard = in_hardirq();
	kcoro_event_set(&irq->event);
	return HRTIMER_NORESTART;
}

static void an_interrupt_sets_it(struct kunit *test)
{
	struct irq *irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, irq);
	kcoro_event_init(&irq->event, "test");
	kcoro_hrtimer_setup(&irq->timer, set_in_irq, HRTIMER_MODE_REL_HARD);
	for (i = 0; i < 50; i++) {
		struct call *call = calls(test, 2, wait_call, &irq->event);

		kcoro_event_clear(&irq->event);
		call_in_task(test, &call[0]);
		call_in_thread(test, &call[1]);
		hrtimer_start(&irq->timer, i * 10000, HRTIMER_MODE_REL_HARD);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), 0);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
		hrtimer_cancel(&irq->timer);
		KUNIT_EXPECT_TRUE(test, irq->hard);
	}
}

/* What is in its place after the wait stays as it is. */
static s64 set_run(void *data)
{
	kcoro_event_set(data);
	return 0;
}

static int on_stack_call(struct call *call)
{
	struct kcoro_event event;
	struct kcoro_task *task;
	int err;

	kcoro_event_init(&event, "on stack");
	task = kcoro_go(set_run, &event);
	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_event_wait(&event, GUARD);
	memset(&event, 0xff, sizeof(event));
	kcoro_join(task, GUARD, NULL);
	kcoro_task_put(task);
	if (memchr_inv(&event, 0xff, sizeof(event)))
		return -EBADE;
	return err;
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

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct kcoro_event *event = test->priv;
	struct call *call = waiters(test, 2);

	check_leaving_object(test, event, wait_call, event, 0);
	kcoro_event_set(event);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
	expect_canceled(test, wait_call, event, -ECANCELED, false);
}

/* --- Selects ---------------------------------------------------------------- */

static s64 select_event(void *data)
{
	struct kcoro_select_case c[] = {
		{ .op = KCORO_OP_EVENT, .event = data },
		{ .op = KCORO_OP_RECV },
	};

	return kcoro_select(c, 2, 0, KCORO_FOREVER) ?: 3;
}

static s64 set_for_a_moment(void *data)
{
	struct kcoro_task *task = kcoro_go(select_event, data);
	s64 early, result = -1;

	kcoro_bubble_wait();
	kcoro_event_set(data);
	kcoro_event_clear(data);
	kcoro_bubble_wait();
	early = kcoro_task_done(task);
	kcoro_event_set(data);
	kcoro_join(task, KCORO_FOREVER, &result);
	kcoro_task_put(task);
	return early ? -EBADE : result;
}

/* Unlike kcoro_event_wait(): who was not chosen has taken nothing. */
static void event_is_asked_again_by_a_select(struct kunit *test)
{
	struct kcoro_bubble_args args = { .seed = 1 };
	struct kcoro_bubble_end end;
	struct kcoro_event event;

	kcoro_event_init(&event, "test");
	KUNIT_EXPECT_EQ(test, kcoro_bubble_run(&args, set_for_a_moment, &event,
					       &end), 0);
	KUNIT_EXPECT_STREQ(test, end.message, "");
	KUNIT_EXPECT_EQ(test, end.result, 3);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(set_wakes_all),
	KUNIT_CASE(it_stays_set),
	KUNIT_CASE(a_defined_one_needs_no_init),
	KUNIT_CASE(clear_makes_others_wait),
	KUNIT_CASE(set_and_clear_at_once_wakes_all),
	KUNIT_CASE(an_interrupt_sets_it),
	KUNIT_CASE(it_may_go_with_the_wait),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(event_is_asked_again_by_a_select),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_event",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

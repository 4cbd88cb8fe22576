// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of KCORO_SPAWN_ATOMIC: tasks that are spawned where nobody may sleep.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kcoro.h>

#include "compat.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */

#include "task_ops.h"

static s64 return_data(void *data)
{
	return (long)data;
}

static struct kcoro_task *spawn(s64 (*fn)(void *data), void *data, u32 flags)
{
	return kcoro_spawn(&(struct kcoro_spawn_args) {
		.fn = fn, .data = data, .name = "atomic",
		.owner = THIS_MODULE, .flags = KCORO_SPAWN_ATOMIC | flags });
}

/* Leaves a stack, at least, to be used again. */
static void warm_up(struct kunit *test)
{
	finish(test, go(test, return_data, NULL));
}

/* Made by a soft interrupt. */
struct tick {
	struct hrtimer timer;
	struct kcoro_task *task;
	bool put;
};

static enum hrtimer_restart spawn_in_tick(struct hrtimer *timer)
{
	struct tick *tick = container_of(timer, struct tick, timer);

	tick->task = spawn(return_data, (void *)4711L, 0);
	if (tick->put && !IS_ERR(tick->task))
		kcoro_task_put(tick->task);
	return HRTIMER_NORESTART;
}

static void tick_once(struct tick *tick)
{
	kcoro_hrtimer_setup(&tick->timer, spawn_in_tick, HRTIMER_MODE_REL_SOFT);
	hrtimer_start(&tick->timer, 10000, HRTIMER_MODE_REL_SOFT);
	while (hrtimer_active(&tick->timer))
		usleep_range(100, 200);
	hrtimer_cancel(&tick->timer);
}

static void from_a_soft_interrupt(struct kunit *test)
{
	struct tick *tick = kunit_kzalloc(test, sizeof(*tick), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tick);
	warm_up(test);
	tick_once(tick);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tick->task);
	KUNIT_EXPECT_EQ(test, finish(test, tick->task), 4711);
	/* Who has no use for it gives it back there and then. */
	tick->put = true;
	tick_once(tick);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, tick->task);
}

static void with_interrupts_off(struct kunit *test)
{
	struct kcoro_task *task;
	unsigned long flags;

	warm_up(test);
	local_irq_save(flags);
	task = spawn(return_data, (void *)1L, 0);
	local_irq_restore(flags);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_EQ(test, finish(test, task), 1);
}

/* Until the channel is closed. */
static s64 recv_run(void *data)
{
	u64 value;

	return kcoro_recv(data, &value, KCORO_FOREVER);
}

#define MANY	4096

/* Until there is no stack any more: then it fails, and does not sleep. */
static void out_of_the_caches_or_not_at_all(struct kunit *test)
{
	struct kcoro_chan *chan = kcoro_chan_create(sizeof(u64), 0);
	struct kcoro_task **task =
		kunit_kcalloc(test, MANY, sizeof(*task), GFP_KERNEL);
	u32 nr = 0, i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	warm_up(test);
	for (; nr < MANY; nr++) {
		local_bh_disable();
		task[nr] = spawn(recv_run, chan, 0);
		local_bh_enable();
		if (IS_ERR(task[nr]))
			break;
	}
	KUNIT_EXPECT_GT(test, nr, 0);
	KUNIT_ASSERT_LT(test, nr, MANY);
	KUNIT_EXPECT_EQ(test, PTR_ERR(task[nr]), -ENOMEM);
	/* One that may sleep finds memory, and leaves what others may use. */
	warm_up(test);
	task[nr] = spawn(recv_run, chan, 0);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, task[nr]);
	if (!IS_ERR(task[nr]))
		nr++;
	kcoro_chan_close(chan);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, finish(test, task[i]), 0);
	kcoro_chan_drop(chan, KCORO_SEND | KCORO_RECV);
}

static void what_it_cannot_be(struct kunit *test)
{
	struct kcoro_spawn_args args = {
		.fn = return_data,
		.owner = THIS_MODULE,
		.priority = KCORO_PRIORITY_MIN,
		.flags = KCORO_SPAWN_ATOMIC,
	};

	KUNIT_EXPECT_PTR_EQ(test, spawn(return_data, NULL, KCORO_SPAWN_THREAD),
			    (struct kcoro_task *)ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, spawn(NULL, NULL, 0),
			    (struct kcoro_task *)ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, kcoro_spawn(&args),
			    (struct kcoro_task *)ERR_PTR(-EINVAL));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(from_a_soft_interrupt),
	KUNIT_CASE(with_interrupts_off),
	KUNIT_CASE(out_of_the_caches_or_not_at_all),
	KUNIT_CASE(what_it_cannot_be),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_spawn_atomic",
	.test_cases = cases,
};
kunit_test_suites(&suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of group.c: tasks that begin and end together.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_group.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"

/* Tasks of the tests wait here until they are let go, or cancelled. */
static struct kcoro_chan *gate;
static atomic_t runs, most;

static int group_init(struct kunit *test)
{
	gate = kcoro_chan_create(sizeof(s64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	atomic_set(&runs, 0);
	atomic_set(&most, 0);
	return 0;
}

static void group_exit(struct kunit *test)
{
	kcoro_chan_drop(gate, BOTH);
}

static struct kcoro_group *make(struct kunit *test, struct kcoro_group *parent,
				u32 flags, u32 limit)
{
	struct kcoro_group *group = kcoro_group_create(parent, flags, limit);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	return group;
}

static s64 give(void *data)
{
	return (long)data;
}

/* Ends with what comes through the gate. */
static s64 await_gate(void *data)
{
	s64 result;
	int ret = kcoro_recv(gate, &result, KCORO_FOREVER);

	return ret == 1 ? result : ret;
}

static void let_go(struct kunit *test, s64 result)
{
	KUNIT_EXPECT_EQ(test, kcoro_send(gate, &result, GUARD), 0);
}

static struct kcoro_task *spawn_in(struct kcoro_group *group,
				   s64 (*fn)(void *data), void *data,
				   ktime_t deadline)
{
	return kcoro_group_spawn(group, &(struct kcoro_spawn_args) {
		.fn = fn, .data = data, .name = "member" }, deadline);
}

static struct kcoro_task *join_in(struct kunit *test, struct kcoro_group *group,
				  s64 (*fn)(void *data), void *data)
{
	struct kcoro_task *task = spawn_in(group, fn, data, PAST);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	return task;
}

static void add(struct kunit *test, struct kcoro_group *group,
		s64 (*fn)(void *data), void *data)
{
	kcoro_task_put(join_in(test, group, fn, data));
}

static int wait_all(struct kcoro_group *group)
{
	return kcoro_group_wait(group, KCORO_GROUP_ALL, GUARD);
}

static void await_live(struct kunit *test, struct kcoro_group *group, u32 nr)
{
	int guard = 30000;

	while (kcoro_group_live(group) != nr && guard--)
		usleep_range(20, 1000);
	KUNIT_ASSERT_EQ(test, kcoro_group_live(group), nr);
}

/* --- Waiting --------------------------------------------------------------------- */

static void an_empty_group_is_not_waited_for(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_RESULTS, 0);
	struct kcoro_task *task;

	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_FAILED, GUARD),
			0);
	KUNIT_EXPECT_EQ(test, kcoro_group_next(group, &task, GUARD), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), 0);
	kcoro_group_put(group);
}

static void all_are_waited_for(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	int i;

	for (i = 0; i < 3; i++)
		add(test, group, await_gate, NULL);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, kcoro_group_live(group), 3 - i);
		KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_ALL,
						       PAST), -ETIMEDOUT);
		let_go(test, i);
		await_live(test, group, 2 - i);
	}
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), 0);
	add(test, group, give, NULL);	/* it can be used again */
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	kcoro_group_put(group);
}

static s64 add_two_later(void *data)
{
	s64 result = await_gate(data);
	int i;

	for (i = 0; i < 2; i++)
		kcoro_task_put(spawn_in(data, await_gate, NULL, PAST));
	return result;
}

/* Its tasks start others in it, and those are waited for too. */
static void who_was_started_by_its_tasks_is_waited_for(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	struct kcoro_task *root = join_in(test, group, add_two_later, group);
	int i;

	let_go(test, 5);
	KUNIT_EXPECT_EQ(test, finish(test, root), 5);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_ALL,
						       PAST), -ETIMEDOUT);
		let_go(test, 0);
	}
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	kcoro_group_put(group);
}

static s64 wait_for_group(void *data)
{
	return kcoro_group_wait(data, KCORO_GROUP_ALL, KCORO_FOREVER);
}

static void many_wait(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	struct kcoro_task *waiter[3];
	int i;

	add(test, group, await_gate, NULL);
	for (i = 0; i < 3; i++)
		waiter[i] = go(test, wait_for_group, group);
	KUNIT_EXPECT_TRUE(test, kcoro_cancel(waiter[1]));
	KUNIT_EXPECT_EQ(test, finish(test, waiter[1]), -ECANCELED);
	let_go(test, 0);
	KUNIT_EXPECT_EQ(test, finish(test, waiter[0]), 0);
	KUNIT_EXPECT_EQ(test, finish(test, waiter[2]), 0);
	kcoro_group_put(group);
}

static s64 wait_for_own(void *data)
{
	struct kcoro_task *task;
	int err = kcoro_group_wait(data, KCORO_GROUP_ALL, KCORO_FOREVER);

	if (err != -EDEADLK)
		return -EBADE;
	return kcoro_group_next(data, &task, KCORO_FOREVER);
}

static void nobody_waits_for_himself(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_RESULTS, 0);
	struct kcoro_group *child = make(test, group, 0, 0);

	KUNIT_EXPECT_EQ(test, finish(test, join_in(test, group, wait_for_own,
						   group)), -EDEADLK);
	KUNIT_EXPECT_EQ(test, finish(test, join_in(test, child, wait_for_own,
						   group)), -EDEADLK);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	kcoro_group_put(child);
	kcoro_group_put(group);
}

/* --- Results --------------------------------------------------------------------- */

static void results_come_in_order_of_ends(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_RESULTS, 0);
	struct kcoro_task *task;
	s64 result;
	int i;

	for (i = 0; i < 3; i++)
		add(test, group, await_gate, NULL);
	let_go(test, 7);
	await_live(test, group, 2);
	let_go(test, -EILSEQ);
	await_live(test, group, 1);
	KUNIT_ASSERT_EQ(test, kcoro_group_next(group, &task, GUARD), 1);
	KUNIT_EXPECT_EQ(test, finish(test, task), 7);
	KUNIT_ASSERT_EQ(test, kcoro_group_next(group, &task, GUARD), 1);
	KUNIT_EXPECT_EQ(test, finish(test, task), -EILSEQ);
	KUNIT_EXPECT_EQ(test, kcoro_group_next(group, &task, PAST), -ETIMEDOUT);
	let_go(test, 9);
	KUNIT_ASSERT_EQ(test, kcoro_group_next(group, &task, GUARD), 1);
	KUNIT_EXPECT_EQ(test, kcoro_join(task, PAST, &result), 0);
	KUNIT_EXPECT_EQ(test, result, 9);
	kcoro_task_put(task);
	KUNIT_EXPECT_EQ(test, kcoro_group_next(group, &task, GUARD), 0);
	kcoro_group_put(group);
}

static s64 sum_results(void *data)
{
	struct kcoro_task *task;
	s64 sum = 0, result;
	int ret;

	while ((ret = kcoro_group_next(data, &task, KCORO_FOREVER)) == 1) {
		kcoro_join(task, KCORO_FOREVER, &result);
		sum += result;
		kcoro_task_put(task);
	}
	return ret ?: sum;
}

static void each_result_is_given_once(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_RESULTS, 0);
	struct kcoro_task *taker[3];
	s64 sum = 0;
	long i;

	add(test, group, await_gate, NULL);	/* keeps them waiting */
	for (i = 0; i < 3; i++)
		taker[i] = go(test, sum_results, group);
	for (i = 1; i <= 200; i++)
		add(test, group, give, (void *)i);
	await_live(test, group, 1);
	let_go(test, 0);
	for (i = 0; i < 3; i++)
		sum += finish(test, taker[i]);
	KUNIT_EXPECT_EQ(test, sum, 200 * 201 / 2);
	kcoro_group_put(group);
}

static void results_that_nobody_took_go_with_the_group(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_RESULTS, 0);
	struct kcoro_task *task = join_in(test, group, give, NULL);

	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, end_of(test, task), 0);
	kcoro_group_put(group);
	/* Its stack is freed by a worker, in a moment. */
	while (refcount_read(&task->refs) > 1)
		usleep_range(20, 1000);
	kcoro_task_put(task);
}

static void without_results_there_is_none(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	struct kcoro_task *task;

	KUNIT_EXPECT_EQ(test, kcoro_group_next(group, &task, GUARD), -EINVAL);
	kcoro_group_put(group);
}

/* --- Failures --------------------------------------------------------------------- */

static void expect_failed(struct kunit *test, struct kcoro_group *group, u32 nth,
			  int error)
{
	struct kcoro_task *task = kcoro_group_failed(group, nth);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_EQ(test, finish(test, task), error);
}

static void failures_are_collected(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	int i;

	for (i = 0; i < 3; i++)
		add(test, group, await_gate, NULL);
	KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_FAILED, PAST),
			-ETIMEDOUT);
	let_go(test, -EILSEQ);
	KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_FAILED, GUARD),
			0);
	let_go(test, 0);
	await_live(test, group, 1);
	let_go(test, -EIO);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), -EILSEQ);
	KUNIT_EXPECT_EQ(test, kcoro_group_failures(group), 2);
	expect_failed(test, group, 0, -EILSEQ);
	expect_failed(test, group, 1, -EIO);
	KUNIT_EXPECT_NULL(test, kcoro_group_failed(group, 2));
	KUNIT_EXPECT_NULL(test, kcoro_group_failed(group, U32_MAX));
	kcoro_group_put(group);
}

static void more_failures_are_counted(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	u32 i;

	for (i = 0; i < KCORO_GROUP_FAILED_MAX + 9; i++)
		add(test, group, give, ERR_PTR(-EIO));
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_failures(group),
			KCORO_GROUP_FAILED_MAX + 9);
	expect_failed(test, group, KCORO_GROUP_FAILED_MAX - 1, -EIO);
	KUNIT_EXPECT_NULL(test,
			  kcoro_group_failed(group, KCORO_GROUP_FAILED_MAX));
	kcoro_group_put(group);
}

static void the_first_failure_ends_the_rest(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_FAIL_FAST, 0);
	struct kcoro_task *other = join_in(test, group, await_gate, NULL);
	struct kcoro_exit exit;

	add(test, group, give, ERR_PTR(-EILSEQ));
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), -EILSEQ);
	KUNIT_EXPECT_EQ(test, kcoro_group_failures(group), 1);
	KUNIT_EXPECT_EQ(test, end_of(test, other), -ECANCELED);
	kcoro_task_exit_record(other, &exit);
	KUNIT_EXPECT_EQ(test, exit.reason, KCORO_EXIT_CANCELED);
	KUNIT_EXPECT_STREQ(test, exit.message, "member failed: error 84");
	KUNIT_EXPECT_PTR_EQ(test, spawn_in(group, give, NULL, GUARD),
			    ERR_PTR(-ECANCELED));
	kcoro_task_put(other);
	kcoro_group_put(group);
}

/* Who is cancelled by himself has not failed, and the rest goes on. */
static void the_end_of_one_who_was_cancelled_is_no_failure(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_FAIL_FAST, 0);
	struct kcoro_task *one = join_in(test, group, await_gate, NULL);
	struct kcoro_task *other = join_in(test, group, await_gate, NULL);

	KUNIT_EXPECT_TRUE(test, kcoro_cancel(one));
	KUNIT_EXPECT_EQ(test, finish(test, one), -ECANCELED);
	await_live(test, group, 1);
	KUNIT_EXPECT_EQ(test, finish(test, join_in(test, group, give,
						   (void *)11)), 11);
	let_go(test, 7);
	KUNIT_EXPECT_EQ(test, finish(test, other), 7);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_failures(group), 0);
	kcoro_group_put(group);
}

/* --- Cancel ------------------------------------------------------------------------ */

static void a_cancel_ends_all(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	struct kcoro_task *task = join_in(test, group, await_gate, NULL);
	struct kcoro_exit exit;
	int i;

	for (i = 0; i < 50; i++)
		add(test, group, await_gate, NULL);
	KUNIT_EXPECT_TRUE(test, kcoro_group_cancel(group, "enough"));
	KUNIT_EXPECT_FALSE(test, kcoro_group_cancel(group, "more"));
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), 0);
	KUNIT_EXPECT_EQ(test, end_of(test, task), -ECANCELED);
	kcoro_task_exit_record(task, &exit);
	KUNIT_EXPECT_STREQ(test, exit.message, "enough");
	KUNIT_EXPECT_PTR_EQ(test, spawn_in(group, give, NULL, GUARD),
			    ERR_PTR(-ECANCELED));
	KUNIT_EXPECT_PTR_EQ(test, kcoro_group_create(group, 0, 0),
			    ERR_PTR(-ECANCELED));
	kcoro_task_put(task);
	kcoro_group_put(group);
}

static s64 fail_at_gate(void *data)
{
	return await_gate(data) == -ECANCELED ? -EILSEQ : 0;
}

static void who_fails_as_he_is_cancelled_has_failed(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	struct kcoro_group *child = make(test, group, 0, 0);
	int i;

	for (i = 0; i < 3; i++)
		add(test, child, fail_at_gate, NULL);
	add(test, group, await_gate, NULL);
	KUNIT_EXPECT_TRUE(test, kcoro_group_cancel(group, "enough"));
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), -EILSEQ);
	KUNIT_EXPECT_EQ(test, kcoro_group_failures(group), 3);
	expect_failed(test, child, 2, -EILSEQ);
	kcoro_group_put(child);
	kcoro_group_put(group);
}

static s64 spawn_many(void *data)
{
	struct kcoro_task *task;
	s64 nr = 0;

	for (;;) {
		task = spawn_in(data, await_gate, NULL, KCORO_FOREVER);
		if (IS_ERR(task))
			return task == ERR_PTR(-ECANCELED) ? nr : PTR_ERR(task);
		kcoro_task_put(task);
		nr++;
		kcoro_yield();
	}
}

/* Whatever was spawned as it was cancelled is cancelled too. */
static void a_cancel_races_with_spawns(struct kunit *test)
{
	struct kcoro_group *group;
	struct kcoro_task *task;
	int i;

	for (i = 0; i < 30; i++) {
		group = make(test, NULL, 0, 0);
		task = go(test, spawn_many, group);
		while (!kcoro_group_live(group))
			cpu_relax();
		udelay(10 * i);
		kcoro_group_cancel(group, "");
		KUNIT_EXPECT_GT(test, finish(test, task), 0);
		KUNIT_EXPECT_EQ(test, wait_all(group), 0);
		kcoro_group_put(group);
	}
}

/* --- Groups in groups ----------------------------------------------------------------- */

static void a_parent_waits_for_its_groups(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_RESULTS, 0);
	struct kcoro_group *child = make(test, group, 0, 0);
	struct kcoro_task *task;

	add(test, child, await_gate, NULL);
	kcoro_group_put(child);		/* lives on with its task */
	KUNIT_EXPECT_EQ(test, kcoro_group_live(group), 1);
	KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_ALL, PAST),
			-ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_group_next(group, &task, PAST), -ETIMEDOUT);
	let_go(test, -EILSEQ);
	KUNIT_EXPECT_EQ(test, kcoro_group_next(group, &task, GUARD), 0);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), -EILSEQ);
	KUNIT_EXPECT_NULL(test, kcoro_group_failed(group, 0));
	kcoro_group_put(group);
}

static void a_cancel_goes_down(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 0);
	struct kcoro_group *child[3], *deep;
	struct kcoro_task *task;
	int i;

	for (i = 0; i < 3; i++)
		child[i] = make(test, group, 0, 0);
	deep = make(test, child[1], 0, 0);
	task = join_in(test, deep, await_gate, NULL);
	add(test, child[2], await_gate, NULL);
	add(test, child[0], await_gate, NULL);
	KUNIT_EXPECT_TRUE(test, kcoro_group_cancel(group, "all"));
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, finish(test, task), -ECANCELED);
	KUNIT_EXPECT_PTR_EQ(test, spawn_in(deep, give, NULL, GUARD),
			    ERR_PTR(-ECANCELED));
	for (i = 0; i < 3; i++)
		kcoro_group_put(child[i]);
	kcoro_group_put(deep);
	kcoro_group_put(group);
}

static void a_cancel_does_not_go_up(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_FAIL_FAST, 0);
	struct kcoro_group *child = make(test, group, 0, 0);
	struct kcoro_task *task = join_in(test, group, await_gate, NULL);

	add(test, child, await_gate, NULL);
	kcoro_group_cancel(child, "");
	KUNIT_EXPECT_EQ(test, wait_all(child), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_live(group), 1);
	let_go(test, 7);
	KUNIT_EXPECT_EQ(test, finish(test, task), 7);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	kcoro_group_put(child);
	kcoro_group_put(group);
}

static void a_failure_goes_up(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, KCORO_GROUP_FAIL_FAST, 0);
	struct kcoro_group *child = make(test, group, 0, 0);
	struct kcoro_task *task = join_in(test, group, await_gate, NULL);
	struct kcoro_task *near = join_in(test, child, await_gate, NULL);

	add(test, child, give, ERR_PTR(-EILSEQ));
	KUNIT_EXPECT_EQ(test, finish(test, task), -ECANCELED);
	KUNIT_EXPECT_EQ(test, finish(test, near), -ECANCELED);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_EQ(test, kcoro_group_error(group), -EILSEQ);
	kcoro_group_put(child);
	kcoro_group_put(group);
}

/* --- Limits -------------------------------------------------------------------------- */

static s64 count_runs(void *data)
{
	int now = atomic_inc_return(&runs), was = atomic_read(&most);

	while (now > was && !atomic_try_cmpxchg(&most, &was, now))
		;
	kcoro_yield();
	kcoro_sleep_until(ktime_add_us(ktime_get(), 10));
	atomic_dec(&runs);
	return 0;
}

static void a_limit_holds(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 3);
	struct kcoro_task *task;
	int i;

	for (i = 0; i < 200; i++) {
		task = spawn_in(group, count_runs, NULL, GUARD);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
		kcoro_task_put(task);
	}
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	KUNIT_EXPECT_LE(test, atomic_read(&most), 3);
	kcoro_group_put(group);
}

static s64 spawn_one(void *data)
{
	struct kcoro_task *task = spawn_in(data, give, (void *)7, KCORO_FOREVER);
	s64 result;

	if (IS_ERR(task))
		return PTR_ERR(task);
	kcoro_join(task, KCORO_FOREVER, &result);
	kcoro_task_put(task);
	return result;
}

static s64 spawn_in_own(void *data)
{
	return PTR_ERR(spawn_in(data, give, NULL, KCORO_FOREVER));
}

static void a_full_group_makes_spawns_wait(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 1);
	struct kcoro_task *first, *second;

	add(test, group, await_gate, NULL);
	KUNIT_EXPECT_PTR_EQ(test, spawn_in(group, give, NULL, PAST),
			    ERR_PTR(-ETIMEDOUT));
	first = go(test, spawn_one, group);
	second = go(test, spawn_one, group);
	kcoro_cancel(first);
	KUNIT_EXPECT_EQ(test, finish(test, first), -ECANCELED);
	let_go(test, 0);
	KUNIT_EXPECT_EQ(test, finish(test, second), 7);
	KUNIT_EXPECT_EQ(test, finish(test, join_in(test, group, spawn_in_own,
						   group)), -EDEADLK);
	kcoro_group_put(group);
}

static void a_cancel_ends_spawns_that_wait(struct kunit *test)
{
	struct kcoro_group *group = make(test, NULL, 0, 1);
	struct kcoro_task *task;

	add(test, group, await_gate, NULL);
	task = go(test, spawn_one, group);
	kcoro_group_cancel(group, "");
	KUNIT_EXPECT_EQ(test, finish(test, task), -ECANCELED);
	KUNIT_EXPECT_EQ(test, wait_all(group), 0);
	kcoro_group_put(group);
}

static void bad_flags_are_refused(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, kcoro_group_create(NULL, 0x2, 0),
			    ERR_PTR(-EINVAL));
}

static s64 wait_for_own_group(void *data)
{
	struct kcoro_select_case c[2] = {
		{ .op = KCORO_OP_RECV },
		{ .op = KCORO_OP_GROUP, .group = data },
	};

	return kcoro_select(c, 2, 0, PAST);
}

static void a_select_for_the_own_group_is_edeadlk(struct kunit *test)
{
	struct kcoro_group *outer = kcoro_group_create(NULL, 0, 0), *inner;
	struct kcoro_spawn_args args = {
		.fn = wait_for_own_group, .data = outer, .owner = THIS_MODULE,
	};

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, outer);
	inner = kcoro_group_create(outer, 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, inner);
	KUNIT_EXPECT_EQ(test, finish(test, kcoro_group_spawn(inner, &args,
							     KCORO_FOREVER)),
			-EDEADLK);
	/* Who is not in it finds it without a task. */
	args.data = inner;
	KUNIT_EXPECT_EQ(test, finish(test, kcoro_group_spawn(outer, &args,
							     KCORO_FOREVER)),
			1);
	kcoro_group_put(inner);
	kcoro_group_put(outer);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_empty_group_is_not_waited_for),
	KUNIT_CASE(all_are_waited_for),
	KUNIT_CASE(who_was_started_by_its_tasks_is_waited_for),
	KUNIT_CASE(many_wait),
	KUNIT_CASE(nobody_waits_for_himself),
	KUNIT_CASE(results_come_in_order_of_ends),
	KUNIT_CASE(each_result_is_given_once),
	KUNIT_CASE(results_that_nobody_took_go_with_the_group),
	KUNIT_CASE(without_results_there_is_none),
	KUNIT_CASE(failures_are_collected),
	KUNIT_CASE(more_failures_are_counted),
	KUNIT_CASE(the_first_failure_ends_the_rest),
	KUNIT_CASE(the_end_of_one_who_was_cancelled_is_no_failure),
	KUNIT_CASE(a_cancel_ends_all),
	KUNIT_CASE(who_fails_as_he_is_cancelled_has_failed),
	KUNIT_CASE(a_cancel_races_with_spawns),
	KUNIT_CASE(a_parent_waits_for_its_groups),
	KUNIT_CASE(a_cancel_goes_down),
	KUNIT_CASE(a_cancel_does_not_go_up),
	KUNIT_CASE(a_failure_goes_up),
	KUNIT_CASE(a_limit_holds),
	KUNIT_CASE(a_full_group_makes_spawns_wait),
	KUNIT_CASE(a_cancel_ends_spawns_that_wait),
	KUNIT_CASE(bad_flags_are_refused),
	KUNIT_CASE(a_select_for_the_own_group_is_edeadlk),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_group",
	.init = group_init,
	.exit = group_exit,
	.test_cases = cases,
};
kunit_test_suites(&suite);

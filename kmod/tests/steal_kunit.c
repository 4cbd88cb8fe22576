// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of steal.c, tick.c and pool.c: what waits behind a task that keeps its
 * CPU runs elsewhere, or under another worker.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kcoro.h>

#include "one_cpu.h"
#include "sched.h"
#include "steal.h"
#include "task.h"
#include "worker.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */

#include "task_ops.h"

#define CROWD	6

struct meet {
	atomic_t here;
	int needed;
	u64 cpus;	/* where they ran, a bit each */
};

static void need_cpus(struct kunit *test, unsigned int nr)
{
	if (num_online_cpus() < nr)
		kunit_skip(test, "one CPU");
}

static void note_cpu(struct meet *meet)
{
	set_bit(raw_smp_processor_id() % 64, (unsigned long *)&meet->cpus);
}

/* Keeps its CPU until as many are here as are needed. */
static s64 meet_run(void *data)
{
	unsigned long guard = jiffies + 30 * HZ;
	struct meet *meet = data;

	note_cpu(meet);
	atomic_inc(&meet->here);
	while (atomic_read(&meet->here) < meet->needed) {
		if (time_after(jiffies, guard))
			return -ETIME;
		cpu_relax();
	}
	return 0;
}

static void queued_task_is_stolen(struct kunit *test)
{
	struct meet meet = { .needed = 2 };
	struct kcoro_info before = {}, after = {};
	struct kcoro_task *task[2];
	int i;

	need_cpus(test, 2);
	kcoro_sched_stats(&before);
	for (i = 0; i < 2; i++)
		task[i] = go_on(test, first_cpu(), meet_run, &meet);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, finish(test, task[i]), 0);
	kcoro_sched_stats(&after);
	KUNIT_EXPECT_GT(test, after.steals, before.steals);
	KUNIT_EXPECT_EQ(test, hweight64(meet.cpus), 2);
}

static s64 spawn_meet(void *data)
{
	struct kcoro_task *child = kcoro_go(meet_run, data);
	s64 result, joined = -EBADE;

	if (IS_ERR(child))
		return PTR_ERR(child);
	result = meet_run(data);	/* the child is in run_next */
	kcoro_join(child, KCORO_FOREVER, &joined);
	kcoro_task_put(child);
	return result ?: joined;
}

static void next_task_is_stolen_from_one_that_computes(struct kunit *test)
{
	struct meet meet = { .needed = 2 };

	need_cpus(test, 2);
	KUNIT_EXPECT_EQ(test, finish(test, go(test, spawn_meet, &meet)), 0);
}

static s64 idle_run(void *data)
{
	return kcoro_sleep_ms(1);
}

static s64 pinned_run(void *data)
{
	struct meet *meet = data;
	int i;

	for (i = 0; i < 20; i++) {
		note_cpu(meet);
		mdelay(1);	/* long enough for others to see them wait */
		kcoro_yield();
	}
	return 0;
}

static void pinned_tasks_are_not_stolen(struct kunit *test)
{
	struct meet meet = {};
	struct kcoro_spawn_args args = {
		.fn = pinned_run, .data = &meet, .name = "pinned",
		.owner = THIS_MODULE, .flags = KCORO_SPAWN_PIN,
		.cpu = cpumask_last(cpu_online_mask),
	};
	struct kcoro_task *task[CROWD];
	int i, j;

	need_cpus(test, 2);
	for (i = 0; i < CROWD; i++) {
		task[i] = kcoro_spawn(&args);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task[i]);
	}
	/* Others behind them: thieves come for those. */
	for (i = 0; i < 100; i++)
		for (j = 0; j < CROWD; j++)
			kcoro_task_put(go_on(test, args.cpu, idle_run, NULL));
	for (i = 0; i < CROWD; i++)
		KUNIT_EXPECT_EQ(test, finish(test, task[i]), 0);
	KUNIT_EXPECT_EQ(test, meet.cpus, BIT_ULL(args.cpu % 64));
}

static s64 set_here(void *data)
{
	struct meet *meet = data;

	atomic_inc(&meet->here);
	return 0;
}

/* Gives way to the kernel, never to other tasks: a spare has to come. */
static s64 hog_run(void *data)
{
	unsigned long guard = jiffies + 30 * HZ;
	struct meet *meet = data;

	while (!atomic_read(&meet->here)) {
		if (time_after(jiffies, guard))
			return -ETIME;
		cond_resched();
	}
	return 0;
}

static void hog_loses_the_queue(struct kunit *test)
{
	struct meet meet = {};
	struct kcoro_info before = {}, after = {};
	struct kcoro_task *hog, *other;
	struct kcoro_task_info info;

	one_cpu(test);
	kcoro_sched_stats(&before);
	hog = go_on(test, first_cpu(), hog_run, &meet);
	other = go_on(test, first_cpu(), set_here, &meet);
	KUNIT_EXPECT_EQ(test, finish(test, other), 0);
	KUNIT_EXPECT_EQ(test, end_of(test, hog), 0);
	kcoro_task_info(hog, &info);
	KUNIT_EXPECT_GE(test, info.hogs, 1);
	kcoro_task_put(hog);
	kcoro_sched_stats(&after);
	KUNIT_EXPECT_GT(test, after.hogs, before.hogs);
}

/* Blocks with nobody behind it: its CPU's queue has no owner then. */
static s64 block_run(void *data)
{
	msleep(100);
	return 0;
}

static unsigned int count_hogging(void)
{
	unsigned int cpu, nr = 0;

	for_each_possible_cpu(cpu)
		nr += READ_ONCE(kcoro_sched_cpu(cpu)->nr_hogging);
	return nr;
}

static void hog_does_not_get_the_queue_back(struct kunit *test)
{
	struct kcoro_task *hog, *block, *other;
	struct kcoro_task_info info;
	struct meet meet = {};
	int guard = 10000;

	one_cpu(test);
	hog = go_on(test, first_cpu(), hog_run, &meet);
	block = go_on(test, first_cpu(), block_run, NULL);
	do {
		usleep_range(1000, 2000);
	} while (!count_hogging());
	msleep(20);	/* the hog has been off its CPU and on again */
	other = go_on(test, first_cpu(), set_here, &meet);
	KUNIT_EXPECT_EQ(test, finish(test, other), 0);
	KUNIT_EXPECT_EQ(test, finish(test, block), 0);
	KUNIT_EXPECT_EQ(test, end_of(test, hog), 0);
	kcoro_task_info(hog, &info);
	KUNIT_EXPECT_EQ(test, info.hogs, 1);
	kcoro_task_put(hog);
	while (count_hogging() && guard--)
		usleep_range(500, 1000);
	KUNIT_EXPECT_EQ(test, count_hogging(), 0);
}

/* Long enough for the queue to pass on; then it yields, without a queue. */
static s64 hog_yields(void *data)
{
	s64 ret = hog_run(data);

	kcoro_yield();
	return ret;
}

static void hog_comes_back_by_the_global_queue(struct kunit *test)
{
	struct meet meet = {};
	struct kcoro_task *hog, *other;

	one_cpu(test);
	hog = go_on(test, first_cpu(), hog_yields, &meet);
	other = go_on(test, first_cpu(), set_here, &meet);
	KUNIT_EXPECT_EQ(test, finish(test, hog), 0);
	KUNIT_EXPECT_EQ(test, finish(test, other), 0);
	KUNIT_EXPECT_EQ(test, kcoro_global_count(), 0);
}

static s64 polite_run(void *data)
{
	unsigned long guard = jiffies + 30 * HZ;
	struct meet *meet = data;
	s64 turns = 0;

	while (!atomic_read(&meet->here) && time_before(jiffies, guard))
		if (kcoro_should_yield()) {
			turns++;
			kcoro_yield();
		}
	return turns;
}

static void should_yield_is_false_with_nobody_waiting(struct kunit *test)
{
	struct kcoro_task *task;
	struct meet meet = {};
	s64 turns;

	one_cpu(test);
	task = go(test, polite_run, &meet);
	msleep(50);
	atomic_inc(&meet.here);
	turns = finish(test, task);
	/* The kernel may have wanted the CPU, for the tick's work at most. */
	KUNIT_EXPECT_LE(test, turns, 50);
}

static void idle_cpus_do_not_tick(struct kunit *test)
{
	unsigned int cpu, guard = 10000, ticking;

	finish(test, go(test, idle_run, NULL));
	do {
		usleep_range(500, 1000);
		ticking = 0;
		for_each_online_cpu(cpu)
			ticking += READ_ONCE(kcoro_sched_cpu(cpu)->ticking);
	} while (ticking && guard--);
	KUNIT_EXPECT_EQ(test, ticking, 0);
}

/* CPUs that were woken to search are counted no longer once they sleep. */
static void searchers_are_forgotten(struct kunit *test)
{
	struct kcoro_task *task[CROWD];
	unsigned int cpu, guard = 10000, searching;
	int round, i;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < CROWD; i++)
			task[i] = go_on(test, first_cpu(), idle_run, NULL);
		kcoro_pool_set_active(round & 1);
		for (i = 0; i < CROWD; i++)
			finish(test, task[i]);
	}
	do {
		usleep_range(500, 1000);
		searching = 0;
		for_each_possible_cpu(cpu)
			searching += READ_ONCE(kcoro_sched_cpu(cpu)->searching);
	} while (searching && guard--);
	KUNIT_EXPECT_EQ(test, searching, 0);
}

static struct kunit_case steal_cases[] = {
	KUNIT_CASE(queued_task_is_stolen),
	KUNIT_CASE(next_task_is_stolen_from_one_that_computes),
	KUNIT_CASE(pinned_tasks_are_not_stolen),
	KUNIT_CASE(hog_loses_the_queue),
	KUNIT_CASE(hog_does_not_get_the_queue_back),
	KUNIT_CASE(hog_comes_back_by_the_global_queue),
	KUNIT_CASE(should_yield_is_false_with_nobody_waiting),
	KUNIT_CASE(idle_cpus_do_not_tick),
	KUNIT_CASE(searchers_are_forgotten),
	{}
};

static struct kunit_suite steal_suite = {
	.name = "kcoro_steal",
	.test_cases = steal_cases,
	.exit = all_cpus,
};

kunit_test_suites(&steal_suite);

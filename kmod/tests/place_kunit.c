// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of place.c: priorities, pins, and threads of their own.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/kcoro.h>
#include <linux/sched.h>

#include "one_cpu.h"
#include "place.h"
#include "sched.h"
#include "task.h"
#include "worker.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */

#include "task_ops.h"

#define EACH	3	/* tasks of each priority */
#define NR	(KCORO_LEVELS * EACH)

struct order {
	struct kcoro_task *task[NR];
	int priority[NR];	/* in the order of their turns */
	int turns;
	bool stop;
};

static s64 note_turn(void *data)
{
	struct order *order = data;

	order->priority[order->turns++] =
		kcoro_current()->entity.priority;
	return 0;
}

static struct kcoro_task *spawn_at(s64 (*fn)(void *), void *data, int priority)
{
	return kcoro_spawn(&(struct kcoro_spawn_args) {
		.fn = fn, .data = data, .name = "priority",
		.owner = THIS_MODULE, .priority = priority });
}

/* Starts all of them before the first has its turn, the last in line first. */
static s64 spawn_all(void *data)
{
	struct order *order = data;
	int i;

	for (i = 0; i < NR; i++)
		order->task[i] = spawn_at(note_turn, order,
					  KCORO_PRIORITY_MAX - i / EACH);
	return 0;
}

static void urgent_tasks_go_first(struct kunit *test)
{
	struct order *order = kunit_kzalloc(test, sizeof(*order), GFP_KERNEL);
	int i, bad = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, order);
	one_cpu(test);
	finish(test, go(test, spawn_all, order));
	for (i = 0; i < NR; i++)
		finish(test, order->task[i]);
	KUNIT_EXPECT_EQ(test, order->turns, NR);
	for (i = 1; i < NR; i++)
		bad += order->priority[i] < order->priority[i - 1];
	/* One may have had the turn of a fair pick. */
	KUNIT_EXPECT_LE(test, bad, 1);
}

static s64 urgent_run(void *data)
{
	struct order *order = data;
	unsigned long guard = jiffies + 30 * HZ;
	s64 turns = 0;

	while (!READ_ONCE(order->stop)) {
		if (time_after(jiffies, guard))
			return -ETIME;
		kcoro_yield();
		turns++;
	}
	return turns;
}

static s64 humble_run(void *data)
{
	struct order *order = data;
	int i;

	for (i = 0; i < 10; i++)
		kcoro_yield();
	WRITE_ONCE(order->stop, true);
	return 0;
}

static void humble_tasks_do_not_starve(struct kunit *test)
{
	struct order order = {};
	struct kcoro_task *urgent[2], *humble;
	int i;

	one_cpu(test);
	humble = spawn_at(humble_run, &order, KCORO_PRIORITY_MAX);
	for (i = 0; i < 2; i++)
		urgent[i] = spawn_at(urgent_run, &order, KCORO_PRIORITY_MIN);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, humble);
	KUNIT_EXPECT_EQ(test, finish(test, humble), 0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_GE(test, finish(test, urgent[i]), 0);
}

struct follow {
	struct kcoro_chan *chan;
	unsigned int cpu;
};

static s64 follow_run(void *data)
{
	struct follow *follow = data;
	u64 value;

	while (kcoro_recv(follow->chan, &value, KCORO_FOREVER) == 1)
		WRITE_ONCE(follow->cpu, raw_smp_processor_id());
	return 0;
}

/* Sends, and waits until the task waits again. */
static void prod(struct kunit *test, struct follow *follow,
		 struct kcoro_task *task)
{
	struct kcoro_task_info info;
	u64 value = 0;

	KUNIT_ASSERT_EQ(test, kcoro_send(follow->chan, &value, GUARD), 0);
	do {
		cond_resched();
		kcoro_task_info(task, &info);
	} while (info.state != KCORO_TASK_PARKED);
}

static void pin_can_be_changed(struct kunit *test)
{
	struct follow follow = { .cpu = ~0U };
	struct kcoro_task *task;
	unsigned int cpu;

	follow.chan = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, follow.chan);
	task = go(test, follow_run, &follow);
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_EQ(test, kcoro_place_set(task, KCORO_SET_CPU, 0,
						      cpu), 0);
		prod(test, &follow, task);
		KUNIT_EXPECT_EQ(test, READ_ONCE(follow.cpu), cpu);
	}
	KUNIT_EXPECT_EQ(test, kcoro_place_set(task, KCORO_SET_CPU, 0, -1), 0);
	KUNIT_EXPECT_FALSE(test, task->special);
	kcoro_chan_close(follow.chan);
	finish(test, task);
	kcoro_chan_drop(follow.chan, KCORO_SEND | KCORO_RECV);
}

static void pinned_task_goes_away_and_comes_back(struct kunit *test)
{
	struct follow follow = { .cpu = ~0U };
	unsigned int last = cpumask_last(cpu_online_mask);
	struct kcoro_task_info info;
	struct kcoro_task *task;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	follow.chan = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, follow.chan);
	task = go(test, follow_run, &follow);
	KUNIT_EXPECT_EQ(test, kcoro_place_set(task, KCORO_SET_CPU, 0, last), 0);
	one_cpu(test);
	prod(test, &follow, task);
	KUNIT_EXPECT_NE(test, READ_ONCE(follow.cpu), last);
	kcoro_task_info(task, &info);
	KUNIT_EXPECT_TRUE(test, info.flags & KCORO_TASK_F_AWAY);
	KUNIT_EXPECT_EQ(test, info.pin, (int)last);
	KUNIT_EXPECT_EQ(test, kcoro_place_check(0, last), -ENODEV);
	all_cpus(test);
	prod(test, &follow, task);
	KUNIT_EXPECT_EQ(test, READ_ONCE(follow.cpu), last);
	kcoro_task_info(task, &info);
	KUNIT_EXPECT_FALSE(test, info.flags & KCORO_TASK_F_AWAY);
	kcoro_chan_close(follow.chan);
	finish(test, task);
	kcoro_chan_drop(follow.chan, KCORO_SEND | KCORO_RECV);
}

static void bad_places_are_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_place_check(0, -1), 0);
	KUNIT_EXPECT_EQ(test, kcoro_place_check(KCORO_PRIORITY_MIN, -1), 0);
	KUNIT_EXPECT_EQ(test, kcoro_place_check(KCORO_PRIORITY_MIN - 1, -1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_place_check(KCORO_PRIORITY_MAX + 1, -1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_place_check(0, -2), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_place_check(0, nr_cpu_ids), -EINVAL);
}

struct own {
	pid_t pid[3];
	char comm[3][TASK_COMM_LEN];
};

static s64 own_run(void *data)
{
	struct own *own = data;
	int i;

	for (i = 0; i < 3; i++) {
		own->pid[i] = current->pid;
		get_task_comm(own->comm[i], current);
		kcoro_yield();
		if (kcoro_sleep_ms(1))
			return -EBADE;
	}
	return 42;
}

static void own_thread_runs_nothing_else(struct kunit *test)
{
	struct own own = {};
	struct kcoro_task *task;
	int i;

	task = kcoro_spawn(&(struct kcoro_spawn_args) {
		.fn = own_run, .data = &own, .name = "own",
		.owner = THIS_MODULE, .flags = KCORO_SPAWN_THREAD });
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_EQ(test, kcoro_place_set(task, KCORO_SET_CPU, 0, 0),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, finish(test, task), 42);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, own.pid[i], own.pid[0]);
		KUNIT_EXPECT_TRUE(test, strstarts(own.comm[i], "kcoro-own/"));
	}
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE(urgent_tasks_go_first),
	KUNIT_CASE(humble_tasks_do_not_starve),
	KUNIT_CASE(pin_can_be_changed),
	KUNIT_CASE(pinned_task_goes_away_and_comes_back),
	KUNIT_CASE(bad_places_are_refused),
	KUNIT_CASE(own_thread_runs_nothing_else),
	{}
};

static struct kunit_suite place_suite = {
	.name = "kcoro_place",
	.test_cases = place_cases,
	.exit = all_cpus,
};

kunit_test_suites(&place_suite);

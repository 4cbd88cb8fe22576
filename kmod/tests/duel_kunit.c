// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of wait.c: two causes meet, in many short rounds, each of which has
 * one outcome that fits what both of them were told.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched/task.h>
#include <linux/smp.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */

#include "task_ops.h"
#define DUELS	400

/**
 * struct duel - what two rivals share
 * @wait: of the round; all CPUs try to win it at the same time
 * @armed: rounds begun
 * @fired: rounds in which all CPUs have tried
 * @wins: that they won
 * @bad: outcomes that may not be
 * @chan: of the receiver that is killed
 * @victim: that receiver
 */
struct duel {
	struct kcoro_wait *wait;
	atomic_t armed;
	atomic_t fired;
	atomic_t wins;
	s64 bad;
	struct kcoro_chan *chan;
	struct kcoro_task *victim;
};

/* A thread on the last CPU; tasks are started on any. */
struct side {
	int (*fn)(struct duel *duel);
	struct duel *duel;
	struct task_struct *thread;
	struct completion done;
};

static int side_run(void *data)
{
	struct side *side = data;

	side->fn(side->duel);
	complete(&side->done);
	return 0;
}

static void side_start(struct kunit *test, struct side *side,
		       int (*fn)(struct duel *duel), struct duel *duel)
{
	side->fn = fn;
	side->duel = duel;
	init_completion(&side->done);
	side->thread = kthread_create_on_cpu(side_run, side,
					     cpumask_last(cpu_online_mask),
					     "kcoro-test/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, side->thread);
	get_task_struct(side->thread);
	wake_up_process(side->thread);
}

static void side_wait(struct kunit *test, struct side *side)
{
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&side->done,
							     120 * HZ));
	put_task_struct(side->thread);
}

static void short_pause(void)
{
	udelay(get_random_u32() % 32);
}

static s64 recv_once(void *data)
{
	struct duel *duel = data;
	u64 value;

	return kcoro_recv(duel->chan, &value, KCORO_FOREVER);
}

static int kill_soon(struct duel *duel)
{
	short_pause();
	kcoro_task_kill(duel->victim);
	return 0;
}

static void kill_and_message(struct kunit *test)
{
	struct duel duel = {};
	u64 value = 0, wrong = 0;
	struct side side;
	int i, err;
	s64 got;

	duel.chan = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, duel.chan);
	for (i = 0; i < 100; i++) {
		duel.victim = kcoro_go(recv_once, &duel);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, duel.victim);
		side_start(test, &side, kill_soon, &duel);
		err = kcoro_send(duel.chan, &value,
				 ktime_add_us(ktime_get(), 1000));
		side_wait(test, &side);
		got = finish(test, duel.victim);
		wrong += got != (err ? -ECANCELED : 1);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	kcoro_chan_drop(duel.chan, KCORO_SEND | KCORO_RECV);
}

static s64 end_soon(void *data)
{
	short_pause();
	return 42;
}

static void deadline_and_end_of_a_joined_task(struct kunit *test)
{
	struct kcoro_task *task;
	ktime_t deadline;
	u64 wrong = 0;
	int i, err;
	s64 result;

	for (i = 0; i < 300; i++) {
		result = 42;
		task = kcoro_go(end_soon, NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
		deadline = ktime_add_us(ktime_get(), get_random_u32() % 64);
		err = kcoro_join(task, deadline, &result);
		wrong += (err && err != -ETIMEDOUT) || result != 42;
		wrong += finish(test, task) != 42;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static s64 duel_run(void *data)
{
	struct kcoro_wait onstack, *wait = kcoro_wait_get(&onstack);
	struct duel *duel = data;
	s64 bad = 0;
	int i;

	for (i = 1; i <= DUELS; i++) {
		bad += kcoro_wait_begin(wait, KCORO_WAIT_EVENT) != 0;
		WRITE_ONCE(duel->wait, wait);
		atomic_set_release(&duel->armed, i);
		bad += kcoro_wait_finish(wait, KCORO_FOREVER) != 0;
		/* Losers may look until the round is over. */
		while (atomic_read(&duel->fired) < i)
			usleep_range(1, 20);
	}
	return bad;
}

static void duel_fire(void *data)
{
	struct duel *duel = data;
	struct kcoro_wait *wait = duel->wait;

	if (kcoro_wait_win(wait)) {
		atomic_inc(&duel->wins);
		kcoro_wait_wake(wait);
	}
}

static int duel_fire_all(struct duel *duel)
{
	int i, guard, wrong = 0;

	for (i = 1; i <= DUELS; i++) {
		for (guard = 0; atomic_read_acquire(&duel->armed) < i; guard++) {
			if (guard == 100000)
				return -ETIMEDOUT;
			usleep_range(1, 20);
		}
		on_each_cpu(duel_fire, duel, 1);
		wrong += atomic_read(&duel->wins) != i;
		atomic_set(&duel->fired, i);
	}
	return wrong;
}

static void wait_of_a_task_is_won_once(struct kunit *test)
{
	struct duel duel = {};
	struct kcoro_task *task = kcoro_go(duel_run, &duel);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_EQ(test, duel_fire_all(&duel), 0);
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
}

static int duel_thread(struct duel *duel)
{
	duel->bad = duel_run(duel);
	return 0;
}

static void wait_of_a_thread_is_won_once(struct kunit *test)
{
	struct duel duel = {};
	struct side side;

	side_start(test, &side, duel_thread, &duel);
	KUNIT_EXPECT_EQ(test, duel_fire_all(&duel), 0);
	side_wait(test, &side);
	KUNIT_EXPECT_EQ(test, duel.bad, 0);
}

static struct kunit_case duel_cases[] = {
	KUNIT_CASE(kill_and_message),
	KUNIT_CASE(deadline_and_end_of_a_joined_task),
	KUNIT_CASE(wait_of_a_task_is_won_once),
	KUNIT_CASE(wait_of_a_thread_is_won_once),
	{}
};

static struct kunit_suite duel_suite = {
	.name = "kcoro_duel",
	.test_cases = duel_cases,
};

kunit_test_suites(&duel_suite);

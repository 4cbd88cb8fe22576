// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of select.c: selects of two CPUs that meet on the same two channels,
 * in both directions at once. Each side sends numbers, the next one only after
 * success, and wants its peer's one after another: whatever is lost, doubled
 * or given to the wrong side shows.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/workqueue.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */
#define BOTH	(KCORO_SEND | KCORO_RECV)
#define ROUNDS	1500

/**
 * struct side - one of the two
 * @out: sends here
 * @in: receives from here
 * @quit: closed to end it
 * @deadlines: give up from time to time
 * @sent: numbers that were sent
 * @got: numbers received, in order
 * @wrong: numbers out of order, and outcomes that may not be
 * @task: if it is a task
 * @done: if it is a thread
 */
struct side {
	struct kcoro_chan *out;
	struct kcoro_chan *in;
	struct kcoro_chan *quit;
	bool deadlines;
	u64 sent;
	u64 got;
	u64 wrong;
	struct kcoro_task *task;
	struct completion done;
};

/* Counts for @side what a select did. True: the end. */
static bool side_account(struct side *side, const struct kcoro_select_case *c,
			 int index)
{
	switch (index) {
	case 0:
		side->wrong += c[0].result != 0;
		WRITE_ONCE(side->sent, side->sent + 1);
		return false;
	case 1:
		side->wrong += c[1].result != 1;
		side->wrong += *(u64 *)c[1].msg != side->got;
		side->got++;
		return false;
	case 2:
		side->wrong += c[2].result != 0;
		return true;
	default:
		side->wrong += index != -ETIMEDOUT || !side->deadlines;
		return false;
	}
}

static s64 side_run(void *data)
{
	struct side *side = data;
	struct kcoro_select_case c[3] = {};
	u64 in, never;
	int index;

	c[0].op = KCORO_OP_SEND;
	c[0].chan = side->out;
	c[1].op = KCORO_OP_RECV;
	c[1].chan = side->in;
	c[2].op = KCORO_OP_RECV;
	c[2].chan = side->quit;
	do {
		u64 out = side->sent;

		c[0].msg = &out;
		c[1].msg = &in;
		c[2].msg = &never;
		index = kcoro_select(c, 3, 0, side->deadlines ?
				     ktime_add_us(ktime_get(),
						  get_random_u32() % 64) :
				     KCORO_FOREVER);
		if (get_random_u32() % 16 == 0)
			kcoro_yield();
		cond_resched();
	} while (!side_account(side, c, index));
	complete(&side->done);
	return 0;
}

static int side_thread(void *data)
{
	return side_run(data);
}

static long side_spawn(void *data)
{
	struct side *side = data;

	side->task = kcoro_go(side_run, side);
	return 0;
}

static void side_start(struct kunit *test, struct side *side, bool thread,
		       unsigned int cpu)
{
	struct task_struct *new;

	init_completion(&side->done);
	if (!thread) {
		work_on_cpu(cpu, side_spawn, side);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, side->task);
		return;
	}
	new = kthread_create_on_cpu(side_thread, side, cpu, "kcoro-test/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, new);
	wake_up_process(new);
}

static struct kcoro_chan *make(struct kunit *test, u32 capacity)
{
	struct kcoro_chan *chan = kcoro_chan_create(sizeof(u64), capacity);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	return chan;
}

/* Take what buffered channels still hold. */
static void side_drain(struct side *side)
{
	u64 value;

	while (kcoro_try_recv(side->in, &value) == 1)
		side->wrong += value != side->got++;
}

static void meet(struct kunit *test, bool first_thread, bool second_thread,
		 bool deadlines, u32 capacity)
{
	struct side *side = kunit_kcalloc(test, 2, sizeof(*side), GFP_KERNEL);
	struct kcoro_chan *quit = make(test, 0);
	int i, guard = 60000;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, side);
	for (i = 0; i < 2; i++) {
		side[i].out = make(test, capacity);
		side[!i].in = side[i].out;
		side[i].quit = quit;
		side[i].deadlines = deadlines;
	}
	side_start(test, &side[0], first_thread,
		   cpumask_first(cpu_online_mask));
	side_start(test, &side[1], second_thread,
		   cpumask_last(cpu_online_mask));
	while (READ_ONCE(side[0].sent) + READ_ONCE(side[1].sent) < ROUNDS &&
	       guard--)
		kcoro_sleep_ms(1);
	kcoro_chan_close(quit);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_NE(test, 0,
				wait_for_completion_timeout(&side[i].done,
							    60 * HZ));
		if (side[i].task) {
			kcoro_join(side[i].task, GUARD, NULL);
			kcoro_task_put(side[i].task);
		}
	}
	KUNIT_EXPECT_GE(test, guard, 0);
	for (i = 0; i < 2; i++) {
		side_drain(&side[i]);
		KUNIT_EXPECT_EQ(test, side[i].wrong, 0);
		KUNIT_EXPECT_EQ(test, side[i].got, side[!i].sent);
	}
	kcoro_chan_drop(side[0].out, BOTH);
	kcoro_chan_drop(side[1].out, BOTH);
	kcoro_chan_drop(quit, BOTH);
}

static void selects_of_two_tasks_meet(struct kunit *test)
{
	meet(test, false, false, false, 0);
}

static void selects_of_two_threads_meet(struct kunit *test)
{
	meet(test, true, true, false, 0);
}

static void selects_of_task_and_thread_meet(struct kunit *test)
{
	meet(test, false, true, false, 0);
}

static void selects_with_deadlines_meet(struct kunit *test)
{
	meet(test, false, true, true, 0);
}

static void selects_meet_on_buffered_channels(struct kunit *test)
{
	meet(test, false, true, true, 2);
}

static struct kunit_case meet_cases[] = {
	KUNIT_CASE(selects_of_two_tasks_meet),
	KUNIT_CASE(selects_of_two_threads_meet),
	KUNIT_CASE(selects_of_task_and_thread_meet),
	KUNIT_CASE(selects_with_deadlines_meet),
	KUNIT_CASE(selects_meet_on_buffered_channels),
	{}
};

static struct kunit_suite meet_suite = {
	.name = "kcoro_meet",
	.test_cases = meet_cases,
};

kunit_test_suites(&meet_suite);

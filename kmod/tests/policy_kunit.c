// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of policy.c: the registry, switches with tasks that wait, and what
 * becomes of tasks whose policy fails.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_policy.h>

#include "one_cpu.h"
#include "policy.h"
#include "sched.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */

#include "task_ops.h"

#define CROWD		8
#define SWITCHES	30

static void expect_policy(struct kunit *test, const char *name)
{
	char is[KCORO_POLICY_MAX];

	kcoro_policy_name(is);
	KUNIT_EXPECT_STREQ(test, (const char *)is, name);
}

static void policy_exit(struct kunit *test)
{
	kcoro_policy_choose("fifo");
	all_cpus(test);
}

/* --- Policies that are wrong ---------------------------------------------- */

static void bad_init(void *rq) { }

static bool bad_enqueue(void *rq, struct kcoro_entity *entity,
			enum kcoro_enqueue why, u64 now)
{
	return false;
}

static struct kcoro_entity *bad_pick(void *rq, u64 now)
{
	return NULL;
}

/* Takes tasks and never gives one back. */
static struct kcoro_policy loser = {
	.name = "test-loser",
	.help = "loses tasks",
	.owner = THIS_MODULE,
	.init = bad_init,
	.enqueue = bad_enqueue,
	.pick = bad_pick,
};

static s64 count_run(void *data)
{
	atomic_t *count = data;
	int i;

	for (i = 0; i < 10; i++)
		kcoro_yield();
	return atomic_inc_return(count);
}

static void tasks_that_a_policy_loses_run(struct kunit *test)
{
	u64 falls = kcoro_policy_falls();
	struct kcoro_task *task[CROWD];
	atomic_t count = ATOMIC_INIT(0);
	int i, guard = 30000;

	KUNIT_ASSERT_EQ(test, kcoro_policy_register(&loser), 0);
	KUNIT_EXPECT_EQ(test, kcoro_policy_choose(loser.name), 0);
	for (i = 0; i < CROWD; i++)
		task[i] = go(test, count_run, &count);
	for (i = 0; i < CROWD; i++)
		KUNIT_EXPECT_GT(test, finish(test, task[i]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&count), CROWD);
	while (kcoro_policy_falls() == falls && guard--)
		usleep_range(500, 1000);
	KUNIT_EXPECT_EQ(test, kcoro_policy_falls(), falls + 1);
	expect_policy(test, "fifo");
	kcoro_policy_choose("fifo");
	kcoro_policy_unregister(&loser);
}

static void bad_policies_are_refused(struct kunit *test)
{
	struct kcoro_policy policy = loser;

	policy.name = "fifo";
	KUNIT_EXPECT_EQ(test, kcoro_policy_register(&policy), -EEXIST);
	policy.name = "mlfq";
	KUNIT_EXPECT_EQ(test, kcoro_policy_register(&policy), -EEXIST);
	policy.name = "Upper";
	KUNIT_EXPECT_EQ(test, kcoro_policy_register(&policy), -EINVAL);
	policy.name = "";
	KUNIT_EXPECT_EQ(test, kcoro_policy_register(&policy), -EINVAL);
	policy.name = "a-name-that-is-too-long";
	KUNIT_EXPECT_EQ(test, kcoro_policy_register(&policy), -EINVAL);
	policy.name = "test-incomplete";
	policy.pick = NULL;
	KUNIT_EXPECT_EQ(test, kcoro_policy_register(&policy), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_policy_choose("test-incomplete"), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_policy_choose(""), -EINVAL);
	expect_policy(test, "fifo");
}

/* --- Switches ----------------------------------------------------------------- */

struct crowd {
	bool stop;
	struct kcoro_chan *chan;
};

static s64 yielder(void *data)
{
	struct crowd *crowd = data;
	s64 turns = 0;

	while (!READ_ONCE(crowd->stop)) {
		kcoro_yield();
		turns++;
	}
	return turns;
}

static s64 echoer(void *data)
{
	struct crowd *crowd = data;
	u64 value;
	s64 turns = 0;

	while (kcoro_recv(crowd->chan, &value, KCORO_FOREVER) == 1)
		turns++;
	return turns;
}

static s64 talker(void *data)
{
	struct crowd *crowd = data;
	u64 value = 0;

	while (!READ_ONCE(crowd->stop))
		if (kcoro_send(crowd->chan, &value, KCORO_FOREVER))
			return -EPIPE;
	return kcoro_chan_close(crowd->chan);
}

static void no_task_is_lost_over_switches(struct kunit *test)
{
	static const char *const names[] = { "mlfq", "fifo", "predict" };
	struct kcoro_task *task[CROWD], *echo, *talk;
	struct crowd crowd = {};
	int i;

	crowd.chan = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, crowd.chan);
	echo = go(test, echoer, &crowd);
	talk = go(test, talker, &crowd);
	for (i = 0; i < CROWD; i++)
		task[i] = go(test, yielder, &crowd);
	for (i = 0; i < SWITCHES; i++) {
		const char *name = names[i % ARRAY_SIZE(names)];

		KUNIT_EXPECT_EQ(test, kcoro_policy_choose(name), 0);
		expect_policy(test, name);
		usleep_range(500, 1000);
	}
	WRITE_ONCE(crowd.stop, true);
	for (i = 0; i < CROWD; i++)
		KUNIT_EXPECT_GT(test, finish(test, task[i]), 0);
	KUNIT_EXPECT_EQ(test, finish(test, talk), 0);
	KUNIT_EXPECT_GT(test, finish(test, echo), 0);
	kcoro_chan_drop(crowd.chan, KCORO_SEND | KCORO_RECV);
}

static void queues_are_empty_afterwards(struct kunit *test)
{
	struct kcoro_task *task[CROWD];
	atomic_t count = ATOMIC_INIT(0);
	unsigned int cpu;
	int i;

	KUNIT_EXPECT_EQ(test, kcoro_policy_choose("mlfq"), 0);
	for (i = 0; i < CROWD; i++)
		task[i] = go(test, count_run, &count);
	for (i = 0; i < CROWD; i++)
		finish(test, task[i]);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ(test, READ_ONCE(kcoro_sched_cpu(cpu)->nr_queued),
				0);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(tasks_that_a_policy_loses_run),
	KUNIT_CASE(bad_policies_are_refused),
	KUNIT_CASE(no_task_is_lost_over_switches),
	KUNIT_CASE(queues_are_empty_afterwards),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "kcoro_policy",
	.test_cases = policy_cases,
	.exit = policy_exit,
};

kunit_test_suites(&policy_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sched.c: who runs next. Tasks are started on one CPU by a task that
 * runs there, and so begin to run when it ends, in order. What is compared is
 * how often each had its turn.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kcoro.h>
#include <linux/slab.h>

#include "chan.h"
#include "one_cpu.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */
#define BOTH	(KCORO_SEND | KCORO_RECV)
#define CROWD	4

static s64 finish(struct kunit *test, struct kcoro_task *task)
{
	s64 result = -EBADE;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	if (kcoro_join(task, GUARD, &result)) {
		KUNIT_FAIL(test, "task hangs");
		kcoro_task_kill(task);
		KUNIT_ASSERT_EQ(test, kcoro_join(task, GUARD, &result), 0);
	}
	kcoro_task_put(task);
	return result;
}

/**
 * struct crowd - tasks of one CPU
 * @fn: what they run, with the crowd as data
 * @task: they
 * @nr: how many
 * @log: ids in the order of their turns
 * @turns: entries of @log
 * @stop: the turns are counted, come to an end
 * @chan: for those who talk
 * @rounds: that they made
 */
struct crowd {
	s64 (*fn[CROWD])(void *data);
	struct kcoro_task *task[CROWD];
	int nr;
	u64 log[64];
	int turns;
	bool stop;
	struct kcoro_chan *chan[2];
	u64 rounds;
};

static s64 crowd_spawn(void *data)
{
	struct crowd *crowd = data;
	int i;

	for (i = 0; i < crowd->nr; i++)
		crowd->task[i] = kcoro_go(crowd->fn[i], crowd);
	return 0;
}

static void crowd_run(struct kunit *test, struct crowd *crowd)
{
	finish(test, kcoro_go(crowd_spawn, crowd));
}

static struct crowd *crowd_make(struct kunit *test, int nr,
				s64 (*fn)(void *data))
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, crowd);
	crowd->nr = nr;
	for (i = 0; i < nr; i++)
		crowd->fn[i] = fn;
	return crowd;
}

/* --- Yield ---------------------------------------------------------------- */

static s64 log_turns(void *data)
{
	struct crowd *crowd = data;
	int i;

	for (i = 0; i < 10; i++) {
		crowd->log[crowd->turns++] = kcoro_task_id(kcoro_current());
		kcoro_yield();
	}
	return 0;
}

static void yield_gives_turns_in_rotation(struct kunit *test)
{
	struct crowd *crowd = crowd_make(test, CROWD, log_turns);
	int i, bad = 0;

	one_cpu(test);
	crowd_run(test, crowd);
	for (i = 0; i < CROWD; i++)
		finish(test, crowd->task[i]);
	for (i = CROWD; i < crowd->turns; i++)
		bad += crowd->log[i] != crowd->log[i - CROWD];
	KUNIT_EXPECT_EQ(test, crowd->turns, CROWD * 10);
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Computes until its peer has run, which it does only if we give way. */
static s64 polite_hog(void *data)
{
	unsigned long guard = jiffies + 30 * HZ;
	struct crowd *crowd = data;

	while (!READ_ONCE(crowd->stop)) {
		if (kcoro_should_yield())
			kcoro_yield();
		if (time_after(jiffies, guard))
			return -ETIME;
	}
	return 0;
}

static s64 set_stop(void *data)
{
	struct crowd *crowd = data;

	WRITE_ONCE(crowd->stop, true);
	return 0;
}

static void should_yield_tells_of_queued_peers(struct kunit *test)
{
	struct crowd *crowd = crowd_make(test, 2, polite_hog);

	one_cpu(test);
	crowd->fn[0] = set_stop;
	crowd->fn[1] = polite_hog;
	crowd_run(test, crowd);
	KUNIT_EXPECT_EQ(test, finish(test, crowd->task[1]), 0);
	finish(test, crowd->task[0]);
}

static void yield_of_a_thread_returns(struct kunit *test)
{
	kcoro_yield();
	kcoro_should_yield();
}

/* --- Who was woken goes next ---------------------------------------------- */

static s64 answer(void *data)
{
	struct crowd *crowd = data;
	u64 value;

	while (kcoro_recv(crowd->chan[0], &value, KCORO_FOREVER) == 1) {
		crowd->rounds++;
		if (kcoro_send(crowd->chan[1], &value, KCORO_FOREVER))
			break;
	}
	return 0;
}

static s64 ask(void *data)
{
	unsigned long guard = jiffies + 30 * HZ;
	struct crowd *crowd = data;
	u64 value = 0;

	while (!READ_ONCE(crowd->stop) && time_before(jiffies, guard)) {
		if (kcoro_send(crowd->chan[0], &value, KCORO_FOREVER) ||
		    kcoro_recv(crowd->chan[1], &value, KCORO_FOREVER) != 1)
			return -EPIPE;
	}
	kcoro_chan_close(crowd->chan[0]);
	return READ_ONCE(crowd->stop) ? 0 : -ETIME;
}

#define BYSTANDER_TURNS	50

static s64 bystander(void *data)
{
	unsigned long guard = jiffies + 60 * HZ;
	struct crowd *crowd = data;
	int turns = 0;

	while (turns < BYSTANDER_TURNS && time_before(jiffies, guard))
		turns += kcoro_yield();
	WRITE_ONCE(crowd->stop, true);
	return turns < BYSTANDER_TURNS ? -ETIME : crowd->rounds;
}

static void make_talk(struct kunit *test, struct crowd *crowd)
{
	int i;

	for (i = 0; i < 2; i++) {
		crowd->chan[i] = kcoro_chan_create(sizeof(u64), 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, crowd->chan[i]);
	}
}

static void end_talk(struct crowd *crowd)
{
	kcoro_chan_drop(crowd->chan[0], BOTH);
	kcoro_chan_drop(crowd->chan[1], BOTH);
}

/*
 * Two that wake each other always go first; still the queue has its turn, every
 * KCORO_FAIR_PICK picks. A round is two picks or so.
 */
static void talkers_do_not_starve_the_queue(struct kunit *test)
{
	struct crowd *crowd = crowd_make(test, 3, answer);
	s64 rounds;

	one_cpu(test);
	make_talk(test, crowd);
	crowd->fn[1] = ask;
	crowd->fn[2] = bystander;
	crowd_run(test, crowd);
	rounds = finish(test, crowd->task[2]);
	KUNIT_EXPECT_GE(test, rounds, 0);
	KUNIT_EXPECT_LT(test, rounds, BYSTANDER_TURNS * 200);
	KUNIT_EXPECT_EQ(test, finish(test, crowd->task[1]), 0);
	finish(test, crowd->task[0]);
	end_talk(crowd);
}

/* Takes the next number, once it was woken. */
static s64 woken(void *data)
{
	struct crowd *crowd = data;
	u64 value;

	kcoro_recv(crowd->chan[0], &value, KCORO_FOREVER);
	return crowd->turns++;
}

static s64 queued(void *data)
{
	struct crowd *crowd = data;

	return crowd->turns++;
}

static s64 waker(void *data)
{
	struct crowd *crowd = data;
	u64 value = 0;

	return kcoro_send(crowd->chan[0], &value, KCORO_FOREVER);
}

static void woken_by_a_task_goes_before_the_queue(struct kunit *test)
{
	struct crowd *crowd = crowd_make(test, 2, queued);
	struct kcoro_task *first;
	struct kcoro_task_info info;
	int guard = 30000;

	one_cpu(test);
	make_talk(test, crowd);
	first = kcoro_go(woken, crowd);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	do {
		usleep_range(20, 100);
		kcoro_task_info(first, &info);
	} while (info.state != KCORO_TASK_PARKED && guard--);
	/* Who is started last runs first: the other is queued when it wakes. */
	crowd->fn[1] = waker;
	crowd_run(test, crowd);
	KUNIT_EXPECT_EQ(test, finish(test, first), 0);
	KUNIT_EXPECT_EQ(test, finish(test, crowd->task[0]), 1);
	finish(test, crowd->task[1]);
	end_talk(crowd);
}

/* --- Many ----------------------------------------------------------------- */

#define MANY	10000

static s64 park(void *data)
{
	struct crowd *crowd = data;
	u64 value;

	return kcoro_recv(crowd->chan[0], &value, KCORO_FOREVER);
}

static struct kcoro_task *spawn_small(s64 (*fn)(void *data), void *data)
{
	return kcoro_spawn(&(struct kcoro_spawn_args) {
		.fn = fn,
		.data = data,
		.name = "many",
		.owner = THIS_MODULE,
		.stack_size = IS_ENABLED(CONFIG_KASAN) ? 8192 : 4096,
	});
}

static void many_tasks_park_and_are_cancelled(struct kunit *test)
{
	struct crowd *crowd = crowd_make(test, 0, NULL);
	struct kcoro_task **task;
	int i, bad = 0;
	s64 result;

	make_talk(test, crowd);
	task = kvcalloc(MANY, sizeof(*task), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	for (i = 0; i < MANY; i++) {
		task[i] = spawn_small(park, crowd);
		if (IS_ERR(task[i]))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, MANY);
	for (i = 0; i < MANY && !IS_ERR(task[i]); i++)
		bad += !kcoro_cancel(task[i]);
	for (i = 0; i < MANY && !IS_ERR(task[i]); i++) {
		bad += kcoro_join(task[i], GUARD, &result) != 0;
		bad += result != -ECANCELED;
		kcoro_task_put(task[i]);
	}
	kvfree(task);
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_NULL(test, crowd->chan[0]->recvq.first);
	end_talk(crowd);
}

/* One of many: each waits for the next one's number, and passes on one more. */
struct link {
	struct kcoro_chan *chan;	/* to the one before */
	struct kcoro_task *task;
};

static s64 pass_on(void *data)
{
	struct link *link = data;
	u64 value;
	int ret = kcoro_recv(link[1].chan, &value, KCORO_FOREVER);

	if (ret != 1)
		return ret ?: -EPIPE;
	value++;
	return kcoro_send(link[0].chan, &value, KCORO_FOREVER);
}

static void a_chain_of_many_passes_a_number_on(struct kunit *test)
{
	struct link *link = kvcalloc(MANY + 1, sizeof(*link), GFP_KERNEL);
	int i, nr, bad = 0;
	u64 value = 0;
	s64 result;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, link);
	for (i = 0; i <= MANY; i++) {
		link[i].chan = kcoro_chan_create(sizeof(u64), 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, link[i].chan);
	}
	for (nr = 0; nr < MANY; nr++) {
		link[nr].task = spawn_small(pass_on, &link[nr]);
		if (IS_ERR(link[nr].task))
			break;
	}
	KUNIT_EXPECT_EQ(test, nr, MANY);
	if (nr == MANY) {
		KUNIT_EXPECT_EQ(test, kcoro_send(link[nr].chan, &value, GUARD),
				0);
		KUNIT_EXPECT_EQ(test, kcoro_recv(link[0].chan, &value, GUARD),
				1);
		KUNIT_EXPECT_EQ(test, value, MANY);
	}
	/* Who is left, if not all went well, finds the end. */
	for (i = 0; i <= MANY; i++)
		kcoro_chan_close(link[i].chan);
	for (i = 0; i < nr; i++) {
		bad += kcoro_join(link[i].task, GUARD, &result) || result;
		kcoro_task_put(link[i].task);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	for (i = 0; i <= MANY; i++)
		kcoro_chan_drop(link[i].chan, BOTH);
	kvfree(link);
}

static struct kunit_case sched_cases[] = {
	KUNIT_CASE(yield_gives_turns_in_rotation),
	KUNIT_CASE(should_yield_tells_of_queued_peers),
	KUNIT_CASE(yield_of_a_thread_returns),
	KUNIT_CASE(talkers_do_not_starve_the_queue),
	KUNIT_CASE(woken_by_a_task_goes_before_the_queue),
	KUNIT_CASE(many_tasks_park_and_are_cancelled),
	KUNIT_CASE(a_chain_of_many_passes_a_number_on),
	{}
};

static struct kunit_suite sched_suite = {
	.name = "kcoro_sched",
	.test_cases = sched_cases,
	.exit = all_cpus,
};

kunit_test_suites(&sched_suite);

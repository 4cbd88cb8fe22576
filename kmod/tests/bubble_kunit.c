// SPDX-License-Identifier: GPL-2.0
/* Tests of bubble.c: what is virtual, what follows from the seed, what fails. */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_bubble.h>
#include <linux/kcoro_scope.h>
#include <linux/kcoro_timer.h>
#include <linux/kthread.h>

#include "task.h"
#include "worker.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */
#define HOUR	(3600 * NSEC_PER_SEC)
#define BOTH	(KCORO_SEND | KCORO_RECV)
#define STEPS	512

#include "task_ops.h"

/* What tasks of a bubble found; the first ones are chan's and order's. */
struct found {
	struct kcoro_chan *chan;
	char order[32];
	u32 nr;
	s64 at[8];
	int err[8];
	bool flag;
};

static struct found *found_of(struct kunit *test)
{
	struct found *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f);
	return f;
}

static int run_seed(u64 seed, s64 (*fn)(void *data), void *data,
		    struct kcoro_bubble_end *end)
{
	struct kcoro_bubble_args args = { .seed = seed };

	return kcoro_bubble_run(&args, fn, data, end);
}

/* A run that goes well. */
static struct kcoro_bubble_end run(struct kunit *test, s64 (*fn)(void *data),
				   void *data)
{
	struct kcoro_bubble_end end;

	KUNIT_EXPECT_EQ(test, run_seed(1, fn, data, &end), 0);
	KUNIT_EXPECT_STREQ(test, end.message, "");
	return end;
}

static s64 since_start(void)
{
	return kcoro_now() - KCORO_BUBBLE_EPOCH;
}

/* Start a task that nobody waits for: the bubble does. */
static void start(s64 (*fn)(void *data), void *data)
{
	kcoro_task_put(kcoro_go(fn, data));
}

static void mark(struct found *f, char who)
{
	f->order[f->nr++ % (sizeof(f->order) - 1)] = who;
}

/* --- Time ---------------------------------------------------------------------- */

static s64 sleep_long(void *data)
{
	struct found *f = data;

	f->at[0] = since_start();
	f->err[0] = kcoro_sleep_until(kcoro_now() + 24 * HOUR);
	f->at[1] = since_start();
	f->err[1] = kcoro_sleep_ms(5);
	f->at[2] = since_start();
	f->err[2] = kcoro_sleep_until(0);
	f->at[3] = since_start();
	return 7;
}

static void a_day_takes_no_time(struct kunit *test)
{
	struct found *f = found_of(test);
	ktime_t before = ktime_get();
	struct kcoro_bubble_end end = run(test, sleep_long, f);

	KUNIT_EXPECT_LT(test, ktime_get() - before, HOUR);
	KUNIT_EXPECT_EQ(test, end.result, 7);
	KUNIT_EXPECT_EQ(test, f->at[0], 0);
	KUNIT_EXPECT_EQ(test, f->err[0], 0);
	KUNIT_EXPECT_EQ(test, f->at[1], 24 * HOUR);
	KUNIT_EXPECT_EQ(test, f->at[2], 24 * HOUR + 5 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, f->err[2], 0);
	KUNIT_EXPECT_EQ(test, f->at[3], f->at[2]);
	KUNIT_EXPECT_EQ(test, end.time - KCORO_BUBBLE_EPOCH, f->at[3]);
}

static s64 compute(void *data)
{
	struct found *f = data;

	f->at[0] = kcoro_now();
	udelay(9);
	f->at[1] = kcoro_now();
	kcoro_yield();
	f->at[2] = kcoro_now();
	return 0;
}

static void time_stands_still_while_tasks_run(struct kunit *test)
{
	struct found *f = found_of(test);

	run(test, compute, f);
	KUNIT_EXPECT_EQ(test, f->at[0], KCORO_BUBBLE_EPOCH);
	KUNIT_EXPECT_EQ(test, f->at[1], KCORO_BUBBLE_EPOCH);
	KUNIT_EXPECT_EQ(test, f->at[2], KCORO_BUBBLE_EPOCH);
}

static void outside_it_is_the_kernels_time(struct kunit *test)
{
	ktime_t before = ktime_get(), now = kcoro_now();

	KUNIT_EXPECT_GE(test, now, before);
	KUNIT_EXPECT_LE(test, now, ktime_get());
}

static s64 sleep_for_3(void *data)
{
	kcoro_sleep_ms(30);
	mark(data, '3');
	return 0;
}

static s64 sleep_for_2(void *data)
{
	kcoro_sleep_ms(20);
	mark(data, '2');
	return 0;
}

static s64 sleep_in_order(void *data)
{
	start(sleep_for_3, data);
	start(sleep_for_2, data);
	kcoro_sleep_ms(10);
	mark(data, '1');
	return 0;
}

static void sleepers_wake_in_the_order_of_their_times(struct kunit *test)
{
	u64 seed;

	for (seed = 0; seed < 20; seed++) {
		struct found *f = found_of(test);
		struct kcoro_bubble_end end;

		KUNIT_EXPECT_EQ(test, run_seed(seed, sleep_in_order, f, &end), 0);
		KUNIT_EXPECT_STREQ(test, f->order, "123");
		KUNIT_EXPECT_EQ(test, end.time - KCORO_BUBBLE_EPOCH,
				30 * NSEC_PER_MSEC);
	}
}

static s64 sleep_a_day(void *data)
{
	return kcoro_sleep_until(kcoro_now() + 24 * HOUR);
}

static s64 meet_deadlines(void *data)
{
	struct kcoro_scope outer, inner;
	struct found *f = data;
	struct kcoro_task *task;
	s64 result;
	u32 msg;

	f->err[0] = kcoro_recv(f->chan, &msg, kcoro_now() + HOUR);
	f->at[0] = since_start();
	f->err[1] = kcoro_recv(f->chan, &msg, kcoro_now() - 1);
	f->at[1] = since_start();

	kcoro_scope_enter(&outer, kcoro_now() + 3 * HOUR);
	kcoro_scope_enter(&inner, kcoro_now() + HOUR);
	f->err[2] = kcoro_scope_reset(&inner, kcoro_now() + 2 * HOUR);
	f->err[3] = kcoro_recv(f->chan, &msg, KCORO_FOREVER);
	f->err[4] = kcoro_scope_exit(&inner, f->err[3]);
	f->at[2] = since_start();
	f->err[5] = kcoro_scope_exit(&outer, kcoro_recv(f->chan, &msg,
							KCORO_FOREVER));
	f->at[3] = since_start();

	task = kcoro_go(sleep_a_day, NULL);
	f->err[6] = kcoro_wait_for(task, kcoro_now() + HOUR, &result);
	f->at[4] = since_start();
	f->at[5] = result;
	kcoro_task_put(task);
	return 0;
}

static void deadlines_come_when_they_are_due(struct kunit *test)
{
	struct found *f = found_of(test);

	f->chan = kcoro_chan_create(sizeof(u32), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->chan);
	run(test, meet_deadlines, f);
	KUNIT_EXPECT_EQ(test, f->err[0], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->at[0], HOUR);
	KUNIT_EXPECT_EQ(test, f->err[1], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->at[1], HOUR);
	KUNIT_EXPECT_EQ(test, f->err[2], 0);
	KUNIT_EXPECT_EQ(test, f->err[3], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[4], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->at[2], 3 * HOUR);
	KUNIT_EXPECT_EQ(test, f->err[5], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->at[3], 4 * HOUR);
	KUNIT_EXPECT_EQ(test, f->err[6], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->at[4], 5 * HOUR);
	KUNIT_EXPECT_EQ(test, f->at[5], -ECANCELED);
	kcoro_chan_drop(f->chan, BOTH);
}

static s64 tick_slowly(void *data)
{
	struct kcoro_timer *timer = kcoro_timer_create();
	struct found *f = data;
	u64 now;
	u32 i;

	if (IS_ERR(timer))
		return PTR_ERR(timer);
	kcoro_timer_start(timer, kcoro_now() + HOUR, HOUR);
	for (i = 0; i < 3; i++) {
		f->err[i] = kcoro_recv(kcoro_timer_chan(timer), &now,
				       KCORO_FOREVER);
		f->at[i] = now - KCORO_BUBBLE_EPOCH;
	}
	kcoro_sleep_until(KCORO_BUBBLE_EPOCH + 7 * HOUR + 1);
	f->at[3] = kcoro_timer_dropped(timer);
	f->err[3] = kcoro_timer_stop(timer);
	f->at[4] = kcoro_timer_dropped(timer);
	f->err[4] = kcoro_try_recv(kcoro_timer_chan(timer), &now);
	kcoro_timer_start(timer, kcoro_now() - HOUR, 0);
	f->err[5] = kcoro_try_recv(kcoro_timer_chan(timer), &now);
	kcoro_timer_destroy(timer);
	return 0;
}

static void timers_tick_by_it(struct kunit *test)
{
	struct found *f = found_of(test);
	struct kcoro_bubble_end end = run(test, tick_slowly, f);
	u32 i;

	KUNIT_EXPECT_EQ(test, end.result, 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, f->err[i], 1);
		KUNIT_EXPECT_EQ(test, f->at[i], (i + 1) * HOUR);
	}
	/* Of those at 4, 5, 6 and 7 hours one is in the channel. */
	KUNIT_EXPECT_EQ(test, f->at[3], 3);
	KUNIT_EXPECT_TRUE(test, f->err[3]);
	KUNIT_EXPECT_EQ(test, f->at[4], 3);
	KUNIT_EXPECT_EQ(test, f->err[4], -EAGAIN);
	KUNIT_EXPECT_EQ(test, f->err[5], 1);
}

static s64 leave_a_timer(void *data)
{
	struct kcoro_timer **timer = data;

	*timer = kcoro_timer_create();
	if (IS_ERR(*timer))
		return PTR_ERR(*timer);
	return kcoro_timer_start(*timer, kcoro_now() + HOUR, HOUR);
}

static void a_timer_may_outlive_it(struct kunit *test)
{
	struct kcoro_timer *timer = NULL;
	struct kcoro_bubble_end end = run(test, leave_a_timer, &timer);

	KUNIT_ASSERT_EQ(test, end.result, 0);
	KUNIT_EXPECT_EQ(test, end.time, KCORO_BUBBLE_EPOCH);
	KUNIT_EXPECT_TRUE(test, kcoro_timer_stop(timer));
	kcoro_timer_destroy(timer);
}

/* --- What follows from the seed --------------------------------------------------- */

static s64 talker(void *data)
{
	struct found *f = data;
	u32 i, msg = 1;

	for (i = 0; i < 3; i++) {
		kcoro_send(f->chan, &msg, KCORO_FOREVER);
		kcoro_yield();
	}
	return 0;
}

static s64 listen(void *data)
{
	struct found *f = data;
	u32 i, msg;

	for (i = 0; i < 4; i++)
		start(talker, f);
	for (i = 0; i < 12; i++) {
		struct kcoro_select_case c[2] = {
			{ .chan = f->chan, .op = KCORO_OP_RECV, .msg = &msg },
			{ .chan = f->chan, .op = KCORO_OP_RECV, .msg = &msg },
		};

		mark(f, 'a' + kcoro_select(c, 2, 0, kcoro_now() + HOUR));
	}
	return 0;
}

struct course {
	struct kcoro_bubble_end end;
	struct kcoro_step steps[STEPS];
	char order[32];
};

static struct course *course(struct kunit *test, u64 seed)
{
	struct course *course = kunit_kzalloc(test, sizeof(*course), GFP_KERNEL);
	struct kcoro_bubble_args args = { .seed = seed };
	struct found *f = found_of(test);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, course);
	args.steps = course->steps;
	args.steps_max = STEPS;
	f->chan = kcoro_chan_create(sizeof(u32), 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->chan);
	KUNIT_EXPECT_EQ(test, kcoro_bubble_run(&args, listen, f, &course->end),
			0);
	kcoro_chan_drop(f->chan, BOTH);
	memcpy(course->order, f->order, sizeof(course->order));
	return course;
}

static void the_same_seed_gives_the_same_steps(struct kunit *test)
{
	u64 seed;

	for (seed = 0; seed < 10; seed++) {
		struct course *a = course(test, seed), *b = course(test, seed);

		KUNIT_EXPECT_GT(test, a->end.nr_steps, 40);
		KUNIT_EXPECT_LE(test, a->end.nr_steps, STEPS);
		KUNIT_EXPECT_EQ(test, a->end.nr_steps, b->end.nr_steps);
		KUNIT_EXPECT_EQ(test, a->end.digest, b->end.digest);
		KUNIT_EXPECT_EQ(test, memcmp(a->steps, b->steps,
					     sizeof(a->steps)), 0);
		KUNIT_EXPECT_STREQ(test, a->order, b->order);
	}
}

static void other_seeds_give_other_steps(struct kunit *test)
{
	struct course *first = course(test, 0), *other;
	u32 steps = 0, orders = 0;
	u64 seed;

	for (seed = 1; seed <= 20; seed++) {
		other = course(test, seed);
		steps += other->end.digest != first->end.digest;
		orders += !!strcmp(other->order, first->order);
		/* If the digests are equal so are the steps. */
		KUNIT_EXPECT_EQ(test, other->end.digest == first->end.digest,
				!memcmp(other->steps, first->steps,
					sizeof(first->steps)));
	}
	KUNIT_EXPECT_GE(test, steps, 18);
	KUNIT_EXPECT_GE(test, orders, 15);
}

static s64 first_mover(void *data)
{
	mark(data, 'f');
	return 0;
}

static s64 second_mover(void *data)
{
	mark(data, 's');
	return 0;
}

static s64 race(void *data)
{
	start(first_mover, data);
	start(second_mover, data);
	return 0;
}

static void both_orders_come(struct kunit *test)
{
	u32 seed, first = 0;

	for (seed = 0; seed < 64; seed++) {
		struct found *f = found_of(test);
		struct kcoro_bubble_end end;

		KUNIT_EXPECT_EQ(test, run_seed(seed, race, f, &end), 0);
		KUNIT_EXPECT_EQ(test, f->nr, 2);
		first += f->order[0] == 'f';
	}
	/* Far off the middle by chance: once in ten million sets of seeds. */
	KUNIT_EXPECT_GE(test, first, 12);
	KUNIT_EXPECT_LE(test, first, 52);
}

static void steps_tell_what_happened(struct kunit *test)
{
	struct kcoro_step steps[6] = {};
	struct kcoro_bubble_args args = { .steps = steps, .steps_max = 5 };
	struct found *f = found_of(test);
	struct kcoro_bubble_end end;

	KUNIT_EXPECT_EQ(test, kcoro_bubble_run(&args, sleep_long, f, &end), 0);
	KUNIT_EXPECT_EQ(test, steps[0].kind, KCORO_STEP_SPAWN);
	KUNIT_EXPECT_EQ(test, steps[0].task, 1);
	KUNIT_EXPECT_EQ(test, steps[0].by, 0);
	KUNIT_EXPECT_EQ(test, steps[1].kind, KCORO_STEP_PARK);
	KUNIT_EXPECT_EQ(test, steps[1].wait, KCORO_WAIT_SLEEP);
	KUNIT_EXPECT_EQ(test, steps[1].time, KCORO_BUBBLE_EPOCH);
	KUNIT_EXPECT_EQ(test, steps[2].kind, KCORO_STEP_WAKE);
	KUNIT_EXPECT_EQ(test, steps[2].by, 0);
	KUNIT_EXPECT_EQ(test, steps[2].time, KCORO_BUBBLE_EPOCH + 24 * HOUR);
	/* There is no more room than was said. */
	KUNIT_EXPECT_EQ(test, steps[4].task, 1);
	KUNIT_EXPECT_EQ(test, steps[5].task, 0);
	KUNIT_EXPECT_GT(test, end.nr_steps, 5);
}

/* --- Waiting for the others -------------------------------------------------------- */

static s64 busy(void *data)
{
	struct found *f = data;
	u32 i;

	for (i = 0; i < 5; i++)
		kcoro_yield();
	f->flag = true;
	kcoro_sleep_until(kcoro_now() + HOUR);
	return 0;
}

static s64 wait_for_others(void *data)
{
	struct found *f = data;

	f->err[0] = kcoro_bubble_wait();	/* there are none */
	start(busy, f);
	f->err[1] = kcoro_bubble_wait();
	f->err[2] = f->flag;
	f->at[0] = since_start();
	return 0;
}

static void wait_lets_the_others_come_to_rest(struct kunit *test)
{
	u64 seed;

	for (seed = 0; seed < 20; seed++) {
		struct found *f = found_of(test);
		struct kcoro_bubble_end end;

		KUNIT_EXPECT_EQ(test, run_seed(seed, wait_for_others, f, &end),
				0);
		KUNIT_EXPECT_EQ(test, f->err[0], 0);
		KUNIT_EXPECT_EQ(test, f->err[1], 0);
		KUNIT_EXPECT_TRUE(test, f->err[2]);
		KUNIT_EXPECT_EQ(test, f->at[0], 0);
		KUNIT_EXPECT_EQ(test, end.time, KCORO_BUBBLE_EPOCH + HOUR);
	}
}

static s64 wait_too(void *data)
{
	struct found *f = data;

	f->err[f->nr++] = kcoro_bubble_wait();
	return 0;
}

static s64 wait_twice(void *data)
{
	struct found *f = data;
	struct kcoro_task *task;
	struct kcoro_scope scope;

	task = kcoro_go(wait_too, f);
	f->err[f->nr++] = kcoro_bubble_wait();
	kcoro_join(task, KCORO_FOREVER, NULL);
	kcoro_task_put(task);
	kcoro_cancel(kcoro_current());
	f->err[2] = kcoro_bubble_wait();
	kcoro_scope_enter(&scope, 0);
	f->err[3] = kcoro_scope_exit(&scope, kcoro_bubble_wait());
	f->err[4] = kcoro_bubble_wait();
	return 0;
}

static void one_waits_for_the_others(struct kunit *test)
{
	struct found *f = found_of(test);

	run(test, wait_twice, f);
	KUNIT_EXPECT_EQ(test, min(f->err[0], f->err[1]), -EBUSY);
	KUNIT_EXPECT_EQ(test, max(f->err[0], f->err[1]), 0);
	KUNIT_EXPECT_EQ(test, f->err[2], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[3], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, f->err[4], 0);
	KUNIT_EXPECT_EQ(test, kcoro_bubble_wait(), -EINVAL);
}

/* --- Failures ---------------------------------------------------------------------- */

static s64 get_stuck(void *data)
{
	struct found *f = data;
	u32 msg;

	f->err[0] = kcoro_recv(f->chan, &msg, KCORO_FOREVER);
	f->err[1] = kcoro_sleep_ms(1);
	return f->err[0];
}

static s64 get_stuck_by_joining(void *data)
{
	struct found *f = data;
	struct kcoro_task *task = kcoro_go(get_stuck, data);

	f->err[2] = kcoro_join(task, KCORO_FOREVER, NULL);
	/* What is spawned too late does not run. */
	f->err[3] = PTR_ERR_OR_ZERO(kcoro_go(sleep_long, data));
	kcoro_task_put(task);
	return 1;
}

static void a_deadlock_is_told(struct kunit *test)
{
	struct found *f = found_of(test);
	struct kcoro_bubble_end end;

	f->chan = kcoro_chan_create(sizeof(u32), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->chan);
	KUNIT_EXPECT_EQ(test, run_seed(1, get_stuck_by_joining, f, &end),
			-EDEADLK);
	KUNIT_EXPECT_STREQ(test, end.message,
			   "all wait: main(join) get_stuck(recv)");
	KUNIT_EXPECT_EQ(test, f->err[0], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[1], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[2], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[3], -ECANCELED);
	KUNIT_EXPECT_EQ(test, end.result, 1);
	kcoro_chan_drop(f->chan, BOTH);
}

static s64 wait_for_outside(void *data)
{
	struct found *f = data;

	while (!READ_ONCE(f->flag))
		kcoro_yield();
	return 0;
}

static s64 receive_from_outside(void *data)
{
	struct found *f = data;
	u32 msg;

	start(wait_for_outside, f);
	f->err[0] = kcoro_recv(f->chan, &msg, KCORO_FOREVER);
	WRITE_ONCE(f->flag, true);
	return 0;
}

static int intrude(void *data)
{
	struct found *f = data;
	u32 msg = 1;

	while (kcoro_try_send(f->chan, &msg) && !kthread_should_stop())
		usleep_range(100, 200);
	while (!kthread_should_stop())
		usleep_range(100, 200);
	return 0;
}

static void who_intrudes_is_noticed(struct kunit *test)
{
	struct found *f = found_of(test);
	struct kcoro_bubble_end end;
	struct task_struct *thread;

	f->chan = kcoro_chan_create(sizeof(u32), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->chan);
	thread = kthread_run(intrude, f, "intruder");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	KUNIT_EXPECT_EQ(test, run_seed(1, receive_from_outside, f, &end),
			-EXDEV);
	KUNIT_EXPECT_STREQ(test, end.message, "task 1 was woken from outside");
	kthread_stop(thread);
	/* Nothing is lost: it was given the message. */
	KUNIT_EXPECT_EQ(test, f->err[0], 1);
	kcoro_chan_drop(f->chan, BOTH);
}

static int nothing(void *data)
{
	return 5;
}

static s64 call_native(void *data)
{
	struct found *f = data;

	f->err[0] = kcoro_native(nothing, NULL);
	f->err[1] = kcoro_sleep_ms(1);
	f->err[2] = kcoro_sleep_ms(1);
	return 0;
}

static void a_native_call_fails(struct kunit *test)
{
	struct found *f = found_of(test);
	struct kcoro_bubble_end end;

	KUNIT_EXPECT_EQ(test, run_seed(1, call_native, f, &end), -EPERM);
	KUNIT_EXPECT_STREQ(test, end.message, "task 1 made a native call");
	KUNIT_EXPECT_EQ(test, f->err[0], -EPERM);
	KUNIT_EXPECT_EQ(test, f->err[1], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[2], -ECANCELED);
}

static s64 block(void *data)
{
	msleep(2);
	return 3;
}

static void who_blocks_is_noticed(struct kunit *test)
{
	struct kcoro_bubble_end end;

	if (!kcoro_worker_handover())
		kunit_skip(test, "this kernel has no preempt notifiers");
	KUNIT_EXPECT_EQ(test, run_seed(1, block, NULL, &end), -EPERM);
	KUNIT_EXPECT_STREQ(test, end.message, "task 1 blocked in kernel code");
	KUNIT_EXPECT_EQ(test, end.result, 3);
}

static s64 spawn_wrongly(void *data)
{
	struct kcoro_spawn_args args = {
		.fn = sleep_long, .data = data, .owner = THIS_MODULE,
		.flags = KCORO_SPAWN_THREAD,
	};
	struct kcoro_bubble_end end;
	struct found *f = data;

	f->err[3] = PTR_ERR_OR_ZERO(kcoro_spawn(&args));
	args.flags = KCORO_SPAWN_PIN;
	args.cpu = first_cpu();
	f->err[4] = PTR_ERR_OR_ZERO(kcoro_spawn(&args));
	f->err[5] = run_seed(1, sleep_long, data, &end);
	args.flags = 0;
	args.priority = -1;
	kcoro_task_put(kcoro_spawn(&args));
	return 0;
}

static void some_cannot_be_in_it(struct kunit *test)
{
	struct found *f = found_of(test);
	struct kcoro_bubble_end end = run(test, spawn_wrongly, f);

	KUNIT_EXPECT_EQ(test, f->err[3], -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, f->err[4], -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, f->err[5], -EINVAL);
	KUNIT_EXPECT_EQ(test, f->at[3], 24 * HOUR + 5 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, run_seed(1, NULL, NULL, &end), -EINVAL);
}

/* --- Who runs it -------------------------------------------------------------------- */

static s64 go_on_for_ever(void *data)
{
	struct found *f = data;

	complete((struct completion *)f->chan);
	while (!kcoro_canceled())
		kcoro_yield();
	f->err[0] = kcoro_sleep_ms(1);
	return 0;
}

static s64 run_as_task(void *data)
{
	struct kcoro_bubble_end end;
	struct found *f = data;

	f->err[1] = run_seed(1, f->flag ? sleep_long : go_on_for_ever, f, &end);
	return 0;
}

static void a_task_may_run_one(struct kunit *test)
{
	struct found *f = found_of(test);

	f->flag = true;
	KUNIT_EXPECT_EQ(test, finish(test, go(test, run_as_task, f)), 0);
	KUNIT_EXPECT_EQ(test, f->err[1], 0);
	KUNIT_EXPECT_EQ(test, f->at[3], 24 * HOUR + 5 * NSEC_PER_MSEC);
}

static void it_ends_with_who_runs_it(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(begun);
	struct found *f = found_of(test);
	struct kcoro_task *task;

	f->chan = (struct kcoro_chan *)&begun;
	task = go(test, run_as_task, f);
	wait_for_completion(&begun);
	kcoro_task_kill(task);
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
	KUNIT_EXPECT_EQ(test, f->err[1], -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->err[0], -ECANCELED);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_day_takes_no_time),
	KUNIT_CASE(time_stands_still_while_tasks_run),
	KUNIT_CASE(outside_it_is_the_kernels_time),
	KUNIT_CASE(sleepers_wake_in_the_order_of_their_times),
	KUNIT_CASE(deadlines_come_when_they_are_due),
	KUNIT_CASE(timers_tick_by_it),
	KUNIT_CASE(a_timer_may_outlive_it),
	KUNIT_CASE(the_same_seed_gives_the_same_steps),
	KUNIT_CASE(other_seeds_give_other_steps),
	KUNIT_CASE(both_orders_come),
	KUNIT_CASE(steps_tell_what_happened),
	KUNIT_CASE(wait_lets_the_others_come_to_rest),
	KUNIT_CASE(one_waits_for_the_others),
	KUNIT_CASE(a_deadlock_is_told),
	KUNIT_CASE(who_intrudes_is_noticed),
	KUNIT_CASE(a_native_call_fails),
	KUNIT_CASE(who_blocks_is_noticed),
	KUNIT_CASE(some_cannot_be_in_it),
	KUNIT_CASE(a_task_may_run_one),
	KUNIT_CASE(it_ends_with_who_runs_it),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_bubble",
	.test_cases = cases,
};
kunit_test_suites(&suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of wait.c: several causes race for one wait, from two CPUs and from
 * hard interrupts. Exactly one wins, and what the others carried is not lost.
 *
 * Most tests pass numbers over an unbuffered channel, the next one only when
 * the sender was told of success. The receiver wants them one after another:
 * a gap is a message that was lost, a repetition one whose sender was told of
 * a failure.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"
#define ROUNDS	1000

/* What the two sides and the disturbers of a race share. */
struct race {
	struct kcoro_chan *chan;
	bool deadlines;		/* operations have short ones */
	u64 sent;		/* numbers, as their sender was told */
	u64 got;		/* numbers received, in order */
	u64 wrong;		/* numbers out of order, impossible outcomes */
	u64 cancels;		/* requests made */
	u64 canceled;		/* requests delivered */
	bool quiet;		/* no more requests */
	bool stop;		/* no more of them is under way */
	struct kcoro_task *victim; /* whom requests are for */
	struct hrtimer timer;	/* sends from its interrupt */
	u32 random;		/* the timer's: it must not ask the kernel */
};

/* A thread on a CPU of its own. */
struct side {
	int (*fn)(struct race *race);
	struct race *race;
	struct task_struct *thread;
	struct completion done;
};

static int side_run(void *data)
{
	struct side *side = data;

	side->fn(side->race);
	complete(&side->done);
	return 0;
}

static void side_start(struct kunit *test, struct side *side, bool second,
		       int (*fn)(struct race *race), struct race *race)
{
	unsigned int cpu = second ? cpumask_last(cpu_online_mask) :
				    cpumask_first(cpu_online_mask);

	side->fn = fn;
	side->race = race;
	init_completion(&side->done);
	side->thread = kthread_create_on_cpu(side_run, side, cpu,
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

/* With deadlines: one about as far away as the peer's next operation. */
static ktime_t race_deadline(struct race *race)
{
	return race->deadlines ?
		       ktime_add_us(ktime_get(), get_random_u32() % 64) :
		       KCORO_FOREVER;
}

static void race_pause(void)
{
	udelay(get_random_u32() % 32);
}

/* Send ROUNDS numbers, then close. */
static int race_send(struct race *race)
{
	int ret;

	while (race->sent < ROUNDS) {
		race_pause();
		ret = kcoro_send(race->chan, &race->sent, race_deadline(race));
		if (!ret)
			race->sent++;
		else if (ret == -ECANCELED)
			race->canceled++;
		else if (ret != -ETIMEDOUT || !race->deadlines)
			race->wrong++;
		cond_resched();
	}
	kcoro_chan_close(race->chan);
	return 0;
}

static int race_recv(struct race *race)
{
	u64 value;
	int ret;

	for (;;) {
		race_pause();
		ret = kcoro_recv(race->chan, &value, race_deadline(race));
		if (!ret)
			return 0;
		if (ret == 1)
			race->wrong += value != race->got++;
		else if (ret == -ECANCELED)
			race->canceled++;
		else if (ret == -ERESTARTSYS)
			flush_signals(current);
		else if (ret != -ETIMEDOUT || !race->deadlines)
			race->wrong++;
		cond_resched();
	}
}

/* Take the cancel requests that are left. */
static void take_cancels(struct race *race)
{
	while (!READ_ONCE(race->stop))
		race->canceled += kcoro_sleep_ms(1) == -ECANCELED;
	while (kcoro_sleep_until(PAST) == -ECANCELED)
		race->canceled++;
}

static s64 race_recv_task(void *data)
{
	race_recv(data);
	take_cancels(data);
	return 0;
}

static s64 race_send_task(void *data)
{
	race_send(data);
	take_cancels(data);
	return 0;
}

static void race_init_on(struct kunit *test, struct race *race,
			 struct kcoro_chan *chan)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	memset(race, 0, sizeof(*race));
	race->chan = chan;
}

static void race_init(struct kunit *test, struct race *race)
{
	race_init_on(test, race, kcoro_chan_create(sizeof(u64), 0));
}

static void race_check(struct kunit *test, struct race *race)
{
	KUNIT_EXPECT_EQ(test, race->wrong, 0);
	KUNIT_EXPECT_EQ(test, race->got, race->sent);
	KUNIT_EXPECT_EQ(test, race->canceled, race->cancels);
	kcoro_chan_drop(race->chan, BOTH);
}

static struct kcoro_task *race_go(struct kunit *test, s64 (*fn)(void *),
				  struct race *race)
{
	struct kcoro_task *task = kcoro_go(fn, race);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	return task;
}

/* --- Deadlines ------------------------------------------------------------ */

static void deadline_and_message_of_task_and_thread(struct kunit *test)
{
	struct kcoro_task *task;
	struct race race;
	struct side side;

	race_init(test, &race);
	race.deadlines = true;
	race.stop = true;
	task = race_go(test, race_recv_task, &race);
	side_start(test, &side, true, race_send, &race);
	side_wait(test, &side);
	finish(test, task);
	race_check(test, &race);
}

static void deadline_and_message_of_two_threads(struct kunit *test)
{
	struct side side[2];
	struct race race;

	race_init(test, &race);
	race.deadlines = true;
	side_start(test, &side[0], false, race_recv, &race);
	side_start(test, &side[1], true, race_send, &race);
	side_wait(test, &side[1]);
	side_wait(test, &side[0]);
	race_check(test, &race);
}

/* --- Hard interrupts ------------------------------------------------------ */

static enum hrtimer_restart race_tick(struct hrtimer *timer)
{
	struct race *race = container_of(timer, struct race, timer);

	if (race->sent == ROUNDS) {
		kcoro_chan_close(race->chan);
		return HRTIMER_NORESTART;
	}
	if (!kcoro_try_send(race->chan, &race->sent))
		race->sent++;
	race->random = race->random * 1664525 + 1013904223;
	hrtimer_forward_now(timer, 20000 + (race->random >> 16));
	return HRTIMER_RESTART;
}

static int race_tick_start(struct race *race)
{
	hrtimer_start(&race->timer, 0, HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static void check_ticks(struct kunit *test, bool deadlines)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	struct side side[2];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, race);
	race_init_on(test, race, kcoro_chan_create_irq(sizeof(u64), 0));
	race->deadlines = deadlines;
	kcoro_hrtimer_setup(&race->timer, race_tick,
			    HRTIMER_MODE_REL_PINNED_HARD);
	side_start(test, &side[0], false, race_recv, race);
	side_start(test, &side[1], true, race_tick_start, race);
	side_wait(test, &side[1]);
	side_wait(test, &side[0]);
	hrtimer_cancel(&race->timer);
	race_check(test, race);
}

static void message_from_interrupt_and_deadline(struct kunit *test)
{
	check_ticks(test, true);
}

static void message_from_interrupt_wakes_a_thread(struct kunit *test)
{
	check_ticks(test, false);
}

/* --- Cancel and signals --------------------------------------------------- */

static int race_cancel(struct race *race)
{
	while (!READ_ONCE(race->quiet)) {
		race_pause();
		race->cancels += kcoro_cancel(race->victim);
		usleep_range(10, 60);
	}
	return 0;
}

static void check_cancels(struct kunit *test, s64 (*victim)(void *),
			  int (*peer)(struct race *), bool deadlines)
{
	struct side side[2];
	struct race race;

	race_init(test, &race);
	race.deadlines = deadlines;
	race.victim = race_go(test, victim, &race);
	side_start(test, &side[0], false, race_cancel, &race);
	side_start(test, &side[1], true, peer, &race);
	side_wait(test, &side[1]);
	WRITE_ONCE(race.quiet, true);
	side_wait(test, &side[0]);
	WRITE_ONCE(race.stop, true);
	finish(test, race.victim);
	race_check(test, &race);
}

static void cancel_and_message_of_a_receiver(struct kunit *test)
{
	check_cancels(test, race_recv_task, race_send, false);
}

static void cancel_and_message_of_a_sender(struct kunit *test)
{
	check_cancels(test, race_send_task, race_recv, false);
}

static void cancel_deadline_and_message(struct kunit *test)
{
	check_cancels(test, race_recv_task, race_send, true);
}

static int race_recv_signals(struct race *race)
{
	allow_signal(SIGUSR1);
	return race_recv(race);
}

static void signal_and_message_of_a_thread(struct kunit *test)
{
	struct side side[2];
	struct race race;

	race_init(test, &race);
	side_start(test, &side[0], false, race_recv_signals, &race);
	side_start(test, &side[1], true, race_send, &race);
	while (!completion_done(&side[1].done)) {
		send_sig(SIGUSR1, side[0].thread, 1);
		usleep_range(10, 60);
	}
	side_wait(test, &side[1]);
	side_wait(test, &side[0]);
	race_check(test, &race);
}

/* --- Close ---------------------------------------------------------------- */

static int send_until_closed(struct race *race)
{
	int ret;

	do {
		ret = kcoro_send(race->chan, &race->sent, race_deadline(race));
		race->sent += !ret;
		cond_resched();
	} while (ret != -EPIPE);
	return 0;
}

static void close_and_message(struct kunit *test)
{
	struct side side[2];
	struct race race;
	int i;

	for (i = 0; i < 40; i++) {
		race_init(test, &race);
		race.deadlines = i % 2;
		side_start(test, &side[0], false, race_recv, &race);
		side_start(test, &side[1], true, send_until_closed, &race);
		usleep_range(100, 1000);
		kcoro_chan_close(race.chan);
		side_wait(test, &side[0]);
		side_wait(test, &side[1]);
		race_check(test, &race);
	}
}

/* --- Selects that do not wait -------------------------------------------------- */

enum shift { BY_MESSAGE, BY_CLOSE, ALONE };

#define MOMENT_CASES	KCORO_SELECT_MAX

/**
 * struct moment - at any time a channel of the round can be received from
 * @race: @sent rounds were begun, @got are over; stop: there is no other
 * @chan: the first one can at first; then, before it cannot any more, the second;
 *	the third never
 * @c: one for each of the first two, all others for the third: to look at one
 *	after the other would take some time
 * @shift: how the second one becomes ready; ALONE: the first one is closed instead
 * @us: how long the last select took: the shift is to come in the midst of one
 */
struct moment {
	struct race race;
	struct kcoro_chan *chan[3];
	struct kcoro_select_case c[MOMENT_CASES];
	u64 value;
	enum shift shift;
	u32 us;
};

static void moment_drop(struct moment *m)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(m->chan); i++)
		if (!IS_ERR(m->chan[i]))
			kcoro_chan_drop(m->chan[i], BOTH);
}

static bool moment_begin(struct moment *m)
{
	u64 value = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(m->chan); i++)
		m->chan[i] = kcoro_chan_create(sizeof(u64),
					       !i || m->shift == BY_MESSAGE);
	if (IS_ERR(m->chan[0]) || IS_ERR(m->chan[1]) || IS_ERR(m->chan[2])) {
		moment_drop(m);
		return false;
	}
	for (i = 0; i < MOMENT_CASES; i++)
		m->c[i] = (struct kcoro_select_case) {
			.op = KCORO_OP_RECV,
			.chan = m->chan[min(i, 2U)],
			.msg = &m->value,
		};
	kcoro_try_send(m->chan[0], &value);
	/* Pairs with moment_select(). */
	smp_store_release(&m->race.sent, m->race.sent + 1);
	return true;
}

static int moment_shift(struct race *race)
{
	struct moment *m = container_of(race, struct moment, race);
	u64 value = 0;

	while (race->sent < ROUNDS && moment_begin(m)) {
		udelay(get_random_u32() % (READ_ONCE(m->us) + 1));
		if (m->shift == BY_MESSAGE)
			kcoro_try_send(m->chan[1], &value);
		else
			kcoro_chan_close(m->chan[m->shift == BY_CLOSE]);
		kcoro_try_recv(m->chan[0], &value);
		/* Pairs with moment_select(). */
		while (smp_load_acquire(&race->got) < race->sent)
			cond_resched();
		moment_drop(m);
	}
	WRITE_ONCE(race->stop, true);
	return 0;
}

static int moment_select(struct race *race)
{
	struct moment *m = container_of(race, struct moment, race);
	ktime_t begin;
	u64 n;


	for (n = 1; !READ_ONCE(race->stop); cond_resched()) {
		/* Pairs with moment_begin(). */
		if (smp_load_acquire(&race->sent) < n)
			continue;
		begin = ktime_get();
		if (kcoro_select(m->c, MOMENT_CASES, KCORO_SELECT_NOWAIT,
				 0) < 0)
			race->wrong++;
		WRITE_ONCE(m->us, min_t(s64, ktime_us_delta(ktime_get(), begin),
					1000));
		/* Pairs with moment_shift(). */
		smp_store_release(&race->got, n++);
	}
	return 0;
}

static void check_moments(struct kunit *test, enum shift shift)
{
	struct moment *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct side side[2];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	m->shift = shift;
	side_start(test, &side[0], false, moment_shift, &m->race);
	side_start(test, &side[1], true, moment_select, &m->race);
	side_wait(test, &side[0]);
	side_wait(test, &side[1]);
	KUNIT_EXPECT_EQ(test, m->race.got, ROUNDS);
	KUNIT_EXPECT_EQ(test, m->race.wrong, 0);
}

static void one_of_two_has_a_message_at_any_time(struct kunit *test)
{
	check_moments(test, BY_MESSAGE);
}

static void one_of_two_is_ready_or_closed_at_any_time(struct kunit *test)
{
	check_moments(test, BY_CLOSE);
}

static void a_message_or_the_end_is_there(struct kunit *test)
{
	check_moments(test, ALONE);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE(deadline_and_message_of_task_and_thread),
	KUNIT_CASE(deadline_and_message_of_two_threads),
	KUNIT_CASE(message_from_interrupt_and_deadline),
	KUNIT_CASE(message_from_interrupt_wakes_a_thread),
	KUNIT_CASE(cancel_and_message_of_a_receiver),
	KUNIT_CASE(cancel_and_message_of_a_sender),
	KUNIT_CASE(cancel_deadline_and_message),
	KUNIT_CASE(signal_and_message_of_a_thread),
	KUNIT_CASE(close_and_message),
	KUNIT_CASE(one_of_two_has_a_message_at_any_time),
	KUNIT_CASE(one_of_two_is_ready_or_closed_at_any_time),
	KUNIT_CASE(a_message_or_the_end_is_there),
	{}
};

static struct kunit_suite race_suite = {
	.name = "kcoro_race",
	.test_cases = race_cases,
};

kunit_test_suites(&race_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Races, walked through with bubbles: the same few tasks with many seeds, each of
 * which gives another order, against rules that hold in all orders; and the same
 * seed once more, which must give the same steps.
 *
 * A seed that fails is in the log, and can be run by itself:
 * kcoro.bubble_seed=N kcoro.bubble_seeds=1.
 */
#include <kunit/test.h>
#include <linux/kcoro.h>
#include <linux/kcoro_bubble.h>
#include <linux/kcoro_scope.h>
#include <linux/kcoro_sync.h>

#include "task.h"

static uint bubble_seed;
module_param(bubble_seed, uint, 0444);
MODULE_PARM_DESC(bubble_seed, "First seed of the races that are walked through");
static uint bubble_seeds = 50;
module_param(bubble_seeds, uint, 0444);
MODULE_PARM_DESC(bubble_seeds, "How many (default 50)");

#define BOTH	(KCORO_SEND | KCORO_RECV)
#define MS	NSEC_PER_MSEC
#define MSGS	4

/**
 * struct race - what the tasks of one race share
 * @chan: channels, as the race needs them
 * @task: tasks that are cancelled, or waited for
 * @mutex: guards the critical section
 * @cond: units have come
 * @sem: has UNITS
 * @sent: messages whose senders were told of success
 * @got: messages received
 * @sum: of those sent, minus those received
 * @wrong: what must not be
 * @outcome: which of those that can be came, one bit each
 * @nr: times that soon() was asked
 * @owned: somebody is in the critical section
 * @units: of the semaphore in use; of the condition, put and not taken
 */
struct race {
	struct kcoro_chan *chan[2];
	struct kcoro_task *task[2];
	struct kcoro_mutex mutex;
	struct kcoro_cond cond;
	struct kcoro_sem sem;
	u32 sent, got;
	s64 sum;
	u32 wrong;
	u32 outcome;
	u32 nr;
	bool owned;
	u32 units;
};

static void wrong_if(struct race *race, bool wrong)
{
	race->wrong += wrong;
}

static void start(s64 (*fn)(void *data), struct race *race)
{
	struct kcoro_task *task = kcoro_go(fn, race);

	wrong_if(race, IS_ERR(task));
	if (!IS_ERR(task))
		kcoro_task_put(task);
}

/* A time within the race, by chance: different tasks come before each other. */
static ktime_t soon(struct race *race)
{
	return kcoro_now() + ++race->nr % 3 * MS;
}

struct setup {
	s64 (*fn)(void *data);
	int capacity;	/* of the channels */
	u32 outcomes;	/* all that can come */
	void (*check)(struct kunit *test, const struct race *race);
};

static void race_init(struct kunit *test, struct race *race, int capacity)
{
	u32 i;

	memset(race, 0, sizeof(*race));
	for (i = 0; i < ARRAY_SIZE(race->chan); i++) {
		race->chan[i] = kcoro_chan_create(sizeof(u32), capacity);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, race->chan[i]);
	}
	kcoro_mutex_init(&race->mutex, "race");
	kcoro_cond_init(&race->cond, &race->mutex, "race");
}

static void race_exit(struct race *race)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(race->chan); i++)
		kcoro_chan_drop(race->chan[i], BOTH);
}

/* One seed, once. */
static u64 run(struct kunit *test, const struct setup *setup, u32 seed,
	       u32 *outcomes)
{
	struct kcoro_bubble_args args = { .seed = seed };
	struct kcoro_bubble_end end;
	struct race race;
	int err;

	race_init(test, &race, setup->capacity);
	err = kcoro_bubble_run(&args, setup->fn, &race, &end);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "seed %u: %s", seed, end.message);
	KUNIT_EXPECT_EQ_MSG(test, race.wrong, 0, "seed %u", seed);
	KUNIT_EXPECT_EQ_MSG(test, race.sum, 0, "seed %u", seed);
	KUNIT_EXPECT_EQ_MSG(test, race.sent, race.got, "seed %u", seed);
	race_exit(&race);
	*outcomes |= race.outcome;
	return end.digest;
}

/* All seeds, each twice. */
static void walk(struct kunit *test, const struct setup *setup)
{
	u32 outcomes = 0, seed, i;

	for (i = 0; i < bubble_seeds; i++) {
		seed = bubble_seed + i;
		KUNIT_EXPECT_EQ_MSG(test, run(test, setup, seed, &outcomes),
				    run(test, setup, seed, &outcomes),
				    "seed %u", seed);
	}
	/* So that no seed is all the same, and the race is one. */
	if (bubble_seeds >= 50)
		KUNIT_EXPECT_EQ(test, outcomes, setup->outcomes);
}

/* --- Messages against cancel, close and deadlines ----------------------------------- */

static void count_sent(struct race *race, int err, u32 msg)
{
	if (err) {
		race->outcome |= err == -ECANCELED ? 1 : err == -EPIPE ? 2 : 4;
		return;
	}
	race->sent++;
	race->sum += msg;
}

static void count_got(struct race *race, int ret, u32 msg)
{
	if (ret <= 0) {
		race->outcome |= ret == -ECANCELED ? 8 : !ret ? 16 : 32;
		return;
	}
	race->got++;
	race->sum -= msg;
}

static s64 send_some(void *data)
{
	struct race *race = data;
	u32 i, msg;
	int err;

	for (i = 1; i <= MSGS; i++) {
		msg = i;
		err = kcoro_send(race->chan[0], &msg, soon(race));
		count_sent(race, err, msg);
		if (err == -EPIPE)
			break;
	}
	return 0;
}

static s64 receive_some(void *data)
{
	struct race *race = data;
	u32 i, msg = 0;
	int ret;

	for (i = 0; i < MSGS; i++) {
		ret = kcoro_recv(race->chan[0], &msg, soon(race));
		count_got(race, ret, msg);
	}
	return 0;
}

/* What was sent and not received is in the channel. */
static void drain(struct race *race)
{
	u32 msg;

	while (kcoro_try_recv(race->chan[0], &msg) == 1)
		count_got(race, 1, msg);
}

static s64 messages_meet_requests(void *data)
{
	struct race *race = data;
	u32 i;

	race->task[0] = kcoro_go(send_some, race);
	race->task[1] = kcoro_go(receive_some, race);
	start(send_some, race);
	for (i = 0; i < 4; i++) {
		kcoro_cancel(race->task[i % 2]);
		if (i % 2)
			kcoro_sleep_ms(1);
		else
			kcoro_yield();
	}
	kcoro_join(race->task[0], KCORO_FOREVER, NULL);
	kcoro_join(race->task[1], KCORO_FOREVER, NULL);
	kcoro_task_put(race->task[0]);
	kcoro_task_put(race->task[1]);
	kcoro_sleep_ms(100);
	drain(race);
	return 0;
}

static void requests_lose_no_message(struct kunit *test)
{
	const struct setup unbuffered = {
		.fn = messages_meet_requests, .outcomes = 1 | 4 | 8 | 32,
	};
	const struct setup buffered = {
		.fn = messages_meet_requests, .capacity = 2,
		.outcomes = 1 | 4 | 8,
	};

	walk(test, &unbuffered);
	walk(test, &buffered);
}

static s64 close_it(void *data)
{
	struct race *race = data;

	kcoro_yield();
	kcoro_chan_close(race->chan[0]);
	return 0;
}

static s64 messages_meet_the_close(void *data)
{
	struct race *race = data;

	start(send_some, race);
	start(send_some, race);
	start(receive_some, race);
	start(close_it, race);
	kcoro_sleep_ms(100);
	drain(race);
	return 0;
}

static void a_close_loses_no_message(struct kunit *test)
{
	const struct setup setup = {
		.fn = messages_meet_the_close, .capacity = 1,
		.outcomes = 2 | 4 | 16,
	};

	walk(test, &setup);
}

/* --- Selects that meet ------------------------------------------------------------- */

static s64 select_both_ways(void *data)
{
	struct race *race = data;
	u32 i, in = 0, out;
	int ret;

	for (i = 1; i <= MSGS; i++) {
		struct kcoro_select_case c[] = {
			{ .chan = race->chan[0], .op = KCORO_OP_SEND, .msg = &out },
			{ .chan = race->chan[1], .op = KCORO_OP_SEND, .msg = &out },
			{ .chan = race->chan[0], .op = KCORO_OP_RECV, .msg = &in },
			{ .chan = race->chan[1], .op = KCORO_OP_RECV, .msg = &in },
		};

		out = i;
		ret = kcoro_select(c, ARRAY_SIZE(c), 0, soon(race));
		if (ret < 0) {
			race->outcome |= ret == -ETIMEDOUT ? 1 : 2;
			continue;
		}
		race->outcome |= 4 << ret;
		if (ret < 2)
			count_sent(race, c[ret].result, out);
		else
			count_got(race, c[ret].result, in);
	}
	return 0;
}

static s64 selects_meet(void *data)
{
	struct race *race = data;

	race->task[0] = kcoro_go(select_both_ways, race);
	start(select_both_ways, race);
	start(select_both_ways, race);
	kcoro_yield();
	kcoro_cancel(race->task[0]);
	kcoro_task_put(race->task[0]);
	return 0;
}

static void selects_agree(struct kunit *test)
{
	const struct setup setup = {
		.fn = selects_meet, .outcomes = 1 | 2 | 4 << 0 | 4 << 1 |
						4 << 2 | 4 << 3,
	};

	walk(test, &setup);
}

/* --- Locks against requests -------------------------------------------------------- */

static void critical(struct race *race)
{
	wrong_if(race, race->owned);
	race->owned = true;
	kcoro_yield();
	wrong_if(race, !race->owned);
	race->owned = false;
}

static s64 lock_some(void *data)
{
	struct race *race = data;
	u32 i;
	int err;

	for (i = 0; i < MSGS; i++) {
		err = kcoro_mutex_lock(&race->mutex, soon(race));
		race->outcome |= err == -ECANCELED ? 1 : err ? 2 : 4;
		if (err)
			continue;
		critical(race);
		wrong_if(race, kcoro_mutex_unlock(&race->mutex));
	}
	return 0;
}

static s64 locks_meet_requests(void *data)
{
	struct race *race = data;
	u32 i;

	race->task[0] = kcoro_go(lock_some, race);
	race->task[1] = kcoro_go(lock_some, race);
	start(lock_some, race);
	for (i = 0; i < 6; i++) {
		kcoro_cancel(race->task[i % 2]);
		kcoro_yield();
	}
	for (i = 0; i < 2; i++) {
		kcoro_join(race->task[i], KCORO_FOREVER, NULL);
		kcoro_task_put(race->task[i]);
	}
	kcoro_sleep_ms(100);
	wrong_if(race, kcoro_mutex_is_locked(&race->mutex));
	return 0;
}

static void one_holds_the_mutex(struct kunit *test)
{
	const struct setup setup = {
		.fn = locks_meet_requests, .outcomes = 1 | 2 | 4,
	};

	walk(test, &setup);
}

/* Messages through a variable, a mutex and a condition. */
static s64 put_by_cond(void *data)
{
	struct race *race = data;
	u32 i;

	for (i = 0; i < MSGS; i++) {
		wrong_if(race, kcoro_mutex_lock(&race->mutex, KCORO_FOREVER));
		race->units++;
		race->sent++;
		kcoro_cond_notify(&race->cond, 1);
		wrong_if(race, kcoro_mutex_unlock(&race->mutex));
		kcoro_yield();
	}
	return 0;
}

static s64 take_by_cond(void *data)
{
	struct race *race = data;
	u32 i;
	int err;

	for (i = 0; i < MSGS; i++) {
		err = kcoro_mutex_lock(&race->mutex, KCORO_FOREVER);
		while (!err && !race->units) {
			err = kcoro_cond_wait(&race->cond, soon(race));
			race->outcome |= err == -ECANCELED ? 1 : err ? 2 : 4;
			/* It is ours again whatever happened. */
			wrong_if(race, race->owned);
			if (err)
				wrong_if(race,
					 kcoro_mutex_unlock(&race->mutex));
		}
		if (err)
			continue;
		critical(race);
		race->units--;
		race->got++;
		wrong_if(race, kcoro_mutex_unlock(&race->mutex));
	}
	return 0;
}

static s64 conditions_meet_requests(void *data)
{
	struct race *race = data;
	u32 i;

	race->task[0] = kcoro_go(take_by_cond, race);
	race->task[1] = kcoro_go(take_by_cond, race);
	start(put_by_cond, race);
	for (i = 0; i < 4; i++) {
		kcoro_cancel(race->task[i % 2]);
		kcoro_yield();
	}
	for (i = 0; i < 2; i++) {
		kcoro_join(race->task[i], KCORO_FOREVER, NULL);
		kcoro_task_put(race->task[i]);
	}
	kcoro_sleep_ms(100);
	race->got += race->units;
	return 0;
}

static void a_condition_gives_its_lock_back(struct kunit *test)
{
	const struct setup setup = {
		.fn = conditions_meet_requests, .outcomes = 1 | 2 | 4,
	};

	walk(test, &setup);
}

#define UNITS	2

static s64 use_units(void *data)
{
	struct race *race = data;
	u32 i, nr;
	int err;

	for (i = 0; i < MSGS; i++) {
		nr = 1 + i % UNITS;
		err = kcoro_sem_acquire(&race->sem, nr, soon(race));
		race->outcome |= err == -ECANCELED ? 1 : err ? 2 : 4;
		if (err)
			continue;
		race->units += nr;
		wrong_if(race, race->units > UNITS);
		kcoro_yield();
		race->units -= nr;
		wrong_if(race, kcoro_sem_release(&race->sem, nr));
	}
	return 0;
}

static s64 semaphores_meet_requests(void *data)
{
	struct race *race = data;
	u32 i;

	kcoro_sem_init(&race->sem, UNITS, UNITS, "race");
	race->task[0] = kcoro_go(use_units, race);
	race->task[1] = kcoro_go(use_units, race);
	start(use_units, race);
	for (i = 0; i < 6; i++) {
		kcoro_cancel(race->task[i % 2]);
		kcoro_yield();
	}
	for (i = 0; i < 2; i++) {
		kcoro_join(race->task[i], KCORO_FOREVER, NULL);
		kcoro_task_put(race->task[i]);
	}
	kcoro_sleep_ms(100);
	wrong_if(race, race->units);
	wrong_if(race, kcoro_sem_acquire(&race->sem, UNITS, 0));
	return 0;
}

static void a_semaphore_keeps_its_units(struct kunit *test)
{
	const struct setup setup = {
		.fn = semaphores_meet_requests, .outcomes = 1 | 2 | 4,
	};

	walk(test, &setup);
}

/* --- Ends against waits -------------------------------------------------------------- */

static s64 work_a_while(void *data)
{
	struct race *race = data;

	return kcoro_sleep_until(soon(race)) ?: 9;
}

static s64 wait_for_work(void *data)
{
	struct race *race = data;
	struct kcoro_scope scope;
	s64 result = 0;
	int err;

	kcoro_scope_enter(&scope, soon(race));
	err = kcoro_wait_for(race->task[0], soon(race), &result);
	err = kcoro_scope_exit(&scope, err);
	/* It has ended in any case, and how is no guess. */
	wrong_if(race, !kcoro_task_done(race->task[0]));
	wrong_if(race, !err && result != 9 && result != -ECANCELED);
	race->outcome |= !err ? 1 : err == -ETIMEDOUT ? 2 : 4;
	return 0;
}

static s64 ends_meet_waits(void *data)
{
	struct race *race = data;

	race->nr = 1;
	race->task[0] = kcoro_go(work_a_while, race);
	race->task[1] = kcoro_go(wait_for_work, race);
	start(wait_for_work, race);
	kcoro_yield();
	kcoro_cancel(race->task[1]);
	kcoro_join(race->task[1], KCORO_FOREVER, NULL);
	kcoro_sleep_ms(100);
	kcoro_task_put(race->task[0]);
	kcoro_task_put(race->task[1]);
	return 0;
}

static void who_waits_sees_the_end(struct kunit *test)
{
	const struct setup setup = {
		.fn = ends_meet_waits, .outcomes = 1 | 2 | 4,
	};

	walk(test, &setup);
}

/* --- The killed, who cannot wait ------------------------------------------------------ */

static s64 hold_mutex(void *data)
{
	struct race *race = data;

	wrong_if(race, kcoro_mutex_lock(&race->mutex, KCORO_FOREVER));
	critical(race);
	wrong_if(race, kcoro_mutex_unlock(&race->mutex));
	return 0;
}

static s64 wait_for_cond(void *data)
{
	struct race *race = data;

	wrong_if(race, kcoro_mutex_lock(&race->mutex, KCORO_FOREVER));
	wrong_if(race, kcoro_cond_wait(&race->cond, KCORO_FOREVER) !=
		       -ECANCELED);
	wrong_if(race, race->owned);
	race->outcome |= kcoro_mutex_unlock(&race->mutex) ? 0 : 1;
	return 0;
}

static s64 try_this(void *data)
{
	struct race *race = data;
	u32 i;

	for (i = 0; i < 5; i++)
		kcoro_yield();
	race->owned = false;
	return 0;
}

static s64 try_and_die(void *data)
{
	struct race *race = data;

	kcoro_task_kill(kcoro_current());
	race->owned = true;
	wrong_if(race, kcoro_try(try_this, race, NULL) != -ECANCELED);
	/* It may use what is on this stack: so it has ended. */
	wrong_if(race, race->owned);
	race->outcome |= 2;
	return 0;
}

static s64 kill_them(void *data)
{
	struct kcoro_task *waiter = kcoro_go(wait_for_cond, data), *holder;

	kcoro_bubble_wait();
	holder = kcoro_go(hold_mutex, data);
	kcoro_yield();
	kcoro_task_kill(waiter);
	kcoro_join(waiter, KCORO_FOREVER, NULL);
	kcoro_join(holder, KCORO_FOREVER, NULL);
	kcoro_task_put(waiter);
	kcoro_task_put(holder);
	start(try_and_die, data);
	return 0;
}

static void the_killed_get_their_locks_back(struct kunit *test)
{
	const struct setup setup = { .fn = kill_them, .outcomes = 1 | 2 };

	walk(test, &setup);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(requests_lose_no_message),
	KUNIT_CASE(a_close_loses_no_message),
	KUNIT_CASE(selects_agree),
	KUNIT_CASE(one_holds_the_mutex),
	KUNIT_CASE(a_condition_gives_its_lock_back),
	KUNIT_CASE(a_semaphore_keeps_its_units),
	KUNIT_CASE(who_waits_sees_the_end),
	KUNIT_CASE(the_killed_get_their_locks_back),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_bubble_race",
	.test_cases = cases,
};
kunit_test_suites(&suite);

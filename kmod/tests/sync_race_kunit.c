// SPDX-License-Identifier: GPL-2.0
/*
 * Random schedules over <linux/kcoro_sync.h>: tasks and threads, with and without
 * deadlines, while others cancel the tasks and send signals to the threads. Who
 * was told 0 counts as having got it, who was told an errno as not; what the
 * object says of itself at the end, and a plain count on the way, must agree.
 *
 * The objects are small and the actors are many, so that most calls wait. In the
 * second half nobody is disturbed: who was not woken then waits for ever.
 */
#include <linux/kcoro_sync.h>
#include <linux/random.h>

#include "sync_ops.h"

#define TASKS	6
#define THREADS	2
#define ACTORS	(TASKS + THREADS)
#define ROUNDS	250

/* What is raced for. One cause of failure for each test. */
struct race {
	struct kcoro_mutex mutex;
	struct kcoro_cond cond;
	struct kcoro_rwlock rwlock;
	struct kcoro_sem sem;
	struct kcoro_barrier barrier;
	struct kcoro_queue *queue;
	struct kcoro_event event;
	int inside;		/* by who holds the lock, without atomics */
	u64 count;		/* likewise */
	atomic_t readers;
	atomic_t used;		/* units */
	atomic_t got;		/* operations that returned 0 */
	atomic_t wrong;		/* impossible outcomes */
	atomic_t numbers[3];	/* that a barrier gave */
	atomic_t notified;
	atomic64_t sum_put, sum_got;
	atomic_t rounds;	/* of all */
	atomic_t ended;		/* actors */
};

static bool passing(int err)
{
	return err == -ETIMEDOUT || err == -ECANCELED || err == -ERESTARTSYS;
}

static ktime_t soon(u32 us)
{
	return ktime_add_us(ktime_get(), get_random_u32() % us);
}

static ktime_t some_deadline(void)
{
	return get_random_u32() % 2 ? KCORO_FOREVER : soon(300);
}

/* Out of the way for a moment, in one of the ways there are. */
static void pause_a_bit(void)
{
	switch (get_random_u32() % 4) {
	case 0:
		kcoro_yield();
		break;
	case 1:
		kcoro_sleep_until(ktime_add_us(ktime_get(), 50));
		break;
	case 2:
		udelay(get_random_u32() % 16);
		break;
	}
	if (!kcoro_current() && signal_pending(current))
		flush_signals(current);
}

static void tell(struct race *race, int err)
{
	if (!err)
		atomic_inc(&race->got);
	else if (!passing(err))
		atomic_inc(&race->wrong);
}

static int actor(struct call *call, void (*op)(struct race *race, u32 nr))
{
	struct race *race = call->obj;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		op(race, call->arg);
		atomic_inc(&race->rounds);
		pause_a_bit();
		cond_resched();
	}
	atomic_inc(&race->ended);
	return 0;
}

static struct race *race_of(struct kunit *test)
{
	struct kcoro_queue_args args = {
		.name = "race", .elem_size = sizeof(u64), .capacity = 2,
	};
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, race);
	kcoro_mutex_init(&race->mutex, "race");
	kcoro_cond_init(&race->cond, &race->mutex, "race");
	kcoro_rwlock_init(&race->rwlock, "race");
	kcoro_event_init(&race->event, "race");
	KUNIT_ASSERT_EQ(test, kcoro_sem_init(&race->sem, 3, 3, "race"), 0);
	KUNIT_ASSERT_EQ(test, kcoro_barrier_init(&race->barrier, 3, "race"), 0);
	race->queue = kcoro_queue_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, race->queue);
	return race;
}

/* Let all act, and disturb them half of the time. */
static void run(struct kunit *test, struct race *race,
		int (*fn)(struct call *call))
{
	struct call *call = calls(test, ACTORS, fn, race);
	ktime_t guard = GUARD;
	u32 i;

	for (i = 0; i < ACTORS; i++) {
		call[i].arg = i;
		if (i < TASKS)
			call_in_task(test, &call[i]);
		else
			call_in_thread(test, &call[i]);
	}
	while (atomic_read(&race->rounds) < ACTORS * ROUNDS / 2 &&
	       ktime_before(ktime_get(), guard)) {
		i = get_random_u32() % ACTORS;
		if (i < TASKS)
			kcoro_cancel(call[i].task);
		else if (!completion_done(&call[i].done))
			send_sig(SIGUSR1, call[i].thread, 1);
		usleep_range(20, 200);
	}
	while (atomic_read(&race->ended) < ACTORS &&
	       ktime_before(ktime_get(), guard))
		usleep_range(100, 1000);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->ended), ACTORS);
	for (i = 0; i < ACTORS; i++)
		result_of(test, &call[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&race->got), 0);
}

/* --- Mutex and condition ---------------------------------------------------- */

static void enter(struct race *race)
{
	if (race->inside++)
		atomic_inc(&race->wrong);
	race->count++;
}

static void exit_again(struct race *race)
{
	if (--race->inside)
		atomic_inc(&race->wrong);
}

static void mutex_op(struct race *race, u32 nr)
{
	int err;

	if (get_random_u32() % 8)
		err = kcoro_mutex_lock(&race->mutex, some_deadline());
	else
		err = kcoro_mutex_try_lock(&race->mutex) ? -ETIMEDOUT : 0;
	tell(race, err);
	if (err)
		return;
	enter(race);
	if (get_random_u32() % 4 == 0)
		pause_a_bit();
	exit_again(race);
	if (kcoro_mutex_unlock(&race->mutex))
		atomic_inc(&race->wrong);
}

static int mutex_actor(struct call *call)
{
	return actor(call, mutex_op);
}

static void mutex_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, mutex_actor);
	KUNIT_EXPECT_EQ(test, race->count, atomic_read(&race->got));
	KUNIT_EXPECT_EQ(test, kcoro_mutex_try_lock(&race->mutex), 0);
	KUNIT_EXPECT_EQ(test, kcoro_mutex_unlock(&race->mutex), 0);
	kcoro_queue_destroy(race->queue);
}

/* Who was notified, and who is told so, are as many. */
static void cond_op(struct race *race, u32 nr)
{
	bool locked = get_random_u32() % 2;
	int err;

	if (nr % 2) {
		if (locked && kcoro_mutex_lock(&race->mutex, some_deadline()))
			return;
		atomic_add(kcoro_cond_notify(&race->cond, get_random_u32() % 3),
			   &race->notified);
		if (locked && kcoro_mutex_unlock(&race->mutex))
			atomic_inc(&race->wrong);
		return;
	}
	if (kcoro_mutex_lock(&race->mutex, some_deadline()))
		return;
	enter(race);
	exit_again(race);
	err = kcoro_cond_wait(&race->cond, soon(2000));
	tell(race, err);
	enter(race);
	exit_again(race);
	if (kcoro_mutex_unlock(&race->mutex))
		atomic_inc(&race->wrong);
}

static int cond_actor(struct call *call)
{
	return actor(call, cond_op);
}

static void cond_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, cond_actor);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->notified),
			atomic_read(&race->got));
	KUNIT_EXPECT_FALSE(test, kcoro_mutex_is_locked(&race->mutex));
	KUNIT_EXPECT_EQ(test, kcoro_cond_notify_all(&race->cond), 0);
	kcoro_queue_destroy(race->queue);
}

/* --- Readers and writers ------------------------------------------------------ */

static void rwlock_op(struct race *race, u32 nr)
{
	bool write = get_random_u32() % 3 == 0;
	int err;

	if (write)
		err = kcoro_rwlock_write_lock(&race->rwlock, some_deadline());
	else
		err = kcoro_rwlock_read_lock(&race->rwlock, some_deadline());
	tell(race, err);
	if (err)
		return;
	if (write) {
		enter(race);
		if (atomic_read(&race->readers))
			atomic_inc(&race->wrong);
		if (get_random_u32() % 4 == 0)
			pause_a_bit();
		exit_again(race);
		err = kcoro_rwlock_write_unlock(&race->rwlock);
	} else {
		atomic_inc(&race->readers);
		if (READ_ONCE(race->inside))
			atomic_inc(&race->wrong);
		if (get_random_u32() % 4 == 0)
			pause_a_bit();
		atomic_dec(&race->readers);
		err = kcoro_rwlock_read_unlock(&race->rwlock);
	}
	if (err)
		atomic_inc(&race->wrong);
}

static int rwlock_actor(struct call *call)
{
	return actor(call, rwlock_op);
}

static void rwlock_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, rwlock_actor);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_try_write_lock(&race->rwlock), 0);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_unlock(&race->rwlock), 0);
	kcoro_queue_destroy(race->queue);
}

/* --- Semaphore ------------------------------------------------------------------ */

static void sem_op(struct race *race, u32 nr)
{
	u32 n = 1 + get_random_u32() % 3;
	int err = kcoro_sem_acquire(&race->sem, n, some_deadline());

	tell(race, err);
	if (err)
		return;
	if (atomic_add_return(n, &race->used) > 3)
		atomic_inc(&race->wrong);
	if (get_random_u32() % 4 == 0)
		pause_a_bit();
	atomic_sub(n, &race->used);
	if (kcoro_sem_release(&race->sem, n))
		atomic_inc(&race->wrong);
}

static int sem_actor(struct call *call)
{
	return actor(call, sem_op);
}

static void semaphore_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, sem_actor);
	KUNIT_EXPECT_EQ(test, kcoro_sem_count(&race->sem), 3);
	KUNIT_EXPECT_EQ(test, kcoro_sem_try_acquire(&race->sem, 3), 0);
	kcoro_queue_destroy(race->queue);
}

/* --- Barrier ---------------------------------------------------------------------- */

/* Each round that is full gives each number once. */
static void barrier_op(struct race *race, u32 nr)
{
	int ret = kcoro_barrier_wait(&race->barrier, soon(2000));

	if (ret >= 0 && ret < 3)
		atomic_inc(&race->numbers[ret]);
	tell(race, ret > 0 ? 0 : ret);
}

static int barrier_actor(struct call *call)
{
	return actor(call, barrier_op);
}

static void barrier_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, barrier_actor);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->numbers[0]),
			atomic_read(&race->numbers[1]));
	KUNIT_EXPECT_EQ(test, atomic_read(&race->numbers[1]),
			atomic_read(&race->numbers[2]));
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(&race->barrier), 0);
	kcoro_queue_destroy(race->queue);
}

/* --- Wait group and event ----------------------------------------------------------- */

#define CHILDREN	3

struct family {
	struct kcoro_waitgroup group;
	atomic_t came;
};

static s64 child_run(void *data)
{
	struct family *family = data;

	pause_a_bit();
	atomic_inc(&family->came);
	return kcoro_waitgroup_done(&family->group);
}

/* Its children end the wait and the group, which is gone then. */
static void group_op(struct race *race, u32 nr)
{
	struct family family = { .came = ATOMIC_INIT(0) };
	struct kcoro_task *child;
	int i, err;

	kcoro_waitgroup_init(&family.group, "race");
	kcoro_waitgroup_add(&family.group, CHILDREN);
	for (i = 0; i < CHILDREN; i++) {
		child = kcoro_go(child_run, &family);
		if (IS_ERR(child))
			child_run(&family);
		else
			kcoro_task_put(child);
	}
	do {
		err = kcoro_waitgroup_wait(&family.group, some_deadline());
		tell(race, err);
		if (err == -ERESTARTSYS)
			flush_signals(current);
	} while (err);
	if (atomic_read(&family.came) != CHILDREN)
		atomic_inc(&race->wrong);
	memset(&family, 0xff, sizeof(family));
}

static int group_actor(struct call *call)
{
	return actor(call, group_op);
}

static void waitgroup_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, group_actor);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->got), ACTORS * ROUNDS);
	kcoro_queue_destroy(race->queue);
}

static void event_op(struct race *race, u32 nr)
{
	if (nr % 2) {
		kcoro_event_set(&race->event);
		kcoro_event_clear(&race->event);
		atomic_inc(&race->got);
	} else {
		tell(race, kcoro_event_wait(&race->event, some_deadline()));
	}
}

static int event_actor(struct call *call)
{
	struct race *race = call->obj;
	int ret = actor(call, event_op);

	/* The setters' last act, or nobody would do it for the others. */
	if (atomic_read(&race->ended) >= ACTORS / 2)
		kcoro_event_set(&race->event);
	return ret;
}

static void event_race(struct kunit *test)
{
	struct race *race = race_of(test);

	run(test, race, event_actor);
	KUNIT_EXPECT_EQ(test, queue_length(&race->event.lock,
				kcoro_sync_waitq(&race->event.waiters)), 0);
	kcoro_queue_destroy(race->queue);
}

/* --- Queue ---------------------------------------------------------------------------- */

/* Numbers in, numbers out: what is put is got, once; also as it is shut down. */
static void queue_op(struct race *race, u32 nr)
{
	u64 value = get_random_u32();
	int err;

	if (nr % 2) {
		err = kcoro_queue_put(race->queue, &value, some_deadline());
		if (!err)
			atomic64_add(value, &race->sum_put);
	} else {
		err = kcoro_queue_get(race->queue, &value, some_deadline());
		if (!err) {
			atomic64_add(value, &race->sum_got);
			if (kcoro_queue_task_done(race->queue))
				atomic_inc(&race->wrong);
		}
	}
	tell(race, err == -ESHUTDOWN ? -ETIMEDOUT : err);
}

static int queue_actor(struct call *call)
{
	struct race *race = call->obj;
	int ret = actor(call, queue_op);

	if (atomic_read(&race->ended) >= ACTORS / 2)
		kcoro_queue_shutdown(race->queue, false);
	return ret;
}

static void queue_race(struct kunit *test)
{
	struct race *race = race_of(test);
	u64 value;

	run(test, race, queue_actor);
	while (!kcoro_queue_try_get(race->queue, &value)) {
		atomic64_add(value, &race->sum_got);
		KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(race->queue), 0);
	}
	KUNIT_EXPECT_EQ(test, atomic64_read(&race->sum_put),
			atomic64_read(&race->sum_got));
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(race->queue, PAST), 0);
	kcoro_queue_destroy(race->queue);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(mutex_race),
	KUNIT_CASE(cond_race),
	KUNIT_CASE(rwlock_race),
	KUNIT_CASE(semaphore_race),
	KUNIT_CASE(barrier_race),
	KUNIT_CASE(waitgroup_race),
	KUNIT_CASE(event_race),
	KUNIT_CASE(queue_race),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_sync_race",
	.test_cases = cases,
};
kunit_test_suites(&suite);

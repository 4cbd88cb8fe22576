// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of deadlock.c: actors that each hold one thing, meet, and then each want the
 * next one's. What is told is counted by a probe of the trace event. All that gets
 * lost here is named "meant", so that the log's lines are not taken for a complaint.
 */
#include <linux/kcoro_scope.h>
#include <linux/kcoro_sync.h>
#include <linux/moduleparam.h>

#include "deadlock.h"
#include "sync_ops.h"
#include "trace.h"

#define ACTORS_MAX	8

enum kind { MUTEX, RWLOCK, ONCE, END };

/* What can be held: an END by the actor itself, who must not end. */
struct thing {
	enum kind kind;
	struct kcoro_mutex mutex;
	struct kcoro_rwlock rwlock;
	struct kcoro_once once;
};

struct actor {
	struct scene *s;
	struct call *call;
	struct thing has;
	struct thing *wants;		/* or NULL */
	struct kcoro_task *wants_end;	/* an END's */
};

struct scene {
	struct actor actors[ACTORS_MAX];
	struct kcoro_barrier all_have;
	struct kcoro_event go;		/* ends have been filled in */
	unsigned int check;		/* as it was before */
	bool in_scope;
	atomic_t told;
	atomic_t told_of[KCORO_WAIT_QUIET + 1];
};

static void count(void *data, long self, u8 wait, const char *object,
		  long holder, u32 of)
{
	struct scene *s = data;

	atomic_inc(&s->told);
	atomic_inc(&s->told_of[wait]);
}

static unsigned int check(unsigned int value)
{
	kernel_param_lock(THIS_MODULE);
	value = kcoro_deadlock_set(value);
	kernel_param_unlock(THIS_MODULE);
	return value;
}

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kcoro_event_init(&s->go, "meant");
	s->check = check(KCORO_DEADLOCK_FAIL);
	test->priv = s;
	KUNIT_ASSERT_EQ(test, register_trace_kcoro_deadlock(count, s), 0);
	return 0;
}

static void scene_exit(struct kunit *test)
{
	struct scene *s = test->priv;

	if (!s)
		return;
	unregister_trace_kcoro_deadlock(count, s);
	tracepoint_synchronize_unregister();
	check(s->check);
}

static s64 nothing(void *data)
{
	return 0;
}

static int get(struct actor *actor, ktime_t deadline)
{
	struct thing *thing = actor->wants;
	int err;

	if (!thing)
		return 0;
	switch (thing->kind) {
	case MUTEX:
		err = kcoro_mutex_lock(&thing->mutex, deadline);
		return err ?: kcoro_mutex_unlock(&thing->mutex);
	case RWLOCK:
		err = kcoro_rwlock_read_lock(&thing->rwlock, deadline);
		return err ?: kcoro_rwlock_read_unlock(&thing->rwlock);
	case ONCE:
		return kcoro_once_do(&thing->once, nothing, NULL, deadline,
				     NULL);
	default:
		return kcoro_join(actor->wants_end, deadline, NULL);
	}
}

/* Has what it has: meets the others, then wants. */
static s64 meet_and_want(void *data)
{
	struct actor *actor = data;
	struct kcoro_scope scope;
	int err = kcoro_barrier_wait(&actor->s->all_have, GUARD);

	if (err < 0)
		return err;
	err = kcoro_event_wait(&actor->s->go, GUARD);
	if (!err && actor->s->in_scope)
		err = kcoro_scope_enter(&scope, ktime_add_ms(ktime_get(), 50));
	if (err)
		return err;
	err = get(actor, actor->call->deadline);
	return actor->s->in_scope ? kcoro_scope_exit(&scope, err) : err;
}

static int act(struct call *call)
{
	struct actor *actor = call->obj;
	struct thing *has = &actor->has;
	s64 ret = -EBADE;
	int err;

	switch (has->kind) {
	case MUTEX:
		err = kcoro_mutex_lock(&has->mutex, GUARD);
		ret = meet_and_want(actor);
		return err ?: kcoro_mutex_unlock(&has->mutex) ?: ret;
	case RWLOCK:
		err = kcoro_rwlock_write_lock(&has->rwlock, GUARD);
		ret = meet_and_want(actor);
		return err ?: kcoro_rwlock_write_unlock(&has->rwlock) ?: ret;
	case ONCE:
		err = kcoro_once_do(&has->once, meet_and_want, actor, GUARD,
				    &ret);
		return err ?: ret;
	default:
		return meet_and_want(actor);
	}
}

static struct actor *add(struct kunit *test, u32 i, enum kind kind)
{
	struct scene *s = test->priv;
	struct actor *actor = &s->actors[i];

	actor->s = s;
	actor->has.kind = kind;
	kcoro_mutex_init(&actor->has.mutex, "meant");
	kcoro_rwlock_init(&actor->has.rwlock, "meant");
	kcoro_once_init(&actor->has.once, "meant");
	actor->call = calls(test, 1, act, actor);
	return actor;
}

static void start(struct kunit *test, struct actor *actor, bool thread)
{
	struct call *call = actor->call;

	if (thread) {
		call_in_thread(test, call);
		return;
	}
	call->task = kcoro_spawn(&(struct kcoro_spawn_args) {
		.fn = call_task, .data = call, .name = "meant",
		.owner = THIS_MODULE });
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, call->task);
}

/* So many, in a circle; the last one wants nothing if it is to be @open. */
static void circle(struct kunit *test, u32 nr, bool open)
{
	struct scene *s = test->priv;
	u32 i;

	for (i = 0; i < nr; i++)
		s->actors[i].wants = &s->actors[(i + 1) % nr].has;
	if (open)
		s->actors[nr - 1].wants = NULL;
	kcoro_barrier_init(&s->all_have, nr, "meant");
}

/* All of them are started: fill in whose end they want, and let them go. */
static void let_go(struct kunit *test, u32 nr)
{
	struct scene *s = test->priv;
	struct call *next;
	u32 i;

	for (i = 0; i < nr; i++) {
		next = s->actors[(i + 1) % nr].call;
		if (next->task)
			s->actors[i].wants_end = kcoro_task_get(next->task);
	}
	kcoro_event_set(&s->go);
}

/* Wait for all. Returns how many returned @err; the others must have returned 0. */
static u32 ends(struct kunit *test, u32 nr, int err)
{
	struct scene *s = test->priv;
	u32 i, met = 0;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = result_of(test, s->actors[i].call);
		KUNIT_EXPECT_TRUE(test, !ret || ret == err);
		met += ret == err;
	}
	for (i = 0; i < nr; i++)
		if (s->actors[i].wants_end)
			kcoro_task_put(s->actors[i].wants_end);
	return met;
}

/* @deadline: of the first. @open: the last one wants nothing. */
static void run_until(struct kunit *test, const enum kind *kinds, u32 nr,
		      bool threads, ktime_t deadline, bool open)
{
	struct scene *s = test->priv;
	u32 i;

	circle(test, nr, open);
	for (i = 0; i < nr; i++)
		add(test, i, kinds[i]);
	s->actors[0].call->deadline = deadline;
	for (i = 0; i < nr; i++)
		start(test, &s->actors[i], threads && i % 2);
	let_go(test, nr);
}

static void run(struct kunit *test, const enum kind *kinds, u32 nr, bool threads)
{
	run_until(test, kinds, nr, threads, KCORO_FOREVER, false);
}

static void expect_found(struct kunit *test, const enum kind *kinds, u32 nr,
			 bool threads)
{
	struct scene *s = test->priv;

	run(test, kinds, nr, threads);
	KUNIT_EXPECT_EQ(test, ends(test, nr, -EDEADLK), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told), nr);
}

static void two_and_their_mutexes(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, MUTEX };
	struct scene *s = test->priv;

	expect_found(test, kinds, 2, false);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told_of[KCORO_WAIT_MUTEX]), 2);
}

static void a_task_and_a_thread(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, MUTEX };

	expect_found(test, kinds, 2, true);
}

static void many(struct kunit *test)
{
	static const enum kind kinds[ACTORS_MAX];

	expect_found(test, kinds, ACTORS_MAX, true);
}

/* One of each: a reader waits for a writer, another for a function, for an end. */
static void all_that_has_a_holder(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, RWLOCK, ONCE, END };
	struct scene *s = test->priv;

	expect_found(test, kinds, 4, false);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told_of[KCORO_WAIT_MUTEX]), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told_of[KCORO_WAIT_RWLOCK]), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told_of[KCORO_WAIT_ONCE]), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told_of[KCORO_WAIT_JOIN]), 1);
}

static void two_that_wait_for_their_ends(struct kunit *test)
{
	static const enum kind kinds[] = { END, END };

	expect_found(test, kinds, 2, false);
}

/* Until so many were told of. */
static void await_told(struct kunit *test, int nr)
{
	struct scene *s = test->priv;
	ktime_t guard = GUARD;

	while (atomic_read(&s->told) < nr && ktime_before(ktime_get(), guard))
		usleep_range(500, 1000);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told), nr);
}

static void told_only(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, MUTEX };
	struct scene *s = test->priv;

	check(KCORO_DEADLOCK_TELL);
	run(test, kinds, 2, false);
	await_told(test, 2);
	await_waiters(test, &s->actors[0].has.mutex, 1);
	await_waiters(test, &s->actors[1].has.mutex, 1);
	kcoro_cancel(s->actors[0].call->task);
	KUNIT_EXPECT_EQ(test, ends(test, 2, -ECANCELED), 1);
}

static void not_looked_for(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, MUTEX };
	struct scene *s = test->priv;

	check(KCORO_DEADLOCK_OFF);
	run(test, kinds, 2, false);
	await_waiters(test, &s->actors[0].has.mutex, 1);
	await_waiters(test, &s->actors[1].has.mutex, 1);
	kcoro_cancel(s->actors[0].call->task);
	KUNIT_EXPECT_EQ(test, ends(test, 2, -ECANCELED), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told), 0);
}

/* The last one goes on, and after it the others, one by one. */
static void a_chain_is_no_cycle(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, RWLOCK, ONCE, END };
	struct scene *s = test->priv;

	run_until(test, kinds, 4, false, KCORO_FOREVER, true);
	KUNIT_EXPECT_EQ(test, ends(test, 4, -EDEADLK), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told), 0);
}

/* Whoever's deadline comes first is no deadlock's victim. */
static void a_deadline_ends_it(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, MUTEX };
	struct scene *s = test->priv;

	run_until(test, kinds, 2, false, ktime_add_ms(ktime_get(), 50), false);
	KUNIT_EXPECT_EQ(test, ends(test, 2, -ETIMEDOUT), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told), 0);
}

static void a_scope_ends_it(struct kunit *test)
{
	static const enum kind kinds[] = { MUTEX, MUTEX };
	struct scene *s = test->priv;

	s->in_scope = true;
	run(test, kinds, 2, false);
	KUNIT_EXPECT_GE(test, ends(test, 2, -ETIMEDOUT), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->told), 0);
}

/* A condition's lock is taken back whatever happens: that is told of, no more. */
struct relock {
	struct kcoro_mutex guard;
	struct kcoro_mutex other;
	struct kcoro_cond cond;
};

static int wait_with_other_call(struct call *call)
{
	struct relock *r = call->obj;
	int err = kcoro_mutex_lock(&r->other, GUARD) ?:
		  kcoro_mutex_lock(&r->guard, GUARD) ?:
		  kcoro_cond_wait(&r->cond, GUARD);

	kcoro_mutex_unlock(&r->guard);
	return err ?: kcoro_mutex_unlock(&r->other);
}

static int take_both_call(struct call *call)
{
	struct relock *r = call->obj;
	int err = kcoro_mutex_lock(&r->guard, GUARD);

	if (err)
		return err;
	kcoro_cond_notify(&r->cond, 1);
	err = kcoro_mutex_lock(&r->other, KCORO_FOREVER);
	if (!err)
		kcoro_mutex_unlock(&r->other);
	kcoro_mutex_unlock(&r->guard);
	return err;
}

static void a_condition_takes_its_lock_back(struct kunit *test)
{
	struct relock *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct call *waits, *takes;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	check(KCORO_DEADLOCK_TELL);
	kcoro_mutex_init(&r->guard, "meant");
	kcoro_mutex_init(&r->other, "meant");
	kcoro_cond_init(&r->cond, &r->guard, "meant");
	waits = calls(test, 1, wait_with_other_call, r);
	takes = calls(test, 1, take_both_call, r);
	call_in_task(test, waits);
	await_waiters(test, &r->cond, 1);
	call_in_task(test, takes);
	await_told(test, 2);
	await_waiters(test, &r->other, 1);
	kcoro_cancel(takes->task);
	KUNIT_EXPECT_EQ(test, result_of(test, takes), -ECANCELED);
	KUNIT_EXPECT_EQ(test, result_of(test, waits), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(two_and_their_mutexes),
	KUNIT_CASE(a_task_and_a_thread),
	KUNIT_CASE(many),
	KUNIT_CASE(all_that_has_a_holder),
	KUNIT_CASE(two_that_wait_for_their_ends),
	KUNIT_CASE(told_only),
	KUNIT_CASE(not_looked_for),
	KUNIT_CASE(a_chain_is_no_cycle),
	KUNIT_CASE(a_deadline_ends_it),
	KUNIT_CASE(a_scope_ends_it),
	KUNIT_CASE(a_condition_takes_its_lock_back),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_deadlock",
	.init = scene_init,
	.exit = scene_exit,
	.test_cases = cases,
};
kunit_test_suites(&suite);

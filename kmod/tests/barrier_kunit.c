// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of barrier.c.
 */
#include <linux/kcoro_sync.h>

#include "sync_ops.h"

#define PARTIES	5

static DEFINE_KCORO_BARRIER(defined, 1);

static int scene_init(struct kunit *test)
{
	struct kcoro_barrier *barrier = kunit_kzalloc(test, sizeof(*barrier),
						      GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, barrier);
	KUNIT_ASSERT_EQ(test, kcoro_barrier_init(barrier, PARTIES, "test"), 0);
	test->priv = barrier;
	return 0;
}

static int wait_call(struct call *call)
{
	return kcoro_barrier_wait(call->obj, call->deadline);
}

/* Parties that come one after another. */
static struct call *come(struct kunit *test, u32 nr)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = calls(test, nr, wait_call, barrier);
	u32 i, before = kcoro_barrier_waiting(barrier);

	for (i = 0; i < nr; i++) {
		call_in_turn(test, &call[i], i);
		await_waiters(test, barrier, (before + i + 1) % PARTIES);
	}
	return call;
}

static void expect_all(struct kunit *test, struct call *call, u32 nr, int ret)
{
	u32 i;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), ret);
}

static void all_go_on_as_the_last_has_come(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call;
	int round, i;

	for (round = 0; round < 3; round++) {
		call = come(test, PARTIES - 1);
		KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier),
				PARTIES - 1);
		for (i = 0; i < PARTIES - 1; i++)
			KUNIT_EXPECT_FALSE(test, ended(&call[i]));
		KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, GUARD),
				PARTIES - 1);
		for (i = 0; i < PARTIES - 1; i++)
			KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), i);
		KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), 0);
	}
}

#define TIMES	50

/* How often it was given each number, one behind the other. */
static int come_again_call(struct call *call)
{
	atomic_t *given = (void *)call->arg;
	int i, ret;

	for (i = 0; i < TIMES; i++) {
		ret = kcoro_barrier_wait(call->obj, GUARD);
		if (ret < 0 || ret >= PARTIES)
			return ret;
		atomic_inc(&given[ret]);
	}
	return 0;
}

/* The fast ones are in the next round before the slow ones have left the last. */
static void they_come_again_at_once(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = calls(test, PARTIES, come_again_call, barrier);
	atomic_t *given = kunit_kcalloc(test, PARTIES, sizeof(*given),
					GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, given);
	for (i = 0; i < PARTIES; i++) {
		call[i].arg = (unsigned long)given;
		call_in_turn(test, &call[i], i);
	}
	expect_all(test, call, PARTIES, 0);
	for (i = 0; i < PARTIES; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&given[i]), TIMES);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), 0);
}

static void one_party_never_waits(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(&defined, PAST), 0);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(&defined, PAST), 0);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static void there_is_at_least_one_party(struct kunit *test)
{
	struct kcoro_barrier barrier;

	KUNIT_EXPECT_EQ(test, kcoro_barrier_init(&barrier, 0, "x"), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_init(&barrier,
						 KCORO_BARRIER_MAX + 1, "x"),
			-EINVAL);
}

static void reset_begins_anew(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = come(test, 3);

	kcoro_barrier_reset(barrier);
	expect_all(test, call, 3, -EPIPE);
	KUNIT_EXPECT_FALSE(test, kcoro_barrier_broken(barrier));
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), 0);
	call = come(test, PARTIES - 1);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, GUARD), PARTIES - 1);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 1);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[2]), 2);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[3]), 3);
}

static void abort_breaks_it_until_reset(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = come(test, 3);

	kcoro_barrier_abort(barrier);
	expect_all(test, call, 3, -EPIPE);
	KUNIT_EXPECT_TRUE(test, kcoro_barrier_broken(barrier));
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, GUARD), -EPIPE);
	kcoro_barrier_abort(barrier);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, GUARD), -EPIPE);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), 0);
	kcoro_barrier_reset(barrier);
	KUNIT_EXPECT_FALSE(test, kcoro_barrier_broken(barrier));
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, PAST), -ETIMEDOUT);
}

/* Those who go on are in no round any more. */
static void those_who_go_on_are_not_broken(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = come(test, PARTIES - 1);
	int i, last;

	last = kcoro_barrier_wait(barrier, GUARD);
	kcoro_barrier_abort(barrier);
	KUNIT_EXPECT_EQ(test, last, PARTIES - 1);
	for (i = 0; i < PARTIES - 1; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), i);
}

/* As with asyncio, another one may come in its stead, who has its number. */
static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = come(test, 3), *late;

	check_leaving_object(test, barrier, wait_call, barrier, 0);
	kcoro_cancel(call[0].task);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]), -ECANCELED);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), 2);
	late = come(test, 2);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, GUARD), PARTIES - 1);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[2]), 1);
	KUNIT_EXPECT_EQ(test, result_of(test, &late[0]), 2);
	KUNIT_EXPECT_EQ(test, result_of(test, &late[1]), 3);
	expect_canceled(test, wait_call, barrier, -ECANCELED, false);
	expect_canceled(test, wait_call, &defined, -ECANCELED, false);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), 0);
}

/*
 * The last one comes as another has given up, and not left the queue: he is not
 * the last, and those that wait do so on.
 */
static void the_last_one_finds_one_missing(struct kunit *test)
{
	struct kcoro_barrier *barrier = test->priv;
	struct call *call = come(test, PARTIES - 1), *last;
	struct kcoro_waiter *lost;
	ktime_t guard = GUARD;

	/* As a deadline would, but for the wake-up. */
	lost = barrier->waiters.first->next->next;
	KUNIT_ASSERT_TRUE(test, kcoro_wait_win(lost->wait));
	lost->wait->cause = -ETIMEDOUT;
	last = calls(test, 1, wait_call, barrier);
	call_in_thread(test, last);
	while (READ_ONCE(lost->pprev) && ktime_before(ktime_get(), guard))
		cond_resched();
	await_waiters(test, barrier, PARTIES - 1);
	kcoro_wait_wake(lost->wait);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[2]), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_waiting(barrier), PARTIES - 1);
	KUNIT_EXPECT_EQ(test, kcoro_barrier_wait(barrier, GUARD), PARTIES - 1);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[0]) +
			      result_of(test, &call[1]) +
			      result_of(test, &call[3]) +
			      result_of(test, last), 0 + 1 + 2 + 3);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(all_go_on_as_the_last_has_come),
	KUNIT_CASE(they_come_again_at_once),
	KUNIT_CASE(one_party_never_waits),
	KUNIT_CASE(there_is_at_least_one_party),
	KUNIT_CASE(reset_begins_anew),
	KUNIT_CASE(abort_breaks_it_until_reset),
	KUNIT_CASE(those_who_go_on_are_not_broken),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(the_last_one_finds_one_missing),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_barrier",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);

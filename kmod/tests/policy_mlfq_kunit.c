// SPDX-License-Identifier: GPL-2.0
/* Tests of policy_mlfq.c, with a clock of their own. */
#include "policy_ops.h"

#define EPOCH		BIT_ULL(28)
#define SLICE		BIT_ULL(21)
#define USED_UP		(16 * SLICE)	/* at the lowest of its levels */

/* A queue at the beginning of an epoch. */
static struct rq make(struct kunit *test)
{
	struct rq rq = rq_make(test, &kcoro_policy_mlfq);

	rq.now = round_up(rq.now, EPOCH);
	return rq;
}

static void none_from_an_empty_queue(struct kunit *test)
{
	struct rq rq = make(test);

	KUNIT_EXPECT_NULL(test, pick(&rq));
	KUNIT_EXPECT_NULL(test, give(&rq));
}

static void one_level_is_first_in_first_out(struct kunit *test)
{
	struct kcoro_entity e[3] = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < 3; i++)
		wake(&rq, &e[i]);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e[i]);
	KUNIT_EXPECT_NULL(test, pick(&rq));
}

static void use_of_a_slice_costs_a_level(struct kunit *test)
{
	struct kcoro_entity used = {}, fresh = {};
	struct rq rq = make(test);

	run_alone(test, &rq, &used, SLICE - 1);
	wake(&rq, &used);
	wake(&rq, &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &used);
	ran(&rq, &used, 1, false);
	put(&rq, &used, KCORO_ENQUEUE_YIELDED);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &used);
}

static void parking_in_time_does_not_help(struct kunit *test)
{
	struct kcoro_entity sly = {}, fresh = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < 4; i++)
		run_alone(test, &rq, &sly, SLICE / 4);
	wake(&rq, &sly);
	wake(&rq, &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &fresh);
}

/* Each level takes twice as much as the one above, and there is a lowest. */
static void levels_double(struct kunit *test)
{
	static const u64 used[] = { 0, 1, 3, 7, 15 };
	struct kcoro_entity e[ARRAY_SIZE(used)] = {}, lowest = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(used); i++)
		run_alone(test, &rq, &e[i], used[i] * SLICE);
	run_alone(test, &rq, &lowest, 31 * SLICE);
	wake(&rq, &lowest);
	for (i = ARRAY_SIZE(used) - 1; i >= 0; i--)
		wake(&rq, &e[i]);
	for (i = 0; i < ARRAY_SIZE(used) - 1; i++)
		KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e[i]);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &lowest);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e[i]);
}

static void a_new_epoch_forgets_what_was_used(struct kunit *test)
{
	struct kcoro_entity used = {}, fresh = {};
	struct rq rq = make(test);

	run_alone(test, &rq, &used, USED_UP);
	rq.now = round_up(rq.now, EPOCH);
	wake(&rq, &used);
	wake(&rq, &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &used);
}

/* Those that wait go before whoever comes in the new epoch, and in order. */
static void a_new_epoch_boosts_those_that_wait(struct kunit *test)
{
	struct kcoro_entity low = { .priority = KCORO_PRIORITY_MAX };
	struct kcoro_entity lower = { .priority = KCORO_PRIORITY_MAX };
	struct kcoro_entity high = { .priority = KCORO_PRIORITY_MIN };
	struct rq rq = make(test);

	run_alone(test, &rq, &lower, USED_UP);
	wake(&rq, &lower);
	wake(&rq, &low);
	rq.now = round_up(rq.now, EPOCH) - 1;
	wake(&rq, &high);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &high);
	ran(&rq, &high, 1, false);
	put(&rq, &high, KCORO_ENQUEUE_YIELDED);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &low);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &lower);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &high);
	KUNIT_EXPECT_NULL(test, pick(&rq));
}

static void priority_sets_the_level_to_start_at(struct kunit *test)
{
	struct kcoro_entity e[KCORO_PRIORITY_MAX - KCORO_PRIORITY_MIN + 1] = {};
	struct rq rq = make(test);
	int i;

	for (i = ARRAY_SIZE(e) - 1; i >= 0; i--) {
		e[i].priority = KCORO_PRIORITY_MIN + i;
		put(&rq, &e[i], KCORO_ENQUEUE_NEW);
	}
	for (i = 0; i < ARRAY_SIZE(e); i++)
		KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e[i]);
}

static void only_a_higher_level_makes_the_running_one_give_way(struct kunit *test)
{
	struct kcoro_entity running = {}, same = {}, lower = { .priority = 1 };
	struct kcoro_entity higher = { .priority = -1 }, late = {};
	struct rq rq = make(test);

	KUNIT_EXPECT_FALSE(test, wake(&rq, &running));
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &running);
	KUNIT_EXPECT_FALSE(test, wake(&rq, &same));
	KUNIT_EXPECT_FALSE(test, wake(&rq, &lower));
	KUNIT_EXPECT_TRUE(test, wake(&rq, &higher));
	/* It sinks as it runs. */
	rq.now += SLICE;
	KUNIT_EXPECT_TRUE(test, wake(&rq, &late));
}

static void nobody_gives_way_where_nobody_runs(struct kunit *test)
{
	struct kcoro_entity low = { .priority = 3 }, high = { .priority = -4 };
	struct rq rq = make(test);

	run_alone(test, &rq, &low, SLICE);
	KUNIT_EXPECT_FALSE(test, wake(&rq, &high));
}

static void a_low_one_is_given_away(struct kunit *test)
{
	struct kcoro_entity used[2] = {}, fresh = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < 2; i++)
		run_alone(test, &rq, &used[i], SLICE);
	for (i = 0; i < 2; i++)
		wake(&rq, &used[i]);
	wake(&rq, &fresh);
	KUNIT_EXPECT_PTR_EQ(test, give(&rq), &used[0]);
	KUNIT_EXPECT_PTR_EQ(test, give(&rq), &used[1]);
	KUNIT_EXPECT_PTR_EQ(test, give(&rq), &fresh);
	KUNIT_EXPECT_NULL(test, give(&rq));
}

static void what_another_policy_left_does_no_harm(struct kunit *test)
{
	struct kcoro_entity odd = { .key = ~0ULL, .aux = ~0ULL }, fresh = {};
	struct rq rq = make(test);

	wake(&rq, &odd);
	wake(&rq, &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &odd);
	ran(&rq, &odd, SLICE, true);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &fresh);
	ran(&rq, &fresh, 1, true);
	/* Even if it looks like this epoch's. */
	odd.aux = SLICE << 32;
	wake(&rq, &odd);
	wake(&rq, &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &fresh);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &odd);
}

static void random_steps_lose_nothing(struct kunit *test)
{
	check_random(test, &kcoro_policy_mlfq);
}

static struct kunit_case mlfq_cases[] = {
	KUNIT_CASE(none_from_an_empty_queue),
	KUNIT_CASE(one_level_is_first_in_first_out),
	KUNIT_CASE(use_of_a_slice_costs_a_level),
	KUNIT_CASE(parking_in_time_does_not_help),
	KUNIT_CASE(levels_double),
	KUNIT_CASE(a_new_epoch_forgets_what_was_used),
	KUNIT_CASE(a_new_epoch_boosts_those_that_wait),
	KUNIT_CASE(priority_sets_the_level_to_start_at),
	KUNIT_CASE(only_a_higher_level_makes_the_running_one_give_way),
	KUNIT_CASE(nobody_gives_way_where_nobody_runs),
	KUNIT_CASE(a_low_one_is_given_away),
	KUNIT_CASE(what_another_policy_left_does_no_harm),
	KUNIT_CASE(random_steps_lose_nothing),
	{}
};

static struct kunit_suite mlfq_suite = {
	.name = "kcoro_policy_mlfq",
	.test_cases = mlfq_cases,
};

kunit_test_suites(&mlfq_suite);

// SPDX-License-Identifier: GPL-2.0
/* Tests of policy_predict.c, with a clock of their own. */
#include "policy_ops.h"

#define WEIGHT		4	/* of priority 0 */
#define FIRST		(100 * US)
#define HANDICAP_MAX	(500 * MS)

static struct rq make(struct kunit *test)
{
	return rq_make(test, &kcoro_policy_predict);
}

static void none_from_an_empty_queue(struct kunit *test)
{
	struct rq rq = make(test);

	KUNIT_EXPECT_NULL(test, pick(&rq));
	KUNIT_EXPECT_NULL(test, give(&rq));
}

static void equals_are_first_in_first_out(struct kunit *test)
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

static void the_shortest_goes_first(struct kunit *test)
{
	struct kcoro_entity e[4] = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < 4; i++)
		run_alone(test, &rq, &e[i], (i + 1) * 50 * US);
	for (i = 3; i >= 0; i--)
		wake(&rq, &e[i]);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e[i]);
}

/* 1 ms four times and 9 ms once: 3 ms are expected. */
static void the_mean_follows_the_runs(struct kunit *test)
{
	struct kcoro_entity e = {}, less = {}, more = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < 4; i++)
		run_alone(test, &rq, &e, MS);
	run_alone(test, &rq, &e, 9 * MS);
	run_alone(test, &rq, &less, 2900 * US);
	run_alone(test, &rq, &more, 3100 * US);
	wake(&rq, &more);
	wake(&rq, &e);
	wake(&rq, &less);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &less);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &more);
}

/* Two halves of 2 ms with a yield between them are a run of 4 ms. */
static void a_run_goes_on_over_a_yield(struct kunit *test)
{
	struct kcoro_entity halves = {}, three = {};
	struct rq rq = make(test);

	wake(&rq, &halves);
	KUNIT_ASSERT_PTR_EQ(test, pick(&rq), &halves);
	ran(&rq, &halves, 2 * MS, false);
	put(&rq, &halves, KCORO_ENQUEUE_YIELDED);
	KUNIT_ASSERT_PTR_EQ(test, pick(&rq), &halves);
	ran(&rq, &halves, 2 * MS, true);
	run_alone(test, &rq, &three, 3 * MS);
	wake(&rq, &halves);
	wake(&rq, &three);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &three);
}

static void a_run_longer_than_expected_counts_as_it_is(struct kunit *test)
{
	struct kcoro_entity brief = {}, one = {};
	struct rq rq = make(test);

	run_alone(test, &rq, &brief, 10 * US);
	run_alone(test, &rq, &one, MS);
	wake(&rq, &brief);
	KUNIT_ASSERT_PTR_EQ(test, pick(&rq), &brief);
	ran(&rq, &brief, 2 * MS, false);
	put(&rq, &brief, KCORO_ENQUEUE_YIELDED);
	wake(&rq, &one);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &one);
}

static void new_tasks_are_expected_to_be_as_others_were(struct kunit *test)
{
	struct kcoro_entity new = {}, half = {}, two = {}, three = {}, done;
	struct rq rq = make(test);
	int i;

	run_alone(test, &rq, &half, FIRST / 2);
	put(&rq, &new, KCORO_ENQUEUE_NEW);
	wake(&rq, &half);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &half);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &new);
	run_alone(test, &rq, &two, FIRST * 2);
	wake(&rq, &two);
	put(&rq, &new, KCORO_ENQUEUE_NEW);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &new);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &two);
	for (i = 0; i < 100; i++) {
		done = (struct kcoro_entity) {};
		run_alone(test, &rq, &done, 10 * MS);
	}
	run_alone(test, &rq, &three, 9 * MS);
	put(&rq, &new, KCORO_ENQUEUE_NEW);
	wake(&rq, &three);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &three);
}

/* Who has waited for the difference of the handicaps goes before the shorter. */
static void waiting_makes_up_for_a_long_run(struct kunit *test)
{
	struct kcoro_entity lengthy = {}, brief = {};
	struct rq rq = make(test);
	u64 margin;

	run_alone(test, &rq, &lengthy, 10 * MS);
	run_alone(test, &rq, &brief, 1 * MS);
	margin = WEIGHT * 9 * MS;
	wake(&rq, &lengthy);
	rq.now += margin - 1;
	wake(&rq, &brief);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &brief);
	ran(&rq, &brief, 1 * MS, true);
	wake(&rq, &brief);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &lengthy);
}

/* However long it runs and whatever its priority. */
static void nobody_waits_for_longer_than_the_greatest_handicap(struct kunit *test)
{
	struct kcoro_entity worst = { .priority = KCORO_PRIORITY_MAX };
	struct kcoro_entity best = { .priority = KCORO_PRIORITY_MIN };
	struct rq rq = make(test);
	u64 start;

	run_alone(test, &rq, &worst, 100 * SECOND);
	run_alone(test, &rq, &best, 10 * US);
	wake(&rq, &worst);
	start = rq.now;
	for (;;) {
		wake(&rq, &best);
		if (pick(&rq) == &worst)
			break;
		ran(&rq, &best, 10 * US, true);
		KUNIT_ASSERT_LE(test, rq.now - start, HANDICAP_MAX);
	}
}

static void priority_doubles_or_halves(struct kunit *test)
{
	struct kcoro_entity urgent = { .priority = -1 }, usual = {};
	struct kcoro_entity later = { .priority = 1 };
	struct rq rq = make(test);

	run_alone(test, &rq, &urgent, 390 * US);
	run_alone(test, &rq, &usual, 200 * US);
	run_alone(test, &rq, &later, 110 * US);
	wake(&rq, &later);
	wake(&rq, &usual);
	wake(&rq, &urgent);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &urgent);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &usual);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &later);
}

static void half_as_much_makes_the_running_one_give_way(struct kunit *test)
{
	struct kcoro_entity running = {}, half = {}, less = {};
	struct rq rq = make(test);

	run_alone(test, &rq, &running, 1000 * US);
	run_alone(test, &rq, &half, 500 * US);
	run_alone(test, &rq, &less, 400 * US);
	KUNIT_EXPECT_FALSE(test, wake(&rq, &running));
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &running);
	KUNIT_EXPECT_FALSE(test, wake(&rq, &half));
	KUNIT_EXPECT_TRUE(test, wake(&rq, &less));
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &less);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &half);
	/* It has run for longer than expected. */
	wake(&rq, &running);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &running);
	rq.now += 2 * MS;
	KUNIT_EXPECT_TRUE(test, wake(&rq, &half));
}

static void who_has_waited_its_time_keeps_its_turn(struct kunit *test)
{
	struct kcoro_entity lengthy = {}, brief = {};
	struct rq rq = make(test);

	run_alone(test, &rq, &lengthy, 10 * MS);
	run_alone(test, &rq, &brief, 10 * US);
	wake(&rq, &lengthy);
	rq.now += WEIGHT * 10 * MS;
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &lengthy);
	KUNIT_EXPECT_FALSE(test, wake(&rq, &brief));
}

static void nobody_gives_way_where_nobody_runs(struct kunit *test)
{
	struct kcoro_entity lengthy = {}, brief = {};
	struct rq rq = make(test);

	run_alone(test, &rq, &brief, 10 * US);
	run_alone(test, &rq, &lengthy, 10 * MS);
	KUNIT_EXPECT_FALSE(test, wake(&rq, &brief));
}

static void the_last_in_turn_is_given_away(struct kunit *test)
{
	struct kcoro_entity e[3] = {};
	struct rq rq = make(test);
	int i;

	for (i = 0; i < 3; i++)
		run_alone(test, &rq, &e[i], (i + 1) * MS);
	for (i = 2; i >= 0; i--)
		wake(&rq, &e[i]);
	KUNIT_EXPECT_PTR_EQ(test, give(&rq), &e[2]);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &e[0]);
	KUNIT_EXPECT_PTR_EQ(test, give(&rq), &e[1]);
	KUNIT_EXPECT_NULL(test, give(&rq));
}

/* The handicap is no greater than the greatest, and runs bring it down. */
static void what_another_policy_left_does_no_harm(struct kunit *test)
{
	struct kcoro_entity odd = { .key = BIT_ULL(62), .aux = BIT_ULL(60) }, one = {};
	struct rq rq = make(test);
	int i;

	wake(&rq, &odd);
	KUNIT_EXPECT_EQ(test, odd.rank, rq.now + HANDICAP_MAX);
	KUNIT_ASSERT_PTR_EQ(test, pick(&rq), &odd);
	ran(&rq, &odd, 10 * US, true);
	for (i = 0; i < 200; i++)
		run_alone(test, &rq, &odd, 10 * US);
	run_alone(test, &rq, &one, MS);
	wake(&rq, &one);
	wake(&rq, &odd);
	KUNIT_EXPECT_PTR_EQ(test, pick(&rq), &odd);
}

static void random_steps_lose_nothing(struct kunit *test)
{
	check_random(test, &kcoro_policy_predict);
}

static struct kunit_case predict_cases[] = {
	KUNIT_CASE(none_from_an_empty_queue),
	KUNIT_CASE(equals_are_first_in_first_out),
	KUNIT_CASE(the_shortest_goes_first),
	KUNIT_CASE(the_mean_follows_the_runs),
	KUNIT_CASE(a_run_goes_on_over_a_yield),
	KUNIT_CASE(a_run_longer_than_expected_counts_as_it_is),
	KUNIT_CASE(new_tasks_are_expected_to_be_as_others_were),
	KUNIT_CASE(waiting_makes_up_for_a_long_run),
	KUNIT_CASE(nobody_waits_for_longer_than_the_greatest_handicap),
	KUNIT_CASE(priority_doubles_or_halves),
	KUNIT_CASE(half_as_much_makes_the_running_one_give_way),
	KUNIT_CASE(who_has_waited_its_time_keeps_its_turn),
	KUNIT_CASE(nobody_gives_way_where_nobody_runs),
	KUNIT_CASE(the_last_in_turn_is_given_away),
	KUNIT_CASE(what_another_policy_left_does_no_harm),
	KUNIT_CASE(random_steps_lose_nothing),
	{}
};

static struct kunit_suite predict_suite = {
	.name = "kcoro_policy_predict",
	.test_cases = predict_cases,
};

kunit_test_suites(&predict_suite);

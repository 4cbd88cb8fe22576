/* SPDX-License-Identifier: GPL-2.0 */
/* For tests of policies: a queue of one CPU with a clock of its own. */
#ifndef KCORO_TEST_POLICY_OPS_H
#define KCORO_TEST_POLICY_OPS_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "policy.h"

#define US	1000ULL
#define MS	1000000ULL
#define SECOND	1000000000ULL

/* A queue, and what time it is. */
struct rq {
	const struct kcoro_policy *policy;
	void *data;
	u64 now;
};

static inline struct rq rq_make(struct kunit *test,
				const struct kcoro_policy *policy)
{
	/* Not 0: nothing may depend on when the machine was booted. */
	struct rq rq = { .policy = policy, .now = 100 * SECOND };

	rq.data = kunit_kzalloc(test, policy->rq_size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rq.data);
	policy->init(rq.data);
	return rq;
}

static inline bool put(struct rq *rq, struct kcoro_entity *entity,
		       enum kcoro_enqueue why)
{
	entity->since = rq->now;
	return rq->policy->enqueue(rq->data, entity, why, rq->now);
}

static inline bool wake(struct rq *rq, struct kcoro_entity *entity)
{
	return put(rq, entity, KCORO_ENQUEUE_WOKEN);
}

static inline struct kcoro_entity *pick(struct rq *rq)
{
	return rq->policy->pick(rq->data, rq->now);
}

static inline struct kcoro_entity *give(struct rq *rq)
{
	return rq->policy->give(rq->data, rq->now);
}

/* The task that was picked runs for @ns and leaves its CPU. */
static inline void ran(struct rq *rq, struct kcoro_entity *entity, u64 ns,
		       bool parked)
{
	rq->now += ns;
	if (rq->policy->ran)
		rq->policy->ran(rq->data, entity, ns, parked, rq->now);
}

/* A task is woken, is the only one, runs for @ns and parks. */
static inline void run_alone(struct kunit *test, struct rq *rq,
			     struct kcoro_entity *entity, u64 ns)
{
	wake(rq, entity);
	KUNIT_ASSERT_PTR_EQ(test, pick(rq), entity);
	ran(rq, entity, ns, true);
}

/* Nothing is lost, or given twice, in so many random steps. */
#define TASKS	40
#define STEPS	100000

static inline void check_random(struct kunit *test,
				const struct kcoro_policy *policy)
{
	struct rq rq = rq_make(test, policy);
	struct kcoro_entity *e, *entities, *running = NULL;
	bool queued[TASKS] = {};
	struct rnd_state rnd;
	u32 i, n, waiting = 0;

	entities = kunit_kcalloc(test, TASKS, sizeof(*entities), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entities);
	prandom_seed_state(&rnd, 42);
	for (i = 0; i < STEPS; i++) {
		rq.now += prandom_u32_state(&rnd) % (2 * MS);
		n = prandom_u32_state(&rnd) % TASKS;
		e = &entities[n];
		switch (prandom_u32_state(&rnd) % 4) {
		case 0:
			if (queued[n] || e == running)
				break;
			e->priority = (int)(prandom_u32_state(&rnd) % 8) +
				      KCORO_PRIORITY_MIN;
			put(&rq, e, prandom_u32_state(&rnd) % 4);
			queued[n] = true;
			waiting++;
			break;
		case 1:
			e = give(&rq);
			KUNIT_ASSERT_EQ(test, !e, !waiting);
			if (!e)
				break;
			KUNIT_ASSERT_TRUE(test, queued[e - entities]);
			queued[e - entities] = false;
			waiting--;
			break;
		default:
			if (running)
				ran(&rq, running, prandom_u32_state(&rnd) % (9 * MS),
				    prandom_u32_state(&rnd) % 2);
			running = pick(&rq);
			KUNIT_ASSERT_EQ(test, !running, !waiting);
			if (!running)
				break;
			KUNIT_ASSERT_TRUE(test, queued[running - entities]);
			queued[running - entities] = false;
			waiting--;
		}
	}
	while ((e = pick(&rq))) {
		KUNIT_ASSERT_TRUE(test, queued[e - entities]);
		queued[e - entities] = false;
		waiting--;
	}
	KUNIT_EXPECT_EQ(test, waiting, 0);
	KUNIT_EXPECT_NULL(test, give(&rq));
}

#endif /* KCORO_TEST_POLICY_OPS_H */

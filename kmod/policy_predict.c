// SPDX-License-Identifier: GPL-2.0
/*
 * The policy predict: whose run is expected to be the shortest goes first.
 *
 * Model: a run is the time a task computes between two parks, whoever runs in
 * between. Expected is the weighted mean of its runs so far, the last one with a
 * share of 1 / MEAN_SHARE; for a task that has not parked yet, the mean of other
 * tasks' first runs on this CPU. A task that has run for longer than that is
 * expected to go on for as long as it has run.
 *
 * The tree is ordered by rank: the time at which the task was queued, plus its
 * expected run times a weight, HANDICAP_MAX at most; the priority doubles or
 * halves the weight with each step. Ranks never change while a task waits, but
 * those who come later have later ranks: waiting makes up for a long run. Once
 * its rank has passed, only those that are in the tree already can go first, so
 * nobody starves.
 *
 * A task that is queued asks the running one to give way if its weighted run is
 * less than half of the running one's (less gains little and switches a lot).
 * But who had to wait until its rank had passed keeps its turn: else a stream of
 * short runs would let it begin, and no more.
 *
 * An idle CPU is given the task of the last rank, which would wait here for
 * longest.
 *
 * Entities: @key is the mean run, 0 if there was none; @aux the run since the
 * last park. Another policy's values there are a wrong guess to begin with.
 *
 * Idea: shortest job first with exponential averages, as in Silberschatz,
 * Operating System Concepts; ranks as the highest response ratio next of Brinch
 * Hansen, made linear.
 *
 * Rejected: ratios of wait and run (they change while tasks wait: each pick
 * would have to look at all); what is left of a run that was interrupted
 * instead of all of it (it is known less well than the run).
 */
#include <linux/minmax.h>

#include "policy.h"

#define MEAN_SHARE	4
#define WEIGHT_SHIFT	2		/* of priority 0 */
#define FIRST_NS	100000		/* expected before anything is known */
#define HANDICAP_MAX	500000000ULL	/* ns that a rank may lie ahead */

/**
 * struct predict - the tasks that wait for one CPU
 * @tree: by rank; those of the same rank in order of arrival
 * @first: mean of first runs, ns
 * @busy: a task of ours runs, which may be asked to give way; it is
 * @priority: of this priority,
 * @mean: with this mean run, ns,
 * @run: had run for so long before, ns,
 * @start: when it began to run
 */
struct predict {
	struct rb_root_cached tree;
	u64 first;
	bool busy;
	int priority;
	u64 mean;
	u64 run;
	u64 start;
};

static u64 mean_of(const struct predict *predict,
		   const struct kcoro_entity *entity)
{
	return entity->key ?: predict->first;
}

/* How far a rank lies ahead. */
static u64 handicap(int priority, u64 mean, u64 run)
{
	u64 expected = min(max(mean, run), HANDICAP_MAX);

	return min(expected << (priority - KCORO_PRIORITY_MIN + WEIGHT_SHIFT) >>
		   -KCORO_PRIORITY_MIN, HANDICAP_MAX);
}

static void mean_add(u64 *mean, u64 run)
{
	*mean = *mean - *mean / MEAN_SHARE + run / MEAN_SHARE;
}

static bool rank_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kcoro_entity, rb)->rank <
	       rb_entry(b, struct kcoro_entity, rb)->rank;
}

static void predict_init(void *rq)
{
	struct predict *predict = rq;

	predict->tree = RB_ROOT_CACHED;
	predict->first = FIRST_NS;
}

static bool predict_enqueue(void *rq, struct kcoro_entity *entity,
			    enum kcoro_enqueue why, u64 now)
{
	struct predict *predict = rq;
	u64 ahead = handicap(READ_ONCE(entity->priority),
			     mean_of(predict, entity), entity->aux);

	entity->rank = now + ahead;
	rb_add_cached(&entity->rb, &predict->tree, rank_less);
	return predict->busy &&
	       2 * ahead < handicap(predict->priority, predict->mean,
				    predict->run + now - predict->start);
}

static struct kcoro_entity *predict_take(struct predict *predict,
					 struct rb_node *node)
{
	rb_erase_cached(node, &predict->tree);
	return rb_entry(node, struct kcoro_entity, rb);
}

static struct kcoro_entity *predict_pick(void *rq, u64 now)
{
	struct predict *predict = rq;
	struct rb_node *node = rb_first_cached(&predict->tree);
	struct kcoro_entity *entity;

	predict->busy = false;
	if (!node)
		return NULL;
	entity = predict_take(predict, node);
	predict->busy = entity->rank > now;
	predict->priority = READ_ONCE(entity->priority);
	predict->mean = mean_of(predict, entity);
	predict->run = entity->aux;
	predict->start = now;
	return entity;
}

static struct kcoro_entity *predict_give(void *rq, u64 now)
{
	struct predict *predict = rq;
	struct rb_node *node = rb_last(&predict->tree.rb_root);

	return node ? predict_take(predict, node) : NULL;
}

static void predict_ran(void *rq, struct kcoro_entity *entity, u64 ns,
			bool parked, u64 now)
{
	struct predict *predict = rq;

	predict->busy = false;
	entity->aux += ns;
	if (!parked)
		return;
	if (entity->key) {
		mean_add(&entity->key, entity->aux);
	} else {
		mean_add(&predict->first, entity->aux);
		entity->key = entity->aux;
	}
	entity->aux = 0;
}

struct kcoro_policy kcoro_policy_predict = {
	.name = "predict",
	.help = "whose run is expected to be the shortest goes first",
	.owner = THIS_MODULE,
	.rq_size = sizeof(struct predict),
	.init = predict_init,
	.enqueue = predict_enqueue,
	.pick = predict_pick,
	.give = predict_give,
	.ran = predict_ran,
};

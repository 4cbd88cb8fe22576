// SPDX-License-Identifier: GPL-2.0
/*
 * The policy mlfq: multi-level feedback. Who has used little goes first.
 *
 * Model: a list for each level, 0 the highest; the first of the highest level
 * that is not empty is next. A task starts at the level of its priority, and
 * sinks as it uses the CPU: one level when it has used SLICE_NS in total, the
 * next after twice as much more, and so on, DEPTH levels at most. How often it
 * parks makes no difference, so nobody stays high by parking just in time; a
 * task that runs briefly and waits for long stays where it started.
 *
 * All is forgotten with each epoch, a fixed span of the clock, so the same on
 * all CPUs. In a new epoch a task is at its priority's level again. Those that
 * are queued when it begins have a turn at the highest level: nobody starves,
 * of whatever priority. The lists are joined for that, which takes the same
 * time for any number of tasks.
 *
 * A task that is queued above the level of the running one asks it to give way;
 * the running one sinks as it goes on.
 *
 * An idle CPU is given the oldest task of the lowest level. It has used most,
 * so it is likely to keep that CPU busy, and this one keeps its short ones.
 *
 * Entities: @key is the epoch in which the task ran last, @aux what it has used
 * in that. Another policy's values there look like an old epoch's, and are at
 * worst mistaken until the next one.
 *
 * Idea: Corbato et al., An Experimental Time-Sharing System, 1962; the use in
 * total and the boost as in Arpaci-Dusseau, Operating Systems: Three Easy Pieces.
 *
 * Rejected: levels kept in the entity (a boost would have to visit them all, or
 * tell a boosted task from one that is not); epochs counted in the queue (they
 * mean nothing on the CPU that a task moves to).
 */
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "policy.h"

#define DEPTH		4	/* levels that a task may sink */
#define LEVELS		(KCORO_PRIORITY_MAX - KCORO_PRIORITY_MIN + 1 + DEPTH)
#define SLICE_SHIFT	21	/* SLICE_NS is 2.1 ms */
#define EPOCH_SHIFT	28	/* an epoch takes 268 ms */

/**
 * struct mlfq - the tasks that wait for one CPU
 * @level: by level, oldest first
 * @filled: bit N: @level[N] is not empty
 * @epoch: of the last boost
 * @busy: a task of ours runs; it is
 * @priority: of this priority,
 * @used: had used so much of the epoch, ns,
 * @start: when it began to run
 */
struct mlfq {
	struct list_head level[LEVELS];
	unsigned long filled;
	u64 epoch;
	bool busy;
	int priority;
	u64 used;
	u64 start;
};

static u64 epoch_of(u64 now)
{
	return now >> EPOCH_SHIFT;
}

/* What a task has used in the epoch of @now. */
static u64 used_of(const struct kcoro_entity *entity, u64 now)
{
	return entity->key == epoch_of(now) ? entity->aux : 0;
}

static unsigned int level_of(int priority, u64 used)
{
	unsigned int slices = min_t(u64, used >> SLICE_SHIFT, BIT(DEPTH));

	return priority - KCORO_PRIORITY_MIN +
	       min_t(unsigned int, ilog2(slices + 1), DEPTH);
}

/* In a new epoch, all that wait have a turn at the highest level. */
static void mlfq_boost(struct mlfq *mlfq, u64 now)
{
	unsigned int i;

	if (likely(mlfq->epoch == epoch_of(now)))
		return;
	mlfq->epoch = epoch_of(now);
	for (i = 1; i < LEVELS; i++)
		list_splice_tail_init(&mlfq->level[i], &mlfq->level[0]);
	mlfq->filled = mlfq->filled ? BIT(0) : 0;
}

static void mlfq_init(void *rq)
{
	struct mlfq *mlfq = rq;
	unsigned int i;

	for (i = 0; i < LEVELS; i++)
		INIT_LIST_HEAD(&mlfq->level[i]);
}

static bool mlfq_enqueue(void *rq, struct kcoro_entity *entity,
			 enum kcoro_enqueue why, u64 now)
{
	struct mlfq *mlfq = rq;
	unsigned int level = level_of(READ_ONCE(entity->priority),
				      used_of(entity, now));

	mlfq_boost(mlfq, now);
	list_add_tail(&entity->list, &mlfq->level[level]);
	mlfq->filled |= BIT(level);
	return mlfq->busy &&
	       level < level_of(mlfq->priority, mlfq->used + now - mlfq->start);
}

/* Take out the oldest of a level that is not empty. */
static struct kcoro_entity *mlfq_take(struct mlfq *mlfq, unsigned int level)
{
	struct kcoro_entity *entity =
		list_first_entry(&mlfq->level[level], struct kcoro_entity, list);

	list_del(&entity->list);
	if (list_empty(&mlfq->level[level]))
		mlfq->filled &= ~BIT(level);
	return entity;
}

static struct kcoro_entity *mlfq_pick(void *rq, u64 now)
{
	struct kcoro_entity *entity;
	struct mlfq *mlfq = rq;

	mlfq_boost(mlfq, now);
	mlfq->busy = mlfq->filled;
	if (!mlfq->busy)
		return NULL;
	entity = mlfq_take(mlfq, __ffs(mlfq->filled));
	mlfq->priority = READ_ONCE(entity->priority);
	mlfq->used = used_of(entity, now);
	mlfq->start = now;
	return entity;
}

static struct kcoro_entity *mlfq_give(void *rq, u64 now)
{
	struct mlfq *mlfq = rq;

	return mlfq->filled ? mlfq_take(mlfq, __fls(mlfq->filled)) : NULL;
}

static void mlfq_ran(void *rq, struct kcoro_entity *entity, u64 ns, bool parked,
		     u64 now)
{
	struct mlfq *mlfq = rq;

	entity->aux = used_of(entity, now) + ns;
	entity->key = epoch_of(now);
	mlfq->busy = false;
}

struct kcoro_policy kcoro_policy_mlfq = {
	.name = "mlfq",
	.help = "who has used little of the CPU of late goes first",
	.owner = THIS_MODULE,
	.rq_size = sizeof(struct mlfq),
	.init = mlfq_init,
	.enqueue = mlfq_enqueue,
	.pick = mlfq_pick,
	.give = mlfq_give,
	.ran = mlfq_ran,
};

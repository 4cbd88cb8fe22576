/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks by themselves, in virtual time: see bubble.c. */
#ifndef KCORO_BUBBLE_H
#define KCORO_BUBBLE_H

#include <linux/kcoro_bubble.h>
#include <linux/list.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "task.h"

struct kcoro_alarm;
struct task_struct;

/**
 * struct kcoro_bubble - tasks by themselves
 *
 * [W] by its worker, which runs all its tasks too, or before its start by who makes
 * it; [L] under @lock; [C] constant; [A] atomic.
 *
 * @refs: one for each task, timer, its worker, and who runs it
 * @thread: its worker's: runs its tasks, and nothing else; referenced. [C]
 * @now: its time. [W], read without
 * @random: what is drawn. [W]
 * @tasks: those that have not ended, by struct kcoro_task's age. [W]
 * @nr_tasks: how many there were ever. [W]
 * @running: the number of the task that runs, or 0. [W], read without
 * @killed: its tasks were. [W]
 * @quiet: waits for all others to wait, or NULL. [W]
 * @lock: raw, irqs off: who wakes from outside does so from any context
 * @ready: tasks that can run, the one that has waited longest first. [L]
 * @ready_tail: where the next one goes. [L]
 * @nr_ready: how many. [L]
 * @alarms: what happens at a time. [L]
 * @failure: why it failed, and in which task: see fail(). [A]
 * @native: the task that runs may block: it does so in code of ours. [W]
 * @steps: gets its first steps: @room, or its maker's memory. [C]
 * @steps_max: how many there is room for. [C]
 * @err: 0, or why it failed. [W] until @over
 * @end: how it ended. [W] until @over
 * @started: its worker may begin. Set once
 * @over: all is over: nothing changes any more. Set once
 * @wait: for @started, and for @over
 * @rcu: for its end
 * @room: for steps
 */
struct kcoro_bubble {
	refcount_t refs;
	struct task_struct *thread;
	ktime_t now;
	struct rnd_state random;
	struct list_head tasks;
	u32 nr_tasks;
	u32 running;
	bool killed;
	bool native;
	struct kcoro_wait *quiet;
	raw_spinlock_t lock;
	struct kcoro_task *ready;
	struct kcoro_task **ready_tail;
	u32 nr_ready;
	struct timerqueue_head alarms;
	atomic64_t failure;
	struct kcoro_step *steps;
	u32 steps_max;
	int err;
	struct kcoro_bubble_end end;
	bool started;
	bool over;
	wait_queue_head_t wait;
	struct rcu_head rcu;
	struct kcoro_step room[];
};

/* Why a bubble fails. */
enum kcoro_bubble_failure {
	KCORO_BUBBLE_FINE,
	KCORO_BUBBLE_STUCK,	/* all wait, and nothing wakes them */
	KCORO_BUBBLE_OUTSIDE,	/* somebody else woke or cancelled a task of it */
	KCORO_BUBBLE_NATIVE,	/* a native call */
	KCORO_BUBBLE_BLOCKED,	/* a task slept without us */
	KCORO_BUBBLE_CRASHED,
	KCORO_BUBBLE_LEFT,	/* who ran it was cancelled, or got a signal */
	KCORO_BUBBLE_ENDED,	/* its context has */
};

struct kcoro_bubble *kcoro_bubble_make(u64 seed, u32 room, gfp_t gfp);
void kcoro_bubble_start(struct kcoro_bubble *bubble);
int kcoro_bubble_await(struct kcoro_bubble *bubble, ktime_t deadline);
void kcoro_bubble_fail(struct kcoro_bubble *bubble,
		       enum kcoro_bubble_failure why, u32 task);
int kcoro_bubble_enter(struct kcoro_bubble *bubble, struct kcoro_task *task);
void kcoro_bubble_begin(struct kcoro_task *task);
void kcoro_bubble_asked(const struct kcoro_task *task);
struct kcoro_bubble *kcoro_bubble_get(struct kcoro_bubble *bubble);
void kcoro_bubble_put(struct kcoro_bubble *bubble);
void kcoro_bubble_ready(struct kcoro_task *task);
struct kcoro_task *kcoro_bubble_next(struct kcoro_bubble *bubble);
void kcoro_bubble_ran(struct kcoro_task *task);
void kcoro_bubble_over(struct kcoro_bubble *bubble);
void kcoro_bubble_crashed(struct kcoro_bubble *bubble);
void kcoro_bubble_alarm(struct kcoro_bubble *bubble, struct kcoro_alarm *alarm,
			ktime_t when);
bool kcoro_bubble_alarm_cancel(struct kcoro_bubble *bubble,
			       struct kcoro_alarm *alarm);

/* Is it? If so its end, and all that its worker wrote, can be read. */
static inline bool kcoro_bubble_over_yet(const struct kcoro_bubble *bubble)
{
	/* Pairs with the release in kcoro_bubble_over(). */
	return smp_load_acquire(&bubble->over);
}

/* The bubble that the caller is in, or NULL. */
static inline struct kcoro_bubble *kcoro_bubble_self(void)
{
	struct kcoro_task *task = kcoro_self();

	return task ? task->bubble : NULL;
}

/* Whether the caller, if it is in a bubble, may block: in code of ours. */
static inline void kcoro_bubble_native(bool on)
{
	struct kcoro_bubble *bubble = kcoro_bubble_self();

	if (unlikely(bubble))
		bubble->native = on;
}

/* The time in @bubble; NULL: of the kernel. Nanoseconds. */
static inline ktime_t kcoro_bubble_time(const struct kcoro_bubble *bubble)
{
	return unlikely(bubble) ? READ_ONCE(bubble->now) : ktime_get();
}

/* What only looks random in a bubble. */
static inline u32 kcoro_bubble_random(void)
{
	struct kcoro_bubble *bubble = kcoro_bubble_self();

	return unlikely(bubble) ? prandom_u32_state(&bubble->random) :
				  get_random_u32();
}

#endif /* KCORO_BUBBLE_H */

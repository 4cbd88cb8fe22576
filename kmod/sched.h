/* SPDX-License-Identifier: GPL-2.0 */
/* Run queues: see sched.c. */
#ifndef KCORO_SCHED_H
#define KCORO_SCHED_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timex.h>
#include <linux/workqueue.h>

#include "task.h"

struct kcoro_rq;

/* Levels of priority; 0 goes first. */
#define KCORO_LEVELS		(KCORO_PRIORITY_MAX - KCORO_PRIORITY_MIN + 1)
#define KCORO_LEVEL_DEFAULT	(-KCORO_PRIORITY_MIN)
#define KCORO_LEVELS_ABOVE	GENMASK(KCORO_LEVEL_DEFAULT - 1, 0)
/* In kcoro_cpu.levels: a policy has the tasks that wait. */
#define KCORO_LEVEL_POLICY	BIT(31)

/* Every so many picks all have a chance who might else never be picked. */
#define KCORO_FAIR_PICK		61

/* Tasks of one priority, oldest first. */
struct kcoro_fifo {
	struct kcoro_task *first;
	struct kcoro_task **tail;
};

/**
 * struct kcoro_cpu - the scheduling state of one CPU
 *
 * [O] by @owner, and the tasks it runs, with preemption off, or by an interrupt
 * handler of this CPU that did not interrupt those: no lock, see sched.c; [L]
 * under @lock; [H] under hotplug's own exclusion or, in process context,
 * cpus_read_lock() and pool_mutex (pool.c); [A] atomic.
 *
 * @run_next: the task that the running one woke last: next in turn. [O]
 * @inbox: mail by anybody else, latest first. [A]
 * @levels: of @fifo those that are not empty, but for the default one; or
 *	KCORO_LEVEL_POLICY. [O]
 * @countdown: picks until the next fair one. [O]
 * @nr_queued: tasks that wait, but for @run_next. [O], read without
 * @resched: the task that runs shall give way. [O], read without
 * @ticking: @tick is armed. [O]
 * @rq: the policy's queue, or NULL: fifo. [O]
 * @owner: the worker that serves the queue, or NULL: then the next one that
 *	comes back takes it. [L]; a test for oneself needs no lock with
 *	preemption off: see sched.c
 * @switches: tasks given a worker. [O], read without
 * @fifo: the tasks that wait, where no policy has them. [O]
 * @run_cycles: time in tasks. [O], read without
 * @idle_cycles: time without. [O], read without
 * @fair_level: where the last fair pick was. [O]
 * @fair_global: the next fair pick looks at the global queue. [O]
 * @cpu: its number. [C]
 * @active: takes tasks. [L], read without
 * @lock: raw, irqs off; taken by sched_out() under the kernel's run queue
 *	lock: nothing may be woken under it
 * @spares: idle workers that own nothing, warmest first. [L]
 * @nr_spares: how many. [L], read without
 * @to_wake: new owner that @kick wakes. [L]
 * @nr_hogging: workers that have lost the queue as their task did not give way.
 *	[L], read without
 * @kick: wakes @to_wake for those who must not
 * @nr_crashed: workers that died in a task since @bury ran. [L], read without
 * @bury: ends their tasks and replaces them
 * @grow: makes spares when there are few
 * @reap: ends spares that were idle for long
 * @workers: all its workers. [H]
 * @nr_workers: how many. [H], read without
 * @workers_max: most there ever were. [H], read without
 * @handovers: times the queue passed on because its owner blocked. [L]
 * @no_spare: times it could not, with tasks waiting. [L]
 * @nr_hogs: times a task did not give way for too long. By @tick, read without
 * @created: workers made. [H], read without
 * @reaped: workers ended for want of work. [H], read without
 * @failed: workers that could not be made. [H], read without
 * @idle: counted as idle, and in the mask: steal.c. [L], read without
 * @searching: looks for work elsewhere, and is counted: steal.c. By @owner, or
 *	[L] by who wakes it for that
 * @asked: @request is on its way, or in some inbox. [A]
 * @request: asks another CPU for tasks
 * @stolen: tasks that it got. [A]
 * @seed: where to look first. [O]
 * @tick: see tick.c
 * @poke: has this CPU look into @inbox: tick.c. By who set @poking
 * @poking: @poke is to run, or about to be queued. [A]
 * @ran: ticks that the same task has run for. By @tick, read without
 * @tick_switches: @switches at the last tick. By @tick
 * @hog_switches: @switches when it last dealt with a hog. By @tick
 * @next_rq: to be @rq, once @change has been read. By policy.c
 * @last_rq: what @next_rq was: to be freed. By policy.c
 * @change: says so
 */
struct kcoro_cpu {
	struct kcoro_task *run_next;
	struct llist_head inbox;
	unsigned int levels;
	u32 countdown;
	u32 nr_queued;
	bool resched;
	bool ticking;
	struct kcoro_rq *rq;
	struct kcoro_worker *owner;
	u64 switches;
	u64 run_cycles;
	struct kcoro_fifo fifo[KCORO_LEVELS];
	u64 idle_cycles;
	u32 fair_level;
	bool fair_global;
	u32 cpu;
	bool active;
	raw_spinlock_t lock;
	struct list_head spares;
	u32 nr_spares;
	struct kcoro_worker *to_wake;
	struct irq_work kick;
	u32 nr_hogging;
	u32 nr_crashed;
	struct work_struct bury;
	struct work_struct grow;
	struct delayed_work reap;
	struct list_head workers;
	u32 nr_workers;
	u32 workers_max;
	u64 handovers;
	u64 no_spare;
	u64 nr_hogs;
	u64 created;
	u64 reaped;
	u64 failed;
	bool idle;
	bool searching;
	bool asked;
	struct kcoro_mail request;
	atomic64_t stolen;
	u32 seed;
	struct hrtimer tick;
	call_single_data_t poke;
	atomic_t poking;
	u32 ran;
	u64 tick_switches;
	u64 hog_switches;
	struct kcoro_rq *next_rq;
	struct kcoro_rq *last_rq;
	struct kcoro_mail change;
} ____cacheline_aligned_in_smp;

/* sched.c */
void kcoro_sched_ready(struct kcoro_task *task);
void kcoro_sched_requeue(struct kcoro_task *task, enum kcoro_enqueue why);
void kcoro_sched_send(struct kcoro_cpu *cpu, struct llist_node *first,
		      struct llist_node *last);
void kcoro_sched_take_inbox(struct kcoro_cpu *cpu);
void kcoro_sched_queue_any(struct kcoro_cpu *cpu, struct kcoro_task *task,
			   enum kcoro_enqueue why);
struct kcoro_task *kcoro_sched_pick_slow(struct kcoro_cpu *cpu);
struct kcoro_task *kcoro_sched_take(struct kcoro_cpu *cpu);
void kcoro_sched_surplus(struct kcoro_cpu *cpu);
struct kcoro_worker *kcoro_sched_pop_spare(struct kcoro_cpu *cpu);
void kcoro_sched_del_spare(struct kcoro_cpu *cpu, struct kcoro_worker *worker);
void kcoro_sched_push_spare(struct kcoro_cpu *cpu, struct kcoro_worker *worker);
void kcoro_sched_activate(struct kcoro_cpu *cpu);
void kcoro_sched_deactivate(struct kcoro_cpu *cpu);
struct kcoro_cpu *kcoro_sched_cpu(unsigned int cpu);
void kcoro_sched_stats(struct kcoro_info *info);
void kcoro_sched_init(void);

/* policy.c: called with preemption off, as the queue is. */
void kcoro_policy_queue(struct kcoro_cpu *cpu, struct kcoro_task *task,
			enum kcoro_enqueue why);

/* tick.c */
void kcoro_tick_start(struct kcoro_cpu *cpu);

/* Put a task behind all others of a priority. */
static __always_inline void kcoro_fifo_add(struct kcoro_cpu *cpu,
					   struct kcoro_task *task, u32 level)
{
	struct kcoro_fifo *fifo = &cpu->fifo[level];

	task->rq_next = NULL;
	*fifo->tail = task;
	fifo->tail = &task->rq_next;
	if (level != KCORO_LEVEL_DEFAULT)
		cpu->levels |= BIT(level);
}

/* The levels that have tasks. */
static inline unsigned long kcoro_fifo_levels(const struct kcoro_cpu *cpu)
{
	unsigned long levels = cpu->levels & ~KCORO_LEVEL_POLICY;

	if (cpu->fifo[KCORO_LEVEL_DEFAULT].first)
		levels |= BIT(KCORO_LEVEL_DEFAULT);
	return levels;
}

/* Take the oldest task of a level that has one. */
static __always_inline struct kcoro_task *kcoro_fifo_pop(struct kcoro_cpu *cpu,
							 u32 level)
{
	struct kcoro_fifo *fifo = &cpu->fifo[level];
	struct kcoro_task *task = fifo->first;

	fifo->first = task->rq_next;
	if (!fifo->first) {
		fifo->tail = &fifo->first;
		if (level != KCORO_LEVEL_DEFAULT)
			cpu->levels &= ~BIT(level);
	}
	return task;
}

/*
 * Put a task at the end of the queue. The owner's, preemption off; for a task
 * that is special there is kcoro_sched_queue_any().
 */
static __always_inline void kcoro_sched_queue(struct kcoro_cpu *cpu,
					      struct kcoro_task *task,
					      enum kcoro_enqueue why)
{
	lockdep_assert_preemption_disabled();
	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	if (unlikely(cpu->rq))
		kcoro_policy_queue(cpu, task, why);
	else
		kcoro_fifo_add(cpu, task, KCORO_LEVEL_DEFAULT);
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued + 1);
	if (unlikely(!cpu->ticking))
		kcoro_tick_start(cpu);
}

/*
 * Make a task that was woken the next in turn. The owner's, preemption off; not
 * for a task that is special.
 */
static __always_inline void kcoro_sched_next(struct kcoro_cpu *cpu,
					     struct kcoro_task *task)
{
	struct kcoro_task *old = cpu->run_next;

	lockdep_assert_preemption_disabled();
	if (unlikely(cpu->rq)) {
		kcoro_sched_queue(cpu, task, KCORO_ENQUEUE_WOKEN);
		kcoro_sched_surplus(cpu);
		return;
	}
	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	WRITE_ONCE(cpu->run_next, task);
	if (unlikely(old)) {
		kcoro_sched_queue(cpu, old, KCORO_ENQUEUE_WOKEN);
		kcoro_sched_surplus(cpu);
	}
	if (unlikely(!cpu->ticking))
		kcoro_tick_start(cpu);
}

/* Take the task to run next, or NULL. The owner's, preemption off. */
static __always_inline struct kcoro_task *kcoro_sched_pick(struct kcoro_cpu *cpu)
{
	struct kcoro_task *task;

	lockdep_assert_preemption_disabled();
	if (unlikely(!llist_empty(&cpu->inbox)))
		kcoro_sched_take_inbox(cpu);
	if (unlikely(!--cpu->countdown || cpu->levels))
		return kcoro_sched_pick_slow(cpu);
	task = cpu->run_next;
	if (task) {
		WRITE_ONCE(cpu->run_next, NULL);
		return task;
	}
	if (!cpu->nr_queued)
		return NULL;
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
	return kcoro_fifo_pop(cpu, KCORO_LEVEL_DEFAULT);
}

/* Does a task wait for this CPU? From elsewhere it is a guess. */
static __always_inline bool kcoro_sched_waiting(const struct kcoro_cpu *cpu)
{
	return READ_ONCE(cpu->run_next) || READ_ONCE(cpu->nr_queued) ||
	       !llist_empty(&cpu->inbox);
}

#endif /* KCORO_SCHED_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Run queues: see sched.c. Workers: see worker.c. */
#ifndef KCORO_SCHED_H
#define KCORO_SCHED_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "task.h"

/**
 * struct kcoro_cpu - the scheduling state of one CPU
 *
 * [O] by @owner, and the tasks it runs, with preemption off: no lock, see
 * sched.c; [L] under @lock; [H] under hotplug's own exclusion.
 *
 * @run_next: the task that the running one woke last: next in turn. [O]
 * @inbox: tasks queued by anybody else, latest first
 * @runq: the other tasks to run, oldest first. [O]
 * @runq_tail: where the next one is linked. [O]
 * @nr_queued: tasks in @runq. [O], read without
 * @nr_next: picks of @run_next in a row, past waiting tasks. [O]
 * @switches: tasks given a worker. [O], read without
 * @owner: the worker that serves the queue, or NULL: then the next one that
 *	comes back takes it. [L]; a test for oneself needs no lock with
 *	preemption off: see sched.c
 * @cpu: its number
 * @online: takes tasks. [L], read without
 * @lock: raw, irqs off; taken by sched_out() under the kernel's run queue
 *	lock: nothing may be woken under it
 * @spares: idle workers that own nothing, warmest first. [L]
 * @to_wake: new owner that @kick wakes. [L]
 * @kick: wakes @to_wake for sched_out()
 * @nr_crashed: workers that died in a task since @bury ran. [L], read without
 * @bury: ends their tasks and replaces them
 * @workers: all its workers. [H]
 * @handovers: times the queue passed on because its owner blocked. [L]
 * @no_spare: times it could not, with tasks waiting. [L]
 */
struct kcoro_cpu {
	struct kcoro_task *run_next;
	struct llist_head inbox;
	struct kcoro_task *runq;
	struct kcoro_task **runq_tail;
	u32 nr_queued;
	u32 nr_next;
	u64 switches;
	struct kcoro_worker *owner;
	u32 cpu;
	bool online;
	raw_spinlock_t lock;
	u32 nr_crashed;
	struct list_head spares;
	struct kcoro_worker *to_wake;
	struct irq_work kick;
	struct work_struct bury;
	struct list_head workers;
	u64 handovers;
	u64 no_spare;
} ____cacheline_aligned_in_smp;

/**
 * struct kcoro_worker - a kthread that runs tasks
 * @sp: stack pointer of its loop while it runs a task
 * @cpu: whose queue it serves
 * @task: what it runs, or NULL while it is in its loop. Written by itself
 * @prev: the task that gave way to @task and is not settled yet. By itself
 * @qs_jiffies: when it last told RCU-tasks of a quiescent state
 * @thread: the kthread, referenced
 * @native: its own stack
 * @parked_stack: what `stack` was when it left the CPU in a task
 * @idle: sleeps as owner, to be woken when a task comes. Guarded by cpu->lock
 * @crashed: died in @task
 * @stop: end. Guarded by cpu->lock
 * @spare: in cpu->spares. Guarded by cpu->lock
 * @node: in cpu->workers
 * @notifier: tells when it leaves and enters the CPU
 */
struct kcoro_worker {
	unsigned long sp;
	struct kcoro_cpu *cpu;
	struct kcoro_task *task;
	struct kcoro_task *prev;
	unsigned long qs_jiffies;
	struct task_struct *thread;
	void *native;
	void *parked_stack;
	bool idle;
	bool crashed;
	bool stop;
	struct list_head spare;
	struct list_head node;
	struct preempt_notifier notifier;
};

/* sched.c */
void kcoro_sched_ready(struct kcoro_task *task);
void kcoro_sched_requeue(struct kcoro_task *task);
void kcoro_sched_take_inbox(struct kcoro_cpu *cpu);
struct kcoro_worker *kcoro_sched_pop_spare(struct kcoro_cpu *cpu);
void kcoro_sched_offline(struct kcoro_cpu *cpu);
struct kcoro_cpu *kcoro_sched_cpu(unsigned int cpu);
void kcoro_sched_stats(struct kcoro_info *info);
void kcoro_sched_init(void);

/* worker.c */
void kcoro_worker_switch_out(struct kcoro_task *task, enum kcoro_switch_op op);
void kcoro_worker_park_locked(struct kcoro_task *task, raw_spinlock_t *lock)
	__releases(lock);
int kcoro_worker_init(void);
void kcoro_worker_exit(void);
u32 kcoro_worker_count(void);
bool kcoro_worker_handover(void);

/* Picks of run_next in a row, past tasks that wait in the queue. */
#define KCORO_NEXT_MAX	64

/* Put a task at the end of the queue. The owner's, preemption off. */
static __always_inline void kcoro_sched_queue(struct kcoro_cpu *cpu,
					      struct kcoro_task *task)
{
	lockdep_assert_preemption_disabled();
	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	task->rq_next = NULL;
	*cpu->runq_tail = task;
	cpu->runq_tail = &task->rq_next;
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued + 1);
}

/* Make a task the next in turn. The owner's, preemption off. */
static __always_inline void kcoro_sched_next(struct kcoro_cpu *cpu,
					     struct kcoro_task *task)
{
	struct kcoro_task *old = cpu->run_next;

	lockdep_assert_preemption_disabled();
	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	WRITE_ONCE(cpu->run_next, task);
	if (unlikely(old))
		kcoro_sched_queue(cpu, old);
}

/* Take the task to run next, or NULL. The owner's, preemption off. */
static __always_inline struct kcoro_task *kcoro_sched_pick(struct kcoro_cpu *cpu)
{
	struct kcoro_task *task;

	lockdep_assert_preemption_disabled();
	if (unlikely(!llist_empty(&cpu->inbox)))
		kcoro_sched_take_inbox(cpu);
	task = cpu->run_next;
	if (task && (likely(!cpu->nr_queued) ||
		     cpu->nr_next++ < KCORO_NEXT_MAX)) {
		WRITE_ONCE(cpu->run_next, NULL);
	} else {
		task = cpu->runq;
		if (!task)
			return NULL;
		cpu->runq = task->rq_next;
		if (!cpu->runq)
			cpu->runq_tail = &cpu->runq;
		WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
		cpu->nr_next = 0;
	}
	return task;
}

/* Does a task wait for this CPU? From elsewhere it is a guess. */
static __always_inline bool kcoro_sched_waiting(const struct kcoro_cpu *cpu)
{
	return READ_ONCE(cpu->run_next) || READ_ONCE(cpu->nr_queued) ||
	       !llist_empty(&cpu->inbox);
}

#endif /* KCORO_SCHED_H */

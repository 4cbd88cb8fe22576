/* SPDX-License-Identifier: GPL-2.0 */
/* Run queues: see sched.c. Workers: see worker.c. */
#ifndef KCORO_SCHED_H
#define KCORO_SCHED_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "task.h"

/**
 * struct kcoro_cpu - the scheduling state of one CPU
 *
 * [L] under @lock; [H] under hotplug's own exclusion; [O] its owner.
 *
 * @lock: raw, irqs off; taken by wakers in any context and by sched_out()
 *	under the kernel's run queue lock: nothing may be woken under it
 * @runq: tasks to run, oldest first. [L]
 * @run_next: the task that the running one woke last: next in turn. [L]
 * @nr_next: picks of @run_next in a row. [L]
 * @nr_queued: tasks in @runq and @run_next. [L], read without
 * @owner: the worker that serves the queue, or NULL: then the next one that
 *	comes back takes it. [L], read without
 * @spares: idle workers that own nothing, warmest first. [L]
 * @to_wake: new owner that @kick wakes. [L]
 * @kick: wakes @to_wake for sched_out()
 * @nr_crashed: workers that died in a task. [L], read without
 * @bury: ends their tasks
 * @online: takes tasks. [L]
 * @cpu: its number
 * @workers: all its workers. [H]
 * @switches: tasks given a worker. [L]
 * @handovers: times the queue passed on because its owner blocked. [L]
 * @no_spare: times it could not, with tasks waiting. [L]
 */
struct kcoro_cpu {
	raw_spinlock_t lock;
	u32 nr_queued;
	u32 nr_next;
	struct kcoro_task *run_next;
	struct list_head runq;
	struct kcoro_worker *owner;
	struct list_head spares;
	u64 switches;
	u64 handovers;
	u64 no_spare;
	struct kcoro_worker *to_wake;
	struct irq_work kick;
	u32 nr_crashed;
	struct work_struct bury;
	bool online;
	u32 cpu;
	struct list_head workers;
} ____cacheline_aligned_in_smp;

/**
 * struct kcoro_worker - a kthread that runs tasks
 * @sp: stack pointer of its loop while it runs a task
 * @cpu: whose queue it serves
 * @task: what it runs, or NULL while it is in its loop. Written by itself
 * @thread: the kthread, referenced
 * @native: its own stack
 * @parked_stack: what `stack` was when it left the CPU in a task
 * @idle: sleeps as owner, to be woken when a task comes. Guarded by cpu->lock
 * @crashed: died in @task
 * @stop: end. Guarded by cpu->lock
 * @spare: in cpu->spares. Guarded by cpu->lock
 * @node: in cpu->workers
 * @notifier: tells when it leaves and enters the CPU
 * @qs_jiffies: when it last told RCU-tasks of a quiescent state
 */
struct kcoro_worker {
	unsigned long sp;
	struct kcoro_cpu *cpu;
	struct kcoro_task *task;
	struct task_struct *thread;
	void *native;
	void *parked_stack;
	bool idle;
	bool crashed;
	bool stop;
	struct list_head spare;
	struct list_head node;
	struct preempt_notifier notifier;
	unsigned long qs_jiffies;
};

/* sched.c */
void kcoro_sched_ready(struct kcoro_task *task);
void kcoro_sched_requeue(struct kcoro_task *task);
void kcoro_sched_queue(struct kcoro_cpu *cpu, struct kcoro_task *task);
struct kcoro_task *kcoro_sched_pick(struct kcoro_cpu *cpu);
struct kcoro_worker *kcoro_sched_pop_spare(struct kcoro_cpu *cpu);
void kcoro_sched_offline(struct kcoro_cpu *cpu);
struct kcoro_cpu *kcoro_sched_cpu(unsigned int cpu);
void kcoro_sched_stats(struct kcoro_info *info);
void kcoro_sched_init(void);

/* worker.c */
void kcoro_worker_switch_out(struct kcoro_task *task, enum kcoro_switch_op op);
int kcoro_worker_init(void);
void kcoro_worker_exit(void);
u32 kcoro_worker_count(void);
bool kcoro_worker_handover(void);

#endif /* KCORO_SCHED_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Workers: what they do is in worker.c, how many there are in pool.c. */
#ifndef KCORO_WORKER_H
#define KCORO_WORKER_H

#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/types.h>

#include "sched.h"

/**
 * struct kcoro_worker - a kthread that runs tasks
 * @sp: stack pointer of its loop while it runs a task
 * @cpu: whose queue it serves; of a thread of a task's own, the CPU that it ran
 *	on last. By itself, then
 * @task: what it runs, or NULL while it is in its loop. Written by itself
 * @prev: the task that gave way to @task and is not settled yet. By itself
 * @since: when @task got the CPU, in cycles. By itself
 * @began: when the tasks that it runs without a look at its loop did. By itself
 * @out: when it left the CPU in a task, in cycles; 0: it is there. By itself
 * @qs_jiffies: when it last told RCU-tasks of a quiescent state. By itself
 * @thread: the kthread, referenced
 * @native: its own stack
 * @parked_stack: what `stack` was when it left the CPU in a task
 * @own: the only task that it runs, or NULL
 * @own_ready: @own waits for it
 * @bubble: the bubble whose tasks it runs, and nothing else, or NULL
 * @idle: sleeps as owner, to be woken when a task comes. [L] of its CPU
 * @crashed: died in @task. [L] of its CPU
 * @hog: lost the queue as @task did not give way, and does not get it back until
 *	@task does. [L] of its CPU
 * @stop: end. [L] of its CPU
 * @again: has looked for work once more, before it sleeps. By itself
 * @rest_jiffies: when it became a spare. [L] of its CPU
 * @spare: in cpu->spares. [L] of its CPU
 * @node: in cpu->workers
 * @notifier: tells when it leaves and enters the CPU
 * @rcu: who looks at what a task does may see it until then
 */
struct kcoro_worker {
	unsigned long sp;
	struct kcoro_cpu *cpu;
	struct kcoro_task *task;
	struct kcoro_task *prev;
	u64 since;
	u64 began;
	u64 out;
	unsigned long qs_jiffies;
	struct task_struct *thread;
	void *native;
	void *parked_stack;
	struct kcoro_task *own;
	atomic_t own_ready;
	struct kcoro_bubble *bubble;
	bool idle;
	bool crashed;
	bool hog;
	bool stop;
	bool again;
	unsigned long rest_jiffies;
	struct list_head spare;
	struct list_head node;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	struct preempt_notifier notifier;
#endif
	struct rcu_head rcu;
};

/* worker.c */
void kcoro_worker_switch_out(struct kcoro_task *task, enum kcoro_switch_op op);
void kcoro_worker_park_locked(struct kcoro_task *task, raw_spinlock_t *lock)
	__releases(lock);
void kcoro_worker_account(struct kcoro_task *task);
void kcoro_worker_own_ready(struct kcoro_task *task);
int kcoro_worker_main(void *data);
bool kcoro_worker_handover(void);
void kcoro_worker_setup(void);
void kcoro_worker_cleanup(void);

/* pool.c */
int kcoro_pool_init(void);
void kcoro_pool_exit(void);
void kcoro_pool_few(struct kcoro_cpu *cpu);
u32 kcoro_pool_workers(void);
int kcoro_pool_set_active(unsigned int nr);
void kcoro_pool_hold(void);
void kcoro_pool_release(void);
int kcoro_pool_nice(void);
int kcoro_pool_own(struct kcoro_task *task);
int kcoro_pool_bubble(struct kcoro_bubble *bubble);
void kcoro_pool_own_discard(struct kcoro_task *task);
void kcoro_pool_apart_ended(struct kcoro_worker *worker);

#endif /* KCORO_WORKER_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Run queues: which task a CPU runs next.
 *
 * Model: each CPU has a first-in first-out queue and a place for one task that
 * goes first, run_next, as in Go's scheduler. A task that the running task
 * wakes goes to run_next, so that two which talk to each other follow each
 * other without a trip through the queue; the one it displaces goes to the
 * queue's tail. After KCORO_NEXT_MAX picks of run_next in a row the queue has
 * its turn. A task woken by a thread or an interrupt is queued where the waker
 * runs: its message is warm there.
 *
 * States of a task, and who may change them:
 *	NEW -> RUNNABLE		kcoro_task_start()
 *	RUNNABLE -> RUNNING	the worker that picked it
 *	RUNNING -> PARKED	its worker, after the switch: only then are its
 *				registers saved
 *	PARKED -> RUNNABLE	its waker; it queues the task
 *	RUNNING -> RUNNABLE	its waker, if it was earlier than the worker. The
 *				task finds out before it parks, or else its
 *				worker does, and queues it
 *	RUNNING -> DEAD		its worker, after the last switch
 * There is exactly one waker for each park (wait.c), so a state has no more
 * than two writers, and both use atomic read-modify-write instructions: the
 * waker an xchg in kcoro_sched_ready(), which pairs with the read in
 * task_park() and the cmpxchg in run_task().
 *
 * Invariants: a task is in at most one queue, and in one only if RUNNABLE. A
 * queue that is not empty has an owner that is running or about to be, unless
 * all its CPU's workers are blocked; then the first to return takes it.
 *
 * Locks: cpu->lock only. Under it no wake-up, printk or allocation: sched_out
 * takes it under the kernel's run queue lock.
 *
 * Rejected: lists without a lock (a waker in a hard interrupt would need
 * atomics on each operation, which cost as much as the uncontended lock).
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "sched.h"
#include "trace.h"

#define KCORO_NEXT_MAX	64

static DEFINE_PER_CPU(struct kcoro_cpu, kcoro_cpus);

/**
 * kcoro_sched_cpu() - the state of a CPU
 * @cpu: its number
 *
 * Context: any.
 */
struct kcoro_cpu *kcoro_sched_cpu(unsigned int cpu)
{
	return per_cpu_ptr(&kcoro_cpus, cpu);
}

/**
 * kcoro_sched_pop_spare() - take an idle worker that owns nothing
 * @cpu: whose; its lock is held
 *
 * Return: the worker, no longer in the list, or NULL.
 */
struct kcoro_worker *kcoro_sched_pop_spare(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker;

	lockdep_assert_held(&cpu->lock);
	worker = list_first_entry_or_null(&cpu->spares, struct kcoro_worker,
					  spare);
	if (worker)
		list_del_init(&worker->spare);
	return worker;
}

/* Whom to wake because the queue has become non-empty; NULL: nobody. */
static struct kcoro_worker *cpu_rouse(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker = cpu->owner;

	lockdep_assert_held(&cpu->lock);
	if (!worker) {
		worker = kcoro_sched_pop_spare(cpu);
		WRITE_ONCE(cpu->owner, worker);
		if (!worker)
			cpu->no_spare++;
		return worker;
	}
	if (!worker->idle)
		return NULL;
	worker->idle = false;
	return worker;
}

/**
 * kcoro_sched_queue() - put a task at the end of a queue
 * @cpu: its lock is held, it is online, and somebody serves it
 * @task: RUNNABLE, in no queue
 *
 * Context: interrupts off.
 */
void kcoro_sched_queue(struct kcoro_cpu *cpu, struct kcoro_task *task)
{
	lockdep_assert_held(&cpu->lock);
	list_add_tail(&task->rq, &cpu->runq);
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued + 1);
}

/* Lock the queue of some CPU that takes tasks. Interrupts are off. */
static noinline struct kcoro_cpu *cpu_lock_other(void)
	__acquires(kcoro_cpus)
{
	struct kcoro_cpu *cpu;
	unsigned int i;

	for (;;) {
		for_each_online_cpu(i) {
			cpu = kcoro_sched_cpu(i);
			raw_spin_lock(&cpu->lock);
			if (cpu->online)
				return cpu;
			raw_spin_unlock(&cpu->lock);
		}
		cpu_relax();
	}
}

/*
 * Queue a task that is RUNNABLE and in no queue: on this CPU if it takes
 * tasks, as its run_next if its owner runs @waker, who calls.
 */
static __always_inline void sched_enqueue(struct kcoro_task *task,
					  const struct kcoro_task *waker)
{
	struct kcoro_worker *wake = NULL;
	struct kcoro_cpu *cpu;
	unsigned long flags;

	local_irq_save(flags);
	cpu = this_cpu_ptr(&kcoro_cpus);
	raw_spin_lock(&cpu->lock);
	if (unlikely(!cpu->online)) {
		raw_spin_unlock(&cpu->lock);
		cpu = cpu_lock_other();
	}
	if (waker && likely(cpu->owner == waker->worker)) {
		struct kcoro_task *old = cpu->run_next;

		cpu->run_next = task;
		if (unlikely(old))
			list_add_tail(&old->rq, &cpu->runq);
		WRITE_ONCE(cpu->nr_queued, cpu->nr_queued + 1);
	} else {
		kcoro_sched_queue(cpu, task);
		wake = cpu_rouse(cpu);
	}
	raw_spin_unlock(&cpu->lock);
	if (wake)
		wake_up_process(wake->thread);
	local_irq_restore(flags);
}

/**
 * kcoro_sched_ready() - wake a task
 * @task: the caller has won its wait, or is about to start it
 *
 * May be called before the task has parked. Afterwards the caller must not
 * touch the task without a reference.
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_sched_ready(struct kcoro_task *task)
{
	int old = atomic_xchg(&task->state, KCORO_STATE_RUNNABLE);

	if (old == KCORO_STATE_RUNNING)
		return;		/* it, or its worker, will see */
	sched_enqueue(task, kcoro_self());
}

/**
 * kcoro_sched_requeue() - queue a task that goes on later
 * @task: RUNNABLE, in no queue
 *
 * Context: a worker's loop, interrupts off.
 */
void kcoro_sched_requeue(struct kcoro_task *task)
{
	sched_enqueue(task, NULL);
}

/**
 * kcoro_sched_pick() - take the task to run next
 * @cpu: its lock is held; the caller owns it
 *
 * Return: a task that is in no queue any more, or NULL.
 */
struct kcoro_task *kcoro_sched_pick(struct kcoro_cpu *cpu)
{
	struct kcoro_task *task = cpu->run_next;

	lockdep_assert_held(&cpu->lock);
	if (task && (cpu->nr_next++ < KCORO_NEXT_MAX || list_empty(&cpu->runq))) {
		cpu->run_next = NULL;
	} else {
		task = list_first_entry_or_null(&cpu->runq, struct kcoro_task,
						rq);
		if (!task)
			return NULL;
		list_del(&task->rq);
		cpu->nr_next = 0;
	}
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
	cpu->switches++;
	return task;
}

/**
 * kcoro_sched_offline() - stop a CPU from taking tasks and move its queue
 * @cpu: the CPU
 *
 * Context: hotplug callback, may sleep.
 */
void kcoro_sched_offline(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *owner, *wake = NULL;
	struct kcoro_task *task, *next;
	LIST_HEAD(moved);

	raw_spin_lock_irq(&cpu->lock);
	cpu->online = false;
	list_splice_init(&cpu->runq, &moved);
	if (cpu->run_next)
		list_add(&cpu->run_next->rq, &moved);
	cpu->run_next = NULL;
	WRITE_ONCE(cpu->nr_queued, 0);
	owner = cpu->owner;
	WRITE_ONCE(cpu->owner, NULL);
	if (owner && owner->idle) {
		owner->idle = false;
		wake = owner;	/* to join the spares */
	}
	raw_spin_unlock_irq(&cpu->lock);
	if (wake)
		wake_up_process(wake->thread);
	list_for_each_entry_safe(task, next, &moved, rq)
		kcoro_sched_requeue(task);
}

/**
 * kcoro_sched_stats() - fill in the scheduler's part of INFO
 * @info: where
 *
 * Context: process.
 */
void kcoro_sched_stats(struct kcoro_info *info)
{
	unsigned int i;

	info->features = kcoro_worker_handover() ? KCORO_FEATURE_HANDOVER : 0;
	info->preempt = preempt_model_full() ? KCORO_PREEMPT_FULL :
			preempt_model_voluntary() ? KCORO_PREEMPT_VOLUNTARY :
			KCORO_PREEMPT_NONE;
	info->workers = kcoro_worker_count();
	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		raw_spin_lock_irq(&cpu->lock);
		info->cpus += cpu->online;
		info->switches += cpu->switches;
		info->handovers += cpu->handovers;
		info->no_spare += cpu->no_spare;
		raw_spin_unlock_irq(&cpu->lock);
	}
}

/**
 * kcoro_sched_init() - get the queues ready; no CPU takes tasks yet
 *
 * Context: module init.
 */
void __init kcoro_sched_init(void)
{
	unsigned int i;

	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		raw_spin_lock_init(&cpu->lock);
		INIT_LIST_HEAD(&cpu->runq);
		INIT_LIST_HEAD(&cpu->spares);
		INIT_LIST_HEAD(&cpu->workers);
		cpu->cpu = i;
	}
}

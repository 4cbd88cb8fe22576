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
 * States of a task, for operators; who may wake it is decided in wait.c:
 *	NEW -> RUNNABLE		kcoro_task_start()
 *	RUNNABLE -> RUNNING	the worker that picked it
 *	RUNNING -> RUNNABLE	whoever queues it
 *	RUNNING -> DEAD		its worker, after the last switch
 * A parked task is RUNNING with a wait that is PARKED.
 *
 * No lock on the queue: it belongs to the worker that owns it. That worker, and
 * the tasks it runs, touch it with preemption off. Its own sched_out, which takes
 * the ownership away, cannot come then. The hotplug callback can, since the
 * kernel has moved the worker to another CPU by that time: before it touches the
 * queue it waits for an RCU grace period, and so for all who had preemption off
 * and might not have seen it.
 *
 * Everybody else, interrupt handlers on the same CPU included, puts a task into
 * the inbox, a lock-free list that the owner empties into the queue before each
 * pick. Who finds the inbox empty sees to it that somebody will look: under
 * cpu->lock it wakes the owner if that is idle, or makes a spare the owner if
 * there is none. The owner looks into the inbox once more under cpu->lock before
 * it sleeps. If the CPU has gone offline since it was chosen, what is in the
 * inbox is sent elsewhere.
 *
 * Invariants: a task is in at most one queue, and in one only if RUNNABLE. A
 * queue that is not empty has an owner that is running or about to be, unless
 * all its CPU's workers are blocked; then the first to return takes it.
 *
 * Locks: cpu->lock, for owner and spares; raw, irqs off. Under it no wake-up,
 * printk or allocation: sched_out takes it under the kernel's run queue lock.
 *
 * Rejected: a lock on the queue, or interrupts off around it (both cost more
 * than all else that a switch does, for the sake of rare remote access).
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "sched.h"

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

/* A CPU that takes tasks, this one if it does. */
static struct kcoro_cpu *cpu_choose(void)
{
	struct kcoro_cpu *cpu = raw_cpu_ptr(&kcoro_cpus);
	unsigned int i;

	if (likely(READ_ONCE(cpu->online)))
		return cpu;
	for (;;) {	/* between any two steps of hotplug there is one */
		for_each_online_cpu(i)
			if (READ_ONCE(kcoro_sched_cpu(i)->online))
				return kcoro_sched_cpu(i);
		cpu_relax();
	}
}

/*
 * See to it that somebody looks into an inbox that was empty. Returns what was
 * in it if the CPU takes no tasks any more.
 */
static struct llist_node *cpu_rouse(struct kcoro_cpu *cpu)
{
	struct llist_node *back = NULL;
	struct kcoro_worker *worker;
	unsigned long flags;

	raw_spin_lock_irqsave(&cpu->lock, flags);
	worker = cpu->owner;
	if (unlikely(!cpu->online)) {
		back = llist_del_all(&cpu->inbox);
		worker = NULL;
	} else if (!worker) {
		worker = kcoro_sched_pop_spare(cpu);
		WRITE_ONCE(cpu->owner, worker);
		if (!worker)
			cpu->no_spare++;
	} else if (worker->idle) {
		worker->idle = false;
	} else {
		worker = NULL;
	}
	raw_spin_unlock_irqrestore(&cpu->lock, flags);
	if (worker)
		wake_up_process(worker->thread);
	return back;
}

/* Put RUNNABLE tasks that are in no queue into an inbox. */
static void sched_send(struct llist_node *tasks)
{
	struct llist_node *task;
	struct kcoro_cpu *cpu;

	while (tasks) {
		task = tasks;
		tasks = tasks->next;
		cpu = cpu_choose();
		if (llist_add(task, &cpu->inbox))
			sched_send(cpu_rouse(cpu));
	}
}

/**
 * kcoro_sched_take_inbox() - queue what others have sent
 * @cpu: the caller owns it
 *
 * Context: preemption off.
 */
void kcoro_sched_take_inbox(struct kcoro_cpu *cpu)
{
	struct llist_node *tasks = llist_del_all(&cpu->inbox);
	struct kcoro_task *task, *next;

	tasks = llist_reverse_order(tasks);
	llist_for_each_entry_safe(task, next, tasks, inbox)
		kcoro_sched_queue(cpu, task);
}

/**
 * kcoro_sched_requeue() - queue a task at the end of some queue
 * @task: in no queue; the caller has won its wait, or owns it otherwise
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_sched_requeue(struct kcoro_task *task)
{
	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	task->inbox.next = NULL;
	preempt_disable();	/* whom we rouse must not have to wait for us */
	sched_send(&task->inbox);
	preempt_enable();
}

/**
 * kcoro_sched_ready() - let a task run soon
 * @task: the caller has won its wait, or is about to start it
 *
 * Afterwards the caller must not touch the task without a reference.
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_sched_ready(struct kcoro_task *task)
{
	struct kcoro_task *self = kcoro_self();
	struct kcoro_worker *worker;

	if (self) {
		preempt_disable();
		worker = self->worker;
		if (likely(worker->cpu->owner == worker)) {
			kcoro_sched_next(worker->cpu, task);
			preempt_enable();
			return;
		}
		preempt_enable();
	}
	kcoro_sched_requeue(task);
}

/**
 * kcoro_sched_offline() - stop a CPU from taking tasks and move its queue
 * @cpu: the CPU
 *
 * Context: hotplug callback, may sleep.
 */
void kcoro_sched_offline(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *owner;
	struct kcoro_task *task;
	bool wake;

	raw_spin_lock_irq(&cpu->lock);
	WRITE_ONCE(cpu->online, false);
	owner = cpu->owner;
	WRITE_ONCE(cpu->owner, NULL);
	wake = owner && owner->idle;
	if (wake)
		owner->idle = false;	/* to join the spares */
	raw_spin_unlock_irq(&cpu->lock);
	if (wake)
		wake_up_process(owner->thread);
	/* Waits for whoever has preemption off and believes to own the queue. */
	synchronize_rcu();
	for (;;) {
		preempt_disable();
		task = kcoro_sched_pick(cpu);	/* nobody owns it now */
		preempt_enable();
		if (!task)
			break;
		kcoro_sched_requeue(task);
	}
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

		info->switches += READ_ONCE(cpu->switches);
		raw_spin_lock_irq(&cpu->lock);
		info->cpus += cpu->online;
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
		cpu->runq_tail = &cpu->runq;
		init_llist_head(&cpu->inbox);
		INIT_LIST_HEAD(&cpu->spares);
		INIT_LIST_HEAD(&cpu->workers);
		cpu->cpu = i;
	}
}

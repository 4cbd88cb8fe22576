// SPDX-License-Identifier: GPL-2.0
/*
 * Run queues: which task a CPU runs next.
 *
 * Model: as in Go's scheduler, each CPU has a queue and a place for one task
 * that goes first, run_next. A task that the running task wakes goes to
 * run_next, so that two which talk to each other follow each other without a
 * trip through the queue; the one it displaces goes to the queue's tail. The
 * queue is one list for each priority, the most urgent first, oldest first
 * within; or the tasks that wait are a policy's to order (policy.c), which then
 * has no run_next. A task woken by a thread or an interrupt is queued where the
 * waker runs: its message is warm there.
 *
 * Every KCORO_FAIR_PICK-th pick is another's turn: of the oldest of the global
 * queue (steal.c), or else of the priorities in rotation. So neither a pair that
 * talks without end nor urgent tasks starve the others.
 *
 * States of a task, for operators; who may wake it is decided in wait.c:
 *	NEW -> RUNNABLE		kcoro_task_start()
 *	RUNNABLE -> RUNNING	the worker that picked it
 *	RUNNING -> RUNNABLE	whoever queues it
 *	RUNNING -> DEAD		its worker, after the last switch
 * A parked task is RUNNING with a wait that is PARKED.
 *
 * No lock on the queue: it belongs to the worker that owns it. That worker, and
 * the tasks it runs, touch it with preemption off. So may a hard interrupt of
 * the same CPU if it did not interrupt those in such a section (tick.c): the
 * slice timer, and the pokes of other CPUs. The owner's own sched_out, which
 * takes the ownership away, cannot come in such a section. Deactivation of the
 * CPU can, as it runs elsewhere, or here after the kernel has moved the worker to
 * another CPU: before it touches the queue it waits for an RCU grace period, and
 * so for all who had preemption off and might not have seen it.
 *
 * Everybody else, interrupt handlers on the same CPU included, puts a task into
 * the inbox, a lock-free list that the owner empties into the queue before each
 * pick. Who finds the inbox empty sees to it that somebody will look: under
 * cpu->lock it wakes the owner if that is idle, or makes a spare the owner if
 * there is none; if the owner runs a task, it sees to it that the slice timer
 * ticks. The owner looks into the inbox once more under cpu->lock before it
 * sleeps. If the CPU has been deactivated since it was chosen, what is in the
 * inbox is sent elsewhere. Requests to a CPU (for tasks to steal, for another
 * policy) come by the same way, as mail of another kind: so all that happens to
 * a queue happens on its CPU.
 *
 * A task that is special (a priority of its own, pinned to a CPU, with a thread of
 * its own, or in a bubble) never goes to run_next, and whenever it is woken, or
 * yields, it is sent where it belongs: place.c, bubble.c.
 *
 * Invariants: a task is in at most one queue, and in one only if RUNNABLE. A
 * queue that is not empty has an owner that is running or about to be, unless
 * all its CPU's workers are blocked; then the first to return takes it, or
 * another CPU steals.
 *
 * Locks: cpu->lock, for owner and spares; raw, irqs off. Under it no wake-up,
 * printk or allocation: sched_out takes it under the kernel's run queue lock.
 * It may be taken under a channel's.
 *
 * Rejected: a lock on the queue, or interrupts off around it (both cost more
 * than all else that a switch does, for the sake of rare remote access); Go's
 * ring with an atomic head, from which thieves help themselves (bounded, and
 * only for one order of tasks).
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "bubble.h"
#include "place.h"
#include "policy.h"
#include "sched.h"
#include "steal.h"
#include "tick.h"
#include "worker.h"

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
 * kcoro_sched_del_spare() - take a worker off the list of spares
 * @cpu: whose; its lock is held
 * @worker: in that list, or in none
 */
void kcoro_sched_del_spare(struct kcoro_cpu *cpu, struct kcoro_worker *worker)
{
	lockdep_assert_held(&cpu->lock);
	if (list_empty(&worker->spare))
		return;
	list_del_init(&worker->spare);
	WRITE_ONCE(cpu->nr_spares, cpu->nr_spares - 1);
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
		kcoro_sched_del_spare(cpu, worker);
	return worker;
}

/**
 * kcoro_sched_push_spare() - add an idle worker that owns nothing
 * @cpu: whose; its lock is held
 * @worker: in no list
 */
void kcoro_sched_push_spare(struct kcoro_cpu *cpu, struct kcoro_worker *worker)
{
	lockdep_assert_held(&cpu->lock);
	list_add(&worker->spare, &cpu->spares);
	WRITE_ONCE(cpu->nr_spares, cpu->nr_spares + 1);
}

/* --- Into a queue, from elsewhere ----------------------------------------- */

/* A CPU that takes tasks, this one if it does. */
static struct kcoro_cpu *cpu_choose(void)
{
	struct kcoro_cpu *cpu = raw_cpu_ptr(&kcoro_cpus);
	unsigned int i;

	if (likely(READ_ONCE(cpu->active)))
		return cpu;
	for (;;) {	/* between any two steps of hotplug there is one */
		for_each_online_cpu(i)
			if (READ_ONCE(kcoro_sched_cpu(i)->active))
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
	bool busy = false, few = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&cpu->lock, flags);
	worker = cpu->owner;
	if (unlikely(!cpu->active)) {
		back = llist_del_all(&cpu->inbox);
		worker = NULL;
	} else if (!worker) {
		worker = kcoro_sched_pop_spare(cpu);
		WRITE_ONCE(cpu->owner, worker);
		busy = !worker;
		few = true;
		cpu->no_spare += !worker;
		kcoro_steal_set_idle(cpu, false);
	} else if (worker->idle) {
		worker->idle = false;
		kcoro_steal_set_idle(cpu, false);
	} else {
		busy = READ_ONCE(worker->task);
		worker = NULL;
	}
	raw_spin_unlock_irqrestore(&cpu->lock, flags);
	if (worker)
		wake_up_process(worker->thread);
	if (unlikely(few))
		kcoro_pool_few(cpu);
	if (busy) {
		/* Pairs with the barrier in tick(): llist_add() was ours. */
		if (!READ_ONCE(cpu->ticking))
			kcoro_tick_poke(cpu);
		kcoro_steal_tell();
	}
	return back;
}

/* Mail that a CPU did not take: to others, or back to who sent it. */
static void bounce(struct llist_node *back)
{
	struct kcoro_mail *mail, *next;

	llist_for_each_entry_safe(mail, next, back, node) {
		if (mail->kind == KCORO_MAIL_TASK)
			kcoro_sched_requeue(container_of(mail, struct kcoro_task,
							 mail),
					    mail->why);
		else if (mail->kind == KCORO_MAIL_STEAL)
			kcoro_steal_refuse(container_of(mail, struct kcoro_cpu,
							request));
	}
}

/**
 * kcoro_sched_send() - put mail into a CPU's inbox
 * @cpu: whose
 * @first: newest of a chain of mail
 * @last: oldest of it
 *
 * Context: any but NMI, preemption off: whom it rouses must not have to wait for
 * the caller. Not under scheduler locks.
 */
void kcoro_sched_send(struct kcoro_cpu *cpu, struct llist_node *first,
		      struct llist_node *last)
{
	if (llist_add_batch(first, last, &cpu->inbox))
		bounce(cpu_rouse(cpu));
	else
		kcoro_steal_tell();
}

/**
 * kcoro_sched_requeue() - queue a task at the end of some queue
 * @task: in no queue; the caller has won its wait, or owns it otherwise
 * @why: for the policy
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_sched_requeue(struct kcoro_task *task, enum kcoro_enqueue why)
{
	struct kcoro_cpu *cpu;

	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	if (unlikely(task->own)) {
		kcoro_worker_own_ready(task);
		return;
	}
	if (unlikely(task->bubble)) {
		kcoro_bubble_ready(task);
		return;
	}
	task->mail.why = why;
	preempt_disable();
	cpu = (task->special ? kcoro_place_cpu(task) : NULL) ?: cpu_choose();
	kcoro_sched_send(cpu, &task->mail.node, &task->mail.node);
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
		self->wakes++;
		if (likely(worker->cpu->owner == worker)) {
			if (likely(!task->special)) {
				kcoro_sched_next(worker->cpu, task);
				preempt_enable();
				return;
			}
			if (kcoro_place_here(task, worker->cpu)) {
				kcoro_sched_queue_any(worker->cpu, task,
						      KCORO_ENQUEUE_WOKEN);
				preempt_enable();
				return;
			}
		}
		preempt_enable();
	}
	kcoro_sched_requeue(task, KCORO_ENQUEUE_WOKEN);
}

/**
 * kcoro_sched_surplus() - more tasks wait than their CPU can begin with soon
 * @cpu: it has just been given one
 *
 * Context: preemption off; not under scheduler locks.
 */
void kcoro_sched_surplus(struct kcoro_cpu *cpu)
{
	if (cpu->nr_queued)
		kcoro_steal_tell();
}

/* --- On the queue's CPU ---------------------------------------------------- */

/**
 * kcoro_sched_queue_any() - put any task at the end of the queue
 * @cpu: the caller owns its queue
 * @task: in no queue
 * @why: for the policy
 *
 * Context: preemption off.
 */
void kcoro_sched_queue_any(struct kcoro_cpu *cpu, struct kcoro_task *task,
			   enum kcoro_enqueue why)
{
	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	if (cpu->rq)
		kcoro_policy_queue(cpu, task, why);
	else
		kcoro_fifo_add(cpu, task, READ_ONCE(task->level));
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued + 1);
	kcoro_tick_start(cpu);
}

/**
 * kcoro_sched_take_inbox() - queue what others have sent, and do as they ask
 * @cpu: the caller owns its queue
 *
 * Context: preemption off; not under scheduler locks.
 */
void kcoro_sched_take_inbox(struct kcoro_cpu *cpu)
{
	struct llist_node *mails = llist_del_all(&cpu->inbox);
	struct kcoro_mail *mail, *next;
	LLIST_HEAD(requests);
	unsigned int nr = 0;

	mails = llist_reverse_order(mails);
	llist_for_each_entry_safe(mail, next, mails, node) {
		switch (mail->kind) {
		case KCORO_MAIL_TASK:
			kcoro_sched_queue_any(cpu, container_of(mail,
								struct kcoro_task,
								mail),
					      mail->why);
			nr++;
			break;
		case KCORO_MAIL_STEAL:
			__llist_add(&mail->node, &requests);
			break;
		case KCORO_MAIL_POLICY:
			kcoro_policy_adopt(cpu);
			break;
		}
	}
	llist_for_each_entry_safe(mail, next, requests.first, node)
		kcoro_steal_give(cpu, container_of(mail, struct kcoro_cpu,
						   request));
	if (nr > 1)
		kcoro_sched_surplus(cpu);
}

/* The turn of those whom others might starve, or NULL: nobody is. */
static struct kcoro_task *pick_fair(struct kcoro_cpu *cpu)
{
	unsigned long levels = cpu->rq ? 0 : kcoro_fifo_levels(cpu);
	struct kcoro_task *task;

	if (cpu->fair_global || !levels) {
		task = kcoro_global_take(cpu);
		if (task) {
			cpu->fair_global = false;
			return task;
		}
	}
	cpu->fair_global = true;
	if (!levels)
		return NULL;
	cpu->fair_level = find_next_bit(&levels, KCORO_LEVELS,
					cpu->fair_level + 1);
	if (cpu->fair_level == KCORO_LEVELS)
		cpu->fair_level = __ffs(levels);
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
	return kcoro_fifo_pop(cpu, cpu->fair_level);
}

/**
 * kcoro_sched_take() - take a task out of the queue
 * @cpu: the caller owns its queue
 *
 * Context: preemption off.
 * Return: the task that would be next in turn, or NULL.
 */
struct kcoro_task *kcoro_sched_take(struct kcoro_cpu *cpu)
{
	unsigned long levels = kcoro_fifo_levels(cpu);
	struct kcoro_task *task = cpu->run_next;

	if (cpu->rq)
		return kcoro_policy_pick(cpu);
	if (task && !(levels & KCORO_LEVELS_ABOVE)) {
		WRITE_ONCE(cpu->run_next, NULL);
		return task;
	}
	if (!levels)
		return NULL;
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
	return kcoro_fifo_pop(cpu, __ffs(levels));
}

/**
 * kcoro_sched_pick_slow() - a pick that needs more thought
 * @cpu: the caller owns its queue; its inbox was looked into
 *
 * Context: preemption off.
 * Return: the task to run next, or NULL.
 */
struct kcoro_task *kcoro_sched_pick_slow(struct kcoro_cpu *cpu)
{
	struct kcoro_task *task = NULL;

	if (!cpu->countdown) {
		cpu->countdown = KCORO_FAIR_PICK;
		task = pick_fair(cpu);
	}
	return task ?: kcoro_sched_take(cpu);
}

/* --- CPUs that come and go -------------------------------------------------- */

/**
 * kcoro_sched_activate() - let a CPU take tasks
 * @cpu: the CPU, online, with workers
 *
 * Context: hotplug callback or process, may sleep.
 */
void kcoro_sched_activate(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *owner = NULL;

	raw_spin_lock_irq(&cpu->lock);
	WRITE_ONCE(cpu->active, true);
	if (!cpu->owner) {
		owner = kcoro_sched_pop_spare(cpu);
		WRITE_ONCE(cpu->owner, owner);
	}
	raw_spin_unlock_irq(&cpu->lock);
	if (owner)
		wake_up_process(owner->thread);	/* it looks for work */
}

/**
 * kcoro_sched_deactivate() - stop a CPU from taking tasks and move its queue
 * @cpu: the CPU
 *
 * Context: hotplug callback or process, may sleep.
 */
void kcoro_sched_deactivate(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *owner;
	struct kcoro_task *task;
	bool wake;

	raw_spin_lock_irq(&cpu->lock);
	WRITE_ONCE(cpu->active, false);
	owner = cpu->owner;
	WRITE_ONCE(cpu->owner, NULL);
	kcoro_steal_set_idle(cpu, false);
	wake = owner && owner->idle;
	if (wake)
		owner->idle = false;	/* to join the spares */
	raw_spin_unlock_irq(&cpu->lock);
	if (wake)
		wake_up_process(owner->thread);
	/* Waits for whoever has preemption off and believes to own the queue. */
	synchronize_rcu();
	preempt_disable();
	kcoro_steal_stop(cpu, true);	/* it was woken to search, and did not */
	preempt_enable();
	for (;;) {
		preempt_disable();
		kcoro_sched_take_inbox(cpu);
		task = kcoro_sched_take(cpu);	/* nobody owns it now */
		preempt_enable();
		if (!task)
			break;
		kcoro_sched_requeue(task, KCORO_ENQUEUE_MOVED);
	}
	kcoro_tick_stop(cpu);
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
	if (kcoro_tick_works())
		info->features |= KCORO_FEATURE_HOGS;
	info->preempt = preempt_model_full() ? KCORO_PREEMPT_FULL :
			preempt_model_voluntary() ? KCORO_PREEMPT_VOLUNTARY :
			KCORO_PREEMPT_NONE;
	info->workers = kcoro_pool_workers();
	info->slice_us = kcoro_tick_slice_us();
	info->nr_global = kcoro_global_count();
	info->cpus_possible = nr_cpu_ids;
	info->policy_falls = kcoro_policy_falls();
	kcoro_policy_name(info->policy);
	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		info->switches += READ_ONCE(cpu->switches);
		info->steals += atomic64_read(&cpu->stolen);
		raw_spin_lock_irq(&cpu->lock);
		info->cpus += cpu->active;
		info->spares += cpu->nr_spares;
		info->handovers += cpu->handovers;
		info->no_spare += cpu->no_spare;
		raw_spin_unlock_irq(&cpu->lock);
		info->hogs += READ_ONCE(cpu->nr_hogs);
	}
}

/**
 * kcoro_sched_init() - get the queues ready; no CPU takes tasks yet
 *
 * Context: module init.
 */
void __init kcoro_sched_init(void)
{
	unsigned int i, level;

	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		raw_spin_lock_init(&cpu->lock);
		for (level = 0; level < KCORO_LEVELS; level++)
			cpu->fifo[level].tail = &cpu->fifo[level].first;
		init_llist_head(&cpu->inbox);
		INIT_LIST_HEAD(&cpu->spares);
		INIT_LIST_HEAD(&cpu->workers);
		cpu->countdown = KCORO_FAIR_PICK;
		cpu->cpu = i;
		cpu->seed = i;
		cpu->request.kind = KCORO_MAIL_STEAL;
		cpu->change.kind = KCORO_MAIL_POLICY;
		kcoro_tick_init(cpu);
	}
}

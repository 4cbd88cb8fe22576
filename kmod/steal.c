// SPDX-License-Identifier: GPL-2.0
/*
 * Work for idle CPUs: the global queue, and stealing.
 *
 * Model: a CPU whose queue is empty becomes a searcher. It takes its share of
 * the global queue, where tasks are put that belong to no CPU (those that come
 * back after their worker has lost its CPU); else it asks the other CPUs, in an
 * order that begins at random, for half of their tasks, and sleeps when none has
 * any. A CPU that is asked gives by itself, at its next pick: the request comes
 * by its inbox (sched.c). If it does not answer within some microseconds, as its
 * task computes or a user thread has the CPU, it is poked, and its interrupt
 * handler gives (tick.c). The task in run_next is given only if the running one
 * has kept the CPU for a tick, as it would else be next in a moment, where its
 * message is warm. Pinned tasks stay.
 *
 * Who wakes searchers, as in Go's proc.go: as few as needed, but one whenever
 * there may be work.
 * - Whoever queues more than can begin at once wakes an idle CPU to search,
 *   unless somebody searches (kcoro_steal_tell()).
 * - At most half of the CPUs that are not idle search at a time.
 * - The last searcher that found work, elsewhere or in its own inbox, tells the
 *   next: there may be more. So does one that is deactivated.
 * - No wake-up is lost: who queues does so first, and then looks for searchers,
 *   with a full barrier between (A); who stops searching first says so, and that
 *   it is idle, and then looks at the queues once more, with a full barrier
 *   between (B). What waits behind a task that computes becomes worth stealing
 *   without being queued anew: then the slice timer tells.
 *
 * Invariants: nr_idle is the number of bits in idle_cpus; a CPU's is set only
 * under its lock, while it has no task to run. nr_searching counts the CPUs
 * with searching set. A CPU has one request, which is in one inbox at most.
 *
 * Locks: global_lock (raw, irqs off) guards the global queue, and nests in
 * nothing and nothing in it; cpu->lock for the idle mask.
 *
 * Rejected: thieves that reach into another CPU's queue (it would need a lock, or
 * atomic operations at each pick); to wake an idle CPU for each task that is
 * woken (what the running task wakes is nearly always best run after it).
 */
#include <linux/cpumask.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include "policy.h"
#include "sched.h"
#include "steal.h"
#include "tick.h"
#include "trace.h"
#include "worker.h"

#define GRAB_MAX	64	/* tasks taken from the global queue at once */
#define POKE_NS		3000	/* a CPU that did not answer by then is poked */
#define PATIENCE_NS	20000	/* and left alone after that */
#define ROUNDS		2	/* over all CPUs */

static DEFINE_RAW_SPINLOCK(global_lock);
static struct kcoro_task *global_first;	/* [global_lock] */
static struct kcoro_task **global_tail = &global_first; /* [global_lock] */
static u32 nr_global;	/* [global_lock], read without */

static struct cpumask idle_cpus;
static atomic_t nr_idle = ATOMIC_INIT(0);
static atomic_t nr_searching = ATOMIC_INIT(0);

/* --- The global queue ------------------------------------------------------- */

/**
 * kcoro_global_put() - queue a task for whatever CPU comes first
 * @task: RUNNABLE, in no queue, not special
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_global_put(struct kcoro_task *task)
{
	unsigned long flags;

	WRITE_ONCE(task->state, KCORO_STATE_RUNNABLE);
	task->rq_next = NULL;
	raw_spin_lock_irqsave(&global_lock, flags);
	*global_tail = task;
	global_tail = &task->rq_next;
	WRITE_ONCE(nr_global, nr_global + 1);
	raw_spin_unlock_irqrestore(&global_lock, flags);
	kcoro_steal_tell();
}

/**
 * kcoro_global_take() - take the oldest task of the global queue
 * @cpu: for whom
 *
 * Context: any but NMI.
 * Return: the task or NULL.
 */
struct kcoro_task *kcoro_global_take(struct kcoro_cpu *cpu)
{
	struct kcoro_task *task;
	unsigned long flags;

	if (!READ_ONCE(nr_global))
		return NULL;
	raw_spin_lock_irqsave(&global_lock, flags);
	task = global_first;
	if (task) {
		global_first = task->rq_next;
		if (!global_first)
			global_tail = &global_first;
		WRITE_ONCE(nr_global, nr_global - 1);
	}
	raw_spin_unlock_irqrestore(&global_lock, flags);
	return task;
}

/**
 * kcoro_global_count() - number of tasks in the global queue
 *
 * Context: any.
 */
u32 kcoro_global_count(void)
{
	return READ_ONCE(nr_global);
}

/* A CPU's share of the global queue. */
static bool grab(struct kcoro_cpu *cpu)
{
	u32 share = READ_ONCE(nr_global) / num_online_cpus() + 1;
	struct kcoro_task *task;
	u32 nr = 0;

	share = min_t(u32, share, GRAB_MAX);
	while (nr < share && (task = kcoro_global_take(cpu))) {
		kcoro_sched_queue_any(cpu, task, KCORO_ENQUEUE_MOVED);
		nr++;
	}
	return nr;
}

/* --- Idle CPUs and searchers ------------------------------------------------- */

/**
 * kcoro_steal_set_idle() - a CPU has become idle, or is no longer
 * @cpu: its lock is held
 * @idle: which
 */
void kcoro_steal_set_idle(struct kcoro_cpu *cpu, bool idle)
{
	lockdep_assert_held(&cpu->lock);
	if (cpu->idle == idle)
		return;
	WRITE_ONCE(cpu->idle, idle);
	if (idle) {
		cpumask_set_cpu(cpu->cpu, &idle_cpus);
		atomic_inc(&nr_idle);
	} else {
		cpumask_clear_cpu(cpu->cpu, &idle_cpus);
		atomic_dec(&nr_idle);
	}
}

/* Make an idle CPU search: it is counted already. */
static bool wake_searcher(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&cpu->lock, flags);
	if (cpu->idle && cpu->active) {
		worker = cpu->owner;
		if (!worker) {
			worker = kcoro_sched_pop_spare(cpu);
			WRITE_ONCE(cpu->owner, worker);
		}
		if (worker) {
			worker->idle = false;
			cpu->searching = true;
		}
		kcoro_steal_set_idle(cpu, false);
	}
	raw_spin_unlock_irqrestore(&cpu->lock, flags);
	if (worker)
		wake_up_process(worker->thread);
	return worker;
}

/**
 * kcoro_steal_tell() - somebody has more tasks than it can run
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_steal_tell(void)
{
	unsigned int i;

	/* (A): pairs with (B) in the idle CPU's worker_rest(). */
	smp_mb();
	if (likely(!atomic_read(&nr_idle)) || atomic_read(&nr_searching) ||
	    atomic_cmpxchg(&nr_searching, 0, 1))
		return;
	for_each_cpu(i, &idle_cpus)
		if (wake_searcher(kcoro_sched_cpu(i)))
			return;
	atomic_dec(&nr_searching);
}

/**
 * kcoro_steal_any() - is there work elsewhere?
 * @cpu: the caller's, which is about to sleep
 *
 * Context: any.
 */
bool kcoro_steal_any(const struct kcoro_cpu *cpu)
{
	unsigned int i;

	if (READ_ONCE(nr_global))
		return true;
	for_each_online_cpu(i) {
		struct kcoro_cpu *other = kcoro_sched_cpu(i);

		if (other != cpu && READ_ONCE(other->nr_queued))
			return true;
	}
	return false;
}

/* --- The thief ---------------------------------------------------------------- */

static bool has_mail(const struct kcoro_cpu *cpu)
{
	return !llist_empty(&cpu->inbox);
}

static bool ask(struct kcoro_cpu *cpu, struct kcoro_cpu *victim)
{
	u64 start = local_clock(), waited;
	bool poked = false;

	if (!READ_ONCE(cpu->asked)) {
		WRITE_ONCE(cpu->asked, true);
		kcoro_sched_send(victim, &cpu->request.node,
				 &cpu->request.node);
	}
	do {
		cpu_relax();
		/* Pairs with the release in kcoro_steal_refuse(). */
		if (!smp_load_acquire(&cpu->asked) || has_mail(cpu) ||
		    need_resched())
			break;
		waited = local_clock() - start;
		if (!poked && waited > POKE_NS) {
			kcoro_tick_poke(victim);
			poked = true;
		}
	} while (waited < PATIENCE_NS);
	return has_mail(cpu);
}

static bool ask_all(struct kcoro_cpu *cpu)
{
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++) {
		cpu->seed = cpu->seed * 1664525 + 1013904223;
		for_each_cpu_wrap(i, cpu_online_mask,
				  (cpu->seed >> 8) % nr_cpu_ids) {
			struct kcoro_cpu *victim = kcoro_sched_cpu(i);

			if (victim == cpu || !READ_ONCE(victim->active) ||
			    !kcoro_sched_waiting(victim))
				continue;
			if (ask(cpu, victim))
				return true;
		}
	}
	return has_mail(cpu);
}

/**
 * kcoro_steal_stop() - a CPU that may be searching does so no longer
 * @cpu: the caller owns its queue, or nobody does
 * @found: it has work: there may be more
 *
 * Context: preemption off; not under scheduler locks.
 */
void kcoro_steal_stop(struct kcoro_cpu *cpu, bool found)
{
	if (!cpu->searching)
		return;
	cpu->searching = false;
	if (atomic_dec_and_test(&nr_searching) && found)
		kcoro_steal_tell();
}

/**
 * kcoro_steal_search() - look for tasks elsewhere
 * @cpu: the caller owns its queue, which is empty
 *
 * Context: a worker's loop, preemption off.
 * Return: true: there are tasks, in the queue or the inbox.
 */
bool kcoro_steal_search(struct kcoro_cpu *cpu)
{
	bool found = grab(cpu);

	if (!cpu->searching) {
		if (found)
			return true;
		if (2 * atomic_read(&nr_searching) >=
		    (int)num_online_cpus() - atomic_read(&nr_idle))
			return false;
		atomic_inc(&nr_searching);
		cpu->searching = true;
	}
	if (!found)
		found = ask_all(cpu);
	kcoro_steal_stop(cpu, found);
	return found;
}

/* --- The victim ---------------------------------------------------------------- */

/* A chain of tasks on their way to another CPU, newest first. */
struct chain {
	struct llist_node *first;
	struct llist_node *last;
	u32 nr;
};

static void chain_add(struct chain *chain, struct kcoro_task *task)
{
	struct llist_node *node = &task->mail.node;

	task->mail.why = KCORO_ENQUEUE_MOVED;
	node->next = chain->first;
	chain->first = node;
	if (!chain->last)
		chain->last = node;
	chain->nr++;
}

/* Up to @nr tasks of one list that may leave, oldest first. */
static void give_level(struct kcoro_cpu *cpu, u32 level, struct chain *chain,
		       u32 nr)
{
	struct kcoro_fifo *fifo = &cpu->fifo[level];
	struct kcoro_task **link = &fifo->first, *task;

	while (nr && (task = *link)) {
		if (task->pin >= 0) {
			link = &task->rq_next;
			continue;
		}
		*link = task->rq_next;
		if (!*link)
			fifo->tail = link;
		WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
		chain_add(chain, task);
		nr--;
	}
	if (!fifo->first)
		cpu->levels &= ~BIT(level);
}

/* The task in run_next, which may have been pinned since it came there. */
static void give_next(struct kcoro_cpu *cpu, struct chain *chain)
{
	if (!cpu->run_next || cpu->run_next->pin >= 0)
		return;
	chain_add(chain, cpu->run_next);
	WRITE_ONCE(cpu->run_next, NULL);
}

/* The same for a policy's queue. */
static void give_policy(struct kcoro_cpu *cpu, struct chain *chain, u32 nr)
{
	struct kcoro_task *pinned = NULL, *task;

	while (nr-- && (task = kcoro_policy_give(cpu))) {
		if (task->pin < 0) {
			chain_add(chain, task);
		} else {
			task->rq_next = pinned;
			pinned = task;
		}
	}
	while ((task = pinned)) {
		pinned = task->rq_next;
		kcoro_sched_queue_any(cpu, task, KCORO_ENQUEUE_MOVED);
	}
}

static void give(struct kcoro_cpu *cpu, struct chain *chain, u32 nr)
{
	unsigned long levels = kcoro_fifo_levels(cpu);
	u32 level;

	if (cpu->rq) {
		give_policy(cpu, chain, nr);
		return;
	}
	for_each_set_bit(level, &levels, KCORO_LEVELS)
		give_level(cpu, level, chain, nr - chain->nr);
	if (!chain->nr && cpu->ran)
		give_next(cpu, chain);
}

static void deliver(struct kcoro_cpu *cpu, struct kcoro_cpu *to,
		    const struct chain *chain)
{
	struct kcoro_task *task;

	llist_for_each_entry(task, chain->first, mail.node) {
		task->steals++;
		trace_kcoro_steal(task, cpu->cpu, to->cpu);
	}
	atomic64_add(chain->nr, &to->stolen);
	kcoro_sched_send(to, chain->first, chain->last);
}

/**
 * kcoro_steal_refuse() - tell a thief that its request has been dealt with
 * @thief: who asked
 *
 * Context: any.
 */
void kcoro_steal_refuse(struct kcoro_cpu *thief)
{
	/* Pairs with the acquire in ask(): what was given is in the inbox. */
	smp_store_release(&thief->asked, false);
}

/**
 * kcoro_steal_give() - give half of the tasks that wait to a CPU that asked
 * @cpu: the caller owns its queue
 * @thief: who asked
 *
 * Context: preemption off; not under scheduler locks.
 */
void kcoro_steal_give(struct kcoro_cpu *cpu, struct kcoro_cpu *thief)
{
	struct chain chain = { NULL };

	give(cpu, &chain, DIV_ROUND_UP(cpu->nr_queued, 2));
	if (chain.nr)
		deliver(cpu, thief, &chain);
	kcoro_steal_refuse(thief);
}

/**
 * kcoro_steal_move() - give all tasks that wait to another CPU that goes on
 * @cpu: the caller owns its queue, which nobody serves
 *
 * Context: preemption off; not under scheduler locks.
 */
void kcoro_steal_move(struct kcoro_cpu *cpu)
{
	struct kcoro_cpu *to = NULL, *other;
	struct chain chain = { NULL };
	unsigned int i;

	for_each_online_cpu(i) {
		other = kcoro_sched_cpu(i);
		if (other != cpu && READ_ONCE(other->active) &&
		    !kcoro_tick_stuck(other) &&
		    (!to || READ_ONCE(other->nr_queued) <
			    READ_ONCE(to->nr_queued)))
			to = other;
	}
	if (!to)
		return;
	give(cpu, &chain, cpu->nr_queued);
	if (!cpu->rq)
		give_next(cpu, &chain);
	if (chain.nr)
		deliver(cpu, to, &chain);
}

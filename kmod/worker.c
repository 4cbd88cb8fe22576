// SPDX-License-Identifier: GPL-2.0
/*
 * Workers: the kthreads that run tasks.
 *
 * Model: each CPU has one worker that owns its queue and some spares (how many:
 * pool.c). The owner's loop takes a task and switches to the task's stack. A
 * task that parks or yields switches straight to the next one in the queue; the
 * loop has its turn when the queue is empty or not the worker's any more, once a
 * tick, when a task ends, and when one wants a function run on the worker's own
 * stack (a native call).
 *
 * A switch, wherever from and to, is made with preemption off. What becomes of
 * the task that was left is settled on the stack that was switched to, as only
 * then are its registers saved: arrive() for a task's stack, run_tasks() for the
 * loop's. One level of "preemption off" goes along with each switch; that of a
 * task that parks in a channel is the channel's lock, which is dropped on the
 * other side.
 *
 * Hand-over: a task may block in plain kernel code. It then stays on its
 * kthread, and the preempt notifier's sched_out gives the CPU's queue to a
 * spare; if nothing is queued, to nobody, and whoever queues something wakes a
 * spare. When the blocked worker comes back it takes the queue if it has no
 * owner; else it finishes its task's slice beside the owner, puts the task into
 * the global queue and joins the spares. So does one whose task did not give way
 * (tick.c). Without CONFIG_PREEMPT_NOTIFIERS a task that blocks is found by the
 * slice timer; INFO says which holds.
 *
 * A task that asked for a thread of its own has a worker that never owns a
 * queue: it sleeps until the task is ready, runs it, and ends with it. So has a
 * bubble, for all its tasks (bubble.c).
 *
 * What makes a coroutine look like the kthread that runs it:
 * - the stack canary: one for all workers (a task's frames carry it from one
 *   to the next);
 * - current->stack: the task's while it runs, the worker's own while the
 *   worker is off the CPU, as __switch_to() computes the top of the stack
 *   that an oops is handled on from it, and as a kthread that dies is freed
 *   by it;
 * - function_graph and kretprobe records are kept per kthread: this file is
 *   built without -pg, and workers pause the graph tracer.
 *
 * A worker that dies in a task (an oops) is replaced: sched_out hands the queue
 * over and kcoro_task_crashed() ends the task. Its stack, and the module, are
 * never freed: somebody may still look at them.
 *
 * RCU-tasks waits for each task of the kernel to pass through the scheduler;
 * a coroutine switch does not. So the loop says cond_resched_tasks_rcu_qs()
 * every tick.
 *
 * Rejected: interrupts off over a switch. An interrupt handler runs on a stack
 * of its own; what it sees between the two halves of a switch, the stack pointer
 * and current->stack in disagreement, it must expect of any NMI's view too.
 *
 * Locks: cpu->lock (sched.h). Memory order: native is written by the worker
 * before it is in any list.
 */
#include <linux/cpumask.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "arch/x86/switch.h"
#include "bubble.h"
#include "compat.h"
#include "place.h"
#include "policy.h"
#include "sched.h"
#include "steal.h"
#include "tick.h"
#include "trace.h"
#include "worker.h"

#ifdef CONFIG_KMSAN
#error "KMSAN keeps its state per kthread and cannot follow tasks"
#endif

static bool stuff_rsb;
module_param(stuff_rsb, bool, 0444);
MODULE_PARM_DESC(stuff_rsb, "Fill the return stack buffer at each switch");

static DEFINE_STATIC_KEY_FALSE(rsb_key);
static unsigned long shared_canary __ro_after_init;

#define STACK_HEADROOM	512	/* bytes a task must have left when it parks */
#define PF_MEMALLOC_ANY	(PF_MEMALLOC | PF_MEMALLOC_NOFS | PF_MEMALLOC_NOIO)

/**
 * kcoro_worker_handover() - does a CPU go on when a task blocks?
 *
 * Context: any.
 */
bool kcoro_worker_handover(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_NOTIFIERS);
}

static __always_inline void switch_stacks(unsigned long *save,
					  unsigned long *load, void *stack)
{
	struct task_struct *thread = kcoro_arch_current();

	lockdep_assert_preemption_disabled();
	if (static_branch_unlikely(&rsb_key))
		kcoro_arch_switch_stuffed(save, load, &thread->stack, stack);
	else
		kcoro_arch_switch(save, load, &thread->stack, stack);
}

/* --- On a task's stack --------------------------------------------------- */

static unsigned long stack_left(const struct kcoro_task *task)
{
	return (unsigned long)__builtin_frame_address(0) -
	       ((unsigned long)task->stack + THREAD_SIZE -
		task->stack_pages * PAGE_SIZE);
}

static noinline void __cold complain(const struct kcoro_task *task)
{
	const struct task_struct *thread = current;

	WARN_ONCE(1, "kcoro: task %llu (%s) gives way while it holds what belongs to its kthread, or is about to overflow: preempt %x rcu %d irqs %s locks %d journal %d bio %d plug %d mm %d cred %d migrate %d pagefault %d memalloc %x stack left %lu\n",
		  task->id, task->name, preempt_count(), rcu_preempt_depth(),
		  irqs_disabled() ? "off" : "on",
#ifdef CONFIG_LOCKDEP
		  thread->lockdep_depth,
#else
		  0,
#endif
		  !!thread->journal_info, !!thread->bio_list, !!thread->plug,
		  !!thread->mm, current_cred() != current_real_cred(),
		  thread->migration_disabled, pagefault_disabled(),
		  thread->flags & PF_MEMALLOC_ANY, stack_left(task));
}

/*
 * A task must hold nothing that belongs to its kthread when it leaves it, but
 * for @locks locks of ours. One branch for all of it, as this is on the path
 * of every switch.
 */
static __always_inline void check_holds_nothing(const struct kcoro_task *task,
						int locks)
{
	const struct task_struct *thread = kcoro_arch_current();
	unsigned long held;

	held = (preempt_count() - locks * PREEMPT_LOCK_OFFSET) |
	       rcu_preempt_depth() | (unsigned long)thread->journal_info |
	       (unsigned long)thread->bio_list | (unsigned long)thread->plug |
	       (unsigned long)thread->mm |
	       ((unsigned long)rcu_access_pointer(thread->cred) ^
		(unsigned long)rcu_access_pointer(thread->real_cred)) |
	       thread->migration_disabled | thread->pagefault_disabled |
	       (thread->flags & PF_MEMALLOC_ANY);
#ifdef CONFIG_LOCKDEP
	held |= debug_locks ? thread->lockdep_depth - locks : 0;
#endif
	if (unlikely(held || irqs_disabled() || stack_left(task) < STACK_HEADROOM))
		complain(task);
}

/* Queue a task that is special. */
static noinline void settle_special(struct kcoro_worker *worker,
				    struct kcoro_task *task)
{
	if (worker->cpu->owner == worker && kcoro_place_here(task, worker->cpu))
		kcoro_sched_queue_any(worker->cpu, task, KCORO_ENQUEUE_YIELDED);
	else
		kcoro_sched_requeue(task, KCORO_ENQUEUE_YIELDED);
}

/*
 * Deal with a task that has left its stack: only now may others resume it. On
 * whatever stack comes next; preemption is off.
 */
static __always_inline void settle(struct kcoro_worker *worker,
				   struct kcoro_task *task)
{
	if (likely(task->op == KCORO_SWITCH_PARK_LOCKED)) {
		if (likely(kcoro_wait_leaves_unarmed(&task->wait)))
			return;
	} else if (task->op == KCORO_SWITCH_PARK) {
		if (kcoro_wait_leaves(&task->wait))
			return;
	}
	if (unlikely(task->special))
		settle_special(worker, task);
	else if (likely(worker->cpu->owner == worker))
		kcoro_sched_queue(worker->cpu, task, KCORO_ENQUEUE_YIELDED);
	else
		kcoro_global_put(task);
}

/* Drop the lock with which another task left its stack. */
static __always_inline void unlock_for(raw_spinlock_t *lock)
{
	__acquire(lock);	/* for sparse: it was taken on that stack */
	raw_spin_unlock(lock);
}

/*
 * On @task's stack after a switch to it: settle whom it followed, if anybody.
 * One level of "preemption off" has come along, which may be that of a lock
 * that the other task held until now.
 */
static __always_inline void arrive(struct kcoro_task *task)
{
	struct kcoro_worker *worker = READ_ONCE(task->worker);
	struct kcoro_task *prev = worker->prev;
	raw_spinlock_t *lock = NULL;

	if (likely(prev)) {
		worker->prev = NULL;
		if (likely(prev->op == KCORO_SWITCH_PARK_LOCKED))
			lock = prev->park_lock;
		settle(worker, prev);
	}
	if (likely(lock))
		unlock_for(lock);
	else
		preempt_enable();
}

/* Make @task what @worker runs. Preemption is off. */
static __always_inline void load(struct kcoro_worker *worker,
				 struct kcoro_task *task)
{
	WRITE_ONCE(task->state, KCORO_STATE_RUNNING);
	WRITE_ONCE(task->worker, worker);
	WRITE_ONCE(task->cpu, worker->cpu->cpu);
	task->switches++;
	worker->cpu->switches++;
	worker->cpu->resched = false;
	WRITE_ONCE(worker->task, task);
	trace_kcoro_switch_in(task);
}

/* @task has had the CPU until now. Preemption is off. */
static __always_inline void account(struct kcoro_worker *worker,
				    struct kcoro_task *task,
				    enum kcoro_switch_op op)
{
	u64 now = get_cycles(), ran = now - worker->since;

	worker->since = now;
	if (likely(op != KCORO_SWITCH_EXIT)) {	/* its last time is known */
		task->run_cycles += ran;
		task->waits += op != KCORO_SWITCH_YIELD;
	}
	if (unlikely(worker->cpu->rq && worker->cpu->owner == worker))
		kcoro_policy_ran(worker->cpu, task, ran,
				 op != KCORO_SWITCH_YIELD);
}

static __always_inline bool worker_tired(const struct kcoro_worker *worker)
{
	return time_after(jiffies, worker->qs_jiffies) ||
	       test_tsk_need_resched(kcoro_arch_current());
}

/*
 * Leave @task's stack: for the next task's if its turn has come, else for the
 * worker's loop. Returns when the task is given a worker again, perhaps
 * another one, and has settled the task whose stack was left for this one.
 * Entered with one level of "preemption off", left without.
 */
static __always_inline void leave(struct kcoro_task *task,
				  enum kcoro_switch_op op)
{
	struct kcoro_worker *worker = task->worker;
	struct kcoro_task *next = NULL;

	task->op = op;
	if (op != KCORO_SWITCH_NATIVE) {
		account(worker, task, op);
		trace_kcoro_switch_out(task);
	}
	if (op != KCORO_SWITCH_NATIVE && op != KCORO_SWITCH_EXIT &&
	    likely(worker->cpu->owner == worker && !worker_tired(worker)))
		next = kcoro_sched_pick(worker->cpu);
	if (likely(next)) {
		worker->prev = task;
		load(worker, next);
		switch_stacks(&task->sp, &next->sp, next->stack);
	} else {
		switch_stacks(&task->sp, &worker->sp, worker->native);
	}
	arrive(task);
}

/**
 * kcoro_worker_switch_out() - give the worker back
 * @task: the caller
 * @op: why; not KCORO_SWITCH_PARK_LOCKED
 *
 * Returns when the task is given a worker again, perhaps another one.
 *
 * Context: @task's stack.
 */
noinline void kcoro_worker_switch_out(struct kcoro_task *task,
				      enum kcoro_switch_op op)
{
	check_holds_nothing(task, 0);
	preempt_disable();
	leave(task, op);
}
NOKPROBE_SYMBOL(kcoro_worker_switch_out);

/**
 * kcoro_worker_account() - count the time that a task has run up to now
 * @task: the caller
 *
 * Context: @task's stack.
 */
void kcoro_worker_account(struct kcoro_task *task)
{
	struct kcoro_worker *worker;
	u64 now;

	preempt_disable();
	worker = task->worker;
	now = get_cycles();
	task->run_cycles += now - worker->since;
	worker->since = now;
	WRITE_ONCE(worker->cpu->run_cycles,
		   worker->cpu->run_cycles + now - worker->began);
	worker->began = now;
	preempt_enable();
}

/**
 * kcoro_worker_park_locked() - park with a lock held until it is done
 * @task: the caller; its waiter is in a queue that @lock guards, its wait idle
 * @lock: dropped once the task has left its stack: whoever finds the waiter
 *	may then win it and go on
 *
 * Returns when the wait was won, or with the wait's cause -ECANCELED.
 *
 * Context: @task's stack; @lock held, and nothing else.
 */
noinline void kcoro_worker_park_locked(struct kcoro_task *task,
				       raw_spinlock_t *lock)
	__releases(lock)
{
	check_holds_nothing(task, 1);
	task->park_lock = lock;
	leave(task, KCORO_SWITCH_PARK_LOCKED);
	__release(lock);
}
NOKPROBE_SYMBOL(kcoro_worker_park_locked);

/* First code on a task's stack. */
asmlinkage void kcoro_arch_main(void *arg)
{
	arrive(arg);
	kcoro_task_main(arg);
}
NOKPROBE_SYMBOL(kcoro_arch_main);

/* Last code: the frames of the task's own functions are gone. */
asmlinkage void kcoro_arch_last(void *arg)
{
	kcoro_worker_switch_out(arg, KCORO_SWITCH_EXIT);
	/* Never resumed: the trampoline would trap. */
}
NOKPROBE_SYMBOL(kcoro_arch_last);

/* --- The loop ------------------------------------------------------------- */

/*
 * Run tasks, @task first, until one gives way to the loop. Preemption is off
 * before and after.
 */
static void run_tasks(struct kcoro_worker *worker, struct kcoro_task *task)
{
	load(worker, task);
	worker->since = get_cycles();
	worker->began = worker->since;
	for (;;) {
		switch_stacks(&worker->sp, &task->sp, task->stack);
		task = worker->task;
		if (task->op != KCORO_SWITCH_NATIVE)
			break;
		preempt_enable();
		task->native_ret = task->native_fn(task->native_arg);
		preempt_disable();
	}
	WRITE_ONCE(worker->task, NULL);
	WRITE_ONCE(worker->cpu->run_cycles,
		   worker->cpu->run_cycles + worker->since - worker->began);
	if (task->op == KCORO_SWITCH_EXIT) {
		WRITE_ONCE(task->state, KCORO_STATE_DEAD);
		preempt_enable();
		kcoro_task_reap(task);
		preempt_disable();
	} else if (task->op == KCORO_SWITCH_PARK_LOCKED) {
		raw_spinlock_t *lock = task->park_lock;

		settle(worker, task);
		preempt_disable();
		unlock_for(lock);
	} else {
		settle(worker, task);
	}
}
NOKPROBE_SYMBOL(run_tasks);

/* Let others have the CPU. Preemption is off before and after. */
static void worker_breathe(struct kcoro_worker *worker)
{
	worker->qs_jiffies = jiffies;
	preempt_enable();
	cond_resched_tasks_rcu_qs();
	if (unlikely(signal_pending(current)))
		flush_signals(current);	/* a stray SIGKILL from outside */
	preempt_disable();
}

/* Take a queue that has no owner; else join the spares, and say false. */
static bool worker_own(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;

	lockdep_assert_held(&cpu->lock);
	if (!cpu->owner && cpu->active) {
		kcoro_sched_del_spare(cpu, worker);
		WRITE_ONCE(cpu->owner, worker);
		kcoro_steal_set_idle(cpu, false);
		return true;
	}
	if (list_empty(&worker->spare)) {
		worker->rest_jiffies = jiffies;
		kcoro_sched_push_spare(cpu, worker);
	}
	return false;
}

/*
 * The owner has nothing to run: look elsewhere, and sleep if there is nothing
 * either. Preemption is off before and after.
 */
static void owner_rest(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;
	u64 start;

	if (kcoro_steal_search(cpu))
		return;
	raw_spin_lock_irq(&cpu->lock);
	if (cpu->owner != worker || !llist_empty(&cpu->inbox) || worker->stop) {
		raw_spin_unlock_irq(&cpu->lock);
		return;
	}
	worker->idle = true;
	kcoro_steal_set_idle(cpu, true);
	/* Its barrier is (B), which pairs with (A) in kcoro_steal_tell(). */
	set_current_state(TASK_IDLE);
	raw_spin_unlock_irq(&cpu->lock);
	worker->again = !worker->again && kcoro_steal_any(cpu);
	if (likely(!worker->again)) {
		start = get_cycles();
		preempt_enable();
		schedule();
		preempt_disable();
		WRITE_ONCE(cpu->idle_cycles,
			   cpu->idle_cycles + get_cycles() - start);
	}
	__set_current_state(TASK_RUNNING);
	raw_spin_lock_irq(&cpu->lock);
	if (unlikely(worker->idle)) {	/* nobody has woken it */
		worker->idle = false;
		kcoro_steal_set_idle(cpu, false);
	}
	raw_spin_unlock_irq(&cpu->lock);
}

/* Its CPU's lock is held. False: it was none. */
static bool hog_ends(struct kcoro_worker *worker)
{
	bool hog = worker->hog;

	worker->hog = false;
	worker->cpu->nr_hogging -= hog;
	return hog;
}

/*
 * Not the owner: become it, or sleep as a spare until woken. Preemption is off
 * before and after. False: stop.
 */
static bool spare_rest(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;
	bool hog;

	raw_spin_lock_irq(&cpu->lock);
	hog = hog_ends(worker);
	if (worker->stop) {
		kcoro_sched_del_spare(cpu, worker);
		if (cpu->owner == worker)
			WRITE_ONCE(cpu->owner, NULL);
		raw_spin_unlock_irq(&cpu->lock);
		return false;
	}
	if (hog || cpu->owner == worker || worker_own(worker)) {
		raw_spin_unlock_irq(&cpu->lock);
		if (hog) {
			preempt_enable();
			set_user_nice(current, kcoro_pool_nice());
			preempt_disable();
		}
		return true;
	}
	set_current_state(TASK_IDLE);
	raw_spin_unlock_irq(&cpu->lock);
	preempt_enable();
	schedule();
	__set_current_state(TASK_RUNNING);
	preempt_disable();
	return true;
}

/*
 * The owner runs on another CPU, as the kernel is about to take its own offline,
 * or did not after all. Preemption is off before and after. False: it has had
 * preemption on, and may be the owner no more.
 */
static bool owner_away(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;

	if (cpu_active(cpu->cpu)) {
		preempt_enable();
		set_cpus_allowed_ptr(current, cpumask_of(cpu->cpu));
		preempt_disable();
		return false;
	}
	kcoro_tick_wait(cpu);
	return true;
}

static void worker_loop(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;
	struct kcoro_task *task;

	preempt_disable();
	for (;;) {
		if (likely(READ_ONCE(cpu->owner) == worker &&
			   !READ_ONCE(worker->stop))) {
			if (unlikely(smp_processor_id() != cpu->cpu) &&
			    !owner_away(worker))
				continue;
			task = kcoro_sched_pick(cpu);
			if (likely(task)) {
				kcoro_steal_stop(cpu, true);
				run_tasks(worker, task);
			} else {
				owner_rest(worker);
			}
		} else if (!spare_rest(worker)) {
			break;
		}
		if (unlikely(worker_tired(worker)))
			worker_breathe(worker);
	}
	preempt_enable();
}

/* Does a worker never own a queue, and run on any CPU? */
static bool apart(const struct kcoro_worker *worker)
{
	return worker->own || worker->bubble;
}

/* Run a task on such a worker. True: it has ended. */
static bool run_apart(struct kcoro_worker *worker, struct kcoro_task *task)
{
	bool ended;

	preempt_disable();
	worker->cpu = kcoro_sched_cpu(smp_processor_id());
	run_tasks(worker, task);
	ended = task->op == KCORO_SWITCH_EXIT;
	if (worker_tired(worker))
		worker_breathe(worker);
	preempt_enable();
	return ended;
}

/* The loop of a worker that is a task's own: until the task ends. */
static void worker_own_loop(struct kcoro_worker *worker)
{
	struct kcoro_task *task = kcoro_task_get(worker->own);
	bool ended = false;

	while (!ended) {
		set_current_state(TASK_IDLE);
		if (!atomic_xchg(&worker->own_ready, 0)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		ended = run_apart(worker, task);
	}
	__set_current_state(TASK_RUNNING);
	kcoro_task_put(task);
}

/* The loop of a worker that is a bubble's: until all its tasks have ended. */
static void worker_bubble_loop(struct kcoro_worker *worker)
{
	struct kcoro_task *task;

	while ((task = kcoro_bubble_next(worker->bubble))) {
		kcoro_task_get(task);
		run_apart(worker, task);
		kcoro_bubble_ran(task);
		kcoro_task_put(task);
	}
}

/**
 * kcoro_worker_own_ready() - let a task that has a thread of its own run
 * @task: the caller has won its wait, or owns it otherwise
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_worker_own_ready(struct kcoro_task *task)
{
	struct task_struct *thread = get_task_struct(task->own->thread);

	/* Afterwards it may run, end, and be freed. */
	atomic_set_release(&task->own->own_ready, 1);
	wake_up_process(thread);
	put_task_struct(thread);
}

/* --- Preempt notifiers ---------------------------------------------------- */

#ifdef CONFIG_PREEMPT_NOTIFIERS

/* The kernel's run queue lock is held: no wake-up, printk or allocation. */
static void worker_sched_out(struct preempt_notifier *notifier,
			     struct task_struct *next)
{
	struct kcoro_worker *worker =
		container_of(notifier, struct kcoro_worker, notifier);
	struct kcoro_cpu *cpu = worker->cpu;
	struct task_struct *thread = worker->thread;
	struct kcoro_worker *spare = NULL;

	worker->parked_stack = thread->stack;
	thread->stack = worker->native;
	if (!worker->task)
		return;
	WRITE_ONCE(worker->out, get_cycles());
	if (kcoro_still_runnable(thread))
		return;

	raw_spin_lock(&cpu->lock);
	if (unlikely(READ_ONCE(thread->__state) == TASK_DEAD)) {
		worker->crashed = true;
		hog_ends(worker);
		WRITE_ONCE(cpu->nr_crashed, cpu->nr_crashed + 1);
		irq_work_queue(&cpu->kick);
	} else if (unlikely(worker->bubble && !worker->bubble->native)) {
		kcoro_bubble_fail(worker->bubble, KCORO_BUBBLE_BLOCKED,
				  worker->bubble->running);
	}
	if (cpu->owner == worker) {
		if (kcoro_sched_waiting(cpu)) {
			spare = kcoro_sched_pop_spare(cpu);
			if (spare) {
				cpu->handovers++;
				worker->task->handovers++;
			} else {
				cpu->no_spare++;
			}
			cpu->to_wake = spare;
			irq_work_queue(&cpu->kick);
		} else {
			kcoro_steal_set_idle(cpu, true);
		}
		WRITE_ONCE(cpu->owner, spare);
	}
	raw_spin_unlock(&cpu->lock);
}
NOKPROBE_SYMBOL(worker_sched_out);

static void worker_sched_in(struct preempt_notifier *notifier, int to)
{
	struct kcoro_worker *worker =
		container_of(notifier, struct kcoro_worker, notifier);
	struct kcoro_cpu *cpu = worker->cpu;
	unsigned long flags;
	u64 away;

	worker->thread->stack = worker->parked_stack;
	if (!worker->task)
		return;
	away = get_cycles() - worker->out;
	WRITE_ONCE(worker->since, worker->since + away);
	worker->began += away;
	WRITE_ONCE(worker->out, 0);
	if (apart(worker))
		worker->cpu = kcoro_sched_cpu(to);
	if (apart(worker) || READ_ONCE(cpu->owner) || cpu->cpu != to)
		return;
	raw_spin_lock_irqsave(&cpu->lock, flags);
	/* A hog would only lose the queue again, once somebody waits. */
	if (!cpu->owner && cpu->active && !worker->hog) {
		WRITE_ONCE(cpu->owner, worker);
		kcoro_steal_set_idle(cpu, false);
	}
	raw_spin_unlock_irqrestore(&cpu->lock, flags);
}
NOKPROBE_SYMBOL(worker_sched_in);

static struct preempt_ops worker_preempt_ops = {
	.sched_in = worker_sched_in,
	.sched_out = worker_sched_out,
};

static void worker_watch(struct kcoro_worker *worker)
{
	preempt_notifier_init(&worker->notifier, &worker_preempt_ops);
	preempt_notifier_register(&worker->notifier);
}

static void worker_unwatch(struct kcoro_worker *worker)
{
	preempt_notifier_unregister(&worker->notifier);
}

#else

static void worker_watch(struct kcoro_worker *worker) { }
static void worker_unwatch(struct kcoro_worker *worker) { }
static void preempt_notifier_inc(void) { }
static void preempt_notifier_dec(void) { }

#endif /* CONFIG_PREEMPT_NOTIFIERS */

/* --- A worker's thread ----------------------------------------------------- */

/**
 * kcoro_worker_main() - what the thread of a worker runs
 * @data: the worker
 *
 * Context: a new kthread.
 * Return: 0, when it was told to stop, or its own task has ended.
 */
int __attribute__((no_stack_protector)) kcoro_worker_main(void *data)
{
	struct kcoro_worker *worker = data;
	unsigned long canary = kcoro_arch_set_canary(shared_canary);

	worker->native = current->stack;
	allow_signal(SIGKILL);	/* ends native calls that say so: task.c */
	pause_graph_tracing();
	worker_watch(worker);
	if (worker->own)
		worker_own_loop(worker);
	else if (worker->bubble)
		worker_bubble_loop(worker);
	else
		worker_loop(worker);
	worker_unwatch(worker);
	unpause_graph_tracing();
	kcoro_arch_set_canary(canary);
	if (apart(worker)) {
		kcoro_pool_apart_ended(worker);
		module_put_and_kthread_exit(0);
	}
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/**
 * kcoro_worker_setup() - get ready to make workers
 *
 * Context: module init.
 */
void __init kcoro_worker_setup(void)
{
	if (!kcoro_worker_handover())
		pr_info("kcoro: this kernel has no preempt notifiers: tasks that block are found by the slice timer\n");
	if (stuff_rsb)
		static_branch_enable(&rsb_key);
	shared_canary = get_random_long() & KCORO_ARCH_CANARY_MASK;
	preempt_notifier_inc();
}

/**
 * kcoro_worker_cleanup() - undo kcoro_worker_setup()
 *
 * Context: module init or exit; there are no workers.
 */
void kcoro_worker_cleanup(void)
{
	preempt_notifier_dec();
}

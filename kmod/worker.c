// SPDX-License-Identifier: GPL-2.0
/*
 * Workers: the kthreads that run tasks.
 *
 * Model: each CPU has one worker that owns its queue and some spares. The
 * owner's loop takes a task and switches to the task's stack. A task that parks
 * or yields switches straight to the next one in the queue; the loop has its
 * turn when the queue is empty or not the worker's any more, once a tick, when a
 * task ends, and when one wants a function run on the worker's own stack (a
 * native call).
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
 * owner; else it finishes its task's slice beside the owner and joins the
 * spares. Without CONFIG_PREEMPT_NOTIFIERS a task that blocks holds up its
 * CPU's other tasks; INFO says which holds.
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
 * Hotplug: the queue of an offline CPU moves; its workers finish what they
 * blocked in wherever the kernel puts them, and are bound again when the CPU
 * returns. Waiting for them would let a task block the CPU's offlining.
 *
 * Rejected: interrupts off over a switch. An interrupt handler runs on a stack
 * of its own; what it sees between the two halves of a switch, the stack pointer
 * and current->stack in disagreement, it must expect of any NMI's view too.
 *
 * Locks: cpu->lock (sched.h). Memory order: thread and native are written
 * before the worker is in any list.
 */
#include <linux/cpu.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "arch/x86/switch.h"
#include "compat.h"
#include "sched.h"
#include "trace.h"

#ifdef CONFIG_KMSAN
#error "KMSAN keeps its state per kthread and cannot follow tasks"
#endif

static unsigned int spares = 8;
module_param(spares, uint, 0444);
MODULE_PARM_DESC(spares, "Spare workers of each CPU, 1 to 256 (default 8)");

static bool stuff_rsb;
module_param(stuff_rsb, bool, 0444);
MODULE_PARM_DESC(stuff_rsb, "Fill the return stack buffer at each switch");

static DEFINE_STATIC_KEY_FALSE(rsb_key);
static unsigned long shared_canary __ro_after_init;
static enum cpuhp_state hotplug_state __ro_after_init;
static atomic_t nr_workers = ATOMIC_INIT(0);

#define STACK_HEADROOM	512	/* bytes a task must have left when it parks */
#define PF_MEMALLOC_ANY	(PF_MEMALLOC | PF_MEMALLOC_NOFS | PF_MEMALLOC_NOIO)

/**
 * kcoro_worker_count() - number of workers, idle ones included
 *
 * Context: any.
 */
u32 kcoro_worker_count(void)
{
	return atomic_read(&nr_workers);
}

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
	if (likely(worker->cpu->owner == worker))
		kcoro_sched_queue(worker->cpu, task);
	else
		kcoro_sched_requeue(task);
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
	WRITE_ONCE(worker->task, task);
	trace_kcoro_switch_in(task);
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
	if (op != KCORO_SWITCH_NATIVE)
		trace_kcoro_switch_out(task);
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
	if (!cpu->owner && cpu->online) {
		list_del_init(&worker->spare);
		WRITE_ONCE(cpu->owner, worker);
		return true;
	}
	if (list_empty(&worker->spare))
		list_add(&worker->spare, &cpu->spares);
	return false;
}

/*
 * There is nothing to run, or not for this worker: take the queue, or sleep
 * until woken. Preemption is off before and after. False: stop.
 */
static bool worker_rest(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;

	raw_spin_lock_irq(&cpu->lock);
	if (worker->stop) {
		list_del_init(&worker->spare);
		if (cpu->owner == worker)
			WRITE_ONCE(cpu->owner, NULL);
		raw_spin_unlock_irq(&cpu->lock);
		return false;
	}
	if (cpu->owner == worker ? !llist_empty(&cpu->inbox) :
				   worker_own(worker)) {
		raw_spin_unlock_irq(&cpu->lock);
		return true;
	}
	worker->idle = cpu->owner == worker;
	set_current_state(TASK_IDLE);
	raw_spin_unlock_irq(&cpu->lock);
	preempt_enable();
	schedule();
	__set_current_state(TASK_RUNNING);
	preempt_disable();
	return true;
}

static void worker_loop(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;
	struct kcoro_task *task;

	preempt_disable();
	for (;;) {
		task = NULL;
		if (likely(READ_ONCE(cpu->owner) == worker))
			task = kcoro_sched_pick(cpu);
		if (likely(task))
			run_tasks(worker, task);
		else if (!worker_rest(worker))
			break;
		if (unlikely(worker_tired(worker)))
			worker_breathe(worker);
	}
	preempt_enable();
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
	if (!worker->task || kcoro_still_runnable(thread))
		return;

	raw_spin_lock(&cpu->lock);
	if (unlikely(READ_ONCE(thread->__state) == TASK_DEAD)) {
		worker->crashed = true;
		WRITE_ONCE(cpu->nr_crashed, cpu->nr_crashed + 1);
		irq_work_queue(&cpu->kick);
	}
	if (cpu->owner == worker) {
		if (kcoro_sched_waiting(cpu)) {
			spare = kcoro_sched_pop_spare(cpu);
			if (spare)
				cpu->handovers++;
			else
				cpu->no_spare++;
		}
		WRITE_ONCE(cpu->owner, spare);
		if (spare) {
			cpu->to_wake = spare;
			irq_work_queue(&cpu->kick);
		}
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

	worker->thread->stack = worker->parked_stack;
	if (!worker->task || READ_ONCE(cpu->owner))
		return;
	raw_spin_lock_irqsave(&cpu->lock, flags);
	if (!cpu->owner && cpu->online)
		WRITE_ONCE(cpu->owner, worker);
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

/* sched_out's wake-up, made when the run queue lock is free. */
static void cpu_kick(struct irq_work *work)
{
	struct kcoro_cpu *cpu = container_of(work, struct kcoro_cpu, kick);
	struct kcoro_worker *worker;
	unsigned long flags;

	raw_spin_lock_irqsave(&cpu->lock, flags);
	worker = cpu->to_wake;
	cpu->to_wake = NULL;
	raw_spin_unlock_irqrestore(&cpu->lock, flags);
	if (unlikely(READ_ONCE(cpu->nr_crashed)))
		schedule_work(&cpu->bury);
	if (!worker)
		return;
	trace_kcoro_handover(cpu->cpu);
	wake_up_process(worker->thread);
}

/* --- Life and death of workers -------------------------------------------- */

static int __attribute__((no_stack_protector)) worker_main(void *data)
{
	struct kcoro_worker *worker = data;
	unsigned long canary = kcoro_arch_set_canary(shared_canary);

	worker->native = current->stack;
	allow_signal(SIGKILL);	/* ends native calls that say so: task.c */
	pause_graph_tracing();
	worker_watch(worker);
	worker_loop(worker);
	worker_unwatch(worker);
	unpause_graph_tracing();
	kcoro_arch_set_canary(canary);
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static int worker_create(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker;

	worker = kzalloc(sizeof(*worker), GFP_KERNEL);
	if (!worker)
		return -ENOMEM;
	worker->cpu = cpu;
	INIT_LIST_HEAD(&worker->spare);
	worker->thread = kthread_create_on_cpu(worker_main, worker, cpu->cpu,
					       "kcoro/%u");
	if (IS_ERR(worker->thread)) {
		int err = PTR_ERR(worker->thread);

		kfree(worker);
		return err;
	}
	get_task_struct(worker->thread);
	list_add_tail(&worker->node, &cpu->workers);
	atomic_inc(&nr_workers);
	wake_up_process(worker->thread);
	return 0;
}

/*
 * End the tasks of workers that died in one, and replace the workers. Of the
 * dead the stacks and structures stay as they are and the module stays loaded:
 * the oops may have left references to all of them.
 */
static void cpu_bury(struct work_struct *work)
{
	struct kcoro_cpu *cpu = container_of(work, struct kcoro_cpu, bury);
	struct kcoro_worker *worker, *next;

	cpus_read_lock();
	raw_spin_lock_irq(&cpu->lock);
	WRITE_ONCE(cpu->nr_crashed, 0);
	raw_spin_unlock_irq(&cpu->lock);
	list_for_each_entry_safe(worker, next, &cpu->workers, node) {
		if (!worker->crashed)
			continue;
		__module_get(THIS_MODULE);
		list_del(&worker->node);
		atomic_dec(&nr_workers);
		/* A CPU that comes back online makes up for its own. */
		if (cpu->online && worker_create(cpu))
			pr_warn("kcoro: no replacement for a worker of CPU %u that crashed\n",
				cpu->cpu);
		kcoro_task_crashed(worker->task);
	}
	cpus_read_unlock();
}

static int cpu_comes_online(unsigned int nr)
{
	struct kcoro_cpu *cpu = kcoro_sched_cpu(nr);
	struct kcoro_worker *worker;
	unsigned int have = 0;
	int err = 0;

	list_for_each_entry(worker, &cpu->workers, node) {
		set_cpus_allowed_ptr(worker->thread, cpumask_of(nr));
		have++;
	}
	/* One owner and its spares; fewer spares are no failure. */
	for (; have < 1 + spares && !err; have += !err)
		err = worker_create(cpu);
	if (!have)
		return err;
	raw_spin_lock_irq(&cpu->lock);
	cpu->online = true;
	raw_spin_unlock_irq(&cpu->lock);
	return 0;
}

static int cpu_goes_offline(unsigned int nr)
{
	kcoro_sched_offline(kcoro_sched_cpu(nr));
	return 0;
}

static void cpu_stop_workers(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker, *next;

	list_for_each_entry(worker, &cpu->workers, node) {
		raw_spin_lock_irq(&cpu->lock);
		worker->stop = true;
		raw_spin_unlock_irq(&cpu->lock);
	}
	list_for_each_entry_safe(worker, next, &cpu->workers, node) {
		kthread_stop(worker->thread);
		put_task_struct(worker->thread);
		list_del(&worker->node);
		kfree(worker);
		atomic_dec(&nr_workers);
	}
	irq_work_sync(&cpu->kick);
}

/**
 * kcoro_worker_init() - start the workers of all CPUs
 *
 * Context: module init.
 * Return: 0, -EINVAL for a wrong parameter, -ENOMEM.
 */
int __init kcoro_worker_init(void)
{
	unsigned int i;
	int err;

	if (spares < 1 || spares > 256) {
		pr_err("kcoro: spares=%u: must be 1 to 256\n", spares);
		return -EINVAL;
	}
	if (!kcoro_worker_handover())
		pr_info("kcoro: this kernel has no preempt notifiers: a task that blocks holds up its CPU's tasks\n");
	if (stuff_rsb)
		static_branch_enable(&rsb_key);
	shared_canary = get_random_long() & KCORO_ARCH_CANARY_MASK;
	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		cpu->kick = IRQ_WORK_INIT_HARD(cpu_kick);
		INIT_WORK(&cpu->bury, cpu_bury);
	}
	preempt_notifier_inc();
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kcoro:online",
				cpu_comes_online, cpu_goes_offline);
	if (err < 0) {
		for_each_possible_cpu(i)
			cpu_stop_workers(kcoro_sched_cpu(i));
		preempt_notifier_dec();
		return err;
	}
	hotplug_state = err;
	return 0;
}

/**
 * kcoro_worker_exit() - stop all workers
 *
 * Context: module exit; there are no tasks.
 */
void kcoro_worker_exit(void)
{
	unsigned int i;

	cpuhp_remove_state_nocalls(hotplug_state);
	for_each_possible_cpu(i)
		cpu_stop_workers(kcoro_sched_cpu(i));
	preempt_notifier_dec();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The slice timer: what is done about a task that keeps its CPU.
 *
 * Model: while tasks wait for a CPU, a hard timer of that CPU ticks, about once
 * a millisecond. It counts for how many ticks the same task has run.
 *	1 tick		an idle CPU is told, if there is one, and may take over
 *			those who wait, also the one in run_next
 *	1 slice		kcoro_should_yield() says so to the task
 *	2 slices	the task is a hog: a spare gets the queue, and the hog
 *			goes on beside it as an ordinary thread, made nice, until
 *			it comes back to its worker's loop
 *	2 ticks more	the spare has not run, which under voluntary preemption
 *			it cannot as long as the hog is in kernel code and does
 *			not offer to give way; or there was no spare: all that
 *			wait go to another CPU
 * If all CPUs are hogged so under voluntary preemption, nothing helps; INFO says
 * which preemption there is. A task that blocks is none of this file's business,
 * unless the kernel has no preempt notifiers: then it is found at a tick.
 *
 * The timer is armed by who queues a task (kcoro_sched_queue(), cpu_rouse()),
 * and stops by itself when nobody waits: with nothing to run there is no timer
 * interrupt.
 *
 * In a hard interrupt of its CPU the queue may be touched if what was
 * interrupted does not touch it: the owner does so with preemption off only
 * (queue_quiet()). If it did, the next tick is soon enough. Nor may it if the
 * owner runs on another CPU, where the kernel moves the workers of a CPU that
 * goes offline before it tells us. Another CPU that wants the inbox looked into
 * pokes, which is such an interrupt too.
 *
 * Locks: cpu->lock, to change the owner.
 *
 * Rejected: a timer for each task that runs (hrtimers cost more than a switch);
 * the kernel's own tick (no hook for modules).
 */
#include <linux/hrtimer.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "compat.h"
#include "policy.h"
#include "sched.h"
#include "steal.h"
#include "tick.h"
#include "trace.h"
#include "worker.h"

#define TICK_NS		NSEC_PER_MSEC
#define HOG_NICE	10
#define SLICE_MIN_US	1000
#define SLICE_MAX_US	1000000

static unsigned int slice_us = 4000;

static int slice_set(const char *text, const struct kernel_param *param)
{
	return param_set_uint_minmax(text, param, SLICE_MIN_US, SLICE_MAX_US);
}

static const struct kernel_param_ops slice_ops = {
	.set = slice_set,
	.get = param_get_uint,
};

module_param_cb(slice_us, &slice_ops, &slice_us, 0644);
MODULE_PARM_DESC(slice_us,
		 "A task's turn while others wait, microseconds (default 4000)");

/**
 * kcoro_tick_works() - is a task that keeps its CPU dealt with?
 *
 * Without CONFIG_PREEMPT_COUNT no interrupt can know what it interrupted.
 *
 * Context: any.
 */
bool kcoro_tick_works(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_COUNT);
}

/**
 * kcoro_tick_slice_us() - the length of a turn, in microseconds
 *
 * Context: any.
 */
u32 kcoro_tick_slice_us(void)
{
	return READ_ONCE(slice_us);
}

static u32 slice_ticks(void)
{
	return kcoro_tick_slice_us() * NSEC_PER_USEC / TICK_NS;
}

/**
 * kcoro_tick_stuck() - has a CPU not changed tasks for long, with some waiting?
 * @cpu: which
 *
 * Context: any.
 */
bool kcoro_tick_stuck(const struct kcoro_cpu *cpu)
{
	return READ_ONCE(cpu->ran) >= slice_ticks();
}

/*
 * Must a worker run on its CPU, if anywhere? Not once the kernel has begun to
 * take the CPU offline, which is before we hear of it.
 */
static bool at_home(const struct kcoro_worker *worker)
{
	return task_cpu(worker->thread) == worker->cpu->cpu &&
	       READ_ONCE(worker->thread->nr_cpus_allowed) == 1;
}

/*
 * May an interrupt handler of this CPU touch its queue? An owner that is woken
 * elsewhere while it does so waits for it: kcoro_tick_wait().
 */
static bool queue_quiet(const struct kcoro_cpu *cpu)
{
	const struct kcoro_worker *owner = READ_ONCE(cpu->owner);

	if (!READ_ONCE(cpu->active) || cpu->cpu != smp_processor_id())
		return false;
	if (!owner)
		return true;
	if (owner->thread != kcoro_arch_current())
		return at_home(owner);
	return kcoro_tick_works() && preempt_count() == HARDIRQ_OFFSET;
}

/*
 * Give the queue to a spare, as the owner does not serve it. Returns false if
 * there is none.
 */
static bool pass_on(struct kcoro_cpu *cpu, struct kcoro_worker *owner, bool hog)
{
	struct kcoro_worker *spare = NULL;

	raw_spin_lock(&cpu->lock);
	if (cpu->owner == owner)
		spare = kcoro_sched_pop_spare(cpu);
	if (spare) {
		WRITE_ONCE(cpu->owner, spare);
		owner->hog = hog;
		cpu->nr_hogging += hog;
		cpu->handovers += !hog;
	} else {
		cpu->no_spare++;
	}
	raw_spin_unlock(&cpu->lock);
	kcoro_pool_few(cpu);
	if (!spare)
		return false;
	if (hog)
		set_user_nice(owner->thread, HOG_NICE);
	wake_up_process(spare->thread);
	return true;
}

/* The owner runs a task that does not give way. */
static void deal_with_hog(struct kcoro_cpu *cpu, struct kcoro_worker *owner)
{
	struct kcoro_task *task = owner->task;

	if (cpu->hog_switches != cpu->switches) {
		cpu->hog_switches = cpu->switches;
		WRITE_ONCE(cpu->nr_hogs, cpu->nr_hogs + 1);
		task->hogs++;
		task->hog_switches = task->switches;
		trace_kcoro_hog(task, cpu->cpu, cpu->ran);
	}
	if (!pass_on(cpu, owner, true))
		kcoro_steal_move(cpu);
}

static bool blocked(const struct kcoro_worker *owner)
{
	return !kcoro_worker_handover() &&
	       owner->thread != kcoro_arch_current() &&
	       READ_ONCE(owner->thread->__state) != TASK_RUNNING;
}

/* Tasks wait, and no other has got the CPU for @cpu->ran ticks, over 0. */
static void deal_with_wait(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *owner = READ_ONCE(cpu->owner);
	u32 slice = slice_ticks();
	bool runs = owner && READ_ONCE(owner->task);

	if (runs && cpu->ran >= slice)
		WRITE_ONCE(cpu->resched, true);
	kcoro_steal_tell();
	if (!queue_quiet(cpu))
		return;
	if (runs && blocked(owner))
		pass_on(cpu, owner, false);
	else if (runs && cpu->ran >= 2 * slice)
		deal_with_hog(cpu, owner);
	else if (!runs && cpu->ran >= 2 * slice + 2)
		kcoro_steal_move(cpu);
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct kcoro_cpu *cpu = container_of(timer, struct kcoro_cpu, tick);

	/* Hotplug moves timers. */
	if (cpu->cpu != smp_processor_id() || !READ_ONCE(cpu->active)) {
		WRITE_ONCE(cpu->ticking, false);
		return HRTIMER_NORESTART;
	}
	WRITE_ONCE(cpu->ran, cpu->switches == cpu->tick_switches ?
			     cpu->ran + 1 : 0);
	cpu->tick_switches = cpu->switches;
	if (queue_quiet(cpu)) {
		if (!llist_empty(&cpu->inbox))
			kcoro_sched_take_inbox(cpu);
		kcoro_policy_tick(cpu);
	}
	if (cpu->ran && kcoro_sched_waiting(cpu))
		deal_with_wait(cpu);
	if (!kcoro_sched_waiting(cpu)) {
		WRITE_ONCE(cpu->ran, 0);
		WRITE_ONCE(cpu->ticking, false);
		/* Pairs with the llist_add_batch() that comes before cpu_rouse(). */
		smp_mb();
		if (!kcoro_sched_waiting(cpu))
			return HRTIMER_NORESTART;
		WRITE_ONCE(cpu->ticking, true);
	}
	hrtimer_forward_now(timer, TICK_NS);
	return HRTIMER_RESTART;
}

/**
 * kcoro_tick_start() - arm the slice timer, as a task waits
 * @cpu: that of the caller, or one that is not active
 *
 * Context: any but NMI, preemption off; not under scheduler locks.
 */
void kcoro_tick_start(struct kcoro_cpu *cpu)
{
	if (cpu->ticking || !READ_ONCE(cpu->active) ||
	    cpu->cpu != smp_processor_id())
		return;
	WRITE_ONCE(cpu->ticking, true);
	hrtimer_start(&cpu->tick, TICK_NS, HRTIMER_MODE_REL_PINNED_HARD);
}

static void poked(void *data)
{
	struct kcoro_cpu *cpu = data;

	atomic_set(&cpu->poking, 0);
	/* Pairs with the atomic_xchg() of who finds that this is still to run. */
	smp_mb__after_atomic();
	if (!llist_empty(&cpu->inbox) && queue_quiet(cpu))
		kcoro_sched_take_inbox(cpu);
	if (kcoro_sched_waiting(cpu))
		kcoro_tick_start(cpu);
}

/**
 * kcoro_tick_poke() - have a CPU look into its inbox while a task runs there
 * @cpu: which
 *
 * Context: any but NMI, preemption off; not under scheduler locks.
 */
void kcoro_tick_poke(struct kcoro_cpu *cpu)
{
	if (cpu->cpu == smp_processor_id()) {
		/* A policy may want the task that runs to give way. */
		if (in_hardirq() && queue_quiet(cpu))
			kcoro_sched_take_inbox(cpu);
		kcoro_tick_start(cpu);
	} else if (!atomic_xchg(&cpu->poking, 1)) {
		/*
		 * One at a time: the kernel does not look after that, and a call
		 * queued twice makes a ring of its queue. Fails if the CPU has gone.
		 */
		if (smp_call_function_single_async(cpu->cpu, &cpu->poke))
			atomic_set(&cpu->poking, 0);
	}
}

static void nothing(void *unused) { }

/**
 * kcoro_tick_wait() - wait for interrupt handlers that may touch a queue
 * @cpu: whose; the caller owns it, but runs on another CPU. Handlers that begin
 *	afterwards see that
 *
 * Context: a worker's loop; preemption may be off.
 */
void kcoro_tick_wait(struct kcoro_cpu *cpu)
{
	/* Fails if the CPU has gone, and its handlers with it. */
	smp_call_function_single(cpu->cpu, nothing, NULL, 1);
}

/**
 * kcoro_tick_init() - get the timer of a CPU ready
 * @cpu: which
 *
 * Context: module init.
 */
void kcoro_tick_init(struct kcoro_cpu *cpu)
{
	kcoro_hrtimer_setup(&cpu->tick, tick, HRTIMER_MODE_REL_PINNED_HARD);
	INIT_CSD(&cpu->poke, poked, cpu);
}

/**
 * kcoro_tick_stop() - disarm the timer of a CPU
 * @cpu: not active, and nobody believes that it is
 *
 * Context: may sleep.
 */
void kcoro_tick_stop(struct kcoro_cpu *cpu)
{
	hrtimer_cancel(&cpu->tick);
	WRITE_ONCE(cpu->ticking, false);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Bubbles: tasks by themselves, in virtual time, as in Go's testing/synctest.
 *
 * Model: a bubble has a worker of its own that runs its tasks one at a time and
 * never owns a CPU's queue. Which of those that can run is next is drawn from the
 * bubble's seed; so is the order of a select's cases. The clock stands still
 * while a task can run. When all wait, one who waits for just that
 * (kcoro_bubble_wait()) is woken; else the clock moves on to the next alarm.
 * What is spawned in a bubble is in it too. So all that happens follows from the
 * seed, and each step is noted and hashed: two runs can be compared.
 *
 * It is made, its worker too, then filled with tasks that do not run yet, then
 * started, by one who makes it at a time: kernel code, whose one task does the rest
 * (kcoro_bubble_run()), or a program (bubble_fd.c). The worker waits for the start, so
 * that whoever has to end a bubble that was never run just starts it.
 *
 * It ends when its tasks have. It fails, and all its tasks are killed, if
 * something happens that does not follow from the seed, or nothing can happen any
 * more:
 *	all wait and there is no alarm: they would for ever, as
 *	somebody from outside, an interrupt included, wakes one (which would be
 *		the only other way on), or cancels or kills one
 *	a task makes a native call, or blocks in plain kernel code: others might
 *		run meanwhile, and the clock stands still
 *	who runs the bubble is killed, cancelled, or gets a signal; a program's goes
 *		on, to the end of its context
 * The first of these is what the caller is told.
 *
 * What is the kernel's is not virtual: ktime_get(), memory addresses, the numbers
 * of tasks. A task pinned to a CPU, or with a thread of its own, cannot be in a
 * bubble.
 *
 * Fields: a bubble belongs to its worker, before its start to who makes it; others
 * touch the list of tasks that can run, and the alarms, and say that it failed. What
 * there is at its end stays as it is.
 *
 * Locks: bubble->lock. Nothing is woken or called under it. It may be taken under
 * the kernel's lock of a wait queue.
 *
 * Rejected: contexts whose waits are durable or not, as Go's channels are in or
 * out of a bubble (here whatever comes from outside ends the run, and tells of
 * it); several workers (an order of events could not be drawn).
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/time64.h>
#include <linux/wait.h>

#include "alarm.h"
#include "bubble.h"
#include "task.h"
#include "trace.h"
#include "worker.h"

/* Those that can run are drawn from among so many that have waited longest. */
#define DRAW_MAX	64

/* Known to all, as what it hashes is no secret. */
static const siphash_key_t step_key = { { 0x6b636f726f, 0x627562626c65 } };

/* --- Steps ---------------------------------------------------------------------- */

/* A task's number in its bubble: the policy's room in it is not used. */
static u32 number(const struct kcoro_task *task)
{
	return task->entity.key;
}

static void note(struct kcoro_bubble *bubble, const struct kcoro_task *task,
		 u8 kind, u8 wait)
{
	struct kcoro_step step = {
		.time = bubble->now,
		.task = number(task),
		.by = bubble->running,
		.kind = kind,
		.wait = wait,
	};
	struct kcoro_bubble_end *end = &bubble->end;

	if (end->nr_steps < bubble->steps_max)
		bubble->steps[end->nr_steps] = step;
	end->nr_steps++;
	end->digest = siphash_4u64(end->digest, step.time,
				   (u64)step.task << 32 | step.by,
				   kind << 8 | wait, &step_key);
}

/* --- Failure -------------------------------------------------------------------- */

/**
 * kcoro_bubble_fail() - something happened that must not happen in a bubble
 * @bubble: which; the first failure counts
 * @why: what
 * @task: number of the task concerned, or 0
 *
 * Context: any, under the kernel's run queue lock too.
 */
void kcoro_bubble_fail(struct kcoro_bubble *bubble,
		       enum kcoro_bubble_failure why, u32 task)
{
	atomic64_cmpxchg(&bubble->failure, KCORO_BUBBLE_FINE,
			 (u64)task << 32 | why);
}

static bool failed(const struct kcoro_bubble *bubble)
{
	return atomic64_read(&bubble->failure);
}

static void kill_all(struct kcoro_bubble *bubble)
{
	struct kcoro_task *task;

	bubble->killed = true;
	list_for_each_entry(task, &bubble->tasks, age)
		kcoro_task_kill(task);
}

/* Who waits for what. */
static void describe_stuck(struct kcoro_bubble *bubble)
{
	char *message = bubble->end.message;
	const struct kcoro_task *task;
	int len = 0;

	len = scnprintf(message, KCORO_MESSAGE_MAX, "all wait:");
	list_for_each_entry(task, &bubble->tasks, age)
		len += scnprintf(message + len, KCORO_MESSAGE_MAX - len,
				 " %s(%s)", task->name,
				 kcoro_wait_name(task->wait.reason));
}

/* The errno of what went wrong; says so in words, too. */
static int describe(struct kcoro_bubble *bubble)
{
	static const struct {
		int err;
		const char *words;
	} failures[] = {
		[KCORO_BUBBLE_FINE] = { 0, "" },
		[KCORO_BUBBLE_STUCK] = { -EDEADLK, NULL },
		[KCORO_BUBBLE_OUTSIDE] = { -EXDEV, "was woken from outside" },
		[KCORO_BUBBLE_NATIVE] = { -EPERM, "made a native call" },
		[KCORO_BUBBLE_BLOCKED] = { -EPERM, "blocked in kernel code" },
		[KCORO_BUBBLE_CRASHED] = { -EFAULT, "crashed" },
		[KCORO_BUBBLE_LEFT] = { -ECANCELED, NULL },
		[KCORO_BUBBLE_ENDED] = { -ESHUTDOWN, NULL },
	};
	u64 failure = atomic64_read(&bubble->failure);
	u32 why = lower_32_bits(failure), task = upper_32_bits(failure);

	if (failures[why].words && why)
		scnprintf(bubble->end.message, KCORO_MESSAGE_MAX, "task %u %s",
			  task, failures[why].words);
	else if (why == KCORO_BUBBLE_LEFT)
		strscpy(bubble->end.message, "who ran it was cancelled",
			KCORO_MESSAGE_MAX);
	else if (why == KCORO_BUBBLE_ENDED)
		strscpy(bubble->end.message, "its context has ended",
			KCORO_MESSAGE_MAX);
	return failures[why].err;
}

/* --- Tasks ---------------------------------------------------------------------- */

/**
 * kcoro_bubble_enter() - have a new task be in a bubble
 * @bubble: the maker is in it, or makes it
 * @task: not started
 *
 * Context: task of the bubble, or who makes it.
 * Return: 0. -ECANCELED: the bubble has failed.
 */
int kcoro_bubble_enter(struct kcoro_bubble *bubble, struct kcoro_task *task)
{
	if (failed(bubble))
		return -ECANCELED;
	task->bubble = kcoro_bubble_get(bubble);
	task->special = true;
	return 0;
}

/**
 * kcoro_bubble_begin() - a task of a bubble is started
 * @task: nothing is left but to let it run: what is not started leaves no step
 *
 * Context: as kcoro_bubble_enter().
 */
void kcoro_bubble_begin(struct kcoro_task *task)
{
	struct kcoro_bubble *bubble = task->bubble;

	task->entity.key = ++bubble->nr_tasks;
	list_add_tail(&task->age, &bubble->tasks);
	note(bubble, task, KCORO_STEP_SPAWN, KCORO_WAIT_NONE);
}

/**
 * kcoro_bubble_get() - take a reference
 * @bubble: the caller knows that somebody holds one; NULL does nothing
 *
 * Context: any.
 * Return: @bubble.
 */
struct kcoro_bubble *kcoro_bubble_get(struct kcoro_bubble *bubble)
{
	if (bubble)
		refcount_inc(&bubble->refs);
	return bubble;
}

/**
 * kcoro_bubble_put() - drop a reference
 * @bubble: NULL does nothing
 *
 * Context: any.
 */
void kcoro_bubble_put(struct kcoro_bubble *bubble)
{
	if (!bubble || !refcount_dec_and_test(&bubble->refs))
		return;
	if (bubble->thread)
		put_task_struct(bubble->thread);
	kvfree_rcu(bubble, rcu);	/* as that does not sleep */
}

/* Does its worker call, or a task that it runs? */
static bool inside(const struct kcoro_bubble *bubble)
{
	return in_task() && current == bubble->thread;
}

/**
 * kcoro_bubble_asked() - a task of a bubble is asked to end
 * @task: by anybody, whether or not it waits
 *
 * Context: any but NMI.
 */
void kcoro_bubble_asked(const struct kcoro_task *task)
{
	struct kcoro_bubble *bubble = task->bubble;

	if (READ_ONCE(bubble->started) && !inside(bubble))
		kcoro_bubble_fail(bubble, KCORO_BUBBLE_OUTSIDE, number(task));
}

/**
 * kcoro_bubble_ready() - let a task of a bubble run
 * @task: the caller has won its wait, or owns it otherwise
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_bubble_ready(struct kcoro_task *task)
{
	struct kcoro_bubble *bubble = kcoro_bubble_get(task->bubble);
	bool outside = !inside(bubble);
	unsigned long flags;

	if (!outside)
		note(bubble, task, task->op == KCORO_SWITCH_YIELD ?
					   KCORO_STEP_YIELD : KCORO_STEP_WAKE,
		     KCORO_WAIT_NONE);
	else if (READ_ONCE(bubble->started))
		kcoro_bubble_fail(bubble, KCORO_BUBBLE_OUTSIDE, number(task));
	raw_spin_lock_irqsave(&bubble->lock, flags);
	task->rq_next = NULL;
	*bubble->ready_tail = task;
	bubble->ready_tail = &task->rq_next;
	WRITE_ONCE(bubble->nr_ready, bubble->nr_ready + 1);
	raw_spin_unlock_irqrestore(&bubble->lock, flags);
	if (outside)
		wake_up_process(bubble->thread);
	kcoro_bubble_put(bubble);
}

/* One of those that can run, or NULL. */
static struct kcoro_task *draw(struct kcoro_bubble *bubble)
{
	struct kcoro_task *task = NULL, **at = &bubble->ready;
	u32 nr;

	raw_spin_lock_irq(&bubble->lock);
	if (bubble->nr_ready) {
		nr = min(bubble->nr_ready, DRAW_MAX);
		nr = reciprocal_scale(prandom_u32_state(&bubble->random), nr);
		while (nr--)
			at = &(*at)->rq_next;
		task = *at;
		*at = task->rq_next;
		if (!*at)
			bubble->ready_tail = at;
		bubble->nr_ready--;
	}
	raw_spin_unlock_irq(&bubble->lock);
	return task;
}

/* --- Time ------------------------------------------------------------------------ */

/**
 * kcoro_bubble_alarm() - have an alarm called at a time of the bubble's
 * @bubble: whose clock
 * @alarm: not queued
 * @when: absolute; an alarm that is due is called at once
 *
 * Context: a task of the bubble, its worker, or its maker.
 */
void kcoro_bubble_alarm(struct kcoro_bubble *bubble, struct kcoro_alarm *alarm,
			ktime_t when)
{
	if (when <= bubble->now)
		when = alarm->fire(alarm, when);
	if (when == KCORO_FOREVER)
		return;
	alarm->node.expires = when;
	raw_spin_lock_irq(&bubble->lock);
	timerqueue_add(&bubble->alarms, &alarm->node);
	raw_spin_unlock_irq(&bubble->lock);
}

/**
 * kcoro_bubble_alarm_cancel() - have an alarm called no more
 * @bubble: whose clock
 * @alarm: queued or not
 *
 * Context: as kcoro_bubble_alarm(), or after the bubble's end.
 * Return: true: it was queued.
 */
bool kcoro_bubble_alarm_cancel(struct kcoro_bubble *bubble,
			       struct kcoro_alarm *alarm)
{
	bool queued;

	raw_spin_lock_irq(&bubble->lock);
	queued = !RB_EMPTY_NODE(&alarm->node.node);
	if (queued)
		timerqueue_del(&bubble->alarms, &alarm->node);
	raw_spin_unlock_irq(&bubble->lock);
	return queued;
}

/* Move the clock on to the next alarm, and call it. False: there is none. */
static bool advance(struct kcoro_bubble *bubble)
{
	struct timerqueue_node *node;
	struct kcoro_alarm *alarm;
	ktime_t next;

	raw_spin_lock_irq(&bubble->lock);
	node = timerqueue_getnext(&bubble->alarms);
	if (node)
		timerqueue_del(&bubble->alarms, node);
	raw_spin_unlock_irq(&bubble->lock);
	if (!node)
		return false;
	alarm = container_of(node, struct kcoro_alarm, node);
	WRITE_ONCE(bubble->now, max(bubble->now, node->expires));
	next = alarm->fire(alarm, node->expires);
	if (next != KCORO_FOREVER)
		kcoro_bubble_alarm(bubble, alarm, next);
	return true;
}

/**
 * kcoro_now() - the time by the caller's clock
 *
 * What deadlines are measured by: CLOCK_MONOTONIC, as ktime_get(); but for a task
 * in a bubble (kcoro_bubble.h) it is the bubble's.
 *
 * Context: any but NMI.
 */
ktime_t kcoro_now(void)
{
	return kcoro_bubble_time(kcoro_bubble_self());
}
EXPORT_SYMBOL_GPL(kcoro_now);

/* --- Its worker ------------------------------------------------------------------- */

/* Wake who waits for all others to wait. */
static bool quiet(struct kcoro_bubble *bubble)
{
	struct kcoro_wait *wait = bubble->quiet;

	if (!wait || !kcoro_wait_win(wait))
		return false;
	bubble->quiet = NULL;
	kcoro_wait_wake(wait);
	return true;
}

static void wait_for_outside(struct kcoro_bubble *bubble)
{
	set_current_state(TASK_IDLE);
	/* Pairs with the lock in kcoro_bubble_ready(), before its wake-up. */
	if (!READ_ONCE(bubble->nr_ready))
		schedule();
	__set_current_state(TASK_RUNNING);
}

static void wait_for_start(struct kcoro_bubble *bubble)
{
	/* Pairs with the release in kcoro_bubble_start(). */
	wait_event_idle(bubble->wait, smp_load_acquire(&bubble->started));
}

/**
 * kcoro_bubble_next() - what runs next?
 * @bubble: which
 *
 * Context: its worker's loop.
 * Return: the task, for kcoro_bubble_ran(); NULL: the bubble is over.
 */
struct kcoro_task *kcoro_bubble_next(struct kcoro_bubble *bubble)
{
	struct kcoro_task *task;

	wait_for_start(bubble);
	for (;;) {
		if (failed(bubble) && !bubble->killed)
			kill_all(bubble);
		task = draw(bubble);
		if (task) {
			WRITE_ONCE(bubble->running, number(task));
			return task;
		}
		if (list_empty(&bubble->tasks))
			return NULL;
		if (quiet(bubble))
			continue;
		if (bubble->killed) {
			/* A task that was won outside, but is not here yet. */
			wait_for_outside(bubble);
		} else if (!advance(bubble)) {
			describe_stuck(bubble);
			kcoro_bubble_fail(bubble, KCORO_BUBBLE_STUCK, 0);
		}
	}
}

/**
 * kcoro_bubble_ran() - a task has run
 * @task: it has given way; referenced
 *
 * Context: the worker's loop.
 */
void kcoro_bubble_ran(struct kcoro_task *task)
{
	struct kcoro_bubble *bubble = task->bubble;

	if (task->op == KCORO_SWITCH_EXIT) {
		note(bubble, task, KCORO_STEP_EXIT, KCORO_WAIT_NONE);
		list_del_init(&task->age);
	} else if (task->op != KCORO_SWITCH_YIELD) {
		note(bubble, task, KCORO_STEP_PARK, task->wait.reason);
	}
	WRITE_ONCE(bubble->running, 0);
}

/**
 * kcoro_bubble_over() - tell who waits for a bubble that it is over
 * @bubble: its worker's reference is dropped
 *
 * Context: its worker, as the last thing it does.
 */
void kcoro_bubble_over(struct kcoro_bubble *bubble)
{
	bubble->end.time = bubble->now;
	bubble->err = describe(bubble);
	/* Pairs with the acquire in kcoro_bubble_over_yet(). */
	smp_store_release(&bubble->over, true);
	wake_up_all(&bubble->wait);
	kcoro_bubble_put(bubble);
}

/**
 * kcoro_bubble_crashed() - a bubble's worker died in a task: all are ended
 * @bubble: which
 *
 * Context: process; the worker is dead.
 */
void kcoro_bubble_crashed(struct kcoro_bubble *bubble)
{
	struct kcoro_task *task, *next;

	kcoro_bubble_fail(bubble, KCORO_BUBBLE_CRASHED, bubble->running);
	list_for_each_entry_safe(task, next, &bubble->tasks, age) {
		list_del_init(&task->age);
		kcoro_task_crashed(task);
	}
	kcoro_bubble_over(bubble);
}

/* --- A bubble's life ------------------------------------------------------------- */

/**
 * kcoro_bubble_make() - make a bubble
 * @seed: what is drawn from
 * @room: how many steps it keeps by itself
 * @gfp: as of kvmalloc()
 *
 * Context: may sleep.
 * Return: the bubble, for kcoro_pool_bubble() and kcoro_bubble_put(); or NULL.
 */
struct kcoro_bubble *kcoro_bubble_make(u64 seed, u32 room, gfp_t gfp)
{
	struct kcoro_bubble *bubble;

	bubble = kvzalloc(struct_size(bubble, room, room), gfp);
	if (!bubble)
		return NULL;
	refcount_set(&bubble->refs, 1);
	bubble->now = KCORO_BUBBLE_EPOCH;
	/* Hashed, as the first draws of seeds that are alike are alike. */
	prandom_seed_state(&bubble->random, siphash_1u64(seed, &step_key));
	INIT_LIST_HEAD(&bubble->tasks);
	raw_spin_lock_init(&bubble->lock);
	bubble->ready_tail = &bubble->ready;
	timerqueue_init_head(&bubble->alarms);
	bubble->steps = bubble->room;
	bubble->steps_max = room;
	init_waitqueue_head(&bubble->wait);
	return bubble;
}

/**
 * kcoro_bubble_start() - let a bubble's tasks run
 * @bubble: has a worker; from now on it is the worker's
 *
 * Context: any but NMI; once.
 */
void kcoro_bubble_start(struct kcoro_bubble *bubble)
{
	/* Pairs with the acquire in wait_for_start(). */
	smp_store_release(&bubble->started, true);
	wake_up_all(&bubble->wait);
}

/**
 * kcoro_bubble_await() - wait for a bubble's end
 * @bubble: held, and started
 * @deadline: CLOCK_MONOTONIC, or KTIME_MAX
 *
 * Context: thread; may sleep.
 * Return: 0: it is over. -ETIMEDOUT, -ERESTARTSYS.
 */
int kcoro_bubble_await(struct kcoro_bubble *bubble, ktime_t deadline)
{
	ktime_t left = KTIME_MAX, now = ktime_get();
	int err;

	if (kcoro_bubble_over_yet(bubble))
		return 0;
	if (deadline <= now)
		return -ETIMEDOUT;
	if (deadline != KTIME_MAX)
		left = ktime_sub(deadline, now);
	err = wait_event_interruptible_hrtimeout(bubble->wait,
						 kcoro_bubble_over_yet(bubble),
						 left);
	return err == -ETIME ? -ETIMEDOUT : err;
}

/* --- For callers ----------------------------------------------------------------- */

struct run {
	struct kcoro_bubble *bubble;
	struct kcoro_task_params params;
};

/* Run it; a native call if the caller is a task. */
static int run(void *data)
{
	struct run *run = data;
	struct kcoro_bubble *bubble = run->bubble;
	struct kcoro_task *task;
	int err;

	err = kcoro_pool_bubble(bubble);
	if (err)
		return err;
	task = kcoro_task_create(&run->params);
	if (!IS_ERR(task))
		kcoro_task_start(task);
	kcoro_bubble_start(bubble);
	if (kcoro_bubble_await(bubble, KTIME_MAX)) {
		kcoro_bubble_fail(bubble, KCORO_BUBBLE_LEFT, 0);
		/* Its tasks use what the caller has. */
		wait_event(bubble->wait, kcoro_bubble_over_yet(bubble));
	}
	if (IS_ERR(task))
		return PTR_ERR(task);
	bubble->end.result = task->error ?: task->result;
	kcoro_task_put(task);
	return 0;
}

/**
 * kcoro_bubble_run() - run a function, as a task, in a bubble
 * @args: how
 * @fn: what; may spawn
 * @data: for @fn
 * @end: how it ended, also if it failed while it ran
 *
 * Returns when all tasks of the bubble have ended. If it fails they are killed,
 * and it returns when they have ended for that.
 *
 * Context: thread, or a task that is in no bubble; may sleep.
 * Return: 0. -EDEADLK: all tasks waited, and nothing could wake them. -EXDEV: one
 * was woken from outside. -EPERM: one made a native call, or blocked in kernel
 * code (found if the kernel has preempt notifiers). -EFAULT: one crashed.
 * -ECANCELED: the caller was killed, or got a signal. -EINVAL: no function, or the
 * caller is in a bubble. -ENOMEM; -EAGAIN: there are threads_max tasks with threads
 * of their own, bubbles included.
 */
int kcoro_bubble_run(const struct kcoro_bubble_args *args,
		     s64 (*fn)(void *data), void *data,
		     struct kcoro_bubble_end *end)
{
	struct run this = {
		.params = {
			.fn = fn,
			.data = data,
			.name = "main",
			.deadline = KCORO_FOREVER,
			.pin = -1,
		},
	};
	struct kcoro_bubble *bubble;
	int err;

	memset(end, 0, sizeof(*end));
	if (!fn || kcoro_bubble_self())
		return -EINVAL;
	bubble = kcoro_bubble_make(args->seed, 0, GFP_KERNEL);
	if (!bubble)
		return -ENOMEM;
	bubble->steps = args->steps;
	bubble->steps_max = args->steps_max;
	this.bubble = bubble;
	this.params.bubble = bubble;
	err = kcoro_self() ? kcoro_native_interruptible(run, &this) :
			     run(&this);
	if (!err) {
		err = bubble->err;
		*end = bubble->end;
	}
	kcoro_bubble_put(bubble);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_bubble_run);

/**
 * kcoro_bubble_wait() - wait until all other tasks of the bubble wait
 *
 * As Go's synctest.Wait(). The time stays as it is.
 *
 * Context: task in a bubble; may park.
 * Return: 0: they do. -EINVAL: the caller is in no bubble. -EBUSY: another task is
 * in this call. -ECANCELED.
 */
int kcoro_bubble_wait(void)
{
	struct kcoro_bubble *bubble = kcoro_bubble_self();
	struct kcoro_task *self = kcoro_self();
	int err;

	if (!bubble)
		return -EINVAL;
	if (bubble->quiet)
		return -EBUSY;
	err = kcoro_wait_begin(&self->wait, KCORO_WAIT_QUIET);
	if (err)
		return err;
	bubble->quiet = &self->wait;
	err = kcoro_wait_finish(&self->wait, KCORO_FOREVER);
	if (err)
		bubble->quiet = NULL;
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_bubble_wait);

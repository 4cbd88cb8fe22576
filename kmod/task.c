// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks: creation, end, join.
 *
 * Model: a task is made (kcoro_task_create), started, runs on workers, ends on
 * its own stack (kcoro_task_main), and is reaped by the worker's loop, which
 * frees the stack. The structure lives on while somebody holds a reference:
 * result, error and reason can be read any number of times.
 *
 * End, in phases, and who can still see the task in each:
 *	1 the body has returned		all; the slots are dropped, so that the
 *					other sides see end of stream
 *	2 kcoro_ctx_task_ended()	all; the context queues the exit record,
 *					unless there is a group
 *	3 done, joiners woken, then	holders of a reference; readers of the
 *	  its group is told		group's records
 *	4 reaped: stack freed		holders of a reference, who find no stack
 *	5 last reference dropped	nobody
 *
 * Locks: task->lock (raw), under which only joiners are won.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "alarm.h"
#include "body.h"
#include "bubble.h"
#include "context.h"
#include "env.h"
#include "exit.h"
#include "group.h"
#include "place.h"
#include "sched.h"
#include "scope.h"
#include "spawn.h"
#include "task.h"
#include "trace.h"
#include "value.h"
#include "worker.h"

static struct kmem_cache *task_cache;
static struct kcoro_stack_pool kernel_pool;
static atomic64_t last_id = ATOMIC64_INIT(0);
static atomic_t nr_live = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(live_wait);

static ktime_t task_deadline(struct kcoro_alarm *alarm, ktime_t due)
{
	struct kcoro_task *task =
		container_of(alarm, struct kcoro_task, deadline_alarm);

	WRITE_ONCE(task->deadline_hit, true);
	kcoro_task_kill(task);
	return KCORO_FOREVER;
}

/* Out of the caches, or not at all. */
static struct kcoro_task *task_alloc_atomic(struct kcoro_stack_pool *pool,
					    unsigned int pages)
{
	struct kcoro_task *task =
		kmem_cache_alloc(task_cache, GFP_ATOMIC | __GFP_NOWARN);

	if (!task)
		return NULL;
	task->stack = kcoro_stack_take(pool, pages);
	if (task->stack)
		return task;
	kmem_cache_free(task_cache, task);
	return NULL;
}

static struct kcoro_task *task_alloc(struct kcoro_stack_pool *pool,
				     unsigned int pages,
				     struct kcoro_bubble *bubble)
{
	struct kcoro_task *task;

	/* To block is bad in a bubble; but it is us who do. */
	if (unlikely(bubble))
		bubble->native = true;
	task = kmem_cache_alloc(task_cache, pool->gfp);
	if (task)
		task->stack = kcoro_stack_alloc(pool, pages);
	if (unlikely(bubble))
		bubble->native = false;
	if (task && !task->stack) {
		kmem_cache_free(task_cache, task);
		return NULL;
	}
	return task;
}

/**
 * kcoro_task_create() - make a task that does not run yet
 * @params: of what; see struct kcoro_task_params
 *
 * Context: may sleep; any but NMI if @params->atomic.
 * Return: the task with one reference, to be given to kcoro_task_start() or
 * kcoro_task_discard(). -EINVAL: a stack size over the limit. -ENOMEM. As
 * kcoro_pool_own(), if it shall have a thread of its own; as kcoro_bubble_enter(),
 * and -EOPNOTSUPP: in a bubble nobody has that, or is pinned.
 */
struct kcoro_task *kcoro_task_create(const struct kcoro_task_params *params)
{
	struct kcoro_stack_pool *pool = params->pool ?: &kernel_pool;
	struct kcoro_task *parent = kcoro_self();
	struct kcoro_bubble *bubble =
		params->bubble ?: parent ? parent->bubble : NULL;
	unsigned int pages = DIV_ROUND_UP(params->stack_size, PAGE_SIZE) ?:
			     KCORO_STACK_PAGES_DEFAULT;
	struct kcoro_task *task;
	int err;

	if (params->stack_size > KCORO_STACK_PAGES_MAX * PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	if (unlikely(bubble) && (params->own_thread || params->pin >= 0))
		return ERR_PTR(-EOPNOTSUPP);
	task = unlikely(params->atomic) ? task_alloc_atomic(pool, pages) :
					  task_alloc(pool, pages, bubble);
	if (!task)
		return ERR_PTR(-ENOMEM);
	memset(&task->zeroed, 0, sizeof(task->zeroed));
	task->stack_pages = pages;
	task->pool = pool;
	task->sp = kcoro_arch_frame(task->stack, task);
	kcoro_wait_init_task(&task->wait, task);
	refcount_set(&task->refs, 1);
	raw_spin_lock_init(&task->lock);
	spin_lock_init(&task->native_lock);
	kcoro_waitq_init(&task->joiners);
	INIT_LIST_HEAD(&task->exit_node);
	task->id = atomic64_inc_return(&last_id);
	task->parent = parent ? parent->id : 0;
	task->values = NULL;
	if (parent && unlikely(parent->values))
		task->values = kcoro_value_get(parent->values);
	task->start_ns = ktime_get_ns();
	task->fn = params->fn;
	task->data = params->data;
	task->owner = params->owner;
	task->body = params->body;
	task->env = params->env;
	task->ctx = params->ctx;
	task->records = params->records;
	task->flags = params->flags;
	task->deadline = params->deadline;
	strscpy_pad(task->name, params->name, sizeof(task->name));
	task->mail.kind = KCORO_MAIL_TASK;
	task->entity.key = 0;
	task->entity.aux = 0;
	INIT_LIST_HEAD(&task->age);
	kcoro_place_init(task, params->priority, params->pin);
	if (params->own_thread) {
		err = kcoro_pool_own(task);
		if (err)
			goto err_free;
		task->special = true;
	}
	if (unlikely(bubble)) {
		err = kcoro_bubble_enter(bubble, task);
		if (err)
			goto err_free;
	}
	trace_kcoro_spawn(task);
	return task;

err_free:
	if (task->values)
		kcoro_value_put(task->values);
	kcoro_stack_free(pool, task->stack, pages);
	kmem_cache_free(task_cache, task);
	return ERR_PTR(err);
}

/*
 * As there is a constructor, the kernel does not clear an object that it gives
 * out: kcoro_task_create() sets every field there is. (Most of the cost of a
 * spawn was to clear the two timers, which few tasks use.)
 */
static void task_construct(void *object)
{
	memset(object, 0, sizeof(struct kcoro_task));
}

static void task_free(struct kcoro_task *task)
{
	if (task->env)
		kcoro_env_free(task->env);
	if (task->body)
		kcoro_body_put(task->body);	/* its name was shown until now */
	if (unlikely(task->bubble))
		kcoro_bubble_put(task->bubble);
	kmem_cache_free(task_cache, task);
}

/* Give back what only a task that runs, or may run, needs. */
static void task_release(struct kcoro_task *task)
{
	u32 i;

	if (task->body) {
		if (task->body->release)
			task->body->release(task->env);
		for (i = 0; i < task->env->nr_slots; i++)
			kcoro_env_drop(task->env, i);
	}
	if (unlikely(task->values))
		kcoro_value_put(task->values);
	module_put(task->owner);
}

/* The stack may be seen by kcoro_task_info() until here. */
static void task_free_stack(struct kcoro_task *task)
{
	void *stack = task->stack;

	raw_spin_lock_irq(&task->lock);
	task->stack = NULL;
	raw_spin_unlock_irq(&task->lock);
	kcoro_stack_free(task->pool, stack, task->stack_pages);
}

/**
 * kcoro_task_discard() - free a task that was never started
 * @task: from kcoro_task_create(); its body, environment and owner go with it
 *
 * Context: may sleep.
 */
void kcoro_task_discard(struct kcoro_task *task)
{
	kcoro_pool_own_discard(task);
	task_release(task);
	task_free_stack(task);
	task_free(task);
}

/**
 * kcoro_task_start() - let a task run
 * @task: from kcoro_task_create(); the caller keeps its reference
 *
 * Context: process; any but NMI for a task without a deadline and a bubble.
 */
void kcoro_task_start(struct kcoro_task *task)
{
	refcount_inc(&task->refs);
	atomic_inc(&nr_live);
	if (unlikely(task->bubble))
		kcoro_bubble_begin(task);
	if (task->deadline != KCORO_FOREVER) {
		kcoro_alarm_setup(&task->deadline_alarm, task->bubble,
				  task_deadline, HRTIMER_MODE_ABS_SOFT);
		kcoro_alarm_start(&task->deadline_alarm, task->bubble,
				  task->deadline);
	}
	kcoro_sched_ready(task);
}

/* Phases 2 and 3 of a task's end. */
static void task_end(struct kcoro_task *task)
{
	struct kcoro_waiter *wakes;

	trace_kcoro_exit(task);
	if (task->ctx)
		kcoro_ctx_task_ended(task);
	raw_spin_lock_irq(&task->lock);
	WRITE_ONCE(task->done, true);
	wakes = kcoro_waitq_take_all(&task->joiners, 0);
	raw_spin_unlock_irq(&task->lock);
	kcoro_wake_all(wakes);
	if (unlikely(task->group))
		kcoro_group_task_ended(task);
}

/**
 * kcoro_task_finish() - end a task
 * @task: the caller, which has nothing to do any more but to leave its stack; its
 *	error and result are set
 *
 * Context: @task.
 */
void kcoro_task_finish(struct kcoro_task *task)
{
	if (unlikely(task->scope))
		kcoro_scope_close_all(task);
	if (unlikely(task->defers))
		kcoro_exit_defers(task);
	if (task->deadline != KCORO_FOREVER)
		kcoro_alarm_cancel(&task->deadline_alarm, task->bubble);
	if (task->error != -ECANCELED) {
		task->reason = KCORO_EXIT_RETURNED;
	} else if (task->deadline_hit) {
		task->reason = KCORO_EXIT_DEADLINE;
		task->error = -ETIMEDOUT;
	} else {
		task->reason = kcoro_wait_killed(&task->wait) ?
				       KCORO_EXIT_KILLED : KCORO_EXIT_CANCELED;
	}
	task_release(task);
	kcoro_worker_account(task);	/* who joins it finds its time complete */
	task_end(task);
}

/**
 * kcoro_task_main() - run a task's body and end it
 * @task: the task whose stack this is called on, first and only once
 *
 * Context: @task.
 */
void kcoro_task_main(struct kcoro_task *task)
{
	trace_kcoro_start(task);
	if (task->body) {
		task->error = task->body->run(task->env);
		task->result = task->env->result;
	} else {
		kcoro_task_set_result(task, task->fn(task->data));
	}
	kcoro_task_finish(task);
}

/**
 * kcoro_task_reap() - free the stack of a task that has left it for good
 * @task: DEAD; the reference of its life is dropped
 *
 * Context: a worker's loop.
 */
void kcoro_task_reap(struct kcoro_task *task)
{
	struct kcoro_ctx *ctx = task->ctx;

	task_free_stack(task);
	kcoro_task_put(task);
	if (ctx)
		kcoro_ctx_task_reaped(ctx);
	if (atomic_dec_and_test(&nr_live))
		wake_up_all(&live_wait);
}

/**
 * kcoro_task_crashed() - end a task whose worker died in it
 * @task: never to run again; its stack, slots and module stay as they are
 *
 * Context: process.
 */
void kcoro_task_crashed(struct kcoro_task *task)
{
	if (task->deadline != KCORO_FOREVER)
		kcoro_alarm_cancel(&task->deadline_alarm, task->bubble);
	task->reason = KCORO_EXIT_FAULT;
	task->error = -EFAULT;
	WRITE_ONCE(task->state, KCORO_STATE_DEAD);
	pr_err("kcoro: task %llu (%s) crashed and was ended; the module can not be unloaded any more\n",
	       task->id, task->name);
	task_end(task);
}

/**
 * kcoro_spawn_into() - start a task of kernel code in a group
 * @group: the caller has a place in it; NULL: in none
 * @args: as for kcoro_spawn()
 *
 * Context, Return: as kcoro_spawn().
 */
struct kcoro_task *kcoro_spawn_into(struct kcoro_group *group,
				    const struct kcoro_spawn_args *args)
{
	struct kcoro_task *self = kcoro_self();
	struct kcoro_task_params params = {
		.fn = args->fn,
		.data = args->data,
		.owner = args->owner,
		.name = args->name ?: "task",
		.stack_size = args->stack_size,
		.deadline = KCORO_FOREVER,
		.priority = args->priority,
		.pin = args->flags & KCORO_SPAWN_PIN ? args->cpu : -1,
		.own_thread = args->flags & KCORO_SPAWN_THREAD,
		.atomic = args->flags & KCORO_SPAWN_ATOMIC,
	};
	struct kcoro_task *task;
	int err;

	if (!args->fn || args->flags & ~(KCORO_SPAWN_PIN | KCORO_SPAWN_THREAD |
					 KCORO_SPAWN_ATOMIC))
		return ERR_PTR(-EINVAL);
	if (unlikely(params.atomic) &&
	    (group || params.own_thread || params.priority < 0))
		return ERR_PTR(-EINVAL);
	if (unlikely(params.atomic) && self && (self->ctx || self->bubble))
		return ERR_PTR(-EOPNOTSUPP);
	err = kcoro_place_check(params.priority, params.pin);
	if (err)
		return ERR_PTR(err);
	if (!try_module_get(args->owner))
		return ERR_PTR(-ENODEV);
	if (self && self->ctx)
		task = kcoro_child_create(self, &params);
	else
		task = kcoro_task_create(&params);
	if (IS_ERR(task)) {
		module_put(args->owner);
		return task;
	}
	if (group)
		kcoro_group_attach(group, task);
	kcoro_task_start(task);
	return task;
}

/**
 * kcoro_spawn() - start a task of kernel code
 * @args: what it runs; see struct kcoro_spawn_args
 *
 * The task is placed on the caller's CPU. If the caller is a task of a context
 * (of a program), so is the new one: it counts in that context's limits, its
 * stack is charged there, it is listed, and killed as the context ends. It
 * leaves no exit record there. (A native call is a thread, and has no context.)
 *
 * With KCORO_SPAWN_ATOMIC the task comes out of the caches: its stack is one that an
 * ended task has left, or that was made along with another. There may be none:
 * who needs the task keeps a plan, or spawned it before and wakes it.
 *
 * Context: task or thread; may sleep. With KCORO_SPAWN_ATOMIC: as
 * kmalloc(GFP_ATOMIC); any but NMI.
 * Return: the task with a reference, to be given to kcoro_task_put(). -EINVAL:
 * no function, a stack size over the limit, a flag, priority or CPU that there
 * is not. -ENODEV: @args->owner is being unloaded, or the CPU takes no tasks.
 * -ENOMEM. -EAGAIN: there are threads_max tasks with threads of their own. With
 * KCORO_SPAWN_ATOMIC: -EINVAL: a thread of its own, or a priority under 0, which a
 * thread has to be asked about; -EOPNOTSUPP: the caller is a task of
 * a context or a bubble. In a
 * bubble: -EOPNOTSUPP: nobody there is pinned, or has a thread of its own;
 * -ECANCELED: it has failed. For a
 * task of a context: -EDQUOT: it, or its user, has as many tasks as it may.
 * -EAGAIN: all programs together have. -ECANCELED: it has ended.
 */
struct kcoro_task *kcoro_spawn(const struct kcoro_spawn_args *args)
{
	return kcoro_spawn_into(NULL, args);
}
EXPORT_SYMBOL_GPL(kcoro_spawn);

/**
 * kcoro_task_get() - take a reference
 * @task: the caller knows that somebody holds one
 *
 * Context: any.
 * Return: @task.
 */
struct kcoro_task *kcoro_task_get(struct kcoro_task *task)
{
	refcount_inc(&task->refs);
	return task;
}
EXPORT_SYMBOL_GPL(kcoro_task_get);

/**
 * kcoro_task_put() - drop a reference
 * @task: may run on; NULL does nothing
 *
 * Context: process; any but NMI for one of KCORO_SPAWN_ATOMIC.
 */
void kcoro_task_put(struct kcoro_task *task)
{
	if (task && refcount_dec_and_test(&task->refs))
		task_free(task);
}
EXPORT_SYMBOL_GPL(kcoro_task_put);

/**
 * kcoro_task_id() - a task's number, never used twice
 * @task: the task
 *
 * Context: any.
 */
u64 kcoro_task_id(const struct kcoro_task *task)
{
	return task->id;
}
EXPORT_SYMBOL_GPL(kcoro_task_id);

/**
 * kcoro_task_done() - has a task ended?
 * @task: the task
 *
 * Context: any.
 */
bool kcoro_task_done(const struct kcoro_task *task)
{
	return READ_ONCE(task->done);
}
EXPORT_SYMBOL_GPL(kcoro_task_done);

/**
 * kcoro_current() - the task that calls
 *
 * Context: any.
 * Return: the task, without a reference, or NULL: a thread, an interrupt, or a
 * native call.
 */
struct kcoro_task *kcoro_current(void)
{
	return kcoro_self();
}
EXPORT_SYMBOL_GPL(kcoro_current);

static __always_inline bool task_should_yield(const struct kcoro_task *task)
{
	const struct kcoro_worker *worker = READ_ONCE(task->worker);

	return READ_ONCE(worker->cpu->resched) ||
	       READ_ONCE(worker->cpu->owner) != worker ||
	       (unlikely(task->special) &&
		!kcoro_place_here(task, worker->cpu));
}

/**
 * kcoro_should_yield() - is the caller's turn over?
 *
 * It is when others have waited for as long as a turn lasts (the parameter
 * slice_us), or one has come that the policy puts first. For loops that compute:
 * `if (kcoro_should_yield()) kcoro_yield();`
 *
 * Context: task or thread.
 */
bool kcoro_should_yield(void)
{
	struct kcoro_task *task = kcoro_self();

	return need_resched() ||
	       (task && !task->own && task_should_yield(task));
}
EXPORT_SYMBOL_GPL(kcoro_should_yield);

/**
 * kcoro_yield() - let the other tasks of this CPU run first
 *
 * A thread, and a task with a thread of its own, gives way as by cond_resched().
 *
 * Context: task or thread; may park.
 * Return: true if the caller gave its turn away.
 */
bool kcoro_yield(void)
{
	struct kcoro_task *task = kcoro_self();

	if (!task || unlikely(task->own))
		return cond_resched();
	if (!kcoro_sched_waiting(task->worker->cpu) &&
	    !task_should_yield(task) && !need_resched())
		return false;
	kcoro_worker_switch_out(task, KCORO_SWITCH_YIELD);
	return true;
}
EXPORT_SYMBOL_GPL(kcoro_yield);

/**
 * kcoro_sleep_until() - wait for a time
 * @when: absolute, see kcoro_now()
 *
 * Context: task or thread; may park.
 * Return: 0: it has come. -ECANCELED, -ERESTARTSYS.
 */
int kcoro_sleep_until(ktime_t when)
{
	struct kcoro_wait onstack, *wait;
	int err = kcoro_wait_check(kcoro_self());

	if (err)
		return err;
	wait = kcoro_wait_get(&onstack);
	err = kcoro_wait_begin(wait, KCORO_WAIT_SLEEP);
	if (!err)
		err = kcoro_wait_finish(wait, when);
	return err == -ETIMEDOUT ? 0 : err;
}
EXPORT_SYMBOL_GPL(kcoro_sleep_until);

/**
 * kcoro_native() - call a function on the worker's own, full-sized stack
 * @fn: may sleep, but not park: in it the caller is a thread
 * @arg: for @fn
 *
 * As Go's systemstack(). A thread calls @fn directly. The task stays on its
 * kthread, but like a call that may park this one warns if locks are held.
 *
 * Context: task or thread.
 * Return: what @fn returns. -EPERM: the caller is in a bubble, which fails for it.
 */
int kcoro_native(int (*fn)(void *arg), void *arg)
{
	struct kcoro_task *task = kcoro_self();

	if (!task)
		return fn(arg);
	if (unlikely(task->bubble)) {
		kcoro_bubble_fail(task->bubble, KCORO_BUBBLE_NATIVE,
				  task->bubble->running);
		return -EPERM;
	}
	task->native_fn = fn;
	task->native_arg = arg;
	kcoro_worker_switch_out(task, KCORO_SWITCH_NATIVE);
	return task->native_ret;
}
EXPORT_SYMBOL_GPL(kcoro_native);

/* Time that a task has run since its time was last counted: a guess. */
static u64 running_cycles(const struct kcoro_task *task)
{
	struct kcoro_worker *worker;
	u64 since, now, ran = 0;

	if (READ_ONCE(task->state) != KCORO_STATE_RUNNING ||
	    READ_ONCE(task->done))
		return 0;
	rcu_read_lock();
	worker = READ_ONCE(task->worker);
	if (worker && READ_ONCE(worker->task) == task) {
		since = READ_ONCE(worker->since);
		now = READ_ONCE(worker->out) ?: get_cycles();
		ran = now > since ? now - since : 0;
	}
	rcu_read_unlock();
	return ran;
}

/**
 * kcoro_task_info() - describe a task
 * @task: the caller holds a reference
 * @info: filled but for what only its context knows
 *
 * Context: any but NMI.
 */
void kcoro_task_info(struct kcoro_task *task, struct kcoro_task_info *info)
{
	unsigned long flags;

	memset(info, 0, sizeof(*info));
	info->id = task->id;
	info->parent = task->parent;
	info->switches = READ_ONCE(task->switches);
	info->run_ns = kcoro_arch_cycles_to_ns(READ_ONCE(task->run_cycles) +
					       running_cycles(task));
	info->waits = READ_ONCE(task->waits);
	info->wakes = READ_ONCE(task->wakes);
	info->steals = READ_ONCE(task->steals);
	info->handovers = READ_ONCE(task->handovers);
	info->hogs = READ_ONCE(task->hogs);
	info->priority = READ_ONCE(task->entity.priority);
	info->pin = READ_ONCE(task->pin);
	if (task->own)
		info->flags |= KCORO_TASK_F_THREAD;
	else if (info->pin >= 0 && !kcoro_place_cpu(task))
		info->flags |= KCORO_TASK_F_AWAY;
	info->age_ns = ktime_get_ns() - task->start_ns;
	info->cpu = READ_ONCE(task->cpu);
	info->stack_size = task->stack_pages * PAGE_SIZE;
	info->mem_bytes = sizeof(*task);
	if (task->env)
		info->mem_bytes += kcoro_env_size(task->env);
	strscpy(info->name, task->name, sizeof(info->name));
	strscpy(info->body, task->body ? task->body->name : "",
		sizeof(info->body));

	raw_spin_lock_irqsave(&task->lock, flags);
	if (task->stack) {
		info->mem_bytes += info->stack_size;
		info->stack_used = kcoro_stack_used(task->stack,
						    task->stack_pages);
	}
	if (task->done) {
		info->state = KCORO_TASK_EXITED;
	} else {
		info->state = KCORO_TASK_READY;
		if (READ_ONCE(task->state) == KCORO_STATE_RUNNING)
			info->state = KCORO_TASK_RUNNING;
		if (info->hogs && info->state == KCORO_TASK_RUNNING &&
		    READ_ONCE(task->hog_switches) == info->switches)
			info->flags |= KCORO_TASK_F_HOG;
		if (kcoro_wait_parked(&task->wait)) {
			info->state = KCORO_TASK_PARKED;
			info->wait = READ_ONCE(task->wait.reason);
		}
	}
	raw_spin_unlock_irqrestore(&task->lock, flags);
}

/**
 * kcoro_task_exit_record() - say how a task ended
 * @task: it has
 * @exit: filled
 *
 * Context: any.
 */
void kcoro_task_exit_record(struct kcoro_task *task, struct kcoro_exit *exit)
{
	memset(exit, 0, sizeof(*exit));
	exit->id = task->id;
	exit->result = task->result;
	exit->error = task->error;
	exit->reason = task->reason;
	exit->switches = task->switches;
	strscpy(exit->name, task->name, sizeof(exit->name));
	if (task->reason == KCORO_EXIT_CANCELED)
		strscpy(exit->message, task->cause.why, sizeof(exit->message));
	if (!task->env)
		return;
	exit->data_len = min_t(u32, task->env->data_len, sizeof(exit->data));
	memcpy(exit->data, task->env->data, exit->data_len);
	if (*task->env->message)
		strscpy(exit->message, task->env->message,
			sizeof(exit->message));
}

/**
 * kcoro_task_init() - get ready to make tasks
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int __init kcoro_task_init(void)
{
	task_cache = kmem_cache_create("kcoro_task", sizeof(struct kcoro_task),
				       0, SLAB_HWCACHE_ALIGN, task_construct);
	if (!task_cache)
		return -ENOMEM;
	kcoro_stack_pool_init(&kernel_pool, GFP_KERNEL);
	return 0;
}

/**
 * kcoro_task_wait() - wait for the last task to be reaped
 *
 * Context: module exit; nobody spawns, and the workers still run.
 */
void kcoro_task_wait(void)
{
	wait_event(live_wait, !atomic_read(&nr_live));
}

/**
 * kcoro_task_exit() - undo kcoro_task_init()
 *
 * Context: module exit; there are no tasks and no workers.
 */
void kcoro_task_exit(void)
{
	kcoro_stack_pool_destroy(&kernel_pool);
	kmem_cache_destroy(task_cache);
}

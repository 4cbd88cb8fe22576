// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: one open of /dev/kcoro, the root of all that is made through it.
 *
 * Model: a context has tasks, which it lists, counts and kills, and the exit
 * records of those that have neither a descriptor nor a group (records.c). What
 * its tasks spawn is its as well. It pays for the tasks' stacks, for channels, for
 * groups, and for events, semaphores and queues. It is KILLED by request, by its
 * opener's end (unless it is DETACHED) or by the release of its descriptor: it takes
 * no new tasks then, and every wait of those it has fails; so does every wait for its
 * events, semaphores and queues, whoever waits (sync_fd.c).
 *
 * The opener is a thread group, and has ended when a pidfd of it would say so:
 * its last thread is a zombie, or gone. What it did with its descriptor does
 * not matter, nor which thread opened it, nor that it executed another program.
 *
 * A task, as its context sees it:
 *	admitted	counted; may still fail to be made
 *	reserved	its places in the tables of tasks are allocated
 *	published	listed; killing the context reaches it from here on
 *	ended		uncharged; its record, if it has one, is in @exits
 *	delivered	its record was read: unlisted. The others are at the end
 *	reaped		its stack was given back
 *
 * Teardown, in phases, and who can still see the context in each:
 *	1 killed	all
 *	2 closed	tasks, channels, groups, events and the like, task
 *			descriptors, walks (list.c). Its records that nobody has
 *			read are dropped
 *	3 users is 0	the same but tasks: a work item destroys the pool of
 *			stacks
 *	4 refs is 0	nobody: freed, the module's reference dropped
 * Between 1 and 3 time passes as tasks return from their waits. A channel may
 * outlive the rest for as long as some other process or task holds it, and a
 * group, with the records of its tasks, for as long as its descriptor is open.
 *
 * Invariants: a task is published under the lock under which `killed` is seen
 * false, so none escapes a kill. A task that is in a table has a context that
 * is alive. A task is uncharged before anybody can learn of its end. An event, a
 * semaphore or a queue is listed under the lock under which `killed` is seen false,
 * so each is told of the end.
 *
 * Unloading: each context holds a reference to the module until phase 4. The
 * code after that module_put() is run by a work item (kcoro_ctx_exit() waits
 * for it), by a worker (its exit does), or under a file of ours, which holds
 * the module itself.
 *
 * Locks: ctx->lock, then those of the tables. ctx->files' lock, then the wait
 * queue in the file. None of ours is held while readers are woken. They are
 * spinlocks, since a task's end must not sleep, and never taken by interrupts.
 * opener_wake() runs under the kernel's tasklist_lock, interrupts off: it takes
 * none of them.
 *
 * Forbidden: to sleep in kcoro_ctx_task_ended() and kcoro_ctx_task_reaped();
 * to touch a context after kcoro_ctx_task_reaped() without a reference.
 *
 * Rejected: one table of all tasks only (a context's end would look at
 * everybody's tasks); lists (paging by id from the middle would start over at
 * each page); to uncharge at reaping (a program that has joined its last task
 * could find its quota still used up, depending on timing); ->flush to notice
 * the opener's end (it is not called for a descriptor that was passed on, or
 * put into a socket's queue, and closed, nor while another process shares the
 * table of files: a context whose descriptor lies in a socket that one of its
 * tasks holds would never end).
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/wait.h>

#include "bubble_fd.h"
#include "context.h"
#include "leak.h"
#include "limits.h"
#include "list.h"
#include "sync_fd.h"
#include "task.h"
#include "task_fd.h"

/* The published tasks of all contexts, by id. */
DEFINE_XARRAY(kcoro_all_tasks);
/* The contexts that have a descriptor, by id. */
static DEFINE_XARRAY(all_ctxs);
static atomic64_t last_id = ATOMIC64_INIT(0);
struct workqueue_struct *kcoro_ctx_wq;

/**
 * kcoro_ctx_get() - take a reference
 * @ctx: the caller knows that somebody holds one
 *
 * Context: any.
 */
void kcoro_ctx_get(struct kcoro_ctx *ctx)
{
	refcount_inc(&ctx->refs);
}

/**
 * kcoro_ctx_put() - drop a reference
 * @ctx: not to be touched afterwards
 *
 * Context: process, atomic too.
 */
void kcoro_ctx_put(struct kcoro_ctx *ctx)
{
	if (!refcount_dec_and_test(&ctx->refs))
		return;
	WARN_ON_ONCE(!xa_empty(&ctx->tasks) || !xa_empty(&ctx->files) ||
		     ctx->nr_chans || ctx->nr_groups || ctx->nr_syncs);
	kcoro_bubble_fd_free(ctx);
	kcoro_user_put(ctx->user);
	put_pid(ctx->pid);
	kfree(ctx);
	module_put(THIS_MODULE);
}

static void ctx_teardown(struct work_struct *work)
{
	struct kcoro_ctx *ctx = container_of(work, struct kcoro_ctx, teardown);

	kcoro_stack_pool_destroy(&ctx->pool);
	mem_cgroup_put(ctx->memcg);
	kcoro_ctx_put(ctx);
}

static void ctx_unuse(struct kcoro_ctx *ctx)
{
	if (atomic_dec_and_test(&ctx->users))
		queue_work(kcoro_ctx_wq, &ctx->teardown);
}

/**
 * kcoro_ctx_next() - walk the contexts that have a descriptor
 * @after: in: the last one's id, at first 0; out: this one's
 *
 * Context: process, atomic too.
 * Return: the context with the next id, with a reference, or NULL.
 */
struct kcoro_ctx *kcoro_ctx_next(u64 *after)
{
	unsigned long id = *after;
	struct kcoro_ctx *ctx;

	xa_lock(&all_ctxs);
	ctx = xa_find_after(&all_ctxs, &id, ULONG_MAX, XA_PRESENT);
	if (ctx)
		kcoro_ctx_get(ctx);
	xa_unlock(&all_ctxs);
	*after = id;
	return ctx;
}

/**
 * kcoro_ctx_admit_task() - account for a task that shall be spawned
 * @ctx: whose
 *
 * Context: process, atomic too.
 * Return: 0: followed by kcoro_ctx_publish_task() or kcoro_ctx_dismiss_task().
 * -ESHUTDOWN: killed. -EDQUOT: tasks_ctx_max or tasks_user_max reached.
 * -EAGAIN: tasks_max reached.
 */
int kcoro_ctx_admit_task(struct kcoro_ctx *ctx)
{
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->killed)
		err = -ESHUTDOWN;
	else if (ctx->nr_live + ctx->nr_exits >= kcoro_limits_tasks_ctx())
		err = -EDQUOT;
	else
		err = kcoro_limits_charge(ctx->user);
	if (!err)
		ctx->nr_live++;
	spin_unlock(&ctx->lock);
	return err;
}

/**
 * kcoro_ctx_dismiss_task() - undo kcoro_ctx_admit_task()
 * @ctx: whose
 *
 * Context: process, atomic too.
 */
void kcoro_ctx_dismiss_task(struct kcoro_ctx *ctx)
{
	spin_lock(&ctx->lock);
	ctx->nr_live--;
	spin_unlock(&ctx->lock);
	kcoro_limits_uncharge(ctx->user);
}

/**
 * kcoro_ctx_reserve_task() - make room for a task in the tables
 * @ctx: whose
 * @id: the task's
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int kcoro_ctx_reserve_task(struct kcoro_ctx *ctx, u64 id)
{
	int err = xa_reserve(&ctx->tasks, id, GFP_KERNEL_ACCOUNT);

	if (err)
		return err;
	err = xa_reserve(&kcoro_all_tasks, id, GFP_KERNEL);
	if (err)
		xa_release(&ctx->tasks, id);
	return err;
}

/**
 * kcoro_ctx_unreserve_task() - undo kcoro_ctx_reserve_task()
 * @ctx: whose
 * @id: the task's
 *
 * Context: process, atomic too.
 */
void kcoro_ctx_unreserve_task(struct kcoro_ctx *ctx, u64 id)
{
	xa_release(&kcoro_all_tasks, id);
	xa_release(&ctx->tasks, id);
}

/**
 * kcoro_ctx_publish_task() - let the others see a task
 * @ctx: whose; the task is reserved in it
 * @task: to be given to kcoro_task_start() at once if this succeeds
 *
 * Context: process, atomic too.
 * Return: 0. -ESHUTDOWN: @ctx was killed since the task was admitted.
 * -ECANCELED: so was its group, which would have its record.
 */
int kcoro_ctx_publish_task(struct kcoro_ctx *ctx, struct kcoro_task *task)
{
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->killed) {
		err = -ESHUTDOWN;
	} else if (task->records && task->records->over) {
		err = -ECANCELED;
	} else {
		atomic_inc(&ctx->users);
		if (task->records)
			task->records->pending++;
		/* Reserved: neither allocates, neither fails. */
		xa_store(&ctx->tasks, task->id, task, GFP_ATOMIC);
		xa_store(&kcoro_all_tasks, task->id, task, GFP_ATOMIC);
	}
	spin_unlock(&ctx->lock);
	if (!err)
		kcoro_limits_count_spawn();
	return err;
}

/**
 * kcoro_ctx_unlist() - take a task out of the tables
 * @ctx: its context; the caller has its lock
 * @task: has ended
 *
 * Context: process, atomic.
 */
void kcoro_ctx_unlist(struct kcoro_ctx *ctx, struct kcoro_task *task)
{
	lockdep_assert_held(&ctx->lock);
	xa_erase(&ctx->tasks, task->id);
	xa_erase(&kcoro_all_tasks, task->id);
}

/**
 * kcoro_ctx_task_ended() - take note of a task's end
 * @task: it has a context, and returns to its worker soon
 *
 * Context: the end of @task, on its own stack; does not sleep.
 */
void kcoro_ctx_task_ended(struct kcoro_task *task)
{
	struct kcoro_records *records = task->records;
	struct kcoro_ctx *ctx = task->ctx;

	kcoro_limits_uncharge(ctx->user);
	spin_lock(&ctx->lock);
	ctx->nr_live--;
	if (records)
		ctx->nr_exits++;
	else
		kcoro_ctx_unlist(ctx, task);
	/* That of a group comes with the group's other news: group.c. */
	if (records && !task->group)
		kcoro_records_add(task);
	spin_unlock(&ctx->lock);

	if (task->flags & KCORO_SPAWN_FD)
		kcoro_task_file_ended(ctx, task->id);
	if (records && !task->group)
		kcoro_records_wake(records);
}

/**
 * kcoro_ctx_task_reaped() - one task less uses the context's stacks
 * @ctx: its context; not to be touched afterwards
 *
 * Context: a worker's loop; does not sleep.
 */
void kcoro_ctx_task_reaped(struct kcoro_ctx *ctx)
{
	ctx_unuse(ctx);
}

/* One object more, with a reference, if there are not @max of the kind yet. */
static int admit_object(struct kcoro_ctx *ctx, u32 *count, u32 max)
{
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->killed)
		err = -ESHUTDOWN;
	else if (*count >= max)
		err = -EDQUOT;
	else
		++*count;
	spin_unlock(&ctx->lock);
	if (!err)
		kcoro_ctx_get(ctx);
	return err;
}

static void object_freed(struct kcoro_ctx *ctx, u32 *count)
{
	spin_lock(&ctx->lock);
	--*count;
	spin_unlock(&ctx->lock);
	kcoro_ctx_put(ctx);
}

/**
 * kcoro_ctx_admit_chan() - account for a channel
 * @ctx: who pays
 *
 * Context: process, atomic too.
 * Return: 0: with a reference, both undone by kcoro_ctx_chan_freed().
 * -ESHUTDOWN: killed. -EDQUOT: chans_ctx_max reached.
 */
int kcoro_ctx_admit_chan(struct kcoro_ctx *ctx)
{
	return admit_object(ctx, &ctx->nr_chans, kcoro_limits_chans_ctx());
}

/**
 * kcoro_ctx_chan_freed() - undo kcoro_ctx_admit_chan()
 * @ctx: who paid; not to be touched afterwards
 *
 * Context: process, atomic too.
 */
void kcoro_ctx_chan_freed(struct kcoro_ctx *ctx)
{
	object_freed(ctx, &ctx->nr_chans);
}

/**
 * kcoro_ctx_admit_group() - account for a group
 * @ctx: who pays
 *
 * Context: process, atomic too.
 * Return: as kcoro_ctx_admit_chan(), with kcoro_ctx_group_freed() and
 * groups_ctx_max.
 */
int kcoro_ctx_admit_group(struct kcoro_ctx *ctx)
{
	return admit_object(ctx, &ctx->nr_groups, kcoro_limits_groups_ctx());
}

/**
 * kcoro_ctx_group_freed() - undo kcoro_ctx_admit_group()
 * @ctx: who paid; not to be touched afterwards
 *
 * Context: process, atomic too.
 */
void kcoro_ctx_group_freed(struct kcoro_ctx *ctx)
{
	object_freed(ctx, &ctx->nr_groups);
}

/**
 * kcoro_ctx_add_sync() - account for an event, a semaphore or a queue, and list it
 * @ctx: who pays
 * @fd: of the object; may be ended from now on
 *
 * Context: process, atomic too.
 * Return: 0: with a reference on @ctx, for @fd to drop as it is freed, after
 * kcoro_ctx_remove_sync(). -ESHUTDOWN: killed. -EDQUOT: syncs_ctx_max reached.
 */
int kcoro_ctx_add_sync(struct kcoro_ctx *ctx, struct kcoro_sync_fd *fd)
{
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->killed) {
		err = -ESHUTDOWN;
	} else if (ctx->nr_syncs >= kcoro_limits_syncs_ctx()) {
		err = -EDQUOT;
	} else {
		ctx->nr_syncs++;
		list_add_tail(&fd->node, &ctx->syncs);
		kcoro_ctx_get(ctx);
	}
	spin_unlock(&ctx->lock);
	return err;
}

/**
 * kcoro_ctx_remove_sync() - undo kcoro_ctx_add_sync(), but for the reference
 * @ctx: who paid
 * @fd: will not be ended from now on, unless it is just being
 *
 * Context: process, atomic too.
 */
void kcoro_ctx_remove_sync(struct kcoro_ctx *ctx, struct kcoro_sync_fd *fd)
{
	spin_lock(&ctx->lock);
	ctx->nr_syncs--;
	list_del_init(&fd->node);
	spin_unlock(&ctx->lock);
}

/* One at a time, as there may be many. */
static void end_syncs(struct kcoro_ctx *ctx)
{
	struct kcoro_sync_fd *fd;

	for (;;) {
		spin_lock(&ctx->lock);
		fd = list_first_entry_or_null(&ctx->syncs, struct kcoro_sync_fd,
					      node);
		if (fd) {
			list_del_init(&fd->node);
			refcount_inc(&fd->refs);
		}
		spin_unlock(&ctx->lock);
		if (!fd)
			return;
		kcoro_sync_fd_end(fd);
		cond_resched();
	}
}

/**
 * kcoro_ctx_kill() - end a context
 * @ctx: it takes no new tasks, and every wait of its tasks, and for its events,
 *	semaphores and queues, fails
 *
 * Context: may sleep. May be called any number of times.
 * Return: number of tasks asked to end.
 */
u64 kcoro_ctx_kill(struct kcoro_ctx *ctx)
{
	struct kcoro_walk walk = {
		.tasks = &ctx->tasks,
		.scope = KCORO_SCOPE_ALL,
	};
	u64 nr;

	spin_lock(&ctx->lock);
	WRITE_ONCE(ctx->killed, true);
	spin_unlock(&ctx->lock);
	kcoro_leak_unwatch(ctx);
	kcoro_bubble_fd_kill(ctx);
	nr = kcoro_walk_kill(&walk, false);
	end_syncs(ctx);
	kcoro_records_wake(&ctx->records);
	if (wq_has_sleeper(&ctx->end_wait))
		wake_up_interruptible(&ctx->end_wait);
	return nr;
}

/* As pidfd_poll() has it. */
static bool opener_has_ended(const struct kcoro_ctx *ctx)
{
	struct task_struct *leader;
	bool ended;

	rcu_read_lock();
	leader = pid_task(ctx->pid, PIDTYPE_PID);
	ended = !leader || (READ_ONCE(leader->exit_state) &&
			    thread_group_empty(leader));
	rcu_read_unlock();
	return ended;
}

/**
 * kcoro_ctx_kill_orphan() - end a context if it should not be without opener
 * @ctx: its opener may have ended, or it may have lost DETACHED
 *
 * Whoever comes second of the opener's end and a change of the options sees
 * what the first did: they meet in the lock.
 *
 * Context: may sleep. May be called any number of times.
 */
void kcoro_ctx_kill_orphan(struct kcoro_ctx *ctx)
{
	bool detached;

	spin_lock(&ctx->lock);
	detached = ctx->options & KCORO_CTX_DETACHED;
	spin_unlock(&ctx->lock);
	if (!detached && opener_has_ended(ctx))
		kcoro_ctx_kill(ctx);
}

static void opener_work(struct work_struct *work)
{
	kcoro_ctx_kill_orphan(container_of(work, struct kcoro_ctx,
					   opener_ended));
}

/* Threads of the opener that end may wake it as well: the work looks. */
static int opener_wake(struct wait_queue_entry *entry, unsigned int mode,
		       int sync, void *key)
{
	struct kcoro_ctx *ctx = container_of(entry, struct kcoro_ctx, opener);

	queue_work(kcoro_ctx_wq, &ctx->opener_ended);
	return 0;
}

/**
 * kcoro_ctx_task_info() - describe a task of a context to the caller
 * @task: the caller holds a reference
 * @ctx: its context, likewise
 * @info: filled
 *
 * Context: process.
 */
void kcoro_ctx_task_info(struct kcoro_task *task, struct kcoro_ctx *ctx,
			 struct kcoro_task_info *info)
{
	kcoro_task_info(task, info);
	info->ctx = ctx->id;
	info->uid = from_kuid_munged(current_user_ns(), ctx->uid);
	info->pid = pid_nr_ns(ctx->pid, task_active_pid_ns(current));
	strscpy(info->comm, ctx->comm, sizeof(info->comm));
}

/**
 * kcoro_ctx_create() - make a context for the caller
 *
 * Context: process; a file of ours is being opened.
 * Return: the context, to be given to kcoro_ctx_close(); or -ENOMEM.
 */
struct kcoro_ctx *kcoro_ctx_create(void)
{
	struct kcoro_ctx *ctx;
	int err;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return ERR_PTR(-ENOMEM);
	refcount_set(&ctx->refs, 1);
	atomic_set(&ctx->users, 1);
	ctx->id = atomic64_inc_return(&last_id);
	ctx->uid = current_uid();
	spin_lock_init(&ctx->lock);
	INIT_LIST_HEAD(&ctx->syncs);
	kcoro_records_init(&ctx->records);
	xa_init_flags(&ctx->tasks, XA_FLAGS_ACCOUNT);
	xa_init_flags(&ctx->files, XA_FLAGS_ACCOUNT);
	init_waitqueue_head(&ctx->end_wait);
	kcoro_leak_ctx_init(ctx);
	kcoro_stack_pool_init(&ctx->pool, GFP_KERNEL_ACCOUNT);
	INIT_WORK(&ctx->teardown, ctx_teardown);
	INIT_WORK(&ctx->opener_ended, opener_work);
	init_waitqueue_func_entry(&ctx->opener, opener_wake);
	ctx->user = kcoro_user_get(ctx->uid);
	if (!ctx->user) {
		err = -ENOMEM;
		goto err_ctx;
	}
	ctx->memcg = get_mem_cgroup_from_mm(current->mm);
	ctx->pid = get_pid(task_tgid(current));
	get_task_comm(ctx->comm, current->group_leader);
	err = xa_insert(&all_ctxs, ctx->id, ctx, GFP_KERNEL);
	if (err)
		goto err_user;
	/* It has not ended: it is the caller. */
	add_wait_queue(&ctx->pid->wait_pidfd, &ctx->opener);
	__module_get(THIS_MODULE);
	return ctx;

err_user:
	put_pid(ctx->pid);
	mem_cgroup_put(ctx->memcg);
	kcoro_user_put(ctx->user);
err_ctx:
	kcoro_stack_pool_destroy(&ctx->pool);
	kfree(ctx);
	return ERR_PTR(err);
}

/**
 * kcoro_ctx_close() - begin the end of a context: its descriptor goes
 * @ctx: not to be touched afterwards without a reference
 *
 * Context: process.
 */
void kcoro_ctx_close(struct kcoro_ctx *ctx)
{
	remove_wait_queue(&ctx->pid->wait_pidfd, &ctx->opener);
	cancel_work_sync(&ctx->opener_ended);
	xa_erase(&all_ctxs, ctx->id);
	kcoro_ctx_kill(ctx);
	kcoro_records_close(ctx, &ctx->records);
	ctx_unuse(ctx);
}

/**
 * kcoro_ctx_init() - get ready to open contexts
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int __init kcoro_ctx_init(void)
{
	kcoro_ctx_wq = alloc_workqueue("kcoro_teardown", WQ_UNBOUND, 0);
	return kcoro_ctx_wq ? 0 : -ENOMEM;
}

/**
 * kcoro_ctx_exit() - undo kcoro_ctx_init()
 *
 * Context: module exit; there are no contexts.
 */
void kcoro_ctx_exit(void)
{
	destroy_workqueue(kcoro_ctx_wq);
	WARN_ON_ONCE(!xa_empty(&kcoro_all_tasks) || !xa_empty(&all_ctxs));
	xa_destroy(&kcoro_all_tasks);
	xa_destroy(&all_ctxs);
}

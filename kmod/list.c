// SPDX-License-Identifier: GPL-2.0
/*
 * Walks over tasks, and what programs do with them: LIST, KILL and SET.
 *
 * Model: tasks are in two tables by id, their context's and that of all. A
 * walk takes references on a batch of them under the table's lock and works on
 * the batch without it. So it costs the same for each task, however many there
 * are, and sleeps as it likes; it sees every task that is published throughout
 * and may or may not see the others.
 *
 * Who may see and kill: whoever has a context's descriptor, that context's
 * tasks; a user, those of all contexts that the same real user opened, in
 * whatever user namespace; CAP_SYS_ADMIN, everybody's. Tasks that kernel code
 * spawned outside of any context are not among them.
 *
 * Locks: the tables' own, for one batch. What a walk finds in a table has a
 * context that is alive (context.c), so references can be taken on both.
 *
 * Rejected: RCU walks (tasks would have to be freed by RCU, at a cost for each
 * of them, for a rare reader); scanning everybody's tasks for the table of one
 * context.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "context.h"
#include "dev.h"
#include "list.h"
#include "place.h"
#include "task.h"
#include "task_fd.h"

/* Entries looked at with the table locked. */
#define WALK_LOOK	256

static bool walk_wants(const struct kcoro_walk *walk,
		       const struct kcoro_task *task)
{
	return walk->scope != KCORO_SCOPE_USER ||
	       uid_eq(task->ctx->uid, walk->uid);
}

/* Returns whether there may be more. */
static bool walk_look(struct kcoro_walk *walk, u32 max)
{
	XA_STATE(xas, walk->tasks, walk->after + 1);
	struct kcoro_task *task;
	u32 looked = 0;
	bool more = false;

	xas_lock(&xas);
	xas_for_each(&xas, task, ULONG_MAX) {
		walk->after = xas.xa_index;
		if (!xa_is_zero(task) && walk_wants(walk, task)) {
			walk->task[walk->nr] = kcoro_task_get(task);
			walk->ctx[walk->nr] = task->ctx;
			kcoro_ctx_get(task->ctx);
			walk->nr++;
		}
		more = true;
		if (walk->nr == max || ++looked == WALK_LOOK)
			break;
		more = false;
	}
	xas_unlock(&xas);
	return more;
}

/**
 * kcoro_walk_next() - fetch the next tasks
 * @walk: @tasks, @scope, @uid and @after are set, and left alone after that
 * @max: how many at most, from 1; never more than KCORO_WALK_BATCH
 *
 * Context: may sleep.
 * Return: true: @walk->nr tasks, at least one, to be given back by
 * kcoro_walk_put(). false: there are no more.
 */
bool kcoro_walk_next(struct kcoro_walk *walk, u32 max)
{
	bool more;

	max = min_t(u32, max, KCORO_WALK_BATCH);
	walk->nr = 0;
	if (walk->after == U64_MAX)
		return false;
	do {
		more = walk_look(walk, max);
		cond_resched();
	} while (more && !walk->nr);
	return walk->nr;
}

/**
 * kcoro_walk_put() - give the tasks of a batch back
 * @walk: kcoro_walk_next() has filled it
 *
 * Context: process.
 */
void kcoro_walk_put(struct kcoro_walk *walk)
{
	u32 i;

	for (i = 0; i < walk->nr; i++) {
		kcoro_task_put(walk->task[i]);
		kcoro_ctx_put(walk->ctx[i]);
	}
	walk->nr = 0;
}

static bool kill_task(struct kcoro_task *task, bool once)
{
	if (once)
		return kcoro_cancel(task);
	if (kcoro_task_done(task))
		return false;
	kcoro_task_kill(task);
	return true;
}

/**
 * kcoro_walk_kill() - cancel all tasks of a walk
 * @walk: as for kcoro_walk_next()
 * @once: only the wait under way, or the next
 *
 * Context: may sleep.
 * Return: number of tasks asked to end.
 */
u64 kcoro_walk_kill(struct kcoro_walk *walk, bool once)
{
	u64 nr = 0;
	u32 i;

	while (kcoro_walk_next(walk, KCORO_WALK_BATCH)) {
		for (i = 0; i < walk->nr; i++)
			nr += kill_task(walk->task[i], once);
		kcoro_walk_put(walk);
	}
	return nr;
}

/**
 * kcoro_walk_scope() - set up a walk over the tasks within a scope
 * @walk: it
 * @ctx: the context that the caller asks on
 * @scope: KCORO_SCOPE_* that the caller asks for
 *
 * Context: the caller's process.
 * Return: 0. -EINVAL: there is no such scope. -EPERM: it is not the caller's.
 */
int kcoro_walk_scope(struct kcoro_walk *walk, struct kcoro_ctx *ctx, u32 scope)
{
	walk->scope = scope;
	walk->uid = current_uid();
	walk->after = 0;
	walk->nr = 0;
	switch (scope) {
	case KCORO_SCOPE_CTX:
		walk->tasks = &ctx->tasks;
		return 0;
	case KCORO_SCOPE_USER:
		walk->tasks = &kcoro_all_tasks;
		return 0;
	case KCORO_SCOPE_ALL:
		walk->tasks = &kcoro_all_tasks;
		return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
	default:
		return -EINVAL;
	}
}

static noinline_for_stack int list_batch(const struct kcoro_walk *walk,
		      struct kcoro_task_info __user *to)
{
	struct kcoro_task_info info;
	u32 i;

	for (i = 0; i < walk->nr; i++) {
		kcoro_ctx_task_info(walk->task[i], walk->ctx[i], &info);
		if (copy_to_user(to + i, &info, sizeof(info)))
			return -EFAULT;
	}
	return 0;
}

/**
 * kcoro_ioc_list() - KCORO_IOC_LIST
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_list(struct file *file, struct kcoro_call *call)
{
	struct kcoro_list *args = &call->arg.list;
	struct kcoro_task_info __user *to = u64_to_user_ptr(args->tasks);
	struct kcoro_walk walk;
	u32 room = args->count;
	int err;

	err = kcoro_walk_scope(&walk, file->private_data, args->scope);
	walk.after = args->after;
	args->count = 0;
	while (!err && args->count < room) {
		if (!kcoro_walk_next(&walk, room - args->count))
			break;
		err = list_batch(&walk, to + args->count);
		args->count += walk.nr;
		kcoro_walk_put(&walk);
		if (fatal_signal_pending(current))
			err = -EINTR;
	}
	return err;
}

static int kill_one(struct kcoro_walk *walk, u64 id, bool once)
{
	bool killed = false;

	walk->after = id - 1;
	walk_look(walk, 1);	/* it would be the first that is looked at */
	if (walk->nr && kcoro_task_id(walk->task[0]) == id)
		killed = kill_task(walk->task[0], once);
	kcoro_walk_put(walk);
	return killed ? 0 : -ESRCH;
}

/**
 * kcoro_ioc_set() - KCORO_IOC_SET
 * @file: a context or a task
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_set(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_set *args = &call->arg.set;
	struct kcoro_walk walk;
	int err;

	if (!args->which || args->which & ~KCORO_SET_FLAGS)
		return -EINVAL;
	if (kcoro_is_task_file(file)) {
		if (args->id || args->scope)
			return -EINVAL;
		return kcoro_place_set(kcoro_task_of_file(file), args->which,
				       args->priority, args->cpu);
	}
	err = kcoro_walk_scope(&walk, file->private_data, args->scope);
	if (err)
		return err;
	if (!args->id)
		return -EINVAL;
	walk.after = args->id - 1;
	walk_look(&walk, 1);
	err = -ESRCH;
	if (walk.nr && kcoro_task_id(walk.task[0]) == args->id)
		err = kcoro_place_set(walk.task[0], args->which, args->priority,
				      args->cpu);
	kcoro_walk_put(&walk);
	return err;
}

static u64 kill_contexts(const struct kcoro_walk *walk, struct kcoro_ctx *own)
{
	struct kcoro_ctx *ctx;
	u64 after = 0, nr = 0;

	if (walk->scope == KCORO_SCOPE_CTX)
		return kcoro_ctx_kill(own);
	while ((ctx = kcoro_ctx_next(&after))) {
		if (walk->scope == KCORO_SCOPE_ALL ||
		    uid_eq(ctx->uid, walk->uid))
			nr += kcoro_ctx_kill(ctx);
		kcoro_ctx_put(ctx);
	}
	return nr;
}

/**
 * kcoro_ioc_kill() - KCORO_IOC_KILL
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_kill(struct file *file, struct kcoro_call *call)
{
	struct kcoro_kill *args = &call->arg.kill;
	bool contexts = args->flags & KCORO_KILL_CONTEXTS;
	bool once = args->flags & KCORO_KILL_ONCE;
	struct kcoro_walk walk;
	int err;

	if (args->flags & ~KCORO_KILL_FLAGS || (contexts && (once || args->id)))
		return -EINVAL;
	err = kcoro_walk_scope(&walk, file->private_data, args->scope);
	if (err)
		return err;
	args->killed = 1;
	if (args->id)
		return kill_one(&walk, args->id, once);
	args->killed = contexts ? kill_contexts(&walk, file->private_data) :
				  kcoro_walk_kill(&walk, once);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of tasks that begin and end together: Go's errgroup, asyncio's
 * TaskGroup, gather and as_completed.
 *
 * Model: a task is spawned into a group and stays in it to its end. Groups nest:
 * a group's live tasks are also its ancestors', and what happens to one of them
 * happens to those too.
 *
 *	a task fails		its error is the group's, if it is the first; a
 *				group that fails fast is cancelled
 *	a group is cancelled	so are its tasks, and its groups; nothing can be
 *				spawned into it any more, nor a group be made in it
 *	no task is left		who waits for the group goes on; more may be
 *				spawned, unless it was cancelled
 *
 * To fail is to end with an error other than -ECANCELED: a task that gave up as
 * it was asked to has not failed.
 *
 * A limit on the live tasks makes who spawns wait for a place, in turn: a task
 * that ends hands its place over to the first who waits.
 *
 * Invariants: a group lives as long as its tasks, which hold it, and its child
 * groups, which hold their parent. @live is the sum over the group and its
 * descendants of the tasks that they have, but while one begins or ends. A place
 * counts in @nr_places from before its task is made until after it has ended.
 *
 * Who sees what of a task that ends: it is done, then, in one step, out of @tasks,
 * no longer live, and among the results or records of its group; then no longer
 * live in the ancestors, one by one upwards. So who is told that none is left finds
 * every result, those of the groups below too; and who has a result finds the place
 * free.
 *
 * Locks: group->lock, a plain spinlock: nobody comes here from an interrupt; then,
 * for records, the context's. A parent's and a child's are never held together.
 * Waits are won under it, woken after it is dropped. Tasks are cancelled one at a
 * time without it, as there may be many.
 *
 * Rejected: groups as tasks of their own that wait (a stack each); to keep every
 * ended task in any case (a group that serves for years would grow).
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "context.h"
#include "group.h"
#include "task.h"
#include "wait.h"

#define FLAGS	(KCORO_GROUP_FAIL_FAST | KCORO_GROUP_RESULTS)

static atomic64_t last_id = ATOMIC64_INIT(0);

/* --- A group's life ------------------------------------------------------------ */

/**
 * kcoro_group_make() - make a group, of a program or of the kernel
 * @parent: as for kcoro_group_create()
 * @flags: known ones
 * @limit: as for kcoro_group_create()
 * @ctx: who pays: kcoro_ctx_admit_group() let it in, which is taken over on
 *	success; or NULL
 *
 * Context: may sleep.
 * Return: the group, for kcoro_group_put(). -ECANCELED, -ENOMEM.
 */
struct kcoro_group *kcoro_group_make(struct kcoro_group *parent, u32 flags,
				     u32 limit, struct kcoro_ctx *ctx)
{
	struct kcoro_group *group;
	bool ending = false;

	group = kzalloc(sizeof(*group), ctx ? GFP_KERNEL_ACCOUNT : GFP_KERNEL);
	if (!group)
		return ERR_PTR(-ENOMEM);
	refcount_set(&group->refs, 1);
	group->id = atomic64_inc_return(&last_id);
	spin_lock_init(&group->lock);
	group->flags = flags;
	group->limit = limit;
	group->ctx = ctx;
	kcoro_records_init(&group->records);
	INIT_LIST_HEAD(&group->node);
	INIT_LIST_HEAD(&group->groups);
	INIT_LIST_HEAD(&group->tasks);
	INIT_LIST_HEAD(&group->told);
	INIT_LIST_HEAD(&group->results);
	kcoro_waitq_init(&group->spawners);
	kcoro_waitq_init(&group->takers);
	kcoro_waitq_init(&group->waiters);
	kcoro_waitq_init(&group->mourners);
	if (!parent)
		return group;
	spin_lock(&parent->lock);
	ending = parent->ending;
	if (!ending) {
		group->parent = kcoro_group_get(parent);
		list_add_tail(&group->node, &parent->groups);
	}
	spin_unlock(&parent->lock);
	if (ending) {
		kfree(group);
		return ERR_PTR(-ECANCELED);
	}
	return group;
}

/**
 * kcoro_group_create() - make a group
 * @parent: whose part it is to be, or NULL; the caller holds it
 * @flags: KCORO_GROUP_FAIL_FAST, KCORO_GROUP_RESULTS
 * @limit: most tasks that it has at a time, without those of child groups; 0: any
 *	number
 *
 * Context: may sleep.
 * Return: the group, for kcoro_group_put(). -EINVAL: a flag that there is not.
 * -ECANCELED: @parent was cancelled. -ENOMEM.
 */
struct kcoro_group *kcoro_group_create(struct kcoro_group *parent, u32 flags,
				       u32 limit)
{
	if (flags & ~FLAGS)
		return ERR_PTR(-EINVAL);
	return kcoro_group_make(parent, flags, limit, NULL);
}
EXPORT_SYMBOL_GPL(kcoro_group_create);

/**
 * kcoro_group_get() - take a reference
 * @group: the caller knows that somebody holds one
 *
 * Context: any.
 * Return: @group.
 */
struct kcoro_group *kcoro_group_get(struct kcoro_group *group)
{
	refcount_inc(&group->refs);
	return group;
}
EXPORT_SYMBOL_GPL(kcoro_group_get);

static void group_free(struct kcoro_group *group)
{
	struct kcoro_task *task, *next;
	unsigned int i;

	list_for_each_entry_safe(task, next, &group->results, group_node)
		kcoro_task_put(task);
	for (i = 0; i < KCORO_GROUP_FAILED_MAX; i++)
		kcoro_task_put(group->failed[i]);
	if (group->ctx)
		kcoro_ctx_group_freed(group->ctx);
	kfree(group);
}

/**
 * kcoro_group_put() - drop a reference
 * @group: its tasks, if it has some, go on; NULL and error pointers do nothing
 *
 * Context: process.
 */
void kcoro_group_put(struct kcoro_group *group)
{
	struct kcoro_group *parent;

	while (!IS_ERR_OR_NULL(group)) {
		parent = group->parent;
		/* Else cancel_groups() might find it as it goes. */
		if (parent && !refcount_dec_and_lock(&group->refs,
						     &parent->lock))
			return;
		if (!parent && !refcount_dec_and_test(&group->refs))
			return;
		if (parent) {
			list_del(&group->node);
			spin_unlock(&parent->lock);
		}
		group_free(group);
		group = parent;
	}
}
EXPORT_SYMBOL_GPL(kcoro_group_put);

/* --- Cancel --------------------------------------------------------------------- */

static void cancel_tasks(struct kcoro_group *group)
{
	struct kcoro_task *task;

	for (;;) {
		spin_lock(&group->lock);
		task = list_first_entry_or_null(&group->tasks,
						struct kcoro_task, group_node);
		if (task) {
			list_move(&task->group_node, &group->told);
			kcoro_task_get(task);
		}
		spin_unlock(&group->lock);
		if (!task)
			return;
		kcoro_cancel_why(task, group->why);
		kcoro_task_put(task);
	}
}

/* A child group that was not cancelled yet, held, or NULL. */
static struct kcoro_group *next_to_cancel(struct kcoro_group *group)
{
	struct kcoro_group *child, *found = NULL;

	spin_lock(&group->lock);
	list_for_each_entry(child, &group->groups, node) {
		if (!READ_ONCE(child->ending)) {
			found = kcoro_group_get(child);
			break;
		}
	}
	spin_unlock(&group->lock);
	return found;
}

/* One group, without its child groups. False: it was cancelled before. */
static bool cancel_one(struct kcoro_group *group, const char *why, u64 by)
{
	struct kcoro_waiter *wakes;

	spin_lock(&group->lock);
	if (group->ending) {
		spin_unlock(&group->lock);
		return false;
	}
	strscpy(group->why, why, sizeof(group->why));
	group->by = by;
	WRITE_ONCE(group->ending, true);
	wakes = kcoro_waitq_take_all(&group->spawners, -ECANCELED);
	spin_unlock(&group->lock);
	kcoro_wake_all(wakes);
	if (group->ctx)
		kcoro_records_end(group->ctx, &group->records);
	cancel_tasks(group);
	return true;
}

/* With the groups in it. False: it was cancelled before. */
static bool cancel_all(struct kcoro_group *group, const char *why, u64 by)
{
	struct kcoro_group *at = group, *child;

	if (!cancel_one(group, why, by))
		return false;
	/* Down into each child group, and up when there is no other: no recursion. */
	kcoro_group_get(at);
	for (;;) {
		child = next_to_cancel(at);
		if (child) {
			cancel_one(child, why, by);
			at = child;
			continue;
		}
		child = at;
		at = child == group ? NULL : child->parent;
		kcoro_group_put(child);
		if (!at)
			return true;
	}
}

/**
 * kcoro_group_cancel() - cancel the tasks of a group, and of those in it
 * @group: the caller holds it
 * @why: as for kcoro_cancel_why()
 *
 * Nothing can be spawned into it afterwards.
 *
 * Context: task or thread.
 * Return: false: it was cancelled before.
 */
bool kcoro_group_cancel(struct kcoro_group *group, const char *why)
{
	struct kcoro_task *self = kcoro_self();

	return cancel_all(group, why, self ? self->id : 0);
}
EXPORT_SYMBOL_GPL(kcoro_group_cancel);

/* --- Waits ------------------------------------------------------------------------- */

/*
 * Wait in @queue; the lock is held, and dropped. Returns what the winner has to
 * say, or why there is none.
 */
static int group_sleep(struct kcoro_group *group, struct kcoro_waitq *queue,
		       void *msg, ktime_t deadline)
	__releases(&group->lock)
{
	struct kcoro_waiter waiter = { .msg = msg };
	struct kcoro_wait onstack;
	int err;

	waiter.wait = kcoro_wait_get(&onstack);
	err = kcoro_wait_begin(waiter.wait, KCORO_WAIT_JOIN);
	if (!err)
		kcoro_waitq_add(queue, &waiter);
	spin_unlock(&group->lock);
	if (err)
		return err;
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		spin_lock(&group->lock);
		kcoro_waitq_del(queue, &waiter);
		spin_unlock(&group->lock);
	}
	return err ?: waiter.result;
}

/**
 * kcoro_group_has_self() - would the caller wait for its own end?
 * @group: the caller holds it
 *
 * Context: task or thread.
 * Return: true: it is a task of @group or of a group in it.
 */
bool kcoro_group_has_self(const struct kcoro_group *group)
{
	const struct kcoro_task *self = kcoro_self();
	const struct kcoro_group *mine;

	for (mine = self ? self->group : NULL; mine; mine = mine->parent)
		if (mine == group)
			return true;
	return false;
}

/**
 * kcoro_group_wait() - wait for the tasks of a group, and of those in it
 * @group: the caller holds it
 * @until: what for
 * @deadline: or KCORO_FOREVER
 *
 * How they fared is for kcoro_group_error() to tell.
 *
 * Context: task or thread; may park.
 * Return: 0. -EDEADLK: the caller is one of them. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS.
 */
int kcoro_group_wait(struct kcoro_group *group, enum kcoro_group_until until,
		     ktime_t deadline)
{
	int err;

	if (kcoro_group_has_self(group))
		return -EDEADLK;
	err = kcoro_wait_check(kcoro_self());
	if (err)
		return err;
	spin_lock(&group->lock);
	if (!group->live || (until == KCORO_GROUP_FAILED && group->error)) {
		spin_unlock(&group->lock);
		return 0;
	}
	return group_sleep(group, until == KCORO_GROUP_FAILED ?
				  &group->mourners : &group->waiters,
			   NULL, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_group_wait);

/**
 * kcoro_group_next() - the next task that ends, in that order
 * @group: made with KCORO_GROUP_RESULTS; the caller holds it
 * @task: gets the task, which has ended, for kcoro_task_put()
 * @deadline: or KCORO_FOREVER
 *
 * Each task is given once. Those of child groups are theirs.
 *
 * Context: task or thread; may park.
 * Return: 1: a task. 0: no task is left, and all were given. -EINVAL: the group
 * keeps no results. -EDEADLK: the caller is one of its tasks. -ETIMEDOUT,
 * -ECANCELED, -ERESTARTSYS.
 */
int kcoro_group_next(struct kcoro_group *group, struct kcoro_task **task,
		     ktime_t deadline)
{
	int err;

	if (!(group->flags & KCORO_GROUP_RESULTS))
		return -EINVAL;
	if (kcoro_group_has_self(group))
		return -EDEADLK;
	err = kcoro_wait_check(kcoro_self());
	if (err)
		return err;
	spin_lock(&group->lock);
	*task = list_first_entry_or_null(&group->results, struct kcoro_task,
					 group_node);
	if (*task)
		list_del_init(&(*task)->group_node);
	if (*task || !group->live) {
		spin_unlock(&group->lock);
		return !!*task;
	}
	return group_sleep(group, &group->takers, task, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_group_next);

/* --- Tasks that begin ---------------------------------------------------------------- */

/**
 * kcoro_group_take_place() - wait for a place for one more task
 * @group: the caller holds it
 * @deadline: until when, or KCORO_FOREVER; in the past: do not wait
 *
 * Context: task or thread; may park.
 * Return: 0: for kcoro_group_attach() or kcoro_group_leave_place(). As
 * kcoro_group_spawn().
 */
int kcoro_group_take_place(struct kcoro_group *group, ktime_t deadline)
{
	int err = kcoro_wait_check(kcoro_self());

	if (err)
		return err;
	spin_lock(&group->lock);
	if (group->ending)
		err = -ECANCELED;
	else if (!group->limit || group->nr_places < group->limit)
		group->nr_places++;
	else
		return group_sleep(group, &group->spawners, NULL, deadline);
	spin_unlock(&group->lock);
	return err;
}

/* Give a place to the first who waits for one. To be woken, or NULL. */
static struct kcoro_waiter *pass_place(struct kcoro_group *group)
{
	struct kcoro_waiter *next;

	lockdep_assert_held(&group->lock);
	next = kcoro_waitq_take(&group->spawners, 0);
	if (!next)
		group->nr_places--;
	return next;
}

/**
 * kcoro_group_leave_place() - undo kcoro_group_take_place()
 * @group: the caller holds it
 *
 * Context: task or thread.
 */
void kcoro_group_leave_place(struct kcoro_group *group)
{
	struct kcoro_waiter *next;

	spin_lock(&group->lock);
	next = pass_place(group);
	spin_unlock(&group->lock);
	if (next)
		kcoro_wait_wake(next->wait);
}

static void count_live(struct kcoro_group *group)
{
	for (; group; group = group->parent) {
		spin_lock(&group->lock);
		WRITE_ONCE(group->live, group->live + 1);
		spin_unlock(&group->lock);
	}
}

/**
 * kcoro_group_attach() - make a new task a group's
 * @group: the caller has a place in it
 * @task: to be started next; it holds the group from now on. If the group was
 *	cancelled since the caller got its place, so is the task
 *
 * Context: process.
 */
void kcoro_group_attach(struct kcoro_group *group, struct kcoro_task *task)
{
	bool ending;

	task->group = kcoro_group_get(group);
	spin_lock(&group->lock);
	ending = group->ending;
	list_add_tail(&task->group_node, ending ? &group->told : &group->tasks);
	spin_unlock(&group->lock);
	count_live(group);
	if (ending)
		kcoro_cancel_why(task, group->why);
}

/**
 * kcoro_group_spawn() - start a task in a group
 * @group: the caller holds it
 * @args: as for kcoro_spawn()
 * @deadline: until when to wait for a place, if the group is full, or
 *	KCORO_FOREVER; in the past: do not wait
 *
 * Context: task or thread; may sleep, and park if the group is full.
 * Return: the task with a reference, to be given to kcoro_task_put(). -ECANCELED:
 * the group was cancelled, or the caller. -ETIMEDOUT, -ERESTARTSYS: there was no
 * place. -EDEADLK: nor will there be, as the caller has the only one. As
 * kcoro_spawn().
 */
struct kcoro_task *kcoro_group_spawn(struct kcoro_group *group,
				     const struct kcoro_spawn_args *args,
				     ktime_t deadline)
{
	struct kcoro_task *self = kcoro_self(), *task;
	int err;

	if (group->limit == 1 && self && self->group == group)
		return ERR_PTR(-EDEADLK);
	err = kcoro_group_take_place(group, deadline);
	if (err)
		return ERR_PTR(err);
	task = kcoro_spawn_into(group, args);
	if (IS_ERR(task))
		kcoro_group_leave_place(group);
	return task;
}
EXPORT_SYMBOL_GPL(kcoro_group_spawn);

/* --- Tasks that end ------------------------------------------------------------------- */

static bool task_failed(const struct kcoro_task *task)
{
	return task->error && task->error != -ECANCELED;
}

/* It is in no list any more; what the group wants to keep of it. */
static struct kcoro_waiter *keep_task(struct kcoro_group *group,
				      struct kcoro_task *task)
{
	struct kcoro_waiter *taker;

	lockdep_assert_held(&group->lock);
	list_del_init(&task->group_node);
	if (task->records) {
		spin_lock(&task->ctx->lock);
		kcoro_records_add(task);
		spin_unlock(&task->ctx->lock);
	}
	if (task_failed(task) && group->nr_kept < KCORO_GROUP_FAILED_MAX)
		group->failed[group->nr_kept++] = kcoro_task_get(task);
	if (!(group->flags & KCORO_GROUP_RESULTS))
		return NULL;
	kcoro_task_get(task);
	taker = kcoro_waitq_take(&group->takers, 1);
	if (taker)
		*(struct kcoro_task **)taker->msg = task;
	else
		list_add_tail(&task->group_node, &group->results);
	return taker;
}

/* A task of @group, or of a group in it, has ended. */
static void group_told(struct kcoro_group *group, struct kcoro_task *task)
{
	struct kcoro_waiter *waiters = NULL, *takers = NULL, *mourners = NULL;
	struct kcoro_waiter *taker = NULL, *spawner = NULL;
	char why[KCORO_CAUSE_MAX];
	bool first = false;

	spin_lock(&group->lock);
	if (task->group == group) {
		taker = keep_task(group, task);
		spawner = pass_place(group);
	}
	if (task_failed(task)) {
		first = !group->nr_failed;
		WRITE_ONCE(group->nr_failed, group->nr_failed + 1);
		if (first) {
			group->first_id = task->id;
			strscpy(group->first_name, task->name,
				sizeof(group->first_name));
			WRITE_ONCE(group->error, task->error);
		}
	}
	WRITE_ONCE(group->live, group->live - 1);
	if (!group->live) {
		waiters = kcoro_waitq_take_all(&group->waiters, 0);
		takers = kcoro_waitq_take_all(&group->takers, 0);
	}
	if (!group->live || first)
		mourners = kcoro_waitq_take_all(&group->mourners, 0);
	spin_unlock(&group->lock);
	if (taker)
		kcoro_wait_wake(taker->wait);
	if (spawner)
		kcoro_wait_wake(spawner->wait);
	kcoro_wake_all(waiters);
	kcoro_wake_all(takers);
	kcoro_wake_all(mourners);
	if (task->group == group && task->records)
		kcoro_records_wake(task->records);
	if (first && group->flags & KCORO_GROUP_FAIL_FAST) {
		scnprintf(why, sizeof(why), "%s failed: error %d", task->name,
			  -task->error);
		cancel_all(group, why, task->id);
	}
}

/**
 * kcoro_group_task_ended() - a task of a group has ended
 * @task: it is done, and was in one
 *
 * Context: @task, or who ends one that crashed.
 */
void kcoro_group_task_ended(struct kcoro_task *task)
{
	struct kcoro_group *group = task->group, *at;

	for (at = group; at; at = at->parent)
		group_told(at, task);
	kcoro_group_put(group);
}

/* --- How it went ------------------------------------------------------------------------ */

/**
 * kcoro_group_live() - how many tasks of a group, and of those in it, are left
 * @group: the caller holds it
 *
 * Context: any.
 */
u32 kcoro_group_live(const struct kcoro_group *group)
{
	return READ_ONCE(group->live);
}
EXPORT_SYMBOL_GPL(kcoro_group_live);

/**
 * kcoro_group_error() - the error of the first task that failed
 * @group: the caller holds it
 *
 * Context: any.
 * Return: a negative errno, or 0: none has.
 */
int kcoro_group_error(const struct kcoro_group *group)
{
	return READ_ONCE(group->error);
}
EXPORT_SYMBOL_GPL(kcoro_group_error);

/**
 * kcoro_group_failures() - how many tasks of a group, and of those in it, failed
 * @group: the caller holds it
 *
 * Context: any.
 */
u64 kcoro_group_failures(const struct kcoro_group *group)
{
	return READ_ONCE(group->nr_failed);
}
EXPORT_SYMBOL_GPL(kcoro_group_failures);

/**
 * kcoro_group_failed() - the tasks of a group that failed, one by one
 * @group: the caller holds it
 * @nth: from 0, in the order in which they did, to KCORO_GROUP_FAILED_MAX - 1
 *
 * Those of child groups are theirs.
 *
 * Context: task or thread.
 * Return: the task, for kcoro_task_put(), or NULL: so many did not fail.
 */
struct kcoro_task *kcoro_group_failed(struct kcoro_group *group, u32 nth)
{
	struct kcoro_task *task = NULL;

	spin_lock(&group->lock);
	if (nth < KCORO_GROUP_FAILED_MAX)
		task = group->failed[nth];
	if (task)
		kcoro_task_get(task);
	spin_unlock(&group->lock);
	return task;
}
EXPORT_SYMBOL_GPL(kcoro_group_failed);

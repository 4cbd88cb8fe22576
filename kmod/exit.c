// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to end a task: from any depth, with calls that were put off until then,
 * and as a part of another task.
 *
 * Model: kcoro_exit() is Go's runtime.Goexit(): it ends the task where it is
 * called. It unwinds nothing. What frames of the task hold has to be given back
 * by deferred calls, which the end of a task makes in any case, last first, on
 * its stack, before anybody is told of the end. Their structures may lie in the
 * frames that are left behind: those stay until the stack is freed. Scopes that
 * are open (scope.c) are closed.
 *
 * kcoro_try() is the boundary that kcoro_exit() does not get past, as recover() in
 * Go: it runs a function as a task of its own, and waits for its end. So there
 * is no setjmp, and what the function does to its stack is its own.
 *
 * Locks: none: all is the task's own.
 */
#include <linux/kcoro_scope.h>
#include <linux/module.h>

#include "exit.h"
#include "task.h"
#include "worker.h"

/**
 * kcoro_defer() - have a function called as the caller ends
 * @defer: memory that stays until then
 * @fn: may wait, but every wait of a task that was killed fails
 * @data: for @fn
 *
 * Calls that were deferred later are made first.
 *
 * Context: task.
 * Return: 0. -EINVAL: the caller is no task.
 */
int kcoro_defer(struct kcoro_defer *defer, void (*fn)(void *data), void *data)
{
	struct kcoro_task *task = kcoro_self();

	if (!task)
		return -EINVAL;
	defer->fn = fn;
	defer->data = data;
	defer->next = task->defers;
	task->defers = defer;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_defer);

/**
 * kcoro_exit_undefer() - take a call back that was deferred
 * @defer: by the caller, and not yet made
 *
 * Context: task.
 */
void kcoro_exit_undefer(struct kcoro_defer *defer)
{
	struct kcoro_defer **at = &kcoro_self()->defers;

	while (*at != defer)
		at = &(*at)->next;
	*at = defer->next;
}

/**
 * kcoro_exit_defers() - make the calls that were deferred to a task's end
 * @task: the caller
 *
 * Context: @task.
 */
void kcoro_exit_defers(struct kcoro_task *task)
{
	struct kcoro_defer *defer;

	while ((defer = task->defers)) {
		task->defers = defer->next;
		defer->fn(defer->data);
	}
}

/**
 * kcoro_exit() - end the calling task
 * @result: as if its function had returned it: a negative errno is its error
 *
 * Like a return, it must not be called with locks held.
 *
 * Context: task, not in a native call. Returns only if the caller is no task,
 * which is a bug and warns.
 */
void kcoro_exit(s64 result)
{
	struct kcoro_task *task = kcoro_self();

	if (WARN_ON_ONCE(!task))
		return;
	kcoro_task_set_result(task, result);
	kcoro_task_finish(task);
	kcoro_worker_switch_out(task, KCORO_SWITCH_EXIT);
}
EXPORT_SYMBOL_GPL(kcoro_exit);

static int join_native(void *data)
{
	return kcoro_join(data, KCORO_FOREVER, NULL);
}

/**
 * kcoro_try() - run a function that may call kcoro_exit()
 * @fn: what to run, as a task of its own
 * @data: for @fn
 * @result: what it returned, or exited with; may be NULL
 *
 * It has ended when the call returns. If the caller is cancelled meanwhile, so is
 * it.
 *
 * Context: task; may sleep and park.
 * Return: 0: it has ended by itself. -ECANCELED: as the caller was. -EINVAL: the
 * caller is no task. As kcoro_spawn(): it was not run.
 */
int kcoro_try(s64 (*fn)(void *data), void *data, s64 *result)
{
	struct kcoro_task *task;
	int err;

	if (!kcoro_self())
		return -EINVAL;
	task = kcoro_spawn(&(struct kcoro_spawn_args) {
		.fn = fn, .data = data, .name = "try" });
	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_wait_for(task, KCORO_FOREVER, result);
	/* Who was killed cannot wait as a task, but @data may be in its frame. */
	while (kcoro_self()->bubble && !kcoro_task_done(task))
		kcoro_yield();
	if (!kcoro_task_done(task))
		kcoro_native(join_native, task);
	kcoro_task_put(task);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_try);

// SPDX-License-Identifier: GPL-2.0
/*
 * Scopes: parts of a task that have a deadline, as asyncio.timeout() and Go's
 * context.WithDeadline().
 *
 * Model: when the time comes the scope makes a request to cancel its own task
 * (cancel.c), so that whatever the task does in it, calls of others included, is
 * cut short. As the scope ends it takes that request back, whether it was
 * delivered or not, and turns -ECANCELED into -ETIMEDOUT, but only if no other
 * request came since it began: then that one counts. So scopes nest: the inner
 * one does not take an outer one's expiry for its own.
 *
 * Invariants: a scope has one request outstanding if it has expired, else none.
 * A task knows the scopes that it is in, innermost first: if it ends in one, its
 * timer ends before the stack that it is on.
 *
 * Locks: none; kcoro_scope_exit() waits for the timer.
 *
 * Rejected: a deadline that each wait looks up (every wait would pay, and loops
 * that ask kcoro_canceled() would not know).
 */
#include <linux/kcoro_scope.h>
#include <linux/module.h>

#include "alarm.h"
#include "scope.h"
#include "task.h"

static ktime_t scope_expired(struct kcoro_alarm *alarm, ktime_t due)
{
	struct kcoro_scope *scope =
		container_of(alarm, struct kcoro_scope, alarm);

	WRITE_ONCE(scope->expired, true);
	kcoro_cancel_why(scope->task, "deadline");
	return KCORO_FOREVER;
}

static void scope_arm(struct kcoro_scope *scope, ktime_t deadline)
{
	if (deadline != KCORO_FOREVER)
		kcoro_alarm_start(&scope->alarm, scope->task->bubble, deadline);
}

/**
 * kcoro_scope_enter() - begin a part of a task that has a deadline
 * @scope: on the task's stack; must come to kcoro_scope_exit() before any that
 *	was entered earlier
 * @deadline: absolute (see kcoro_now()), or KCORO_FOREVER
 *
 * Context: task.
 * Return: 0. -EINVAL: the caller is no task. Nothing was entered.
 */
int kcoro_scope_enter(struct kcoro_scope *scope, ktime_t deadline)
{
	struct kcoro_task *task = kcoro_self();

	if (!task)
		return -EINVAL;
	scope->task = task;
	scope->outer = task->scope;
	task->scope = scope;
	scope->canceling = READ_ONCE(task->cancels);
	scope->expired = false;
	kcoro_alarm_setup_on_stack(&scope->alarm, task->bubble, scope_expired,
				   HRTIMER_MODE_ABS_SOFT);
	scope_arm(scope, deadline);
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_scope_enter);

/**
 * kcoro_scope_reset() - move the deadline of a scope
 * @scope: the caller is in it
 * @deadline: absolute (see kcoro_now()), or KCORO_FOREVER
 *
 * As asyncio's Timeout.reschedule().
 *
 * Context: the scope's task.
 * Return: 0. -ETIMEDOUT: the deadline that it had has come.
 */
int kcoro_scope_reset(struct kcoro_scope *scope, ktime_t deadline)
{
	kcoro_alarm_cancel(&scope->alarm, scope->task->bubble);
	if (scope->expired)
		return -ETIMEDOUT;
	scope_arm(scope, deadline);
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_scope_reset);

/**
 * kcoro_scope_expired() - has the deadline of a scope come?
 * @scope: the caller is in it, or has left it
 *
 * Context: the scope's task.
 */
bool kcoro_scope_expired(const struct kcoro_scope *scope)
{
	return READ_ONCE(scope->expired);
}
EXPORT_SYMBOL_GPL(kcoro_scope_expired);

static void scope_close(struct kcoro_scope *scope)
{
	kcoro_alarm_cancel(&scope->alarm, scope->task->bubble);
	kcoro_alarm_destroy_on_stack(&scope->alarm, scope->task->bubble);
	scope->task->scope = scope->outer;
}

/**
 * kcoro_scope_close_all() - leave the scopes that a task is in as it ends
 * @task: the caller
 *
 * Context: @task.
 */
void kcoro_scope_close_all(struct kcoro_task *task)
{
	while (task->scope)
		scope_close(task->scope);
}

/**
 * kcoro_scope_exit() - end a part of a task that has a deadline
 * @scope: the one that was entered last
 * @err: how it went
 *
 * Context: the scope's task.
 * Return: -ETIMEDOUT if @err is -ECANCELED for the sake of the deadline alone;
 * else @err.
 */
int kcoro_scope_exit(struct kcoro_scope *scope, int err)
{
	scope_close(scope);
	if (!scope->expired)
		return err;
	if (kcoro_uncancel() > scope->canceling || err != -ECANCELED ||
	    kcoro_wait_killed(&scope->task->wait))
		return err;
	return -ETIMEDOUT;
}
EXPORT_SYMBOL_GPL(kcoro_scope_exit);

/**
 * kcoro_wait_for() - wait for a task, and do not let it live longer than that
 * @task: which; the caller holds a reference
 * @deadline: when it is cancelled, or KCORO_FOREVER
 * @result: as for kcoro_join(); may be NULL
 *
 * As asyncio's wait_for(): if the deadline comes, or the caller is cancelled, so
 * is @task, and the call returns once @task has ended.
 *
 * Context: task or thread; may park.
 * Return: 0: it has ended, also if that was after the deadline, but by itself.
 * -ETIMEDOUT: it was cancelled at the deadline. -ECANCELED: as the caller was.
 * -EDEADLK: @task is the caller. -ERESTARTSYS: a thread got a signal; @task goes
 * on.
 */
int kcoro_wait_for(struct kcoro_task *task, ktime_t deadline, s64 *result)
{
	int err = kcoro_join(task, deadline, result), late;
	s64 end = 0;

	if (err != -ETIMEDOUT && err != -ECANCELED)
		return err;
	kcoro_cancel_why(task, err == -ETIMEDOUT ? "deadline" :
						   "who waits for it was");
	kcoro_shield_begin();
	late = kcoro_join(task, KCORO_FOREVER, &end);
	kcoro_shield_end();
	if (late)	/* killed, or a thread that got a signal */
		return late;
	if (result)
		*result = end;
	return err == -ETIMEDOUT && end != -ECANCELED ? 0 : err;
}
EXPORT_SYMBOL_GPL(kcoro_wait_for);

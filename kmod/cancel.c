// SPDX-License-Identifier: GPL-2.0
/*
 * Cancelling tasks: requests that count, who made them and why, shields; and
 * native calls that a request ends.
 *
 * Model: as asyncio's Task.cancel() and uncancel(), with Go's causes. A request
 * is delivered once: it ends the wait under way, or the next one, with
 * -ECANCELED (the wait's word decides, and counts those that are pending:
 * wait.c). What the task does then is its own affair. Every request, delivered
 * or not, stays outstanding until the task takes it back by kcoro_uncancel(); so
 * whoever made one himself, a scope whose deadline has come (scope.c), can tell
 * whether somebody else did too. The cause is that of the oldest outstanding
 * request.
 *
 * In a shielded section requests are counted but not delivered: the next wait
 * after it gets them. Killing a task, which the end of its context does, is no
 * request: it is for good, makes every wait fail, and pierces shields, as no wait
 * may outlive its context.
 *
 * A task that is inside an interruptible native call gets SIGKILL sent to its
 * worker, which the call's end takes away again.
 *
 * Invariant: the pending requests are outstanding ones. One that is taken back is
 * a pending one, if there is any.
 *
 * Locks: task->lock, to make and to take back requests; task->native_lock, under
 * which the signal is sent. Neither nests in the other.
 *
 * Rejected: a cancelled state that stays until it is reset (Go's context.Done():
 * each cleanup that waits would fail, and need a context of its own).
 */
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "bubble.h"
#include "task.h"
#include "worker.h"

/* SIGKILL for the worker that runs @task's interruptible call, if it does. */
static void task_interrupt(struct kcoro_task *task)
{
	unsigned long flags;

	spin_lock_irqsave(&task->native_lock, flags);
	if (task->interruptible)
		send_sig(SIGKILL, task->worker->thread, 1);
	spin_unlock_irqrestore(&task->native_lock, flags);
}

/* One request more. Returns true if a wait was ended by it. */
static bool task_request(struct kcoro_task *task, const char *why)
{
	struct kcoro_task *self = kcoro_self();
	unsigned long flags;
	bool won;

	raw_spin_lock_irqsave(&task->lock, flags);
	if (!task->cancels++) {
		task->cause.by = self ? self->id : 0;
		strscpy(task->cause.why, why, sizeof(task->cause.why));
	}
	won = kcoro_wait_request(&task->wait, false);
	raw_spin_unlock_irqrestore(&task->lock, flags);
	return won;
}

/**
 * kcoro_cancel_why() - ask a task to end, and say why
 * @task: the task; the caller holds a reference
 * @why: cut to KCORO_CAUSE_MAX - 1 bytes; the task, and who reads its exit
 *	record, gets it if no other request is outstanding
 *
 * Its wait under way, or else its next call that may wait, fails with
 * -ECANCELED, once for each request. What it does then is its own affair.
 *
 * Context: any but hard interrupt and NMI.
 * Return: false if it had ended already.
 */
bool kcoro_cancel_why(struct kcoro_task *task, const char *why)
{
	if (kcoro_task_done(task))
		return false;
	if (unlikely(task->bubble))
		kcoro_bubble_asked(task);
	if (task_request(task, why))
		kcoro_wait_wake(&task->wait);
	/* Only the task itself changes this, and in a native call it does not. */
	if (!kcoro_wait_shielded(&task->wait))
		task_interrupt(task);
	return true;
}
EXPORT_SYMBOL_GPL(kcoro_cancel_why);

/**
 * kcoro_cancel() - ask a task to end
 * @task: the task; the caller holds a reference
 *
 * As kcoro_cancel_why(), without a reason.
 *
 * Context: any but hard interrupt and NMI.
 * Return: false if it had ended already.
 */
bool kcoro_cancel(struct kcoro_task *task)
{
	return kcoro_cancel_why(task, "");
}
EXPORT_SYMBOL_GPL(kcoro_cancel);

/**
 * kcoro_task_kill() - make a task's every wait fail
 * @task: the task; the caller holds a reference
 *
 * Context: any but hard interrupt and NMI.
 */
void kcoro_task_kill(struct kcoro_task *task)
{
	if (unlikely(task->bubble))
		kcoro_bubble_asked(task);
	if (kcoro_wait_request(&task->wait, true))
		kcoro_wait_wake(&task->wait);
	task_interrupt(task);
}

/**
 * kcoro_canceled() - is a cancel request waiting for the caller?
 *
 * The request stays: the next call that may wait fails. In a shielded section
 * only a task that was killed is told so.
 *
 * Context: task or thread; a thread gets false.
 */
bool kcoro_canceled(void)
{
	struct kcoro_task *task = kcoro_self();

	return task && kcoro_wait_canceled(&task->wait);
}
EXPORT_SYMBOL_GPL(kcoro_canceled);

/**
 * kcoro_canceling() - how many requests to cancel the caller are outstanding?
 *
 * Those that were delivered are, until kcoro_uncancel() takes them back.
 *
 * Context: task or thread; a thread gets 0.
 */
u32 kcoro_canceling(void)
{
	struct kcoro_task *task = kcoro_self();

	return task ? READ_ONCE(task->cancels) : 0;
}
EXPORT_SYMBOL_GPL(kcoro_canceling);

/**
 * kcoro_uncancel() - take back one request to cancel the caller
 *
 * One that was not delivered yet, if there is any: it will not be then. Else
 * one that was: the caller has dealt with it, and goes on.
 *
 * Context: task or thread; nothing for a thread.
 * Return: how many are outstanding now.
 */
u32 kcoro_uncancel(void)
{
	struct kcoro_task *task = kcoro_self();
	u32 left = 0;

	if (!task)
		return 0;
	raw_spin_lock_irq(&task->lock);
	if (task->cancels) {
		kcoro_wait_take_back(&task->wait);
		left = --task->cancels;
	}
	raw_spin_unlock_irq(&task->lock);
	return left;
}
EXPORT_SYMBOL_GPL(kcoro_uncancel);

/**
 * kcoro_cancel_cause() - who asked the caller to end, and why
 * @cause: filled with the oldest outstanding request's
 *
 * Context: task or thread.
 * Return: false: none is outstanding, or a thread calls.
 */
bool kcoro_cancel_cause(struct kcoro_cause *cause)
{
	struct kcoro_task *task = kcoro_self();
	bool any = false;

	if (!task)
		return false;
	raw_spin_lock_irq(&task->lock);
	if (task->cancels) {
		*cause = task->cause;
		any = true;
	}
	raw_spin_unlock_irq(&task->lock);
	return any;
}
EXPORT_SYMBOL_GPL(kcoro_cancel_cause);

/**
 * kcoro_shield_begin() - put off requests to cancel the caller
 *
 * Until kcoro_shield_end(); sections nest. For what must be waited for even
 * then: `shield` of asyncio, context.WithoutCancel() of Go. A task that is killed
 * is so all the same.
 *
 * Context: task or thread; nothing for a thread.
 */
void kcoro_shield_begin(void)
{
	struct kcoro_task *task = kcoro_self();

	if (task && !task->shields++)
		kcoro_wait_shield(&task->wait, true);
}
EXPORT_SYMBOL_GPL(kcoro_shield_begin);

/**
 * kcoro_shield_end() - let requests through again
 *
 * Those that came meanwhile are delivered to the next calls that may wait.
 *
 * Context: task or thread, as kcoro_shield_begin().
 */
void kcoro_shield_end(void)
{
	struct kcoro_task *task = kcoro_self();

	if (!task || WARN_ON_ONCE(!task->shields))
		return;
	if (!--task->shields)
		kcoro_wait_shield(&task->wait, false);
}
EXPORT_SYMBOL_GPL(kcoro_shield_end);

/**
 * kcoro_native_interruptible() - a native call of a function that may block long
 * @fn: returns at a fatal signal
 * @arg: for @fn
 *
 * As kcoro_native(). A cancel request sends SIGKILL to the worker; the call's
 * end takes it away.
 *
 * Context: task or thread.
 * Return: what @fn returns, or -ECANCELED: it was not called, or it was
 * interrupted.
 */
int kcoro_native_interruptible(int (*fn)(void *arg), void *arg)
{
	struct kcoro_task *task = kcoro_self();
	int ret;

	if (!task)
		return fn(arg);
	ret = kcoro_wait_check(task);
	if (ret)
		return ret;
	spin_lock_irq(&task->native_lock);
	task->interruptible = true;
	spin_unlock_irq(&task->native_lock);
	/* A request since the check: pairs with the lock in task_interrupt(). */
	ret = kcoro_wait_check(task);
	if (!ret)
		ret = kcoro_native(fn, arg);
	spin_lock_irq(&task->native_lock);
	task->interruptible = false;
	if (signal_pending(kcoro_arch_current()))
		flush_signals(kcoro_arch_current());
	spin_unlock_irq(&task->native_lock);
	if (ret == -EINTR || ret == -ERESTARTSYS || ret == -ERESTARTNOHAND)
		ret = kcoro_wait_check(task) ?: -EAGAIN;
	return ret;
}
EXPORT_SYMBOL_GPL(kcoro_native_interruptible);

// SPDX-License-Identifier: GPL-2.0
/*
 * Conditions: what a mutex guards has changed. Go's sync.Cond and asyncio's
 * Condition, for tasks and threads.
 *
 * Model: a waiter queues, unlocks the mutex, waits, and locks it again, however
 * the wait has ended: with a deadline, a cancel request, a signal or a kill too
 * (kcoro_mutex_relock()). So who called with the mutex returns with it. It is in
 * the queue before it unlocks: who changes something under the mutex after that,
 * and notifies, meets it.
 *
 * asyncio passes a notification on if its receiver was cancelled. That cannot
 * happen here. A notification wins the waiter's wait: who has lost it to a
 * deadline or a request was not counted among those notified, and who was won
 * returns 0; a request that comes while he waits for the mutex is left for his
 * next wait.
 *
 * Locks: cond->lock, raw; see sync.h.
 */
#include <linux/module.h>

#include "sync.h"

/**
 * kcoro_cond_init() - make a condition
 * @cond: it
 * @mutex: guards what it is about; several conditions may share one
 * @name: for messages; not copied
 *
 * Context: any.
 */
void kcoro_cond_init(struct kcoro_cond *cond, struct kcoro_mutex *mutex,
		     const char *name)
{
	cond->mutex = mutex;
	raw_spin_lock_init(&cond->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&cond->waiters));
	cond->name = name;
}
EXPORT_SYMBOL_GPL(kcoro_cond_init);

/**
 * kcoro_cond_wait() - unlock the mutex, wait to be notified, lock it again
 * @cond: the caller holds its mutex, and does when the call returns
 * @deadline: or KCORO_FOREVER; locking the mutex again may take longer
 *
 * As others may have locked the mutex first, what the caller waits for need not
 * hold: `while (!ready) err = kcoro_cond_wait(...);`
 *
 * Context: task or thread; may park.
 * Return: 0: notified. -EPERM: the mutex is not the caller's; the kernel log
 * says so. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS: not notified.
 */
int kcoro_cond_wait(struct kcoro_cond *cond, ktime_t deadline)
{
	struct kcoro_waiter waiter;
	struct kcoro_wait onstack;
	int err;

	if (unlikely(!kcoro_mutex_owned(cond->mutex))) {
		pr_warn_ratelimited("kcoro: cond %s: a caller waits that does not hold mutex %s\n",
				    cond->name, cond->mutex->name);
		return -EPERM;
	}
	err = kcoro_wait_check(kcoro_self());
	if (err)
		return err;
	raw_spin_lock(&cond->lock);
	err = kcoro_sync_queue(&cond->waiters, &waiter, &onstack,
			       KCORO_WAIT_COND, NULL);
	raw_spin_unlock(&cond->lock);
	if (err)
		return err;
	kcoro_mutex_unlock(cond->mutex);
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		raw_spin_lock(&cond->lock);
		kcoro_waitq_del(kcoro_sync_waitq(&cond->waiters), &waiter);
		raw_spin_unlock(&cond->lock);
	}
	kcoro_mutex_relock(cond->mutex);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_cond_wait);

/**
 * kcoro_cond_notify() - wake those that wait longest
 * @cond: the condition
 * @n: how many
 *
 * The caller need not hold the mutex, but must have held it for the change.
 *
 * Context: task or thread.
 * Return: how many were notified, at most @n.
 */
u32 kcoro_cond_notify(struct kcoro_cond *cond, u32 n)
{
	struct kcoro_waiter *wakes = NULL, **tail = &wakes, *waiter;
	u32 nr;

	raw_spin_lock(&cond->lock);
	for (nr = 0; nr < n; nr++) {
		waiter = kcoro_waitq_take(kcoro_sync_waitq(&cond->waiters), 0);
		if (!waiter)
			break;
		waiter->next = NULL;
		*tail = waiter;
		tail = &waiter->next;
	}
	raw_spin_unlock(&cond->lock);
	kcoro_wake_all(wakes);
	return nr;
}
EXPORT_SYMBOL_GPL(kcoro_cond_notify);

/**
 * kcoro_cond_notify_all() - wake all that wait
 * @cond: the condition
 *
 * Context, Return: as kcoro_cond_notify().
 */
u32 kcoro_cond_notify_all(struct kcoro_cond *cond)
{
	return kcoro_cond_notify(cond, U32_MAX);
}
EXPORT_SYMBOL_GPL(kcoro_cond_notify_all);

// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for the end of a task.
 *
 * Model: who waits is queued with the task, under its lock, if it is not done;
 * task_end() takes all of them out as it is. What the task left is constant from then
 * on, so that it can be read by any number of callers, any number of times.
 *
 * Locks: task->lock.
 */
#include <linux/kcoro.h>
#include <linux/module.h>

#include "deadlock.h"
#include "sync.h"
#include "task.h"
#include "wait.h"

/* Wait until @task is done, if it is not. */
static __always_inline int join_wait(struct kcoro_task *task, ktime_t deadline)
{
	struct kcoro_waiter waiter = { .result = 0 };
	struct kcoro_wait onstack;
	int err;

	waiter.wait = kcoro_wait_get(&onstack);
	raw_spin_lock_irq(&task->lock);
	if (task->done) {
		raw_spin_unlock_irq(&task->lock);
		return 0;
	}
	err = kcoro_wait_begin(waiter.wait, KCORO_WAIT_JOIN);
	if (!err) {
		WRITE_ONCE(waiter.wait->on, task->id);
		kcoro_waitq_add(&task->joiners, &waiter);
	}
	raw_spin_unlock_irq(&task->lock);
	if (err)
		return err;
	err = kcoro_wait_finish(waiter.wait, deadline);
	raw_spin_lock_irq(&task->lock);
	kcoro_waitq_del(&task->joiners, &waiter);
	raw_spin_unlock_irq(&task->lock);
	return err;
}

static noinline int join_checked(struct kcoro_task *task, ktime_t deadline)
{
	struct kcoro_blocked blocked;
	int err = kcoro_blocked_begin(&blocked, KCORO_WAIT_JOIN, task,
				      kcoro_sync_self(kcoro_self()), deadline);

	if (!err)
		err = join_wait(task, deadline);
	kcoro_blocked_end(&blocked);
	return err;
}

/**
 * kcoro_join() - wait for the end of a task
 * @task: whose; the caller holds a reference
 * @deadline: or KCORO_FOREVER
 * @result: what it returned, or its error as a negative errno; may be NULL
 *
 * Context: task or thread; may park.
 * Return: 0: it has ended. -EDEADLK: @task is the caller, or waits for it
 * (deadlock.c, on request). -ETIMEDOUT, -ECANCELED, -ERESTARTSYS.
 */
int kcoro_join(struct kcoro_task *task, ktime_t deadline, s64 *result)
{
	struct kcoro_task *self = kcoro_self();
	int err;

	if (task == self)
		return -EDEADLK;
	if (!kcoro_task_done(task)) {
		err = kcoro_wait_check(self);
		if (err)
			return err;
		err = kcoro_deadlock_checked() ? join_checked(task, deadline) :
						 join_wait(task, deadline);
		if (err)
			return err;
	}
	/* Pairs with the lock in task_end(): done is written last. */
	smp_rmb();
	if (result)
		*result = task->error ?: task->result;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_join);

// SPDX-License-Identifier: GPL-2.0
/*
 * Once: what the first who comes does, for all. Go's sync.Once and OnceValue, for
 * tasks and threads.
 *
 * Model: the first caller runs the function, without a lock; others wait for its
 * end; all get its result, and later ones without a lock.
 *
 * A function that fails has run all the same, as Go's that panics: it is not run
 * again, and everybody gets its error. Nobody but the function knows what it had
 * done by then, and whether doing that twice is safe; one that does can undo it,
 * and its users have a once for each attempt. The same if it failed because the
 * task that ran it was cancelled: a function that must not be cut short by what
 * is meant for its caller shields itself (kcoro_shield_begin()). And if the task
 * ends in it (kcoro_exit()): what it exits with is the result.
 *
 * Locks: once->lock, raw; see sync.h. @runner and @result are guarded by it until
 * @done is set, and constant from then on.
 */
#include <linux/kcoro_scope.h>
#include <linux/module.h>

#include "exit.h"
#include "deadlock.h"
#include "sync.h"

/* The function has ended, with @result. */
static void once_end(struct kcoro_once *once, s64 result)
{
	struct kcoro_waiter *wakes;

	raw_spin_lock(&once->lock);
	once->result = result;
	/* Pairs with the acquire in kcoro_once_done(). */
	smp_store_release(&once->done, true);
	wakes = kcoro_waitq_take_all(kcoro_sync_waitq(&once->waiters), 0);
	raw_spin_unlock(&once->lock);
	kcoro_wake_all(wakes);
}

/* The task ends in the function. */
static void once_left(void *data)
{
	const struct kcoro_task *self = kcoro_self();

	once_end(data, self->error ?: self->result);
}

static void once_run(struct kcoro_once *once, s64 (*fn)(void *data), void *data)
{
	struct kcoro_defer defer;
	bool task = !kcoro_defer(&defer, once_left, once);
	s64 result = fn(data);

	if (task)
		kcoro_exit_undefer(&defer);
	once_end(once, result);
}

/* Wait for the function's end, as @caller. */
static int once_wait(struct kcoro_once *once, long caller, ktime_t deadline)
{
	struct kcoro_blocked blocked;
	struct kcoro_waiter waiter;
	struct kcoro_wait onstack;
	int err;

	err = kcoro_blocked_begin(&blocked, KCORO_WAIT_ONCE, once, caller,
				  deadline);
	if (err)
		return err;
	raw_spin_lock(&once->lock);
	if (once->done) {
		raw_spin_unlock(&once->lock);
		goto out;
	}
	err = kcoro_sync_queue(&once->waiters, &waiter, &onstack,
			       KCORO_WAIT_ONCE, NULL);
	raw_spin_unlock(&once->lock);
	if (!err)
		err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		raw_spin_lock(&once->lock);
		kcoro_waitq_del(kcoro_sync_waitq(&once->waiters), &waiter);
		raw_spin_unlock(&once->lock);
	}
out:
	kcoro_blocked_end(&blocked);
	return err;
}

/* Run the function, or wait for who does. */
static noinline int once_do_slow(struct kcoro_once *once,
				 s64 (*fn)(void *data), void *data,
				 ktime_t deadline)
{
	struct kcoro_task *self = kcoro_self();
	long caller = kcoro_sync_self(self);
	int err = kcoro_wait_check(self);

	if (err)
		return err;
	raw_spin_lock(&once->lock);
	if (once->runner && once->runner != caller && !once->done) {
		raw_spin_unlock(&once->lock);
		return once_wait(once, caller, deadline);
	}
	if (!once->runner) {
		once->runner = caller;
		raw_spin_unlock(&once->lock);
		once_run(once, fn, data);
		return 0;
	}
	err = once->done ? 0 : -EDEADLK;
	raw_spin_unlock(&once->lock);
	return err;
}

/**
 * kcoro_once_init() - make a once
 * @once: it; not done
 * @name: for messages; not copied
 *
 * Context: any.
 */
void kcoro_once_init(struct kcoro_once *once, const char *name)
{
	once->done = false;
	once->runner = 0;
	once->result = 0;
	raw_spin_lock_init(&once->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&once->waiters));
	once->name = name;
}
EXPORT_SYMBOL_GPL(kcoro_once_init);

/**
 * kcoro_once_do() - have a function called, by the first caller and once
 * @once: the once
 * @fn: may do what the caller may, but for waiting for @once
 * @data: for @fn
 * @deadline: for the callers that are not the first; or KCORO_FOREVER
 * @result: what @fn returned, a failure too; may be NULL
 *
 * Context: task or thread; may park.
 * Return: 0: @fn has been called and has ended. -EDEADLK: the caller is in it, or who is
 * waits for the caller (deadlock.c, on request).
 * -ETIMEDOUT, -ECANCELED, -ERESTARTSYS.
 */
int kcoro_once_do(struct kcoro_once *once, s64 (*fn)(void *data), void *data,
		  ktime_t deadline, s64 *result)
{
	int err = 0;

	if (unlikely(!kcoro_once_done(once)))
		err = once_do_slow(once, fn, data, deadline);
	if (err)
		return err;
	if (result)
		*result = once->result;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_once_do);

/**
 * kcoro_once_done() - has its function ended?
 * @once: the once
 *
 * Context: any.
 */
bool kcoro_once_done(const struct kcoro_once *once)
{
	/* Pairs with the release in once_end(). */
	return smp_load_acquire(&once->done);
}
EXPORT_SYMBOL_GPL(kcoro_once_done);

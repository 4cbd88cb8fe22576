// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers: a number of parties that go on when all have come, again and again.
 * asyncio's Barrier, for tasks and threads.
 *
 * Model: who comes queues, but for the last one, who wins the waits of all others
 * and gives each a number: 0 to who has come first, the highest to himself. The
 * queue is empty then, and the next round begins, also before the last of this
 * one has run.
 *
 * Who gives up (a deadline, a request, a signal) leaves the queue, and the others
 * wait for one more to come, as asyncio has it; Python's threads would break the
 * barrier, and can by kcoro_barrier_abort().
 *
 * The last one may find that somebody in the queue has given up but not left yet.
 * Then he is not the last, and those that he has won already are told to come
 * again.
 *
 * Invariant: @waiting is the length of the queue, which is shorter than @parties.
 *
 * Locks: barrier->lock, raw; see sync.h. It guards the rest.
 *
 * Rejected: to look before if all can still be won (that may change meanwhile);
 * numbers in order of arrival (two would have the same after one has left).
 */
#include <linux/module.h>

#include "sync.h"

#define AGAIN	(-EAGAIN)

/* Win all that wait, for @result or, if that is 0, for their numbers. */
static struct kcoro_waiter *barrier_take_all(struct kcoro_barrier *barrier,
					     int result)
{
	barrier->waiting = 0;
	return kcoro_waitq_take_all(kcoro_sync_waitq(&barrier->waiters),
				    result);
}

/*
 * Has the last one come? Gives the others their numbers, or AGAIN. @wakes: whom
 * to wake.
 */
static bool barrier_full(struct kcoro_barrier *barrier,
			 struct kcoro_waiter **wakes)
{
	struct kcoro_waiter *waiter;
	u32 nr = 0;

	lockdep_assert_held(&barrier->lock);
	if (barrier->waiting + 1 < barrier->parties)
		return false;
	*wakes = barrier_take_all(barrier, AGAIN);
	for (waiter = *wakes; waiter; waiter = waiter->next)
		nr++;
	if (nr + 1 < barrier->parties)
		return false;
	nr = 0;
	for (waiter = *wakes; waiter; waiter = waiter->next)
		waiter->result = nr++;
	return true;
}

/* One attempt. AGAIN: the barrier was not full after all. */
static int barrier_wait(struct kcoro_barrier *barrier, ktime_t deadline)
{
	struct kcoro_waiter *wakes = NULL, waiter;
	struct kcoro_wait onstack;
	bool full = false;
	int err = -EPIPE;

	raw_spin_lock(&barrier->lock);
	if (!barrier->broken) {
		full = barrier_full(barrier, &wakes);
		err = full ? 0 : kcoro_sync_queue(&barrier->waiters, &waiter,
						  &onstack,
						  KCORO_WAIT_BARRIER, NULL);
		barrier->waiting += !full && !err;
	}
	raw_spin_unlock(&barrier->lock);
	kcoro_wake_all(wakes);
	if (full)
		return barrier->parties - 1;
	if (err)
		return err;
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (!err)
		return waiter.result;
	raw_spin_lock(&barrier->lock);
	barrier->waiting -= !!waiter.pprev;
	kcoro_waitq_del(kcoro_sync_waitq(&barrier->waiters), &waiter);
	raw_spin_unlock(&barrier->lock);
	return err;
}

/**
 * kcoro_barrier_init() - make a barrier
 * @barrier: it
 * @parties: how many it is for, 1 to KCORO_BARRIER_MAX
 * @name: for messages; not copied
 *
 * Context: any.
 * Return: 0. -EINVAL.
 */
int kcoro_barrier_init(struct kcoro_barrier *barrier, u32 parties,
		       const char *name)
{
	if (!parties || parties > KCORO_BARRIER_MAX)
		return -EINVAL;
	barrier->parties = parties;
	barrier->waiting = 0;
	barrier->broken = false;
	raw_spin_lock_init(&barrier->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&barrier->waiters));
	barrier->name = name;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_barrier_init);

/**
 * kcoro_barrier_wait() - wait until all parties have come
 * @barrier: the barrier
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0 to the number of parties less one, another one for each: all have
 * come. -EPIPE: the barrier is broken, or was reset. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS: the others wait on.
 */
int kcoro_barrier_wait(struct kcoro_barrier *barrier, ktime_t deadline)
{
	int ret = kcoro_wait_check(kcoro_self());

	if (ret)
		return ret;
	do {
		ret = barrier_wait(barrier, deadline);
	} while (unlikely(ret == AGAIN));
	return ret;
}
EXPORT_SYMBOL_GPL(kcoro_barrier_wait);

static void barrier_break(struct kcoro_barrier *barrier, bool broken)
{
	struct kcoro_waiter *wakes;

	raw_spin_lock(&barrier->lock);
	barrier->broken = broken;
	wakes = barrier_take_all(barrier, -EPIPE);
	raw_spin_unlock(&barrier->lock);
	kcoro_wake_all(wakes);
}

/**
 * kcoro_barrier_reset() - begin anew
 * @barrier: the barrier; broken no more
 *
 * Those who wait get -EPIPE.
 *
 * Context: task or thread.
 */
void kcoro_barrier_reset(struct kcoro_barrier *barrier)
{
	barrier_break(barrier, false);
}
EXPORT_SYMBOL_GPL(kcoro_barrier_reset);

/**
 * kcoro_barrier_abort() - break a barrier, as a party will not come
 * @barrier: the barrier
 *
 * Those who wait, and those who come until it is reset, get -EPIPE.
 *
 * Context: task or thread.
 */
void kcoro_barrier_abort(struct kcoro_barrier *barrier)
{
	barrier_break(barrier, true);
}
EXPORT_SYMBOL_GPL(kcoro_barrier_abort);

/**
 * kcoro_barrier_waiting() - how many parties have come
 * @barrier: the barrier
 *
 * Context: any.
 */
u32 kcoro_barrier_waiting(const struct kcoro_barrier *barrier)
{
	return READ_ONCE(barrier->waiting);
}
EXPORT_SYMBOL_GPL(kcoro_barrier_waiting);

/**
 * kcoro_barrier_broken() - was it aborted, and not reset?
 * @barrier: the barrier
 *
 * Context: any.
 */
bool kcoro_barrier_broken(const struct kcoro_barrier *barrier)
{
	return READ_ONCE(barrier->broken);
}
EXPORT_SYMBOL_GPL(kcoro_barrier_broken);

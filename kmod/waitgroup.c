// SPDX-License-Identifier: GPL-2.0
/*
 * Wait groups: a count to wait for until it is 0. Go's sync.WaitGroup, for tasks,
 * threads, and interrupt handlers that lower it.
 *
 * Model: the word holds the count and a flag: there are waiters. Without waiters a
 * change is one cmpxchg. The step to 0 with waiters is made under the lock, and
 * wins all of them.
 *
 * A wait is for the first time that the count is 0, also if it is raised again
 * before the waiter runs: so a group can be used again at once. As in Go, what
 * raises the count from 0 must come before the wait that is to see it, if it is
 * to.
 *
 * Who waits takes the lock also if the count is 0, as others may just have made it
 * so under the lock: then they are done with it, and the waiter may free it.
 *
 * Locks: group->lock, raw, interrupts off; see sync.h.
 */
#include <linux/module.h>

#include "sync.h"

#define ONE	2L	/* of the count; the flag is below */

/**
 * kcoro_waitgroup_init() - make a wait group
 * @group: it; its count is 0
 * @name: for messages; not copied
 *
 * Context: any.
 */
void kcoro_waitgroup_init(struct kcoro_waitgroup *group, const char *name)
{
	atomic_long_set(&group->word, 0);
	raw_spin_lock_init(&group->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&group->waiters));
	group->name = name;
}
EXPORT_SYMBOL_GPL(kcoro_waitgroup_init);

/* The last one, and there may be waiters. False: it is not the last one any more. */
static noinline bool waitgroup_end(struct kcoro_waitgroup *group, long old)
{
	struct kcoro_waiter *wakes = NULL;
	unsigned long flags;
	bool ended;

	raw_spin_lock_irqsave(&group->lock, flags);
	ended = atomic_long_try_cmpxchg(&group->word, &old, 0);
	if (ended)
		wakes = kcoro_waitq_take_all(kcoro_sync_waitq(&group->waiters),
					     0);
	raw_spin_unlock_irqrestore(&group->lock, flags);
	kcoro_wake_all(wakes);
	return ended;
}

/**
 * kcoro_waitgroup_add() - change the count
 * @group: the group
 * @delta: by how much
 *
 * Context: any but NMI.
 * Return: 0. -EINVAL: it would be negative, which the kernel log says.
 * -EOVERFLOW: over INT_MAX. Then it stays as it is.
 */
int kcoro_waitgroup_add(struct kcoro_waitgroup *group, int delta)
{
	long old = atomic_long_read(&group->word), count;

	for (;;) {
		count = old / ONE + delta;
		if (unlikely(count < 0)) {
			pr_warn_ratelimited("kcoro: wait group %s: its count would be %ld\n",
					    group->name, count);
			return -EINVAL;
		}
		if (unlikely(count > INT_MAX))
			return -EOVERFLOW;
		if (!count && old & KCORO_SYNC_WAITERS) {
			if (waitgroup_end(group, old))
				return 0;
			old = atomic_long_read(&group->word);
		} else if (atomic_long_try_cmpxchg(&group->word, &old,
						   old + delta * ONE)) {
			return 0;
		}
	}
}
EXPORT_SYMBOL_GPL(kcoro_waitgroup_add);

/**
 * kcoro_waitgroup_done() - lower the count by 1
 * @group: the group
 *
 * Context, Return: as kcoro_waitgroup_add().
 */
int kcoro_waitgroup_done(struct kcoro_waitgroup *group)
{
	return kcoro_waitgroup_add(group, -1);
}
EXPORT_SYMBOL_GPL(kcoro_waitgroup_done);

/* The flag, unless the count is 0. The lock is held. */
static bool waitgroup_busy(struct kcoro_waitgroup *group)
{
	long old = atomic_long_read(&group->word);

	while (old >= ONE)
		if (atomic_long_try_cmpxchg(&group->word, &old,
					    old | KCORO_SYNC_WAITERS))
			return true;
	return false;
}

/**
 * kcoro_waitgroup_wait() - wait until the count is 0
 * @group: the group
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS.
 */
int kcoro_waitgroup_wait(struct kcoro_waitgroup *group, ktime_t deadline)
{
	int err = kcoro_wait_check(kcoro_self());
	unsigned long flags;

	if (err)
		return err;
	raw_spin_lock_irqsave(&group->lock, flags);
	if (!waitgroup_busy(group)) {
		raw_spin_unlock_irqrestore(&group->lock, flags);
		return 0;
	}
	return kcoro_sync_wait(&group->lock, flags, &group->waiters,
			       KCORO_WAIT_WAITGROUP, NULL, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_waitgroup_wait);

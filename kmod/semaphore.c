// SPDX-License-Identifier: GPL-2.0
/*
 * Semaphores: units to take and give back, several at once. asyncio's
 * BoundedSemaphore and Go's semaphore.Weighted, for tasks, threads, and interrupt
 * handlers that give back.
 *
 * Model: the word holds the number of units that are there, and a flag: there are
 * waiters. Without waiters to take and to give is one cmpxchg. With them nobody
 * takes anything by himself: it is given, under the lock, to the oldest first. So
 * who wants many is not starved by those who want few; if he gives up, those
 * behind him may have their turn.
 *
 * Invariants: while a waiter is in the queue the flag is set. While it is set, the
 * word changes under the lock only.
 *
 * Locks: sem->lock, raw, interrupts off; see sync.h.
 */
#include <linux/module.h>

#include "sync.h"

#define ONE	2L	/* unit; the flag is below */

struct acquirer {
	struct kcoro_waiter waiter;
	u32 n;
};

/*
 * Give what there is, @word, to those whose turn it is. Under the lock, with the
 * flag set. Returns whom to wake.
 */
static struct kcoro_waiter *sem_give(struct kcoro_sem *sem, long word)
{
	struct kcoro_waitq *queue = kcoro_sync_waitq(&sem->waiters);
	struct kcoro_waiter *wakes = NULL, **tail = &wakes, *first;
	long units = word / ONE;

	lockdep_assert_held(&sem->lock);
	while ((first = queue->first)) {
		u32 n = container_of(first, struct acquirer, waiter)->n;

		if (n > units)
			break;
		kcoro_waitq_del(queue, first);
		if (!kcoro_wait_win(first->wait))
			continue;
		first->result = 0;
		first->next = NULL;
		*tail = first;
		tail = &first->next;
		units -= n;
	}
	/* Pairs with the acquire of who takes them. */
	atomic_long_set_release(&sem->word,
				units * ONE | (first ? KCORO_SYNC_WAITERS : 0));
	return wakes;
}

/* There may be units for one who polls. */
static __always_inline void sem_poll_wake(struct kcoro_sem *sem)
{
	if (unlikely(sem->fd))
		kcoro_sync_fd_wake(sem->fd);
}

/* A waiter gives up. */
static void sem_leave(struct kcoro_sem *sem, struct acquirer *acquirer)
{
	struct kcoro_waiter *wakes = NULL;
	unsigned long flags;
	long word;

	raw_spin_lock_irqsave(&sem->lock, flags);
	kcoro_waitq_del(kcoro_sync_waitq(&sem->waiters), &acquirer->waiter);
	word = atomic_long_read(&sem->word);
	if (word & KCORO_SYNC_WAITERS)
		wakes = sem_give(sem, word);
	raw_spin_unlock_irqrestore(&sem->lock, flags);
	kcoro_wake_all(wakes);
	sem_poll_wake(sem);
}

static __always_inline bool sem_has(long word, u32 n)
{
	return !(word & KCORO_SYNC_WAITERS) && word >= n * ONE;
}

/* Take @n, or else set the flag. The lock is held. */
static bool sem_take(struct kcoro_sem *sem, u32 n)
{
	long old = atomic_long_read(&sem->word);
	bool has;

	do {
		has = sem_has(old, n);
	} while (!atomic_long_try_cmpxchg_acquire(&sem->word, &old,
						  has ? old - n * ONE :
						  old | KCORO_SYNC_WAITERS));
	return has;
}

static noinline int sem_acquire_slow(struct kcoro_sem *sem, u32 n,
				     ktime_t deadline)
{
	struct acquirer acquirer = { .n = n };
	struct kcoro_wait onstack;
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&sem->lock, flags);
	if (kcoro_sync_over(sem->fd)) {
		raw_spin_unlock_irqrestore(&sem->lock, flags);
		return -ESHUTDOWN;
	}
	if (sem_take(sem, n)) {
		raw_spin_unlock_irqrestore(&sem->lock, flags);
		return 0;
	}
	err = kcoro_sync_queue(&sem->waiters, &acquirer.waiter, &onstack,
			       KCORO_WAIT_SEM, sem->fd);
	raw_spin_unlock_irqrestore(&sem->lock, flags);
	if (!err)
		err = kcoro_wait_finish(acquirer.waiter.wait, deadline);
	if (err)
		sem_leave(sem, &acquirer);
	return err ?: acquirer.waiter.result;
}

/**
 * kcoro_sem_init() - make a semaphore
 * @sem: it
 * @count: units that are there
 * @max: most units that may ever be, 1 to KCORO_SEM_MAX
 * @name: for messages; not copied
 *
 * Context: any.
 * Return: 0. -EINVAL: @max is out of its range, or less than @count.
 */
int kcoro_sem_init(struct kcoro_sem *sem, u32 count, u32 max, const char *name)
{
	if (!max || max > KCORO_SEM_MAX || count > max)
		return -EINVAL;
	atomic_long_set(&sem->word, count * ONE);
	sem->max = max;
	raw_spin_lock_init(&sem->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&sem->waiters));
	sem->name = name;
	sem->fd = NULL;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_sem_init);

/**
 * kcoro_sem_acquire() - wait until there are units, and take them
 * @sem: the semaphore
 * @n: how many, at least 1; all at once
 * @deadline: or KCORO_FOREVER
 *
 * First come, first served: who wants fewer does not overtake who wants more.
 *
 * Context: task or thread; may park.
 * Return: 0. -EINVAL: so many can never be. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS: none were taken. -ESHUTDOWN: it is a program's, whose context has
 * ended.
 */
int kcoro_sem_acquire(struct kcoro_sem *sem, u32 n, ktime_t deadline)
{
	int err = kcoro_wait_check(kcoro_self());

	if (unlikely(err))
		return err;
	err = kcoro_sem_try_acquire(sem, n);
	if (likely(err != -EAGAIN))
		return err;
	return sem_acquire_slow(sem, n, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_sem_acquire);

/**
 * kcoro_sem_try_acquire() - take units if they are there
 * @sem: the semaphore
 * @n: how many, at least 1
 *
 * Context: any but NMI.
 * Return: 0. -EAGAIN: there are fewer, or others wait. -EINVAL: so many can never
 * be.
 */
int kcoro_sem_try_acquire(struct kcoro_sem *sem, u32 n)
{
	long old = atomic_long_read(&sem->word);

	if (unlikely(!n || n > sem->max))
		return -EINVAL;
	while (likely(sem_has(old, n)))
		if (atomic_long_try_cmpxchg_acquire(&sem->word, &old,
						    old - n * ONE))
			return 0;
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(kcoro_sem_try_acquire);

/* Somebody waits: what is given back is for him. */
static noinline int sem_release_slow(struct kcoro_sem *sem, u32 n)
{
	struct kcoro_waiter *wakes = NULL;
	unsigned long flags;
	int err = 0;
	long old;

	raw_spin_lock_irqsave(&sem->lock, flags);
	old = atomic_long_read(&sem->word);
	do {
		if (old / ONE + n > sem->max) {
			err = -EOVERFLOW;
			break;
		}
		/* With the flag nobody else changes the word. */
	} while (!atomic_long_try_cmpxchg_release(&sem->word, &old,
						  (old + n * ONE) |
						  KCORO_SYNC_WAITERS));
	if (!err)
		wakes = sem_give(sem, old + n * ONE);
	raw_spin_unlock_irqrestore(&sem->lock, flags);
	kcoro_wake_all(wakes);
	return err;
}

static noinline int __cold complain(const struct kcoro_sem *sem, u32 n)
{
	if (!sem->fd)	/* a program looks at the errno */
		pr_warn_ratelimited("kcoro: semaphore %s: %u units are given back, more than were missing of its %u\n",
				    sem->name, n, sem->max);
	return -EOVERFLOW;
}

/**
 * kcoro_sem_release() - give units back
 * @sem: the semaphore
 * @n: how many, at least 1; not necessarily those that the caller took
 *
 * Context: any but NMI.
 * Return: 0. -EINVAL: @n is 0. -EOVERFLOW: there would be more than may be; none
 * was given back, and the kernel log says so, unless it is a program's.
 */
int kcoro_sem_release(struct kcoro_sem *sem, u32 n)
{
	long old = atomic_long_read(&sem->word);
	int err;

	if (unlikely(!n))
		return -EINVAL;
	do {
		if (unlikely(old & KCORO_SYNC_WAITERS)) {
			err = sem_release_slow(sem, n);
			if (err)
				return complain(sem, n);
			sem_poll_wake(sem);
			return 0;
		}
		if (unlikely(old / ONE + n > sem->max))
			return complain(sem, n);
	} while (!atomic_long_try_cmpxchg_release(&sem->word, &old,
						  old + n * ONE));
	sem_poll_wake(sem);
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_sem_release);

/**
 * kcoro_sem_count() - how many units are there
 * @sem: the semaphore
 *
 * Context: any.
 */
u32 kcoro_sem_count(const struct kcoro_sem *sem)
{
	return atomic_long_read(&sem->word) / ONE;
}
EXPORT_SYMBOL_GPL(kcoro_sem_count);

/**
 * kcoro_sem_ready() - could a unit be taken without a wait?
 * @sem: the semaphore
 *
 * Context: any.
 */
bool kcoro_sem_ready(const struct kcoro_sem *sem)
{
	return sem_has(atomic_long_read(&sem->word), 1);
}

/**
 * kcoro_sem_end() - the context of a program's semaphore has ended
 * @sem: the semaphore; nobody waits for it any more
 *
 * Context: process.
 */
void kcoro_sem_end(struct kcoro_sem *sem)
{
	struct kcoro_waiter *wakes;
	unsigned long flags;

	raw_spin_lock_irqsave(&sem->lock, flags);
	WRITE_ONCE(sem->fd->over, true);
	wakes = kcoro_waitq_take_all(kcoro_sync_waitq(&sem->waiters),
				     -ESHUTDOWN);
	/* What is there is for whoever comes, as nobody is before him. */
	atomic_long_andnot(KCORO_SYNC_WAITERS, &sem->word);
	raw_spin_unlock_irqrestore(&sem->lock, flags);
	kcoro_wake_all(wakes);
}

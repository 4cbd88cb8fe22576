// SPDX-License-Identifier: GPL-2.0
/*
 * Readers and writers: Go's sync.RWMutex, for tasks and threads.
 *
 * Model: the word holds the number of readers, or the writer's own (sync.h) and a
 * flag that it is one; and the flag: there are waiters. While that is not set, to
 * lock and to unlock is one cmpxchg. Else the lock is never free: who gives it
 * back passes it on, under the lock's own lock, by the rules
 *
 *	a writer waits			no new reader gets in
 *	the last reader has gone	the oldest writer is next
 *	a writer has gone		all readers that wait now are next, also
 *					those that came after another writer
 *	the last writer has given up	the readers it kept out get in
 *
 * So readers and writers that come all the time take turns, and neither starve
 * the other.
 *
 * Invariants: while a queue has a waiter the flag is set. If the flag is set and
 * nobody has the lock, all waiters in the queues have lost their waits, and are on
 * their way to leave; the last one clears the flag. While the flag is set, and
 * the lock of its own held, the word changes only by readers that go and are not
 * the last.
 *
 * Locks: rwlock->lock, raw; see sync.h.
 *
 * Rejected: to let a new reader in while a writer waits if the reader has the
 * lock already (nobody knows who the readers are): that one waits for itself, as
 * in Go.
 */
#include <linux/module.h>

#include "deadlock.h"
#include "sync.h"

#define READER		(1L << KCORO_SYNC_SHIFT)
#define BUSY		(KCORO_SYNC_WAITERS | KCORO_SYNC_WRITER)

struct writer {
	struct kcoro_waiter waiter;
	long owner;
};

/*
 * Give the lock to whom it is due. Under rwlock->lock, with the flag set. Returns
 * whom to wake.
 */
static struct kcoro_waiter *rwlock_pass(struct kcoro_rwlock *rwlock,
					bool readers_first)
{
	struct kcoro_waitq *readers = kcoro_sync_waitq(&rwlock->readers);
	struct kcoro_waitq *writers = kcoro_sync_waitq(&rwlock->writers);
	struct kcoro_waiter *wakes = NULL, *waiter;
	long word = atomic_long_read(&rwlock->word), add = 0;

	lockdep_assert_held(&rwlock->lock);
	if (word & KCORO_SYNC_WRITER)
		return NULL;
	if (word < READER && !readers_first) {
		wakes = kcoro_waitq_take(writers, 0);
		if (wakes) {
			wakes->next = NULL;
			add = container_of(wakes, struct writer, waiter)->owner;
		}
	}
	if (!wakes && (readers_first || !writers->first)) {
		wakes = kcoro_waitq_take_all(readers, 0);
		for (waiter = wakes; waiter; waiter = waiter->next)
			add += READER;
	}
	if (!wakes && word < READER && readers_first)
		return rwlock_pass(rwlock, false);
	if (!readers->first && !writers->first)
		add -= KCORO_SYNC_WAITERS;
	/* Pairs with the release of who gave it back. */
	atomic_long_add_return_acquire(add, &rwlock->word);
	return wakes;
}

/* A waiter gives up: others may not have to wait for it any more. */
static void rwlock_leave(struct kcoro_rwlock *rwlock,
			 struct kcoro_waiters *waiters,
			 struct kcoro_waiter *waiter)
{
	struct kcoro_waiter *wakes = NULL;

	raw_spin_lock(&rwlock->lock);
	kcoro_waitq_del(kcoro_sync_waitq(waiters), waiter);
	if (atomic_long_read(&rwlock->word) & KCORO_SYNC_WAITERS)
		wakes = rwlock_pass(rwlock, false);
	raw_spin_unlock(&rwlock->lock);
	kcoro_wake_all(wakes);
}

/*
 * Take the lock if nobody stands against it, else set the flag. @add: READER, or
 * the writer's number and KCORO_SYNC_WRITER.
 */
static bool rwlock_take(struct kcoro_rwlock *rwlock, long add)
{
	long against = add == READER ? BUSY : -1;
	long old = atomic_long_read(&rwlock->word);

	for (;;) {
		if (old & against) {
			if (atomic_long_try_cmpxchg(&rwlock->word, &old,
						    old | KCORO_SYNC_WAITERS))
				return false;
		} else if (atomic_long_try_cmpxchg_acquire(&rwlock->word, &old,
							   old + add)) {
			return true;
		}
	}
}

static bool writes(const struct kcoro_rwlock *rwlock, long writer)
{
	return (atomic_long_read(&rwlock->word) & ~KCORO_SYNC_WAITERS) == writer;
}

static noinline int rwlock_lock_slow(struct kcoro_rwlock *rwlock, long self,
				     bool write, ktime_t deadline)
{
	struct kcoro_waiters *waiters = write ? &rwlock->writers :
						&rwlock->readers;
	struct writer writer = { .owner = self };
	struct kcoro_blocked blocked;
	struct kcoro_wait onstack;
	int err;

	if (writes(rwlock, self))
		return -EDEADLK;
	err = kcoro_blocked_begin(&blocked, KCORO_WAIT_RWLOCK, rwlock, self,
				  deadline);
	if (err)
		return err;
	raw_spin_lock(&rwlock->lock);
	if (rwlock_take(rwlock, write ? self : READER)) {
		raw_spin_unlock(&rwlock->lock);
		goto out;
	}
	err = kcoro_sync_queue(waiters, &writer.waiter, &onstack,
			       KCORO_WAIT_RWLOCK, NULL);
	raw_spin_unlock(&rwlock->lock);
	if (!err)
		err = kcoro_wait_finish(writer.waiter.wait, deadline);
	if (err)
		rwlock_leave(rwlock, waiters, &writer.waiter);
out:
	kcoro_blocked_end(&blocked);
	return err;
}

static noinline void __cold complain(const struct kcoro_rwlock *rwlock, long who,
				     long word, const char *what)
{
	long owner = word & KCORO_SYNC_WRITER ? word & ~BUSY : 0;

	pr_warn_ratelimited("kcoro: rwlock %s: %s %ld unlocks it for %s, but its readers are %ld, its writer is %s %ld\n",
			    rwlock->name, kcoro_sync_kind(who),
			    kcoro_sync_number(who), what,
			    owner ? 0 : kcoro_sync_number(word),
			    kcoro_sync_kind(owner), kcoro_sync_number(owner));
}

static __always_inline long writer_self(struct kcoro_task *self)
{
	return kcoro_sync_self(self) | KCORO_SYNC_WRITER;
}

/**
 * kcoro_rwlock_init() - make a lock of readers and writers
 * @rwlock: it
 * @name: for messages; not copied
 *
 * Context: any.
 */
void kcoro_rwlock_init(struct kcoro_rwlock *rwlock, const char *name)
{
	atomic_long_set(&rwlock->word, 0);
	raw_spin_lock_init(&rwlock->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&rwlock->readers));
	kcoro_waitq_init(kcoro_sync_waitq(&rwlock->writers));
	rwlock->name = name;
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_init);

/**
 * kcoro_rwlock_read_lock() - wait until the caller may read
 * @rwlock: the lock
 * @deadline: or KCORO_FOREVER
 *
 * Who reads must not lock it again: a writer that came in between would make it
 * wait for itself.
 *
 * Context: task or thread; may park.
 * Return: 0. -EDEADLK: the caller is its writer, or the writer waits
 * for the caller (deadlock.c, on request). -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS: not locked.
 */
int kcoro_rwlock_read_lock(struct kcoro_rwlock *rwlock, ktime_t deadline)
{
	struct kcoro_task *self = kcoro_self();
	int err = kcoro_wait_check(self);

	if (unlikely(err))
		return err;
	if (likely(!kcoro_rwlock_try_read_lock(rwlock)))
		return 0;
	return rwlock_lock_slow(rwlock, writer_self(self), false, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_read_lock);

/**
 * kcoro_rwlock_try_read_lock() - lock for reading if that needs no waiting
 * @rwlock: the lock
 *
 * Context: task or thread.
 * Return: 0. -EAGAIN: there is a writer, or one waits.
 */
int kcoro_rwlock_try_read_lock(struct kcoro_rwlock *rwlock)
{
	long old = atomic_long_read(&rwlock->word);

	while (likely(!(old & BUSY)))
		if (atomic_long_try_cmpxchg_acquire(&rwlock->word, &old,
						    old + READER))
			return 0;
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_try_read_lock);

/* The last reader goes, and somebody waits. */
static noinline void rwlock_read_unlock_slow(struct kcoro_rwlock *rwlock)
{
	struct kcoro_waiter *wakes = NULL;

	raw_spin_lock(&rwlock->lock);
	if (atomic_long_sub_return_release(READER, &rwlock->word) &
	    KCORO_SYNC_WAITERS)
		wakes = rwlock_pass(rwlock, false);
	raw_spin_unlock(&rwlock->lock);
	kcoro_wake_all(wakes);
}

/**
 * kcoro_rwlock_read_unlock() - the caller reads no more
 * @rwlock: the lock
 *
 * Context: task or thread.
 * Return: 0. -EPERM: it is not locked for reading; the kernel log says so.
 */
int kcoro_rwlock_read_unlock(struct kcoro_rwlock *rwlock)
{
	long old = atomic_long_read(&rwlock->word);

	do {
		if (unlikely(old & KCORO_SYNC_WRITER || old < READER)) {
			complain(rwlock, kcoro_sync_self(kcoro_self()), old,
				 "reading");
			return -EPERM;
		}
		if (unlikely(old == (READER | KCORO_SYNC_WAITERS))) {
			rwlock_read_unlock_slow(rwlock);
			return 0;
		}
	} while (!atomic_long_try_cmpxchg_release(&rwlock->word, &old,
						  old - READER));
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_read_unlock);

/**
 * kcoro_rwlock_write_lock() - wait until the caller may write
 * @rwlock: the lock
 * @deadline: or KCORO_FOREVER
 *
 * From when it waits on no new reader gets in.
 *
 * Context: task or thread; may park.
 * Return: 0. -EDEADLK: the caller is its writer already. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS: not locked.
 */
int kcoro_rwlock_write_lock(struct kcoro_rwlock *rwlock, ktime_t deadline)
{
	struct kcoro_task *self = kcoro_self();
	long writer = writer_self(self), free = 0;
	int err = kcoro_wait_check(self);

	if (unlikely(err))
		return err;
	if (likely(atomic_long_try_cmpxchg_acquire(&rwlock->word, &free,
						   writer)))
		return 0;
	return rwlock_lock_slow(rwlock, writer, true, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_write_lock);

/**
 * kcoro_rwlock_try_write_lock() - lock for writing if that needs no waiting
 * @rwlock: the lock
 *
 * Context: task or thread.
 * Return: 0. -EAGAIN: somebody has it, or waits for it.
 */
int kcoro_rwlock_try_write_lock(struct kcoro_rwlock *rwlock)
{
	long free = 0;

	if (atomic_long_try_cmpxchg_acquire(&rwlock->word, &free,
					    writer_self(kcoro_self())))
		return 0;
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_try_write_lock);

/**
 * kcoro_rwlock_write_unlock() - the caller writes no more
 * @rwlock: the lock
 *
 * Context: task or thread.
 * Return: 0. -EPERM: the caller is not its writer; the kernel log says so.
 */
int kcoro_rwlock_write_unlock(struct kcoro_rwlock *rwlock)
{
	long writer = writer_self(kcoro_self()), old = writer;
	struct kcoro_waiter *wakes;

	if (likely(atomic_long_try_cmpxchg_release(&rwlock->word, &old, 0)))
		return 0;
	if (!writes(rwlock, writer)) {
		complain(rwlock, writer & ~KCORO_SYNC_WRITER, old, "writing");
		return -EPERM;
	}
	raw_spin_lock(&rwlock->lock);
	atomic_long_set_release(&rwlock->word, KCORO_SYNC_WAITERS);
	wakes = rwlock_pass(rwlock, true);
	raw_spin_unlock(&rwlock->lock);
	kcoro_wake_all(wakes);
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_rwlock_write_unlock);

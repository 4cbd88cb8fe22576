/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of <linux/kcoro_sync.h> have in common.
 *
 * Model: an object has a raw lock and queues of waiters, which are sources of
 * waits (wait.c). What can be had at once is taken by a cmpxchg of the object's
 * word, or under its lock. Who has to wait queues a waiter under the lock, and
 * whoever gives him something wins the wait first. So a waiter has either been
 * given it, and returns 0, or has left with an errno and was given nothing;
 * nothing has to be passed on.
 *
 *	err = kcoro_sync_queue(...);		under the lock
 *	if (!err)
 *		err = kcoro_wait_finish(...);	lock dropped
 *	if (err)
 *		unqueue, under the lock
 *
 * Locks: an object's, each in its file. Raw; with interrupts off if interrupt
 * handlers use the object (semaphores, events, wait groups), for the others
 * preemption off is enough. None is taken under another. Waits are won under it,
 * and woken after it was dropped.
 *
 * Descriptors: an object of a program points to what its descriptor needs
 * (sync_fd.c), else @fd is NULL. Whoever may make it ready wakes those who poll.
 *
 * Owners: who holds a mutex, writes under a rwlock or runs a once is told by the
 * number of a task, or of a thread, in one word with flags. Not by a pointer:
 * who ends without unlocking leaves one behind that messages must not follow, and
 * that a later task may have. A native call of a task is a thread here.
 */
#ifndef KCORO_SYNC_H
#define KCORO_SYNC_H

#include <linux/kcoro_sync.h>
#include <linux/stddef.h>

#include "sync_fd.h"
#include "task.h"
#include "wait.h"

/* An object's word, where it has an owner. */
#define KCORO_SYNC_WAITERS	0x1L	/* who gives it back has to look for them */
#define KCORO_SYNC_THREAD	0x2L	/* the number is a thread's */
#define KCORO_SYNC_WRITER	0x4L	/* of a rwlock: it is one, not of readers */
#define KCORO_SYNC_SHIFT	3	/* of the number */

static_assert(sizeof(struct kcoro_waiters) == sizeof(struct kcoro_waitq));
static_assert(offsetof(struct kcoro_waiters, tail) ==
	      offsetof(struct kcoro_waitq, tail));

/* The public header does not know what waits are made of. */
static __always_inline struct kcoro_waitq *
kcoro_sync_waitq(struct kcoro_waiters *waiters)
{
	return (struct kcoro_waitq *)waiters;
}

/* Must nobody wait any more? @fd: of the object, or NULL; its lock is held. */
static __always_inline bool kcoro_sync_over(const struct kcoro_sync_fd *fd)
{
	return unlikely(fd) && fd->over;
}

/* Who calls, as an owner. Never 0. */
static __always_inline long kcoro_sync_self(const struct kcoro_task *self)
{
	if (likely(self))
		return (long)self->id << KCORO_SYNC_SHIFT;
	return (long)current->pid << KCORO_SYNC_SHIFT | KCORO_SYNC_THREAD;
}

/* For messages. */
static inline const char *kcoro_sync_kind(long owner)
{
	if (!owner)
		return "nobody";
	return owner & KCORO_SYNC_THREAD ? "thread" : "task";
}

static inline long kcoro_sync_number(long owner)
{
	return owner >> KCORO_SYNC_SHIFT;
}

static inline u64 kcoro_sync_task(long owner)
{
	return owner & KCORO_SYNC_THREAD ? 0 : kcoro_sync_number(owner);
}

static inline pid_t kcoro_sync_thread(long owner)
{
	return owner & KCORO_SYNC_THREAD ? kcoro_sync_number(owner) : 0;
}

/*
 * Arm the caller's wait and queue @waiter, under the object's lock. @fd: of the
 * object, or NULL. 0: the caller goes on to kcoro_wait_finish(). -ECANCELED.
 */
static inline int kcoro_sync_queue(struct kcoro_waiters *waiters,
				   struct kcoro_waiter *waiter,
				   struct kcoro_wait *onstack, u8 reason,
				   const struct kcoro_sync_fd *fd)
{
	int err;

	waiter->pprev = NULL;
	waiter->wait = kcoro_wait_get(onstack);
	err = kcoro_wait_begin(waiter->wait, reason);
	if (!err) {
		WRITE_ONCE(waiter->wait->on, (unsigned long)fd);
		kcoro_waitq_add(kcoro_sync_waitq(waiters), waiter);
	}
	return err;
}

/*
 * The caller's wait, from where it has to: @lock is held, with interrupts off, and
 * dropped. What the winner says, or an errno of kcoro_wait_finish().
 */
static inline int kcoro_sync_wait(raw_spinlock_t *lock, unsigned long flags,
				  struct kcoro_waiters *waiters, u8 reason,
				  const struct kcoro_sync_fd *fd,
				  ktime_t deadline)
	__releases(lock)
{
	struct kcoro_waiter waiter;
	struct kcoro_wait onstack;
	int err;

	err = kcoro_sync_queue(waiters, &waiter, &onstack, reason, fd);
	raw_spin_unlock_irqrestore(lock, flags);
	if (err)
		return err;
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		raw_spin_lock_irqsave(lock, flags);
		kcoro_waitq_del(kcoro_sync_waitq(waiters), &waiter);
		raw_spin_unlock_irqrestore(lock, flags);
	}
	return err ?: waiter.result;
}

void kcoro_event_end(struct kcoro_event *event);
bool kcoro_sem_ready(const struct kcoro_sem *sem);
void kcoro_sem_end(struct kcoro_sem *sem);

void kcoro_mutex_relock(struct kcoro_mutex *mutex);
bool kcoro_mutex_owned(const struct kcoro_mutex *mutex);

#endif /* KCORO_SYNC_H */

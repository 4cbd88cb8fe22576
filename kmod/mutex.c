// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes for tasks and threads: Go's sync.Mutex, with an owner that is known.
 *
 * Model: the word holds the owner's number (sync.h), or 0, and a flag: there are
 * waiters. Locking a free mutex, and unlocking one that nobody waits for, is one
 * cmpxchg. Else the lock of the mutex is taken, and:
 *
 *	unlock, the oldest waiter has waited	what happens
 *	under 1 ms				the mutex is free, and he is woken to
 *						try; who comes first, a task that
 *						runs already perhaps, has it. If
 *						it is not he, he waits again, as
 *						the oldest
 *	1 ms and more				it is his
 *
 * The former is fast: to hand a contended mutex from one to the next costs each
 * of them a switch. The latter bounds how long anybody waits.
 *
 * Invariants: while there are waiters in the queue, or one was woken to try, the
 * flag is set. It may be set without, and then the next unlock clears it. A
 * mutex that is free and has waiters has one that was woken (@woken): he takes
 * it, or queues behind its new owner, or gives up, and wakes the next.
 *
 * Locks: mutex->lock, raw; see sync.h. @woken and the queue are guarded by it. The
 * word changes under it too, but from 0 and to 0, and by who barges in, without.
 *
 * Rejected: a mode of starvation, as in Go (the age of the oldest waiter, looked
 * at when he could be passed over, tells the same); owners by pointer (sync.h).
 */
#include <linux/module.h>
#include <linux/sched.h>

#include "deadlock.h"
#include "sync.h"

#define HANDOFF_NS	NSEC_PER_MSEC

/**
 * struct mutex_waiter - who waits for a mutex
 * @waiter: its result: it was handed the mutex
 * @owner: he, as one
 * @since: when he came
 */
struct mutex_waiter {
	struct kcoro_waiter waiter;
	long owner;
	u64 since;
};

static __always_inline long owner_of(long word)
{
	return word & ~KCORO_SYNC_WAITERS;
}

/* Behind nobody: he has waited before. */
static void queue_first(struct kcoro_waitq *queue, struct kcoro_waiter *waiter)
{
	waiter->next = queue->first;
	waiter->pprev = &queue->first;
	if (queue->first)
		queue->first->pprev = &waiter->next;
	else
		queue->tail = &waiter->next;
	queue->first = waiter;
}

/* As kcoro_wait_finish() for a thread, for ever and whatever signals come. */
static int sleep_through(struct kcoro_wait *wait)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		/* Pairs with the release in kcoro_wait_wake(). */
		if ((atomic_read_acquire(&wait->word) & KCORO_WAIT_STATE) ==
		    KCORO_WAIT_DONE)
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/*
 * The mutex is the caller's: hand it over, or free it and wake somebody to try.
 * Returns whom to wake, or NULL.
 */
static struct kcoro_wait *mutex_pass(struct kcoro_mutex *mutex)
{
	struct kcoro_waitq *queue = kcoro_sync_waitq(&mutex->waiters);
	struct kcoro_waiter *first = NULL;
	struct mutex_waiter *waiter;
	long word = 0;

	lockdep_assert_held(&mutex->lock);
	if (!mutex->woken)
		first = kcoro_waitq_take(queue, false);
	if (first) {
		waiter = container_of(first, struct mutex_waiter, waiter);
		if (kcoro_now() - waiter->since >= HANDOFF_NS) {
			first->result = true;
			word = waiter->owner;
		} else {
			mutex->woken = true;
		}
	}
	if (mutex->woken || queue->first)
		word |= KCORO_SYNC_WAITERS;
	/* Pairs with the acquire of who takes it. */
	atomic_long_set_release(&mutex->word, word);
	return first ? first->wait : NULL;
}

/* Take the mutex if it is free, else say that somebody waits. */
static bool mutex_take(struct kcoro_mutex *mutex, long owner, bool others)
{
	long old = atomic_long_read(&mutex->word), new;

	do {
		new = old | KCORO_SYNC_WAITERS;
		if (!owner_of(old))
			new = owner | (others ? KCORO_SYNC_WAITERS : 0);
	} while (!atomic_long_try_cmpxchg_acquire(&mutex->word, &old, new));
	return !owner_of(old);
}

/* A waiter gives up. If he was woken to try, it is another one's turn. */
static void mutex_leave(struct kcoro_mutex *mutex, struct mutex_waiter *waiter,
			bool woken)
{
	struct kcoro_wait *wake = NULL;
	long old = KCORO_SYNC_WAITERS;

	raw_spin_lock(&mutex->lock);
	kcoro_waitq_del(kcoro_sync_waitq(&mutex->waiters), &waiter->waiter);
	if (woken)
		mutex->woken = false;
	/* If it is free, it is taken so that nobody barges in as it is passed. */
	if (!mutex->woken &&
	    atomic_long_try_cmpxchg_acquire(&mutex->word, &old,
					    waiter->owner | KCORO_SYNC_WAITERS))
		wake = mutex_pass(mutex);
	raw_spin_unlock(&mutex->lock);
	if (wake)
		kcoro_wait_wake(wake);
}

static int mutex_lock_slow(struct kcoro_mutex *mutex, long owner,
			   ktime_t deadline, bool through)
{
	struct kcoro_waitq *queue = kcoro_sync_waitq(&mutex->waiters);
	struct mutex_waiter waiter = { .owner = owner };
	struct kcoro_wait onstack, *wait;
	bool woken = false;
	int err;

	if (owner_of(atomic_long_read(&mutex->word)) == owner)
		return -EDEADLK;
	wait = kcoro_wait_get(&onstack);
	waiter.waiter.wait = wait;
	for (;;) {
		raw_spin_lock(&mutex->lock);
		if (mutex_take(mutex, owner, queue->first ||
			       (mutex->woken && !woken))) {
			if (woken)
				mutex->woken = false;
			raw_spin_unlock(&mutex->lock);
			return 0;
		}
		err = kcoro_wait_begin(wait, KCORO_WAIT_MUTEX);
		if (!err && woken) {
			mutex->woken = false;
			queue_first(queue, &waiter.waiter);
		} else if (!err) {
			waiter.since = kcoro_now();
			kcoro_waitq_add(queue, &waiter.waiter);
		}
		raw_spin_unlock(&mutex->lock);
		if (err)
			break;
		woken = false;
		err = through ? sleep_through(wait) :
				kcoro_wait_finish(wait, deadline);
		if (err)
			break;
		if (waiter.waiter.result)
			return 0;
		woken = true;
		if (through)
			atomic_set(&wait->word, KCORO_WAIT_IDLE);
	}
	mutex_leave(mutex, &waiter, woken);
	return err;
}

/* As mutex_lock_slow(), which is all of it unless deadlocks are looked for. */
static noinline int mutex_lock_blocked(struct kcoro_mutex *mutex, long owner,
				       ktime_t deadline)
{
	struct kcoro_blocked blocked;
	int err = kcoro_blocked_begin(&blocked, KCORO_WAIT_MUTEX, mutex, owner,
				      deadline);

	if (!err)
		err = mutex_lock_slow(mutex, owner, deadline, false);
	kcoro_blocked_end(&blocked);
	return err;
}

static noinline void __cold complain(const struct kcoro_mutex *mutex, long who,
				     long owner)
{
	pr_warn_ratelimited("kcoro: mutex %s: %s %ld unlocks it, but its holder is %s %ld\n",
			    mutex->name, kcoro_sync_kind(who),
			    kcoro_sync_number(who), kcoro_sync_kind(owner),
			    kcoro_sync_number(owner));
}

static noinline int mutex_unlock_slow(struct kcoro_mutex *mutex, long owner,
				      long word)
{
	struct kcoro_wait *wake;

	if (owner_of(word) != owner) {
		complain(mutex, owner, owner_of(word));
		return -EPERM;
	}
	raw_spin_lock(&mutex->lock);
	wake = mutex_pass(mutex);
	raw_spin_unlock(&mutex->lock);
	if (wake)
		kcoro_wait_wake(wake);
	return 0;
}

/**
 * kcoro_mutex_init() - make a mutex
 * @mutex: it
 * @name: for messages; not copied
 *
 * Context: any.
 */
void kcoro_mutex_init(struct kcoro_mutex *mutex, const char *name)
{
	atomic_long_set(&mutex->word, 0);
	raw_spin_lock_init(&mutex->lock);
	mutex->woken = false;
	kcoro_waitq_init(kcoro_sync_waitq(&mutex->waiters));
	mutex->name = name;
}
EXPORT_SYMBOL_GPL(kcoro_mutex_init);

/**
 * kcoro_mutex_lock() - wait until the mutex is the caller's
 * @mutex: the mutex
 * @deadline: or KCORO_FOREVER
 *
 * A task keeps it wherever it runs. Who ends without unlocking it leaves it
 * locked.
 *
 * Context: task or thread; may park.
 * Return: 0. -EDEADLK: it is the caller's already, or its holder waits for the
 * caller (deadlock.c, on request). -ETIMEDOUT, -ECANCELED, -ERESTARTSYS: not
 * locked.
 */
int kcoro_mutex_lock(struct kcoro_mutex *mutex, ktime_t deadline)
{
	struct kcoro_task *self = kcoro_self();
	long owner = kcoro_sync_self(self), free = 0;
	int err = kcoro_wait_check(self);

	if (unlikely(err))
		return err;
	if (likely(atomic_long_try_cmpxchg_acquire(&mutex->word, &free, owner)))
		return 0;
	return mutex_lock_blocked(mutex, owner, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_mutex_lock);

/**
 * kcoro_mutex_try_lock() - lock a mutex if it is free
 * @mutex: the mutex
 *
 * Context: task or thread.
 * Return: 0. -EAGAIN: somebody else has it. -EDEADLK: the caller has.
 */
int kcoro_mutex_try_lock(struct kcoro_mutex *mutex)
{
	long owner = kcoro_sync_self(kcoro_self()), old = 0;

	while (!atomic_long_try_cmpxchg_acquire(&mutex->word, &old,
						old | owner))
		if (owner_of(old))
			return owner_of(old) == owner ? -EDEADLK : -EAGAIN;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_mutex_try_lock);

/**
 * kcoro_mutex_unlock() - give a mutex back
 * @mutex: the mutex
 *
 * Context: task or thread.
 * Return: 0. -EPERM: it is not the caller's; the kernel log names all three.
 */
int kcoro_mutex_unlock(struct kcoro_mutex *mutex)
{
	long owner = kcoro_sync_self(kcoro_self()), old = owner;

	if (likely(atomic_long_try_cmpxchg_release(&mutex->word, &old, 0)))
		return 0;
	return mutex_unlock_slow(mutex, owner, old);
}
EXPORT_SYMBOL_GPL(kcoro_mutex_unlock);

/**
 * kcoro_mutex_is_locked() - does anybody have it?
 * @mutex: the mutex
 *
 * Context: any.
 */
bool kcoro_mutex_is_locked(const struct kcoro_mutex *mutex)
{
	return owner_of(atomic_long_read(&mutex->word));
}
EXPORT_SYMBOL_GPL(kcoro_mutex_is_locked);

/**
 * kcoro_mutex_owned() - is it the caller's?
 * @mutex: the mutex
 *
 * Context: task or thread.
 */
bool kcoro_mutex_owned(const struct kcoro_mutex *mutex)
{
	return owner_of(atomic_long_read(&mutex->word)) ==
	       kcoro_sync_self(kcoro_self());
}

struct relock {
	struct kcoro_mutex *mutex;
	long owner;
};

static int relock_native(void *data)
{
	struct relock *relock = data;

	return mutex_lock_slow(relock->mutex, relock->owner, KCORO_FOREVER,
			       true);
}

/**
 * kcoro_mutex_relock() - lock a mutex whatever happens
 * @mutex: not the caller's
 *
 * Requests to cancel, and signals, are left for the next wait. A task that was
 * killed cannot wait as a task any more: its worker does, for it.
 *
 * Context: task or thread; may park and sleep.
 */
void kcoro_mutex_relock(struct kcoro_mutex *mutex)
{
	struct kcoro_task *self = kcoro_self();
	struct relock relock = {
		.mutex = mutex,
		.owner = kcoro_sync_self(self),
	};
	struct kcoro_blocked blocked;
	long free = 0;
	int err;

	if (atomic_long_try_cmpxchg_acquire(&mutex->word, &free, relock.owner))
		return;
	/* It cannot fail, but tells. */
	kcoro_blocked_begin(&blocked, KCORO_WAIT_MUTEX, mutex, relock.owner,
			    KCORO_FOREVER);
	if (self) {
		kcoro_shield_begin();
		err = mutex_lock_slow(mutex, relock.owner, KCORO_FOREVER, false);
		kcoro_shield_end();
	} else {
		err = relock_native(&relock);
	}
	while (err && self && self->bubble) {	/* where nobody but tasks can wait */
		err = kcoro_mutex_try_lock(mutex);
		if (err)
			kcoro_yield();
	}
	if (err)
		kcoro_native(relock_native, &relock);
	kcoro_blocked_end(&blocked);
}

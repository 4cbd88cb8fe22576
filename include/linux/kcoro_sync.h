/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Synchronization for tasks and threads alike, for kernel modules. What each object
 * is for, with examples: Documentation/sync.md. See also kcoro.h.
 *
 *	static DEFINE_KCORO_MUTEX(table_lock);
 *
 *	err = kcoro_mutex_lock(&table_lock, KCORO_FOREVER);
 *	if (err)
 *		return err;
 *	...					// may wait, and change CPUs
 *	kcoro_mutex_unlock(&table_lock);
 *
 * Unlike the kernel's own these may be held, and waited for, by a task that moves
 * between kthreads. They belong to the task.
 *
 * A call that may wait takes a deadline. It returns 0, or else what it waited for
 * was not taken: -ETIMEDOUT; -ECANCELED, a task's request to end; -ERESTARTSYS, a
 * thread's signal. A request or signal that comes once the wait is over, though
 * the caller does not run yet, is left for the next wait: what was given to a
 * waiter is never lost.
 *
 * Misuse is told by an errno, and where nobody may look at it by a message, at a
 * limited rate, that names the object. The name is not copied.
 *
 * An object goes when no call on it is under way. Events and wait groups may also
 * go, as a stack frame does, as soon as somebody's wait for them has returned 0,
 * if no call comes after the one that ended the wait.
 *
 * The fields of all objects are the module's own.
 */
#ifndef _LINUX_KCORO_SYNC_H
#define _LINUX_KCORO_SYNC_H

#include <linux/atomic.h>
#include <linux/kcoro.h>
#include <linux/spinlock.h>

struct kcoro_queue;
struct kcoro_sync_fd;
struct kcoro_waiter;

/**
 * struct kcoro_waiters - those who wait for an object, oldest first
 */
struct kcoro_waiters {
	struct kcoro_waiter *first;
	struct kcoro_waiter **tail;
};

#define KCORO_WAITERS_INIT(waiters)	{ .tail = &(waiters).first }

/* --- Mutex ------------------------------------------------------------------ */

/**
 * struct kcoro_mutex - one holder at a time
 */
struct kcoro_mutex {
	atomic_long_t word;
	raw_spinlock_t lock;
	bool woken;
	struct kcoro_waiters waiters;
	const char *name;
};

#define KCORO_MUTEX_INIT(mutex) {					\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(mutex.lock),			\
	.waiters = KCORO_WAITERS_INIT((mutex).waiters),			\
	.name = #mutex }
#define DEFINE_KCORO_MUTEX(mutex) \
	struct kcoro_mutex mutex = KCORO_MUTEX_INIT(mutex)

void kcoro_mutex_init(struct kcoro_mutex *mutex, const char *name);
int kcoro_mutex_lock(struct kcoro_mutex *mutex, ktime_t deadline);
int kcoro_mutex_try_lock(struct kcoro_mutex *mutex);
int kcoro_mutex_unlock(struct kcoro_mutex *mutex);
bool kcoro_mutex_is_locked(const struct kcoro_mutex *mutex);

/* --- Readers and writers ------------------------------------------------------ */

/**
 * struct kcoro_rwlock - many readers, or one writer
 */
struct kcoro_rwlock {
	atomic_long_t word;
	raw_spinlock_t lock;
	struct kcoro_waiters readers;
	struct kcoro_waiters writers;
	const char *name;
};

#define KCORO_RWLOCK_INIT(rwlock) {					\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(rwlock.lock),			\
	.readers = KCORO_WAITERS_INIT((rwlock).readers),		\
	.writers = KCORO_WAITERS_INIT((rwlock).writers),		\
	.name = #rwlock }
#define DEFINE_KCORO_RWLOCK(rwlock) \
	struct kcoro_rwlock rwlock = KCORO_RWLOCK_INIT(rwlock)

void kcoro_rwlock_init(struct kcoro_rwlock *rwlock, const char *name);
int kcoro_rwlock_read_lock(struct kcoro_rwlock *rwlock, ktime_t deadline);
int kcoro_rwlock_try_read_lock(struct kcoro_rwlock *rwlock);
int kcoro_rwlock_read_unlock(struct kcoro_rwlock *rwlock);
int kcoro_rwlock_write_lock(struct kcoro_rwlock *rwlock, ktime_t deadline);
int kcoro_rwlock_try_write_lock(struct kcoro_rwlock *rwlock);
int kcoro_rwlock_write_unlock(struct kcoro_rwlock *rwlock);

/* --- Semaphore ------------------------------------------------------------------ */

/* The most units of a semaphore. */
#define KCORO_SEM_MAX	((u32)INT_MAX)

/**
 * struct kcoro_sem - a number of units to take and give back
 */
struct kcoro_sem {
	atomic_long_t word;
	u32 max;
	raw_spinlock_t lock;
	struct kcoro_waiters waiters;
	const char *name;
	struct kcoro_sync_fd *fd;
};

#define KCORO_SEM_INIT(sem, units) {					\
	.word = ATOMIC_LONG_INIT((long)(units) << 1),			\
	.max = (units),							\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(sem.lock),			\
	.waiters = KCORO_WAITERS_INIT((sem).waiters),			\
	.name = #sem }
/* All units are there, and no more than that may be. */
#define DEFINE_KCORO_SEM(sem, units) \
	struct kcoro_sem sem = KCORO_SEM_INIT(sem, units)

int kcoro_sem_init(struct kcoro_sem *sem, u32 count, u32 max, const char *name);
int kcoro_sem_acquire(struct kcoro_sem *sem, u32 n, ktime_t deadline);
int kcoro_sem_try_acquire(struct kcoro_sem *sem, u32 n);
int kcoro_sem_release(struct kcoro_sem *sem, u32 n);
u32 kcoro_sem_count(const struct kcoro_sem *sem);

/* --- Event ------------------------------------------------------------------------ */

/**
 * struct kcoro_event - something has happened, until it is cleared
 */
struct kcoro_event {
	bool set;
	raw_spinlock_t lock;
	struct kcoro_waiters waiters;
	const char *name;
	struct kcoro_sync_fd *fd;
};

#define KCORO_EVENT_INIT(event) {					\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(event.lock),			\
	.waiters = KCORO_WAITERS_INIT((event).waiters),			\
	.name = #event }
#define DEFINE_KCORO_EVENT(event) \
	struct kcoro_event event = KCORO_EVENT_INIT(event)

void kcoro_event_init(struct kcoro_event *event, const char *name);
void kcoro_event_set(struct kcoro_event *event);
void kcoro_event_clear(struct kcoro_event *event);
bool kcoro_event_is_set(const struct kcoro_event *event);
int kcoro_event_wait(struct kcoro_event *event, ktime_t deadline);

/* --- Condition --------------------------------------------------------------------- */

/**
 * struct kcoro_cond - what a mutex guards has changed
 */
struct kcoro_cond {
	struct kcoro_mutex *mutex;
	raw_spinlock_t lock;
	struct kcoro_waiters waiters;
	const char *name;
};

#define KCORO_COND_INIT(cond, guard) {					\
	.mutex = (guard),						\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(cond.lock),			\
	.waiters = KCORO_WAITERS_INIT((cond).waiters),			\
	.name = #cond }
#define DEFINE_KCORO_COND(cond, guard) \
	struct kcoro_cond cond = KCORO_COND_INIT(cond, guard)

void kcoro_cond_init(struct kcoro_cond *cond, struct kcoro_mutex *mutex,
		     const char *name);
int kcoro_cond_wait(struct kcoro_cond *cond, ktime_t deadline);
u32 kcoro_cond_notify(struct kcoro_cond *cond, u32 n);
u32 kcoro_cond_notify_all(struct kcoro_cond *cond);

/* --- Wait group ---------------------------------------------------------------------- */

/**
 * struct kcoro_waitgroup - a count to wait for until it is 0
 */
struct kcoro_waitgroup {
	atomic_long_t word;
	raw_spinlock_t lock;
	struct kcoro_waiters waiters;
	const char *name;
};

#define KCORO_WAITGROUP_INIT(group) {					\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(group.lock),			\
	.waiters = KCORO_WAITERS_INIT((group).waiters),			\
	.name = #group }
#define DEFINE_KCORO_WAITGROUP(group) \
	struct kcoro_waitgroup group = KCORO_WAITGROUP_INIT(group)

void kcoro_waitgroup_init(struct kcoro_waitgroup *group, const char *name);
int kcoro_waitgroup_add(struct kcoro_waitgroup *group, int delta);
int kcoro_waitgroup_done(struct kcoro_waitgroup *group);
int kcoro_waitgroup_wait(struct kcoro_waitgroup *group, ktime_t deadline);

/* --- Once ------------------------------------------------------------------------------ */

/**
 * struct kcoro_once - what is done by the first who comes, and once
 */
struct kcoro_once {
	bool done;
	long runner;
	s64 result;
	raw_spinlock_t lock;
	struct kcoro_waiters waiters;
	const char *name;
};

#define KCORO_ONCE_INIT(once) {						\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(once.lock),			\
	.waiters = KCORO_WAITERS_INIT((once).waiters),			\
	.name = #once }
#define DEFINE_KCORO_ONCE(once) \
	struct kcoro_once once = KCORO_ONCE_INIT(once)

void kcoro_once_init(struct kcoro_once *once, const char *name);
int kcoro_once_do(struct kcoro_once *once, s64 (*fn)(void *data), void *data,
		  ktime_t deadline, s64 *result);
bool kcoro_once_done(const struct kcoro_once *once);

/* --- Barrier ----------------------------------------------------------------------------- */

/* The most parties of a barrier. */
#define KCORO_BARRIER_MAX	((u32)INT_MAX)

/**
 * struct kcoro_barrier - a number of parties that wait for each other
 */
struct kcoro_barrier {
	u32 parties;
	u32 waiting;
	bool broken;
	raw_spinlock_t lock;
	struct kcoro_waiters waiters;
	const char *name;
};

#define KCORO_BARRIER_INIT(barrier, nr) {				\
	.parties = (nr),						\
	.lock = __RAW_SPIN_LOCK_UNLOCKED(barrier.lock),			\
	.waiters = KCORO_WAITERS_INIT((barrier).waiters),		\
	.name = #barrier }
#define DEFINE_KCORO_BARRIER(barrier, nr) \
	struct kcoro_barrier barrier = KCORO_BARRIER_INIT(barrier, nr)

int kcoro_barrier_init(struct kcoro_barrier *barrier, u32 parties,
		       const char *name);
int kcoro_barrier_wait(struct kcoro_barrier *barrier, ktime_t deadline);
void kcoro_barrier_reset(struct kcoro_barrier *barrier);
void kcoro_barrier_abort(struct kcoro_barrier *barrier);
u32 kcoro_barrier_waiting(const struct kcoro_barrier *barrier);
bool kcoro_barrier_broken(const struct kcoro_barrier *barrier);

/* --- Queue -------------------------------------------------------------------------------- */

/**
 * struct kcoro_queue_args - what queue to make
 * @name: not copied
 * @elem_size: bytes of an element, 1 to KCORO_ELEM_MAX
 * @capacity: most elements in it, 1 to KCORO_CAPACITY_MAX
 * @before: if not NULL it is a priority queue: must @a leave it before @b? Called
 *	with a raw lock held. Among equals the one that was put first leaves first
 * @discard: if not NULL called for each element that nobody will get, by
 *	kcoro_queue_shutdown() and kcoro_queue_destroy(), without a lock
 */
struct kcoro_queue_args {
	const char *name;
	u32 elem_size;
	u32 capacity;
	bool (*before)(const void *a, const void *b);
	void (*discard)(void *elem);
};

struct kcoro_queue *kcoro_queue_create(const struct kcoro_queue_args *args);
void kcoro_queue_destroy(struct kcoro_queue *queue);
int kcoro_queue_put(struct kcoro_queue *queue, const void *elem,
		    ktime_t deadline);
int kcoro_queue_try_put(struct kcoro_queue *queue, const void *elem);
int kcoro_queue_get(struct kcoro_queue *queue, void *elem, ktime_t deadline);
int kcoro_queue_try_get(struct kcoro_queue *queue, void *elem);
int kcoro_queue_task_done(struct kcoro_queue *queue);
int kcoro_queue_join(struct kcoro_queue *queue, ktime_t deadline);
int kcoro_queue_shutdown(struct kcoro_queue *queue, bool immediate);
u32 kcoro_queue_len(const struct kcoro_queue *queue);

/* --- Descriptors ---------------------------------------------------------------------------- */

/* What a program gave to a body: see struct kcoro_env. */
struct kcoro_event *kcoro_env_event(const struct kcoro_env *env, u32 slot);
struct kcoro_sem *kcoro_env_sem(const struct kcoro_env *env, u32 slot);
struct kcoro_queue *kcoro_env_queue(const struct kcoro_env *env, u32 slot,
				    u32 elem_size);

#endif /* _LINUX_KCORO_SYNC_H */

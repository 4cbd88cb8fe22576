/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting, with one winner: see wait.c. */
#ifndef KCORO_WAIT_H
#define KCORO_WAIT_H

#include <linux/atomic.h>
#include <linux/kcoro_alarm.h>
#include <linux/ktime.h>
#include <linux/types.h>

struct kcoro_task;
struct task_struct;

/*
 * The word: three bits of state (see wait.c), one sticky bit, one that puts off
 * cancel requests, and a count of those.
 */
#define KCORO_WAIT_IDLE		0x0
#define KCORO_WAIT_ARMED	0x1
#define KCORO_WAIT_PARKED	0x2
#define KCORO_WAIT_WON		0x3
#define KCORO_WAIT_LEFT		0x4
#define KCORO_WAIT_DONE		0x5
#define KCORO_WAIT_STATE	0x7
#define KCORO_WAIT_KILLED	0x8
#define KCORO_WAIT_SHIELD	0x10
#define KCORO_WAIT_CANCEL	0x100	/* one pending request */

/**
 * struct kcoro_wait - what one task or thread waits with
 * @word: KCORO_WAIT_*; every race is decided by a cmpxchg of it
 * @cause: 0 or a negative errno; written by the winner
 * @reason: KCORO_WAIT_* of the uAPI, for operators
 * @on: what it waits for, as leak.c understands it; 0: it does not, or there is a
 *	deadline. Written by the waiter, read without
 * @task: who waits, if a task
 * @thread: who waits, if not
 * @alarm: the deadline
 */
struct kcoro_wait {
	atomic_t word;
	int cause;
	u8 reason;
	unsigned long on;
	struct kcoro_task *task;
	struct task_struct *thread;
	struct kcoro_alarm alarm;
};

/**
 * struct kcoro_waiter - a wait's place in the queue of one source
 * @next: in the source's queue, or in a waker's chain once it is won. Guarded
 *	by the source's lock; by the waker after that
 * @pprev: what points to it; NULL: in no queue. Guarded by the source's lock
 * @wait: whose
 * @msg: for channels: what to send, or room for what is received
 * @result: what the winner has to say
 */
struct kcoro_waiter {
	struct kcoro_waiter *next;
	struct kcoro_waiter **pprev;
	struct kcoro_wait *wait;
	void *msg;
	int result;
};

/*
 * A source's queue of waiters, oldest first. No list_head, as CONFIG_DEBUG_LIST
 * would add two calls to each wait, a twelfth of a round trip.
 */
struct kcoro_waitq {
	struct kcoro_waiter *first;
	struct kcoro_waiter **tail;
};

static inline void kcoro_waitq_init(struct kcoro_waitq *queue)
{
	queue->first = NULL;
	queue->tail = &queue->first;
}

static __always_inline void kcoro_waitq_add(struct kcoro_waitq *queue,
					    struct kcoro_waiter *waiter)
{
	waiter->next = NULL;
	waiter->pprev = queue->tail;
	*queue->tail = waiter;
	queue->tail = &waiter->next;
}

/* Take @waiter out of @queue, if it is still there. */
static __always_inline void kcoro_waitq_del(struct kcoro_waitq *queue,
					    struct kcoro_waiter *waiter)
{
	if (!waiter->pprev)
		return;
	*waiter->pprev = waiter->next;
	if (waiter->next)
		waiter->next->pprev = waiter->pprev;
	else
		queue->tail = waiter->pprev;
	waiter->pprev = NULL;
}

struct kcoro_wait *kcoro_wait_get(struct kcoro_wait *onstack);
void kcoro_wait_init_task(struct kcoro_wait *wait, struct kcoro_task *task);
bool kcoro_wait_take_cancel(struct kcoro_wait *wait);
bool kcoro_wait_refused(struct kcoro_wait *wait);
void kcoro_wait_take_back(struct kcoro_wait *wait);
void kcoro_wait_shield(struct kcoro_wait *wait, bool on);

int kcoro_wait_begin(struct kcoro_wait *wait, u8 reason);
void kcoro_wait_unpin(struct kcoro_wait *wait);
int kcoro_wait_finish(struct kcoro_wait *wait, ktime_t deadline);
int kcoro_wait_abort(struct kcoro_wait *wait);
void kcoro_wait_wake(struct kcoro_wait *wait);
struct kcoro_waiter *kcoro_waitq_take_all(struct kcoro_waitq *queue, int result);
void kcoro_wake_all(struct kcoro_waiter *wakes);
bool kcoro_wait_request(struct kcoro_wait *wait, bool kill);

/* Can it still be won? */
static __always_inline bool kcoro_wait_armed(const struct kcoro_wait *wait)
{
	int state = atomic_read(&wait->word) & KCORO_WAIT_STATE;

	return state == KCORO_WAIT_ARMED || state == KCORO_WAIT_PARKED;
}

/* Has its task left its stack to wait, and was not won yet? */
static __always_inline bool kcoro_wait_parked(const struct kcoro_wait *wait)
{
	return (atomic_read(&wait->word) & KCORO_WAIT_STATE) ==
	       KCORO_WAIT_PARKED;
}

/* Are cancel requests put off? */
static inline bool kcoro_wait_shielded(const struct kcoro_wait *wait)
{
	return atomic_read(&wait->word) & KCORO_WAIT_SHIELD;
}

/* Does every wait fail? */
static inline bool kcoro_wait_killed(const struct kcoro_wait *wait)
{
	return atomic_read(&wait->word) & KCORO_WAIT_KILLED;
}

/* Would the next wait fail? */
static inline bool kcoro_wait_canceled(const struct kcoro_wait *wait)
{
	int word = atomic_read(&wait->word);

	return word & KCORO_WAIT_KILLED ||
	       (word >= KCORO_WAIT_CANCEL && !(word & KCORO_WAIT_SHIELD));
}

/* A wait that the caller has won: has its task left, to be queued by us? */
static __always_inline bool kcoro_wait_owned(const struct kcoro_wait *wait)
{
	return (atomic_read(&wait->word) & KCORO_WAIT_STATE) == KCORO_WAIT_IDLE;
}

/* The word after a win, or @old itself if there is nothing to win. */
static __always_inline int kcoro_wait_won(int old)
{
	if ((old & KCORO_WAIT_STATE) == KCORO_WAIT_PARKED)
		return old + KCORO_WAIT_IDLE - KCORO_WAIT_PARKED;
	if ((old & KCORO_WAIT_STATE) == KCORO_WAIT_ARMED)
		return old + KCORO_WAIT_WON - KCORO_WAIT_ARMED;
	return old;
}

/**
 * kcoro_wait_win() - try to be the one that ends a wait
 * @wait: whose waiter the caller found in a queue that it has locked
 *
 * Context: any but NMI.
 * Return: true if the caller won: it may set @wait->cause and the waiter's
 * result, and must call kcoro_wait_wake() soon.
 */
static __always_inline bool kcoro_wait_win(struct kcoro_wait *wait)
{
	int old = atomic_read(&wait->word), new;

	do {
		new = kcoro_wait_won(old);
		if (new == old)
			return false;
	} while (!atomic_try_cmpxchg(&wait->word, &old, new));
	return true;
}

/**
 * kcoro_waitq_take() - win the oldest waiter that can be won
 * @queue: locked by the caller; it leaves it, as do those that were not won
 * @result: for the waiter
 *
 * Context: any but NMI.
 * Return: the waiter: the caller must kcoro_wait_wake() it; or NULL.
 */
static __always_inline struct kcoro_waiter *
kcoro_waitq_take(struct kcoro_waitq *queue, int result)
{
	struct kcoro_waiter *waiter;

	while ((waiter = queue->first)) {
		kcoro_waitq_del(queue, waiter);
		if (unlikely(!kcoro_wait_win(waiter->wait)))
			continue;
		waiter->result = result;
		return waiter;
	}
	return NULL;
}

/**
 * kcoro_wait_leaves() - the task has left its stack to wait: say so
 * @wait: its wait, armed
 *
 * Context: its worker, after the switch.
 * Return: false: its winner is done already, the caller has to queue it.
 */
static __always_inline bool kcoro_wait_leaves(struct kcoro_wait *wait)
{
	int old = KCORO_WAIT_ARMED, new;

	do {
		/* Pairs with the cmpxchg in kcoro_wait_wake(). */
		switch (old & KCORO_WAIT_STATE) {
		case KCORO_WAIT_ARMED:
			new = old + KCORO_WAIT_PARKED - KCORO_WAIT_ARMED;
			break;
		case KCORO_WAIT_WON:
			new = old + KCORO_WAIT_LEFT - KCORO_WAIT_WON;
			break;
		default:
			return false;
		}
	} while (!atomic_try_cmpxchg(&wait->word, &old, new));
	return true;
}

/**
 * kcoro_wait_leaves_unarmed() - arm the wait of a task that has left its stack
 * @wait: its wait, idle, with its waiter in a queue that is locked
 *
 * Context: its worker, after the switch.
 * Return: false: a cancel request was pending and is now the wait's cause; the
 * caller has to queue the task.
 */
static __always_inline bool kcoro_wait_leaves_unarmed(struct kcoro_wait *wait)
{
	int old = KCORO_WAIT_IDLE;

	if (likely(atomic_try_cmpxchg(&wait->word, &old, KCORO_WAIT_PARKED)))
		return true;
	return kcoro_wait_refused(wait);
}

#endif /* KCORO_WAIT_H */

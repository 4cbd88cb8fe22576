/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting, with one winner: see wait.c. */
#ifndef KCORO_WAIT_H
#define KCORO_WAIT_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>

struct kcoro_task;
struct task_struct;

/* The word: two bits of state, one sticky bit, and a count of requests. */
#define KCORO_WAIT_IDLE		0x0
#define KCORO_WAIT_ARMED	0x1
#define KCORO_WAIT_WON		0x2
#define KCORO_WAIT_DONE		0x3
#define KCORO_WAIT_STATE	0x3
#define KCORO_WAIT_KILLED	0x4
#define KCORO_WAIT_CANCEL	0x100	/* one pending request */

/**
 * struct kcoro_wait - what one task or thread waits with
 * @word: KCORO_WAIT_*; every race is decided by a cmpxchg of it
 * @cause: 0 or a negative errno; written by the winner
 * @reason: KCORO_WAIT_* of the uAPI, for operators
 * @timed: @timer was started for the wait under way
 * @task: who waits, if a task
 * @thread: who waits, if not
 * @timer: the deadline
 */
struct kcoro_wait {
	atomic_t word;
	int cause;
	u8 reason;
	bool timed;
	struct kcoro_task *task;
	struct task_struct *thread;
	struct hrtimer timer;
};

/**
 * struct kcoro_waiter - a wait's place in the queue of one source
 * @node: in the source's queue, or in a waker's list once it is won. Guarded
 *	by the source's lock; by the waker after that
 * @wait: whose
 * @msg: for channels: what to send, or room for what is received
 * @result: what the winner has to say
 */
struct kcoro_waiter {
	struct list_head node;
	struct kcoro_wait *wait;
	void *msg;
	int result;
};

struct kcoro_wait *kcoro_wait_get(struct kcoro_wait *onstack);
bool kcoro_wait_take_cancel(struct kcoro_wait *wait);
void kcoro_wait_put(struct kcoro_wait *wait);

int kcoro_wait_begin(struct kcoro_wait *wait, u8 reason);
int kcoro_wait_finish(struct kcoro_wait *wait, ktime_t deadline);
int kcoro_wait_abort(struct kcoro_wait *wait);
bool kcoro_wait_win(struct kcoro_wait *wait);
void kcoro_wait_wake(struct kcoro_wait *wait);

bool kcoro_wait_take(struct kcoro_waiter *waiter, int result);
void kcoro_wake_all(struct list_head *wakes);

bool kcoro_wait_cancel(struct kcoro_wait *wait, bool kill);
void kcoro_wait_init_task(struct kcoro_wait *wait, struct kcoro_task *task);

#endif /* KCORO_WAIT_H */

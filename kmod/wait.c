// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting, with one winner.
 *
 * Model: a task or a thread that has to wait arms its wait, puts a waiter into
 * the queue of each source that may end it (a channel, a task's end, a file's
 * wait queue), and sleeps. Sources race by a cmpxchg of the wait's word from
 * ARMED to WON; so do the deadline, a cancel request and a signal. The first
 * wins and wakes; the others touch nothing of the waiter, and keep what they
 * carried. Exactly one wake follows each win, and the waiter does not leave
 * kcoro_wait_finish() before it: all that a winner uses, the waiter on the
 * waiting stack included, stays valid until it wakes.
 *
 *	waiter				source, under its lock
 *	kcoro_wait_begin()		kcoro_wait_win(): may I?
 *	  queue waiters			  move the message, set the result
 *	kcoro_wait_finish(): sleep	kcoro_wait_wake(), lock dropped
 *	  unqueue the rest, each
 *	  under its source's lock
 *
 * Cancel requests live in the same word: a request either wins the wait under
 * way or is counted, and the next call that may wait takes one. So it is
 * neither lost nor delivered twice. KILLED stays: every wait fails.
 *
 * A thread waits interruptibly, since a killable wait would ignore handlers,
 * SIGSTOP and the freezer. It may see DONE without being woken, so the waker
 * takes a reference on it before it publishes DONE.
 *
 * Invariants: word is IDLE outside of begin..finish. A task's wait lives in
 * the task, a thread's on its stack.
 *
 * Locks: none of its own. kcoro_wait_win() is called under a source's lock,
 * kcoro_wait_wake() not (a file's wait queue excepted, as with any wake-up).
 *
 * Rejected: a generation count for late losers: every source has a lock or,
 * the timer, a synchronous cancel.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "sched.h"
#include "trace.h"
#include "wait.h"

static enum hrtimer_restart wait_expired(struct hrtimer *timer)
{
	struct kcoro_wait *wait = container_of(timer, struct kcoro_wait, timer);

	if (kcoro_wait_win(wait)) {
		wait->cause = -ETIMEDOUT;
		kcoro_wait_wake(wait);
	}
	return HRTIMER_NORESTART;
}

/**
 * kcoro_wait_init_task() - make the wait of a new task
 * @wait: it
 * @task: its task
 *
 * Context: any.
 */
void kcoro_wait_init_task(struct kcoro_wait *wait, struct kcoro_task *task)
{
	atomic_set(&wait->word, KCORO_WAIT_IDLE);
	wait->task = task;
	wait->thread = NULL;
	wait->timed = false;
	kcoro_hrtimer_setup(&wait->timer, wait_expired, HRTIMER_MODE_ABS_HARD);
}

/**
 * kcoro_wait_get() - the caller's wait
 * @onstack: room for a thread's
 *
 * Context: task or thread.
 * Return: the wait, to be given to kcoro_wait_put().
 */
struct kcoro_wait *kcoro_wait_get(struct kcoro_wait *onstack)
{
	struct kcoro_task *task = kcoro_self();

	if (likely(task))
		return &task->wait;
	atomic_set(&onstack->word, KCORO_WAIT_IDLE);
	onstack->task = NULL;
	onstack->thread = current;
	onstack->timed = false;
	kcoro_hrtimer_setup_on_stack(&onstack->timer, wait_expired,
				     HRTIMER_MODE_ABS_HARD);
	return onstack;
}

/**
 * kcoro_wait_put() - done with a wait
 * @wait: from kcoro_wait_get(); idle
 *
 * Context: task or thread.
 */
void kcoro_wait_put(struct kcoro_wait *wait)
{
	if (!wait->task)
		destroy_hrtimer_on_stack(&wait->timer);
}

/**
 * kcoro_wait_take_cancel() - take a pending cancel request
 * @wait: the caller's, idle
 *
 * Context: task or thread.
 * Return: true if there was one, or the task was killed.
 */
bool kcoro_wait_take_cancel(struct kcoro_wait *wait)
{
	int old = atomic_read(&wait->word);

	while (!(old & KCORO_WAIT_KILLED)) {
		if (old < KCORO_WAIT_CANCEL)
			return false;
		if (atomic_try_cmpxchg(&wait->word, &old,
				       old - KCORO_WAIT_CANCEL))
			return true;
	}
	return true;
}

/**
 * kcoro_wait_begin() - arm a wait
 * @wait: the caller's
 * @reason: KCORO_WAIT_* of the uAPI
 *
 * From now on it can be won. The caller must go on to kcoro_wait_finish() or
 * kcoro_wait_abort().
 *
 * Context: task or thread; also with a source's lock held.
 * Return: 0, or -ECANCELED: not armed.
 */
int kcoro_wait_begin(struct kcoro_wait *wait, u8 reason)
{
	int old = KCORO_WAIT_IDLE;

	wait->cause = 0;
	WRITE_ONCE(wait->reason, reason);
	if (likely(atomic_try_cmpxchg(&wait->word, &old, KCORO_WAIT_ARMED)))
		return 0;
	/* Requests only come, so there is one to take. */
	kcoro_wait_take_cancel(wait);
	return -ECANCELED;
}

/**
 * kcoro_wait_win() - try to be the one that ends a wait
 * @wait: whose waiter the caller found in a queue that it has locked
 *
 * Context: any but NMI.
 * Return: true if the caller won: it may set @wait->cause and the waiter's
 * result, and must call kcoro_wait_wake() soon.
 */
bool kcoro_wait_win(struct kcoro_wait *wait)
{
	int old = atomic_read(&wait->word);

	do {
		if ((old & KCORO_WAIT_STATE) != KCORO_WAIT_ARMED)
			return false;
	} while (!atomic_try_cmpxchg(&wait->word, &old,
				     old + KCORO_WAIT_WON - KCORO_WAIT_ARMED));
	return true;
}

/**
 * kcoro_wait_wake() - wake the waiter whose wait was won
 * @wait: the caller won it; not to be touched afterwards
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_wait_wake(struct kcoro_wait *wait)
{
	struct task_struct *thread;

	if (likely(wait->task)) {
		trace_kcoro_wake(wait->task);
		kcoro_sched_ready(wait->task);
		return;
	}
	thread = get_task_struct(wait->thread);
	/*
	 * Publishes the winner's writes. Pairs with the acquire in
	 * thread_sleep(): the thread may return from there at once.
	 */
	atomic_fetch_add_release(KCORO_WAIT_DONE - KCORO_WAIT_WON, &wait->word);
	wake_up_process(thread);
	put_task_struct(thread);
}

static void task_park(struct kcoro_task *task)
{
	/* A wake that came first: pairs with the xchg in kcoro_sched_ready(). */
	if (atomic_read_acquire(&task->state) == KCORO_STATE_RUNNABLE) {
		atomic_set(&task->state, KCORO_STATE_RUNNING);
		return;
	}
	kcoro_worker_switch_out(task, KCORO_SWITCH_PARK);
}

static void thread_sleep(struct kcoro_wait *wait)
{
	unsigned int state = TASK_INTERRUPTIBLE;

	for (;;) {
		set_current_state(state);
		/* Pairs with the release in kcoro_wait_wake(). */
		if ((atomic_read_acquire(&wait->word) & KCORO_WAIT_STATE) ==
		    KCORO_WAIT_DONE)
			break;
		if (state == TASK_INTERRUPTIBLE && signal_pending(current)) {
			if (kcoro_wait_win(wait)) {
				wait->cause = -ERESTARTSYS;
				break;
			}
			/* Lost to somebody who is about to finish. */
			state = TASK_UNINTERRUPTIBLE;
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static void wait_sleep(struct kcoro_wait *wait)
{
	if (wait->task)
		task_park(wait->task);
	else
		thread_sleep(wait);
}

static void wait_end(struct kcoro_wait *wait)
{
	/* Only cancel requests, which count in the upper bits, race with this. */
	atomic_andnot(KCORO_WAIT_STATE, &wait->word);
	WRITE_ONCE(wait->reason, KCORO_WAIT_NONE);
}

/**
 * kcoro_wait_finish() - sleep until the wait is won
 * @wait: armed, its waiters queued
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park. No lock held.
 * Return: 0: a source won. -ETIMEDOUT, -ECANCELED (a task), -ERESTARTSYS (a
 * thread): none did, and none of the waiters will be used any more once each
 * has been unqueued under its source's lock.
 */
int kcoro_wait_finish(struct kcoro_wait *wait, ktime_t deadline)
{
	int cause;

	if (deadline != KCORO_FOREVER) {
		wait->timed = true;
		/* Far before its zero, hrtimers would overflow to "never". */
		hrtimer_start(&wait->timer, max_t(ktime_t, deadline, 0),
			      HRTIMER_MODE_ABS_HARD);
	}
	wait_sleep(wait);
	if (wait->timed) {
		hrtimer_cancel(&wait->timer);
		wait->timed = false;
	}
	cause = wait->cause;
	wait_end(wait);
	return cause;
}

/**
 * kcoro_wait_abort() - do not wait after all
 * @wait: armed
 *
 * Context: task or thread; may park, shortly. No lock held.
 * Return: -EAGAIN if nobody had won; else as kcoro_wait_finish().
 */
int kcoro_wait_abort(struct kcoro_wait *wait)
{
	if (kcoro_wait_win(wait)) {
		wait_end(wait);
		return -EAGAIN;
	}
	return kcoro_wait_finish(wait, KCORO_FOREVER);
}

/**
 * kcoro_wait_take() - win a waiter out of a queue
 * @waiter: in a queue that the caller has locked; it leaves it either way
 * @result: for the waiter
 *
 * Context: any but NMI.
 * Return: true if it was won: the caller must kcoro_wait_wake() it.
 */
bool kcoro_wait_take(struct kcoro_waiter *waiter, int result)
{
	list_del_init(&waiter->node);
	if (unlikely(!kcoro_wait_win(waiter->wait)))
		return false;
	waiter->result = result;
	return true;
}

/**
 * kcoro_wake_all() - wake those who were won under a lock
 * @wakes: won waiters, linked by their node; empty afterwards
 *
 * Context: any but NMI; the lock was dropped.
 */
void kcoro_wake_all(struct list_head *wakes)
{
	struct kcoro_waiter *waiter;

	while (!list_empty(wakes)) {
		waiter = list_first_entry(wakes, struct kcoro_waiter, node);
		list_del_init(&waiter->node);
		kcoro_wait_wake(waiter->wait);
	}
}

/**
 * kcoro_wait_cancel() - ask a task to give up waiting
 * @wait: the task's; the caller holds a reference on the task
 * @kill: for every wait from now on, not just for one
 *
 * Context: any but NMI; not under scheduler locks.
 * Return: true if a wait under way was ended by it.
 */
bool kcoro_wait_cancel(struct kcoro_wait *wait, bool kill)
{
	int old = atomic_read(&wait->word), new;
	bool won;

	do {
		won = (old & KCORO_WAIT_STATE) == KCORO_WAIT_ARMED;
		new = old;
		if (kill)
			new |= KCORO_WAIT_KILLED;
		else if (!won && new < INT_MAX - KCORO_WAIT_CANCEL)
			new += KCORO_WAIT_CANCEL;
		if (won)
			new += KCORO_WAIT_WON - KCORO_WAIT_ARMED;
	} while (!atomic_try_cmpxchg(&wait->word, &old, new));
	if (!won)
		return false;
	wait->cause = -ECANCELED;
	kcoro_wait_wake(wait);
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting, with one winner.
 *
 * Model: a task or a thread that has to wait arms its wait, puts a waiter into
 * the queue of each source that may end it (a channel, a task's end, a file's
 * wait queue), and sleeps. Sources race by a cmpxchg of the wait's word; so do
 * the deadline, a cancel request and a signal. The first wins and wakes; the
 * others touch nothing of the waiter, and keep what they carried. Exactly one
 * wake follows each win, and the waiter does not go on before it: all that a
 * winner uses, the waiter on the waiting stack included, stays valid until it
 * wakes.
 *
 *	waiter				source, under its lock
 *	kcoro_wait_begin()		kcoro_wait_win(): may I?
 *	  queue waiters			  move the message, set the result
 *	kcoro_wait_finish(): sleep	kcoro_wait_wake(), lock dropped
 *	  unqueue the rest, each
 *	  under its source's lock
 *
 * States, and who makes the step:
 *	IDLE -> ARMED		the waiter: it can be won from now on
 *	ARMED -> PARKED		a task's worker, once the task's registers are
 *				saved: who wins it now owns the task
 *	PARKED -> IDLE		a source that wins; it queues the task
 *	ARMED -> WON		a source that wins while the waiter still runs
 *	WON -> DONE		the same, done with the waiter: it goes on by
 *				itself
 *	WON -> LEFT		a task's worker: the winner shall queue the task
 *	DONE, LEFT -> IDLE	the waiter
 * A task that waits in one channel only, for ever, goes from IDLE to PARKED in
 * one step: the channel's lock stays held until then, over the switch (as Go
 * commits a park). A thread has no PARKED and no LEFT.
 *
 * Cancel requests live in the same word: a request either wins the wait under
 * way or is counted, and the next call that may wait takes one. So it is
 * neither lost nor delivered twice. While SHIELD is set requests are only
 * counted. KILLED stays: every wait fails.
 *
 * A thread waits interruptibly, since a killable wait would ignore handlers,
 * SIGSTOP and the freezer. It may see DONE without being woken, so the waker
 * takes a reference on it before it publishes DONE.
 *
 * Invariants: a task's wait lives in the task, a thread's on its stack. Out of
 * a wait its state is IDLE.
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

#include "alarm.h"
#include "sched.h"
#include "trace.h"
#include "wait.h"
#include "worker.h"

static ktime_t wait_expired(struct kcoro_alarm *alarm, ktime_t due)
{
	struct kcoro_wait *wait = container_of(alarm, struct kcoro_wait, alarm);

	if (kcoro_wait_win(wait)) {
		wait->cause = -ETIMEDOUT;
		kcoro_wait_wake(wait);
	}
	return KCORO_FOREVER;
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
	wait->cause = 0;
	wait->reason = KCORO_WAIT_NONE;
	wait->on = 0;
	wait->task = task;
	wait->thread = NULL;
}

/**
 * kcoro_wait_get() - the caller's wait
 * @onstack: room for a thread's
 *
 * Context: task or thread.
 * Return: the wait.
 */
struct kcoro_wait *kcoro_wait_get(struct kcoro_wait *onstack)
{
	struct kcoro_task *task = kcoro_self();

	if (likely(task))
		return &task->wait;
	atomic_set(&onstack->word, KCORO_WAIT_IDLE);
	onstack->task = NULL;
	onstack->thread = current;
	return onstack;
}

/**
 * kcoro_wait_take_cancel() - take a pending cancel request
 * @wait: the caller's, idle
 *
 * Context: task or thread.
 * Return: true if there was one that is not put off, or the task was killed.
 */
bool kcoro_wait_take_cancel(struct kcoro_wait *wait)
{
	int old = atomic_read(&wait->word);

	while (!(old & KCORO_WAIT_KILLED)) {
		if (old < KCORO_WAIT_CANCEL || old & KCORO_WAIT_SHIELD)
			return false;
		if (atomic_try_cmpxchg(&wait->word, &old,
				       old - KCORO_WAIT_CANCEL))
			return true;
	}
	return true;
}

/**
 * kcoro_wait_take_back() - make a pending cancel request undone, if there is one
 * @wait: the caller's, idle
 *
 * Context: task.
 */
void kcoro_wait_take_back(struct kcoro_wait *wait)
{
	int old = atomic_read(&wait->word);

	while (old >= KCORO_WAIT_CANCEL)
		if (atomic_try_cmpxchg(&wait->word, &old,
				       old - KCORO_WAIT_CANCEL))
			return;
}

/**
 * kcoro_wait_shield() - put cancel requests off, or no longer
 * @wait: the caller's, idle
 * @on: which
 *
 * Context: task.
 */
void kcoro_wait_shield(struct kcoro_wait *wait, bool on)
{
	if (on)
		atomic_or(KCORO_WAIT_SHIELD, &wait->word);
	else
		atomic_andnot(KCORO_WAIT_SHIELD, &wait->word);
}

/*
 * From IDLE to @state, if requests are put off and so what is in the word does
 * not matter. False: a request, which was taken.
 */
static bool wait_step_shielded(struct kcoro_wait *wait, int state)
{
	int old = atomic_read(&wait->word);

	while (old & KCORO_WAIT_SHIELD && !(old & KCORO_WAIT_KILLED))
		if (atomic_try_cmpxchg(&wait->word, &old, old | state))
			return true;
	/* Requests only come, so there is one to take. */
	kcoro_wait_take_cancel(wait);
	return false;
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
	WRITE_ONCE(wait->on, 0);
	WRITE_ONCE(wait->reason, reason);
	if (likely(atomic_try_cmpxchg(&wait->word, &old, KCORO_WAIT_ARMED)) ||
	    wait_step_shielded(wait, KCORO_WAIT_ARMED))
		return 0;
	return -ECANCELED;
}

/**
 * kcoro_wait_unpin() - what a wait's @on points to is about to go
 * @wait: the caller's, idle
 *
 * Who follows the pointer holds the task's lock meanwhile. Not needed where it is
 * only compared.
 *
 * Context: task or thread.
 */
void kcoro_wait_unpin(struct kcoro_wait *wait)
{
	if (!wait->task)
		return;
	raw_spin_lock_irq(&wait->task->lock);
	WRITE_ONCE(wait->on, 0);
	raw_spin_unlock_irq(&wait->task->lock);
}

/**
 * kcoro_wait_refused() - a task's word keeps it from parking in one step
 * @wait: the task's, idle, its waiter queued; the task has left its stack
 *
 * Context: its worker, after the switch.
 * Return: as kcoro_wait_leaves_unarmed().
 */
bool kcoro_wait_refused(struct kcoro_wait *wait)
{
	if (wait_step_shielded(wait, KCORO_WAIT_PARKED))
		return true;
	wait->cause = -ECANCELED;
	return false;
}

/**
 * kcoro_wait_wake() - wake the waiter whose wait was won
 * @wait: the caller won it; not to be touched afterwards
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_wait_wake(struct kcoro_wait *wait)
{
	int old = atomic_read(&wait->word);
	struct task_struct *thread;
	struct kcoro_task *self;

	if (likely(wait->task)) {
		trace_kcoro_wake(wait->task);
		while ((old & KCORO_WAIT_STATE) == KCORO_WAIT_WON)
			/* Pairs with the cmpxchg in kcoro_wait_leaves(). */
			if (atomic_try_cmpxchg(&wait->word, &old,
					       old + KCORO_WAIT_DONE -
					       KCORO_WAIT_WON))
				return;	/* the task, or its worker, will see */
		kcoro_sched_ready(wait->task);
		return;
	}
	self = kcoro_self();
	if (self)
		self->wakes++;
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
	/* A wake that came first: pairs with the cmpxchg in kcoro_wait_wake(). */
	if ((atomic_read_acquire(&task->wait.word) & KCORO_WAIT_STATE) !=
	    KCORO_WAIT_DONE)
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
	if (atomic_read(&wait->word) & KCORO_WAIT_STATE)
		atomic_andnot(KCORO_WAIT_STATE, &wait->word);
}

static int wait_timed(struct kcoro_wait *wait, ktime_t deadline)
{
	struct kcoro_bubble *bubble = NULL;

	WRITE_ONCE(wait->on, 0);	/* somebody will wake it: the alarm */
	if (wait->task) {
		bubble = wait->task->bubble;
		kcoro_alarm_setup(&wait->alarm, bubble, wait_expired,
				  HRTIMER_MODE_ABS_HARD);
	} else {
		kcoro_alarm_setup_on_stack(&wait->alarm, NULL, wait_expired,
					   HRTIMER_MODE_ABS_HARD);
	}
	kcoro_alarm_start(&wait->alarm, bubble, deadline);
	wait_sleep(wait);
	kcoro_alarm_cancel(&wait->alarm, bubble);
	if (!wait->task)
		kcoro_alarm_destroy_on_stack(&wait->alarm, NULL);
	return wait->cause;
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
		cause = wait_timed(wait, deadline);
	} else {
		wait_sleep(wait);
		cause = wait->cause;
	}
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
 * kcoro_waitq_take_all() - win all waiters of a queue
 * @queue: locked by the caller; empty afterwards
 * @result: for the waiters
 *
 * Context: any but NMI.
 * Return: those that were won, for kcoro_wake_all().
 */
struct kcoro_waiter *kcoro_waitq_take_all(struct kcoro_waitq *queue, int result)
{
	struct kcoro_waiter *wakes = NULL, **tail = &wakes, *waiter;

	while ((waiter = kcoro_waitq_take(queue, result))) {
		waiter->next = NULL;
		*tail = waiter;
		tail = &waiter->next;
	}
	return wakes;
}

/**
 * kcoro_wake_all() - wake those who were won under a lock
 * @wakes: from kcoro_waitq_take_all(), or NULL
 *
 * Context: any but NMI; the lock was dropped.
 */
void kcoro_wake_all(struct kcoro_waiter *wakes)
{
	struct kcoro_waiter *waiter;

	while ((waiter = wakes)) {
		wakes = waiter->next;
		kcoro_wait_wake(waiter->wait);
	}
}

/**
 * kcoro_wait_request() - ask a task to give up waiting
 * @wait: the task's; the caller holds a reference on the task
 * @kill: for every wait from now on, not just for one
 *
 * Context: any but NMI.
 * Return: true if that ended a wait under way: the caller must call
 * kcoro_wait_wake().
 */
bool kcoro_wait_request(struct kcoro_wait *wait, bool kill)
{
	int old = atomic_read(&wait->word), new;
	bool won;

	do {
		new = old;
		if (kill || !(old & KCORO_WAIT_SHIELD))
			new = kcoro_wait_won(old);
		won = new != old;
		if (kill)
			new |= KCORO_WAIT_KILLED;
		else if (!won && new < INT_MAX - KCORO_WAIT_CANCEL)
			new += KCORO_WAIT_CANCEL;
	} while (!atomic_try_cmpxchg(&wait->word, &old, new));
	if (won)
		wait->cause = -ECANCELED;
	return won;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Sources: what select waits for beside channels.
 *
 * Model: a source is a state that somebody else changes, and that stays for now: a
 * task has ended, a group has no task left, an event is set, a file can be read, a
 * condition holds. To choose it consumes
 * nothing. Each kind has a row in the table below; select.c knows none of them.
 *
 * Protocol, so that no change is lost between the answer and the sleep:
 *
 *	select				who changes the source
 *	arm the wait			change it
 *	enqueue: get into its queue	look into its queue
 *	ask: ready?			  win the wait, and wake
 *	sleep
 *
 * If the answer was no, the change comes after it, and so finds us in the queue.
 * What orders the two lines on each side:
 *	task	task->lock, under which done is set and joiners are won
 *	group	group->lock, for the last of its tasks likewise
 *	event	event->lock
 *	file	the barrier in poll.c, and that of who wakes
 *	queue	the barrier in waitq_enqueue(), and that of who wakes: in
 *		wq_has_sleeper(), or the queue's lock that wake_up() takes
 *
 * A wake-up says only that the state may have changed: select asks all cases
 * again, and goes on waiting if none is ready. It leaves the queues before it
 * does, so that no late wake-up can win a wait of another call.
 *
 * Locks: those named above, and of wait queues, each inside a function here. All
 * are called without any, as ->poll may sleep.
 */
#include <linux/export.h>
#include <linux/kcoro.h>
#include <linux/kernel.h>

#include "group.h"
#include "select_source.h"
#include "sync.h"
#include "task.h"

/* --- The end of a task ------------------------------------------------------ */

static int join_check(const struct kcoro_select_case *c)
{
	return c->task == kcoro_self() ? -EDEADLK : 0;
}

static bool join_ready(struct kcoro_source *source)
{
	source->c->result = 0;
	return kcoro_task_done(source->c->task);
}

static int join_enqueue(struct kcoro_source *source, struct kcoro_wait *wait)
{
	struct kcoro_task *task = source->c->task;
	bool done;

	source->waiter = (struct kcoro_waiter) { .wait = wait };
	raw_spin_lock_irq(&task->lock);
	done = task->done;
	if (!done)
		kcoro_waitq_add(&task->joiners, &source->waiter);
	raw_spin_unlock_irq(&task->lock);
	return done;
}

static void join_dequeue(struct kcoro_source *source)
{
	struct kcoro_task *task = source->c->task;

	raw_spin_lock_irq(&task->lock);
	kcoro_waitq_del(&task->joiners, &source->waiter);
	raw_spin_unlock_irq(&task->lock);
}

/* --- The end of a group's tasks ----------------------------------------------- */

static int group_check(const struct kcoro_select_case *c)
{
	return kcoro_group_has_self(c->group) ? -EDEADLK : 0;
}

static bool group_ready(struct kcoro_source *source)
{
	source->c->result = 0;
	return !kcoro_group_live(source->c->group);
}

static int group_enqueue(struct kcoro_source *source, struct kcoro_wait *wait)
{
	struct kcoro_group *group = source->c->group;
	bool live;

	source->waiter = (struct kcoro_waiter) { .wait = wait };
	spin_lock(&group->lock);
	live = group->live;
	if (live)
		kcoro_waitq_add(&group->waiters, &source->waiter);
	spin_unlock(&group->lock);
	return !live;
}

static void group_dequeue(struct kcoro_source *source)
{
	struct kcoro_group *group = source->c->group;

	spin_lock(&group->lock);
	kcoro_waitq_del(&group->waiters, &source->waiter);
	spin_unlock(&group->lock);
}

/* --- An event ------------------------------------------------------------------- */

/* Under the lock: who sets it is done with it when a waiter goes on (event.c). */
static bool event_ask(struct kcoro_select_case *c, struct kcoro_waiter *waiter)
{
	struct kcoro_event *event = c->event;
	unsigned long flags;
	bool over, ready;

	raw_spin_lock_irqsave(&event->lock, flags);
	over = kcoro_sync_over(event->fd) && !event->set;
	ready = event->set || over;
	if (!ready && waiter)
		kcoro_waitq_add(kcoro_sync_waitq(&event->waiters), waiter);
	raw_spin_unlock_irqrestore(&event->lock, flags);
	c->result = over ? -ESHUTDOWN : 0;
	return ready;
}

static bool event_ready(struct kcoro_source *source)
{
	return event_ask(source->c, NULL);
}

static int event_enqueue(struct kcoro_source *source, struct kcoro_wait *wait)
{
	source->waiter = (struct kcoro_waiter) { .wait = wait };
	return event_ask(source->c, &source->waiter);
}

static void event_dequeue(struct kcoro_source *source)
{
	struct kcoro_event *event = source->c->event;
	unsigned long flags;

	raw_spin_lock_irqsave(&event->lock, flags);
	kcoro_waitq_del(kcoro_sync_waitq(&event->waiters), &source->waiter);
	raw_spin_unlock_irqrestore(&event->lock, flags);
}

/* --- A file ------------------------------------------------------------------ */

static int poll_check(const struct kcoro_select_case *c)
{
	if (c->events & ~KCORO_POLL_EVENTS)
		return -EINVAL;
	return file_can_poll(c->file) ? 0 : -EOPNOTSUPP;
}

static bool poll_ready(struct kcoro_source *source)
{
	struct kcoro_select_case *c = source->c;

	c->result = (__force int)kcoro_poll_now(c->file, c->events);
	return c->result;
}

static int poll_enqueue(struct kcoro_source *source, struct kcoro_wait *wait)
{
	struct kcoro_select_case *c = source->c;

	c->result = kcoro_poll_begin(&source->poll, c->file, c->events, wait);
	return min(c->result, 1);
}

static void poll_dequeue(struct kcoro_source *source)
{
	kcoro_poll_end(&source->poll);
}

/* --- A wait queue --------------------------------------------------------------- */

static int waitq_check(const struct kcoro_select_case *c)
{
	return c->condition ? 0 : -EINVAL;
}

static bool waitq_ready(struct kcoro_source *source)
{
	source->c->result = 0;
	return source->c->condition(source->c->data);
}

static int waitq_wake(struct wait_queue_entry *entry, unsigned int mode,
		      int sync, void *key)
{
	struct kcoro_wait *wait = entry->private;

	if (kcoro_wait_win(wait))
		kcoro_wait_wake(wait);
	return 1;
}

static int waitq_enqueue(struct kcoro_source *source, struct kcoro_wait *wait)
{
	init_waitqueue_func_entry(&source->entry, waitq_wake);
	source->entry.private = wait;
	add_wait_queue(source->c->queue, &source->entry);
	smp_mb(); /* see the head */
	return waitq_ready(source);
}

static void waitq_dequeue(struct kcoro_source *source)
{
	remove_wait_queue(source->c->queue, &source->entry);
}

/* --- All kinds -------------------------------------------------------------------- */

static const struct {
	u32 op;
	struct kcoro_source_ops ops;
} kinds[] = {
	{ KCORO_OP_JOIN,
	  { join_check, join_ready, join_enqueue, join_dequeue } },
	{ KCORO_OP_GROUP,
	  { group_check, group_ready, group_enqueue, group_dequeue } },
	{ KCORO_OP_EVENT,
	  { NULL, event_ready, event_enqueue, event_dequeue } },
	{ KCORO_OP_POLL,
	  { poll_check, poll_ready, poll_enqueue, poll_dequeue } },
	{ KCORO_OP_WAITQ,
	  { waitq_check, waitq_ready, waitq_enqueue, waitq_dequeue } },
};

static const struct kcoro_source_ops *ops_of(u32 op)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].op == op)
			return &kinds[i].ops;
	return NULL;
}

/* All pointers to sources are in one union. */
static bool is_nil(const struct kcoro_select_case *c)
{
	return !c->msg;
}

/**
 * kcoro_source_check() - is a case that is neither a send nor a receive valid?
 * @c: the case
 *
 * Context: task or thread.
 * Return: 0. -EINVAL: unknown operation, or it has a channel too. What its kind
 * says.
 */
int kcoro_source_check(const struct kcoro_select_case *c)
{
	const struct kcoro_source_ops *ops = ops_of(c->op);

	if (!ops || c->chan)
		return -EINVAL;
	return is_nil(c) || !ops->check ? 0 : ops->check(c);
}

/**
 * kcoro_source_init() - get ready to use a case's source
 * @source: it
 * @c: a case that is valid, of any operation
 *
 * Context: any.
 */
void kcoro_source_init(struct kcoro_source *source, struct kcoro_select_case *c)
{
	source->ops = is_nil(c) ? NULL : ops_of(c->op);
	source->c = c;
	source->queued = false;
}

/**
 * kcoro_source_ready() - is a source ready?
 * @source: it
 *
 * Context: task or thread; may sleep.
 * Return: true: the case's result is set.
 */
bool kcoro_source_ready(struct kcoro_source *source)
{
	return source->ops && source->ops->ready(source);
}

/**
 * kcoro_source_enqueue() - have a source's changes win a wait, then ask it
 * @source: to be given to kcoro_source_dequeue(), whatever this returns
 * @wait: the caller's, armed
 *
 * Context: task or thread; may sleep.
 * Return: 1: ready, the case's result is set. 0: not. What its kind says.
 */
int kcoro_source_enqueue(struct kcoro_source *source, struct kcoro_wait *wait)
{
	if (!source->ops)
		return 0;
	source->queued = true;
	return source->ops->enqueue(source, wait);
}

/**
 * kcoro_source_dequeue() - let a source win the wait no more
 * @source: it
 *
 * Context: task or thread.
 */
void kcoro_source_dequeue(struct kcoro_source *source)
{
	if (!source->queued)
		return;
	source->queued = false;
	source->ops->dequeue(source);
}

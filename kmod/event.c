// SPDX-License-Identifier: GPL-2.0
/*
 * Events: something has happened, until it is cleared. asyncio's Event, for tasks,
 * threads, and interrupt handlers that set it.
 *
 * Model: a flag and those who wait for it. Setting it wins all of them; who is won
 * has seen it set, also if it is cleared before he runs.
 *
 * Who waits takes the lock also if the event is set: so who sets it is done with
 * it by then, and the waiter may free it.
 *
 * Locks: event->lock, raw, interrupts off; see sync.h.
 */
#include <linux/module.h>

#include "sync.h"

/**
 * kcoro_event_init() - make an event
 * @event: it; not set
 * @name: for messages; not copied
 *
 * Context: any.
 */
void kcoro_event_init(struct kcoro_event *event, const char *name)
{
	event->set = false;
	raw_spin_lock_init(&event->lock);
	kcoro_waitq_init(kcoro_sync_waitq(&event->waiters));
	event->name = name;
	event->fd = NULL;
}
EXPORT_SYMBOL_GPL(kcoro_event_init);

/**
 * kcoro_event_set() - it has happened
 * @event: the event
 *
 * Wakes all who wait. What the caller did before is seen by them.
 *
 * Context: any but NMI.
 */
void kcoro_event_set(struct kcoro_event *event)
{
	struct kcoro_waiter *wakes;
	struct kcoro_sync_fd *fd;
	unsigned long flags;

	raw_spin_lock_irqsave(&event->lock, flags);
	WRITE_ONCE(event->set, true);
	fd = event->fd;
	wakes = kcoro_waitq_take_all(kcoro_sync_waitq(&event->waiters), 0);
	raw_spin_unlock_irqrestore(&event->lock, flags);
	kcoro_wake_all(wakes);
	if (fd)
		kcoro_sync_fd_wake(fd);
}
EXPORT_SYMBOL_GPL(kcoro_event_set);

/**
 * kcoro_event_clear() - it may happen again
 * @event: the event
 *
 * Context: any but NMI.
 */
void kcoro_event_clear(struct kcoro_event *event)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&event->lock, flags);
	WRITE_ONCE(event->set, false);
	raw_spin_unlock_irqrestore(&event->lock, flags);
}
EXPORT_SYMBOL_GPL(kcoro_event_clear);

/**
 * kcoro_event_is_set() - has it happened?
 * @event: the event
 *
 * Context: any.
 */
bool kcoro_event_is_set(const struct kcoro_event *event)
{
	return READ_ONCE(event->set);
}
EXPORT_SYMBOL_GPL(kcoro_event_is_set);

/**
 * kcoro_event_wait() - wait until it has happened
 * @event: the event
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS. -ESHUTDOWN: it is a program's,
 * whose context has ended.
 */
int kcoro_event_wait(struct kcoro_event *event, ktime_t deadline)
{
	int err = kcoro_wait_check(kcoro_self());
	unsigned long flags;

	if (err)
		return err;
	raw_spin_lock_irqsave(&event->lock, flags);
	if (event->set) {
		raw_spin_unlock_irqrestore(&event->lock, flags);
		return 0;
	}
	if (kcoro_sync_over(event->fd)) {
		raw_spin_unlock_irqrestore(&event->lock, flags);
		return -ESHUTDOWN;
	}
	return kcoro_sync_wait(&event->lock, flags, &event->waiters,
			       KCORO_WAIT_EVENT, event->fd, deadline);
}
EXPORT_SYMBOL_GPL(kcoro_event_wait);

/**
 * kcoro_event_end() - the context of a program's event has ended
 * @event: the event; nobody waits for it any more
 *
 * Context: process.
 */
void kcoro_event_end(struct kcoro_event *event)
{
	struct kcoro_waiter *wakes;
	unsigned long flags;

	raw_spin_lock_irqsave(&event->lock, flags);
	WRITE_ONCE(event->fd->over, true);
	wakes = kcoro_waitq_take_all(kcoro_sync_waitq(&event->waiters),
				     -ESHUTDOWN);
	raw_spin_unlock_irqrestore(&event->lock, flags);
	kcoro_wake_all(wakes);
}

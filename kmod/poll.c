// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for a file to become readable or writable.
 *
 * Model: the wait is armed, then ->poll is asked, which puts our entries into
 * the file's wait queues, and may sleep; a wake-up from one of them wins the
 * wait as any source does. So no change can be missed between ->poll's answer
 * and the sleep. ->poll is called on the caller's own stack, a task's too: it
 * looks at its file and goes; no native call is needed for that.
 *
 * A wait queue may go before its file does (POLLFREE: of signalfd and binder).
 * Who frees it wakes us first, and lets an RCU grace period pass. The entry is
 * taken out then, and after that nothing of it is touched, as eventpoll does.
 *
 * Locks: each wait queue's own, taken by the kernel around poll_wake(), and by
 * remove_wait_queue().
 */
#include <linux/file.h>
#include <linux/kcoro.h>
#include <linux/module.h>

#include "poll.h"
#include "task.h"
#include "wait.h"

static int poll_wake(struct wait_queue_entry *entry, unsigned int mode,
		     int sync, void *key)
{
	struct kcoro_poll_entry *ours =
		container_of(entry, struct kcoro_poll_entry, entry);
	struct kcoro_poll *poll = entry->private;
	__poll_t events = key_to_poll(key);

	if (events && !(events & poll->events))
		return 0;
	if (kcoro_wait_win(poll->wait))
		kcoro_wait_wake(poll->wait);
	/* It comes with EPOLLHUP, and so gets here. */
	if (events & POLLFREE) {
		list_del_init(&entry->entry);
		/* The last access. Pairs with the acquire in kcoro_poll_end(). */
		smp_store_release(&ours->queue, NULL);
	}
	return 1;
}

static void poll_queue(struct file *file, wait_queue_head_t *queue,
		       struct poll_table_struct *table)
{
	struct kcoro_poll *poll = container_of(table, struct kcoro_poll, table);
	struct kcoro_poll_entry *ours;

	if (poll->nr == KCORO_POLL_QUEUES_MAX) {
		poll->full = true;
		return;
	}
	ours = &poll->entries[poll->nr++];
	ours->queue = queue;
	init_waitqueue_func_entry(&ours->entry, poll_wake);
	ours->entry.private = poll;
	add_wait_queue(queue, &ours->entry);
	/*
	 * ->poll looks at the file after this. Pairs with the barrier of wakers
	 * that ask waitqueue_active() first (wq_has_sleeper()).
	 */
	smp_mb();
}

/**
 * kcoro_poll_begin() - have a file's wake-ups win a wait, and ask what it has
 * @poll: to be given to kcoro_poll_end(), whatever this returns
 * @file: the caller keeps it open
 * @events: EPOLL*; errors and hang-ups always count
 * @wait: the caller's, armed
 *
 * Context: task or thread; may sleep. No lock held.
 * Return: those events that the file has now, 0: it will wake. -EOPNOTSUPP: it
 * has none, and more wait queues than KCORO_POLL_QUEUES_MAX.
 */
int kcoro_poll_begin(struct kcoro_poll *poll, struct file *file, __poll_t events,
		     struct kcoro_wait *wait)
{
	poll->wait = wait;
	poll->events = events | EPOLLERR | EPOLLHUP;
	poll->full = false;
	poll->nr = 0;
	init_poll_funcptr(&poll->table, poll_queue);
	poll->table._key = poll->events;
	events = vfs_poll(file, &poll->table) & poll->events;
	if (!events && poll->full)
		return -EOPNOTSUPP;
	return (__force int)events;
}

/**
 * kcoro_poll_end() - leave a file's wait queues
 * @poll: from kcoro_poll_begin(); may be freed afterwards
 *
 * Context: task or thread.
 */
void kcoro_poll_end(struct kcoro_poll *poll)
{
	struct wait_queue_head *queue;
	u32 i;

	for (i = 0; i < poll->nr; i++) {
		/* A queue that we still see stays as long as RCU is held. */
		rcu_read_lock();
		/* Pairs with the release in poll_wake(). */
		queue = smp_load_acquire(&poll->entries[i].queue);
		if (queue)
			remove_wait_queue(queue, &poll->entries[i].entry);
		rcu_read_unlock();
	}
}

/**
 * kcoro_poll_file() - wait until a file is ready
 * @file: any that can be polled
 * @events: EPOLLIN, EPOLLOUT; errors and hang-ups always count
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park and sleep.
 * Return: 0: ready, or it was a moment ago. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS. -EOPNOTSUPP: it has more than four wait queues.
 */
int kcoro_poll_file(struct file *file, __poll_t events, ktime_t deadline)
{
	struct kcoro_wait onstack, *wait = kcoro_wait_get(&onstack);
	int err = kcoro_wait_check(kcoro_self()), ready;
	struct kcoro_poll poll;

	if (err)
		return err;
	err = kcoro_wait_begin(wait, KCORO_WAIT_POLL);
	if (err)
		return err;
	ready = kcoro_poll_begin(&poll, file, events, wait);
	if (ready) {
		err = kcoro_wait_abort(wait);
		if (err == -EAGAIN)
			err = min(ready, 0);
	} else {
		err = kcoro_wait_finish(wait, deadline);
	}
	kcoro_poll_end(&poll);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_poll_file);

// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for a file to become readable or writable.
 *
 * Model: the wait is armed, then ->poll is asked, which puts our entries into
 * the file's wait queues, and may sleep; a wake-up from one of them wins the
 * wait as any source does. So no change can be missed between ->poll's answer
 * and the sleep.
 *
 * Locks: each wait queue's own, taken by the kernel around poll_wake(), and by
 * remove_wait_queue(). Files whose wait queue may go before the file does
 * (POLLFREE) are not accepted by those who call this: pipes, sockets, ttys.
 */
#include <linux/file.h>
#include <linux/kcoro.h>
#include <linux/module.h>
#include <linux/poll.h>

#include "task.h"
#include "wait.h"

#define POLL_QUEUES_MAX	4

struct poll_entry {
	struct wait_queue_entry entry;
	struct wait_queue_head *queue;
};

/**
 * struct poll_wait - one call's places in a file's wait queues
 * @table: what ->poll gets
 * @wait: the caller's wait
 * @events: of interest
 * @nr: entries used
 * @entries: one for each queue
 */
struct poll_wait {
	struct poll_table_struct table;
	struct kcoro_wait *wait;
	__poll_t events;
	u32 nr;
	struct poll_entry entries[POLL_QUEUES_MAX];
};

static int poll_wake(struct wait_queue_entry *entry, unsigned int mode,
		     int sync, void *key)
{
	struct poll_wait *poll = entry->private;
	__poll_t events = key_to_poll(key);

	if (events && !(events & poll->events))
		return 0;
	if (kcoro_wait_win(poll->wait))
		kcoro_wait_wake(poll->wait);
	return 1;
}

static void poll_queue(struct file *file, wait_queue_head_t *queue,
		       struct poll_table_struct *table)
{
	struct poll_wait *poll = container_of(table, struct poll_wait, table);
	struct poll_entry *entry;

	if (WARN_ONCE(poll->nr == POLL_QUEUES_MAX,
		      "kcoro: %pD has over %d wait queues\n", file,
		      POLL_QUEUES_MAX))
		return;
	entry = &poll->entries[poll->nr++];
	entry->queue = queue;
	init_waitqueue_func_entry(&entry->entry, poll_wake);
	entry->entry.private = poll;
	add_wait_queue(queue, &entry->entry);
}

/**
 * kcoro_poll_file() - wait until a file is ready
 * @file: a pipe, socket or tty
 * @events: EPOLLIN, EPOLLOUT; errors and hang-ups always count
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park and sleep.
 * Return: 0: ready, or it was a moment ago. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS.
 */
int kcoro_poll_file(struct file *file, __poll_t events, ktime_t deadline)
{
	struct poll_wait poll = { .events = events | EPOLLERR | EPOLLHUP };
	struct kcoro_wait onstack;
	int err = kcoro_wait_check(kcoro_self());
	u32 i;

	if (err)
		return err;
	poll.wait = kcoro_wait_get(&onstack);
	init_poll_funcptr(&poll.table, poll_queue);
	poll.table._key = poll.events;
	err = kcoro_wait_begin(poll.wait, KCORO_WAIT_POLL);
	if (err)
		return err;
	if (vfs_poll(file, &poll.table) & poll.events) {
		err = kcoro_wait_abort(poll.wait);
		if (err == -EAGAIN)
			err = 0;
	} else {
		err = kcoro_wait_finish(poll.wait, deadline);
	}
	for (i = 0; i < poll.nr; i++)
		remove_wait_queue(poll.entries[i].queue, &poll.entries[i].entry);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_poll_file);

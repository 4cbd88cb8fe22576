/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for files: see poll.c. */
#ifndef KCORO_POLL_H
#define KCORO_POLL_H

#include <linux/poll.h>
#include <linux/wait.h>

struct kcoro_wait;

#define KCORO_POLL_QUEUES_MAX	4

/* All that ->poll may be asked for. */
#define KCORO_POLL_EVENTS	(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | \
				 EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND | \
				 EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | \
				 EPOLLRDHUP)

/**
 * struct kcoro_poll_entry - a place in one of a file's wait queues
 * @entry: in @queue
 * @queue: or NULL: it has gone (POLLFREE)
 */
struct kcoro_poll_entry {
	struct wait_queue_entry entry;
	struct wait_queue_head *queue;
};

/**
 * struct kcoro_poll - a wait's places in a file's wait queues
 * @table: what ->poll gets
 * @wait: the wait that their wake-ups win
 * @events: of interest
 * @full: there are more queues than @entries
 * @nr: entries used
 * @entries: one for each queue
 */
struct kcoro_poll {
	struct poll_table_struct table;
	struct kcoro_wait *wait;
	__poll_t events;
	bool full;
	u32 nr;
	struct kcoro_poll_entry entries[KCORO_POLL_QUEUES_MAX];
};

int kcoro_poll_begin(struct kcoro_poll *poll, struct file *file, __poll_t events,
		     struct kcoro_wait *wait);
void kcoro_poll_end(struct kcoro_poll *poll);

/* Which of @events, and of errors and hang-ups, does a file have now? */
static inline __poll_t kcoro_poll_now(struct file *file, __poll_t events)
{
	return vfs_poll(file, NULL) & (events | EPOLLERR | EPOLLHUP);
}

#endif /* KCORO_POLL_H */

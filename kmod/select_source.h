/* SPDX-License-Identifier: GPL-2.0 */
/* What select waits for beside channels: see select_source.c. */
#ifndef KCORO_SELECT_SOURCE_H
#define KCORO_SELECT_SOURCE_H

#include <linux/types.h>
#include <linux/wait.h>

#include "poll.h"
#include "wait.h"

struct kcoro_select_case;
struct kcoro_source;

/**
 * struct kcoro_source_ops - one kind of source
 * @check: optional; is the case, which has a source, valid? 0 or -errno
 * @ready: is it ready now? May sleep. If so, sets the case's result
 * @enqueue: have whatever may change the answer win @wait, which is armed, then
 *	ask once more: 1 (the result is set), 0, or -errno. May sleep
 * @dequeue: undo @enqueue, whatever it returned
 *
 * None is called with a lock held, and none may park.
 */
struct kcoro_source_ops {
	int (*check)(const struct kcoro_select_case *c);
	bool (*ready)(struct kcoro_source *source);
	int (*enqueue)(struct kcoro_source *source, struct kcoro_wait *wait);
	void (*dequeue)(struct kcoro_source *source);
};

/**
 * struct kcoro_source - a case's source while the select goes on
 * @ops: its kind; NULL: a channel, or never ready
 * @c: the case
 * @queued: @dequeue is to be called
 * @waiter: KCORO_OP_JOIN, _GROUP, _EVENT: among those who wait for it
 * @poll: KCORO_OP_POLL
 * @entry: KCORO_OP_WAITQ: in the wait queue
 */
struct kcoro_source {
	const struct kcoro_source_ops *ops;
	struct kcoro_select_case *c;
	bool queued;
	union {
		struct kcoro_waiter waiter;
		struct kcoro_poll poll;
		struct wait_queue_entry entry;
	};
};

/* select.c */
u32 kcoro_select_cases(unsigned long on, const struct kcoro_select_case **cases);

int kcoro_source_check(const struct kcoro_select_case *c);
void kcoro_source_init(struct kcoro_source *source, struct kcoro_select_case *c);
bool kcoro_source_ready(struct kcoro_source *source);
int kcoro_source_enqueue(struct kcoro_source *source, struct kcoro_wait *wait);
void kcoro_source_dequeue(struct kcoro_source *source);

#endif /* KCORO_SELECT_SOURCE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Exit records that wait to be read: a context's, and a group's.
 *
 * Model: a task that has neither a descriptor nor NO_EXIT has its record with
 * its group, or, without one, with its context. read(2) gives the records,
 * oldest first, as many whole ones as there are and fit. It gives 0 once no task
 * is left that will have one there: `while (read() > 0)` sees all exits and ends.
 * A record that nobody has read counts in its context's limit of tasks.
 *
 * Invariants: a record is delivered once, or put back if the reader's memory is
 * bad. It counts in @pending from the task's publication until it is delivered,
 * so a reader gets no end of file while another one may yet put one back. Once
 * @over nobody is published who would have one here, so what poll then says of
 * the end is final.
 *
 * Locks: ctx->lock, for a context's records and for those of its groups. It is
 * not held while readers are woken.
 */
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "context.h"
#include "records.h"
#include "task.h"

/**
 * kcoro_records_init() - get ready to keep records
 * @records: nobody else knows them yet
 *
 * Context: any.
 */
void kcoro_records_init(struct kcoro_records *records)
{
	INIT_LIST_HEAD(&records->exits);
	init_waitqueue_head(&records->wait);
}

/**
 * kcoro_records_wake() - have readers and pollers look again
 * @records: which have changed
 *
 * Without events: io_uring takes what it is told, all others ask ->poll.
 *
 * Context: process, atomic too.
 */
void kcoro_records_wake(struct kcoro_records *records)
{
	if (wq_has_sleeper(&records->wait))
		wake_up_interruptible(&records->wait);
}

/* A record is delivered, or nobody wants it. Returns whether it was the last. */
static bool records_done(struct kcoro_ctx *ctx, struct kcoro_records *records,
			 struct kcoro_task *task)
{
	lockdep_assert_held(&ctx->lock);
	ctx->nr_exits--;
	kcoro_ctx_unlist(ctx, task);
	return !--records->pending;
}

/**
 * kcoro_records_add() - keep the record of a task that has ended
 * @task: has @records, and counts among its context's exits; the caller has the
 *	context's lock, and wakes afterwards
 *
 * Context: the end of @task, atomic.
 */
void kcoro_records_add(struct kcoro_task *task)
{
	struct kcoro_records *records = task->records;

	if (records->closed) {
		records_done(task->ctx, records, task);
	} else {
		kcoro_task_get(task);
		list_add_tail(&task->exit_node, &records->exits);
	}
}

/**
 * kcoro_records_end() - no other task will have its record here
 * @ctx: the context
 * @records: its own, or a group's
 *
 * Context: process, atomic too.
 */
void kcoro_records_end(struct kcoro_ctx *ctx, struct kcoro_records *records)
{
	spin_lock(&ctx->lock);
	records->over = true;
	spin_unlock(&ctx->lock);
	kcoro_records_wake(records);
}

/* The oldest record, with a reference on its task, or NULL. */
static struct kcoro_task *records_take(struct kcoro_ctx *ctx,
				       struct kcoro_records *records)
{
	struct kcoro_task *task;

	spin_lock(&ctx->lock);
	task = list_first_entry_or_null(&records->exits, struct kcoro_task,
					exit_node);
	if (task)
		list_del_init(&task->exit_node);
	spin_unlock(&ctx->lock);
	return task;
}

/* The record in hand could not be delivered: it is the oldest again. */
static void records_untake(struct kcoro_ctx *ctx, struct kcoro_records *records,
			   struct kcoro_task *task)
{
	spin_lock(&ctx->lock);
	list_add(&task->exit_node, &records->exits);
	spin_unlock(&ctx->lock);
	kcoro_records_wake(records);
}

static void records_deliver(struct kcoro_ctx *ctx, struct kcoro_records *records,
			    struct kcoro_task *task)
{
	bool last;

	spin_lock(&ctx->lock);
	last = records_done(ctx, records, task);
	spin_unlock(&ctx->lock);
	kcoro_task_put(task);
	if (last)	/* other readers wait for a record that never comes */
		kcoro_records_wake(records);
}

/**
 * kcoro_records_close() - nobody reads the records any more
 * @ctx: the context
 * @records: its own, or a group's
 *
 * Context: may sleep.
 */
void kcoro_records_close(struct kcoro_ctx *ctx, struct kcoro_records *records)
{
	struct kcoro_task *task;

	spin_lock(&ctx->lock);
	records->closed = true;
	spin_unlock(&ctx->lock);
	while ((task = records_take(ctx, records))) {
		records_deliver(ctx, records, task);
		cond_resched();
	}
}

static bool records_readable(struct kcoro_ctx *ctx,
			     struct kcoro_records *records)
{
	bool yes;

	spin_lock(&ctx->lock);
	yes = !list_empty(&records->exits) || !records->pending;
	spin_unlock(&ctx->lock);
	return yes;
}

/* 1: one record was read. 0: there will be none. */
static int read_one(struct kcoro_ctx *ctx, struct kcoro_records *records,
		    char __user *to, bool nowait)
{
	struct kcoro_task *task;
	struct kcoro_exit exit;
	int err;

	while (!(task = records_take(ctx, records))) {
		if (records_readable(ctx, records)) {
			if (!READ_ONCE(records->pending))
				return 0;
			continue;
		}
		if (nowait)
			return -EAGAIN;
		err = wait_event_interruptible(records->wait,
					       records_readable(ctx, records));
		if (err)
			return err;
	}
	kcoro_task_exit_record(task, &exit);
	if (copy_to_user(to, &exit, sizeof(exit))) {
		records_untake(ctx, records, task);
		return -EFAULT;
	}
	records_deliver(ctx, records, task);
	return 1;
}

/**
 * kcoro_records_read() - read(2)
 * @ctx: the context
 * @records: its own, or a group's
 * @file: tells whether to wait
 * @to: the program's memory
 * @len: bytes of it
 *
 * Context: process.
 * Return: bytes; 0: there is no record, and none will come unless another task is
 * spawned. -EMSGSIZE, -EAGAIN, -EFAULT, -ERESTARTSYS.
 */
ssize_t kcoro_records_read(struct kcoro_ctx *ctx, struct kcoro_records *records,
			   const struct file *file, char __user *to, size_t len)
{
	bool nowait = file->f_flags & O_NONBLOCK;
	ssize_t done = 0;
	int ret;

	if (len < sizeof(struct kcoro_exit))
		return -EMSGSIZE;
	do {
		ret = read_one(ctx, records, to + done, nowait || done);
		if (ret <= 0)
			return done ?: ret;
		done += sizeof(struct kcoro_exit);
		cond_resched();
	} while (len - done >= sizeof(struct kcoro_exit));
	return done;
}

/**
 * kcoro_records_poll() - poll(2)
 * @ctx: the context
 * @records: its own, or a group's
 * @file: its descriptor
 * @pt: of the call
 *
 * No EPOLLIN for end of file while tasks can be spawned: that there are none yet,
 * or none just now, is no event.
 *
 * Context: process.
 * Return: events.
 */
__poll_t kcoro_records_poll(struct kcoro_ctx *ctx,
			    struct kcoro_records *records, struct file *file,
			    struct poll_table_struct *pt)
{
	__poll_t mask = 0;

	poll_wait(file, &records->wait, pt);
	if (records != &ctx->records)	/* its end is a group's as well */
		poll_wait(file, &ctx->end_wait, pt);
	spin_lock(&ctx->lock);
	if (!list_empty(&records->exits))
		mask |= EPOLLIN | EPOLLRDNORM;
	else if ((ctx->killed || records->over) && !records->pending)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	spin_unlock(&ctx->lock);
	return mask;
}

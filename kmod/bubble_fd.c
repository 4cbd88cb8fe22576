// SPDX-License-Identifier: GPL-2.0
/*
 * Bubbles of programs: a context whose tasks run in virtual time, in an order drawn
 * from a seed.
 *
 * Model: BUBBLE gives a context that has no task a bubble (bubble.c), with a worker
 * that waits. SPAWN then makes tasks in it that do not run. RUN starts it, once, and
 * waits for its end; the bubble keeps what there is to tell, so RUN can be called
 * again, by whoever has the context: after a signal, for want of room, by others.
 *
 *	HELD	it belongs to whoever has @lock: who starts a task puts it in
 *	STARTED	by RUN: it is its worker's, and takes no task of ours
 *	ENDED	the context was killed: it fails, and is started if it was not, as
 *		its tasks end by running (every wait fails, as in any context that
 *		was killed)
 *
 * A wait for its end is the caller's own, and ends with a signal or a deadline. The
 * bubble is the context's, as tasks are: it ends with that, not with who called RUN.
 * So a signal that a program handles changes nothing of a run.
 *
 * Invariant: the worker is started exactly once, by RUN or by the context's end. So
 * no wait for a bubble that was started, or whose context was killed, is for ever
 * unless its tasks are.
 *
 * Locks: @lock, over the last steps of a SPAWN, none of which sleeps: the context's
 * lock and a group's are taken under it.
 *
 * Rejected: to make the worker at RUN (the end of a context that has held tasks must
 * not fail for want of memory); to end tasks that never ran without running them (a
 * second way of ending, for all that a body may hold); a bubble that ends with the
 * call that runs it (a handled signal, SIGCHLD say, would end a test); to let threads
 * spawn while it runs (when would not follow from the seed).
 */
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "bubble.h"
#include "bubble_fd.h"
#include "context.h"
#include "dev.h"
#include "worker.h"

enum state {
	HELD,
	STARTED,
	ENDED,
};

/**
 * struct kcoro_bubble_fd - the bubble of a context
 * @bubble: held. [C]
 * @lock: guards @state, and while that is HELD what its worker has afterwards
 * @state: under @lock, read without
 */
struct kcoro_bubble_fd {
	struct kcoro_bubble *bubble;
	spinlock_t lock; /* guards state */
	enum state state;
};

/* The context's, which it keeps; or NULL. */
static struct kcoro_bubble_fd *fd_of(struct kcoro_ctx *ctx)
{
	/* Pairs with the release in kcoro_ioc_bubble(). */
	return smp_load_acquire(&ctx->bubble);
}

/* Start it if it was not; whatever it was it has @state now. */
static void start(struct kcoro_bubble_fd *fd, enum state state)
{
	spin_lock(&fd->lock);
	if (fd->state == HELD)
		kcoro_bubble_start(fd->bubble);
	if (fd->state != ENDED)
		WRITE_ONCE(fd->state, state);
	spin_unlock(&fd->lock);
}

/* --- For who makes tasks, and for the context ------------------------------------ */

/**
 * kcoro_bubble_fd_get() - the bubble that a context's new task is to be in
 * @ctx: the context; the task was admitted, so this does not change
 *
 * Context: process.
 * Return: the bubble, which the context keeps, or NULL.
 */
struct kcoro_bubble *kcoro_bubble_fd_get(struct kcoro_ctx *ctx)
{
	struct kcoro_bubble_fd *fd = fd_of(ctx);

	return fd ? fd->bubble : NULL;
}

/**
 * kcoro_bubble_fd_refuses() - why a bubble takes no task
 * @ctx: has one
 *
 * Context: process, atomic too.
 * Return: 0: it does, or did just now. -EBUSY: it was started. -ESHUTDOWN: @ctx was
 * killed.
 */
int kcoro_bubble_fd_refuses(struct kcoro_ctx *ctx)
{
	switch (READ_ONCE(ctx->bubble->state)) {
	case HELD:
		return 0;
	case STARTED:
		return -EBUSY;
	default:
		return -ESHUTDOWN;
	}
}

/**
 * kcoro_bubble_fd_fill() - start a task in a context's bubble
 * @ctx: has one
 * @publish: publishes and starts the task; does not sleep
 * @data: for @publish
 *
 * Context: process.
 * Return: as @publish and kcoro_bubble_fd_refuses().
 */
int kcoro_bubble_fd_fill(struct kcoro_ctx *ctx, int (*publish)(void *data),
			 void *data)
{
	struct kcoro_bubble_fd *fd = ctx->bubble;
	int err;

	spin_lock(&fd->lock);
	err = kcoro_bubble_fd_refuses(ctx) ?: publish(data);
	spin_unlock(&fd->lock);
	return err;
}

/**
 * kcoro_bubble_fd_kill() - a context was killed: end its bubble, if it has one
 * @ctx: takes no new tasks; those that it has are killed after this
 *
 * Context: process. May be called any number of times.
 */
void kcoro_bubble_fd_kill(struct kcoro_ctx *ctx)
{
	struct kcoro_bubble_fd *fd = fd_of(ctx);

	if (!fd)
		return;
	kcoro_bubble_fail(fd->bubble, KCORO_BUBBLE_ENDED, 0);
	start(fd, ENDED);
}

/**
 * kcoro_bubble_fd_free() - free what a context has of its bubble
 * @ctx: nobody uses it any more
 *
 * Context: process, atomic too.
 */
void kcoro_bubble_fd_free(struct kcoro_ctx *ctx)
{
	if (!ctx->bubble)
		return;
	kcoro_bubble_put(ctx->bubble->bubble);
	kfree(ctx->bubble);
}

/**
 * kcoro_bubble_fd_state() - what a context's bubble does, in one word
 * @ctx: the caller has its lock
 *
 * Context: process, atomic.
 * Return: the word; NULL: it has none.
 */
const char *kcoro_bubble_fd_state(const struct kcoro_ctx *ctx)
{
	if (!ctx->bubble)
		return NULL;
	if (kcoro_bubble_over_yet(ctx->bubble->bubble))
		return "over";
	return READ_ONCE(ctx->bubble->state) == HELD ? "held" : "runs";
}

/* --- The calls ----------------------------------------------------------------------- */

/* One without a context yet. Its worker waits for the start. */
static struct kcoro_bubble_fd *make(const struct kcoro_bubble_create *args)
{
	struct kcoro_bubble_fd *fd;
	int err = -ENOMEM;

	fd = kzalloc(sizeof(*fd), GFP_KERNEL_ACCOUNT);
	if (!fd)
		return ERR_PTR(err);
	spin_lock_init(&fd->lock);
	fd->bubble = kcoro_bubble_make(args->seed, args->steps_max,
				       GFP_KERNEL_ACCOUNT);
	if (!fd->bubble)
		goto err_free;
	err = kcoro_pool_bubble(fd->bubble);
	if (err)
		goto err_put;
	return fd;

err_put:
	kcoro_bubble_put(fd->bubble);
err_free:
	kfree(fd);
	return ERR_PTR(err);
}

/* Undo make(): its worker ends, as there is nothing to run. */
static void unmake(struct kcoro_bubble_fd *fd)
{
	kcoro_bubble_start(fd->bubble);
	kcoro_bubble_put(fd->bubble);
	kfree(fd);
}

/* Why @ctx cannot have one, or 0. */
static int refuse(const struct kcoro_ctx *ctx)
{
	lockdep_assert_held(&ctx->lock);
	if (ctx->killed)
		return -ESHUTDOWN;
	if (ctx->bubble)
		return -EALREADY;
	return ctx->nr_live || ctx->nr_exits ? -EBUSY : 0;
}

/**
 * kcoro_ioc_bubble() - KCORO_IOC_BUBBLE
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_bubble(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_bubble_create *args = &call->arg.bubble_create;
	struct kcoro_ctx *ctx = file->private_data;
	struct kcoro_bubble_fd *fd;
	int err;

	if (args->flags || args->steps_max > KCORO_STEPS_MAX)
		return -EINVAL;
	/* Before it is done, which cannot be undone. */
	err = kcoro_call_reply(call);
	if (err)
		return err;
	fd = make(args);
	if (IS_ERR(fd))
		return PTR_ERR(fd);
	spin_lock(&ctx->lock);
	err = refuse(ctx);
	if (!err) {
		/* Pairs with the acquire in fd_of(). */
		smp_store_release(&ctx->bubble, fd);
	}
	spin_unlock(&ctx->lock);
	if (err)
		unmake(fd);
	return err;
}

/* How it ended. It is over. */
static int tell(const struct kcoro_bubble *bubble,
		struct kcoro_bubble_run *args)
{
	const struct kcoro_bubble_end *end = &bubble->end;
	u32 kept = min_t(u64, end->nr_steps, bubble->steps_max);

	args->count = min(args->count, kept);
	if (copy_to_user(u64_to_user_ptr(args->steps), bubble->steps,
			 args->count * sizeof(*bubble->steps)))
		return -EFAULT;
	args->error = bubble->err;
	args->time_ns = end->time - KCORO_BUBBLE_EPOCH;
	args->nr_steps = end->nr_steps;
	args->digest = end->digest;
	strscpy_pad(args->message, end->message, sizeof(args->message));
	return 0;
}

/**
 * kcoro_ioc_bubble_run() - KCORO_IOC_BUBBLE_RUN
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_bubble_run(struct file *file, struct kcoro_call *call)
{
	struct kcoro_bubble_run *args = &call->arg.bubble_run;
	bool nowait = file->f_flags & O_NONBLOCK;
	struct kcoro_ctx *ctx = file->private_data;
	struct kcoro_bubble_fd *fd = fd_of(ctx);
	int err;

	if (!fd)
		return -ENOENT;
	start(fd, STARTED);
	err = kcoro_bubble_await(fd->bubble,
				 nowait ? 0 :
					  kcoro_call_deadline(args->deadline_ns));
	if (err == -ETIMEDOUT && nowait)
		return -EAGAIN;
	return err ?: tell(fd->bubble, args);
}

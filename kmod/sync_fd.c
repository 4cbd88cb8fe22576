// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of events, semaphores and queues: what they share.
 *
 * Model: a program's object is that of <linux/kcoro_sync.h> and, with it, a struct
 * kcoro_sync_fd that the object points to. So a task that was given the descriptor
 * uses the very object, by the same calls as any kernel code, and whoever changes
 * it wakes those who poll the descriptor.
 *
 * Which objects: those that outlive whoever uses them without harm, and that say
 * something which other descriptors do not. See Documentation/sync.md.
 *
 * Who holds whom; there is no cycle, as a context holds none of these:
 *	descriptor	its object
 *	object		its context, as a channel does
 *	task		descriptors that it was given, until its end
 *
 * The context's end, by request, by its opener's exit or by the close of its
 * descriptor, ends every wait for its objects, whoever waits: ESHUTDOWN. What can
 * be had without a wait still can. So no wait outlives the context, nor the wait's
 * caller: those of threads are interruptible, those of tasks end with these.
 *
 * Invariants: an object is in its context's list from before anybody can wait for
 * it until the context has ended it. A reference keeps it while it is being ended,
 * as its descriptor may be closed meanwhile.
 *
 * Polling: who changes the object does so before he looks for pollers, who enter
 * the queue before they look at the object; a barrier on each side.
 *
 * Locks: ctx->lock for the list; the object's own for @over. Neither is held while
 * pollers are woken.
 *
 * Rejected: read(2) and write(2) of events and semaphores as eventfd(2) has them (a
 * wait for an event takes nothing, several units go at once, and there is a
 * deadline: none fits; programs that want eventfds have them); objects without a
 * context (nobody would pay, and nothing would end the waits).
 */
#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>

#include "context.h"
#include "leak.h"
#include "sync_fd.h"

static atomic64_t last_id = ATOMIC64_INIT(0);

static void poll_work(struct irq_work *work)
{
	struct kcoro_sync_fd *fd =
		container_of(work, struct kcoro_sync_fd, poll_work);

	/* Without events: io_uring takes what it is told, all others ask ->poll. */
	wake_up(&fd->poll_wait);
}

/**
 * kcoro_sync_fd_wake() - have those who poll look again
 * @fd: of an object that has changed, and whose lock was dropped since
 *
 * Context: any but NMI.
 */
void kcoro_sync_fd_wake(struct kcoro_sync_fd *fd)
{
	/* Its barrier pairs with that in kcoro_sync_fd_poll(). */
	if (!wq_has_sleeper(&fd->poll_wait))
		return;
	if (in_hardirq() || irqs_disabled())
		irq_work_queue(&fd->poll_work);
	else
		poll_work(&fd->poll_work);
}

static void sync_fd_put(struct kcoro_sync_fd *fd)
{
	struct kcoro_ctx *ctx = fd->ctx;

	if (!refcount_dec_and_test(&fd->refs))
		return;
	irq_work_sync(&fd->poll_work);
	fd->kind->free(fd);
	kcoro_ctx_put(ctx);
}

/**
 * kcoro_sync_fd_end() - the object's context has ended
 * @fd: with a reference, which is dropped
 *
 * Context: may sleep.
 */
void kcoro_sync_fd_end(struct kcoro_sync_fd *fd)
{
	fd->kind->end(fd);
	kcoro_sync_fd_wake(fd);
	sync_fd_put(fd);
}

/* The descriptor goes. */
static void sync_fd_drop(struct kcoro_sync_fd *fd)
{
	kcoro_ctx_remove_sync(fd->ctx, fd);
	sync_fd_put(fd);
}

/* Tell the program of its descriptor, and only then let it be. */
static int sync_fd_install(struct kcoro_call *call, struct file *file,
			   s32 *number)
{
	int fd = get_unused_fd_flags(O_CLOEXEC), err;

	if (fd < 0)
		return fd;
	*number = fd;
	err = kcoro_call_reply(call);
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, file);
	return 0;
}

/**
 * kcoro_sync_fd_create() - give a program a descriptor of an object
 * @fd: of an object that is ready for use and points to it; taken over, whatever
 *	this returns
 * @kind: its kind
 * @ctx: who pays
 * @call: the call
 * @flags: O_NONBLOCK or 0
 * @number: where the call's argument has the descriptor
 * @id: where it has the object's id
 *
 * Context: process.
 * Return: 0. -ESHUTDOWN: @ctx was killed. -EDQUOT: syncs_ctx_max reached. What
 * making a file fails with. -EFAULT.
 */
int kcoro_sync_fd_create(struct kcoro_sync_fd *fd,
			 const struct kcoro_sync_kind *kind,
			 struct kcoro_ctx *ctx, struct kcoro_call *call,
			 int flags, s32 *number, u64 *id)
{
	struct file *file;
	int err;

	refcount_set(&fd->refs, 1);
	fd->kind = kind;
	fd->ctx = ctx;
	fd->id = atomic64_inc_return(&last_id);
	init_waitqueue_head(&fd->poll_wait);
	init_irq_work(&fd->poll_work, poll_work);
	err = kcoro_ctx_add_sync(ctx, fd);
	if (err) {
		kind->free(fd);
		return err;
	}
	*id = fd->id;
	file = anon_inode_getfile(kind->inode_name, kind->fops, fd,
				  O_RDWR | flags);
	if (IS_ERR(file)) {
		sync_fd_drop(fd);
		return PTR_ERR(file);
	}
	stream_open(NULL, file);
	err = sync_fd_install(call, file, number);
	if (err)
		fput(file);
	return err;
}

/**
 * kcoro_sync_fd_release() - ->release of all kinds
 * @inode: unused
 * @file: the descriptor's
 *
 * Context: process.
 * Return: 0.
 */
int kcoro_sync_fd_release(struct inode *inode, struct file *file)
{
	sync_fd_drop(file->private_data);
	return 0;
}

/**
 * kcoro_sync_fd_flush() - ->flush of all kinds: a program closes a descriptor
 * @file: its
 * @id: unused
 *
 * Tasks may have it still, so this need not be the release.
 *
 * Context: process.
 * Return: 0.
 */
int kcoro_sync_fd_flush(struct file *file, fl_owner_t id)
{
	const struct kcoro_sync_fd *fd = file->private_data;

	kcoro_leak_watch(fd->ctx);
	return 0;
}

/**
 * kcoro_sync_fd_of_file() - the object's part behind a descriptor
 * @file: any file
 *
 * Context: any.
 * Return: it, or NULL: no event's, semaphore's or queue's.
 */
struct kcoro_sync_fd *kcoro_sync_fd_of_file(const struct file *file)
{
	return file->f_op->release == kcoro_sync_fd_release ?
		       file->private_data : NULL;
}

/**
 * kcoro_sync_fd_poll() - the part of ->poll that all kinds share
 * @file: the descriptor's
 * @pt: as given to ->poll
 *
 * Called before the object is asked.
 *
 * Context: process.
 * Return: what the context's end has for those who poll, or 0.
 */
__poll_t kcoro_sync_fd_poll(struct file *file, struct poll_table_struct *pt)
{
	struct kcoro_sync_fd *fd = file->private_data;

	poll_wait(file, &fd->poll_wait, pt);
	/* Pairs with wq_has_sleeper() in kcoro_sync_fd_wake(). */
	smp_mb();
	return READ_ONCE(fd->over) ? EPOLLIN | EPOLLRDNORM | EPOLLHUP : 0;
}

/**
 * kcoro_sync_fd_show() - the part of fdinfo that all kinds share
 * @m: fdinfo
 * @fd: of the object
 *
 * Context: process.
 */
void kcoro_sync_fd_show(struct seq_file *m, const struct kcoro_sync_fd *fd)
{
	seq_printf(m, "kcoro-kind:\t%s\nkcoro-id:\t%llu\n", fd->kind->name,
		   fd->id);
	seq_printf(m, "kcoro-context:\t%llu\n", fd->ctx->id);
}

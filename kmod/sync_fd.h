/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors of events, semaphores and queues: what they share: see sync_fd.c. */
#ifndef KCORO_SYNC_FD_H
#define KCORO_SYNC_FD_H

#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/wait.h>

#include "dev.h"

struct kcoro_ctx;
struct poll_table_struct;
struct seq_file;

/**
 * struct kcoro_sync_fd - the part of an object that makes it a program's
 *
 * Fields: [C] constant; [O] under the object's lock; [L] under the context's.
 *
 * @refs: its descriptor has one, and who ends it
 * @kind: of the object. [C]
 * @ctx: the context that pays, held. [C]
 * @id: unique while the module is loaded. [C]
 * @node: in the context's list, until the descriptor's release or the context's
 *	end. [L]
 * @over: the context has ended: nobody waits any more. [O], read without
 * @poll_wait: those who poll
 * @poll_work: wakes them for a hard interrupt
 */
struct kcoro_sync_fd {
	refcount_t refs;
	const struct kcoro_sync_kind *kind;
	struct kcoro_ctx *ctx;
	u64 id;
	struct list_head node;
	bool over;
	wait_queue_head_t poll_wait;
	struct irq_work poll_work;
};

/**
 * struct kcoro_sync_kind - what differs
 * @name: "event" and so on
 * @inode_name: "[kcoro-event]" and so on
 * @fops: of its descriptors, whose private data is the struct kcoro_sync_fd
 * @end: the context has ended: end all waits, and let nobody wait any more
 * @free: nobody uses it any more
 */
struct kcoro_sync_kind {
	const char *name;
	const char *inode_name;
	const struct file_operations *fops;
	void (*end)(struct kcoro_sync_fd *fd);
	void (*free)(struct kcoro_sync_fd *fd);
};

/* Called by the objects: somebody may find them ready, or over. */
void kcoro_sync_fd_wake(struct kcoro_sync_fd *fd);

struct kcoro_sync_fd *kcoro_sync_fd_of_file(const struct file *file);

/* Called by the context, as it ends, with a reference. */
void kcoro_sync_fd_end(struct kcoro_sync_fd *fd);

/* Called by the kinds. */
int kcoro_sync_fd_create(struct kcoro_sync_fd *fd,
			 const struct kcoro_sync_kind *kind,
			 struct kcoro_ctx *ctx, struct kcoro_call *call,
			 int flags, s32 *number, u64 *id);
int kcoro_sync_fd_release(struct inode *inode, struct file *file);
int kcoro_sync_fd_flush(struct file *file, fl_owner_t id);
__poll_t kcoro_sync_fd_poll(struct file *file, struct poll_table_struct *pt);
void kcoro_sync_fd_show(struct seq_file *m, const struct kcoro_sync_fd *fd);

/* A call's deadline on a descriptor that may be O_NONBLOCK. */
static inline ktime_t kcoro_sync_fd_deadline(const struct file *file, s64 ns)
{
	return file->f_flags & O_NONBLOCK ? 0 : kcoro_call_deadline(ns);
}

/* What the wait with that deadline has given, as the program gets it. */
static inline int kcoro_sync_fd_result(const struct file *file, int err)
{
	return err == -ETIMEDOUT && file->f_flags & O_NONBLOCK ? -EAGAIN : err;
}

/* event_fd.c */
int kcoro_ioc_event_create(struct file *file, struct kcoro_call *call);
int kcoro_ioc_event_set(struct file *file, struct kcoro_call *call);
int kcoro_ioc_event_clear(struct file *file, struct kcoro_call *call);
int kcoro_ioc_event_wait(struct file *file, struct kcoro_call *call);

/* semaphore_fd.c */
int kcoro_ioc_sem_create(struct file *file, struct kcoro_call *call);
int kcoro_ioc_sem_acquire(struct file *file, struct kcoro_call *call);
int kcoro_ioc_sem_release(struct file *file, struct kcoro_call *call);

/* queue_fd.c */
int kcoro_ioc_queue_create(struct file *file, struct kcoro_call *call);
int kcoro_ioc_queue_put(struct file *file, struct kcoro_call *call);
int kcoro_ioc_queue_get(struct file *file, struct kcoro_call *call);
int kcoro_ioc_queue_done(struct file *file, struct kcoro_call *call);
int kcoro_ioc_queue_join(struct file *file, struct kcoro_call *call);
int kcoro_ioc_queue_shutdown(struct file *file, struct kcoro_call *call);

#endif /* KCORO_SYNC_FD_H */

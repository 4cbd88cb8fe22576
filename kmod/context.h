/* SPDX-License-Identifier: GPL-2.0 */
/* Contexts: one open of /dev/kcoro: see context.c, context_fd.c. */
#ifndef KCORO_CONTEXT_H
#define KCORO_CONTEXT_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "records.h"
#include "stack.h"

struct kcoro_bubble_fd;
struct kcoro_call;
struct kcoro_chan;
struct kcoro_sync_fd;
struct kcoro_task;
struct kcoro_task_info;
struct kcoro_user;
struct mem_cgroup;
struct pid;

/**
 * struct kcoro_ctx - one open of /dev/kcoro
 *
 * Fields: [C] constant; [L] under @lock; [A] atomic; [I] own lock inside.
 *
 * @refs: who may look at it: its descriptor or, after that, the tasks not yet
 *	reaped, together one; each channel, group, event, semaphore, queue, task
 *	descriptor, and task found by a walk; @leak_work while it is queued. [A]
 * @users: who may use @pool: its descriptor, each task not yet reaped. [A]
 * @id: unique while the module is loaded. [C]
 * @uid: the opener's real user. [C]
 * @user: that user's account, held. [C]
 * @memcg: the opener's memory cgroup as it was, held. [C], gone with @pool
 * @pid: the opener's thread group, held. [C]
 * @opener: in the wait queue of @pid, from the open to the close. [I]
 * @opener_ended: looks whether the opener has, and acts on it
 * @comm: the opener's name, as it was. [C]
 * @lock: nests outside that of @tasks
 * @killed: it takes no new tasks and channels. [L], set once, read without
 * @options: KCORO_CTX_*. [L]
 * @nr_live: tasks admitted that have not ended. [L]
 * @nr_exits: tasks that have ended and whose record was not delivered. [L]
 * @nr_chans: channels. [L]
 * @nr_groups: groups. [L]
 * @nr_syncs: events, semaphores and queues. [L]
 * @syncs: those of them that are to be told of its end. [L]
 * @bubble: that its tasks are in, or NULL. [L], set once, read without
 * @records: those that its descriptor gives. [L], [I]
 * @tasks: tasks by id, from their start to their end, or to the delivery of
 *	their record. Written under @lock. [I]
 * @files: struct kcoro_task_file by task id, see task_fd.c. [I]
 * @end_wait: pollers of its groups, woken as it is killed. [I]
 * @leaks: tasks that were found to wait for ever, and not asked for. [L], read
 *	without
 * @leak_looks: how many times @leak_work is to look. Written by all
 * @leak_slow: how long it took last, in jiffies. By itself
 * @leak_work: looks for tasks that wait for ever
 * @pool: where its tasks' stacks come from. [I]
 * @teardown: frees @pool when nobody uses it any more
 */
struct kcoro_ctx {
	refcount_t refs;
	atomic_t users;
	u64 id;
	kuid_t uid;
	struct kcoro_user *user;
	struct mem_cgroup *memcg;
	struct pid *pid;
	struct wait_queue_entry opener;
	struct work_struct opener_ended;
	char comm[TASK_COMM_LEN];
	spinlock_t lock; /* guards [L] */
	bool killed;
	u32 options;
	u32 nr_live;
	u32 nr_exits;
	u32 nr_chans;
	u32 nr_groups;
	u32 nr_syncs;
	struct list_head syncs;
	struct kcoro_bubble_fd *bubble;
	struct kcoro_records records;
	struct xarray tasks;
	struct xarray files;
	wait_queue_head_t end_wait;
	u32 leaks;
	u32 leak_looks;
	unsigned long leak_slow;
	struct delayed_work leak_work;
	struct kcoro_stack_pool pool;
	struct work_struct teardown;
};

/* Called by the runtime: task.c, at the end of a task that has a context. */
void kcoro_ctx_task_ended(struct kcoro_task *task);
/* Called by the runtime: task.c, when such a task's stack has been freed. */
void kcoro_ctx_task_reaped(struct kcoro_ctx *ctx);
/* Called by the runtime: chan.c, when a channel that it pays for is freed. */
void kcoro_ctx_chan_freed(struct kcoro_ctx *ctx);
/* Called by the runtime: group.c, when a group that it pays for is freed. */
void kcoro_ctx_group_freed(struct kcoro_ctx *ctx);

/* For the device layer: context.c. */
struct kcoro_ctx *kcoro_ctx_create(void);
void kcoro_ctx_close(struct kcoro_ctx *ctx);
void kcoro_ctx_get(struct kcoro_ctx *ctx);
void kcoro_ctx_put(struct kcoro_ctx *ctx);
struct kcoro_ctx *kcoro_ctx_next(u64 *after);

int kcoro_ctx_admit_task(struct kcoro_ctx *ctx);
void kcoro_ctx_dismiss_task(struct kcoro_ctx *ctx);
int kcoro_ctx_reserve_task(struct kcoro_ctx *ctx, u64 id);
void kcoro_ctx_unreserve_task(struct kcoro_ctx *ctx, u64 id);
int kcoro_ctx_publish_task(struct kcoro_ctx *ctx, struct kcoro_task *task);
int kcoro_ctx_admit_chan(struct kcoro_ctx *ctx);
int kcoro_ctx_admit_group(struct kcoro_ctx *ctx);
int kcoro_ctx_add_sync(struct kcoro_ctx *ctx, struct kcoro_sync_fd *fd);
void kcoro_ctx_remove_sync(struct kcoro_ctx *ctx, struct kcoro_sync_fd *fd);
void kcoro_ctx_unlist(struct kcoro_ctx *ctx, struct kcoro_task *task);

u64 kcoro_ctx_kill(struct kcoro_ctx *ctx);
void kcoro_ctx_kill_orphan(struct kcoro_ctx *ctx);
void kcoro_ctx_task_info(struct kcoro_task *task, struct kcoro_ctx *ctx,
			 struct kcoro_task_info *info);

extern struct xarray kcoro_all_tasks;
extern struct workqueue_struct *kcoro_ctx_wq; /* flushed by kcoro_ctx_exit() */

/* context_fd.c */
extern const struct file_operations kcoro_ctx_fops;
bool kcoro_is_ctx_file(const struct file *file);
int kcoro_ctx_ioc_options(struct file *file, struct kcoro_call *call);

int kcoro_ctx_init(void);
void kcoro_ctx_exit(void);

#endif /* KCORO_CONTEXT_H */

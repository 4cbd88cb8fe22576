/* SPDX-License-Identifier: GPL-2.0 */
/* Groups: see group.c; of programs: group_fd.c. */
#ifndef KCORO_GROUP_H
#define KCORO_GROUP_H

#include <linux/kcoro_group.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "records.h"
#include "wait.h"

struct file;
struct kcoro_call;
struct kcoro_ctx;

/**
 * struct kcoro_group - tasks that begin and end together
 *
 * Fields: [C] constant; [L] under @lock.
 *
 * @refs: one for each holder (its descriptor is one), task, and child group
 * @id: unique while the module is loaded. [C]
 * @lock: guards what is marked
 * @flags: KCORO_GROUP_*. [C]
 * @limit: most tasks at a time, or 0. [C]
 * @parent: held, or NULL. [C]
 * @ctx: the context that pays, held; NULL: it is the kernel's own. [C]
 * @records: with a @ctx: those that its descriptor gives
 * @node: in @parent's @groups. [L] of @parent
 * @groups: its child groups, which are not held. [L]
 * @ending: it was cancelled. [L], read without
 * @nr_places: places taken. [L]
 * @live: tasks of it and its descendants that have not ended. [L], read without
 * @error: of the first that failed, or 0. [L], read without
 * @first_id: the id of that one. [L]
 * @first_name: its name. [L]
 * @nr_failed: how many of its own and of its descendants'. [L], read without
 * @nr_kept: tasks in @failed. [L]
 * @why: of its cancel. Constant once @ending is set. [L]
 * @by: the task that cancelled it, by its failure or by itself, or 0. [L]
 * @tasks: its own that have not ended and were not told to. [L]
 * @told: those that were cancelled with it. [L]
 * @results: ended tasks that kcoro_group_next() will give, held, oldest first. [L]
 * @failed: the first of its own that failed, @nr_kept of them, held. [L]
 * @spawners: who waits for a place. [L]
 * @takers: who waits for a result. [L]
 * @waiters: who waits until no task is left. [L]
 * @mourners: who waits for a failure. [L]
 */
struct kcoro_group {
	refcount_t refs;
	u64 id;
	spinlock_t lock; /* guards [L] */
	u32 flags;
	u32 limit;
	struct kcoro_group *parent;
	struct kcoro_ctx *ctx;
	struct kcoro_records records;
	struct list_head node;
	struct list_head groups;
	bool ending;
	u32 nr_places;
	u32 live;
	int error;
	u64 first_id;
	char first_name[KCORO_NAME_MAX];
	u64 nr_failed;
	u32 nr_kept;
	u64 by;
	char why[KCORO_CAUSE_MAX];
	struct list_head tasks;
	struct list_head told;
	struct list_head results;
	struct kcoro_task *failed[KCORO_GROUP_FAILED_MAX];
	struct kcoro_waitq spawners;
	struct kcoro_waitq takers;
	struct kcoro_waitq waiters;
	struct kcoro_waitq mourners;
};

/* For the device layer: group.c. */
struct kcoro_group *kcoro_group_make(struct kcoro_group *parent, u32 flags,
				     u32 limit, struct kcoro_ctx *ctx);
int kcoro_group_take_place(struct kcoro_group *group, ktime_t deadline);
void kcoro_group_leave_place(struct kcoro_group *group);
bool kcoro_group_has_self(const struct kcoro_group *group);
void kcoro_group_attach(struct kcoro_group *group, struct kcoro_task *task);

/* Called by the runtime: task.c, at the end of a task that is in a group. */
void kcoro_group_task_ended(struct kcoro_task *task);

/* group_fd.c */
struct kcoro_group *kcoro_group_of_file(const struct file *file);
int kcoro_ioc_group_create(struct file *file, struct kcoro_call *call);
int kcoro_ioc_group_wait(struct file *file, struct kcoro_call *call);
int kcoro_ioc_group_cancel(struct file *file, struct kcoro_call *call);
int kcoro_ioc_group_failed(struct file *file, struct kcoro_call *call);

#endif /* KCORO_GROUP_H */

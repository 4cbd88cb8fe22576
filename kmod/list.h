/* SPDX-License-Identifier: GPL-2.0 */
/* Walks over tasks; LIST and KILL: see list.c. */
#ifndef KCORO_LIST_H
#define KCORO_LIST_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct file;
struct kcoro_call;
struct kcoro_ctx;
struct kcoro_task;
struct xarray;

#define KCORO_WALK_BATCH	32

/**
 * struct kcoro_walk - a walk over published tasks, in order of id
 * @tasks: a context's table of tasks, or that of all
 * @scope: KCORO_SCOPE_USER: skip the tasks that are not @uid's
 * @uid: whose
 * @after: the walk goes on with ids over this one
 * @nr: entries of @task and @ctx
 * @task: the batch, each with a reference
 * @ctx: their contexts, likewise
 */
struct kcoro_walk {
	struct xarray *tasks;
	u32 scope;
	kuid_t uid;
	u64 after;
	u32 nr;
	struct kcoro_task *task[KCORO_WALK_BATCH];
	struct kcoro_ctx *ctx[KCORO_WALK_BATCH];
};

int kcoro_walk_scope(struct kcoro_walk *walk, struct kcoro_ctx *ctx, u32 scope);
bool kcoro_walk_next(struct kcoro_walk *walk, u32 max);
void kcoro_walk_put(struct kcoro_walk *walk);
u64 kcoro_walk_kill(struct kcoro_walk *walk, bool once);

int kcoro_ioc_list(struct file *file, struct kcoro_call *call);
int kcoro_ioc_set(struct file *file, struct kcoro_call *call);
int kcoro_ioc_kill(struct file *file, struct kcoro_call *call);

#endif /* KCORO_LIST_H */

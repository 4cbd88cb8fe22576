/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of tasks that begin and end together, for kernel modules: Go's errgroup,
 * asyncio's TaskGroup, gather and as_completed.
 *
 *	struct kcoro_group *group = kcoro_group_create(NULL, KCORO_GROUP_FAIL_FAST, 8);
 *
 *	for (i = 0; i < nr; i++)	// at most 8 at a time
 *		kcoro_task_put(kcoro_group_spawn(group, &args[i], KCORO_FOREVER));
 *	kcoro_group_wait(group, KCORO_GROUP_ALL, KCORO_FOREVER);
 *	err = kcoro_group_error(group);	// of the first that failed: it ended the rest
 *	kcoro_group_put(group);
 */
#ifndef _LINUX_KCORO_GROUP_H
#define _LINUX_KCORO_GROUP_H

#include <linux/kcoro.h>

struct kcoro_group;

/*
 * Flags, besides KCORO_GROUP_FAIL_FAST: every task that ends is kept for
 * kcoro_group_next().
 */
#define KCORO_GROUP_RESULTS	0x10000

/**
 * enum kcoro_group_until - what kcoro_group_wait() waits for
 * @KCORO_GROUP_ALL: no task is left
 * @KCORO_GROUP_FAILED: a task has failed, or none is left
 */
enum kcoro_group_until {
	KCORO_GROUP_ALL,
	KCORO_GROUP_FAILED,
};

struct kcoro_group *kcoro_group_create(struct kcoro_group *parent, u32 flags,
				       u32 limit);
struct kcoro_group *kcoro_group_get(struct kcoro_group *group);
void kcoro_group_put(struct kcoro_group *group);

struct kcoro_task *kcoro_group_spawn(struct kcoro_group *group,
				     const struct kcoro_spawn_args *args,
				     ktime_t deadline);
bool kcoro_group_cancel(struct kcoro_group *group, const char *why);
int kcoro_group_wait(struct kcoro_group *group, enum kcoro_group_until until,
		     ktime_t deadline);
int kcoro_group_next(struct kcoro_group *group, struct kcoro_task **task,
		     ktime_t deadline);

u32 kcoro_group_live(const struct kcoro_group *group);
int kcoro_group_error(const struct kcoro_group *group);
u64 kcoro_group_failures(const struct kcoro_group *group);
struct kcoro_task *kcoro_group_failed(struct kcoro_group *group, u32 nth);

#endif /* _LINUX_KCORO_GROUP_H */

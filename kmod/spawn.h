/* SPDX-License-Identifier: GPL-2.0 */
/* SPAWN, and tasks that tasks of a context spawn: see spawn.c. */
#ifndef KCORO_SPAWN_H
#define KCORO_SPAWN_H

struct file;
struct kcoro_call;
struct kcoro_task;
struct kcoro_task_params;

/* Called by the runtime: task.c, for kcoro_spawn() in a task of a context. */
struct kcoro_task *kcoro_child_create(struct kcoro_task *parent,
				      struct kcoro_task_params *params);

int kcoro_ioc_spawn(struct file *file, struct kcoro_call *call);

#endif /* KCORO_SPAWN_H */

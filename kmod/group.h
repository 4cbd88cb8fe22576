/* SPDX-License-Identifier: GPL-2.0 */
/* Groups: see group.c. */
#ifndef KCORO_GROUP_H
#define KCORO_GROUP_H

struct kcoro_group;
struct kcoro_task;

void kcoro_group_attach(struct kcoro_group *group, struct kcoro_task *task);
void kcoro_group_task_ended(struct kcoro_task *task);

#endif /* KCORO_GROUP_H */

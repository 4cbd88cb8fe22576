/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors of tasks: see task_fd.c. */
#ifndef KCORO_TASK_FD_H
#define KCORO_TASK_FD_H

#include <linux/types.h>

struct file;
struct kcoro_call;
struct kcoro_ctx;
struct kcoro_task;

struct file *kcoro_task_file_create(struct kcoro_ctx *ctx,
				    struct kcoro_task *task);
void kcoro_task_file_abandon(struct file *file);
void kcoro_task_file_ended(struct kcoro_ctx *ctx, u64 id);
struct kcoro_task *kcoro_task_of_file(const struct file *file);
bool kcoro_is_task_file(const struct file *file);
int kcoro_ioc_task(struct file *file, struct kcoro_call *call);

#endif /* KCORO_TASK_FD_H */

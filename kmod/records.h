/* SPDX-License-Identifier: GPL-2.0 */
/* Exit records that wait to be read: see records.c. */
#ifndef KCORO_RECORDS_H
#define KCORO_RECORDS_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>

struct file;
struct kcoro_ctx;
struct kcoro_task;
struct poll_table_struct;

/**
 * struct kcoro_records - exit records that a descriptor gives
 *
 * Fields: [L] under the context's lock; [I] own lock inside.
 *
 * @exits: tasks that have ended, each with a reference, oldest first; without
 *	those that a reader has in hand. [L: by exit_node]
 * @pending: tasks, of both kinds, whose record will be delivered here. [L]
 * @over: no other task will have its record here. [L], set once
 * @closed: nobody reads them. [L], set once
 * @wait: readers and pollers. [I]
 */
struct kcoro_records {
	struct list_head exits;
	u32 pending;
	bool over;
	bool closed;
	wait_queue_head_t wait;
};

void kcoro_records_init(struct kcoro_records *records);
void kcoro_records_wake(struct kcoro_records *records);
void kcoro_records_add(struct kcoro_task *task);
void kcoro_records_end(struct kcoro_ctx *ctx, struct kcoro_records *records);
void kcoro_records_close(struct kcoro_ctx *ctx, struct kcoro_records *records);

ssize_t kcoro_records_read(struct kcoro_ctx *ctx, struct kcoro_records *records,
			   const struct file *file, char __user *to, size_t len);
__poll_t kcoro_records_poll(struct kcoro_ctx *ctx,
			    struct kcoro_records *records, struct file *file,
			    struct poll_table_struct *pt);

#endif /* KCORO_RECORDS_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of tasks.
 *
 * Model: a descriptor is a handle. It polls readable once the task has ended,
 * and then read(2) gives the exit record, any number of times. To close it
 * ends nothing: the task goes on until its context ends.
 *
 * A task has no wait queue, as most tasks have no descriptor; it is here. The
 * end of a task finds it in its context's table of files, by the task's id.
 *
 * Invariants: a file that is in its context's table can be woken; release takes
 * it out under the table's lock, under which it is woken. From ended on the
 * record is there, or is about to be: a read then waits for the last few steps
 * of the task's end even if it is not to block.
 *
 * Locks: ctx->files' lock, then file->wait's.
 *
 * Rejected: one wait queue for all descriptors of a context (each end would
 * wake them all: quadratic).
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "context.h"
#include "dev.h"
#include "task.h"
#include "task_fd.h"

/**
 * struct kcoro_task_file - a task's descriptor
 *
 * Fields: [C] constant; [F] under @ctx->files' lock; [I] own lock inside.
 *
 * @task: with a reference; NULL if it was never started. [C]
 * @ctx: likewise. [C]
 * @id: the task's. [C]
 * @ended: the task has. [F], set once, read without
 * @wait: pollers. [I]
 */
struct kcoro_task_file {
	struct kcoro_task *task;
	struct kcoro_ctx *ctx;
	u64 id;
	bool ended;
	wait_queue_head_t wait;
};

/**
 * kcoro_task_file_ended() - make a task's descriptor readable
 * @ctx: its context
 * @id: the task's
 *
 * Context: the end of the task, on its own stack; does not sleep.
 */
void kcoro_task_file_ended(struct kcoro_ctx *ctx, u64 id)
{
	struct kcoro_task_file *tf;

	xa_lock(&ctx->files);
	tf = xa_load(&ctx->files, id);
	if (tf) {
		WRITE_ONCE(tf->ended, true);
		wake_up_interruptible_poll(&tf->wait, EPOLLIN | EPOLLRDNORM);
	}
	xa_unlock(&ctx->files);
}

static ssize_t task_read(struct file *file, char __user *to, size_t len,
			 loff_t *pos)
{
	struct kcoro_task_file *tf = file->private_data;
	struct kcoro_exit exit;
	int err;

	if (len < sizeof(exit))
		return -EMSGSIZE;
	if (file->f_flags & O_NONBLOCK && !READ_ONCE(tf->ended))
		return -EAGAIN;
	err = kcoro_join(tf->task, KCORO_FOREVER, NULL);
	if (err)
		return err;
	kcoro_task_exit_record(tf->task, &exit);
	return copy_to_user(to, &exit, sizeof(exit)) ? -EFAULT : sizeof(exit);
}

static __poll_t task_poll(struct file *file, struct poll_table_struct *pt)
{
	struct kcoro_task_file *tf = file->private_data;

	poll_wait(file, &tf->wait, pt);
	return READ_ONCE(tf->ended) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int task_release(struct inode *inode, struct file *file)
{
	struct kcoro_task_file *tf = file->private_data;

	xa_erase(&tf->ctx->files, tf->id);
	kcoro_task_put(tf->task);
	kcoro_ctx_put(tf->ctx);
	kfree(tf);
	return 0;
}

static long task_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_TASK);
}

static void task_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct kcoro_task_file *tf = file->private_data;

	seq_printf(m, "kcoro-kind:\ttask\nkcoro-id:\t%llu\n", tf->id);
	seq_printf(m, "kcoro-context:\t%llu\n", tf->ctx->id);
	seq_puts(m, "kcoro-name:\t");
	kcoro_show_name(m, tf->task->name);
	seq_printf(m, "\nkcoro-body:\t%s\n", tf->task->body->name);
	seq_printf(m, "kcoro-state:\t%s\n",
		   READ_ONCE(tf->ended) ? "ended" : "live");
}

static const struct file_operations task_fops = {
	.owner = THIS_MODULE,
	.release = task_release,
	.read = task_read,
	.poll = task_poll,
	.unlocked_ioctl = task_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = task_show_fdinfo,
};

/**
 * kcoro_is_task_file() - is this a task's descriptor?
 * @file: any file
 *
 * Context: any.
 */
bool kcoro_is_task_file(const struct file *file)
{
	return file->f_op == &task_fops;
}

/**
 * kcoro_task_of_file() - the task of a descriptor
 * @file: kcoro_is_task_file()
 *
 * Context: any; the caller keeps the file open.
 */
struct kcoro_task *kcoro_task_of_file(const struct file *file)
{
	struct kcoro_task_file *tf = file->private_data;

	return tf->task;
}

/**
 * kcoro_task_file_create() - make the descriptor of a task
 * @ctx: its context, which the caller keeps alive
 * @task: not published yet; the caller's reference becomes the file's
 *
 * Context: may sleep.
 * Return: the file, to be installed, or to be given to
 * kcoro_task_file_abandon(). -ENOMEM, -ENFILE: the reference is the caller's.
 */
struct file *kcoro_task_file_create(struct kcoro_ctx *ctx,
				    struct kcoro_task *task)
{
	struct kcoro_task_file *tf;
	struct file *file;
	int err;

	tf = kzalloc(sizeof(*tf), GFP_KERNEL_ACCOUNT);
	if (!tf)
		return ERR_PTR(-ENOMEM);
	tf->task = task;
	tf->ctx = ctx;
	tf->id = kcoro_task_id(task);
	init_waitqueue_head(&tf->wait);
	err = xa_insert(&ctx->files, tf->id, tf, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	file = anon_inode_getfile("[kcoro-task]", &task_fops, tf, O_RDONLY);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_erase;
	}
	kcoro_ctx_get(ctx);
	stream_open(NULL, file);
	return file;

err_erase:
	xa_erase(&ctx->files, tf->id);
err_free:
	kfree(tf);
	return ERR_PTR(err);
}

/**
 * kcoro_task_file_abandon() - free the descriptor of a task never started
 * @file: from kcoro_task_file_create(); the reference is the caller's again
 *
 * Context: may sleep.
 */
void kcoro_task_file_abandon(struct file *file)
{
	struct kcoro_task_file *tf = file->private_data;

	tf->task = NULL;
	fput(file);
}

/**
 * kcoro_ioc_task() - KCORO_IOC_TASK
 * @file: a task
 * @call: the call
 *
 * Context: process.
 * Return: 0.
 */
int kcoro_ioc_task(struct file *file, struct kcoro_call *call)
{
	struct kcoro_task_file *tf = file->private_data;

	kcoro_ctx_task_info(tf->task, tf->ctx, &call->arg.task);
	return 0;
}

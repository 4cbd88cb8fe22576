// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of contexts: what an open /dev/kcoro does besides its calls.
 *
 * Model: read(2) gives the exit records of tasks without a descriptor, oldest
 * first, as many whole ones as there are and fit. It gives 0 once no task is
 * left that will have a record: `while (read() > 0)` sees all exits and ends.
 *
 * Invariants: a record counts in nr_records until it is delivered, so a reader
 * gets no end of file while another one may yet put one back.
 *
 * Locks: ctx->lock.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "context.h"
#include "dev.h"
#include "task.h"

static int ctx_open(struct inode *inode, struct file *file)
{
	struct kcoro_ctx *ctx = kcoro_ctx_create();

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	file->private_data = ctx;
	return stream_open(inode, file);
}

static bool ctx_readable(struct kcoro_ctx *ctx)
{
	bool yes;

	spin_lock(&ctx->lock);
	yes = !list_empty(&ctx->exits) || !ctx->nr_records;
	spin_unlock(&ctx->lock);
	return yes;
}

/* 1: one record was read. 0: there will be none. */
static int ctx_read_one(struct kcoro_ctx *ctx, char __user *to, bool nowait)
{
	struct kcoro_task *task;
	struct kcoro_exit exit;
	int err;

	while (!(task = kcoro_ctx_take_exit(ctx))) {
		if (ctx_readable(ctx)) {
			if (!READ_ONCE(ctx->nr_records))
				return 0;
			continue;
		}
		if (nowait)
			return -EAGAIN;
		err = wait_event_interruptible(ctx->wait, ctx_readable(ctx));
		if (err)
			return err;
	}
	kcoro_task_exit_record(task, &exit);
	if (copy_to_user(to, &exit, sizeof(exit))) {
		kcoro_ctx_untake_exit(ctx, task);
		return -EFAULT;
	}
	kcoro_ctx_deliver_exit(ctx, task);
	return 1;
}

static ssize_t ctx_read(struct file *file, char __user *to, size_t len,
			loff_t *pos)
{
	struct kcoro_ctx *ctx = file->private_data;
	bool nowait = file->f_flags & O_NONBLOCK;
	ssize_t done = 0;
	int ret;

	if (len < sizeof(struct kcoro_exit))
		return -EMSGSIZE;
	do {
		ret = ctx_read_one(ctx, to + done, nowait || done);
		if (ret <= 0)
			return done ?: ret;
		done += sizeof(struct kcoro_exit);
		cond_resched();
	} while (len - done >= sizeof(struct kcoro_exit));
	return done;
}

/*
 * No EPOLLIN for end of file while the context lives: one that has no tasks
 * yet, or none just now, is no event.
 */
static __poll_t ctx_poll(struct file *file, struct poll_table_struct *pt)
{
	struct kcoro_ctx *ctx = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &ctx->wait, pt);
	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->exits))
		mask |= EPOLLIN | EPOLLRDNORM;
	else if (ctx->killed && !ctx->nr_records)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	spin_unlock(&ctx->lock);
	return mask;
}

static int ctx_release(struct inode *inode, struct file *file)
{
	kcoro_ctx_close(file->private_data);
	return 0;
}

/**
 * kcoro_ctx_ioc_options() - KCORO_IOC_OPTIONS
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or -EINVAL.
 */
int kcoro_ctx_ioc_options(struct file *file, struct kcoro_call *call)
{
	struct kcoro_options *args = &call->arg.options;
	struct kcoro_ctx *ctx = file->private_data;

	if (args->flags & ~KCORO_CTX_FLAGS || args->pad)
		return -EINVAL;
	spin_lock(&ctx->lock);
	ctx->options = args->flags;
	spin_unlock(&ctx->lock);
	kcoro_ctx_kill_orphan(ctx);
	return 0;
}

static void ctx_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct kcoro_ctx *ctx = file->private_data;
	u32 tasks, exits, chans, options;
	bool killed;

	spin_lock(&ctx->lock);
	tasks = ctx->nr_live;
	exits = ctx->nr_exits;
	chans = ctx->nr_chans;
	options = ctx->options;
	killed = ctx->killed;
	spin_unlock(&ctx->lock);
	seq_printf(m, "kcoro-kind:\tcontext\nkcoro-id:\t%llu\n", ctx->id);
	seq_printf(m, "kcoro-tasks:\t%u\nkcoro-exits:\t%u\n", tasks, exits);
	seq_printf(m, "kcoro-channels:\t%u\n", chans);
	seq_printf(m, "kcoro-state:\t%s%s\n", killed ? "killed" : "live",
		   options & KCORO_CTX_DETACHED ? " detached" : "");
	seq_printf(m, "kcoro-opener:\t%d ",
		   pid_nr_ns(ctx->pid, task_active_pid_ns(current)));
	kcoro_show_name(m, ctx->comm);
	seq_putc(m, '\n');
}

static long ctx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_CTX);
}

const struct file_operations kcoro_ctx_fops = {
	.owner = THIS_MODULE,
	.open = ctx_open,
	.release = ctx_release,
	.read = ctx_read,
	.poll = ctx_poll,
	.unlocked_ioctl = ctx_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = ctx_show_fdinfo,
};

/**
 * kcoro_is_ctx_file() - is this a context's descriptor?
 * @file: any file
 *
 * Context: any.
 */
bool kcoro_is_ctx_file(const struct file *file)
{
	return file->f_op == &kcoro_ctx_fops;
}

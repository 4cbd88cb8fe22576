// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of contexts: what an open /dev/kcoro does besides its calls.
 *
 * Model: read(2) and poll(2) are about exit records (records.c). The release of
 * the descriptor is the context's end.
 *
 * Locks: ctx->lock.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/seq_file.h>

#include "bubble_fd.h"
#include "context.h"
#include "dev.h"

static int ctx_open(struct inode *inode, struct file *file)
{
	struct kcoro_ctx *ctx = kcoro_ctx_create();

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	file->private_data = ctx;
	return stream_open(inode, file);
}

static ssize_t ctx_read(struct file *file, char __user *to, size_t len,
			loff_t *pos)
{
	struct kcoro_ctx *ctx = file->private_data;

	return kcoro_records_read(ctx, &ctx->records, file, to, len);
}

static __poll_t ctx_poll(struct file *file, struct poll_table_struct *pt)
{
	struct kcoro_ctx *ctx = file->private_data;
	__poll_t mask;

	mask = kcoro_records_poll(ctx, &ctx->records, file, pt);
	return READ_ONCE(ctx->leaks) ? mask | EPOLLPRI : mask;
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
	u32 tasks, exits, chans, groups, syncs, options;
	const char *bubble;
	bool killed;

	spin_lock(&ctx->lock);
	tasks = ctx->nr_live;
	exits = ctx->nr_exits;
	chans = ctx->nr_chans;
	groups = ctx->nr_groups;
	syncs = ctx->nr_syncs;
	options = ctx->options;
	killed = ctx->killed;
	bubble = kcoro_bubble_fd_state(ctx);
	spin_unlock(&ctx->lock);
	seq_printf(m, "kcoro-kind:\tcontext\nkcoro-id:\t%llu\n", ctx->id);
	seq_printf(m, "kcoro-tasks:\t%u\nkcoro-exits:\t%u\n", tasks, exits);
	seq_printf(m, "kcoro-channels:\t%u\nkcoro-groups:\t%u\n", chans, groups);
	seq_printf(m, "kcoro-syncs:\t%u\n", syncs);
	if (bubble)
		seq_printf(m, "kcoro-bubble:\t%s\n", bubble);
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

// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of groups: groups of a program's tasks.
 *
 * Model: a group (group.c) that a context pays for. SPAWN on its descriptor
 * starts tasks in it; read(2) and poll(2) are about the exit records of those of
 * them that have neither a descriptor nor NO_EXIT (records.c). What such a task
 * spawns in its turn is the context's, not the group's.
 *
 * Who holds whom; there is no cycle, as a context holds none of these:
 *	descriptor	its group
 *	group		its context, as a channel does; its parent
 *	task		its group, until its end
 * So a group outlives its descriptor for as long as tasks, or groups in it, are
 * left, and counts in its context's limit until then: nothing that was made in it
 * is free. It outlives its context's descriptor too: then its tasks are killed, no
 * other can be spawned, and their records can still be read. A task never has a
 * descriptor of a group (spawn.c).
 *
 * The release of the descriptor cancels the group, as nobody can wait for its tasks
 * any more, and drops the records.
 *
 * Locks: group->lock; ctx->lock for the records.
 *
 * Rejected: to kill the tasks at the release (a request says why, and lets them
 * clean up; the context's end kills); a wait of the group's descriptor for the end
 * of tasks that have descriptors of their own (that is KCORO_IOC_GROUP_WAIT's, and
 * a reader of records would be kept waiting by what leaves none).
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "context.h"
#include "dev.h"
#include "group.h"
#include "task.h"

static ssize_t group_read(struct file *file, char __user *to, size_t len,
			  loff_t *pos)
{
	struct kcoro_group *group = file->private_data;

	return kcoro_records_read(group->ctx, &group->records, file, to, len);
}

static __poll_t group_poll(struct file *file, struct poll_table_struct *pt)
{
	struct kcoro_group *group = file->private_data;

	return kcoro_records_poll(group->ctx, &group->records, file, pt);
}

static int group_release(struct inode *inode, struct file *file)
{
	struct kcoro_group *group = file->private_data;

	kcoro_group_cancel(group, "its group was closed");
	kcoro_records_close(group->ctx, &group->records);
	kcoro_group_put(group);
	return 0;
}

static long group_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_GROUP);
}

static void group_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct kcoro_group *group = file->private_data;

	seq_printf(m, "kcoro-kind:\tgroup\nkcoro-id:\t%llu\n", group->id);
	seq_printf(m, "kcoro-context:\t%llu\n", group->ctx->id);
	seq_printf(m, "kcoro-parent:\t%llu\n",
		   group->parent ? group->parent->id : 0);
	seq_printf(m, "kcoro-tasks:\t%u\n", READ_ONCE(group->live));
	seq_printf(m, "kcoro-limit:\t%u\n", group->limit);
	seq_printf(m, "kcoro-failures:\t%llu\n", READ_ONCE(group->nr_failed));
	seq_printf(m, "kcoro-state:\t%s%s\n",
		   READ_ONCE(group->ending) ? "canceled" : "live",
		   group->flags & KCORO_GROUP_FAIL_FAST ? " fail-fast" : "");
}

static const struct file_operations group_fops = {
	.owner = THIS_MODULE,
	.release = group_release,
	.read = group_read,
	.poll = group_poll,
	.unlocked_ioctl = group_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = group_show_fdinfo,
};

/**
 * kcoro_group_of_file() - the group behind a file
 * @file: any file
 *
 * Context: any.
 * Return: the group, held by @file; NULL if it is no group's.
 */
struct kcoro_group *kcoro_group_of_file(const struct file *file)
{
	return file->f_op == &group_fops ? file->private_data : NULL;
}

/* The file takes over the group; if it cannot be made the group goes. */
static struct file *group_file(struct kcoro_group *group, int flags)
{
	struct file *file;

	file = anon_inode_getfile("[kcoro-group]", &group_fops, group,
				  O_RDONLY | flags);
	if (IS_ERR(file))
		kcoro_group_put(group);
	else
		stream_open(NULL, file);
	return file;
}

/* Tell the program of its descriptor, and only then let it be. */
static int group_install(struct kcoro_call *call, struct kcoro_group *group,
			 struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC), err;

	if (fd < 0)
		return fd;
	call->arg.group_create.fd = fd;
	call->arg.group_create.id = group->id;
	err = kcoro_call_reply(call);
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, file);
	return 0;
}

/**
 * kcoro_ioc_group_create() - KCORO_IOC_GROUP_CREATE
 * @file: a context, or the group that it is to be a part of
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_group_create(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_group_create *args = &call->arg.group_create;
	struct kcoro_group *parent = kcoro_group_of_file(file), *group;
	struct kcoro_ctx *ctx = parent ? parent->ctx : file->private_data;
	struct file *made;
	int err;

	if (args->flags & ~KCORO_GROUP_FLAGS || args->pad)
		return -EINVAL;
	err = kcoro_ctx_admit_group(ctx);
	if (err)
		return err;
	group = kcoro_group_make(parent, args->flags & KCORO_GROUP_FAIL_FAST,
				 args->limit, ctx);
	if (IS_ERR(group)) {
		kcoro_ctx_group_freed(ctx);
		return PTR_ERR(group);
	}
	made = group_file(group, args->flags & KCORO_GROUP_NONBLOCK ?
				 O_NONBLOCK : 0);
	if (IS_ERR(made))
		return PTR_ERR(made);
	err = group_install(call, group, made);
	if (err)
		fput(made);
	return err;
}

static void describe(struct kcoro_group *group, struct kcoro_group_wait *state)
{
	spin_lock(&group->lock);
	state->live = group->live;
	state->failed = group->nr_failed;
	state->error = group->error;
	state->id = group->first_id;
	memcpy(state->name, group->first_name, sizeof(state->name));
	state->state = group->ending ? KCORO_GROUP_CANCELED : KCORO_GROUP_LIVE;
	state->by = group->by;
	memcpy(state->why, group->why, sizeof(state->why));
	spin_unlock(&group->lock);
}

/**
 * kcoro_ioc_group_wait() - KCORO_IOC_GROUP_WAIT
 * @file: a group
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_group_wait(struct file *file, struct kcoro_call *call)
{
	struct kcoro_group_wait *args = &call->arg.group_wait;
	struct kcoro_group *group = file->private_data;
	bool nowait = file->f_flags & O_NONBLOCK;
	int err;

	if (args->until > KCORO_UNTIL_FAILED)
		return -EINVAL;
	err = kcoro_group_wait(group, args->until == KCORO_UNTIL_FAILED ?
				      KCORO_GROUP_FAILED : KCORO_GROUP_ALL,
			       nowait ? 0 :
				       kcoro_call_deadline(args->deadline_ns));
	if (err && err != -ETIMEDOUT)
		return err;
	if (err && nowait)
		err = -EAGAIN;
	describe(group, args);
	return kcoro_call_reply(call) ?: err;
}

/**
 * kcoro_ioc_group_cancel() - KCORO_IOC_GROUP_CANCEL
 * @file: a group
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_group_cancel(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_group_cancel *args = &call->arg.group_cancel;

	if (strnlen(args->why, sizeof(args->why)) == sizeof(args->why))
		return -EINVAL;
	return kcoro_group_cancel(file->private_data, args->why) ? 0 : -EALREADY;
}

/**
 * kcoro_ioc_group_failed() - KCORO_IOC_GROUP_FAILED
 * @file: a group
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_group_failed(struct file *file, struct kcoro_call *call)
{
	struct kcoro_group_failed *args = &call->arg.group_failed;
	struct kcoro_task *task;

	if (args->pad)
		return -EINVAL;
	task = kcoro_group_failed(file->private_data, args->nth);
	if (!task)
		return -ENOENT;
	kcoro_task_exit_record(task, &args->exit);
	kcoro_task_put(task);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of events: one call of a program lets all go on who wait, threads of
 * programs and tasks alike. The event: event.c; descriptors: sync_fd.c.
 *
 * poll(2) tells the state: who polls may miss an event that is set and cleared at
 * once, who waits does not.
 */
#include <linux/kcoro_sync.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "sync.h"
#include "sync_fd.h"

struct event_fd {
	struct kcoro_sync_fd fd;
	struct kcoro_event event;
};

static struct event_fd *event_of(const struct file *file)
{
	return container_of(file->private_data, struct event_fd, fd);
}

static void event_end(struct kcoro_sync_fd *fd)
{
	kcoro_event_end(&container_of(fd, struct event_fd, fd)->event);
}

static void event_free(struct kcoro_sync_fd *fd)
{
	kfree(container_of(fd, struct event_fd, fd));
}

static __poll_t event_poll(struct file *file, struct poll_table_struct *pt)
{
	__poll_t mask = kcoro_sync_fd_poll(file, pt);

	if (kcoro_event_is_set(&event_of(file)->event))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static long event_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_EVENT);
}

static void event_show_fdinfo(struct seq_file *m, struct file *file)
{
	kcoro_sync_fd_show(m, file->private_data);
	seq_printf(m, "kcoro-set:\t%u\n",
		   kcoro_event_is_set(&event_of(file)->event));
}

static const struct file_operations event_fops = {
	.owner = THIS_MODULE,
	.flush = kcoro_sync_fd_flush,
	.release = kcoro_sync_fd_release,
	.poll = event_poll,
	.unlocked_ioctl = event_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = event_show_fdinfo,
};

static const struct kcoro_sync_kind event_kind = {
	.name = "event",
	.inode_name = "[kcoro-event]",
	.fops = &event_fops,
	.end = event_end,
	.free = event_free,
};

/**
 * kcoro_env_event() - the event in a slot
 * @env: the environment
 * @slot: its number; need not be one there is
 *
 * Context: any.
 * Return: the event, which the slot goes on holding; NULL if there is none. The
 * slot's file is for select: KCORO_OP_POLL.
 */
struct kcoro_event *kcoro_env_event(const struct kcoro_env *env, u32 slot)
{
	const struct file *file = kcoro_env_file(env, slot);

	return file && file->f_op == &event_fops ? &event_of(file)->event : NULL;
}
EXPORT_SYMBOL_GPL(kcoro_env_event);

/**
 * kcoro_ioc_event_create() - KCORO_IOC_EVENT_CREATE
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_event_create(struct file *file, struct kcoro_call *call)
{
	struct kcoro_event_create *args = &call->arg.event_create;
	struct event_fd *made;

	if (args->flags & ~KCORO_EVENT_FLAGS)
		return -EINVAL;
	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return -ENOMEM;
	kcoro_event_init(&made->event, "of a program");
	made->event.set = args->flags & KCORO_EVENT_SET;
	made->event.fd = &made->fd;
	return kcoro_sync_fd_create(&made->fd, &event_kind, file->private_data,
				    call, args->flags & KCORO_EVENT_NONBLOCK ?
					  O_NONBLOCK : 0,
				    &args->fd, &args->id);
}

/**
 * kcoro_ioc_event_set() - KCORO_IOC_EVENT_SET
 * @file: an event
 * @call: the call, which has no argument
 *
 * Context: process.
 * Return: 0.
 */
int kcoro_ioc_event_set(struct file *file, struct kcoro_call *call)
{
	kcoro_event_set(&event_of(file)->event);
	return 0;
}

/**
 * kcoro_ioc_event_clear() - KCORO_IOC_EVENT_CLEAR
 * @file: an event
 * @call: the call, which has no argument
 *
 * Context: process.
 * Return: 0.
 */
int kcoro_ioc_event_clear(struct file *file, struct kcoro_call *call)
{
	kcoro_event_clear(&event_of(file)->event);
	return 0;
}

/**
 * kcoro_ioc_event_wait() - KCORO_IOC_EVENT_WAIT
 * @file: an event
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_event_wait(struct file *file, struct kcoro_call *call)
{
	s64 deadline = call->arg.event_wait.deadline_ns;
	int err = kcoro_event_wait(&event_of(file)->event,
				   kcoro_sync_fd_deadline(file, deadline));

	return kcoro_sync_fd_result(file, err);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of queues: work that several processes and tasks take, and that can be
 * waited for until it is done. The queue: queue.c; descriptors: sync_fd.c.
 *
 * What it has beyond a channel's: a wait until all that was put has been dealt with;
 * an end that any holder can make, at once if need be; the most urgent first. What it
 * has not: buffers, many at once, and two ends (a queue ends by its shutdown, as it is
 * not known who still puts).
 *
 * An element passes through memory of the kernel, since a page fault must not be
 * taken while the queue is locked. If the program's memory turns out to be bad the
 * element is put back, before all others; it may have been overtaken then. Memory is
 * tried first: what does not exist fails early.
 *
 * An element that its getter has, as he dies, is lost, and not done: who learns of
 * that end says that it is, or puts it again, then says so. Else nobody's join ends.
 */
#include <linux/kcoro_sync.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "queue.h"
#include "sync_fd.h"

struct queue_fd {
	struct kcoro_sync_fd fd;
	struct kcoro_queue *queue;
};

/* Room for an element; the larger ones are allocated. */
struct room {
	void *big;
	u64 small[8];
};

static struct kcoro_queue *queue_of(const struct file *file)
{
	return container_of(file->private_data, struct queue_fd, fd)->queue;
}

static void queue_end(struct kcoro_sync_fd *fd)
{
	kcoro_queue_end(container_of(fd, struct queue_fd, fd)->queue);
}

static void queue_free(struct kcoro_sync_fd *fd)
{
	struct queue_fd *queue = container_of(fd, struct queue_fd, fd);

	kcoro_queue_destroy(queue->queue);
	kfree(queue);
}

static void *room_get(struct room *room, u32 size)
{
	room->big = NULL;
	if (size <= sizeof(room->small))
		return room->small;
	room->big = kmalloc(size, GFP_KERNEL_ACCOUNT);
	return room->big;
}

static void room_put(struct room *room)
{
	kfree(room->big);
}

static int queue_put(struct file *file, const void __user *from, size_t len,
		     ktime_t deadline)
{
	struct kcoro_queue *queue = queue_of(file);
	struct room room;
	void *elem;
	int err;

	if (len != queue->elem_size)
		return -EMSGSIZE;
	elem = room_get(&room, len);
	if (!elem)
		return -ENOMEM;
	err = -EFAULT;
	if (!copy_from_user(elem, from, len))
		err = kcoro_queue_put(queue, elem, deadline);
	room_put(&room);
	return kcoro_sync_fd_result(file, err);
}

static int queue_get(struct file *file, void __user *to, size_t len,
		     ktime_t deadline)
{
	struct kcoro_queue *queue = queue_of(file);
	struct room room;
	void *elem;
	int err;

	if (len < queue->elem_size)
		return -EMSGSIZE;
	len = queue->elem_size;
	if (fault_in_writeable(to, len))
		return -EFAULT;
	elem = room_get(&room, len);
	if (!elem)
		return -ENOMEM;
	err = kcoro_queue_get(queue, elem, deadline);
	if (!err && copy_to_user(to, elem, len)) {
		kcoro_queue_unget(queue, elem);
		err = -EFAULT;
	}
	room_put(&room);
	return kcoro_sync_fd_result(file, err);
}

static ssize_t queue_read(struct file *file, char __user *to, size_t len,
			  loff_t *pos)
{
	return queue_get(file, to, len, kcoro_sync_fd_deadline(file, 0)) ?:
		       (ssize_t)queue_of(file)->elem_size;
}

static ssize_t queue_write(struct file *file, const char __user *from,
			   size_t len, loff_t *pos)
{
	return queue_put(file, from, len, kcoro_sync_fd_deadline(file, 0)) ?:
		       (ssize_t)len;
}

static __poll_t queue_poll(struct file *file, struct poll_table_struct *pt)
{
	return kcoro_sync_fd_poll(file, pt) | kcoro_queue_poll(queue_of(file));
}

static long queue_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_QUEUE);
}

static void queue_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct kcoro_queue *queue = queue_of(file);
	u64 unfinished;
	u32 queued;
	bool shut;

	raw_spin_lock(&queue->lock);
	queued = queue->count;
	unfinished = queue->unfinished;
	shut = queue->shut;
	raw_spin_unlock(&queue->lock);
	kcoro_sync_fd_show(m, file->private_data);
	seq_printf(m, "kcoro-elem-size:\t%u\nkcoro-capacity:\t%u\n",
		   queue->elem_size, queue->capacity);
	seq_printf(m, "kcoro-queued:\t%u\nkcoro-unfinished:\t%llu\n", queued,
		   unfinished);
	seq_printf(m, "kcoro-state:\t%s%s\n", shut ? "shut" : "open",
		   queue->before ? " priority" : "");
}

static const struct file_operations queue_fops = {
	.owner = THIS_MODULE,
	.flush = kcoro_sync_fd_flush,
	.release = kcoro_sync_fd_release,
	.read = queue_read,
	.write = queue_write,
	.poll = queue_poll,
	.unlocked_ioctl = queue_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = queue_show_fdinfo,
};

static const struct kcoro_sync_kind queue_kind = {
	.name = "queue",
	.inode_name = "[kcoro-queue]",
	.fops = &queue_fops,
	.end = queue_end,
	.free = queue_free,
};

/**
 * kcoro_env_queue() - the queue in a slot
 * @env: the environment
 * @slot: its number; need not be one there is
 * @elem_size: bytes of the elements that the body knows
 *
 * Context: any.
 * Return: the queue, which the slot goes on holding; NULL if there is none, or its
 * elements have another size. The slot's file is for select: KCORO_OP_POLL.
 */
struct kcoro_queue *kcoro_env_queue(const struct kcoro_env *env, u32 slot,
				    u32 elem_size)
{
	const struct file *file = kcoro_env_file(env, slot);

	if (!file || file->f_op != &queue_fops ||
	    queue_of(file)->elem_size != elem_size)
		return NULL;
	return queue_of(file);
}
EXPORT_SYMBOL_GPL(kcoro_env_queue);

/* An element of a priority queue begins with its number. */
static bool lower(const void *a, const void *b)
{
	s64 first, second;

	memcpy(&first, a, sizeof(first));
	memcpy(&second, b, sizeof(second));
	return first < second;
}

/**
 * kcoro_ioc_queue_create() - KCORO_IOC_QUEUE_CREATE
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_queue_create(struct file *file, struct kcoro_call *call)
{
	struct kcoro_queue_create *args = &call->arg.queue_create;
	bool priority = args->flags & KCORO_QUEUE_PRIORITY;
	struct kcoro_queue_args how = {
		.name = "of a program",
		.elem_size = args->elem_size,
		.capacity = args->capacity,
		.before = priority ? lower : NULL,
	};
	struct queue_fd *made;
	int err;

	if (args->flags & ~KCORO_QUEUE_FLAGS ||
	    (priority && args->elem_size < sizeof(s64)))
		return -EINVAL;
	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return -ENOMEM;
	made->queue = kcoro_queue_make(&how, GFP_KERNEL_ACCOUNT);
	if (IS_ERR(made->queue)) {
		err = PTR_ERR(made->queue);
		kfree(made);
		return err;
	}
	made->queue->fd = &made->fd;
	return kcoro_sync_fd_create(&made->fd, &queue_kind, file->private_data,
				    call, args->flags & KCORO_QUEUE_NONBLOCK ?
					  O_NONBLOCK : 0,
				    &args->fd, &args->id);
}

/**
 * kcoro_ioc_queue_put() - KCORO_IOC_QUEUE_PUT
 * @file: a queue
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_queue_put(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_queue_io *args = &call->arg.queue_io;

	if (args->pad)
		return -EINVAL;
	call->replied = true;	/* nothing to tell: it cannot fail any more */
	return queue_put(file, u64_to_user_ptr(args->addr), args->len,
			 kcoro_sync_fd_deadline(file, args->deadline_ns));
}

/**
 * kcoro_ioc_queue_get() - KCORO_IOC_QUEUE_GET
 * @file: a queue
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_queue_get(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_queue_io *args = &call->arg.queue_io;

	if (args->pad)
		return -EINVAL;
	call->replied = true;
	return queue_get(file, u64_to_user_ptr(args->addr), args->len,
			 kcoro_sync_fd_deadline(file, args->deadline_ns));
}

/**
 * kcoro_ioc_queue_done() - KCORO_IOC_QUEUE_DONE
 * @file: a queue
 * @call: the call, which has no argument
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_queue_done(struct file *file, struct kcoro_call *call)
{
	return kcoro_queue_task_done(queue_of(file));
}

/**
 * kcoro_ioc_queue_join() - KCORO_IOC_QUEUE_JOIN
 * @file: a queue
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_queue_join(struct file *file, struct kcoro_call *call)
{
	s64 deadline = call->arg.queue_join.deadline_ns;
	int err = kcoro_queue_join(queue_of(file),
				   kcoro_sync_fd_deadline(file, deadline));

	return kcoro_sync_fd_result(file, err);
}

/**
 * kcoro_ioc_queue_shutdown() - KCORO_IOC_QUEUE_SHUTDOWN
 * @file: a queue
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_queue_shutdown(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_queue_shutdown *args = &call->arg.queue_shutdown;

	if (args->flags & ~KCORO_QUEUE_IMMEDIATE || args->pad)
		return -EINVAL;
	call->replied = true;
	return kcoro_queue_shutdown(queue_of(file),
				    args->flags & KCORO_QUEUE_IMMEDIATE);
}

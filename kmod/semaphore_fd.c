// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of semaphores: a bound that the threads of programs and their tasks
 * keep together. The semaphore: semaphore.c; descriptors: sync_fd.c.
 *
 * A unit is nobody's: who gives it back need not be who took it. So one who is
 * killed with units leaves them taken, and whoever learns of that end (by wait(2),
 * or from a task's descriptor) gives them back, as he does for an end of any other
 * kind.
 *
 * Rejected: units that belong to whoever took them and come back at his end. Who
 * that is, is not known: a descriptor is shared with children and other processes, a
 * thread may end where its work goes on, and one that acquires for a task that it
 * starts ends before that.
 */
#include <linux/kcoro_sync.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "sync.h"
#include "sync_fd.h"

struct sem_fd {
	struct kcoro_sync_fd fd;
	struct kcoro_sem sem;
};

static struct sem_fd *sem_of(const struct file *file)
{
	return container_of(file->private_data, struct sem_fd, fd);
}

static void sem_end(struct kcoro_sync_fd *fd)
{
	kcoro_sem_end(&container_of(fd, struct sem_fd, fd)->sem);
}

static void sem_free(struct kcoro_sync_fd *fd)
{
	kfree(container_of(fd, struct sem_fd, fd));
}

static __poll_t sem_poll(struct file *file, struct poll_table_struct *pt)
{
	__poll_t mask = kcoro_sync_fd_poll(file, pt);

	if (kcoro_sem_ready(&sem_of(file)->sem))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static long sem_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_SEM);
}

static void sem_show_fdinfo(struct seq_file *m, struct file *file)
{
	const struct kcoro_sem *sem = &sem_of(file)->sem;

	kcoro_sync_fd_show(m, file->private_data);
	seq_printf(m, "kcoro-units:\t%u\nkcoro-max:\t%u\n", kcoro_sem_count(sem),
		   sem->max);
}

static const struct file_operations sem_fops = {
	.owner = THIS_MODULE,
	.flush = kcoro_sync_fd_flush,
	.release = kcoro_sync_fd_release,
	.poll = sem_poll,
	.unlocked_ioctl = sem_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = sem_show_fdinfo,
};

static const struct kcoro_sync_kind sem_kind = {
	.name = "semaphore",
	.inode_name = "[kcoro-semaphore]",
	.fops = &sem_fops,
	.end = sem_end,
	.free = sem_free,
};

/**
 * kcoro_env_sem() - the semaphore in a slot
 * @env: the environment
 * @slot: its number; need not be one there is
 *
 * A body gives back what it has taken before it returns, if that is not for
 * somebody else to do.
 *
 * Context: any.
 * Return: the semaphore, which the slot goes on holding; NULL if there is none. The
 * slot's file is for select: KCORO_OP_POLL.
 */
struct kcoro_sem *kcoro_env_sem(const struct kcoro_env *env, u32 slot)
{
	const struct file *file = kcoro_env_file(env, slot);

	return file && file->f_op == &sem_fops ? &sem_of(file)->sem : NULL;
}
EXPORT_SYMBOL_GPL(kcoro_env_sem);

/**
 * kcoro_ioc_sem_create() - KCORO_IOC_SEM_CREATE
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_sem_create(struct file *file, struct kcoro_call *call)
{
	struct kcoro_sem_create *args = &call->arg.sem_create;
	struct sem_fd *made;
	int err;

	if (args->flags & ~KCORO_SEM_FLAGS)
		return -EINVAL;
	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return -ENOMEM;
	err = kcoro_sem_init(&made->sem, args->count, args->max, "of a program");
	if (err) {
		kfree(made);
		return err;
	}
	made->sem.fd = &made->fd;
	return kcoro_sync_fd_create(&made->fd, &sem_kind, file->private_data,
				    call, args->flags & KCORO_SEM_NONBLOCK ?
					  O_NONBLOCK : 0,
				    &args->fd, &args->id);
}

/**
 * kcoro_ioc_sem_acquire() - KCORO_IOC_SEM_ACQUIRE
 * @file: a semaphore
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_sem_acquire(struct file *file, struct kcoro_call *call)
{
	struct kcoro_sem_acquire *args = &call->arg.sem_acquire;
	struct kcoro_sem *sem = &sem_of(file)->sem;
	int err;

	if (args->pad)
		return -EINVAL;
	err = kcoro_sem_acquire(sem, args->n,
				kcoro_sync_fd_deadline(file, args->deadline_ns));
	call->replied = true;	/* nothing to tell: it cannot fail any more */
	return kcoro_sync_fd_result(file, err);
}

/**
 * kcoro_ioc_sem_release() - KCORO_IOC_SEM_RELEASE
 * @file: a semaphore
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_sem_release(struct file *file, struct kcoro_call *call)
{
	const struct kcoro_sem_release *args = &call->arg.sem_release;

	if (args->pad)
		return -EINVAL;
	call->replied = true;
	return kcoro_sem_release(&sem_of(file)->sem, args->n);
}

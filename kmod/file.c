// SPDX-License-Identifier: GPL-2.0
/*
 * File I/O for bodies.
 *
 * Model: kcoro_env_check_file() decides, at spawn, whether a body can use a
 * file. The I/O itself is done in a native call, on the worker's full stack,
 * where the spawner's credentials are worn. A regular file may block the worker
 * (its other tasks go on elsewhere; a cancel sends it a signal). A pipe, socket
 * or tty is only ever used without blocking: the I/O is tried, and after
 * -EAGAIN the task parks until the file polls ready. In that order, as a FIFO
 * that was opened while nobody wrote polls as not readable, yet is at its end.
 *
 * O_NONBLOCK of the user's open file is not touched: its processes would see
 * EAGAIN. Sockets take IOCB_NOWAIT. Pipes (on 6.1) and ttys look at the open
 * file only, so they are opened again, non-blocking, and the slot gets that
 * open file in place of the user's: same pipe or tty, same access mode. End of
 * file and EPIPE come when they would have, as the one replaces the other in
 * the pipe's count of readers or writers.
 *
 * Regular files must hold data. In proc, sysfs, cgroup and the like an access
 * means what it does to the process that makes it (namespaces, cgroup, "self",
 * pid 0), and a worker is not the spawner: for a container, a write to
 * /proc/sys/kernel/hostname would rename the host. Data file systems have a
 * backing device, or are one of the few known without; all else is -EOPNOTSUPP,
 * which tells programs to do the I/O themselves. The position is the open
 * file's, under f_pos_lock, as with read(2).
 *
 * Unlike I/O by the spawner: no RLIMIT_FSIZE, tty job control or SIGPIPE; page
 * cache is not charged to its memory cgroup; the peer of a Unix socket sees a
 * worker's pid; O_DIRECT of regular files is ignored (messages are unaligned).
 *
 * Locks: f_pos_lock, inside a native call only.
 *
 * Rejected: a blocking read after a poll that said ready: another reader may
 * be faster, and the worker then hangs until it is signalled.
 */
#include <linux/backing-dev.h>
#include <linux/cred.h>
#include <linux/eventpoll.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kcoro.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/tty.h>
#include <linux/uio.h>

#include "compat.h"
#include "task.h"

/* After so many -EAGAIN of a file that polls ready, wait a little. */
#define FILE_TRIES	3

/**
 * struct file_io - one read or write
 * @file: of a kind that kcoro_env_check_file() lets pass
 * @cred: to be worn
 * @buf: where to, or where from
 * @len: bytes
 * @write: direction
 */
struct file_io {
	struct file *file;
	const struct cred *cred;
	void *buf;
	size_t len;
	bool write;
};

static bool file_is_regular(const struct file *file)
{
	return S_ISREG(file_inode(file)->i_mode);
}

static bool file_holds_data(const struct file *file)
{
	const struct super_block *sb = file_inode(file)->i_sb;

	switch (sb->s_magic) {
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
		return true;
	default:
		return sb->s_bdi != &noop_backing_dev_info;
	}
}

/*
 * A tty is a character device whose number a tty driver has, or one of the two
 * numbers that stand for another tty. Not /dev/ptmx: to open it again makes a
 * new terminal.
 */
static bool file_is_tty(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct tty_struct *tty;

	if (!S_ISCHR(inode->i_mode))
		return false;
	if (inode->i_rdev == MKDEV(TTYAUX_MAJOR, 0) ||
	    inode->i_rdev == MKDEV(TTYAUX_MAJOR, 1))
		return true;
	/* Looks the number up; makes no tty. -EIO: only an open can tell which. */
	tty = tty_kopen_shared(inode->i_rdev);
	if (IS_ERR(tty))
		return PTR_ERR(tty) == -EIO;
	tty_kref_put(tty);
	return true;
}

static struct tty_struct *tty_of(const struct file *file)
{
	const struct tty_file_private *priv = file->private_data;

	return priv->tty;
}

/* Open a pipe or tty again, non-blocking, and put it into the slot. */
static int slot_reopen(struct kcoro_slot *slot, const struct cred *cred,
		       bool tty)
{
	int flags = slot->file->f_flags & (O_ACCMODE | O_LARGEFILE);
	struct file *file;

	file = dentry_open(&slot->file->f_path, flags | O_NONBLOCK | O_NOCTTY,
			   cred);
	if (IS_ERR(file)) {
		/* A FIFO that nobody reads any more. */
		if (!tty && PTR_ERR(file) == -ENXIO)
			return -EPIPE;
		return PTR_ERR(file);
	}
	/* /dev/console and the like may stand for another one by now. */
	if (tty && tty_of(file) != tty_of(slot->file)) {
		fput(file);
		return -EOPNOTSUPP;
	}
	if (!tty && slot->file->f_flags & O_DIRECT) {
		/* Packet mode; a fresh open file, so nobody else sees it. */
		spin_lock(&file->f_lock);
		file->f_flags |= O_DIRECT;
		spin_unlock(&file->f_lock);
	}
	swap(slot->file, file);
	fput(file);
	return 0;
}

/**
 * kcoro_env_check_file() - can a body use the file in a slot?
 * @env: the environment, whose @cred is set
 * @slot: number of the slot; a pipe's or tty's file in it is replaced by a
 *	non-blocking one of the same pipe or tty
 * @mode: FMODE_READ, FMODE_WRITE or both
 *
 * For a body's check function: must have said yes before kcoro_env_read() and
 * kcoro_env_write() may be called.
 *
 * Context: the spawner's process; may sleep.
 * Return: 0. -EBADF: no file there. -EACCES: not open for that. -EOPNOTSUPP:
 * neither a regular file that holds data, nor a pipe, socket or tty. -EPIPE: a
 * FIFO without readers. What opening a tty may fail with: -EIO, -EBUSY,
 * -ENOMEM.
 */
int kcoro_env_check_file(const struct kcoro_env *env, u32 slot, fmode_t mode)
{
	struct file *file = kcoro_env_file(env, slot);
	const struct file_operations *ops;
	umode_t type;

	if (!file)
		return -EBADF;
	if ((file->f_mode & mode) != mode)
		return -EACCES;
	/* With both kinds wired up, or one for users only: not for the kernel. */
	ops = file->f_op;
	if (mode & FMODE_READ && (!ops->read_iter || ops->read))
		return -EOPNOTSUPP;
	if (mode & FMODE_WRITE && (!ops->write_iter || ops->write))
		return -EOPNOTSUPP;

	type = file_inode(file)->i_mode & S_IFMT;
	if (type == S_IFREG)
		return file_holds_data(file) ? 0 : -EOPNOTSUPP;
	if (type == S_IFSOCK)
		return 0;
	if (type == S_IFIFO)
		return slot_reopen(&env->slots[slot], env->cred, false);
	if (file_is_tty(file))
		return slot_reopen(&env->slots[slot], env->cred, true);
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(kcoro_env_check_file);

static int file_iter(struct file_io *io, struct kiocb *iocb)
{
	struct kvec vec = { .iov_base = io->buf, .iov_len = io->len };
	struct iov_iter iter;

	if (!io->write) {
		iov_iter_kvec(&iter, ITER_DEST, &vec, 1, io->len);
		return vfs_iocb_iter_read(io->file, iocb, &iter);
	}
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, io->len);
	return kcoro_iocb_write(iocb, &iter);
}

static int file_io_regular(struct file_io *io)
{
	struct file *file = io->file;
	bool position = !(file->f_mode & FMODE_STREAM);
	bool lock = position && file->f_mode & FMODE_ATOMIC_POS;
	struct kiocb iocb;
	int ret;

	if (lock && mutex_lock_killable(&file->f_pos_lock))
		return -EINTR;
	init_sync_kiocb(&iocb, file);
	iocb.ki_flags &= ~IOCB_DIRECT;
	if (position)
		iocb.ki_pos = file->f_pos;
	ret = file_iter(io, &iocb);
	if (position && ret >= 0)
		file->f_pos = iocb.ki_pos;
	if (lock)
		mutex_unlock(&file->f_pos_lock);
	return ret;
}

static int file_io_stream(struct file_io *io)
{
	struct kiocb iocb;

	init_sync_kiocb(&iocb, io->file);
	iocb.ki_flags |= IOCB_NOWAIT;
	return file_iter(io, &iocb);
}

/* In a native call: the part that is bound to the kthread. */
static int file_io_once(void *arg)
{
	struct file_io *io = arg;
	const struct cred *old = override_creds(io->cred);
	int ret;

	if (file_is_regular(io->file))
		ret = file_io_regular(io);
	else
		ret = file_io_stream(io);
	revert_creds(old);
	return ret;
}

static int file_io(struct file_io *io)
{
	__poll_t events = io->write ? EPOLLOUT : EPOLLIN;
	int tries, ret;

	for (tries = 1;; tries++) {
		ret = kcoro_native_interruptible(file_io_once, io);
		if (ret != -EAGAIN)
			return ret;
		ret = 0;
		if (!file_is_regular(io->file))
			ret = kcoro_poll_file(io->file, events, KCORO_FOREVER);
		if (!ret && tries >= FILE_TRIES)
			ret = kcoro_sleep_ms(1);
		if (ret)
			return ret;
	}
}

/**
 * kcoro_env_read() - read from the file in a slot, as read(2) does
 * @env: the environment; kcoro_env_check_file() said yes to FMODE_READ
 * @slot: number of the slot
 * @buf: kernel memory that is not on a stack
 * @len: bytes of @buf
 *
 * Context: task or thread; may park and sleep.
 * Return: bytes read, 0 at the end of the file, -ECANCELED, or the file's error
 * as a negative errno.
 */
ssize_t kcoro_env_read(const struct kcoro_env *env, u32 slot, void *buf,
		       size_t len)
{
	struct file_io io = {
		.file = kcoro_env_file(env, slot),
		.cred = env->cred,
		.buf = buf,
		.len = min_t(size_t, len, MAX_RW_COUNT),
	};

	return io.file ? file_io(&io) : -EBADF;
}
EXPORT_SYMBOL_GPL(kcoro_env_read);

/**
 * kcoro_env_write() - write all of a buffer to the file in a slot
 * @env: the environment; kcoro_env_check_file() said yes to FMODE_WRITE
 * @slot: number of the slot
 * @buf: kernel memory that is not on a stack
 * @len: bytes of @buf
 *
 * Context: task or thread; may park and sleep.
 * Return: @len, -ECANCELED, or the file's error as a negative errno; some of
 * @buf may have been written then.
 */
ssize_t kcoro_env_write(const struct kcoro_env *env, u32 slot, const void *buf,
			size_t len)
{
	struct file_io io = {
		.file = kcoro_env_file(env, slot),
		.cred = env->cred,
		.write = true,
	};
	size_t done = 0;

	if (!io.file)
		return -EBADF;
	while (done < len) {
		int ret;

		io.buf = (void *)buf + done;
		io.len = min_t(size_t, len - done, MAX_RW_COUNT);
		ret = file_io(&io);
		if (ret < 0)
			return ret;
		if (!ret)
			return -EIO;
		done += ret;
	}
	return len;
}
EXPORT_SYMBOL_GPL(kcoro_env_write);

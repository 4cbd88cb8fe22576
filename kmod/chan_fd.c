// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of channels.
 *
 * Model: a descriptor holds one or both ends of a channel, which are its
 * access mode. One write sends one message, whatever the number of its
 * segments; one read receives one. SEND and RECV do the same many times over.
 *
 * A message passes through memory of the kernel (struct kcoro_msg), since the
 * other side may be a task or another program, and since a page fault must not
 * be taken while the channel is locked:
 *	send	fill it from the program, then offer it
 *	receive	claim a message, then give it to the program; if the program's
 *		memory is bad, or too small, put it back
 *
 * Invariants: a message that was claimed is given or put back; nothing is
 * lost. It may be overtaken: if two receive from one channel, and the one who
 * has the older message turns out to have bad memory, then the other may get
 * the newer one first. So memory is tried before the claim: what does not
 * exist fails early; what cannot be written is found out by the copy.
 *
 * The program knows of a message before it moves: SEND and RECV count it in
 * @done first, and take that back if it does not move.
 *
 * Locks: none here.
 *
 * Rejected: fault_in_iov_iter_writeable() before the claim (it takes the
 * mmap lock for each page; a pipe costs less than that alone); SIGPIPE (the
 * errno says it all, and tasks have no signals).
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "chan.h"
#include "chan_fd.h"
#include "context.h"
#include "dev.h"
#include "limits.h"

#define ENDS_BOTH	(KCORO_SEND | KCORO_RECV)

/**
 * kcoro_msg_init() - get ready to move messages
 * @msg: to be given to kcoro_msg_free() if this succeeds
 * @chan: of which channel
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int kcoro_msg_init(struct kcoro_msg *msg, struct kcoro_chan *chan)
{
	u32 size = kcoro_chan_elem_size(chan);

	msg->chan = chan;
	msg->big = NULL;
	msg->buf = NULL;
	if (size <= KCORO_MSG_SMALL)
		return 0;
	msg->big = kmalloc(size, GFP_KERNEL_ACCOUNT);
	return msg->big ? 0 : -ENOMEM;
}

/**
 * kcoro_msg_free() - done with moving messages
 * @msg: a buffer that it still owns is freed
 *
 * Context: process.
 */
void kcoro_msg_free(struct kcoro_msg *msg)
{
	kfree(msg->big);
	if (msg->buf)
		kcoro_buf_free(msg->buf);
}

/**
 * kcoro_msg_addr() - what the calls of chan.h take as a message
 * @msg: of a send: filled. The caller sets @msg->buf to NULL if it was sent
 *
 * Context: any.
 */
void *kcoro_msg_addr(struct kcoro_msg *msg)
{
	if (msg->chan->buffers)
		return &msg->buf;
	return msg->big ?: msg->small;
}

/**
 * kcoro_msg_len() - bytes of a message
 * @msg: filled or claimed, if of a channel of buffers
 *
 * Context: any.
 */
u32 kcoro_msg_len(const struct kcoro_msg *msg)
{
	return msg->chan->buffers ? msg->buf->len : msg->chan->elem_size;
}

/**
 * kcoro_msg_fill() - take a message from a program
 * @msg: initialised, empty
 * @from: all of it is the message
 *
 * Context: may sleep.
 * Return: 0, -EMSGSIZE, -EFAULT, -ENOMEM.
 */
int kcoro_msg_fill(struct kcoro_msg *msg, struct iov_iter *from)
{
	const struct kcoro_chan *chan = msg->chan;
	size_t len = iov_iter_count(from);
	void *to;

	if (chan->buffers) {
		if (!len || len > chan->buf_max)
			return -EMSGSIZE;
		msg->buf = kcoro_buf_alloc(len, GFP_KERNEL_ACCOUNT);
		if (!msg->buf)
			return -ENOMEM;
		to = msg->buf->data;
	} else {
		if (len != chan->elem_size)
			return -EMSGSIZE;
		to = kcoro_msg_addr(msg);
	}
	if (!copy_from_iter_full(to, len, from)) {
		if (msg->buf)
			kcoro_buf_free(msg->buf);
		msg->buf = NULL;
		return -EFAULT;
	}
	if (msg->buf)
		msg->buf->len = len;
	return 0;
}

/**
 * kcoro_msg_check_room() - can a message be claimed for a program?
 * @msg: initialised
 * @to: where it will go
 *
 * Context: may sleep.
 * Return: 0 as far as can be told now. -EMSGSIZE: elements are larger than
 * @to. -EFAULT: no memory there.
 */
int kcoro_msg_check_room(const struct kcoro_msg *msg, struct iov_iter *to)
{
	const struct kcoro_chan *chan = msg->chan;
	size_t len = iov_iter_count(to);

	if (!chan->buffers && len < chan->elem_size)
		return -EMSGSIZE;
	len = min_t(size_t, len,
		    chan->buffers ? chan->buf_max : chan->elem_size);
	return fault_in_iov_iter_readable(to, len) ? -EFAULT : 0;
}

/**
 * kcoro_msg_put_back() - put a claimed message back
 * @msg: empty afterwards
 *
 * Context: may sleep.
 */
void kcoro_msg_put_back(struct kcoro_msg *msg)
{
	kcoro_chan_unrecv(msg->chan, kcoro_msg_addr(msg));
	msg->buf = NULL;
}

/**
 * kcoro_msg_give() - give a claimed message to a program, or put it back
 * @msg: empty afterwards
 * @to: where
 *
 * Context: may sleep.
 * Return: 0. Put back: -EMSGSIZE, -EFAULT.
 */
int kcoro_msg_give(struct kcoro_msg *msg, struct iov_iter *to)
{
	void *from = msg->chan->buffers ? msg->buf->data : kcoro_msg_addr(msg);
	u32 len = kcoro_msg_len(msg);
	int err = 0;

	if (len > iov_iter_count(to))
		err = -EMSGSIZE;
	else if (copy_to_iter(from, len, to) != len)
		err = -EFAULT;
	if (unlikely(err)) {
		kcoro_msg_put_back(msg);
		return err;
	}
	if (msg->buf)
		kcoro_buf_free(msg->buf);
	msg->buf = NULL;
	return 0;
}

static u32 file_ends(const struct file *file)
{
	return (file->f_mode & FMODE_WRITE ? KCORO_SEND : 0) |
	       (file->f_mode & FMODE_READ ? KCORO_RECV : 0);
}

static bool file_nowait(const struct kiocb *iocb)
{
	return iocb->ki_flags & IOCB_NOWAIT ||
	       iocb->ki_filp->f_flags & O_NONBLOCK;
}

static ssize_t chan_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct kcoro_msg msg;
	ssize_t ret;
	u32 len;

	ret = kcoro_msg_init(&msg, iocb->ki_filp->private_data);
	if (ret)
		return ret;
	ret = kcoro_msg_check_room(&msg, to);
	if (!ret)
		ret = kcoro_chan_recv(msg.chan, kcoro_msg_addr(&msg),
				      KCORO_FOREVER, file_nowait(iocb));
	if (ret == 1) {
		len = kcoro_msg_len(&msg);
		ret = kcoro_msg_give(&msg, to) ?: (ssize_t)len;
	}
	kcoro_msg_free(&msg);
	return ret;
}

static ssize_t chan_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	size_t len = iov_iter_count(from);
	struct kcoro_msg msg;
	ssize_t ret;

	ret = kcoro_msg_init(&msg, iocb->ki_filp->private_data);
	if (ret)
		return ret;
	ret = kcoro_msg_fill(&msg, from);
	if (!ret)
		ret = kcoro_chan_send(msg.chan, kcoro_msg_addr(&msg),
				      KCORO_FOREVER, file_nowait(iocb));
	if (!ret) {
		msg.buf = NULL;
		ret = len;
	}
	kcoro_msg_free(&msg);
	return ret;
}

static __poll_t chan_poll(struct file *file, struct poll_table_struct *pt)
{
	return kcoro_chan_poll(file->private_data, file_ends(file), file, pt);
}

static void count_files(struct kcoro_chan *chan, int more)
{
	raw_spin_lock_irq(&chan->lock);
	chan->files += more;
	raw_spin_unlock_irq(&chan->lock);
}

static int chan_release(struct inode *inode, struct file *file)
{
	count_files(file->private_data, -1);
	kcoro_chan_drop(file->private_data, file_ends(file));
	return 0;
}

static long chan_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return kcoro_ioctl(file, cmd, arg, KCORO_KIND_CHAN);
}

static void chan_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct kcoro_chan *chan = file->private_data;
	u32 queued, senders, receivers;
	bool closed;

	raw_spin_lock_irq(&chan->lock);
	queued = chan->count;
	senders = chan->senders;
	receivers = chan->receivers;
	closed = chan->closed;
	raw_spin_unlock_irq(&chan->lock);
	seq_printf(m, "kcoro-kind:\tchannel\nkcoro-id:\t%llu\n", chan->id);
	seq_printf(m, "kcoro-ends:\t%s%s\n",
		   file->f_mode & FMODE_WRITE ? "send " : "",
		   file->f_mode & FMODE_READ ? "recv" : "");
	if (chan->buffers)
		seq_printf(m, "kcoro-buf-max:\t%u\n", chan->buf_max);
	else
		seq_printf(m, "kcoro-elem-size:\t%u\n", chan->elem_size);
	if (chan->carrier)
		seq_puts(m, "kcoro-carrier:\t1\n");
	seq_printf(m, "kcoro-capacity:\t%u\nkcoro-queued:\t%u\n",
		   chan->capacity, queued);
	seq_printf(m, "kcoro-senders:\t%u\nkcoro-receivers:\t%u\n",
		   senders, receivers);
	seq_printf(m, "kcoro-closed:\t%u\n", closed);
}

static const struct file_operations chan_fops = {
	.owner = THIS_MODULE,
	.release = chan_release,
	.read_iter = chan_read_iter,
	.write_iter = chan_write_iter,
	.poll = chan_poll,
	.unlocked_ioctl = chan_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = chan_show_fdinfo,
};

/**
 * kcoro_chan_of_file() - the channel behind a file
 * @file: any file
 * @ends: out: the ends that it holds
 *
 * Context: any.
 * Return: the channel, held by @file; NULL if it is no channel's.
 */
struct kcoro_chan *kcoro_chan_of_file(const struct file *file, u32 *ends)
{
	if (file->f_op != &chan_fops)
		return NULL;
	*ends = file_ends(file);
	return file->private_data;
}

/**
 * kcoro_chan_file() - make a file of ends of a channel
 * @chan: the channel
 * @ends: held by the caller; the file takes that over. If it cannot be made they go
 * @flags: O_NONBLOCK or 0
 *
 * Context: process.
 * Return: the file, -ENFILE, -ENOMEM.
 */
struct file *kcoro_chan_file(struct kcoro_chan *chan, u32 ends, int flags)
{
	struct file *file;

	flags |= ends == ENDS_BOTH ? O_RDWR :
		 ends == KCORO_SEND ? O_WRONLY : O_RDONLY;
	file = anon_inode_getfile("[kcoro-chan]", &chan_fops, chan, flags);
	if (IS_ERR(file)) {
		kcoro_chan_drop(chan, ends);
		return file;
	}
	count_files(chan, 1);
	stream_open(NULL, file);
	file->f_mode |= FMODE_NOWAIT;
	return file;
}

/* Tell the program of its descriptors, and only then let them be. */
static int chan_install(struct kcoro_call *call, struct kcoro_chan *chan,
			struct file **files, int nr)
{
	struct kcoro_chan_create *args = &call->arg.chan_create;
	int fds[2];
	int i, err;

	for (i = 0; i < nr; i++) {
		fds[i] = get_unused_fd_flags(O_CLOEXEC);
		if (fds[i] < 0) {
			err = fds[i];
			goto err_fds;
		}
	}
	args->send_fd = fds[0];
	args->recv_fd = fds[nr - 1];
	args->id = kcoro_chan_id(chan);
	err = kcoro_call_reply(call);
	if (err)
		goto err_fds;
	for (i = 0; i < nr; i++)
		fd_install(fds[i], files[i]);
	return 0;

err_fds:
	while (i--)
		put_unused_fd(fds[i]);
	return err;
}

/**
 * kcoro_ioc_chan_create() - KCORO_IOC_CHAN_CREATE
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_chan_create(struct file *file, struct kcoro_call *call)
{
	struct kcoro_chan_create *args = &call->arg.chan_create;
	int flags = args->flags & KCORO_CHAN_NONBLOCK ? O_NONBLOCK : 0;
	struct kcoro_ctx *ctx = file->private_data;
	struct kcoro_chan *chan;
	struct file *files[2];
	int nr = 0, err;

	if (args->flags & ~KCORO_CHAN_FLAGS ||
	    (args->flags & KCORO_CHAN_CARRIER && args->elem_size))
		return -EINVAL;
	err = kcoro_ctx_admit_chan(ctx);
	if (err)
		return err;
	chan = kcoro_chan_make(args->elem_size, args->buf_max, args->capacity,
			       GFP_KERNEL_ACCOUNT, ctx);
	if (IS_ERR(chan)) {
		kcoro_ctx_chan_freed(ctx);
		return PTR_ERR(chan);
	}
	chan->carrier = args->flags & KCORO_CHAN_CARRIER;
	if (args->flags & KCORO_CHAN_BOTH) {
		files[nr] = kcoro_chan_file(chan, ENDS_BOTH, flags);
		if (IS_ERR(files[nr]))
			return PTR_ERR(files[nr]);
		nr++;
	} else {
		files[nr] = kcoro_chan_file(chan, KCORO_SEND, flags);
		if (IS_ERR(files[nr])) {
			kcoro_chan_drop(chan, KCORO_RECV);
			return PTR_ERR(files[nr]);
		}
		nr++;
		files[nr] = kcoro_chan_file(chan, KCORO_RECV, flags);
		if (IS_ERR(files[nr])) {
			err = PTR_ERR(files[nr]);
			goto err_files;
		}
		nr++;
	}
	err = chan_install(call, chan, files, nr);
	if (err)
		goto err_files;
	return 0;

err_files:
	while (nr--)
		fput(files[nr]);
	return err;
}

/**
 * struct chan_io - a SEND or RECV under way
 * @user: where the program has the argument
 * @msg: the message at hand
 * @done: messages moved, without it
 * @deadline: or KCORO_FOREVER
 * @nowait: do not wait for the message at hand
 */
struct chan_io {
	struct kcoro_io __user *user;
	struct kcoro_msg msg;
	u32 done;
	ktime_t deadline;
	bool nowait;
};

/* 1: sent. */
static int io_send(struct chan_io *io, const struct kcoro_iov *iov)
{
	struct iov_iter from;
	int err;

	iov_iter_ubuf(&from, ITER_SOURCE, u64_to_user_ptr(iov->addr), iov->len);
	err = kcoro_msg_fill(&io->msg, &from);
	if (err)
		return err;
	err = put_user(io->done + 1, &io->user->done);
	if (!err)
		err = kcoro_chan_send(io->msg.chan, kcoro_msg_addr(&io->msg),
				      io->deadline, io->nowait);
	if (err && io->msg.buf)
		kcoro_buf_free(io->msg.buf);
	io->msg.buf = NULL;
	return err ?: 1;
}

/* 1: received. 0: end of stream. */
static int io_recv(struct chan_io *io, const struct kcoro_iov *iov,
		   struct kcoro_iov __user *user)
{
	struct iov_iter to;
	int ret;
	u32 len;

	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(iov->addr), iov->len);
	ret = kcoro_msg_check_room(&io->msg, &to);
	if (ret == -EMSGSIZE &&
	    put_user(kcoro_msg_len(&io->msg), &user->len))
		ret = -EFAULT;
	if (ret)
		return ret;
	ret = kcoro_chan_recv(io->msg.chan, kcoro_msg_addr(&io->msg),
			      io->deadline, io->nowait);
	if (ret <= 0)
		return ret;
	len = kcoro_msg_len(&io->msg);
	if ((len != iov->len && put_user(len, &user->len)) ||
	    put_user(io->done + 1, &io->user->done)) {
		kcoro_msg_put_back(&io->msg);
		return -EFAULT;
	}
	return kcoro_msg_give(&io->msg, &to) ?: 1;
}

static int chan_io(struct file *file, struct kcoro_call *call, u32 end)
{
	struct kcoro_io *args = &call->arg.io;
	struct kcoro_iov __user *user = u64_to_user_ptr(args->iov);
	bool nowait = args->flags & KCORO_IO_NOWAIT ||
		      file->f_flags & O_NONBLOCK;
	struct chan_io io;
	struct kcoro_iov iov;
	int ret;

	if (args->flags & ~KCORO_IO_FLAGS || args->pad || !args->count ||
	    args->count > KCORO_BATCH_MAX)
		return -EINVAL;
	if (!(file_ends(file) & end))
		return -EBADF;
	args->done = 0;
	ret = kcoro_call_reply(call);
	if (ret)
		return ret;
	io.user = call->user;
	io.deadline = kcoro_call_deadline(args->deadline_ns);
	ret = kcoro_msg_init(&io.msg, file->private_data);
	if (ret)
		return ret;
	for (io.done = 0; io.done < args->count; io.done++, user++) {
		ret = -EFAULT;
		if (copy_from_user(&iov, user, sizeof(iov)))
			break;
		ret = -EINVAL;
		if (iov.pad)
			break;
		io.nowait = nowait || (end == KCORO_RECV && io.done &&
				       !(args->flags & KCORO_IO_ALL));
		ret = end == KCORO_SEND ? io_send(&io, &iov) :
					  io_recv(&io, &iov, user);
		if (ret <= 0)
			break;
		cond_resched();
	}
	kcoro_msg_free(&io.msg);
	if (ret > 0)
		return 0;
	/* One more may be counted. If that stays, nobody can read it. */
	if (put_user(io.done, &io.user->done) && !io.done)
		ret = -EFAULT;
	return io.done ? 0 : ret;
}

/**
 * kcoro_ioc_send() - KCORO_IOC_SEND
 * @file: a channel
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_send(struct file *file, struct kcoro_call *call)
{
	return chan_io(file, call, KCORO_SEND);
}

/**
 * kcoro_ioc_recv() - KCORO_IOC_RECV
 * @file: a channel
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_recv(struct file *file, struct kcoro_call *call)
{
	return chan_io(file, call, KCORO_RECV);
}

/**
 * kcoro_ioc_close() - KCORO_IOC_CLOSE
 * @file: a channel
 * @call: the call, which has no argument
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_close(struct file *file, struct kcoro_call *call)
{
	if (!(file_ends(file) & KCORO_SEND))
		return -EBADF;
	return kcoro_chan_close(file->private_data);
}

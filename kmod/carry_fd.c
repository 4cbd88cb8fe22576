// SPDX-License-Identifier: GPL-2.0
/*
 * Messages with ends of channels, for programs.
 *
 * Model: a program sends its message with descriptors of channels, which it keeps; the
 * message holds the ends once more. Who receives it gets descriptors of its own. Memory
 * of the program is written, and descriptors are reserved, before the message is given
 * away: if that fails it goes back. A message with ends that is received by a call that
 * has no room for any is given without: the ends are dropped, as recvmsg(2) does.
 *
 * Locks: none here.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kcoro.h>
#include <linux/uio.h>

#include "carry.h"
#include "chan.h"
#include "chan_fd.h"
#include "dev.h"

/* What one receive has made. */
struct made {
	u32 nr;
	int fd[KCORO_CARRY_MAX];
	struct file *file[KCORO_CARRY_MAX];
};

static int check_args(const struct kcoro_carry *args)
{
	return args->flags & ~KCORO_IO_NOWAIT || args->pad ||
	       args->nr_fds > KCORO_CARRY_MAX ? -EINVAL : 0;
}

static bool is_nowait(const struct file *file, const struct kcoro_carry *args)
{
	return args->flags & KCORO_IO_NOWAIT || file->f_flags & O_NONBLOCK;
}

static int carry_fd(struct kcoro_buf *buf, int fd)
{
	struct file *file = fget(fd);
	struct kcoro_chan *chan;
	u32 ends;
	int err;

	if (!file)
		return -EBADF;
	chan = kcoro_chan_of_file(file, &ends);
	err = chan ? 0 : -EBADF;
	if (chan) {
		kcoro_chan_hold(chan, ends);
		err = kcoro_buf_carry(buf, chan, ends, GFP_KERNEL_ACCOUNT);
		if (err)
			kcoro_chan_drop(chan, ends);
	}
	fput(file);
	return err;
}

/**
 * kcoro_ioc_carry_send() - KCORO_IOC_CARRY_SEND
 * @file: a channel
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_carry_send(struct file *file, struct kcoro_call *call)
{
	struct kcoro_carry *args = &call->arg.carry;
	struct kcoro_chan *chan = file->private_data;
	struct kcoro_msg msg;
	struct iov_iter from;
	int err = check_args(args);
	u32 i;

	if (err)
		return err;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!chan->carrier)
		return -EINVAL;
	err = kcoro_msg_init(&msg, chan);
	if (err)
		return err;
	iov_iter_ubuf(&from, ITER_SOURCE, u64_to_user_ptr(args->addr), args->len);
	err = kcoro_msg_fill(&msg, &from);
	for (i = 0; i < args->nr_fds && !err; i++)
		err = carry_fd(msg.buf, args->fds[i]);
	if (!err && args->nr_fds)
		err = kcoro_carry_check(chan, msg.buf);
	if (!err)
		err = kcoro_chan_send(chan, kcoro_msg_addr(&msg),
				      kcoro_call_deadline(args->deadline_ns),
				      is_nowait(file, args));
	if (!err)
		msg.buf = NULL;
	kcoro_msg_free(&msg);
	/* There is nothing to tell, and once it is sent nothing may fail. */
	call->replied = true;
	return err;
}

static void undo(struct made *made)
{
	while (made->nr--) {
		put_unused_fd(made->fd[made->nr]);
		fput(made->file[made->nr]);
	}
}

/* Descriptors for all that a message carries. */
static int make(const struct kcoro_carried *carried, struct made *made)
{
	int err;

	for (made->nr = 0; made->nr < carried->nr; made->nr++) {
		struct kcoro_chan *chan = carried->end[made->nr].chan;
		u32 ends = carried->end[made->nr].ends;
		struct file *file;
		int fd = get_unused_fd_flags(O_CLOEXEC);

		if (fd < 0) {
			err = fd;
			goto err_undo;
		}
		kcoro_chan_hold(chan, ends);
		file = kcoro_chan_file(chan, ends, 0);
		if (IS_ERR(file)) {
			put_unused_fd(fd);
			err = PTR_ERR(file);
			goto err_undo;
		}
		made->fd[made->nr] = fd;
		made->file[made->nr] = file;
	}
	return 0;

err_undo:
	undo(made);
	return err;
}

/* Give a claimed message to the program, or put it back. */
static int give(struct kcoro_call *call, struct kcoro_msg *msg,
		struct iov_iter *to)
{
	struct kcoro_carry *args = &call->arg.carry;
	const struct kcoro_carried *carried = msg->buf->carried;
	struct made made = { .nr = 0 };
	u32 i;
	int err = 0;

	if (kcoro_msg_len(msg) > args->len ||
	    (carried && carried->nr > args->nr_fds))
		err = -EMSGSIZE;
	else if (carried)
		err = make(carried, &made);
	if (err) {
		kcoro_msg_put_back(msg);
		return err;
	}
	args->len = kcoro_msg_len(msg);
	args->nr_fds = made.nr;
	for (i = 0; i < made.nr; i++)
		args->fds[i] = made.fd[i];
	err = kcoro_call_reply(call);
	if (err)
		kcoro_msg_put_back(msg);
	else
		err = kcoro_msg_give(msg, to);
	if (err) {
		undo(&made);
		return err;
	}
	for (i = 0; i < made.nr; i++)
		fd_install(made.fd[i], made.file[i]);
	return 0;
}

/**
 * kcoro_ioc_carry_recv() - KCORO_IOC_CARRY_RECV
 * @file: a channel
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_carry_recv(struct file *file, struct kcoro_call *call)
{
	struct kcoro_carry *args = &call->arg.carry;
	struct kcoro_msg msg;
	struct iov_iter to;
	int ret = check_args(args);

	if (ret)
		return ret;
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	ret = kcoro_msg_init(&msg, file->private_data);
	if (ret)
		return ret;
	if (!msg.chan->carrier) {
		ret = -EINVAL;
		goto out;
	}
	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(args->addr), args->len);
	ret = kcoro_msg_check_room(&msg, &to);
	if (ret)
		goto out;
	ret = kcoro_chan_recv(msg.chan, kcoro_msg_addr(&msg),
			      kcoro_call_deadline(args->deadline_ns),
			      is_nowait(file, args));
	if (ret > 0) {
		ret = give(call, &msg, &to);
	} else if (!ret) {
		args->len = 0;
		args->nr_fds = 0;
	}
out:
	kcoro_msg_free(&msg);
	return ret;
}

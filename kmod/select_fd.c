// SPDX-License-Identifier: GPL-2.0
/*
 * SELECT: a program waits for the first of several channel operations, ends of
 * tasks, and files.
 *
 * Model: kcoro_select() does it; here messages are taken from the program for
 * all sends beforehand, and given to it for the one receive that was carried
 * out, or put back (chan_fd.c). A program may give the same descriptor twice.
 * Any file that can be polled will do: ->poll is called in the program's own
 * thread, as poll(2) does, and nothing is read or written.
 *
 * Invariants: each case holds its file, so that another thread's close(2) does
 * not end the channel under the call. Nothing is carried out unless all cases
 * are valid.
 *
 * One exception remains: a send that was carried out, whose @index cannot be
 * written because another thread has unmapped the argument since dev.c tried to
 * write it, gives EFAULT. A receive tells its @index before it gives the
 * message.
 *
 * Locks: none here.
 *
 * Forbidden: to touch the messages of cases that were not carried out before
 * kcoro_select() has returned.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "chan.h"
#include "chan_fd.h"
#include "dev.h"
#include "task_fd.h"

/**
 * struct sel_case - one case
 * @user: as the program gave it
 * @file: the descriptor's, held; or NULL: never ready
 * @msg: its message, initialised if it is a channel's
 */
struct sel_case {
	struct kcoro_case user;
	struct file *file;
	struct kcoro_msg msg;
};

/**
 * struct sel - one SELECT
 * @nr: number of cases
 * @user: where the program has them
 * @cases: what kcoro_select() takes
 * @our: the rest, up to the first that could not be set up
 */
struct sel {
	u32 nr;
	struct kcoro_case __user *user;
	struct kcoro_select_case *cases;
	struct sel_case *our;
};

static void case_iter(const struct sel_case *c, struct iov_iter *iter)
{
	iov_iter_ubuf(iter, c->user.op == KCORO_OP_SEND ? ITER_SOURCE :
						       ITER_DEST,
		      u64_to_user_ptr(c->user.addr), c->user.len);
}

/* Tell the program how long a message is. */
static int case_put_len(const struct sel *sel, u32 index, u32 len)
{
	return put_user(len, &sel->user[index].len);
}

static bool case_is_channel(const struct sel_case *c)
{
	return c->user.op == KCORO_OP_SEND || c->user.op == KCORO_OP_RECV;
}

static void case_undo(struct sel_case *c)
{
	if (!c->file)
		return;
	if (case_is_channel(c))
		kcoro_msg_free(&c->msg);
	fput(c->file);
}

/* What is behind the descriptor of a case. */
static int case_find(struct sel_case *c, struct kcoro_select_case *to)
{
	u32 ends;

	switch (c->user.op) {
	case KCORO_OP_JOIN:
		if (!kcoro_is_task_file(c->file))
			return -EBADF;
		to->task = kcoro_task_of_file(c->file);
		return 0;
	case KCORO_OP_POLL:
		to->file = c->file;
		to->events = demangle_poll(c->user.len);
		return 0;
	default:
		to->chan = kcoro_chan_of_file(c->file, &ends);
		if (!to->chan || !(ends & c->user.op))
			return -EBADF;
		return kcoro_msg_init(&c->msg, to->chan);
	}
}

static int case_open(struct sel_case *c, struct kcoro_select_case *to)
{
	int err;

	c->file = fget(c->user.fd);
	if (!c->file)
		return -EBADF;
	err = case_find(c, to);
	if (err) {
		fput(c->file);
		c->file = NULL;
	}
	return err;
}

static bool case_is_valid(const struct sel_case *c)
{
	if (c->user.pad)
		return false;
	switch (c->user.op) {
	case KCORO_OP_SEND:
	case KCORO_OP_RECV:
		return true;
	case KCORO_OP_JOIN:
		return !c->user.addr && !c->user.len;
	case KCORO_OP_POLL:
		/* Events that do not exist would not come back. */
		return !c->user.addr &&
		       mangle_poll(demangle_poll(c->user.len)) == c->user.len;
	default:
		return false;
	}
}

static int case_setup(struct sel *sel, u32 index)
{
	struct kcoro_select_case *to = &sel->cases[index];
	struct sel_case *c = &sel->our[index];
	struct iov_iter iter;
	int err;

	if (copy_from_user(&c->user, &sel->user[index], sizeof(c->user)))
		return -EFAULT;
	if (!case_is_valid(c))
		return -EINVAL;
	to->op = c->user.op;
	if (c->user.fd < 0)
		return 0;
	err = case_open(c, to);
	if (err || !case_is_channel(c))
		return err;
	to->msg = kcoro_msg_addr(&c->msg);
	case_iter(c, &iter);
	if (to->op == KCORO_OP_SEND) {
		err = kcoro_msg_fill(&c->msg, &iter);
	} else {
		err = kcoro_msg_check_room(&c->msg, &iter);
		if (err == -EMSGSIZE &&
		    case_put_len(sel, index, kcoro_msg_len(&c->msg)))
			err = -EFAULT;
	}
	if (err)
		case_undo(c);
	return err;
}

/* Deliver what the case that was carried out has brought. */
static int case_finish(struct sel *sel, u32 index, struct kcoro_call *call)
{
	struct kcoro_select *args = &call->arg.select;
	int result = sel->cases[index].result;
	struct sel_case *c = &sel->our[index];
	struct iov_iter to;

	args->index = index;
	args->error = 0;
	if (c->user.op == KCORO_OP_JOIN)
		return 0;
	if (c->user.op == KCORO_OP_POLL)
		return case_put_len(sel, index,
				    mangle_poll((__force __poll_t)result));
	if (c->user.op == KCORO_OP_SEND) {
		if (!result)
			c->msg.buf = NULL;	/* the receiver's now */
		args->error = result;
		return 0;
	}
	if (!result)
		return case_put_len(sel, index, 0);
	if (case_put_len(sel, index, kcoro_msg_len(&c->msg)) ||
	    kcoro_call_reply(call)) {
		kcoro_msg_put_back(&c->msg);
		return -EFAULT;
	}
	case_iter(c, &to);
	return kcoro_msg_give(&c->msg, &to);
}

static int sel_run(struct sel *sel, struct kcoro_call *call)
{
	struct kcoro_select *args = &call->arg.select;
	u32 ready = 0;
	int ret = 0;

	while (ready < sel->nr && !ret) {
		ret = case_setup(sel, ready);
		if (!ret)
			ready++;
	}
	if (!ret)
		ret = kcoro_select(sel->cases, sel->nr, args->flags,
				   kcoro_call_deadline(args->deadline_ns));
	if (ret >= 0)
		ret = case_finish(sel, ret, call);
	while (ready--)
		case_undo(&sel->our[ready]);
	return ret;
}

/**
 * kcoro_ioc_select() - KCORO_IOC_SELECT
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_select(struct file *file, struct kcoro_call *call)
{
	struct kcoro_select *args = &call->arg.select;
	struct sel sel = {
		.nr = args->count,
		.user = u64_to_user_ptr(args->cases),
	};
	int err = -ENOMEM;

	if (args->flags & ~KCORO_SELECT_FLAGS || !args->count ||
	    args->count > KCORO_SELECT_MAX)
		return -EINVAL;
	sel.cases = kcalloc(sel.nr, sizeof(*sel.cases), GFP_KERNEL_ACCOUNT);
	sel.our = kcalloc(sel.nr, sizeof(*sel.our), GFP_KERNEL_ACCOUNT);
	if (sel.cases && sel.our)
		err = sel_run(&sel, call);
	kfree(sel.our);
	kfree(sel.cases);
	return err;
}

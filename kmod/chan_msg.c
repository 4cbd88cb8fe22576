// SPDX-License-Identifier: GPL-2.0
/*
 * Messages through channels: send, receive, put back. Model, invariants and
 * locks are those of chan.c.
 *
 * An operation locks the channel and does what it can at once (try_send,
 * try_recv). If it has to wait, it goes one of two ways. A task that waits for
 * ever parks with the lock held (chan_park), which costs least; a thread, a wait
 * with a deadline, and one that others have to be told of because they poll, arm
 * the wait first (chan_wait).
 *
 * Whoever finds a waiter carries out its operation, too: the waiter has nothing
 * to do but to go on.
 */
#include <linux/kcoro.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "carry.h"
#include "chan.h"
#include "sched.h"
#include "task.h"
#include "trace.h"
#include "worker.h"

static __always_inline void msg_copy(const struct kcoro_chan *chan, void *to,
				     const void *from)
{
	if (likely(chan->elem_size == sizeof(u64)))
		memcpy(to, from, sizeof(u64));
	else
		memcpy(to, from, chan->elem_size);
}

static __always_inline int try_send(struct kcoro_chan *chan, void *msg,
				    struct kcoro_wait **wake)
{
	struct kcoro_waiter *receiver;

	lockdep_assert_held(&chan->lock);
	if (unlikely(chan->closed || !chan->receivers))
		return -EPIPE;
	receiver = kcoro_waitq_take(&chan->recvq, 1);
	if (receiver) {
		trace_kcoro_send(chan, ++chan->seq_in);
		trace_kcoro_recv(chan, ++chan->seq_out);
		msg_copy(chan, receiver->msg, msg);
		*wake = receiver->wait;
		return 0;
	}
	if (chan->count == chan->capacity)
		return -EAGAIN;
	trace_kcoro_send(chan, ++chan->seq_in);
	msg_copy(chan, kcoro_chan_slot(chan, chan->count), msg);
	chan->count++;
	return 0;
}

static __always_inline int try_recv(struct kcoro_chan *chan, void *msg,
				    struct kcoro_wait **wake)
{
	struct kcoro_returned *back;
	struct kcoro_waiter *sender;

	lockdep_assert_held(&chan->lock);
	back = list_first_entry_or_null(&chan->returned, struct kcoro_returned,
					node);
	if (unlikely(back)) {
		msg_copy(chan, msg, back->msg);
		list_move(&back->node, &chan->spent);
		return 1;
	}
	if (chan->count) {
		msg_copy(chan, msg, kcoro_chan_slot(chan, 0));
		kcoro_chan_pop(chan);
		trace_kcoro_recv(chan, ++chan->seq_out);
		sender = kcoro_waitq_take(&chan->sendq, 0);
		if (sender) {
			trace_kcoro_send(chan, ++chan->seq_in);
			msg_copy(chan, kcoro_chan_slot(chan, chan->count),
				 sender->msg);
			chan->count++;
			*wake = sender->wait;
		}
		return 1;
	}
	sender = kcoro_waitq_take(&chan->sendq, 0);
	if (sender) {
		trace_kcoro_send(chan, ++chan->seq_in);
		trace_kcoro_recv(chan, ++chan->seq_out);
		msg_copy(chan, msg, sender->msg);
		*wake = sender->wait;
		return 1;
	}
	if (chan->closed || !chan->senders)
		return 0;
	return -EAGAIN;
}

/**
 * kcoro_chan_try_send() - send if that needs no waiting
 * @chan: its lock is held
 * @msg: the message
 * @wake: gets whom to wake once the lock is dropped, else is left alone
 *
 * Return: 0, -EPIPE, -EAGAIN.
 */
int kcoro_chan_try_send(struct kcoro_chan *chan, void *msg,
			struct kcoro_wait **wake)
{
	return try_send(chan, msg, wake);
}

/**
 * kcoro_chan_try_recv() - receive if that needs no waiting
 * @chan: its lock is held
 * @msg: where to
 * @wake: gets whom to wake once the lock is dropped, else is left alone
 *
 * Return: 1, 0 (end of stream), -EAGAIN.
 */
int kcoro_chan_try_recv(struct kcoro_chan *chan, void *msg,
			struct kcoro_wait **wake)
{
	return try_recv(chan, msg, wake);
}

/*
 * Wait in @queue as a thread, with a deadline, or on a channel that somebody
 * polls. The lock is dropped.
 */
static noinline int chan_wait(struct kcoro_chan *chan, struct kcoro_waitq *queue,
			      void *msg, u8 reason, ktime_t deadline,
			      unsigned long flags)
	__releases(&chan->lock)
{
	struct kcoro_waiter waiter = { .msg = msg };
	struct kcoro_wait onstack;
	int err;

	waiter.wait = kcoro_wait_get(&onstack);
	err = kcoro_wait_begin(waiter.wait, reason);
	if (!err) {
		WRITE_ONCE(waiter.wait->on, (unsigned long)chan);
		kcoro_waitq_add(queue, &waiter);
	}
	raw_spin_unlock(&chan->lock);
	if (chan->irq)
		local_irq_restore(flags);
	if (err)
		return err;
	kcoro_chan_poll_wake(chan);
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		raw_spin_lock_irqsave(&chan->lock, flags);
		kcoro_waitq_del(queue, &waiter);
		raw_spin_unlock_irqrestore(&chan->lock, flags);
	}
	return err ?: waiter.result;
}

/*
 * The same for a task that waits for ever: it leaves its stack with the lock
 * held, and so needs not arm its wait before it has left.
 */
static __always_inline int chan_park(struct kcoro_chan *chan,
				     struct kcoro_task *self,
				     struct kcoro_waitq *queue, void *msg,
				     u8 reason)
	__releases(&chan->lock)
{
	struct kcoro_waiter waiter;

	waiter.msg = msg;
	waiter.wait = &self->wait;
	self->wait.cause = 0;
	WRITE_ONCE(self->wait.on, (unsigned long)chan);
	WRITE_ONCE(self->wait.reason, reason);
	kcoro_waitq_add(queue, &waiter);
	kcoro_worker_park_locked(self, &chan->lock);
	if (likely(!self->wait.cause))
		return waiter.result;
	raw_spin_lock_irq(&chan->lock);
	kcoro_waitq_del(queue, &waiter);
	raw_spin_unlock_irq(&chan->lock);
	return self->wait.cause;
}

/*
 * kcoro_wait_wake() under the channel's lock, if @self, the task that calls or
 * NULL, can do it by itself: its worker's queue is its own.
 */
static __always_inline bool wake_here(struct kcoro_wait *wait,
				      struct kcoro_task *self)
{
	const struct kcoro_worker *worker;

	if (unlikely(!self || !wait->task || !kcoro_wait_owned(wait)))
		return false;
	worker = self->worker;
	if (unlikely(worker->cpu->owner != worker || wait->task->special))
		return false;
	self->wakes++;
	trace_kcoro_wake(wait->task);
	kcoro_sched_next(worker->cpu, wait->task);
	return true;
}

/* An operation: what can be done with the message at once, or else a wait. */
static __always_inline int chan_op(struct kcoro_chan *chan, bool send,
				   void *msg, ktime_t deadline, bool nowait)
{
	struct kcoro_waitq *queue = send ? &chan->sendq : &chan->recvq;
	u8 reason = send ? KCORO_WAIT_SEND : KCORO_WAIT_RECV;
	struct kcoro_task *self = kcoro_self();
	struct kcoro_wait *wake = NULL;
	unsigned long flags = 0;
	bool polled;
	int ret;

	if (unlikely(chan->irq))
		local_irq_save(flags);
	raw_spin_lock(&chan->lock);
	polled = chan->polled;
	/*
	 * What does not wait takes no cancel request from a call that does.
	 * Under the lock, so that a request from before a message or a close is
	 * seen before it.
	 */
	ret = nowait ? 0 : kcoro_wait_check(self);
	if (likely(!ret))
		ret = send ? try_send(chan, msg, &wake) :
			     try_recv(chan, msg, &wake);
	if (ret == -EAGAIN && !nowait) {
		if (likely(self && deadline == KCORO_FOREVER && !polled &&
			   !chan->irq))
			return chan_park(chan, self, queue, msg, reason);
		return chan_wait(chan, queue, msg, reason, deadline, flags);
	}
	if (wake && wake_here(wake, self))
		wake = NULL;
	raw_spin_unlock(&chan->lock);
	if (unlikely(chan->irq))
		local_irq_restore(flags);
	if (unlikely(wake))
		kcoro_wait_wake(wake);
	if (unlikely(polled) && ret >= 0)
		kcoro_chan_poll_wake(chan);
	return ret;
}

/**
 * kcoro_chan_send() - send one message
 * @chan: the caller holds its sending end
 * @msg: the element, or the address of the pointer to the buffer
 * @deadline: or KCORO_FOREVER
 * @nowait: do not wait
 *
 * Context: task or thread; may park unless @nowait.
 * Return: 0. -EAGAIN: @nowait, and it would have to wait. -EPIPE: closed, or
 * nobody can receive. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS: not sent.
 */
int kcoro_chan_send(struct kcoro_chan *chan, void *msg, ktime_t deadline,
		    bool nowait)
{
	return chan_op(chan, true, msg, deadline, nowait);
}

/**
 * kcoro_chan_recv() - receive one message
 * @chan: the caller holds its receiving end
 * @msg: room for the element, or for the pointer to the buffer
 * @deadline: or KCORO_FOREVER
 * @nowait: do not wait
 *
 * Context: task or thread; may park unless @nowait.
 * Return: 1: received. 0: end of stream. Else as kcoro_chan_send(), and
 * nothing was consumed.
 */
int kcoro_chan_recv(struct kcoro_chan *chan, void *msg, ktime_t deadline,
		    bool nowait)
{
	return chan_op(chan, false, msg, deadline, nowait);
}

/**
 * kcoro_chan_unrecv() - put a received message back, before all others
 * @chan: the caller holds its receiving end
 * @msg: as it was received
 *
 * Never fails. Others may have received later messages meanwhile: the order
 * is then lost, the message is not.
 *
 * Context: thread; may sleep.
 */
void kcoro_chan_unrecv(struct kcoro_chan *chan, void *msg)
{
	struct kcoro_wait *wake = NULL;
	struct kcoro_waiter *receiver;
	struct kcoro_returned *back;

	raw_spin_lock_irq(&chan->lock);
	back = list_first_entry_or_null(&chan->spent, struct kcoro_returned,
					node);
	if (back) {
		list_del(&back->node);
	} else {
		raw_spin_unlock_irq(&chan->lock);
		back = kmalloc(struct_size(back, msg, chan->elem_size),
			       GFP_KERNEL | __GFP_NOFAIL);
		raw_spin_lock_irq(&chan->lock);
	}
	msg_copy(chan, back->msg, msg);
	list_add(&back->node, &chan->returned);
	receiver = kcoro_waitq_take(&chan->recvq, 1);
	if (receiver) {
		msg_copy(chan, receiver->msg, back->msg);
		list_move(&back->node, &chan->spent);
		wake = receiver->wait;
	}
	raw_spin_unlock_irq(&chan->lock);
	if (wake)
		kcoro_wait_wake(wake);
	kcoro_chan_poll_wake(chan);
}

/**
 * kcoro_send() - send an element
 * @chan: a channel of elements; the caller holds its sending end
 * @elem: copied
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0. -EPIPE: closed, or nobody can receive. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS: not sent. -EINVAL: a channel of buffers.
 */
int kcoro_send(struct kcoro_chan *chan, const void *elem, ktime_t deadline)
{
	if (unlikely(chan->buffers))
		return -EINVAL;
	return chan_op(chan, true, (void *)elem, deadline, false);
}
EXPORT_SYMBOL_GPL(kcoro_send);

/**
 * kcoro_recv() - receive an element
 * @chan: a channel of elements; the caller holds its receiving end
 * @elem: room for it
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 1: received. 0: end of stream. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS:
 * nothing was consumed. -EINVAL: a channel of buffers.
 */
int kcoro_recv(struct kcoro_chan *chan, void *elem, ktime_t deadline)
{
	if (unlikely(chan->buffers))
		return -EINVAL;
	return chan_op(chan, false, elem, deadline, false);
}
EXPORT_SYMBOL_GPL(kcoro_recv);

/* May an operation that does not wait be done here? 0 or -EINVAL. */
static __always_inline int try_check(const struct kcoro_chan *chan)
{
	if (unlikely(chan->buffers))
		return -EINVAL;
	if (unlikely((in_hardirq() || in_serving_softirq()) && !chan->irq)) {
		WARN_ONCE(1, "kcoro: an interrupt handler uses a channel that was not made by kcoro_chan_create_irq()\n");
		return -EINVAL;
	}
	return 0;
}

/**
 * kcoro_try_send() - send an element if that needs no waiting
 * @chan: a channel of elements
 * @elem: copied
 *
 * Context: task or thread; for a channel from kcoro_chan_create_irq() any but
 * NMI.
 * Return: 0, -EAGAIN, -EPIPE. -EINVAL: a channel of buffers, or an interrupt
 * handler and another channel.
 */
int kcoro_try_send(struct kcoro_chan *chan, const void *elem)
{
	int err = try_check(chan) ?:
		  chan_op(chan, true, (void *)elem, 0, true);

	if (unlikely(err == -EAGAIN) && chan->irq)
		atomic64_inc(&chan->dropped);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_try_send);

/**
 * kcoro_chan_dropped() - how often kcoro_try_send() found no room
 * @chan: from kcoro_chan_create_irq(); others do not count
 *
 * Context: any.
 * Return: the number, of all callers: interrupt handlers, who drop what they have
 * then, and those who may try again.
 */
u64 kcoro_chan_dropped(const struct kcoro_chan *chan)
{
	return atomic64_read(&chan->dropped);
}
EXPORT_SYMBOL_GPL(kcoro_chan_dropped);

/**
 * kcoro_try_recv() - receive an element if that needs no waiting
 * @chan: a channel of elements
 * @elem: room for it
 *
 * Context: as kcoro_try_send().
 * Return: 1, 0 (end of stream), -EAGAIN, -EINVAL.
 */
int kcoro_try_recv(struct kcoro_chan *chan, void *elem)
{
	return try_check(chan) ?: chan_op(chan, false, elem, 0, true);
}
EXPORT_SYMBOL_GPL(kcoro_try_recv);

/**
 * kcoro_send_buf() - send a buffer
 * @chan: a channel of buffers; the caller holds its sending end
 * @buf: of 1 to the channel's largest number of bytes; its ownership passes on
 *	if the call returns 0
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: as kcoro_send(); -EMSGSIZE: empty or too long; -EINVAL: a channel of
 * elements, or @buf carries ends and @chan is no carrier; -EXDEV: ends of another
 * context.
 */
int kcoro_send_buf(struct kcoro_chan *chan, struct kcoro_buf *buf,
		   ktime_t deadline)
{
	if (unlikely(!chan->buffers))
		return -EINVAL;
	if (unlikely(!buf->len || buf->len > chan->buf_max))
		return -EMSGSIZE;
	if (unlikely(buf->carried)) {
		int err = kcoro_carry_check(chan, buf);

		if (err)
			return err;
	}
	return chan_op(chan, true, &buf, deadline, false);
}
EXPORT_SYMBOL_GPL(kcoro_send_buf);

/**
 * kcoro_recv_buf() - receive a buffer
 * @chan: a channel of buffers; the caller holds its receiving end
 * @buf: gets the buffer, which is the caller's then
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: as kcoro_recv(); -EINVAL: a channel of elements.
 */
int kcoro_recv_buf(struct kcoro_chan *chan, struct kcoro_buf **buf,
		   ktime_t deadline)
{
	if (unlikely(!chan->buffers))
		return -EINVAL;
	return chan_op(chan, false, buf, deadline, false);
}
EXPORT_SYMBOL_GPL(kcoro_recv_buf);

// SPDX-License-Identifier: GPL-2.0
/*
 * Channels.
 *
 * Model: a queue of messages between holders of a sending and of a receiving
 * end, as Go's. A message is an element of fixed size, copied, or a pointer to
 * a buffer, whose ownership moves; to this file both are bytes. A receiver
 * that has to wait leaves the address where the message shall go, and the
 * sender copies it there; a sender that has to wait leaves the address of its
 * message. Nothing passes through a third place.
 *
 *	case				result
 *	unbuffered			rendezvous
 *	buffered			first in first out, messages and waiters;
 *					full with a blocked sender: the receiver
 *					takes the head, the sender's goes to the
 *					tail
 *	close				queued messages drain, then receivers get
 *					0 (end of stream); senders -EPIPE
 *	last sender gone		as close
 *	last receiver gone		senders -EPIPE
 *	put back (unrecv)		goes before everything else
 *
 * Invariants: receivers wait only if there is no message and somebody can
 * still send; senders wait only if the queue is full and somebody can still
 * receive. So at most one of recvq and sendq has live waiters. Waiters whose
 * wait somebody else has won may still be in them: they are skipped.
 *
 * Locks: chan->lock, raw, irqs off, since hard interrupts send. Many at once
 * only in address order by select.c. Under it: the lock of no wait is taken,
 * waits are won by cmpxchg; wakes come after it is dropped.
 *
 * Rejected: a lock per end (a rendezvous needs both); messages in linked
 * nodes (an allocation each).
 */
#include <linux/kcoro.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "chan.h"
#include "context.h"
#include "task.h"
#include "trace.h"

/* A message that was received and put back: its reader's memory was bad. */
struct kcoro_returned {
	struct list_head node;
	u8 msg[];
};

static atomic64_t last_id = ATOMIC64_INIT(0);

/**
 * kcoro_buf_alloc() - make a buffer
 * @size: bytes, 1 to KCORO_BUF_MAX
 * @gfp: how
 *
 * Context: as @gfp says; over a few pages it may sleep.
 * Return: the buffer, with len 0, or NULL.
 */
struct kcoro_buf *kcoro_buf_alloc(u32 size, gfp_t gfp)
{
	struct kcoro_buf *buf;

	if (!size || size > KCORO_BUF_MAX)
		return NULL;
	buf = kvmalloc(struct_size(buf, data, size), gfp);
	if (buf) {
		buf->len = 0;
		buf->size = size;
	}
	return buf;
}
EXPORT_SYMBOL_GPL(kcoro_buf_alloc);

/**
 * kcoro_buf_free() - free a buffer that the caller owns
 * @buf: or NULL
 *
 * Context: any but NMI and hard interrupt.
 */
void kcoro_buf_free(struct kcoro_buf *buf)
{
	kvfree(buf);
}
EXPORT_SYMBOL_GPL(kcoro_buf_free);

static __always_inline void msg_copy(const struct kcoro_chan *chan, void *to,
				     const void *from)
{
	if (likely(chan->elem_size == sizeof(u64)))
		memcpy(to, from, sizeof(u64));
	else
		memcpy(to, from, chan->elem_size);
}

static void *ring_slot(struct kcoro_chan *chan, u32 nth)
{
	u32 i = chan->head + nth;

	if (i >= chan->capacity)
		i -= chan->capacity;
	return chan->ring + (size_t)i * chan->elem_size;
}

static void chan_free(struct kcoro_chan *chan)
{
	struct kcoro_returned *back, *next;
	struct kcoro_buf *buf;
	u32 i;

	irq_work_sync(&chan->poll_work);
	if (chan->buffers)
		for (i = 0; i < chan->count; i++) {
			memcpy(&buf, ring_slot(chan, i), sizeof(buf));
			kcoro_buf_free(buf);
		}
	list_for_each_entry_safe(back, next, &chan->returned, node) {
		if (chan->buffers) {
			memcpy(&buf, back->msg, sizeof(buf));
			kcoro_buf_free(buf);
		}
		kfree(back);
	}
	list_for_each_entry_safe(back, next, &chan->spent, node)
		kfree(back);
	if (chan->ctx)
		kcoro_ctx_chan_freed(chan->ctx);
	kvfree(chan->ring);
	kfree(chan);
}

static void poll_work(struct irq_work *work)
{
	struct kcoro_chan *chan =
		container_of(work, struct kcoro_chan, poll_work);
	__poll_t events = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;

	/* Those who asked for no events still wait for these. */
	if (READ_ONCE(chan->closed) || !READ_ONCE(chan->senders) ||
	    !READ_ONCE(chan->receivers))
		events |= EPOLLHUP | EPOLLERR;
	wake_up_poll(&chan->poll_wait, events);
}

/**
 * kcoro_chan_make() - make a channel
 * @elem_size: bytes of an element, 1 to KCORO_ELEM_MAX; 0: buffers
 * @buf_max: largest buffer, bytes; 0: KCORO_BUF_MAX. 0 unless buffers
 * @capacity: messages, 0 (unbuffered) to KCORO_CAPACITY_MAX
 * @gfp: GFP_KERNEL or GFP_KERNEL_ACCOUNT
 * @ctx: who pays, told by kcoro_ctx_chan_freed(); or NULL
 *
 * Context: may sleep.
 * Return: the channel with both ends held once. -EINVAL: over a limit.
 * -ENOMEM.
 */
struct kcoro_chan *kcoro_chan_make(u32 elem_size, u32 buf_max, u32 capacity,
				   gfp_t gfp, struct kcoro_ctx *ctx)
{
	struct kcoro_chan *chan;

	if (elem_size > KCORO_ELEM_MAX || capacity > KCORO_CAPACITY_MAX ||
	    buf_max > KCORO_BUF_MAX || (elem_size && buf_max))
		return ERR_PTR(-EINVAL);
	chan = kzalloc(sizeof(*chan), gfp);
	if (!chan)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&chan->lock);
	chan->buffers = !elem_size;
	chan->elem_size = elem_size ?: sizeof(struct kcoro_buf *);
	chan->buf_max = buf_max ?: KCORO_BUF_MAX;
	chan->capacity = capacity;
	if (capacity) {
		chan->ring = kvmalloc_array(capacity, chan->elem_size, gfp);
		if (!chan->ring) {
			kfree(chan);
			return ERR_PTR(-ENOMEM);
		}
	}
	chan->senders = 1;
	chan->receivers = 1;
	refcount_set(&chan->refs, 2);
	INIT_LIST_HEAD(&chan->recvq);
	INIT_LIST_HEAD(&chan->sendq);
	INIT_LIST_HEAD(&chan->returned);
	INIT_LIST_HEAD(&chan->spent);
	init_waitqueue_head(&chan->poll_wait);
	init_irq_work(&chan->poll_work, poll_work);
	chan->ctx = ctx;
	chan->id = atomic64_inc_return(&last_id);
	return chan;
}

/**
 * kcoro_chan_create() - make a channel of elements
 * @elem_size: bytes of an element, 1 to KCORO_ELEM_MAX
 * @capacity: elements it may hold; 0: unbuffered
 *
 * Context: may sleep.
 * Return: the channel, with both ends held by the caller: give them up with
 * kcoro_chan_drop(chan, KCORO_SEND | KCORO_RECV). -EINVAL: over a limit.
 * -ENOMEM.
 */
struct kcoro_chan *kcoro_chan_create(u32 elem_size, u32 capacity)
{
	if (!elem_size)
		return ERR_PTR(-EINVAL);
	return kcoro_chan_make(elem_size, 0, capacity, GFP_KERNEL, NULL);
}
EXPORT_SYMBOL_GPL(kcoro_chan_create);

/**
 * kcoro_chan_create_buf() - make a channel of buffers
 * @buf_max: largest buffer in bytes; 0: KCORO_BUF_MAX
 * @capacity: buffers it may hold; 0: unbuffered
 *
 * Context, Return: as kcoro_chan_create().
 */
struct kcoro_chan *kcoro_chan_create_buf(u32 buf_max, u32 capacity)
{
	return kcoro_chan_make(0, buf_max, capacity, GFP_KERNEL, NULL);
}
EXPORT_SYMBOL_GPL(kcoro_chan_create_buf);

/**
 * kcoro_chan_hold() - hold ends once more
 * @chan: the channel
 * @ends: KCORO_SEND, KCORO_RECV or both: the caller knows that they are held
 *
 * Context: any but NMI.
 */
void kcoro_chan_hold(struct kcoro_chan *chan, u32 ends)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&chan->lock, flags);
	if (ends & KCORO_SEND) {
		refcount_inc(&chan->refs);
		chan->senders++;
	}
	if (ends & KCORO_RECV) {
		refcount_inc(&chan->refs);
		chan->receivers++;
	}
	raw_spin_unlock_irqrestore(&chan->lock, flags);
}
EXPORT_SYMBOL_GPL(kcoro_chan_hold);

/* Win all waiters of a queue: there is nothing to wait for any more. */
static void take_all(struct list_head *queue, struct list_head *wakes,
		     int result)
{
	struct kcoro_waiter *waiter;

	while (!list_empty(queue)) {
		waiter = list_first_entry(queue, struct kcoro_waiter, node);
		if (kcoro_wait_take(waiter, result))
			list_add_tail(&waiter->node, wakes);
	}
}

/**
 * kcoro_chan_poll_wake() - wake those who poll, if anybody ever did
 * @chan: its lock was dropped since it changed
 *
 * Context: any but NMI.
 */
void kcoro_chan_poll_wake(struct kcoro_chan *chan)
{
	/* Written under the lock that the caller has just dropped. */
	if (likely(!READ_ONCE(chan->polled)))
		return;
	if (in_hardirq() || irqs_disabled())
		irq_work_queue(&chan->poll_work);
	else
		poll_work(&chan->poll_work);
}

/**
 * kcoro_chan_drop() - hold ends once less
 * @chan: the channel; not to be used afterwards unless still held
 * @ends: KCORO_SEND, KCORO_RECV or both
 *
 * Context: process.
 */
void kcoro_chan_drop(struct kcoro_chan *chan, u32 ends)
{
	int refs = hweight32(ends & (KCORO_SEND | KCORO_RECV));
	unsigned long flags;
	LIST_HEAD(wakes);

	raw_spin_lock_irqsave(&chan->lock, flags);
	if ((ends & KCORO_SEND) && !--chan->senders)
		take_all(&chan->recvq, &wakes, 0);
	if ((ends & KCORO_RECV) && !--chan->receivers)
		take_all(&chan->sendq, &wakes, -EPIPE);
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	kcoro_wake_all(&wakes);
	kcoro_chan_poll_wake(chan);
	if (refcount_sub_and_test(refs, &chan->refs))
		chan_free(chan);
}
EXPORT_SYMBOL_GPL(kcoro_chan_drop);

/**
 * kcoro_chan_close() - let nothing more be sent
 * @chan: the channel; the caller holds its sending end
 *
 * Context: any but NMI.
 * Return: 0, or -EALREADY.
 */
int kcoro_chan_close(struct kcoro_chan *chan)
{
	unsigned long flags;
	LIST_HEAD(wakes);
	bool was;

	raw_spin_lock_irqsave(&chan->lock, flags);
	was = chan->closed;
	chan->closed = true;
	if (!was) {
		take_all(&chan->recvq, &wakes, 0);
		take_all(&chan->sendq, &wakes, -EPIPE);
		trace_kcoro_close(chan);
	}
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	if (was)
		return -EALREADY;
	kcoro_wake_all(&wakes);
	kcoro_chan_poll_wake(chan);
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_chan_close);

/**
 * kcoro_chan_id() - a channel's number, never used twice
 * @chan: the channel
 *
 * Context: any.
 */
u64 kcoro_chan_id(const struct kcoro_chan *chan)
{
	return chan->id;
}
EXPORT_SYMBOL_GPL(kcoro_chan_id);

/**
 * kcoro_chan_elem_size() - bytes of an element
 * @chan: the channel
 *
 * Context: any.
 * Return: the size, 0 for a channel of buffers.
 */
u32 kcoro_chan_elem_size(const struct kcoro_chan *chan)
{
	return chan->buffers ? 0 : chan->elem_size;
}
EXPORT_SYMBOL_GPL(kcoro_chan_elem_size);

/* Win the first of a queue that can be won. */
static __always_inline struct kcoro_waiter *take_first(struct list_head *queue,
						       int result)
{
	struct kcoro_waiter *waiter;

	while (!list_empty(queue)) {
		waiter = list_first_entry(queue, struct kcoro_waiter, node);
		if (likely(kcoro_wait_take(waiter, result)))
			return waiter;
	}
	return NULL;
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
	struct kcoro_waiter *receiver;

	lockdep_assert_held(&chan->lock);
	if (unlikely(chan->closed || !chan->receivers))
		return -EPIPE;
	receiver = take_first(&chan->recvq, 1);
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
	msg_copy(chan, ring_slot(chan, chan->count), msg);
	chan->count++;
	return 0;
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
		msg_copy(chan, msg, ring_slot(chan, 0));
		if (++chan->head == chan->capacity)
			chan->head = 0;
		chan->count--;
		trace_kcoro_recv(chan, ++chan->seq_out);
		sender = take_first(&chan->sendq, 0);
		if (sender) {
			trace_kcoro_send(chan, ++chan->seq_in);
			msg_copy(chan, ring_slot(chan, chan->count),
				 sender->msg);
			chan->count++;
			*wake = sender->wait;
		}
		return 1;
	}
	sender = take_first(&chan->sendq, 0);
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

/* The slow half of an operation: wait in @queue. The lock is dropped. */
static int chan_wait(struct kcoro_chan *chan, struct list_head *queue,
		     void *msg, u8 reason, ktime_t deadline,
		     unsigned long flags)
	__releases(&chan->lock)
{
	struct kcoro_waiter waiter = { .msg = msg };
	struct kcoro_wait onstack;
	int err;

	waiter.wait = kcoro_wait_get(&onstack);
	err = kcoro_wait_begin(waiter.wait, reason);
	if (err) {
		raw_spin_unlock_irqrestore(&chan->lock, flags);
		goto out;
	}
	list_add_tail(&waiter.node, queue);
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	kcoro_chan_poll_wake(chan);
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		raw_spin_lock_irqsave(&chan->lock, flags);
		list_del_init(&waiter.node);
		raw_spin_unlock_irqrestore(&chan->lock, flags);
	}
out:
	kcoro_wait_put(waiter.wait);
	return err ?: waiter.result;
}

/* The fast half: what is done with the message at once. */
static __always_inline int chan_op(struct kcoro_chan *chan, bool send,
				   void *msg, ktime_t deadline, bool nowait)
{
	struct kcoro_wait *wake = NULL;
	unsigned long flags;
	int ret;

	/* What does not wait takes no cancel request from a call that does. */
	ret = nowait ? 0 : kcoro_wait_check();
	if (unlikely(ret))
		return ret;
	raw_spin_lock_irqsave(&chan->lock, flags);
	ret = send ? kcoro_chan_try_send(chan, msg, &wake) :
		     kcoro_chan_try_recv(chan, msg, &wake);
	if (unlikely(ret == -EAGAIN) && !nowait)
		return chan_wait(chan, send ? &chan->sendq : &chan->recvq, msg,
				 send ? KCORO_WAIT_SEND : KCORO_WAIT_RECV,
				 deadline, flags);
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	if (wake)
		kcoro_wait_wake(wake);
	if (unlikely(chan->polled) && ret != -EAGAIN)
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
	struct kcoro_returned *back;

	back = kmalloc(struct_size(back, msg, chan->elem_size),
		       GFP_KERNEL | __GFP_NOFAIL);
	msg_copy(chan, back->msg, msg);
	raw_spin_lock_irq(&chan->lock);
	list_add(&back->node, &chan->returned);
	if (!list_empty(&chan->recvq)) {
		struct kcoro_waiter *receiver;

		receiver = take_first(&chan->recvq, 1);
		if (receiver) {
			msg_copy(chan, receiver->msg, back->msg);
			list_move(&back->node, &chan->spent);
			wake = receiver->wait;
		}
	}
	raw_spin_unlock_irq(&chan->lock);
	if (wake)
		kcoro_wait_wake(wake);
	kcoro_chan_poll_wake(chan);
}

/* Is there a waiter that may still be won? */
static bool has_live(const struct list_head *queue)
{
	const struct kcoro_waiter *waiter;

	list_for_each_entry(waiter, queue, node)
		if ((atomic_read(&waiter->wait->word) & KCORO_WAIT_STATE) ==
		    KCORO_WAIT_ARMED)
			return true;
	return false;
}

/**
 * kcoro_chan_poll() - what can be done without waiting
 * @chan: the channel
 * @ends: which ends the caller has
 * @file: its file
 * @pt: as given to ->poll
 *
 * Context: ->poll; may sleep.
 * Return: EPOLLIN: a message or end of stream. EPOLLHUP: end of stream.
 * EPOLLOUT: room, or a waiting receiver. EPOLLERR: sending gives -EPIPE.
 */
__poll_t kcoro_chan_poll(struct kcoro_chan *chan, u32 ends, struct file *file,
			 struct poll_table_struct *pt)
{
	__poll_t mask = 0;

	poll_wait(file, &chan->poll_wait, pt);
	raw_spin_lock_irq(&chan->lock);
	/* Whoever changes the channel from now on wakes us. */
	chan->polled = true;
	if (ends & KCORO_RECV) {
		if (chan->count || !list_empty(&chan->returned) ||
		    has_live(&chan->sendq))
			mask |= EPOLLIN | EPOLLRDNORM;
		else if (chan->closed || !chan->senders)
			mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	}
	if (ends & KCORO_SEND) {
		if (chan->closed || !chan->receivers)
			mask |= EPOLLOUT | EPOLLWRNORM | EPOLLERR;
		else if (chan->count < chan->capacity || has_live(&chan->recvq))
			mask |= EPOLLOUT | EPOLLWRNORM;
	}
	raw_spin_unlock_irq(&chan->lock);
	return mask;
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

/**
 * kcoro_try_send() - send an element if that needs no waiting
 * @chan: a channel of elements
 * @elem: copied
 *
 * Context: any but NMI, hard interrupts included.
 * Return: 0, -EAGAIN, -EPIPE, -EINVAL.
 */
int kcoro_try_send(struct kcoro_chan *chan, const void *elem)
{
	if (unlikely(chan->buffers))
		return -EINVAL;
	return chan_op(chan, true, (void *)elem, 0, true);
}
EXPORT_SYMBOL_GPL(kcoro_try_send);

/**
 * kcoro_try_recv() - receive an element if that needs no waiting
 * @chan: a channel of elements
 * @elem: room for it
 *
 * Context: any but NMI, hard interrupts included.
 * Return: 1, 0 (end of stream), -EAGAIN, -EINVAL.
 */
int kcoro_try_recv(struct kcoro_chan *chan, void *elem)
{
	if (unlikely(chan->buffers))
		return -EINVAL;
	return chan_op(chan, false, elem, 0, true);
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
 * elements.
 */
int kcoro_send_buf(struct kcoro_chan *chan, struct kcoro_buf *buf,
		   ktime_t deadline)
{
	if (unlikely(!chan->buffers))
		return -EINVAL;
	if (unlikely(!buf->len || buf->len > chan->buf_max))
		return -EMSGSIZE;
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

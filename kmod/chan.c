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
 * Locks: chan->lock, raw. With interrupts off too if interrupt handlers use the
 * channel, which it says when it is made; for the others that would cost as
 * much as the rest of the operation. Who does not know takes it with interrupts
 * off. Many at once only in select.c's order. Under it: the lock of no wait is
 * taken, waits are won by cmpxchg; wakes come after it is dropped, but for a
 * task that wakes a parked one: that needs no lock (sched.c).
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
#include "sched.h"
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

	/* Without events: io_uring takes what it is told, all others ask ->poll. */
	wake_up(&chan->poll_wait);
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
	kcoro_waitq_init(&chan->recvq);
	kcoro_waitq_init(&chan->sendq);
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
 * kcoro_chan_create_irq() - make a channel that interrupt handlers use too
 * @elem_size: bytes of an element, 1 to KCORO_ELEM_MAX
 * @capacity: elements it may hold; 0: unbuffered
 *
 * Only in such a channel may hard and soft interrupts send and receive, by
 * kcoro_try_send() and kcoro_try_recv(). It has interrupts off while it is
 * locked, and costs a little more.
 *
 * Context, Return: as kcoro_chan_create().
 */
struct kcoro_chan *kcoro_chan_create_irq(u32 elem_size, u32 capacity)
{
	static struct lock_class_key irq_chan;
	struct kcoro_chan *chan = kcoro_chan_create(elem_size, capacity);

	if (IS_ERR(chan))
		return chan;
	chan->irq = true;
	lockdep_set_class(&chan->lock, &irq_chan);
	return chan;
}
EXPORT_SYMBOL_GPL(kcoro_chan_create_irq);

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
	struct kcoro_waiter *receivers = NULL, *senders = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&chan->lock, flags);
	if ((ends & KCORO_SEND) && !--chan->senders)
		receivers = kcoro_waitq_take_all(&chan->recvq, 0);
	if ((ends & KCORO_RECV) && !--chan->receivers)
		senders = kcoro_waitq_take_all(&chan->sendq, -EPIPE);
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	kcoro_wake_all(receivers);
	kcoro_wake_all(senders);
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
	struct kcoro_waiter *receivers = NULL, *senders = NULL;
	unsigned long flags;
	bool was;

	raw_spin_lock_irqsave(&chan->lock, flags);
	was = chan->closed;
	chan->closed = true;
	if (!was) {
		receivers = kcoro_waitq_take_all(&chan->recvq, 0);
		senders = kcoro_waitq_take_all(&chan->sendq, -EPIPE);
		trace_kcoro_close(chan);
	}
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	if (was)
		return -EALREADY;
	kcoro_wake_all(receivers);
	kcoro_wake_all(senders);
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
	msg_copy(chan, ring_slot(chan, chan->count), msg);
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
		msg_copy(chan, msg, ring_slot(chan, 0));
		if (++chan->head == chan->capacity)
			chan->head = 0;
		chan->count--;
		trace_kcoro_recv(chan, ++chan->seq_out);
		sender = kcoro_waitq_take(&chan->sendq, 0);
		if (sender) {
			trace_kcoro_send(chan, ++chan->seq_in);
			msg_copy(chan, ring_slot(chan, chan->count),
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
	if (!err)
		kcoro_waitq_add(queue, &waiter);
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
				      const struct kcoro_task *self)
{
	const struct kcoro_worker *worker;

	if (unlikely(!self || !wait->task || !kcoro_wait_owned(wait)))
		return false;
	worker = self->worker;
	if (unlikely(worker->cpu->owner != worker))
		return false;
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

	back = kmalloc(struct_size(back, msg, chan->elem_size),
		       GFP_KERNEL | __GFP_NOFAIL);
	msg_copy(chan, back->msg, msg);
	raw_spin_lock_irq(&chan->lock);
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

/* Is there a waiter that may still be won? */
static bool has_live(const struct kcoro_waitq *queue)
{
	const struct kcoro_waiter *waiter;

	for (waiter = queue->first; waiter; waiter = waiter->next)
		if (kcoro_wait_armed(waiter->wait))
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
	return try_check(chan) ?:
	       chan_op(chan, true, (void *)elem, 0, true);
}
EXPORT_SYMBOL_GPL(kcoro_try_send);

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

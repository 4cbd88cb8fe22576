// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: what they are, who holds them, and poll. How messages get through
 * them: chan_msg.c.
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
 *	last receiver gone		senders -EPIPE; what a carrier (carry.c) has
 *					queued is freed
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
 * task that wakes a parked one: that needs no lock (sched.c). A task that could
 * not park is queued under it, which may take a CPU's lock (worker.c).
 *
 * Rejected: a lock per end (a rendezvous needs both); messages in linked
 * nodes (an allocation each).
 */
#include <linux/kcoro.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "carry.h"
#include "chan.h"
#include "context.h"
#include "leak.h"
#include "trace.h"

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
		buf->carried = NULL;
	}
	return buf;
}
EXPORT_SYMBOL_GPL(kcoro_buf_alloc);

/**
 * kcoro_buf_free() - free a buffer that the caller owns
 * @buf: or NULL
 *
 * Context: any but NMI and hard interrupt. If it carries ends: process.
 */
void kcoro_buf_free(struct kcoro_buf *buf)
{
	if (buf && unlikely(buf->carried))
		kcoro_carry_free(buf->carried);
	kvfree(buf);
}
EXPORT_SYMBOL_GPL(kcoro_buf_free);

/* The next buffer, which is the caller's then, or NULL. Nobody receives it. */
static struct kcoro_buf *take_buf(struct kcoro_chan *chan)
{
	struct kcoro_returned *back;
	struct kcoro_buf *buf = NULL;

	raw_spin_lock_irq(&chan->lock);
	back = list_first_entry_or_null(&chan->returned, struct kcoro_returned,
					node);
	if (back) {
		memcpy(&buf, back->msg, sizeof(buf));
		list_move(&back->node, &chan->spent);
	} else if (chan->count) {
		memcpy(&buf, kcoro_chan_slot(chan, 0), sizeof(buf));
		kcoro_chan_pop(chan);
	}
	raw_spin_unlock_irq(&chan->lock);
	return buf;
}

/* What is in a channel of buffers is for nobody. */
static void free_bufs(struct kcoro_chan *chan)
{
	struct kcoro_buf *buf;

	while ((buf = take_buf(chan)))
		kcoro_buf_free(buf);
}

static void chan_free(struct kcoro_chan *chan)
{
	struct kcoro_returned *back, *next;

	irq_work_sync(&chan->poll_work);
	if (chan->buffers)
		free_bufs(chan);
	list_for_each_entry_safe(back, next, &chan->returned, node)
		kfree(back);
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
	bool suspect, over;

	raw_spin_lock_irqsave(&chan->lock, flags);
	if ((ends & KCORO_SEND) && !--chan->senders)
		receivers = kcoro_waitq_take_all(&chan->recvq, 0);
	if ((ends & KCORO_RECV) && !--chan->receivers)
		senders = kcoro_waitq_take_all(&chan->sendq, -EPIPE);
	/* Tasks alone have it now: perhaps each of them waits for another. */
	suspect = chan->ctx && !chan->files && chan->senders &&
		  chan->receivers && !chan->closed;
	over = ends & KCORO_RECV && !chan->receivers && chan->carrier;
	raw_spin_unlock_irqrestore(&chan->lock, flags);
	kcoro_wake_all(receivers);
	kcoro_wake_all(senders);
	kcoro_chan_poll_wake(chan);
	if (unlikely(over))	/* those who wait for an answer learn it */
		free_bufs(chan);
	if (unlikely(suspect))
		kcoro_leak_watch(chan->ctx);
	if (refcount_sub_and_test(refs, &chan->refs))
		chan_free(chan);
}
EXPORT_SYMBOL_GPL(kcoro_chan_drop);

/**
 * kcoro_chan_unref() - drop a reference that holds no end
 * @chan: may be freed
 *
 * Context: may sleep.
 */
void kcoro_chan_unref(struct kcoro_chan *chan)
{
	if (refcount_dec_and_test(&chan->refs))
		chan_free(chan);
}

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

/**
 * kcoro_chan_buf_max() - bytes of the longest buffer that a channel takes
 * @chan: the channel
 *
 * Context: any.
 * Return: the size, 0 for a channel of elements.
 */
u32 kcoro_chan_buf_max(const struct kcoro_chan *chan)
{
	return chan->buffers ? chan->buf_max : 0;
}
EXPORT_SYMBOL_GPL(kcoro_chan_buf_max);

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

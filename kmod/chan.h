/* SPDX-License-Identifier: GPL-2.0 */
/* Channels: see chan.c, chan_msg.c; select: see select.c. */
#ifndef KCORO_CHAN_H
#define KCORO_CHAN_H

#include <linux/irq_work.h>
#include <linux/kcoro.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "wait.h"

struct kcoro_ctx;

/**
 * struct kcoro_chan - a channel
 *
 * Fields: [C] constant; [L] under @lock.
 *
 * @lock: raw; with irqs off too if @irq
 * @irq: interrupt handlers use it. [C]
 * @closed: nobody can send any more. [L]
 * @polled: somebody polled: wake @poll_wait. [L], set once
 * @buffers: messages are struct kcoro_buf pointers. [C]
 * @carrier: buffers may carry ends of other channels (carry.c). [C]
 * @elem_size: bytes of an element; of a pointer if @buffers. [C]
 * @capacity: elements that @ring holds. [C]
 * @head: index of the oldest element. [L]
 * @count: elements in @ring. [L]
 * @ring: the queue. [L]
 * @senders: holders of the sending end. [L]
 * @receivers: holders of the receiving end. [L]
 * @files: how many descriptors there are. [L]
 * @recvq: blocked receivers. [L]
 * @sendq: likewise of senders. [L]
 * @returned: struct kcoro_returned: received, then put back. [L]
 * @spent: struct kcoro_returned that were received after all, to be used again;
 *	as many as there ever were in @returned at once. [L]
 * @refs: one for each end held, and those of calls under way
 * @buf_max: largest buffer, bytes. [C]
 * @id: unique while the module is loaded. [C]
 * @seq_in: messages sent so far. [L] ties a send to its receive in traces
 * @seq_out: messages received so far. [L]
 * @dropped: what kcoro_try_send() had no room for, if @irq
 * @ctx: who pays, or NULL; told by kcoro_ctx_chan_freed(). [C]
 * @poll_wait: those who poll
 * @poll_work: wakes @poll_wait for a hard interrupt
 */
struct kcoro_chan {
	raw_spinlock_t lock;
	bool closed;
	bool polled;
	bool buffers;
	bool irq;
	bool carrier;
	u32 elem_size;
	u32 capacity;
	u32 head;
	u32 count;
	void *ring;
	u32 senders;
	u32 receivers;
	u32 files;
	struct kcoro_waitq recvq;
	struct kcoro_waitq sendq;
	struct list_head returned;
	struct list_head spent;
	refcount_t refs;
	u32 buf_max;
	u64 id;
	u64 seq_in;
	u64 seq_out;
	atomic64_t dropped;
	struct kcoro_ctx *ctx;
	wait_queue_head_t poll_wait;
	struct irq_work poll_work;
};

/* A message that was received and put back: its reader's memory was bad. */
struct kcoro_returned {
	struct list_head node;
	u8 msg[];
};

/* Where the @nth element of the queue is, or would be. Its lock is held. */
static inline void *kcoro_chan_slot(const struct kcoro_chan *chan, u32 nth)
{
	u32 i = chan->head + nth;

	if (i >= chan->capacity)
		i -= chan->capacity;
	return chan->ring + (size_t)i * chan->elem_size;
}

/* The oldest element has been taken out. Its lock is held. */
static __always_inline void kcoro_chan_pop(struct kcoro_chan *chan)
{
	if (++chan->head == chan->capacity)
		chan->head = 0;
	chan->count--;
}

/*
 * For the device layer: a channel with gfp flags and a payer, with both ends
 * held once; one operation that takes KCORO_IO_NOWAIT; a message put back at
 * the head after copy_to_user() failed (never fails); readiness for poll. And a
 * reference dropped that holds no end.
 */
struct kcoro_chan *kcoro_chan_make(u32 elem_size, u32 buf_max, u32 capacity,
				   gfp_t gfp, struct kcoro_ctx *ctx);
int kcoro_chan_send(struct kcoro_chan *chan, void *msg, ktime_t deadline,
		    bool nowait);
int kcoro_chan_recv(struct kcoro_chan *chan, void *msg, ktime_t deadline,
		    bool nowait);
void kcoro_chan_unref(struct kcoro_chan *chan);
void kcoro_chan_unrecv(struct kcoro_chan *chan, void *msg);
__poll_t kcoro_chan_poll(struct kcoro_chan *chan, u32 ends, struct file *file,
			 struct poll_table_struct *pt);

/* Under all locks involved: for chan_msg.c and select.c only. */
int kcoro_chan_try_send(struct kcoro_chan *chan, void *msg,
			struct kcoro_wait **wake);
int kcoro_chan_try_recv(struct kcoro_chan *chan, void *msg,
			struct kcoro_wait **wake);
void kcoro_chan_poll_wake(struct kcoro_chan *chan);

#endif /* KCORO_CHAN_H */

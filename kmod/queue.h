/* SPDX-License-Identifier: GPL-2.0 */
/* Queues: see queue.c. */
#ifndef KCORO_QUEUE_H
#define KCORO_QUEUE_H

#include <linux/list.h>
#include <linux/poll.h>
#include <linux/string.h>

#include "sync.h"

/**
 * struct kcoro_queue - elements on their way from putters to getters
 *
 * [C]: constant; else guarded by @lock.
 *
 * @lock: raw; see sync.h
 * @getters: they wait only while the queue is empty
 * @putters: they wait only while it is full; msg is the element
 * @joiners: those who wait until @unfinished is 0
 * @unfinished: elements that were put, and for which nobody was told that they
 *	are dealt with
 * @seq: elements that were put, in a priority queue
 * @count: elements in it
 * @head: slot of the oldest one; unused in a priority queue
 * @shut: nothing is put any more; for good
 * @elem_size: bytes. [C]
 * @stride: bytes of a slot. [C]
 * @capacity: slots. [C]
 * @before: of a priority queue, or NULL. [C]
 * @discard: for elements nobody gets, or NULL. [C]
 * @returned: struct kcoro_queue_back: got, then put back. They are the first
 * @spent: struct kcoro_queue_back that were got after all, to be used again
 * @name: for messages. [C]
 * @fd: what a program's descriptor needs, or NULL. [C]
 * @slots: a ring, or a heap (priority_queue.c)
 */
struct kcoro_queue {
	raw_spinlock_t lock;
	struct kcoro_waitq getters;
	struct kcoro_waitq putters;
	struct kcoro_waitq joiners;
	u64 unfinished;
	u64 seq;
	u32 count;
	u32 head;
	bool shut;
	u32 elem_size;
	u32 stride;
	u32 capacity;
	bool (*before)(const void *a, const void *b);
	void (*discard)(void *elem);
	struct list_head returned;
	struct list_head spent;
	const char *name;
	struct kcoro_sync_fd *fd;
	void *slots;
};

/* An element that was got and put back: its getter's memory was bad. */
struct kcoro_queue_back {
	struct list_head node;
	u8 elem[];
};

static __always_inline void kcoro_queue_copy(const struct kcoro_queue *queue,
					     void *to, const void *from)
{
	if (likely(queue->elem_size == sizeof(u64)))
		memcpy(to, from, sizeof(u64));
	else
		memcpy(to, from, queue->elem_size);
}

static __always_inline void *kcoro_queue_slot(const struct kcoro_queue *queue,
					      u32 nr)
{
	return queue->slots + (size_t)nr * queue->stride;
}

/* For descriptors: queue_fd.c. */
struct kcoro_queue *kcoro_queue_make(const struct kcoro_queue_args *args,
				     gfp_t gfp);
void kcoro_queue_unget(struct kcoro_queue *queue, const void *elem);
__poll_t kcoro_queue_poll(struct kcoro_queue *queue);
void kcoro_queue_end(struct kcoro_queue *queue);

u32 kcoro_heap_stride(u32 elem_size);
void *kcoro_heap_elem(const struct kcoro_queue *queue, u32 nr);
void kcoro_heap_push(struct kcoro_queue *queue, const void *elem);
void kcoro_heap_pop(struct kcoro_queue *queue, void *elem);

#endif /* KCORO_QUEUE_H */

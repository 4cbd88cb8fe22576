// SPDX-License-Identifier: GPL-2.0
/*
 * The order of priority queues: asyncio's PriorityQueue, but that equals leave in
 * the order they came.
 *
 * Model: a binary heap of slots, each an element behind the number that it has
 * among all that were ever put. What the user's function calls equal is told
 * apart by that.
 *
 * Locks: queue->lock, held by the callers (queue.c).
 *
 * Rejected: a heap of indexes to elements that stay where they are (to move 16
 * slots, the most, of the largest elements takes about 2 us; most are pointers).
 */
#include "queue.h"

struct entry {
	u64 seq;
	u8 elem[] __aligned(8);
};

static struct entry *entry_of(const struct kcoro_queue *queue, u32 nr)
{
	return kcoro_queue_slot(queue, nr);
}

static bool entry_before(const struct kcoro_queue *queue, const struct entry *a,
			 const void *elem, u64 seq)
{
	if (queue->before(a->elem, elem))
		return true;
	return !queue->before(elem, a->elem) && a->seq < seq;
}

/**
 * kcoro_heap_stride() - how large is a slot?
 * @elem_size: bytes of an element
 */
u32 kcoro_heap_stride(u32 elem_size)
{
	return sizeof(struct entry) + round_up(elem_size, 8);
}

/**
 * kcoro_heap_elem() - the element in a slot
 * @queue: whose
 * @nr: under its count
 */
void *kcoro_heap_elem(const struct kcoro_queue *queue, u32 nr)
{
	return entry_of(queue, nr)->elem;
}

/**
 * kcoro_heap_push() - add an element
 * @queue: has room; its count is the caller's to raise
 * @elem: copied
 *
 * Context: queue->lock held.
 */
void kcoro_heap_push(struct kcoro_queue *queue, const void *elem)
{
	u64 seq = queue->seq++;
	u32 at = queue->count, up;

	lockdep_assert_held(&queue->lock);
	for (; at; at = up) {
		up = (at - 1) / 2;
		if (entry_before(queue, entry_of(queue, up), elem, seq))
			break;
		memcpy(entry_of(queue, at), entry_of(queue, up), queue->stride);
	}
	entry_of(queue, at)->seq = seq;
	kcoro_queue_copy(queue, entry_of(queue, at)->elem, elem);
}

/**
 * kcoro_heap_pop() - take the first element out
 * @queue: has one; its count is the caller's to lower
 * @elem: room for it
 *
 * Context: queue->lock held.
 */
void kcoro_heap_pop(struct kcoro_queue *queue, void *elem)
{
	u32 last = queue->count - 1, at = 0, down;
	struct entry *hole = entry_of(queue, last);

	lockdep_assert_held(&queue->lock);
	kcoro_queue_copy(queue, elem, entry_of(queue, 0)->elem);
	while ((down = 2 * at + 1) < last) {
		struct entry *next = entry_of(queue, down);

		if (down + 1 < last) {
			struct entry *right = entry_of(queue, down + 1);

			if (entry_before(queue, right, next->elem, next->seq)) {
				next = right;
				down++;
			}
		}
		if (entry_before(queue, hole, next->elem, next->seq))
			break;
		memcpy(entry_of(queue, at), next, queue->stride);
		at = down;
	}
	if (at != last)
		memcpy(entry_of(queue, at), hole, queue->stride);
}

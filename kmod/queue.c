// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of work, for tasks and threads: asyncio's Queue, with task_done(), join()
 * and shutdown(). The order of a priority queue: priority_queue.c.
 *
 * Model: bounded; elements are copied. A channel does the same, with select and
 * two ends; what a queue has beyond that is that it can be waited for until all
 * that was put has been dealt with, also by those who got it, and a shutdown that
 * throws away what is in it.
 *
 *	case			result
 *	put, somebody waits	copied straight into his room
 *	get from a full queue	the oldest putter's element goes in
 *	shutdown		putters -ESHUTDOWN; getters get what is in it, then
 *				-ESHUTDOWN
 *	immediate shutdown	what is in it is discarded, and counts as dealt
 *				with; all get -ESHUTDOWN
 *	put back (unget)	goes before everything else; a program's only
 *
 * Invariants: getters wait only while the queue is empty, of what was put back too, putters while it is
 * full, neither after a shutdown. (Waiters whose waits were lost may still be
 * there: they are skipped.) After a shutdown no slot is written: those of the
 * discarded elements can be read without the lock. What was put back is in no slot,
 * for which there may be no room any more.
 *
 * Locks: queue->lock, raw; see sync.h.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "queue.h"

static void *ring_slot(const struct kcoro_queue *queue, u32 nr)
{
	nr += queue->head;
	if (nr >= queue->capacity)
		nr -= queue->capacity;
	return kcoro_queue_slot(queue, nr);
}

/* There is room. */
static void queue_push(struct kcoro_queue *queue, const void *elem)
{
	if (queue->before)
		kcoro_heap_push(queue, elem);
	else
		kcoro_queue_copy(queue, ring_slot(queue, queue->count), elem);
	queue->count++;
}

/* There is an element. */
static void queue_pop(struct kcoro_queue *queue, void *elem)
{
	if (queue->before) {
		kcoro_heap_pop(queue, elem);
	} else {
		kcoro_queue_copy(queue, elem, ring_slot(queue, 0));
		if (++queue->head == queue->capacity)
			queue->head = 0;
	}
	queue->count--;
}

static int try_put(struct kcoro_queue *queue, const void *elem,
		   struct kcoro_waiter **wake)
{
	lockdep_assert_held(&queue->lock);
	if (unlikely(queue->shut))
		return -ESHUTDOWN;
	*wake = kcoro_waitq_take(&queue->getters, 0);
	if (*wake)
		kcoro_queue_copy(queue, (*wake)->msg, elem);
	else if (queue->count < queue->capacity)
		queue_push(queue, elem);
	else
		return -EAGAIN;
	queue->unfinished++;
	return 0;
}

static void queue_take_back(struct kcoro_queue *queue, void *elem)
{
	struct kcoro_queue_back *back = list_first_entry(
		&queue->returned, struct kcoro_queue_back, node);

	kcoro_queue_copy(queue, elem, back->elem);
	list_move(&back->node, &queue->spent);
}

static int try_get(struct kcoro_queue *queue, void *elem,
		   struct kcoro_waiter **wake)
{
	lockdep_assert_held(&queue->lock);
	if (unlikely(!list_empty(&queue->returned))) {
		queue_take_back(queue, elem);
		return 0;
	}
	if (!queue->count)
		return queue->shut ? -ESHUTDOWN : -EAGAIN;
	queue_pop(queue, elem);
	*wake = kcoro_waitq_take(&queue->putters, 0);
	if (*wake) {
		queue_push(queue, (*wake)->msg);
		queue->unfinished++;
	}
	return 0;
}

static __always_inline void queue_poll_wake(struct kcoro_queue *queue)
{
	if (unlikely(queue->fd))
		kcoro_sync_fd_wake(queue->fd);
}

/* Wait in @waiters. The lock is held, and is dropped. */
static noinline int queue_wait(struct kcoro_queue *queue,
			       struct kcoro_waitq *waiters, void *elem,
			       u8 reason, ktime_t deadline)
	__releases(&queue->lock)
{
	struct kcoro_waiter waiter = { .msg = elem };
	struct kcoro_wait onstack;
	int err;

	waiter.wait = kcoro_wait_get(&onstack);
	err = kcoro_wait_begin(waiter.wait, reason);
	if (!err) {
		WRITE_ONCE(waiter.wait->on, (unsigned long)queue->fd);
		kcoro_waitq_add(waiters, &waiter);
	}
	raw_spin_unlock(&queue->lock);
	if (err)
		return err;
	err = kcoro_wait_finish(waiter.wait, deadline);
	if (err) {
		raw_spin_lock(&queue->lock);
		kcoro_waitq_del(waiters, &waiter);
		raw_spin_unlock(&queue->lock);
	}
	return err ?: waiter.result;
}

static __always_inline int queue_op(struct kcoro_queue *queue, bool put,
				    void *elem, ktime_t deadline, bool wait)
{
	struct kcoro_waiter *wake = NULL;
	int ret = wait ? kcoro_wait_check(kcoro_self()) : 0;

	if (unlikely(ret))
		return ret;
	raw_spin_lock(&queue->lock);
	ret = put ? try_put(queue, elem, &wake) : try_get(queue, elem, &wake);
	if (ret == -EAGAIN && wait)
		return queue_wait(queue, put ? &queue->putters :
					       &queue->getters, elem,
				  put ? KCORO_WAIT_PUT : KCORO_WAIT_GET,
				  deadline);
	raw_spin_unlock(&queue->lock);
	if (wake)
		kcoro_wait_wake(wake->wait);
	if (!ret)
		queue_poll_wake(queue);
	return ret;
}

/* Elements that are in no queue any more: @nr slots from the oldest on. */
static void discard(const struct kcoro_queue *queue, u32 nr)
{
	u32 i;

	if (!queue->discard)
		return;
	for (i = 0; i < nr; i++)
		queue->discard(queue->before ? kcoro_heap_elem(queue, i) :
					       ring_slot(queue, i));
}

/**
 * kcoro_queue_make() - make a queue, of a program or of the kernel
 * @args: of what
 * @gfp: GFP_KERNEL or GFP_KERNEL_ACCOUNT
 *
 * Context: may sleep.
 * Return: as kcoro_queue_create().
 */
struct kcoro_queue *kcoro_queue_make(const struct kcoro_queue_args *args,
				     gfp_t gfp)
{
	struct kcoro_queue *queue;

	if (!args->elem_size || args->elem_size > KCORO_ELEM_MAX ||
	    !args->capacity || args->capacity > KCORO_CAPACITY_MAX)
		return ERR_PTR(-EINVAL);
	queue = kzalloc(sizeof(*queue), gfp);
	if (!queue)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&queue->lock);
	kcoro_waitq_init(&queue->getters);
	kcoro_waitq_init(&queue->putters);
	kcoro_waitq_init(&queue->joiners);
	INIT_LIST_HEAD(&queue->returned);
	INIT_LIST_HEAD(&queue->spent);
	queue->elem_size = args->elem_size;
	queue->stride = args->before ? kcoro_heap_stride(args->elem_size) :
				       args->elem_size;
	queue->capacity = args->capacity;
	queue->before = args->before;
	queue->discard = args->discard;
	queue->name = args->name;
	queue->slots = kvmalloc_array(queue->capacity, queue->stride, gfp);
	if (!queue->slots) {
		kfree(queue);
		return ERR_PTR(-ENOMEM);
	}
	return queue;
}

/**
 * kcoro_queue_create() - make a queue
 * @args: of what
 *
 * Context: may sleep.
 * Return: the queue, for kcoro_queue_destroy(); -EINVAL: a size is out of its
 * range; -ENOMEM.
 */
struct kcoro_queue *kcoro_queue_create(const struct kcoro_queue_args *args)
{
	return kcoro_queue_make(args, GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(kcoro_queue_create);

static void free_backs(struct list_head *backs)
{
	struct kcoro_queue_back *back, *next;

	list_for_each_entry_safe(back, next, backs, node)
		kfree(back);
}

/**
 * kcoro_queue_destroy() - free a queue, and discard what is in it
 * @queue: nobody uses it; an error pointer does nothing
 *
 * Context: may sleep.
 */
void kcoro_queue_destroy(struct kcoro_queue *queue)
{
	if (IS_ERR_OR_NULL(queue))
		return;
	discard(queue, queue->count);
	free_backs(&queue->returned);
	free_backs(&queue->spent);
	kvfree(queue->slots);
	kfree(queue);
}
EXPORT_SYMBOL_GPL(kcoro_queue_destroy);

/**
 * kcoro_queue_put() - put an element in
 * @queue: the queue
 * @elem: copied
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0. -ESHUTDOWN: nothing is taken any more. -ETIMEDOUT, -ECANCELED,
 * -ERESTARTSYS: not put.
 */
int kcoro_queue_put(struct kcoro_queue *queue, const void *elem,
		    ktime_t deadline)
{
	return queue_op(queue, true, (void *)elem, deadline, true);
}
EXPORT_SYMBOL_GPL(kcoro_queue_put);

/**
 * kcoro_queue_try_put() - put an element in if there is room
 * @queue: the queue
 * @elem: copied
 *
 * Context: task or thread.
 * Return: 0. -EAGAIN: it is full. -ESHUTDOWN.
 */
int kcoro_queue_try_put(struct kcoro_queue *queue, const void *elem)
{
	return queue_op(queue, true, (void *)elem, 0, false);
}
EXPORT_SYMBOL_GPL(kcoro_queue_try_put);

/**
 * kcoro_queue_get() - take an element out
 * @queue: the queue
 * @elem: room for it
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0. -ESHUTDOWN: there is none, and will be none. -ETIMEDOUT,
 * -ECANCELED, -ERESTARTSYS: nothing was taken out.
 */
int kcoro_queue_get(struct kcoro_queue *queue, void *elem, ktime_t deadline)
{
	return queue_op(queue, false, elem, deadline, true);
}
EXPORT_SYMBOL_GPL(kcoro_queue_get);

/**
 * kcoro_queue_try_get() - take an element out if there is one
 * @queue: the queue
 * @elem: room for it
 *
 * Context: task or thread.
 * Return: 0. -EAGAIN: there is none. -ESHUTDOWN.
 */
int kcoro_queue_try_get(struct kcoro_queue *queue, void *elem)
{
	return queue_op(queue, false, elem, 0, false);
}
EXPORT_SYMBOL_GPL(kcoro_queue_try_get);

/**
 * kcoro_queue_task_done() - an element that was taken out is dealt with
 * @queue: the queue
 *
 * Context: task or thread.
 * Return: 0. -EINVAL: so are all that were put; the kernel log says so, unless it
 * is a program's.
 */
int kcoro_queue_task_done(struct kcoro_queue *queue)
{
	struct kcoro_waiter *wakes = NULL;
	int err = 0;

	raw_spin_lock(&queue->lock);
	if (!queue->unfinished)
		err = -EINVAL;
	else if (!--queue->unfinished)
		wakes = kcoro_waitq_take_all(&queue->joiners, 0);
	raw_spin_unlock(&queue->lock);
	kcoro_wake_all(wakes);
	if (unlikely(err && !queue->fd))
		pr_warn_ratelimited("kcoro: queue %s: more elements are said to be done than were put\n",
				    queue->name);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_queue_task_done);

/**
 * kcoro_queue_join() - wait until all that was put is dealt with
 * @queue: the queue
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS. -ESHUTDOWN: it is a program's,
 * whose context has ended.
 */
int kcoro_queue_join(struct kcoro_queue *queue, ktime_t deadline)
{
	int err = kcoro_wait_check(kcoro_self());

	if (err)
		return err;
	raw_spin_lock(&queue->lock);
	if (queue->unfinished && !kcoro_sync_over(queue->fd))
		return queue_wait(queue, &queue->joiners, NULL,
				  KCORO_WAIT_DRAIN, deadline);
	if (queue->unfinished)
		err = -ESHUTDOWN;
	raw_spin_unlock(&queue->lock);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_queue_join);

static bool queue_readable(const struct kcoro_queue *queue)
{
	return queue->count || !list_empty(&queue->returned);
}

/* Those that were put back; they need no @discard: programs' have none. */
static u32 discard_backs(struct kcoro_queue *queue)
{
	u32 nr = 0;

	while (!list_empty(&queue->returned)) {
		list_move(queue->returned.next, &queue->spent);
		nr++;
	}
	return nr;
}

/**
 * kcoro_queue_shutdown() - let nothing be put any more
 * @queue: the queue
 * @immediate: discard what is in it
 *
 * Who waits to put gets -ESHUTDOWN. So does who gets, once the queue is empty.
 *
 * Context: task or thread.
 * Return: 0. -EALREADY: so it was, and there is nothing to discard.
 */
int kcoro_queue_shutdown(struct kcoro_queue *queue, bool immediate)
{
	struct kcoro_waiter *getters, *putters, *joiners = NULL;
	bool changes;
	u32 nr = 0;

	raw_spin_lock(&queue->lock);
	changes = !queue->shut;
	queue->shut = true;
	getters = kcoro_waitq_take_all(&queue->getters, -ESHUTDOWN);
	putters = kcoro_waitq_take_all(&queue->putters, -ESHUTDOWN);
	if (immediate && queue_readable(queue)) {
		changes = true;
		nr = queue->count;
		queue->count = 0;
		/* It may be less: who has got one may have said "done" twice. */
		queue->unfinished -= min_t(u64, nr + discard_backs(queue),
					   queue->unfinished);
		if (!queue->unfinished)
			joiners = kcoro_waitq_take_all(&queue->joiners, 0);
	}
	raw_spin_unlock(&queue->lock);
	kcoro_wake_all(getters);
	kcoro_wake_all(putters);
	discard(queue, nr);
	kcoro_wake_all(joiners);
	queue_poll_wake(queue);
	return changes ? 0 : -EALREADY;
}
EXPORT_SYMBOL_GPL(kcoro_queue_shutdown);

/**
 * kcoro_queue_len() - how many elements are in it
 * @queue: the queue
 *
 * Context: any.
 */
u32 kcoro_queue_len(const struct kcoro_queue *queue)
{
	return READ_ONCE(queue->count);
}
EXPORT_SYMBOL_GPL(kcoro_queue_len);

/**
 * kcoro_queue_unget() - put an element back that could not be delivered
 * @queue: a program's
 * @elem: as it was got; copied
 *
 * Never fails. It is the first again, though others may have got later ones
 * meanwhile. Nor does it count as put: it was not dealt with yet.
 *
 * Context: thread; may sleep.
 */
void kcoro_queue_unget(struct kcoro_queue *queue, const void *elem)
{
	struct kcoro_queue_back *back;
	struct kcoro_waiter *getter;

	raw_spin_lock(&queue->lock);
	back = list_first_entry_or_null(&queue->spent, struct kcoro_queue_back,
					node);
	if (back) {
		list_del(&back->node);
	} else {
		raw_spin_unlock(&queue->lock);
		back = kmalloc(struct_size(back, elem, queue->elem_size),
			       GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
		raw_spin_lock(&queue->lock);
	}
	kcoro_queue_copy(queue, back->elem, elem);
	list_add(&back->node, &queue->returned);
	getter = kcoro_waitq_take(&queue->getters, 0);
	if (getter)
		queue_take_back(queue, getter->msg);
	raw_spin_unlock(&queue->lock);
	if (getter)
		kcoro_wait_wake(getter->wait);
	queue_poll_wake(queue);
}

/**
 * kcoro_queue_poll() - what can be done without waiting
 * @queue: a program's
 *
 * Context: ->poll.
 * Return: EPOLLIN: an element, or none will ever come. EPOLLHUP: the latter.
 * EPOLLOUT: room. EPOLLERR: nothing is taken any more.
 */
__poll_t kcoro_queue_poll(struct kcoro_queue *queue)
{
	__poll_t mask = 0;

	raw_spin_lock(&queue->lock);
	if (queue_readable(queue))
		mask |= EPOLLIN | EPOLLRDNORM;
	else if (queue->shut)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	if (queue->shut)
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLERR;
	else if (queue->count < queue->capacity)
		mask |= EPOLLOUT | EPOLLWRNORM;
	raw_spin_unlock(&queue->lock);
	return mask;
}

/**
 * kcoro_queue_end() - the context of a program's queue has ended
 * @queue: it is shut down, and nobody waits for it any more
 *
 * Context: process.
 */
void kcoro_queue_end(struct kcoro_queue *queue)
{
	struct kcoro_waiter *joiners;

	raw_spin_lock(&queue->lock);
	WRITE_ONCE(queue->fd->over, true);
	joiners = kcoro_waitq_take_all(&queue->joiners, -ESHUTDOWN);
	raw_spin_unlock(&queue->lock);
	kcoro_wake_all(joiners);
	kcoro_queue_shutdown(queue, false);
}

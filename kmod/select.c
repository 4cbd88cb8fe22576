// SPDX-License-Identifier: GPL-2.0
/*
 * Select: the first of several channel operations, and of other sources.
 *
 * Model: as Go's. All channels are locked, in an order that is the same for all;
 * if a case can proceed, it does; else a waiter is put into each channel's queue,
 * the locks are dropped, and the caller waits with one wait for all of them. The
 * source that wins the wait has carried out its case; the other waiters are
 * unqueued under their channels' locks.
 *
 * Two selects that meet: the one that runs holds all locks of its own, so
 * nobody can win *it*; it has not armed its wait. It wins the other's by the
 * cmpxchg. So only one word is in question and no order is needed.
 *
 * Other sources (tasks, files, wait queues: select_source.c) do not carry out
 * anything: they tell whether they are ready, and win the wait as they change.
 * They may sleep, so no lock is held. A select that has some goes round:
 *	1 all cases are tried or asked, one after the other: the first is chosen
 *	2 as above, for channels only; the wait is armed before they are unlocked
 *	3 sources are enqueued, and asked again: if one is ready, and nobody has
 *	  won the wait, it is chosen; else the caller waits
 *	4 all is unqueued. If it was not a channel that won: from 1
 *
 * Which of several ready cases: cases are tried in a random order, drawn
 * anew each time, or as given with KCORO_SELECT_PRIORITY.
 *
 * Locks: those of all channels at once, those that interrupt handlers use last,
 * else by address. For lockdep they nest under select_map, as they are of one
 * class and may be more than lockdep's depth.
 */
#include <linux/kcoro.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bubble.h"
#include "carry.h"
#include "chan.h"
#include "select_source.h"
#include "task.h"
#include "trace.h"

/* Cases that need no allocation. */
#define SELECT_ONSTACK	4

static struct {
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	struct lockdep_map dep_map;
#endif
} select_map __maybe_unused = {
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	.dep_map = STATIC_LOCKDEP_MAP_INIT("kcoro_select", &select_map),
#endif
};

/**
 * struct select_slot - what a case needs while the select goes on
 * @waiter: in its channel's queue
 * @locked: channels in address order; entry i need not be that of case i
 * @order: indices of cases in the order they are tried
 */
struct select_slot {
	struct kcoro_waiter waiter;
	struct kcoro_chan *locked;
	u32 order;
};

/**
 * struct select - one call
 * @cases: as the caller gave them
 * @slots: one for each
 * @sources: likewise, or NULL: all are of channels
 * @nr: number of cases
 * @nr_locked: of channels
 * @ready: a source's index or errno, if nobody won the wait; else -EAGAIN
 */
struct select {
	struct kcoro_select_case *cases;
	struct select_slot *slots;
	struct kcoro_source *sources;
	u32 nr;
	u32 nr_locked;
	int ready;
};

/*
 * By address, and those that interrupt handlers use last: who waits for one of
 * those has interrupts off, and may be what holds up another CPU.
 */
static bool locked_before(const struct kcoro_chan *a, const struct kcoro_chan *b)
{
	return a->irq != b->irq ? b->irq : a < b;
}

static void sort_channels(struct select *sel)
{
	u32 i, j;

	sel->nr_locked = 0;
	for (i = 0; i < sel->nr; i++) {
		struct kcoro_chan *chan = sel->cases[i].chan;

		if (!chan)
			continue;
		for (j = sel->nr_locked; j > 0; j--)
			if (!locked_before(chan, sel->slots[j - 1].locked))
				break;
		if (j > 0 && sel->slots[j - 1].locked == chan)
			continue;
		for (u32 k = sel->nr_locked; k > j; k--)
			sel->slots[k].locked = sel->slots[k - 1].locked;
		sel->slots[j].locked = chan;
		sel->nr_locked++;
	}
}

static void draw_order(struct select *sel, u32 flags)
{
	u32 i, j, random;

	for (i = 0; i < sel->nr; i++)
		sel->slots[i].order = i;
	if (flags & KCORO_SELECT_PRIORITY || sel->nr < 2)
		return;
	/* Fisher and Yates's shuffle, from one word of the kernel's random. */
	random = kcoro_bubble_random();
	for (i = sel->nr - 1; i > 0; i--) {
		random = random * 1664525 + 1013904223;
		j = ((u64)random * (i + 1)) >> 32;
		swap(sel->slots[i].order, sel->slots[j].order);
	}
}

/* sparse cannot count locks in a loop: to it, these two take and leave none. */
static __always_inline void lock_one(struct kcoro_chan *chan)
{
	raw_spin_lock_nest_lock(&chan->lock, &select_map);
	__release(&chan->lock);
}

static __always_inline void unlock_one(struct kcoro_chan *chan)
{
	__acquire(&chan->lock);
	raw_spin_unlock(&chan->lock);
}

static unsigned long lock_all(struct select *sel)
{
	unsigned long flags;
	u32 i;

	local_irq_save(flags);
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	lock_map_acquire(&select_map.dep_map);
#endif
	for (i = 0; i < sel->nr_locked; i++)
		lock_one(sel->slots[i].locked);
	return flags;
}

static void unlock_all(struct select *sel, unsigned long flags)
{
	u32 i;

	for (i = sel->nr_locked; i > 0; i--)
		unlock_one(sel->slots[i - 1].locked);
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	lock_map_release(&select_map.dep_map);
#endif
	local_irq_restore(flags);
}

/* Carry out a case that is ready: its index, or -EAGAIN. */
static int try_cases(struct select *sel, struct kcoro_wait **wake)
{
	u32 i;

	for (i = 0; i < sel->nr; i++) {
		u32 index = sel->slots[i].order;
		struct kcoro_select_case *c = &sel->cases[index];
		int ret;

		if (!c->chan)
			continue;
		ret = c->op == KCORO_OP_SEND ?
			      kcoro_chan_try_send(c->chan, c->msg, wake) :
			      kcoro_chan_try_recv(c->chan, c->msg, wake);
		if (ret == -EAGAIN)
			continue;
		c->result = ret;
		return index;
	}
	return -EAGAIN;
}

static struct kcoro_waitq *case_queue(const struct kcoro_select_case *c)
{
	return c->op == KCORO_OP_SEND ? &c->chan->sendq : &c->chan->recvq;
}

static void queue_cases(struct select *sel, struct kcoro_wait *wait)
{
	u32 i;

	for (i = 0; i < sel->nr; i++) {
		struct kcoro_select_case *c = &sel->cases[i];
		struct kcoro_waiter *waiter = &sel->slots[i].waiter;

		waiter->wait = wait;
		waiter->msg = c->msg;
		waiter->result = -EAGAIN;
		if (c->chan)
			kcoro_waitq_add(case_queue(c), waiter);
	}
}

/* The case that a source has carried out, or -EAGAIN. All are locked. */
static int unqueue_cases(struct select *sel)
{
	int index = -EAGAIN;
	u32 i;

	for (i = 0; i < sel->nr; i++) {
		struct kcoro_select_case *c = &sel->cases[i];
		struct kcoro_waiter *waiter = &sel->slots[i].waiter;

		if (!c->chan)
			continue;
		kcoro_waitq_del(case_queue(c), waiter);
		if (waiter->result == -EAGAIN)
			continue;
		c->result = waiter->result;
		index = i;
	}
	return index;
}

/*
 * Enqueue the sources, unless one is ready: its index, -EAGAIN, or -errno. The
 * wait is armed.
 */
static int enqueue_sources(struct select *sel, struct kcoro_wait *wait)
{
	u32 i;

	for (i = 0; i < sel->nr; i++) {
		u32 index = sel->slots[i].order;
		int ret = kcoro_source_enqueue(&sel->sources[index], wait);

		if (ret)
			return ret < 0 ? ret : index;
	}
	return -EAGAIN;
}

/* As kcoro_wait_finish(), for the sources too. Sets @sel->ready. */
static noinline int finish_with_sources(struct select *sel,
					struct kcoro_wait *wait, ktime_t deadline)
{
	int ready = enqueue_sources(sel, wait), err;
	u32 i;

	if (ready == -EAGAIN) {
		err = kcoro_wait_finish(wait, deadline);
	} else {
		err = kcoro_wait_abort(wait);
		if (err == -EAGAIN) {
			sel->ready = ready;
			err = 0;
		}
	}
	for (i = 0; i < sel->nr; i++)
		kcoro_source_dequeue(&sel->sources[i]);
	return err;
}

/**
 * kcoro_select_cases() - what a task that waits in a select waits for
 * @on: of its wait; its lock is held, so that the call does not end
 * @cases: out: the cases
 *
 * Context: any.
 * Return: how many.
 */
u32 kcoro_select_cases(unsigned long on, const struct kcoro_select_case **cases)
{
	const struct select *sel = (const struct select *)on;

	*cases = sel->cases;
	return sel->nr;
}

static int select_wait(struct select *sel, ktime_t deadline,
		       unsigned long flags)
{
	struct kcoro_wait onstack, *wait = kcoro_wait_get(&onstack);
	int err, index;
	u32 i;

	err = kcoro_wait_begin(wait, KCORO_WAIT_SELECT);
	if (err) {
		unlock_all(sel, flags);
		return err;
	}
	WRITE_ONCE(wait->on, (unsigned long)sel);
	queue_cases(sel, wait);
	unlock_all(sel, flags);
	for (i = 0; i < sel->nr_locked; i++)
		kcoro_chan_poll_wake(sel->slots[i].locked);
	if (likely(!sel->sources))
		err = kcoro_wait_finish(wait, deadline);
	else
		err = finish_with_sources(sel, wait, deadline);
	kcoro_wait_unpin(wait);
	flags = lock_all(sel);
	index = unqueue_cases(sel);
	unlock_all(sel, flags);
	return err ?: index;
}

static int select_run(struct select *sel, u32 flags, ktime_t deadline)
{
	struct kcoro_wait *wake = NULL;
	unsigned long irq;
	int index;

	sort_channels(sel);
	draw_order(sel, flags);
	irq = lock_all(sel);
	/* What does not wait takes no cancel request from a call that does. */
	index = flags & KCORO_SELECT_NOWAIT ? 0 : kcoro_wait_check(kcoro_self());
	if (!index)
		index = try_cases(sel, &wake);
	if (index == -EAGAIN && !(flags & KCORO_SELECT_NOWAIT))
		return select_wait(sel, deadline, irq);
	unlock_all(sel, irq);
	if (wake)
		kcoro_wait_wake(wake);
	if (index >= 0)
		kcoro_chan_poll_wake(sel->cases[index].chan);
	return index;
}

/* Try and ask all cases, one after the other: an index, or -EAGAIN. */
static int ask_cases(struct select *sel)
{
	u32 i;

	for (i = 0; i < sel->nr; i++) {
		u32 index = sel->slots[i].order;
		struct kcoro_select_case *c = &sel->cases[index];
		int ret;

		if (!c->chan) {
			if (kcoro_source_ready(&sel->sources[index]))
				return index;
			continue;
		}
		ret = c->op == KCORO_OP_SEND ?
			      kcoro_chan_send(c->chan, c->msg, 0, true) :
			      kcoro_chan_recv(c->chan, c->msg, 0, true);
		if (ret == -EAGAIN)
			continue;
		c->result = ret;
		return index;
	}
	return -EAGAIN;
}

/* With sources. Out of line, as few selects have any. */
static noinline int select_mixed(struct select *sel, u32 flags, ktime_t deadline)
{
	int index = flags & KCORO_SELECT_NOWAIT ?
			    0 : kcoro_wait_check(kcoro_self());
	u32 i;

	if (index)
		return index;
	sel->sources = kmalloc_array(sel->nr, sizeof(*sel->sources), GFP_KERNEL);
	if (!sel->sources)
		return -ENOMEM;
	for (i = 0; i < sel->nr; i++)
		kcoro_source_init(&sel->sources[i], &sel->cases[i]);
	do {
		draw_order(sel, flags);
		index = ask_cases(sel);
		if (index != -EAGAIN || flags & KCORO_SELECT_NOWAIT)
			break;
		sel->ready = -EAGAIN;
		index = select_run(sel, flags, deadline);
		if (index == -EAGAIN)
			index = sel->ready;
	} while (index == -EAGAIN);
	kfree(sel->sources);
	return index;
}

/**
 * kcoro_select() - carry out the first case that can proceed
 * @cases: the cases; the chosen one's result is filled in
 * @nr: number of cases, up to KCORO_SELECT_MAX
 * @flags: KCORO_SELECT_PRIORITY, KCORO_SELECT_NOWAIT
 * @deadline: or KCORO_FOREVER
 *
 * After Go's select. A receive from a channel at end of stream and a send that
 * gives -EPIPE are ready. A task's end, a file and a wait queue are cases too.
 *
 * Context: task or thread; may park and, over a few cases, or with others than
 * channels, sleep.
 * Return: index of the case that was carried out. -EAGAIN: none is ready, and
 * KCORO_SELECT_NOWAIT. -EINVAL: unknown flag, operation or event, too many
 * cases, or a buffer that is empty or too long for its channel. -EDEADLK: the
 * end of the caller. -EOPNOTSUPP: a file that cannot be polled, or has more than
 * four wait queues. -ENOMEM. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS: none was
 * carried out.
 */
int kcoro_select(struct kcoro_select_case *cases, u32 nr, u32 flags,
		 ktime_t deadline)
{
	struct select_slot onstack[SELECT_ONSTACK];
	struct select sel = { .cases = cases, .slots = onstack, .nr = nr };
	bool mixed = false;
	int ret;
	u32 i;

	if (nr > KCORO_SELECT_MAX || flags & ~KCORO_SELECT_FLAGS)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		struct kcoro_chan *chan = cases[i].chan;

		if (cases[i].op != KCORO_OP_SEND &&
		    cases[i].op != KCORO_OP_RECV) {
			ret = kcoro_source_check(&cases[i]);
			if (ret)
				return ret;
			mixed = true;
		}
		if (chan && chan->buffers && cases[i].op == KCORO_OP_SEND) {
			struct kcoro_buf *buf = *(struct kcoro_buf **)cases[i].msg;

			if (!buf->len || buf->len > chan->buf_max)
				return -EINVAL;
			ret = buf->carried ? kcoro_carry_check(chan, buf) : 0;
			if (ret)
				return ret;
		}
	}
	if (nr > SELECT_ONSTACK) {
		sel.slots = kmalloc_array(nr, sizeof(*sel.slots), GFP_KERNEL);
		if (!sel.slots)
			return -ENOMEM;
	}
	ret = likely(!mixed) ? select_run(&sel, flags, deadline) :
			       select_mixed(&sel, flags, deadline);
	if (sel.slots != onstack)
		kfree(sel.slots);
	return ret;
}
EXPORT_SYMBOL_GPL(kcoro_select);

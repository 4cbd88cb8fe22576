/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of <linux/kcoro_sync.h> have in common: calls that wait, each
 * made by a task or a thread of its own, and ways to make them give up.
 *
 * A test waits until a call is in the object's queue, where it can be won or lost.
 * Whether the caller sleeps by then does not matter.
 */
#ifndef KCORO_TESTS_SYNC_OPS_H
#define KCORO_TESTS_SYNC_OPS_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "sync.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */
#define PAST	0

#include "task_ops.h"

/**
 * struct call - a call that may wait
 * @fn: makes it
 * @obj: the object
 * @arg: for @fn
 * @deadline: for it
 * @ret: what it returned
 * @order: its place among those that returned 0 and said so by came()
 * @task: who makes it, or NULL
 * @thread: likewise
 * @done: the thread has ended
 */
struct call {
	int (*fn)(struct call *call);
	void *obj;
	u64 arg;
	ktime_t deadline;
	int ret;
	int order;
	struct kcoro_task *task;
	struct task_struct *thread;
	struct completion done;
};

static inline struct call *calls(struct kunit *test, u32 nr,
				 int (*fn)(struct call *call), void *obj)
{
	struct call *call = kunit_kcalloc(test, nr, sizeof(*call), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, call);
	for (i = 0; i < nr; i++) {
		call[i].fn = fn;
		call[i].obj = obj;
		call[i].deadline = KCORO_FOREVER;
		call[i].order = -1;
		init_completion(&call[i].done);
	}
	return call;
}

static inline s64 call_task(void *data)
{
	struct call *call = data;

	call->ret = call->fn(call);
	return 0;
}

static inline int call_thread(void *data)
{
	struct call *call = data;

	allow_signal(SIGUSR1);
	call->ret = call->fn(call);
	complete(&call->done);
	return 0;
}

static inline void call_in_task(struct kunit *test, struct call *call)
{
	call->task = go(test, call_task, call);
}

static inline void call_in_thread(struct kunit *test, struct call *call)
{
	call->thread = kthread_create(call_thread, call, "kcoro-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, call->thread);
	get_task_struct(call->thread);
	wake_up_process(call->thread);
}

/* By tasks and threads in turn. */
static inline void call_in_turn(struct kunit *test, struct call *call, u32 i)
{
	if (i % 2)
		call_in_thread(test, call);
	else
		call_in_task(test, call);
}

static inline bool ended(struct call *call)
{
	return call->task ? kcoro_task_done(call->task) :
			    completion_done(&call->done);
}

/* What a call returned, once it has. */
static inline int result_of(struct kunit *test, struct call *call)
{
	if (call->task) {
		finish(test, call->task);
		call->task = NULL;
	} else if (call->thread) {
		KUNIT_ASSERT_NE(test, 0,
				wait_for_completion_timeout(&call->done,
							    60 * HZ));
		put_task_struct(call->thread);
		call->thread = NULL;
	}
	return call->ret;
}

static inline u32 queue_length(raw_spinlock_t *lock, struct kcoro_waitq *queue)
{
	struct kcoro_waiter *waiter;
	unsigned long flags;
	u32 nr = 0;

	raw_spin_lock_irqsave(lock, flags);
	for (waiter = queue->first; waiter; waiter = waiter->next)
		nr++;
	raw_spin_unlock_irqrestore(lock, flags);
	return nr;
}

/* Until so many wait. */
static inline void await_queue(struct kunit *test, raw_spinlock_t *lock,
			       struct kcoro_waitq *queue, u32 nr)
{
	ktime_t guard = GUARD;

	while (queue_length(lock, queue) != nr &&
	       ktime_before(ktime_get(), guard))
		cond_resched();
	KUNIT_ASSERT_EQ(test, queue_length(lock, queue), nr);
}

#define await_waiters(test, obj, nr)					\
	await_queue(test, &(obj)->lock,					\
		    kcoro_sync_waitq(&(obj)->waiters), nr)

/* How a call gives up, and what it returns then. */
enum leave { LEAVE_CANCEL, LEAVE_KILL, LEAVE_DEADLINE, LEAVE_SIGNAL, LEAVES };

static inline int leave_errno(enum leave how)
{
	static const int errnos[LEAVES] = {
		[LEAVE_CANCEL] = -ECANCELED,	[LEAVE_KILL] = -ECANCELED,
		[LEAVE_DEADLINE] = -ETIMEDOUT,	[LEAVE_SIGNAL] = -ERESTARTSYS,
	};

	return errnos[how];
}

/*
 * Start a call that has to wait and will give up: by itself if by a deadline, else
 * when the test calls leave_now().
 */
static inline void start_leaver(struct kunit *test, struct call *call,
				enum leave how)
{
	if (how == LEAVE_DEADLINE)
		call->deadline = ktime_add_ms(ktime_get(), 20);
	if (how == LEAVE_SIGNAL)
		call_in_thread(test, call);
	else
		call_in_task(test, call);
}

static inline void leave_now(struct call *call, enum leave how)
{
	if (how == LEAVE_CANCEL)
		kcoro_cancel(call->task);
	else if (how == LEAVE_KILL)
		kcoro_task_kill(call->task);
	else if (how == LEAVE_SIGNAL)
		send_sig(SIGUSR1, call->thread, 1);
}

/* Each way to give up, on an object on which @fn has to wait. */
static inline void check_leaving(struct kunit *test, raw_spinlock_t *lock,
				 struct kcoro_waitq *queue,
				 int (*fn)(struct call *call), void *obj,
				 u64 arg)
{
	u32 before = queue_length(lock, queue);
	enum leave how;

	for (how = 0; how < LEAVES; how++) {
		struct call *call = calls(test, 1, fn, obj);

		call->arg = arg;
		start_leaver(test, call, how);
		if (how != LEAVE_DEADLINE)
			await_queue(test, lock, queue, before + 1);
		leave_now(call, how);
		KUNIT_EXPECT_EQ(test, result_of(test, call), leave_errno(how));
		KUNIT_EXPECT_EQ(test, queue_length(lock, queue), before);
	}
}

#define check_leaving_object(test, object, fn, call_obj, arg)		\
	check_leaving(test, &(object)->lock,				\
		      kcoro_sync_waitq(&(object)->waiters), fn, call_obj, arg)

/* A task with a request pending, by which calls that never wait do not go. */
static inline s64 call_canceled(void *data)
{
	struct call *call = data;

	kcoro_cancel(kcoro_current());
	call->ret = call->fn(call);
	return kcoro_sleep_until(PAST);
}

/* @fn returns @ret, and leaves the request to the next wait, or takes it. */
static inline void expect_canceled(struct kunit *test,
				   int (*fn)(struct call *call), void *obj,
				   int ret, bool left)
{
	struct call *call = calls(test, 1, fn, obj);
	struct kcoro_task *task = go(test, call_canceled, call);

	KUNIT_EXPECT_EQ(test, finish(test, task), left ? -ECANCELED : 0);
	KUNIT_EXPECT_EQ(test, call->ret, ret);
}

#endif /* KCORO_TESTS_SYNC_OPS_H */

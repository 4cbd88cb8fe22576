/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What several files of tests do with a channel: one operation at once, or one
 * of a task that has to wait. The file defines GUARD, the deadline against
 * hangs, and PAST, a deadline that does not wait, before it includes this.
 */
#ifndef KCORO_TESTS_CHAN_OPS_H
#define KCORO_TESTS_CHAN_OPS_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>

#include "task.h"

static inline struct kcoro_chan *make(struct kunit *test, u32 capacity)
{
	struct kcoro_chan *chan = kcoro_chan_create(sizeof(u64), capacity);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	return chan;
}

static inline struct kcoro_chan *make_irq(struct kunit *test, u32 capacity)
{
	struct kcoro_chan *chan = kcoro_chan_create_irq(sizeof(u64), capacity);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	return chan;
}

static inline int put(struct kcoro_chan *chan, u64 value)
{
	return kcoro_send(chan, &value, PAST);
}

/* What was received, or a negative errno; -EPIPE at the end of the stream. */
static inline s64 get(struct kcoro_chan *chan)
{
	u64 value = 0;
	int ret = kcoro_recv(chan, &value, PAST);

	return ret == 1 ? value : ret ?: -EPIPE;
}

/* One operation of a task, which waits for as long as it takes. */
struct op {
	struct kcoro_chan *chan;
	struct kcoro_task *task;
	bool send;
	u64 value;
};

static inline s64 op_run(void *data)
{
	struct op *op = data;
	int ret;

	if (op->send)
		return kcoro_send(op->chan, &op->value, KCORO_FOREVER);
	ret = kcoro_recv(op->chan, &op->value, KCORO_FOREVER);
	return ret == 1 ? op->value : ret ?: -EPIPE;
}

/* Start an operation that has to wait, and see it wait. */
static inline void start(struct kunit *test, struct op *op)
{
	struct kcoro_task_info info;
	int guard = 30000;

	op->task = kcoro_go(op_run, op);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, op->task);
	do {
		usleep_range(20, 100);
		kcoro_task_info(op->task, &info);
	} while (info.state != KCORO_TASK_PARKED && guard--);
	KUNIT_EXPECT_EQ(test, info.wait,
			op->send ? KCORO_WAIT_SEND : KCORO_WAIT_RECV);
}

static inline void sender(struct kunit *test, struct op *op,
			  struct kcoro_chan *chan, u64 value)
{
	*op = (struct op) { .chan = chan, .send = true, .value = value };
	start(test, op);
}

static inline void receiver(struct kunit *test, struct op *op,
			    struct kcoro_chan *chan)
{
	*op = (struct op) { .chan = chan };
	start(test, op);
}

/* The operation's outcome. One that hangs is killed: it uses our data. */
static inline s64 outcome(struct kunit *test, struct op *op)
{
	s64 result = -EBADE;

	if (kcoro_join(op->task, GUARD, &result)) {
		KUNIT_FAIL(test, "task hangs");
		kcoro_task_kill(op->task);
		KUNIT_ASSERT_EQ(test, kcoro_join(op->task, GUARD, NULL), 0);
	}
	kcoro_task_put(op->task);
	return result;
}

#endif /* KCORO_TESTS_CHAN_OPS_H */

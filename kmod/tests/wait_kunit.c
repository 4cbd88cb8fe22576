// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of wait.c, one cause at a time: deadlines, cancel requests, signals,
 * and wakes from hard interrupts. For what happens when two of them meet see
 * race_kunit.c.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "chan.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "chan_ops.h"

/* --- Hard interrupts ------------------------------------------------------ */

struct irq_op {
	struct irq_work work;
	struct kcoro_chan *chan;
	bool send;
	u64 value;
	int ret;
};

static void irq_op_run(struct irq_work *work)
{
	struct irq_op *op = container_of(work, struct irq_op, work);

	if (!in_hardirq())
		op->ret = -EBADE;
	else
		op->ret = op->send ? kcoro_try_send(op->chan, &op->value) :
				     kcoro_try_recv(op->chan, &op->value);
}

/* Do @op in a hard interrupt of @cpu. */
static int irq_op(struct irq_op *op, unsigned int cpu)
{
	op->work = IRQ_WORK_INIT_HARD(irq_op_run);
	op->ret = -EINPROGRESS;
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	irq_work_queue(&op->work);
	irq_work_sync(&op->work);
	return op->ret;
}

static void interrupt_sends_to_a_waiting_task(struct kunit *test)
{
	struct kcoro_chan *chan = make_irq(test, 0);
	struct irq_op irq = { .chan = chan, .send = true };
	unsigned int cpu;
	struct op op;

	for_each_online_cpu(cpu) {
		receiver(test, &op, chan);
		irq.value = cpu + 1;
		KUNIT_EXPECT_EQ(test, irq_op(&irq, cpu), 0);
		KUNIT_EXPECT_EQ(test, outcome(test, &op), cpu + 1);
	}
	kcoro_chan_drop(chan, BOTH);
}

static void interrupt_receives_from_a_waiting_task(struct kunit *test)
{
	struct kcoro_chan *chan = make_irq(test, 0);
	struct irq_op irq = { .chan = chan };
	unsigned int cpu;
	struct op op;

	for_each_online_cpu(cpu) {
		sender(test, &op, chan, cpu + 1);
		KUNIT_EXPECT_EQ(test, irq_op(&irq, cpu), 1);
		KUNIT_EXPECT_EQ(test, irq.value, cpu + 1);
		KUNIT_EXPECT_EQ(test, outcome(test, &op), 0);
	}
	kcoro_chan_drop(chan, BOTH);
}

static void interrupt_does_not_wait(struct kunit *test)
{
	struct kcoro_chan *chan = make_irq(test, 1);
	struct irq_op irq = { .chan = chan };
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		irq.send = false;
		KUNIT_EXPECT_EQ(test, irq_op(&irq, cpu), -EAGAIN);
		irq.send = true;
		irq.value = cpu;
		KUNIT_EXPECT_EQ(test, irq_op(&irq, cpu), 0);
		KUNIT_EXPECT_EQ(test, irq_op(&irq, cpu), -EAGAIN);
		KUNIT_EXPECT_EQ(test, get(chan), cpu);
	}
	kcoro_chan_drop(chan, BOTH);
}

/* A deadline that comes while we wait, and in interrupt context at that. */
static ktime_t soon(void)
{
	return ktime_add_us(ktime_get(), 500);
}

/* --- Deadlines ------------------------------------------------------------ */

static s64 deadline_run(void *data)
{
	struct kcoro_chan *chan = data;
	u64 value = 1;

	if (kcoro_recv(chan, &value, soon()) != -ETIMEDOUT)
		return 1;
	if (kcoro_send(chan, &value, soon()) != -ETIMEDOUT)
		return 2;
	return kcoro_sleep_until(soon()) ? 3 : 0;
}

static void deadline_ends_a_tasks_wait(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op = { .task = kcoro_go(deadline_run, chan) };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, op.task);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 0);
	kcoro_chan_drop(chan, BOTH);
}

static void deadline_ends_a_threads_wait(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);

	KUNIT_EXPECT_EQ(test, deadline_run(chan), 0);
	kcoro_chan_drop(chan, BOTH);
}

static void deadline_leaves_no_waiter_behind(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	u64 value = 1;

	deadline_run(chan);
	KUNIT_EXPECT_EQ(test, kcoro_try_send(chan, &value), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_try_recv(chan, &value), -EAGAIN);
	KUNIT_EXPECT_NULL(test, chan->recvq.first);
	KUNIT_EXPECT_NULL(test, chan->sendq.first);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Cancel --------------------------------------------------------------- */

/* Counts how often its waits are cancelled; ends with its channel. */
static s64 count_cancels_run(void *data)
{
	struct op *op = data;
	s64 count = 0;
	int ret;

	while ((ret = kcoro_recv(op->chan, &op->value, KCORO_FOREVER)))
		count += ret == -ECANCELED;
	return count;
}

static void count_cancels(struct kunit *test, struct op *op,
			  struct kcoro_chan *chan)
{
	*op = (struct op) { .chan = chan };
	op->task = kcoro_go(count_cancels_run, op);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, op->task);
}

static void cancel_requests_are_counted(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;
	int i;

	count_cancels(test, &op, chan);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_TRUE(test, kcoro_cancel(op.task));
	kcoro_chan_close(chan);
	/* The stream has ended, but requests come first. */
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 100);
	kcoro_chan_drop(chan, BOTH);
}

static void cancel_leaves_no_waiter_behind(struct kunit *test)
{
	struct kcoro_chan *chan = make(test, 0);
	struct op op;

	receiver(test, &op, chan);
	kcoro_cancel(op.task);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), -ECANCELED);
	KUNIT_EXPECT_EQ(test, put(chan, 1), -ETIMEDOUT);
	kcoro_chan_drop(chan, BOTH);
}

static s64 see_cancel_run(void *data)
{
	struct op *op = data;
	bool before = kcoro_canceled(), with;
	int ret;

	kcoro_cancel(kcoro_current());
	with = kcoro_canceled();
	ret = kcoro_sleep_until(PAST);
	op->value = kcoro_canceled();
	if (before || !with || ret != -ECANCELED)
		return 1;
	return kcoro_sleep_until(PAST);
}

static void cancel_is_seen_before_and_gone_after(struct kunit *test)
{
	struct op op = { .task = kcoro_go(see_cancel_run, &op) };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, op.task);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 0);
	KUNIT_EXPECT_EQ(test, op.value, 0);
}

static s64 killed_run(void *data)
{
	struct op *op = data;
	int i, count = 0;

	kcoro_recv(op->chan, &op->value, KCORO_FOREVER);
	for (i = 0; i < 50; i++) {
		count += kcoro_recv(op->chan, &op->value, PAST) == -ECANCELED;
		count += kcoro_sleep_until(PAST) == -ECANCELED;
	}
	return count;
}

static void kill_fails_every_wait(struct kunit *test)
{
	struct op op = { .chan = make(test, 0) };

	op.task = kcoro_go(killed_run, &op);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, op.task);
	kcoro_task_kill(op.task);
	KUNIT_EXPECT_EQ(test, outcome(test, &op), 100);
	kcoro_chan_drop(op.chan, BOTH);
}

/* --- Signals -------------------------------------------------------------- */

struct signaled {
	struct kcoro_chan *chan;
	struct completion done;
	u64 value;
	int ret;
};

static int signaled_run(void *data)
{
	struct signaled *signaled = data;

	allow_signal(SIGUSR1);
	signaled->ret = kcoro_recv(signaled->chan, &signaled->value, GUARD);
	flush_signals(current);
	complete(&signaled->done);
	return 0;
}

static void signal_ends_a_threads_wait(struct kunit *test)
{
	struct signaled signaled = { .chan = make(test, 0), .value = 7 };
	struct task_struct *thread;
	int guard = 30000;

	init_completion(&signaled.done);
	thread = kthread_create(signaled_run, &signaled, "kcoro-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	get_task_struct(thread);
	wake_up_process(thread);
	while (!signaled.chan->recvq.first && guard--)
		usleep_range(20, 100);
	send_sig(SIGUSR1, thread, 1);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&signaled.done,
							     60 * HZ));
	put_task_struct(thread);
	KUNIT_EXPECT_EQ(test, signaled.ret, -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, signaled.value, 7);
	KUNIT_EXPECT_EQ(test, put(signaled.chan, 1), -ETIMEDOUT);
	kcoro_chan_drop(signaled.chan, BOTH);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE(interrupt_sends_to_a_waiting_task),
	KUNIT_CASE(interrupt_receives_from_a_waiting_task),
	KUNIT_CASE(interrupt_does_not_wait),
	KUNIT_CASE(deadline_ends_a_tasks_wait),
	KUNIT_CASE(deadline_ends_a_threads_wait),
	KUNIT_CASE(deadline_leaves_no_waiter_behind),
	KUNIT_CASE(cancel_requests_are_counted),
	KUNIT_CASE(cancel_leaves_no_waiter_behind),
	KUNIT_CASE(cancel_is_seen_before_and_gone_after),
	KUNIT_CASE(kill_fails_every_wait),
	KUNIT_CASE(signal_ends_a_threads_wait),
	{}
};

static struct kunit_suite wait_suite = {
	.name = "kcoro_wait",
	.test_cases = wait_cases,
};

kunit_test_suites(&wait_suite);

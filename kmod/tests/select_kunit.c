// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of select.c. Whoever has to wait is a task; the test's own thread does
 * what needs no waiting.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kcoro.h>

#include "chan.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)
#define CASES	KCORO_SELECT_MAX

#include "task_ops.h"

/**
 * struct sel - a select with its channels
 * @chan: channel i is that of case i, unless a test shares it
 * @c: the cases
 * @value: what case i sends or has received
 * @nr: number of cases
 * @task: runs it, if it has to wait
 */
struct sel {
	struct kcoro_chan *chan[CASES + 1];
	struct kcoro_select_case c[CASES + 1];
	u64 value[CASES + 1];
	u32 nr;
	struct kcoro_task *task;
};

/*
 * Ops: a letter for each case, s and r, or n: nil, or R: r of a channel that
 * interrupt handlers use.
 */
static struct sel *make(struct kunit *test, const char *ops, u32 capacity)
{
	struct sel *sel = kunit_kzalloc(test, sizeof(*sel), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sel);
	for (i = 0; ops[i]; i++) {
		sel->chan[i] = ops[i] == 'R' ?
			kcoro_chan_create_irq(sizeof(u64), capacity) :
			kcoro_chan_create(sizeof(u64), capacity);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sel->chan[i]);
		sel->c[i].op = ops[i] == 's' ? KCORO_OP_SEND : KCORO_OP_RECV;
		sel->c[i].chan = ops[i] == 'n' ? NULL : sel->chan[i];
		sel->c[i].msg = &sel->value[i];
		sel->c[i].result = -EBADE;
		sel->value[i] = 1000 + i;
	}
	sel->nr = i;
	return sel;
}

static void drop(struct sel *sel)
{
	u32 i;

	for (i = 0; i < CASES + 1 && sel->chan[i]; i++)
		kcoro_chan_drop(sel->chan[i], BOTH);
}

static int now(struct sel *sel)
{
	return kcoro_select(sel->c, sel->nr, KCORO_SELECT_NOWAIT, 0);
}

static int put(struct sel *sel, u32 i, u64 value)
{
	return kcoro_send(sel->chan[i], &value, PAST);
}

static s64 get(struct sel *sel, u32 i)
{
	u64 value;
	int ret = kcoro_recv(sel->chan[i], &value, PAST);

	return ret == 1 ? value : ret ?: -EPIPE;
}

static s64 sel_run(void *data)
{
	struct sel *sel = data;

	return kcoro_select(sel->c, sel->nr, 0, KCORO_FOREVER);
}

/* A task that has to wait, and is seen to. */
static struct kcoro_task *go_and_wait(struct kunit *test, s64 (*fn)(void *),
				      struct sel *sel, u32 wait)
{
	struct kcoro_task *task = go(test, fn, sel);
	struct kcoro_task_info info;
	int guard = 30000;

	do {
		usleep_range(20, 100);
		kcoro_task_info(task, &info);
	} while (info.state != KCORO_TASK_PARKED && guard--);
	KUNIT_EXPECT_EQ(test, info.wait, wait);
	return task;
}

/* Have a task run it, and see it wait. */
static void start(struct kunit *test, struct sel *sel)
{
	sel->task = go_and_wait(test, sel_run, sel, KCORO_WAIT_SELECT);
}

static s64 outcome(struct kunit *test, struct sel *sel)
{
	return finish(test, sel->task);
}

static bool no_waiters(struct sel *sel)
{
	u32 i;

	for (i = 0; i < sel->nr; i++)
		if (sel->chan[i]->sendq.first ||
		    sel->chan[i]->recvq.first)
			return false;
	return true;
}

/* --- What is ready -------------------------------------------------------- */

static void select_without_cases_waits(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_select(NULL, 0, 0, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_select(NULL, 0, KCORO_SELECT_NOWAIT, 0),
			-EAGAIN);
}

static void select_nil_is_never_ready(struct kunit *test)
{
	struct sel *sel = make(test, "nn", 1);

	KUNIT_EXPECT_EQ(test, now(sel), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_select(sel->c, 2, 0, PAST), -ETIMEDOUT);
	drop(sel);
}

static void select_nil_is_passed_over(struct kunit *test)
{
	struct sel *sel = make(test, "nsn", 1);

	KUNIT_EXPECT_EQ(test, now(sel), 1);
	KUNIT_EXPECT_EQ(test, get(sel, 1), 1001);
	drop(sel);
}

static void select_nowait_consumes_nothing(struct kunit *test)
{
	struct sel *sel = make(test, "rs", 0);

	KUNIT_EXPECT_EQ(test, now(sel), -EAGAIN);
	KUNIT_EXPECT_EQ(test, sel->c[0].result, -EBADE);
	KUNIT_EXPECT_EQ(test, sel->c[1].result, -EBADE);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

static void select_receives(struct kunit *test)
{
	struct sel *sel = make(test, "rr", 1);

	put(sel, 1, 5);
	KUNIT_EXPECT_EQ(test, now(sel), 1);
	KUNIT_EXPECT_EQ(test, sel->c[1].result, 1);
	KUNIT_EXPECT_EQ(test, sel->value[1], 5);
	drop(sel);
}

static void select_carries_out_one_case_only(struct kunit *test)
{
	struct sel *sel = make(test, "ss", 1);
	int index = now(sel);

	KUNIT_ASSERT_GE(test, index, 0);
	KUNIT_EXPECT_EQ(test, get(sel, index), 1000 + index);
	KUNIT_EXPECT_EQ(test, get(sel, !index), -ETIMEDOUT);
	drop(sel);
}

static void select_finds_closed_channels_ready(struct kunit *test)
{
	struct sel *sel = make(test, "r", 0);

	kcoro_chan_close(sel->chan[0]);
	KUNIT_EXPECT_EQ(test, now(sel), 0);
	KUNIT_EXPECT_EQ(test, sel->c[0].result, 0);
	sel->c[0].op = KCORO_OP_SEND;
	KUNIT_EXPECT_EQ(test, now(sel), 0);
	KUNIT_EXPECT_EQ(test, sel->c[0].result, -EPIPE);
	drop(sel);
}

/* --- Waiting -------------------------------------------------------------- */

static void select_waits_for_a_message(struct kunit *test)
{
	struct sel *sel = make(test, "rsr", 0);

	start(test, sel);
	KUNIT_EXPECT_EQ(test, put(sel, 2, 77), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 2);
	KUNIT_EXPECT_EQ(test, sel->c[2].result, 1);
	KUNIT_EXPECT_EQ(test, sel->value[2], 77);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

static void select_waits_for_a_receiver(struct kunit *test)
{
	struct sel *sel = make(test, "rsr", 0);

	start(test, sel);
	KUNIT_EXPECT_EQ(test, get(sel, 1), 1001);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 1);
	KUNIT_EXPECT_EQ(test, sel->c[1].result, 0);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

struct sel_irq {
	struct irq_work work;
	struct sel *sel;
	u64 value;
	int ret;
};

static void sel_irq_send(struct irq_work *work)
{
	struct sel_irq *irq = container_of(work, struct sel_irq, work);

	irq->ret = kcoro_try_send(irq->sel->chan[3], &irq->value);
}

static void select_waits_for_an_interrupt(struct kunit *test)
{
	struct sel *sel = make(test, "rRsR", 0);
	struct sel_irq irq = { .sel = sel, .value = 77 };

	start(test, sel);
	irq.work = IRQ_WORK_INIT_HARD(sel_irq_send);
	irq_work_queue(&irq.work);
	irq_work_sync(&irq.work);
	KUNIT_EXPECT_EQ(test, irq.ret, 0);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 3);
	KUNIT_EXPECT_EQ(test, sel->value[3], 77);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

/*
 * Channels that interrupt handlers use come last, whatever the addresses: of
 * this many pairs some lie the other way round, and lockdep would tell.
 */
static void select_locks_those_of_interrupts_last(struct kunit *test)
{
	struct sel *sel[16];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sel); i++) {
		sel[i] = make(test, i % 2 ? "rR" : "Rr", 0);
		KUNIT_EXPECT_EQ(test, now(sel[i]), -EAGAIN);
	}
	for (i = 0; i < ARRAY_SIZE(sel); i++)
		drop(sel[i]);
}

static void select_is_woken_by_a_close(struct kunit *test)
{
	struct sel *sel = make(test, "srr", 0);

	start(test, sel);
	kcoro_chan_close(sel->chan[1]);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 1);
	KUNIT_EXPECT_EQ(test, sel->c[1].result, 0);
	drop(sel);
}

static void select_is_told_of_epipe_by_a_close(struct kunit *test)
{
	struct sel *sel = make(test, "srr", 0);

	start(test, sel);
	kcoro_chan_close(sel->chan[0]);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 0);
	KUNIT_EXPECT_EQ(test, sel->c[0].result, -EPIPE);
	drop(sel);
}

static void select_deadline_leaves_no_waiter_behind(struct kunit *test)
{
	struct sel *sel = make(test, "rsr", 0);

	KUNIT_EXPECT_EQ(test, kcoro_select(sel->c, 3, 0, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_select(sel->c, 3, 0,
					   ktime_add_us(ktime_get(), 500)),
			-ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

static void select_cancel_leaves_no_waiter_behind(struct kunit *test)
{
	struct sel *sel = make(test, "rsr", 0);

	start(test, sel);
	kcoro_cancel(sel->task);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), -ECANCELED);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

/* --- The same channel twice ----------------------------------------------- */

static struct sel *make_both_ways(struct kunit *test)
{
	struct sel *sel = make(test, "sr", 0);

	sel->c[1].chan = sel->chan[0];
	return sel;
}

static void select_does_not_meet_itself(struct kunit *test)
{
	struct sel *sel = make_both_ways(test);

	KUNIT_EXPECT_EQ(test, now(sel), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_select(sel->c, 2, 0, PAST), -ETIMEDOUT);
	drop(sel);
}

static void select_both_ways_receives(struct kunit *test)
{
	struct sel *sel = make_both_ways(test);

	start(test, sel);
	KUNIT_EXPECT_EQ(test, put(sel, 0, 3), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 1);
	KUNIT_EXPECT_EQ(test, sel->value[1], 3);
	KUNIT_EXPECT_EQ(test, get(sel, 0), -ETIMEDOUT);
	drop(sel);
}

static void select_both_ways_sends(struct kunit *test)
{
	struct sel *sel = make_both_ways(test);

	start(test, sel);
	KUNIT_EXPECT_EQ(test, get(sel, 0), 1000);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 0);
	KUNIT_EXPECT_EQ(test, put(sel, 0, 3), -ETIMEDOUT);
	drop(sel);
}

static s64 receive_first(void *data)
{
	struct sel *sel = data;
	u64 value;
	int ret = kcoro_recv(sel->chan[0], &value, KCORO_FOREVER);

	return ret == 1 ? value : ret ?: -EPIPE;
}

/* It was twice between two who wait, and another case ended it. */
static void select_leaves_others_in_their_places(struct kunit *test)
{
	struct sel *sel = make(test, "rrr", 0);
	struct kcoro_task *before, *after;

	sel->c[1].chan = sel->chan[0];
	before = go_and_wait(test, receive_first, sel, KCORO_WAIT_RECV);
	start(test, sel);
	after = go_and_wait(test, receive_first, sel, KCORO_WAIT_RECV);
	KUNIT_EXPECT_EQ(test, put(sel, 2, 77), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 2);
	KUNIT_EXPECT_EQ(test, put(sel, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, put(sel, 0, 2), 0);
	kcoro_chan_close(sel->chan[0]);
	KUNIT_EXPECT_EQ(test, finish(test, before), 1);
	KUNIT_EXPECT_EQ(test, finish(test, after), 2);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

/* --- Limits --------------------------------------------------------------- */

static void select_takes_64_cases(struct kunit *test)
{
	char ops[CASES + 1] = {};
	struct sel *sel;

	memset(ops, 'r', CASES);
	sel = make(test, ops, 0);
	start(test, sel);
	KUNIT_EXPECT_EQ(test, put(sel, 63, 9), 0);
	KUNIT_EXPECT_EQ(test, outcome(test, sel), 63);
	KUNIT_EXPECT_EQ(test, sel->value[63], 9);
	KUNIT_EXPECT_TRUE(test, no_waiters(sel));
	drop(sel);
}

static void select_refuses_what_is_wrong(struct kunit *test)
{
	struct sel *sel = make(test, "nn", 0);

	sel->nr = CASES + 1;
	KUNIT_EXPECT_EQ(test, now(sel), -EINVAL);
	sel->nr = 2;
	KUNIT_EXPECT_EQ(test, kcoro_select(sel->c, 2, 4, 0), -EINVAL);
	sel->c[1].op = 3;
	KUNIT_EXPECT_EQ(test, now(sel), -EINVAL);
	drop(sel);
}

static struct kunit_case select_cases[] = {
	KUNIT_CASE(select_without_cases_waits),
	KUNIT_CASE(select_nil_is_never_ready),
	KUNIT_CASE(select_nil_is_passed_over),
	KUNIT_CASE(select_nowait_consumes_nothing),
	KUNIT_CASE(select_receives),
	KUNIT_CASE(select_carries_out_one_case_only),
	KUNIT_CASE(select_finds_closed_channels_ready),
	KUNIT_CASE(select_waits_for_a_message),
	KUNIT_CASE(select_waits_for_a_receiver),
	KUNIT_CASE(select_waits_for_an_interrupt),
	KUNIT_CASE(select_locks_those_of_interrupts_last),
	KUNIT_CASE(select_is_woken_by_a_close),
	KUNIT_CASE(select_is_told_of_epipe_by_a_close),
	KUNIT_CASE(select_deadline_leaves_no_waiter_behind),
	KUNIT_CASE(select_cancel_leaves_no_waiter_behind),
	KUNIT_CASE(select_does_not_meet_itself),
	KUNIT_CASE(select_both_ways_receives),
	KUNIT_CASE(select_both_ways_sends),
	KUNIT_CASE(select_leaves_others_in_their_places),
	KUNIT_CASE(select_takes_64_cases),
	KUNIT_CASE(select_refuses_what_is_wrong),
	{}
};

static struct kunit_suite select_suite = {
	.name = "kcoro_select",
	.test_cases = select_cases,
};

kunit_test_suites(&select_suite);

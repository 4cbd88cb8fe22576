// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of cancel.c: requests that count, causes, shields.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"

/* What a task does, and what it found. */
struct scene {
	struct kunit *test;
	struct kcoro_chan *chan;
	struct kcoro_task *task;
	struct kcoro_cause cause;
	u64 got;
	int first, second;
	u32 messages, requests;
	bool called, told;
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	s->test = test;
	s->chan = kcoro_chan_create(sizeof(u64), 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->chan);
	test->priv = s;
	return 0;
}

static void scene_exit(struct kunit *test)
{
	struct scene *s = test->priv;

	if (s->task)
		finish(test, s->task);
	kcoro_chan_drop(s->chan, BOTH);
}

static struct scene *start(struct kunit *test, s64 (*fn)(void *data))
{
	struct scene *s = test->priv;

	s->task = go(test, fn, s);
	return s;
}

static void await_wait(struct scene *s)
{
	struct kcoro_task_info info;
	int guard = 30000;

	do {
		usleep_range(20, 100);
		kcoro_task_info(s->task, &info);
	} while (info.state != KCORO_TASK_PARKED && guard--);
	KUNIT_ASSERT_GT(s->test, guard, 0);
}

static void message(struct scene *s)
{
	u64 value = 7;

	KUNIT_EXPECT_EQ(s->test, kcoro_send(s->chan, &value, GUARD), 0);
}

static int receive(struct scene *s)
{
	return kcoro_recv(s->chan, &s->got, KCORO_FOREVER);
}

/* Two ways to wait: one arms the wait before it leaves the stack, one after. */
static int receive_timed(struct scene *s)
{
	return kcoro_recv(s->chan, &s->got, GUARD);
}

/* --- Requests --------------------------------------------------------------- */

static s64 receive_twice(void *data)
{
	struct scene *s = data;

	s->first = receive(s);
	s->requests = kcoro_canceling();
	s->second = receive(s);
	return kcoro_uncancel();
}

static void a_request_is_delivered_once(struct kunit *test)
{
	struct scene *s = start(test, receive_twice);

	await_wait(s);
	KUNIT_EXPECT_TRUE(test, kcoro_cancel(s->task));
	message(s);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 0);
	KUNIT_EXPECT_EQ(test, s->first, -ECANCELED);
	KUNIT_EXPECT_EQ(test, s->second, 1);
	KUNIT_EXPECT_EQ(test, s->requests, 1);
	KUNIT_EXPECT_FALSE(test, kcoro_cancel(s->task));
}

static void two_requests_are_delivered_twice(struct kunit *test)
{
	struct scene *s = start(test, receive_twice);

	await_wait(s);
	kcoro_cancel(s->task);
	kcoro_cancel(s->task);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 1);
	KUNIT_EXPECT_EQ(test, s->first, -ECANCELED);
	KUNIT_EXPECT_EQ(test, s->second, -ECANCELED);
}

static s64 take_back(void *data)
{
	struct scene *s = data;

	kcoro_cancel(kcoro_current());
	kcoro_cancel(kcoro_current());
	s->requests = kcoro_uncancel();
	s->first = receive(s);
	s->second = receive(s);
	kcoro_uncancel();
	return kcoro_uncancel();
}

static s64 cancel_oneself(void *data)
{
	struct scene *s = data;

	s->called = kcoro_cancel(kcoro_current());
	s->told = kcoro_canceled();
	return 12;
}

/* Unlike asyncio's tasks, which count as cancelled then. */
static void who_returns_with_a_pending_one_has_returned(struct kunit *test)
{
	struct scene *s = start(test, cancel_oneself);
	struct kcoro_exit exit;

	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 12);
	KUNIT_EXPECT_TRUE(test, s->called);
	KUNIT_EXPECT_TRUE(test, s->told);
	kcoro_task_exit_record(s->task, &exit);
	KUNIT_EXPECT_EQ(test, exit.reason, KCORO_EXIT_RETURNED);
	KUNIT_EXPECT_EQ(test, exit.error, 0);
	KUNIT_EXPECT_FALSE(test, kcoro_cancel(s->task));
}

static void pending_ones_are_taken_back_first(struct kunit *test)
{
	struct scene *s = test->priv;

	message(s);
	start(test, take_back);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 0);
	KUNIT_EXPECT_EQ(test, s->requests, 1);
	KUNIT_EXPECT_EQ(test, s->first, -ECANCELED);
	KUNIT_EXPECT_EQ(test, s->second, 1);
}

static s64 count_both(void *data)
{
	struct scene *s = data;
	int ret;

	while ((ret = receive(s))) {
		s->messages += ret == 1;
		s->requests += ret == -ECANCELED;
	}
	while (kcoro_canceled()) {
		kcoro_yield();
		s->requests += kcoro_recv(s->chan, &s->got, PAST) == -ECANCELED;
	}
	return kcoro_canceling();
}

static int cancel_often(void *data)
{
	struct scene *s = data;
	int i;

	for (i = 0; i < 2000; i++)
		kcoro_cancel(s->task);
	while (!kthread_should_stop())
		usleep_range(20, 100);
	return i;
}

/* No message is lost to a request, and no request to a message. */
static void requests_race_with_messages(struct kunit *test)
{
	struct scene *s = start(test, count_both);
	struct task_struct *thread = kthread_run(cancel_often, s, "kcoro-test");
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	for (i = 0; i < 2000; i++)
		message(s);
	KUNIT_EXPECT_EQ(test, kthread_stop(thread), 2000);
	kcoro_chan_close(s->chan);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 2000);
	KUNIT_EXPECT_EQ(test, s->messages, 2000);
	KUNIT_EXPECT_EQ(test, s->requests, 2000);
}

/* --- Causes ------------------------------------------------------------------- */

static s64 tell_cause(void *data)
{
	struct scene *s = data;

	if (kcoro_cancel_cause(&s->cause))
		return -EBADE;	/* too early */
	s->first = receive(s);
	return kcoro_cancel_cause(&s->cause) ? s->first : -EBADE;
}

static s64 tell_cause_of_two(void *data)
{
	kcoro_cancel_why(kcoro_current(), "first");
	kcoro_cancel_why(kcoro_current(), "second");
	receive(data);
	receive(data);
	return -ECANCELED;
}

static void the_cause_is_that_of_the_first(struct kunit *test)
{
	struct scene *s = start(test, tell_cause_of_two);
	struct kcoro_exit exit;

	end_of(test, s->task);
	kcoro_task_exit_record(s->task, &exit);
	KUNIT_EXPECT_EQ(test, exit.reason, KCORO_EXIT_CANCELED);
	KUNIT_EXPECT_STREQ(test, exit.message, "first");
}

static void the_cause_is_told(struct kunit *test)
{
	struct scene *s = start(test, tell_cause);

	await_wait(s);
	kcoro_cancel_why(s->task, "because");
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), -ECANCELED);
	KUNIT_EXPECT_STREQ(test, s->cause.why, "because");
	KUNIT_EXPECT_EQ(test, s->cause.by, 0);
}

static s64 cause_anew(void *data)
{
	struct scene *s = data;

	kcoro_cancel_why(kcoro_current(), "old");
	kcoro_uncancel();
	kcoro_cancel_why(kcoro_current(), "new");
	kcoro_cancel_cause(&s->cause);
	kcoro_uncancel();
	return s->cause.by == kcoro_task_id(kcoro_current()) ? 0 : -EBADE;
}

static void a_cause_goes_with_its_request(struct kunit *test)
{
	struct scene *s = start(test, cause_anew);

	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 0);
	KUNIT_EXPECT_STREQ(test, s->cause.why, "new");
}

#define CAUSES	2000

/* As long as can be, and of one letter, by turns. */
static void write_cause(char *why, u32 nth)
{
	memset(why, nth % 2 ? 'b' : 'a', KCORO_CAUSE_MAX - 1);
	why[KCORO_CAUSE_MAX - 1] = '\0';
}

static s64 look_for_causes(void *data)
{
	char why[KCORO_CAUSE_MAX];
	struct scene *s = data;
	s64 wrong = 0;

	while (s->requests < CAUSES) {
		kcoro_yield();
		if (!kcoro_cancel_cause(&s->cause))
			continue;
		write_cause(why, s->requests);
		wrong += strcmp(s->cause.why, why) != 0;
		kcoro_uncancel();
		WRITE_ONCE(s->requests, s->requests + 1);
	}
	return wrong;
}

static s64 give_causes(void *data)
{
	char why[KCORO_CAUSE_MAX];
	struct scene *s = data;
	u32 i;

	for (i = 0; i < CAUSES; i++) {
		write_cause(why, i);
		kcoro_cancel_why(s->task, why);
		while (READ_ONCE(s->requests) == i)
			kcoro_yield();
	}
	return 0;
}

/* Who looks for it all the time never finds a part of it, or the last one's. */
static void a_cause_is_whole_as_soon_as_it_is_told(struct kunit *test)
{
	struct scene *s = test->priv;
	struct kcoro_task *task;

	s->task = go_pinned(test, false, look_for_causes, s);
	task = go_pinned(test, true, give_causes, s);
	KUNIT_EXPECT_EQ(test, finish(test, task), 0);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 0);
}

static void a_long_cause_is_cut(struct kunit *test)
{
	struct scene *s = start(test, tell_cause);
	char why[2 * KCORO_CAUSE_MAX] = { };

	memset(why, 'x', sizeof(why) - 1);
	await_wait(s);
	kcoro_cancel_why(s->task, why);
	end_of(test, s->task);
	KUNIT_EXPECT_EQ(test, strlen(s->cause.why), KCORO_CAUSE_MAX - 1);
}

static void threads_have_no_requests(struct kunit *test)
{
	struct kcoro_cause cause;

	kcoro_shield_begin();
	kcoro_shield_end();
	KUNIT_EXPECT_FALSE(test, kcoro_canceled());
	KUNIT_EXPECT_EQ(test, kcoro_canceling(), 0);
	KUNIT_EXPECT_EQ(test, kcoro_uncancel(), 0);
	KUNIT_EXPECT_FALSE(test, kcoro_cancel_cause(&cause));
}

/* --- Shields -------------------------------------------------------------------- */

static s64 receive_shielded(void *data)
{
	struct scene *s = data;

	kcoro_shield_begin();
	s->first = receive(s);
	s->told = kcoro_canceled();
	kcoro_shield_end();
	s->called = kcoro_canceled();
	s->second = receive(s);
	return 0;
}

static s64 receive_shielded_timed(void *data)
{
	struct scene *s = data;

	kcoro_shield_begin();
	s->first = receive_timed(s);
	kcoro_shield_end();
	s->called = kcoro_canceled();
	s->second = receive_timed(s);
	return 0;
}

static void shield(struct kunit *test, s64 (*fn)(void *data))
{
	struct scene *s = start(test, fn);

	await_wait(s);
	kcoro_cancel(s->task);
	message(s);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), 0);
	KUNIT_EXPECT_EQ(test, s->first, 1);
	KUNIT_EXPECT_FALSE(test, s->told);
	KUNIT_EXPECT_TRUE(test, s->called);
	KUNIT_EXPECT_EQ(test, s->second, -ECANCELED);
}

static void a_shield_puts_off(struct kunit *test)
{
	shield(test, receive_shielded);
}

static void a_shield_puts_off_with_a_deadline(struct kunit *test)
{
	shield(test, receive_shielded_timed);
}

static s64 shield_late(void *data)
{
	struct scene *s = data;

	kcoro_cancel(kcoro_current());
	kcoro_shield_begin();
	kcoro_shield_begin();
	kcoro_shield_end();
	s->first = receive(s);		/* parks */
	s->second = receive_timed(s);	/* parks */
	kcoro_shield_end();
	return receive(s);
}

static void a_pending_one_is_put_off(struct kunit *test)
{
	struct scene *s = start(test, shield_late);

	await_wait(s);
	message(s);
	await_wait(s);
	message(s);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), -ECANCELED);
	KUNIT_EXPECT_EQ(test, s->first, 1);
	KUNIT_EXPECT_EQ(test, s->second, 1);
}

static void a_kill_pierces(struct kunit *test)
{
	struct scene *s = start(test, receive_shielded);

	await_wait(s);
	kcoro_task_kill(s->task);
	end_of(test, s->task);
	KUNIT_EXPECT_EQ(test, s->first, -ECANCELED);
	KUNIT_EXPECT_TRUE(test, s->told);
	KUNIT_EXPECT_EQ(test, s->second, -ECANCELED);
}

static int nap_until_told(void *data)
{
	struct scene *s = data;

	WRITE_ONCE(s->called, true);
	while (!READ_ONCE(s->told))
		if (msleep_interruptible(1))
			return -EINTR;
	return 0;
}

static s64 native_shielded(void *data)
{
	struct scene *s = data;

	kcoro_shield_begin();
	s->first = kcoro_native_interruptible(nap_until_told, s);
	kcoro_shield_end();
	return receive(s);
}

static s64 native_open(void *data)
{
	return kcoro_native_interruptible(nap_until_told, data);
}

static struct scene *start_native(struct kunit *test, s64 (*fn)(void *data))
{
	struct scene *s = start(test, fn);

	while (!READ_ONCE(s->called))
		usleep_range(20, 100);
	return s;
}

static void a_shield_covers_native_calls(struct kunit *test)
{
	struct scene *s = start_native(test, native_shielded);

	kcoro_cancel(s->task);
	msleep(20);
	WRITE_ONCE(s->told, true);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), -ECANCELED);
	KUNIT_EXPECT_EQ(test, s->first, 0);
}

static void others_are_interrupted(struct kunit *test)
{
	struct scene *s = start_native(test, native_open);

	kcoro_cancel(s->task);
	KUNIT_EXPECT_EQ(test, end_of(test, s->task), -ECANCELED);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_request_is_delivered_once),
	KUNIT_CASE(two_requests_are_delivered_twice),
	KUNIT_CASE(who_returns_with_a_pending_one_has_returned),
	KUNIT_CASE(pending_ones_are_taken_back_first),
	KUNIT_CASE(requests_race_with_messages),
	KUNIT_CASE(the_cause_is_told),
	KUNIT_CASE(the_cause_is_that_of_the_first),
	KUNIT_CASE(a_cause_goes_with_its_request),
	KUNIT_CASE(a_cause_is_whole_as_soon_as_it_is_told),
	KUNIT_CASE(a_long_cause_is_cut),
	KUNIT_CASE(threads_have_no_requests),
	KUNIT_CASE(a_shield_puts_off),
	KUNIT_CASE(a_shield_puts_off_with_a_deadline),
	KUNIT_CASE(a_pending_one_is_put_off),
	KUNIT_CASE(a_kill_pierces),
	KUNIT_CASE(a_shield_covers_native_calls),
	KUNIT_CASE(others_are_interrupted),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_cancel",
	.init = scene_init,
	.exit = scene_exit,
	.test_cases = cases,
};
kunit_test_suites(&suite);

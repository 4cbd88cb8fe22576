// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of task.c: how a task starts, and what its end tells. For waiting for
 * the end, and asking for it, see join_kunit.c.
 */
#include <kunit/test.h>
#include <linux/kcoro.h>

#include "stack.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"

static struct kcoro_chan *make(struct kunit *test)
{
	struct kcoro_chan *chan = kcoro_chan_create(sizeof(u64), 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	return chan;
}

static s64 return_data(void *data)
{
	return (long)data;
}

/* Parks until its channel is closed, or it is cancelled. */
static s64 recv_run(void *data)
{
	u64 value;

	return kcoro_recv(data, &value, KCORO_FOREVER);
}

/* --- End ------------------------------------------------------------------ */

static void task_result_is_what_it_returned(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, finish(test, go(test, return_data, (void *)7)),
			7);
	KUNIT_EXPECT_EQ(test,
			finish(test, go(test, return_data, (void *)LONG_MAX)),
			LONG_MAX);
}

static void task_error_is_what_it_returned(struct kunit *test)
{
	void *error = ERR_PTR(-EILSEQ);

	KUNIT_EXPECT_EQ(test, finish(test, go(test, return_data, error)),
			-EILSEQ);
}

static void task_result_can_be_read_again(struct kunit *test)
{
	struct kcoro_task *task = go(test, return_data, (void *)7);

	KUNIT_EXPECT_EQ(test, end_of(test, task), 7);
	KUNIT_EXPECT_EQ(test, end_of(test, task), 7);
	KUNIT_EXPECT_EQ(test, kcoro_join(task, PAST, NULL), 0);
	kcoro_task_put(task);
}

static void exit_record_of_a_result(struct kunit *test)
{
	struct kcoro_task *task = go(test, return_data, (void *)7);
	struct kcoro_exit exit;

	end_of(test, task);
	kcoro_task_exit_record(task, &exit);
	KUNIT_EXPECT_EQ(test, exit.id, kcoro_task_id(task));
	KUNIT_EXPECT_EQ(test, exit.result, 7);
	KUNIT_EXPECT_EQ(test, exit.error, 0);
	KUNIT_EXPECT_EQ(test, exit.reason, KCORO_EXIT_RETURNED);
	KUNIT_EXPECT_EQ(test, exit.switches, 1);
	KUNIT_EXPECT_STREQ(test, exit.name, "fn");
	kcoro_task_put(task);
}

static void exit_record_of_an_error(struct kunit *test)
{
	struct kcoro_task *task = go(test, return_data, ERR_PTR(-EIO));
	struct kcoro_exit exit;

	end_of(test, task);
	kcoro_task_exit_record(task, &exit);
	KUNIT_EXPECT_EQ(test, exit.result, 0);
	KUNIT_EXPECT_EQ(test, exit.error, -EIO);
	KUNIT_EXPECT_EQ(test, exit.reason, KCORO_EXIT_RETURNED);
	kcoro_task_put(task);
}

static u32 exit_reason(struct kunit *test, bool kill)
{
	struct kcoro_chan *chan = make(test);
	struct kcoro_task *task = go(test, recv_run, chan);
	struct kcoro_exit exit;

	if (kill)
		kcoro_task_kill(task);
	else
		kcoro_cancel(task);
	end_of(test, task);
	kcoro_task_exit_record(task, &exit);
	KUNIT_EXPECT_EQ(test, exit.error, -ECANCELED);
	kcoro_task_put(task);
	kcoro_chan_drop(chan, BOTH);
	return exit.reason;
}

static void exit_record_of_a_cancel(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, exit_reason(test, false), KCORO_EXIT_CANCELED);
}

static void exit_record_of_a_kill(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, exit_reason(test, true), KCORO_EXIT_KILLED);
}

static void exit_record_of_a_deadline(struct kunit *test)
{
	struct kcoro_chan *chan = make(test);
	struct kcoro_task_params params = {
		.fn = recv_run,
		.data = chan,
		.name = "late",
		.deadline = ktime_add_ms(ktime_get(), 2),
		.pin = -1,
	};
	struct kcoro_task *task = kcoro_task_create(&params);
	struct kcoro_exit exit;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kcoro_task_start(task);
	KUNIT_EXPECT_EQ(test, end_of(test, task), -ETIMEDOUT);
	kcoro_task_exit_record(task, &exit);
	KUNIT_EXPECT_EQ(test, exit.error, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, exit.reason, KCORO_EXIT_DEADLINE);
	kcoro_task_put(task);
	kcoro_chan_drop(chan, BOTH);
}

/* --- Start ---------------------------------------------------------------- */

static s64 parent_run(void *data)
{
	struct kcoro_task *task = kcoro_go(return_data, NULL);
	struct kcoro_task_info info;
	s64 result;

	if (IS_ERR(task))
		return PTR_ERR(task);
	kcoro_task_info(task, &info);
	result = info.parent == kcoro_task_id(kcoro_current()) &&
		 !kcoro_join(task, KCORO_FOREVER, NULL);
	kcoro_task_put(task);
	return result;
}

static void spawn_by_a_task_names_the_parent(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, finish(test, go(test, parent_run, NULL)), 1);
}

static struct kcoro_task *spawn_sized(const char *name, u32 stack_size)
{
	struct kcoro_spawn_args args = {
		.fn = return_data,
		.name = name,
		.owner = THIS_MODULE,
		.stack_size = stack_size,
	};

	return kcoro_spawn(&args);
}

static void spawn_cuts_a_long_name(struct kunit *test)
{
	struct kcoro_task *task;
	struct kcoro_exit exit;

	task = spawn_sized("abcdefghijklmnopqrstuvwxyz0123456789", 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	end_of(test, task);
	kcoro_task_exit_record(task, &exit);
	KUNIT_EXPECT_STREQ(test, exit.name, "abcdefghijklmnopqrstuvwxyz01234");
	kcoro_task_put(task);
}

static void spawn_gives_every_task_its_own_id(struct kunit *test)
{
	u64 last = 0;
	int i;

	for (i = 0; i < 20; i++) {
		struct kcoro_task *task = go(test, return_data, NULL);

		KUNIT_EXPECT_GT(test, kcoro_task_id(task), last);
		last = kcoro_task_id(task);
		finish(test, task);
	}
}

static void spawn_refuses_too_large_a_stack(struct kunit *test)
{
	u32 max = KCORO_STACK_PAGES_MAX * PAGE_SIZE;

	KUNIT_EXPECT_EQ(test, PTR_ERR(spawn_sized("x", max + 1)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(spawn_sized("x", U32_MAX)),
			-EINVAL);
}

static void spawn_refuses_no_function(struct kunit *test)
{
	struct kcoro_spawn_args args = { .name = "x" };

	KUNIT_EXPECT_EQ(test, PTR_ERR(kcoro_spawn(&args)), -EINVAL);
}

static u32 stack_size_for(struct kunit *test, u32 asked)
{
	struct kcoro_task *task = spawn_sized("x", asked);
	struct kcoro_task_info info;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kcoro_task_info(task, &info);
	finish(test, task);
	return info.stack_size;
}

static void spawn_rounds_the_stack_up_to_pages(struct kunit *test)
{
	u32 max = KCORO_STACK_PAGES_MAX * PAGE_SIZE;

	KUNIT_EXPECT_EQ(test, stack_size_for(test, 0),
			KCORO_STACK_PAGES_DEFAULT * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, stack_size_for(test, 1), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, stack_size_for(test, PAGE_SIZE + 1),
			2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, stack_size_for(test, max), max);
}

static void discard_frees_a_task_that_never_ran(struct kunit *test)
{
	struct kcoro_task_params params = {
		.fn = return_data, .name = "never", .deadline = KCORO_FOREVER,
		.pin = -1,
	};
	struct kcoro_task *task = kcoro_task_create(&params);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kcoro_task_discard(task);
}

static s64 send_run(void *data)
{
	u64 value = 0;

	return kcoro_send(data, &value, KCORO_FOREVER);
}

/* Nobody holds it any more, and it runs on: kmemleak tells if it stays. */
static void put_before_the_end_lets_it_run(struct kunit *test)
{
	struct kcoro_chan *chan = make(test);
	u64 value;

	kcoro_task_put(go(test, send_run, chan));
	KUNIT_EXPECT_EQ(test, kcoro_recv(chan, &value, GUARD), 1);
	kcoro_chan_drop(chan, BOTH);
}

static struct kunit_case task_cases[] = {
	KUNIT_CASE(task_result_is_what_it_returned),
	KUNIT_CASE(task_error_is_what_it_returned),
	KUNIT_CASE(task_result_can_be_read_again),
	KUNIT_CASE(exit_record_of_a_result),
	KUNIT_CASE(exit_record_of_an_error),
	KUNIT_CASE(exit_record_of_a_cancel),
	KUNIT_CASE(exit_record_of_a_kill),
	KUNIT_CASE(exit_record_of_a_deadline),
	KUNIT_CASE(spawn_by_a_task_names_the_parent),
	KUNIT_CASE(spawn_cuts_a_long_name),
	KUNIT_CASE(spawn_gives_every_task_its_own_id),
	KUNIT_CASE(spawn_refuses_too_large_a_stack),
	KUNIT_CASE(spawn_refuses_no_function),
	KUNIT_CASE(spawn_rounds_the_stack_up_to_pages),
	KUNIT_CASE(discard_frees_a_task_that_never_ran),
	KUNIT_CASE(put_before_the_end_lets_it_run),
	{}
};

static struct kunit_suite task_suite = {
	.name = "kcoro_task",
	.test_cases = task_cases,
};

kunit_test_suites(&task_suite);

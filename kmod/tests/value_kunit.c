// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of value.c: values of tasks, and who inherits them.
 */
#include <kunit/test.h>
#include <linux/kcoro.h>
#include <linux/kcoro_scope.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */

#include "task_ops.h"

static atomic_t held;

static void hold(void *value)
{
	atomic_inc(&held);
}

static void drop(void *value)
{
	atomic_dec(&held);
}

static const struct kcoro_key colour = {
	.name = "colour", .get = hold, .put = drop,
};

static const struct kcoro_key shape = { .name = "shape" };

static int red, blue, round;	/* values */

/* The first line of a task's function that was not as it should be, or 0. */
static int wrong;

static void check(bool what, int line)
{
	if (!what && !wrong)
		wrong = line;
}

#define CHECK(what) check(what, __LINE__)

static void run(struct kunit *test, s64 (*fn)(void *data))
{
	atomic_set(&held, 0);
	wrong = 0;
	KUNIT_EXPECT_EQ(test, finish(test, go(test, fn, NULL)), 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&held), 0);
}

static s64 push_and_pop(void *data)
{
	CHECK(!kcoro_value(&colour));
	CHECK(!kcoro_value_push(&colour, &red));
	CHECK(!kcoro_value_push(&shape, &round));
	CHECK(kcoro_value(&colour) == &red);
	CHECK(!kcoro_value_push(&colour, &blue));
	CHECK(kcoro_value(&colour) == &blue);
	CHECK(kcoro_value(&shape) == &round);
	CHECK(atomic_read(&held) == 2);
	kcoro_value_pop(&colour);
	CHECK(kcoro_value(&colour) == &red);
	CHECK(atomic_read(&held) == 1);
	kcoro_value_pop(&shape);
	CHECK(!kcoro_value(&shape));
	return 0;	/* the rest goes with the task */
}

static void values_go_with_the_task(struct kunit *test)
{
	run(test, push_and_pop);
}

static s64 child(void *data)
{
	struct kcoro_chan *go_on = data;
	u64 value;

	CHECK(kcoro_value(&colour) == &red);
	CHECK(!kcoro_value_push(&shape, &round));
	CHECK(kcoro_recv(go_on, &value, KCORO_FOREVER) == 1);
	CHECK(kcoro_value(&colour) == &red);
	CHECK(atomic_read(&held) == 2);	/* the parent has changed its own */
	kcoro_value_pop(&shape);
	kcoro_value_pop(&colour);
	CHECK(!kcoro_value(&colour));
	return 0;
}

static s64 parent(void *data)
{
	struct kcoro_chan *go_on = kcoro_chan_create(sizeof(u64), 0);
	struct kcoro_task *task;
	u64 value = 0;

	if (IS_ERR(go_on))
		return PTR_ERR(go_on);
	CHECK(!kcoro_value_push(&colour, &red));
	task = kcoro_go(child, go_on);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kcoro_yield();
	kcoro_value_pop(&colour);
	CHECK(!kcoro_value_push(&colour, &blue));
	CHECK(!kcoro_send(go_on, &value, KCORO_FOREVER));
	CHECK(!kcoro_join(task, KCORO_FOREVER, NULL));
	CHECK(!kcoro_value(&shape));
	CHECK(kcoro_value(&colour) == &blue);
	kcoro_task_put(task);
	kcoro_chan_drop(go_on, KCORO_SEND | KCORO_RECV);
	return 0;
}

static void children_inherit_and_go_their_own_ways(struct kunit *test)
{
	run(test, parent);
}

static void threads_have_no_values(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_value_push(&colour, &red), -EINVAL);
	KUNIT_EXPECT_NULL(test, kcoro_value(&colour));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(values_go_with_the_task),
	KUNIT_CASE(children_inherit_and_go_their_own_ways),
	KUNIT_CASE(threads_have_no_values),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_value",
	.test_cases = cases,
};
kunit_test_suites(&suite);

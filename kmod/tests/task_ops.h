/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What several files of tests do with a task: start it on some CPU, and wait
 * for its end. The file defines GUARD, the deadline against hangs, before it
 * includes this.
 */
#ifndef KCORO_TESTS_TASK_OPS_H
#define KCORO_TESTS_TASK_OPS_H

#include <kunit/test.h>
#include <linux/kcoro.h>
#include <linux/workqueue.h>

#include "task.h"

static inline struct kcoro_task *go(struct kunit *test, s64 (*fn)(void *),
				    void *data)
{
	struct kcoro_task *task = kcoro_go(fn, data);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	return task;
}

/* A task's end. One that hangs is killed: it uses our data. */
static inline s64 end_of(struct kunit *test, struct kcoro_task *task)
{
	s64 result = -EBADE;

	if (kcoro_join(task, GUARD, &result)) {
		KUNIT_FAIL(test, "task hangs");
		kcoro_task_kill(task);
		KUNIT_ASSERT_EQ(test, kcoro_join(task, GUARD, &result), 0);
	}
	return result;
}

static inline s64 finish(struct kunit *test, struct kcoro_task *task)
{
	s64 result = end_of(test, task);

	kcoro_task_put(task);
	return result;
}

struct spawn {
	s64 (*fn)(void *data);
	void *data;
	struct kcoro_task *task;
};

static inline long spawn_here(void *data)
{
	struct spawn *spawn = data;

	spawn->task = kcoro_go(spawn->fn, spawn->data);
	return 0;
}

/* Tasks started on one CPU run there, in the order they were started. */
static inline struct kcoro_task *go_on(struct kunit *test, unsigned int cpu,
				s64 (*fn)(void *), void *data)
{
	struct spawn spawn = { .fn = fn, .data = data };

	work_on_cpu(cpu, spawn_here, &spawn);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, spawn.task);
	return spawn.task;
}

static inline unsigned int first_cpu(void)
{
	return cpumask_first(cpu_online_mask);
}

/* Two tasks, the first and the second, each on a CPU of its own if there are two. */
static inline struct kcoro_task *go_pinned(struct kunit *test, bool second,
					   s64 (*fn)(void *), void *data)
{
	struct kcoro_spawn_args args = {
		.fn = fn,
		.data = data,
		.owner = THIS_MODULE,
		.flags = KCORO_SPAWN_PIN,
		.cpu = second ? cpumask_last(cpu_online_mask) : first_cpu(),
	};
	struct kcoro_task *task = kcoro_spawn(&args);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	return task;
}

#endif /* KCORO_TESTS_TASK_OPS_H */

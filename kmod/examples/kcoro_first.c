// SPDX-License-Identifier: GPL-2.0
/*
 * The first program of Go and the first of asyncio, as tasks; loading the module
 * prints what they say.
 *
 * Go's: a goroutine prints while main sleeps. asyncio's: a coroutine awaits
 * another, which sleeps, and prints what it returned.
 *
 * What to copy from here: init waits for each task before it returns, as code
 * and data go away with the module if it fails. Unlike Go's main, it does not
 * rely on having slept long enough.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kcoro.h>

static s64 greet(void *data)
{
	pr_info("kcoro_first: hello from a task\n");
	return 0;
}

static s64 nested(void *data)
{
	int err = kcoro_sleep_ms(10);

	return err ?: 42;
}

/* Awaits nested(): starts it, waits for its end, has its result. */
static s64 outer(void *data)
{
	struct kcoro_task *task = kcoro_go(nested, NULL);
	s64 result;
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_join(task, KCORO_FOREVER, &result);
	kcoro_task_put(task);
	if (err)
		return err;
	pr_info("kcoro_first: awaited %lld\n", result);
	return result;
}

/* Wait for a task's end, also if a signal is pending. */
static s64 finish(struct kcoro_task *task)
{
	s64 result;

	while (kcoro_join(task, KCORO_FOREVER, &result)) {
		kcoro_cancel(task);
		msleep(20);
	}
	kcoro_task_put(task);
	return result;
}

static int __init first_init(void)
{
	struct kcoro_task *task;
	s64 result;

	task = kcoro_go(greet, NULL);
	if (IS_ERR(task))
		return PTR_ERR(task);
	msleep(100);
	pr_info("kcoro_first: hello from init\n");
	result = finish(task);
	if (result < 0)
		return result;

	task = kcoro_go(outer, NULL);
	if (IS_ERR(task))
		return PTR_ERR(task);
	result = finish(task);
	return min_t(s64, result, 0);
}

static void __exit first_exit(void)
{
}

module_init(first_init);
module_exit(first_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("Example for kcoro: the first programs of Go and asyncio");

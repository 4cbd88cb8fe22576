// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: "crash" does what the kernel's log has a report for, in a task.
 *
 * What follows differs by where it happens: on the task's stack or, in a native
 * call, on the worker's.
 */
#include <linux/bug.h>
#include <linux/irq_work.h>
#include <linux/kcoro.h>
#include <linux/string.h>

/* The names are looked for in the log: none is inlined or merged. */

static noinline int crash_null(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
	return 0;
}

/* What BUG() does, too. */
static noinline int crash_trap(void)
{
	__builtin_trap();
}

static noinline int crash_warn(void)
{
	WARN(1, "kcoro: a test's warning\n");
	return 0;
}

static int crash_native_fn(void *unused)
{
	return crash_trap();
}

static noinline int crash_native(void)
{
	return kcoro_native(crash_native_fn, NULL) + 1;
}

static int crash_warn_fn(void *unused)
{
	return crash_warn();
}

static noinline int crash_native_warn(void)
{
	return kcoro_native(crash_warn_fn, NULL);
}

/* Not the task's doing, though it runs. */
static void crash_irq_fn(struct irq_work *work)
{
	crash_warn();
}

static noinline int crash_irq_warn(void)
{
	struct irq_work work = IRQ_WORK_INIT_HARD(crash_irq_fn);

	irq_work_queue(&work);
	irq_work_sync(&work);
	return 0;
}

static s64 crash_child(void *data)
{
	return crash_warn();
}

/* In a task of kernel code. */
static int crash_child_fn(void *unused)
{
	struct kcoro_task *task = kcoro_go(crash_child, NULL);
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_join(task, KCORO_FOREVER, NULL);
	kcoro_task_put(task);
	return err;
}

static noinline int crash_child_warn(void)
{
	return kcoro_native(crash_child_fn, NULL);
}

/* Down through all of the stack: a double fault, after which machines stop. */
static noinline int crash_stack_deep(volatile u8 *above, unsigned int depth)
{
	volatile u8 frame[256];

	frame[0] = above[0] + 1;
	if (depth)
		frame[0] += crash_stack_deep(frame, depth - 1);
	return frame[0];
}

static noinline int crash_stack(void)
{
	volatile u8 top = 0;

	return crash_stack_deep(&top, 100000);
}

static const struct {
	const char *how;
	int (*fn)(void);
} kinds[] = {
	{ "null", crash_null },
	{ "trap", crash_trap },
	{ "warn", crash_warn },
	{ "native", crash_native },
	{ "native-warn", crash_native_warn },
	{ "irq-warn", crash_irq_warn },
	{ "child-warn", crash_child_warn },
	{ "stack", crash_stack },
};

static int crash_check(struct kcoro_env *env)
{
	const char *word = kcoro_env_word(env, NULL);
	unsigned long i;

	for (i = 0; word && i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(word, kinds[i].how)) {
			env->priv = (void *)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int crash_run(struct kcoro_env *env)
{
	int ret = kinds[(unsigned long)env->priv].fn();

	env->result = 4711;	/* and no tail call */
	return ret;
}

static struct kcoro_body crash_body = {
	.name = "crash",
	.help = "null|trap|warn|native|stack: has the kernel complain in that way",
	.owner = THIS_MODULE,
	.slots_max = 2,
	.check = crash_check,
	.run = crash_run,
};

static int __init crash_init(void)
{
	return kcoro_body_register(&crash_body);
}

static void __exit crash_exit(void)
{
	kcoro_body_unregister(&crash_body);
}

module_init(crash_init);
module_exit(crash_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("For kcoro's tests: the body crash");
MODULE_ALIAS("kcoro-body-crash");

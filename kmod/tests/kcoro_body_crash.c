// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: "crash" does what the kernel's log has a report for, in a task.
 *
 * What follows differs by where it happens: on the task's stack or, in a native
 * call, on the worker's.
 */
#include <linux/bug.h>
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

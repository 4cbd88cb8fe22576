// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: tasks held up in the ways that no built-in body is.
 *
 * "block" sleeps in the kernel's own way, so that its worker sleeps with it;
 * "join" parks until a task of its own has ended.
 */
#include <linux/delay.h>
#include <linux/kcoro.h>

#define BLOCK_MS	10	/* at a time; then a look for a cancel request */
#define MAX_MS		(24 * 3600 * 1000)

/* The only word: milliseconds. */
static int hold_check(struct kcoro_env *env)
{
	const char *word = kcoro_env_word(env, NULL);
	u32 ms;

	if (!word || kstrtou32(word, 10, &ms) || ms > MAX_MS ||
	    kcoro_env_word(env, word))
		return -EINVAL;
	env->priv = (void *)(unsigned long)ms;
	return 0;
}

static int block_run(struct kcoro_env *env)
{
	ktime_t end = ktime_add_ms(ktime_get(), (unsigned long)env->priv);

	while (ktime_before(ktime_get(), end)) {
		if (kcoro_canceled())
			return -ECANCELED;
		msleep(BLOCK_MS);
		env->result++;
		kcoro_yield();
	}
	return 0;
}

static s64 joined_run(void *data)
{
	return kcoro_sleep_ms((unsigned long)data);
}

static int join_run(struct kcoro_env *env)
{
	struct kcoro_task *task = kcoro_go(joined_run, env->priv);
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_join(task, KCORO_FOREVER, &env->result);
	if (err)
		kcoro_cancel(task);
	kcoro_task_put(task);
	return err;
}

static struct kcoro_body block_body = {
	.name = "block",
	.help = "MILLISECONDS: sleeps for so long, and its worker with it",
	.owner = THIS_MODULE,
	.check = hold_check,
	.run = block_run,
};

static struct kcoro_body join_body = {
	.name = "join",
	.help = "MILLISECONDS: joins a task that waits for so long",
	.owner = THIS_MODULE,
	.check = hold_check,
	.run = join_run,
};

static int __init hold_init(void)
{
	int err = kcoro_body_register(&block_body);

	if (err)
		return err;
	err = kcoro_body_register(&join_body);
	if (err)
		kcoro_body_unregister(&block_body);
	return err;
}

static void __exit hold_exit(void)
{
	kcoro_body_unregister(&join_body);
	kcoro_body_unregister(&block_body);
}

module_init(hold_init);
module_exit(hold_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("For kcoro's tests: the bodies block and join");
MODULE_ALIAS("kcoro-body-block");
MODULE_ALIAS("kcoro-body-join");

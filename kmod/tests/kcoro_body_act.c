// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: "act" does what its words say, in turn, and tells where it did so.
 *
 * A word is an action and a number. Slots hold channels of u64. Some actions
 * wait for a message in ways that a scheduler must cope with: "recv" parks,
 * "spin" computes without giving way, "until" gives way all the time, "wait"
 * sleeps in the kernel's own way. "child" has a child receive, and waits for its end;
 * "fork" leaves one behind that sleeps. The end of a stream is a message to them too,
 * so that one "close" lets many go on.
 */
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/smp.h>
#include <linux/string.h>

#define TIMES		"times:"
#define TIMES_MAX	1000000
#define HOG_MAX_US	(10 * 1000 * 1000)

/**
 * struct act_data - the result data
 * @cpus: where it was after each action; CPUs up to 63
 * @moves: how often that was another CPU than before
 * @cpu: the last of them
 */
struct act_data {
	u64 cpus;
	u32 moves;
	u32 cpu;
};

static void act_note(struct kcoro_env *env)
{
	struct act_data *data = (struct act_data *)env->data;
	u32 cpu = raw_smp_processor_id();

	if (data->cpus && data->cpu != cpu)
		data->moves++;
	data->cpu = cpu;
	data->cpus |= BIT_ULL(cpu % 64);
	env->data_len = sizeof(*data);
}

/* --- Actions ---------------------------------------------------------------- */

static int act_hog(struct kcoro_env *env, u32 us)
{
	ktime_t end = ktime_add_us(ktime_get(), us);

	while (ktime_before(ktime_get(), end))
		cpu_relax();
	return 0;
}

static int act_block(struct kcoro_env *env, u32 ms)
{
	msleep(ms);
	return 0;
}

static int act_sleep(struct kcoro_env *env, u32 ms)
{
	return kcoro_sleep_ms(ms);
}

static int act_yield(struct kcoro_env *env, u32 times)
{
	while (times--)
		kcoro_yield();
	return 0;
}

static int act_send(struct kcoro_env *env, u32 slot)
{
	u64 id = kcoro_task_id(kcoro_current());

	return kcoro_send(env->slots[slot].chan, &id, KCORO_FOREVER);
}

static int act_close(struct kcoro_env *env, u32 slot)
{
	return kcoro_chan_close(env->slots[slot].chan);
}

static int act_recv(struct kcoro_env *env, u32 slot)
{
	u64 elem;
	int ret = kcoro_recv(env->slots[slot].chan, &elem, KCORO_FOREVER);

	return min(ret, 0);
}

/* Until a message is there; @meanwhile what to do between two looks. */
static int act_await(struct kcoro_env *env, u32 slot, void (*meanwhile)(void))
{
	u64 elem;
	int ret;

	while ((ret = kcoro_try_recv(env->slots[slot].chan, &elem)) == -EAGAIN) {
		if (kcoro_canceled())
			return -ECANCELED;
		meanwhile();
	}
	return min(ret, 0);
}

static void relax(void)
{
	cpu_relax();
}

static int act_spin(struct kcoro_env *env, u32 slot)
{
	return act_await(env, slot, relax);
}

static void give_way(void)
{
	kcoro_yield();
}

static int act_until(struct kcoro_env *env, u32 slot)
{
	return act_await(env, slot, give_way);
}

static void block(void)
{
	msleep(1);
}

static int act_wait(struct kcoro_env *env, u32 slot)
{
	return act_await(env, slot, block);
}

/* --- Children ---------------------------------------------------------------- */

static s64 child_receives(void *data)
{
	u64 elem;
	int ret = kcoro_recv(data, &elem, KCORO_FOREVER);

	return min(ret, 0);
}

/* It uses the end that its parent holds, who waits for it. */
static int act_child(struct kcoro_env *env, u32 slot)
{
	struct kcoro_spawn_args args = {
		.fn = child_receives,
		.data = env->slots[slot].chan,
		.owner = THIS_MODULE,
		.name = "child",
	};
	struct kcoro_task *task = kcoro_spawn(&args);
	s64 result = 0;
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	err = kcoro_join(task, KCORO_FOREVER, &result);
	kcoro_task_put(task);
	return err ?: (int)result;
}

static s64 child_sleeps(void *data)
{
	return kcoro_sleep_ms((unsigned long)data);
}

static int act_fork(struct kcoro_env *env, u32 ms)
{
	struct kcoro_spawn_args args = {
		.fn = child_sleeps,
		.data = (void *)(unsigned long)ms,
		.owner = THIS_MODULE,
		.name = "child",
	};
	struct kcoro_task *task = kcoro_spawn(&args);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kcoro_task_put(task);
	return 0;
}

/* --- The body ---------------------------------------------------------------- */

/**
 * struct action - what a word means
 * @name: before the colon
 * @max: the number's limit, for an action on a time or a count
 * @end: which end of a channel it needs, for one on a slot; else 0
 * @fn: does it
 */
struct action {
	const char *name;
	u32 max;
	u32 end;
	int (*fn)(struct kcoro_env *env, u32 number);
};

static const struct action actions[] = {
	{ "hog", HOG_MAX_US, 0, act_hog },
	{ "block", 60 * 1000, 0, act_block },
	{ "sleep", 24 * 3600 * 1000, 0, act_sleep },
	{ "yield", 1000 * 1000, 0, act_yield },
	{ "send", 0, KCORO_SEND, act_send },
	{ "close", 0, KCORO_SEND, act_close },
	{ "recv", 0, KCORO_RECV, act_recv },
	{ "spin", 0, KCORO_RECV, act_spin },
	{ "until", 0, KCORO_RECV, act_until },
	{ "wait", 0, KCORO_RECV, act_wait },
	{ "child", 0, KCORO_RECV, act_child },
	{ "fork", 24 * 3600 * 1000, 0, act_fork },
};

static bool good_slot(const struct kcoro_env *env, u32 slot, u32 end)
{
	const struct kcoro_chan *chan;

	chan = slot < env->nr_slots ? kcoro_env_chan(env, slot, end) : NULL;
	return chan && kcoro_chan_elem_size(chan) == sizeof(u64);
}

/* The action of a word and its number, or NULL. */
static const struct action *find(const struct kcoro_env *env, const char *word,
				 u32 *number)
{
	const char *colon = strchr(word, ':');
	size_t i;

	if (!colon || kstrtou32(colon + 1, 10, number))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		const struct action *action = &actions[i];

		if (strncmp(word, action->name, colon - word) ||
		    action->name[colon - word])
			continue;
		if (action->end ? !good_slot(env, *number, action->end) :
				  *number > action->max)
			return NULL;
		return action;
	}
	return NULL;
}

static int act_check(struct kcoro_env *env)
{
	const char *word = kcoro_env_word(env, NULL);
	unsigned long times = 1;
	u32 number;

	if (word && strstarts(word, TIMES)) {
		if (kstrtoul(word + strlen(TIMES), 10, &times) ||
		    times > TIMES_MAX)
			return -EINVAL;
		word = kcoro_env_word(env, word);
	}
	env->priv = (void *)times;
	if (!word)
		return -EINVAL;
	for (; word; word = kcoro_env_word(env, word))
		if (!find(env, word, &number))
			return -EINVAL;
	return 0;
}

static int act_run(struct kcoro_env *env)
{
	unsigned long times = (unsigned long)env->priv;
	const struct action *action;
	const char *word;
	u32 number;
	int err;

	act_note(env);
	while (times--) {
		word = kcoro_env_word(env, NULL);
		if (strstarts(word, TIMES))
			word = kcoro_env_word(env, word);
		for (; word; word = kcoro_env_word(env, word)) {
			action = find(env, word, &number);
			err = action->fn(env, number);
			act_note(env);
			if (err)
				return err;
			env->result++;
		}
	}
	return 0;
}

static struct kcoro_body act_body = {
	.name = "act",
	.help = "[times:N] ACTION:NUMBER...: does that in turn; result: how many",
	.owner = THIS_MODULE,
	.slots_max = 4,
	.check = act_check,
	.run = act_run,
};

static int __init act_init(void)
{
	BUILD_BUG_ON(sizeof(struct act_data) > KCORO_RESULT_MAX);
	return kcoro_body_register(&act_body);
}

static void __exit act_exit(void)
{
	kcoro_body_unregister(&act_body);
}

module_init(act_init);
module_exit(act_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("For kcoro's tests: the body act");
MODULE_ALIAS("kcoro-body-act");

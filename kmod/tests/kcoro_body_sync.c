// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: "sync" does what its words say, in turn, with the events, semaphores
 * and queues that it was given.
 *
 * A word is an action and a slot; but "fail" has the number of an error. A queue's
 * elements are u64; result: their sum.
 */
#include <linux/err.h>
#include <linux/kcoro.h>
#include <linux/kcoro_sync.h>
#include <linux/poll.h>
#include <linux/string.h>

#define SLOTS_MAX	4

static struct kcoro_queue *queue_of(const struct kcoro_env *env, u32 slot)
{
	return kcoro_env_queue(env, slot, sizeof(u64));
}

/* --- Actions ---------------------------------------------------------------- */

static int sync_wait(struct kcoro_env *env, u32 slot)
{
	return kcoro_event_wait(kcoro_env_event(env, slot), KCORO_FOREVER);
}

static int sync_set(struct kcoro_env *env, u32 slot)
{
	kcoro_event_set(kcoro_env_event(env, slot));
	return 0;
}

static int sync_acquire(struct kcoro_env *env, u32 slot)
{
	return kcoro_sem_acquire(kcoro_env_sem(env, slot), 1, KCORO_FOREVER);
}

static int sync_release(struct kcoro_env *env, u32 slot)
{
	return kcoro_sem_release(kcoro_env_sem(env, slot), 1);
}

static int sync_get(struct kcoro_env *env, u32 slot)
{
	u64 elem = 0;
	int err = kcoro_queue_get(queue_of(env, slot), &elem, KCORO_FOREVER);

	env->result += elem;
	return err;
}

static int sync_put(struct kcoro_env *env, u32 slot)
{
	u64 id = kcoro_task_id(kcoro_current());

	return kcoro_queue_put(queue_of(env, slot), &id, KCORO_FOREVER);
}

static int sync_done(struct kcoro_env *env, u32 slot)
{
	return kcoro_queue_task_done(queue_of(env, slot));
}

static int sync_join(struct kcoro_env *env, u32 slot)
{
	return kcoro_queue_join(queue_of(env, slot), KCORO_FOREVER);
}

/* As a case of select, which any of them can be. */
static int sync_poll(struct kcoro_env *env, u32 slot)
{
	struct kcoro_select_case c = {
		.op = KCORO_OP_POLL,
		.file = kcoro_env_file(env, slot),
		.events = EPOLLIN,
	};
	int ret = kcoro_select(&c, 1, 0, KCORO_FOREVER);

	return min(ret, 0);
}

static int sync_fail(struct kcoro_env *env, u32 number)
{
	return -(int)number;
}

/* --- The body ---------------------------------------------------------------- */

enum kind { EVENT, SEM, QUEUE, ANY, ERRNO };

static const struct action {
	const char *name;
	enum kind kind;
	int (*fn)(struct kcoro_env *env, u32 slot);
} actions[] = {
	{ "wait", EVENT, sync_wait },
	{ "set", EVENT, sync_set },
	{ "acquire", SEM, sync_acquire },
	{ "release", SEM, sync_release },
	{ "get", QUEUE, sync_get },
	{ "put", QUEUE, sync_put },
	{ "done", QUEUE, sync_done },
	{ "join", QUEUE, sync_join },
	{ "poll", ANY, sync_poll },
	{ "fail", ERRNO, sync_fail },
};

static bool good_slot(const struct kcoro_env *env, u32 slot, enum kind kind)
{
	switch (kind) {
	case EVENT:
		return kcoro_env_event(env, slot);
	case SEM:
		return kcoro_env_sem(env, slot);
	case QUEUE:
		return queue_of(env, slot);
	case ANY:
		return kcoro_env_file(env, slot);
	default:
		return slot && slot < MAX_ERRNO;
	}
}

/* The action of a word and its slot, or NULL. */
static const struct action *find(const struct kcoro_env *env, const char *word,
				 u32 *slot)
{
	const char *colon = strchr(word, ':');
	size_t i;

	if (!colon || kstrtou32(colon + 1, 10, slot))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strncmp(word, actions[i].name, colon - word) &&
		    !actions[i].name[colon - word])
			return good_slot(env, *slot, actions[i].kind) ?
				       &actions[i] : NULL;
	return NULL;
}

static int sync_check(struct kcoro_env *env)
{
	const char *word;
	u32 slot;

	for (word = kcoro_env_word(env, NULL); word;
	     word = kcoro_env_word(env, word))
		if (!find(env, word, &slot))
			return -EINVAL;
	return 0;
}

static int sync_run(struct kcoro_env *env)
{
	const char *word;
	u32 slot;
	int err;

	for (word = kcoro_env_word(env, NULL); word;
	     word = kcoro_env_word(env, word)) {
		err = find(env, word, &slot)->fn(env, slot);
		if (err)
			return kcoro_env_fail(env, err, "%s", word);
	}
	return 0;
}

static struct kcoro_body sync_body = {
	.name = "sync",
	.help = "ACTION:SLOT...: does that in turn; result: the sum of what it got",
	.owner = THIS_MODULE,
	.slots_max = SLOTS_MAX,
	.check = sync_check,
	.run = sync_run,
};

static int __init sync_init(void)
{
	return kcoro_body_register(&sync_body);
}

static void __exit sync_exit(void)
{
	kcoro_body_unregister(&sync_body);
}

module_init(sync_init);
module_exit(sync_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("For kcoro's tests: the body sync");
MODULE_ALIAS("kcoro-body-sync");

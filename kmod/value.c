// SPDX-License-Identifier: GPL-2.0
/*
 * Values of tasks, by key, that the tasks they spawn inherit: asyncio's
 * contextvars, Go's context.WithValue().
 *
 * Model: a task has a chain of values, latest first, which nobody changes. A
 * push puts one before it; a child begins with the chain that its parent has
 * then, and both go on from there on their own. Lookup walks: chains are short.
 *
 * Invariant: who refers to a link keeps it and all behind it alive: each link
 * holds the next.
 *
 * Locks: none: a task's chain is its own, links are counted.
 */
#include <linux/kcoro_scope.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "task.h"
#include "value.h"

/**
 * struct kcoro_value - one link of a task's chain of values
 * @refs: tasks whose chain begins here, and links that come before
 * @key: whose value
 * @value: it, for @key to count
 * @next: the one pushed before, or NULL
 */
struct kcoro_value {
	refcount_t refs;
	const struct kcoro_key *key;
	void *value;
	struct kcoro_value *next;
};

/**
 * kcoro_value_get() - take a reference on a chain
 * @value: its first link
 *
 * Context: any.
 * Return: @value.
 */
struct kcoro_value *kcoro_value_get(struct kcoro_value *value)
{
	refcount_inc(&value->refs);
	return value;
}

/**
 * kcoro_value_put() - drop a reference on a chain
 * @value: its first link, or NULL
 *
 * Context: process.
 */
void kcoro_value_put(struct kcoro_value *value)
{
	struct kcoro_value *next;

	while (value && refcount_dec_and_test(&value->refs)) {
		next = value->next;
		if (value->key->put)
			value->key->put(value->value);
		kfree(value);
		value = next;
	}
}

/**
 * kcoro_value_push() - set a value for the caller and the tasks it will spawn
 * @key: whose
 * @value: the key's @get is called with it, and @put when nobody has it any more
 *
 * Context: task; may sleep.
 * Return: 0. -ENOMEM. -EINVAL: the caller is no task.
 */
int kcoro_value_push(const struct kcoro_key *key, void *value)
{
	struct kcoro_task *task = kcoro_self();
	struct kcoro_value *link;

	if (!task)
		return -EINVAL;
	link = kmalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return -ENOMEM;
	refcount_set(&link->refs, 1);
	link->key = key;
	link->value = value;
	link->next = task->values;
	if (key->get)
		key->get(value);
	task->values = link;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_value_push);

/**
 * kcoro_value_pop() - undo the caller's last push
 * @key: of that push
 *
 * Children that have inherited the value keep it. What the caller itself has
 * inherited it pops for itself only.
 *
 * Context: task; may sleep.
 */
void kcoro_value_pop(const struct kcoro_key *key)
{
	struct kcoro_task *task = kcoro_self();
	struct kcoro_value *link = task ? task->values : NULL;

	if (WARN_ON_ONCE(!link || link->key != key))
		return;
	task->values = link->next ? kcoro_value_get(link->next) : NULL;
	kcoro_value_put(link);
}
EXPORT_SYMBOL_GPL(kcoro_value_pop);

/**
 * kcoro_value() - the caller's value of a key
 * @key: whose
 *
 * Context: task or thread.
 * Return: what was pushed last, by the caller or by those it descends from; NULL
 * if nothing was, or a thread calls. Valid while the caller does not pop it.
 */
void *kcoro_value(const struct kcoro_key *key)
{
	struct kcoro_task *task = kcoro_self();
	struct kcoro_value *link;

	for (link = task ? task->values : NULL; link; link = link->next)
		if (link->key == key)
			return link->value;
	return NULL;
}
EXPORT_SYMBOL_GPL(kcoro_value);

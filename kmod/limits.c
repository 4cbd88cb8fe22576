// SPDX-License-Identifier: GPL-2.0
/*
 * Limits of what programs may use, and counts of what they do.
 *
 * Model: a task that a program, or one of its tasks, spawns is charged to the
 * whole machine and to the user who opened its context; contexts count for
 * themselves (context.c).
 * The limits are module parameters, which may change at any time: a lower one
 * refuses new tasks and leaves those that live alone.
 *
 * Those of tasks, unless they are given (not 0) when the module is loaded,
 * follow the memory there is then, as threads-max and the RLIMIT_NPROC made of
 * it do: all together, as many as would fill half of it with stacks of the
 * default size; a user, and a context, half of that.
 *
 * Invariants: the counts say how many tasks live, between their charge and
 * their end. They are uncharged before anybody can learn of the end, so a
 * program that joins a task can spawn the next. A count is never over its
 * limit unless that was lowered.
 *
 * Users are kept while a context of theirs is, by kuid: the same person in
 * another user namespace is the same user.
 *
 * Locks: users_lock guards the table; it nests in nothing and nothing in it.
 *
 * Rejected: ucounts (not exported to modules); RLIMIT_NPROC (a task is no
 * process, and 100,000 of them are usual).
 */
#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <uapi/linux/kcoro.h>

#include "limits.h"
#include "stack.h"

/**
 * struct kcoro_user - who opens contexts
 *
 * Fields: [C] constant; [U] under users_lock; [A] atomic.
 *
 * @node: in the table. [U]
 * @refs: one for each context. [A]
 * @uid: whom. [C]
 * @nr_tasks: live tasks of all contexts. [A]
 */
struct kcoro_user {
	struct hlist_node node;
	refcount_t refs;
	kuid_t uid;
	atomic_t nr_tasks;
};

static unsigned int tasks_max;
module_param(tasks_max, uint, 0644);
MODULE_PARM_DESC(tasks_max,
		 "live tasks, all users (default: stacks fill half of memory)");

static unsigned int tasks_user_max;
module_param(tasks_user_max, uint, 0644);
MODULE_PARM_DESC(tasks_user_max,
		 "live tasks of one user (default: half of tasks_max)");

static unsigned int tasks_ctx_max;
module_param(tasks_ctx_max, uint, 0644);
MODULE_PARM_DESC(tasks_ctx_max,
		 "live tasks and unread exits of one context (default: half of tasks_max)");

static unsigned int chans_ctx_max = 16384;
module_param(chans_ctx_max, uint, 0644);
MODULE_PARM_DESC(chans_ctx_max, "channels of one context");

static unsigned int groups_ctx_max = 1024;
module_param(groups_ctx_max, uint, 0644);
MODULE_PARM_DESC(groups_ctx_max, "groups of one context");

static unsigned int syncs_ctx_max = 16384;
module_param(syncs_ctx_max, uint, 0644);
MODULE_PARM_DESC(syncs_ctx_max, "events, semaphores and queues of one context");

static DEFINE_SPINLOCK(users_lock);
static DEFINE_HASHTABLE(users, 6);	/* [U] */

static atomic_t nr_tasks = ATOMIC_INIT(0);
static atomic64_t nr_spawned = ATOMIC64_INIT(0);

static struct kcoro_user *user_find(kuid_t uid)
{
	struct kcoro_user *user;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/**
 * kcoro_user_get() - find or make the account of a user
 * @uid: whose
 *
 * Context: may sleep.
 * Return: the account, to be given to kcoro_user_put(), or NULL: no memory.
 */
struct kcoro_user *kcoro_user_get(kuid_t uid)
{
	struct kcoro_user *user, *made;

	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return NULL;
	refcount_set(&made->refs, 1);
	made->uid = uid;

	spin_lock(&users_lock);
	user = user_find(uid);
	if (user) {
		refcount_inc(&user->refs);
	} else {
		user = made;
		made = NULL;
		hash_add(users, &user->node, __kuid_val(uid));
	}
	spin_unlock(&users_lock);
	kfree(made);
	return user;
}

/**
 * kcoro_user_put() - give an account back
 * @user: from kcoro_user_get()
 *
 * Context: process, atomic too.
 */
void kcoro_user_put(struct kcoro_user *user)
{
	spin_lock(&users_lock);
	if (refcount_dec_and_test(&user->refs))
		hash_del(&user->node);
	else
		user = NULL;
	spin_unlock(&users_lock);
	kfree(user);
}

static bool charge(atomic_t *count, unsigned int max)
{
	int old = atomic_read(count);

	do {
		if ((unsigned int)old >= max)
			return false;
	} while (!atomic_try_cmpxchg(count, &old, old + 1));
	return true;
}

/**
 * kcoro_limits_charge() - account for a task that shall be spawned
 * @user: who spawns
 *
 * Context: any.
 * Return: 0. -EAGAIN: tasks_max reached. -EDQUOT: tasks_user_max reached.
 */
int kcoro_limits_charge(struct kcoro_user *user)
{
	if (!charge(&nr_tasks, READ_ONCE(tasks_max)))
		return -EAGAIN;
	if (!charge(&user->nr_tasks, READ_ONCE(tasks_user_max))) {
		atomic_dec(&nr_tasks);
		return -EDQUOT;
	}
	return 0;
}

/**
 * kcoro_limits_uncharge() - undo one kcoro_limits_charge()
 * @user: as given there
 *
 * Context: any.
 */
void kcoro_limits_uncharge(struct kcoro_user *user)
{
	atomic_dec(&user->nr_tasks);
	atomic_dec(&nr_tasks);
}

/**
 * kcoro_limits_count_spawn() - count a task that was started
 *
 * Context: any.
 */
void kcoro_limits_count_spawn(void)
{
	atomic64_inc(&nr_spawned);
}

/**
 * kcoro_limits_tasks_ctx() - the limit of a context's tasks and unread exits
 *
 * Context: any.
 */
u32 kcoro_limits_tasks_ctx(void)
{
	return READ_ONCE(tasks_ctx_max);
}

/**
 * kcoro_limits_chans_ctx() - the limit of a context's channels
 *
 * Context: any.
 */
u32 kcoro_limits_chans_ctx(void)
{
	return READ_ONCE(chans_ctx_max);
}

/**
 * kcoro_limits_groups_ctx() - the limit of a context's groups
 *
 * Context: any.
 */
u32 kcoro_limits_groups_ctx(void)
{
	return READ_ONCE(groups_ctx_max);
}

/**
 * kcoro_limits_syncs_ctx() - the limit of a context's events, semaphores and queues
 *
 * Context: any.
 */
u32 kcoro_limits_syncs_ctx(void)
{
	return READ_ONCE(syncs_ctx_max);
}

/**
 * kcoro_limits_info() - fill in INFO's limits and counts
 * @info: where
 *
 * Context: any.
 */
void kcoro_limits_info(struct kcoro_info *info)
{
	info->arg_max = KCORO_ARG_MAX;
	info->spawn_fds_max = KCORO_SPAWN_FDS_MAX;
	info->spawn_max = KCORO_SPAWN_MAX;
	info->batch_max = KCORO_BATCH_MAX;
	info->tasks_max = READ_ONCE(tasks_max);
	info->tasks_user_max = READ_ONCE(tasks_user_max);
	info->tasks_ctx_max = READ_ONCE(tasks_ctx_max);
	info->chans_ctx_max = READ_ONCE(chans_ctx_max);
	info->groups_ctx_max = READ_ONCE(groups_ctx_max);
	info->syncs_ctx_max = READ_ONCE(syncs_ctx_max);
	info->tasks = atomic_read(&nr_tasks);
	info->spawned = atomic64_read(&nr_spawned);
}

/**
 * kcoro_limits_init() - set the limits that were not given
 *
 * Context: module init.
 */
void __init kcoro_limits_init(void)
{
	unsigned long fit = totalram_pages() / 2 / KCORO_STACK_PAGES_DEFAULT;

	if (!tasks_max)
		tasks_max = clamp_t(unsigned long, fit, 1, INT_MAX);
	if (!tasks_user_max)
		tasks_user_max = max(tasks_max / 2, 1U);
	if (!tasks_ctx_max)
		tasks_ctx_max = max(tasks_max / 2, 1U);
}

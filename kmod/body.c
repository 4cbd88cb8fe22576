// SPDX-License-Identifier: GPL-2.0
/*
 * Bodies: the code that programs can spawn, by name.
 *
 * Model: a list of struct kcoro_body that belong to modules, kcoro's own
 * included. Who gets a body holds its module until the put, so a body and its
 * functions stay while a task needs them, also after it was unregistered; then
 * only no new task can get it. A module unregisters its bodies in its exit
 * function, which runs when nobody holds the module any more.
 *
 * A name that is not registered is looked for once among the modules, as
 * "kcoro-body-NAME", for callers who could load modules anyway, or for all if
 * the administrator says so (parameter autoload).
 *
 * Invariants: names are unique; the list is in order of names.
 *
 * Locks: bodies_lock, sleeping, guards the list. Nothing is called under it;
 * modprobe runs without it, as the module it loads registers its bodies.
 *
 * Rejected: a hash (there are a few dozen bodies, and who spawns often spawns
 * many with one call); RCU (the same); a reference count in each body, which
 * would make unregistering wait for tasks: the module's count does that.
 */
#include <linux/capability.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/rwsem.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/thread_info.h>

#include "body.h"
#include "stack.h"

static bool autoload;
module_param(autoload, bool, 0644);
MODULE_PARM_DESC(autoload,
		 "Load kcoro-body-NAME also for those who may not load modules");

static DECLARE_RWSEM(bodies_lock);
static LIST_HEAD(bodies);

static struct kcoro_body *const builtin[] = {
	&kcoro_body_answer,
	&kcoro_body_count,
	&kcoro_body_echo,
	&kcoro_body_file_sink,
	&kcoro_body_file_source,
	&kcoro_body_gate,
	&kcoro_body_lines,
	&kcoro_body_match,
	&kcoro_body_merge,
	&kcoro_body_sieve,
	&kcoro_body_sleep,
	&kcoro_body_spin,
	&kcoro_body_tee,
};

/**
 * kcoro_body_name_ok() - may a body have this name?
 * @name: terminated by a zero byte
 *
 * Names end up in module names and in terminals: 1 to KCORO_NAME_MAX - 1 of
 * [a-z0-9_-].
 *
 * Context: any.
 */
bool kcoro_body_name_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len && len < KCORO_NAME_MAX && !name[len];
}

/* The body of that name, or NULL. Caller holds bodies_lock. */
static struct kcoro_body *body_find(const char *name)
{
	struct kcoro_body *body;

	lockdep_assert_held(&bodies_lock);
	list_for_each_entry(body, &bodies, node) {
		if (!strcmp(body->name, name))
			return body;
	}
	return NULL;
}

/**
 * kcoro_body_register() - make a body known
 * @body: stays the caller's; must not change until it is unregistered
 *
 * Context: may sleep.
 * Return: 0. -EEXIST: there is one of that name. -EINVAL: no proper name, no
 * @run, a help text over KCORO_HELP_MAX - 1 bytes, fewer descriptors at most
 * than at least, or a stack that no task can have.
 */
int kcoro_body_register(struct kcoro_body *body)
{
	struct kcoro_body *other;
	struct list_head *before = &bodies;
	int err = 0;

	if (!body->name || !kcoro_body_name_ok(body->name) || !body->run)
		return -EINVAL;
	if (!body->help || strlen(body->help) >= KCORO_HELP_MAX)
		return -EINVAL;
	if (body->slots_min > body->slots_max ||
	    body->stack_min > KCORO_STACK_PAGES_MAX * PAGE_SIZE ||
	    kcoro_body_stack_min(body) > KCORO_STACK_PAGES_MAX * PAGE_SIZE)
		return -EINVAL;

	down_write(&bodies_lock);
	if (body_find(body->name)) {
		err = -EEXIST;
	} else {
		list_for_each_entry(other, &bodies, node) {
			if (strcmp(other->name, body->name) > 0) {
				before = &other->node;
				break;
			}
		}
		list_add_tail(&body->node, before);
	}
	up_write(&bodies_lock);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_body_register);

/**
 * kcoro_body_unregister() - let no new task get a body
 * @body: was registered
 *
 * Tasks that run it go on, and hold its module.
 *
 * Context: may sleep.
 */
void kcoro_body_unregister(struct kcoro_body *body)
{
	down_write(&bodies_lock);
	list_del_init(&body->node);
	up_write(&bodies_lock);
}
EXPORT_SYMBOL_GPL(kcoro_body_unregister);

/* The body of that name, held, if it is here and will stay; or NULL. */
static struct kcoro_body *body_get_registered(const char *name)
{
	struct kcoro_body *body;

	down_read(&bodies_lock);
	body = body_find(name);
	if (body && !try_module_get(body->owner))
		body = NULL;
	up_read(&bodies_lock);
	return body;
}

/**
 * kcoro_body_get() - find a body and hold it
 * @name: terminated by a zero byte; need not be a proper one
 *
 * Context: may sleep for as long as modprobe takes.
 * Return: the body, to be given to kcoro_body_put(), or ERR_PTR(-ENOENT).
 */
struct kcoro_body *kcoro_body_get(const char *name)
{
	struct kcoro_body *body = body_get_registered(name);

	if (!body && kcoro_body_name_ok(name) &&
	    (READ_ONCE(autoload) || capable(CAP_SYS_MODULE))) {
		request_module("kcoro-body-%s", name);
		body = body_get_registered(name);
	}
	return body ?: ERR_PTR(-ENOENT);
}

/**
 * kcoro_body_put() - end the hold on a body
 * @body: from kcoro_body_get(); may be gone afterwards
 *
 * Context: any.
 */
void kcoro_body_put(struct kcoro_body *body)
{
	module_put(body->owner);
}

/**
 * kcoro_body_stack_min() - the smallest stack that a body can run on
 * @body: the body
 *
 * Bodies declare what they need where frames have their usual size; under
 * KASAN they grow, and with them THREAD_SIZE, and this.
 *
 * Context: any.
 * Return: bytes; the default size if the body does not say.
 */
u32 kcoro_body_stack_min(const struct kcoro_body *body)
{
	if (!body->stack_min)
		return KCORO_STACK_PAGES_DEFAULT * PAGE_SIZE;
	return PAGE_ALIGN(body->stack_min) * (THREAD_SIZE / SZ_16K);
}

/**
 * kcoro_body_list() - describe the bodies there are, in order of names
 * @to: room for @room descriptions
 * @room: how many to write at most
 * @total: how many bodies there are
 *
 * Context: may sleep.
 * Return: how many were written.
 */
int kcoro_body_list(struct kcoro_body_info *to, u32 room, u32 *total)
{
	struct kcoro_body *body;
	u32 nr = 0;

	down_read(&bodies_lock);
	list_for_each_entry(body, &bodies, node) {
		if (nr < room) {
			struct kcoro_body_info *info = &to[nr];

			memset(info, 0, sizeof(*info));
			strscpy(info->name, body->name, sizeof(info->name));
			strscpy(info->help, body->help, sizeof(info->help));
			info->stack_min = kcoro_body_stack_min(body);
			info->fds_min = body->slots_min;
			info->fds_max = body->slots_max;
		}
		nr++;
	}
	up_read(&bodies_lock);
	*total = nr;
	return min(nr, room);
}

/**
 * kcoro_bodies_init() - register the built-in bodies
 *
 * Context: module init.
 * Return: 0, or what kcoro_body_register() says; none is registered then.
 */
int __init kcoro_bodies_init(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		err = kcoro_body_register(builtin[i]);
		if (err)
			goto err_unregister;
	}
	return 0;

err_unregister:
	while (i--)
		kcoro_body_unregister(builtin[i]);
	return err;
}

/**
 * kcoro_bodies_exit() - undo kcoro_bodies_init()
 *
 * Context: module init and exit.
 */
void kcoro_bodies_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(builtin); i++)
		kcoro_body_unregister(builtin[i]);
}

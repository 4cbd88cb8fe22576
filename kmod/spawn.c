// SPDX-License-Identifier: GPL-2.0
/*
 * SPAWN: a program starts tasks; and these start others.
 *
 * Model: what all tasks of a call have in common (struct spawn) is copied and
 * checked once; then each is made by itself, with an environment, holds and a
 * body of its own. In this order, which error unwinding reverses:
 *	place		in its group, if there is one: may wait
 *	admit		count it against the limits
 *	environment	argument, credentials, slots; the body checks it
 *	create		number, stack
 *	reserve		places in the tables of tasks
 *	descriptor	if there shall be one; not installed
 *	tell		the program gets number and descriptor
 *	publish		killing the context reaches it now; the last to fail
 *	attach		to its group, if there is one
 *	start, install
 * If the context has a bubble it is made in that, and put in, from publish to start,
 * as long as it was not run (bubble_fd.c).
 * If one cannot be made, those before it stay: the program learns how many, and
 * why there are not more.
 *
 * What a task of a context spawns (kcoro_spawn() in a body) is admitted,
 * created, reserved and published likewise, so that a body cannot escape its
 * program's limits. It is charged to the opener's memory cgroup: a worker, who
 * makes it, is in none.
 *
 * Invariants: the program knows of a task before the task runs: its number and
 * that it is one more (@spawned, which is taken back if it is not). Nothing
 * of a task that could not be made is left. A task never has a descriptor of a
 * context, task or group: no cycle of those keeps a context alive. (A socket in
 * whose queue such a descriptor lies can be given; the opener's end ends that.)
 *
 * Locks: none here.
 *
 * Rejected: one environment shared by the tasks of a call (bodies change
 * theirs); to undo the tasks that run if a later one fails (they may have had
 * effects).
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "body.h"
#include "bubble.h"
#include "bubble_fd.h"
#include "chan_fd.h"
#include "context.h"
#include "dev.h"
#include "env.h"
#include "group.h"
#include "limits.h"
#include "place.h"
#include "spawn.h"
#include "task.h"
#include "task_fd.h"

#define STACK_DEFAULT	(KCORO_STACK_PAGES_DEFAULT * PAGE_SIZE)

/**
 * struct spawn - what the tasks of one call have in common
 * @ctx: their context
 * @group: their group, or NULL
 * @nowait: do not wait for a place in it
 * @args: the call's argument
 * @user: where the program has it
 * @body: held
 * @arg: copy of the argument, or NULL
 * @slots: one for each descriptor, held
 * @nr_slots: entries of @slots that are
 */
struct spawn {
	struct kcoro_ctx *ctx;
	struct kcoro_group *group;
	bool nowait;
	const struct kcoro_spawn *args;
	struct kcoro_spawn __user *user;
	struct kcoro_body *body;
	void *arg;
	struct kcoro_slot *slots;
	u32 nr_slots;
};

static bool name_has_end(const char *name)
{
	return strnlen(name, KCORO_NAME_MAX) < KCORO_NAME_MAX;
}

static int pin_of(const struct kcoro_spawn *args)
{
	return args->flags & KCORO_SPAWN_PIN ? (int)args->cpu : -1;
}

static int check_args(const struct kcoro_spawn *args)
{
	if (args->arg_len > KCORO_ARG_MAX)
		return -E2BIG;
	if (args->flags & ~KCORO_SPAWN_FLAGS || args->pad ||
	    (args->cpu && !(args->flags & KCORO_SPAWN_PIN)) ||
	    args->cpu > INT_MAX ||
	    !args->body[0] || !name_has_end(args->body) ||
	    !name_has_end(args->name) ||
	    args->stack_size > KCORO_STACK_PAGES_MAX * PAGE_SIZE ||
	    !args->count || args->count > KCORO_SPAWN_MAX ||
	    args->nr_fds > KCORO_SPAWN_FDS_MAX)
		return -EINVAL;
	return kcoro_place_check(args->priority, pin_of(args));
}

static int check_body(const struct kcoro_spawn *args,
		      const struct kcoro_body *body)
{
	if (args->nr_fds < body->slots_min || args->nr_fds > body->slots_max)
		return -EINVAL;
	if (args->stack_size && args->stack_size < kcoro_body_stack_min(body))
		return -EINVAL;
	return 0;
}

static void slot_drop(struct kcoro_slot *slot)
{
	if (slot->chan)
		kcoro_chan_drop(slot->chan, slot->ends);
	if (slot->file)
		fput(slot->file);
}

/* Fill an empty slot with a hold of its own. */
static void slot_copy(struct kcoro_slot *to, const struct kcoro_slot *from)
{
	*to = *from;
	if (to->chan)
		kcoro_chan_hold(to->chan, to->ends);
	if (to->file)
		get_file(to->file);
}

static int slot_open(struct kcoro_slot *slot, s32 fd)
{
	struct file *file = fget(fd);

	if (!file)
		return -EBADF;
	slot->chan = kcoro_chan_of_file(file, &slot->ends);
	if (slot->chan) {
		kcoro_chan_hold(slot->chan, slot->ends);
		fput(file);
		return 0;
	}
	if (kcoro_is_task_file(file) || kcoro_is_ctx_file(file) ||
	    kcoro_group_of_file(file)) {
		fput(file);
		return -ELOOP;
	}
	slot->file = file;
	return 0;
}

static int spawn_open_slots(struct spawn *spawn)
{
	const s32 __user *fds = u64_to_user_ptr(spawn->args->fds);
	u32 nr = spawn->args->nr_fds;
	int err;
	s32 fd;

	if (!nr)
		return 0;
	spawn->slots = kcalloc(nr, sizeof(*spawn->slots), GFP_KERNEL_ACCOUNT);
	if (!spawn->slots)
		return -ENOMEM;
	while (spawn->nr_slots < nr) {
		if (get_user(fd, fds + spawn->nr_slots))
			return -EFAULT;
		err = slot_open(&spawn->slots[spawn->nr_slots], fd);
		if (err)
			return err;
		spawn->nr_slots++;
	}
	return 0;
}

static int spawn_copy_arg(struct spawn *spawn)
{
	if (!spawn->args->arg_len)
		return 0;
	spawn->arg = memdup_user(u64_to_user_ptr(spawn->args->arg),
				 spawn->args->arg_len);
	if (IS_ERR(spawn->arg)) {
		int err = PTR_ERR(spawn->arg);

		spawn->arg = NULL;
		return err;
	}
	return 0;
}

static void env_discard(const struct kcoro_body *body, struct kcoro_env *env)
{
	if (body->release)
		body->release(env);
	kcoro_env_free(env);
}

static struct kcoro_env *make_env(const struct spawn *spawn)
{
	struct kcoro_env *env;
	u32 i;
	int err;

	env = kcoro_env_alloc(spawn->args->arg_len, spawn->nr_slots,
			      GFP_KERNEL_ACCOUNT);
	if (!env)
		return ERR_PTR(-ENOMEM);
	if (spawn->arg)
		memcpy(kcoro_env_argbuf(env), spawn->arg, env->arg_len);
	env->cred = get_current_cred();
	for (i = 0; i < spawn->nr_slots; i++)
		slot_copy(&env->slots[i], &spawn->slots[i]);
	if (spawn->body->check) {
		err = spawn->body->check(env);
		if (err) {
			env_discard(spawn->body, env);
			return ERR_PTR(err);
		}
	}
	return env;
}

/* Where the exit record of such a task goes, or NULL. */
static struct kcoro_records *records_of(const struct spawn *spawn)
{
	if (spawn->args->flags & (KCORO_SPAWN_FD | KCORO_SPAWN_NO_EXIT))
		return NULL;
	return spawn->group ? &spawn->group->records : &spawn->ctx->records;
}

static struct kcoro_task *make_task(const struct spawn *spawn,
				    struct kcoro_bubble *bubble)
{
	const struct kcoro_spawn *args = spawn->args;
	struct kcoro_task_params params = {
		.body = spawn->body,
		.ctx = spawn->ctx,
		.pool = &spawn->ctx->pool,
		.records = records_of(spawn),
		.name = args->name[0] ? args->name : spawn->body->name,
		.stack_size = args->stack_size,
		.flags = args->flags,
		.deadline = kcoro_call_deadline(args->deadline_ns),
		.priority = args->priority,
		.pin = pin_of(args),
		.own_thread = args->flags & KCORO_SPAWN_THREAD,
		.bubble = bubble,
	};
	struct kcoro_task *task;

	if (!params.stack_size)
		params.stack_size = max_t(u32, STACK_DEFAULT,
					  kcoro_body_stack_min(spawn->body));
	params.env = make_env(spawn);
	if (IS_ERR(params.env))
		return ERR_CAST(params.env);
	/* For the task, which is held by us so far: this cannot fail. */
	__module_get(spawn->body->owner);
	task = kcoro_task_create(&params);
	if (IS_ERR(task)) {
		module_put(spawn->body->owner);
		env_discard(spawn->body, params.env);
	}
	return task;
}

/* The program's n-th number and descriptor, and that it has n. */
static int tell(const struct spawn *spawn, u64 id, int fd)
{
	u64 __user *ids = u64_to_user_ptr(spawn->args->ids);
	s32 __user *fds = u64_to_user_ptr(spawn->args->task_fds);
	u32 nth = spawn->args->spawned;

	if (spawn->args->ids && put_user(id, ids + nth))
		return -EFAULT;
	if (fd >= 0 && put_user(fd, fds + nth))
		return -EFAULT;
	return put_user(nth + 1, &spawn->user->spawned);
}

struct launch {
	const struct spawn *spawn;
	struct kcoro_task *task;
};

static int publish(void *data)
{
	const struct launch *launch = data;
	const struct spawn *spawn = launch->spawn;
	int err = kcoro_ctx_publish_task(spawn->ctx, launch->task);

	if (err)
		return err;
	if (spawn->group)
		kcoro_group_attach(spawn->group, launch->task);
	kcoro_task_start(launch->task);
	return 0;
}

/*
 * Publish and start a task that is reserved. The reference on it is its
 * file's, if there is one, from the start on, and stays the caller's if this
 * fails.
 */
static int launch(const struct spawn *spawn, struct kcoro_task *task)
{
	struct launch this = { .spawn = spawn, .task = task };
	struct file *file = NULL;
	int fd = -1, err;

	if (spawn->args->flags & KCORO_SPAWN_FD) {
		fd = get_unused_fd_flags(O_CLOEXEC);
		if (fd < 0)
			return fd;
		file = kcoro_task_file_create(spawn->ctx, task);
		if (IS_ERR(file)) {
			err = PTR_ERR(file);
			goto err_fd;
		}
	}
	err = tell(spawn, kcoro_task_id(task), fd);
	/* Before the install: a close(2) could be the task's last put then. */
	if (!err)
		err = task->bubble ?
			      kcoro_bubble_fd_fill(spawn->ctx, publish, &this) :
			      publish(&this);
	if (err)
		goto err_file;
	if (file)
		fd_install(fd, file);
	else
		kcoro_task_put(task);
	return 0;

err_file:
	if (file)
		kcoro_task_file_abandon(file);
err_fd:
	if (fd >= 0)
		put_unused_fd(fd);
	return err;
}

/* A place in the group; nothing to do without one. */
static int take_place(const struct spawn *spawn)
{
	int err;

	if (!spawn->group)
		return 0;
	err = kcoro_group_take_place(spawn->group,
				     spawn->nowait ? 0 : KCORO_FOREVER);
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

static int spawn_one(const struct spawn *spawn)
{
	struct kcoro_bubble *bubble;
	struct kcoro_task *task;
	u64 id;
	int err;

	err = take_place(spawn);
	if (err)
		return err;
	err = kcoro_ctx_admit_task(spawn->ctx);
	if (err)
		goto err_place;
	bubble = kcoro_bubble_fd_get(spawn->ctx);
	task = make_task(spawn, bubble);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		/* It has failed: as it ran, or as its context was killed. */
		if (bubble && err == -ECANCELED)
			err = kcoro_bubble_fd_refuses(spawn->ctx) ?: -ESHUTDOWN;
		goto err_dismiss;
	}
	id = kcoro_task_id(task);
	err = kcoro_ctx_reserve_task(spawn->ctx, id);
	if (err)
		goto err_task;
	err = launch(spawn, task);
	if (err)
		goto err_reserve;
	return 0;

err_reserve:
	kcoro_ctx_unreserve_task(spawn->ctx, id);
err_task:
	kcoro_task_discard(task);
err_dismiss:
	kcoro_ctx_dismiss_task(spawn->ctx);
err_place:
	if (spawn->group)
		kcoro_group_leave_place(spawn->group);
	return err;
}

static struct kcoro_task *make_child(struct kcoro_ctx *ctx,
				     const struct kcoro_task_params *params)
{
	struct kcoro_task *task;
	u64 id;
	int err;

	err = kcoro_ctx_admit_task(ctx);
	if (err)
		return ERR_PTR(err);
	task = kcoro_task_create(params);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		goto err_dismiss;
	}
	id = kcoro_task_id(task);
	kcoro_bubble_native(true);
	err = kcoro_ctx_reserve_task(ctx, id);
	kcoro_bubble_native(false);
	if (err)
		goto err_task;
	err = kcoro_ctx_publish_task(ctx, task);
	if (err)
		goto err_reserve;
	return task;

err_reserve:
	kcoro_ctx_unreserve_task(ctx, id);
err_task:
	task->owner = NULL;	/* the caller's again */
	kcoro_task_discard(task);
err_dismiss:
	kcoro_ctx_dismiss_task(ctx);
	return ERR_PTR(err);
}

/**
 * kcoro_child_create() - make a task in its parent's context
 * @parent: the caller, a task that has a context
 * @params: with neither context nor pool; on success the owner is taken over
 *
 * Context: @parent; may sleep.
 * Return: the task, published, to be given to kcoro_task_start() at once; or as
 * kcoro_task_create() and kcoro_ctx_admit_task(), but -ECANCELED if the context
 * was killed.
 */
struct kcoro_task *kcoro_child_create(struct kcoro_task *parent,
				      struct kcoro_task_params *params)
{
	struct mem_cgroup *old = set_active_memcg(parent->ctx->memcg);
	struct kcoro_task *task;

	params->ctx = parent->ctx;
	params->pool = &parent->ctx->pool;
	params->flags = KCORO_SPAWN_NO_EXIT;
	task = make_child(parent->ctx, params);
	set_active_memcg(old);
	if (task == ERR_PTR(-ESHUTDOWN)) {
		kcoro_task_kill(parent);	/* whoever killed it is about to */
		task = ERR_PTR(-ECANCELED);
	}
	return task;
}

/**
 * kcoro_ioc_spawn() - KCORO_IOC_SPAWN
 * @file: a context or a group
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_spawn(struct file *file, struct kcoro_call *call)
{
	struct kcoro_spawn *args = &call->arg.spawn;
	struct kcoro_group *group = kcoro_group_of_file(file);
	struct spawn spawn = {
		.ctx = group ? group->ctx : file->private_data,
		.group = group,
		.args = args,
		.user = call->user,
	};
	int err;

	/* In a bubble nobody ends, and gives a place back, before it is run. */
	spawn.nowait = file->f_flags & O_NONBLOCK ||
		       READ_ONCE(spawn.ctx->bubble);
	args->spawned = 0;
	args->error = 0;
	err = check_args(args) ?: kcoro_call_reply(call);
	if (err)
		return err;
	spawn.body = kcoro_body_get(args->body);
	if (IS_ERR(spawn.body))
		return PTR_ERR(spawn.body);
	err = check_body(args, spawn.body);
	if (!err)
		err = spawn_copy_arg(&spawn);
	if (!err)
		err = spawn_open_slots(&spawn);
	while (!err && args->spawned < args->count) {
		err = fatal_signal_pending(current) ? -EINTR :
						      spawn_one(&spawn);
		if (!err)
			args->spawned++;
		cond_resched();
	}
	/* It may know of one more. If it cannot be told, it cannot read it. */
	args->error = err == -ERESTARTSYS ? -EINTR : err;
	if (err && kcoro_call_reply(call))
		err = -EFAULT;
	while (spawn.nr_slots--)
		slot_drop(&spawn.slots[spawn.nr_slots]);
	kfree(spawn.slots);
	kfree(spawn.arg);
	kcoro_body_put(spawn.body);
	return args->spawned ? 0 : err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Who looks for leaks, and who is told. How they are found: leak.c.
 *
 * Model: a program asks (KCORO_IOC_LEAKS), and gets them all. And the kernel looks of
 * itself, at a context's tasks: when the last descriptor of a channel is closed, or
 * one of an event and so on, of which tasks may be the only holders from now on. As
 * they are busy then, and may come to wait for each other later, it looks LOOKS
 * times, with longer and longer pauses, as long as some live that were not found. That costs as much as
 * there are tasks, so a pause is at least a hundred times what the last look took.
 *
 * What it finds is told once for each wait: in the kernel's log (leak_warnings times,
 * as hung tasks are), by a trace event, and by EPOLLPRI on the context's descriptor
 * until the program asks. Then it ends the waits if the context is DEADLK.
 *
 * The work that looks holds its context while it is queued. It is taken back as the
 * context is killed, and not queued after that (ctx->killed, under ctx->lock).
 *
 * Locks: ctx->lock for that, and for ctx->leaks.
 */
#include <linux/jiffies.h>
#include <linux/kcoro.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "context.h"
#include "dev.h"
#include "dump.h"
#include "leak.h"
#include "records.h"
#include "task.h"
#include "trace.h"

static bool leak_check = true;
module_param(leak_check, bool, 0644);
MODULE_PARM_DESC(leak_check,
		 "look for tasks that nobody can wake as descriptors are closed");

static int leak_warnings = 10;
module_param(leak_warnings, int, 0644);
MODULE_PARM_DESC(leak_warnings,
		 "how many of those to tell of in the kernel's log; -1: all");

#define FIRST_LOOK	(HZ / 10)
#define LOOKS		8	/* the last one half a minute after the event */
#define SHOWN		4	/* tasks of one leak */

static bool take_warning(void)
{
	int left = READ_ONCE(leak_warnings);

	if (left > 0)
		WRITE_ONCE(leak_warnings, left - 1);
	return left;
}

static void show_task(const struct kcoro_leak_suspect *suspect)
{
	static const char * const waits[] = {
		[KCORO_WAIT_SEND] = "to send to",
		[KCORO_WAIT_RECV] = "to receive from",
		[KCORO_WAIT_SELECT] = "for the first of several, among them",
		[KCORO_WAIT_JOIN] = "for the end of",
		[KCORO_WAIT_EVENT] = "for",
		[KCORO_WAIT_SEM] = "for units of",
		[KCORO_WAIT_PUT] = "for room in",
		[KCORO_WAIT_GET] = "for work from",
		[KCORO_WAIT_DRAIN] = "for all work to be done of",
	};

	pr_warn("kcoro: leak: task %llu (%s) waits %s %s %llu\n",
		suspect->task->id, suspect->task->name, waits[suspect->reason],
		suspect->on_kind, suspect->on);
	kcoro_dump_parked(suspect->task);
}

static void show(const struct kcoro_leak_search *search, struct kcoro_ctx *ctx)
{
	const struct kcoro_leak_suspect *suspect;
	u32 shown = 0;

	pr_warn("kcoro: leak: context %llu (%s, pid %d): %u %s for ever, as nobody can wake %s any more\n",
		ctx->id, ctx->comm, pid_nr(ctx->pid), search->nr,
		search->nr == 1 ? "task waits" : "tasks wait",
		search->nr == 1 ? "it" : "them");
	list_for_each_entry(suspect, &search->suspects, node) {
		if (shown++ == SHOWN)
			break;
		show_task(suspect);
	}
	if (search->nr > SHOWN)
		pr_warn("kcoro: leak: and %u more; `kcoro leaks` lists them\n",
			search->nr - SHOWN);
}

/*
 * Of the first @nr. All are won before any is woken: who goes on may end, and the
 * others' waits with it.
 */
static void end_waits(const struct kcoro_leak_search *search, u32 nr)
{
	struct kcoro_leak_suspect *suspect;

	list_for_each_entry(suspect, &search->suspects, node) {
		struct kcoro_wait *wait = &suspect->task->wait;

		if (!nr--)
			break;
		suspect->ended = kcoro_wait_win(wait);
		if (suspect->ended)
			wait->cause = -EDEADLK;
	}
	list_for_each_entry(suspect, &search->suspects, node) {
		if (suspect->ended)
			kcoro_wait_wake(&suspect->task->wait);
		cond_resched();
	}
}

/* Tell of those that were not told of. */
static void report(const struct kcoro_leak_search *search, struct kcoro_ctx *ctx)
{
	struct kcoro_leak_suspect *suspect;
	bool deadlk;
	u32 nr = 0;

	list_for_each_entry(suspect, &search->suspects, node) {
		struct kcoro_task *task = suspect->task;

		if (task->leak_seen == suspect->switches + 1)
			continue;
		task->leak_seen = suspect->switches + 1;
		nr++;
		trace_kcoro_leak(task, ctx->id, suspect->reason, suspect->on,
				 suspect->on_kind);
	}
	spin_lock(&ctx->lock);
	ctx->leaks += nr;
	deadlk = ctx->options & KCORO_CTX_DEADLK;
	spin_unlock(&ctx->lock);
	if (nr) {
		if (take_warning())
			show(search, ctx);
		kcoro_records_wake(&ctx->records);
	}
	if (deadlk)
		end_waits(search, search->nr);
}

static void queue_look(struct kcoro_ctx *ctx)
{
	unsigned long pause = FIRST_LOOK << (LOOKS - ctx->leak_looks);

	pause = max(pause, 100 * ctx->leak_slow);
	spin_lock(&ctx->lock);
	if (!ctx->killed) {
		kcoro_ctx_get(ctx);
		if (!queue_delayed_work(kcoro_ctx_wq, &ctx->leak_work, pause))
			kcoro_ctx_put(ctx);	/* not the last */
	}
	spin_unlock(&ctx->lock);
}

static void look(struct work_struct *work)
{
	struct kcoro_ctx *ctx = container_of(to_delayed_work(work),
					     struct kcoro_ctx, leak_work);
	struct kcoro_leak_search *search = kzalloc(sizeof(*search), GFP_KERNEL);
	unsigned long start = jiffies;
	bool again = false;
	u32 looks;

	if (search) {
		search->walk.tasks = &ctx->tasks;
		search->walk.scope = KCORO_SCOPE_CTX;
		if (!kcoro_leak_search(search)) {
			report(search, ctx);
			again = READ_ONCE(ctx->nr_live) > search->nr;
		}
		kcoro_leak_search_end(search);
	}
	WRITE_ONCE(ctx->leak_slow, jiffies - start);
	looks = READ_ONCE(ctx->leak_looks);
	if (again && looks > 1) {
		WRITE_ONCE(ctx->leak_looks, looks - 1);
		queue_look(ctx);
	}
	kcoro_ctx_put(ctx);
}

/**
 * kcoro_leak_watch() - tasks may be the only ones who hold something
 * @ctx: whose they are; the caller holds it
 *
 * Context: process, atomic too.
 */
void kcoro_leak_watch(struct kcoro_ctx *ctx)
{
	if (!READ_ONCE(leak_check) || READ_ONCE(ctx->killed))
		return;
	WRITE_ONCE(ctx->leak_looks, LOOKS);
	if (!delayed_work_pending(&ctx->leak_work))
		queue_look(ctx);
}

/**
 * kcoro_leak_unwatch() - look no more
 * @ctx: it is killed; a look under way goes on
 *
 * Context: process.
 */
void kcoro_leak_unwatch(struct kcoro_ctx *ctx)
{
	if (cancel_delayed_work(&ctx->leak_work))
		kcoro_ctx_put(ctx);
}

/**
 * kcoro_leak_ctx_init() - get ready to look
 * @ctx: nobody else knows it yet
 *
 * Context: any.
 */
void kcoro_leak_ctx_init(struct kcoro_ctx *ctx)
{
	INIT_DELAYED_WORK(&ctx->leak_work, look);
}

static int give(const struct kcoro_leak_search *search, struct kcoro_leaks *args)
{
	struct kcoro_leak __user *to = u64_to_user_ptr(args->leaks);
	const struct kcoro_leak_suspect *suspect;
	u32 room = args->count;

	args->count = 0;
	args->total = search->nr;
	list_for_each_entry(suspect, &search->suspects, node) {
		struct kcoro_leak leak = {
			.id = suspect->task->id,
			.ctx = suspect->ctx->id,
			.on = suspect->on,
			.wait = suspect->reason,
			.sources = suspect->nr_needs,
		};

		if (args->count == room)
			break;
		strscpy(leak.on_kind, suspect->on_kind, sizeof(leak.on_kind));
		strscpy(leak.name, suspect->task->name, sizeof(leak.name));
		if (copy_to_user(to + args->count, &leak, sizeof(leak)))
			return -EFAULT;
		args->count++;
		cond_resched();
	}
	return 0;
}

/**
 * kcoro_ioc_leaks() - KCORO_IOC_LEAKS
 * @file: a context
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_leaks(struct file *file, struct kcoro_call *call)
{
	struct kcoro_leaks *args = &call->arg.leaks;
	struct kcoro_ctx *ctx = file->private_data;
	struct kcoro_leak_search *search;
	int err;

	if (args->flags & ~KCORO_LEAKS_FLAGS)
		return -EINVAL;
	search = kzalloc(sizeof(*search), GFP_KERNEL_ACCOUNT);
	if (!search)
		return -ENOMEM;
	err = kcoro_walk_scope(&search->walk, ctx, args->scope);
	if (err) {
		kfree(search);
		return err;
	}
	spin_lock(&ctx->lock);
	ctx->leaks = 0;
	spin_unlock(&ctx->lock);
	err = kcoro_leak_search(search) ?: give(search, args);
	if (!err && args->flags & KCORO_LEAKS_END)
		end_waits(search, args->count);
	kcoro_leak_search_end(search);
	return err;
}

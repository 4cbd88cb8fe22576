/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks: see task.c. */
#ifndef KCORO_TASK_H
#define KCORO_TASK_H

#include <linux/atomic.h>
#include <linux/kcoro.h>
#include <linux/kcoro_alarm.h>
#include <linux/kcoro_policy.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>

#include "arch/x86/switch.h"
#include "stack.h"
#include "wait.h"

struct kcoro_bubble;
struct kcoro_ctx;
struct kcoro_defer;
struct kcoro_group;
struct kcoro_records;
struct kcoro_scope;
struct kcoro_value;
struct kcoro_worker;

/* Where a task is, for operators: see the head of sched.c. */
enum kcoro_task_state {
	KCORO_STATE_NEW,
	KCORO_STATE_RUNNABLE,	/* queued, or about to be */
	KCORO_STATE_RUNNING,	/* or parked: then its wait says so */
	KCORO_STATE_DEAD,
};

/* Why a task gave its worker back. */
enum kcoro_switch_op {
	KCORO_SWITCH_PARK,
	KCORO_SWITCH_PARK_LOCKED,	/* with park_lock held until it has left */
	KCORO_SWITCH_YIELD,
	KCORO_SWITCH_NATIVE,
	KCORO_SWITCH_EXIT,
};

/* What comes into a CPU's inbox: see sched.c. */
enum kcoro_mail_kind {
	KCORO_MAIL_TASK,	/* a task to queue */
	KCORO_MAIL_STEAL,	/* another CPU asks for tasks: steal.c */
	KCORO_MAIL_POLICY,	/* change the policy: policy.c */
};

struct kcoro_mail {
	struct llist_node node;
	u8 kind;	/* enum kcoro_mail_kind */
	u8 why;		/* enum kcoro_enqueue, of a task */
};

/**
 * struct kcoro_task - a coroutine
 *
 * Fields are written by, or under: [O] its worker while it runs, else whoever
 * made it runnable; [C] kcoro_task_create(), constant after; [L] @lock;
 * [S] sched_lock in place.c; [X] the context's lock; [A] atomic.
 *
 * @sp: its stack pointer while it does not run. [O]
 * @stack: base of its stack window. [C], gone after its end
 * @state: enum kcoro_task_state. [O], read without
 * @op: why it gave its worker back. [O]
 * @stack_pages: usable pages of @stack. [C]
 * @reason: KCORO_EXIT_*. [O] until @done
 * @done: it has ended; result, error and reason are final. [L], set once
 * @cpu: where it ran last. [O]
 * @rq_next: next in a run queue. [O]
 * @worker: who runs it. [O]
 * @special: pinned, of a priority of its own, with a thread of its own, or in a
 *	bubble:
 *	every wake of it takes the long way. [S], read without
 * @level: its priority, 0 first. [S], read without
 * @pin: CPU it is to run on, or -1. [S], read without
 * @own: the worker that runs nothing else, or NULL. [C] from the start on
 * @park_lock: dropped by its worker once it has left its stack. [O]
 * @mail: on its way to a CPU
 * @entity: what the policy sees of it. [O]
 * @age: in the CPU's list of waiting tasks, under a policy; in the list of its
 *	bubble's tasks. [O]
 * @run_cycles: time it had a CPU. [O], read without
 * @waits: times it parked. [O], read without
 * @wakes: tasks and threads that it woke. [O], read without
 * @steals: times another CPU took it over. [O], read without
 * @handovers: times it blocked and its CPU was handed over. [O], read without
 * @hogs: times it lost the queue as it went on. [O], read without
 * @hog_switches: @switches when it last did. [O], read without
 * @native_fn: function of a native call. [O]
 * @native_arg: its argument
 * @native_ret: its value
 * @switches: times it was given a worker. [O]
 * @wait: what it waits with
 * @refs: one for each holder, one while it lives
 * @lock: raw, irqs off: joiners come from any context
 * @joiners: those who wait for its end. [L]
 * @native_lock: guards @interruptible
 * @cancels: requests to cancel it that were not taken back. [L], read without
 * @cause: of the oldest of them. [L]
 * @shields: shielded sections that it is in. By itself
 * @scope: the innermost scope that it is in, or NULL. By itself
 * @defers: calls to make at its end, first one first. By itself
 * @values: its chain of values. By itself
 * @leak_seen: @switches as it was last reported to wait for ever, and one. By its
 *	context's @leak_work
 * @group: the group that it is in, held to its end, or NULL. [C] from the start on
 * @group_node: in a list of @group; of its results after its end. [L] of that
 * @bubble: the bubble that it is in, held until it is freed, or NULL. [C]
 * @interruptible: @worker is in a native call that SIGKILL ends
 * @id: unique while the module is loaded. [C]
 * @parent: id of the task that spawned it, or 0. [C]
 * @start_ns: CLOCK_MONOTONIC of its creation. [C]
 * @fn: what it runs if it has no @body. [C]
 * @data: for @fn. [C]
 * @owner: module of @fn, held. [C]
 * @body: what it runs, held, or NULL. [C]
 * @env: for @body. [C]; freed with the task
 * @ctx: its context, held, or NULL. [C]
 * @pool: where its stack is from. [C]
 * @exit_node: in the list of @records. [X]
 * @flags: KCORO_SPAWN_* it was spawned with. [C]
 * @records: where its record goes: @ctx's, or @group's if it has one; or NULL:
 *	nowhere. [C]
 * @result: what it returned. [O] until @done
 * @error: 0 or a negative errno. [O] until @done
 * @deadline: when it is cancelled. [C]
 * @deadline_alarm: does that; made only if there is a deadline
 * @deadline_hit: it did. [A]
 * @name: for operators. [C]
 */
struct kcoro_task {
	unsigned long sp;
	void *stack;
	struct kcoro_wait wait;
	bool special;
	u8 level;
	u8 stack_pages;
	s16 pin;
	struct_group(zeroed,	/* when it is made */
		u8 state;
		u8 op;
		u8 reason;
		bool done;
		bool interruptible;
		bool deadline_hit;
		u32 cpu;
		struct kcoro_worker *worker;
		u64 switches;
		u64 run_cycles;
		u64 waits;
		u64 wakes;
		u32 steals;
		u32 handovers;
		u32 hogs;
		int error;
		s64 result;
		u64 hog_switches;
		u64 leak_seen;
		struct kcoro_worker *own;
		u32 cancels;
		u32 shields;
		struct kcoro_scope *scope;
		struct kcoro_defer *defers;
		struct kcoro_group *group;
		struct kcoro_bubble *bubble;
	);
	struct kcoro_task *rq_next;
	raw_spinlock_t *park_lock;
	struct kcoro_mail mail;
	struct kcoro_entity entity;
	struct list_head age;

	int (*native_fn)(void *arg);
	void *native_arg;
	int native_ret;

	refcount_t refs;
	raw_spinlock_t lock;
	spinlock_t native_lock;	/* guards interruptible */
	struct kcoro_waitq joiners;
	struct kcoro_cause cause;
	struct kcoro_value *values;
	struct list_head group_node;

	u64 id;
	u64 parent;
	u64 start_ns;
	s64 (*fn)(void *data);
	void *data;
	struct module *owner;
	struct kcoro_body *body;
	struct kcoro_env *env;
	struct kcoro_ctx *ctx;
	struct kcoro_stack_pool *pool;
	struct list_head exit_node;
	struct kcoro_records *records;
	u32 flags;
	ktime_t deadline;
	struct kcoro_alarm deadline_alarm;
	char name[KCORO_NAME_MAX];
};

/**
 * struct kcoro_task_params - what kcoro_task_create() makes a task of
 * @fn, @data, @owner: for kernel callers; @owner's reference is taken over
 * @body, @env: for the device; on success both are taken over
 * @ctx: the context, or NULL; the caller keeps it alive until the task's end
 *	(kcoro_ctx_task_ended() tells)
 * @pool: where to take the stack from, or NULL for the kernel's own
 * @records: where its exit record goes, or NULL
 * @name: copied, cut to KCORO_NAME_MAX - 1 bytes
 * @stack_size: bytes, 0 for the default; rounded up to pages
 * @flags: KCORO_SPAWN_*
 * @deadline: or KCORO_FOREVER
 * @priority: KCORO_PRIORITY_MIN to MAX
 * @pin: CPU to run on, or -1
 * @own_thread: give it a kthread of its own
 * @atomic: nobody may sleep: what memory it takes is there, or it fails
 * @bubble: to be in, or NULL: in that of the caller, if it is in one
 */
struct kcoro_task_params {
	s64 (*fn)(void *data);
	void *data;
	struct module *owner;
	struct kcoro_body *body;
	struct kcoro_env *env;
	struct kcoro_ctx *ctx;
	struct kcoro_stack_pool *pool;
	struct kcoro_records *records;
	const char *name;
	u32 stack_size;
	u32 flags;
	ktime_t deadline;
	int priority;
	int pin;
	bool own_thread;
	bool atomic;
	struct kcoro_bubble *bubble;
};

/* The task that calls, or NULL. Stays the same over a park. */
static __always_inline struct kcoro_task *kcoro_self(void)
{
	return kcoro_arch_self();
}

/* Does it still wait as it did when it had been switched to so often? */
static inline bool kcoro_task_waits_since(const struct kcoro_task *task,
					  u64 switches)
{
	bool parked = kcoro_wait_parked(&task->wait);

	/* Pairs with the cmpxchg by which it parks: had it run, we would see it. */
	smp_rmb();
	return parked && READ_ONCE(task->switches) == switches;
}

/*
 * Is there a reason for @self, the task that calls, or NULL, not to wait at
 * all? Every call that may wait starts with this, so that a task whose calls
 * never have to wait can be cancelled too. 0 or -ECANCELED.
 */
static __always_inline int kcoro_wait_check(struct kcoro_task *self)
{
	if (!self || likely(!atomic_read(&self->wait.word)))
		return 0;
	return kcoro_wait_take_cancel(&self->wait) ? -ECANCELED : 0;
}

/* What a task's function has returned: a result, or a negative errno. */
static inline void kcoro_task_set_result(struct kcoro_task *task, s64 result)
{
	bool failed = IS_ERR_VALUE((unsigned long)result);

	task->error = failed ? result : 0;
	task->result = failed ? 0 : result;
}

struct kcoro_task *kcoro_spawn_into(struct kcoro_group *group,
				    const struct kcoro_spawn_args *args);
struct kcoro_task *kcoro_task_create(const struct kcoro_task_params *params);
void kcoro_task_start(struct kcoro_task *task);
void kcoro_task_discard(struct kcoro_task *task);
void kcoro_task_kill(struct kcoro_task *task);
void kcoro_task_finish(struct kcoro_task *task);
void kcoro_task_main(struct kcoro_task *task);
void kcoro_task_reap(struct kcoro_task *task);
void kcoro_task_crashed(struct kcoro_task *task);
void kcoro_task_info(struct kcoro_task *task, struct kcoro_task_info *info);
void kcoro_task_exit_record(struct kcoro_task *task, struct kcoro_exit *exit);
int kcoro_native_interruptible(int (*fn)(void *arg), void *arg);

int kcoro_task_init(void);
void kcoro_task_wait(void);
void kcoro_task_exit(void);

#endif /* KCORO_TASK_H */

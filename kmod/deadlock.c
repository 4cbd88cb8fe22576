// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks and threads that wait for each other's locks.
 *
 * Model: who waits without a deadline for a mutex, a rwlock that is written under,
 * a once, or the end of a task, waits for one other, whose number the object tells
 * (sync.h). While the parameter deadlock_check is set he enters a table before he
 * sleeps, and follows: whom do I wait for, does that one wait too, for whom? If that
 * comes back to him, none of them ever goes on. He tells: the kernel's log, with the
 * call traces of the tasks; a trace event for each. With deadlock_check=2 his wait
 * fails with -EDEADLK, and he can give back what the others wait for.
 *
 * So a cycle is found by the last to enter it, at once. Leaks (leak.c) are another
 * thing: they are found by looking at all tasks, now and then.
 *
 * What it says is true: he who looks, A, does not run on meanwhile, and keeps what
 * he holds. So the one before him in the cycle, Z, who waits for what A holds, is
 * not woken, and keeps what he holds; and so on, back to A. It may say nothing though
 * there is a deadlock: of waits begun before the parameter was set, of waits with a
 * deadline or in a scope, of locks held for reading (nobody knows by whom), of cycles
 * longer than CYCLE_MAX. A wait for oneself is refused by each lock, table or not.
 *
 * It is wrong in one case: a thread has ended without unlocking, and another one has
 * its pid now. That one is told to hold what nobody will ever unlock.
 *
 * An entry that outlives its wait by a moment waits for what its owner has been given:
 * a cycle of one, which is none.
 *
 * Locks: table_lock, raw; taken by tasks and threads only, under nothing of ours and
 * with nothing under it.
 *
 * Rejected: lockdep's way, classes and the order in which they are taken (who holds
 * a lock of ours may be another kthread by now, and lockdep's records are per kthread);
 * looking without a table, through wait queues (the objects' locks would nest).
 */
#include <linux/hash.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "deadlock.h"
#include "dump.h"
#include "sync.h"
#include "task.h"
#include "trace.h"

#define TABLE_BITS	6
#define CYCLE_MAX	32
#define SHOWN		8	/* of one cycle, in the log */
#define OBJECT_NAME	32	/* of an object, in the log */

/* Where locks are checked, ours are. */
DEFINE_STATIC_KEY_MAYBE(CONFIG_PROVE_LOCKING, kcoro_deadlock_key);
static unsigned int deadlock_check = IS_ENABLED(CONFIG_PROVE_LOCKING);

static struct hlist_head table[1 << TABLE_BITS];	/* by self; table_lock */
static DEFINE_RAW_SPINLOCK(table_lock);

/* One of a cycle. @task is held, or NULL. */
struct member {
	long self;
	long holder;
	struct kcoro_task *task;
	char object[OBJECT_NAME];
	u8 reason;
};

static struct hlist_head *bucket(long self)
{
	return &table[hash_long(self, TABLE_BITS)];
}

/* Whom it waits for, as an owner; 0: nobody who can be told. */
static long holder_of(const struct kcoro_blocked *blocked)
{
	const struct kcoro_mutex *mutex = blocked->on;
	const struct kcoro_rwlock *rwlock = blocked->on;
	const struct kcoro_once *once = blocked->on;
	const struct kcoro_task *task = blocked->on;
	long word;

	switch (blocked->reason) {
	case KCORO_WAIT_MUTEX:
		return atomic_long_read(&mutex->word) & ~KCORO_SYNC_WAITERS;
	case KCORO_WAIT_RWLOCK:
		word = atomic_long_read(&rwlock->word);
		return word & KCORO_SYNC_WRITER ?
		       word & ~(KCORO_SYNC_WAITERS | KCORO_SYNC_WRITER) : 0;
	case KCORO_WAIT_ONCE:
		return kcoro_once_done(once) ? 0 : READ_ONCE(once->runner);
	default:
		return kcoro_task_done(task) ? 0 : kcoro_sync_self(task);
	}
}

static const char *name_of(const struct kcoro_blocked *blocked)
{
	const struct kcoro_mutex *mutex = blocked->on;
	const struct kcoro_rwlock *rwlock = blocked->on;
	const struct kcoro_once *once = blocked->on;

	switch (blocked->reason) {
	case KCORO_WAIT_MUTEX:
		return mutex->name;
	case KCORO_WAIT_RWLOCK:
		return rwlock->name;
	case KCORO_WAIT_ONCE:
		return once->name;
	default:
		return "";
	}
}

static struct kcoro_blocked *find(long self)
{
	struct kcoro_blocked *blocked;

	hlist_for_each_entry(blocked, bucket(self), node)
		if (blocked->self == self)
			return blocked;
	return NULL;
}

/* The name is copied: the object may go as soon as its waiter has. */
static void note(struct member *member, const struct kcoro_blocked *blocked,
		 long holder)
{
	member->self = blocked->self;
	member->holder = holder;
	member->task = blocked->task ? kcoro_task_get(blocked->task) : NULL;
	member->reason = blocked->reason;
	strscpy(member->object, name_of(blocked), sizeof(member->object));
}

/*
 * From @first on, who waits for whom? Returns the length of the cycle, or 0.
 * @members: gets it, each task held; or NULL.
 */
static u32 follow(const struct kcoro_blocked *first, struct member *members)
{
	const struct kcoro_blocked *blocked = first;
	u32 nr = 0;

	lockdep_assert_held(&table_lock);
	do {
		long holder = holder_of(blocked);

		if (!holder || holder == blocked->self || nr == CYCLE_MAX)
			break;
		if (members)
			note(&members[nr], blocked, holder);
		nr++;
		blocked = find(holder);
	} while (blocked && blocked != first);
	return members || (blocked == first && nr > 1) ? nr : 0;
}

static void show_self(void)
{
	unsigned long entries[16];
	unsigned int i, nr;

	nr = stack_trace_save(entries, ARRAY_SIZE(entries), 3);
	for (i = 0; i < nr; i++)
		pr_warn("kcoro:   %pB\n", (void *)entries[i]);
}

static void show(const struct member *member, bool first)
{
	static const char * const waits[] = {
		[KCORO_WAIT_MUTEX] = "waits for mutex ",
		[KCORO_WAIT_RWLOCK] = "waits for rwlock ",
		[KCORO_WAIT_ONCE] = "waits for once ",
		[KCORO_WAIT_JOIN] = "waits for the end of",
	};

	pr_warn("kcoro: deadlock: %s %ld%s%.16s%s %s%s%s %s %ld\n",
		kcoro_sync_kind(member->self), kcoro_sync_number(member->self),
		member->task ? " (" : "", member->task ? member->task->name : "",
		member->task ? ")" : "", waits[member->reason], member->object,
		member->reason == KCORO_WAIT_JOIN ? "" : ", which is held by",
		kcoro_sync_kind(member->holder),
		kcoro_sync_number(member->holder));
	if (first)
		show_self();
	else if (member->task)
		kcoro_dump_parked(member->task);
}

static noinline void __cold report(const struct kcoro_blocked *blocked, u32 nr)
{
	static DEFINE_RATELIMIT_STATE(limit, 5 * HZ, 5);
	bool log = __ratelimit(&limit);
	struct member *members = kcalloc(CYCLE_MAX, sizeof(*members), GFP_KERNEL);
	u32 i;

	if (!members) {
		pr_warn("kcoro: deadlock: of %u, and no memory to tell of whom\n",
			nr);
		return;
	}
	raw_spin_lock(&table_lock);
	nr = follow(blocked, members);	/* less if one was canceled just now */
	raw_spin_unlock(&table_lock);
	for (i = 0; i < nr; i++) {
		struct member *member = &members[i];

		trace_kcoro_deadlock(member->self, member->reason,
				     member->object, member->holder, nr);
		if (log && i < SHOWN)
			show(member, !i);
		if (member->task)
			kcoro_task_put(member->task);
	}
	if (log && nr > SHOWN)
		pr_warn("kcoro: deadlock: and %u more\n", nr - SHOWN);
	kfree(members);
}

/**
 * kcoro_blocked_enter() - does the caller come to wait for itself?
 * @blocked: of the caller
 * @reason: KCORO_WAIT_MUTEX, _RWLOCK, _ONCE or _JOIN
 * @on: the object, which stays while @blocked is in the table
 * @self: who waits, as an owner
 *
 * Context: task or thread; may sleep.
 * Return: 0. -EDEADLK: it does, and shall not: @blocked is not in the table.
 */
int kcoro_blocked_enter(struct kcoro_blocked *blocked, u8 reason,
			const void *on, long self)
{
	struct kcoro_task *task = kcoro_self();
	u32 nr;

	if (task && READ_ONCE(task->scope))
		return 0;
	blocked->reason = reason;
	blocked->on = on;
	blocked->self = self & ~KCORO_SYNC_WRITER;
	blocked->task = task;
	raw_spin_lock(&table_lock);
	hlist_add_head(&blocked->node, bucket(blocked->self));
	nr = follow(blocked, NULL);
	raw_spin_unlock(&table_lock);
	if (likely(!nr))
		return 0;
	report(blocked, nr);
	if (READ_ONCE(deadlock_check) < KCORO_DEADLOCK_FAIL)
		return 0;
	kcoro_blocked_leave(blocked);
	return -EDEADLK;
}

/**
 * kcoro_blocked_leave() - the caller waits no more
 * @blocked: in the table
 *
 * Context: task or thread.
 */
void kcoro_blocked_leave(struct kcoro_blocked *blocked)
{
	raw_spin_lock(&table_lock);
	hlist_del_init(&blocked->node);
	raw_spin_unlock(&table_lock);
}

/**
 * kcoro_deadlock_set() - look for cycles, or do not
 * @check: as the parameter deadlock_check
 *
 * Context: may sleep; the module's parameters are locked.
 * Return: what it was before.
 */
unsigned int kcoro_deadlock_set(unsigned int check)
{
	unsigned int old = deadlock_check;

	if (check && !old)
		static_branch_enable(&kcoro_deadlock_key);
	else if (!check && old)
		static_branch_disable(&kcoro_deadlock_key);
	WRITE_ONCE(deadlock_check, check);
	return old;
}

static int check_set(const char *val, const struct kernel_param *kp)
{
	unsigned int check;
	int err = kstrtouint(val, 0, &check);

	if (err)
		return err;
	if (check > KCORO_DEADLOCK_FAIL)
		return -ERANGE;
	kcoro_deadlock_set(check);
	return 0;
}

static const struct kernel_param_ops check_ops = {
	.set = check_set,
	.get = param_get_uint,
};

module_param_cb(deadlock_check, &check_ops, &deadlock_check, 0644);
MODULE_PARM_DESC(deadlock_check,
		 "waits for each other's locks: 0: not looked for; 1: told of; 2: and the last one fails");

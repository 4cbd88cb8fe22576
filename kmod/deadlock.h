/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks and threads that wait for each other's locks: see deadlock.c. */
#ifndef KCORO_DEADLOCK_H
#define KCORO_DEADLOCK_H

#include <linux/jump_label.h>
#include <linux/kcoro.h>
#include <linux/list.h>
#include <linux/types.h>

struct kcoro_task;

/* The parameter deadlock_check. */
enum { KCORO_DEADLOCK_OFF, KCORO_DEADLOCK_TELL, KCORO_DEADLOCK_FAIL };

DECLARE_STATIC_KEY_MAYBE(CONFIG_PROVE_LOCKING, kcoro_deadlock_key);

/**
 * struct kcoro_blocked - somebody waits for what somebody else holds
 * @node: in the table; not hashed: nobody looks. Guarded by the table's lock; to be
 *	hashed or not is the owner's affair
 * @self: who waits, as an owner (sync.h). Constant while hashed, as all below
 * @task: likewise, or NULL: a thread
 * @on: a kcoro_mutex, kcoro_rwlock, kcoro_once or kcoro_task, as is told by...
 * @reason: KCORO_WAIT_MUTEX, _RWLOCK, _ONCE or _JOIN
 */
struct kcoro_blocked {
	struct hlist_node node;
	long self;
	struct kcoro_task *task;
	const void *on;
	u8 reason;
};

int kcoro_blocked_enter(struct kcoro_blocked *blocked, u8 reason,
			const void *on, long self);
void kcoro_blocked_leave(struct kcoro_blocked *blocked);
unsigned int kcoro_deadlock_set(unsigned int check);

/* Does anybody want to know? A jump that is patched. */
static __always_inline bool kcoro_deadlock_checked(void)
{
	return static_branch_maybe(CONFIG_PROVE_LOCKING, &kcoro_deadlock_key);
}

/*
 * The caller is about to wait for @on, as @self. To be followed, whatever it returns,
 * by kcoro_blocked_end(). -EDEADLK: it shall not, as nobody would ever wake it.
 */
static __always_inline int kcoro_blocked_begin(struct kcoro_blocked *blocked,
					       u8 reason, const void *on,
					       long self, ktime_t deadline)
{
	INIT_HLIST_NODE(&blocked->node);
	if (kcoro_deadlock_checked() && deadline == KCORO_FOREVER)
		return kcoro_blocked_enter(blocked, reason, on, self);
	return 0;
}

static __always_inline void kcoro_blocked_end(struct kcoro_blocked *blocked)
{
	if (unlikely(!hlist_unhashed(&blocked->node)))
		kcoro_blocked_leave(blocked);
}

#endif /* KCORO_DEADLOCK_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What holds for a part of a task: a deadline, values that its children inherit,
 * what is to be done at its end. For kernel modules; see also kcoro.h.
 *
 *	struct kcoro_scope scope;
 *
 *	err = kcoro_scope_enter(&scope, ktime_add_ms(kcoro_now(), 100));
 *	if (err)
 *		return err;
 *	err = kcoro_recv(replies, &reply, KCORO_FOREVER);
 *	err = kcoro_scope_exit(&scope, err);	// -ETIMEDOUT: it took too long
 */
#ifndef _LINUX_KCORO_SCOPE_H
#define _LINUX_KCORO_SCOPE_H

#include <linux/kcoro.h>
#include <linux/kcoro_alarm.h>

/* --- Deadlines -------------------------------------------------------------- */

/**
 * struct kcoro_scope - a part of a task that has a deadline
 *
 * On the task's stack, between kcoro_scope_enter() and kcoro_scope_exit(). Its
 * fields are the module's own.
 */
struct kcoro_scope {
	struct kcoro_task *task;
	struct kcoro_scope *outer;
	struct kcoro_alarm alarm;
	u32 canceling;
	bool expired;
};

int kcoro_scope_enter(struct kcoro_scope *scope, ktime_t deadline);
int kcoro_scope_reset(struct kcoro_scope *scope, ktime_t deadline);
bool kcoro_scope_expired(const struct kcoro_scope *scope);
int kcoro_scope_exit(struct kcoro_scope *scope, int err);
int kcoro_wait_for(struct kcoro_task *task, ktime_t deadline, s64 *result);

/* --- Values ------------------------------------------------------------------ */

/**
 * struct kcoro_key - names a value of tasks
 * @name: for readers
 * @get: called with a value each time one more place refers to it, or NULL
 * @put: undoes that; process context
 *
 * Its address is its identity.
 */
struct kcoro_key {
	const char *name;
	void (*get)(void *value);
	void (*put)(void *value);
};

int kcoro_value_push(const struct kcoro_key *key, void *value);
void kcoro_value_pop(const struct kcoro_key *key);
void *kcoro_value(const struct kcoro_key *key);

/* --- The end ------------------------------------------------------------------ */

/**
 * struct kcoro_defer - a call put off to the end of a task
 *
 * Its memory is the caller's, on the task's stack too, and must stay. Its fields
 * are the module's own.
 */
struct kcoro_defer {
	struct kcoro_defer *next;
	void (*fn)(void *data);
	void *data;
};

int kcoro_defer(struct kcoro_defer *defer, void (*fn)(void *data), void *data);
void kcoro_exit(s64 result);
int kcoro_try(s64 (*fn)(void *data), void *data, s64 *result);

#endif /* _LINUX_KCORO_SCOPE_H */

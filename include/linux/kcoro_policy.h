/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcoro policies - who of a CPU's waiting tasks runs next
 *
 * A policy keeps, for each CPU, the tasks that wait for that CPU, and says
 * which is next. `fifo` is built into the scheduler; the others implement this
 * table, and other modules may: as TCP's congestion controls, a policy is
 * registered by name, and chosen by writing the name to the module parameter
 * `policy`, on the live system too.
 *
 * All operations but @init are called on the CPU that the queue is
 * for, one at a time, with preemption off, and perhaps in a hard interrupt:
 * they must not sleep, wake, print or allocate, and should take O(1) or
 * O(log n) time. The scheduler does the rest: pinned tasks, blocked ones,
 * stealing. It also remembers in which order tasks came: if a policy keeps one
 * waiting for longer than the parameter `starve_ms`, or claims to have none
 * while some wait, the CPUs go back to fifo, and the log says why.
 */
#ifndef _LINUX_KCORO_POLICY_H
#define _LINUX_KCORO_POLICY_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <uapi/linux/kcoro.h>

/**
 * struct kcoro_entity - what a policy sees of a task
 * @list: for the policy, while the task is in its queue
 * @rb: for the policy, likewise
 * @key: for the policy, for the task's whole life; zero when it is spawned, and
 *	whatever the policy before left there after a change of policies
 * @aux: likewise
 * @rank: for the policy, while the task is in its queue
 * @since: when it was queued, ns
 * @priority: KCORO_PRIORITY_MIN to MAX; read-only
 */
struct kcoro_entity {
	union {
		struct list_head list;
		struct rb_node rb;
	};
	u64 key;
	u64 aux;
	u64 rank;
	u64 since;
	int priority;
};

/* Why a task is put into the queue. */
enum kcoro_enqueue {
	KCORO_ENQUEUE_NEW,	/* it was spawned */
	KCORO_ENQUEUE_WOKEN,	/* it waited for something */
	KCORO_ENQUEUE_YIELDED,	/* it gave its turn away */
	KCORO_ENQUEUE_MOVED,	/* from another CPU, or another policy */
};

/**
 * struct kcoro_policy - a policy
 * @name: [a-z0-9_-], unique, under KCORO_POLICY_MAX
 * @help: one line
 * @owner: THIS_MODULE; held while a CPU uses the policy
 * @rq_size: bytes of state for each CPU; zeroed
 * @init: make a queue out of it; may sleep
 * @enqueue: @entity waits from @now, ns, on. True: the task that runs shall
 *	give way to it soon (kcoro_should_yield() tells it)
 * @pick: take out the entity to run next, or NULL: there is none
 * @give: optional; take out the one that had best go to an idle CPU, or NULL;
 *	else @pick is asked
 * @ran: optional; the task has left its CPU after @ns of running: it has parked,
 *	or ended, if @parked, else it will be queued next. It may be one that was
 *	not picked here
 * @tick: optional; about a millisecond has passed while tasks waited
 * @node: internal
 */
struct kcoro_policy {
	const char *name;
	const char *help;
	struct module *owner;
	size_t rq_size;
	void (*init)(void *rq);
	bool (*enqueue)(void *rq, struct kcoro_entity *entity,
			enum kcoro_enqueue why, u64 now);
	struct kcoro_entity *(*pick)(void *rq, u64 now);
	struct kcoro_entity *(*give)(void *rq, u64 now);
	void (*ran)(void *rq, struct kcoro_entity *entity, u64 ns, bool parked,
		    u64 now);
	void (*tick)(void *rq, u64 now);
	struct list_head node;
};

int kcoro_policy_register(struct kcoro_policy *policy);
void kcoro_policy_unregister(struct kcoro_policy *policy);

#endif /* _LINUX_KCORO_POLICY_H */

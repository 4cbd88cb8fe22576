// SPDX-License-Identifier: GPL-2.0
/*
 * Policies: who orders the tasks that wait for a CPU.
 *
 * Model: policies are registered by name. One is in force for all CPUs; each CPU
 * then has a queue of its (struct kcoro_rq), or none: fifo, which is built into
 * the queue itself (sched.h). Beside the policy's own order, a queue keeps the tasks in order of age: for
 * the watchdog, and to give them to the next policy without asking this one.
 *
 * A switch makes a queue for each CPU, and sends it there as mail (sched.c): the
 * CPU moves its tasks at its next pick, or when poked. The old queues are freed
 * when all CPUs have done so.
 *
 * The watchdog goes back to fifo: at once on the CPU where a policy says that it
 * has no task although some wait, or where one has waited for longer than
 * `starve_ms` while others ran; on all of them as soon as a work item runs,
 * which also says why.
 *
 * Locks: policy_mutex guards the list and `current_policy`, and is held over a
 * switch, outside cpus_read_lock(). cpu->rq belongs to the queue's CPU.
 *
 * Rejected: an indirect call for fifo, too (retpolines cost more than all that
 * it does); a static key for "none but fifo" (a switch of policies would patch the
 * path of each task switch on all CPUs, for one test less); two policies at a
 * time, for some of the tasks.
 */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/ctype.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "arch/x86/switch.h"
#include "policy.h"
#include "sched.h"
#include "task.h"
#include "tick.h"
#include "trace.h"
#include "worker.h"

#define FIFO		"fifo"
#define POKE_JIFFIES	msecs_to_jiffies(50)

/**
 * struct kcoro_rq - a policy's queue of one CPU
 * @policy: whose
 * @ages: the tasks in it, by struct kcoro_task's age, oldest first
 * @data: the policy's
 */
struct kcoro_rq {
	const struct kcoro_policy *policy;
	struct list_head ages;
	u64 data[];
};

/* Why the watchdog acts. */
enum fall {
	FALL_NONE,
	FALL_STARVED,
	FALL_LOST,
};

static DEFINE_MUTEX(policy_mutex);
static LIST_HEAD(policies);			/* [policy_mutex] */
static struct kcoro_policy *current_policy;	/* [policy_mutex] NULL: fifo */
static atomic_t nr_changing = ATOMIC_INIT(0);
static DECLARE_COMPLETION(changed);

static void fall_work(struct work_struct *work);
static DECLARE_WORK(falling, fall_work);
static atomic_t fall_why = ATOMIC_INIT(FALL_NONE);
static atomic64_t nr_falls = ATOMIC64_INIT(0);
static bool ready;	/* [policy_mutex] the module is loaded */
static char wanted[KCORO_POLICY_MAX];	/* [policy_mutex] until it is */

static unsigned int starve_ms = 2000;
module_param(starve_ms, uint, 0644);
MODULE_PARM_DESC(starve_ms,
		 "A policy that keeps a task waiting for longer is left, milliseconds (default 2000)");

/* --- On the queue's CPU, preemption off ------------------------------------- */

static struct kcoro_task *task_of(struct kcoro_entity *entity)
{
	return container_of(entity, struct kcoro_task, entity);
}

/**
 * kcoro_policy_queue() - let a task wait
 * @cpu: the caller owns its queue
 * @task: in no queue
 * @why: where it comes from
 *
 * Context: preemption off.
 */
void kcoro_policy_queue(struct kcoro_cpu *cpu, struct kcoro_task *task,
			enum kcoro_enqueue why)
{
	struct kcoro_rq *rq = cpu->rq;
	u64 now;

	if (!rq) {
		kcoro_fifo_add(cpu, task, READ_ONCE(task->level));
		return;
	}
	now = ktime_get_mono_fast_ns();
	if (why == KCORO_ENQUEUE_WOKEN && !task->switches)
		why = KCORO_ENQUEUE_NEW;
	task->entity.since = now;
	list_add_tail(&task->age, &rq->ages);
	if (rq->policy->enqueue(rq->data, &task->entity, why, now))
		WRITE_ONCE(cpu->resched, true);
}

/* Empty a CPU's queue into fifo's. */
static void to_fifo(struct kcoro_cpu *cpu)
{
	struct kcoro_task *task, *next;
	struct kcoro_rq *rq = cpu->rq;

	if (!rq)
		return;
	cpu->rq = NULL;
	cpu->levels = 0;
	list_for_each_entry_safe(task, next, &rq->ages, age) {
		list_del_init(&task->age);
		kcoro_fifo_add(cpu, task, READ_ONCE(task->level));
	}
}

static void fall(struct kcoro_cpu *cpu, enum fall why)
{
	to_fifo(cpu);
	atomic_cmpxchg(&fall_why, FALL_NONE, why);
	queue_work(system_unbound_wq, &falling);
}

static struct kcoro_task *took(struct kcoro_cpu *cpu,
			       struct kcoro_entity *entity)
{
	struct kcoro_task *task = task_of(entity);

	list_del_init(&task->age);
	WRITE_ONCE(cpu->nr_queued, cpu->nr_queued - 1);
	return task;
}

/**
 * kcoro_policy_pick() - take the task to run next
 * @cpu: the caller owns its queue, which is a policy's
 *
 * Context: preemption off.
 * Return: the task or NULL.
 */
struct kcoro_task *kcoro_policy_pick(struct kcoro_cpu *cpu)
{
	struct kcoro_rq *rq = cpu->rq;
	struct kcoro_entity *entity;

	if (list_empty(&rq->ages))
		return NULL;
	entity = rq->policy->pick(rq->data, ktime_get_mono_fast_ns());
	if (likely(entity))
		return took(cpu, entity);
	fall(cpu, FALL_LOST);
	return kcoro_sched_take(cpu);
}

/**
 * kcoro_policy_give() - take the task that had best go to another CPU
 * @cpu: the caller owns its queue, which is a policy's
 *
 * Context: preemption off.
 * Return: the task or NULL.
 */
struct kcoro_task *kcoro_policy_give(struct kcoro_cpu *cpu)
{
	struct kcoro_rq *rq = cpu->rq;
	struct kcoro_entity *entity;

	if (!rq)
		return NULL;
	if (!rq->policy->give)
		return kcoro_policy_pick(cpu);
	entity = rq->policy->give(rq->data, ktime_get_mono_fast_ns());
	return entity ? took(cpu, entity) : NULL;
}

/**
 * kcoro_policy_ran() - a task has left its CPU
 * @cpu: the caller owns its queue
 * @task: which
 * @cycles: for how long it ran
 * @parked: it waits for something now, or has ended; else it will be queued
 *
 * Context: preemption off.
 */
void kcoro_policy_ran(struct kcoro_cpu *cpu, struct kcoro_task *task,
		      u64 cycles, bool parked)
{
	struct kcoro_rq *rq = cpu->rq;

	if (rq && rq->policy->ran)
		rq->policy->ran(rq->data, &task->entity,
				kcoro_arch_cycles_to_ns(cycles), parked,
				ktime_get_mono_fast_ns());
}

/**
 * kcoro_policy_tick() - tasks wait: has one waited for too long?
 * @cpu: this one; its queue may be touched
 *
 * Context: hard interrupt.
 */
void kcoro_policy_tick(struct kcoro_cpu *cpu)
{
	u64 now = ktime_get_mono_fast_ns();
	struct kcoro_rq *rq = cpu->rq;
	struct kcoro_task *oldest;

	if (!rq || list_empty(&rq->ages))
		return;
	oldest = list_first_entry(&rq->ages, struct kcoro_task, age);
	/* If nobody else ran either it is not the policy's fault. */
	if (!cpu->ran && now - oldest->entity.since >
			 (u64)READ_ONCE(starve_ms) * NSEC_PER_MSEC)
		fall(cpu, FALL_STARVED);
	else if (rq->policy->tick)
		rq->policy->tick(rq->data, now);
}

/**
 * kcoro_policy_adopt() - move a CPU's tasks to its next queue
 * @cpu: the caller owns its queue
 *
 * Context: preemption off.
 */
void kcoro_policy_adopt(struct kcoro_cpu *cpu)
{
	struct kcoro_rq *rq = cpu->next_rq;
	struct kcoro_task *task, *tasks = NULL, **tail = &tasks;
	unsigned long levels;
	u32 level;

	to_fifo(cpu);
	if (rq) {
		levels = kcoro_fifo_levels(cpu);
		for_each_set_bit(level, &levels, KCORO_LEVELS)
			while (cpu->fifo[level].first) {
				task = kcoro_fifo_pop(cpu, level);
				*tail = task;
				tail = &task->rq_next;
				*tail = NULL;
			}
		if (cpu->run_next) {
			task = cpu->run_next;
			WRITE_ONCE(cpu->run_next, NULL);
			WRITE_ONCE(cpu->nr_queued, cpu->nr_queued + 1);
			task->rq_next = tasks;
			tasks = task;
		}
		cpu->rq = rq;
		cpu->levels = KCORO_LEVEL_POLICY;
		while ((task = tasks)) {
			tasks = task->rq_next;
			kcoro_policy_queue(cpu, task, KCORO_ENQUEUE_MOVED);
		}
	}
	if (atomic_dec_and_test(&nr_changing))
		complete(&changed);
}

/* --- Switching -------------------------------------------------------------- */

static struct kcoro_rq *rq_make(const struct kcoro_policy *policy, int cpu)
{
	struct kcoro_rq *rq;

	rq = kzalloc_node(sizeof(*rq) + policy->rq_size, GFP_KERNEL,
			  cpu_to_node(cpu));
	if (!rq)
		return NULL;
	rq->policy = policy;
	INIT_LIST_HEAD(&rq->ages);
	policy->init(rq->data);
	return rq;
}

static void rqs_free(struct kcoro_rq **rqs)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		kfree(rqs[cpu]);
	kvfree(rqs);
}

/* A queue for each CPU; none for fifo. */
static struct kcoro_rq **rqs_make(const struct kcoro_policy *policy)
{
	struct kcoro_rq **rqs = kvcalloc(nr_cpu_ids, sizeof(*rqs), GFP_KERNEL);
	unsigned int cpu;

	if (!rqs || !policy)
		return rqs;
	for_each_possible_cpu(cpu) {
		rqs[cpu] = rq_make(policy, cpu);
		if (!rqs[cpu]) {
			rqs_free(rqs);
			return NULL;
		}
	}
	return rqs;
}

/* Have a CPU change to its next queue. */
static void change(struct kcoro_cpu *cpu)
{
	preempt_disable();
	if (cpu->active)
		kcoro_sched_send(cpu, &cpu->change.node, &cpu->change.node);
	else	/* nobody uses its queue, and it has no task */
		kcoro_policy_adopt(cpu);
	preempt_enable();
}

/*
 * Have all CPUs change to the queues in @rqs, which gets the old ones. Which
 * CPUs are active stays as it is meanwhile.
 */
static void change_all(struct kcoro_rq **rqs, struct kcoro_rq **old)
{
	unsigned int i;

	reinit_completion(&changed);
	atomic_set(&nr_changing, 1);
	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		atomic_inc(&nr_changing);
		old[i] = cpu->last_rq;
		cpu->last_rq = rqs[i];
		cpu->next_rq = rqs[i];
		change(cpu);
	}
	if (atomic_dec_and_test(&nr_changing))
		return;
	while (!wait_for_completion_timeout(&changed, POKE_JIFFIES))
		for_each_online_cpu(i) {
			preempt_disable();
			kcoro_tick_poke(kcoro_sched_cpu(i));
			preempt_enable();
		}
}

/* Hold the module of a policy that is in force, unless it is ours. */
static bool policy_hold(const struct kcoro_policy *policy)
{
	return policy->owner == THIS_MODULE || try_module_get(policy->owner);
}

static void policy_release(const struct kcoro_policy *policy)
{
	if (policy && policy->owner != THIS_MODULE)
		module_put(policy->owner);
}

/* Change to @policy, NULL: fifo, which the caller holds. */
static int switch_to_policy(struct kcoro_policy *policy)
{
	struct kcoro_rq **rqs, **old;

	lockdep_assert_held(&policy_mutex);
	if (policy == current_policy && !atomic_read(&fall_why)) {
		policy_release(policy);
		return 0;
	}
	rqs = rqs_make(policy);
	old = kvcalloc(nr_cpu_ids, sizeof(*old), GFP_KERNEL);
	if (!rqs || !old) {
		if (rqs)
			rqs_free(rqs);
		kvfree(old);
		return -ENOMEM;
	}
	kcoro_pool_hold();
	change_all(rqs, old);
	kcoro_pool_release();
	rqs_free(old);
	kvfree(rqs);
	policy_release(current_policy);
	current_policy = policy;
	return 0;
}

/* Leave a policy that has failed. */
static void fall_work(struct work_struct *work)
{
	const char *name;
	int why, err;

	mutex_lock(&policy_mutex);
	why = atomic_read(&fall_why);
	name = current_policy ? current_policy->name : FIFO;
	if (why && current_policy) {
		atomic64_inc(&nr_falls);
		trace_kcoro_policy_fall(name, why == FALL_STARVED);
		if (why == FALL_STARVED)
			pr_warn("kcoro: policy %s kept a task waiting for over %u ms: back to fifo\n",
				name, starve_ms);
		else
			pr_warn("kcoro: policy %s lost tasks that wait: back to fifo\n",
				name);
		err = switch_to_policy(NULL);
		if (err)	/* the CPUs concerned have fallen already */
			pr_warn("kcoro: no memory to leave policy %s everywhere\n",
				name);
	}
	atomic_set(&fall_why, FALL_NONE);
	mutex_unlock(&policy_mutex);
}

/* --- The registry -------------------------------------------------------------- */

static struct kcoro_policy *policy_find(const char *name)
{
	struct kcoro_policy *policy;

	lockdep_assert_held(&policy_mutex);
	list_for_each_entry(policy, &policies, node)
		if (!strcmp(policy->name, name))
			return policy;
	return NULL;
}

static bool name_ok(const char *name)
{
	const char *p;

	for (p = name; *p; p++)
		if (!islower(*p) && !isdigit(*p) && *p != '-' && *p != '_')
			return false;
	return p > name && p - name < KCORO_POLICY_MAX;
}

/**
 * kcoro_policy_register() - offer a policy
 * @policy: stays valid until kcoro_policy_unregister()
 *
 * Context: may sleep.
 * Return: 0. -EINVAL: no name, a bad one, or an operation is missing. -EEXIST:
 * the name is taken.
 */
int kcoro_policy_register(struct kcoro_policy *policy)
{
	int err = 0;

	if (!policy->name || !name_ok(policy->name) || !policy->help ||
	    !policy->init || !policy->enqueue || !policy->pick)
		return -EINVAL;
	mutex_lock(&policy_mutex);
	if (!strcmp(policy->name, FIFO) || policy_find(policy->name))
		err = -EEXIST;
	else
		list_add_tail(&policy->node, &policies);
	mutex_unlock(&policy_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(kcoro_policy_register);

/**
 * kcoro_policy_unregister() - withdraw a policy
 * @policy: registered, and not in force: its module could not be unloaded
 *
 * Context: may sleep.
 */
void kcoro_policy_unregister(struct kcoro_policy *policy)
{
	mutex_lock(&policy_mutex);
	list_del(&policy->node);
	mutex_unlock(&policy_mutex);
}
EXPORT_SYMBOL_GPL(kcoro_policy_unregister);

/* A policy that is not registered may be in a module that is not loaded. */
static void policy_load(const char *name)
{
	bool there;

	mutex_lock(&policy_mutex);
	there = !strcmp(name, FIFO) || policy_find(name);
	mutex_unlock(&policy_mutex);
	if (!there && capable(CAP_SYS_MODULE))
		request_module("kcoro-policy-%s", name);
}

/**
 * kcoro_policy_choose() - have another policy order the run queues
 * @name: its name
 *
 * Context: may sleep; waits until all CPUs have changed.
 * Return: 0. -EINVAL: there is no such policy. -ENOMEM: all is as it was.
 */
int kcoro_policy_choose(const char *name)
{
	struct kcoro_policy *policy = NULL;
	int err = -EINVAL;

	if (!name_ok(name))
		return -EINVAL;
	if (ready)
		policy_load(name);
	mutex_lock(&policy_mutex);
	if (!ready) {	/* given when the module is loaded */
		strscpy(wanted, name, sizeof(wanted));
		err = 0;
	} else if (!strcmp(name, FIFO)) {
		err = switch_to_policy(NULL);
	} else {
		policy = policy_find(name);
		if (policy && policy_hold(policy)) {
			err = switch_to_policy(policy);
			if (err)
				policy_release(policy);
		}
	}
	mutex_unlock(&policy_mutex);
	return err;
}

static int policy_set(const char *text, const struct kernel_param *param)
{
	char name[KCORO_POLICY_MAX + 1];

	if (strscpy(name, text, sizeof(name)) < 0)
		return -EINVAL;
	return kcoro_policy_choose(strim(name));
}

static int show_name(char *buf, int len, const char *name, bool chosen)
{
	return scnprintf(buf + len, PAGE_SIZE - len, chosen ? "%s[%s]" : "%s%s",
			 len ? " " : "", name);
}

static int policy_get(char *buf, const struct kernel_param *param)
{
	struct kcoro_policy *policy;
	int len;

	mutex_lock(&policy_mutex);
	len = show_name(buf, 0, FIFO, !current_policy);
	list_for_each_entry(policy, &policies, node)
		len += show_name(buf, len, policy->name,
				 policy == current_policy);
	mutex_unlock(&policy_mutex);
	return len + scnprintf(buf + len, PAGE_SIZE - len, "\n");
}

static const struct kernel_param_ops policy_ops = {
	.set = policy_set,
	.get = policy_get,
};

module_param_cb(policy, &policy_ops, NULL, 0644);
MODULE_PARM_DESC(policy, "Who orders the tasks that wait for a CPU");

/**
 * kcoro_policy_name() - the policy that is in force
 * @name: gets its name; KCORO_POLICY_MAX bytes
 *
 * Context: may sleep.
 */
void kcoro_policy_name(char *name)
{
	mutex_lock(&policy_mutex);
	strscpy(name, current_policy ? current_policy->name : FIFO,
		KCORO_POLICY_MAX);
	mutex_unlock(&policy_mutex);
}

/**
 * kcoro_policy_falls() - how often the watchdog went back to fifo
 *
 * Context: any.
 */
u64 kcoro_policy_falls(void)
{
	return atomic64_read(&nr_falls);
}

/**
 * kcoro_policy_init() - register the policies of our own
 *
 * Context: module init; the CPUs are active.
 * Return: 0 or a negative errno: the policy asked for cannot be had.
 */
int __init kcoro_policy_init(void)
{
	int err;

	err = kcoro_policy_register(&kcoro_policy_mlfq) ?:
	      kcoro_policy_register(&kcoro_policy_predict);
	if (err)
		return err;
	mutex_lock(&policy_mutex);
	ready = true;
	mutex_unlock(&policy_mutex);
	if (!wanted[0])
		return 0;
	err = kcoro_policy_choose(wanted);
	if (err)
		pr_err("kcoro: policy=%s: no such policy\n", wanted);
	return err;
}

/**
 * kcoro_policy_exit() - go back to fifo for good
 *
 * Context: module init or exit; there are no tasks, and the workers still run.
 */
void kcoro_policy_exit(void)
{
	cancel_work_sync(&falling);
	mutex_lock(&policy_mutex);
	/* Whatever happens to the memory: nothing uses the queues any more. */
	while (switch_to_policy(NULL))
		cond_resched();
	ready = false;
	mutex_unlock(&policy_mutex);
}

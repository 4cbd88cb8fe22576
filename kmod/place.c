// SPDX-License-Identifier: GPL-2.0
/*
 * Where a task may run, and how soon: its priority, and the CPU it is pinned to.
 *
 * Model: both are fields of the task that whoever queues it reads. A task with
 * other than default ones is special: it is then queued through an inbox
 * (kcoro_sched_requeue()), that of its CPU if it is pinned and the CPU takes
 * tasks. If the CPU does not, it runs wherever it is woken, and its state says
 * that it is away; once the CPU is active again its next turn is there.
 *
 * A change holds from the task's next turn on: one that waits in a queue stays
 * in it, since queues belong to their CPUs.
 *
 * Locks: sched_lock, for those who change it; readers take what they find.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/spinlock.h>

#include "place.h"
#include "sched.h"
#include "task.h"

static DEFINE_SPINLOCK(sched_lock);

/**
 * kcoro_place_check() - may the caller have a task scheduled so?
 * @priority: KCORO_PRIORITY_MIN to MAX
 * @pin: number of a CPU, or -1
 *
 * Context: process.
 * Return: 0. -EINVAL: there can be no such priority or CPU. -ENODEV: the CPU
 * takes no tasks. -EPERM: a priority under 0 without CAP_SYS_NICE.
 */
int kcoro_place_check(int priority, int pin)
{
	if (priority < KCORO_PRIORITY_MIN || priority > KCORO_PRIORITY_MAX ||
	    pin < -1 || pin >= (int)nr_cpu_ids)
		return -EINVAL;
	if (pin >= 0 && (!cpu_possible(pin) ||
			 !READ_ONCE(kcoro_sched_cpu(pin)->active)))
		return -ENODEV;
	if (priority < 0 && !capable(CAP_SYS_NICE))
		return -EPERM;
	return 0;
}

static void place(struct kcoro_task *task, int priority, int pin)
{
	WRITE_ONCE(task->level, priority - KCORO_PRIORITY_MIN);
	WRITE_ONCE(task->entity.priority, priority);
	WRITE_ONCE(task->pin, pin);
	WRITE_ONCE(task->special,
		   priority || pin >= 0 || task->own || task->bubble);
}

/**
 * kcoro_place_init() - give a new task its priority and CPU
 * @task: not started
 * @priority: KCORO_PRIORITY_MIN to MAX
 * @pin: number of a CPU, or -1
 *
 * Context: any.
 */
void kcoro_place_init(struct kcoro_task *task, int priority, int pin)
{
	place(task, priority, pin);
}

/**
 * kcoro_place_cpu() - the CPU that a task is pinned to
 * @task: the caller is about to queue it
 *
 * Context: any.
 * Return: the CPU, or NULL: any will do.
 */
struct kcoro_cpu *kcoro_place_cpu(const struct kcoro_task *task)
{
	struct kcoro_cpu *cpu;
	int pin = READ_ONCE(task->pin);

	if (pin < 0)
		return NULL;
	cpu = kcoro_sched_cpu(pin);
	return READ_ONCE(cpu->active) ? cpu : NULL;
}

/**
 * kcoro_place_here() - does a task that is special belong on a CPU?
 * @task: the caller is about to queue it, or runs it
 * @cpu: the CPU
 *
 * Context: any.
 */
bool kcoro_place_here(const struct kcoro_task *task,
		      const struct kcoro_cpu *cpu)
{
	struct kcoro_cpu *pinned;

	if (task->own || task->bubble)
		return false;
	pinned = kcoro_place_cpu(task);
	return !pinned || pinned == cpu;
}

/**
 * kcoro_place_set() - change how a task is scheduled
 * @task: the caller holds a reference
 * @which: KCORO_SET_*
 * @priority: KCORO_PRIORITY_MIN to MAX, if that is named
 * @pin: number of a CPU, or -1, if that is named
 *
 * Context: process.
 * Return: 0. As kcoro_place_check(). -EPERM: to raise the priority takes
 * CAP_SYS_NICE. -EOPNOTSUPP: a task with a thread of its own, or in a bubble,
 * cannot be pinned.
 * -ESRCH: it has ended.
 */
int kcoro_place_set(struct kcoro_task *task, u32 which, int priority, int pin)
{
	bool raise;
	int err;

	err = kcoro_place_check(which & KCORO_SET_PRIORITY ? priority : 0,
				which & KCORO_SET_CPU ? pin : -1);
	if (err)
		return err;
	if ((task->own || task->bubble) && which & KCORO_SET_CPU)
		return -EOPNOTSUPP;
	if (kcoro_task_done(task))
		return -ESRCH;
	raise = which & KCORO_SET_PRIORITY &&
		priority < READ_ONCE(task->entity.priority);
	if (raise && !capable(CAP_SYS_NICE))
		return -EPERM;
	spin_lock(&sched_lock);
	place(task, which & KCORO_SET_PRIORITY ? priority : task->entity.priority,
	      which & KCORO_SET_CPU ? pin : task->pin);
	spin_unlock(&sched_lock);
	return 0;
}

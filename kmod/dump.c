// SPDX-License-Identifier: GPL-2.0
/*
 * Call traces of tasks, for the kernel log.
 *
 * Model: a parked task's stack says where it waits. Its lock keeps the stack mapped
 * (task_free_stack()), but not the task parked: if it has run since the trace was
 * begun, the trace is thrown away.
 *
 * Locks: task->lock.
 */
#include <linux/kcoro.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "arch/x86/unwind.h"
#include "dump.h"
#include "task.h"

#define DUMP_FRAMES	24

/**
 * kcoro_dump_parked() - show where a task waits
 * @task: the caller holds a reference; if it does not wait, or there is no memory,
 *	nothing is shown
 *
 * Context: may sleep.
 */
void kcoro_dump_parked(struct kcoro_task *task)
{
	struct task_struct *thread = kzalloc(sizeof(*thread), GFP_KERNEL);
	unsigned long entries[DUMP_FRAMES];
	unsigned int i, nr = 0;
	u64 switches;

	if (!thread)
		return;
	raw_spin_lock_irq(&task->lock);
	switches = READ_ONCE(task->switches);
	smp_rmb();	/* if it runs from here on, it is counted */
	if (task->stack && kcoro_wait_parked(&task->wait))
		nr = kcoro_arch_unwind(thread, task->stack,
				       READ_ONCE(task->sp), entries,
				       DUMP_FRAMES);
	smp_rmb();	/* the stack's words, before the count */
	if (!kcoro_task_waits_since(task, switches))
		nr = 0;
	raw_spin_unlock_irq(&task->lock);
	kfree(thread);
	for (i = 0; i < nr; i++)
		pr_warn("kcoro:   %pB\n", (void *)entries[i]);
}

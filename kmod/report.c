// SPDX-License-Identifier: GPL-2.0
/*
 * Whose doing was it? The kernel's reports (WARN(), KASAN, KFENCE) name the thread,
 * which is one of our workers and tells nothing: we add the task.
 *
 * Model: the kernel fires a trace event as it has printed a report, for everybody
 * (error_report_end); a probe looks whether a task is being run, on its own stack or,
 * in a native call, on the worker's. An interrupt's report is not the task's doing.
 *
 * Locks: none; what is looked at is the running thread's own.
 *
 * Rejected: the task's name as the thread's (a string copied at each switch); a line
 * of our own around each body (a WARN can be anywhere below).
 */
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <trace/events/error_report.h>

#include "context.h"
#include "report.h"
#include "task.h"
#include "worker.h"

/* The task that is run, in a native call too, or NULL. */
static const struct kcoro_task *task_here(void)
{
	const struct kcoro_task *task = kcoro_self();
	const struct kcoro_worker *worker;

	if (task || !(current->flags & PF_KTHREAD) ||
	    kthread_func(current) != kcoro_worker_main)
		return task;
	worker = kthread_data(current);
	return worker->task;
}

static void on_report(void *data, enum error_detector detector,
		      unsigned long id)
{
	const struct kcoro_task *task;

	if (!in_task())
		return;
	task = task_here();
	if (!task)
		return;
	if (task->ctx)
		pr_warn("kcoro: the above is of task %llu (%s) of %s, pid %d\n",
			task->id, task->name, task->ctx->comm,
			pid_nr(task->ctx->pid));
	else
		pr_warn("kcoro: the above is of task %llu (%s)\n", task->id,
			task->name);
}

/**
 * kcoro_report_init() - name tasks in the kernel's reports
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int kcoro_report_init(void)
{
	return register_trace_error_report_end(on_report, NULL);
}

/**
 * kcoro_report_exit() - do so no more
 *
 * Context: process; followed by tracepoint_synchronize_unregister().
 */
void kcoro_report_exit(void)
{
	unregister_trace_error_report_end(on_report, NULL);
}

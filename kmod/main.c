// SPDX-License-Identifier: GPL-2.0
/*
 * kcoro: tasks and channels in the kernel. Loading and unloading.
 *
 * Unloading: rmmod is refused while a context is open or still being torn
 * down (each holds the module), and while another module uses the API. So at
 * exit nobody can spawn; tasks that have ended may still be on their way to be
 * reaped by their worker, and are waited for.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/tracepoint.h>

#include "body.h"
#include "dev.h"
#include "policy.h"
#include "report.h"
#include "sched.h"
#include "stack.h"
#include "task.h"
#include "tests/tests.h"
#include "worker.h"

static int __init kcoro_init(void)
{
	int err;

	err = kcoro_stack_init();
	if (err)
		return err;
	err = kcoro_task_init();
	if (err)
		goto err_stack;
	kcoro_sched_init();
	err = kcoro_pool_init();
	if (err)
		goto err_task;
	err = kcoro_policy_init();
	if (err)
		goto err_policy;
	err = kcoro_bodies_init();
	if (err)
		goto err_policy;
	err = kcoro_report_init();
	if (err)
		goto err_bodies;
	err = kcoro_dev_init();
	if (err)
		goto err_report;
	kcoro_tests_run();
	return 0;

err_report:
	kcoro_report_exit();
	tracepoint_synchronize_unregister();
err_bodies:
	kcoro_bodies_exit();
err_policy:
	kcoro_policy_exit();
	kcoro_pool_exit();
err_task:
	kcoro_task_exit();
err_stack:
	kcoro_stack_exit();
	return err;
}

static void __exit kcoro_exit(void)
{
	kcoro_tests_exit();
	kcoro_dev_exit();
	kcoro_bodies_exit();
	kcoro_task_wait();
	kcoro_policy_exit();
	kcoro_pool_exit();
	kcoro_task_exit();
	kcoro_stack_exit();
	kcoro_report_exit();
	tracepoint_synchronize_unregister();
	rcu_barrier();
}

module_init(kcoro_init);
module_exit(kcoro_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("Tasks and channels in the kernel");

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of workers: whom the runtime takes for a task, native calls, and that
 * a CPU's other tasks go on when one blocks in plain kernel code.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kcoro.h>
#include <linux/sched/task_stack.h>
#include <linux/workqueue.h>

#include "one_cpu.h"
#include "sched.h"
#include "task.h"
#include "worker.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */

#include "task_ops.h"

static s64 run_one(struct kunit *test, s64 (*fn)(void *), void *data)
{
	return finish(test, go_on(test, first_cpu(), fn, data));
}

/* --- Who is current ------------------------------------------------------- */

struct probe {
	struct irq_work work;
	struct kcoro_task *seen;
	struct completion ran;
	void *stack;
	bool hard;
	bool other_stack;
};

static void probe_irq(struct irq_work *work)
{
	struct probe *probe = container_of(work, struct probe, work);

	probe->seen = kcoro_current();
	probe->hard = in_hardirq();
	complete(&probe->ran);
}

static s64 probe_current_run(void *data)
{
	struct kcoro_task **self = data;

	*self = kcoro_current();
	return 0;
}

static void current_in_task_is_the_task(struct kunit *test)
{
	struct kcoro_task *seen = NULL, *task;

	task = go_on(test, first_cpu(), probe_current_run, &seen);
	kcoro_task_get(task);
	finish(test, task);
	KUNIT_EXPECT_PTR_EQ(test, seen, task);
	kcoro_task_put(task);
}

static void current_in_thread_is_null(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, kcoro_current());
}

static s64 probe_irq_run(void *data)
{
	struct probe *probe = data;

	irq_work_queue(&probe->work);
	wait_for_completion(&probe->ran);
	return 0;
}

/* On each CPU: their interrupt stacks lie in different surroundings. */
static void current_in_interrupt_is_null(struct kunit *test)
{
	struct probe probe = { .work = IRQ_WORK_INIT_HARD(probe_irq) };
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		init_completion(&probe.ran);
		probe.seen = ERR_PTR(-EBADE);
		finish(test, go_on(test, cpu, probe_irq_run, &probe));
		irq_work_sync(&probe.work);
		KUNIT_EXPECT_TRUE(test, probe.hard);
		KUNIT_EXPECT_NULL(test, probe.seen);
	}
}

static int probe_native(void *data)
{
	struct probe *probe = data;

	probe->seen = kcoro_current();
	probe->other_stack = task_stack_page(current) != probe->stack;
	return 4711;
}

static s64 probe_native_run(void *data)
{
	struct probe *probe = data;

	probe->stack = kcoro_current()->stack;
	return kcoro_native(probe_native, probe);
}

static void native_call_returns_the_value(struct kunit *test)
{
	struct probe probe = {};

	KUNIT_EXPECT_EQ(test, run_one(test, probe_native_run, &probe), 4711);
}

static void native_call_is_no_task(struct kunit *test)
{
	struct probe probe = { .seen = ERR_PTR(-EBADE) };

	run_one(test, probe_native_run, &probe);
	KUNIT_EXPECT_NULL(test, probe.seen);
}

static void native_call_has_the_workers_stack(struct kunit *test)
{
	struct probe probe = {};

	run_one(test, probe_native_run, &probe);
	KUNIT_EXPECT_TRUE(test, probe.other_stack);
}

static void native_call_of_a_thread_is_a_call(struct kunit *test)
{
	struct probe probe = {};

	KUNIT_EXPECT_EQ(test, kcoro_native(probe_native, &probe), 4711);
}

/* --- Blocking in plain kernel code ---------------------------------------- */

/* Tasks that block until a later one of the same CPU has run. */
struct block {
	struct completion done;
	atomic_t blocked;
	atomic_t ended;
};

static s64 block_run(void *data)
{
	struct block *block = data;

	atomic_inc(&block->blocked);
	wait_for_completion(&block->done);
	atomic_inc(&block->ended);
	return 0;
}

static int block_native(void *data)
{
	return block_run(data);
}

static s64 block_native_run(void *data)
{
	return kcoro_native(block_native, data);
}

static s64 unblock_run(void *data)
{
	struct block *block = data;
	s64 before = atomic_read(&block->blocked);

	complete_all(&block->done);
	return before;
}

static void check_peer_runs(struct kunit *test, s64 (*blocker)(void *data))
{
	struct kcoro_task *task[2];
	struct block block = {};

	if (!kcoro_worker_handover())
		kunit_skip(test, "no preempt notifiers");
	init_completion(&block.done);
	one_cpu(test);
	task[0] = go_on(test, first_cpu(), blocker, &block);
	task[1] = go_on(test, first_cpu(), unblock_run, &block);
	KUNIT_EXPECT_EQ(test, finish(test, task[1]), 1);
	complete_all(&block.done);
	finish(test, task[0]);
}

static void handover_lets_peers_run(struct kunit *test)
{
	check_peer_runs(test, block_run);
}

static void handover_from_native_call_lets_peers_run(struct kunit *test)
{
	check_peer_runs(test, block_native_run);
}

/* More tasks block than a CPU has workers: more are made. */
static void handover_makes_workers(struct kunit *test)
{
	int workers = kcoro_pool_workers() / num_online_cpus(), guard = 30000;
	struct kcoro_task **task;
	struct block block = {};
	int i, nr = workers + 20;

	if (!kcoro_worker_handover())
		kunit_skip(test, "no preempt notifiers");
	task = kunit_kcalloc(test, nr, sizeof(*task), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	init_completion(&block.done);
	for (i = 0; i < nr; i++)
		task[i] = go_on(test, first_cpu(), block_run, &block);
	while (atomic_read(&block.blocked) < nr && guard--)
		usleep_range(500, 1000);
	KUNIT_EXPECT_EQ(test, atomic_read(&block.blocked), nr);
	complete_all(&block.done);
	for (i = 0; i < nr; i++)
		finish(test, task[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&block.ended), nr);
}

static s64 msleep_run(void *data)
{
	int i;

	for (i = 0; i < 3; i++) {
		msleep(20);
		kcoro_yield();
	}
	return irqs_disabled() || preempt_count();
}

static void handover_survives_many_sleepers(struct kunit *test)
{
	struct kcoro_task *task[24];
	s64 bad = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(task); i++)
		task[i] = go_on(test, first_cpu(), msleep_run, NULL);
	for (i = 0; i < ARRAY_SIZE(task); i++)
		bad += finish(test, task[i]);
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case worker_cases[] = {
	KUNIT_CASE(current_in_task_is_the_task),
	KUNIT_CASE(current_in_thread_is_null),
	KUNIT_CASE(current_in_interrupt_is_null),
	KUNIT_CASE(native_call_returns_the_value),
	KUNIT_CASE(native_call_is_no_task),
	KUNIT_CASE(native_call_has_the_workers_stack),
	KUNIT_CASE(native_call_of_a_thread_is_a_call),
	KUNIT_CASE(handover_lets_peers_run),
	KUNIT_CASE(handover_from_native_call_lets_peers_run),
	KUNIT_CASE(handover_makes_workers),
	KUNIT_CASE(handover_survives_many_sleepers),
	{}
};

static struct kunit_suite worker_suite = {
	.name = "kcoro_worker",
	.test_cases = worker_cases,
	.exit = all_cpus,
};

kunit_test_suites(&worker_suite);

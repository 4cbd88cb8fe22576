// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the switch: what a task keeps when it leaves its worker and comes
 * back, on the same CPU or on another.
 */
#include <kunit/test.h>
#include <linux/kcoro.h>
#include <linux/sched/task_stack.h>
#include <linux/workqueue.h>

#include "one_cpu.h"
#include "place.h"
#include "sched.h"
#include "task.h"
#include "worker.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */

#include "task_ops.h"

static s64 run_one(struct kunit *test, s64 (*fn)(void *), void *data)
{
	return finish(test, go_on(test, first_cpu(), fn, data));
}

/* --- Registers ------------------------------------------------------------ */

static unsigned long our_sp, other_sp;
static void *no_stack;

/* On a stack of its own: spoils the registers and switches back. */
static void other_side(void)
{
	for (;;) {
		asm volatile("xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\t"
			     "xorl %%r13d, %%r13d\n\txorl %%r14d, %%r14d\n\t"
			     "xorl %%r15d, %%r15d"
			     : : : "rbx", "r12", "r13", "r14", "r15", "cc");
		kcoro_arch_switch(&other_sp, &our_sp, &no_stack, NULL);
	}
}

/* Fill the callee-saved registers, switch, and say how many have changed. */
static noinline int registers_changed(unsigned long seed)
{
	register unsigned long r12 asm("r12");
	register unsigned long r13 asm("r13");
	register unsigned long r14 asm("r14");
	register unsigned long r15 asm("r15");
	unsigned long rbx, rax = seed;
	unsigned long *save = &our_sp, *load = &other_sp;
	void **field = &no_stack, *stack = NULL;

	asm volatile("pushq %%rbp\n\t"
		     "leaq 1(%%rax), %%rbx\n\t"
		     "leaq 2(%%rax), %%r12\n\t"
		     "leaq 3(%%rax), %%r13\n\t"
		     "leaq 4(%%rax), %%r14\n\t"
		     "leaq 5(%%rax), %%r15\n\t"
		     "leaq 6(%%rax), %%rbp\n\t"
		     "call kcoro_arch_switch\n\t"
		     "movq %%rbp, %%rax\n\t"
		     "popq %%rbp"
		     : "=&b" (rbx), "=&r" (r12), "=&r" (r13), "=&r" (r14),
		       "=&r" (r15), "+a" (rax), "+D" (save), "+S" (load),
		       "+d" (field), "+c" (stack), ASM_CALL_CONSTRAINT
		     : : "r8", "r9", "r10", "r11", "memory", "cc");
	return (rbx != seed + 1) + (r12 != seed + 2) + (r13 != seed + 3) +
	       (r14 != seed + 4) + (r15 != seed + 5) + (rax != seed + 6);
}

static void switch_keeps_callee_saved_registers(struct kunit *test)
{
	struct inactive_task_frame *frame;
	struct kcoro_stack_pool pool;
	unsigned long flags;
	int i, changed = 0;
	void *stack;

	kcoro_stack_pool_init(&pool, GFP_KERNEL);
	stack = kcoro_stack_alloc(&pool, KCORO_STACK_PAGES_DEFAULT);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, stack);
	/* Its return address lies where a call would have put it. */
	frame = stack + THREAD_SIZE - 128 -
		offsetof(struct inactive_task_frame, ret_addr);
	frame->ret_addr = (unsigned long)other_side;
	other_sp = (unsigned long)frame;
	for (i = 1; i <= 10; i++) {
		local_irq_save(flags);
		changed += registers_changed(i * 1000003UL);
		local_irq_restore(flags);
	}
	kcoro_stack_pool_destroy(&pool);
	KUNIT_EXPECT_EQ(test, changed, 0);
}

/* --- Frames and context --------------------------------------------------------- */

#define CROWD	3
#define TURNS	3000

/* Tasks of one CPU that take turns: they begin when all are there. */
struct crowd {
	struct kcoro_chan *gate;
	s64 (*turn)(unsigned long seed);
	atomic_t seeds;
};

static s64 crowd_run(void *data)
{
	struct crowd *crowd = data;
	unsigned long seed = 1000003UL * atomic_inc_return(&crowd->seeds);
	s64 bad = 0;
	int i;

	kcoro_recv(crowd->gate, &i, KCORO_FOREVER);
	for (i = 0; i < TURNS; i++)
		bad += crowd->turn(seed + i);
	return bad;
}

static s64 open_gate(void *data)
{
	struct crowd *crowd = data;

	return kcoro_chan_close(crowd->gate);
}

/* The sum of what the members' turns found wrong. */
static s64 crowd_check(struct kunit *test, s64 (*turn)(unsigned long seed))
{
	struct crowd crowd = { .turn = turn };
	struct kcoro_task *task[CROWD];
	s64 bad = 0;
	int i;

	crowd.gate = kcoro_chan_create(sizeof(int), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, crowd.gate);
	for (i = 0; i < CROWD; i++)
		task[i] = go_on(test, first_cpu(), crowd_run, &crowd);
	/* A task: all are queued before the first of them runs. */
	bad += run_one(test, open_gate, &crowd);
	for (i = 0; i < CROWD; i++)
		bad += finish(test, task[i]);
	kcoro_chan_drop(crowd.gate, KCORO_SEND | KCORO_RECV);
	return bad;
}

static noinline s64 frames_turn(unsigned long seed, int depth)
{
	unsigned long mark[6];
	s64 bad = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(mark); i++)
		mark[i] = seed * (depth + 2) + i;
	barrier_data(mark);
	if (depth)
		bad = frames_turn(seed, depth - 1);
	else
		kcoro_yield();
	barrier_data(mark);
	for (i = 0; i < ARRAY_SIZE(mark); i++)
		bad += mark[i] != seed * (depth + 2) + i;
	return bad;
}

static s64 stack_turn(unsigned long seed)
{
	return frames_turn(seed, 5);
}

static void switch_keeps_frames(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, crowd_check(test, stack_turn), 0);
}

static s64 context_turn(unsigned long seed)
{
	kcoro_yield();
	return irqs_disabled() || preempt_count() || rcu_preempt_depth();
}

static void switch_leaves_interrupts_and_preemption_on(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, crowd_check(test, context_turn), 0);
}

static s64 yield_turn(unsigned long seed)
{
	return kcoro_yield();
}

/* Or else the tests above would show nothing. */
static void switch_happens_at_yield(struct kunit *test)
{
	s64 switches;

	one_cpu(test);
	switches = crowd_check(test, yield_turn);
	KUNIT_EXPECT_GE(test, switches, (CROWD - 1) * TURNS);
}

static bool current_is_worker(struct kcoro_task *self)
{
	return kcoro_arch_current() == self->worker->thread &&
	       task_stack_page(kcoro_arch_current()) == self->stack &&
	       object_is_on_stack(&self);
}

static s64 identity_turn(unsigned long seed)
{
	struct kcoro_task *self = kcoro_current();
	s64 bad = !current_is_worker(self);

	kcoro_yield();
	bad += !current_is_worker(self);
	bad += kcoro_current() != self;
	return bad;
}

static void switch_makes_current_the_worker(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, crowd_check(test, identity_turn), 0);
}

static noinline s64 measure_turn(unsigned long seed)
{
	u8 deep[1500];

	memset(deep, 1, sizeof(deep));
	barrier_data(deep);
	return deep[seed % sizeof(deep)];
}

static s64 measure_run(void *data)
{
	struct kcoro_task_info info;
	u32 before;

	kcoro_task_info(kcoro_current(), &info);
	before = info.stack_used;
	measure_turn(1);
	kcoro_task_info(kcoro_current(), &info);
	if (before >= info.stack_size || info.stack_used > info.stack_size)
		return -ERANGE;
	return info.stack_used;
}

static void switch_reports_the_stack_used(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, run_one(test, measure_run, NULL), 1500);
}

/* --- Moving between CPUs -------------------------------------------------- */

#define MOVES	200

/* A task that is woken on one CPU and the other in turn, and says where. */
struct move {
	struct kcoro_chan *wake;
	struct kcoro_chan *ack;
	u64 token;
	u64 bad;
	u64 moved;
};

/* Has an array, and so a stack canary, over the park. */
static noinline u64 move_once(struct move *move, u64 seed)
{
	u8 mark[64];
	u64 token, bad = 0;
	int i;

	for (i = 0; i < sizeof(mark); i++)
		mark[i] = seed + i;
	barrier_data(mark);
	if (kcoro_recv(move->wake, &token, KCORO_FOREVER) != 1)
		return U64_MAX;
	barrier_data(mark);
	for (i = 0; i < sizeof(mark); i++)
		bad += mark[i] != (u8)(seed + i);
	bad += !current_is_worker(kcoro_current());
	bad += token != seed;
	return bad;
}

static s64 move_run(void *data)
{
	struct move *move = data;
	u64 cpu;
	int i;

	for (i = 0; i < MOVES; i++) {
		move->bad += move_once(move, i);
		cpu = raw_smp_processor_id();
		if (kcoro_send(move->ack, &cpu, KCORO_FOREVER))
			return -EPIPE;
	}
	return 0;
}

static long send_here(void *data)
{
	struct move *move = data;

	return kcoro_send(move->wake, &move->token, GUARD);
}

static void migrate_keeps_canary_and_frames(struct kunit *test)
{
	unsigned int cpu[2] = { first_cpu(), cpumask_last(cpu_online_mask) };
	struct kcoro_task_info info;
	struct kcoro_task *task;
	struct move move = {};
	u64 where;

	move.wake = kcoro_chan_create(sizeof(u64), 0);
	move.ack = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, move.wake);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, move.ack);
	task = go_on(test, cpu[0], move_run, &move);
	for (; move.token < MOVES; move.token++) {
		unsigned int to = cpu[move.token % 2];

		do {
			cond_resched();
			kcoro_task_info(task, &info);
		} while (info.state != KCORO_TASK_PARKED);
		/* Or else an idle CPU may be faster than the one it waits for. */
		KUNIT_EXPECT_EQ(test, kcoro_place_set(task, KCORO_SET_CPU, 0,
						      to), 0);
		KUNIT_EXPECT_EQ(test, work_on_cpu(to, send_here, &move), 0);
		KUNIT_EXPECT_EQ(test, kcoro_recv(move.ack, &where, GUARD), 1);
		move.moved += where == to;
	}
	kcoro_chan_close(move.wake);
	finish(test, task);
	KUNIT_EXPECT_EQ(test, move.bad, 0);
	KUNIT_EXPECT_EQ(test, move.moved, MOVES);
	kcoro_chan_drop(move.wake, KCORO_SEND | KCORO_RECV);
	kcoro_chan_drop(move.ack, KCORO_SEND | KCORO_RECV);
}

static struct kunit_case switch_cases[] = {
	KUNIT_CASE(switch_keeps_callee_saved_registers),
	KUNIT_CASE(switch_keeps_frames),
	KUNIT_CASE(switch_leaves_interrupts_and_preemption_on),
	KUNIT_CASE(switch_happens_at_yield),
	KUNIT_CASE(switch_makes_current_the_worker),
	KUNIT_CASE(switch_reports_the_stack_used),
	KUNIT_CASE(migrate_keeps_canary_and_frames),
	{}
};

static struct kunit_suite switch_suite = {
	.name = "kcoro_switch",
	.test_cases = switch_cases,
	.exit = all_cpus,
};

kunit_test_suites(&switch_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * What is counted of tasks and CPUs: exactly where that is known, and that the
 * sums agree.
 */
#include "sched.h"

SCHED_FIXTURE(accounts)

#define TIMES 20

/* A task that waits for a thread, each time that it is known to have parked. */
TEST_F(accounts, waits_are_exact)
{
	struct pair gate = chan_u64(0);
	struct kcoro_task_info info;
	int task, i;

	task = act(self->ctx, WORDS("times:20", "recv:0"), FDS(gate.recv));
	ASSERT_LE(0, task);
	for (i = 0; i < TIMES; i++) {
		await_parked(task, KCORO_WAIT_RECV);
		info = info_of(_metadata, task);
		EXPECT_EQ(i + 1, info.waits);
		EXPECT_EQ(i + 1, info.switches);
		EXPECT_EQ(0, info.wakes);
		EXPECT_EQ(8, put_u64(gate.send, i));
	}
	act_join(_metadata, task, TIMES);
	info = info_of(_metadata, task);
	EXPECT_EQ(TIMES, info.waits);
	EXPECT_EQ(TIMES + 1, info.switches);
	EXPECT_EQ(0, info.handovers);
	EXPECT_EQ(0, info.hogs);
	close(task);
}

/* So that its end wakes nobody: who waits for it would be counted. */
static void await_end(t_metadata, int task)
{
	while (info_of(_metadata, task).state != KCORO_TASK_EXITED)
		nap();
}

/* It wakes a task, and then a thread, each time. */
TEST_F(accounts, wakes_are_exact)
{
	struct pair gate = chan_u64(0), there = chan_u64(0), back = chan_u64(0);
	struct kcoro_task_info info;
	struct caller reader;
	int waker, sleeper, i;
	uint64_t v;

	sleeper = act(self->ctx, WORDS("times:20", "recv:0"), FDS(there.recv));
	waker = act(self->ctx, WORDS("times:20", "recv:0", "send:1", "send:2"),
		    FDS(gate.recv, there.send, back.send));
	ASSERT_LE(0, sleeper);
	ASSERT_LE(0, waker);
	for (i = 0; i < TIMES; i++) {
		await_parked(sleeper, KCORO_WAIT_RECV);
		await_parked(waker, KCORO_WAIT_RECV);
		EXPECT_EQ(2 * i, info_of(_metadata, waker).wakes);
		block_read(&reader, back.recv, &v);
		EXPECT_EQ(8, put_u64(gate.send, i));
		EXPECT_EQ(8, caller_join(&reader));
	}
	await_end(_metadata, sleeper);
	await_end(_metadata, waker);
	act_join(_metadata, sleeper, TIMES);
	act_join(_metadata, waker, 3 * TIMES);
	info = info_of(_metadata, waker);
	EXPECT_EQ(2 * TIMES, info.wakes);
	EXPECT_EQ(TIMES, info.waits);
	info = info_of(_metadata, sleeper);
	EXPECT_EQ(0, info.wakes);
	EXPECT_EQ(TIMES, info.waits);
	close(sleeper);
	close(waker);
}

/* Giving way is no wait. */
TEST_F(accounts, yields_are_switches)
{
	struct kcoro_task_info info;
	int fds[2], i;

	for (i = 0; i < 2; i++) {
		fds[i] = act_pinned(self->ctx, 0, WORDS("yield:20", "block:1"),
				    NULL, 0);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 2; i++) {
		act_join(_metadata, fds[i], 2);
		info = info_of(_metadata, fds[i]);
		EXPECT_EQ(0, info.waits);
		/* who joins it */
		EXPECT_GE(1, info.wakes);
		EXPECT_GE(21, info.switches);
		close(fds[i]);
	}
}

/* --- time --------------------------------------------------------------------- */

#define MS 1000000ULL

TEST_F(accounts, time_of_a_busy_task)
{
	struct pair end = chan_u64(1);
	struct kcoro_task_info a, b;
	int task, i;

	task = act(self->ctx, WORDS("until:0"), FDS(end.recv));
	ASSERT_LE(0, task);
	a = info_of(_metadata, task);
	for (i = 0; i < 10; i++) {
		do {
			nap();
			b = info_of(_metadata, task);
			EXPECT_LE(a.run_ns, b.run_ns);
			EXPECT_LE(b.run_ns, b.age_ns);
		} while (b.run_ns == a.run_ns);
		a = b;
	}
	close(end.send);
	act_join(_metadata, task, 1);
	EXPECT_LE(a.run_ns, info_of(_metadata, task).run_ns);
	close(task);
}

/* Nothing is added once it is known to have ended. */
TEST_F(accounts, time_is_complete_at_the_end)
{
	struct kcoro_task_info a, b;
	int task, i;

	for (i = 0; i < 20; i++) {
		task = act(self->ctx, WORDS("hog:2000"), NULL, 0);
		ASSERT_LE(0, task);
		act_join(_metadata, task, 1);
		a = info_of(_metadata, task);
		nap();
		b = info_of(_metadata, task);
		EXPECT_LT(0, a.run_ns);
		EXPECT_EQ(a.run_ns, b.run_ns);
		close(task);
	}
}

/* Neither what waits nor what is blocked has a CPU. */
TEST_F(accounts, time_of_those_who_do_not_run)
{
	const char *const how[] = { "sleep:200", "block:200" };
	struct kcoro_task_info info;
	size_t i;
	int task;

	for (i = 0; i < ROWS(how); i++) {
		task = act(self->ctx, WORDS(how[i]), NULL, 0);
		ASSERT_LE(0, task);
		act_join(_metadata, task, 1);
		info = info_of(_metadata, task);
		EXPECT_LT(0, info.run_ns);
		/* half of it, as msleep() counts jiffies, which may lag */
		EXPECT_LE(100 * MS + info.run_ns, info.age_ns);
		close(task);
	}
}

/* --- CPUs ------------------------------------------------------------------------ */

/* A CPU's time in tasks is at least that of a task that was only there. */
TEST_F(accounts, time_of_cpus)
{
	struct kcoro_cpu_info before, after;
	struct kcoro_task_info info;
	int cpu, task;

	for (cpu = 0; cpu < self->cpus; cpu++) {
		before = cpu_of(_metadata, self->ctx, cpu);
		task = act_pinned(self->ctx, cpu,
				  WORDS("times:20", "hog:500", "sleep:2"), NULL,
				  0);
		ASSERT_LE(0, task);
		act_join(_metadata, task, 40);
		info = info_of(_metadata, task);
		after = cpu_of(_metadata, self->ctx, cpu);
		EXPECT_EQ(1, info.run_ns <= after.run_ns - before.run_ns + 1);
		EXPECT_LE(info.switches, after.switches - before.switches);
		EXPECT_LT(before.idle_ns, after.idle_ns);
		EXPECT_EQ(cpu, info.cpu);
		close(task);
	}
}

TEST_F(accounts, sums_agree)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("times:20", "yield:1", "hog:100", "block:1",
			      "sleep:1"),
	};
	struct counts before = counts_of_info(_metadata, self->ctx), info, cpus;
	uint64_t switches = 0, steals = 0, handovers = 0, hogs = 0;
	struct kcoro_task_info t;
	int fds[64], i;

	ASSERT_EQ(64, kcoro_spawn_fds(self->ctx, "act", &opts, 64, NULL, fds));
	for (i = 0; i < 64; i++) {
		act_join(_metadata, fds[i], 80);
		/* Until its stack is given back it can become a hog. */
		while (info_of(_metadata, fds[i]).stack_used)
			nap();
		t = info_of(_metadata, fds[i]);
		switches += t.switches;
		steals += t.steals;
		handovers += t.handovers;
		hogs += t.hogs;
		close(fds[i]);
	}
	cpus = counts_of_cpus(_metadata, self->ctx);
	info = counts_of_info(_metadata, self->ctx);
	EXPECT_EQ(info.switches, cpus.switches);
	EXPECT_EQ(info.steals, cpus.steals);
	EXPECT_EQ(info.handovers, cpus.handovers);
	EXPECT_EQ(info.no_spare, cpus.no_spare);
	EXPECT_EQ(info.hogs, cpus.hogs);
	/* nobody else's tasks were there */
	EXPECT_EQ(switches, info.switches - before.switches);
	EXPECT_EQ(steals, info.steals - before.steals);
	EXPECT_EQ(handovers, info.handovers - before.handovers);
	EXPECT_EQ(hogs, info.hogs - before.hogs);
}

/* Who has nothing to do says so. */
TEST_F(accounts, idle_cpus)
{
	struct pair end = chan_u64(1);
	int cpu, task;

	for (cpu = 0; cpu < self->cpus; cpu++)
		while (!(cpu_of(_metadata, self->ctx, cpu).flags &
			 KCORO_CPU_IDLE))
			nap();
	task = act_pinned(self->ctx, 0, WORDS("until:0"), FDS(end.recv));
	ASSERT_LE(0, task);
	while (cpu_of(_metadata, self->ctx, 0).flags & KCORO_CPU_IDLE)
		nap();
	close(end.send);
	ACT_END(task, 1);
	while (!(cpu_of(_metadata, self->ctx, 0).flags & KCORO_CPU_IDLE))
		nap();
	EXPECT_EQ(0, cpu_of(_metadata, self->ctx, 0).queued);
}

TEST_HARNESS_MAIN

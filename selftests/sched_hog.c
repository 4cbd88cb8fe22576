// SPDX-License-Identifier: GPL-2.0
/*
 * A task that computes on without giving way loses its CPU's queue: others run
 * while it does, and it goes on to its end all the same.
 *
 * Under voluntary preemption kernel code that computes keeps even a spare from
 * the CPU, so that only other CPUs can help; KCORO_PREEMPT_* of INFO tells.
 */
#include "sched.h"

SCHED_FIXTURE(hog)

/* A hundred slices of the shortest kind. */
#define LONG "hog:100000"
#define SHORTEST_SLICE "1000"

#define PEERS 4

/*
 * Lets others, parked until then, be queued behind a task, which then computes
 * until all of them have run. Without help from the scheduler it never ends.
 * @cpu: all are pinned to it, if it is not -1. Returns the task's state.
 */
static struct kcoro_task_info wait_for_peers(t_metadata, int ctx, int cpu)
{
	struct kcoro_spawn how = {
		.flags = cpu < 0 ? 0 : KCORO_SPAWN_PIN,
		.cpu = cpu < 0 ? 0 : cpu,
	};
	struct pair gate = chan_of(_metadata, ctx, 8, 1);
	struct pair back = chan_of(_metadata, ctx, 8, PEERS);
	struct kcoro_task_info info;
	int tasks[PEERS], hog, i;

	for (i = 0; i < PEERS; i++) {
		tasks[i] = act_how(ctx, &how, WORDS("recv:0", "send:1"),
				   FDS(gate.recv, back.send));
		ASSERT_LE(0, tasks[i]);
		await_parked(tasks[i], KCORO_WAIT_RECV);
	}
	hog = act_how(ctx, &how,
		      WORDS("close:0", "spin:1", "spin:1", "spin:1", "spin:1"),
		      FDS(gate.send, back.recv));
	ASSERT_LE(0, hog);
	act_join(_metadata, hog, 1 + PEERS);
	for (i = 0; i < PEERS; i++)
		ACT_END(tasks[i], 2);
	info = info_of(_metadata, hog);
	close(hog);
	close(gate.recv);
	close(gate.send);
	close(back.recv);
	close(back.send);
	return info;
}

/* A task that computes for long while another one waits for its CPU. */
static struct kcoro_task_info compute(t_metadata, int ctx, int cpu,
				      const char *how_long)
{
	struct pair gate = chan_of(_metadata, ctx, 8, 1);
	struct kcoro_task_info info;
	int peer, hog;

	peer = act_pinned(ctx, cpu, WORDS("recv:0"), FDS(gate.recv));
	ASSERT_LE(0, peer);
	await_parked(peer, KCORO_WAIT_RECV);
	hog = act_pinned(ctx, cpu, WORDS("close:0", how_long), FDS(gate.send));
	ASSERT_LE(0, hog);
	act_join(_metadata, hog, 2);
	info = info_of(_metadata, hog);
	EXPECT_EQ(0, info_of(_metadata, peer).hogs);
	ACT_END(peer, 1);
	close(hog);
	close(gate.recv);
	close(gate.send);
	return info;
}

TEST_F(hog, is_counted)
{
	struct counts before = counts_of_info(_metadata, self->ctx), after;
	int cpu;

	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	for (cpu = 0; cpu < self->cpus; cpu++) {
		uint64_t own = cpu_of(_metadata, self->ctx, cpu).hogs;

		/* On a busy host its CPU may not have ticked. */
		while (!compute(_metadata, self->ctx, cpu, LONG).hogs)
			;
		EXPECT_LE(own + 1, cpu_of(_metadata, self->ctx, cpu).hogs);
	}
	after = counts_of_info(_metadata, self->ctx);
	EXPECT_LE(before.hogs + self->cpus, after.hogs);
	EXPECT_EQ(after.hogs, counts_of_cpus(_metadata, self->ctx).hogs);
}

/* Nobody waits: it may go on. */
TEST_F(hog, is_none_when_alone)
{
	struct counts before = counts_of_info(_metadata, self->ctx), after;
	int task;

	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	task = act(self->ctx, WORDS("times:3", LONG), NULL, 0);
	ASSERT_LE(0, task);
	act_join(_metadata, task, 3);
	EXPECT_EQ(0, info_of(_metadata, task).hogs);
	after = counts_of_info(_metadata, self->ctx);
	EXPECT_EQ(before.hogs, after.hogs);
}

/* Less than its slice at a time, and then others have their turn. */
TEST_F(hog, is_none_who_gives_way)
{
	struct counts before = counts_of_info(_metadata, self->ctx), after;
	int fds[16], i;

	ASSERT_EQ(0, param_set("slice_us", "1000000"));
	for (i = 0; i < ROWS(fds); i++) {
		fds[i] = act_pinned(self->ctx, 0,
				    WORDS("times:20", "hog:500", "yield:1"),
				    NULL, 0);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < ROWS(fds); i++)
		ACT_END(fds[i], 40);
	after = counts_of_info(_metadata, self->ctx);
	EXPECT_EQ(before.hogs, after.hogs);
}

/* On the same CPU: a spare gets it, and the hog goes on beside it. */
TEST_F(hog, pinned_peers_run_under_full_preemption)
{
	int cpu;

	if (!self->full)
		SKIP(return, "voluntary preemption");
	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	for (cpu = 0; cpu < self->cpus; cpu++)
		EXPECT_LE(1, wait_for_peers(_metadata, self->ctx, cpu).hogs);
}

/* Wherever that may be. */
TEST_F(hog, peers_run)
{
	int i;

	if (self->cpus < 2 && !self->full)
		SKIP(return, "one CPU, and voluntary preemption");
	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	for (i = 0; i < 10; i++)
		wait_for_peers(_metadata, self->ctx, -1);
}

/* Those of a CPU that only others can help, while these are busy as well. */
TEST_F(hog, peers_run_where_others_are_busy)
{
	int busy[CPUS_MAX], cpu, i;
	struct pair end = chan_u64(1);

	if (self->cpus < 2 && !self->full)
		SKIP(return, "one CPU, and voluntary preemption");
	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	for (cpu = 0; cpu < self->cpus; cpu++) {
		busy[cpu] = act_pinned(self->ctx, cpu, WORDS("until:0"),
				       FDS(end.recv));
		ASSERT_LE(0, busy[cpu]);
	}
	for (i = 0; i < 10; i++)
		wait_for_peers(_metadata, self->ctx, -1);
	ASSERT_EQ(0, kcoro_close_chan(end.send));
	for (cpu = 0; cpu < self->cpus; cpu++)
		ACT_END(busy[cpu], 1);
}

/* While it lasts the task and its CPU say so. */
TEST_F(hog, is_shown)
{
	struct pair gate = chan_u64(1), end = chan_u64(1);
	int cpu = self->cpus - 1, peer, task;

	if (self->cpus < 2 && !self->full)
		SKIP(return, "one CPU, and voluntary preemption");
	run_on(_metadata, 0);
	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	peer = act_pinned(self->ctx, cpu, WORDS("recv:0"), FDS(gate.recv));
	await_parked(peer, KCORO_WAIT_RECV);
	task = act_pinned(self->ctx, cpu, WORDS("close:0", "spin:1", "yield:1"),
			  FDS(gate.send, end.recv));
	ASSERT_LE(0, task);
	while (!(info_of(_metadata, task).flags & KCORO_TASK_F_HOG) ||
	       !(cpu_of(_metadata, self->ctx, cpu).flags & KCORO_CPU_HOGGED))
		nap();
	EXPECT_EQ(0, info_of(_metadata, peer).flags & KCORO_TASK_F_HOG);
	ASSERT_EQ(0, kcoro_close_chan(end.send));
	act_join(_metadata, task, 3);
	EXPECT_EQ(0, info_of(_metadata, task).flags & KCORO_TASK_F_HOG);
	ACT_END(peer, 1);
	while (cpu_of(_metadata, self->ctx, cpu).flags & KCORO_CPU_HOGGED)
		nap();
	close(task);
}

/* Hogs among themselves: each does all that it has to do. */
TEST_F(hog, many)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("times:5", "hog:8000", "yield:1", "sleep:1"),
	};
	int fds[16], i;

	ASSERT_EQ(0, param_set("slice_us", SHORTEST_SLICE));
	ASSERT_EQ(16, kcoro_spawn_fds(self->ctx, "act", &opts, 16, NULL, fds));
	for (i = 0; i < 16; i++)
		ACT_END(fds[i], 15);
}

TEST_HARNESS_MAIN

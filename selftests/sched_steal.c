// SPDX-License-Identifier: GPL-2.0
/*
 * Idle CPUs take over tasks that wait elsewhere; pinned tasks stay.
 *
 * What must happen sooner or later is waited for: without stealing these tests
 * never end.
 */
#include "sched.h"

SCHED_FIXTURE(steal)

/*
 * A task wakes another, which so is queued behind it, and then computes until
 * that has run. Elsewhere: or, under full preemption, beside it as a hog's
 * CPU is given to a spare, so do it until it was stolen. Returns how often it
 * was.
 */
static int round_of_two(t_metadata, int ctx)
{
	struct pair gate = chan_of(_metadata, ctx, 8, 1);
	struct pair back = chan_of(_metadata, ctx, 8, 1);
	struct act_data data[2];
	int tasks[2], stolen;

	tasks[0] =
		act(ctx, WORDS("recv:0", "send:1"), FDS(gate.recv, back.send));
	ASSERT_LE(0, tasks[0]);
	await_parked(tasks[0], KCORO_WAIT_RECV);
	tasks[1] =
		act(ctx, WORDS("close:0", "spin:1"), FDS(gate.send, back.recv));
	ASSERT_LE(0, tasks[1]);
	data[0] = act_join(_metadata, tasks[0], 2);
	data[1] = act_join(_metadata, tasks[1], 2);
	stolen = info_of(_metadata, tasks[0]).steals;
	if (stolen && !info_of(_metadata, tasks[1]).hogs)
		EXPECT_NE(data[1].cpu, data[0].cpu);
	close(tasks[0]);
	close(tasks[1]);
	close(gate.recv);
	close(gate.send);
	close(back.recv);
	close(back.send);
	return stolen;
}

TEST_F(steal, what_waits_behind_a_task_that_computes)
{
	int stolen = 0;

	if (self->cpus < 2)
		SKIP(return, "one CPU");
	while (stolen < 5)
		stolen += round_of_two(_metadata, self->ctx);
}

/* All spawned on the same CPU. */
TEST_F(steal, all_cpus_get_their_share)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("times:4", "hog:500",
						       "yield:1") };
	uint64_t all = self->cpus < 64 ? (1ULL << self->cpus) - 1 : ~0ULL;
	uint64_t cpus = 0;
	int fds[64], i;

	if (self->cpus < 2)
		SKIP(return, "one CPU");
	run_on(_metadata, 0);
	while (cpus != all) {
		ASSERT_EQ(64, kcoro_spawn_fds(self->ctx, "act", &opts, 64, NULL,
					      fds));
		for (i = 0; i < 64; i++)
			cpus |= ACT_END(fds[i], 8).cpus;
		ASSERT_EQ(0, cpus & ~all);
	}
}

TEST_F(steal, counts_agree)
{
	struct counts before = counts_of_info(_metadata, self->ctx), after, sum;
	uint64_t stolen = 0;

	if (self->cpus < 2)
		SKIP(return, "one CPU");
	while (stolen < 5)
		stolen += round_of_two(_metadata, self->ctx);
	after = counts_of_info(_metadata, self->ctx);
	sum = counts_of_cpus(_metadata, self->ctx);
	EXPECT_LE(stolen, after.steals - before.steals);
	EXPECT_EQ(after.steals, sum.steals);
	EXPECT_LE(after.switches, sum.switches);
}

TEST_F(steal, pinned_tasks_stay)
{
	int fds[64], cpu, i;

	/* many for one CPU, and nothing for the others to do */
	for (cpu = 0; cpu < self->cpus; cpu++) {
		for (i = 0; i < 64; i++) {
			fds[i] = act_pinned(self->ctx, cpu,
					    WORDS("times:4", "hog:500",
						  "yield:1"),
					    NULL, 0);
			ASSERT_LE(0, fds[i]);
		}
		for (i = 0; i < 64; i++) {
			struct act_data data = act_join(_metadata, fds[i], 8);

			EXPECT_EQ(1ULL << cpu, data.cpus);
			EXPECT_EQ(0, info_of(_metadata, fds[i]).steals);
			close(fds[i]);
		}
	}
}

/* Pinned ones among others, which are taken past them. */
TEST_F(steal, around_pinned_tasks)
{
	struct kcoro_spawn how = { .flags = KCORO_SPAWN_PIN };
	uint64_t others = 0;
	int fds[64], i;

	if (self->cpus < 2)
		SKIP(return, "one CPU");
	run_on(_metadata, 0);
	while (!(others & ~1ULL)) {
		for (i = 0; i < 64; i++) {
			fds[i] = act_how(self->ctx, i % 4 ? &how : NULL,
					 WORDS("hog:500", "yield:1"), NULL, 0);
			ASSERT_LE(0, fds[i]);
		}
		for (i = 0; i < 64; i++) {
			struct act_data data = ACT_END(fds[i], 2);

			others |= i % 4 ? 0 : data.cpus;
			EXPECT_EQ(1, i % 4 ? data.cpus : 1);
		}
	}
}

/* One CPU has nobody to steal from. */
TEST_F(steal, nothing_with_one_cpu)
{
	struct counts before = counts_of_info(_metadata, self->ctx);
	struct kcoro_spawn_opts opts = { .argv = WORDS("hog:500", "yield:1") };
	int fds[64], i;

	ASSERT_EQ(0, param_set("active_cpus", "1"));
	ASSERT_EQ(64, kcoro_spawn_fds(self->ctx, "act", &opts, 64, NULL, fds));
	for (i = 0; i < 64; i++) {
		EXPECT_EQ(1, ACT_END(fds[i], 2).cpus);
	}
	EXPECT_EQ(before.steals, counts_of_info(_metadata, self->ctx).steals);
}

TEST_HARNESS_MAIN

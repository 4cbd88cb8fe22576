// SPDX-License-Identifier: GPL-2.0
/*
 * A task that is pinned to a CPU runs there and nowhere else, but while that CPU
 * is away.
 */
#include "sched.h"

SCHED_FIXTURE(pin)

/* Everything after which a task may be queued anew. */
#define WANDER \
	WORDS("times:20", "yield:1", "sleep:1", "block:1", "hog:100", "yield:1")
#define WANDER_ACTIONS 100

TEST_F(pin, runs_there_only)
{
	int fds[CPUS_MAX][4], crowd[32], cpu, i;

	/* others, which go wherever there is room */
	for (i = 0; i < ROWS(crowd); i++) {
		crowd[i] = act(self->ctx, WANDER, NULL, 0);
		ASSERT_LE(0, crowd[i]);
	}
	for (cpu = 0; cpu < self->cpus; cpu++) {
		for (i = 0; i < 4; i++) {
			fds[cpu][i] =
				act_pinned(self->ctx, cpu, WANDER, NULL, 0);
			ASSERT_LE(0, fds[cpu][i]);
			EXPECT_EQ(cpu, info_of(_metadata, fds[cpu][i]).pin);
		}
	}
	for (cpu = 0; cpu < self->cpus; cpu++) {
		for (i = 0; i < 4; i++) {
			struct act_data data =
				ACT_END(fds[cpu][i], WANDER_ACTIONS);

			EXPECT_EQ(1ULL << cpu, data.cpus);
			EXPECT_EQ(0, data.moves);
		}
	}
	for (i = 0; i < ROWS(crowd); i++)
		ACT_END(crowd[i], WANDER_ACTIONS);
}

/* Woken by tasks and threads of all CPUs. */
TEST_F(pin, wakers_are_elsewhere)
{
	struct pair there = chan_u64(0), back = chan_u64(0);
	int cpu, task, i;

	for (cpu = 0; cpu < self->cpus; cpu++) {
		task = act_pinned(self->ctx, cpu,
				  WORDS("times:20", "recv:0", "send:1"),
				  FDS(there.recv, back.send));
		ASSERT_LE(0, task);
		for (i = 0; i < 20; i++) {
			run_on(_metadata, i % self->cpus);
			EXPECT_EQ(8, put_u64(there.send, i));
			EXPECT_LT(0, get_u64(back.recv));
		}
		run_on(_metadata, -1);
		EXPECT_EQ(1ULL << cpu, ACT_END(task, 40).cpus);
	}
}

/* --- SET ---------------------------------------------------------------------- */

static void await_cpu(t_metadata, int task, int cpu)
{
	while (info_of(_metadata, task).cpu != cpu)
		nap();
}

TEST_F(pin, moves_a_parked_task)
{
	struct pair gate = chan_u64(0);
	int cpu, task;

	task = act_pinned(self->ctx, 0, WORDS("times:64", "recv:0"),
			  FDS(gate.recv));
	ASSERT_LE(0, task);
	for (cpu = 0; cpu < self->cpus; cpu++) {
		await_parked(task, KCORO_WAIT_RECV);
		ASSERT_EQ(0, set_cpu(task, cpu));
		EXPECT_EQ(cpu, info_of(_metadata, task).pin);
		EXPECT_EQ(8, put_u64(gate.send, 1));
		await_parked(task, KCORO_WAIT_RECV);
		await_cpu(_metadata, task, cpu);
	}
	ASSERT_EQ(0, set_cpu(task, -1));
	EXPECT_EQ(-1, info_of(_metadata, task).pin);
	close(gate.send);
	EXPECT_EQ((1ULL << self->cpus) - 1, ACT_END(task, 64).cpus);
}

/* --- a CPU that is away --------------------------------------------------------- */

FIXTURE(away)
{
	int ctx;
	int cpu; /* the one that goes */
};

FIXTURE_SETUP(away) {
	await_no_tasks();
	self->cpu = nr_cpus() - 1;
	if (!self->cpu || !cpu_can_go(self->cpu))
		SKIP(_exit(255), "no CPU that can go offline");
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
}

FIXTURE_TEARDOWN(away) {
	cpu_set_online(self->cpu, 1);
	close(self->ctx);
	await_no_tasks();
}

TEST_F(away, takes_no_new_ones)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);

	ASSERT_LE(0, task);
	ASSERT_EQ(0, cpu_set_online(self->cpu, 0));
	EXPECT_EQ(-ENODEV,
		  act_pinned(self->ctx, self->cpu, WORDS("yield:1"), NULL, 0));
	EXPECT_EQ(-ENODEV, set_cpu(task, self->cpu));
	EXPECT_EQ(-1, info_of(_metadata, task).pin);
	ASSERT_EQ(0, cpu_set_online(self->cpu, 1));
	EXPECT_EQ(0, set_cpu(task, self->cpu));
	close(task);
}

/* It goes and comes while a crowd of pinned tasks is at work. */
TEST_F(away, again_and_again)
{
	int fds[32], i;

	for (i = 0; i < ROWS(fds); i++) {
		fds[i] = act_pinned(self->ctx, i % (self->cpu + 1),
				    WORDS("times:200", "yield:1", "sleep:1",
					  "block:1"),
				    NULL, 0);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, cpu_set_online(self->cpu, 0));
		nap();
		ASSERT_EQ(0, cpu_set_online(self->cpu, 1));
		nap();
	}
	for (i = 0; i < ROWS(fds); i++) {
		int cpu = i % (self->cpu + 1);
		struct act_data data = ACT_END(fds[i], 600);

		if (cpu != self->cpu)
			EXPECT_EQ(1ULL << cpu, data.cpus);
	}
}

TEST_HARNESS_MAIN

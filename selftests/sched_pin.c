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

TEST_F(pin, moves_a_busy_task)
{
	struct pair end = chan_u64(1);
	int task, i;

	task = act(self->ctx, WORDS("until:0"), FDS(end.recv));
	ASSERT_LE(0, task);
	for (i = 0; i < 10 * self->cpus; i++) {
		ASSERT_EQ(0, set_cpu(task, i % self->cpus));
		await_cpu(_metadata, task, i % self->cpus);
	}
	close(end.send);
	EXPECT_EQ(self->cpus - 1, ACT_END(task, 1).cpu);
}

/* By its number, on the context. */
TEST_F(pin, moves_a_task_without_a_descriptor)
{
	struct kcoro_set req = {
		.which = KCORO_SET_CPU,
		.cpu = self->cpus - 1,
	};
	struct kcoro_task_info info;
	uint64_t id;

	ASSERT_EQ(0,
		  spawn_id(self->ctx, "spin", WORDS("3000000"), NULL, 0, &id));
	req.id = id;
	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_SET, &req));
	do {
		nap();
		ASSERT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0,
					     &info, 1));
	} while (info.cpu != self->cpus - 1);
	EXPECT_EQ(self->cpus - 1, info.pin);
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

static void await_away(t_metadata, int task, uint32_t away)
{
	while ((info_of(_metadata, task).flags & KCORO_TASK_F_AWAY) != away)
		nap();
}

/* A busy task and a parked one; both run elsewhere meanwhile. */
TEST_F(away, and_comes_back)
{
	struct pair end = chan_u64(1), there = chan_u64(0), back = chan_u64(0);
	uint64_t home = 1ULL << self->cpu;
	struct act_data data;
	int busy, parked;

	busy = act_pinned(self->ctx, self->cpu, WORDS("until:0"),
			  FDS(end.recv));
	parked = act_pinned(self->ctx, self->cpu,
			    WORDS("times:3", "recv:0", "send:1"),
			    FDS(there.recv, back.send));
	ASSERT_LE(0, busy);
	ASSERT_LE(0, parked);
	EXPECT_EQ(8, put_u64(there.send, 1));
	EXPECT_LT(0, get_u64(back.recv));
	await_cpu(_metadata, busy, self->cpu);
	EXPECT_EQ(0, info_of(_metadata, busy).flags);
	await_parked(parked, KCORO_WAIT_RECV);

	ASSERT_EQ(0, cpu_set_online(self->cpu, 0));
	await_away(_metadata, busy, KCORO_TASK_F_AWAY);
	while (info_of(_metadata, busy).cpu == self->cpu)
		nap();
	EXPECT_EQ(self->cpu, info_of(_metadata, busy).pin);
	EXPECT_EQ(8, put_u64(there.send, 1));
	EXPECT_LT(0, get_u64(back.recv));
	await_parked(parked, KCORO_WAIT_RECV);
	EXPECT_NE(self->cpu, info_of(_metadata, parked).cpu);
	EXPECT_EQ(KCORO_TASK_F_AWAY, info_of(_metadata, parked).flags);

	ASSERT_EQ(0, cpu_set_online(self->cpu, 1));
	await_away(_metadata, busy, 0);
	await_cpu(_metadata, busy, self->cpu);
	EXPECT_EQ(8, put_u64(there.send, 1));
	EXPECT_LT(0, get_u64(back.recv));
	data = ACT_END(parked, 6);
	EXPECT_EQ(self->cpu, data.cpu);
	EXPECT_NE(home, data.cpus);
	close(end.send);
	EXPECT_EQ(self->cpu, ACT_END(busy, 1).cpu);
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

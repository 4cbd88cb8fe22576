// SPDX-License-Identifier: GPL-2.0
/*
 * active_cpus: how many CPUs run tasks. Those of the others move.
 */
#include "sched.h"

SCHED_FIXTURE(active)

static int set_active(int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	return param_set("active_cpus", text);
}

/* The CPUs that are active, by CPUS. */
static uint64_t active_mask(t_metadata, int fd)
{
	struct kcoro_cpu_info cpus[CPUS_MAX];
	int n = cpus_of(_metadata, fd, cpus), i;
	uint64_t mask = 0;

	for (i = 0; i < n; i++)
		if (cpus[i].flags & KCORO_CPU_ACTIVE)
			mask |= 1ULL << cpus[i].cpu;
	return mask;
}

static int count_bits(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

/* @n of the online CPUs are active, and INFO agrees. */
static uint64_t expect_active(t_metadata, int ctx, int n)
{
	uint64_t mask = active_mask(_metadata, ctx);
	struct kcoro_info info;

	EXPECT_EQ(n, count_bits(mask));
	EXPECT_EQ(0, mask & ~((1ULL << nr_cpus()) - 1));
	ASSERT_EQ(0, kcoro_info(ctx, &info));
	EXPECT_EQ(n, info.cpus);
	return mask;
}

TEST_F(active, all_to_begin_with)
{
	EXPECT_EQ(0, param_get("active_cpus"));
	expect_active(_metadata, self->ctx, self->cpus);
}

TEST_F(active, is_shown)
{
	int n;

	for (n = self->cpus; n > 0; n--) {
		ASSERT_EQ(0, set_active(n));
		EXPECT_EQ(n, param_get("active_cpus"));
		expect_active(_metadata, self->ctx, n);
	}
	ASSERT_EQ(0, set_active(0));
	expect_active(_metadata, self->ctx, self->cpus);
	/* no more than there are */
	ASSERT_EQ(0, set_active(self->cpus + 5));
	expect_active(_metadata, self->ctx, self->cpus);
}

TEST_F(active, nonsense_is_refused)
{
	const char *const wrong[] = { "x", "1x", "-1", "99999999999999999999" };
	size_t i;

	for (i = 0; i < ROWS(wrong); i++) {
		EXPECT_NE(0, param_set("active_cpus", wrong[i]))
		TH_LOG("%s", wrong[i]);
		EXPECT_EQ(0, param_get("active_cpus"));
	}
	expect_active(_metadata, self->ctx, self->cpus);
}

/* Spawned on every CPU, before and after. */
TEST_F(active, tasks_run_there_only)
{
	int fds[64], n, i;
	uint64_t mask;

	for (n = self->cpus; n > 0; n--) {
		/* busy, with many waiting, when it changes */
		for (i = 0; i < 32; i++) {
			run_on(_metadata, i % self->cpus);
			fds[i] = act(self->ctx,
				     WORDS("times:10", "hog:100", "yield:1"),
				     NULL, 0);
			ASSERT_LE(0, fds[i]);
		}
		ASSERT_EQ(0, set_active(n));
		mask = expect_active(_metadata, self->ctx, n);
		for (; i < 64; i++) {
			run_on(_metadata, i % self->cpus);
			fds[i] = act(self->ctx,
				     WORDS("times:5", "hog:100", "yield:1",
					   "sleep:1"),
				     NULL, 0);
			ASSERT_LE(0, fds[i]);
		}
		run_on(_metadata, -1);
		for (i = 0; i < 32; i++)
			ACT_END(fds[i], 20);
		for (; i < 64; i++)
			EXPECT_EQ(0, ACT_END(fds[i], 15).cpus & ~mask);
	}
}

/* They have parked on all CPUs, when there were more. */
TEST_F(active, parked_tasks_wake_there)
{
	struct pair gate = chan_u64(1);
	int fds[32], i;
	uint64_t mask;

	for (i = 0; i < ROWS(fds); i++) {
		run_on(_metadata, i % self->cpus);
		fds[i] = act(self->ctx, WORDS("recv:0"), FDS(gate.recv));
		ASSERT_LE(0, fds[i]);
		await_parked(fds[i], KCORO_WAIT_RECV);
	}
	ASSERT_EQ(0, set_active(1));
	mask = expect_active(_metadata, self->ctx, 1);
	run_on(_metadata, self->cpus - 1);
	ASSERT_EQ(0, kcoro_close_chan(gate.send));
	for (i = 0; i < ROWS(fds); i++)
		EXPECT_EQ(mask, 1ULL << ACT_END(fds[i], 1).cpu);
}

TEST_F(active, no_pins_to_others)
{
	int cpu = self->cpus - 1, task, n;

	if (self->cpus < 2)
		SKIP(return, "one CPU");
	task = act_pinned(self->ctx, cpu, WORDS("sleep:1000000"), NULL, 0);
	ASSERT_LE(0, task);
	ASSERT_EQ(0, set_active(1));
	EXPECT_EQ(-ENODEV,
		  act_pinned(self->ctx, cpu, WORDS("yield:1"), NULL, 0));
	EXPECT_EQ(-ENODEV, set_cpu(task, cpu));
	EXPECT_EQ(0, set_cpu(task, 0));
	EXPECT_EQ(0, info_of(_metadata, task).pin);
	for (n = 2; n <= self->cpus; n++)
		ASSERT_EQ(0, set_active(n));
	EXPECT_EQ(0, set_cpu(task, cpu));
	close(task);
}

/* Everything that a task does, while it changes all the time. */
TEST_F(active, again_and_again)
{
	int fds[48], sieve, i, n;

	sieve = spawn(self->ctx, "sieve", WORDS("60"), NULL, 0);
	ASSERT_LE(0, sieve);
	for (i = 0; i < ROWS(fds); i++) {
		const char *const words[] = { "times:40", "yield:1", "sleep:1",
					      "block:1",  "hog:200", NULL };

		/* a third of them pinned */
		fds[i] = i % 3 ? act(self->ctx, words, NULL, 0) :
				 act_pinned(self->ctx, i % self->cpus, words,
					    NULL, 0);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 30; i++) {
		for (n = 1; n <= self->cpus; n++) {
			ASSERT_EQ(0, set_active(n));
			expect_active(_metadata, self->ctx, n);
		}
		nap();
	}
	for (i = 0; i < ROWS(fds); i++)
		ACT_END(fds[i], 160);
	EXPECT_EQ(281, join_ok(_metadata, sieve).result);
}

TEST_HARNESS_MAIN

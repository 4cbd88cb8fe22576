// SPDX-License-Identifier: GPL-2.0
/*
 * No kernel thread can be made: there are fewer spares then, which is counted,
 * and nothing is lost; a task that asks for a thread of its own is refused.
 *
 * All kthreads are made by kthreadd: with task-filter, allocations fail in the
 * thread that was marked, and here all of them do in that one.
 */
#include "sched.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define KTHREADD_MARK "/proc/2/make-it-fail"

FIXTURE(spares)
{
	int ctx;
	int cpus;
	long spares;
};

static void allow(void)
{
	write_text(KTHREADD_MARK, "0");
	write_text(FAILSLAB "probability", "0");
	write_text(FAILSLAB "times", "1");
	write_text(FAILSLAB "task-filter", "N");
}

static void forbid(t_metadata)
{
	ASSERT_EQ(0, write_text(FAILSLAB "task-filter", "Y"));
	ASSERT_EQ(0, write_text(FAILSLAB "cache-filter", "N"));
	ASSERT_EQ(0, write_text(FAILSLAB "ignore-gfp-wait", "N"));
	ASSERT_EQ(0, write_text(FAILSLAB "interval", "1"));
	ASSERT_EQ(0, write_text(FAILSLAB "space", "0"));
	ASSERT_EQ(0, write_text(FAILSLAB "times", "-1"));
	ASSERT_EQ(0, write_text(KTHREADD_MARK, "1"));
	ASSERT_EQ(0, write_text(FAILSLAB "probability", "100"));
}

FIXTURE_SETUP(spares) {
	if (access(FAILSLAB, F_OK) || access(KTHREADD_MARK, W_OK))
		SKIP(_exit(255), "no fault injection in this kernel");
	await_no_tasks();
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->cpus = nr_cpus();
	self->spares = param_get("spares");
	ASSERT_LT(0, self->spares);
	/* the body's module is loaded while threads can be made */
	ACT_END(act(self->ctx, WORDS("yield:1"), NULL, 0), 1);
}

FIXTURE_TEARDOWN(spares) {
	char spares[16];

	allow();
	snprintf(spares, sizeof(spares), "%ld", self->spares);
	param_set("spares", spares);
	param_set("active_cpus", "0");
	close(self->ctx);
	await_no_tasks();
}

/* On one CPU, all blocked at the same time if there are workers for it. */
static void blockers(t_metadata, int ctx, int cpu, int count)
{
	int *fds = calloc(count, sizeof(int)), i;

	ASSERT_NE(NULL, fds);
	for (i = 0; i < count; i++) {
		fds[i] = act_pinned(ctx, cpu,
				    WORDS("times:3", "block:20", "yield:1"),
				    NULL, 0);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < count; i++)
		EXPECT_EQ(1ULL << cpu, ACT_END(fds[i], 6).cpus);
	free(fds);
}

TEST_F(spares, none_can_be_made)
{
	struct kcoro_cpu_info before, now;
	int cpu = self->cpus - 1;

	before = cpu_of(_metadata, self->ctx, cpu);
	forbid(_metadata);
	do {
		blockers(_metadata, self->ctx, cpu, 4 * before.workers);
		now = cpu_of(_metadata, self->ctx, cpu);
		EXPECT_EQ(before.created, now.created);
		EXPECT_GE(before.workers, now.workers);
	} while (now.failed == before.failed ||
		 now.no_spare == before.no_spare);

	/* and once they can, they are */
	allow();
	do {
		blockers(_metadata, self->ctx, cpu, 4 * before.workers);
		now = cpu_of(_metadata, self->ctx, cpu);
	} while (now.created == before.created);
}

TEST_F(spares, task_with_a_thread_of_its_own)
{
	struct kcoro_spawn how = { .flags = KCORO_SPAWN_THREAD };
	int i;

	forbid(_metadata);
	for (i = 0; i < 100; i++)
		EXPECT_EQ(-ENOMEM,
			  act_how(self->ctx, &how, WORDS("yield:1"), NULL, 0));
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	/* others need none */
	ACT_END(act(self->ctx, WORDS("sleep:1", "yield:1"), NULL, 0), 2);
	allow();
	/* nor were those that failed counted: 100 are over threads_max */
	for (i = 0; i < 10; i++)
		ACT_END(act_how(self->ctx, &how, WORDS("yield:1"), NULL, 0), 1);
}

/* One that begins to run tasks does with the workers that it has. */
TEST_F(spares, cpu_becomes_active)
{
	struct kcoro_cpu_info before, now;
	int cpu = self->cpus - 1;
	char more[16];

	if (!cpu)
		SKIP(return, "one CPU");
	ASSERT_EQ(0, param_set("active_cpus", "1"));
	before = cpu_of(_metadata, self->ctx, cpu);
	EXPECT_EQ(0, before.flags & KCORO_CPU_ACTIVE);
	snprintf(more, sizeof(more), "%u", before.workers + 5);
	ASSERT_EQ(0, param_set("spares", more));
	forbid(_metadata);
	EXPECT_EQ(0, param_set("active_cpus", "0"));
	allow();
	now = cpu_of(_metadata, self->ctx, cpu);
	EXPECT_EQ(KCORO_CPU_ACTIVE, now.flags & KCORO_CPU_ACTIVE);
	EXPECT_EQ(before.created, now.created);
	EXPECT_LT(before.failed, now.failed);
	blockers(_metadata, self->ctx, cpu, 5);
}

TEST_HARNESS_MAIN

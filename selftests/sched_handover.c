// SPDX-License-Identifier: GPL-2.0
/*
 * A task that blocks in plain kernel code hands its CPU on: the tasks that wait
 * there run meanwhile. There are more workers when they are needed, up to a
 * limit, and fewer again later.
 */
#include "sched.h"

#define BLOCK_MS "30"

/* As SCHED_FIXTURE, where there is handing over. */
FIXTURE(handover)
{
	int ctx;
	int cpus;
	char spare_secs[16];
	char workers_max[16];
};

FIXTURE_SETUP(handover) {
	struct kcoro_info info;

	await_no_tasks();
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	if (!(info.features & KCORO_FEATURE_HANDOVER))
		SKIP(_exit(255), "no preempt notifiers in this kernel");
	self->cpus = nr_cpus();
	snprintf(self->spare_secs, sizeof(self->spare_secs), "%ld",
		 param_get("spare_secs"));
	snprintf(self->workers_max, sizeof(self->workers_max), "%ld",
		 param_get("workers_max"));
}

FIXTURE_TEARDOWN(handover) {
	param_set("spare_secs", self->spare_secs);
	param_set("workers_max", self->workers_max);
	param_set("active_cpus", "0");
	close(self->ctx);
	await_no_tasks();
}

/*
 * One task lets another be queued behind it and blocks until that has run:
 * without a hand-over it never does.
 */
static void round_of_two(t_metadata, int ctx, int cpu)
{
	struct pair gate = chan_of(_metadata, ctx, 8, 1);
	struct pair back = chan_of(_metadata, ctx, 8, 1);
	struct act_data data;
	int tasks[2];

	tasks[0] = act_pinned(ctx, cpu, WORDS("recv:0", "send:1"),
			      FDS(gate.recv, back.send));
	ASSERT_LE(0, tasks[0]);
	await_parked(tasks[0], KCORO_WAIT_RECV);
	tasks[1] = act_pinned(ctx, cpu, WORDS("close:0", "wait:1"),
			      FDS(gate.send, back.recv));
	ASSERT_LE(0, tasks[1]);
	data = act_join(_metadata, tasks[0], 2);
	EXPECT_EQ(1ULL << cpu, data.cpus);
	data = act_join(_metadata, tasks[1], 2);
	EXPECT_EQ(1ULL << cpu, data.cpus);
	EXPECT_LE(1, info_of(_metadata, tasks[1]).handovers);
	EXPECT_EQ(0, info_of(_metadata, tasks[0]).handovers);
	close(tasks[0]);
	close(tasks[1]);
	close(gate.recv);
	close(gate.send);
	close(back.recv);
	close(back.send);
}

TEST_F(handover, peers_run_meanwhile)
{
	int cpu, i;

	for (cpu = 0; cpu < self->cpus; cpu++) {
		for (i = 0; i < 5; i++)
			round_of_two(_metadata, self->ctx, cpu);
	}
}

TEST_F(handover, is_counted)
{
	struct counts before = counts_of_info(_metadata, self->ctx), after, sum;
	int cpu = self->cpus - 1, i;
	uint64_t own = cpu_of(_metadata, self->ctx, cpu).handovers;

	for (i = 0; i < 5; i++)
		round_of_two(_metadata, self->ctx, cpu);
	after = counts_of_info(_metadata, self->ctx);
	sum = counts_of_cpus(_metadata, self->ctx);
	EXPECT_LE(before.handovers + 5, after.handovers);
	EXPECT_LE(own + 5, cpu_of(_metadata, self->ctx, cpu).handovers);
	EXPECT_EQ(after.handovers, sum.handovers);
	EXPECT_EQ(after.no_spare, sum.no_spare);
}

/* Nobody waits, and no other CPU asks for tasks: nothing to hand over. */
TEST_F(handover, not_by_a_task_alone)
{
	struct counts before, after;
	int task;

	ASSERT_EQ(0, param_set("active_cpus", "1"));
	before = counts_of_info(_metadata, self->ctx);
	task = act(self->ctx, WORDS("times:5", "block:5"), NULL, 0);
	ASSERT_LE(0, task);
	act_join(_metadata, task, 5);
	EXPECT_EQ(0, info_of(_metadata, task).handovers);
	after = counts_of_info(_metadata, self->ctx);
	EXPECT_EQ(before.handovers, after.handovers);
	EXPECT_EQ(before.no_spare, after.no_spare);
}

/* A crowd on one CPU, all of which are queued at once, and block. */
struct crowd {
	int count;
	int *tasks;
};

static struct crowd crowd_start(t_metadata, int ctx, int cpu, int count)
{
	struct pair gate = chan_of(_metadata, ctx, 8, 1);
	struct crowd c = { count, calloc(count, sizeof(int)) };
	int i, opener;

	ASSERT_NE(NULL, c.tasks);
	for (i = 0; i < count; i++) {
		c.tasks[i] = act_pinned(ctx, cpu,
					WORDS("times:2", "recv:0",
					      "block:" BLOCK_MS, "yield:1"),
					FDS(gate.recv));
		ASSERT_LE(0, c.tasks[i]);
	}
	await_parked(c.tasks[count - 1], KCORO_WAIT_RECV);
	opener = act_pinned(ctx, cpu, WORDS("close:0"), FDS(gate.send));
	ASSERT_LE(0, opener);
	ACT_END(opener, 1);
	close(gate.recv);
	close(gate.send);
	return c;
}

static void crowd_end(t_metadata, struct crowd *c, int cpu)
{
	int i;

	for (i = 0; i < c->count; i++)
		EXPECT_EQ(1ULL << cpu, ACT_END(c->tasks[i], 6).cpus);
	free(c->tasks);
}

/* No more workers may be made than there are. */
TEST_F(handover, more_blockers_than_workers)
{
	struct kcoro_cpu_info before, after;
	struct crowd crowd;
	char max[16];
	int cpu;

	for (cpu = 0; cpu < self->cpus; cpu++) {
		before = cpu_of(_metadata, self->ctx, cpu);
		snprintf(max, sizeof(max), "%u", before.workers);
		ASSERT_EQ(0, param_set("workers_max", max));
		do {
			crowd = crowd_start(_metadata, self->ctx, cpu,
					    2 * before.workers);
			crowd_end(_metadata, &crowd, cpu);
			after = cpu_of(_metadata, self->ctx, cpu);
			EXPECT_EQ(before.workers, after.workers);
		} while (after.no_spare == before.no_spare);
		EXPECT_LT(before.handovers, after.handovers);
		EXPECT_EQ(before.created, after.created);
		EXPECT_EQ(before.failed, after.failed);
	}
}

/* Each fills its CPU's own pool; and others' tasks are not in their way. */
TEST_F(handover, crowds_on_all_cpus)
{
	struct crowd crowd[CPUS_MAX];
	int cpu, task;

	for (cpu = 0; cpu < self->cpus; cpu++)
		crowd[cpu] = crowd_start(_metadata, self->ctx, cpu, 40);
	task = spawn(self->ctx, "sieve", WORDS("30"), NULL, 0);
	ASSERT_LE(0, task);
	EXPECT_EQ(113, join_ok(_metadata, task).result);
	for (cpu = 0; cpu < self->cpus; cpu++)
		crowd_end(_metadata, &crowd[cpu], cpu);
}

TEST_F(handover, pool_grows_and_is_reaped)
{
	int spares = param_get("spares"), cpu = self->cpus - 1;
	struct kcoro_cpu_info before, now;
	struct crowd crowd;

	ASSERT_LT(0, spares);
	before = cpu_of(_metadata, self->ctx, cpu);
	/* More than there can be without growth. */
	do {
		crowd = crowd_start(_metadata, self->ctx, cpu, 8 * spares);
		crowd_end(_metadata, &crowd, cpu);
		now = cpu_of(_metadata, self->ctx, cpu);
	} while (now.created == before.created);
	EXPECT_LT(1 + spares, now.workers_max);
	ASSERT_EQ(0, param_set("spare_secs", "1"));
	do {
		nap();
		now = cpu_of(_metadata, self->ctx, cpu);
	} while (now.workers > 1 + spares);
	EXPECT_LT(before.reaped, now.reaped);
	/* those that are left are as good as ever */
	round_of_two(_metadata, self->ctx, cpu);
	crowd = crowd_start(_metadata, self->ctx, cpu, 8 * spares);
	crowd_end(_metadata, &crowd, cpu);
}

/* Made, less ended: as many as there are. */
TEST_F(handover, workers_add_up)
{
	struct kcoro_cpu_info cpus[CPUS_MAX];
	struct kcoro_info info;
	uint64_t workers, spares;
	int n, i;

	do {
		nap();
		ASSERT_EQ(0, kcoro_info(self->ctx, &info));
		n = cpus_of(_metadata, self->ctx, cpus);
		workers = 0;
		spares = 0;
		for (i = 0; i < n; i++) {
			EXPECT_LE(cpus[i].spares, cpus[i].workers);
			workers += cpus[i].workers;
			spares += cpus[i].spares;
		}
		/* one is being made or ended now and then */
	} while (workers != info.workers || spares != info.spares);
	for (i = 0; i < n; i++)
		EXPECT_LE(cpus[i].workers, cpus[i].created - cpus[i].reaped);
}

TEST_HARNESS_MAIN

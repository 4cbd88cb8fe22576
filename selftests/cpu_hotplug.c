// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that go and come while tasks run on them, wait, and block: nothing is
 * lost, all end with the right results.
 *
 * Model: in each round every CPU gets one task of each kind, some CPUs go
 * offline, what the tasks wait for happens, the CPUs come back, and all the
 * tasks are joined. Beside that, in streams(), messages go through tasks of all
 * CPUs all the time, and none may be lost or overtake another.
 */
#include "sched.h"

#define CPUS 8 /* the first of them are used */
#define ROUNDS (getenv("KCORO_SOAK") ? 60 : 12)
#define SECONDS 1300 /* a hang guard */
#define NEVER "3600" /* seconds: longer than that */
#define PRIME "80"
#define PRIME_RESULT 409

FIXTURE(hotplug)
{
	int ctx;
	int cpus; /* CPU 0 stays */
	struct kcoro_info before;
	char spare_secs[16];
};

FIXTURE_SETUP(hotplug) {
	self->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (self->cpus > CPUS)
		self->cpus = CPUS;
	if (self->cpus < 2 || !cpu_can_go(1))
		SKIP(return, "no CPU that can go offline");
	/* None is to end for want of work. */
	snprintf(self->spare_secs, sizeof(self->spare_secs), "%ld",
		 param_get("spare_secs"));
	ASSERT_EQ(0, param_set("spare_secs", NEVER));
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	ASSERT_EQ(0, kcoro_info(self->ctx, &self->before));
}

FIXTURE_TEARDOWN(hotplug) {
	int cpu;

	for (cpu = 1; cpu < self->cpus; cpu++)
		cpu_set_online(cpu, 1);
	close(self->ctx);
	param_set("spare_secs", self->spare_secs);
}

/* Which CPUs go in a round: each alone, then all of them but CPU 0. */
static int goes(int round, int cpu, int cpus)
{
	int which = round % cpus;

	return cpu && (!which || which == cpu);
}

static int nr_going(int round, int cpus)
{
	return round % cpus ? 1 : cpus - 1;
}

static void expect_cpus(t_metadata, int ctx, const struct kcoro_info *before,
			int away)
{
	struct kcoro_info info;

	ASSERT_EQ(0, kcoro_info(ctx, &info));
	EXPECT_EQ(before->cpus - away, info.cpus);
	EXPECT_LE(before->workers, info.workers);
	EXPECT_LE(before->switches, info.switches);
}

static void round_down(t_metadata, int round, int cpus)
{
	int cpu;

	for (cpu = 1; cpu < cpus; cpu++) {
		if (goes(round, cpu, cpus))
			ASSERT_EQ(0, cpu_set_online(cpu, 0));
	}
}

static void round_up(t_metadata, int round, int cpus)
{
	int cpu;

	for (cpu = 1; cpu < cpus; cpu++) {
		if (goes(round, cpu, cpus))
			ASSERT_EQ(0, cpu_set_online(cpu, 1));
	}
}

/* One task of each kind, all started on the same CPU. */
struct load {
	int sieve, spin, sleep, block, join, echo, source, count;
	struct pair in, out, lines;
	int pipe;
};

static void load_start(t_metadata, int ctx, struct load *l)
{
	int fds[2];

	l->in = chan_of(_metadata, ctx, 8, 0);
	l->out = chan_of(_metadata, ctx, 8, 0);
	l->lines = chan_of(_metadata, ctx, 0, 4);
	ASSERT_EQ(0, pipe(fds));
	l->pipe = fds[1];
	l->sleep = spawn(ctx, "sleep", WORDS("300"), NULL, 0);
	l->echo = spawn(ctx, "echo", NULL, FDS(l->in.recv, l->out.send));
	l->source = spawn(ctx, "file-source", NULL, FDS(fds[0], l->lines.send));
	l->count = spawn(ctx, "count", NULL, FDS(l->lines.recv));
	l->join = spawn(ctx, "join", WORDS("300"), NULL, 0);
	l->block = spawn(ctx, "block", WORDS("300"), NULL, 0);
	l->spin = spawn(ctx, "spin", WORDS("300"), NULL, 0);
	l->sieve = spawn(ctx, "sieve", WORDS(PRIME), NULL, 0);
	close(fds[0]);
	close(l->in.recv);
	close(l->out.send);
	close(l->lines.recv);
	close(l->lines.send);
}

/* What the tasks that wait are waiting for. */
static void load_feed(t_metadata, struct load *l, int round)
{
	ASSERT_EQ(8, put_u64(l->in.send, round));
	EXPECT_EQ(round, get_u64(l->out.recv));
	EXPECT_EQ(5, put_str(l->pipe, "hello"));
}

static void load_end(t_metadata, struct load *l)
{
	struct kcoro_exit e;

	close(l->pipe);
	close(l->in.send);
	EXPECT_EQ(-ENODATA, get_u64(l->out.recv));
	close(l->out.recv);
	e = join_ok(_metadata, l->sieve);
	EXPECT_EQ(PRIME_RESULT, e.result);
	e = join_ok(_metadata, l->source);
	EXPECT_EQ(10, e.result);
	e = join_ok(_metadata, l->echo);
	EXPECT_EQ(2, e.result);
	e = join_ok(_metadata, l->block);
	EXPECT_LT(0, e.result);
	join_ok(_metadata, l->count);
	join_ok(_metadata, l->join);
	join_ok(_metadata, l->sleep);
	join_ok(_metadata, l->spin);
	close(l->sieve);
	close(l->source);
	close(l->echo);
	close(l->block);
	close(l->count);
	close(l->join);
	close(l->sleep);
	close(l->spin);
}

TEST_F_TIMEOUT(hotplug, each_kind_of_task, SECONDS)
{
	struct load load[CPUS];
	struct kcoro_info info;
	int round, cpu;

	for (round = 0; round < ROUNDS; round++) {
		for (cpu = 0; cpu < self->cpus; cpu++) {
			run_on(_metadata, cpu);
			load_start(_metadata, self->ctx, &load[cpu]);
		}
		run_on(_metadata, -1);
		round_down(_metadata, round, self->cpus);
		expect_cpus(_metadata, self->ctx, &self->before,
			    nr_going(round, self->cpus));
		for (cpu = 0; cpu < self->cpus; cpu++)
			load_feed(_metadata, &load[cpu], round);
		round_up(_metadata, round, self->cpus);
		expect_cpus(_metadata, self->ctx, &self->before, 0);
		for (cpu = 0; cpu < self->cpus; cpu++)
			load_feed(_metadata, &load[cpu], round);
		for (cpu = 0; cpu < self->cpus; cpu++)
			load_end(_metadata, &load[cpu]);
	}
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	EXPECT_EQ(self->before.tasks, info.tasks);
	EXPECT_LT(self->before.handovers, info.handovers);
}

/* --- streams -------------------------------------------------------------- */

struct stream {
	pthread_t sender, receiver;
	struct pair first, last;
	int stop;
	uint64_t sent, received;
	int64_t error;
};

static void *stream_send(void *arg)
{
	struct stream *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED) &&
	       put_u64(s->first.send, s->sent) == 8)
		s->sent++;
	close(s->first.send);
	return NULL;
}

/* Stops at the first that is not the next number, or at the end of stream. */
static void *stream_receive(void *arg)
{
	struct stream *s = arg;

	do {
		s->error = get_u64(s->last.recv);
	} while (s->error == (int64_t)s->received && ++s->received);
	return NULL;
}

/* From one CPU's task to the next one's, by channels of that capacity. */
static void stream_start(t_metadata, int ctx, struct stream *s, int cpus,
			 int capacity)
{
	struct pair from, to;
	int cpu;

	memset(s, 0, sizeof(*s));
	from = s->first = chan_of(_metadata, ctx, 8, capacity);
	for (cpu = 0; cpu < cpus; cpu++) {
		uint64_t id;

		to = chan_of(_metadata, ctx, 8, capacity);
		run_on(_metadata, cpu);
		ASSERT_EQ(0, spawn_id(ctx, "echo", NULL,
				      FDS(from.recv, to.send), &id));
		close(from.recv);
		close(to.send);
		from = to;
	}
	run_on(_metadata, -1);
	s->last = to;
	ASSERT_EQ(0, pthread_create(&s->sender, NULL, stream_send, s));
	ASSERT_EQ(0, pthread_create(&s->receiver, NULL, stream_receive, s));
}

static void stream_end(t_metadata, struct stream *s)
{
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
	pthread_join(s->sender, NULL);
	pthread_join(s->receiver, NULL);
	EXPECT_EQ(-ENODATA, s->error);
	EXPECT_EQ(s->sent, s->received);
	EXPECT_LT(0, s->received);
	close(s->last.recv);
}

TEST_F_TIMEOUT(hotplug, streams, SECONDS)
{
	struct stream stream[2];
	int round;

	stream_start(_metadata, self->ctx, &stream[0], self->cpus, 0);
	stream_start(_metadata, self->ctx, &stream[1], self->cpus, 16);
	for (round = 0; round < ROUNDS; round++) {
		round_down(_metadata, round, self->cpus);
		round_up(_metadata, round, self->cpus);
	}
	stream_end(_metadata, &stream[0]);
	stream_end(_metadata, &stream[1]);
	expect_cpus(_metadata, self->ctx, &self->before, 0);
}

TEST_HARNESS_MAIN
